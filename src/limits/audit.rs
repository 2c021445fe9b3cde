//! How the audit log is vouched for, and how long it and the sign-ins are kept.

use std::time::Duration;

use jiff::SignedDuration;

/// Events after which a checkpoint is due.
pub const CHECKPOINT_EVENTS: i64 = 1_000;

/// How long what happened may wait for a checkpoint.
pub const CHECKPOINT_AGE: SignedDuration = SignedDuration::from_hours(1);

/// How long events are kept, at least: they go up to a checkpoint that is older.
pub const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Characters of the reason why a person is erased.
pub const ERASURE_REASON: usize = 500;

/// Events that are looked at in one reading while the chain is verified.
pub const AUDIT_PAGE: i64 = 500;

/// Faults that a verification tells of; beyond, it says that there are more.
pub const AUDIT_FINDINGS: usize = 100;

/// How long a sign-in is kept with its checks.
pub const SIGN_IN_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long one is kept whose signature was not found good.
pub const STRANGE_SIGN_IN_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Refused sign-ins of a connection that are kept in a minute.
pub const REFUSALS_A_MINUTE: u32 = 30;

/// Audit logs that one process verifies at once.
pub const VERIFIED_AT_ONCE: usize = 2;

/// How long a log waits for its turn to be verified.
pub const VERIFICATION_WAITS: Duration = Duration::from_secs(10);
