//! A set-up link: made for a purpose and a while, one at a time, and taken back.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::LIVE;
use crate::directory::Violation;
use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::setup::{HOURS_AT_MOST, LinkState, Purpose, life, state};
use crate::id::{ConnectionId, OrganizationId, SetupLinkId};
use crate::provisioning::settings::connection_demands::is_live;
use crate::provisioning::{Change, Error, Kind};
use crate::secret::Bearer;
use crate::store::Tx;
use crate::store::rows::{ConnectionRow, SetupLinkRow};
use crate::store::types::Time;

/// What the tokens of links start with.
const PREFIX: &str = "setup_";

/// A link to be.
#[derive(Clone, Debug, Default)]
pub struct NewSetupLink {
    /// What it covers; everything unless said.
    pub purpose: Option<Purpose>,
    /// For how many hours it is good, 1 to 720; 72 unless said.
    pub expires_in_hours: Option<u16>,
    /// The connection, which is in testing; the link makes one unless said.
    pub connection_id: Option<ConnectionId>,
    /// Whom it is for; whoever has the link comes in unless said.
    pub contact: Option<Address>,
}

/// A link, without its token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SetupLink {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub id: SetupLinkId,
    /// What it covers.
    pub purpose: Purpose,
    /// How it stands.
    pub state: LinkState,
    /// The connection that it sets up; null until it makes one.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub connection_id: Option<ConnectionId>,
    /// Whom it is for; null where it is for whoever has it.
    pub contact_email: Option<String>,
    /// Who made it, as events name actors.
    pub created_by: String,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
    /// When it was last opened, to the hour.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub seen_at: Option<Timestamp>,
    /// When whoever has it said that all is done.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub finished_at: Option<Timestamp>,
}

/// A fresh link, with the address that is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct IssuedSetupLink {
    /// The link.
    #[serde(flatten)]
    pub link: SetupLink,
    /// Where the IT admin goes.
    pub url: String,
}

impl std::fmt::Debug for IssuedSetupLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.link.fmt(f)
    }
}

pub(super) fn stands(row: &SetupLinkRow, now: Timestamp) -> LinkState {
    let ended = (row.revoked_at.is_some(), row.finished_at.is_some());
    state(ended, row.expires_at.0, now)
}

pub(super) fn view(row: SetupLinkRow, now: Timestamp) -> SetupLink {
    SetupLink {
        id: row.id,
        purpose: row.purpose,
        state: stands(&row, now),
        connection_id: row.connection_id,
        contact_email: row.contact_email,
        created_by: row.actor,
        created_at: row.created_at.0,
        expires_at: row.expires_at.0,
        seen_at: row.seen_at.map(|at| at.0),
        finished_at: row.finished_at.map(|at| at.0),
    }
}

/// The links of an organization, in the order of ids.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
) -> Result<Vec<SetupLink>, Error> {
    let rows = tx.setup_links(org).await?;
    Ok(rows.into_iter().map(|row| view(row, now)).collect())
}

/// Makes a link; the one before it for the same purpose is taken back.
pub async fn issue(
    change: &mut Change<'_>,
    new: &NewSetupLink,
    public_url: &str,
) -> Result<IssuedSetupLink, Error> {
    let too_long = || {
        let rule = format!("a set-up link is good for 1 to {HOURS_AT_MOST} hours");
        Error::from(Violation::Invalid(rule))
    };
    let life = life(new.expires_in_hours).ok_or_else(too_long)?;
    if let Some(id) = new.connection_id {
        let row = change.tx.connection(change.org, id).await?;
        let row = row.ok_or(Error::NotFound(Kind::Connection))?;
        if is_live(change.tx, &row).await? {
            return Err(LIVE);
        }
        if !row.awaits_operator {
            // Its directory is to write nothing by what the link makes.
            let waiting = ConnectionRow {
                awaits_operator: true,
                updated_at: change.time(),
                ..row
            };
            change.tx.update_connection(&waiting).await?;
            let waits = json!({"attribute": "scim_read_only", "old": false, "new": true});
            let data = json!({"connection_id": id, "changes": [waits]});
            change.record(EventKind::ConnectionUpdated, data);
        }
    }
    let purpose = new.purpose.unwrap_or(Purpose::Everything);
    let now = change.now;
    bounded(change, now + life)?;
    for row in change.tx.setup_links(change.org).await? {
        let ended = row.revoked_at.is_some() || row.finished_at.is_some();
        if row.purpose == purpose && !ended {
            end(change, row, "made_anew").await?;
        }
    }
    let token = Bearer::new(PREFIX, change.context.ids.entropy());
    let row = SetupLinkRow {
        org_id: change.org,
        id: change.id(),
        purpose,
        connection_id: new.connection_id,
        contact_email: new.contact.as_ref().map(|it| it.typed().to_owned()),
        hash: token.hash().to_vec(),
        actor: change.context.source.actor(),
        created_at: Time(now),
        expires_at: Time(now + life),
        seen_at: None,
        finished_at: None,
        revoked_at: None,
    };
    change.tx.insert_setup_link(&row).await?;
    change.record(EventKind::SetupLinkCreated, told(&row));
    Ok(IssuedSetupLink {
        link: view(row, now),
        url: format!("{public_url}/setup/{}", token.reveal()),
    })
}

/// Refuses whoever ends before the link does.
fn bounded(change: &Change<'_>, end: Timestamp) -> Result<(), Error> {
    let access = change.access.as_ref();
    if access
        .and_then(|it| it.expires_at)
        .is_some_and(|at| at < end)
    {
        return Err(Error::Forbidden(
            "a key that ends makes no link that outlives it: say expires_in_hours",
        ));
    }
    Ok(())
}

pub(super) fn told(row: &SetupLinkRow) -> serde_json::Value {
    json!({
        "setup_link_id": row.id,
        "purpose": row.purpose,
        "connection_id": row.connection_id,
        "expires_at": row.expires_at.0,
        "asks_for_code": row.contact_email.is_some(),
    })
}

async fn end(change: &mut Change<'_>, mut row: SetupLinkRow, why: &str) -> Result<(), Error> {
    row.revoked_at = Some(change.time());
    change.tx.update_setup_link(&row).await?;
    let data = json!({"setup_link_id": row.id, "purpose": row.purpose, "reason": why});
    change.record(EventKind::SetupLinkRevoked, data);
    Ok(())
}

/// Forgets whom links were for, where it is one of these addresses; those that were open are taken back.
pub(in crate::provisioning) async fn forget(
    change: &mut Change<'_>,
    is_theirs: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    for mut row in change.tx.setup_links(change.org).await? {
        if !row.contact_email.as_deref().is_some_and(&is_theirs) {
            continue;
        }
        row.contact_email = None;
        if row.revoked_at.is_none() && row.finished_at.is_none() {
            end(change, row, "erased").await?;
        } else {
            change.tx.update_setup_link(&row).await?;
        }
    }
    Ok(())
}

/// Takes a link back. Doing it again changes nothing.
pub async fn revoke(change: &mut Change<'_>, id: SetupLinkId) -> Result<SetupLink, Error> {
    let row = change.tx.setup_link(change.org, id).await?;
    let row = row.ok_or(Error::NotFound(Kind::SetupLink))?;
    if row.revoked_at.is_none() && row.finished_at.is_none() {
        end(change, row, "revoked").await?;
    }
    let row = change.tx.setup_link(change.org, id).await?;
    let now = change.now;
    row.map(|row| view(row, now))
        .ok_or(Error::NotFound(Kind::SetupLink))
}
