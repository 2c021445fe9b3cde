//! A filter (RFC 7644 §3.4.2.2), whether it can be read or not, without the values that it compares
//! with.

use super::GONE;

/// Operators that a value follows.
const COMPARISONS: [&str; 9] = ["co", "eq", "ew", "ge", "gt", "le", "lt", "ne", "sw"];
/// Values that say nothing of anybody.
const LITERALS: [&str; 3] = ["false", "null", "true"];

/// Words between comparisons.
const LOGIC: [&str; 4] = ["and", "not", "or", "pr"];

/// The filter without its values, and the values. All goes that is not known to be a name of an
/// attribute, an operator or a value of nobody.
pub(super) fn without(filter: &str, is_attribute: impl Fn(&str) -> bool) -> (String, Vec<String>) {
    let (mut kept, mut gone) = (String::new(), Vec::new());
    let (mut rest, mut compares) = (filter, false);
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => quoted(rest),
            ' ' | '(' | ')' | '[' | ']' => 1,
            _ => rest
                .find([' ', '(', ')', '[', ']', '"'])
                .unwrap_or(rest.len()),
        };
        let (token, left) = rest.split_at(length);
        rest = left;
        if " ()[]".contains(c) {
            kept.push(c);
            continue;
        }
        let is_said = if compares {
            is_one(&LITERALS, token)
        } else {
            is_one(&COMPARISONS, token) || is_one(&LOGIC, token) || is_attribute(token)
        };
        if is_said {
            kept.push_str(token);
        } else {
            gone.push(token.trim_matches('"').to_owned());
            kept.extend(["\"", GONE, "\""]);
        }
        compares = !compares && is_one(&COMPARISONS, token);
    }
    (kept, gone)
}

fn is_one(words: &[&str], token: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(token))
}

/// The length of the JSON string at the start, or of all that follows where it does not end.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}
