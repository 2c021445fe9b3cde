//! What pages that list something share: what is asked for in the address, the way to the next page, and what may be
//! chosen from.

use axum::Json;
use axum::http::StatusCode;
use url::form_urlencoded::Serializer;

use crate::http::admin::paging::Page;
use crate::http::console::{Failed, Form};
use crate::http::oidc::form::pairs;
use crate::http::reply::problem::{Problem, Type};
use crate::provisioning::settings::projects::Project;

/// What the address of a page asks for.
pub(super) fn form(query: Option<&str>) -> Form {
    Form::of(pairs(query.unwrap_or_default().as_bytes()))
}

/// What an operation is asked for: of these fields, those that say something.
pub(super) fn asked(form: &Form, names: &[&str]) -> String {
    let mut query = Serializer::new(String::new());
    for name in names {
        if let Some(text) = form.text(name) {
            query.append_pair(name, text);
        }
    }
    query.finish()
}

/// The way to the next page, with what is asked for kept.
pub(super) fn next(form: &Form, names: &[&str], after: Option<String>) -> Option<String> {
    let after = after?;
    let mut query = Serializer::new(String::new());
    for name in names {
        if let Some(text) = form.text(name) {
            query.append_pair(name, text);
        }
    }
    query.append_pair("after", &after);
    Some(format!("?{}", query.finish()))
}

/// Projects that a role can be given in: slugs and names.
pub(in crate::http) fn living(projects: Vec<Project>) -> Vec<(String, String)> {
    let living = projects.into_iter().filter(|it| it.archived_at.is_none());
    living.map(|it| (it.slug, it.name)).collect()
}

/// A page of what was asked for: the rows, and where the next ones begin. What is wrong with what was asked for stands
/// beside it, and nothing is listed.
pub(super) fn found<T>(
    form: &mut Form,
    found: Result<Json<Page<T>>, Problem>,
) -> Result<(Vec<T>, Option<String>), Failed> {
    match found {
        Ok(Json(page)) => Ok((page.data, page.next)),
        Err(problem) if problem.kind().status() == StatusCode::BAD_REQUEST => {
            form.refused(&problem);
            Ok((Vec::new(), None))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Keeps what is wrong with a form, so that its page can say so; what is no fault of the form is passed on.
pub(in crate::http) fn kept(form: &mut Form, problem: Problem) -> Result<(), Failed> {
    let is_ours = problem.kind().status() >= StatusCode::INTERNAL_SERVER_ERROR;
    match problem.kind() {
        Type::NotFound | Type::SignInAnew | Type::Unauthorized => Err(problem.into()),
        _ if is_ours => Err(problem.into()),
        _ => {
            form.refused(&problem);
            Ok(())
        }
    }
}
