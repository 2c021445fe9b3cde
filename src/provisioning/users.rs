//! SCIM Users: a directory creates, replaces, patches, deactivates and deletes people. The
//! resource shows what the directory last said; the person shows what is in force.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::id::{ScimUserId, UserId};
use crate::limits;
use crate::provisioning::correlate::{Meaning, correlate};
use crate::provisioning::groups::leave_groups;
use crate::provisioning::person::{Effects, Reception, Who, apply, back, bury};
use crate::provisioning::scim_client::{Conditions, ScimClient};
use crate::provisioning::{Change, Error, Kind, owner_kept};
use crate::scim::{self, Resource, ResourceType};
use crate::store::rows::{HeldUser, Meeting, ScimUserRow, ScimValueRow, ShownUser, UserRow};
use crate::store::types::Doc;

/// Creates a User under a fresh id (RFC 7644 §3.3): a new person, or a link to one who is there.
pub async fn create(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimUserId,
    resource: &Resource,
) -> Result<ScimUserRow, Error> {
    let user_name = scim::fold(resource.user_name().unwrap_or_default());
    let address = resource.sign_in_address().and_then(Address::parse);
    let met = meeting(change, client, (resource, &user_name), address.as_ref()).await?;
    if met.user_name {
        refuse_taken(change, client, &user_name, None).await?;
    }
    mark_scim(change, client).await?;
    let meaning = if met.tombstone || met.address {
        correlate(change, client, resource, address.as_ref()).await?
    } else {
        Meaning::New
    };
    let active = resource.active();
    let (kind, who, proposed) = whose(change, (meaning, met), active).await?;
    let mut row = ScimUserRow {
        org_id: change.org,
        id,
        connection_id: client.connection.id,
        user_id: who.as_ref().map(Who::id),
        proposed_user_id: proposed,
        user_name: String::new(),
        user_name_folded: user_name,
        external_id: None,
        active: true,
        display_name_folded: None,
        email_folded: None,
        document: Doc(String::new()),
        search: Doc(String::new()),
        version: 1,
        created_at: change.time(),
        updated_at: change.time(),
        proposed_at: proposed.map(|_| change.time()),
        rejected_user_id: None,
        rejected_at: None,
    };
    let values = describe(&mut row, resource)?;
    let effects = match who {
        Some(who) => apply(change, &client.connection, who, resource, None).await?,
        None => Effects::default(),
    };
    change.tx.insert_scim_user(&row).await?;
    change.tx.insert_scim_values(&values).await?;
    tell(change, &row, kind, (effects, Some(resource)));
    Ok(row)
}

/// What a new resource is about: what is told of it, the person whose it is, or the one for whom it is proposed.
async fn whose(
    change: &mut Change<'_>,
    (meaning, met): (Meaning, Meeting),
    active: bool,
) -> Result<(EventKind, Option<Who>, Option<UserId>), Error> {
    let is_shared = matches!(meaning, Meaning::NewSharingAddress);
    Ok(match meaning {
        Meaning::New | Meaning::NewSharingAddress => {
            let user = UserRow::fresh(change.org, change.id(), change.time());
            let reception = Reception {
                is_shared,
                is_invited: met.invitation,
            };
            (
                EventKind::UserCreated,
                Some(Who::New(user, reception)),
                None,
            )
        }
        Meaning::Adopted(user) => (EventKind::UserAdopted, Some(Who::There(user, true)), None),
        Meaning::Returned(user) => {
            let user = back(change, user, active).await?;
            (EventKind::UserCreated, Some(Who::There(user, true)), None)
        }
        Meaning::Proposed(user) => (EventKind::UserLinkProposed, None, Some(user.id)),
    })
}

/// Of what kinds anything is there that the resource could be about: mostly nothing, and then nobody looks further.
async fn meeting(
    change: &mut Change<'_>,
    client: &ScimClient,
    (resource, user_name): (&Resource, &str),
    address: Option<&Address>,
) -> Result<Meeting, Error> {
    let external_id = resource.external_id().map(scim::exact_form);
    let met = change
        .tx
        .meeting(
            change.org,
            client.connection.id,
            user_name,
            external_id.as_deref().unwrap_or_default(),
            address.map(Address::norm).unwrap_or_default(),
        )
        .await?;
    Ok(met)
}

/// Replaces or patches a User (RFC 7644 §3.5): `next` answers the resource that is to be, from
/// the one that is. Nothing is written, and no version moves, where they are the same.
pub async fn update<F>(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimUserId,
    conditions: &Conditions,
    next: F,
) -> Result<ShownUser, Error>
where
    F: FnOnce(&Resource, &str) -> Result<Resource, scim::Error>,
{
    let HeldUser {
        mut row,
        user,
        is_member,
        is_waived,
    } = find(change, client, id).await?;
    conditions.check(row.version)?;
    let before = resource(client.types.user, &row)?;
    let after = next(&before, &id.to_string())?;
    if before == after {
        return Ok(ShownUser { row, is_member });
    }
    if before.active() && !after.active() {
        owner_kept::refuse(change, &row, user.as_ref(), "deactivate").await?;
    }
    let user_name = scim::fold(after.user_name().unwrap_or_default());
    if user_name != row.user_name_folded {
        refuse_taken(change, client, &user_name, Some(id)).await?;
    }
    mark_scim(change, client).await?;
    let had = values_of(&row, scim::Index::of(before.kind(), &before));
    let old = row.clone();
    let values = describe(&mut row, &after)?;
    row.version += 1;
    row.updated_at = change.time();
    if keys(&old) == keys(&row) {
        change.tx.update_scim_user_said(&row).await?;
    } else {
        change.tx.update_scim_user(&row).await?;
    }
    if had != values {
        change
            .tx
            .replace_scim_values(change.org, id, &values)
            .await?;
    }
    let effects = match user {
        Some(user) => {
            let who = Who::There(user, is_waived);
            apply(change, &client.connection, who, &after, Some(&before)).await?
        }
        None => Effects::default(),
    };
    let kind = effects.kind();
    tell(change, &row, kind, (effects, Some(&after)));
    Ok(ShownUser { row, is_member })
}

/// Deletes a User (RFC 7644 §3.6). The person becomes a tombstone, unless another connection
/// still names them or they hold the owner's title: the event says what became of the person.
pub async fn delete(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimUserId,
    conditions: &Conditions,
) -> Result<(), Error> {
    let HeldUser { row, user, .. } = find(change, client, id).await?;
    conditions.check(row.version)?;
    owner_kept::refuse(change, &row, user.as_ref(), "delete").await?;
    leave_groups(change, client.connection.id, id.uuid()).await?;
    change.tx.delete_scim_user(change.org, id).await?;
    let mut effects = Effects::default();
    if let Some(user) = user {
        let others = change.tx.scim_links_of(change.org, &[user.id]).await?;
        if others.is_empty() {
            effects = bury(change, client, &row, user).await?;
        }
    }
    let kind = match row.user_id {
        Some(_) => effects.kind(),
        None => EventKind::UserDeleted,
    };
    tell(change, &row, kind, (effects, None));
    Ok(())
}

/// The resource that a row keeps.
pub fn resource(kind: &'static ResourceType, row: &ScimUserRow) -> Result<Resource, Error> {
    let document = serde_json::from_str(&row.document.0).map_err(|_| {
        let (table, column) = ("scim_users", "document");
        Error::Store(crate::store::Error::Corrupt { table, column })
    })?;
    Ok(Resource::from_document(kind, document))
}

async fn find(
    change: &mut Change<'_>,
    client: &ScimClient,
    id: ScimUserId,
) -> Result<HeldUser, Error> {
    let held = change
        .tx
        .held_user(change.org, client.connection.id, id)
        .await?;
    held.ok_or(Error::NotFound(Kind::User))
}

async fn refuse_taken(
    change: &mut Change<'_>,
    client: &ScimClient,
    user_name: &str,
    own: Option<ScimUserId>,
) -> Result<(), Error> {
    let holder = change
        .tx
        .scim_user_by_name(change.org, client.connection.id, user_name)
        .await?;
    match holder {
        Some(holder) if Some(holder.id) != own => {
            Err(Error::Scim(scim::Error::uniqueness(format!(
                "userName is taken in this connection by the User {}",
                holder.id
            ))))
        }
        _ => Ok(()),
    }
}

/// Remembers the connection's first SCIM write: from here on its directory is the authority.
pub(super) async fn mark_scim(change: &mut Change<'_>, client: &ScimClient) -> Result<(), Error> {
    if client.connection.scim_since.is_none() {
        change.moves_settings = true;
        change
            .tx
            .mark_connection_scim(change.org, client.connection.id, change.time())
            .await?;
    }
    Ok(())
}

/// Fills the row's columns from the resource, and answers its multi-valued attributes' rows.
fn describe(row: &mut ScimUserRow, resource: &Resource) -> Result<Vec<ScimValueRow>, Error> {
    let index = scim::Index::of(resource.kind(), resource);
    refuse_long(&index)?;
    let single = |path: &str| index.single.get(path).cloned();
    resource
        .user_name()
        .unwrap_or_default()
        .clone_into(&mut row.user_name);
    row.user_name_folded = scim::fold(&row.user_name);
    row.external_id = single("externalId");
    row.active = resource.active();
    row.display_name_folded = single("displayName");
    row.email_folded = resource
        .sign_in_address()
        .map(scim::fold)
        .filter(|text| text.len() <= limits::INDEXED_TEXT);
    row.document = Doc(resource.to_text());
    row.search = searched(&index, resource);
    Ok(values_of(row, index))
}

/// What of a resource is kept in columns by which it is looked up.
fn keys(row: &ScimUserRow) -> [Option<&str>; 4] {
    let name = Some(row.user_name.as_str());
    let (id, shown) = (&row.external_id, &row.display_name_folded);
    [
        name,
        id.as_deref(),
        shown.as_deref(),
        row.email_folded.as_deref(),
    ]
}

/// The rows of a resource's multi-valued attributes.
fn values_of(row: &ScimUserRow, index: scim::Index) -> Vec<ScimValueRow> {
    let element = |value: scim::index::IndexedValue| ScimValueRow {
        org_id: row.org_id,
        scim_user_id: row.id,
        path: value.path,
        position: i64::from(value.position),
        folded: value
            .values
            .get("value")
            .filter(|text| text.len() <= limits::INDEXED_TEXT)
            .cloned(),
        element: Doc(json!(value.values).to_string()),
    };
    index.multi.into_iter().map(element).collect()
}

/// What searches read of a resource beside its columns: single values by path, and a mark for each
/// extension in use.
pub(super) fn searched(index: &scim::Index, resource: &Resource) -> Doc {
    let extensions = resource.schemas().into_iter().skip(1);
    let marks = extensions.map(|urn| (format!("schemas:{}", scim::fold(urn)), "1".to_owned()));
    let values = index.single.iter().map(|(k, v)| (k.clone(), v.clone()));
    let all: BTreeMap<_, _> = values.chain(marks).collect();
    Doc(json!(all).to_string())
}

/// Attributes that are looked up by an index.
const INDEXED: [&str; 4] = [
    "userName",
    "externalId",
    "displayName",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
];

/// Refuses a value that no index holds.
pub(super) fn refuse_long(index: &scim::Index) -> Result<(), Error> {
    let long = |path: &&str| {
        index
            .single
            .get(*path)
            .is_some_and(|text| text.len() > limits::INDEXED_TEXT)
    };
    match INDEXED.iter().find(|path| long(path)) {
        Some(path) => Err(Error::Scim(scim::Error::invalid_value(format!(
            "{path} may have {} octets",
            limits::INDEXED_TEXT
        )))),
        None => Ok(()),
    }
}

/// Lets an event carry what belongs to schemas that the organization registered.
pub(super) fn carry(data: &mut Value, resource: Option<&Resource>) {
    let carried = resource.map(Resource::registered).unwrap_or_default();
    if let Some(data) = data.as_object_mut().filter(|_| !carried.is_empty()) {
        data.insert("extensions".to_owned(), Value::Object(carried));
    }
}

/// The one event of a resource's change.
fn tell(
    change: &mut Change<'_>,
    row: &ScimUserRow,
    kind: EventKind,
    (effects, resource): (Effects, Option<&Resource>),
) {
    let data = told(row, &effects, resource);
    match row.user_id {
        Some(id) => change.record_of(id, kind, data),
        None => change.record(kind, data),
    }
}

/// What an event says of a resource and of what became of its person.
pub(super) fn told(row: &ScimUserRow, effects: &Effects, resource: Option<&Resource>) -> Value {
    let user = effects.user.as_ref();
    let mut data = json!({
        "user_id": row.user_id,
        "connection_id": row.connection_id,
        "scim_id": row.id,
        "version": scim::etag::of(row.version),
        "user_name": row.user_name,
        "email": user.and_then(|user| user.email.as_ref()),
        "display_name": user.and_then(|user| user.display_name.as_ref()),
        "active": row.active,
        "changes": effects.changes,
    });
    let proposed = row.proposed_user_id.filter(|_| row.user_id.is_none());
    if let (Some(id), Some(data)) = (proposed, data.as_object_mut()) {
        data.insert("proposed_user_id".to_owned(), json!(id));
    }
    if let (Some(id), Some(data)) = (effects.held, data.as_object_mut()) {
        data.insert("held_by".to_owned(), json!(id));
    }
    carry(&mut data, resource);
    data
}
