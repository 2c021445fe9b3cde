//! How far one change of people may go.

use jiff::SignedDuration;

/// How long an override of the directory holds at most.
pub const OVERRIDE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long an override holds unless said.
pub const OVERRIDE_USUAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// People whom one command may part from their connection, or one change of the rules may give other
/// roles, before it must be confirmed.
pub const UNCONFIRMED_PEOPLE: usize = 20;

/// Changes of the rules that are made together.
pub const PROPOSALS: usize = 50;

/// Roles and entitlements of a directory's own that a token passes on.
pub const DIRECTORY_ROLES: usize = 50;

/// Characters of one of them; a longer one is left out.
pub const DIRECTORY_ROLE_LENGTH: usize = 256;
