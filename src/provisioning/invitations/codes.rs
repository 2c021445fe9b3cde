//! The six digits that are mailed to whoever came by a link that somebody passed on, or says that
//! they have another address: saying them proves the mailbox that they were mailed to.

use jiff::SignedDuration;

use crate::directory::email::Address;
use crate::directory::invitation::digits;
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::invitations::owe::owe_code;
use crate::provisioning::{Change, Error};
use crate::store::rows::{InvitationRow, MailCodeRow};
use crate::store::types::Time;

/// Mails a code to the invited address, unless enough were mailed lately.
pub(super) async fn mail_code(change: &mut Change<'_>, row: &InvitationRow) -> Result<(), Error> {
    let mailed = codes_since(change, row, SignedDuration::from_hours(1)).await?;
    let mailed = mailed.iter().filter(|code| is_own(code, row)).count();
    if mailed >= enough() {
        return Ok(());
    }
    write(change, row, (&row.email, &row.email_norm)).await
}

/// Mails a code to another address, unless enough were mailed lately: to it, or with this link to
/// any. The invited address has its codes to itself.
pub(super) async fn mail_other_code(
    change: &mut Change<'_>,
    row: &InvitationRow,
    address: &Address,
) -> Result<(), Error> {
    let hour = SignedDuration::from_hours(1);
    let mailed = codes_since(change, row, hour).await?;
    let with_link = mailed.iter().filter(|code| !is_own(code, row)).count();
    let since = change.ago(hour);
    let to_it = change.tx.mail_codes_to(change.org, address.norm(), since);
    let to_it = usize::try_from(to_it.await?).unwrap_or(usize::MAX);
    if with_link >= enough() || to_it >= enough() || address.norm() == row.email_norm {
        return Ok(());
    }
    write(change, row, (address.typed(), address.norm())).await
}

/// Whether the six digits of the last code to the invited address were said. A wrong try counts,
/// and stays counted.
pub(super) async fn proves(
    change: &mut Change<'_>,
    links: &Links,
    row: &InvitationRow,
    said: Option<&str>,
) -> Result<bool, Error> {
    let Some(said) = said else {
        return Ok(false);
    };
    let mailed = codes_since(change, row, limits::SHORT_CODE_LIFE).await?;
    let last = mailed.into_iter().find(|code| is_own(code, row));
    Ok(proven(change, links, last, said).await?.is_some())
}

/// The other address whose last code was said, if it was. A wrong try counts here too.
pub(super) async fn other_proven(
    change: &mut Change<'_>,
    links: &Links,
    row: &InvitationRow,
    said: &str,
) -> Result<Option<String>, Error> {
    let mailed = codes_since(change, row, limits::SHORT_CODE_LIFE).await?;
    let last = mailed.into_iter().find(|code| !is_own(code, row));
    proven(change, links, last, said).await
}

/// The address of a code, if this is what it says. It is the one that was mailed last: an older one
/// that is left would only give more tries.
async fn proven(
    change: &mut Change<'_>,
    links: &Links,
    last: Option<MailCodeRow>,
    said: &str,
) -> Result<Option<String>, Error> {
    let tries = i64::from(limits::SHORT_CODE_TRIES);
    let good = |code: &MailCodeRow| {
        code.used_at.is_none() && code.tries < tries && code.expires_at.0 > change.now
    };
    let Some(code) = last.filter(good) else {
        return Ok(None);
    };
    let right = digits::is_said(&links.codes, change.org, code.id, said);
    let used = right.then(|| change.time());
    change.tx.try_mail_code(change.org, code.id, used).await?;
    Ok(right.then_some(code.email))
}

async fn write(
    change: &mut Change<'_>,
    row: &InvitationRow,
    (email, email_norm): (&str, &str),
) -> Result<(), Error> {
    let life = limits::SHORT_CODE_LIFE;
    let code = MailCodeRow {
        org_id: change.org,
        id: change.id(),
        invitation_id: row.id,
        email: email.to_owned(),
        email_norm: email_norm.to_owned(),
        tries: 0,
        created_at: change.time(),
        expires_at: Time(change.now.checked_add(life).unwrap_or(change.now)),
        used_at: None,
    };
    change.tx.insert_mail_code(&code).await?;
    owe_code(change, row, &code).await
}

/// The codes that were mailed with the links of an invitation, the latest first.
async fn codes_since(
    change: &mut Change<'_>,
    row: &InvitationRow,
    window: SignedDuration,
) -> Result<Vec<MailCodeRow>, Error> {
    let since = change.ago(window);
    Ok(change
        .tx
        .mail_codes_since(change.org, row.id, since)
        .await?)
}

/// Whether a code was mailed to the address that is invited now.
fn is_own(code: &MailCodeRow, row: &InvitationRow) -> bool {
    code.email_norm == row.email_norm
}

fn enough() -> usize {
    usize::try_from(limits::SHORT_CODES_PER_HOUR).unwrap_or_default()
}
