//! What is to be done at an identity provider, step by step, with this connection's own values.

use askama::Template;

use crate::directory::connection::Profile;
use crate::directory::setup::Step;
use crate::http::admin::connections::Connection;
use crate::http::setup::progress::Progress;

/// The values that an identity provider is told.
pub(in crate::http) struct Values {
    pub(in crate::http) acs_url: String,
    pub(in crate::http) sp_entity_id: String,
    pub(in crate::http) sp_metadata_url: String,
    pub(in crate::http) scim_base_url: String,
}

impl From<&Connection> for Values {
    fn from(connection: &Connection) -> Self {
        Self {
            acs_url: connection.acs_url.clone(),
            sp_entity_id: connection.sp_entity_id.clone(),
            sp_metadata_url: connection.sp_metadata_url.clone(),
            scim_base_url: connection.scim_base_url.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "setup/guide_okta_saml.html")]
pub(in crate::http) struct OktaSaml {
    it: Values,
}

#[derive(Template)]
#[template(path = "setup/guide_okta_scim.html")]
pub(in crate::http) struct OktaScim {
    it: Values,
}

#[derive(Template)]
#[template(path = "setup/guide_entra_saml.html")]
pub(in crate::http) struct EntraSaml {
    it: Values,
}

#[derive(Template)]
#[template(path = "setup/guide_entra_scim.html")]
pub(in crate::http) struct EntraScim {
    it: Values,
}

#[derive(Template)]
#[template(path = "setup/guide_google_saml.html")]
pub(in crate::http) struct GoogleSaml {
    it: Values,
}

#[derive(Template)]
#[template(path = "setup/guide_generic_saml.html")]
pub(in crate::http) struct GenericSaml {
    it: Values,
}

#[derive(Template)]
#[template(path = "setup/guide_generic_scim.html")]
pub(in crate::http) struct GenericScim {
    it: Values,
    is_google: bool,
}

/// A guide, rendered.
pub(in crate::http) struct Guide {
    /// Its HTML.
    pub(in crate::http) html: String,
}

/// The guide for a step of a connection.
pub(super) fn of(progress: &Progress, step: Option<Step>) -> Option<Guide> {
    let connection = progress.connection.as_ref()?;
    match step? {
        Step::Saml => Some(saml(connection)),
        Step::Scim => Some(scim(connection)),
        Step::Domain | Step::Done | Step::Groups | Step::Test => None,
    }
}

/// How SAML is set up there.
pub(in crate::http) fn saml(connection: &Connection) -> Guide {
    let it = Values::from(connection);
    match connection.profile {
        Profile::Okta => drawn(&OktaSaml { it }),
        Profile::Entra => drawn(&EntraSaml { it }),
        Profile::Google => drawn(&GoogleSaml { it }),
        Profile::Generic => drawn(&GenericSaml { it }),
    }
}

/// How SCIM is set up there.
pub(in crate::http) fn scim(connection: &Connection) -> Guide {
    let it = Values::from(connection);
    match connection.profile {
        Profile::Okta => drawn(&OktaScim { it }),
        Profile::Entra => drawn(&EntraScim { it }),
        Profile::Google => drawn(&GenericScim {
            it,
            is_google: true,
        }),
        Profile::Generic => drawn(&GenericScim {
            it,
            is_google: false,
        }),
    }
}

fn drawn(guide: &impl Template) -> Guide {
    let html = guide.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a guide could not be written");
        String::new()
    });
    Guide { html }
}
