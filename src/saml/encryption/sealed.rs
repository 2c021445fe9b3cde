//! An EncryptedAssertion as it stands in the message: which algorithms, which octets, which keys
//! (XML Encryption 3.1 to 3.5).
//!
//! Its keys lie inside EncryptedData, or beside it where a RetrievalMethod points at them, or beside it and
//! nothing points at any. What an EncryptedKey says of its recipient is not looked at: each is tried.

use openssl::{error::ErrorStack, sha::sha256};
use roxmltree::Node;

use super::{
    super::{
        error::{Error, shown},
        gate::shape::{self, Step},
        xml::{self, ENCRYPTION, SIGNATURE},
    },
    Brake, DecryptionKey,
    algorithm::{self, Content, Oaep},
    content,
};
use crate::limits;

const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const KEY: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";

const ASSERTION: [Step; 2] = [
    (ENCRYPTION, "EncryptedData", false),
    (ENCRYPTION, "EncryptedKey", true),
];

const DATA: [Step; 4] = [
    (ENCRYPTION, "EncryptionMethod", false),
    (SIGNATURE, "KeyInfo", false),
    (ENCRYPTION, "CipherData", false),
    (ENCRYPTION, "EncryptionProperties", false),
];

const ENCRYPTED_KEY: [Step; 6] = [
    (ENCRYPTION, "EncryptionMethod", false),
    (SIGNATURE, "KeyInfo", false),
    (ENCRYPTION, "CipherData", false),
    (ENCRYPTION, "EncryptionProperties", false),
    (ENCRYPTION, "ReferenceList", false),
    (ENCRYPTION, "CarriedKeyName", false),
];

/// What is encrypted, and the keys that came with it; nothing is decrypted yet.
#[derive(Clone)]
pub(in crate::saml) struct Sealed {
    content: Content,
    octets: Vec<u8>,
    keys: Vec<SealedKey>,
}

/// An EncryptedKey.
#[derive(Clone)]
pub(super) struct SealedKey {
    pub(super) method: Oaep,
    pub(super) octets: Vec<u8>,
}

/// What a key opened: good for nothing until something is verified.
pub(in crate::saml) struct Opened {
    pub(in crate::saml) octets: Vec<u8>,
    /// The hash of the EncryptedKey that opened it.
    pub(in crate::saml) key: [u8; 32],
}

impl Sealed {
    /// Reads an EncryptedAssertion.
    pub(in crate::saml) fn read(node: Node<'_, '_>) -> Result<Self, Error> {
        shape::in_order(node, &ASSERTION, 1)?;
        let data = required(node, "EncryptedData")?;
        shape::in_order(data, &DATA, DATA.len())?;
        if let Some(other) = xml::attribute(data, "Type").filter(|it| *it != ELEMENT) {
            return structure("encrypted data that is no element", shown(other));
        }
        Ok(Self {
            content: Content::of(required(data, "EncryptionMethod")?)?,
            keys: keys(node, data)?,
            octets: cipher_value(data)?,
        })
    }

    /// Whether anybody may have changed it on its way.
    pub(in crate::saml) fn is_cbc(&self) -> bool {
        self.content.is_cbc()
    }

    /// Refuses CBC where the connection does not take it.
    pub(in crate::saml) fn permitted(&self, allow_cbc: bool) -> Result<(), Error> {
        if self.is_cbc() && !allow_cbc {
            return Err(Error::EncryptionAlgorithmUnsupported {
                arrived: self.content.identifier().to_owned(),
            });
        }
        Ok(())
    }

    /// Decrypts with one of our keys. Why it cannot is nobody's to know.
    pub(in crate::saml) fn open(
        &self,
        ours: &[DecryptionKey],
        brake: Option<&Brake<'_>>,
    ) -> Option<Opened> {
        let opened = self.opened(ours, brake);
        // What OpenSSL kept of keys that did not fit belongs to nobody.
        let _ = ErrorStack::get();
        opened
    }

    /// The first EncryptedKey that one of ours opens is the one: there is one content, so one key.
    fn opened(&self, ours: &[DecryptionKey], brake: Option<&Brake<'_>>) -> Option<Opened> {
        let (sealed, key) = self
            .keys
            .iter()
            .filter(|sealed| !brake.is_some_and(|brake| brake.holds(&sealed.hash())))
            .find_map(|sealed| Some((sealed, ours.iter().find_map(|ours| ours.open(sealed))?)))?;
        let hash = sealed.hash();
        if brake.is_some_and(|brake| !brake.begin(hash)) {
            return None;
        }
        Some(Opened {
            octets: content::decrypt(self.content, &key, &self.octets)?,
            key: hash,
        })
    }
}

impl SealedKey {
    fn read(node: Node<'_, '_>) -> Result<Self, Error> {
        shape::in_order(node, &ENCRYPTED_KEY, ENCRYPTED_KEY.len())?;
        Ok(Self {
            method: Oaep::of(required(node, "EncryptionMethod")?)?,
            octets: cipher_value(node)?,
        })
    }

    /// Its octets only: what names the algorithm around them can be written in several ways.
    fn hash(&self) -> [u8; 32] {
        sha256(&self.octets)
    }
}

/// The keys of the data: inside its KeyInfo and where that points; if nowhere, all that lie beside it.
fn keys(node: Node<'_, '_>, data: Node<'_, '_>) -> Result<Vec<SealedKey>, Error> {
    let beside: Vec<_> = xml::children(node, ENCRYPTION, "EncryptedKey").collect();
    few(beside.len())?;
    let mut chosen = Vec::new();
    if let Some(info) = xml::at_most_one(data, SIGNATURE, "KeyInfo")? {
        chosen.extend(xml::children(info, ENCRYPTION, "EncryptedKey"));
        for method in xml::children(info, SIGNATURE, "RetrievalMethod") {
            if xml::attribute(method, "Type").is_none_or(|it| it == KEY) {
                few(chosen.len() + 1)?;
                chosen.push(retrieved(method, &beside)?);
            }
        }
    }
    few(chosen.len())?;
    if chosen.is_empty() {
        chosen = beside;
    }
    if chosen.is_empty() {
        return structure("encrypted data without its key", xml::name(data));
    }
    chosen.into_iter().map(SealedKey::read).collect()
}

/// Each key is looked for and tried, so that there are few.
fn few(count: usize) -> Result<(), Error> {
    if count <= limits::SAML_ENCRYPTED_KEYS {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: "the list of encrypted keys",
        limit: limits::SAML_ENCRYPTED_KEYS,
        arrived: count,
    })
}

/// The one EncryptedKey beside the data that a RetrievalMethod names by its Id, as it stands.
fn retrieved<'a, 'i>(method: Node<'_, '_>, beside: &[Node<'a, 'i>]) -> Result<Node<'a, 'i>, Error> {
    let uri = xml::attribute(method, "URI").unwrap_or_default();
    let id = uri.strip_prefix('#').filter(|id| !id.is_empty());
    let mut named = beside
        .iter()
        .filter(|key| id.is_some() && xml::attribute(**key, "Id") == id);
    match (named.next(), named.next()) {
        (Some(key), None) if method.first_element_child().is_none() => Ok(*key),
        _ => structure("a RetrievalMethod that leads to no key", shown(uri)),
    }
}

/// The octets of CipherData: there and nowhere else, never behind a CipherReference.
fn cipher_value(node: Node<'_, '_>) -> Result<Vec<u8>, Error> {
    let data = required(node, "CipherData")?;
    shape::in_order(data, &[(ENCRYPTION, "CipherValue", false)], 1)?;
    algorithm::octets(required(data, "CipherValue")?)
}

fn required<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'static str) -> Result<Node<'a, 'i>, Error> {
    match xml::at_most_one(node, ENCRYPTION, name)? {
        Some(child) => Ok(child),
        None => structure("an encrypted element with a part missing", name.to_owned()),
    }
}

fn structure<T>(rule: &'static str, arrived: String) -> Result<T, Error> {
    Err(Error::Structure { rule, arrived })
}
