//! The requirements: what the standards and the field ask of a SCIM server, in our own words.

use serde::{Deserialize, Serialize};

/// The files of `requirements/scim/`, a section each, in the order in which they are reported.
const FILES: [&str; 11] = [
    include_str!("../requirements/scim/01-representation.toml"),
    include_str!("../requirements/scim/02-resources.toml"),
    include_str!("../requirements/scim/03-me.toml"),
    include_str!("../requirements/scim/04-errors.toml"),
    include_str!("../requirements/scim/05-patch.toml"),
    include_str!("../requirements/scim/06-filters.toml"),
    include_str!("../requirements/scim/07-queries.toml"),
    include_str!("../requirements/scim/08-bulk.toml"),
    include_str!("../requirements/scim/09-versions.toml"),
    include_str!("../requirements/scim/10-discovery.toml"),
    include_str!("../requirements/scim/11-security.toml"),
];

/// The requirements of one subject.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// Each of them.
    #[serde(rename = "requirement")]
    pub requirements: Vec<Requirement>,
}

/// One thing that is asked of a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its name for ever.
    pub id: String,
    /// Where it stands.
    pub section: String,
    /// How strongly it is asked for.
    pub level: Level,
    /// What is asked for, in one sentence.
    pub text: String,
    /// The checks that prove it together.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Why nobody can check it from outside.
    pub reason: Option<String>,
}

/// How strongly something is asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// By the standard, always.
    Must,
    /// By the standard, unless there are good reasons.
    Should,
    /// Left to the server by the standard; what it does must hold together.
    May,
    /// Not by the standard, but by what identity providers really send.
    Ours,
}

impl Level {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
            Self::Ours => "ours",
        }
    }
}

/// All requirements, by section.
pub fn scim() -> Vec<Section> {
    let read = |text: &&str| toml::from_str(text).expect("the files are read by a test");
    FILES.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::checks;

    #[test]
    fn every_requirement_has_a_check_or_a_reason() {
        let (mut ids, mut checked) = (BTreeSet::new(), 0);
        for requirement in scim().into_iter().flat_map(|it| it.requirements) {
            let Requirement {
                id, checks, reason, ..
            } = &requirement;
            assert_ne!(checks.is_empty(), reason.is_none(), "{id}");
            assert!(requirement.text.ends_with('.'), "{id}: a sentence");
            assert!(ids.insert(id.clone()), "{id} is there twice");
            checked += usize::from(reason.is_none());
        }
        assert!(
            ids.len() >= 200 && checked >= 180,
            "{checked} of {}",
            ids.len()
        );
    }

    #[test]
    fn every_check_proves_a_requirement_and_every_name_is_one() {
        let requirements: Vec<_> = scim().into_iter().flat_map(|it| it.requirements).collect();
        let named: BTreeSet<_> = requirements
            .iter()
            .flat_map(|it| it.checks.iter().map(String::as_str))
            .collect();
        let there: BTreeSet<_> = checks::all().map(|it| it.name).collect();
        assert_eq!(checks::all().count(), there.len(), "a name is there twice");
        let unknown: Vec<_> = named.difference(&there).collect();
        let idle: Vec<_> = there.difference(&named).collect();
        assert!(
            unknown.is_empty() && idle.is_empty(),
            "no such check: {unknown:?}; proves nothing: {idle:?}"
        );
    }
}
