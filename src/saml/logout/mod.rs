//! Single logout (SAML Core 3.7, SAML Profiles 4.4), as a session participant.
//!
//! | file | rules |
//! |---|---|
//! | [`Incoming`] | how a message arrives: in a query or in a form (SAML Bindings 3.4, 3.5) |
//! | `query` | the signature of a query, over the octets that were sent |
//! | [`Outgoing`] | what we send: our request, and our answer to theirs |
//!
//! A request of the identity provider must be signed. An answer to a request of ours changes nothing
//! here, where the session is over by then; its signature must hold where it has one, and it names a
//! request of ours, which nobody else knows.

mod incoming;
mod outgoing;
mod query;

pub use incoming::Incoming;
pub use outgoing::{Content, Outgoing};

use jiff::Timestamp;
use roxmltree::Node;

use self::incoming::Signing;
use super::{
    assertion::NameId,
    certificate::Certificate,
    conditions::{Clock, FRESH, later, subject},
    error::{Error, shown},
    gate::{self, Element},
    instant, signature,
    xml::{self, ASSERTION, PROTOCOL},
};

/// The most sessions that a request may name.
const SESSIONS: usize = 100;

/// What a connection expects of a logout message.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Our single logout service: the destination.
    pub slo_url: &'a str,
    /// The identity provider's entity id: the issuer.
    pub idp_entity_id: &'a str,
    /// How far the clocks may differ.
    pub skew_seconds: i64,
}

/// A logout message of which every rule held.
#[derive(Clone, Debug)]
pub enum Message {
    /// The identity provider wants sessions to end.
    Request(LogoutRequest),
    /// The identity provider answers a request of ours.
    Response(LogoutResponse),
}

/// A request of the identity provider (Core 3.7.1). Only [`receive`] makes one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogoutRequest {
    /// Its ID: good for one use, and what our answer answers.
    pub id: String,
    /// The entity id of the identity provider.
    pub issuer: String,
    /// When it was made, by the identity provider's clock.
    pub issue_instant: Timestamp,
    /// Whose sessions are to end.
    pub name_id: NameId,
    /// Which of them; all where none is named.
    pub session_indexes: Vec<String>,
    /// Until when its ID must be remembered.
    pub replay_until: Timestamp,
    /// The fingerprint of the certificate that verified it.
    pub certificate: String,
}

impl LogoutRequest {
    /// Whether a session of this index at the identity provider is meant (Core 3.7.3.2).
    pub fn means(&self, session_index: Option<&str>) -> bool {
        means(&self.session_indexes, session_index)
    }
}

/// Whether a session of this index is among those that are named; none that is named means all.
pub fn means(named: &[String], session_index: Option<&str>) -> bool {
    let is_named = |index: &str| named.iter().any(|it| it.trim() == index.trim());
    named.is_empty() || session_index.is_some_and(is_named)
}

/// The answer to a request of ours (Core 3.7.2). What its status says changes nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogoutResponse {
    /// The request that it answers.
    pub in_response_to: String,
    /// Whether it says that every session at the identity provider has ended.
    pub is_success: bool,
}

/// The whole way from what arrived to a [`Message`]: gate, signature, conditions.
pub fn receive(
    incoming: Incoming,
    certificates: &[Certificate],
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Message, Error> {
    let element = incoming.element;
    let message = gate::logout::check(incoming.received, element)?;
    let (octets, signer) = match incoming.signing {
        Signing::Inside if message.signed.is_some() => {
            let (octets, signer) = signature::logout(&message, certificates)?;
            (octets, Some(signer))
        }
        Signing::Beside(_) | Signing::Nowhere if message.signed.is_some() => {
            return Err(Error::Structure {
                rule: "a signature inside of a message in a query",
                arrived: "Signature".to_owned(),
            });
        }
        Signing::Beside(proof) => (message.xml, Some(query::verify(&proof, certificates)?)),
        Signing::Inside | Signing::Nowhere => (message.xml, None),
    };
    let document = xml::parse(&octets)?;
    let root = document.root_element();
    let clock = Clock::new(now, expected.skew_seconds);
    match (element, signer) {
        (Element::LogoutRequest, Some(signer)) => {
            request(root, signer, expected, clock).map(Message::Request)
        }
        (Element::LogoutRequest, None) => Err(Error::SignatureMissing),
        (_, signer) => response(root, signer.is_some(), expected).map(Message::Response),
    }
}

fn request(
    root: Node<'_, '_>,
    signer: &Certificate,
    expected: &Expected<'_>,
    clock: Clock,
) -> Result<LogoutRequest, Error> {
    let issuer = issuer(root, expected)?;
    destination(root, true, expected)?;
    let text = xml::attribute(root, "IssueInstant").unwrap_or_default();
    let issued = instant::read("the request's IssueInstant", text)?;
    let early = issued.duration_since(clock.now) > clock.skew;
    if early || clock.now.duration_since(issued) > FRESH + clock.skew {
        return Err(Error::IssueInstant {
            arrived: issued,
            now: clock.now,
        });
    }
    if let Some(text) = xml::attribute(root, "NotOnOrAfter") {
        let what = "the request's NotOnOrAfter";
        clock.before(what, instant::read(what, text)?)?;
    }
    let none = || Error::NameId {
        why: "there is none",
    };
    let name_id = xml::at_most_one(root, ASSERTION, "NameID")?.ok_or_else(none)?;
    let indexes = xml::children(root, PROTOCOL, "SessionIndex");
    let indexes = indexes.map(|node| Ok(xml::text(node)?.trim().to_owned()));
    let session_indexes = indexes.collect::<Result<Vec<_>, Error>>()?;
    if session_indexes.len() > SESSIONS {
        return Err(Error::TooLarge {
            what: "the named sessions",
            limit: SESSIONS,
            arrived: session_indexes.len(),
        });
    }
    Ok(LogoutRequest {
        id: xml::attribute(root, "ID").unwrap_or_default().to_owned(),
        issuer,
        issue_instant: issued,
        name_id: subject::read(name_id)?,
        session_indexes,
        // Nothing older is taken, and beyond that a moment for two clocks of ours.
        replay_until: later(issued, FRESH + clock.skew + clock.skew),
        certificate: signer.fingerprint(),
    })
}

fn response(
    root: Node<'_, '_>,
    is_signed: bool,
    expected: &Expected<'_>,
) -> Result<LogoutResponse, Error> {
    issuer(root, expected)?;
    destination(root, is_signed, expected)?;
    let answers = xml::attribute(root, "InResponseTo");
    let answers = answers.ok_or(Error::InResponseToUnknown {
        expected: None,
        arrived: None,
    })?;
    let status = xml::at_most_one(root, PROTOCOL, "Status")?;
    let code = status.map(|status| xml::at_most_one(status, PROTOCOL, "StatusCode"));
    let code = code.transpose()?.flatten();
    let value = code.and_then(|code| xml::attribute(code, "Value"));
    Ok(LogoutResponse {
        in_response_to: answers.to_owned(),
        is_success: value == Some(outgoing::SUCCESS),
    })
}

/// The connection's identity provider, and nobody else (Core 3.7.3).
fn issuer(root: Node<'_, '_>, expected: &Expected<'_>) -> Result<String, Error> {
    let arrived = xml::at_most_one(root, ASSERTION, "Issuer")?;
    let arrived = arrived.map(xml::text).transpose()?.unwrap_or_default();
    let wanted = xml::collapsed(expected.idp_entity_id);
    if wanted.is_empty() || xml::collapsed(&arrived) != wanted {
        return Err(Error::IssuerMismatch {
            expected: wanted,
            arrived: Some(shown(&arrived)),
        });
    }
    Ok(wanted)
}

/// A signed message names its destination; any that names one names us (Bindings 3.4.5.2, 3.5.5.2).
fn destination(root: Node<'_, '_>, is_signed: bool, expected: &Expected<'_>) -> Result<(), Error> {
    let arrived = xml::attribute(root, "Destination");
    match arrived {
        None if !is_signed => Ok(()),
        Some(arrived) if xml::collapsed(arrived) == expected.slo_url => Ok(()),
        _ => Err(Error::DestinationMismatch {
            expected: expected.slo_url.to_owned(),
            arrived: arrived.map(shown),
        }),
    }
}
