//! The OpenAPI document: what the handlers say of themselves, within a frame that says what holds
//! for all of them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, HeaderBuilder, Object, OpenApi, PathItem, Ref, RefOr, Required, Response as Described,
    Type,
};

use crate::http::admin;
use crate::http::reply::problem;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Usher admin API",
        description = "What admins and programs ask of Usher. Requests carry a bearer key that \
            `usher key issue` makes; a key without an organization is the operator's. Lists are \
            walked by `limit` and `after`. Refusals are problems (RFC 9457). What is read has an \
            `ETag`; with it in `If-Match` a change is made only while nobody else made one. What a PATCH shows has the next \
            one. A POST \
            with an `Idempotency-Key` is done once, however often it is sent. Where whoever runs this \
            installation limits how often is asked, every answer tells of it in `RateLimit-Policy` and \
            `RateLimit`, and 429 says in `Retry-After` when to ask again.",
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
    for (name, what) in LIMITS {
        let told = HeaderBuilder::new().description(Some(what)).build();
        components.headers.insert(name.to_owned(), told.into());
    }
    for item in document.paths.paths.values_mut() {
        if shows_what_is_read(item)
            && let Some(operation) = &mut item.patch
        {
            head(operation, "200", "ETag", TAG);
        }
    }
    let items = document.paths.paths.values_mut();
    for (method, operation) in items.flat_map(operations_of) {
        for (status, answer) in &mut operation.responses.responses {
            if let RefOr::T(answer) = answer
                && answer.description.is_empty()
            {
                meaning(status).clone_into(&mut answer.description);
            }
        }
        tell_headers(method, operation);
        answer(operation, "default", refusal("A problem"));
        tell_limits(operation);
    }
    document
}

/// Says which headers an operation takes and answers beside those of its own.
fn tell_headers(method: &str, operation: &mut Operation) {
    match method {
        "GET" if shows_json(operation) => {
            take(operation, taken("If-None-Match", KNOWN));
            head(operation, "200", "ETag", TAG);
            let same = "It has a tag that If-None-Match names";
            answer(
                operation,
                "304",
                Described::builder().description(same).build(),
            );
            head(operation, "304", "ETag", TAG);
        }
        "POST" => take(operation, taken("Idempotency-Key", ONCE)),
        _ => {}
    }
    head(
        operation,
        "201",
        "Location",
        "The URL where it is read from now on.",
    );
    if is_conditional(operation) {
        let stale = refusal("It has none of the tags that If-Match names; nothing was changed");
        answer(operation, "412", stale);
    }
}

/// Says what an operation answers to whoever asks too often, and which headers every answer has where rate limits are
/// set.
fn tell_limits(operation: &mut Operation) {
    let often = refusal("It was asked for too often; nothing was done");
    answer(operation, "429", often);
    head(operation, "429", "Retry-After", AGAIN);
    for answer in operation.responses.responses.values_mut() {
        let RefOr::T(answer) = answer else { continue };
        for (name, _) in LIMITS {
            let told = Ref::new(format!("#/components/headers/{name}"));
            answer.headers.insert(name.to_owned(), RefOr::Ref(told));
        }
    }
}

/// What tells of limits (draft-ietf-httpapi-ratelimit-headers-10).
const LIMITS: [(&str, &str); 2] = [
    (
        "RateLimit",
        "Of each limit that this request was under, where any is set: `r`, how many requests are left now, and `t`, in \
         how many seconds there is one more at the latest.",
    ),
    (
        "RateLimit-Policy",
        "Each of these limits: `q`, how many requests are taken, in `w` seconds.",
    ),
];
/// What Retry-After says.
const AGAIN: &str = "In how many seconds to ask again.";
/// What ETag is.
const TAG: &str = "The tag of what is shown, for If-Match and If-None-Match.";
/// What If-None-Match says.
const KNOWN: &str = "Tags that the reader has already, between commas: where what is shown has one of them, the \
                     answer is 304.";
/// What Idempotency-Key says.
const ONCE: &str = "A text of up to 255 characters. The same request with it, by the same key and within 24 hours, is \
                    answered as the first one was, and nothing is done twice.";

/// A header that a request may have.
fn taken(name: &str, what: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(what))
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

fn take(operation: &mut Operation, parameter: Parameter) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(parameter.into());
}

/// Says that the answer of a status has a header, where there is such an answer.
fn head(operation: &mut Operation, status: &str, name: &str, what: &str) {
    if let Some(RefOr::T(answer)) = operation.responses.responses.get_mut(status) {
        let told = HeaderBuilder::new().description(Some(what)).build();
        answer.headers.insert(name.to_owned(), told.into());
    }
}

fn refusal(what: &str) -> Described {
    let content = Content::builder()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    Described::builder()
        .description(what)
        .content(problem::MEDIA_TYPE, content)
        .build()
}

fn answer(operation: &mut Operation, status: &str, answer: Described) {
    let answers = &mut operation.responses.responses;
    answers.insert(status.to_owned(), answer.into());
}

fn shows_json(operation: &Operation) -> bool {
    shown(operation).is_some()
}

/// Whether an operation looks at If-Match.
fn is_conditional(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|it| matches!(it, RefOr::T(it) if it.name == "If-Match"))
}

/// Whether a PATCH answers with what a GET of the same path shows from then on. A PUT that does is not told to have a
/// tag: what is kept is not the very bytes that were sent (RFC 9110 §9.3.4).
fn shows_what_is_read(item: &PathItem) -> bool {
    let (Some(read), Some(change)) = (&item.get, &item.patch) else {
        return false;
    };
    let shown = shown(read);
    is_conditional(change) && shown.is_some() && shown == self::shown(change)
}

/// What an operation that went well shows.
fn shown(operation: &Operation) -> Option<&RefOr<Content>> {
    match operation.responses.responses.get("200")? {
        RefOr::T(answer) => answer.content.get("application/json"),
        RefOr::Ref(_) => None,
    }
}

/// The paths whose PATCH answers with what a GET shows.
static SHOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let paths = admin::described().into_openapi().paths.paths.into_iter();
    let shown = paths.filter(|(_, item)| shows_what_is_read(item));
    shown.map(|(path, _)| path).collect()
});

/// Whether the answer of this method and path has a tag: a GET's does, and a PATCH's that shows the same.
pub(super) fn has_tag(method: &Method, path: &str) -> bool {
    method.is_safe() || (method == Method::PATCH && SHOWN.contains(path))
}

/// The operations that look at If-Match.
static CONDITIONAL: LazyLock<BTreeSet<(&str, String)>> = LazyLock::new(|| {
    let mut document = admin::described().into_openapi();
    let mut all = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        let its = operations_of(item).filter(|(_, operation)| is_conditional(operation));
        all.extend(its.map(|(method, _)| (method, path.clone())));
    }
    all
});

/// Whether the operation of this method and path looks at If-Match.
pub(super) fn takes_if_match(method: &Method, path: &str) -> bool {
    let this = |(its_method, its_path): &(&str, String)| method == *its_method && path == its_path;
    CONDITIONAL.iter().any(this)
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

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    let all = [
        ("GET", get),
        ("PUT", put),
        ("POST", post),
        ("DELETE", delete),
        ("PATCH", patch),
    ];
    let all = all.into_iter();
    all.filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
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
    fn every_operation_says_how_it_is_limited() {
        let document = serde_json::to_value(super::admin::openapi()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let often = &operation["responses"]["429"];
                assert!(
                    often["headers"]["Retry-After"].is_object(),
                    "{method} {path}"
                );
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    for (name, _) in super::LIMITS {
                        let told = answer["headers"][name]["$ref"].as_str();
                        let expected = format!("#/components/headers/{name}");
                        assert_eq!(told, Some(&*expected), "{method} {path}: {status}");
                    }
                }
            }
        }
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
