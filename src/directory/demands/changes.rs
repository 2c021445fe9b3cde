//! Changes of what a connection demands: what may be asked for, and what is wrong with it.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::directory::demands::{AttributeNames, AuthnComparison, Demands, RequireSigned};
use crate::limits;

/// What is said of a setting: nothing, so that it stays; `Some(None)`, that it goes back to its
/// default; or what it is to be.
pub type Said<T> = Option<Option<T>>;

/// Reads what is mentioned, null too.
pub fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Said<T>, D::Error> {
    Option::deserialize(reader).map(Some)
}

/// What is to change: what is not mentioned stays as it is, and null goes back to the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandChanges {
    /// Classes of the context of an authentication, at most 10 absolute URIs of up to 256 characters,
    /// in place of those that were.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Vec<String>>, max_items = 10)]
    pub authn_context: Said<Vec<String>>,
    /// How what is asserted must compare with them.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<AuthnComparison>)]
    pub authn_comparison: Said<AuthnComparison>,
    /// Whether each sign-in is to be an authentication of its own.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<bool>)]
    pub force_authn: Said<bool>,
    /// Whether an assertion that is not encrypted is refused.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<bool>)]
    pub require_encryption: Said<bool>,
    /// Which signatures must be there, and verify.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<RequireSigned>)]
    pub require_signed: Said<RequireSigned>,
    /// By how many seconds the identity provider's clock may differ from ours.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 300)]
    pub skew_seconds: Said<i64>,
    /// Whether nobody comes in to whom no rule of this connection gives a role.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<bool>)]
    pub require_mapped_group: Said<bool>,
    /// In which attributes the person is found; null takes all names away.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<AttributeChanges>)]
    pub attributes: Said<AttributeChanges>,
}

/// Names of attributes that are to change, each of 1 to 256 bytes: what is not mentioned stays as it
/// is, and with null the profile's count again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeChanges {
    /// Whom the assertion is about, in place of its NameID.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub subject: Said<String>,
    /// The address.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub email: Said<String>,
    /// The user name.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub user_name: Said<String>,
    /// The given name.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub given_name: Said<String>,
    /// The family name.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub family_name: Said<String>,
    /// The display name.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub display_name: Said<String>,
    /// The identifier that SCIM calls `externalId`.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub external_id: Said<String>,
    /// The groups.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub groups: Said<String>,
    /// Whether groups come as distinguished names, of which the first CN is meant.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<bool>)]
    pub groups_are_distinguished_names: Said<bool>,
}

/// What is wrong with a change: the place as a JSON Pointer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place.
    pub pointer: String,
    /// Why it cannot be.
    pub why: String,
}

impl DemandChanges {
    /// What they are called.
    pub const NAMES: [&'static str; 8] = [
        "authn_context",
        "authn_comparison",
        "force_authn",
        "require_encryption",
        "require_signed",
        "skew_seconds",
        "require_mapped_group",
        "attributes",
    ];

    /// What is wrong with it; nothing where it can be made.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, why: String| faults.push(Fault { pointer, why });
        let classes = self.authn_context.iter().flatten();
        for classes in classes {
            if classes.len() > limits::AUTHN_CONTEXTS {
                let most = limits::AUTHN_CONTEXTS;
                let why = format!("{} classes, at most {most}", classes.len());
                fault("/authn_context".to_owned(), why);
            }
            for (place, class) in classes.iter().enumerate().filter(|(_, it)| !is_class(it)) {
                let (most, class) = (limits::DEMANDED_NAME, class.escape_debug());
                let why = format!("\"{class:.40}\" is no absolute URI of up to {most} characters");
                fault(format!("/authn_context/{place}"), why);
            }
        }
        let (skew, most) = (
            self.skew_seconds.flatten(),
            limits::CLOCK_SKEW_MAX.as_secs(),
        );
        if let Some(skew) = skew.filter(|skew| !(0..=most).contains(skew)) {
            let why = format!("{skew} seconds, not 0 to {most}");
            fault("/skew_seconds".to_owned(), why);
        }
        let mut attributes = self.attributes.clone().flatten().unwrap_or_default();
        for name in AttributeChanges::NAMES {
            let said = attributes.slot(name).and_then(Option::take).flatten();
            if said.is_some_and(|it| !is_name(&it)) {
                let most = limits::DEMANDED_NAME;
                let why = format!("a name has 1 to {most} bytes, on one line, no blank around it");
                fault(format!("/attributes/{name}"), why);
            }
        }
        faults
    }

    /// Makes the change.
    pub fn apply(&self, demands: &mut Demands) {
        put(&mut demands.authn_context, self.authn_context.as_ref());
        let mut seen = std::collections::HashSet::new();
        let classes = &mut demands.authn_context;
        classes.retain(|class| seen.insert(class.clone()));
        put(
            &mut demands.authn_comparison,
            self.authn_comparison.as_ref(),
        );
        put(&mut demands.force_authn, self.force_authn.as_ref());
        put(
            &mut demands.require_encryption,
            self.require_encryption.as_ref(),
        );
        put(&mut demands.require_signed, self.require_signed.as_ref());
        if let Some(skew) = self.skew_seconds {
            demands.skew_seconds = skew;
        }
        put(
            &mut demands.require_mapped_group,
            self.require_mapped_group.as_ref(),
        );
        match &self.attributes {
            None => {}
            Some(None) => demands.attributes = AttributeNames::default(),
            Some(Some(changes)) => changes.apply(&mut demands.attributes),
        }
    }
}

fn put<T: Clone + Default>(slot: &mut T, said: Option<&Option<T>>) {
    if let Some(said) = said {
        *slot = said.clone().unwrap_or_default();
    }
}

impl AttributeChanges {
    /// What a name of an attribute can be set for.
    pub const NAMES: [&'static str; 8] = [
        "subject",
        "email",
        "user_name",
        "given_name",
        "family_name",
        "display_name",
        "external_id",
        "groups",
    ];

    /// What is said of one of the [`Self::NAMES`].
    pub fn slot(&mut self, name: &str) -> Option<&mut Said<String>> {
        Some(match name {
            "subject" => &mut self.subject,
            "email" => &mut self.email,
            "user_name" => &mut self.user_name,
            "given_name" => &mut self.given_name,
            "family_name" => &mut self.family_name,
            "display_name" => &mut self.display_name,
            "external_id" => &mut self.external_id,
            "groups" => &mut self.groups,
            _ => return None,
        })
    }

    fn apply(&self, names: &mut AttributeNames) {
        for (slot, said) in [
            (&mut names.subject, &self.subject),
            (&mut names.email, &self.email),
            (&mut names.user_name, &self.user_name),
            (&mut names.given_name, &self.given_name),
            (&mut names.family_name, &self.family_name),
            (&mut names.display_name, &self.display_name),
            (&mut names.external_id, &self.external_id),
            (&mut names.groups, &self.groups),
        ] {
            if let Some(said) = said {
                slot.clone_from(said);
            }
        }
        put(
            &mut names.groups_are_distinguished_names,
            self.groups_are_distinguished_names.as_ref(),
        );
    }
}

/// Whether a text is an absolute URI (RFC 3986 4.3) that is not endless.
fn is_class(text: &str) -> bool {
    let odd = |c: char| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(c);
    let named = text.split_once(':').is_some_and(|(scheme, rest)| {
        let rest_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
        begins && scheme.chars().all(rest_of_scheme) && !rest.is_empty()
    });
    named && text.len() <= limits::DEMANDED_NAME && !text.contains(odd)
}

fn is_name(text: &str) -> bool {
    let fits = (1..=limits::DEMANDED_NAME).contains(&text.len());
    fits && text.trim() == text && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(text: &str) -> DemandChanges {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_not_mentioned_stays_and_null_goes_back() {
        let mut demands = Demands::default();
        let all = r#"{"authn_context": ["urn:a", "urn:b", "urn:a"], "authn_comparison": "minimum",
            "force_authn": true, "require_encryption": true, "require_signed": "both",
            "skew_seconds": 0, "require_mapped_group": true, "attributes": {"email": "mail", "groups": "memberOf",
            "groups_are_distinguished_names": true}}"#;
        changes(all).apply(&mut demands);
        assert_eq!(demands.authn_context, ["urn:a", "urn:b"]);
        assert_eq!(demands.skew_seconds(), 0);
        let before = demands.clone();
        changes("{}").apply(&mut demands);
        assert_eq!(demands, before);
        changes(r#"{"attributes": {"email": null}, "skew_seconds": null}"#).apply(&mut demands);
        assert_eq!(demands.attributes.email, None);
        assert_eq!(demands.attributes.groups.as_deref(), Some("memberOf"));
        assert_eq!(demands.in_force().skew_seconds, Some(120));
        let nothing = r#"{"authn_context": null, "authn_comparison": null, "force_authn": null,
            "require_encryption": null, "require_signed": null, "require_mapped_group": null,
            "attributes": null}"#;
        changes(nothing).apply(&mut demands);
        assert_eq!(demands, Demands::default());
        assert!(serde_json::from_str::<DemandChanges>(r#"{"skew": 1}"#).is_err());
    }

    #[test]
    fn a_document_of_before_has_the_defaults() {
        let read: Demands = serde_json::from_str("{}").unwrap();
        assert_eq!(read, Demands::default());
        assert_eq!(read.require_signed, RequireSigned::Any);
        assert_eq!(read.authn_comparison, AuthnComparison::Exact);
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        let places = |text: &str| -> Vec<String> {
            let faults = changes(text).faults().into_iter();
            faults.map(|fault| fault.pointer).collect()
        };
        let many: Vec<String> = (0..11).map(|number| format!("urn:{number}")).collect();
        let many = serde_json::json!({"authn_context": many}).to_string();
        let long = serde_json::json!({
            "authn_context": ["urn:a", "x".repeat(257), format!("urn:{}", "x".repeat(253))],
            "attributes": {"email": "x".repeat(257), "groups": "x".repeat(256)},
        });
        for (text, expected) in [
            (
                r#"{"skew_seconds": 300, "authn_context": ["urn:a:b"]}"#,
                &[][..],
            ),
            (r#"{"skew_seconds": 301}"#, &["/skew_seconds"]),
            (r#"{"skew_seconds": -1}"#, &["/skew_seconds"]),
            (
                r#"{"authn_context": ["none", "a b:c", "1:a", "urn:"]}"#,
                &[
                    "/authn_context/0",
                    "/authn_context/1",
                    "/authn_context/2",
                    "/authn_context/3",
                ],
            ),
            (&many, &["/authn_context"]),
            (
                &long.to_string(),
                &["/authn_context/1", "/authn_context/2", "/attributes/email"],
            ),
            (
                r#"{"attributes": {"subject": "", "user_name": " uid", "display_name": "a\nb"}}"#,
                &[
                    "/attributes/subject",
                    "/attributes/user_name",
                    "/attributes/display_name",
                ],
            ),
            (r#"{"attributes": {"subject": null}}"#, &[]),
        ] {
            assert_eq!(places(text), expected, "{text}");
        }
    }
}
