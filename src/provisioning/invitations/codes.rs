//! The six digits that are mailed to whoever came by a link that somebody passed on: saying them
//! proves the mailbox.

use futures_util::FutureExt;

use crate::directory::delivery::{Delivery, MailKind};
use crate::directory::invitation::{Standing, digits};
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::invitations::acceptance::proven;
use crate::provisioning::invitations::links::{is_current, standing};
use crate::provisioning::{Change, Context, Error, change};
use crate::store::Store;
use crate::store::rows::{InvitationRow, MailCodeRow, OutboxRow};
use crate::store::types::{Doc, Time};

/// Whether the six digits of the last code were said. A wrong try counts, and stays counted.
pub(super) async fn proves(
    change: &mut Change<'_>,
    links: &Links,
    row: &InvitationRow,
    said: Option<&str>,
) -> Result<bool, Error> {
    let Some(said) = said else {
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
    // The one that was mailed last: an older one that is left would only give more tries.
    let Some(code) = codes.first().filter(good) else {
        return Ok(false);
    };
    let right = digits::is_said(&links.codes, change.org, code.id, said);
    let used = right.then(|| change.time());
    change.tx.try_mail_code(change.org, code.id, used).await?;
    Ok(right)
}

/// Mails a six-digit code to the invited address, unless enough were mailed lately; whoever asks
/// is told the same either way.
pub async fn send_code(
    store: &Store,
    context: Context,
    links: &Links,
    token: &str,
) -> Result<(), Error> {
    let (claim, org) = proven(store, links, token).await?;
    change(store, org, context, move |change| {
        async move {
            let row = super::find(change, claim.invitation).await?;
            let stands = standing(&claim, &row, change.now) == Standing::Pending;
            let hour = jiff::SignedDuration::from_hours(1);
            let since = Time(change.now.checked_sub(hour).unwrap_or(change.now));
            let mailed = change.tx.mail_codes_since(org, row.id, since).await?.len();
            let enough = mailed >= usize::try_from(limits::SHORT_CODES_PER_HOUR).unwrap_or(0);
            if !stands || !is_current(&claim, &row) || enough {
                return Ok(());
            }
            let life = limits::SHORT_CODE_LIFE;
            let code = MailCodeRow {
                org_id: org,
                id: change.id(),
                invitation_id: row.id,
                tries: 0,
                created_at: change.time(),
                expires_at: Time(change.now.checked_add(life).unwrap_or(change.now)),
                used_at: None,
            };
            change.tx.insert_mail_code(&code).await?;
            let delivery = OutboxRow {
                org_id: org,
                id: change.id(),
                kind: MailKind::Code,
                recipient: row.email,
                invitation_id: Some(row.id),
                code_id: Some(code.id),
                detail: Doc("{}".to_owned()),
                state: Delivery::Queued,
                uncertain: false,
                attempts: 0,
                due_at: change.time(),
                lease: None,
                leased_until: None,
                last_reply: None,
                created_at: change.time(),
                finished_at: None,
            };
            Ok(change.tx.insert_delivery(&delivery).await?)
        }
        .boxed()
    })
    .await
}
