//! Times in every writing that is one, and clocks up to the last moment.

use super::{said::said, *};

pub(super) fn cases() -> Vec<Honest> {
    let mut cases = times();
    cases.extend(clocks());
    cases
}

const CONDITIONS_END: &str = "NotOnOrAfter=\"2026-07-01T10:05:00Z\"><saml:Audience";
const CONFIRMED_END: &str = "NotOnOrAfter=\"2026-07-01T10:05:00Z\" Recipient";

/// Times in every writing that is one, up to the last moment.
#[expect(clippy::too_many_lines, reason = "a table")]
fn times() -> Vec<Honest> {
    let conditions = |time: &str| CONDITIONS_END.replace("2026-07-01T10:05:00Z", time);
    let confirmed = |time: &str| CONFIRMED_END.replace("2026-07-01T10:05:00Z", time);
    let begin = "NotBefore=\"2026-07-01T09:55:00Z\"";
    let authn = "AuthnInstant=\"2026-07-01T10:00:00Z\"";
    let session = "SessionNotOnOrAfter=\"2026-07-01T18:00:00Z\"";
    let response = " ID=\"_r\" IssueInstant=\"2026-07-01T10:00:00Z\"";
    let assertion = "ID=\"_a\" IssueInstant=\"2026-07-01T10:00:00Z\"";
    [
        (
            "milliseconds",
            CONDITIONS_END,
            conditions("2026-07-01T10:05:00.123Z"),
        ),
        (
            "seven digits",
            CONDITIONS_END,
            conditions("2026-07-01T10:05:00.1234567Z"),
        ),
        (
            "twelve digits",
            CONDITIONS_END,
            conditions("2026-07-01T10:05:00.123456789012Z"),
        ),
        (
            "an offset of nothing",
            CONDITIONS_END,
            conditions("2026-07-01T10:05:00+00:00"),
        ),
        (
            "blanks around",
            CONDITIONS_END,
            conditions(" 2026-07-01T10:05:00Z "),
        ),
        (
            "a leap second",
            CONDITIONS_END,
            conditions("2026-12-31T23:59:60Z"),
        ),
        (
            "a far end of the conditions",
            CONDITIONS_END,
            conditions("2099-01-01T00:00:00Z"),
        ),
        (
            "a far end of the confirmation",
            CONFIRMED_END,
            confirmed("2099-01-01T00:00:00Z"),
        ),
        (
            "the largest time that .NET knows",
            CONDITIONS_END,
            conditions("9999-12-31T23:59:59.9999999Z"),
        ),
        (
            "the largest time, for the confirmation",
            CONFIRMED_END,
            confirmed("9999-12-31T23:59:59Z"),
        ),
        (
            "the largest time, for the session",
            session,
            "SessionNotOnOrAfter=\"9999-12-31T23:59:59Z\"".to_owned(),
        ),
        (
            "no end of the conditions",
            CONDITIONS_END,
            "><saml:Audience".to_owned(),
        ),
        ("no begin of the conditions", begin, String::new()),
        (
            "conditions ended within the skew",
            CONDITIONS_END,
            conditions("2026-07-01T09:58:00.001Z"),
        ),
        (
            "a confirmation ended within the skew",
            CONFIRMED_END,
            confirmed("2026-07-01T09:58:01Z"),
        ),
        (
            "a session ended within the skew",
            session,
            "SessionNotOnOrAfter=\"2026-07-01T09:58:01Z\"".to_owned(),
        ),
        (
            "conditions begin within the skew",
            begin,
            "NotBefore=\"2026-07-01T10:02:00Z\"".to_owned(),
        ),
        (
            "a response of the future, within the skew",
            response,
            response.replace("10:00:00Z", "10:02:00Z"),
        ),
        (
            "an assertion of the future, within the skew",
            assertion,
            assertion.replace("10:00:00Z", "10:02:00Z"),
        ),
        (
            "an assertion issued twelve minutes ago",
            assertion,
            assertion.replace("10:00:00Z", "09:48:00Z"),
        ),
        (
            "a sign-in of last year",
            authn,
            authn.replace("2026", "2025"),
        ),
    ]
    .map(|(name, old, new)| said("times", name, old, &new))
    .into()
}

fn clocks() -> Vec<Honest> {
    let at = |now: &str, skew| Message::from(honest(Sign::Both)).at(now).skewed(skew);
    [
        ("two minutes early", at("2026-07-01T09:58:00Z", 120)),
        (
            "until it ends, and the skew",
            at("2026-07-01T10:06:59Z", 120),
        ),
        ("until it ends, no skew", at("2026-07-01T10:04:59Z", 0)),
        ("a skew below none", at("2026-07-01T10:04:59Z", -5)),
        (
            "a skew of a day is one of five minutes",
            at("2026-07-01T10:09:59Z", 86_400),
        ),
    ]
    .map(|(name, message)| Honest::new("clocks", name, message))
    .into()
}
