//! A rule is changed: what it gave ends, and what it gives from now on is given anew.

use crate::directory::event::EventKind;
use crate::id::{MappingId, ProjectId};
use crate::provisioning::resolution::mapping_of;
use crate::provisioning::settings::mappings::{self, Mapping, RuleChange};
use crate::provisioning::settings::{catalogue, connection_view, differences, projects, role};
use crate::provisioning::{Change, Error};
use crate::store::rows::MappingRow;

/// Why a grant is retired whose rule says something else now.
const CHANGED: &str = "rule_changed";

/// Changes a rule within a change. Saying what is there already changes nothing.
pub(super) async fn update_in(
    change: &mut Change<'_>,
    wanted: &RuleChange,
) -> Result<Mapping, Error> {
    let before = mappings::find(change.tx, change.org, None, wanted.id).await?;
    let roles = catalogue(change.tx, change.org).await?;
    let slugs = mappings::project_slugs(change.tx, &before).await?;
    let old = mappings::view(&before, &roles, slugs.clone());
    let mut row = before.clone();
    if let Some(slug) = &wanted.role {
        row.role_id = role(&roles, slug)?.id;
    }
    row.enabled = wanted.enabled.unwrap_or(row.enabled);
    row.position = wanted.position.unwrap_or(row.position);
    // What is only switched off, or moved, need not be permitted any more.
    let is_asked =
        wanted.role.is_some() || wanted.projects.is_some() || wanted.enabled == Some(true);
    let (ids, slugs) = if is_asked {
        let scope = wanted.projects.as_ref().unwrap_or(&slugs);
        let scope = projects(change.tx, change.org, scope).await?;
        if let Some(role) = roles.role(row.role_id) {
            let connection = connection_view::row(change, row.connection_id).await?;
            mappings::permitted(&roles, role, &connection, &scope)?;
        }
        let ids = scope.iter().map(|project| project.id).collect();
        (ids, scope.into_iter().map(|project| project.slug).collect())
    } else {
        let all = change.tx.mapping_projects(change.org).await?;
        let its = all.into_iter().filter(|(id, _)| *id == row.id);
        (its.map(|(_, project)| project).collect::<Vec<_>>(), slugs)
    };
    let new = mappings::view(&row, &roles, slugs);
    let changes = differences(&serde_json::json!(old), &serde_json::json!(new));
    if changes.is_empty() {
        return Ok(new);
    }
    row.rev = mappings::next_revision(change).await?;
    let only_moved = wanted.role.is_none() && wanted.projects.is_none() && wanted.enabled.is_none();
    write(change, &row, &ids, only_moved).await?;
    let mut data = mappings::told(&new);
    if let Some(data) = data.as_object_mut() {
        data.insert("changes".into(), changes.into());
    }
    change.record(EventKind::MappingUpdated, data);
    Ok(new)
}

async fn write(
    change: &mut Change<'_>,
    row: &MappingRow,
    scope: &[ProjectId],
    only_moved: bool,
) -> Result<(), Error> {
    mappings::unlike_the_others(change, row, scope).await?;
    change.tx.update_mapping(row, scope).await?;
    if !only_moved {
        retire(change, row.id).await?;
    }
    for user in mappings::people_of(change, row).await? {
        change.touch(user);
    }
    Ok(())
}

/// Ends what the rule gave: who is still to have something by it is given it anew.
async fn retire(change: &mut Change<'_>, rule: MappingId) -> Result<(), Error> {
    let holders = change.tx.mapping_holders(change.org, rule).await?;
    let live = change.tx.live_grants(change.org, &holders).await?;
    let its = live.iter().filter(|row| mapping_of(row) == Some(rule));
    let ids: Vec<_> = its.map(|row| row.id).collect();
    let now = change.time();
    change
        .tx
        .retire_grants(change.org, &ids, now, CHANGED)
        .await?;
    for user in holders {
        change.touch(user);
    }
    Ok(())
}
