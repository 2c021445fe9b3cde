//! Safeguards as admins see them, and drift: where what the directory says and what is in force differ.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::grant::GrantSource;
use crate::directory::safeguard::{Danger, SafeguardState, WaiverKind, WaiverState};
use crate::id::{ConnectionId, GrantId, OrganizationId, SafeguardId, UserId};
use crate::provisioning::links::{self, Link};
use crate::provisioning::{Error, Kind};
use crate::secret;
use crate::store::Tx;
use crate::store::rows::{SafeguardRow, WaiverRow};

/// A safeguard that tripped.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SafeguardView {
    /// Its id, as `Usher-Held` says it.
    #[schema(value_type = String, format = "uuid")]
    pub id: SafeguardId,
    /// The connection whose directory it watches.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// What was counted.
    pub kind: Danger,
    /// What became of it.
    pub state: SafeguardState,
    /// How many people within an hour.
    pub people: i64,
    /// How many would have been few enough.
    pub threshold: i64,
    /// Of how many active people.
    pub active_people: i64,
    /// When the first of them was counted: undoing begins there.
    #[schema(value_type = String, format = "date-time")]
    pub began_at: Timestamp,
    /// When it tripped.
    #[schema(value_type = String, format = "date-time")]
    pub tripped_at: Timestamp,
    /// When the latest was counted.
    #[schema(value_type = String, format = "date-time")]
    pub latest_at: Timestamp,
    /// When it is decided by time.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires_at: Option<Timestamp>,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub decided_at: Option<Timestamp>,
    /// By whom, as events name actors.
    pub decided_by: Option<String>,
    /// What it keeps from being in force.
    pub holds: Vec<Waiver>,
    /// What it holds now is known by this: an approval that names it does this, or nothing.
    pub digest: String,
}

/// Something that a directory says of a person and that is not in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Waiver {
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// What the directory says.
    pub kind: WaiverKind,
    /// Why it is not in force.
    pub state: WaiverState,
    /// The safeguard that held it.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub safeguard_id: Option<SafeguardId>,
    /// The request or command by which it came.
    pub cause: String,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    pub since: Timestamp,
}

impl From<WaiverRow> for Waiver {
    fn from(row: WaiverRow) -> Self {
        Self {
            user_id: row.user_id,
            connection_id: row.connection_id,
            kind: row.kind,
            state: row.state,
            safeguard_id: row.safeguard_id,
            cause: row.reason,
            since: row.created_at.0,
        }
    }
}

/// What these are known by: those of them that are held.
pub(super) fn digest(waivers: &[WaiverRow]) -> String {
    let held = waivers.iter().filter(|it| it.state == WaiverState::Held);
    let mut ids: Vec<_> = held.map(|it| it.id).collect();
    ids.sort_unstable();
    URL_SAFE_NO_PAD.encode(secret::hash(&json!(ids).to_string()))
}

fn view(row: SafeguardRow, holds: Vec<WaiverRow>) -> SafeguardView {
    SafeguardView {
        digest: digest(&holds),
        id: row.id,
        connection_id: row.connection_id,
        kind: row.kind,
        state: row.state,
        people: row.people,
        threshold: row.threshold,
        active_people: row.active_people,
        began_at: row.began_at.0,
        tripped_at: row.tripped_at.0,
        latest_at: row.latest_at.0,
        expires_at: row.expires_at.map(|at| at.0),
        decided_at: row.decided_at.map(|at| at.0),
        decided_by: row.decided_by,
        holds: holds.into_iter().map(Waiver::from).collect(),
    }
}

/// The safeguards that tripped, the latest first.
pub async fn list(tx: &mut Tx, org: OrganizationId) -> Result<Vec<SafeguardView>, Error> {
    let mut held: BTreeMap<SafeguardId, Vec<WaiverRow>> = BTreeMap::new();
    for waiver in tx.waivers(org).await? {
        if let Some(id) = waiver.safeguard_id {
            held.entry(id).or_default().push(waiver);
        }
    }
    let rows = tx.safeguards(org).await?.into_iter();
    let all = rows.map(|row| {
        let holds = held.remove(&row.id).unwrap_or_default();
        view(row, holds)
    });
    Ok(all.collect())
}

/// One safeguard.
pub async fn show(
    tx: &mut Tx,
    org: OrganizationId,
    id: SafeguardId,
) -> Result<SafeguardView, Error> {
    let row = tx.safeguard(org, id).await?;
    let row = row.ok_or(Error::NotFound(Kind::Safeguard))?;
    let holds = tx.waivers_of_safeguard(org, id).await?;
    Ok(view(row, holds))
}

/// Where what directories say and what is in force differ.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Drift {
    /// What directories say that is held, refused or undone.
    pub waivers: Vec<Waiver>,
    /// What people hold by hand who are managed by a directory.
    pub by_hand: Vec<Holding>,
    /// Resources of directories that are nobody's: proposed for somebody, rejected, or left behind.
    pub links: Vec<Link>,
}

/// Something that a person holds by hand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Holding {
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// Their address.
    pub email: Option<String>,
    /// The connection whose directory manages them; null for nobody's.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub managed_by: Option<ConnectionId>,
    /// The grant.
    #[schema(value_type = String, format = "uuid")]
    pub grant_id: GrantId,
    /// Where it comes from.
    pub source: GrantSource,
    /// The role's slug.
    pub role: String,
    /// Who gave it, as events name actors.
    pub actor: Option<String>,
    /// Why, where they had to say.
    pub reason: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    pub granted_at: Timestamp,
    /// Until when, if not for good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub ends_at: Option<Timestamp>,
}

/// Everything that people hold and no directory gave, the oldest first.
pub async fn holdings(tx: &mut Tx, org: OrganizationId) -> Result<Vec<Holding>, Error> {
    let roles = tx.roles(org).await?;
    let rows = tx.holdings(org).await?;
    let slug = |id| {
        let role = roles.iter().find(|role| role.id == id);
        role.map(|role| role.slug.clone()).unwrap_or_default()
    };
    let view = rows.into_iter().map(|(grant, email, managed_by)| Holding {
        user_id: grant.user_id,
        email,
        managed_by,
        grant_id: grant.id,
        source: grant.source,
        role: slug(grant.role_id),
        actor: grant.actor,
        reason: grant.reason,
        granted_at: grant.granted_at.0,
        ends_at: grant.ends_at.map(|at| at.0),
    });
    Ok(view.collect())
}

/// The drift of an organization.
pub async fn drift(tx: &mut Tx, org: OrganizationId) -> Result<Drift, Error> {
    let waivers = tx.waivers(org).await?;
    let mut by_hand = holdings(tx, org).await?;
    by_hand.retain(|it| it.managed_by.is_some());
    Ok(Drift {
        waivers: waivers.into_iter().map(Waiver::from).collect(),
        by_hand,
        links: links::list(tx, org, None, None, usize::MAX).await?,
    })
}
