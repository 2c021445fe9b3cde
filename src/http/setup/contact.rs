//! The page of a link that is for somebody, until the digits are said that were mailed to them: it shows nothing of what
//! is set up.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::auth::session;
use crate::http::console::{Form, page_with, paths};
use crate::http::join::form::Bound;
use crate::http::reply::page;
use crate::http::reply::problem::{Problem, Type};
use crate::http::setup::Here;
use crate::mail::wording::one_line;
use crate::provisioning::setup::{self, Visit};
use crate::provisioning::{Error, Source};
use crate::secret::Bearer;

/// What the page says first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    None,
    Enough,
    Sent,
    Wrong,
}

impl Notice {
    /// What the address tells of what was done.
    pub(super) fn of(query: Option<&str>) -> Self {
        match query {
            Some("code") => Self::Sent,
            Some("enough") => Self::Enough,
            _ => Self::None,
        }
    }
}

#[derive(Template)]
#[template(path = "setup/contact.html")]
struct Contact<'a> {
    assets: &'static crate::http::console::Paths,
    organization: String,
    token: &'a str,
    whom: &'a str,
    csrf: &'a str,
    notice: Notice,
    is_sent: bool,
    is_wrong: bool,
}

impl Here {
    /// Asks for the digits that are mailed to whom the link is for.
    pub(super) fn asked(&self, visit: &Visit, whom: &str, notice: Notice) -> Response {
        let bound = Bound::of(&self.browser, self.gateway.ids.entropy(), &self.token);
        let is_wrong = notice == Notice::Wrong;
        let shown = Contact {
            assets: paths(),
            organization: one_line(&visit.organization),
            token: &self.token,
            whom,
            csrf: &bound.field,
            notice,
            is_sent: is_wrong || notice == Notice::Sent,
            is_wrong,
        };
        let status = if is_wrong {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::OK
        };
        let mut response = page_with(status, &shown);
        session::bind(response.headers_mut(), &self.gateway, &bound.secret);
        response
    }

    /// Mails the digits, or hears them.
    pub(super) async fn contacted(&self, visit: &Visit, form: &Form) -> Result<Response, Response> {
        let Some(browser) = self.secret() else {
            return Err(self.over());
        };
        let (store, links) = (&self.gateway.store, &self.gateway.links);
        // Whose word it is follows from the link.
        let context = self.gateway.context(Source::System, &self.request);
        let failed = |error| match error {
            Error::Unauthorized => self.over(),
            error => self.failed(error),
        };
        let here = self.path();
        match form.action() {
            "send" => {
                let sent = setup::send(store, context, &self.token, browser);
                let what = if sent.await.map_err(failed)? {
                    "code"
                } else {
                    "enough"
                };
                // Loading that page again mails nothing.
                Ok(page::see_other(&format!("{here}?{what}")))
            }
            "say" => {
                let said = (&*self.token, form.value("code"));
                // What the browser had before was known before.
                let next = Bearer::new("", self.gateway.ids.entropy());
                let said = setup::say(store, context, links, said, (browser, next.hash()));
                if said.await.map_err(failed)? {
                    let mut response = page::see_other(&here);
                    session::bind(response.headers_mut(), &self.gateway, next.reveal());
                    return Ok(response);
                }
                let whom = visit.awaits.as_deref().unwrap_or_default();
                Ok(self.asked(visit, whom, Notice::Wrong))
            }
            _ => {
                let detail = "the form asks for nothing that this page does";
                Err(self.refused(&Problem::new(Type::Invalid, detail)))
            }
        }
    }
}
