//! The corpus: every attack and every honest shape that we know, each a value of a table, and one runner
//! for all of them.
//!
//! An [`Attack`] stands beside its twin: the honest message that it was made of, which differs from it in
//! that one thing. The twin is accepted before and after the attack, the attack is refused with the reason
//! that the table says, and it is what it claims to be: where an attack is about signed octets, xmlsec on
//! its own, without our gate, says that they are signed. An [`Honest`] message is accepted, says who it is
//! about, and stops being accepted where one signed octet is changed.
//!
//! What needs a store is not here: replay; nor what needs a clock that goes on: how often a key may fail.

mod attacks;
mod honest;
mod mint;
mod runner;

use super::*;
use crate::saml::{
    certificate::Certificate,
    profile::{Groups, Preset},
};

/// A row of the attack map.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Class {
    Addressee,
    AlgorithmicDos,
    CommentTruncation,
    Demands,
    Differential,
    DigestComment,
    Downgrade,
    EncryptedContent,
    EncryptedNames,
    EncryptedOctets,
    EncryptedWrapper,
    EncryptionAlgorithms,
    Entities,
    HmacConfusion,
    InResponseTo,
    KeyTrust,
    Metadata,
    PartialSignature,
    SeveralParts,
    Shape,
    SignatureExclusion,
    Status,
    Tenant,
    TimeWindow,
    Transforms,
    Transport,
    ValueUnchecked,
    VoidCanonicalization,
    Wrapping,
}

/// How far a message came.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
    Transport,
    Gate,
    Receive,
    Profile,
}

impl Class {
    /// As the attack map has it.
    fn title(self) -> &'static str {
        match self {
            Self::Addressee => "wrong recipient, destination, audience, issuer",
            Self::AlgorithmicDos => "algorithmic denial of service",
            Self::CommentTruncation => "comments that truncate a value",
            Self::Demands => "what a connection demands beyond the rules",
            Self::Differential => "parser differentials",
            Self::DigestComment => "comment in DigestValue",
            Self::Downgrade => "downgrade to weak algorithms",
            Self::EncryptedContent => {
                "what is encrypted: no assertion, another one, with a document type"
            }
            Self::EncryptedNames => "namespaces slipped under what is encrypted",
            Self::EncryptedOctets => "changed, short, padded ciphertexts and tags (oracles)",
            Self::EncryptedWrapper => "encrypted wrappers: moved, doubled, mixed with what is not",
            Self::EncryptionAlgorithms => "RSA 1.5, 3DES, CBC unasked and other algorithms",
            Self::Entities => "document types and entities",
            Self::HmacConfusion => "HMAC with a public key",
            Self::InResponseTo => "stale or unknown InResponseTo",
            Self::KeyTrust => "keys that the message brings",
            Self::Metadata => "metadata",
            Self::PartialSignature => "partial signature, other signed messages",
            Self::SeveralParts => "several SignedInfo, Reference, DigestValue, Signature",
            Self::Shape => "namespaces, versions, what is missing or twice",
            Self::SignatureExclusion => "signature left out or empty",
            Self::Status => "status other than Success",
            Self::Tenant => "token of another tenant",
            Self::TimeWindow => "time windows and malformed times",
            Self::Transforms => "transforms and references",
            Self::Transport => "the form and its encoding",
            Self::ValueUnchecked => "references before the SignatureValue",
            Self::VoidCanonicalization => "void canonicalization",
            Self::Wrapping => "signature wrapping",
        }
    }

    /// Where such a message ends at the latest. What the gate ends costs a bounded parse: no hash, no
    /// transform, no signature is computed for it.
    fn latest(self) -> Step {
        match self {
            Self::AlgorithmicDos
            | Self::Differential
            | Self::DigestComment
            | Self::Downgrade
            | Self::Entities
            | Self::HmacConfusion
            | Self::SeveralParts
            | Self::Status
            | Self::Transforms
            | Self::Wrapping => Step::Gate,
            Self::Metadata | Self::Transport => Step::Transport,
            _ => Step::Profile,
        }
    }
}

/// What xmlsec says of a message without our gate, so that no attack is refused for a slip of its maker.
#[derive(Clone, Copy, Debug)]
enum Claim {
    /// A signature is there, and the trusted key does not verify it.
    Broken,
    /// The first signature is a MAC of its SignedInfo with this key.
    Mac(MacHash, &'static [u8]),
    /// The first signature verifies with the trusted key.
    Signed,
    /// It verifies with the stranger's key, and not with the trusted one.
    Strange,
    /// xmlsec is not asked: it is no response, or xmlsec would fetch, burn or mend it.
    Unasked,
    /// No signature is there.
    Unsigned,
}

/// The hashes of a MAC.
type MacHash = fn() -> openssl::hash::MessageDigest;

/// A message, and where it arrives.
#[derive(Clone)]
struct Message {
    raw: Raw,
    place: Place,
}

/// What arrives, at the level at which it is of interest.
#[derive(Clone, Eq, PartialEq)]
enum Raw {
    /// A whole body, with its media type.
    Form(Option<&'static str>, Vec<u8>),
    /// Metadata.
    Metadata(String),
    /// The message without its base64.
    Octets(Vec<u8>),
    /// The value of SAMLResponse.
    Value(Vec<u8>),
}

/// A connection and its clock.
#[derive(Clone, PartialEq)]
struct Place {
    now: Timestamp,
    skew_seconds: i64,
    outstanding: Vec<String>,
    trusted: Vec<Certificate>,
    subject_attribute: Option<&'static str>,
    /// What it demands beyond the rules.
    demands: Demands<'static>,
    /// What it knows of the product.
    preset: Preset,
    /// Whether its groups come as distinguished names.
    distinguished: bool,
    /// Whether it takes CBC.
    allow_cbc: bool,
    /// Whether another decryption key stands before ours.
    rollover: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            now: now(),
            skew_seconds: EXPECTED.skew_seconds,
            outstanding: Vec::new(),
            trusted: vec![mint::ours().clone()],
            subject_attribute: None,
            demands: Demands::NONE,
            preset: Preset::Generic,
            distinguished: false,
            allow_cbc: true,
            rollover: false,
        }
    }
}

impl Message {
    fn new(raw: Raw) -> Self {
        Self {
            raw,
            place: Place::default(),
        }
    }

    fn form(media_type: Option<&'static str>, body: impl Into<Vec<u8>>) -> Self {
        Self::new(Raw::Form(media_type, body.into()))
    }

    fn metadata(text: impl Into<String>) -> Self {
        Self::new(Raw::Metadata(text.into()))
    }

    fn value(value: impl Into<Vec<u8>>) -> Self {
        Self::new(Raw::Value(value.into()))
    }

    /// At this time.
    fn at(mut self, now: &str) -> Self {
        self.place.now = now.parse().unwrap();
        self
    }

    /// With clocks that may differ so much.
    fn skewed(mut self, seconds: i64) -> Self {
        self.place.skew_seconds = seconds;
        self
    }

    /// To a browser that brings these open requests.
    fn asked(mut self, outstanding: &[&str]) -> Self {
        self.place.outstanding = outstanding.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    /// To a connection with these certificates.
    fn trusting(mut self, trusted: Vec<Certificate>) -> Self {
        self.place.trusted = trusted;
        self
    }

    /// To a connection that names the subject by this attribute.
    fn named_by(mut self, attribute: &'static str) -> Self {
        self.place.subject_attribute = Some(attribute);
        self
    }

    /// To a connection that demands this.
    fn demanding(mut self, demands: Demands<'static>) -> Self {
        self.place.demands = demands;
        self
    }

    /// To a connection of this product.
    fn of(mut self, preset: Preset) -> Self {
        self.place.preset = preset;
        self
    }

    /// To a connection whose groups come as distinguished names.
    fn distinguished(mut self) -> Self {
        self.place.distinguished = true;
        self
    }

    /// To a connection that takes GCM alone.
    fn without_cbc(mut self) -> Self {
        self.place.allow_cbc = false;
        self
    }

    /// To a service provider whose next key stands before its own.
    fn in_rollover(mut self) -> Self {
        self.place.rollover = true;
        self
    }

    /// Its octets.
    fn octets(&self) -> &[u8] {
        match &self.raw {
            Raw::Form(_, octets) | Raw::Octets(octets) | Raw::Value(octets) => octets,
            Raw::Metadata(text) => text.as_bytes(),
        }
    }

    /// Its text, where it is a response that is one.
    fn xml(&self) -> Option<&str> {
        match &self.raw {
            Raw::Octets(octets) => std::str::from_utf8(octets).ok(),
            _ => None,
        }
    }
}

impl From<&str> for Message {
    fn from(xml: &str) -> Self {
        Self::new(Raw::Octets(xml.into()))
    }
}

impl From<String> for Message {
    fn from(xml: String) -> Self {
        Self::new(Raw::Octets(xml.into()))
    }
}

impl From<Vec<u8>> for Message {
    fn from(octets: Vec<u8>) -> Self {
        Self::new(Raw::Octets(octets))
    }
}

/// An attack and the honest message it was made of.
struct Attack {
    class: Class,
    name: String,
    expected: &'static str,
    claim: Claim,
    message: Message,
    twin: Message,
}

impl Attack {
    fn new(
        class: Class,
        name: impl Into<String>,
        expected: &'static str,
        claim: Claim,
        message: impl Into<Message>,
        twin: impl Into<Message>,
    ) -> Self {
        Self {
            class,
            name: name.into(),
            expected,
            claim,
            message: message.into(),
            twin: twin.into(),
        }
    }
}

/// An honest message and what is read in it.
struct Honest {
    group: &'static str,
    name: String,
    message: Message,
    /// The NameID.
    who: Option<&'static str>,
    /// An attribute and its values, where the case is about one.
    attribute: Option<(&'static str, Vec<String>)>,
    /// What is known of the groups, where the case is about that.
    groups: Option<Groups>,
}

impl Honest {
    /// One about Ada.
    fn new(group: &'static str, name: impl Into<String>, message: impl Into<Message>) -> Self {
        Self {
            group,
            name: name.into(),
            message: message.into(),
            who: Some(ADA),
            attribute: None,
            groups: None,
        }
    }

    /// One about somebody else, or about nobody.
    fn about(mut self, who: Option<&'static str>) -> Self {
        self.who = who;
        self
    }

    /// One of which this is known of the groups.
    fn with_groups(mut self, groups: Groups) -> Self {
        self.groups = Some(groups);
        self
    }

    /// One that says this.
    fn says(
        mut self,
        attribute: &'static str,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.attribute = Some((attribute, values.into_iter().map(Into::into).collect()));
        self
    }
}
