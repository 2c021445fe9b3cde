//! What stands between a click on an invitation's page and what the click asks for: one judgement,
//! whether the answer is yes or no.

use futures_util::FutureExt;

use crate::directory::connection::ConnectionState;
use crate::directory::email::domain_of;
use crate::directory::invitation::Standing;
use crate::directory::invitation::link::{Channel, LinkClaim};
use crate::id::OrganizationId;
use crate::provisioning::invitations::codes::proves;
use crate::provisioning::invitations::links::{is_current, standing};
use crate::provisioning::invitations::{Links, Rules, find};
use crate::provisioning::sessions::{self, Live};
use crate::provisioning::trust::is_trusted;
use crate::provisioning::{Change, Context, Error, Kind};
use crate::secret::Hash;
use crate::store::rows::{ConnectionRow, InvitationRow};
use crate::store::{Store, Tx};

/// What stands in the way of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// It cannot be answered any more: the page says how it stands.
    Closed,
    /// A code is asked for: the link did not come by mail. Whether one was said, and was wrong.
    Code(bool),
    /// The person signs in through the connection of their domain.
    SignIn,
    /// Somebody else of the organization is signed in in this browser.
    WrongAccount,
}

/// Whether a click may do what it asks for.
#[derive(Clone, Debug)]
pub(super) enum Judgement {
    /// It may not.
    Barred(Barrier),
    /// It may: it is from the invited mailbox, and the invitation waits.
    Free(Box<(Rules, InvitationRow)>),
}

/// A click.
pub(super) struct Click<'a> {
    pub(super) links: &'a Links,
    pub(super) claim: LinkClaim,
    pub(super) code: Option<&'a str>,
    pub(super) here: &'a [Live],
}

impl Click<'_> {
    /// Judges it. A wrong code counts.
    pub(super) async fn judged(&self, change: &mut Change<'_>) -> Result<Judgement, Error> {
        let row = find(change, self.claim.invitation).await?;
        let stands = standing(&self.claim, &row, change.now) == Standing::Pending;
        if !stands || !is_current(&self.claim, &row) {
            return Ok(Judgement::Barred(Barrier::Closed));
        }
        if self.here.iter().any(|live| is_another(live, &row)) {
            return Ok(Judgement::Barred(Barrier::WrongAccount));
        }
        let rules = Rules::read(change.tx, change.org).await?;
        if rules.policy.sso_required && sso_of(change.tx, &row).await?.is_some() {
            return Ok(Judgement::Barred(Barrier::SignIn));
        }
        let proof = self.claim.channel == Channel::Mail
            || proves(change, self.links, &row, self.code).await?;
        if !proof {
            return Ok(Judgement::Barred(Barrier::Code(self.code.is_some())));
        }
        Ok(Judgement::Free(Box::new((rules, row))))
    }
}

/// Whether a session is one of the organization's that invites. What another organization calls
/// its people says nothing of who is invited here.
pub(super) fn is_ours(live: &Live, row: &InvitationRow) -> bool {
    live.user.org_id == row.org_id
}

/// Whether a session is that of somebody else here.
pub(super) fn is_another(live: &Live, row: &InvitationRow) -> bool {
    is_ours(live, row) && live.user.email_norm.as_ref() != Some(&row.email_norm)
}

/// The sessions of a browser with these cookies.
pub(super) async fn here(
    store: &Store,
    context: &Context,
    cookies: Vec<Hash>,
) -> Result<Vec<Live>, Error> {
    let now = context.ids.clock().now();
    let mut here = Vec::new();
    for cookie in cookies {
        here.extend(sessions::current(store, vec![cookie], now).await?);
    }
    Ok(here)
}

/// The invitation that a link names, if we made the link.
pub(super) async fn proven(
    store: &Store,
    links: &Links,
    token: &str,
) -> Result<(LinkClaim, OrganizationId), Error> {
    const NONE: Error = Error::NotFound(Kind::Invitation);
    let claim = LinkClaim::parse(token).ok_or(NONE)?;
    let row = store
        .read(move |tx| async move { tx.invitation_of_link(claim.invitation).await }.boxed())
        .await?;
    let org = row.ok_or(NONE)?.org_id;
    if claim.is_proven(&links.keys, org) {
        Ok((claim, org))
    } else {
        Err(NONE)
    }
}

/// The connection that the invited address's domain signs in through: one that works, else one that
/// is paused. A paused one asks for its sign-in all the same: stopping it opens no other way in.
pub(super) async fn sso_of(
    tx: &mut Tx,
    row: &InvitationRow,
) -> Result<Option<ConnectionRow>, Error> {
    // The directory turned the person away, and would not sign them in.
    if row.override_reason.is_some() {
        return Ok(None);
    }
    let domain = domain_of(&row.email_norm);
    let mut paused = None;
    for connection in tx.connections(row.org_id).await? {
        if connection.sso_url.is_none() || connection.testing {
            continue;
        }
        if !is_trusted(tx, row.org_id, connection.id, domain).await? {
            continue;
        }
        if connection.state == ConnectionState::Active {
            return Ok(Some(connection));
        }
        paused.get_or_insert(connection);
    }
    Ok(paused)
}
