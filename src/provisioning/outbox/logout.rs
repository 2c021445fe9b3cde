//! What an app is told of a session's end: where, and of whose. It is owed even by an app that has
//! stopped serving the organization since, for it still has what it was given.

use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::id::{AppId, SessionId};
use crate::oidc::keys::Algorithm;
use crate::provisioning::Error;
use crate::provisioning::outbox::composed::Composed;
use crate::store::Tx;
use crate::store::rows::OutboxRow;

/// What a row of the outbox tells, as its `detail`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Owed {
    /// To which app.
    pub app_id: AppId,
    /// Of which session.
    pub session_id: SessionId,
}

/// A session's end that is to be told now.
#[derive(Clone, Debug)]
pub struct Logout {
    /// Where the app hears of it.
    pub url: Url,
    /// The app.
    pub client_id: String,
    /// How it wants its tokens signed.
    pub algorithm: Algorithm,
    /// Whose session it was.
    pub user_id: Uuid,
    /// Which.
    pub session_id: Uuid,
}

pub(super) async fn compose(tx: &mut Tx, row: &OutboxRow) -> Result<Composed, Error> {
    let Ok(owed) = serde_json::from_str::<Owed>(&row.detail.0) else {
        let reason = "not told: the row does not say of which session";
        return Ok(Composed::Unmailable(reason));
    };
    let session = tx.session(row.org_id, owed.session_id).await?;
    let app = tx.app(owed.app_id).await?;
    let (Some(session), Some(app)) = (session, app) else {
        return Ok(Composed::Over);
    };
    let Some(uri) = app.backchannel_logout_uri else {
        return Ok(Composed::Over);
    };
    let (Ok(url), Ok(algorithm)) = (uri.parse(), app.id_token_alg.parse()) else {
        let reason = "not told: the app is not registered as it should be";
        return Ok(Composed::Unmailable(reason));
    };
    Ok(Composed::Logout(Box::new(Logout {
        url,
        client_id: app.client_id,
        algorithm,
        user_id: session.user_id.uuid(),
        session_id: session.id.uuid(),
    })))
}
