//! What a message that somebody got says: its links to invitations, and whatever else looks like an
//! address.

use crate::directory::invitation::link::LinkClaim;

/// What a message says: its words with one space between them, its links to invitations, and
/// whatever else looks like an address.
pub(super) struct Said<'a> {
    pub(super) words: String,
    pub(super) links: Vec<Found<'a>>,
    pub(super) others: Vec<&'a str>,
}

/// A link to an invitation: what stands before the token, and the token.
pub(super) struct Found<'a> {
    before: &'a str,
    token: &'a str,
}

impl<'a> Said<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let (mut links, mut others) = (Vec::new(), Vec::new());
        let ends = |c: char| c.is_whitespace() || "<>|\"'()[]{}`*".contains(c);
        for word in text.split(ends) {
            if let Some(at) = word.find("inv_") {
                let (before, rest) = word.split_at(at);
                let length = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
                    .unwrap_or(rest.len());
                let (token, _) = rest.split_at(length);
                links.push(Found { before, token });
            } else if word.contains("://") || word.to_ascii_lowercase().starts_with("www.") {
                others.push(word);
            }
        }
        Self {
            words: text.split_whitespace().collect::<Vec<_>>().join(" "),
            links,
            others,
        }
    }
}

impl Found<'_> {
    pub(super) fn claim(&self) -> Option<LinkClaim> {
        LinkClaim::parse(self.token)
    }

    /// Whether it is a bare token, or a link of exactly our form: a real token behind another host
    /// is how a message is forged.
    pub(super) fn leads_to(&self, bases: &[&str]) -> bool {
        let path = |base: &&str| {
            let rest = self.before.strip_prefix(*base);
            rest == Some("/join/")
        };
        self.before.is_empty() || bases.iter().any(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_what_people_paste() {
        const OURS: &str = "https://usher.example";
        for (text, tokens, ours, others) in [
            ("hello", &[][..], true, 0),
            ("inv_abc", &["inv_abc"], true, 0),
            (
                "See https://usher.example/join/inv_a-b_c.",
                &["inv_a-b_c"],
                true,
                0,
            ),
            (
                "<https://usher.example/join/inv_a|join>",
                &["inv_a"],
                true,
                0,
            ),
            ("https://evil.example/join/inv_a", &["inv_a"], false, 0),
            (
                "https://usher.example.evil.example/join/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "https://evil.example/?https://usher.example/join/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "https://usher.example@evil.example/join/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "https://usher.example/join/../x/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "inv_a http://evil.example www.evil.example",
                &["inv_a"],
                true,
                2,
            ),
        ] {
            let said = Said::read(text);
            let found: Vec<_> = said.links.iter().map(|it| it.token).collect();
            assert_eq!(found, tokens, "{text}");
            assert_eq!(
                said.links.iter().all(|it| it.leads_to(&[OURS])),
                ours,
                "{text}"
            );
            assert_eq!(said.others.len(), others, "{text}");
        }
    }
}
