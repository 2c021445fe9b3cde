//! How many invitations may be made: a person, or an organization's own key, makes only so many in
//! an hour and in a day, so that nobody mails strangers through us.

use jiff::SignedDuration;

use crate::limits;
use crate::provisioning::invitations::Obstacle;
use crate::provisioning::{Change, Error};
use crate::store::types::Time;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Refuses more invitations than a person and an address may make and get. A file counts against
/// the organization alone, and names no address here.
pub async fn bounds(change: &mut Change<'_>, norm: Option<&str>, more: u64) -> Result<(), Error> {
    let daily = "this organization invited as many people as may be in a day";
    let limit = limits::INVITATIONS_PER_ORGANIZATION;
    bound(change, (None, None), (DAY, limit, daily), more).await?;
    if norm.is_none() {
        return Ok(());
    }
    let actor = change.context.source.actor();
    let hourly = "you invited as many people as may be in an hour";
    let limit = limits::INVITATIONS_PER_INVITER;
    bound(change, (Some(&actor), None), (HOUR, limit, hourly), more).await?;
    let often = "this address was invited as often as may be in a day";
    let limit = limits::INVITATIONS_PER_ADDRESS;
    bound(change, (None, norm), (DAY, limit, often), more).await
}

async fn bound(
    change: &mut Change<'_>,
    (actor, norm): (Option<&str>, Option<&str>),
    (window, limit, what): (SignedDuration, u64, &'static str),
    more: u64,
) -> Result<(), Error> {
    let since = Time(change.now.checked_sub(window).unwrap_or(change.now));
    let made = change.tx.invitations_since(change.org, actor, norm, since);
    let made = u64::try_from(made.await?).unwrap_or_default();
    if made + more <= limit {
        return Ok(());
    }
    // Until so many of the oldest have left the window; where that would not do, all of it.
    let leaving = i64::try_from(made + more - limit).unwrap_or(i64::MAX);
    let last = change
        .tx
        .invitation_made_at(change.org, actor, norm, since, leaving - 1)
        .await?;
    let from = last.map_or(change.now, |last| last.0.min(change.now));
    let again_at = from.checked_add(window).unwrap_or(change.now);
    Err(Obstacle::TooMany { what, again_at }.into())
}
