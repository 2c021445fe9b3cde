//! How far rate limits go, where somebody sets them.

/// Requests a minute that a rate limit can be set to at most.
pub const RATE: u32 = 1_000_000;

/// Seconds in which so many requests are taken, and in which a bucket that is empty fills up again.
pub const RATE_WINDOW: i64 = 60;

/// Buckets of one rate limit. Whoever asks while so many others do shares one with everybody else who comes then.
pub const RATE_BUCKETS: usize = 10_000;
