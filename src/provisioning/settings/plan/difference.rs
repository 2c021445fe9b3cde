//! The difference between what people hold before and after a change of the rules.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::mapping::Outcome;
use crate::directory::role::Catalogue;
use crate::id::UserId;

/// What a change would do to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// Their sign-in address.
    pub email: Option<String>,
    /// Whether it is more, less, or more here and less there.
    pub outcome: Outcome,
    /// The roles now.
    pub from: Roles,
    /// The roles then.
    pub to: Roles,
}

/// What a person may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Roles {
    /// The organization-wide role.
    pub role: Option<String>,
    /// The roles in projects, by the project's slug.
    pub projects: BTreeMap<String, String>,
}

/// What differs for a person; none where nothing does that a plan tells.
pub(super) fn difference(
    (user_id, email): (UserId, Option<String>),
    from: Roles,
    to: Roles,
    catalogue: &Catalogue,
) -> Option<Difference> {
    let outcome = match direction(&from, &to, catalogue) {
        (false, false) => return None,
        (true, false) => Outcome::Gained,
        (false, true) => Outcome::Lost,
        (true, true) => Outcome::Changed,
    };
    Some(Difference {
        user_id,
        email,
        outcome,
        from,
        to,
    })
}

/// Whether something rises, and whether something falls.
fn direction(old: &Roles, new: &Roles, catalogue: &Catalogue) -> (bool, bool) {
    let rank = |slug: &String| catalogue.by_slug(slug).map_or(0, |role| role.rank);
    let ranks = |roles: &Roles| -> BTreeMap<Option<String>, i64> {
        let wide = (None, roles.role.as_ref().map_or(0, rank));
        let projects = roles.projects.iter();
        projects
            .map(|(project, role)| (Some(project.clone()), rank(role)))
            .chain([wide])
            .collect()
    };
    let (old, new) = (ranks(old), ranks(new));
    let places: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    places
        .into_iter()
        .fold((false, false), |(up, down), place| {
            let of = |side: &BTreeMap<_, _>| side.get(place).copied().unwrap_or(0);
            (up || of(&new) > of(&old), down || of(&new) < of(&old))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::role::Role;
    use crate::id::{Entropy, Ids};

    fn held(role: Option<&str>, projects: &[(&str, &str)]) -> Roles {
        let projects = projects
            .iter()
            .map(|(slug, role)| (String::from(*slug), String::from(*role)));
        Roles {
            role: role.map(String::from),
            projects: projects.collect(),
        }
    }

    #[test]
    fn what_rises_and_what_falls_is_told_apart() {
        let clock = crate::clock::Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
        let ids = Ids::new(clock, Entropy::seeded(1));
        let role = |slug: &str, rank| Role {
            id: ids.next(),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            rank,
        };
        let catalogue = Catalogue::new(vec![role("editor", 50), role("viewer", 10)]);
        for (old, new, expected) in [
            (
                held(Some("viewer"), &[]),
                held(Some("viewer"), &[]),
                (false, false),
            ),
            (
                held(Some("viewer"), &[]),
                held(Some("editor"), &[]),
                (true, false),
            ),
            (held(None, &[]), held(Some("viewer"), &[]), (true, false)),
            (
                held(Some("editor"), &[]),
                held(Some("viewer"), &[]),
                (false, true),
            ),
            (
                held(None, &[]),
                held(None, &[("a", "viewer")]),
                (true, false),
            ),
            (
                held(Some("viewer"), &[]),
                held(None, &[("a", "editor")]),
                (true, true),
            ),
            (
                held(None, &[("a", "editor")]),
                held(None, &[("b", "editor")]),
                (true, true),
            ),
        ] {
            assert_eq!(
                direction(&old, &new, &catalogue),
                expected,
                "{old:?} {new:?}"
            );
        }
    }
}
