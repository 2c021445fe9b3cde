//! Whom alerts reach by mail, and how often.

use jiff::SignedDuration;

/// People of an organization whom one alert reaches: the owner, and the admins who are there the longest.
pub const ALERT_READERS: i64 = 20;

/// How long the same is not told again: an owner whom a directory turns away over and over.
pub const ALERT_GAP: SignedDuration = SignedDuration::from_hours(24);

/// How long it is kept that an alert was mailed.
pub const ALERT_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
