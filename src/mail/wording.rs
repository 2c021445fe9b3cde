//! Words of other people in our messages: on one line where they stand in a line, and nowhere a link.

use jiff::Timestamp;

use crate::directory::invitation::Message;

/// Characters that a name may take.
const NAME: usize = 100;

/// Put between the characters that make an address of a text: it has no width and breaks no line.
const JOINER: char = '\u{2060}';

/// A text on one line: without control characters, those that turn the direction of writing, and
/// more than one space in a row; cut where it is long.
pub fn one_line(text: &str) -> String {
    let marks = |c: char| matches!(c, '\u{200e}' | '\u{200f}');
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = text
        .chars()
        .filter(|c| !marks(*c) && !turns(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name of other people's choice, on one line and no link.
pub fn name(text: &str) -> String {
    unlinked(&cut(text))
}

/// A name for a subject: on one line, cut where it is long.
pub(super) fn cut(text: &str) -> String {
    let line = one_line(text);
    let mut short: String = line.chars().take(NAME).collect();
    if short.len() < line.len() {
        short.push_str("...");
    }
    short
}

/// A text of which no mail program makes a link: it looks the same, but what makes a scheme, a
/// host or an address of it does not stand together.
pub(super) fn unlinked(text: &str) -> String {
    let mut unlinked = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let goes_on = rest.peek().is_some_and(|next| !next.is_whitespace());
        if goes_on && is_binding(c) {
            unlinked.extend([JOINER, c, JOINER]);
        } else {
            unlinked.push(c);
        }
    }
    unlinked
}

/// The lines of a message, none of them a link.
pub(super) fn quoted(message: &Message) -> Vec<String> {
    message.as_str().lines().map(unlinked).collect()
}

/// Dots (those that IDNA takes for dots, too: RFC 5895 §2), and what stands in every URL and
/// address.
fn is_binding(c: char) -> bool {
    matches!(
        c,
        '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | ':' | '/' | '@'
    )
}

/// A time that needs no knowledge of where the reader is.
pub fn absolute(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line() {
        for (text, expected) in [
            ("Ada Example", "Ada Example"),
            (" Ada\r\nBcc: x@y.example\0 ", "Ada Bcc: x@y.example"),
            ("Ada\u{2028}Example\u{202e}", "Ada Example"),
            ("\r\n", ""),
        ] {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
        assert_eq!(cut(&"\u{e4}".repeat(101)).chars().count(), 103);
    }

    #[test]
    fn nothing_that_a_program_takes_for_an_address_stands_together() {
        for text in [
            "http://evil.example/path",
            "see www.evil.example.",
            "evil\u{3002}example",
            "mailto:a@evil.example",
            "javascript:alert(1)",
            "3.5",
        ] {
            let unlinked = unlinked(text);
            assert_eq!(unlinked.replace(JOINER, ""), text);
            let mut chars = unlinked.chars().peekable();
            while let Some(c) = chars.next() {
                let next = chars.peek();
                assert!(
                    !is_binding(c) || next.is_none_or(|it| *it == JOINER),
                    "{text}"
                );
            }
        }
        for text in ["Welcome! See you on Monday.", "One: two. Three\nfour.", ""] {
            assert_eq!(unlinked(text), text);
        }
    }

    #[test]
    fn a_time_says_its_zone() {
        let time = "2026-11-02T09:05:59+02:00".parse().unwrap();
        assert_eq!(absolute(time), "2 November 2026, 07:05 UTC");
    }
}
