//! Requests over the network.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::transport::{Reply, Request, Transport, Unreachable};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a request is sent again that a busy server sent away (429, 503).
const RETRIES: u32 = 4;

/// The longest wait that a busy server can ask for.
const LONGEST_WAIT: u64 = 15;

/// HTTP and HTTPS, without a proxy and without following redirects: a token is shown only to the
/// server it was given for.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
}

impl Http {
    /// A client with connections of its own.
    pub fn new() -> Result<Self, Unreachable> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("usher-conformance/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(unreachable)?;
        Ok(Self { client })
    }

    async fn once(&self, request: &Request) -> Result<Reply, reqwest::Error> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes());
        let method = method.unwrap_or(reqwest::Method::GET);
        let mut sent = self.client.request(method, &request.url);
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if !request.body.is_empty() {
            sent = sent.body(request.body.clone());
        }
        let response = sent.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        });
        Ok(Reply {
            status,
            headers: headers.collect(),
            body: response.bytes().await?.to_vec(),
        })
    }
}

impl Transport for Http {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Reply, Unreachable>> {
        async move {
            let mut reply = self.once(request).await.map_err(unreachable)?;
            for _ in 0..RETRIES {
                let Some(wait) = wait(&reply) else { break };
                tokio::time::sleep(wait).await;
                reply = self.once(request).await.map_err(unreachable)?;
            }
            Ok(reply)
        }
        .boxed()
    }
}

/// How long a busy server asks us to wait (RFC 9110 §10.2.3).
fn wait(reply: &Reply) -> Option<Duration> {
    let busy = matches!(reply.status, 429 | 503);
    let seconds: u64 = reply.header("retry-after")?.trim().parse().ok()?;
    busy.then(|| Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

fn unreachable(error: reqwest::Error) -> Unreachable {
    let error = error.without_url();
    let mut why = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    Unreachable(why)
}
