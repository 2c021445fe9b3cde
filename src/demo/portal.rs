//! The two identity providers: who they are, whom they have, and pages from which somebody at a
//! browser signs in as one of their people. Each opening of a page is a fresh signed response.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::demo::setting::Connected;
use crate::id::Ids;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Entra,
    Okta,
}

/// Somebody whom an identity provider has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Employee {
    pub(super) given: &'static str,
    pub(super) family: &'static str,
    pub(super) address: &'static str,
    /// What the identity provider itself calls the person.
    pub(super) external_id: &'static str,
}

impl Employee {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

pub(super) const ADA: Employee = Employee {
    given: "Ada",
    family: "Lovelace",
    address: "ada@okta.acme.example",
    external_id: "00u1ada5x0xLovelace01",
};
pub(super) const GRACE: Employee = Employee {
    given: "Grace",
    family: "Hopper",
    address: "grace@okta.acme.example",
    external_id: "00u1grace9xHopper0002",
};
pub(super) const MARGARET: Employee = Employee {
    given: "Margaret",
    family: "Hamilton",
    address: "margaret@entra.acme.example",
    external_id: "8b6b2a5e-3f0c-4d63-9a51-6f1f0f6f7a11",
};
pub(super) const KATHERINE: Employee = Employee {
    given: "Katherine",
    family: "Johnson",
    address: "katherine@entra.acme.example",
    external_id: "c1f0c1de-0d5c-4a7d-8a39-b2f4f7c4a922",
};

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Entra => "Entra",
            Self::Okta => "Okta",
        }
    }

    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Okta => "okta",
        }
    }

    pub(super) fn domain(self) -> &'static str {
        match self {
            Self::Entra => "entra.acme.example",
            Self::Okta => "okta.acme.example",
        }
    }

    pub(super) fn entity_id(self) -> &'static str {
        match self {
            Self::Entra => "https://sts.windows.net/5d0c5f4e-6c6e-4b5e-9f5e-0a6d3c1b2a10/",
            Self::Okta => "http://www.okta.com/exk1acmedemo00000001",
        }
    }

    /// What its SCIM client calls itself; Entra's says nothing.
    pub(super) fn agent(self) -> Option<&'static str> {
        match self {
            Self::Entra => None,
            Self::Okta => Some("Okta SCIM Client 1.0.0"),
        }
    }

    pub(super) fn media(self) -> &'static str {
        match self {
            Self::Entra => "application/scim+json; charset=utf-8",
            Self::Okta => "application/scim+json",
        }
    }

    pub(super) fn employees(self) -> [Employee; 2] {
        match self {
            Self::Entra => [MARGARET, KATHERINE],
            Self::Okta => [ADA, GRACE],
        }
    }
}

/// A fresh response in which this person is signed in, as the form posts it.
pub(super) fn response(connected: &Connected, who: &Employee, ids: &Ids) -> String {
    let addresses = &connected.addresses;
    let (acs, us) = (addresses.acs_url.as_str(), addresses.sp_entity_id.as_str());
    let claim = |name: &str| match connected.kind {
        Kind::Entra => format!("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/{name}"),
        Kind::Okta => match name {
            "givenname" => "firstName".to_owned(),
            "surname" => "lastName".to_owned(),
            _ => "email".to_owned(),
        },
    };
    let response = connected
        .idp
        .response(acs, us, ids.clock().now())
        .email(who.address);
    let response = response
        .attribute(claim("emailaddress"), [who.address])
        .attribute(claim("givenname"), [who.given])
        .attribute(claim("surname"), [who.family]);
    response.base64()
}

/// The pages.
#[derive(Clone)]
pub(super) struct Portal {
    ids: Ids,
    connected: Arc<Mutex<Vec<Connected>>>,
}

impl Portal {
    pub(super) fn new(ids: Ids) -> Self {
        Self {
            ids,
            connected: Arc::default(),
        }
    }

    /// Opens the pages of an identity provider that is connected now.
    pub(super) fn open(&self, connected: &Connected) {
        let mut all = self
            .connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.push(connected.clone());
    }

    fn find(&self, slug: &str) -> Option<Connected> {
        let all = self
            .connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .find(|connected| connected.kind.slug() == slug)
            .cloned()
    }

    pub(super) fn routes(&self) -> Router {
        Router::new()
            .route("/", get(index))
            .route("/{provider}/{who}", get(sign_in))
            .with_state(self.clone())
    }
}

async fn index(State(portal): State<Portal>) -> Html<String> {
    let mut list = String::new();
    let all = portal
        .connected
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for (kind, who) in all
        .iter()
        .flat_map(|c| c.kind.employees().map(|who| (c.kind, who)))
    {
        let (slug, handle) = (kind.slug(), who.given.to_lowercase());
        let (provider, name) = (kind.name(), who.name());
        // Writing to a String cannot fail.
        let _ = write!(
            list,
            "<li><a href=\"/{slug}/{handle}\">{name}</a> at {provider}</li>"
        );
    }
    page(
        "Sign in from the identity provider",
        &format!("<ul>{list}</ul>"),
    )
}

async fn sign_in(
    State(portal): State<Portal>,
    Path((provider, who)): Path<(String, String)>,
) -> Response {
    let found = portal.find(&provider).and_then(|connected| {
        let all = connected.kind.employees();
        let who = all
            .into_iter()
            .find(|employee| employee.given.eq_ignore_ascii_case(&who))?;
        Some((connected, who))
    });
    let Some((connected, who)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let form = format!(
        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"SAMLResponse\" \
         value=\"{}\"><button>Continue to Acme's application</button></form>",
        connected.addresses.acs_url,
        response(&connected, &who, &portal.ids),
    );
    let title = format!("You are {} at {}", who.name(), connected.kind.name());
    page(&title, &form).into_response()
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <body style=\"font: 1rem/1.5 system-ui, sans-serif; margin: 3rem\"><h1>{title}</h1>{body}"
    ))
}
