//! Why a check did not pass.

use serde::Serialize;

use crate::transport::{Reply, Request};

/// How a check ends: with nothing to say, or with why not.
pub type Checked<T = ()> = Result<T, Fault>;

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server does otherwise.
    Failed {
        /// What should be, and is not.
        why: String,
        /// What was sent and answered, where one answer shows it.
        exchange: Option<Box<Exchange>>,
    },
    /// The server says that it does not do such things, or the standard leaves it the choice.
    Skipped(String),
}

impl Fault {
    /// A failure that no single answer shows.
    pub fn failed(why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Failed {
            why,
            exchange: None,
        }
    }

    /// A check that does not apply.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }
}

/// A request and its answer, as text for people: without credentials, and cut where it is long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// Request line, telling headers, body.
    pub request: String,
    /// Status, telling headers, body.
    pub answer: String,
}

/// Header fields that tell something about SCIM.
const TELLING: [&str; 11] = [
    "accept",
    "allow",
    "content-location",
    "content-type",
    "etag",
    "if-match",
    "if-none-match",
    "location",
    "retry-after",
    "www-authenticate",
    "x-request-id",
];

/// How much of a body is shown.
const SHOWN: usize = 2_000;

impl Exchange {
    /// Writes down a request and its answer.
    pub fn of(request: &Request, reply: &Reply) -> Self {
        Self {
            request: format!(
                "{} {}{}",
                request.method,
                request.url,
                message(&request.headers, &request.body)
            ),
            answer: format!("{}{}", reply.status, message(&reply.headers, &reply.body)),
        }
    }
}

fn message(headers: &[(String, String)], body: &[u8]) -> String {
    let telling = |(name, _): &&(String, String)| {
        let name = name.to_ascii_lowercase();
        TELLING.contains(&name.as_str())
    };
    let mut text = String::new();
    for (name, value) in headers.iter().filter(telling) {
        text = format!("{text}\n{name}: {value}");
    }
    if !body.is_empty() {
        let body = String::from_utf8_lossy(body);
        let shown: String = body.chars().take(SHOWN).collect();
        let rest = if shown.len() < body.len() { " ..." } else { "" };
        text = format!("{text}\n{shown}{rest}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_told_without_the_token() {
        let mut request = Request::new("POST", "https://s.example/Users")
            .with("authorization", "Bearer secret")
            .with("content-type", "application/scim+json");
        request.body = "x".repeat(3_000).into_bytes();
        let reply = Reply {
            status: 400,
            headers: vec![("Set-Cookie".into(), "secret".into())],
            body: b"{}".to_vec(),
        };
        let told = Exchange::of(&request, &reply);
        let request = format!(
            "POST https://s.example/Users\ncontent-type: application/scim+json\n{} ...",
            "x".repeat(2_000)
        );
        assert_eq!((told.request, told.answer.as_str()), (request, "400\n{}"));
    }
}
