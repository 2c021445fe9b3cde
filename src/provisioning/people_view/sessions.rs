//! A person's sessions, and their end by an admin.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::id::{BreakGlassId, ConnectionId, OrganizationId, SessionId, UserId};
use crate::provisioning::{Change, Error, Kind, sign_out};
use crate::store::Tx;
use crate::store::rows::SessionRow;
use crate::store::types::Time;

/// Why apps are told that a session is over.
const CAUSE: &str = "revoked_by_admin";

/// A session that is good.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// The id: `sid` in ID tokens.
    #[schema(value_type = String, format = "uuid")]
    pub id: SessionId,
    /// The connection by which the person came; null for an invitation's link, or a break-glass sign-in.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub connection_id: Option<ConnectionId>,
    /// The break-glass sign-in by which they came.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub break_glass_id: Option<BreakGlassId>,
    /// How they proved who they are, as the identity provider says it.
    pub acr: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = "date-time")]
    pub last_seen_at: Timestamp,
    /// When it ends by itself at the latest.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            connection_id: row.connection_id,
            break_glass_id: row.break_glass_id,
            acr: row.context_class,
            created_at: row.created_at.0,
            last_seen_at: row.last_seen_at.0,
            expires_at: row.expires_at.0,
        }
    }
}

/// The sessions of a person that have not ended, in the order of ids.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Session>, Error> {
    tx.user(org, user)
        .await?
        .ok_or(Error::NotFound(Kind::User))?;
    let rows = tx.live_sessions_of(org, user, Time(now)).await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Ends one of a person's sessions, or all of them, and has apps told; answers how many. One that is over
/// already stays so.
pub async fn revoke(
    change: &mut Change<'_>,
    user: UserId,
    one: Option<SessionId>,
) -> Result<usize, Error> {
    let (org, now) = (change.org, change.time());
    let known = change.tx.user(org, user).await?;
    known.ok_or(Error::NotFound(Kind::User))?;
    let mut rows = change.tx.live_sessions_of(org, user, now).await?;
    if let Some(id) = one {
        let its = change.tx.session(org, id).await?;
        let its = its.filter(|row| row.user_id == user);
        its.ok_or(Error::NotFound(Kind::Session))?;
        rows.retain(|row| row.id == id);
    }
    sign_out::end(change, &rows, CAUSE).await?;
    if one.is_none() {
        change.tx.end_console_sessions_of(org, user, now).await?;
    }
    Ok(rows.len())
}
