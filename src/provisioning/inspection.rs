//! What an app asks of its tokens: what a refresh token is worth, and that a token shall be worth
//! nothing any more (RFC 7009 §2). A token's end is that of its family, the access token's that came
//! with it, too; the session goes on, since other apps and the browser have it.

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::id::{OrganizationId, RefreshFamilyId};
use crate::oidc::claims::AccessToken;
use crate::oidc::inspection::GoodRefreshToken;
use crate::provisioning::refresh::found;
use crate::provisioning::{Error, sessions};
use crate::store::Store;
use crate::store::rows::AppRow;
use crate::store::types::Time;

const REVOKED: &str = "revoked_by_app";

/// A refresh token of this app, if it would bring new tokens now. Nothing of it is used up.
pub async fn good(
    store: &Store,
    app: &AppRow,
    presented: &str,
    now: Timestamp,
) -> Result<Option<GoodRefreshToken>, Error> {
    let (app, presented) = (app.clone(), presented.to_owned());
    let looked = store.read(move |tx| {
        let (app, presented) = (app.clone(), presented.clone());
        async move {
            let Some((token, family)) = found(tx, &app, &presented).await? else {
                return Ok(None);
            };
            let is_over = family.ended_at.is_some() || token.used_at.is_some();
            if is_over || token.expires_at.0 <= now {
                return Ok(None);
            }
            let (org, session) = (family.org_id, family.session_id);
            let live = sessions::live_by_id(tx, org, session, now).await?;
            let Some(live) = live else {
                return Ok(None);
            };
            if !tx.app_serves(app.id, org).await? {
                return Ok(None);
            }
            Ok(Some(GoodRefreshToken {
                user_id: live.user.id.uuid(),
                organization_id: org.uuid(),
                session_id: session.uuid(),
                scope: family.scope,
                issued_at: token.created_at.0,
                expires_at: token.expires_at.0,
            }))
        }
        .boxed()
    });
    looked.await
}

/// Revokes a refresh token of this app, whether it was used or not. One that is unknown, or another
/// app's, is left alone.
pub async fn revoke(
    store: &Store,
    app: &AppRow,
    presented: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let (app, presented) = (app.clone(), presented.to_owned());
    let done = store.write(move |tx| {
        let (app, presented) = (app.clone(), presented.clone());
        async move {
            if let Some((_, family)) = found(tx, &app, &presented).await? {
                let (org, id) = (family.org_id, family.id);
                tx.end_refresh_family(org, id, Time(now), REVOKED).await?;
            }
            Ok(())
        }
        .boxed()
    });
    done.await
}

/// Revokes an access token that was verified, and with it what it came with: alone it is nowhere
/// written down.
pub async fn revoke_access(store: &Store, token: AccessToken, now: Timestamp) -> Result<(), Error> {
    let Some(family) = token.family else {
        return Ok(());
    };
    let (org, id) = (
        OrganizationId::from(token.org),
        RefreshFamilyId::from(family),
    );
    let done = store.write(move |tx| {
        async move {
            tx.end_refresh_family(org, id, Time(now), REVOKED).await?;
            Ok(())
        }
        .boxed()
    });
    done.await
}
