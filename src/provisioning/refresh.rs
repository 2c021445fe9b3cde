//! Refresh tokens of apps (RFC 6749 §6, RFC 9700 §4.14): a family begins with a code and ends with
//! its session, or earlier. Of a family one token is good; used, it brings its successor, and one
//! that comes again ends all of them. A use of a token is a use of its session.

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::id::RefreshFamilyId;
use crate::limits;
use crate::oidc::refresh::{Known, REFUSED, RefreshGrant, Standing};
use crate::provisioning::hand_off::{Failure, facts};
use crate::provisioning::redemption::{Redeemed, Verdict};
use crate::provisioning::sessions::{self, Live};
use crate::provisioning::{Context, Error};
use crate::secret::{self, Bearer, Key};
use crate::store::rows::{AppRow, CodeRow, RefreshFamilyRow, RefreshTokenRow, SessionRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// What every refresh token begins with.
pub const PREFIX: &str = "rt_";

const REUSED: &str = "reused";

/// A fresh refresh token.
pub(super) fn fresh(context: &Context) -> Bearer {
    Bearer::new(PREFIX, context.ids.entropy())
}

/// Begins the family of a code that is being redeemed, with this token.
pub(super) async fn begin(
    tx: &mut Tx,
    code: &CodeRow,
    session: &SessionRow,
    bearer: &Bearer,
    now: Timestamp,
) -> Result<RefreshFamilyId, Error> {
    let family = RefreshFamilyRow {
        org_id: code.org_id,
        id: RefreshFamilyId::from(code.id.uuid()),
        session_id: code.session_id,
        app_id: code.app_id,
        scope: code.scope.clone(),
        created_at: Time(now),
        expires_at: session.expires_at,
        ended_at: None,
        ended_cause: None,
    };
    tx.insert_refresh_family(&family).await?;
    let row = row(&family, bearer, now);
    tx.insert_refresh_token(&row).await?;
    Ok(family.id)
}

/// A token's row: it is good while it is not idle, and not longer than its family.
fn row(family: &RefreshFamilyRow, bearer: &Bearer, now: Timestamp) -> RefreshTokenRow {
    let idle = now.checked_add(limits::REFRESH_IDLE).unwrap_or(now);
    RefreshTokenRow {
        org_id: family.org_id,
        hash: bearer.hash().to_vec(),
        family_id: family.id,
        created_at: Time(now),
        expires_at: Time(idle.min(family.expires_at.0)),
        used_at: None,
        successor: None,
    }
}

/// Uses a refresh token: what new tokens are made of, and its successor.
pub async fn refresh(
    store: &Store,
    context: &Context,
    app: AppRow,
    request: RefreshGrant,
) -> Result<Redeemed, Failure> {
    let now = context.ids.clock().now();
    let (context, bearer) = (context.clone(), fresh(context));
    let done = store.write(move |tx| {
        let request = request.clone();
        let (context, app, bearer) = (context.clone(), app.clone(), bearer.clone());
        async move {
            let Some(held) = Held::of(tx, &app, &request.token, now).await? else {
                return Ok(Err(REFUSED));
            };
            held.answer(tx, &context, &request, bearer).await
        }
        .boxed()
    });
    let (redeemed, live) = done.await??;
    // The row of the session is not held together with the family's: whoever ends the session takes
    // them the other way round.
    if let Err(error) = sessions::seen(store, &live, now).await {
        tracing::warn!(%error, "a session's use could not be noted");
    }
    Ok(redeemed)
}

/// A token of a family whose row is held, in a session that is good.
struct Held {
    family: RefreshFamilyRow,
    token: RefreshTokenRow,
    live: Live,
    presented: String,
    now: Timestamp,
}

impl Held {
    async fn of(
        tx: &mut Tx,
        app: &AppRow,
        presented: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let hash = secret::hash(presented);
        let Some((_, family)) = found(tx, app, presented).await? else {
            return Ok(None);
        };
        let (org, id) = (family.org_id, family.id);
        let family = tx.take_refresh_family(org, id).await?;
        let Some(family) = family.filter(|family| family.ended_at.is_none()) else {
            return Ok(None);
        };
        // Somebody may have used it before the row was held.
        let Some(token) = tx.refresh_token(&hash).await? else {
            return Ok(None);
        };
        let live = sessions::live_by_id(tx, org, family.session_id, now).await?;
        let Some(live) = live else {
            return Ok(None);
        };
        if !tx.app_serves(app.id, org).await? {
            return Ok(None);
        }
        Ok(Some(Self {
            family,
            token,
            live,
            presented: presented.to_owned(),
            now,
        }))
    }

    async fn answer(
        self,
        tx: &mut Tx,
        context: &Context,
        request: &RefreshGrant,
        bearer: Bearer,
    ) -> Result<Verdict<(Redeemed, Live)>, Failure> {
        let successor = self.successor(tx).await?;
        let known = Known {
            expires_at: self.token.expires_at.0,
            used_at: self.token.used_at.map(|at| at.0),
            successor_is_fresh: successor.is_some(),
        };
        match known.standing(self.now) {
            Standing::Expired => return Ok(Err(REFUSED)),
            Standing::Reused => {
                self.end(tx).await?;
                return Ok(Err(REFUSED));
            }
            Standing::Again | Standing::Good => {}
        }
        let scope = request.narrowed(self.family.scope.parse()?)?;
        let refresh = match successor {
            Some(successor) => successor,
            None if self.rotate(tx, context, &bearer).await? => bearer,
            None => return Ok(Err(REFUSED)),
        };
        let redeemed = Redeemed {
            facts: facts(tx, &self.live).await?,
            scope,
            // Core §12.2: the nonce was for the first ID token.
            nonce: None,
            refresh,
            family: self.family.id,
        };
        Ok(Ok((redeemed, self.live)))
    }

    /// What the token brought when it was used, while that is fresh.
    async fn successor(&self, tx: &mut Tx) -> Result<Option<Bearer>, Error> {
        let Some(sealed) = &self.token.successor else {
            return Ok(None);
        };
        let opened = Key::of_bearer(&self.presented).open(&self.place(), sealed);
        let Some(text) = opened.and_then(|text| String::from_utf8(text).ok()) else {
            return Ok(None);
        };
        let row = tx.refresh_token(&secret::hash(&text)).await?;
        let is_fresh = |row: RefreshTokenRow| row.used_at.is_none() && self.now < row.expires_at.0;
        Ok(row.is_some_and(is_fresh).then(|| Bearer::kept(text)))
    }

    async fn rotate(&self, tx: &mut Tx, context: &Context, bearer: &Bearer) -> Result<bool, Error> {
        let (key, text) = (Key::of_bearer(&self.presented), bearer.reveal().as_bytes());
        let sealed = key.seal(&self.place(), text, context.ids.entropy());
        let (org, hash) = (self.family.org_id, secret::hash(&self.presented));
        let used = tx.use_refresh_token(org, &hash, Time(self.now), &sealed);
        if !used.await? {
            return Ok(false);
        }
        let row = row(&self.family, bearer, self.now);
        tx.insert_refresh_token(&row).await?;
        Ok(true)
    }

    async fn end(&self, tx: &mut Tx) -> Result<(), Error> {
        let (org, id) = (self.family.org_id, self.family.id);
        tx.end_refresh_family(org, id, Time(self.now), REUSED)
            .await?;
        tracing::warn!(app.id = %self.family.app_id, organization.id = %org,
            session.id = %self.family.session_id,
            "A refresh token came twice: its family is revoked");
        Ok(())
    }

    /// Where a successor is sealed.
    fn place(&self) -> String {
        let (org, family) = (self.family.org_id, self.family.id);
        format!("refresh_tokens|successor|{org}|{family}")
    }
}

/// The token, and its family, if it is this app's.
pub(super) async fn found(
    tx: &mut Tx,
    app: &AppRow,
    presented: &str,
) -> Result<Option<(RefreshTokenRow, RefreshFamilyRow)>, Error> {
    let Some(token) = tx.refresh_token(&secret::hash(presented)).await? else {
        return Ok(None);
    };
    let family = tx.refresh_family(token.org_id, token.family_id).await?;
    let family = family.filter(|family| family.app_id == app.id);
    Ok(family.map(|family| (token, family)))
}
