//! XML Signature, enveloped, of a Response or its Assertion (SAML Core 5.4).

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    ecdsa::EcdsaSig,
    hash::{MessageDigest, hash},
    pkey::{Id, PKey, Private},
    sign::Signer,
};
use roxmltree::{Document, Node};

use super::{Keys, canonical};

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// What to sign.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Sign {
    /// The assertion.
    #[default]
    Assertion,
    /// The assertion, then the response around it.
    Both,
    /// Nothing.
    Neither,
    /// The response.
    Response,
}

/// The hash of digest and signature; whether RSA or ECDSA signs is the key's to say.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Algorithm {
    /// SHA-1, for showing that it is refused.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    pub(super) fn digest(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    fn digest_uri(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }

    pub(super) fn signature_uri(self, key: &PKey<Private>) -> String {
        let family = if key.id() == Id::EC { "ecdsa" } else { "rsa" };
        match self {
            Self::Sha1 => format!("{SIGNATURE}{family}-sha1"),
            Self::Sha256 => format!("http://www.w3.org/2001/04/xmldsig-more#{family}-sha256"),
            Self::Sha384 => format!("http://www.w3.org/2001/04/xmldsig-more#{family}-sha384"),
            Self::Sha512 => format!("http://www.w3.org/2001/04/xmldsig-more#{family}-sha512"),
        }
    }
}

/// How to sign.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// What.
    pub what: Sign,
    /// With which hash.
    pub algorithm: Algorithm,
    /// The prefix of the signature's elements; empty for a default namespace.
    pub prefix: &'a str,
    /// An `Id` of the signature.
    pub id: Option<&'a str>,
    /// Prefixes whose declarations are signed wherever they are known (InclusiveNamespaces), as Okta has it.
    pub inclusive_prefixes: &'a str,
    /// Line breaks inside the signature and its values, as some products send them.
    pub broken_lines: bool,
}

impl Default for Signing<'_> {
    fn default() -> Self {
        Self {
            what: Sign::Assertion,
            algorithm: Algorithm::Sha256,
            prefix: "ds",
            id: None,
            inclusive_prefixes: "",
            broken_lines: false,
        }
    }
}

/// Signs a document that holds a Response.
pub(super) fn sign(xml: &str, keys: &Keys, signing: &Signing<'_>) -> String {
    let mut xml = xml.to_owned();
    if matches!(signing.what, Sign::Assertion | Sign::Both) {
        xml = sign_element(&xml, "Assertion", keys, signing);
    }
    if matches!(signing.what, Sign::Response | Sign::Both) {
        xml = sign_element(&xml, "Response", keys, signing);
    }
    xml
}

/// Signs one element of a document.
pub(super) fn sign_element(xml: &str, name: &str, keys: &Keys, signing: &Signing<'_>) -> String {
    let document = Document::parse(xml).expect("the template is well formed");
    let node = document
        .descendants()
        .find(|node| node.tag_name().name() == name)
        .expect("the template has the element to sign");
    let id = node.attribute("ID").expect("the element to sign has an ID");
    let issuer = node
        .children()
        .find(|child| is_issuer(*child))
        .expect("the element to sign has an Issuer");
    let octets = canonical::element(node, signing.inclusive_prefixes);
    let digest = hash(signing.algorithm.digest(), octets.as_bytes()).expect("the hash is known");
    let signature = signature(id, &digest, keys, signing);
    let (before, behind) = xml
        .split_at_checked(issuer.range().end)
        .expect("a node ends inside of its document");
    format!("{before}{signature}{behind}")
}

fn is_issuer(node: Node<'_, '_>) -> bool {
    node.tag_name().name() == "Issuer" && node.tag_name().namespace() == Some(ASSERTION)
}

fn signature(id: &str, digest: &[u8], keys: &Keys, signing: &Signing<'_>) -> String {
    let (p, declaration) = match signing.prefix {
        "" => (String::new(), format!(" xmlns=\"{SIGNATURE}\"")),
        prefix => (
            format!("{prefix}:"),
            format!(" xmlns:{prefix}=\"{SIGNATURE}\""),
        ),
    };
    let br = if signing.broken_lines { "\n" } else { "" };
    let value = |bytes: &[u8]| lines(&STANDARD.encode(bytes), br);
    let inclusive = match signing.inclusive_prefixes {
        "" => String::new(),
        list => format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{list}\"></ec:InclusiveNamespaces>"
        ),
    };
    let info = |declaration: &str| {
        format!(
            "<{p}SignedInfo{declaration}>{br}\
             <{p}CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></{p}CanonicalizationMethod>{br}\
             <{p}SignatureMethod Algorithm=\"{method}\"></{p}SignatureMethod>{br}\
             <{p}Reference URI=\"#{id}\">{br}<{p}Transforms>{br}\
             <{p}Transform Algorithm=\"{SIGNATURE}enveloped-signature\"></{p}Transform>{br}\
             <{p}Transform Algorithm=\"{EXCLUSIVE}\">{inclusive}</{p}Transform>{br}</{p}Transforms>{br}\
             <{p}DigestMethod Algorithm=\"{digest_method}\"></{p}DigestMethod>{br}\
             <{p}DigestValue>{digest}</{p}DigestValue>{br}</{p}Reference>{br}</{p}SignedInfo>",
            method = signing.algorithm.signature_uri(keys.private()),
            digest_method = signing.algorithm.digest_uri(),
            digest = value(digest),
        )
    };
    let signed = signed(
        info(&declaration).as_bytes(),
        keys.private(),
        signing.algorithm,
    );
    let mut xml = format!("<{p}Signature{declaration}");
    if let Some(id) = signing.id {
        // Writing to a String cannot fail.
        let _ = write!(xml, " Id=\"{id}\"");
    }
    let _ = write!(
        xml,
        ">{br}{info}{br}<{p}SignatureValue>{br}{signed}{br}</{p}SignatureValue>{br}\
         <{p}KeyInfo>{br}<{p}X509Data>{br}<{p}X509Certificate>{certificate}</{p}X509Certificate>\
         </{p}X509Data>{br}</{p}KeyInfo>{br}</{p}Signature>",
        info = info(""),
        signed = value(&signed),
        certificate = value(&keys.certificate_der()),
    );
    xml
}

fn lines(text: &str, br: &str) -> String {
    if br.is_empty() {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let lines: Vec<String> = characters
        .chunks(76)
        .map(|line| line.iter().collect())
        .collect();
    lines.join(br)
}

/// The signature; of ECDSA the two numbers one behind the other (RFC 4050 3.3), not DER.
fn signed(octets: &[u8], key: &PKey<Private>, algorithm: Algorithm) -> Vec<u8> {
    let mut signer = Signer::new(algorithm.digest(), key).expect("the key signs");
    let signature = signer.sign_oneshot_to_vec(octets).expect("the key signs");
    if key.id() != Id::EC {
        return signature;
    }
    let width = i32::try_from(key.bits().div_ceil(8)).expect("a key is not that long");
    let parts = EcdsaSig::from_der(&signature).expect("OpenSSL writes its own form");
    let mut both = parts
        .r()
        .to_vec_padded(width)
        .expect("r is not longer than the key");
    both.extend(
        parts
            .s()
            .to_vec_padded(width)
            .expect("s is not longer than the key"),
    );
    both
}
