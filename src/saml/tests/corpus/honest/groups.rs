//! Groups in the ways in which products send them, and where nothing is learnt of them.

use super::*;
use crate::saml::profile::{GROUPS_LIMIT, Unknown, VALUE_LIMIT};

const LINK: &str = "http://schemas.microsoft.com/claims/groups.link";

/// An attribute of these values.
fn attribute(name: &str, values: &[&str]) -> String {
    let values = values
        .iter()
        .map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>"));
    let values: String = values.collect();
    format!("<saml:Attribute Name=\"{name}\">{values}</saml:Attribute>")
}

pub(super) fn cases() -> Vec<Honest> {
    let xml = unsigned();
    let usual = part(&xml, "<saml:Attribute Name=\"groups\"", "</saml:Attribute>").to_owned();
    let says = |new: &str| Message::from(resigned(Sign::Response, &[(&usual, new)]));
    let known = |names: &[&str]| Groups::Known(names.iter().map(|&name| name.into()).collect());
    let long = "x".repeat(VALUE_LIMIT + 1);
    let many: Vec<String> = (0..=GROUPS_LIMIT)
        .map(|number| format!("g{number}"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let names = [
        "CN=SEO\\, EMEA,OU=Groups,DC=acme,DC=example",
        "cn= Staff +uid=7,DC=acme",
        "Plain",
        "OU=None,DC=acme",
    ];
    let link = attribute(LINK, &["https://graph.windows.net/x/getMemberObjects"]);
    let unknown = Groups::Unknown;
    [
        (
            "distinguished names",
            says(&attribute("groups", &names)).distinguished(),
            known(&["SEO, EMEA", "Staff", "Plain", "OU=None,DC=acme"]),
        ),
        (
            "twice the same",
            says(&attribute("groups", &["A", " B ", "A", ""])),
            known(&["A", "B"]),
        ),
        (
            "one value with delimiters",
            says(&attribute("memberOf", &["Editors;Staff"])).of(Preset::OneLogin),
            known(&["Editors", "Staff"]),
        ),
        ("none", says(&attribute("groups", &[])), known(&[])),
        ("not there", says(""), unknown(Unknown::Absent)),
        (
            "a link in their place",
            says(&link).of(Preset::Entra),
            unknown(Unknown::Overage),
        ),
        (
            "one that is too long",
            says(&attribute("groups", &["A", &long])),
            unknown(Unknown::TooLong),
        ),
        (
            "too many",
            says(&attribute("groups", &many)),
            unknown(Unknown::TooMany),
        ),
    ]
    .map(|(name, message, groups)| Honest::new("groups", name, message).with_groups(groups))
    .into()
}
