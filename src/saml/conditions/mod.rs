//! Who, for whom, where and when (SAML Core 2.4, 2.5, 2.7; SAML Profiles 4.1.4.3): signed octets become an
//! [`Assertion`].
//!
//! The order is fixed, so that a message with several faults always has the same reason. What the caller
//! adds, because it needs a store: an assertion's ID is taken once, last of all.

mod statements;
pub(super) mod subject;

use jiff::{SignedDuration, Timestamp};
use roxmltree::Node;

use super::{
    assertion::{Assertion, Attribute, Content},
    demands::Demands,
    error::{Error, shown},
    gate::{Element, shape, shape::ResponseFields},
    instant,
    signature::Verified,
    trace::{Step, Trace},
    xml::{self, ASSERTION},
};

/// The skew between two clocks that is let pass where a connection says nothing else.
pub const SKEW_SECONDS: i64 = 120;
/// The largest skew a connection may ask for.
pub const SKEW_SECONDS_LIMIT: i64 = 300;
/// For how long after its issue an assertion may be used first.
pub(super) const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// For how long after its issue an assertion can be remembered at all.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Attributes that a trace names at most.
const NAMED: usize = 50;

/// What a connection expects of a message.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Our entity id: the audience.
    pub entity_id: &'a str,
    /// Our assertion consumer service: destination and recipient.
    pub acs_url: &'a str,
    /// The identity provider's entity id: the issuer.
    pub idp_entity_id: &'a str,
    /// How far the clocks may differ; held between 0 and [`SKEW_SECONDS_LIMIT`].
    pub skew_seconds: i64,
    /// The ids of our requests that the browser may bring an answer to. One that answers none is
    /// taken, too; whether it may be unasked for is the connection's to say.
    pub outstanding: &'a [String],
    /// What the connection demands beyond that.
    pub demands: Demands<'a>,
}

/// The clock with its skew.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    pub(super) now: Timestamp,
    pub(super) skew: SignedDuration,
}

impl Clock {
    /// The clock at this time, with a skew of so many seconds as far as so many may be asked for.
    pub(super) fn new(now: Timestamp, skew_seconds: i64) -> Self {
        let skew = SignedDuration::from_secs(skew_seconds.clamp(0, SKEW_SECONDS_LIMIT));
        Self { now, skew }
    }

    /// The time has not passed, beyond the skew.
    pub(super) fn before(self, what: &'static str, limit: Timestamp) -> Result<(), Error> {
        if self.now.duration_since(limit) < self.skew {
            Ok(())
        } else {
            Err(Error::Expired {
                what,
                limit,
                now: self.now,
            })
        }
    }

    /// The time has come, within the skew.
    fn since(self, what: &'static str, limit: Timestamp) -> Result<(), Error> {
        if limit.duration_since(self.now) <= self.skew {
            Ok(())
        } else {
            Err(Error::NotYetValid {
                what,
                limit,
                now: self.now,
            })
        }
    }
}

/// Accepts what is signed, or says which rule does not hold.
pub fn accept(
    verified: &Verified,
    expected: &Expected<'_>,
    now: Timestamp,
    trace: &mut Trace,
) -> Result<Assertion, Error> {
    let clock = Clock::new(now, expected.skew_seconds);
    let document = xml::parse(&verified.octets)?;
    let root = document.root_element();
    let covers_response = verified.element == Element::Response;
    let around = verified.around.clone();
    // What was decrypted is its own root, whoever signed it.
    let assertion = if xml::is(root, ASSERTION, "Assertion") {
        root
    } else {
        shape::response(root)?.assertion
    };
    trace.expects(Step::Issuer, expected.idp_entity_id);
    let issuer = issuer(&around, assertion, expected)?;
    trace.expects(Step::Destination, expected.acs_url);
    destination(&around, covers_response, expected)?;
    trace.expects(Step::Conditions, expected.entity_id);
    let conditions_end = conditions(assertion, expected, clock)?;
    trace.at(Step::InResponseTo);
    let answers = answers(around.in_response_to.as_deref(), expected)?;
    trace.expects(Step::SubjectConfirmation, expected.acs_url);
    let confirmed = subject::confirmation(assertion, expected, answers, clock)?;
    let authn = statements::authn(assertion, &expected.demands, clock, trace)?;
    trace.expects(Step::IssueInstant, &now.to_string());
    let issue_instant = issued(&around, assertion, clock)?;
    trace.arrives(issue_instant.to_string());
    trace.at(Step::NameId);
    let name_id = subject::name_id(assertion)?;
    let format = name_id.as_ref().and_then(|name_id| name_id.format.clone());
    trace.arrives(format.unwrap_or_else(|| "no format".to_owned()));
    trace.at(Step::Attributes);
    let attributes = statements::attributes(assertion)?;
    trace.arrives(names(&attributes));
    let end = conditions_end.map_or(confirmed.not_on_or_after, |end| {
        end.min(confirmed.not_on_or_after)
    });
    let remembered = end.min(later(issue_instant, REMEMBERED));
    Ok(Assertion::accepted(Content {
        response_id: covers_response.then(|| around.id.clone()),
        received_response_id: around.id,
        assertion_id: verified.assertion_id.clone(),
        issuer,
        issue_instant,
        name_id,
        in_response_to: answers.map(ToOwned::to_owned),
        session_index: authn.session_index,
        session_not_on_or_after: authn.session_not_on_or_after,
        authn_instant: authn.instant,
        authn_context_class: authn.context_class,
        attributes,
        replay_until: later(remembered, clock.skew),
        certificate: verified.fingerprint().to_owned(),
    }))
}

/// The names of attributes, and how many values each has.
fn names(attributes: &[Attribute]) -> String {
    let named = |it: &Attribute| format!("{} ({})", shown(&it.name), it.values.len());
    let all: Vec<_> = attributes.iter().take(NAMED).map(named).collect();
    all.join(", ")
}

/// The assertion's Issuer, and the response's where it has one, are the connection's (Core 2.2.5).
fn issuer(
    around: &ResponseFields,
    assertion: Node<'_, '_>,
    expected: &Expected<'_>,
) -> Result<String, Error> {
    let own = xml::at_most_one(assertion, ASSERTION, "Issuer")?
        .map(xml::text)
        .transpose()?;
    let wanted = xml::collapsed(expected.idp_entity_id);
    for arrived in [
        own.as_ref().or(Some(&String::new())),
        around.issuer.as_ref(),
    ]
    .into_iter()
    .flatten()
    {
        if wanted.is_empty() || xml::collapsed(arrived) != wanted {
            return Err(Error::IssuerMismatch {
                expected: wanted,
                arrived: Some(shown(arrived)),
            });
        }
    }
    Ok(wanted)
}

/// A signed response names its destination; any response that names one names us (Bindings 3.5.5.2).
fn destination(
    around: &ResponseFields,
    signed: bool,
    expected: &Expected<'_>,
) -> Result<(), Error> {
    let arrived = around.destination.as_deref();
    match arrived {
        None if !signed => Ok(()),
        Some(arrived) if xml::collapsed(arrived) == expected.acs_url => Ok(()),
        _ => Err(Error::DestinationMismatch {
            expected: expected.acs_url.to_owned(),
            arrived: arrived.map(shown),
        }),
    }
}

/// The window, the audience, and no condition we do not know. Gives the end of the window.
fn conditions(
    assertion: Node<'_, '_>,
    expected: &Expected<'_>,
    clock: Clock,
) -> Result<Option<Timestamp>, Error> {
    let conditions =
        xml::at_most_one(assertion, ASSERTION, "Conditions")?.ok_or(Error::ConditionsMissing)?;
    let time = |what, name| {
        xml::attribute(conditions, name)
            .map(|t| instant::read(what, t))
            .transpose()
    };
    let begin = time("the conditions' NotBefore", "NotBefore")?;
    let end = time("the conditions' NotOnOrAfter", "NotOnOrAfter")?;
    if let Some(begin) = begin {
        clock.since("the conditions' NotBefore", begin)?;
    }
    if let Some(end) = end {
        clock.before("the conditions' NotOnOrAfter", end)?;
    }
    audience(conditions, expected)?;
    let known = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
    for condition in conditions.children().filter(Node::is_element) {
        if !known.iter().any(|name| xml::is(condition, ASSERTION, name)) {
            return Err(Error::ConditionUnknown {
                arrived: xml::name(condition),
            });
        }
    }
    Ok(end)
}

/// At least one restriction, and each of them holds us: several say "and", the names in one say "or"
/// (Core 2.5.1.4).
fn audience(conditions: Node<'_, '_>, expected: &Expected<'_>) -> Result<(), Error> {
    let mut restrictions = 0;
    let mismatch = |arrived| Error::AudienceMismatch {
        expected: expected.entity_id.to_owned(),
        arrived,
    };
    for restriction in xml::children(conditions, ASSERTION, "AudienceRestriction") {
        restrictions += 1;
        let mut arrived = Vec::new();
        for audience in xml::children(restriction, ASSERTION, "Audience") {
            arrived.push(xml::collapsed(&xml::text(audience)?));
        }
        if expected.entity_id.is_empty() || !arrived.iter().any(|name| name == expected.entity_id) {
            return Err(mismatch(
                arrived.iter().take(5).map(|name| shown(name)).collect(),
            ));
        }
    }
    if restrictions == 0 {
        Err(mismatch(Vec::new()))
    } else {
        Ok(())
    }
}

/// The request that a response answers: one of ours that is open, or none (Profiles 4.1.5).
fn answers<'a>(arrived: Option<&str>, expected: &Expected<'a>) -> Result<Option<&'a str>, Error> {
    let Some(arrived) = arrived else {
        return Ok(None);
    };
    let open = expected.outstanding.iter().find(|id| *id == arrived);
    open.map(|id| Some(id.as_str()))
        .ok_or_else(|| Error::InResponseToUnknown {
            expected: expected.outstanding.last().cloned(),
            arrived: Some(shown(arrived)),
        })
}

/// What is confirmed answers the same request as the response around it.
fn in_response_to(arrived: Option<&str>, answers: Option<&str>) -> Result<(), Error> {
    if arrived == answers {
        return Ok(());
    }
    Err(Error::InResponseToUnknown {
        expected: answers.map(ToOwned::to_owned),
        arrived: arrived.map(shown),
    })
}

/// Issued now, as far as the clocks agree: not in the future, and used first within ten minutes.
fn issued(
    around: &ResponseFields,
    assertion: Node<'_, '_>,
    clock: Clock,
) -> Result<Timestamp, Error> {
    let response = instant::read("the response's IssueInstant", &around.issue_instant)?;
    let text = xml::attribute(assertion, "IssueInstant").unwrap_or_default();
    let own = instant::read("the assertion's IssueInstant", text)?;
    for arrived in [own, response] {
        if arrived.duration_since(clock.now) > clock.skew {
            return Err(Error::IssueInstant {
                arrived,
                now: clock.now,
            });
        }
    }
    if clock.now.duration_since(own) > FRESH + clock.skew {
        return Err(Error::IssueInstant {
            arrived: own,
            now: clock.now,
        });
    }
    Ok(own)
}

pub(super) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
