//! What else may be answered to an invitation: no, or "too late, ask me again".

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::invitation::link::Channel;
use crate::directory::invitation::{Message, Standing, State};
use crate::provisioning::invitations::acceptance::{notify, proven};
use crate::provisioning::invitations::links::{is_current, standing};
use crate::provisioning::invitations::{Links, close, find, told};
use crate::provisioning::{Context, Error, change};
use crate::store::Store;
use crate::store::types::Time;

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
