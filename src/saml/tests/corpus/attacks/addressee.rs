//! Messages for somebody else, of somebody else, or to a question that nobody asked.

use super::{Claim::*, *};

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = near_misses();
    cases.extend(restrictions());
    cases.extend(around());
    cases.extend(tenants());
    cases.extend(answers());
    cases
}

/// Addresses that a careless comparison takes for this one.
fn likes(own: &str) -> Vec<(&'static str, String)> {
    let host = |new: &str| {
        own.replace("usher.example", new)
            .replace("idp.example", new)
    };
    vec![
        ("another", "https://other.example/".to_owned()),
        ("a longer host", host("usher.example.evil.example")),
        ("a host behind a user", host("usher.example@evil.example")),
        ("a user before the host", host("usher@usher.example")),
        ("another port", host("usher.example:8443")),
        ("the default port", host("usher.example:443")),
        ("a host with a dot", host("usher.example.")),
        ("a host in Cyrillic", host("ush\u{435}r.example")),
        ("http", own.replace("https", "http")),
        ("upper case", own.to_ascii_uppercase()),
        ("a slash more", format!("{own}/")),
        ("a query", format!("{own}?x=1")),
        ("a fragment", format!("{own}#x")),
        ("a longer path", format!("{own}x")),
        ("a shorter path", own[..own.len() - 1].to_owned()),
        ("dots", own.replace("/saml", "/x/../saml")),
        ("escapes", own.replace("saml", "%73aml")),
        (
            "a second one behind a blank",
            format!("{own} https://other.example/"),
        ),
        ("a blank within", own.replace("/saml", "/ saml")),
        ("nothing", String::new()),
    ]
}

/// Each of them, as each of the four.
fn near_misses() -> Vec<Attack> {
    let mut rows = Vec::new();
    let issuer = |issuer: &str| format!("<saml:Issuer>{issuer}</saml:Issuer><saml:Subject>");
    let audience = |audience: &str| format!("<saml:Audience>{audience}</saml:Audience>");
    for (name, other) in likes(ACS) {
        let (old, new) = (
            format!("Destination=\"{ACS}\""),
            format!("Destination=\"{other}\""),
        );
        rows.push((
            format!("Destination: {name}"),
            "destination_mismatch",
            old,
            new,
        ));
        let (old, new) = (
            format!("Recipient=\"{ACS}\""),
            format!("Recipient=\"{other}\""),
        );
        rows.push((format!("Recipient: {name}"), "recipient_mismatch", old, new));
    }
    for (name, other) in likes(SP) {
        rows.push((
            format!("Audience: {name}"),
            "audience_mismatch",
            audience(SP),
            audience(&other),
        ));
    }
    for (name, other) in likes(IDP) {
        rows.push((
            format!("Issuer: {name}"),
            "issuer_mismatch",
            issuer(IDP),
            issuer(&other),
        ));
    }
    rows.push((
        "Destination: missing".to_owned(),
        "destination_mismatch",
        format!(" Destination=\"{ACS}\""),
        String::new(),
    ));
    rows.push((
        "Recipient: missing".to_owned(),
        "recipient_mismatch",
        format!(" Recipient=\"{ACS}\""),
        String::new(),
    ));
    said(Class::Addressee, rows)
}

/// Restrictions to audiences: none, none in it, and one too many.
#[expect(clippy::too_many_lines, reason = "a table")]
fn restrictions() -> Vec<Attack> {
    let audience = format!("<saml:Audience>{SP}</saml:Audience>");
    let restriction = format!("<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>");
    let end = "</saml:AudienceRestriction>";
    let other = "<saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience></saml:AudienceRestriction>";
    let bad = "audience_mismatch";
    let foreign = restriction.replace("saml:", "x:").replacen(
        "<x:AudienceRestriction",
        "<x:AudienceRestriction xmlns:x=\"urn:x\"",
        1,
    );
    let foreign_audience = format!("<x:Audience xmlns:x=\"urn:x\">{SP}</x:Audience>");
    said(
        Class::Addressee,
        [
            ("no restriction", bad, &*restriction, ""),
            ("a restriction to nobody", bad, &audience, ""),
            (
                "another restriction behind",
                bad,
                end,
                &format!("{end}{other}"),
            ),
            (
                "another restriction before",
                bad,
                &restriction,
                &format!("{other}{restriction}"),
            ),
            (
                "an empty restriction behind",
                bad,
                end,
                &format!("{end}<saml:AudienceRestriction></saml:AudienceRestriction>"),
            ),
            (
                "a restriction of another namespace",
                bad,
                &restriction,
                &foreign,
            ),
            (
                "an audience of another namespace",
                bad,
                &audience,
                &foreign_audience,
            ),
            (
                "an audience in an audience",
                "structure",
                &audience,
                &format!("<saml:Audience>{audience}</saml:Audience>"),
            ),
            (
                "a restriction in OneTimeUse",
                bad,
                &restriction,
                &format!("<saml:OneTimeUse>{restriction}</saml:OneTimeUse>"),
            ),
            (
                "an audience of a proxy",
                bad,
                &restriction,
                &format!("<saml:ProxyRestriction>{audience}</saml:ProxyRestriction>"),
            ),
        ],
    )
}

/// An unsigned response around a signed assertion proves nothing, and can still give itself away.
fn around() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer><samlp:Status>");
    let mut cases = edited(
        Class::Addressee,
        xml,
        [
            (
                "around: another Destination",
                "destination_mismatch",
                Signed,
                "saml/7/acs\" ID",
                "saml/8/acs\" ID",
            ),
            (
                "around: an empty Destination",
                "destination_mismatch",
                Signed,
                ACS,
                "",
            ),
            (
                "around: another Issuer",
                "issuer_mismatch",
                Signed,
                &*issuer,
                "<saml:Issuer>x</saml:Issuer><samlp:Status>",
            ),
            (
                "around: an empty Issuer",
                "issuer_mismatch",
                Signed,
                &*issuer,
                "<saml:Issuer></saml:Issuer><samlp:Status>",
            ),
            (
                "around: two Issuers",
                "structure",
                Signed,
                "<samlp:Status>",
                "<saml:Issuer>x</saml:Issuer><samlp:Status>",
            ),
        ],
    );
    let both = "<saml:Issuer>urn:other</saml:Issuer>";
    let other = unsigned().replace(&format!("<saml:Issuer>{IDP}</saml:Issuer>"), both);
    cases.extend(against(
        Class::Addressee,
        honest(Sign::Both),
        [(
            "both Issuers another",
            "issuer_mismatch",
            Signed,
            idp().sign_template(&other, Sign::Both),
        )],
    ));
    cases
}

/// Another connection of the same product, perhaps of the same identity provider.
fn tenants() -> Vec<Attack> {
    let (acs, sp) = (ACS.replace("/7/", "/8/"), SP.replace("/7/", "/8/"));
    let theirs = unsigned().replace("/7/", "/8/");
    let class = Class::Tenant;
    let mut cases = Vec::new();
    for what in [Sign::Assertion, Sign::Response, Sign::Both] {
        let whole = idp().sign_template(&theirs, what);
        let destination = with(&theirs, &acs, ACS);
        let recipient = with(
            &destination,
            &format!("Recipient=\"{acs}\""),
            &format!("Recipient=\"{ACS}\""),
        );
        let audience = with(&destination, &sp, SP);
        let other_key = stranger().sign_template(&unsigned(), what);
        let other_name = resigned(
            what,
            &[
                (IDP, "https://idp.example/8"),
                (IDP, "https://idp.example/8"),
            ],
        );
        cases.extend(against(
            class,
            honest(what),
            [
                ("of theirs", "destination_mismatch", Signed, whole),
                (
                    "of theirs, sent to us",
                    "audience_mismatch",
                    Signed,
                    idp().sign_template(&destination, what),
                ),
                (
                    "their audience",
                    "audience_mismatch",
                    Signed,
                    idp().sign_template(&recipient, what),
                ),
                (
                    "their recipient",
                    "recipient_mismatch",
                    Signed,
                    idp().sign_template(&audience, what),
                ),
                ("their key", "signature_invalid", Strange, other_key),
                ("their issuer", "issuer_mismatch", Signed, other_name),
            ]
            .map(|(name, expected, claim, xml)| {
                (format!("{name}, {what:?}"), expected, claim, xml)
            }),
        ));
    }
    cases
}

/// Answers, and the requests that are open.
#[expect(clippy::too_many_lines, reason = "a table")]
fn answers() -> Vec<Attack> {
    let class = Class::InResponseTo;
    let bad = "in_response_to_unknown";
    let open = ["_p", "_q"];
    let answering = |first: &str, second: &str| {
        let xml = resigned(
            Sign::Response,
            &[
                (" ID=\"_r\"", &*format!(" ID=\"_r\"{first}")),
                (
                    "<saml:SubjectConfirmationData",
                    &*format!("<saml:SubjectConfirmationData{second}"),
                ),
            ],
        );
        Message::from(xml).asked(&open)
    };
    let to = |id: &str| format!(" InResponseTo=\"{id}\"");
    let answer = answering(&to("_q"), &to("_q"));
    let mut cases = against(
        class,
        answer.clone(),
        [
            (
                "nothing is open",
                Message {
                    place: Place::default(),
                    ..answer.clone()
                },
            ),
            ("another is open", answer.clone().asked(&["_p"])),
            ("a longer one is open", answer.clone().asked(&["_qq"])),
            ("one in upper case is open", answer.clone().asked(&["_Q"])),
            ("one nobody asked", answering(&to("_x"), &to("_x"))),
            ("empty", answering(&to(""), &to(""))),
            ("blanks around", answering(&to(" _q "), &to(" _q "))),
            ("two at once", answering(&to("_p _q"), &to("_p _q"))),
            ("the response's only", answering(&to("_q"), "")),
            ("the confirmation's only", answering("", &to("_q"))),
            (
                "of two open ones, one each",
                answering(&to("_p"), &to("_q")),
            ),
            ("the confirmation's empty", answering(&to("_q"), &to(""))),
        ]
        .map(|(name, attack)| (name, bad, Signed, attack)),
    );
    let asked = Message::from(resigned(
        Sign::Assertion,
        &[
            (
                "<saml:SubjectConfirmationData",
                "<saml:SubjectConfirmationData InResponseTo=\"_q\"",
            ),
            (" ID=\"_r\"", " ID=\"_r\" InResponseTo=\"_q\""),
        ],
    ))
    .asked(&open);
    let stripped = with(asked.xml().unwrap(), " InResponseTo=\"_q\"", "");
    let name = "cut off the unsigned response";
    cases.push(Attack::new(
        class,
        name,
        bad,
        Signed,
        Message::from(stripped).asked(&open),
        asked,
    ));
    cases
}
