//! A sequence: requests in order, and what each is answered. The format is described in
//! `idp-fixtures/README.md`; the same files serve as tests and as examples.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::transport::{Reply, Request, Transport, encoded_uri};

mod expected;

pub use expected::compare;

/// A sequence, as its file says.
#[derive(Clone, Debug, Deserialize)]
pub struct Sequence {
    /// The sentence that holds.
    pub title: String,
    /// Who sends such requests, and where that is known from.
    pub source: String,
    /// The requests.
    pub steps: Vec<Step>,
}

/// A request and what is due.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    request: Sent,
    expect: Expect,
    #[serde(default)]
    capture: Known,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    method: String,
    /// Below the base URL.
    path: Option<String>,
    /// Below the origin of the base URL, in place of a path.
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    /// A body that is no JSON.
    raw: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    body: Option<Value>,
}

/// What was captured, by name.
type Known = BTreeMap<String, String>;

/// Where a sequence is played.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// The way to the server.
    pub transport: &'a dyn Transport,
    /// The SCIM base URL, without a slash at its end.
    pub base: &'a str,
    /// The bearer token.
    pub token: &'a str,
}

impl Sequence {
    /// Plays every step, up to the first that is not answered as it should be.
    pub async fn play(&self, stage: Stage<'_>) -> Result<(), String> {
        if self.title.is_empty() || self.source.is_empty() || self.steps.is_empty() {
            return Err("a sequence has a title, a source and steps".to_owned());
        }
        let played = self.play_all(stage).await;
        let failed = played.into_iter().find_map(|step| match step.verdict {
            Verdict::Failed(why) => Some(format!("step {}: {}: {why}", step.number, step.request)),
            Verdict::Passed | Verdict::Skipped(_) => None,
        });
        failed.map_or(Ok(()), Err)
    }

    /// Plays every step, and says of each how it went. What follows a step that is not answered as
    /// it should be is skipped: it builds on it.
    pub async fn play_all(&self, stage: Stage<'_>) -> Vec<Played> {
        let mut known = Known::from([("base".to_owned(), stage.base.to_owned())]);
        let mut failed = None;
        let mut played = Vec::with_capacity(self.steps.len());
        for (number, step) in (1..).zip(&self.steps) {
            let verdict = match failed {
                Some(earlier) => Verdict::Skipped(format!("step {earlier} failed")),
                None => match step.take(stage, &mut known).await {
                    Ok(()) => Verdict::Passed,
                    Err(why) => {
                        failed = Some(number);
                        Verdict::Failed(why)
                    }
                },
            };
            played.push(Played {
                number,
                request: step.request.to_string(),
                verdict,
            });
        }
        played
    }

    /// What its steps ask, each by method and path.
    pub fn requests(&self) -> impl Iterator<Item = String> {
        self.steps.iter().map(|step| step.request.to_string())
    }
}

/// A step that was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Its number, from one on.
    pub number: usize,
    /// What it asks: method and path.
    pub request: String,
    /// How it went.
    pub verdict: Verdict,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not as it should; this is what differs.
    Failed(String),
    /// As it should.
    Passed,
    /// It was not played, for this reason.
    Skipped(String),
}

impl Step {
    async fn take(&self, stage: Stage<'_>, known: &mut Known) -> Result<(), String> {
        let request = self.request.filled(stage, known)?;
        let reply = stage.transport.send(&request).await;
        let reply = reply.map_err(|error| error.to_string())?;
        self.judge(&reply, known)
            .map_err(|why| format!("{why}; the answer was {}", reply.shown()))
    }

    fn judge(&self, reply: &Reply, known: &mut Known) -> Result<(), String> {
        let body = reply.json();
        for (name, pointer) in &self.capture {
            let value = body
                .as_ref()
                .and_then(|body| body.pointer(pointer)?.as_str());
            let value = value.ok_or_else(|| format!("no {pointer}"))?;
            known.insert(name.clone(), value.to_owned());
        }
        let expect = &self.expect;
        if reply.status != expect.status {
            return Err(format!("the status should be {}", expect.status));
        }
        for (name, value) in &expect.headers {
            let found = reply.header(name).map(Value::from);
            compare(name, &filled(value, known), found.as_ref())?;
        }
        match &expect.body {
            None => Ok(()),
            Some(Value::String(text)) if text.is_empty() && reply.body.is_empty() => Ok(()),
            Some(value) => compare("body", &filled(value, known), body.as_ref()),
        }
    }
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.path.as_ref().or(self.url.as_ref());
        write!(f, "{} {}", self.method, place.map_or("", String::as_str))
    }
}

impl Sent {
    fn filled(&self, stage: Stage<'_>, known: &Known) -> Result<Request, String> {
        let url = match (&self.path, &self.url) {
            (Some(path), _) => format!("{}{path}", stage.base),
            (None, Some(url)) => format!("{}{url}", origin(stage.base)),
            (None, None) => return Err("a request has a path or a url".to_owned()),
        };
        let mut request = Request::new(&self.method, encoded_uri(&fill(&url, known)))
            .with("authorization", &format!("Bearer {}", stage.token));
        let body = match (&self.body, &self.raw) {
            (Some(body), _) => Some(filled(body, known).to_string()),
            (None, raw) => raw.clone(),
        };
        if let Some(body) = body {
            request.body = body.into_bytes();
            request = request.with("content-type", "application/scim+json");
        }
        let own = self.headers.iter();
        Ok(own.fold(request, |request, (name, value)| {
            request.with(name, &fill(value, known))
        }))
    }
}

/// Scheme and authority of a URL.
fn origin(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .match_indices('/')
        .find_map(|(at, _)| (at >= authority).then_some(at));
    end.and_then(|end| url.get(..end)).unwrap_or(url)
}

fn filled(value: &Value, known: &Known) -> Value {
    match value {
        Value::String(text) => fill(text, known).into(),
        Value::Array(list) => list.iter().map(|value| filled(value, known)).collect(),
        Value::Object(map) => {
            let pair = |(key, value): (&String, &Value)| (fill(key, known), filled(value, known));
            Value::Object(map.iter().map(pair).collect())
        }
        value => value.clone(),
    }
}

/// Puts what is known in the place of `{{name}}`.
fn fill(text: &str, known: &Known) -> String {
    let fill = |text: String, (name, value): (&String, &String)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    };
    known.iter().fold(text.to_owned(), fill)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_and_authority() {
        for (url, expected) in [
            ("https://u.example/scim/1/v2", "https://u.example"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:80/", "http://[::1]:80"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }
}
