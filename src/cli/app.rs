//! `usher app`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::arguments::{proof, word};
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::directory::oauth_client::AuthMethod;
use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::apps::{self, NewApp};

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
    Create {
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
    },
}

pub(super) fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::ALL.map(Algorithm::as_str))
        .try_map(|name| Algorithm::from_str(&name))
}

impl App {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let Self::Create {
            name,
            redirect_uri,
            initiate_login_uri,
            post_logout_redirect_uri,
            backchannel_logout_uri,
            launch_url,
            org,
            audience,
            id_token_alg,
            auth_method,
            jwks_url,
            jwks,
        } = self;
        // Like all addresses of an app these are the operator's own.
        let proof = proof(auth_method, jwks_url, jwks, true)?;
        let new = NewApp {
            name,
            redirect_uris: redirect_uri,
            initiate_login_uri,
            post_logout_redirect_uris: post_logout_redirect_uri,
            backchannel_logout_uri,
            launch_urls: launch_url,
            organizations: org,
            audience,
            id_token_alg,
            proof,
        };
        let created = apps::create(&opened.store, opened.context(), new).await?;
        if created.client_secret.is_some() {
            opened
                .output
                .note("The client secret is shown this once; keep it safe.")?;
        }
        opened.output.record(&created)
    }
}
