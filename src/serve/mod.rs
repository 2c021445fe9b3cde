//! The server loop: HTTP/1.1 (RFC 9112) over a listener, with a limit on everything a client can
//! make us hold: connections, the bytes and the time of a header, the time of a body.
//!
//! A connection over the limit waits in the listener's queue. A header that is too large is
//! answered 431, a body that is too slow 408, and a header that is too slow is hung up on. The
//! loop stops gracefully: no new connections, then the requests in flight finish or run out of
//! time.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tower::ServiceExt;

use crate::limits;

/// What one server allows its clients.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections open at once.
    pub connections: usize,
    /// Bytes in a request line and its header fields.
    pub header_bytes: usize,
    /// How long a header may take, and an idle connection stay open.
    pub header_time: Duration,
    /// How long a body may take as a whole.
    pub body_time: Duration,
    /// How long the requests in flight may take once the server stops.
    pub drain_time: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            header_bytes: limits::HEADER_BYTES,
            header_time: limits::HEADER_TIME,
            body_time: limits::BODY_TIME,
            drain_time: limits::DRAIN_TIME,
        }
    }
}

/// The body was not there in time.
///
/// It reaches a handler as the source of the error that reading the body gives, for those that
/// want to say it in the words of their protocol; whatever they answer leaves as 408.
#[derive(Clone, Copy, Debug)]
pub struct BodyTooSlow;

impl fmt::Display for BodyTooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request's body did not arrive in time")
    }
}

impl StdError for BodyTooSlow {}

/// Serves the application until `shutdown` is ready and the requests in flight are answered.
///
/// Each request carries its peer as [`ConnectInfo<SocketAddr>`].
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "Listening");
    let server = Server {
        app,
        limits,
        places: Arc::new(Semaphore::new(
            limits.connections.min(Semaphore::MAX_PERMITS),
        )),
        graceful: GracefulShutdown::new(),
    };
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (place, stream, peer) = server.accept(&listener) => {
                connections.spawn(server.connection(place, stream, peer));
            }
            Some(ended) = connections.join_next() => log_panic(ended),
        }
    }
    drop(listener);
    server.drain(connections).await;
    Ok(())
}

struct Server {
    app: Router,
    limits: ServeLimits,
    places: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

impl Server {
    /// The next connection, once there is a place for it.
    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
        let places = Arc::clone(&self.places);
        let place = places
            .acquire_owned()
            .await
            .expect("nobody closes the semaphore");
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (place, stream, peer),
                Err(error) if is_the_peers(&error) => {
                    tracing::debug!(%error, "A connection ended before it was accepted");
                }
                Err(error) => {
                    // Out of file descriptors or memory: others give theirs back meanwhile.
                    tracing::warn!(%error, "Cannot accept connections, trying again");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// One connection from its first byte to its last.
    fn connection(
        &self,
        place: OwnedSemaphorePermit,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl Future<Output = ()> + use<> {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "Cannot switch off Nagle's algorithm for a connection");
        }
        let (app, limits) = (self.app.clone(), self.limits);
        let service = service_fn(move |request| answer(app.clone(), request, peer, limits));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_buf_size(limits.header_bytes.max(SMALLEST_BUFFER))
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection ended early");
            }
            drop(place);
        }
    }

    /// Lets the connections finish what they are at, but not for ever.
    async fn drain(self, mut connections: JoinSet<()>) {
        let finished = async {
            self.graceful.shutdown().await;
            while let Some(ended) = connections.join_next().await {
                log_panic(ended);
            }
        };
        if timeout(self.limits.drain_time, finished).await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "Hung up on unfinished requests"
            );
            connections.shutdown().await;
        }
    }
}

/// How long to wait when connections cannot be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(250);

/// hyper takes no smaller buffer.
const SMALLEST_BUFFER: usize = 8 * 1024;

fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "A connection's task failed");
    }
}

async fn answer(
    app: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    limits: ServeLimits,
) -> Result<Response<Body>, Infallible> {
    if head_bytes(&request) > limits.header_bytes {
        return Ok(last(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response(),
        ));
    }
    let late = Arc::new(AtomicBool::new(false));
    let (mut head, body) = request.into_parts();
    head.extensions.insert(ConnectInfo(peer));
    let body = TimedBody {
        body,
        time: limits.body_time,
        end: None,
        late: Arc::clone(&late),
    };
    let mut response = app
        .oneshot(Request::from_parts(head, Body::new(body)))
        .await?;
    if late.load(Ordering::Relaxed) {
        if response.status() != StatusCode::REQUEST_TIMEOUT {
            response = StatusCode::REQUEST_TIMEOUT.into_response();
        }
        response = last(response);
    }
    Ok(response)
}

/// An answer after which the connection is closed: the rest of the request is not worth reading.
fn last(mut response: Response<Body>) -> Response<Body> {
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The size of a request line and its fields as they stand on the wire, give or take white space.
/// hyper's own limit is its buffer, which can hold more than was asked for.
fn head_bytes(request: &Request<Incoming>) -> usize {
    let target = request.uri();
    let line = request.method().as_str().len()
        + target
            .path_and_query()
            .map_or(0, |path| path.as_str().len())
        + target
            .authority()
            .map_or(0, |authority| authority.as_str().len())
        + " HTTP/1.1\r\n".len();
    let fields = request.headers().iter();
    fields.fold(line, |sum, (name, value)| {
        sum + name.as_str().len() + value.len() + ": \r\n".len()
    })
}

/// A body that fails with [`BodyTooSlow`] when it takes too long, counted from the first time
/// that it has to be waited for.
struct TimedBody {
    body: Incoming,
    time: Duration,
    end: Option<Pin<Box<Sleep>>>,
    late: Arc<AtomicBool>,
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let time = self.time;
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(end.as_mut().poll(context));
        self.late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(BodyTooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
