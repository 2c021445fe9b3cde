//! The key of a test identity provider, and the certificate that it signs for itself.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    x509::{X509, X509Name},
};

/// The kind of a new key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// RSA with 1,024 bits: too weak, for showing that it is refused.
    Rsa1024,
    /// RSA with 2,048 bits.
    Rsa2048,
}

/// A private key and its certificate.
#[derive(Clone)]
pub struct Keys {
    key: PKey<Private>,
    certificate: X509,
}

/// From 2020 to 2049: long enough for every clock of a test.
const FROM: i64 = 1_577_836_800;
const TO: i64 = 2_493_072_000;

impl Keys {
    /// Makes a key and a certificate.
    pub fn generate(kind: Kind) -> Result<Self, ErrorStack> {
        let curve = |nid| -> Result<PKey<Private>, ErrorStack> {
            let group = EcGroup::from_curve_name(nid)?;
            PKey::from_ec_key(EcKey::generate(&group)?)
        };
        let key = match kind {
            Kind::P256 => curve(Nid::X9_62_PRIME256V1)?,
            Kind::P384 => curve(Nid::SECP384R1)?,
            Kind::Rsa1024 => PKey::from_rsa(Rsa::generate(1024)?)?,
            Kind::Rsa2048 => PKey::from_rsa(Rsa::generate(2048)?)?,
        };
        let certificate = certify(&key)?;
        Ok(Self { key, certificate })
    }

    /// Reads a private key and a certificate of PEM.
    pub fn from_pem(key: &[u8], certificate: &[u8]) -> Result<Self, ErrorStack> {
        Ok(Self {
            key: PKey::private_key_from_pem(key)?,
            certificate: X509::from_pem(certificate)?,
        })
    }

    /// Writes private key and certificate, to be read again.
    pub fn to_pem(&self) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
        Ok((
            self.key.private_key_to_pem_pkcs8()?,
            self.certificate.to_pem()?,
        ))
    }

    /// The certificate, as metadata has it.
    pub fn certificate_base64(&self) -> String {
        STANDARD.encode(self.certificate_der())
    }

    /// The certificate.
    pub fn certificate_der(&self) -> Vec<u8> {
        self.certificate
            .to_der()
            .expect("a certificate that was made or read can be written")
    }

    pub(super) fn private(&self) -> &PKey<Private> {
        &self.key
    }
}

fn certify(key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, "Usher test identity provider")?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(120, openssl::bn::MsbOption::MAYBE_ZERO, false)?;
    let serial = serial.to_asn1_integer()?;
    let (from, to) = (Asn1Time::from_unix(FROM)?, Asn1Time::from_unix(TO)?);
    let mut certificate = X509::builder()?;
    certificate.set_version(2)?;
    certificate.set_serial_number(&serial)?;
    certificate.set_subject_name(&name)?;
    certificate.set_issuer_name(&name)?;
    certificate.set_not_before(&from)?;
    certificate.set_not_after(&to)?;
    certificate.set_pubkey(key)?;
    certificate.sign(key, MessageDigest::sha256())?;
    Ok(certificate.build())
}
