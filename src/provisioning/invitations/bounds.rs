//! How many invitations may be made: a person, or an organization's own key, makes only so many in
//! an hour and in a day, so that nobody mails strangers through us.

use jiff::SignedDuration;

use crate::limits;
use crate::provisioning::invitations::obstacle::{Obstacle, Quota};
use crate::provisioning::{Change, Error};
use crate::store::types::Time;

const PER_ORGANIZATION: Quota = Quota {
    name: "organization",
    most: limits::INVITATIONS_PER_ORGANIZATION,
    window: SignedDuration::from_hours(24),
    left: 0,
    what: "this organization invited as many people as may be in a day",
};
const PER_INVITER: Quota = Quota {
    name: "inviter",
    most: limits::INVITATIONS_PER_INVITER,
    window: SignedDuration::from_hours(1),
    left: 0,
    what: "you invited as many people as may be in an hour",
};
const PER_ADDRESS: Quota = Quota {
    name: "address",
    most: limits::INVITATIONS_PER_ADDRESS,
    window: SignedDuration::from_hours(24),
    left: 0,
    what: "this address was invited as often as may be in a day",
};

/// Refuses more invitations than a person and an address may make and get. A file counts against
/// the organization alone, and names no address here.
pub async fn bounds(change: &mut Change<'_>, norm: Option<&str>, more: u64) -> Result<(), Error> {
    bound(change, (None, None), PER_ORGANIZATION, more).await?;
    let Some(norm) = norm else {
        return Ok(());
    };
    let actor = change.context.source.actor();
    bound(change, (Some(&actor), None), PER_INVITER, more).await?;
    bound_of_address(change, norm).await
}

/// Refuses one more invitation than an address may get.
pub(super) async fn bound_of_address(change: &mut Change<'_>, norm: &str) -> Result<(), Error> {
    bound(change, (None, Some(norm)), PER_ADDRESS, 1).await
}

async fn bound(
    change: &mut Change<'_>,
    (actor, norm): (Option<&str>, Option<&str>),
    quota: Quota,
    more: u64,
) -> Result<(), Error> {
    let (most, window) = (quota.most, quota.window);
    let since = Time(change.now.checked_sub(window).unwrap_or(change.now));
    let made = change.tx.invitations_since(change.org, actor, norm, since);
    let made = u64::try_from(made.await?).unwrap_or_default();
    if made + more <= most {
        return Ok(());
    }
    // Until so many of the oldest have left the window; where that would not do, all of it.
    let leaving = i64::try_from(made + more - most).unwrap_or(i64::MAX);
    let last = change
        .tx
        .invitation_made_at(change.org, actor, norm, since, leaving - 1)
        .await?;
    let from = last.map_or(change.now, |last| last.0.min(change.now));
    let again_at = from.checked_add(window).unwrap_or(change.now);
    let left = most.saturating_sub(made);
    let quota = Quota { left, ..quota };
    Err(Obstacle::TooMany { quota, again_at }.into())
}
