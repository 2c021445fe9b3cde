//! `usher connection guide`: what is entered at the identity provider, with the connection's own
//! addresses in it, to be followed, pasted or applied.

use askama::Template;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::directory::connection::Profile;
use crate::id::ConnectionId;
use crate::provisioning::settings::connections::{self, Addresses};

/// Print how a connection is set up at its identity provider, with its own addresses
///
/// Every profile has the steps for SAML and for SCIM; okta and entra have a configuration for
/// Terraform besides, and entra the mapping of attributes as Microsoft Graph takes it. No secret
/// is in any of it.
///
/// Examples:
///   usher connection guide ID
///   usher connection guide ID --what terraform > usher.tf
///   usher connection guide ID --what mapping > mapping.json
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Guide {
    /// The connection
    id: ConnectionId,
    /// Only this part, as it is [default: every part that the profile has, each under its name]
    #[arg(long)]
    what: Option<What>,
}

/// A part of the guide.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The steps by which people sign in
    Saml,
    /// The steps by which people and groups are pushed
    Scim,
    /// A configuration that Terraform applies
    Terraform,
    /// How attributes are mapped, as JSON
    Mapping,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Saml => "saml",
            Self::Scim => "scim",
            Self::Terraform => "terraform",
            Self::Mapping => "mapping",
        }
    }
}

impl Guide {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let row = connections::find(&opened.store, self.id).await?;
        let url = opened.config.server.public_url.as_url();
        let values = Values {
            id: self.id,
            host: url.host_str().unwrap_or("Usher").to_owned(),
            addresses: Addresses::of(opened.public_url(), self.id),
        };
        let mut texts = texts(row.profile, &values)?;
        if let Some(what) = self.what {
            let there: Vec<&str> = texts.iter().map(|it| it.name).collect();
            let (word, profile, there) = (what.word(), row.profile, there.join(", "));
            texts.retain(|it| it.name == word);
            if texts.is_empty() {
                return Err(Failure::Usage(format!(
                    "--what {word}: a connection with the profile {profile} has {there}"
                )));
            }
        }
        if opened.output.is_json() {
            opened.output.record(&Printed {
                connection_id: self.id,
                profile: row.profile,
                texts: &texts,
            })?;
            return Ok(Outcome::Done);
        }
        let headed = self.what.is_none();
        let shown = texts.iter().map(|it| it.shown(headed));
        Output::print(&shown.collect::<Vec<_>>().join("\n"))?;
        Ok(Outcome::Done)
    }
}

/// The guide as one document.
#[derive(Serialize)]
struct Printed<'a> {
    connection_id: ConnectionId,
    profile: Profile,
    texts: &'a [Text],
}

/// One part, written.
#[derive(Serialize)]
struct Text {
    name: &'static str,
    text: String,
}

impl Text {
    fn new(what: What, text: &str) -> Self {
        Self {
            name: what.word(),
            text: format!("{}\n", text.trim_end()),
        }
    }

    fn drawn(what: What, template: &impl Template) -> Result<Self, Failure> {
        let text = template.render();
        let text = text.map_err(|error| Failure::File(format!("cannot write: {error}")))?;
        Ok(Self::new(what, &text))
    }

    fn shown(&self, headed: bool) -> String {
        if headed {
            format!("=== {} ===\n\n{}", self.name, self.text)
        } else {
            self.text.clone()
        }
    }
}

/// What the templates show.
struct Values {
    id: ConnectionId,
    host: String,
    addresses: Addresses,
}

#[derive(Template)]
#[template(path = "guide/okta_saml.txt")]
struct OktaSaml<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/okta_scim.txt")]
struct OktaScim<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/okta_terraform.txt")]
struct OktaTerraform<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/entra_saml.txt")]
struct EntraSaml<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/entra_scim.txt")]
struct EntraScim<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/entra_terraform.txt")]
struct EntraTerraform<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/google_saml.txt")]
struct GoogleSaml<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/generic_saml.txt")]
struct GenericSaml<'a> {
    it: &'a Values,
}

#[derive(Template)]
#[template(path = "guide/generic_scim.txt")]
struct GenericScim<'a> {
    it: &'a Values,
    is_google: bool,
}

/// Every part that a profile has.
fn texts(profile: Profile, it: &Values) -> Result<Vec<Text>, Failure> {
    let generic_scim = |is_google| Text::drawn(What::Scim, &GenericScim { it, is_google });
    Ok(match profile {
        Profile::Entra => vec![
            Text::drawn(What::Saml, &EntraSaml { it })?,
            Text::drawn(What::Scim, &EntraScim { it })?,
            Text::drawn(What::Terraform, &EntraTerraform { it })?,
            Text::new(What::Mapping, &format!("{:#}", entra_mapping())),
        ],
        Profile::Generic => vec![
            Text::drawn(What::Saml, &GenericSaml { it })?,
            generic_scim(false)?,
        ],
        Profile::Google => vec![
            Text::drawn(What::Saml, &GoogleSaml { it })?,
            generic_scim(true)?,
        ],
        Profile::Okta => vec![
            Text::drawn(What::Saml, &OktaSaml { it })?,
            Text::drawn(What::Scim, &OktaScim { it })?,
            Text::drawn(What::Terraform, &OktaTerraform { it })?,
        ],
    })
}

/// What Entra sends of a person, as an object mapping of Microsoft Graph's synchronization schema
/// (`synchronizationRules[].objectMappings[]`). People are matched by what has a priority above 0.
fn entra_mapping() -> Value {
    let mapped = |source: &str, target: &str, priority: u8| {
        json!({
            "defaultValue": null,
            "exportMissingReferences": false,
            "flowBehavior": "FlowWhenChanged",
            "flowType": "Always",
            "matchingPriority": priority,
            "source": {
                "expression": format!("[{source}]"),
                "name": source,
                "parameters": [],
                "type": "Attribute",
            },
            "targetAttributeName": target,
        })
    };
    json!({
        "sourceObjectName": "User",
        "targetObjectName": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "attributeMappings": [
            mapped("userPrincipalName", "userName", 1),
            mapped("objectId", "externalId", 0),
            mapped("mail", "emails[type eq \"work\"].value", 0),
            mapped("givenName", "name.givenName", 0),
            mapped("surname", "name.familyName", 0),
            mapped("displayName", "displayName", 0),
        ],
    })
}
