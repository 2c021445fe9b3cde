//! What an assertion may say beside what we read, and in which words it may say that.

use super::*;

pub(super) fn cases() -> Vec<Honest> {
    let mut cases = statements();
    cases.extend(conditions());
    cases.extend(subjects());
    cases.extend(attributes());
    cases.extend(answers());
    cases
}

/// One that says this, signed throughout.
pub(super) fn said(group: &'static str, name: &str, old: &str, new: &str) -> Honest {
    Honest::new(group, name, resigned(Sign::Both, &[(old, new)]))
}

fn statements() -> Vec<Honest> {
    let xml = unsigned();
    let authn = part(&xml, "<saml:AuthnStatement", "</saml:AuthnStatement>");
    let attributes = part(
        &xml,
        "<saml:AttributeStatement>",
        "</saml:AttributeStatement>",
    );
    let other = "<saml:AttributeStatement><saml:Attribute Name=\"x\"><saml:AttributeValue>y</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";
    let both = format!("{authn}{attributes}");
    let class = "</saml:AuthnContextClassRef>";
    [
        ("attributes first", both.as_str(), format!("{attributes}{authn}")),
        ("two AuthnStatements", authn, authn.repeat(2)),
        ("two AttributeStatements", attributes, format!("{attributes}{other}")),
        ("statements in turns", &both, format!("{attributes}{authn}{other}{authn}")),
        ("no attributes", attributes, String::new()),
        ("an AuthzDecisionStatement", authn, format!("{authn}<saml:AuthzDecisionStatement Resource=\"x\" Decision=\"Permit\"></saml:AuthzDecisionStatement>")),
        ("an AuthenticatingAuthority", class, format!("{class}<saml:AuthenticatingAuthority>https://x.example/</saml:AuthenticatingAuthority>")),
        ("a declaration of the context", class, format!("{class}<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>")),
        ("no class", part(&xml, "<saml:AuthnContextClassRef>", class), "<saml:AuthnContextDecl><x xmlns=\"urn:x\"></x></saml:AuthnContextDecl>".to_owned()),
        ("a locality", "<saml:AuthnContext>", "<saml:SubjectLocality Address=\"192.0.2.1\" DNSName=\"x\"></saml:SubjectLocality><saml:AuthnContext>".to_owned()),
        ("no SessionIndex", " SessionIndex=\"_a\"", String::new()),
        ("no end of the session", " SessionNotOnOrAfter=\"2026-07-01T18:00:00Z\"", String::new()),
        ("Advice", "</saml:Conditions>", "</saml:Conditions><saml:Advice><saml:AssertionIDRef>_x</saml:AssertionIDRef></saml:Advice>".to_owned()),
        ("a foreign attribute", "<saml:AuthnContext>", "<saml:AuthnContext xmlns:x=\"urn:x\" x:y=\"z\">".to_owned()),
        ("Consent", " ID=\"_r\"", " Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\" ID=\"_r\"".to_owned()),
        ("a format of the Issuer", "<saml:Issuer>", "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">".to_owned()),
        ("qualifiers of the Issuer", "<saml:Issuer>", "<saml:Issuer NameQualifier=\"x\" SPProvidedID=\"y\">".to_owned()),
        ("an instruction between elements", "<saml:Subject>", "<?x y?><saml:Subject>".to_owned()),
    ]
    .map(|(name, old, new)| said("statements", name, old, &new))
    .into()
}

fn conditions() -> Vec<Honest> {
    let audience = format!("<saml:Audience>{SP}</saml:Audience>");
    let restriction = format!("<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>");
    let other = "<saml:Audience>urn:other</saml:Audience>";
    let end = "</saml:AudienceRestriction>";
    [
        ("several audiences, ours first", audience.as_str(), format!("{audience}{other}")),
        ("several audiences, ours last", &audience, format!("{other}{other}{audience}")),
        ("two restrictions that hold us", &restriction, format!("{restriction}{restriction}")),
        ("two restrictions, one to more", &restriction, format!("{restriction}<saml:AudienceRestriction>{other}{audience}</saml:AudienceRestriction>")),
        ("500 audiences", &audience, format!("{}{audience}", other.repeat(500))),
        ("an Audience in white space", SP, format!("\n   {SP}\n\t")),
        ("OneTimeUse", end, format!("{end}<saml:OneTimeUse></saml:OneTimeUse>")),
        ("OneTimeUse first", &restriction, format!("<saml:OneTimeUse></saml:OneTimeUse>{restriction}")),
        ("ProxyRestriction", end, format!("{end}<saml:ProxyRestriction Count=\"0\"></saml:ProxyRestriction>")),
        ("ProxyRestriction to others", end, format!("{end}<saml:ProxyRestriction Count=\"1\">{other}</saml:ProxyRestriction>")),
        ("all conditions", end, format!("{end}<saml:OneTimeUse></saml:OneTimeUse><saml:ProxyRestriction></saml:ProxyRestriction>{restriction}")),
        ("white space between them", &restriction, format!("\n  {restriction}\n")),
    ]
    .map(|(name, old, new)| said("conditions", name, old, &new))
    .into()
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn subjects() -> Vec<Honest> {
    let xml = unsigned();
    let name_id = part(&xml, "<saml:NameID", "</saml:NameID>");
    let confirmation = part(
        &xml,
        "<saml:SubjectConfirmation ",
        "</saml:SubjectConfirmation>",
    );
    let (recipient, destination) = (
        format!("Recipient=\"{ACS}\""),
        format!("Destination=\"{ACS}\""),
    );
    let elsewhere = confirmation.replace(ACS, "https://x.example/");
    let ended = confirmation.replace("10:05", "09:05");
    let key = confirmation.replace("cm:bearer", "cm:holder-of-key");
    let format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    let mut cases: Vec<_> = [
        ("a Recipient in white space", recipient.as_str(), format!("Recipient=\" {ACS} \"")),
        ("a Destination in white space", &destination, format!("Destination=\"\n{ACS}\t\"")),
        ("an Issuer in white space", "<saml:Issuer>https://idp.example/saml<", "<saml:Issuer>\n  https://idp.example/saml\n<".to_owned()),
        ("another confirmation first", confirmation, format!("{elsewhere}{confirmation}")),
        ("another confirmation last", confirmation, format!("{confirmation}{elsewhere}")),
        ("one that has ended first", confirmation, format!("{ended}{confirmation}")),
        ("a holder of a key first", confirmation, format!("{key}{confirmation}")),
        ("an address of the person", &recipient, format!("Address=\"192.0.2.1\" {recipient}")),
        ("a foreign attribute", &recipient, format!("xmlns:x=\"urn:x\" x:y=\"z\" {recipient}")),
        ("foreign attributes of known names", &recipient, format!("xmlns:x=\"urn:x\" x:Recipient=\"https://x.example/\" x:NotBefore=\"x\" x:InResponseTo=\"_x\" {recipient}")),
        ("something in the confirmation's data", "</saml:SubjectConfirmationData>", "<x xmlns=\"urn:x\"></x></saml:SubjectConfirmationData>".to_owned()),
        ("a name in the confirmation", "<saml:SubjectConfirmationData", "<saml:NameID>urn:presenter</saml:NameID><saml:SubjectConfirmationData".to_owned()),
        ("a NameID in white space", ADA, format!("\n  {ADA}  \n")),
        ("no format", &*format!(" Format=\"{format}\""), String::new()),
        ("an unspecified format", format, format.replace("emailAddress", "unspecified")),
        ("a persistent name", format, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        ("a transient name", format, "urn:oasis:names:tc:SAML:2.0:nameid-format:transient".to_owned()),
        ("qualifiers", "<saml:NameID ", "<saml:NameID NameQualifier=\"x\" SPNameQualifier=\"y\" SPProvidedID=\"z\" ".to_owned()),
    ]
    .map(|(name, old, new)| said("subject", name, old, &new))
    .into();
    cases.push(said("subject", "no NameID", name_id, "").about(None));
    let foreign = "<NameID xmlns=\"urn:x\">eve</NameID>";
    cases.push(said("subject", "a NameID of another namespace", name_id, foreign).about(None));
    cases.push(
        said(
            "subject",
            "a name in Greek",
            ADA,
            "\u{1f08}\u{3b4}\u{3b1}@acme.example",
        )
        .about(Some("\u{1f08}\u{3b4}\u{3b1}@acme.example")),
    );
    cases.push(
        said(
            "subject",
            "a name with an ampersand",
            ADA,
            "R&amp;D &lt;x&gt;",
        )
        .about(Some("R&D <x>")),
    );
    let named = ada(idp()).attribute("oid", ["7"]).signed();
    cases.push(Honest::new(
        "subject",
        "by an attribute",
        Message::from(named).named_by("oid"),
    ));
    cases
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn attributes() -> Vec<Honest> {
    let group = "attributes";
    let many = |count: usize| (0..count).map(|i| format!("group-{i}")).collect::<Vec<_>>();
    let plain = |values: Vec<String>| {
        let message = ada(idp())
            .attribute("teams", values.clone())
            .sign(Sign::Both)
            .signed();
        (message, values)
    };
    let mut cases = Vec::new();
    for (name, values) in [
        ("1,500 groups", many(1_500)),
        ("3,000 groups", many(3_000)),
        ("no values", vec![]),
        ("a long value", vec!["x".repeat(100_000)]),
        ("signs of XML", vec!["a < b & \"c\" > d\r\n\te".to_owned()]),
        (
            "letters of many alphabets",
            vec!["\u{0416}\u{4e2d}\u{1f600}".to_owned()],
        ),
    ] {
        let (message, values) = plain(values);
        cases.push(Honest::new(group, name, message).says("teams", values));
    }
    let value = "<saml:AttributeValue>SEO_Editors</saml:AttributeValue>";
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";
    let typed = |attributes: &str, inner: &str| {
        format!("<saml:AttributeValue {xsi} {attributes}>{inner}</saml:AttributeValue>")
    };
    for (name, new, first) in [
        (
            "a string",
            typed("xsi:type=\"xs:string\"", "SEO_Editors"),
            Some("SEO_Editors"),
        ),
        (
            "a value of any type",
            typed("xsi:type=\"xs:anyType\"", "SEO_Editors"),
            Some("SEO_Editors"),
        ),
        ("nil", typed("xsi:nil=\"true\"", ""), None),
        ("nil by number", typed("xsi:nil=\"1\"", "x"), None),
        ("an empty value", typed("", ""), None),
        ("a value of blanks", typed("", " \n "), None),
        (
            "a value in white space",
            typed("", "\n SEO_Editors "),
            Some("SEO_Editors"),
        ),
        (
            "a NameID",
            typed("", "<saml:NameID>SEO_Editors</saml:NameID>"),
            Some("SEO_Editors"),
        ),
        (
            "a structure",
            typed("", "<x xmlns=\"urn:x\"><y>z</y></x>"),
            None,
        ),
        (
            "two NameIDs",
            typed(
                "",
                "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>",
            ),
            None,
        ),
        (
            "a NameID with a structure",
            typed("", "<saml:NameID>a<x xmlns=\"urn:x\"></x></saml:NameID>"),
            None,
        ),
    ] {
        let values: Vec<_> = first.into_iter().chain(["Staff"]).collect();
        cases.push(said(group, name, value, &new).says("groups", values));
    }
    cases.push(
        said(
            group,
            "a friendly name",
            "Name=\"groups\"",
            "Name=\" groups \" FriendlyName=\"Groups\" NameFormat=\"urn:x\"",
        )
        .says("groups", ["SEO_Editors", "Staff"]),
    );
    cases.push(
        said(
            group,
            "a foreign name",
            "Name=\"groups\"",
            "xmlns:x=\"urn:x\" x:Name=\"admins\" Name=\"groups\"",
        )
        .says("groups", ["SEO_Editors", "Staff"]),
    );
    cases
}

fn answers() -> Vec<Honest> {
    let answer = Message::from(ada(idp()).in_response_to("_q").sign(Sign::Both).signed());
    [
        ("to the one that is open", answer.clone().asked(&["_q"])),
        ("to one of three", answer.asked(&["_p", "_q", "_r"])),
        (
            "to none, though one is open",
            Message::from(honest(Sign::Both)).asked(&["_q"]),
        ),
    ]
    .map(|(name, message)| Honest::new("answers", name, message))
    .into()
}
