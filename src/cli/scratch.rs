//! A scratch copy of an organization behind the real router, in this process: what is tried there
//! touches nothing that lives.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tower::ServiceExt;
use usher_conformance::transport::{Reply, Request, Transport, Unreachable};

use crate::cli::opened::Opened;
use crate::http::{Gateway, router};
use crate::provisioning::Error;
use crate::provisioning::request_log::RequestLog;
use crate::provisioning::scratch::{Extra, Scratch, Template, copy};
use crate::provisioning::signing_keys::Keyring;

/// Octets of an answer that are read.
const ANSWER: usize = 64 * 1024 * 1024;

/// A copy, and the way to it.
pub(super) struct Stage {
    /// The copy.
    pub(super) scratch: Scratch,
    /// The SCIM base URL of the connection, without a slash at its end.
    pub(super) base: String,
    public_url: String,
    router: Router,
}

impl Stage {
    /// A fresh copy of this organization.
    pub(super) async fn of(
        opened: &Opened,
        template: &Template,
        extra: Extra,
    ) -> Result<Self, Error> {
        let scratch = copy(template, &opened.ids, extra).await?;
        let (store, links) = (scratch.store.clone(), opened.links.clone());
        let keys = Keyring::new(store, links.secrets.clone(), opened.keys.clone());
        let public_url = links.public_url.to_string();
        let gateway = Gateway {
            log: RequestLog::off(),
            ..Gateway::new(scratch.store.clone(), opened.ids.clone(), keys, links)
        };
        Ok(Self {
            base: format!("{public_url}/scim/{}/v2", scratch.connection),
            scratch,
            public_url,
            router: router(gateway),
        })
    }
}

impl Transport for Stage {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Reply, Unreachable>> {
        async move {
            let unreachable = |error: &dyn std::fmt::Display| Unreachable(error.to_string());
            let uri = request.url.strip_prefix(&self.public_url);
            let mut sent = http::Request::builder()
                .method(request.method.as_str())
                .uri(uri.unwrap_or(&request.url));
            for (name, value) in &request.headers {
                sent = sent.header(name, value);
            }
            let sent = sent.body(Body::from(request.body.clone()));
            let sent = sent.map_err(|error| unreachable(&error))?;
            let answer = self.router.clone().oneshot(sent).await;
            let (parts, body) = answer.map_err(|error| unreachable(&error))?.into_parts();
            let body = to_bytes(body, ANSWER).await;
            let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), value.into_owned())
            };
            Ok(Reply {
                status: parts.status.as_u16(),
                headers: parts.headers.iter().map(text).collect(),
                body: body.map_err(|error| unreachable(&error))?.to_vec(),
            })
        }
        .boxed()
    }
}
