//! What stands around every page of the console: who is there, the way to the other pages, and what was just done.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::http::console::assets;
use crate::http::console::visitor::Visitor;

/// What a page of the console may load and where its forms go: this server alone, and no script that stands in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page of an organization, as the navigation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Section {
    /// What needs somebody.
    Overview,
    /// Who is in.
    People,
    /// Who is invited.
    Invitations,
    /// Files of people.
    Imports,
    /// Which group gives which role.
    Mappings,
    /// Identity providers.
    Connections,
    /// Proven domains.
    Domains,
    /// What safeguards hold.
    Safeguards,
    /// Who is told.
    Webhooks,
    /// What happened.
    Events,
    /// Keys for programs.
    Keys,
    /// What the organization says of itself, and who owns it.
    Settings,
}

impl Section {
    const ALL: [(Self, &'static str, &'static str); 12] = [
        (Self::Overview, "Overview", ""),
        (Self::People, "People", "/users"),
        (Self::Invitations, "Invitations", "/invitations"),
        (Self::Imports, "Imports", "/imports"),
        (Self::Mappings, "Groups and roles", "/mappings"),
        (Self::Connections, "Connections", "/connections"),
        (Self::Domains, "Domains", "/domains"),
        (Self::Safeguards, "Safeguards", "/safeguards"),
        (Self::Webhooks, "Webhooks", "/webhooks"),
        (Self::Events, "Activity", "/events"),
        (Self::Keys, "Keys", "/keys"),
        (Self::Settings, "Settings", "/settings"),
    ];
}

/// A link of the navigation.
pub(in crate::http) struct Link {
    pub(in crate::http) name: &'static str,
    pub(in crate::http) href: String,
    pub(in crate::http) is_here: bool,
}

/// What stands around a page.
pub(in crate::http) struct Frame {
    /// Who is there.
    pub(in crate::http) who: String,
    /// Whether it is the operator.
    pub(in crate::http) is_operator: bool,
    /// Whether they said a short while ago who they are.
    pub(in crate::http) is_fresh: bool,
    /// What binds the forms of this browser.
    pub(in crate::http) csrf: String,
    /// The organization of the page: its slug.
    pub(in crate::http) slug: String,
    /// The way to its other pages.
    pub(in crate::http) links: Vec<Link>,
    /// What was just done.
    pub(in crate::http) notice: Option<&'static str>,
    /// Where whoever says anew who they are comes back to.
    pub(in crate::http) again: String,
    /// The stylesheet and the script.
    pub(in crate::http) assets: &'static assets::Paths,
}

impl Frame {
    /// Around a page of an organization.
    pub(in crate::http) fn of(visitor: &Visitor, slug: &str, here: Section) -> Self {
        let link = |(section, name, path): &(Section, &'static str, &'static str)| Link {
            name,
            href: format!("/console/organizations/{slug}{path}"),
            is_here: *section == here,
        };
        Self {
            slug: slug.to_owned(),
            links: Section::ALL.iter().map(link).collect(),
            ..Self::bare(visitor)
        }
    }

    /// Around a page of the whole installation.
    pub(in crate::http) fn bare(visitor: &Visitor) -> Self {
        Self {
            who: visitor.who.name.clone(),
            is_operator: visitor.is_operator(),
            is_fresh: visitor.who.access.is_fresh,
            csrf: visitor.csrf.clone(),
            slug: String::new(),
            links: Vec::new(),
            notice: None,
            again: visitor.again(),
            assets: assets::paths(),
        }
    }

    /// With a word on what was just done.
    pub(in crate::http) fn saying(mut self, notice: Option<&'static str>) -> Self {
        self.notice = notice;
        self
    }
}

/// A page of the console.
pub(in crate::http) fn page(page: &impl Template) -> Response {
    page_with(StatusCode::OK, page)
}

/// A page of the console with this status: that of a form which was not taken.
pub(in crate::http) fn page_with(status: StatusCode, page: &impl Template) -> Response {
    let text = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        String::new()
    });
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    protect(&mut response);
    response
}

fn protect(response: &mut Response) {
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
}
