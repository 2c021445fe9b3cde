//! The SCIM schemas that an organization registers beside those of the standard.

use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::id::OrganizationId;
use crate::limits;
use crate::provisioning::{Change, Error, Kind};
use crate::scim::catalog::custom::Definition;
use crate::scim::fold;
use crate::store;
use crate::store::Tx;
use crate::store::types::Doc;

/// The schemas of an organization, in the order in which they were registered.
pub async fn list(tx: &mut Tx, org: OrganizationId) -> Result<Vec<Definition>, Error> {
    let text = tx.schemas(org).await?;
    serde_json::from_str(&text.0).map_err(|_| {
        let (table, column) = ("organizations", "schemas");
        Error::Store(store::Error::Corrupt { table, column })
    })
}

/// The schema of this URN.
pub async fn one(tx: &mut Tx, org: OrganizationId, urn: &str) -> Result<Definition, Error> {
    let known = list(tx, org).await?;
    let found = known.into_iter().find(|it| is(it, urn));
    found.ok_or(Error::NotFound(Kind::Schema))
}

/// Registers a schema that has no faults, or replaces the one of its URN. What people or groups
/// carry may be added to, and not changed: their values would mean something else.
pub async fn register(change: &mut Change<'_>, next: Definition) -> Result<Definition, Error> {
    let mut known = list(change.tx, change.org).await?;
    let full = known.len() >= limits::SCHEMAS;
    let old = known.iter_mut().find(|it| is(it, &next.id));
    match old {
        Some(old) if *old == next => return Ok(next),
        Some(old) => {
            let keeps = next.keeps(old);
            let replaced = std::mem::replace(old, next.clone());
            if !keeps && in_use(change, &replaced.id).await? {
                return Err(invalid(
                    "resources carry this schema: optional attributes may be added to it, and \
                     nothing else may change",
                ));
            }
        }
        None if full => {
            return Err(invalid(&format!(
                "an organization registers {} schemas at most",
                limits::SCHEMAS
            )));
        }
        None => known.push(next.clone()),
    }
    save(change, known, json!({"new": next})).await?;
    Ok(next)
}

/// Removes a schema that no resource carries.
pub async fn remove(change: &mut Change<'_>, urn: &str) -> Result<(), Error> {
    let mut known = list(change.tx, change.org).await?;
    let place = known.iter().position(|it| is(it, urn));
    let old = known.remove(place.ok_or(Error::NotFound(Kind::Schema))?);
    if in_use(change, &old.id).await? {
        return Err(invalid(
            "resources carry this schema: it goes when none of them does",
        ));
    }
    save(change, known, json!({"old": old})).await
}

fn is(definition: &Definition, urn: &str) -> bool {
    definition.id.eq_ignore_ascii_case(urn)
}

fn invalid(rule: &str) -> Error {
    Error::Rule(Violation::Invalid(rule.to_owned()))
}

async fn in_use(change: &mut Change<'_>, urn: &str) -> Result<bool, Error> {
    Ok(change.tx.schema_in_use(change.org, &fold(urn)).await?)
}

async fn save(
    change: &mut Change<'_>,
    known: Vec<Definition>,
    mut told: serde_json::Value,
) -> Result<(), Error> {
    let text = Doc(json!(known).to_string());
    change.tx.set_schemas(change.org, text).await?;
    if let Some(told) = told.as_object_mut() {
        told.insert("attribute".to_owned(), "schemas".into());
    }
    change.record(EventKind::OrganizationUpdated, json!({"changes": [told]}));
    Ok(())
}
