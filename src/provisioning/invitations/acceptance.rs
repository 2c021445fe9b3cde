//! What an invitation's link shows and does. Looking changes nothing; accepting is one conditional
//! write in one transaction, so that of twenty clicks one makes the person, and of accepting and
//! revoking one wins.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::invitation::link::{Channel, LinkClaim};
use crate::directory::invitation::{Standing, State, digits};
use crate::id::{OrganizationId, UserId};
use crate::limits;
use crate::provisioning::invitations::asked::notify;
use crate::provisioning::invitations::interplay::{inviter_may, standing_projects, take};
use crate::provisioning::invitations::links::version;
use crate::provisioning::invitations::look::{Look, sso_of};
use crate::provisioning::invitations::{Links, Rules, close, told};
use crate::provisioning::sessions::{self, ABSOLUTE, Live};
use crate::provisioning::sign_in::Cookie;
use crate::provisioning::{Change, Context, Error, Kind, Source, change};
use crate::secret::{Bearer, Hash};
use crate::store::Store;
use crate::store::rows::{InvitationRow, MailCodeRow, SessionRow, UserRow};
use crate::store::types::Time;

/// What a click on "accept" came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It cannot be accepted: the page says how it stands.
    Closed,
    /// A code is asked for: the link did not come by mail. Whether one was said, and was wrong.
    Code(bool),
    /// The person came.
    In(Entered),
    /// It waits for an admin now.
    NeedsAttention,
    /// The person signs in through the connection of their domain.
    SignIn,
    /// Somebody else is signed in in this browser.
    WrongAccount(String),
}

/// Somebody who came.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The organization.
    pub org: OrganizationId,
    /// The person.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// The new session's cookie.
    pub cookie: Cookie,
}

/// Accepts an invitation.
pub async fn accept(
    store: &Store,
    context: Context,
    links: &Arc<Links>,
    token: &str,
    code: Option<String>,
    cookies: Vec<Hash>,
) -> Result<Outcome, Error> {
    let (claim, org) = proven(store, links, token).await?;
    let secret = Bearer::new("", context.ids.entropy());
    let now = context.ids.clock().now();
    let mut here = Vec::new();
    for cookie in cookies {
        here.extend(sessions::current(store, vec![cookie], now).await?);
    }
    let (links, there) = (Arc::clone(links), here.clone());
    let outcome = change(store, org, context.clone(), move |change| {
        let (links, code, secret) = (Arc::clone(&links), code.clone(), secret.clone());
        let here = there.clone();
        async move {
            let asked = Asked {
                links: &links,
                claim,
                code: code.as_deref(),
                here: &here,
            };
            asked.enter(change, secret).await
        }
        .boxed()
    })
    .await?;
    if let Outcome::In(_) = outcome {
        for live in here {
            // The browser has forgotten these; where ending one fails, it runs out by itself.
            let source = Source::System;
            let context = Context {
                source,
                ..context.clone()
            };
            let ended = sessions::end(store, context, &live.session, "replaced").await;
            if let Err(error) = ended {
                tracing::warn!(%error, "a replaced session could not be ended");
            }
        }
    }
    Ok(outcome)
}

/// The invitation that a link names, if we made the link.
pub(super) async fn proven(
    store: &Store,
    links: &Links,
    token: &str,
) -> Result<(LinkClaim, OrganizationId), Error> {
    const NONE: Error = Error::NotFound(Kind::Invitation);
    let claim = LinkClaim::parse(token).ok_or(NONE)?;
    let row = store
        .read(move |tx| async move { tx.invitation_of_link(claim.invitation).await }.boxed())
        .await?;
    let org = row.ok_or(NONE)?.org_id;
    if claim.is_proven(&links.keys, org) {
        Ok((claim, org))
    } else {
        Err(NONE)
    }
}

/// A click.
struct Asked<'a> {
    links: &'a Links,
    claim: LinkClaim,
    code: Option<&'a str>,
    here: &'a [Live],
}

impl Asked<'_> {
    async fn enter(&self, change: &mut Change<'_>, secret: Bearer) -> Result<Outcome, Error> {
        let row = change
            .tx
            .invitation(change.org, self.claim.invitation)
            .await?;
        let row = row.ok_or(Error::NotFound(Kind::Invitation))?;
        let stands = row.state.at(row.expires_at.0, change.now) == Standing::Pending;
        if !stands || !is_current(&self.claim, &row) {
            return Ok(Outcome::Closed);
        }
        let other = |live: &&Live| live.user.email_norm.as_ref() != Some(&row.email_norm);
        if let Some(live) = self.here.iter().find(other) {
            let name = live.user.email.clone().or(live.user.display_name.clone());
            return Ok(Outcome::WrongAccount(name.unwrap_or_default()));
        }
        let rules = Rules::read(change.tx, change.org).await?;
        if rules.policy.sso_required && sso_of(change.tx, &row).await?.is_some() {
            return Ok(Outcome::SignIn);
        }
        if self.claim.channel == Channel::Shared && !self.proves(change, &row).await? {
            return Ok(Outcome::Code(self.code.is_some()));
        }
        if change
            .tx
            .user_by_email(change.org, &row.email_norm)
            .await?
            .is_some()
        {
            close(change, row, State::Superseded, "came_otherwise").await?;
            return Ok(Outcome::Closed);
        }
        if !inviter_may(change, &rules, &row).await? {
            attend(change, row, "inviter_below_role").await?;
            return Ok(Outcome::NeedsAttention);
        }
        let Some(projects) = standing_projects(change, &row).await? else {
            attend(change, row, "no_project_left").await?;
            return Ok(Outcome::NeedsAttention);
        };
        let user = UserRow {
            email: Some(row.email.clone()),
            email_norm: Some(row.email_norm.clone()),
            ..UserRow::fresh(change.org, change.id(), change.time())
        };
        change.tx.insert_user(&user).await?;
        let data = json!({
            "user_id": user.id,
            "email": user.email,
            "invitation_id": row.id,
        });
        change.record_of(user.id, EventKind::UserCreated, data);
        if !take(change, &row, user.id, projects, "link").await? {
            return Err(Error::Stale);
        }
        let cookie = begin(change, user.id, secret).await?;
        Ok(Outcome::In(Entered {
            org: change.org,
            user: user.id,
            email: row.email,
            cookie,
        }))
    }

    /// Whether the six digits of the last code were said. A wrong try counts, and stays counted.
    async fn proves(&self, change: &mut Change<'_>, row: &InvitationRow) -> Result<bool, Error> {
        let Some(said) = self.code else {
            return Ok(false);
        };
        let since = change.now.checked_sub(limits::SHORT_CODE_LIFE);
        let since = Time(since.unwrap_or(change.now));
        let codes = change
            .tx
            .mail_codes_since(change.org, row.id, since)
            .await?;
        let tries = i64::from(limits::SHORT_CODE_TRIES);
        let good = |code: &&MailCodeRow| {
            code.used_at.is_none() && code.tries < tries && code.expires_at.0 > change.now
        };
        let Some(code) = codes.iter().find(good) else {
            return Ok(false);
        };
        let right = digits::is_said(&self.links.codes, change.org, code.id, said);
        let used = right.then(|| change.time());
        change.tx.try_mail_code(change.org, code.id, used).await?;
        Ok(right)
    }
}

/// Whether a link is of the version that its invitation has now.
pub(super) fn is_current(claim: &LinkClaim, row: &InvitationRow) -> bool {
    i64::from(claim.version) == version(row, claim.channel)
}

async fn attend(
    change: &mut Change<'_>,
    mut row: InvitationRow,
    why: &'static str,
) -> Result<(), Error> {
    row.state = State::NeedsAttention;
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    change.record(EventKind::InvitationNeedsAttention, told(&row, why));
    notify(
        change,
        &row,
        json!({"about": "needs_attention", "attention": why}),
    )
    .await
}

async fn begin(change: &mut Change<'_>, user: UserId, secret: Bearer) -> Result<Cookie, Error> {
    let expires_at = change.now.checked_add(ABSOLUTE).unwrap_or(change.now);
    let session = SessionRow {
        org_id: change.org,
        id: change.id(),
        hash: secret.hash().to_vec(),
        user_id: user,
        connection_id: None,
        identity_id: None,
        session_index: None,
        context_class: None,
        authenticated_at: change.time(),
        created_at: change.time(),
        last_seen_at: change.time(),
        expires_at: Time(expires_at),
        ended_at: None,
        ended_cause: None,
    };
    change.tx.insert_session(&session).await?;
    let data = json!({"user_id": user, "connection_id": null, "session_id": session.id});
    change.record(EventKind::SessionCreated, data);
    Ok(Cookie { secret, expires_at })
}

/// What a link shows; nothing is changed by looking.
pub async fn look(
    store: &Store,
    links: &Links,
    token: &str,
    cookies: Vec<Hash>,
    now: jiff::Timestamp,
) -> Result<Look, Error> {
    let (claim, org) = proven(store, links, token).await?;
    let live = sessions::current(store, cookies, now).await?;
    let key = links.keys.current.clone();
    store
        .read(move |tx| {
            let (live, key) = (live.clone(), key.clone());
            async move { Look::at(tx, org, &claim, live.as_ref(), &key, now).await }.boxed()
        })
        .await
}
