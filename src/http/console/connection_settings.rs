//! The settings of a connection as a form: filled with what is set, and read back as what differs from it. What
//! nobody touched is not sent, since some of it is the operator's to say.

use serde_json::{Map, Value, json};

use crate::directory::demands::AttributeChanges;
use crate::http::admin::connections::Connection;
use crate::http::console::Form;
use crate::http::console::connections::several;
use crate::provisioning::settings::roles::NO_ROLE;

/// What a ticked box says.
const ON: &str = "on";

/// Settings of one line.
const TEXTS: [&str; 12] = [
    "name",
    "profile",
    "strictness",
    "jit",
    "mode",
    "safeguard",
    "max_role",
    "default_role",
    "app",
    "metadata_refresh",
    "authn_comparison",
    "require_signed",
];

/// Settings that are on or off.
const BOXES: [&str; 8] = [
    "idp_initiated",
    "tolerate_unknown_members",
    "sign_requests",
    "allow_cbc",
    "single_logout",
    "force_authn",
    "require_encryption",
    "require_mapped_group",
];

const CLASSES: &str = "authn_context";
const SKEW: &str = "skew_seconds";
const ATTRIBUTES: &str = "attributes";
const DISTINGUISHED: &str = "groups_are_distinguished_names";

/// When what the form was filled with last changed.
pub(super) const SINCE: &str = "updated_at";

/// The form as the connection is set.
pub(super) fn filled(it: &Connection) -> Form {
    let set = json!(it);
    let plain = TEXTS.iter().chain(&BOXES).chain(&[CLASSES, SKEW]);
    let plain = plain.filter_map(|name| Some(((*name).to_owned(), text(set.get(*name)?)?)));
    let names = AttributeChanges::NAMES.iter().chain(&[DISTINGUISHED]);
    let attributes = names.filter_map(|name| {
        let named = set.get(ATTRIBUTES)?.get(*name)?;
        Some((attribute(name), text(named)?))
    });
    let since = (SINCE.to_owned(), it.updated_at.to_string());
    Form::of(plain.chain(attributes).chain([since]).collect())
}

/// The field of an attribute's name.
fn attribute(name: &str) -> String {
    format!("{ATTRIBUTES}.{name}")
}

/// What a field says of a value; nothing where it is not set.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_on) => is_on.then(|| ON.to_owned()),
        Value::Array(all) => {
            let lines: Vec<_> = all.iter().filter_map(Value::as_str).collect();
            Some(lines.join("\n"))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// Whether the connection is still what the form was filled with.
pub(super) fn is_of(form: &Form, it: &Connection) -> bool {
    form.value(SINCE) == it.updated_at.to_string()
}

/// What the form says that the connection is not, as the API takes it.
pub(super) fn changed(form: &Form, it: &Connection) -> Map<String, Value> {
    let domains = several(form.value("trusted_domains"));
    let mut changed = differing(said(form), &json!(it));
    if !domains.is_empty() {
        changed.insert("trusted_domains".to_owned(), json!(domains));
    }
    changed
}

fn differing(said: Map<String, Value>, set: &Value) -> Map<String, Value> {
    let differs = |(name, value): &(String, Value)| set.get(name.as_str()) != Some(value);
    let mut changed: Map<_, _> = said.into_iter().filter(differs).collect();
    for name in ["app", "default_role"] {
        if let Some(value) = changed.get_mut(name).filter(|value| value.is_null()) {
            *value = json!(NO_ROLE);
        }
    }
    changed
}

/// What the form says, in the shape in which the API tells it.
fn said(form: &Form) -> Map<String, Value> {
    let is_there = |name: &&&str| form.has(name, "") || form.text(name).is_some();
    let texts = TEXTS.iter().filter(is_there);
    let texts = texts.map(|name| ((*name).to_owned(), json!(form.text(name))));
    let boxes = BOXES.iter();
    let boxes = boxes.map(|name| ((*name).to_owned(), json!(form.is_on(name))));
    let classes: Vec<_> = form.value(CLASSES).split_whitespace().collect();
    let names = AttributeChanges::NAMES.iter();
    let names = names.map(|name| ((*name).to_owned(), json!(form.text(&attribute(name)))));
    let distinguished = json!(form.is_on(&attribute(DISTINGUISHED)));
    let names: Map<String, Value> = names
        .chain([(DISTINGUISHED.to_owned(), distinguished)])
        .collect();
    let others = [
        (CLASSES.to_owned(), json!(classes)),
        (SKEW.to_owned(), number(form.text(SKEW))),
        (ATTRIBUTES.to_owned(), Value::Object(names)),
    ];
    texts.chain(boxes).chain(others).collect()
}

/// A number as it was written; what is none is passed on, so that the answer says what is wrong with it.
pub(super) fn number(text: Option<&str>) -> Value {
    match (text, text.map(str::parse::<i64>)) {
        (_, Some(Ok(number))) => json!(number),
        (text, _) => json!(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_said() {
        let form = Form::saying(&[
            ("name", "Okta"),
            ("default_role", ""),
            ("max_role", "editor"),
            ("idp_initiated", ON),
            ("authn_context", "urn:a\r\nurn:b"),
            ("skew_seconds", "30"),
            ("attributes.groups", "memberOf"),
        ]);
        let names = json!({
            "subject": null, "email": null, "user_name": null, "given_name": null,
            "family_name": null, "display_name": null, "external_id": null, "groups": "memberOf",
            "groups_are_distinguished_names": false,
        });
        let set = json!({
            "name": "Okta", "default_role": "viewer", "max_role": "editor", "app": "portal",
            "idp_initiated": false, "tolerate_unknown_members": false, "sign_requests": false,
            "allow_cbc": true, "single_logout": false, "force_authn": false,
            "require_encryption": false, "require_mapped_group": false, "authn_context": [],
            "skew_seconds": 30, "attributes": names, "profile": "okta",
        });
        let expected = json!({
            "default_role": "none", "idp_initiated": true, "allow_cbc": false,
            "authn_context": ["urn:a", "urn:b"],
        });
        assert_eq!(json!(differing(said(&form), &set)), expected);
    }

    #[test]
    fn what_is_no_number_is_passed_on() {
        assert_eq!(number(Some("30")), json!(30));
        assert_eq!(number(Some("x")), json!("x"));
        assert_eq!(number(None), Value::Null);
    }
}
