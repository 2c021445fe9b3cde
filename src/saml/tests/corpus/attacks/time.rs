//! Times that are past, not yet come, or no times.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = windows();
    cases.extend(malformed());
    cases.extend(clocks());
    cases
}

const CONDITIONS_END: &str = "NotOnOrAfter=\"2026-07-01T10:05:00Z\"><saml:Audience";
const CONFIRMED_END: &str = "NotOnOrAfter=\"2026-07-01T10:05:00Z\" Recipient";
const BEGIN: &str = "NotBefore=\"2026-07-01T09:55:00Z\"";
const RESPONSE: &str = "\"_r\" IssueInstant=\"2026-07-01T10:00:00Z\"";
const ASSERTION: &str = "\"_a\" IssueInstant=\"2026-07-01T10:00:00Z\"";
const SESSION: &str = "SessionNotOnOrAfter=\"2026-07-01T18:00:00Z\"";

/// One second beyond what the skew of two minutes lets pass, and far beyond.
fn windows() -> Vec<Attack> {
    let at = |place: &str, time: &str| {
        let start = place.find("2026").unwrap();
        format!("{}{time}{}", &place[..start], &place[start + 20..])
    };
    let (expired, early, issued) = ("expired", "not_yet_valid", "issue_instant");
    said(
        Class::TimeWindow,
        [
            ("conditions ended", expired, CONDITIONS_END, "2026-07-01T09:58:00Z"),
            ("conditions ended a fraction ago", expired, CONDITIONS_END, "2026-07-01T09:57:59.999999999Z"),
            ("conditions ended long ago", expired, CONDITIONS_END, "1970-01-01T00:00:00Z"),
            ("conditions ended in no year", expired, CONDITIONS_END, "0000-07-01T10:05:00Z"),
            ("conditions begin", early, BEGIN, "2026-07-01T10:02:01Z"),
            ("conditions begin a fraction too late", early, BEGIN, "2026-07-01T10:02:00.000000001Z"),
            ("conditions begin far away", early, BEGIN, "9999-01-01T00:00:00Z"),
            ("confirmation ended", expired, CONFIRMED_END, "2026-07-01T09:58:00Z"),
            ("confirmation ended long ago", expired, CONFIRMED_END, "2020-07-01T09:58:00Z"),
            ("session ended", expired, SESSION, "2026-07-01T09:58:00Z"),
            ("response issued in the future", issued, RESPONSE, "2026-07-01T10:02:01Z"),
            ("assertion issued in the future", issued, ASSERTION, "2026-07-01T10:02:01Z"),
            ("assertion issued far in the future", issued, ASSERTION, "9999-12-31T23:59:59Z"),
            ("assertion issued long ago", issued, ASSERTION, "2026-07-01T09:47:59Z"),
            ("assertion issued at the beginning", issued, ASSERTION, "1970-01-01T00:00:00Z"),
        ]
        .map(|(name, expected, place, time)| (name, expected, place, at(place, time))),
    )
    .into_iter()
    .chain(said(
        Class::TimeWindow,
        [
            ("window turned round", expired, CONDITIONS_END, "NotOnOrAfter=\"2026-07-01T09:50:00Z\"><saml:Audience"),
            ("confirmation with a NotBefore", "subject_confirmation", CONFIRMED_END, "NotBefore=\"2026-07-01T09:00:00Z\" NotOnOrAfter=\"2026-07-01T10:05:00Z\" Recipient"),
            ("confirmation without an end", "subject_confirmation", CONFIRMED_END, "Recipient"),
            ("confirmation with an end in a namespace", "subject_confirmation", CONFIRMED_END, "saml:NotOnOrAfter=\"2026-07-01T10:05:00Z\" Recipient"),
        ],
    ))
    .collect()
}

/// Texts that some reader takes for a time, and for one that suits him.
#[expect(clippy::too_many_lines, reason = "a table")]
fn malformed() -> Vec<Attack> {
    let texts = [
        "",
        "soon",
        "2026-07-01",
        "2026-07-01T10:05:00",
        "2026-07-01 10:05:00Z",
        "2026-07-01t10:05:00Z",
        "2026-07-01T10:05:00z",
        "2026-07-01T10:05:00+09:00",
        "2026-07-01T10:05:00-12:00",
        "2026-07-01T10:05:00-00:00",
        "2026-07-01T10:05:00+0000",
        "2026-07-01T10:05:00ZZ",
        "2026-07-01T10:05:00Z[UTC]",
        "2026-07-01T10:05:00,5Z",
        "2026-07-01T10:05:00.Z",
        "2026-07-01T10:05Z",
        "2026-07-01T24:00:00Z",
        "2026-07-01T10:60:00Z",
        "2026-13-01T10:05:00Z",
        "2026-02-30T10:05:00Z",
        "2026-00-00T00:00:00Z",
        "12026-07-01T10:05:00Z",
        "+02026-07-01T10:05:00Z",
        "-2026-07-01T10:05:00Z",
        "20260701T100500Z",
        "2026-W27-3T10:05:00Z",
        "1782900300",
        "\u{ff12}\u{ff10}\u{ff12}\u{ff16}-07-01T10:05:00Z",
        "2026-07-01T10:05:00Z 2027-07-01T10:05:00Z",
    ];
    let mut rows = Vec::new();
    for text in texts {
        rows.push((
            format!("end {text:?}"),
            CONDITIONS_END,
            format!("NotOnOrAfter=\"{text}\"><saml:Audience"),
        ));
    }
    let of = |name: &str, place: &'static str, new: String| (name.to_owned(), place, new);
    rows.push(of("no time: begin", BEGIN, "NotBefore=\"soon\"".to_owned()));
    rows.push(of(
        "no time: confirmation",
        CONFIRMED_END,
        "NotOnOrAfter=\"soon\" Recipient".to_owned(),
    ));
    rows.push(of(
        "no time: session",
        SESSION,
        "SessionNotOnOrAfter=\"soon\"".to_owned(),
    ));
    rows.push(of(
        "no time: sign-in",
        "AuthnInstant=\"2026-07-01T10:00:00Z\"",
        "AuthnInstant=\"soon\"".to_owned(),
    ));
    rows.push(of(
        "no time: response",
        RESPONSE,
        "\"_r\" IssueInstant=\"soon\"".to_owned(),
    ));
    rows.push(of(
        "no time: assertion",
        ASSERTION,
        "\"_a\" IssueInstant=\"soon\"".to_owned(),
    ));
    rows.push(of(
        "an offset that lengthens",
        CONFIRMED_END,
        "NotOnOrAfter=\"2026-07-01T10:05:00-12:00\" Recipient".to_owned(),
    ));
    said(
        Class::TimeWindow,
        rows.into_iter()
            .map(|(name, old, new)| (name, "malformed_time", old, new)),
    )
}

/// The same message at another time, or with another skew.
fn clocks() -> Vec<Attack> {
    let xml = honest(Sign::Both);
    let attack = |now: &str, skew| Message::from(xml).at(now).skewed(skew);
    against(
        Class::TimeWindow,
        xml,
        [
            (
                "before it was issued",
                "issue_instant",
                attack("2026-07-01T09:57:59Z", 120),
            ),
            (
                "before it was issued, no skew",
                "issue_instant",
                attack("2026-07-01T09:59:59Z", 0),
            ),
            (
                "when it has ended",
                "expired",
                attack("2026-07-01T10:07:00Z", 120),
            ),
            (
                "when it has ended, no skew",
                "expired",
                attack("2026-07-01T10:05:00Z", 0),
            ),
            (
                "when it has ended, a skew below none",
                "expired",
                attack("2026-07-01T10:05:00Z", -300),
            ),
            (
                "when it has ended, a skew of a day",
                "expired",
                attack("2026-07-01T10:10:00Z", 86_400),
            ),
            (
                "a year later",
                "expired",
                attack("2027-07-01T10:00:00Z", 120),
            ),
        ]
        .map(|(name, expected, attack)| (name, expected, Signed, attack)),
    )
}
