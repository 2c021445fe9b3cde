//! The one client by which Usher calls others: webhooks today, whatever else must be fetched or
//! told tomorrow. Every connection passes the [`guard`] and goes to the very address that was
//! judged; nothing is redirected, no call takes longer than [`limits::OUTBOUND_TIME`] unless its
//! client is [patient](Client::patient), and of an answer only so much is read as was asked for.
//!
//! A call has two steps, so that a store can be told between them that it is going out: whatever
//! fails in [`Client::open`] leaves nothing behind, what fails in [`Line::send`] may.

pub mod dns;
pub mod document;
pub mod guard;
mod road;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Bytes};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_util::rt::TokioIo;
use native_tls::{Certificate, Protocol};
use tokio::sync::OnceCell;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{Instant, timeout};
use tokio_native_tls::TlsConnector;
use url::Url;

use crate::config::Outbound;
use crate::limits;

pub use guard::{Reach, Refusal, Target, settable};

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of certificates cannot be used.
    #[error("cannot use the certificates in {}: {said}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        said: String,
    },
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The guard says no, now and always.
    #[error("not called: {0}")]
    Refused(#[from] Refusal),
    /// Nobody was reached; nothing was sent.
    #[error("{0}")]
    Unreached(String),
    /// It was sent, and no answer came.
    #[error("{0}")]
    Lost(String),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its header.
    pub headers: HeaderMap,
    /// Its body, up to as much as was asked for, and as came.
    pub body: Bytes,
}

/// The client.
#[derive(Clone)]
pub struct Client {
    rules: Arc<Outbound>,
    /// Certificates that are trusted beside the machine's.
    roots: Arc<[Certificate]>,
    /// Reading what the machine trusts takes longer than a start should, and a lasting place in
    /// memory: it waits for the first call.
    tls: Arc<OnceCell<TlsConnector>>,
    /// How long a call may take.
    time: Duration,
}

impl Client {
    /// A client under these settings.
    pub fn new(rules: &Outbound) -> Result<Self, Error> {
        let mut roots = Vec::new();
        if let Some(path) = &rules.ca_file {
            let unusable = |said: String| Error::CaFile {
                path: path.clone(),
                said,
            };
            let text = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let all = Certificate::stack_from_pem(&text);
            roots = all.map_err(|error| unusable(error.to_string()))?;
            if roots.is_empty() {
                return Err(unusable("there is none in it".to_owned()));
            }
        }
        Ok(Self {
            rules: Arc::new(rules.clone()),
            roots: roots.into(),
            tls: Arc::default(),
            time: limits::OUTBOUND_TIME,
        })
    }

    /// The same client for calls that may take so long.
    #[must_use]
    pub fn patient(&self, time: Duration) -> Self {
        Self {
            time,
            ..self.clone()
        }
    }

    /// What speaks TLS, made once.
    async fn tls(&self) -> Result<&TlsConnector, Fault> {
        let roots = Arc::clone(&self.roots);
        let made = self.tls.get_or_try_init(|| async {
            let make = move || {
                let mut tls = native_tls::TlsConnector::builder();
                tls.min_protocol_version(Some(Protocol::Tlsv12));
                for certificate in roots.iter() {
                    tls.add_root_certificate(certificate.clone());
                }
                tls.build()
            };
            let made = spawn_blocking(make)
                .await
                .map_err(|error| error.to_string())?;
            made.map(TlsConnector::from)
                .map_err(|error| error.to_string())
        });
        made.await
            .map_err(|said| Fault::Unreached(format!("TLS cannot be used: {said}")))
    }

    /// Connects to where a URL leads. Nothing is said yet.
    pub async fn open(&self, url: &Url, reach: Reach) -> Result<Line, Fault> {
        let target = Target::of(url)?;
        let begun = Instant::now();
        within(self.time, self.time, Fault::Unreached, async {
            let stream = self.stream(&target, reach).await?;
            let shaken = http1::handshake(TokioIo::new(stream)).await;
            let (sender, connection) =
                shaken.map_err(|error| Fault::Unreached(error.to_string()))?;
            let driver = tokio::spawn(async move {
                // What goes wrong here is told to whoever waits for the answer.
                let _ = connection.await;
            });
            Ok(Line {
                sender,
                driver: Driver(driver.abort_handle()),
                url: url.clone(),
                time: self.time,
                left: self.time.saturating_sub(begun.elapsed()),
            })
        })
        .await
    }

    /// Whether a target may be at an address that the guard would refuse.
    fn permits(&self, target: &Target, address: std::net::IpAddr, reach: Reach) -> bool {
        match reach {
            Reach::Organization => self.rules.allow_private_targets,
            Reach::Operator => self.rules.allows(&target.host, address),
            Reach::Anywhere => true,
        }
    }
}

/// Ends the connection when nobody wants it any more.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An open connection, for one request.
pub struct Line {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    url: Url,
    time: Duration,
    left: Duration,
}

impl Line {
    /// Sends one request, and reads at most `limit` octets of what is answered. The status is the
    /// answer: where the body stalls or breaks off, so much of it came.
    pub async fn send(
        mut self,
        method: Method,
        headers: HeaderMap,
        body: impl Into<Bytes>,
        limit: usize,
    ) -> Result<Answer, Fault> {
        let request = request(&self.url, method, headers, body.into())
            .map_err(|error| Fault::Unreached(error.to_string()))?;
        let begun = Instant::now();
        let answer = within(self.left, self.time, Fault::Lost, async {
            let answer = self.sender.send_request(request).await;
            answer.map_err(|error| Fault::Lost(error.to_string()))
        });
        let (head, mut incoming) = answer.await?.into_parts();
        let mut body = Vec::new();
        let read = timeout(self.left.saturating_sub(begun.elapsed()), async {
            while body.len() < limit && !incoming.is_end_stream() {
                let Some(Ok(frame)) = incoming.frame().await else {
                    break;
                };
                if let Ok(data) = frame.into_data() {
                    body.extend(data.iter().take(limit - body.len()));
                }
            }
        });
        // Late or not, what came is what there is.
        let _ = read.await;
        drop(self.driver);
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.into(),
        })
    }
}

fn request(
    url: &Url,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse::<Uri>()?;
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(&host)?);
    headers.insert(USER_AGENT, HeaderValue::from_static("Usher"));
    Ok(request)
}

/// Does something in the time that is left to a call.
async fn within<T>(
    left: Duration,
    whole: Duration,
    late: impl FnOnce(String) -> Fault,
    doing: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let said = || format!("no answer within {} s", whole.as_secs());
    timeout(left, doing)
        .await
        .unwrap_or_else(|_| Err(late(said())))
}

#[cfg(test)]
mod tests;
