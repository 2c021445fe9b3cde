//! HTTP as the demo's programs speak it: a plain client, and a browser, which keeps cookies.
//! Neither follows a redirect by itself: every hop is a step that can be seen.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use crate::demo::expect::{Unexpected, ensure};

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A client. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Client(legacy::Client<HttpConnector, Full<Bytes>>);

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    pub(super) fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Result<Self, Unexpected> {
        self.headers.insert(name, HeaderValue::from_str(value)?);
        Ok(self)
    }

    pub(super) fn bearer(self, token: &str) -> Result<Self, Unexpected> {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// A form, as browsers and OAuth clients post it.
    pub(super) fn form(self, pairs: &[(&str, &str)]) -> Result<Self, Unexpected> {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(pairs);
        let media = "application/x-www-form-urlencoded";
        Ok(self
            .header(header::CONTENT_TYPE, media)?
            .body(body.finish()))
    }
}

impl Client {
    pub(super) fn new() -> Self {
        Self(legacy::Client::builder(TokioExecutor::new()).build(HttpConnector::new()))
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&self, asked: Asked) -> Result<Reply, Unexpected> {
        let what = format!("{} {}", asked.method, asked.url);
        let mut request = Request::new(Full::new(asked.body));
        *request.method_mut() = asked.method;
        *request.uri_mut() = asked
            .url
            .parse()
            .map_err(|_| Unexpected(format!("{what}: no such address")))?;
        *request.headers_mut() = asked.headers;
        let failed = |why: String| Unexpected(format!("{what} got no answer: {why}"));
        let exchange = async {
            let response = self
                .0
                .request(request)
                .await
                .map_err(|e| failed(e.to_string()))?;
            let (head, body) = response.into_parts();
            let body = body
                .collect()
                .await
                .map_err(|e| failed(e.to_string()))?
                .to_bytes();
            Ok(Reply {
                status: head.status,
                headers: head.headers,
                body,
            })
        };
        timeout(PATIENCE, exchange)
            .await
            .map_err(|_| failed("it took too long".to_owned()))?
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    /// Goes on only with this status.
    pub(super) fn expect(self, status: u16) -> Result<Self, Unexpected> {
        let came = self.status.as_u16();
        ensure(
            came == status,
            format!("expected {status}, came {came}: {}", self.excerpt()),
        )?;
        Ok(self)
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, Unexpected> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where a redirect leads.
    pub(super) fn location(&self) -> Result<String, Unexpected> {
        let location = self
            .headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok());
        location
            .map(str::to_owned)
            .ok_or_else(|| Unexpected("no Location came".to_owned()))
    }

    /// What the answer says of itself, on one line: a page's reason, or its first words.
    fn excerpt(&self) -> String {
        let text = self.text();
        match reason(&text) {
            Some(reason) => format!("reason {reason}"),
            None => text
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .chars()
                .take(200)
                .collect(),
        }
    }
}

/// The reason that a page gives for saying no.
pub(super) fn reason(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("Reason: <code>")?;
    rest.split_once("</code>").map(|(reason, _)| reason)
}

/// A browser: it shows its cookies (RFC 6265 §5.4) to every port of the one host it visits.
#[derive(Debug)]
pub(super) struct Browser {
    client: Client,
    jar: Mutex<Vec<(String, String)>>,
}

impl Browser {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            jar: Mutex::new(Vec::new()),
        }
    }

    pub(super) async fn get(&self, url: &str) -> Result<Reply, Unexpected> {
        self.visit(Asked::get(url)).await
    }

    pub(super) async fn visit(&self, mut asked: Asked) -> Result<Reply, Unexpected> {
        let cookies = self.cookies();
        if !cookies.is_empty() {
            asked = asked.header(header::COOKIE, &cookies)?;
        }
        let reply = self.client.send(asked).await?;
        for field in reply.headers.get_all(header::SET_COOKIE) {
            self.keep(field.to_str().unwrap_or_default());
        }
        Ok(reply)
    }

    /// Whether a cookie of this name is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.jar().iter().any(|(known, _)| known == name)
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, Vec<(String, String)>> {
        self.jar
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn cookies(&self) -> String {
        let pairs: Vec<_> = self
            .jar()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&self, field: &str) {
        let mut parts = field.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let mut jar = self.jar();
        jar.retain(|(known, _)| known != name);
        if !parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
            jar.push((name.to_owned(), value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_replaced_and_forgotten() {
        let browser = Browser::new(Client::new());
        browser.keep("usher=a; Path=/; HttpOnly");
        browser.keep("other=b");
        browser.keep("usher=c; Path=/; Max-Age=60");
        assert_eq!(browser.cookies(), "other=b; usher=c");
        browser.keep("other=; Max-Age=0");
        assert_eq!((browser.has("other"), browser.has("usher")), (false, true));
    }

    #[test]
    fn the_reason_of_a_page_is_found() {
        assert_eq!(
            reason("<small>Reason: <code>replayed</code><br>"),
            Some("replayed")
        );
        assert_eq!(reason("<p>nothing</p>"), None);
    }
}
