//! How long somebody is at the console, and what lets them in.

use std::time::Duration;

use jiff::SignedDuration;

/// How long a session at the console lasts unused.
pub const CONSOLE_IDLE: SignedDuration = SignedDuration::from_mins(30);

/// How exact it is kept when somebody was last seen at the console.
pub const CONSOLE_SEEN: SignedDuration = SignedDuration::from_mins(1);

/// How long a session at the console lasts at most.
pub const CONSOLE_SESSION: SignedDuration = SignedDuration::from_hours(8);

/// How long ago somebody may have said who they are to decide who comes in, and what cannot be taken back.
pub const CONSOLE_FRESH: SignedDuration = SignedDuration::from_mins(5);

/// How long the link lasts that lets the operator in.
pub const OPERATOR_LINK: SignedDuration = SignedDuration::from_mins(15);

/// How long the link lasts that lets the first owner of an organization in.
pub const OWNER_LINK: SignedDuration = SignedDuration::from_hours(72);

/// How long it is kept that somebody was at the console.
pub const CONSOLE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long whoever types an address to be mailed a code, or a code, waits for the answer at least: as long where
/// somebody was mailed as where nobody was.
pub const CODE_ANSWERED_AFTER: Duration = Duration::from_millis(250);
