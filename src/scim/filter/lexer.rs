//! The words of a filter (RFC 7644 §3.4.2.2, figure 1).

use crate::scim::Error;

/// A word, with the octet at which it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) symbol: Symbol,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Symbol {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// A JSON string, without its escapes.
    Text(String),
    /// An attribute, an operator, a number or another literal.
    Word(String),
}

/// All the words of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let (symbol, length) = match first {
            '(' => (Symbol::Open, 1),
            ')' => (Symbol::Close, 1),
            '[' => (Symbol::OpenBracket, 1),
            ']' => (Symbol::CloseBracket, 1),
            '"' => string(rest, at)?,
            _ => word(rest),
        };
        tokens.push(Token { at, symbol });
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn string(rest: &str, at: usize) -> Result<(Symbol, usize), Error> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    let unread = || Error::invalid_filter(format!("the string at {at} does not end or is no JSON"));
    let (end, _) = end.ok_or_else(unread)?;
    let text: String = rest
        .get(..=end)
        .and_then(|it| serde_json::from_str(it).ok())
        .ok_or_else(unread)?;
    if text.contains('\0') {
        return Err(Error::invalid_filter(format!(
            "the string at {at} has a null character"
        )));
    }
    Ok((Symbol::Text(text), end + 1))
}

fn word(rest: &str) -> (Symbol, usize) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"');
    let length = rest.find(ends).unwrap_or(rest.len());
    (
        Symbol::Word(rest.get(..length).unwrap_or_default().to_owned()),
        length,
    )
}
