//! How the owner comes in: the link is looked at, has a code mailed, and takes the code in the browser that
//! asked for it.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{CONTEXT_CLASS, owner_of};
use crate::directory::event::EventKind;
use crate::id::OrganizationId;
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::questions::codes::{are_enough, tried};
use crate::provisioning::questions::{self, Letter};
use crate::provisioning::sign_in::Cookie;
use crate::provisioning::{Change, Context, Error, Kind, Source, change, sessions};
use crate::secret::{self, Bearer, Hash};
use crate::store::rows::{BreakGlassCodeRow, BreakGlassRow, SessionRow, UserRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// What a link leads to.
#[derive(Clone, Debug)]
pub struct Look {
    /// The organization's name.
    pub organization: String,
    /// Until when it is open; nothing where it is not.
    pub open_until: Option<Timestamp>,
}

/// The owner, who came in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The organization.
    pub org: OrganizationId,
    /// Their address.
    pub email: String,
    /// The new session's cookie.
    pub cookie: Cookie,
}

/// The one of a link that we made.
async fn of_link(tx: &mut Tx, token: &str) -> Result<BreakGlassRow, Error> {
    let row = tx.break_glass_by_hash(&secret::hash(token)).await?;
    row.ok_or(Error::NotFound(Kind::BreakGlass))
}

/// What a link shows now.
pub async fn look(store: &Store, token: &str, now: Timestamp) -> Result<Look, Error> {
    let token = token.to_owned();
    let read = store.read(move |tx| {
        let token = token.clone();
        async move {
            let row = of_link(tx, &token).await?;
            let owner = owner_of(tx, &row, now).await?;
            let organization = tx.organization(row.org_id).await?;
            let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
            Ok(Look {
                organization: organization.name,
                open_until: owner.map(|_| row.expires_at.0),
            })
        }
        .boxed()
    });
    read.await
}

/// Whose word it is follows from the link.
async fn place(
    store: &Store,
    token: &str,
    context: Context,
) -> Result<(OrganizationId, Context), Error> {
    let token = token.to_owned();
    let read = store.read(move |tx| {
        let token = token.clone();
        async move { of_link(tx, &token).await }.boxed()
    });
    let row = read.await?;
    let source = Source::User(row.user_id);
    Ok((row.org_id, Context { source, ..context }))
}

/// What a link opens, and for whom, while it does.
async fn open(
    change: &mut Change<'_>,
    token: &str,
) -> Result<Option<(BreakGlassRow, UserRow)>, Error> {
    let row = of_link(change.tx, token).await?;
    let owner = owner_of(change.tx, &row, change.now).await?;
    Ok(owner.map(|owner| (row, owner)))
}

/// Mails the owner six digits that are good in the browser of this secret; `false` where enough were mailed
/// lately, or by this link, or it is closed.
pub async fn send(
    store: &Store,
    context: Context,
    token: &str,
    browser: Hash,
) -> Result<bool, Error> {
    let (org, context) = place(store, token, context).await?;
    let token = token.to_owned();
    change(store, org, context, move |change| {
        let token = token.clone();
        async move { mail(change, &token, browser).await }.boxed()
    })
    .await
}

async fn mail(change: &mut Change<'_>, token: &str, browser: Hash) -> Result<bool, Error> {
    let Some((row, owner)) = open(change, token).await? else {
        return Ok(false);
    };
    let mailed = codes_since(change, &row, None).await?;
    if are_enough(&mailed, change.now) || mailed.len() >= limits::BREAK_GLASS_CODES {
        return Ok(false);
    }
    let life = Time(change.now + limits::SHORT_CODE_LIFE);
    let code = BreakGlassCodeRow {
        org_id: change.org,
        id: change.id(),
        break_glass_id: row.id,
        browser: browser.to_vec(),
        tries: 0,
        created_at: change.time(),
        expires_at: life.min(row.expires_at),
        used_at: None,
    };
    change.tx.insert_break_glass_code(&code).await?;
    let data = json!({"break_glass_id": row.id, "user_id": owner.id});
    change.record(EventKind::OrganizationBreakGlassCodeMailed, data);
    let to = owner.email.as_deref();
    questions::owe(change, Letter::BreakGlass, code.id.uuid(), to).await?;
    Ok(true)
}

/// What was mailed for it, within this window or at all, the latest first.
async fn codes_since(
    change: &mut Change<'_>,
    row: &BreakGlassRow,
    window: Option<SignedDuration>,
) -> Result<Vec<BreakGlassCodeRow>, Error> {
    let since = window.map_or(Time(Timestamp::UNIX_EPOCH), |window| change.ago(window));
    let found = change.tx.break_glass_codes_since(change.org, row.id, since);
    Ok(found.await?)
}

/// Lets the owner in, where these are the digits that were mailed last and this is the browser that asked for
/// them. A wrong try counts, and stays counted; the right ones are good once.
pub async fn say(
    store: &Store,
    context: Context,
    links: &Links,
    (token, said): (&str, &str),
    (browser, cookies): (Hash, &[Hash]),
) -> Result<Option<Entered>, Error> {
    let (org, context) = place(store, token, context).await?;
    let secret = Bearer::new("", context.ids.entropy());
    let of = (links.clone(), token.to_owned(), said.to_owned());
    let cookies = cookies.to_vec();
    change(store, org, context, move |change| {
        let ((links, token, said), cookies, secret) = (of.clone(), cookies.clone(), secret.clone());
        async move {
            let Some((row, owner)) = open(change, &token).await? else {
                return Ok(None);
            };
            if !proves(change, &links, &row, (browser, &said)).await? {
                let data = json!({"break_glass_id": row.id, "user_id": owner.id});
                change.record(EventKind::OrganizationBreakGlassRefused, data);
                return Ok(None);
            }
            let cookie = begin(change, (&row, &owner), &cookies, secret).await?;
            Ok(Some(Entered {
                org: change.org,
                email: owner.email.unwrap_or_default(),
                cookie,
            }))
        }
        .boxed()
    })
    .await
}

async fn proves(
    change: &mut Change<'_>,
    links: &Links,
    row: &BreakGlassRow,
    (browser, said): (Hash, &str),
) -> Result<bool, Error> {
    let mailed = codes_since(change, row, Some(limits::SHORT_CODE_LIFE)).await?;
    let Some((code, is_right)) = tried(mailed, links, (&browser, said), change.now) else {
        return Ok(false);
    };
    change.tx.update_break_glass_code(&code).await?;
    Ok(is_right)
}

async fn begin(
    change: &mut Change<'_>,
    (row, owner): (&BreakGlassRow, &UserRow),
    cookies: &[Hash],
    secret: Bearer,
) -> Result<Cookie, Error> {
    let end = Time(change.now + limits::BREAK_GLASS_SESSION);
    let mut session = SessionRow {
        break_glass_id: Some(row.id),
        context_class: Some(CONTEXT_CLASS.to_owned()),
        ..sessions::without_connection(change, owner.id, &secret, end.min(row.expires_at))
    };
    let here = sessions::present(change, cookies).await?;
    sessions::make_room(change, &here, &mut session).await?;
    change.tx.insert_session(&session).await?;
    let begun = json!({
        "user_id": owner.id,
        "connection_id": null,
        "session_id": session.id,
        "break_glass_id": row.id,
    });
    change.record(EventKind::SessionCreated, begun.clone());
    change.record(EventKind::OrganizationBreakGlassUsed, begun);
    Ok(Cookie {
        org: change.org,
        secret,
        expires_at: session.expires_at.0,
    })
}
