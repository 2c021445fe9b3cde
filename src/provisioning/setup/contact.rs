//! Whom a link is for, where it names somebody: it opens only in a browser in which the digits were said that were
//! mailed to them. Whoever else has the link sees that, and nothing behind it.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{good, open};
use crate::directory::email::Address;
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

/// Mails whom the link is for six digits that are good in the browser of this secret; `false` where enough were mailed
/// lately, or it names nobody.
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
            let row = good(change.tx, &hash, change.now).await?;
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
    if is_enough(change, row, to, &browser).await? {
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

/// Whether enough was mailed lately to this address, by whichever link, or by all links of the organization. A browser in
/// which this link was opened is not kept out by what others have mailed.
async fn is_enough(
    change: &mut Change<'_>,
    row: &SetupLinkRow,
    to: &str,
    browser: &Hash,
) -> Result<bool, Error> {
    let day = change.ago(SignedDuration::from_hours(24));
    let mailed = change.tx.setup_codes_mailed(change.org, day).await?;
    if mailed.len() >= limits::SETUP_CODES_PER_DAY {
        return Ok(true);
    }
    let norm = |text: &str| Address::parse(text).map(|it| it.norm().to_owned());
    let whom = norm(to);
    let is_same = |other: Option<String>| other.as_deref().and_then(norm) == whom;
    let theirs = mailed.into_iter();
    let theirs = theirs.filter_map(|(code, to)| is_same(to).then_some(code));
    let mut theirs: Vec<_> = theirs.collect();
    let is_mine = |it: &SetupCodeRow| secret::equal(&it.browser, browser);
    let opened = |it: &SetupCodeRow| it.setup_link_id == row.id && it.used_at.is_some();
    if theirs.iter().any(|it| opened(it) && is_mine(it)) {
        theirs.retain(is_mine);
    }
    Ok(are_enough(&theirs, change.now))
}

/// Lets a browser in, where these are the digits that were mailed last to it; from then on it shows the second secret. A
/// wrong try counts, and stays counted; the right ones are good once.
///
/// # Errors
///
/// [`Error::Unauthorized`] where the link is good no more.
pub async fn say(
    store: &Store,
    context: Context,
    links: &Links,
    (token, said): (&str, &str),
    (browser, next): (Hash, Hash),
) -> Result<bool, Error> {
    let (row, context) = place(store, token, context).await?;
    let (hash, links, said) = (secret::hash(token), links.clone(), said.to_owned());
    change(store, row.org_id, context, move |change| {
        let (links, said) = (links.clone(), said.clone());
        async move {
            let row = good(change.tx, &hash, change.now).await?;
            let since = change.ago(limits::SHORT_CODE_LIFE);
            let mailed = change.tx.setup_codes_since(change.org, row.id, since);
            let mailed = mailed.await?;
            let known = tried(mailed, &links, (&browser, &said), change.now);
            // Whoever was mailed none has nothing to guess.
            let Some((mut code, is_right)) = known else {
                return Ok(false);
            };
            if is_right {
                code.browser = next.to_vec();
            }
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
