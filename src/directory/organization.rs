//! An organization: the tenant. Everything else belongs to exactly one.

/// Whether the text is a slug: `[a-z0-9-]{1,63}`, fixed for life.
pub fn is_slug(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(plain)
}
