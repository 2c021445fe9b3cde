//! Statements (SAML Core 2.7): that the person signed in, and what is said of them.

use jiff::Timestamp;
use roxmltree::Node;

use super::{
    super::{
        assertion::Attribute,
        demands::Demands,
        error::{Error, shown},
        instant,
        trace::{Step, Trace},
        xml::{self, ASSERTION, INSTANCE},
    },
    Clock, FRESH,
};

/// What the AuthnStatements say: the first of each, the earliest end of the session.
#[derive(Clone, Default)]
pub(super) struct Authn {
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<Timestamp>,
    pub(super) instant: Option<Timestamp>,
    pub(super) context_class: Option<String>,
}

impl Authn {
    /// A later statement beside the earlier ones.
    fn and(self, later: Self) -> Self {
        let ends = [self.session_not_on_or_after, later.session_not_on_or_after];
        Self {
            session_index: self.session_index.or(later.session_index),
            session_not_on_or_after: ends.into_iter().flatten().min(),
            instant: self.instant.or(later.instant),
            context_class: self.context_class.or(later.context_class),
        }
    }
}

/// At least one AuthnStatement, no session that has ended (Profiles 4.1.4.2), and an authentication
/// as the connection demands it: with a class of context, the newest statement that has one counts,
/// by its own time.
pub(super) fn authn(
    assertion: Node<'_, '_>,
    demands: &Demands<'_>,
    clock: Clock,
    trace: &mut Trace,
) -> Result<Authn, Error> {
    trace.may_expect(Step::Authentication, demands.of_the_context());
    let statements = xml::children(assertion, ASSERTION, "AuthnStatement");
    let read: Result<Vec<_>, Error> = statements.map(|it| statement(it, clock)).collect();
    let all = read?;
    let merged = all.iter().cloned().reduce(Authn::and);
    let mut authn = merged.ok_or(Error::AuthnStatementMissing)?;
    trace.arrives(authn.context_class.clone().unwrap_or_default());
    if let Some(expected) = demands.of_the_context() {
        let satisfies = |it: &&Authn| demands.satisfied_by(it.context_class.as_deref());
        let classes = all.iter().filter_map(|it| it.context_class.as_deref());
        let newest = all.iter().filter(satisfies).max_by_key(|it| it.instant);
        let Some(counts) = newest else {
            let arrived = classes.take(CLASSES).map(shown).collect();
            return Err(Error::AuthnContextUnmet { expected, arrived });
        };
        authn.instant = counts.instant;
        authn.context_class.clone_from(&counts.context_class);
        trace.arrives(authn.context_class.clone().unwrap_or_default());
    }
    if demands.force_authn {
        fresh(authn.instant, clock)?;
    }
    Ok(authn)
}

/// Classes that an error names at most.
const CLASSES: usize = 5;

fn statement(statement: Node<'_, '_>, clock: Clock) -> Result<Authn, Error> {
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
    Ok(Authn {
        session_index: xml::attribute(statement, "SessionIndex").map(ToOwned::to_owned),
        session_not_on_or_after: ends,
        instant: time("AuthnInstant", "AuthnInstant")?,
        context_class: class.map(|class| xml::collapsed(&class)),
    })
}

/// Authenticated for this very sign-in: no longer ago than an assertion may be used first, and not
/// in the future.
fn fresh(instant: Option<Timestamp>, clock: Clock) -> Result<(), Error> {
    let age = instant.map(|at| clock.now.duration_since(at));
    if age.is_some_and(|age| age <= FRESH + clock.skew && age >= -clock.skew) {
        return Ok(());
    }
    Err(Error::AuthnInstant {
        arrived: instant,
        now: clock.now,
    })
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
