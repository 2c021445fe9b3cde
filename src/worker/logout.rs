//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.5): apps are told that a session has
//! ended. The operator registered where, so that the settings say which private addresses may be
//! called. A token is signed when the line to the app stands, and kept nowhere.

use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method};

use crate::limits;
use crate::oidc::claims::Issue;
use crate::oidc::logout::{LOGOUT_TOKEN_TYPE, LogoutToken, form};
use crate::outbound::Reach;
use crate::provisioning::Error;
use crate::provisioning::outbox::{self, Logout, Outcome};
use crate::store::rows::OutboxRow;
use crate::worker::{OURS, Office, post};

impl Office {
    /// Tries to tell an app of a session's end; `None` where it is not ours to tell any more.
    pub(super) async fn tell(
        &self,
        row: &OutboxRow,
        logout: &Logout,
        begun: &mut bool,
    ) -> Result<Option<Outcome>, Error> {
        let line = match self.client.open(&logout.url, Reach::Operator).await {
            Ok(line) => line,
            Err(fault) => return Ok(Some(fault.into())),
        };
        if !outbox::sending(&self.store, &self.ids, row).await? {
            return Ok(None);
        }
        let Some(token) = self.token(logout).await else {
            return Ok(Some(Outcome::Deferred(OURS.to_owned())));
        };
        *begun = true;
        let media = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, media)]);
        let (body, limit) = (form(&token), limits::WEBHOOK_ANSWER);
        let answer = line.send(Method::POST, headers, body, limit).await;
        Ok(Some(
            answer.map_or_else(Outcome::from, |it| post::outcome(&it)),
        ))
    }

    /// A fresh token. One that is told twice is another one each time.
    async fn token(&self, logout: &Logout) -> Option<String> {
        let issue = Issue {
            issuer: self.letterhead.public_url(),
            client_id: &logout.client_id,
            at: self.ids.clock().now(),
        };
        let claims = LogoutToken::new(issue, [logout.user_id, logout.session_id, self.ids.next()]);
        let keys = self.keys.now(self.ids.clock().now()).await;
        let keys = keys
            .inspect_err(|error| tracing::warn!(%error, "The signing keys cannot be read"))
            .ok()?;
        keys.sign(logout.algorithm, LOGOUT_TOKEN_TYPE, &claims)
            .inspect_err(|error| tracing::error!(%error, "A logout token could not be signed"))
            .ok()
    }
}
