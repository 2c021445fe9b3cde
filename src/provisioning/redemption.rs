//! The redemption of a code (RFC 6749 §4.1.3): one transaction that uses it up, reads the facts that
//! tokens are made of, and begins the family of refresh tokens that the app gets with them.

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::id::RefreshFamilyId;
use crate::oidc;
use crate::oidc::claims::Facts;
use crate::oidc::code::{self, Binding};
use crate::oidc::pkce::Challenge;
use crate::oidc::scope::Scope;
use crate::oidc::token::CodeGrant;
use crate::provisioning::hand_off::{Failure, facts};
use crate::provisioning::{Context, refresh, sessions};
use crate::secret::{self, Bearer};
use crate::store::rows::{AppRow, CodeRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// What tokens are made of, and the refresh token itself.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// Who is signed in, as what.
    pub facts: Facts,
    /// The scope of the access token.
    pub scope: Scope,
    /// What the app wants to see again.
    pub nonce: Option<String>,
    /// The refresh token.
    pub refresh: Bearer,
    /// The family that it is of.
    pub family: RefreshFamilyId,
}

/// Why a token was not given. It is no failure of the transaction: what was found out may have ended
/// something, and that is to stand.
pub(super) type Verdict<T> = Result<T, oidc::Error>;

/// Redeems a code once. Presented again, it ends what it gave the first time (RFC 6749 §4.1.2).
pub async fn redeem(
    store: &Store,
    context: &Context,
    app: AppRow,
    request: CodeGrant,
) -> Result<Redeemed, Failure> {
    let (now, bearer) = (context.ids.clock().now(), refresh::fresh(context));
    let redeemed = store.write(move |tx| {
        let (app, request, bearer) = (app.clone(), request.clone(), bearer.clone());
        async move { redeem_in(tx, &app, &request, bearer, now).await }.boxed()
    });
    Ok(redeemed.await??)
}

async fn redeem_in(
    tx: &mut Tx,
    app: &AppRow,
    request: &CodeGrant,
    bearer: Bearer,
    now: Timestamp,
) -> Result<Verdict<Redeemed>, Failure> {
    let found = tx.code_by_hash(&secret::hash(&request.code)).await?;
    let Some(code) = found.filter(|code| code.app_id == app.id) else {
        return Ok(Err(code::REFUSED));
    };
    if code.used_at.is_some() {
        return came_twice(tx, app, &code, now).await;
    }
    if code.expires_at.0 <= now {
        return Ok(Err(code::REFUSED));
    }
    let binding = Binding {
        client_id: app.client_id.clone(),
        redirect_uri: code.redirect_uri.clone(),
        challenge: Challenge::parse(&code.challenge).ok_or(code::REFUSED)?,
        issued_at: code.created_at.0,
    };
    binding.admits(&app.client_id, request, now)?;
    let live = sessions::live_by_id(tx, code.org_id, code.session_id, now).await?;
    let Some(live) = live else {
        return Ok(Err(code::REFUSED));
    };
    if !tx.app_serves(app.id, code.org_id).await? {
        return Ok(Err(code::REFUSED));
    }
    if !tx.use_code(code.org_id, code.id, Time(now)).await? {
        return came_twice(tx, app, &code, now).await;
    }
    let facts = facts(tx, &live).await?;
    let family = refresh::begin(tx, &code, &live.session, &bearer, now).await?;
    Ok(Ok(Redeemed {
        facts,
        scope: code.scope.parse()?,
        nonce: code.nonce,
        refresh: bearer,
        family,
    }))
}

/// Ends what the first redemption gave, if there was one: a session's end uses codes up, too.
async fn came_twice(
    tx: &mut Tx,
    app: &AppRow,
    code: &CodeRow,
    now: Timestamp,
) -> Result<Verdict<Redeemed>, Failure> {
    let family = RefreshFamilyId::from(code.id.uuid());
    let ended = tx.end_refresh_family(code.org_id, family, Time(now), "code_reused");
    if ended.await? {
        tracing::warn!(app.id = %app.id, organization.id = %code.org_id, session.id = %code.session_id,
            "A code came twice: what it gave is revoked");
    }
    Ok(Err(code::REFUSED))
}
