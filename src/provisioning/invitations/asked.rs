//! What else somebody with a link may ask for: a code, to be left alone, another invitation.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::delivery::MailKind;
use crate::directory::event::EventKind;
use crate::directory::invitation::{Message, Standing, State};
use crate::provisioning::invitations::codes::mail_code;
use crate::provisioning::invitations::judgement::{Barrier, Click, Judgement, here, proven};
use crate::provisioning::invitations::links::{is_current, standing};
use crate::provisioning::invitations::owe::owe;
use crate::provisioning::invitations::{Links, close, find, told};
use crate::provisioning::{Change, Context, Error, change};
use crate::secret::Hash;
use crate::store::Store;
use crate::store::rows::{InvitationRow, UserRow};
use crate::store::types::Time;

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
            if !stands || !is_current(&claim, &row) {
                return Ok(());
            }
            mail_code(change, &row).await
        }
        .boxed()
    })
    .await
}

/// A no, and what it comes with.
#[derive(Clone, Debug, Default)]
pub struct No {
    /// Why, where they say it.
    pub reason: Option<Message>,
    /// The six digits that were mailed, where the link did not come by mail.
    pub code: Option<String>,
    /// The cookies of the browser.
    pub cookies: Vec<Hash>,
}

/// The no of the invited person: it takes what a yes takes. Answers what stands in its way.
pub async fn decline(
    store: &Store,
    context: Context,
    links: &Arc<Links>,
    token: &str,
    no: No,
) -> Result<Option<Barrier>, Error> {
    let (claim, org) = proven(store, links, token).await?;
    let here = here(store, &context, no.cookies.clone()).await?;
    let links = Arc::clone(links);
    change(store, org, context, move |change| {
        let (links, here, no) = (Arc::clone(&links), here.clone(), no.clone());
        async move {
            let click = Click {
                links: &links,
                claim,
                code: no.code.as_deref(),
                here: &here,
            };
            let row = match click.judged(change).await? {
                Judgement::Barred(barrier) => return Ok(Some(barrier)),
                Judgement::Free(free) => free.1,
            };
            let row = close(change, row, State::Declined, "declined").await?;
            let reason = no.reason.as_ref().map(Message::as_str);
            notify(change, &row, json!({"about": "declined", "reason": reason})).await?;
            Ok(None)
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
        owe(change, row, MailKind::Notice, &address, detail).await?;
    }
    Ok(())
}
