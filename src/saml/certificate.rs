//! X.509 certificates of an identity provider: what SAML trusts is the key in them, not who signed them.
//!
//! An expired certificate is still one (most products let theirs expire while the key stays good); whoever
//! shows a connection says so with [`Certificate::not_after`].

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    nid::Nid,
    pkey::{Id, PKey, Public},
    sha::sha256,
    x509::X509,
};

use super::error::Error;

/// The kind and size of a public key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyKind {
    /// A curve: P-256 or P-384.
    Ec(u32),
    /// The bits of the modulus.
    Rsa(u32),
}

/// A certificate whose key is good for signatures: RSA of 2,048 bits and more, P-256 or P-384.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    key: KeyKind,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificate {
    /// Reads DER, and nothing behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let read = read(der);
        if read.is_err() {
            // What OpenSSL kept of it belongs to nobody.
            let _ = openssl::error::ErrorStack::get();
        }
        read
    }

    /// Reads base64, as in metadata or in a PEM file: white space and armour are left out.
    pub fn from_base64_text(text: &str) -> Result<Self, Error> {
        let text = match text.split_once("-----BEGIN CERTIFICATE-----") {
            Some((_, armoured)) => armoured
                .split_once("-----END CERTIFICATE-----")
                .map_or("", |(body, _)| body),
            None => text,
        };
        let body: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let der = STANDARD
            .decode(body)
            .map_err(|_| Error::CertificateUnusable {
                why: "it is not base64",
            })?;
        Self::from_der(&der)
    }

    /// The certificate itself.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the certificate, in lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        use std::fmt::Write as _;
        sha256(&self.der)
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// Whose it says it is: `CN=idp.example, O=Example`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Kind and size of its key.
    pub fn key(&self) -> KeyKind {
        self.key
    }

    /// When it begins.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// When it ends.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

fn read(der: &[u8]) -> Result<Certificate, Error> {
    let unreadable = |_| Error::CertificateUnusable {
        why: "it is no X.509 certificate",
    };
    let x509 = X509::from_der(der).map_err(unreadable)?;
    if x509.to_der().map_err(unreadable)? != der {
        return Err(Error::CertificateUnusable {
            why: "it is not plain DER",
        });
    }
    let key = key_kind(&x509.public_key().map_err(unreadable)?)?;
    let subject: Vec<String> = x509
        .subject_name()
        .entries()
        .filter_map(|entry| {
            let name = entry.object().nid().short_name().unwrap_or("?");
            Some(format!(
                "{name}={}",
                super::error::shown(&entry.data().to_string().ok()?)
            ))
        })
        .collect();
    Ok(Certificate {
        der: der.to_vec(),
        subject: subject.join(", "),
        key,
        not_before: time(x509.not_before())?,
        not_after: time(x509.not_after())?,
    })
}

fn key_kind(key: &PKey<Public>) -> Result<KeyKind, Error> {
    match key.id() {
        Id::RSA if key.bits() >= 2048 => Ok(KeyKind::Rsa(key.bits())),
        Id::RSA => Err(Error::CertificateUnusable {
            why: "its RSA key is shorter than 2,048 bits",
        }),
        Id::EC => match key.ec_key().ok().and_then(|ec| ec.group().curve_name()) {
            Some(Nid::X9_62_PRIME256V1) => Ok(KeyKind::Ec(256)),
            Some(Nid::SECP384R1) => Ok(KeyKind::Ec(384)),
            _ => Err(Error::CertificateUnusable {
                why: "its curve is neither P-256 nor P-384",
            }),
        },
        _ => Err(Error::CertificateUnusable {
            why: "its key is neither RSA nor ECDSA",
        }),
    }
}

fn time(time: &Asn1TimeRef) -> Result<Timestamp, Error> {
    let wrong = Error::CertificateUnusable {
        why: "its dates cannot be read",
    };
    let epoch = Asn1Time::from_unix(0).map_err(|_| wrong.clone())?;
    let since = epoch.diff(time).map_err(|_| wrong.clone())?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    Timestamp::from_second(seconds).map_err(|_| wrong)
}
