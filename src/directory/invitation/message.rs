//! The message that an inviter adds: plain text of a few lines.

use unicode_normalization::UnicodeNormalization;

use super::Refusal;
use crate::limits;

/// A message that is not empty, not too long, and holds nothing but text and line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(String);

impl Message {
    /// Reads a message; `None` where nothing is left of it. Control characters are taken out, and
    /// those that turn the direction of writing, with which a text shows other than it is.
    pub fn read(text: &str) -> Result<Option<Self>, Refusal> {
        let lines = text
            .replace("\r\n", "\n")
            .replace(['\r', '\u{2028}', '\u{2029}'], "\n");
        let kept = |c: &char| *c == '\n' || !(c.is_control() || is_turning(*c));
        let tabless = lines.replace('\t', " ");
        let plain: String = tabless.nfc().filter(kept).collect();
        let plain = plain.trim();
        let length = plain.chars().count();
        if length > limits::INVITATION_MESSAGE {
            return Err(Refusal::MessageTooLong { length });
        }
        Ok((!plain.is_empty()).then(|| Self(plain.to_owned())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_plain_text() {
        for (text, expected) in [
            ("Welcome, Grace!", Some("Welcome, Grace!")),
            ("  one\r\ntwo\rthree\n\n", Some("one\ntwo\nthree")),
            ("a\u{0}b\u{7}c\u{1b}[31md\u{85}\u{7f}", Some("abc[31md")),
            ("a\tb", Some("a b")),
            ("see \u{202e}moc.live", Some("see moc.live")),
            ("e\u{301}", Some("\u{e9}")),
            ("<b>&amp;", Some("<b>&amp;")),
            (
                "\u{1f468}\u{200d}\u{1f469}",
                Some("\u{1f468}\u{200d}\u{1f469}"),
            ),
            (" \r\n\u{0}\t", None),
            ("", None),
        ] {
            let found = Message::read(text).unwrap();
            assert_eq!(found.as_ref().map(Message::as_str), expected, "{text:?}");
        }
    }

    #[test]
    fn its_length_is_counted_in_characters_of_what_is_kept() {
        let full = format!(" \u{0}{} ", "e\u{301}".repeat(500));
        assert!(Message::read(&full).unwrap().is_some());
        let refused = Message::read(&"\u{e4}".repeat(501));
        assert_eq!(refused, Err(Refusal::MessageTooLong { length: 501 }));
    }
}
