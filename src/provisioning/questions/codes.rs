//! Six digits that were mailed, and are good for a while in the browser that asked for them: how many are mailed, and
//! whether somebody said them. Each kind has its own table; what holds of all is here.

use jiff::{SignedDuration, Timestamp};

use crate::directory::invitation::digits;
use crate::id::{MailCodeId, OrganizationId};
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::secret::{self, Hash};
use crate::store::rows::{BreakGlassCodeRow, ConsoleCodeRow, SetupCodeRow};
use crate::store::types::Time;

/// A code that was mailed, whatever for.
pub(in crate::provisioning) trait MailedCode {
    /// The organization, and the id from which the digits follow.
    fn key(&self) -> (OrganizationId, MailCodeId);
    /// The hash of what the browser shows that asked for it.
    fn browser(&self) -> &[u8];
    /// When it was mailed.
    fn mailed_at(&self) -> Time;
    /// Whether somebody who says it now is heard.
    fn is_good(&self, now: Timestamp) -> bool;
    /// Counts a try, which was the right one where it is to be good no more.
    fn tried(&mut self, is_right: bool, now: Timestamp);
}

macro_rules! mailed_codes {
    ($($row:ty),+) => {$(
        impl MailedCode for $row {
            fn key(&self) -> (OrganizationId, MailCodeId) {
                (self.org_id, self.id)
            }

            fn browser(&self) -> &[u8] {
                &self.browser
            }

            fn mailed_at(&self) -> Time {
                self.created_at
            }

            fn is_good(&self, now: Timestamp) -> bool {
                self.used_at.is_none()
                    && self.tries < i64::from(limits::SHORT_CODE_TRIES)
                    && self.expires_at.0 > now
            }

            fn tried(&mut self, is_right: bool, now: Timestamp) {
                self.tries += 1;
                self.used_at = is_right.then_some(Time(now));
            }
        }
    )+};
}

mailed_codes!(BreakGlassCodeRow, ConsoleCodeRow, SetupCodeRow);

/// Whether enough were mailed lately, of these.
pub(in crate::provisioning) fn are_enough(mailed: &[impl MailedCode], now: Timestamp) -> bool {
    let within = |hours| {
        let since = Time(now - SignedDuration::from_hours(hours));
        mailed.iter().filter(|it| it.mailed_at() > since).count()
    };
    let of_an_hour = usize::try_from(limits::SHORT_CODES_PER_HOUR).unwrap_or_default();
    within(1) >= of_an_hour || within(24) >= limits::SHORT_CODES_PER_DAY
}

/// The code that this browser was mailed last, tried once more, and whether these are its digits; nothing where none is
/// good there. `mailed` has the latest first.
pub(in crate::provisioning) fn tried<C: MailedCode>(
    mailed: Vec<C>,
    links: &Links,
    (browser, said): (&Hash, &str),
    now: Timestamp,
) -> Option<(C, bool)> {
    let asked_here = |it: &C| secret::equal(it.browser(), browser);
    let last = mailed.into_iter().find(asked_here);
    let mut code = last.filter(|it| it.is_good(now))?;
    let (org, id) = code.key();
    let is_right = digits::is_said(&links.codes, org, id, said);
    code.tried(is_right, now);
    Some((code, is_right))
}
