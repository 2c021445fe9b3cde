//! A gateway to test: real router, real store, a clock that stands still until it is moved and
//! ids from a seed. Helpers go the public way.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use tower::ServiceExt;
use usher::clock::Clock;
use usher::config::Outbound;
use usher::http::Gateway;
use usher::http::admin::rated::{PerMinute, Rates};
use usher::http::oidc::ClientKeys;
use usher::id::{Entropy, Ids};
use usher::oidc::keys::{Algorithm, KeySet, SigningKey, State};
use usher::provisioning::invitations::Links;
use usher::provisioning::signing_keys::Keyring;
use usher::provisioning::{Context, Source};
use usher::secret::DataKeys;
use usher::secret::chain::ChainKey;
use usher::store::{Place, Store};

mod acme;
mod arrange;
mod browser;
mod crowd;
mod dns;
mod engine;
mod invited;
mod property;
mod reply;
mod scim;
mod severed;
mod site;
mod smtp;
mod sso;
mod statements;
mod transport;

pub(crate) use acme::Acme;
pub(crate) use arrange::Connected;
pub(crate) use browser::{Browser, form, proof_on};
pub(crate) use dns::{Lie, Manner, NameServer};
pub(crate) use invited::{Invited, csrf, named, press};
pub(crate) use property::{property, property_in};
pub(crate) use reply::Reply;
pub(crate) use scim::{ScimActor, user};
pub(crate) use severed::Severed;
pub(crate) use site::Site;
pub(crate) use smtp::Relay;
pub(crate) use sso::{App, BYE, Idp, REDIRECT, VERIFIER, claims, reason};
pub(crate) use statements::{Cost, Statements};
pub(crate) use transport::InProcess;

/// A gateway and what a test may turn on it.
pub(crate) struct TestGateway {
    /// The state of the real router.
    pub(crate) gateway: Gateway,
    /// The clock; it starts on 2026-11-22 at 10:00 UTC.
    pub(crate) clock: Clock,
    router: Router,
    engine: engine::Engine,
}

/// The public URL of every test's gateway.
pub(crate) const PUBLIC_URL: &str = "https://usher.example";

impl TestGateway {
    /// A gateway over an empty store.
    pub(crate) async fn start() -> Self {
        let engine = engine::Engine::fresh().await;
        let place = engine.place.clone();
        Self::over(engine, &place)
    }

    /// A gateway whose way to PostgreSQL breaks once, while the transaction that says `marker` is
    /// committed; `None` where the store is no server.
    pub(crate) async fn severed(marker: &'static str) -> Option<(Self, Severed)> {
        let engine = engine::Engine::fresh().await;
        let Place::Postgres(url) = &engine.place else {
            return None;
        };
        let severed = Severed::before(url, marker).await;
        Some((Self::over(engine, &severed.place), severed))
    }

    /// A gateway over an empty store, whose statements can be counted.
    pub(crate) async fn counted() -> (Self, Statements) {
        let engine = engine::Engine::fresh().await;
        let place = engine.place.clone();
        let statements = Statements::default();
        let store = Store::open_watched(&place, 8, Some(statements.watcher())).unwrap();
        (Self::with(engine, store), statements)
    }

    /// Where the store is.
    pub(crate) fn place(&self) -> &Place {
        &self.engine.place
    }

    fn over(engine: engine::Engine, place: &Place) -> Self {
        let store = Store::open_as_it_is(place, 8).unwrap();
        Self::with(engine, store)
    }

    fn with(engine: engine::Engine, store: Store) -> Self {
        store.chain_by(chain());
        let clock = Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
        let ids = Ids::new(clock.clone(), Entropy::seeded(42));
        let links = Links::new(PUBLIC_URL, &DataKeys::generate(ids.entropy())).unwrap();
        let keyring = Keyring::new(store.clone(), links.secrets.clone(), keys());
        let mut gateway = Gateway::new(store, ids, keyring, links);
        gateway.verifications = Arc::new(tokio::sync::Semaphore::new(2));
        let router = usher::http::router(gateway.clone());
        Self {
            gateway,
            clock,
            router,
            engine,
        }
    }

    /// Lets what an organization sets lead to private addresses.
    pub(crate) fn allow_private_targets(&mut self) {
        self.gateway.private_targets = true;
        self.router = usher::http::router(self.gateway.clone());
    }

    /// The keys by which it signs now.
    pub(crate) async fn signing_keys(&self) -> Arc<KeySet> {
        let keys = self.gateway.keys.now(self.clock.now());
        keys.await.unwrap()
    }

    /// Lets it fetch what SCIM clients publish: anywhere, or at public addresses alone.
    pub(crate) fn fetches(&mut self, anywhere: bool) {
        let rules = Outbound {
            allow_private_targets: anywhere,
            ..Outbound::default()
        };
        let client = usher::outbound::Client::new(&rules).unwrap();
        self.gateway.outbound = Some(client.clone());
        self.gateway.client_keys = Arc::new(ClientKeys::new(client));
        self.router = usher::http::router(self.gateway.clone());
    }

    /// Asks this name server for TXT records.
    pub(crate) fn asks(&mut self, server: std::net::SocketAddr) {
        self.gateway.name_server = Some(server);
        self.router = usher::http::router(self.gateway.clone());
    }

    /// Takes only so many requests a minute at the admin API, from now on.
    pub(crate) fn takes(&mut self, most: PerMinute) {
        self.gateway.rates = Arc::new(Rates::new(most));
        self.router = usher::http::router(self.gateway.clone());
    }

    /// Believes what a proxy on this machine says of whom it brings.
    pub(crate) fn trust_loopback(&mut self) {
        let is_proxy = |it: std::net::IpAddr| it.is_loopback();
        self.gateway.trusted_proxies = Some(Arc::new(is_proxy));
        self.router = usher::http::router(self.gateway.clone());
    }

    /// Sends a request to the router.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        Reply::read(response).await
    }

    /// How the engine would answer a query.
    pub(crate) async fn plan(&self, query: &str) -> String {
        self.engine.plan(query).await
    }

    /// What somebody does who has the database alone.
    pub(crate) async fn sql(&self, sql: &str) {
        self.engine.run(sql).await;
    }

    /// Every row of every table as text, a line each, behind the table's name.
    pub(crate) async fn dump(&self) -> String {
        self.engine.dump().await
    }

    /// Bytes as the database writes them.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        self.engine.bytes(bytes)
    }

    /// The same store as another process has it.
    pub(crate) fn store_again(&self) -> Store {
        let store = Store::open_as_it_is(&self.engine.place, 4).unwrap();
        store.chain_by(chain());
        store
    }

    /// The context of a command that the operator gives.
    pub(crate) fn command(&self) -> Context {
        Context {
            ids: self.gateway.ids.clone(),
            source: Source::Command,
            cause: "test".to_owned(),
        }
    }

    /// A SCIM client of a connection.
    pub(crate) fn scim<'a>(&'a self, connected: &'a Connected) -> ScimActor<'a> {
        ScimActor::new(self, connected)
    }

    /// Every event of an organization, in order: the numbers have no gap.
    pub(crate) async fn events(&self, org: usher::id::OrganizationId) -> Vec<Value> {
        self.events_since(org, 0).await
    }

    /// Those after a number.
    pub(crate) async fn events_since(
        &self,
        org: usher::id::OrganizationId,
        since: i64,
    ) -> Vec<Value> {
        use futures_util::FutureExt;
        let rows = self
            .gateway
            .store
            .read(move |tx| async move { tx.events_after(org, since, &[], 100_000).await }.boxed())
            .await
            .unwrap();
        rows.iter()
            .zip(since + 1..)
            .map(|(row, seq)| {
                assert_eq!(row.seq, seq, "an event number is missing");
                let data: Value = serde_json::from_str(&row.data.0).unwrap();
                serde_json::json!({
                    "seq": row.seq, "type": row.kind.as_str(), "actor": row.actor, "data": data,
                })
            })
            .collect()
    }
}

/// The key by which every test's events are chained.
fn chain() -> ChainKey {
    ChainKey::random(&Entropy::seeded(7))
}

/// One set of signing keys for all tests: making an RSA key takes its time.
fn keys() -> KeySet {
    static PEM: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let pems = PEM.get_or_init(|| {
        let fresh = |algorithm| {
            SigningKey::generate(algorithm)
                .unwrap()
                .to_private_pem()
                .unwrap()
        };
        Algorithm::ALL
            .iter()
            .map(|algorithm| fresh(*algorithm))
            .collect()
    });
    let keys = pems
        .iter()
        .map(|pem| (State::Current, SigningKey::from_private_pem(pem).unwrap()));
    KeySet::new(keys.collect()).unwrap()
}
