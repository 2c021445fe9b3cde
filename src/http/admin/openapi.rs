//! The OpenAPI document: what the handlers say of themselves, within a frame that says what holds
//! for all of them.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr, Response as Described};

use crate::http::admin;
use crate::http::reply::problem;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Usher admin API",
        description = "What admins and programs ask of Usher. Requests carry a bearer key that \
            `usher key issue` makes; a key without an organization is the operator's. Lists are \
            walked by `limit` and `after`. Refusals are problems (RFC 9457).",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    components(schemas(problem::Document<'_>, problem::Fault)),
)]
struct Frame;

/// The frame that the operations are put into.
pub(super) fn frame() -> OpenApi {
    Frame::openapi()
}

/// The document with what holds for every operation: how a key is sent, how a refusal looks.
pub(super) fn completed(mut document: OpenApi) -> OpenApi {
    let mut scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    scheme.description = Some("A key of the admin API: `sk_...`".to_owned());
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(scheme));
    for operation in document.paths.paths.values_mut().flat_map(operations_of) {
        for (status, answer) in &mut operation.responses.responses {
            if let RefOr::T(answer) = answer
                && answer.description.is_empty()
            {
                meaning(status).clone_into(&mut answer.description);
            }
        }
        let content = Content::builder()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let refusal = Described::builder()
            .description("A problem")
            .content(problem::MEDIA_TYPE, content)
            .build();
        operation
            .responses
            .responses
            .insert("default".to_owned(), refusal.into());
    }
    document
}

/// What an answer of this status is: the standard wants each described (OpenAPI 3.1.0 §4.8.17).
fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "It was made",
        "202" => "It will be done",
        "204" => "It was done; there is nothing to say",
        _ => "The answer",
    }
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    serde_json::to_string(&admin::openapi()).expect("the document is data without maps of odd keys")
});

/// Show this description.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "show_openapi", tag = "Description",
    responses((status = 200, description = "The OpenAPI document", body = Object)),
    security(()),
)]
pub(super) async fn document() -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.as_str(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn every_operation_is_named_and_declares_its_scope() {
        let document = serde_json::to_value(super::admin::openapi()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut names = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(path.starts_with("/api/v1/"), "{path}");
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["summary"].is_string(), "{method} {path}");
                assert!(
                    operation["responses"]["default"].is_object(),
                    "{method} {path}"
                );
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    let described = answer["description"].as_str().unwrap_or_default();
                    assert!(!described.is_empty(), "{method} {path}: {status}");
                }
                names.push(operation["operationId"].as_str().unwrap().to_owned());
                let scopes = &operation["security"][0]["key"];
                let public = path == "/api/v1/openapi.json";
                assert_eq!(
                    scopes.as_array().map(Vec::len),
                    (!public).then_some(1),
                    "{path}"
                );
                if let Some(word) = scopes[0].as_str() {
                    assert!(
                        word.parse::<crate::directory::scope::Scope>().is_ok(),
                        "{word}"
                    );
                }
            }
        }
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn words_are_described_as_they_are_sent() {
        let document = serde_json::to_value(super::admin::openapi()).unwrap();
        let mut seen = 0;
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for word in schema["enum"].as_array().into_iter().flatten() {
                let word = word.as_str().unwrap();
                let is_wire = word.chars().all(|c| !c.is_ascii_uppercase());
                assert!(is_wire, "{name}: {word}");
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen}");
    }

    fn check(document: &Value, part: &Value) {
        if let Some(reference) = part["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        match part {
            Value::Array(parts) => parts.iter().for_each(|part| check(document, part)),
            Value::Object(parts) => parts.values().for_each(|part| check(document, part)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let document = serde_json::to_value(super::admin::openapi()).unwrap();
        check(&document, &document);
    }
}
