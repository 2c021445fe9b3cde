//! The running gateway: settings become an open installation, a router and a server loop that
//! stops gracefully.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::Clock;
use crate::config::{self, Config, MailUrl, Rate};
use crate::http::admin::rated::{PerMinute, Rates};
use crate::http::oidc::ClientKeys;
use crate::http::{self, TrustedProxies};
use crate::id::{Entropy, Ids};
use crate::limits;
use crate::mail::{self, Mailbox};
use crate::outbound::{self, Client};
use crate::provisioning::installation::{Installation, Opener};
use crate::provisioning::invitations::Links;
use crate::provisioning::outbox::Letterhead;
use crate::provisioning::request_log::{self, writer::Writer};
use crate::provisioning::signing_keys::Keyring;
use crate::provisioning::tally::Tally;
use crate::provisioning::{audit, idempotency, safeguards, sign_in_log, sweep, webhooks};
use crate::serve::{self, ServeLimits};
use crate::store::{self, Place, Store};
use crate::worker::mail::Route;
use crate::worker::smtp::{self, Relay};
use crate::worker::{Office, Worker};

/// How often rows that time made superfluous are swept out.
const SWEEP: Duration = Duration::from_mins(1);
/// How often it is looked whether tables have grown.
const MEASURE: Duration = Duration::from_secs(3);

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another server has the store.
    #[error("another `usher serve` runs on this database (it holds {})", .0.display())]
    AlreadyServed(PathBuf),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {}", said(source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}: {source}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The client by which others are called.
    #[error(transparent)]
    Outbound(#[from] outbound::Error),
    /// The server loop ended.
    #[error("the server stopped: {0}")]
    Server(#[source] io::Error),
    /// The operator cannot be written to at their address.
    #[error("no mail can be sent to the address in USHER_MAIL_OPERATOR: {0}")]
    Operator(#[source] mail::Unmailable),
    /// Nobody can be written to from the sender's address.
    #[error("no mail can be sent from the address in USHER_MAIL_FROM: {0}")]
    Sender(#[from] mail::Unmailable),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there; stop it or set USHER_LISTEN".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => error.to_string(),
    }
}

/// Where the settings say that the store is.
pub fn place(config: &Config) -> Place {
    Place::of_url(&config.database.url.reveal())
}

/// Ids, randomness and time of a real process.
pub fn ids() -> Ids {
    Ids::new(Clock::System, Entropy::system())
}

/// Opens what the settings name.
pub async fn open(
    config: &Config,
    ids: &Ids,
    opener: Opener,
) -> Result<Installation, store::Error> {
    Installation::open(&place(config), &config.keys.master_key_file, ids, opener).await
}

/// What links to invitations are made with.
pub fn links(config: &Config, installation: &Installation) -> Result<Links, store::Error> {
    Links::new(config.server.public_url.as_str(), &installation.data_keys)
        .map_err(|error| store::Error::MasterKey(error.to_string()))
}

/// Serves until the process is told to stop, and then until the requests in flight are answered.
pub async fn serve(config: &Config) -> Result<(), Error> {
    let ids = ids();
    let _lock = lock(&place(config))?;
    // From here on a signal is heard, so that it cannot end the process half-way through its start.
    let (terminate, interrupt) = (
        hear(SignalKind::terminate())?,
        hear(SignalKind::interrupt())?,
    );
    let address = config.server.listen;
    let listening = TcpListener::bind(address).await;
    let listener = listening.map_err(|source| Error::Listen { address, source })?;
    let installation = open(config, &ids, Opener::Server).await?;
    let links = links(config, &installation)?;
    let Installation { store, keys, .. } = installation;
    let tally = Arc::new(Tally::default());
    let sweeper = sweeper(store.clone(), ids.clone(), Arc::clone(&tally));
    let measurer = measurer(store.clone());
    let letterhead = letterhead(config, &links)?;
    let (route, pace) = (route(config), config.mail.per_second);
    let client = Client::new(&config.outbound)?;
    let (client_keys, outbound) = fetchers(&client);
    let keys = Arc::new(Keyring::new(store.clone(), links.secrets.clone(), keys));
    let means = (client, Arc::clone(&keys));
    let name_server = config.outbound.name_server.map(|it| it.0);
    let office = Office::new(store.clone(), ids.clone(), letterhead, route, pace, means);
    let worker = Worker::start(office.asking(name_server));
    let kept = store.clone();
    let gateway = http::Gateway {
        tally: Arc::clone(&tally),
        trusted_proxies: trusted_proxies(config),
        rates: rates(config),
        client_keys,
        outbound,
        name_server,
        private_targets: config.outbound.allow_private_targets,
        ..http::Gateway::new(store, ids, keys, links)
    };
    let writer = Writer::start(gateway.log.clone(), gateway.store.clone());
    let limits = capacity(config);
    if config.server.metrics_listen.is_some() {
        tracing::warn!("metrics are not served by this release: metrics_listen has no effect");
    }
    tracing::info!(public_url = %config.server.public_url, "Usher serves");
    let wakeups = gateway.store.wakeups().clone();
    let rest = worker.stopper();
    let stop = async move {
        stopped(terminate, interrupt).await;
        rest();
        // Who waits for events is answered now, so that stopping does not wait for them.
        wakeups.close();
    };
    let served = serve::serve(listener, http::router(gateway), limits, stop).await;
    sweeper.abort();
    measurer.abort();
    // Nobody is answered any more: what was asked is written down to the last.
    writer.stopped().await;
    worker.stopped().await;
    if let Err(error) = tally.flush(&kept).await {
        tracing::warn!(%error, "The last counts of the directory lint are lost");
    }
    tracing::info!("Usher has stopped");
    served.map_err(Error::Server)
}

/// What every mail is composed with.
fn letterhead(config: &Config, links: &Links) -> Result<Letterhead, Error> {
    let letterhead = Letterhead::new(sender(config)?, links.clone());
    Ok(letterhead.operated_by(operator(config)?))
}

/// Whom mail is from.
pub fn sender(config: &Config) -> Result<Mailbox, mail::Unmailable> {
    let sender = &config.mail.from;
    mail::mailbox(sender.name.as_deref(), &sender.address)
}

/// Who is told of alerts beside admins, where somebody is.
fn operator(config: &Config) -> Result<Option<Mailbox>, Error> {
    let operator = config.mail.operator.as_ref();
    let mailbox = operator.map(|it| mail::mailbox(it.name.as_deref(), &it.address));
    mailbox.transpose().map_err(Error::Operator)
}

/// Where the settings say that mail goes.
pub fn route(config: &Config) -> Route {
    match &config.mail.url {
        MailUrl::File(folder) => Route::Folder(folder.clone()),
        MailUrl::Smtp {
            security,
            host,
            port,
            credentials,
        } => Route::Relay(Relay {
            host: host.clone(),
            port: *port,
            security: match security {
                config::Security::Plain => smtp::Security::Plain,
                config::Security::StartTls => smtp::Security::StartTls,
                config::Security::Tls => smtp::Security::Tls,
            },
            credentials: credentials
                .as_ref()
                .map(|it| (it.user.clone(), it.password.clone())),
        }),
    }
}

/// Whose word about clients is believed; none where nobody's is.
fn trusted_proxies(config: &Config) -> Option<TrustedProxies> {
    let proxies = config.server.trusted_proxies.clone();
    let trusted = move |it: IpAddr| proxies.iter().any(|network| network.contains(it));
    (!config.server.trusted_proxies.is_empty()).then(|| Arc::new(trusted) as TrustedProxies)
}

/// How much the server takes at once, as the settings say.
fn capacity(config: &Config) -> ServeLimits {
    ServeLimits {
        connections: config.server.max_connections.get(),
        ..ServeLimits::default()
    }
}

/// How often somebody may ask the admin API, as the settings say.
fn rates(config: &Config) -> Arc<Rates> {
    let limits = &config.rate_limits;
    let rate = |it: Option<Rate>| it.map(|rate| rate.0);
    if limits.address.is_some() && config.server.trusted_proxies.is_empty() {
        tracing::warn!(
            "rate_limits.address counts nobody who comes from a private address, and everybody behind a proxy with \
             a public one as one: name the proxies in front in trusted_proxies"
        );
    }
    Arc::new(Rates::new(PerMinute {
        address: rate(limits.address),
        key: rate(limits.key),
        organization: rate(limits.organization),
    }))
}

/// One server a store that is a file: two would each believe that only they write to it.
fn lock(place: &Place) -> Result<Option<File>, Error> {
    let Some(path) = place.server_lock() else {
        return Ok(None);
    };
    let opened = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = opened.map_err(|source| Error::Lock {
        path: path.clone(),
        source,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::AlreadyServed(path)),
        Err(TryLockError::Error(source)) => Err(Error::Lock { path, source }),
    }
}

fn hear(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(Error::Server)
}

async fn stopped(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("Asked to stop; the requests in flight are answered first");
}

/// What fetches the keys of clients, and what the operator points at.
fn fetchers(client: &Client) -> (Arc<ClientKeys>, Option<Client>) {
    let patient = client.clone().patient(limits::METADATA_TIME);
    (Arc::new(ClientKeys::new(client.clone())), Some(patient))
}

/// Looks after the store's tables, for as long as the server runs.
fn measurer(store: Store) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut tick = interval(MEASURE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match store.measure().await {
                Ok(0) => {}
                Ok(tables) => tracing::debug!(tables, "Tables have grown, and were measured"),
                Err(error) => tracing::debug!(%error, "Tables were not measured this time"),
            }
        }
    })
}

/// Sweeps now and then, for as long as the server runs.
fn sweeper(store: Store, ids: Ids, tally: Arc<Tally>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut tick = interval(SWEEP);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            report("counts of connections", tally.flush(&store).await);
            let done = sweep::forget_messages(&store, &ids).await;
            report("SAML messages", done);
            let done = sweep::forget_credentials(&store, &ids).await;
            report("credentials of SCIM clients", done);
            let done = sweep::forget_hand_offs(&store, &ids).await;
            report("refresh tokens and logouts", done);
            let done = sweep::suspend_overdue(&store, &ids).await;
            report("people whom no directory named", done);
            let done = sweep::delete_due(&store, &ids).await;
            report("people whose connection is gone", done);
            let done = sweep::end_grants(&store, &ids).await;
            report("grants whose time is over", done);
            let done = sweep::close_break_glass(&store, &ids).await;
            report("ways in whose time is over", done);
            let done = safeguards::expire_overdue(&store, &ids).await;
            report("safeguards that nobody decided", done);
            let done = sweep::forget_marks(&store, &ids).await;
            report("what safeguards counted", done);
            let done = sweep::forget_recomputes(&store, &ids).await;
            report("recomputes that are done", done);
            let done = idempotency::forget(&store, &ids).await;
            report("answers of a day ago", done);
            let done = sweep::forget_results(&store, &ids).await;
            report("rows of imports", done);
            let done = request_log::sweep::forget(&store, &ids).await;
            report("SCIM requests", done);
            let done = sign_in_log::forget(&store, &ids).await;
            report("sign-ins", done);
            let done = webhooks::forget(&store, &ids).await;
            report("posts to webhooks", done);
            let done = audit::cut::forget(&store, &ids).await;
            report("old events", done);
            let done = sweep::forget_invited(&store, &ids).await;
            report("closed invitations", done);
            let done = sweep::forget_alerts(&store, &ids).await;
            report("alerts of a month ago", done);
        }
    })
}

fn report<E: fmt::Display>(what: &str, done: Result<usize, E>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::debug!(what, count, "Swept"),
        Err(error) => tracing::warn!(what, %error, "Not swept this time"),
    }
}
