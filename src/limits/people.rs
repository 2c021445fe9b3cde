//! How far one change of people may go.

use jiff::SignedDuration;

/// How long an override of the directory holds at most.
pub const OVERRIDE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long an override holds unless said.
pub const OVERRIDE_USUAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// People whom one command may part from their connection, or one change of the rules may give other
/// roles, before it must be confirmed.
pub const UNCONFIRMED_PEOPLE: usize = 20;

/// How long whoever is to go with their connection can still be let in again.
pub const REMOVED_PERSON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Changes of the rules that are made together.
pub const PROPOSALS: usize = 50;

/// Roles and entitlements of a directory's own that a token passes on.
pub const DIRECTORY_ROLES: usize = 50;

/// Characters of one of them; a longer one is left out.
pub const DIRECTORY_ROLE_LENGTH: usize = 256;

/// People whose roles one change of the rules computes at once; those of more are computed in batches.
pub const RECOMPUTED_AT_ONCE: usize = 1_000;

/// People of one batch: nobody else's change waits longer than for so many.
pub const RECOMPUTE_BATCH: i64 = 200;

/// How long a recompute that is done is kept.
pub const RECOMPUTE_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// People that a plan looks at in one read.
pub const FORESEEN: usize = 500;

/// People that the answer of a plan lists, of any number that it counts.
pub const PLAN_PEOPLE: usize = 1_000;

/// How long whoever is asked may answer a transfer of ownership, or the owner a link that somebody proved to
/// be theirs.
pub const OWNERSHIP_TRANSFER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long an address, or an externalId, that a directory changed is nobody's to sign in or to answer by.
pub const FRESH_ADDRESS: SignedDuration = SignedDuration::from_hours(24);

/// How short a while ago an owner has signed in, in the browser in which they give something away.
pub const OWNER_SIGNED_IN: SignedDuration = SignedDuration::from_hours(1);

/// How long an owner who refused a transfer, or a link, is not asked the like again by others.
pub const OWNER_LEFT_ALONE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Within how long an owner is asked [`OWNER_ASKED_AT_MOST`] times about transfers that others begin.
pub const OWNER_ASKED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Transfers that others than the owner begin within [`OWNER_ASKED_WITHIN`].
pub const OWNER_ASKED_AT_MOST: usize = 3;

/// Six-digit codes that one person is mailed to confirm links, or to come in by an open break-glass sign-in, in
/// a day.
pub const SHORT_CODES_PER_DAY: usize = 10;

/// Hours for which a break-glass sign-in is open where nobody says how many.
pub const BREAK_GLASS_HOURS: u16 = 24;

/// Hours for which a break-glass sign-in may be open.
pub const BREAK_GLASS_HOURS_AT_MOST: u16 = 7 * 24;

/// Codes that are mailed for set-up links of one organization in a day, to whomever.
pub const SETUP_CODES_PER_DAY: usize = 50;

/// How long the browser in which a set-up link's code was said is let in.
pub const SETUP_ENTRY: SignedDuration = SignedDuration::from_hours(12);

/// Codes that are mailed while a break-glass sign-in is open.
pub const BREAK_GLASS_CODES: usize = 20;

/// How long a session lasts that a break-glass sign-in began.
pub const BREAK_GLASS_SESSION: SignedDuration = SignedDuration::from_hours(1);

/// Connections of an organization: all of them are read whenever somebody signs in, or a role is computed.
pub const CONNECTIONS_OF_ORGANIZATION: usize = 50;

/// Projects of an organization, those that are archived too.
pub const PROJECTS: usize = 2_000;

/// Keys of an organization, or of the operator, that are good.
pub const KEYS: usize = 200;

/// Resources that wait for a yes which an alert counts.
pub const ALERT_LINKS: i64 = 1000;
