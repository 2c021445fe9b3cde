//! The six digits that are mailed to whoever came by a link that somebody passed on: saying them
//! proves the mailbox.

use crate::directory::invitation::digits;
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::{Change, Error};
use crate::store::rows::{InvitationRow, MailCodeRow};
use crate::store::types::Time;

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
