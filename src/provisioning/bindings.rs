//! Bindings: which SCIM Group a rule is about. A rule is bound at the first match by name, externalId or id, and
//! stays with that Group whatever it is called later: another Group that takes the name gives nothing while the
//! first is there. When it is deleted the rule waits for the next that matches. Admins are told whenever a bound
//! Group gets another name, and whenever a rule is bound to another Group than it was, or by a rename.

use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::mapping::MatchKind;
use crate::id::ConnectionId;
use crate::provisioning::group_values::is_renamed;
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Error};
use crate::store::Tx;
use crate::store::rows::{MappingRow, ScimGroupRow};

/// Whether a Group is one that a rule waits for.
fn is_meant(rule: &MappingRow, group: &ScimGroupRow) -> bool {
    rule.connection_id == group.connection_id
        && match rule.match_kind {
            MatchKind::ExternalId => group.external_id.as_ref() == Some(&rule.match_text),
            MatchKind::Id => rule.match_text == group.id.to_string(),
            MatchKind::Name => rule.match_folded == group.display_name_folded,
        }
}

/// The Group that is there and that a rule means; none where several have its externalId.
pub(super) async fn meant(tx: &mut Tx, rule: &MappingRow) -> Result<Option<ScimGroupRow>, Error> {
    let (org, connection, text) = (rule.org_id, rule.connection_id, &rule.match_text);
    Ok(match rule.match_kind {
        MatchKind::ExternalId => {
            let mut all = tx.scim_groups_by_external_id(org, connection, text).await?;
            all.pop().filter(|_| all.is_empty())
        }
        MatchKind::Id => match text.parse() {
            Ok(id) => tx.scim_group(org, connection, id).await?,
            Err(_) => None,
        },
        MatchKind::Name => {
            let name = &rule.match_folded;
            tx.scim_group_by_name(org, connection, name).await?
        }
    })
}

/// Binds the rules that wait for this Group, which is new or was described anew.
pub(super) async fn bind(
    change: &mut Change<'_>,
    group: &ScimGroupRow,
    is_new: bool,
) -> Result<(), Error> {
    let mut waiting = change.tx.mappings(change.org).await?;
    waiting.retain(|rule| rule.bound_group_id.is_none() && is_meant(rule, group));
    let mut its = Vec::new();
    for rule in waiting {
        // Where several have the externalId, none of them is meant.
        if meant(change.tx, &rule)
            .await?
            .is_some_and(|it| it.id == group.id)
        {
            its.push(rule);
        }
    }
    to(change, group, &its, is_new).await
}

async fn to(
    change: &mut Change<'_>,
    group: &ScimGroupRow,
    rules: &[MappingRow],
    is_new: bool,
) -> Result<(), Error> {
    if rules.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = rules.iter().map(|rule| rule.id).collect();
    let (org, bound) = (change.org, Some(group.id));
    change.tx.bind_mappings(org, &ids, bound, None).await?;
    for (_, user) in change.tx.people_of_group(org, group.id).await? {
        change.touch(user);
    }
    for rule in rules {
        if rule.group_lost_at.is_some() || !is_new {
            tell(change, EventKind::MappingGroupBound, rule, (group, None)).await?;
        }
    }
    touch_signed_in(change, group.connection_id).await
}

/// Tells of a Group that rules are bound to and that has another name, and resolves whoever named it at a
/// sign-in.
pub(super) async fn renamed(
    change: &mut Change<'_>,
    before: &ScimGroupRow,
    after: &ScimGroupRow,
) -> Result<(), Error> {
    let is_named_anew = before.display_name_folded != after.display_name_folded;
    if !is_named_anew && before.external_id == after.external_id {
        return Ok(());
    }
    let mut bound = change.tx.mappings(change.org).await?;
    bound.retain(|rule| rule.bound_group_id == Some(after.id));
    for rule in &bound {
        if is_named_anew && rule.match_kind == MatchKind::Name {
            let of = (after, Some(before));
            tell(change, EventKind::MappingGroupRenamed, rule, of).await?;
        }
    }
    if !bound.is_empty() {
        touch_signed_in(change, after.connection_id).await?;
    }
    Ok(())
}

/// Lets the rules of a Group that goes wait again; answers them.
pub(super) async fn unbind(
    change: &mut Change<'_>,
    group: &ScimGroupRow,
) -> Result<Vec<MappingRow>, Error> {
    let mut bound = change.tx.mappings(change.org).await?;
    bound.retain(|rule| rule.bound_group_id == Some(group.id));
    if !bound.is_empty() {
        let ids: Vec<_> = bound.iter().map(|rule| rule.id).collect();
        let (org, lost_at) = (change.org, change.time());
        change
            .tx
            .bind_mappings(org, &ids, None, Some(lost_at))
            .await?;
        for rule in &mut bound {
            rule.bound_group_id = None;
            rule.group_lost_at = Some(lost_at);
        }
        touch_signed_in(change, group.connection_id).await?;
    }
    Ok(bound)
}

/// Binds rules whose Group is gone to one that matches and is there already, as if it came only now.
pub(super) async fn bind_again(
    change: &mut Change<'_>,
    rules: Vec<MappingRow>,
) -> Result<(), Error> {
    for rule in rules {
        let found = meant(change.tx, &rule).await?;
        if let Some(group) = found {
            to(change, &group, &[rule], true).await?;
        }
    }
    Ok(())
}

/// Whoever signed in through the connection may have named the group by its externalId or its id.
pub(super) async fn touch_signed_in(
    change: &mut Change<'_>,
    connection: ConnectionId,
) -> Result<(), Error> {
    let people = change.tx.people_of_connection(change.org, connection);
    for user in people.await? {
        change.touch(user);
    }
    Ok(())
}

async fn tell(
    change: &mut Change<'_>,
    kind: EventKind,
    rule: &MappingRow,
    (group, before): (&ScimGroupRow, Option<&ScimGroupRow>),
) -> Result<(), Error> {
    let roles = catalogue(change.tx, change.org).await?;
    let data = json!({
        "mapping_id": rule.id,
        "connection_id": rule.connection_id,
        "match": rule.match_kind,
        "group": rule.match_text,
        "role": roles.role(rule.role_id).map(|role| &role.slug),
        "group_id": group.id,
        "group_name": group.display_name,
        "former_name": before.map(|it| &it.display_name),
        "differs": is_renamed(rule, group),
        "again": rule.group_lost_at.is_some(),
    });
    change.record(kind, data);
    Ok(())
}
