//! A way to PostgreSQL that breaks at the worst moment: the server has got a `COMMIT` and answered
//! it, and whoever asked never hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use usher::store::Place;

/// The way; it breaks once.
#[derive(Clone)]
pub(crate) struct Severed {
    /// The store at its end.
    pub(crate) place: Place,
    broken: Arc<AtomicUsize>,
}

impl Severed {
    /// A way to the store of a URL. The transaction that says `marker` is the one that breaks it.
    pub(crate) async fn before(url: &str, marker: &'static str) -> Self {
        let mut through = url::Url::parse(url).unwrap();
        let there = (
            through.host_str().unwrap().to_owned(),
            through.port().unwrap_or(5432),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        through.set_host(Some("127.0.0.1")).unwrap();
        through.set_port(Some(here.port())).unwrap();
        let broken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&broken);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (there, count) = (there.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    let server = TcpStream::connect(there).await.unwrap();
                    carry(client, server, marker, &count).await;
                });
            }
        });
        Self {
            place: Place::Postgres(through.into()),
            broken,
        }
    }

    /// How often it broke.
    pub(crate) fn times(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }
}

fn says(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

async fn carry(mut client: TcpStream, mut server: TcpStream, marker: &str, broken: &AtomicUsize) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut marked = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let bytes = &asked[..length];
                marked |= says(bytes, marker);
                server.write_all(bytes).await.unwrap();
                if marked && says(bytes, "COMMIT") && broken.load(Ordering::SeqCst) == 0 {
                    // Once it has answered, it has committed.
                    let read = server.read(&mut answered).await.unwrap();
                    assert!(read > 0, "the server answers");
                    broken.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
