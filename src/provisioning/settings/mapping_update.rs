//! A rule is changed: whoever has something by it has what it says from now on.

use crate::directory::event::EventKind;
use crate::id::ProjectId;
use crate::provisioning::settings::mappings::{self, Mapping, RuleChange};
use crate::provisioning::settings::{
    catalogue, connection_view, differences, mapping_checks, projects, role,
};
use crate::provisioning::{Change, Error};
use crate::store::rows::MappingRow;

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
            mapping_checks::permitted(&roles, role, &connection, &scope)?;
            change.may_give(role.rank)?;
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
    row.rev = mapping_checks::next_revision(change).await?;
    write(change, &row, &ids).await?;
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
) -> Result<(), Error> {
    mapping_checks::unlike_the_others(change, row, scope).await?;
    change.tx.update_mapping(row, scope).await?;
    let mut people = mappings::people_of(change, row).await?;
    // Whoever keeps what it gave, though the group does not name them any more.
    people.extend(change.tx.mapping_holders(change.org, row.id).await?);
    for user in people {
        change.touch(user);
    }
    Ok(())
}
