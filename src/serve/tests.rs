//! The loop over real sockets, with limits small enough to meet.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

use super::{ServeLimits, serve};

/// A server on a thread of its own, with `/slow` waiting until it is told to go on.
struct Running {
    address: SocketAddr,
    slow_began: Arc<Notify>,
    slow_ends: Arc<Notify>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<std::io::Result<()>>,
}

fn start(limits: ServeLimits) -> Running {
    let (stop, stopped) = oneshot::channel::<()>();
    let (slow_began, slow_ends) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (began, ends) = (Arc::clone(&slow_began), Arc::clone(&slow_ends));
    let app = Router::new()
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
        )
        .route("/echo", post(|body: String| async { body }))
        .route("/own", post(|_: Result<String, _>| async { own_words() }))
        .route(
            "/slow",
            get(move || async move {
                began.notify_one();
                ends.notified().await;
                "done"
            }),
        );
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            serve(listener, app, limits, async { drop(stopped.await) }).await
        })
    });
    Running {
        address,
        slow_began,
        slow_ends,
        stop,
        thread,
    }
}

fn own_words() -> (StatusCode, &'static str) {
    (StatusCode::REQUEST_TIMEOUT, "own words")
}

impl Running {
    fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn wait_for_slow(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(self.slow_began.notified());
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }
}

/// What the server sends until it hangs up.
fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A reset instead of an end counts as hung up too.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8(text).unwrap()
}

const SHORT: Duration = Duration::from_millis(150);

#[test]
fn a_request_knows_its_peer() {
    let server = start(ServeLimits::default());
    let answer = rest(server.send("GET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n127.0.0.1"),
        "{answer}"
    );
    server.stop();
}

#[test]
fn a_header_over_the_limit_is_431() {
    let server = start(ServeLimits::default());
    let cases = [
        (16_000, "200"),
        (16_400, "431"),
        (20_000, "431"),
        (200_000, "431"),
    ];
    for (size, status) in cases {
        let filler = "x".repeat(size);
        let mut stream = server.send("GET /peer HTTP/1.1\r\nconnection: close\r\n");
        let _ = stream.write_all(format!("x: {filler}\r\n\r\n").as_bytes());
        let answer = rest(stream);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{size}: {answer}"
        );
    }
    server.stop();
}

#[test]
fn a_body_over_its_time_is_408() {
    let server = start(ServeLimits {
        body_time: SHORT,
        ..ServeLimits::default()
    });
    for (path, ending) in [("/echo", "\r\n\r\n"), ("/own", "own words")] {
        let request = format!("POST {path} HTTP/1.1\r\ncontent-length: 9\r\n\r\nhalf");
        let answer = rest(server.send(&request));
        assert!(
            answer.starts_with("HTTP/1.1 408 ") && answer.ends_with(ending),
            "{answer}"
        );
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
    server.stop();
}

#[test]
fn a_header_over_its_time_is_hung_up_on() {
    let server = start(ServeLimits {
        header_time: SHORT,
        ..ServeLimits::default()
    });
    assert_eq!(rest(server.send("GET /peer HTTP/1.1\r\nx: ")), "");
    server.stop();
}

#[test]
fn a_connection_too_many_waits_for_a_place() {
    let server = start(ServeLimits {
        connections: 1,
        ..ServeLimits::default()
    });
    let first = server.send("GET /slow HTTP/1.1\r\nconnection: close\r\n\r\n");
    server.wait_for_slow();
    let second = server.send("GET /peer HTTP/1.1\r\nconnection: close\r\n\r\n");
    second.set_read_timeout(Some(SHORT)).unwrap();
    assert!(
        (&second).read(&mut [0]).is_err(),
        "answered without a place"
    );
    second.set_read_timeout(None).unwrap();
    server.slow_ends.notify_one();
    assert!(rest(first).ends_with("done"));
    assert!(rest(second).ends_with("127.0.0.1"));
    server.stop();
}

#[test]
fn a_stopping_server_finishes_the_requests_in_flight() {
    let server = start(ServeLimits::default());
    let (address, ends) = (server.address, Arc::clone(&server.slow_ends));
    let idle = TcpStream::connect(address).unwrap();
    let stream = server.send("GET /slow HTTP/1.1\r\n\r\n");
    server.wait_for_slow();
    server.stop.send(()).unwrap();
    assert_eq!(rest(idle), "");
    assert!(
        TcpStream::connect(address).is_err(),
        "connected to a stopping server"
    );
    ends.notify_one();
    assert!(rest(stream).ends_with("done"));
    server.thread.join().unwrap().unwrap();
}

#[test]
fn a_stopping_server_does_not_wait_for_ever() {
    let server = start(ServeLimits {
        drain_time: SHORT,
        ..ServeLimits::default()
    });
    let stream = server.send("GET /slow HTTP/1.1\r\n\r\n");
    server.wait_for_slow();
    server.stop();
    assert_eq!(rest(stream), "");
}
