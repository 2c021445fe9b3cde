//! What else somebody with a link may ask for: a code, to be left alone, another invitation.

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::delivery::{Delivery, MailKind};
use crate::directory::event::EventKind;
use crate::directory::invitation::link::Channel;
use crate::directory::invitation::{Message, Standing, State};
use crate::limits;
use crate::provisioning::invitations::acceptance::proven;
use crate::provisioning::invitations::links::{is_current, standing};
use crate::provisioning::invitations::{Links, close, find, owe, told};
use crate::provisioning::{Change, Context, Error, change};
use crate::store::Store;
use crate::store::rows::{InvitationRow, MailCodeRow, OutboxRow, UserRow};
use crate::store::types::{Doc, Time};

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
            let row = find(change, claim.invitation).await?;
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

/// The no of the invited person, from their own mailbox. Doing it again changes nothing.
pub async fn decline(
    store: &Store,
    context: Context,
    links: &Links,
    token: &str,
    reason: Option<Message>,
) -> Result<(), Error> {
    let (claim, org) = proven(store, links, token).await?;
    change(store, org, context, move |change| {
        let reason = reason.clone();
        async move {
            let row = find(change, claim.invitation).await?;
            let mailed = claim.channel == Channel::Mail && is_current(&claim, &row);
            if !mailed || standing(&claim, &row, change.now) != Standing::Pending {
                return Ok(());
            }
            let row = close(change, row, State::Declined, "declined").await?;
            let reason = reason.as_ref().map(Message::as_str);
            notify(change, &row, json!({"about": "declined", "reason": reason})).await
        }
        .boxed()
    })
    .await
}

/// Somebody came too late and asks for another invitation: once a day the inviter is told;
/// whoever asks hears the same either way.
pub async fn ask_again(
    store: &Store,
    context: Context,
    links: &Links,
    token: &str,
) -> Result<(), Error> {
    let (claim, org) = proven(store, links, token).await?;
    change(store, org, context, move |change| {
        async move {
            let mut row = find(change, claim.invitation).await?;
            let day = jiff::SignedDuration::from_hours(24);
            let lately = |at: Time| change.now.duration_since(at.0) < day;
            let expired = standing(&claim, &row, change.now) == Standing::Expired;
            if !expired || !is_current(&claim, &row) || row.asked_at.is_some_and(lately) {
                return Ok(());
            }
            row.asked_at = Some(change.time());
            change.tx.update_invitation(&row).await?;
            let data = told(&row, "expired");
            change.record(EventKind::InvitationChangeRequested, data);
            notify(change, &row, json!({"about": "wanted"})).await
        }
        .boxed()
    })
    .await
}

/// Tells whoever invited what became of it: the inviter while they are a member, else the owner.
pub(super) async fn notify(
    change: &mut Change<'_>,
    row: &InvitationRow,
    mut detail: serde_json::Value,
) -> Result<(), Error> {
    let inviter = match row.inviter_id {
        Some(id) => change.tx.user(change.org, id).await?,
        None => None,
    };
    let mut reader = inviter.filter(UserRow::is_active);
    if reader.is_none() {
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("to_owner".to_owned(), true.into());
        }
        reader = change.tx.owner_of(change.org).await?;
    }
    if let Some(address) = reader.and_then(|user| user.email) {
        let detail = Doc(detail.to_string());
        owe(change, row, MailKind::Notice, &address, detail).await?;
    }
    Ok(())
}
