//! The way of the conformance library's requests into the router, without a network.

use axum::Router;
use axum::body::Body;
use axum::http;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tower::ServiceExt;
use usher_conformance::transport::{Reply, Request, Transport, Unreachable};

use super::{Connected, PUBLIC_URL, TestGateway};

/// A router that is called in-process.
#[derive(Clone)]
pub(crate) struct InProcess {
    router: Router,
}

impl TestGateway {
    /// The way into this gateway.
    pub(crate) fn transport(&self) -> InProcess {
        InProcess {
            router: self.router.clone(),
        }
    }
}

impl Connected {
    /// The SCIM base URL.
    pub(crate) fn base(&self) -> String {
        format!("{PUBLIC_URL}/scim/{}/v2", self.id)
    }
}

impl Transport for InProcess {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Reply, Unreachable>> {
        async move {
            let uri = request.url.strip_prefix(PUBLIC_URL).unwrap_or(&request.url);
            let mut sent = http::Request::builder()
                .method(request.method.as_str())
                .uri(uri);
            for (name, value) in &request.headers {
                sent = sent.header(name, value);
            }
            let sent = sent.body(Body::from(request.body.clone()));
            let sent = sent.map_err(|error| Unreachable(error.to_string()))?;
            let response = self.router.clone().oneshot(sent).await.unwrap();
            let reply = super::Reply::read(response).await;
            let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            };
            Ok(Reply {
                status: reply.status.as_u16(),
                headers: reply.headers.iter().map(text).collect(),
                body: reply.body.to_vec(),
            })
        }
        .boxed()
    }
}
