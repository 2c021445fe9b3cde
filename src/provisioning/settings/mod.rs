//! What admins set up: organizations, their connections, tokens, roles, projects and rules, the
//! apps behind and the keys of the admin API. It goes through the same door as everything else,
//! and into the same events.

use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::role::{Catalogue, Role};
use crate::id::OrganizationId;
use crate::provisioning::{Error, resolution};
use crate::store::Tx;
use crate::store::rows::ProjectRow;

pub mod app_changes;
pub mod app_view;
pub mod app_wanted;
pub mod apps;
pub mod connection_access;
pub(in crate::provisioning) mod connection_demands;
pub mod connection_end;
mod connection_roles;
pub mod connection_state;
pub(in crate::provisioning) mod connection_trust;
pub mod connection_view;
pub mod connections;
pub mod domain_looks;
pub mod domains;
pub mod keys;
mod mapping_checks;
mod mapping_update;
pub mod mappings;
pub mod oauth_clients;
pub mod organizations;
pub mod plan;
pub mod policy;
pub mod projects;
pub mod role_removal;
mod role_uses;
pub mod roles;
pub mod schemas;
pub mod tokens;
pub mod webhook_deliveries;
pub mod webhooks;

/// The longest name of anything that admins name, in characters.
const LONGEST_NAME: usize = 200;

/// A name for people: not empty, one line, not endless.
fn name(text: &str) -> Result<String, Error> {
    let name = text.trim();
    let long = name.chars().count() > LONGEST_NAME;
    if name.is_empty() || long || name.chars().any(char::is_control) {
        let rule = format!("a name is one line of 1 to {LONGEST_NAME} characters");
        return Err(Violation::Invalid(rule).into());
    }
    Ok(name.to_owned())
}

/// A slug, as it was given.
fn slug(text: &str) -> Result<String, Error> {
    if crate::directory::organization::is_slug(text) {
        return Ok(text.to_owned());
    }
    let rule = "a slug is 1 to 63 of the characters a-z, 0-9 and -";
    Err(Violation::Invalid(rule.into()).into())
}

/// The roles of an organization.
pub(in crate::provisioning) async fn catalogue(
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<Catalogue, Error> {
    let rows = tx.roles(org).await?;
    Ok(Catalogue::new(rows.iter().map(resolution::role).collect()))
}

/// The role of a slug.
pub(super) fn role<'c>(catalogue: &'c Catalogue, slug: &str) -> Result<&'c Role, Error> {
    Ok(catalogue
        .by_slug(slug)
        .ok_or_else(|| Violation::UnknownRole(slug.to_owned()))?)
}

/// The live projects of these slugs.
pub(super) async fn projects(
    tx: &mut Tx,
    org: OrganizationId,
    slugs: &[String],
) -> Result<Vec<ProjectRow>, Error> {
    if slugs.is_empty() {
        return Ok(Vec::new());
    }
    let all = tx.projects(org).await?;
    let mut named: Vec<ProjectRow> = Vec::with_capacity(slugs.len());
    for slug in slugs {
        let project = all.iter().find(|project| project.slug == *slug);
        let project = project.ok_or_else(|| Violation::UnknownProject(slug.clone()))?;
        if project.archived_at.is_some() {
            return Err(Violation::ArchivedProject(slug.clone()).into());
        }
        if !named.iter().any(|known| known.id == project.id) {
            named.push(project.clone());
        }
    }
    Ok(named)
}

/// What differs between two descriptions of the same thing, as events tell it.
fn differences(before: &Value, after: &Value) -> Vec<Value> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Vec::new();
    };
    after
        .iter()
        .filter(|(name, _)| !["updated_at", "warnings"].contains(&name.as_str()))
        .filter_map(|(name, new)| {
            let old = before.get(name).unwrap_or(&Value::Null);
            (old != new).then(|| json!({"attribute": name, "old": old, "new": new}))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_slugs_are_held_to_their_form() {
        assert_eq!(name(" Acme Inc. ").unwrap(), "Acme Inc.");
        let long = "x".repeat(LONGEST_NAME + 1);
        for wrong in ["", "  ", "a\nb", "a\u{0}", &long] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
        for (text, good) in [("acme", true), ("a-1", true), ("", false), ("Acme", false)] {
            assert_eq!(slug(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"a": 1, "b": [1], "updated_at": 1});
        let after = json!({"a": 1, "b": [1, 2], "c": null, "updated_at": 2});
        let told = vec![json!({"attribute": "b", "old": [1], "new": [1, 2]})];
        assert_eq!(differences(&before, &after), told);
    }
}
