//! `usher-load hello`: a server that says hello and does nothing, in a second thread, asked by the same client.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::runtime;

use crate::command::HelloArguments;
use crate::drive::{Lane, Workload};
use crate::failure::{Failure, Wrong, ensure};
use crate::http::{Asked, Origin};
use crate::machine::Watched;
use crate::report::{Report, print};

const HELLO: &str = r#"{"message":"hello"}"#;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The command.
pub(crate) async fn command(asked: HelloArguments) -> Result<u64, Failure> {
    let (sender, receiver) = channel();
    thread::spawn(move || serve(&sender));
    let gone = |_| Failure::new("the server did not start: is no port free?");
    let (address, thread) = receiver.recv().map_err(gone)??;
    let watched = Watched {
        thread: Some(thread),
        ..Watched::default()
    };
    let bench = asked.size.bench(watched, PATIENCE)?;
    let origin = Origin::parse(&format!("http://{address}"))?;
    let line = bench.measure("hello", 1, Hello { origin }).await?;
    let mut report = Report::new("hello: a server that does nothing", &bench, None);
    report.workloads = vec![line];
    if asked.printed.targets {
        report.against(asked.printed.engine);
    }
    print(asked.printed.json, &report, &report.table())?;
    Ok(bench.wrong.get())
}

/// Its address, and its thread as `/proc` has it.
type Started = Result<(SocketAddr, PathBuf), Failure>;

fn serve(sender: &Sender<Started>) {
    let failed =
        |error: std::io::Error| Failure::new(format!("the server does not start: {error}"));
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let work = runtime.map(|runtime| runtime.block_on(listen(sender)));
    if let Err(error) | Ok(Err(error)) = work {
        // The other side waits for one word; if it is gone, there is nobody to tell.
        drop(sender.send(Err(failed(error))));
    }
}

async fn listen(sender: &Sender<Started>) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let thread = PathBuf::from("/proc").join(std::fs::read_link("/proc/thread-self")?);
    drop(sender.send(Ok((listener.local_addr()?, thread))));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(async move { drop(connection.await) });
    }
}

async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(HELLO.as_bytes())));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

struct Hello {
    origin: Origin,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

impl Workload for Hello {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, _number: u64) -> Result<(), Wrong> {
        let answer = lane.connection.ask(Asked::get("/")).await?.expect(&[200])?;
        let said: Said = answer.json()?;
        ensure(said.message == "hello", || {
            format!("it says {}", said.message)
        })
    }
}
