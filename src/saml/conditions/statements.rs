//! Statements (SAML Core 2.7): that the person signed in, and what is said of them.

use jiff::Timestamp;
use roxmltree::Node;

use super::{
    super::{
        assertion::Attribute,
        error::Error,
        instant,
        xml::{self, ASSERTION, INSTANCE},
    },
    Clock,
};

/// What the AuthnStatements say: the first of each, the earliest end of the session.
#[derive(Default)]
pub(super) struct Authn {
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<Timestamp>,
    pub(super) instant: Option<Timestamp>,
    pub(super) context_class: Option<String>,
}

/// At least one AuthnStatement, and no session that has ended (Profiles 4.1.4.2).
pub(super) fn authn(assertion: Node<'_, '_>, clock: Clock) -> Result<Authn, Error> {
    let mut authn: Option<Authn> = None;
    for statement in xml::children(assertion, ASSERTION, "AuthnStatement") {
        let time = |what, name| {
            xml::attribute(statement, name)
                .map(|t| instant::read(what, t))
                .transpose()
        };
        let ends = time("SessionNotOnOrAfter", "SessionNotOnOrAfter")?;
        if let Some(ends) = ends {
            clock.before("SessionNotOnOrAfter", ends)?;
        }
        let class = xml::at_most_one(statement, ASSERTION, "AuthnContext")?
            .map(|context| xml::at_most_one(context, ASSERTION, "AuthnContextClassRef"))
            .transpose()?
            .flatten()
            .map(xml::text)
            .transpose()?;
        let merged = authn.get_or_insert_default();
        let index = xml::attribute(statement, "SessionIndex").map(ToOwned::to_owned);
        merged.session_index = merged.session_index.take().or(index);
        merged.instant = merged.instant.or(time("AuthnInstant", "AuthnInstant")?);
        merged.context_class = merged
            .context_class
            .take()
            .or(class.map(|c| xml::collapsed(&c)));
        merged.session_not_on_or_after =
            merged.session_not_on_or_after.into_iter().chain(ends).min();
    }
    authn.ok_or(Error::AuthnStatementMissing)
}

/// The attributes of all statements, in their order.
pub(super) fn attributes(assertion: Node<'_, '_>) -> Result<Vec<Attribute>, Error> {
    let mut attributes = Vec::new();
    for statement in xml::children(assertion, ASSERTION, "AttributeStatement") {
        if xml::children(statement, ASSERTION, "EncryptedAttribute")
            .next()
            .is_some()
        {
            return Err(Error::EncryptedElementUnsupported {
                element: "EncryptedAttribute",
            });
        }
        for attribute in xml::children(statement, ASSERTION, "Attribute") {
            let mut values = Vec::new();
            for value in xml::children(attribute, ASSERTION, "AttributeValue") {
                values.extend(attribute_value(value)?);
            }
            attributes.push(Attribute {
                name: xml::attribute(attribute, "Name")
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
                friendly_name: xml::attribute(attribute, "FriendlyName").map(ToOwned::to_owned),
                values,
            });
        }
    }
    Ok(attributes)
}

/// A value's text, or the text of the one NameID in it (eduPersonTargetedID). Nil, empty and structured
/// values say nothing.
fn attribute_value(value: Node<'_, '_>) -> Result<Option<String>, Error> {
    if matches!(value.attribute((INSTANCE, "nil")), Some("true" | "1")) {
        return Ok(None);
    }
    let mut inside = value.children().filter(Node::is_element);
    let holder = match (inside.next(), inside.next()) {
        (None, _) => value,
        (Some(name_id), None) if xml::is(name_id, ASSERTION, "NameID") => name_id,
        _ => return Ok(None),
    };
    if holder.children().any(|child| child.is_element()) {
        return Ok(None);
    }
    let text = xml::text(holder)?;
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
