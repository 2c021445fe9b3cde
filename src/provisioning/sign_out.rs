//! The end of sessions, whatever brings it about, in the transaction that does: the rows, what hangs
//! on them, the events, and what is owed to apps (OpenID Connect Back-Channel Logout 1.0). A session
//! whose time runs out ends by itself, and nobody is told: its refresh tokens run out with it.

use serde_json::json;

use crate::directory::delivery::MailKind;
use crate::directory::event::EventKind;
use crate::id::{AppId, SessionId};
use crate::provisioning::outbox::Owed;
use crate::provisioning::{Change, Error};
use crate::store::rows::{OutboxRow, SessionRow};
use crate::store::types::Doc;

/// Ends sessions of the organization that is being changed, those of their chains among them, with
/// their codes and refresh tokens, and tells it.
pub(super) async fn end(
    change: &mut Change<'_>,
    sessions: &[SessionRow],
    cause: &str,
) -> Result<(), Error> {
    if sessions.is_empty() {
        return Ok(());
    }
    let (org, now) = (change.org, change.time());
    let chained = chained(change, sessions).await?;
    let sessions: Vec<_> = sessions.iter().chain(&chained).collect();
    let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    change.tx.end_sessions(org, &ids, now, cause).await?;
    for (session, app, client_id) in change.tx.apps_to_tell(org, &ids).await? {
        owe(change, session, app, client_id).await?;
    }
    for session in sessions {
        let data = json!({
            "user_id": session.user_id,
            "connection_id": session.connection_id,
            "session_id": session.id,
            "reason": cause,
        });
        change.record(EventKind::SessionRevoked, data);
    }
    Ok(())
}

/// The others of the chains of sessions.
async fn chained(
    change: &mut Change<'_>,
    sessions: &[SessionRow],
) -> Result<Vec<SessionRow>, Error> {
    let mut chains: Vec<_> = sessions.iter().filter_map(|it| it.chain_id).collect();
    if chains.is_empty() {
        return Ok(Vec::new());
    }
    chains.sort_unstable();
    chains.dedup();
    let (org, now) = (change.org, change.time());
    let mut found = change.tx.live_sessions_chained(org, &chains, now).await?;
    found.retain(|other| sessions.iter().all(|it| it.id != other.id));
    Ok(found)
}

/// Owes an app the news that a session has ended of which it has got a code. The token is made when
/// it is delivered.
async fn owe(
    change: &mut Change<'_>,
    session_id: SessionId,
    app_id: AppId,
    client_id: String,
) -> Result<(), Error> {
    let owed = json!(Owed { app_id, session_id });
    let row = OutboxRow {
        detail: Doc(owed.to_string()),
        ..change.owed(MailKind::Logout, &client_id)
    };
    Ok(change.tx.insert_delivery(&row).await?)
}
