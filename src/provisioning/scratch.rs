//! A scratch copy: one organization in a store of its own, in memory, with a token that nobody
//! else knows. Whatever is tried there touches nothing that lives, and is gone with the process.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::connection::{ConnectionState, Profile};
use crate::directory::mapping::MatchKind;
use crate::directory::user::UserState;
use crate::id::{ConnectionId, Ids, OrganizationId};
use crate::provisioning::settings::connections;
use crate::provisioning::settings::tokens::{PREFIX, SCOPES};
use crate::provisioning::{Error, Kind, audit};
use crate::secret::Bearer;
use crate::store::copies::{Copy, Extent};
use crate::store::rows::{ConnectionRow, DomainRow, MappingRow, ScimTokenRow};
use crate::store::types::Time;
use crate::store::{self, Store, Tx};
use crate::{limits, scim};

/// An organization as it was when it was read: scratch copies are made of it.
#[derive(Clone)]
pub struct Template {
    copy: Arc<Copy>,
    /// The connection as it is.
    pub connection: ConnectionRow,
}

/// A copy to try things on.
pub struct Scratch {
    /// Its store.
    pub store: Store,
    /// The organization.
    pub org: OrganizationId,
    /// The connection; it is not paused in the copy.
    pub connection: ConnectionId,
    /// A token of the connection that is good in the copy alone.
    pub token: String,
}

/// What a copy has beside what the organization has.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// The connection's profile, in place of its own.
    pub profile: Option<Profile>,
    /// Domains that the connection may speak for.
    pub domains: Vec<String>,
    /// Groups by name, each with the role that it gives where there is one of this slug.
    pub mappings: Vec<(String, String)>,
}

/// Reads the organization of a connection, on one snapshot; refused where it is too large to be
/// copied into memory.
pub async fn template(
    store: &Store,
    connection: ConnectionId,
    extent: Extent,
) -> Result<Template, Error> {
    let row = connections::find(store, connection).await?;
    let org = row.org_id;
    let most = limits::SCRATCH_RESOURCES;
    let copy = store.read(move |tx| {
        async move {
            if extent == Extent::Everything && tx.copy_exceeds(org, most as i64).await? {
                return Err(Error::from(Violation::Invalid(format!(
                    "a copy in memory may have {most} people and {most} groups at most"
                ))));
            }
            let copy = tx.load_copy(org, extent).await?;
            copy.ok_or(Error::NotFound(Kind::Organization))
        }
        .boxed()
    });
    Ok(Template {
        copy: Arc::new(copy.await?),
        connection: row,
    })
}

/// Makes a copy.
pub async fn copy(template: &Template, ids: &Ids, extra: Extra) -> Result<Scratch, Error> {
    let store = Store::in_memory()?;
    let (org, connection) = (template.connection.org_id, template.connection.id);
    let bearer = Bearer::new(PREFIX, ids.entropy());
    let token = ScimTokenRow {
        org_id: org,
        id: ids.next(),
        hash: bearer.hash().to_vec(),
        connection_id: connection,
        prefix: PREFIX.to_owned(),
        last4: bearer.last_four(),
        scopes: SCOPES.join(" "),
        created_at: Time(ids.clock().now()),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    let parts = Arc::new((template.clone(), ids.clone(), extra, token));
    let written = store.write(move |tx| {
        let parts = Arc::clone(&parts);
        async move {
            let (template, ids, extra, token) = &*parts;
            tx.put_copy(&template.copy).await?;
            audit::begin(tx, template.connection.org_id).await?;
            tx.insert_scim_token(token).await?;
            arrange(tx, template, ids, extra).await
        }
        .boxed()
    });
    let written: Result<(), store::Error> = written.await;
    written?;
    Ok(Scratch {
        store,
        org,
        connection,
        token: bearer.reveal().to_owned(),
    })
}

async fn arrange(
    tx: &mut Tx,
    template: &Template,
    ids: &Ids,
    extra: &Extra,
) -> Result<(), store::Error> {
    let mut row = template.connection.clone();
    let (org, at) = (row.org_id, Time(ids.clock().now()));
    row.app_id = None;
    row.state = ConnectionState::Active;
    row.profile = extra.profile.unwrap_or(row.profile);
    tx.update_connection(&row).await?;
    let known: Vec<_> = tx.domains(org, row.id).await?;
    for domain in &extra.domains {
        if !known.iter().any(|it| it.domain == *domain) {
            let domain = DomainRow {
                org_id: org,
                connection_id: row.id,
                domain: domain.clone(),
                source: "operator".to_owned(),
                created_at: at,
            };
            tx.add_domain(&domain).await?;
        }
    }
    let roles = tx.roles(org).await?;
    for (group, role) in &extra.mappings {
        let Some(role) = roles.iter().find(|it| it.slug == *role) else {
            continue;
        };
        let rule = MappingRow {
            org_id: org,
            id: ids.next(),
            connection_id: row.id,
            match_kind: MatchKind::Name,
            match_text: group.clone(),
            match_folded: scim::fold(group),
            bound_group_id: None,
            role_id: role.id,
            position: tx.next_mapping_position(org, row.id).await?,
            enabled: true,
            created_at: at,
            rev: 0,
            removed_at: None,
            group_lost_at: None,
        };
        tx.insert_mapping(&rule, &[]).await?;
    }
    Ok(())
}

impl Scratch {
    /// Everybody who is not deleted, by address: who they are and how they stand.
    pub async fn people(&self) -> Result<Value, Error> {
        let org = self.org;
        let users = self.store.read(move |tx| {
            async move { Ok::<_, Error>(tx.users(org, None, EVERYBODY).await?) }.boxed()
        });
        let mut people: Vec<_> = users
            .await?
            .iter()
            .filter(|user| !matches!(user.state(), UserState::Deleted | UserState::Erased))
            .map(|user| json!({"email": user.email, "state": user.state().as_str()}))
            .collect();
        people.sort_by_key(|person| person.get("email").map(Value::to_string));
        Ok(people.into())
    }
}

/// People who are told at once.
const EVERYBODY: i64 = 10_000;
