//! A connection that is kept, and opened anew where the server has closed it.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::failure::Wrong;
use crate::http::{Answer, Origin};

/// What SCIM messages are called.
const SCIM: &str = "application/scim+json";
/// What forms are called.
const FORM: &str = "application/x-www-form-urlencoded";

/// One connection to one server.
pub(crate) struct Connection {
    origin: Origin,
    patience: Duration,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// One request.
pub(crate) struct Asked {
    method: Method,
    path: String,
    headers: Vec<(header::HeaderName, String)>,
    body: Bytes,
}

impl Asked {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// A SCIM message that creates.
    pub(crate) fn post(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, path).body(SCIM, body)
    }

    /// A SCIM message that replaces.
    pub(crate) fn put(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::PUT, path).body(SCIM, body)
    }

    /// A SCIM message that changes.
    pub(crate) fn patch(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::PATCH, path).body(SCIM, body)
    }

    /// A form.
    pub(crate) fn form(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, path).body(FORM, body)
    }

    pub(crate) fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    fn body(self, media: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { body, ..self }.header(header::CONTENT_TYPE, media)
    }
}

impl Connection {
    /// One that is opened by its first request.
    pub(crate) fn new(origin: &Origin, patience: Duration) -> Self {
        Self {
            origin: origin.clone(),
            patience,
            sender: None,
        }
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn ask(&mut self, asked: Asked) -> Result<Answer, Wrong> {
        let what = format!("{} {}", asked.method, asked.path);
        let patience = self.patience;
        let answer = match timeout(patience, self.exchange(&what, asked)).await {
            Ok(answer) => answer,
            Err(_) => Err(Wrong::new(format!("no answer in {} s", patience.as_secs()))),
        };
        if answer.is_err() {
            // Half an exchange may be left in it.
            self.sender = None;
        }
        answer.map_err(|wrong| wrong.during(&what))
    }

    async fn exchange(&mut self, what: &str, asked: Asked) -> Result<Answer, Wrong> {
        let request = self.request(asked)?;
        let failed = |error: hyper::Error| Wrong::new(format!("no answer: {error}"));
        let response = self
            .sender()
            .await?
            .send_request(request)
            .await
            .map_err(failed)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(failed)?.to_bytes();
        Ok(Answer {
            asked: what.to_owned(),
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    fn request(&self, asked: Asked) -> Result<Request<Full<Bytes>>, Wrong> {
        let path = format!("{}{}", self.origin.prefix, asked.path);
        let mut request = Request::builder()
            .method(asked.method)
            .uri(path)
            .header(header::HOST, &self.origin.host);
        if let Some(authorization) = &self.origin.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in asked.headers {
            request = request.header(name, value);
        }
        let failed = |error| Wrong::new(format!("this cannot be asked: {error}"));
        request.body(Full::new(asked.body)).map_err(failed)
    }

    /// The open connection, or a new one.
    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Wrong> {
        let mut kept = self.sender.take();
        if let Some(sender) = &mut kept
            && sender.ready().await.is_err()
        {
            kept = None;
        }
        let sender = match kept {
            Some(sender) => sender,
            None => self.open().await?,
        };
        Ok(self.sender.insert(sender))
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, Wrong> {
        let address = &self.origin.address;
        let failed = |error: String| {
            Wrong::new(format!(
                "no connection to {address} ({error}): is the server running, and the address right?"
            ))
        };
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| failed(error.to_string()))?;
        stream
            .set_nodelay(true)
            .map_err(|error| failed(error.to_string()))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(error.to_string()))?;
        // How it ends is seen by the request that it carries.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}
