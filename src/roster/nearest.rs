//! What somebody may have meant: the nearest of the words that are known.

/// The candidate that takes the fewest slips of typing (a character too many, too few, wrong, or
/// swapped with its neighbour), in any case of letters; `None` where none is near.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text: String = text.trim().to_lowercase().chars().take(LONGEST).collect();
    let length = text.chars().count();
    let slips = (length / 3).max(1);
    candidates
        .into_iter()
        // Each slip changes the length by one at most.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= slips)
        .map(|candidate| (distance(&text, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= slips)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A longer text is nobody's slip, and comparing costs its square.
const LONGEST: usize = 100;

/// The slips between two words.
pub(super) fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(a, b)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_suggested_and_no_far_one() {
        for (text, meant) in [
            ("editr", Some("editor")),
            ("Editor", Some("editor")),
            ("eidtor", Some("editor")),
            (" viwer ", Some("viewer")),
            ("admins", Some("admin")),
            ("boss", None),
            ("", None),
            ("x", None),
        ] {
            let roles = ["admin", "editor", "viewer"];
            assert_eq!(nearest(text, roles), meant, "{text}");
        }
        assert_eq!(nearest("cat", ["cab", "car", "bat"]), Some("bat"));
        assert_eq!(nearest(&"x".repeat(1_000_000), ["xx"]), None);
    }
}
