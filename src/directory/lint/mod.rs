//! The directory lint: what a connection has shown, held against what is known to go wrong. It
//! refuses nothing; each finding says what was seen and, in one sentence, how it is mended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::email::domain_of;
use crate::directory::external_id::is_opaque;
use crate::directory::words::words;
use crate::scim::{Tolerance, fold};

mod mends;

/// Examples that a finding tells.
const EXAMPLES: usize = 5;

/// Something that is counted as it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sighting {
    /// A sign-in was refused, since the identity provider signs with SHA-1.
    Sha1,
    /// A request needed a tolerance.
    Tolerance(Tolerance),
}

const SHA1: &str = "sha1";

impl Sighting {
    /// The word under which it is kept.
    pub fn word(self) -> String {
        match self {
            Self::Sha1 => SHA1.to_owned(),
            Self::Tolerance(tolerance) => format!("tolerance:{tolerance}"),
        }
    }

    /// The one that a word names.
    pub fn of(word: &str) -> Option<Self> {
        match word.strip_prefix("tolerance:") {
            Some(tolerance) => Tolerance::of(tolerance).map(Self::Tolerance),
            None => (word == SHA1).then_some(Self::Sha1),
        }
    }
}

words! {
    /// What a finding is about.
    Code {
        /// Addresses in domains that the connection is not trusted with.
        AddressOutsideDomains = "address_outside_domains",
        /// An externalId that the directory may give to another person one day.
        ExternalIdReusable = "external_id_reusable",
        /// Sign-ins name groups by ids, and the rules name them otherwise.
        GroupsAreIds = "groups_are_ids",
        /// Sign-ins say nothing of groups any more.
        GroupsUnknown = "groups_unknown",
        /// People are known by an address, which can change.
        NameIdMutable = "name_id_mutable",
        /// Sign-ins were refused because of SHA-1.
        Sha1Refused = "sha1_refused",
        /// Requests needed a tolerance.
        Tolerance = "tolerance",
        /// Sign-ins name groups that neither a rule nor a SCIM Group is.
        UnknownGroup = "unknown_group",
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LintFinding)]
pub struct Finding {
    /// What it is about.
    pub code: Code,
    /// Which of several: the tolerance's name, or the domain.
    pub subject: Option<String>,
    /// How often: requests or sign-ins since they are counted, else people or groups among the
    /// newest.
    pub count: i64,
    /// When it was last seen, where that is known.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub last_at: Option<Timestamp>,
    /// A few of the values.
    pub examples: Vec<String>,
    /// What was seen.
    pub seen: String,
    /// How it is mended, in one sentence.
    pub mend: String,
}

/// What is known of a connection.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// externalId and userName of SCIM Users.
    pub names: Vec<(Option<String>, String)>,
    /// Sign-in addresses, in the form in which they compare.
    pub addresses: Vec<String>,
    /// The domains that the connection is trusted with.
    pub trusted: BTreeSet<String>,
    /// When the people who are known by an address were last here.
    pub known_by_address: Vec<Timestamp>,
    /// The groups that sign-ins named, each with the number of people.
    pub asserted: BTreeMap<String, i64>,
    /// People whose last sign-in said nothing of groups that were known before, or said that there are too
    /// many: since when, and whether it was that.
    pub stale: Vec<(Timestamp, bool)>,
    /// Those of them that are a SCIM Group, by its externalId or its id.
    pub pushed: BTreeSet<String>,
    /// What enabled rules match by: a folded name, an externalId or an id.
    pub rules: BTreeSet<String>,
    /// Whether there is an enabled rule that knows its group by name.
    pub rules_by_name: bool,
    /// What was counted: how often, and when last.
    pub sightings: BTreeMap<Sighting, (i64, Timestamp)>,
}

/// Whether a group that a sign-in named is one that Usher knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognized {
    /// It is a SCIM Group of the connection.
    ScimGroup,
    /// A rule names it.
    Rule,
    /// Neither: it waits for a group that is pushed, or for a rule.
    No,
}

impl Facts {
    /// What a group that a sign-in named is.
    pub fn recognized(&self, value: &str) -> Recognized {
        let named = |text: &str| self.rules.contains(text);
        if self.pushed.contains(value) {
            Recognized::ScimGroup
        } else if named(value) || named(&fold(value.trim())) {
            Recognized::Rule
        } else {
            Recognized::No
        }
    }
}

/// What is to be told of a connection, what weighs most first.
pub fn lint(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(sha1(facts));
    findings.extend(external_ids(facts));
    findings.extend(name_ids(facts));
    findings.extend(addresses(facts));
    findings.extend(stale(facts));
    findings.extend(groups(facts));
    for (sighting, (count, last_at)) in &facts.sightings {
        if let Sighting::Tolerance(tolerance) = sighting {
            findings.push(Finding {
                code: Code::Tolerance,
                subject: Some(tolerance.to_string()),
                count: *count,
                last_at: Some(*last_at),
                examples: Vec::new(),
                seen: mends::seen(*tolerance).to_owned(),
                mend: mends::mend(*tolerance).to_owned(),
            });
        }
    }
    findings
}

fn sha1(facts: &Facts) -> Option<Finding> {
    let (count, last_at) = facts.sightings.get(&Sighting::Sha1)?;
    Some(Finding {
        code: Code::Sha1Refused,
        subject: None,
        count: *count,
        last_at: Some(*last_at),
        examples: Vec::new(),
        seen: "Sign-ins were refused because the identity provider signs with SHA-1.".to_owned(),
        mend: "Choose SHA-256 as the signing algorithm of the application at the identity \
               provider."
            .to_owned(),
    })
}

fn external_ids(facts: &Facts) -> Option<Finding> {
    let reusable = facts.names.iter().filter_map(|(external_id, user_name)| {
        let external_id = external_id.as_deref()?;
        (!is_opaque(external_id, user_name)).then(|| external_id.to_owned())
    });
    found(Code::ExternalIdReusable, reusable, |count| {
        (
            format!("{count} people have an externalId that looks like a name or a short number."),
            "Map externalId to an identifier that is never given twice, at Entra objectId in place \
             of mailNickname: a newcomer of the same name would be taken for the person who left.",
        )
    })
}

fn name_ids(facts: &Facts) -> Option<Finding> {
    let count = facts.known_by_address.len();
    (count > 0).then(|| Finding {
        code: Code::NameIdMutable,
        subject: None,
        count: i64::try_from(count).unwrap_or(i64::MAX),
        last_at: facts.known_by_address.iter().max().copied(),
        examples: Vec::new(),
        seen: format!("{count} people are known by an address as their NameID."),
        mend: "Choose a persistent NameID, at Entra user.objectid: whoever's address changes is \
               somebody else otherwise."
            .to_owned(),
    })
}

fn addresses(facts: &Facts) -> Vec<Finding> {
    let mut domains: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for address in &facts.addresses {
        let domain = domain_of(address);
        if !facts.trusted.contains(domain) {
            domains.entry(domain).or_default().push(address.clone());
        }
    }
    let finding = |(domain, addresses): (&str, Vec<String>)| {
        let finding = found(
            Code::AddressOutsideDomains,
            addresses.into_iter(),
            |count| {
                (
                    format!("{count} people have an address at {domain}, which is not trusted."),
                    "Let the domain be trusted if it is the organization's (`usher domain add`), or \
                 provision these people with an address that is: till then nobody who is there \
                 already is joined by it, and nobody new is made at a sign-in.",
                )
            },
        )?;
        Some(Finding {
            subject: Some(domain.to_owned()),
            ..finding
        })
    };
    domains.into_iter().filter_map(finding).collect()
}

fn stale(facts: &Facts) -> Option<Finding> {
    let count = facts.stale.len();
    let overage = facts.stale.iter().filter(|it| it.1).count();
    (count > 0).then(|| Finding {
        code: Code::GroupsUnknown,
        subject: None,
        count: i64::try_from(count).unwrap_or(i64::MAX),
        last_at: facts.stale.iter().map(|it| it.0).max(),
        examples: Vec::new(),
        seen: format!(
            "The sign-ins of {count} people say nothing of groups ({overage} of them have more than \
             the claim holds); the roles of the groups that were known last stand."
        ),
        mend: "Confine the claim to the groups that are assigned to the application, since at Entra \
               it holds 150, and send it at every sign-in; or push the groups by SCIM."
            .to_owned(),
    })
}

fn groups(facts: &Facts) -> Vec<Finding> {
    let unknown = facts.asserted.keys();
    let unknown = unknown.filter(|value| facts.recognized(value) == Recognized::No);
    let (ids, names): (Vec<_>, Vec<_>) = unknown.cloned().partition(|value| is_id(value));
    let (ids, names) = if facts.rules_by_name {
        (ids, names)
    } else {
        (Vec::new(), [ids, names].concat())
    };
    let ids = found(Code::GroupsAreIds, ids.into_iter(), |count| {
        (
            format!(
                "Unknown group, waiting: sign-ins name {count} groups by ids, and the rules name \
                 groups by their names."
            ),
            "Push the groups by SCIM with the object id as externalId, or let the claim carry \
             names, or write the rule for the id (`usher mapping add --match external_id`).",
        )
    });
    let names = found(Code::UnknownGroup, names.into_iter(), |count| {
        (
            format!(
                "Unknown group, waiting: sign-ins name {count} groups that no rule names and no \
                 SCIM Group is."
            ),
            "Write a rule for those that are to give a role (`usher mapping add`), and confine the \
             claim to the groups that are assigned to the application.",
        )
    });
    ids.into_iter().chain(names).collect()
}

/// Whether a value is made like the id of an object and not like a name.
fn is_id(value: &str) -> bool {
    value.parse::<uuid::Uuid>().is_ok()
}

/// A finding about these values; none without any.
fn found(
    code: Code,
    values: impl Iterator<Item = String>,
    say: impl Fn(usize) -> (String, &'static str),
) -> Option<Finding> {
    let values: Vec<_> = values.collect();
    if values.is_empty() {
        return None;
    }
    let (seen, mend) = say(values.len());
    Some(Finding {
        code,
        subject: None,
        count: i64::try_from(values.len()).unwrap_or(i64::MAX),
        last_at: None,
        examples: values.into_iter().take(EXAMPLES).collect(),
        seen,
        mend: mend.to_owned(),
    })
}

#[cfg(test)]
mod tests;
