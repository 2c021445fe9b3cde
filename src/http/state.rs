//! What every handler shares: the store, the clock and the keys of this process.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::http::admin::rated::Rates;
use crate::http::join::Misses;
use crate::http::oidc::ClientKeys;
use crate::http::scim::places::Places;
use crate::id::Ids;
use crate::limits;
use crate::outbound::Client;
use crate::provisioning::invitations::Links;
use crate::provisioning::request_log::RequestLog;
use crate::provisioning::sign_in_log::Refusals;
use crate::provisioning::signing_keys::Keyring;
use crate::provisioning::tally::Tally;
use crate::provisioning::{Context, Source};
use crate::saml::encryption::Failures;
use crate::store::Store;

/// Whether an address is that of a proxy which is trusted to say whose requests it brings.
pub type TrustedProxies = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// The running gateway, as handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    /// The one user store.
    pub store: Store,
    /// Ids, randomness and time.
    pub ids: Ids,
    /// The public URL without a trailing slash: every link, `Location` and issuer is built from
    /// it, never from `Host`.
    pub public_url: Arc<str>,
    /// The keys that sign tokens.
    pub keys: Arc<Keyring>,
    /// The keys of clients that sign, fetched and kept for a while.
    pub client_keys: Arc<ClientKeys>,
    /// The client that fetches what the operator points at.
    pub outbound: Option<Client>,
    /// What invitations' links are made with.
    pub links: Arc<Links>,
    /// Whose `Forwarded` and `X-Forwarded-For` are believed, if anybody's are.
    pub trusted_proxies: Option<TrustedProxies>,
    /// Whom to ask for TXT records; the system's first name server unless set.
    pub name_server: Option<SocketAddr>,
    /// What SCIM clients ask.
    pub log: RequestLog,
    /// Where pages ended, for those who walk lists.
    pub places: Places,
    /// Who follows links to invitations that are none.
    pub misses: Arc<Misses>,
    /// How often somebody may ask the admin API: as often as they like, unless it is set.
    pub rates: Arc<Rates>,
    /// Whether what an organization sets may lead to private addresses: for tests and the demo.
    pub private_targets: bool,
    /// Bounds the signature checks that run at once, so that a storm of sign-ins leaves room for
    /// everything else.
    pub verifications: Arc<Semaphore>,
    /// How many refused sign-ins were kept of late.
    pub refusals: Arc<Refusals>,
    /// Which encrypted assertions could not be read, of late.
    pub decryptions: Arc<Failures>,
    /// What requests show of connections, counted till it is written.
    pub tally: Arc<Tally>,
    /// Places for bodies larger than [`limits::SMALL_BODY`], of senders who are known.
    pub large_bodies: Arc<Semaphore>,
    /// Places for SAML forms of that size: anybody may post one, so that they have their own.
    pub large_forms: Arc<Semaphore>,
}

impl Gateway {
    /// A gateway over these parts; verifies as many signatures at once as there are cores.
    pub fn new(store: Store, ids: Ids, keys: impl Into<Arc<Keyring>>, links: Links) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            store,
            ids,
            public_url: Arc::clone(&links.public_url),
            keys: keys.into(),
            client_keys: Arc::default(),
            outbound: None,
            links: Arc::new(links),
            trusted_proxies: None,
            name_server: None,
            log: RequestLog::new(),
            places: Places::default(),
            misses: Arc::default(),
            rates: Arc::default(),
            private_targets: false,
            verifications: Arc::new(Semaphore::new(cores)),
            refusals: Arc::default(),
            decryptions: Arc::default(),
            tally: Arc::default(),
            large_bodies: Arc::new(Semaphore::new(limits::LARGE_BODIES)),
            large_forms: Arc::new(Semaphore::new(limits::LARGE_FORMS)),
        }
    }

    /// An absolute URL of this installation; `path` begins with a slash.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    /// Whether browsers reach this installation by TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The context of a change that this request asks for.
    pub fn context(&self, source: Source, request: &RequestId) -> Context {
        Context {
            ids: self.ids.clone(),
            source,
            cause: request.0.to_string(),
        }
    }
}

/// The id of one request: in its answer (`X-Request-Id`), in the log and in the events it causes.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);
