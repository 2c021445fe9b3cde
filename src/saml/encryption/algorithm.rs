//! The algorithms taken: AES-GCM, AES-CBC where a connection says so, and RSA-OAEP to bring their key.
//!
//! RSA with PKCS #1 v1.5 padding (Bleichenbacher) and Triple DES are never used, whatever anybody sets. Which
//! algorithm a message names is said of the message alone, before any key is touched.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::md::{Md, MdRef};
use roxmltree::Node;

use super::super::{
    error::{Error, shown},
    xml::{self, ENCRYPTION, ENCRYPTION11, SIGNATURE},
};

/// How the content is encrypted (XML Encryption 5.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    Aes128Cbc,
    Aes128Gcm,
    Aes256Cbc,
    Aes256Gcm,
}

const CONTENTS: [(&str, Content); 4] = [
    (
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
        Content::Aes128Cbc,
    ),
    (
        "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        Content::Aes128Gcm,
    ),
    (
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        Content::Aes256Cbc,
    ),
    (
        "http://www.w3.org/2009/xmlenc11#aes256-gcm",
        Content::Aes256Gcm,
    ),
];

impl Content {
    /// Reads the EncryptionMethod of EncryptedData.
    pub(super) fn of(method: Node<'_, '_>) -> Result<Self, Error> {
        let arrived = identifier(method);
        let content = CONTENTS
            .iter()
            .find(|(known, _)| *known == arrived)
            .map(|(_, content)| *content)
            .ok_or_else(|| unsupported(arrived))?;
        for parameter in method.children().filter(Node::is_element) {
            let size = xml::is(parameter, ENCRYPTION, "KeySize")
                && xml::text(parameter)?.trim() == (content.key_octets() * 8).to_string();
            if !size {
                return unknown(parameter);
            }
        }
        Ok(content)
    }

    /// Its name, for an error.
    pub(super) fn identifier(self) -> &'static str {
        CONTENTS
            .iter()
            .find(|(_, content)| *content == self)
            .map_or("", |(identifier, _)| identifier)
    }

    /// Whether anybody may change the ciphertext unnoticed.
    pub(super) fn is_cbc(self) -> bool {
        matches!(self, Self::Aes128Cbc | Self::Aes256Cbc)
    }

    /// How long its key is.
    pub(super) fn key_octets(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }
}

/// How the content's key is encrypted (XML Encryption 5.5.2): the parameters of RSA-OAEP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Oaep {
    pub(super) digest: Hash,
    pub(super) mask: Hash,
    /// OAEPparams.
    pub(super) label: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    pub(super) fn md(self) -> &'static MdRef {
        match self {
            Self::Sha1 => Md::sha1(),
            Self::Sha256 => Md::sha256(),
        }
    }
}

const DIGESTS: [(&str, Hash); 2] = [
    ("http://www.w3.org/2000/09/xmldsig#sha1", Hash::Sha1),
    ("http://www.w3.org/2001/04/xmlenc#sha256", Hash::Sha256),
];

const MASKS: [(&str, Hash); 2] = [
    ("http://www.w3.org/2009/xmlenc11#mgf1sha1", Hash::Sha1),
    ("http://www.w3.org/2009/xmlenc11#mgf1sha256", Hash::Sha256),
];

/// The older identifier fixes the mask: MGF1 with SHA-1.
const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

impl Oaep {
    /// Reads the EncryptionMethod of an EncryptedKey; what it does not say is SHA-1.
    pub(super) fn of(method: Node<'_, '_>) -> Result<Self, Error> {
        let arrived = identifier(method);
        if ![OAEP_MGF1P, OAEP].contains(&arrived) {
            return Err(unsupported(arrived));
        }
        let digest = xml::at_most_one(method, SIGNATURE, "DigestMethod")?;
        let mask = xml::at_most_one(method, ENCRYPTION11, "MGF")?;
        let label = xml::at_most_one(method, ENCRYPTION, "OAEPparams")?;
        let read = [digest, mask, label];
        let mut parameters = method.children().filter(Node::is_element);
        if let Some(other) = parameters.find(|it| !read.contains(&Some(*it))) {
            return unknown(other);
        }
        let digest = digest.map_or(Ok(Hash::Sha1), |it| hash(it, &DIGESTS))?;
        let named = mask.map_or(Ok(Hash::Sha1), |it| hash(it, &MASKS))?;
        if let Some(mask) = mask.filter(|_| arrived == OAEP_MGF1P && named != Hash::Sha1) {
            return Err(unsupported(identifier(mask)));
        }
        Ok(Self {
            digest,
            mask: named,
            label: label.map_or(Ok(Vec::new()), octets)?,
        })
    }
}

/// The octets of an element that holds base64; white space says nothing.
pub(super) fn octets(node: Node<'_, '_>) -> Result<Vec<u8>, Error> {
    let mut text = xml::text(node)?;
    text.retain(|c| !" \t\r\n".contains(c));
    STANDARD.decode(text).map_err(|_| Error::Structure {
        rule: "a value that is no base64",
        arrived: xml::name(node),
    })
}

fn hash(node: Node<'_, '_>, known: &[(&str, Hash)]) -> Result<Hash, Error> {
    let arrived = identifier(node);
    if let Some(parameter) = node.first_element_child() {
        return unknown(parameter);
    }
    known
        .iter()
        .find(|(identifier, _)| *identifier == arrived)
        .map(|(_, hash)| *hash)
        .ok_or_else(|| unsupported(arrived))
}

fn identifier<'a>(node: Node<'a, '_>) -> &'a str {
    xml::attribute(node, "Algorithm").unwrap_or_default()
}

fn unsupported(arrived: &str) -> Error {
    Error::EncryptionAlgorithmUnsupported {
        arrived: shown(arrived),
    }
}

fn unknown<T>(parameter: Node<'_, '_>) -> Result<T, Error> {
    Err(Error::Structure {
        rule: "an encryption method with a parameter that we do not know",
        arrived: xml::name(parameter),
    })
}
