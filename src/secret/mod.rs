//! Secrets: bearers that are stored as hashes, keys that seal what must be read again, and the
//! master key file that wraps them. Nothing here prints a secret.

pub mod chain;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::id::Entropy;

/// What is kept of a bearer: its SHA-256. A bearer has 256 random bits, so a plain hash suffices.
pub type Hash = [u8; 32];

/// A bearer's text. Shown once, at birth; `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

impl Bearer {
    /// A fresh bearer: `prefix` and 256 random bits in base64url.
    pub fn new(prefix: &str, entropy: &Entropy) -> Self {
        let bytes: [u8; 32] = entropy.bytes();
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A bearer that was kept where only its owner could read it.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// The text, to be handed to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the store keeps.
    pub fn hash(&self) -> Hash {
        hash(&self.0)
    }

    /// The last four characters: enough to tell two bearers apart in a list.
    pub fn last_four(&self) -> String {
        self.0
            .chars()
            .skip(self.0.len().saturating_sub(4))
            .collect()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(redacted)")
    }
}

/// The hash under which a presented bearer is looked up.
pub fn hash(presented: &str) -> Hash {
    Sha256::digest(presented.as_bytes()).into()
}

/// Whether two byte strings are equal, in a time that does not tell where they differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// HMAC-SHA-256 of a message, by a key of any length (RFC 2104).
pub fn mac(key: &[u8], message: &[u8]) -> Hash {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Something is wrong with a key or with what it sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line of the key file is not base64 of 32 bytes, or there is none.
    #[error("the master key file must hold one or more lines, each base64 of 32 bytes")]
    KeyFile,
    /// None of the keys opens the value, or it was altered.
    #[error("no key at hand opens this value")]
    Unopened,
}

/// One symmetric key of 256 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

impl Key {
    /// A fresh key.
    pub fn random(entropy: &Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The key that whoever has this bearer has, too, and nobody who has its hash alone.
    pub fn of_bearer(bearer: &str) -> Self {
        Self(hash(&format!("key of {bearer}")))
    }

    fn from_base64(text: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| Error::KeyFile)?;
        bytes.try_into().map(Self).map_err(|_| Error::KeyFile)
    }

    fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The first four bytes of the key's own hash: which key sealed a value.
    fn label(&self) -> [u8; 4] {
        let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(self.0).into();
        [a, b, c, d]
    }

    /// Seals `plain` for one place: `1 | key label (4) | nonce (12) | AES-256-GCM text | tag (16)`.
    /// `place` ("table|column|organization|row") is authenticated: a sealed value does not open
    /// when it is moved to another row.
    pub fn seal(&self, place: &str, plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce: [u8; NONCE] = entropy.bytes();
        let mut tag = [0; TAG];
        let text = encrypt_aead(
            Cipher::aes_256_gcm(),
            &self.0,
            Some(&nonce),
            place.as_bytes(),
            plain,
            &mut tag,
        )
        .expect("AES-256-GCM takes a 32-byte key, a 12-byte nonce and any text");
        [&[VERSION][..], &self.label(), &nonce, &text, &tag].concat()
    }

    /// Opens what [`Key::seal`] sealed for the same place; none where it was altered, moved, or
    /// sealed by another key.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (label, rest) = rest.split_at_checked(4)?;
        let (nonce, rest) = rest.split_at_checked(NONCE)?;
        let (text, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
        if *version != VERSION || label != self.label() {
            return None;
        }
        let cipher = Cipher::aes_256_gcm();
        decrypt_aead(cipher, &self.0, Some(nonce), place.as_bytes(), text, tag).ok()
    }
}

/// The keys of the master key file: the first seals, all of them open.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    first: Key,
    others: Vec<Key>,
}

impl MasterKeys {
    /// A file's worth of one fresh key, and its text.
    pub fn generate(entropy: &Entropy) -> (Self, String) {
        let first = Key::random(entropy);
        let text = format!("{}\n", first.to_base64());
        (
            Self {
                first,
                others: Vec::new(),
            },
            text,
        )
    }

    /// Reads the file's text: one key a line, empty lines ignored.
    pub fn read(text: &str) -> Result<Self, Error> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = lines
            .map(Key::from_base64)
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let first = keys.next().ok_or(Error::KeyFile)?;
        Ok(Self {
            first,
            others: keys.collect(),
        })
    }

    /// Seals with the first key; see [`Key::seal`].
    pub fn seal(&self, place: &str, plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        self.first.seal(place, plain, entropy)
    }

    /// Opens with whichever key sealed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .find_map(|key| key.open(place, sealed))
            .ok_or(Error::Unopened)
    }
}

/// The data keys, one a purpose, that the master key wraps: rotating the master key re-wraps
/// this and touches nothing that they sealed.
#[derive(Clone, Debug)]
pub struct DataKeys(BTreeMap<String, Key>);

/// Chains the audit log.
const CHAIN: &str = "chain";
/// Proves invitation links.
const LINK: &str = "link";
/// Seals stored secrets.
const SEAL: &str = "seal";
/// Makes six-digit codes.
const SHORT_CODE: &str = "short-code";
const PURPOSES: [&str; 4] = [CHAIN, LINK, SEAL, SHORT_CODE];
const WRAP_PLACE: &str = "instance|data_keys||1";

impl DataKeys {
    /// A fresh key for every purpose.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(
            PURPOSES
                .iter()
                .map(|p| ((*p).to_owned(), Key::random(entropy)))
                .collect(),
        )
    }

    /// The keys, wrapped by the master key.
    pub fn wrap(&self, master: &MasterKeys, entropy: &Entropy) -> Vec<u8> {
        let lines: Vec<_> = self
            .0
            .iter()
            .map(|(p, k)| format!("{p} {}", k.to_base64()))
            .collect();
        master.seal(WRAP_PLACE, lines.join("\n").as_bytes(), entropy)
    }

    /// The keys, unwrapped; fails where the master key is another one.
    pub fn unwrap(wrapped: &[u8], master: &MasterKeys) -> Result<Self, Error> {
        let plain = master.open(WRAP_PLACE, wrapped)?;
        let text = String::from_utf8(plain).map_err(|_| Error::Unopened)?;
        let keys = text.lines().map(|line| {
            let (purpose, key) = line.split_once(' ').ok_or(Error::Unopened)?;
            Ok((purpose.to_owned(), Key::from_base64(key)?))
        });
        Ok(Self(keys.collect::<Result<_, Error>>()?))
    }

    /// The key that chains the audit log; none in an installation whose log is not chained yet.
    pub fn chain(&self) -> Option<chain::ChainKey> {
        self.0.get(CHAIN).cloned().map(Into::into)
    }

    /// The same keys, and one that chains the audit log.
    #[must_use]
    pub fn chaining(mut self, entropy: &Entropy) -> Self {
        let fresh = || Key::random(entropy);
        self.0.entry(CHAIN.to_owned()).or_insert_with(fresh);
        self
    }

    /// The same keys as an installation had them before the audit log was chained.
    #[cfg(test)]
    pub(crate) fn unchained(mut self) -> Self {
        self.0.remove(CHAIN);
        self
    }

    /// The key that proves invitation links.
    pub fn link(&self) -> Result<[u8; 32], Error> {
        self.0.get(LINK).map(|key| key.0).ok_or(Error::Unopened)
    }

    /// The key that makes six-digit codes.
    pub fn short_code(&self) -> Result<[u8; 32], Error> {
        let key = self.0.get(SHORT_CODE);
        key.map(|key| key.0).ok_or(Error::Unopened)
    }

    /// The key that seals cursors: derived from the one that seals secrets, of which it tells
    /// nothing.
    pub fn cursor(&self) -> Result<Key, Error> {
        let key = Sha256::new()
            .chain_update(b"usher cursor")
            .chain_update(self.sealing()?.0);
        Ok(Key(key.finalize().into()))
    }

    fn sealing(&self) -> Result<&Key, Error> {
        self.0.get(SEAL).ok_or(Error::Unopened)
    }

    /// Seals a secret that must be read again; see [`Key::seal`].
    pub fn seal(&self, place: &str, plain: &[u8], entropy: &Entropy) -> Result<Vec<u8>, Error> {
        Ok(self.sealing()?.seal(place, plain, entropy))
    }

    /// Opens what [`DataKeys::seal`] sealed for the same place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.sealing()?.open(place, sealed).ok_or(Error::Unopened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_place_and_unaltered() {
        let entropy = Entropy::seeded(7);
        let (master, file) = MasterKeys::generate(&entropy);
        let master = MasterKeys::read(&file).unwrap_or(master);
        let sealed = master.seal("a|b|c|d", b"secret", &entropy);
        assert_eq!(
            master.open("a|b|c|d", &sealed).as_deref(),
            Ok(&b"secret"[..])
        );
        assert_eq!(master.open("a|b|c|e", &sealed), Err(Error::Unopened));
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert_eq!(master.open("a|b|c|d", &altered), Err(Error::Unopened));
        }
        assert_eq!(master.open("a|b|c|d", &sealed[..10]), Err(Error::Unopened));
    }

    #[test]
    fn a_second_line_of_the_key_file_still_opens() {
        let entropy = Entropy::seeded(7);
        let (old, old_text) = MasterKeys::generate(&entropy);
        let (_, new_text) = MasterKeys::generate(&entropy);
        let keys = DataKeys::generate(&entropy);
        let wrapped = keys.wrap(&old, &entropy);
        let both = MasterKeys::read(&format!("{new_text}{old_text}")).unwrap();
        let opened = DataKeys::unwrap(&wrapped, &both).unwrap();
        assert_eq!(opened.link().unwrap(), keys.link().unwrap());
        assert!(DataKeys::unwrap(&wrapped, &MasterKeys::read(&new_text).unwrap()).is_err());
        assert_eq!(MasterKeys::read("short\n").unwrap_err(), Error::KeyFile);
        assert_eq!(MasterKeys::read("\n").unwrap_err(), Error::KeyFile);
    }

    #[test]
    fn a_bearer_shows_itself_only_when_asked() {
        let bearer = Bearer::new("scim_", &Entropy::seeded(3));
        assert_eq!(format!("{bearer:?}"), "Bearer(redacted)");
        assert_eq!(hash(bearer.reveal()), bearer.hash());
        assert!(bearer.reveal().ends_with(&bearer.last_four()));
        assert_eq!(bearer.reveal().len(), 5 + 43);
    }
}
