//! Versions as entity tags (RFC 7644 §3.14; RFC 9110 §8.8, §13.1).
//!
//! Tags are weak, as in the standard's examples, and If-Match compares them weakly too: a client that
//! repeats the tag it was given must be understood.

/// The tag of a version.
pub fn of(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// Whether an If-Match header lets a change of this version through.
pub fn matches_if_match(header: &str, version: i64) -> bool {
    matches(header, version)
}

/// Whether an If-None-Match header names this version, so that a reader has it already.
pub fn matches_if_none_match(header: &str, version: i64) -> bool {
    matches(header, version)
}

fn matches(header: &str, version: i64) -> bool {
    let version = version.to_string();
    header
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || opaque(tag) == version)
}

fn opaque(tag: &str) -> &str {
    let tag = tag
        .strip_prefix("W/")
        .or_else(|| tag.strip_prefix("w/"))
        .unwrap_or(tag);
    tag.strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'))
        .unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_in_lists() {
        for (header, expected) in [
            ("W/\"3\"", true),
            ("\"3\"", true),
            ("3", true),
            ("*", true),
            ("W/\"1\", W/\"3\"", true),
            ("W/\"1\",*", true),
            ("W/\"4\"", false),
            ("\"33\"", false),
            ("", false),
            ("\"", false),
        ] {
            assert_eq!(matches_if_match(header, 3), expected, "{header}");
            assert_eq!(matches_if_none_match(header, 3), expected, "{header}");
        }
    }
}
