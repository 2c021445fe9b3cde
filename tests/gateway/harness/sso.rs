//! Single sign-on from both ends: an identity provider that signs, and an app that redeems.

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use usher::demo::idp::{Keys, Kind, Response, TestIdp};
use usher::directory::grant::GrantSource;
use usher::directory::oauth_client::AuthMethod;
use usher::id::{AppId, OrganizationId, UserId};
use usher::oidc::pkce::Verifier;
use usher::provisioning::{Error, change};
use usher::saml::certificate::Certificate;
use usher::secret::{self, Bearer};
use usher::store::rows::{AppRow, CertificateRow, ConnectionRow, GrantRow, UserRow};
use usher::store::types::Time;

use super::browser::form;
use super::{Browser, Connected, PUBLIC_URL, Reply, TestGateway};

/// An identity provider whose metadata a connection has.
pub(crate) struct Idp<'a> {
    gateway: &'a TestGateway,
    pub(crate) connected: &'a Connected,
    pub(crate) signer: TestIdp,
}

impl TestGateway {
    /// Gives the connection an identity provider with a key of its own.
    pub(crate) async fn idp<'a>(&'a self, connected: &'a Connected) -> Idp<'a> {
        let keys = Keys::generate(Kind::P256).unwrap();
        let entity_id = format!("https://idp.example/{}", connected.id);
        let idp = TestIdp::with_keys(entity_id.clone(), "https://idp.example/sso", keys);
        let certificate = Certificate::from_der(&idp.keys().certificate_der()).unwrap();
        let row = CertificateRow {
            org_id: connected.org,
            connection_id: connected.id,
            fingerprint: certificate.fingerprint(),
            der: certificate.der().to_vec(),
            not_after: Time(certificate.not_after()),
        };
        self.alter(connected, move |connection| {
            connection.idp_entity_id = Some(entity_id.clone());
            connection.sso_url = Some("https://idp.example/sso".to_owned());
        })
        .await;
        let (org, id) = (connected.org, connected.id);
        let written = self.gateway.store.write(move |tx| {
            let rows = [row.clone()];
            async move { tx.replace_certificates(org, id, &rows).await }.boxed()
        });
        written.await.unwrap();
        Idp {
            gateway: self,
            connected,
            signer: idp,
        }
    }

    /// The connection's identity provider with other keys, which the connection may not know.
    pub(crate) fn idp_with<'a>(&'a self, connected: &'a Connected, signer: TestIdp) -> Idp<'a> {
        Idp {
            gateway: self,
            connected,
            signer,
        }
    }

    /// Changes a connection's settings.
    pub(crate) async fn alter(
        &self,
        connected: &Connected,
        with: impl Fn(&mut ConnectionRow) + Clone + Send + Sync + 'static,
    ) {
        let (org, id) = (connected.org, connected.id);
        let written = self.gateway.store.write(move |tx| {
            let with = with.clone();
            async move {
                let mut row = tx.connection(org, id).await?.unwrap();
                with(&mut row);
                tx.update_connection(&row).await
            }
            .boxed()
        });
        written.await.unwrap();
    }

    /// Changes a person, as a command of the operator would.
    pub(crate) async fn alter_person(
        &self,
        org: OrganizationId,
        id: UserId,
        with: impl Fn(&mut UserRow) + Clone + Send + Sync + 'static,
    ) {
        change(&self.gateway.store, org, self.command(), move |change| {
            let with = with.clone();
            async move {
                let mut user = change.tx.user(change.org, id).await?.unwrap();
                with(&mut user);
                change.tx.update_user(&user).await?;
                change.touch(id);
                Ok::<_, Error>(())
            }
            .boxed()
        })
        .await
        .unwrap();
    }

    /// Grants a role by hand.
    pub(crate) async fn grant(&self, org: OrganizationId, user_id: UserId, slug: &str) {
        let role_id = self.role(org, slug).await;
        change(&self.gateway.store, org, self.command(), move |change| {
            async move {
                let row = GrantRow {
                    org_id: change.org,
                    id: change.id(),
                    user_id,
                    role_id,
                    source: GrantSource::Manual,
                    source_ref: "test".to_owned(),
                    granted_at: change.time(),
                    cause: "test".to_owned(),
                    ends_at: None,
                    retired_at: None,
                    retired_cause: None,
                    actor: None,
                    reason: None,
                };
                change.tx.insert_grants(&[row]).await?;
                change.touch(user_id);
                Ok::<_, Error>(())
            }
            .boxed()
        })
        .await
        .unwrap();
    }

    /// The living person with this address.
    pub(crate) async fn person(&self, org: OrganizationId, email: &str) -> Option<UserRow> {
        let email = email.to_owned();
        let read = self.gateway.store.read(move |tx| {
            let email = email.clone();
            async move { tx.user_by_email(org, &email).await }.boxed()
        });
        read.await.unwrap()
    }

    /// How much of an organization a sign-in could have changed.
    pub(crate) async fn traces(&self, org: OrganizationId) -> Traces {
        let read = self.gateway.store.read(move |tx| {
            async move {
                let users = tx.users(org, None, 1_000).await?;
                let mut traces = Traces {
                    users: users.len(),
                    ..Traces::default()
                };
                traces.events = tx.events_after(org, 0, &[], 100_000).await?.len();
                for user in users {
                    traces.links += tx.identities_of(org, user.id).await?.len();
                    let now = Time(jiff::Timestamp::UNIX_EPOCH);
                    traces.sessions += tx.live_sessions_of(org, user.id, now).await?.len();
                }
                Ok::<_, usher::store::Error>(traces)
            }
            .boxed()
        });
        read.await.unwrap()
    }
}

/// Counts of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traces {
    pub(crate) users: usize,
    pub(crate) links: usize,
    pub(crate) sessions: usize,
    pub(crate) events: usize,
}

impl Idp<'_> {
    /// Begins a response to the connection.
    pub(crate) fn response(&self) -> Response<'_> {
        let now = self.gateway.gateway.ids.clock().now();
        let at = |what: &str| format!("{PUBLIC_URL}/saml/{}/{what}", self.connected.id);
        self.signer.response(at("acs"), at("metadata"), now)
    }

    /// The path that responses go to.
    pub(crate) fn acs(&self) -> String {
        format!("/saml/{}/acs", self.connected.id)
    }

    /// Posts a response from the identity provider's page.
    pub(crate) async fn post(&self, browser: &Browser<'_>, response: &str) -> Reply {
        browser
            .post(&self.acs(), &[("SAMLResponse", response)])
            .await
    }

    /// Signs in whoever has this address, as the address says.
    pub(crate) async fn sign_in(&self, browser: &Browser<'_>, email: &str) -> Reply {
        self.post(browser, &self.response().email(email).base64())
            .await
    }

    /// The reason why this sign-in is refused, in a browser of its own; it leaves no trace.
    pub(crate) async fn refusal(&self, response: Response<'_>) -> String {
        let before = self.gateway.traces(self.connected.org).await;
        let browser = Browser::new(self.gateway);
        let reply = self.post(&browser, &response.base64()).await;
        assert!(
            reply.status.is_client_error(),
            "{} {}",
            reply.status,
            reply.text()
        );
        assert_eq!(reply.headers.get("set-cookie"), None);
        assert_eq!(
            self.gateway.traces(self.connected.org).await,
            before,
            "a refusal left a row"
        );
        reason(&reply)
    }
}

/// The reason on a page; a reference goes with it.
pub(crate) fn reason(reply: &Reply) -> String {
    let text = reply.text();
    let part = |after: &str| {
        let (_, rest) = text
            .split_once(after)
            .unwrap_or_else(|| panic!("no {after}: {text}"));
        rest.split('<').next().unwrap().to_owned()
    };
    assert_eq!(
        Some(&*part("Reference: <code>")),
        reply.header("x-request-id")
    );
    part("Reason: <code>")
}

/// An app behind the gateway.
pub(crate) struct App<'a> {
    gateway: &'a TestGateway,
    pub(crate) id: AppId,
    pub(crate) client_id: String,
    pub(crate) secret: String,
}

pub(crate) const REDIRECT: &str = "https://app.example/cb";
pub(crate) const BYE: &str = "https://app.example/bye";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

impl TestGateway {
    /// An app that serves this organization.
    pub(crate) async fn app(&self, name: &str, org: OrganizationId) -> App<'_> {
        self.app_at(name, org, None).await
    }

    /// An app that serves this organization, and hears of the end of sessions at this address.
    pub(crate) async fn app_at(
        &self,
        name: &str,
        org: OrganizationId,
        backchannel_logout_uri: Option<String>,
    ) -> App<'_> {
        let ids = self.gateway.ids.clone();
        let secret = Bearer::new("", ids.entropy());
        let row = AppRow {
            id: ids.next::<AppId>(),
            client_id: name.to_lowercase(),
            secret_hash: secret.hash().to_vec(),
            name: name.to_owned(),
            audience: format!("https://{}.example", name.to_lowercase()),
            id_token_alg: "RS256".to_owned(),
            initiate_login_uri: Some("https://app.example/login".to_owned()),
            backchannel_logout_uri,
            all_organizations: false,
            created_at: Time(ids.clock().now()),
            auth_method: AuthMethod::ClientSecret,
            jwks: None,
            jwks_url: None,
            revoked_at: None,
            former_secret_hash: None,
            former_secret_until: None,
            keys_since: None,
        };
        let (id, client_id) = (row.id, row.client_id.clone());
        let written = self.gateway.store.write(move |tx| {
            let row = row.clone();
            async move {
                tx.insert_app(&row).await?;
                tx.add_redirect_uri(row.id, REDIRECT).await?;
                tx.add_post_logout_redirect_uri(row.id, BYE).await?;
                tx.add_launch_url(row.id, "https://app.example/docs")
                    .await?;
                tx.add_app_organization(row.id, org).await
            }
            .boxed()
        });
        written.await.unwrap();
        assert_eq!(secret::hash(secret.reveal()), secret.hash());
        App {
            gateway: self,
            id,
            client_id,
            secret: secret.reveal().to_owned(),
        }
    }
}

impl<'a> App<'a> {
    /// An app that was registered elsewhere.
    pub(crate) fn with(gateway: &'a TestGateway, id: AppId, client_id: &str, secret: &str) -> Self {
        Self {
            gateway,
            id,
            client_id: client_id.to_owned(),
            secret: secret.to_owned(),
        }
    }
}

impl App<'_> {
    /// The path of an authorization request, with more parameters.
    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        let challenge = Verifier::parse(VERIFIER).unwrap().challenge().to_string();
        let mut fields = vec![
            ("client_id", &*self.client_id),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        fields.retain(|(name, _)| !more.iter().any(|(n, _)| n == name));
        fields.extend(more);
        format!("/oauth/authorize?{}", form(&fields))
    }

    /// The code that a browser with a session is sent back with.
    pub(crate) async fn code(&self, browser: &Browser<'_>) -> String {
        let reply = browser.get(&self.authorize(&[])).await.expect(303);
        let location = reply.header("location").unwrap();
        let url = url::Url::parse(location).unwrap();
        assert!(location.starts_with(&format!("{REDIRECT}?")), "{location}");
        let value = |name: &str| {
            let mut pairs = url.query_pairs();
            pairs
                .find(|(n, _)| n == name)
                .map(|(_, value)| value.into_owned())
        };
        assert_eq!(value("state").as_deref(), Some("s"));
        assert_eq!(value("iss").as_deref(), Some(PUBLIC_URL));
        value("code").unwrap_or_else(|| panic!("no code: {location}"))
    }

    /// Redeems a code.
    pub(crate) async fn redeem(&self, code: &str) -> Reply {
        self.redeem_with(code, &[]).await
    }

    /// Redeems a code with some fields changed.
    pub(crate) async fn redeem_with(&self, code: &str, other: &[(&str, &str)]) -> Reply {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        fields.retain(|(name, _)| !other.iter().any(|(n, _)| n == name));
        fields.extend(other);
        self.post("/oauth/token", &fields).await
    }

    /// Uses a refresh token, with more fields.
    pub(crate) async fn refresh_with(&self, token: &str, more: &[(&str, &str)]) -> Reply {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        fields.extend(more);
        self.post("/oauth/token", &fields).await
    }

    /// Uses a refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.refresh_with(token, &[]).await
    }

    /// Posts a form, and proves itself by its secret in the header.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let basic = STANDARD.encode(format!("{}:{}", self.client_id, self.secret));
        let request = Request::post(path)
            .header("authorization", format!("Basic {basic}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form(fields)))
            .unwrap();
        self.gateway.send(request).await
    }

    /// What a browser's session leads to: the answer of the token endpoint.
    pub(crate) async fn tokens(&self, browser: &Browser<'_>) -> serde_json::Value {
        let reply = self.redeem(&self.code(browser).await).await;
        reply.expect(200).json()
    }

    /// The claims of the ID token that a browser's session leads to.
    pub(crate) async fn claims(&self, browser: &Browser<'_>) -> serde_json::Value {
        claims(&self.id_token(browser).await)
    }

    /// The ID token that a browser's session leads to.
    pub(crate) async fn id_token(&self, browser: &Browser<'_>) -> String {
        let tokens = self.tokens(browser).await;
        tokens["id_token"].as_str().unwrap().to_owned()
    }
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
