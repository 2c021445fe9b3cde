//! Forms, and base64, as browsers and products write them.

use super::*;
use crate::saml::binding::{MESSAGE_LIMIT, RELAY_STATE_LIMIT};

pub(super) fn cases() -> Vec<Honest> {
    let mut cases = forms();
    cases.extend(values());
    cases
}

fn escaped(text: &str) -> String {
    text.replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn forms() -> Vec<Honest> {
    let plain = "application/x-www-form-urlencoded";
    let value = base64(honest(Sign::Both));
    let field = format!("SAMLResponse={}", escaped(&value));
    let letter = |byte| format!("%{byte:02x}");
    let letters = value.bytes().map(letter).collect::<Vec<_>>().concat();
    let state = |length: usize| format!("{field}&RelayState={}", "a".repeat(length));
    [
        ("alone", plain, field.clone()),
        (
            "a charset",
            "application/x-www-form-urlencoded; charset=UTF-8",
            field.clone(),
        ),
        (
            "another charset",
            "application/x-www-form-urlencoded;charset=\"iso-8859-1\"; x=y",
            field.clone(),
        ),
        (
            "upper case",
            "Application/X-WWW-Form-URLEncoded",
            field.clone(),
        ),
        (
            "blanks around the type",
            " application/x-www-form-urlencoded ;",
            field.clone(),
        ),
        (
            "fields that are not known",
            plain,
            format!("utf8=%E2%9C%93&x=1&y&=&{field}&SAMLRequest=x&Signature=x"),
        ),
        (
            "a field that is not known, twice",
            plain,
            format!("x=1&{field}&x=2"),
        ),
        ("an empty RelayState", plain, format!("{field}&RelayState=")),
        (
            "RelayState first",
            plain,
            format!("RelayState=https%3A%2F%2Fx.example%2F&{field}"),
        ),
        ("the longest RelayState", plain, state(RELAY_STATE_LIMIT)),
        ("a longer RelayState", plain, state(100_000)),
        (
            "a RelayState that is no text",
            plain,
            format!("{field}&RelayState=%ff"),
        ),
        (
            "a RelayState with a line break",
            plain,
            format!("{field}&RelayState=x%0D%0ASet-Cookie%3A+x"),
        ),
        (
            "every letter escaped",
            plain,
            format!("%53AML%52esponse={letters}"),
        ),
        (
            "ends of base64 not escaped",
            plain,
            format!("SAMLResponse={}", value.replace('+', "%2B")),
        ),
        (
            "line breaks escaped",
            plain,
            format!(
                "SAMLResponse={}",
                escaped(&value).replacen('P', "P%0D%0A", 5)
            ),
        ),
        ("ampersands around", plain, format!("&{field}&")),
    ]
    .map(|(name, media_type, body)| {
        Honest::new("forms", name, Message::form(Some(media_type), body))
    })
    .into()
}

fn values() -> Vec<Honest> {
    let xml = honest(Sign::Both);
    let value = base64(xml);
    let broken = |width: usize, end: &str| {
        let letters: Vec<char> = value.chars().collect();
        letters
            .chunks(width)
            .map(|line| line.iter().collect::<String>() + end)
            .collect::<String>()
    };
    let filled = xml.to_owned() + &" ".repeat(MESSAGE_LIMIT - xml.len());
    [
        ("lines of 76", broken(76, "\r\n")),
        ("lines of 64", broken(64, "\n")),
        ("lines of one", broken(1, "\n")),
        ("tabs and blanks", broken(60, "\t  ")),
        ("white space around", format!("\r\n {value}\n")),
        ("the largest message", base64(&filled)),
    ]
    .map(|(name, value)| Honest::new("base64", name, Message::value(value)))
    .into()
}
