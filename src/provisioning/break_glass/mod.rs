//! Break-glass sign-in: the owner's way in while no connection brings them in. It is shut unless the operator
//! opens it, for the owner of then and for a while. Three things open it together: the link, which the operator
//! is shown once and hands over in person; six digits, which are mailed to the owner's own address; and the
//! browser that asked for them. Admins and the operator are told by mail that it was opened, and each time
//! that it was used.
//!
//! Its sessions last an hour, and no longer than it is open; they have the owner's role, and apps are told by
//! `acr` ([`CONTEXT_CLASS`]) how weak they are. The title, and a link above a ceiling, are not given away in
//! one: two mailboxes would be enough for that.

mod entry;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::ownership::BreakGlassState;
use crate::id::{BreakGlassId, OrganizationId, UserId};
use crate::limits;
use crate::provisioning::by_hand::reason;
use crate::provisioning::ownership::mark;
use crate::provisioning::{Change, Error, sign_out};
use crate::secret::Bearer;
use crate::store::Tx;
use crate::store::rows::{BreakGlassRow, UserRow};
use crate::store::types::Time;

pub use entry::{Entered, Look, look, say, send};

/// The authentication context class of its sessions (OpenID Connect Core 1.0 §2, `acr`).
pub const CONTEXT_CLASS: &str = "urn:usher:break-glass";

/// What the link's token begins with.
const PREFIX: &str = "glass_";

/// For how long, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBreakGlass {
    /// For how many hours, 1 to 168; 24 unless said.
    #[schema(minimum = 1, maximum = 168)]
    pub hours: Option<u16>,
    /// Why: at most 500 characters; it is kept with the event.
    pub reason: String,
}

/// How the way in stands, and when it was opened last.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BreakGlass {
    /// Whether it is open.
    pub state: BreakGlassState,
    /// Which opening this is; null where there never was one, like all that follows.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub id: Option<BreakGlassId>,
    /// For whom: the owner of then. Once another person owns the organization it is shut.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub user_id: Option<UserId>,
    /// Why.
    pub reason: Option<String>,
    /// Who opened it, as events name actors.
    pub opened_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub opened_at: Option<Timestamp>,
    /// Until when.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires_at: Option<Timestamp>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub closed_at: Option<Timestamp>,
    /// By whom, as events name actors.
    pub closed_by: Option<String>,
}

/// What was opened, with the link that is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Opened {
    /// How it stands.
    #[serde(flatten)]
    pub break_glass: BreakGlass,
    /// Where the owner goes. Hand it over in person, or on a channel that is not their mailbox.
    pub url: String,
}

/// How it stands, and when it was opened last.
pub async fn show(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<BreakGlass, Error> {
    let Some(row) = tx.latest_break_glass(org).await? else {
        return Ok(BreakGlass {
            state: BreakGlassState::Closed,
            id: None,
            user_id: None,
            reason: None,
            opened_by: None,
            opened_at: None,
            expires_at: None,
            closed_at: None,
            closed_by: None,
        });
    };
    let is_open = owner_of(tx, &row, now).await?.is_some();
    Ok(described(row, is_open))
}

fn described(row: BreakGlassRow, is_open: bool) -> BreakGlass {
    let state = if is_open {
        BreakGlassState::Open
    } else {
        BreakGlassState::Closed
    };
    BreakGlass {
        state,
        id: Some(row.id),
        user_id: Some(row.user_id),
        reason: Some(row.reason),
        opened_by: Some(row.actor),
        opened_at: Some(row.created_at.0),
        expires_at: Some(row.expires_at.0),
        closed_at: row.closed_at.map(|at| at.0),
        closed_by: row.closed_by,
    }
}

/// The owner whom it lets in now: whoever owned the organization when it was opened, and still does, is active,
/// and has the address of then, which no directory changed.
pub(super) async fn owner_of(
    tx: &mut Tx,
    row: &BreakGlassRow,
    now: Timestamp,
) -> Result<Option<UserRow>, Error> {
    if row.closed_at.is_some() || row.expires_at.0 <= now {
        return Ok(None);
    }
    let owner = tx.owner_of(row.org_id).await?;
    let is_theirs = |it: &UserRow| it.id == row.user_id && mark(it) == row.mark;
    Ok(owner.filter(|it| is_theirs(it) && may_come(it).is_ok()))
}

/// Whether an owner could come in so; else why not.
fn may_come(owner: &UserRow) -> Result<(), &'static str> {
    if !owner.is_active() {
        return Err("the owner is not active; reactivate them first, or transfer the ownership");
    }
    if owner.email_norm.is_none() || owner.email_changed_at.is_some() {
        return Err(
            "the owner has no address, or one that a directory changed, and whoever changed it would get \
             the code; transfer the ownership instead",
        );
    }
    Ok(())
}

/// Opens it, and closes the one that is open. The operator's alone.
pub async fn open(
    change: &mut Change<'_>,
    wanted: &NewBreakGlass,
    public_url: &str,
) -> Result<Opened, Error> {
    if !change.is_operators() {
        return Err(Error::Forbidden(
            "only the operator lets an owner in without a connection",
        ));
    }
    let reason = reason(&wanted.reason)?;
    let hours = wanted.hours.unwrap_or(limits::BREAK_GLASS_HOURS);
    if !(1..=limits::BREAK_GLASS_HOURS_AT_MOST).contains(&hours) {
        let most = limits::BREAK_GLASS_HOURS_AT_MOST;
        let rule = format!("it is open for 1 to {most} hours");
        return Err(Violation::Invalid(rule).into());
    }
    let refused = |why: &str| Error::from(Violation::NoWayIn(why.to_owned()));
    let owner = change.tx.owner_of(change.org).await?;
    let owner = owner.ok_or_else(|| refused("the organization has no owner"))?;
    may_come(&owner).map_err(refused)?;
    if let Some(open) = change.tx.open_break_glass(change.org).await? {
        shut(change, open, "opened_anew").await?;
    }
    let token = Bearer::new(PREFIX, change.context.ids.entropy());
    let row = BreakGlassRow {
        org_id: change.org,
        id: change.id(),
        user_id: owner.id,
        hash: token.hash().to_vec(),
        mark: mark(&owner),
        reason,
        actor: change.context.source.actor(),
        created_at: change.time(),
        expires_at: Time(change.now + SignedDuration::from_hours(hours.into())),
        closed_at: None,
        closed_by: None,
    };
    change.tx.insert_break_glass(&row).await?;
    let data = json!({
        "break_glass_id": row.id,
        "user_id": row.user_id,
        "break_glass_reason": row.reason,
        "expires_at": row.expires_at.0,
    });
    change.record(EventKind::OrganizationBreakGlassOpened, data);
    Ok(Opened {
        break_glass: described(row, true),
        url: format!("{public_url}/break-glass/{}", token.reveal()),
    })
}

/// Closes it: its link, its codes and its sessions are good no more. Where none is open nothing changes.
pub async fn close(change: &mut Change<'_>) -> Result<(), Error> {
    close_for(change, "closed").await
}

/// The same, for another reason.
pub(super) async fn close_for(change: &mut Change<'_>, why: &str) -> Result<(), Error> {
    match change.tx.open_break_glass(change.org).await? {
        Some(row) => shut(change, row, why).await,
        None => Ok(()),
    }
}

/// Closes one whose time is over.
pub(super) async fn expire(change: &mut Change<'_>, id: BreakGlassId) -> Result<(), Error> {
    let open = change.tx.open_break_glass(change.org).await?;
    match open.filter(|row| row.id == id && row.expires_at.0 <= change.now) {
        Some(row) => shut(change, row, "expired").await,
        None => Ok(()),
    }
}

async fn shut(change: &mut Change<'_>, mut row: BreakGlassRow, why: &str) -> Result<(), Error> {
    let (org, now) = (change.org, change.time());
    let sessions = change.tx.sessions_by_break_glass(org, row.id).await?;
    sign_out::end(change, &sessions, "break_glass_closed").await?;
    change.tx.forget_break_glass_codes(org, row.id).await?;
    row.closed_at = Some(now);
    row.closed_by = Some(change.context.source.actor());
    change.tx.update_break_glass(&row).await?;
    let data = json!({"break_glass_id": row.id, "user_id": row.user_id, "reason": why});
    change.record(EventKind::OrganizationBreakGlassClosed, data);
    Ok(())
}
