//! What one command may cost.

/// Bytes of a document that `usher config` reads, with the metadata in it.
pub const CONFIG_DOCUMENT: usize = 16 * 1024 * 1024;

/// People, or groups, of an organization of which a scratch copy can be made: it lives in memory.
pub const SCRATCH_RESOURCES: usize = 100_000;

/// Requests that one replay plays.
pub const REPLAYED_REQUESTS: usize = 1_000;
