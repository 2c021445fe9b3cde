//! "My account uses another address": whoever has a link shows that another address is theirs, and
//! asks to be invited there. An admin decides, and until then everything stays as it is; an
//! organization may let addresses of the invited domain pass without one.

use std::sync::Arc;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::invitation::Standing;
use crate::directory::invitation::change::{ChangeState, Proof};
use crate::directory::invitation::link::LinkClaim;
use crate::limits;
use crate::provisioning::invitations::asked::notify;
use crate::provisioning::invitations::change_decision::approve_at_once;
use crate::provisioning::invitations::codes::{mail_other_code, other_proven};
use crate::provisioning::invitations::judgement::{Barrier, here, is_another, proven};
use crate::provisioning::invitations::links::{is_current, standing};
use crate::provisioning::invitations::{Links, find};
use crate::provisioning::sessions::Live;
use crate::provisioning::{Change, Context, Error, change};
use crate::secret::Hash;
use crate::store::Store;
use crate::store::rows::{InvitationChangeRow, InvitationRow};
use crate::store::types::Time;

/// The window of [`limits::ADDRESS_CHANGES_PER_DAY`].
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing: something stands in the way.
    Barred(Barrier),
    /// It waits for an admin.
    Noted,
    /// The invitation was moved there, as the organization's policy has it.
    Moved,
    /// It was asked as often as may be in a day; when it may be asked again.
    TooOften(Timestamp),
    /// An earlier one waits for an admin.
    Waiting,
}

/// What shows whose address it is.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The six digits that were mailed to it; without them, a session does.
    pub code: Option<String>,
    /// The cookies of the browser.
    pub cookies: Vec<Hash>,
}

/// Mails a six-digit code to another address than the invited one, unless enough were mailed
/// lately; whoever asks is told the same either way.
pub async fn send_code_to(
    store: &Store,
    context: Context,
    links: &Links,
    token: &str,
    address: &str,
) -> Result<(), Error> {
    let (claim, org) = proven(store, links, token).await?;
    let Some(address) = Address::parse(address) else {
        return Ok(());
    };
    change(store, org, context, move |change| {
        let address = address.clone();
        async move {
            match answerable(change, &claim).await? {
                Some(row) => mail_other_code(change, &row, &address).await,
                None => Ok(()),
            }
        }
        .boxed()
    })
    .await
}

/// Asks to be invited at another address.
pub async fn request(
    store: &Store,
    context: Context,
    links: &Arc<Links>,
    token: &str,
    shown: Shown,
) -> Result<Wish, Error> {
    let (claim, org) = proven(store, links, token).await?;
    let here = here(store, &context, shown.cookies).await?;
    let (links, code) = (Arc::clone(links), shown.code);
    change(store, org, context, move |change| {
        let (links, here, code) = (Arc::clone(&links), here.clone(), code.clone());
        async move {
            let Some(row) = answerable(change, &claim).await? else {
                return Ok(Wish::Barred(Barrier::Closed));
            };
            let (email, proof) = match &code {
                Some(said) => (other_proven(change, &links, &row, said).await?, Proof::Code),
                None => (signed_in(&here, &row), Proof::Session),
            };
            match email.as_deref().and_then(Address::parse) {
                Some(address) => ask(change, row, &claim, &address, proof).await,
                None => Ok(Wish::Barred(Barrier::Code(code.is_some()))),
            }
        }
        .boxed()
    })
    .await
}

/// The invitation of a link, while it can be answered with that link.
async fn answerable(
    change: &mut Change<'_>,
    claim: &LinkClaim,
) -> Result<Option<InvitationRow>, Error> {
    let row = find(change, claim.invitation).await?;
    let stands = standing(claim, &row, change.now) == Standing::Pending;
    Ok((stands && is_current(claim, &row)).then_some(row))
}

/// The address of somebody else of the organization who is signed in here.
fn signed_in(here: &[Live], row: &InvitationRow) -> Option<String> {
    let other = here.iter().find(|live| is_another(live, row));
    other.and_then(|live| live.user.email.clone())
}

async fn ask(
    change: &mut Change<'_>,
    row: InvitationRow,
    claim: &LinkClaim,
    address: &Address,
    proof: Proof,
) -> Result<Wish, Error> {
    let ids = [row.id];
    let open = change.tx.open_invitation_changes(change.org, &ids);
    if !open.await?.is_empty() {
        return Ok(Wish::Waiting);
    }
    let since = Time(change.now.checked_sub(DAY).unwrap_or(change.now));
    let asked = change
        .tx
        .invitation_changes_since(change.org, row.id, since);
    let asked = asked.await?;
    if let (Some(first), true) = (
        asked.first(),
        asked.len() >= limits::ADDRESS_CHANGES_PER_DAY,
    ) {
        let again_at = first.0.checked_add(DAY).unwrap_or(Timestamp::MAX);
        return Ok(Wish::TooOften(again_at));
    }
    let wish = InvitationChangeRow {
        org_id: change.org,
        id: change.id(),
        invitation_id: row.id,
        email: address.typed().to_owned(),
        email_norm: address.norm().to_owned(),
        proof,
        channel: claim.channel,
        state: ChangeState::Open,
        created_at: change.time(),
        closed_at: None,
        closed_by: None,
    };
    change.tx.insert_invitation_change(&wish).await?;
    let data = json!({
        "invitation_id": row.id,
        "email": row.email,
        "reason": "other_address",
        "other_email": wish.email,
        "proof": proof,
        "link": claim.channel,
    });
    change.record(EventKind::InvitationChangeRequested, data);
    if approve_at_once(change, row.clone(), &wish).await? {
        return Ok(Wish::Moved);
    }
    let detail = json!({"about": "other_address", "email": wish.email, "link": claim.channel});
    notify(change, &row, detail).await?;
    Ok(Wish::Noted)
}
