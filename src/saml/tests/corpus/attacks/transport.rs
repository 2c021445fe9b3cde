//! The form that carries a message, and its base64.

use super::{Claim::*, *};
use crate::saml::binding::{FORM_LIMIT, MESSAGE_LIMIT};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = forms();
    cases.extend(values());
    cases
}

fn escaped(xml: &str) -> String {
    base64(xml)
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn forms() -> Vec<Attack> {
    let honest = format!(
        "SAMLResponse={}&RelayState=x",
        escaped(honest(Sign::Assertion))
    );
    let form = |body: String| Message::form(FORM, body);
    let large = format!("{honest}&x={}", "x".repeat(FORM_LIMIT - honest.len() - 2));
    let renamed = |name: &str| form(honest.replacen("SAMLResponse", name, 1));
    against(
        Class::Transport,
        form(honest.clone()),
        [
            ("no media type", "media_type", Message::form(None, &*honest)),
            (
                "plain text",
                "media_type",
                Message::form(Some("text/plain"), &*honest),
            ),
            (
                "a longer media type",
                "media_type",
                Message::form(Some("application/x-www-form-urlencodedx"), &*honest),
            ),
            (
                "a media type as a parameter",
                "media_type",
                Message::form(
                    Some("text/html; application/x-www-form-urlencoded"),
                    &*honest,
                ),
            ),
            (
                "a form of parts",
                "media_type",
                Message::form(Some("multipart/form-data; boundary=x"), &*honest),
            ),
            (
                "JSON",
                "media_type",
                Message::form(Some("application/json"), &*honest),
            ),
            (
                "XML",
                "media_type",
                Message::form(Some("text/xml"), &*honest),
            ),
            ("an empty body", "missing_response", form(String::new())),
            ("another name", "missing_response", renamed("SAMLresponse")),
            (
                "a request's name",
                "missing_response",
                renamed("SAMLRequest"),
            ),
            ("an artifact", "missing_response", renamed("SAMLart")),
            (
                "a name with an index",
                "missing_response",
                renamed("SAMLResponse[]"),
            ),
            (
                "twice",
                "duplicate_field",
                form(format!("{honest}&SAMLResponse=PGEvPg%3D%3D")),
            ),
            (
                "twice, escaped",
                "duplicate_field",
                form(format!("%53AMLResponse=PGEvPg%3D%3D&{honest}")),
            ),
            (
                "twice, empty",
                "duplicate_field",
                form(format!("{honest}&SAMLResponse")),
            ),
            (
                "RelayState twice",
                "duplicate_field",
                form(format!("{honest}&RelayState=y")),
            ),
            (
                "an escape without digits",
                "malformed_form",
                form(format!("{honest}&SAMLResponse=%")),
            ),
            (
                "an escape that is none",
                "malformed_form",
                form(format!("{honest}&RelayState=%G0")),
            ),
            (
                "an escape of a wide digit",
                "malformed_form",
                form(honest.replacen('x', "caf\u{e9}", 1)),
            ),
            (
                "no escape where one must be",
                "malformed_form",
                Message::form(FORM, [honest.as_bytes(), b"\xff"].concat()),
            ),
            ("one octet too many", "too_large", form(format!("{large}x"))),
            (
                "a name cut by a NUL",
                "missing_response",
                renamed("SAMLResponse%00"),
            ),
        ]
        .map(|(name, expected, attack)| (name, expected, Unasked, attack)),
    )
}

fn values() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let value = base64(&format!("{xml}\n\n"));
    let value = if value.ends_with('=') {
        value
    } else {
        base64(&format!("{xml}\n"))
    };
    let other = |text: String| Message::value(text);
    let large = "QUFB".repeat(MESSAGE_LIMIT / 3 + 1);
    let unpadded = value.trim_end_matches('=').to_owned();
    let middle = format!("{}={}", &value[..8], &value[8..]);
    let (safe, wide) = (format!("____{value}"), format!("\u{ff21}{value}"));
    let trailing = value.replace("==", "=").replace('=', "==");
    against(
        Class::Transport,
        Message::value(value.clone()),
        [
            (
                "base64 without its end",
                "malformed_base64",
                other(unpadded),
            ),
            (
                "base64 with another end",
                "malformed_base64",
                other(trailing + "="),
            ),
            (
                "base64 with an end in the middle",
                "malformed_base64",
                other(middle),
            ),
            ("base64 for addresses", "malformed_base64", other(safe)),
            ("base64 in wide letters", "malformed_base64", other(wide)),
            (
                "a data address",
                "malformed_base64",
                other(format!("data:text/xml;base64,{value}")),
            ),
            (
                "XML that is not encoded",
                "malformed_base64",
                other(xml.to_owned()),
            ),
            (
                "a letter too many",
                "malformed_base64",
                other(format!("{value}A")),
            ),
            ("too much of it", "too_large", other(large)),
        ]
        .map(|(name, expected, attack)| (name, expected, Unasked, attack)),
    )
}
