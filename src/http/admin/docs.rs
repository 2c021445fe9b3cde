//! The pages that describe the admin API: its operations, written from the OpenAPI document, and
//! the types of its problems. They carry nothing that is not in the program.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::http::admin;
use crate::http::reply::page;
use crate::http::reply::problem::Type;

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    title: String,
    version: String,
    description: String,
    operations: Vec<Operation>,
    problems: &'static [Type],
}

struct Operation {
    method: String,
    path: String,
    tag: String,
    summary: String,
    description: String,
    scope: String,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    place: String,
    required: bool,
    description: String,
}

/// `GET /docs`: the operations of the admin API.
pub(super) async fn operations() -> Response {
    match serde_json::to_value(admin::openapi()) {
        Ok(document) => page::html(StatusCode::OK, &docs(&document), &[]),
        Err(error) => {
            tracing::error!(%error, "the description cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Explained {
    kind: Type,
}

/// `GET /problems/{slug}`: what a problem's `type` means.
pub(super) async fn problem(Path(slug): Path<String>) -> Response {
    let Some(kind) = Type::ALL.iter().copied().find(|kind| kind.slug() == slug) else {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    };
    page::html(StatusCode::OK, &Explained { kind }, &[])
}

fn docs(document: &Value) -> Docs {
    let info = document.get("info").unwrap_or(&Value::Null);
    let items = document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let operations = items.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, described)| operation(method, path, described))
    });
    let mut operations: Vec<_> = operations.collect();
    operations.sort_by(|a, b| (&a.tag, &a.path, &a.method).cmp(&(&b.tag, &b.path, &b.method)));
    Docs {
        title: text(info, "/title"),
        version: text(info, "/version"),
        description: text(info, "/description"),
        operations,
        problems: Type::ALL,
    }
}

fn operation(method: &str, path: &str, described: &Value) -> Operation {
    let parameters = described
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        tag: text(described, "/tags/0"),
        summary: text(described, "/summary"),
        description: text(described, "/description"),
        scope: text(described, "/security/0/key/0"),
        parameters: parameters
            .map(|parameter| Parameter {
                name: text(parameter, "/name"),
                place: text(parameter, "/in"),
                required: parameter.get("required") == Some(&Value::Bool(true)),
                description: text(parameter, "/description"),
            })
            .collect(),
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_operation_and_every_problem() {
        let document = serde_json::to_value(admin::openapi()).unwrap();
        let page = docs(&document).render().unwrap();
        for (path, _) in document["paths"].as_object().unwrap() {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        for kind in Type::ALL {
            assert!(page.contains(&format!("/problems/{}", kind.slug())));
        }
        for outside in ["<script", "http://", "https://", "src="] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
