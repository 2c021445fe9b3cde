//! How much one directory may take away, or give, before somebody looks; and how much is undone at once.

use jiff::SignedDuration;

/// How far back is counted.
pub const SAFEGUARD_WINDOW: SignedDuration = SignedDuration::from_mins(60);

/// A removal so long after the one before is no part of a burst.
pub const SAFEGUARD_APART: SignedDuration = SignedDuration::from_mins(10);

/// Removals in the window that are few enough whatever the size of the directory, and the share of its
/// active people, in percent: the larger of the two counts.
pub const SAFEGUARD_REMOVALS: (i64, i64) = (10, 20);

/// The same of people who become admins.
pub const SAFEGUARD_PROMOTIONS: (i64, i64) = (3, 5);

/// How many minutes a hold waits for a decision unless said.
pub const SAFEGUARD_HOLD_MINUTES: i64 = 15;

/// How many minutes at most.
pub const SAFEGUARD_LONGEST_HOLD_MINUTES: i64 = 60;

/// The longest time for which removals may be planned.
pub const SAFEGUARD_PLANNED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The longest window that is undone at once.
pub const UNDO_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// The most events that are undone at once.
pub const UNDO_EVENTS: i64 = 20_000;

/// How long it is known that what was counted is few enough of a connection's people.
pub const SAFEGUARD_FEW_COUNTED: SignedDuration = SignedDuration::from_mins(5);

/// How long what was counted and was too much is too much without being counted again.
pub const SAFEGUARD_MANY_COUNTED: SignedDuration = SignedDuration::from_mins(1);
