//! The document of `usher config`: what admins set up, by the names that stay, as TOML.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::cli::config_code::demands::Demands;
use crate::directory::connection::{ConnectionState, Jit, Mode, Profile, Safeguard, Strictness};
use crate::directory::email::domain_form;
use crate::directory::mapping::MatchKind;
use crate::directory::metadata::RefreshMode;
use crate::directory::policy::Policy;
use crate::directory::webhook::Format;

/// What a document begins with.
const HEADING: &str = "\
# What admins set up in Usher. `usher config plan FILE` tells what this would change,
# `usher config apply FILE` changes it. What is not named stays as it is.

";

/// Organizations, by their slugs.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Document {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) organizations: BTreeMap<String, Organization>,
}

/// An organization.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Organization {
    pub(super) name: Option<String>,
    pub(super) default_role: Option<String>,
    /// All of it: what is left out goes back to its default.
    pub(super) policy: Option<Policy>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) roles: BTreeMap<String, Role>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) projects: BTreeMap<String, Project>,
    /// Those that the organization proves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) domains: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) connections: BTreeMap<String, Connection>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mappings: Vec<Mapping>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) webhooks: Vec<Webhook>,
}

/// A role.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Role {
    pub(super) name: Option<String>,
    /// Needed where the role is to be created, and fixed for life.
    pub(super) rank: Option<i64>,
}

/// A project.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Project {
    pub(super) name: Option<String>,
    pub(super) archived: Option<bool>,
}

/// A connection.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Connection {
    pub(super) profile: Option<Profile>,
    pub(super) state: Option<ConnectionState>,
    pub(super) testing: Option<bool>,
    pub(super) jit: Option<Jit>,
    pub(super) mode: Option<Mode>,
    pub(super) strictness: Option<Strictness>,
    pub(super) safeguard: Option<Safeguard>,
    /// A role, or none.
    pub(super) default_role: Option<String>,
    pub(super) max_role: Option<String>,
    pub(super) tolerate_unknown_members: Option<bool>,
    pub(super) idp_initiated: Option<bool>,
    pub(super) single_logout: Option<bool>,
    pub(super) sign_requests: Option<bool>,
    pub(super) allow_cbc: Option<bool>,
    /// Those that the operator listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) trusted_domains: Vec<String>,
    pub(super) idp_entity_id: Option<String>,
    /// Where the metadata are published: while they are, their text is not compared.
    pub(super) metadata_url: Option<String>,
    pub(super) metadata_refresh: Option<RefreshMode>,
    pub(super) idp_metadata: Option<String>,
    /// All of them: what is left out goes back to its default.
    pub(super) demands: Option<Demands>,
}

/// A rule of a connection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// The connection's name.
    pub(super) connection: String,
    #[serde(rename = "match", default = "by_name")]
    pub(super) match_kind: MatchKind,
    pub(super) group: String,
    pub(super) role: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) projects: Vec<String>,
    pub(super) position: Option<i64>,
    #[serde(default = "enabled")]
    pub(super) enabled: bool,
}

/// A webhook. Its URL is a secret, so that it is not there unless somebody wants it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Webhook {
    pub(super) name: String,
    pub(super) url: Option<String>,
    /// None means all.
    pub(super) types: Option<Vec<String>>,
    #[serde(default = "standard")]
    pub(super) format: Format,
}

fn by_name() -> MatchKind {
    MatchKind::Name
}

fn enabled() -> bool {
    true
}

fn standard() -> Format {
    Format::Standard
}

impl Document {
    /// The document of a text, or what is wrong with it, and on which line.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let read = toml::from_str::<Self>(text);
        let mut document = read.map_err(|error| placed(text, &error))?;
        for organization in document.organizations.values_mut() {
            organization.take_forms();
        }
        Ok(document)
    }

    /// The document as text.
    pub(super) fn text(&self) -> Result<String, toml::ser::Error> {
        Ok(format!("{HEADING}{}", toml::to_string(self)?))
    }
}

impl Organization {
    /// Gives what is written in several ways the form in which it is kept.
    fn take_forms(&mut self) {
        take_domain_forms(&mut self.domains);
        for connection in self.connections.values_mut() {
            take_domain_forms(&mut connection.trusted_domains);
        }
        for mapping in &mut self.mappings {
            mapping.group = mapping.group.trim().to_owned();
            mapping.projects.sort();
            mapping.projects.dedup();
        }
        for webhook in &mut self.webhooks {
            webhook.name = webhook.name.trim().to_owned();
            if let Some(text) = &mut webhook.url
                && let Ok(url) = Url::parse(text.trim())
            {
                *text = url.into();
            }
        }
    }
}

fn take_domain_forms(domains: &mut Vec<String>) {
    for domain in domains.iter_mut() {
        if let Some(form) = domain_form(domain) {
            *domain = form;
        }
    }
    domains.sort();
    domains.dedup();
}

fn placed(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let above = text.bytes().take(start).filter(|byte| *byte == b'\n');
    format!("line {}: {}", 1 + above.count(), error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        [organizations.acme]
        name = "Acme Inc."
        default_role = "viewer"
        domains = ["ACME.example", "acme.example"]
        [organizations.acme.policy]
        sso_required = true
        [organizations.acme.roles.auditor]
        rank = 30
        [organizations.acme.connections."Okta EU"]
        jit = "off"
        default_role = "none"
        idp_metadata = """
<md>"a" 'b' \\ c</md>
"""
        [organizations.acme.connections."Okta EU".demands]
        force_authn = true
        attributes = { email = "mail" }
        [[organizations.acme.mappings]]
        connection = "Okta EU"
        group = " Editors "
        role = "editor"
        projects = ["b", "a", "b"]
        [[organizations.acme.webhooks]]
        name = "app"
        url = "https://APP.example"
    "#;

    #[test]
    fn what_is_written_is_read_again() {
        let read = Document::read(WHOLE).unwrap();
        let text = read.text().unwrap();
        let again = Document::read(&text).unwrap();
        assert!(again == read, "{text}");
        assert_eq!(again.text().unwrap(), text);
        let acme = read.organizations.get("acme").unwrap();
        assert_eq!(acme.domains, ["acme.example"]);
        assert_eq!(acme.mappings[0].projects, ["a", "b"]);
        assert_eq!(acme.mappings[0].group, "Editors");
        let url = acme.webhooks[0].url.as_deref();
        assert_eq!(url, Some("https://app.example/"));
        let okta = acme.connections.get("Okta EU").unwrap();
        let metadata = okta.idp_metadata.as_deref();
        assert_eq!(metadata, Some("<md>\"a\" 'b' \\ c</md>\n"));
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        for (text, line, said) in [
            ("\nteams = 1", 2, "unknown field `teams`"),
            ("[organizations.a]\nnam = 'A'", 2, "unknown field `nam`"),
            (
                "[organizations.a.roles.x]\n\nranks = 1",
                3,
                "unknown field `ranks`",
            ),
            (
                "[organizations.a.connections.O]\njit = 'perhaps'",
                2,
                "unknown variant `perhaps`",
            ),
            (
                "[organizations.a.connections.O.demands]\nforce = true",
                2,
                "unknown field `force`",
            ),
            (
                "[organizations.a.connections.O.demands.attributes]\nmail = 'm'",
                2,
                "unknown field `mail`",
            ),
            (
                "[organizations.a.connections.O]\n[organizations.a.connections.O.demands]\n\
                 skew_seconds = 999",
                2,
                "skew_seconds: 999 seconds",
            ),
            (
                "[organizations.a.policy]\nsso = true",
                2,
                "unknown field `sso`",
            ),
            (
                "[[organizations.a.mappings]]\nconnection = 'O'\ngroup = 'G'",
                1,
                "missing field `role`",
            ),
            ("[organizations.a", 1, ""),
        ] {
            let fault = Document::read(text).err().unwrap();
            let place = format!("line {line}: ");
            assert!(fault.starts_with(&place) && fault.contains(said), "{fault}");
        }
    }
}
