//! What webhooks may cost.

use jiff::SignedDuration;

/// Webhooks of one organization.
pub const WEBHOOKS: usize = 20;

/// Characters of a webhook's name.
pub const WEBHOOK_NAME: usize = 100;

/// Characters of a webhook's URL.
pub const WEBHOOK_URL: usize = 2_000;

/// Bytes of what is posted to a webhook; of an event that is longer the longest lists are cut.
pub const WEBHOOK_BODY: usize = 20_000;

/// Webhooks that one process posts to at once, and as many again of those whose last post failed.
pub const WEBHOOKS_AT_ONCE: i64 = 20;

/// Events that are owed to a webhook once more by one request.
pub const WEBHOOK_AGAIN: i64 = 1_000;

/// How long every post to a webhook may fail before it is disabled.
pub const WEBHOOK_FAILING: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How often an event must have been tried for its failure to disable the webhook.
pub const WEBHOOK_TRIED: i64 = 8;

/// How long the secret signs, too, that a webhook had before its present one.
pub const WEBHOOK_SECRET_OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// How long it is kept what a webhook took.
pub const WEBHOOK_DELIVERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long it is kept what a webhook did not take.
pub const WEBHOOK_FAILED: SignedDuration = SignedDuration::from_hours(90 * 24);
