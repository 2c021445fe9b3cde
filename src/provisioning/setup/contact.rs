//! Whom a link is for, where it names somebody: it opens only in a browser in which the digits were said that were
//! mailed to them. Whoever else has the link sees that, and nothing behind it.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::open;
use crate::directory::event::EventKind;
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::questions::codes::{are_enough, tried};
use crate::provisioning::questions::{self, Letter};
use crate::provisioning::{Change, Context, Error, Source, change};
use crate::secret::{self, Hash};
use crate::store::rows::{SetupCodeRow, SetupLinkRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// Whether a link opens in this browser.
pub(super) async fn opens(
    tx: &mut Tx,
    row: &SetupLinkRow,
    browser: Option<&Hash>,
    now: Timestamp,
) -> Result<bool, Error> {
    if row.contact_email.is_none() {
        return Ok(true);
    }
    let Some(browser) = browser else {
        return Ok(false);
    };
    let since = Time(now - limits::SETUP_ENTRY - limits::SHORT_CODE_LIFE);
    let codes = tx.setup_codes_since(row.org_id, row.id, since).await?;
    let lets_in = |it: &SetupCodeRow| {
        let entered = |at: Time| now.duration_since(at.0) < limits::SETUP_ENTRY;
        secret::equal(&it.browser, browser) && it.used_at.is_some_and(entered)
    };
    Ok(codes.iter().any(lets_in))
}

/// What was mailed for a link, within this window or at all, the latest first.
async fn codes_since(
    change: &mut Change<'_>,
    row: &SetupLinkRow,
    window: Option<SignedDuration>,
) -> Result<Vec<SetupCodeRow>, Error> {
    let since = window.map_or(Time(Timestamp::UNIX_EPOCH), |window| change.ago(window));
    let found = change.tx.setup_codes_since(change.org, row.id, since);
    Ok(found.await?)
}

/// Mails whom the link is for six digits that are good in the browser of this secret; `false` where enough were mailed
/// lately, or by this link, or it names nobody.
///
/// # Errors
///
/// [`Error::Unauthorized`] where the link is good no more.
pub async fn send(
    store: &Store,
    context: Context,
    token: &str,
    browser: Hash,
) -> Result<bool, Error> {
    let (row, context) = place(store, token, context).await?;
    let hash = secret::hash(token);
    change(store, row.org_id, context, move |change| {
        async move {
            let row = open(change.tx, &hash, change.now).await?;
            mail(change, &row, browser).await
        }
        .boxed()
    })
    .await
}

/// The link, which tells whose word it is.
async fn place(
    store: &Store,
    token: &str,
    context: Context,
) -> Result<(SetupLinkRow, Context), Error> {
    let (hash, now) = (secret::hash(token), context.ids.clock().now());
    let found = store.read(move |tx| async move { open(tx, &hash, now).await }.boxed());
    let row = found.await?;
    let source = Source::Setup(row.id);
    Ok((row, Context { source, ..context }))
}

async fn mail(change: &mut Change<'_>, row: &SetupLinkRow, browser: Hash) -> Result<bool, Error> {
    let Some(to) = &row.contact_email else {
        return Ok(false);
    };
    let mailed = codes_since(change, row, None).await?;
    if are_enough(&mailed, change.now) || mailed.len() >= limits::SETUP_CODES {
        return Ok(false);
    }
    let life = Time(change.now + limits::SHORT_CODE_LIFE);
    let code = SetupCodeRow {
        org_id: change.org,
        id: change.id(),
        setup_link_id: row.id,
        browser: browser.to_vec(),
        tries: 0,
        created_at: change.time(),
        expires_at: life.min(row.expires_at),
        used_at: None,
    };
    change.tx.insert_setup_code(&code).await?;
    change.record(
        EventKind::SetupLinkCodeMailed,
        json!({"setup_link_id": row.id}),
    );
    questions::owe(change, Letter::Setup, code.id.uuid(), Some(to)).await?;
    Ok(true)
}

/// Lets this browser in, where these are the digits that were mailed last to it. A wrong try counts, and stays counted;
/// the right ones are good once.
///
/// # Errors
///
/// [`Error::Unauthorized`] where the link is good no more.
pub async fn say(
    store: &Store,
    context: Context,
    links: &Links,
    (token, said): (&str, &str),
    browser: Hash,
) -> Result<bool, Error> {
    let (row, context) = place(store, token, context).await?;
    let (hash, links, said) = (secret::hash(token), links.clone(), said.to_owned());
    change(store, row.org_id, context, move |change| {
        let (links, said) = (links.clone(), said.clone());
        async move {
            let row = open(change.tx, &hash, change.now).await?;
            let mailed = codes_since(change, &row, Some(limits::SHORT_CODE_LIFE)).await?;
            let known = tried(mailed, &links, (&browser, &said), change.now);
            // Whoever was mailed none has nothing to guess.
            let Some((code, is_right)) = known else {
                return Ok(false);
            };
            change.tx.update_setup_code(&code).await?;
            let kind = if is_right {
                EventKind::SetupLinkEntered
            } else {
                EventKind::SetupLinkRefused
            };
            change.record(kind, json!({"setup_link_id": row.id}));
            Ok(is_right)
        }
        .boxed()
    })
    .await
}

/// Whether a code that was mailed to this address still opens its link.
pub(in crate::provisioning) async fn is_wanted(
    tx: &mut Tx,
    code: &SetupCodeRow,
    to: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = tx.setup_link(code.org_id, code.setup_link_id).await?;
    let is_theirs = row
        .is_some_and(|row| row.contact_email.as_deref() == Some(to) && super::is_open(&row, now));
    Ok(is_theirs && code.used_at.is_none() && code.expires_at.0 > now)
}
