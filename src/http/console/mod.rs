//! The console: the admins' pages. They are rendered here, work without scripts, and are a second face of the admin
//! API: each page asks the API's own operations, with the same checks, the same words and the same errors, as whoever
//! is signed in. A form that is not taken is shown again, each error beside the field that caused it.

mod apps;
mod assets;
mod confirm;
mod connection;
mod connection_change;
mod connection_removal;
mod connection_settings;
mod connections;
mod domains;
mod enter;
mod events;
pub(in crate::http) mod filters;
mod form;
mod frame;
mod home;
mod import_errors;
mod import_upload;
mod imports;
mod invitation;
mod invitations;
mod invitations_many;
mod keys;
mod links;
mod lists;
mod mappings;
mod organization;
mod overview;
mod people;
mod plans;
mod reading;
mod roles;
mod safeguards;
mod scim_requests;
mod setup_links;
mod sign_in;
mod sign_ins;
mod sparkline;
mod system;
mod undo;
mod values;
mod visitor;
mod webhooks;

use axum::extract::{OriginalUri, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use crate::http::reply::page;
use crate::http::reply::problem::{Problem, Type};
use crate::http::{Gateway, RequestId};

pub(in crate::http) use assets::{Paths, paths};
pub(in crate::http) use form::Form;
pub(in crate::http) use frame::{Frame, Section, page_with};
pub(in crate::http) use lists::{kept, living};
pub(in crate::http) use visitor::{Posted, Visitor};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .merge(home::routes())
        .merge(people::routes())
        .merge(overview::routes())
        .merge(domains::routes())
        .merge(webhooks::routes())
        .merge(keys::routes())
        .merge(events::routes())
        .merge(organization::routes())
        .merge(system::routes())
        .merge(apps::routes())
        .merge(connections::routes())
        .merge(connection::routes())
        .merge(setup_links::routes())
        .merge(scim_requests::routes())
        .merge(sign_ins::routes())
        .merge(mappings::routes())
        .merge(roles::routes())
        .merge(safeguards::routes())
        .merge(undo::routes())
        .merge(links::routes())
        .merge(imports::routes())
        .merge(invitation::routes())
        .merge(invitations::routes())
        .merge(sign_in::routes())
        .merge(confirm::routes())
        .merge(enter::routes())
        .route_layer(middleware::from_fn(told))
        .merge(assets::routes())
}

/// What a page answers.
pub(in crate::http) type Answer = Result<Response, Failed>;

/// What went wrong on the way to a page.
#[derive(Clone)]
pub(in crate::http) struct Failed(Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failed {
    /// What [`told`] writes down, which knows the request.
    fn into_response(self) -> Response {
        let mut response = self.0.kind().status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes down what went wrong: somebody who is to say anew who they are is asked to, and others read what happened
/// and what to do.
async fn told(
    OriginalUri(uri): OriginalUri,
    Extension(support): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let Some(Failed(problem)) = response.extensions_mut().remove::<Failed>() else {
        return response;
    };
    let path = uri.path_and_query().map_or("/console", |it| it.as_str());
    match problem.kind() {
        Type::SignInAnew => page::see_other(&visitor::with_next("/console/confirm", path)),
        Type::Unauthorized => page::see_other(&visitor::with_next("/console/sign-in", path)),
        Type::Unavailable => page::busy(&support),
        kind => {
            let text = format!("{}. {}", problem.detail(), kind.help());
            page::refusal(kind.status(), kind.title(), kind.slug(), &text, &support)
        }
    }
}

/// Where somebody may be sent on to: a page of the console, and nowhere else.
pub(in crate::http) fn onward(next: Option<&str>) -> &str {
    let is_ours = |path: &&str| {
        let plain = path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        plain
            && !path.contains("..")
            && !path.to_ascii_lowercase().contains("%2e")
            && (*path == "/console"
                || path.starts_with("/console/")
                || path.starts_with("/console?"))
    };
    next.filter(is_ours).unwrap_or("/console")
}

/// The answer of a form that asks for nothing that this page does.
pub(in crate::http) fn unknown_action() -> Failed {
    Failed(Problem::new(
        Type::Invalid,
        "the form asks for nothing that this page does",
    ))
}

/// After what a form asked for was done: the page that it was on, which says so.
pub(in crate::http) fn done(path: &str, what: &str) -> Response {
    page::see_other(&format!("{path}?done={what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_gone_on_to() {
        for (next, expected) in [
            (None, "/console"),
            (Some("/console"), "/console"),
            (
                Some("/console/organizations/acme/users?state=active"),
                "/console/organizations/acme/users?state=active",
            ),
            (Some("//evil.example/console/"), "/console"),
            (Some("https://evil.example/console/"), "/console"),
            (Some("/consoles"), "/console"),
            (Some("/console/\\evil"), "/console"),
            (Some("/console/a b"), "/console"),
            (Some("/console/a\r\nb"), "/console"),
            (Some("/oauth/logout"), "/console"),
            (Some("/console/../oauth/logout"), "/console"),
            (Some("/console/%2E%2e/oauth/logout"), "/console"),
        ] {
            assert_eq!(onward(next), expected, "{next:?}");
        }
    }
}
