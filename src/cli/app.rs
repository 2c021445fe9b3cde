//! `usher app`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::cli::arguments::{proof, word};
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::oauth_client::AuthMethod;
use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::app_changes;
use crate::provisioning::settings::app_view;
use crate::provisioning::settings::app_wanted::{AppChange, Serves};
use crate::provisioning::settings::apps::{self, Addresses, NewApp};

/// Apps: the applications behind, which get a token for who signed in
#[derive(Debug, Subcommand)]
pub(super) enum App {
    /// Register an app; its client secret is shown this once
    ///
    /// With --jwks or --jwks-url it has no secret: it signs with a key of its own (private_key_jwt,
    /// RFC 7523).
    ///
    /// Addresses are https, or http on a loopback address.
    ///
    /// Examples:
    ///   usher app create --name Shop --redirect-uri https://shop.example/callback
    ///   usher app create --name Shop --redirect-uri https://shop.example/callback \
    ///     --initiate-login-uri https://shop.example/login --org acme
    ///   usher app create --name Shop --redirect-uri https://shop.example/callback \
    ///     --jwks-url https://shop.example/jwks.json
    #[command(verbatim_doc_comment)]
    Create(Create),
    /// List the apps, those that are revoked too, without their secrets
    ///
    /// Example:
    ///   usher app list
    #[command(verbatim_doc_comment)]
    List,
    /// Revoke an app, for good: it gets no token any more, and nobody is sent to it
    ///
    /// What it has is worth nothing where Usher is asked; an access token that others check by its
    /// signature alone lasts for 5 minutes. People stay signed in here, and at other apps.
    ///
    /// Example:
    ///   usher app revoke CLIENT_ID
    #[command(verbatim_doc_comment)]
    Revoke {
        /// Its client id
        client_id: String,
    },
    /// Give an app a fresh secret, which is shown this once
    ///
    /// The one before is taken for a day more, so that the app can be given the new one without a
    /// gap; with --now it is over at once. Within that day only --now gives another one.
    ///
    /// Examples:
    ///   usher app rotate-secret CLIENT_ID
    ///   usher app rotate-secret --now CLIENT_ID
    #[command(verbatim_doc_comment)]
    RotateSecret {
        /// Its client id
        client_id: String,
        /// Take the secret before no more, since others know it
        #[arg(long)]
        now: bool,
    },
    /// Show an app, without its secret
    ///
    /// Example:
    ///   usher app show CLIENT_ID
    #[command(verbatim_doc_comment)]
    Show {
        /// Its client id
        client_id: String,
    },
    /// Change an app; it counts at once
    ///
    /// What is not named stays. A list that is named replaces the one that was, and an empty address
    /// takes it away. Organizations that it serves no more lose its tokens. With keys it signs from
    /// now on, and a secret that it had is over.
    ///
    /// Examples:
    ///   usher app update CLIENT_ID --redirect-uri https://shop.example/back
    ///   usher app update CLIENT_ID --org acme --org globex
    ///   usher app update CLIENT_ID --backchannel-logout-uri ''
    ///   usher app update CLIENT_ID --jwks-url https://shop.example/jwks.json
    #[command(verbatim_doc_comment)]
    Update(Update),
}

const SHOWN_ONCE: &str = "The client secret is shown this once; keep it safe.";

const COLUMNS: [&str; 6] = [
    "client_id",
    "name",
    "auth_method",
    "organizations",
    "created_at",
    "revoked_at",
];

/// An app to be.
#[derive(Args, Debug)]
pub(super) struct Create {
    /// The name for people
    #[arg(long)]
    name: String,
    /// Where codes may be sent; may be given several times
    #[arg(long, value_name = "URI", required = true)]
    redirect_uri: Vec<String>,
    /// Where the app begins a sign-in: the browser goes there after one that the identity
    /// provider started
    #[arg(long, value_name = "URI")]
    initiate_login_uri: Option<String>,
    /// Where browsers may be sent that have signed out; may be given several times
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// Where logouts are told
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// A place of the app that a sign-in may lead to; may be given several times
    #[arg(long, value_name = "URL")]
    launch_url: Vec<String>,
    /// An organization that the app serves; may be given several times [default: all]
    #[arg(long, value_name = "SLUG")]
    org: Vec<String>,
    /// The audience of its access tokens [default: the client id]
    #[arg(long)]
    audience: Option<String>,
    /// How its ID tokens are signed
    #[arg(long, value_parser = algorithm(), default_value = "ES256")]
    id_token_alg: Algorithm,
    /// How it proves itself [default: a secret, in the header or in the form; private_key_jwt with keys]
    #[arg(long, value_name = "METHOD", value_parser = word::<AuthMethod>(AuthMethod::WORDS))]
    auth_method: Option<AuthMethod>,
    /// Where it publishes its keys (a JWK Set), by https
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    jwks_url: Option<String>,
    /// The file with its public keys (a JWK Set), or - for standard input
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

/// What is to change of an app.
#[derive(Args, Debug)]
pub(super) struct Update {
    /// Its client id
    client_id: String,
    /// The name for people
    #[arg(long)]
    name: Option<String>,
    /// Where codes may be sent; may be given several times
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Where the app begins a sign-in
    #[arg(long, value_name = "URI")]
    initiate_login_uri: Option<String>,
    /// Where browsers may be sent that have signed out; may be given several times
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// Where logouts are told
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// A place of the app that a sign-in may lead to; may be given several times
    #[arg(long, value_name = "URL")]
    launch_url: Vec<String>,
    /// An organization that the app serves from now on; may be given several times
    #[arg(long, value_name = "SLUG", conflicts_with = "all_orgs")]
    org: Vec<String>,
    /// Serve every organization from now on
    #[arg(long)]
    all_orgs: bool,
    /// The audience of its access tokens
    #[arg(long)]
    audience: Option<String>,
    /// How its ID tokens are signed
    #[arg(long, value_parser = algorithm())]
    id_token_alg: Option<Algorithm>,
    /// Where it publishes its keys (a JWK Set), by https
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    jwks_url: Option<String>,
    /// The file with its public keys (a JWK Set), or - for standard input
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

pub(super) fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::ALL.map(Algorithm::as_str))
        .try_map(|name| Algorithm::from_str(&name))
}

impl App {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (store, output, now) = (&opened.store, opened.output, opened.now());
        match self {
            Self::Create(app) => create(app, opened).await,
            Self::List => output.rows(&app_view::list(store, now).await?, &COLUMNS),
            Self::Revoke { client_id } => {
                let context = opened.context();
                output.record(&app_changes::revoke(store, context, &client_id).await?)
            }
            Self::RotateSecret { client_id, now } => {
                let context = opened.context();
                let rotated = app_changes::rotate_secret(store, context, &client_id, now).await?;
                output.note(SHOWN_ONCE)?;
                output.record(&rotated)
            }
            Self::Show { client_id } => {
                output.record(&app_view::show(store, &client_id, now).await?)
            }
            Self::Update(change) => {
                let (client_id, wanted) = change.wanted()?;
                let context = opened.context();
                let updated = app_changes::update(store, context, &client_id, wanted).await?;
                output.record(&updated)
            }
        }
    }
}

async fn create(app: Create, opened: &Opened) -> Result<(), Failure> {
    // Like all addresses of an app those of its keys are the operator's own.
    let proof = proof(app.auth_method, app.jwks_url, app.jwks, true)?;
    let new = NewApp {
        name: app.name,
        addresses: Addresses {
            redirect_uris: app.redirect_uri,
            initiate_login_uri: app.initiate_login_uri,
            post_logout_redirect_uris: app.post_logout_redirect_uri,
            backchannel_logout_uri: app.backchannel_logout_uri,
            launch_urls: app.launch_url,
        },
        organizations: app.org,
        audience: app.audience,
        id_token_alg: app.id_token_alg,
        proof,
    };
    let created = apps::create(&opened.store, opened.context(), new).await?;
    if created.client_secret.is_some() {
        opened.output.note(SHOWN_ONCE)?;
    }
    opened.output.record(&created)
}

impl Update {
    /// What is to change of which app.
    fn wanted(self) -> Result<(String, AppChange), Failure> {
        let keys = if self.jwks.is_some() || self.jwks_url.is_some() {
            Some(proof(None, self.jwks_url, self.jwks, true)?)
        } else {
            None
        };
        let list = |given: Vec<String>| {
            let none = given.iter().all(String::is_empty);
            (!given.is_empty()).then(|| if none { Vec::new() } else { given })
        };
        let one = |given: Option<String>| given.map(|uri| (!uri.is_empty()).then_some(uri));
        let serves = if self.all_orgs {
            Some(Serves::All)
        } else {
            (!self.org.is_empty()).then_some(Serves::These(self.org))
        };
        let wanted = AppChange {
            name: self.name,
            redirect_uris: list(self.redirect_uri),
            initiate_login_uri: one(self.initiate_login_uri),
            post_logout_redirect_uris: list(self.post_logout_redirect_uri),
            backchannel_logout_uri: one(self.backchannel_logout_uri),
            launch_urls: list(self.launch_url),
            serves,
            audience: self.audience,
            id_token_alg: self.id_token_alg,
            keys,
        };
        Ok((self.client_id, wanted))
    }
}
