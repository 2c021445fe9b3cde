//! Where the demo plays: a folder, a server over a database file in it whose mail becomes files
//! there, and beside the server the programs of others: the application behind and the identity
//! providers' pages.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::{DatabaseUrl, Outbound};
use crate::demo::Options;
use crate::demo::app::App;
use crate::demo::client::Client;
use crate::demo::portal::Portal;
use crate::demo::setting::Acme;
use crate::http::oidc::ClientKeys;
use crate::http::{self, Gateway};
use crate::id::{Entropy, Ids};
use crate::mail;
use crate::outbound;
use crate::provisioning::installation::{Installation, Opener};
use crate::provisioning::invitations::Links;
use crate::provisioning::outbox::Letterhead;
use crate::provisioning::request_log::writer::Writer;
use crate::provisioning::signing_keys::Keyring;
use crate::provisioning::{Context, Source};
use crate::serve::{self, ServeLimits};
use crate::store::{self, Place, Store};
use crate::worker::mail::Route;
use crate::worker::{Office, Worker};

/// Why the demo could not begin, or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others could reach it.
    #[error(
        "the demo listens on a loopback address only, not on {0}: its keys and tokens are on the screen"
    )]
    Public(SocketAddr),
    /// There is something in the folder already.
    #[error("{} has a database already; name a new folder, or run `usher serve` on it", .0.display())]
    Used(PathBuf),
    /// A folder, a port or a signal.
    #[error("the demo cannot start: {0}")]
    Io(#[from] io::Error),
    /// The client by which others are called.
    #[error(transparent)]
    Outbound(#[from] outbound::Error),
    /// The sender of its mails.
    #[error(transparent)]
    Sender(#[from] mail::Unmailable),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Where the demo plays.
pub(super) struct Stage {
    /// Where the server is.
    pub(super) public_url: String,
    /// Where the programs of others are.
    pub(super) others_url: String,
    /// The store, for what the operator sets up.
    pub(super) store: Store,
    /// Ids, randomness and time.
    pub(super) ids: Ids,
    /// HTTP.
    pub(super) client: Client,
    /// The application behind.
    pub(super) app: App,
    /// The identity providers' pages.
    pub(super) portal: Portal,
    folder: Folder,
    acme: OnceLock<Acme>,
    link: OnceLock<String>,
    stop: watch::Sender<bool>,
    servers: JoinSet<io::Result<()>>,
    worker: Worker,
    writer: Writer,
    signals: tokio::sync::Mutex<(Signal, Signal)>,
    _lock: File,
}

impl Stage {
    /// Builds it: folder, store, server, and the others.
    pub(super) async fn open(options: &Options) -> Result<Self, Error> {
        if !options.listen.ip().is_loopback() {
            return Err(Error::Public(options.listen));
        }
        // From here on a signal is heard, so that the folder is removed in any case.
        let signals = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let ids = Ids::new(Clock::System, Entropy::system());
        let folder = Folder::of(options.data.as_deref(), &ids)?;
        let place = Place::of_url(&folder.url());
        let lock = lock(&folder)?;
        let listener = listen(options.listen).await?;
        let others = TcpListener::bind(SocketAddr::new(options.listen.ip(), 0)).await?;
        let public_url = format!("http://{}", listener.local_addr()?);
        let others_url = format!("http://{}", others.local_addr()?);
        let key_file = folder.path.join("usher.key");
        let open = Installation::open(&place, &key_file, &ids, Opener::Server).await?;
        let store = open.store.clone();
        let links = Links::new(&public_url, &open.data_keys)
            .map_err(|error| store::Error::MasterKey(error.to_string()))?;
        let keys = Keyring::new(open.store.clone(), links.secrets.clone(), open.keys);
        let mut gateway = Gateway::new(open.store, ids.clone(), keys, links);
        let worker = worker(&folder, &gateway)?;
        gateway.private_targets = true;
        gateway.client_keys = Arc::new(ClientKeys::new(caller()?));
        let writer = Writer::start(gateway.log.clone(), store.clone());
        let client = Client::new();
        let app = App::new(&public_url, &others_url, ids.clone(), client.clone());
        let portal = Portal::new(ids.clone());
        let (stop, stopped) = watch::channel(false);
        let mut servers = JoinSet::new();
        servers.spawn(serving(listener, http::router(gateway), stopped.clone()));
        let routes = Router::new().merge(app.routes()).merge(portal.routes());
        servers.spawn(serving(others, routes, stopped));
        Ok(Self {
            public_url,
            others_url,
            store,
            ids,
            client,
            app,
            portal,
            folder,
            acme: OnceLock::new(),
            link: OnceLock::new(),
            stop,
            servers,
            worker,
            writer,
            signals: tokio::sync::Mutex::new(signals),
            _lock: lock,
        })
    }

    /// The context of something that the operator does.
    pub(super) fn command(&self) -> Context {
        Context {
            ids: self.ids.clone(),
            source: Source::Command,
            cause: "demo".to_owned(),
        }
    }

    /// Where the data lies.
    pub(super) fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Where mails lie.
    pub(super) fn outbox(&self) -> PathBuf {
        self.folder.outbox()
    }

    /// Whether the data goes when the demo ends.
    pub(super) fn is_temporary(&self) -> bool {
        self.folder.is_temporary
    }

    /// The database, as a setting.
    pub(super) fn database_url(&self) -> String {
        self.folder.url()
    }

    /// Keeps what was set up, to be shown to whoever tries by hand.
    pub(super) fn keep(&self, acme: Acme) {
        // It is kept once: a demo is played once.
        drop(self.acme.set(acme));
    }

    /// What was set up.
    pub(super) fn acme(&self) -> Option<&Acme> {
        self.acme.get()
    }

    /// Keeps a link that nobody has followed yet.
    pub(super) fn keep_link(&self, link: String) {
        // One is left: a demo is played once.
        drop(self.link.set(link));
    }

    /// A link that nobody has followed yet.
    pub(super) fn link(&self) -> Option<&str> {
        self.link.get().map(String::as_str)
    }

    /// Waits until somebody ends the demo.
    pub(super) async fn wait(&self) -> Result<(), Error> {
        let mut signals = self.signals.lock().await;
        let (interrupt, terminate) = &mut *signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    }

    /// Ends the servers; a temporary folder goes with the last of them.
    pub(super) async fn close(mut self) {
        self.stop.send_replace(true);
        while self.servers.join_next().await.is_some() {}
        self.writer.stopped().await;
        self.worker.stopped().await;
    }
}

/// What calls others: those of the demo are all on this machine.
fn caller() -> Result<outbound::Client, outbound::Error> {
    outbound::Client::new(&Outbound {
        allow_private_targets: true,
        ..Outbound::default()
    })
}

/// What sends the mail: each becomes a file at once.
fn worker(folder: &Folder, gateway: &Gateway) -> Result<Worker, Error> {
    let from = mail::mailbox(Some("Usher"), "usher@demo.example")?;
    let letterhead = Letterhead::new(from, (*gateway.links).clone());
    let means = (caller()?, Arc::clone(&gateway.keys));
    let (route, pace) = (Route::Folder(folder.outbox()), NonZeroU32::MAX);
    let (store, ids) = (gateway.store.clone(), gateway.ids.clone());
    Ok(Worker::start(Office::new(
        store, ids, letterhead, route, pace, means,
    )))
}

async fn serving(
    listener: TcpListener,
    routes: Router,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let stop = async move {
        // A sender that is gone means the same.
        drop(stopped.wait_for(|stopped| *stopped).await);
    };
    serve::serve(listener, routes, ServeLimits::default(), stop).await
}

/// Listens there, or on another port where this one is in use.
async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::new(address.ip(), 0)).await
        }
        listener => listener,
    }
}

/// One server a database file.
fn lock(folder: &Folder) -> Result<File, Error> {
    let path = folder.path.join("usher.db.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Used(folder.path.clone())),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The folder of the data; a temporary one is removed with this.
struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    fn of(data: Option<&Path>, ids: &Ids) -> Result<Self, Error> {
        let folder = if let Some(path) = data {
            let path = std::path::absolute(path)?;
            Self {
                path,
                is_temporary: false,
            }
        } else {
            let name = format!("usher-demo-{}", ids.next::<Uuid>());
            let path = std::env::temp_dir().join(name);
            Self {
                path,
                is_temporary: true,
            }
        };
        if folder.database().exists() {
            return Err(Error::Used(folder.path.clone()));
        }
        DirBuilder::new()
            .recursive(!folder.is_temporary)
            .mode(0o700)
            .create(&folder.path)?;
        Ok(folder)
    }

    fn database(&self) -> PathBuf {
        self.path.join("usher.db")
    }

    fn outbox(&self) -> PathBuf {
        self.path.join("outbox")
    }

    fn url(&self) -> String {
        DatabaseUrl::in_file(&self.database()).reveal()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary {
            // Whatever cannot be removed lies in the system's own temporary folder.
            drop(fs::remove_dir_all(&self.path));
        }
    }
}
