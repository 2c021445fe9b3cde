//! The parameters of a request, from its query or its form (RFC 6749 §3.1, §3.2): none may be
//! repeated, and one without a value counts as absent.

use std::collections::HashSet;

/// Names and values as they came, already decoded, in their order.
pub type Pairs = [(String, String)];

/// Reads pairs by name.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a>(&'a Pairs);

impl<'a> Parameters<'a> {
    /// The parameters of these pairs.
    pub(super) fn new(pairs: &'a Pairs) -> Self {
        Self(pairs)
    }

    /// The value, unless it is empty or absent.
    pub(super) fn value(self, name: &str) -> Option<&'a str> {
        let mut values = self
            .0
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str());
        values.next().filter(|value| !value.is_empty())
    }

    /// The value as text of one's own.
    pub(super) fn text(self, name: &str) -> Option<String> {
        self.value(name).map(str::to_owned)
    }

    /// Whether the parameter is there more than once.
    pub(super) fn repeats(self, name: &str) -> bool {
        self.0.iter().filter(|(n, _)| n == name).nth(1).is_some()
    }

    /// What is wrong with the parameters as such, known or unknown: one is there more than once,
    /// or has a null character, which no value may have and not every store can keep.
    pub(super) fn fault(self) -> Option<&'static str> {
        let mut seen = HashSet::new();
        if !self.0.iter().all(|(name, _)| seen.insert(name)) {
            return Some("a parameter is there more than once");
        }
        let holds_nul =
            |(name, value): &(String, String)| name.contains('\0') || value.contains('\0');
        let nul = self.0.iter().any(holds_nul);
        nul.then_some("a parameter has a null character")
    }
}

/// Pairs for the tests of this module's readers.
#[cfg(test)]
pub(super) fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_counts_as_absent_and_repeats_are_seen() {
        let given = pairs(&[("a", "1"), ("b", ""), ("c", ""), ("c", "2")]);
        let parameters = Parameters::new(&given);
        assert_eq!(parameters.value("a"), Some("1"));
        assert_eq!(parameters.value("b"), None);
        assert!(parameters.repeats("c") && !parameters.repeats("a"));
        assert_eq!(
            parameters.fault(),
            Some("a parameter is there more than once")
        );
        assert_eq!(Parameters::new(&given[..3]).fault(), None);
        let given = pairs(&[("nonce", "n\0")]);
        assert_eq!(
            Parameters::new(&given).fault(),
            Some("a parameter has a null character")
        );
    }
}
