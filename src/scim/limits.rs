//! How much one request may ask for. Every number is announced where RFC 7643 §5 has a place for it.

/// Octets of a request body.
pub const BODY: usize = 4 * 1024 * 1024;
/// Levels of objects and arrays in a JSON body.
pub const JSON_DEPTH: usize = 32;
/// Octets of a filter.
pub const FILTER_LENGTH: usize = 16 * 1024;
/// Attribute expressions in a filter.
pub const FILTER_TERMS: usize = 200;
/// Parentheses and brackets open at once in a filter.
pub const FILTER_DEPTH: usize = 32;
/// Operations of one PATCH.
pub const PATCH_OPERATIONS: usize = 1_000;
/// Members named by one request.
pub const MEMBERS: usize = 20_000;
/// Elements of one multi-valued attribute.
pub const ELEMENTS: usize = 1_000;
/// Comparisons that the filters in the paths of one PATCH may take.
pub const PATCH_COMPARISONS: usize = 2_000_000;
/// Resources of a page when the client does not say.
pub const PAGE_DEFAULT: u64 = 100;
/// Resources of a page at most.
pub const PAGE_MAX: u64 = 1_000;
/// Operations of one bulk request.
pub const BULK_OPERATIONS: usize = 1_000;
/// Names kept in the list of what was ignored in a request.
pub const IGNORED: usize = 50;
