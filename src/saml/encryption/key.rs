//! The private keys of ours, whose certificates our metadata shows for encryption.

use openssl::{
    error::ErrorStack,
    pkey::{Id, PKey, Private},
    pkey_ctx::PkeyCtx,
    rsa::Padding,
};

use super::{super::error::Error, sealed::SealedKey};

/// A private key that opens what was encrypted for us: RSA of 2,048 bits and more. During a rollover there
/// are two, and each is tried.
#[derive(Clone)]
pub struct DecryptionKey(PKey<Private>);

impl DecryptionKey {
    /// Reads a private key as PKCS #8 in DER, unencrypted.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Error> {
        let unusable = |why| Error::DecryptionKeyUnusable { why };
        let Ok(key) = PKey::private_key_from_pkcs8(der) else {
            // What OpenSSL kept of it belongs to nobody.
            let _ = ErrorStack::get();
            return Err(unusable("it is no private key in PKCS #8"));
        };
        if key.id() != Id::RSA {
            return Err(unusable("it is no RSA key"));
        }
        if key.bits() < 2048 {
            return Err(unusable("it is shorter than 2,048 bits"));
        }
        Ok(Self(key))
    }

    /// The content's key, if this is the key it was encrypted for.
    pub(super) fn open(&self, sealed: &SealedKey) -> Option<Vec<u8>> {
        // One ciphertext has one spelling, so that its failures are counted together.
        if sealed.octets.len() != self.0.size() {
            return None;
        }
        self.opened(sealed).ok()
    }

    fn opened(&self, sealed: &SealedKey) -> Result<Vec<u8>, ErrorStack> {
        let mut context = PkeyCtx::new(&self.0)?;
        context.decrypt_init()?;
        context.set_rsa_padding(Padding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(sealed.method.digest.md())?;
        context.set_rsa_mgf1_md(sealed.method.mask.md())?;
        if !sealed.method.label.is_empty() {
            context.set_rsa_oaep_label(&sealed.method.label)?;
        }
        let mut key = Vec::new();
        context.decrypt_to_vec(&sealed.octets, &mut key)?;
        Ok(key)
    }
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecryptionKey({} bits)", self.0.bits())
    }
}
