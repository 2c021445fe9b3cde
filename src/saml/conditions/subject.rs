//! The subject (SAML Core 2.4): its NameID, and a bearer confirmation that is for us and for now
//! (SAML Profiles 4.1.4.2).

use jiff::Timestamp;
use roxmltree::Node;

use super::{
    super::{
        assertion::NameId,
        error::{Error, shown},
        instant,
        xml::{self, ASSERTION},
    },
    Clock, Expected, in_response_to,
};
use crate::limits;

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const NAME_ID_LIMIT: usize = limits::NAME_ID;

/// A bearer confirmation that holds.
pub(super) struct Confirmed {
    /// The latest time at which this message could be confirmed.
    pub(super) not_on_or_after: Timestamp,
}

/// One bearer confirmation that holds is enough; with none, the first one's fault is the reason.
pub(super) fn confirmation(
    assertion: Node<'_, '_>,
    expected: &Expected<'_>,
    answers: Option<&str>,
    clock: Clock,
) -> Result<Confirmed, Error> {
    let missing = |why| Error::SubjectConfirmation { why };
    let subject = subject(assertion)?.ok_or(missing("there is no Subject"))?;
    let mut fault = None;
    let mut latest: Option<Timestamp> = None;
    for confirmation in xml::children(subject, ASSERTION, "SubjectConfirmation") {
        if xml::attribute(confirmation, "Method") != Some(BEARER) {
            continue;
        }
        match bearer(confirmation, expected, answers, clock) {
            Ok(end) => latest = Some(latest.map_or(end, |other| other.max(end))),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    match latest {
        Some(not_on_or_after) => Ok(Confirmed { not_on_or_after }),
        None => Err(fault.unwrap_or(missing("none has the bearer method"))),
    }
}

fn bearer(
    confirmation: Node<'_, '_>,
    expected: &Expected<'_>,
    answers: Option<&str>,
    clock: Clock,
) -> Result<Timestamp, Error> {
    let missing = |why| Error::SubjectConfirmation { why };
    let data = xml::at_most_one(confirmation, ASSERTION, "SubjectConfirmationData")?
        .ok_or(missing("it has no data"))?;
    let recipient = xml::attribute(data, "Recipient");
    if recipient.map(xml::collapsed).as_deref() != Some(expected.acs_url) {
        return Err(Error::RecipientMismatch {
            expected: expected.acs_url.to_owned(),
            arrived: recipient.map(shown),
        });
    }
    if xml::attribute(data, "NotBefore").is_some() {
        return Err(missing("it has a NotBefore"));
    }
    let end = xml::attribute(data, "NotOnOrAfter").ok_or(missing("it has no NotOnOrAfter"))?;
    let end = instant::read("the confirmation's NotOnOrAfter", end)?;
    clock.before("the confirmation's NotOnOrAfter", end)?;
    in_response_to(xml::attribute(data, "InResponseTo"), answers)?;
    Ok(end)
}

/// The NameID, if there is one; whether a connection can do without is the connection's to say.
pub(super) fn name_id(assertion: Node<'_, '_>) -> Result<Option<NameId>, Error> {
    let Some(subject) = subject(assertion)? else {
        return Ok(None);
    };
    for child in subject.children().filter(Node::is_element) {
        match child.tag_name().name() {
            "EncryptedID" => {
                return Err(Error::EncryptedElementUnsupported {
                    element: "EncryptedID",
                });
            }
            "BaseID" => {
                return Err(Error::NameId {
                    why: "it is a BaseID",
                });
            }
            _ => {}
        }
    }
    let mut found = xml::children(subject, ASSERTION, "NameID");
    let Some(node) = found.next() else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err(Error::NameId {
            why: "there are several",
        });
    }
    read(node).map(Some)
}

/// What a NameID says (Core 2.2.3).
pub(in crate::saml) fn read(node: Node<'_, '_>) -> Result<NameId, Error> {
    let text = xml::text(node)?;
    let value = text.trim_matches([' ', '\t', '\r', '\n']);
    if value.is_empty() {
        return Err(Error::NameId { why: "it is empty" });
    }
    if value.len() > NAME_ID_LIMIT || value.chars().any(char::is_control) {
        return Err(Error::NameId {
            why: "it is too long or has control characters",
        });
    }
    let attribute = |name: &str| {
        xml::attribute(node, name)
            .filter(|v| !v.is_empty())
            .map(ToOwned::to_owned)
    };
    Ok(NameId {
        value: value.to_owned(),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
    })
}

fn subject<'a, 'i: 'a>(assertion: Node<'a, 'i>) -> Result<Option<Node<'a, 'i>>, Error> {
    xml::at_most_one(assertion, ASSERTION, "Subject")
}
