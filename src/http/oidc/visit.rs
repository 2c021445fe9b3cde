//! Who is to sign in for an app is sent to an identity provider: that of the connection or the
//! organization that the app names, else that of the address's domain (home-realm discovery). The
//! browser comes back to the very same request.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt;
use jiff::SignedDuration;
use url::form_urlencoded::Serializer;

use crate::directory::connection::ConnectionState;
use crate::directory::email::Address;
use crate::http::auth::session::Browser;
use crate::http::oidc::authorize::Here;
use crate::http::oidc::form::Pairs;
use crate::http::reply::page;
use crate::http::saml::ask::{self, Wish};
use crate::http::{Gateway, RequestId};
use crate::id::OrganizationId;
use crate::oidc::request::AuthorizeRequest;
use crate::provisioning::Error;
use crate::store::rows::{AppRow, ConnectionRow};
use crate::store::{Reach, Tx};

/// Octets of an app's request that waits for a sign-in.
const LONGEST: usize = 4 * 1024;
/// What of it is kept: all that is read.
const KEPT: [&str; 16] = [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "connection",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "organization",
    "prompt",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// Nobody was found by the address; nothing more is said of whom we know.
const UNKNOWN: &str = "No sign-in was found for this address. Check it, or open the application \
                       from your organization's identity provider.";

const HOW: &str = "How do you sign in?";

/// An app's request that waits for a sign-in.
pub(super) struct Visit<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) support: &'a RequestId,
    pub(super) browser: &'a Browser,
    pub(super) app: &'a AppRow,
    pub(super) pairs: &'a Pairs,
}

/// A way to sign in.
struct Choice {
    name: String,
    href: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    app: &'a str,
    notice: Option<&'a str>,
    question: &'a str,
    choices: Vec<Choice>,
    pairs: &'a [(String, String)],
    hint: &'a str,
}

/// Where a sign-in can go.
enum Ways {
    /// To one of these.
    Open(Vec<ConnectionRow>),
    /// Whoever it is must say so.
    Unsaid,
}

impl Visit<'_> {
    /// Sends the browser on, or asks where to.
    pub(super) async fn begin(self, asked: &AuthorizeRequest) -> Response {
        let ways = match self.ways(asked).await {
            Ok(ways) => ways,
            Err(error) => return page::error(error, self.support),
        };
        match ways {
            Ways::Open(mut ways) if ways.len() == 1 => match ways.pop() {
                Some(row) => self.go(&row, asked).await,
                None => page::failed(self.support),
            },
            Ways::Open(ways) if ways.is_empty() => {
                let hint = asked.login_hint.as_deref().unwrap_or_default();
                self.page((Some(UNKNOWN), HOW), Vec::new(), hint)
            }
            Ways::Open(ways) => {
                let choices = ways.into_iter().map(|row| Choice {
                    href: self.path(&[], &[("connection", &row.id.to_string())]),
                    name: row.name,
                });
                self.page((None, HOW), choices.collect(), "")
            }
            Ways::Unsaid => self.page((None, HOW), Vec::new(), ""),
        }
    }

    /// Asks as whom of those who are there to go on.
    pub(super) fn choose(self, here: &[Here]) -> Response {
        let mut choices: Vec<_> = here.iter().map(|it| self.going_on(it)).collect();
        choices.push(Choice {
            href: self.path(&[], &[("prompt", "login")]),
            name: "Use another account".to_owned(),
        });
        self.page((None, "As whom do you want to continue?"), choices, "")
    }

    fn going_on(
        &self,
        Here {
            live, organization, ..
        }: &Here,
    ) -> Choice {
        let user = &live.user;
        let who = user.email.as_deref().or(user.display_name.as_deref());
        let (who, slug) = (who.unwrap_or("yourself"), &organization.slug);
        let with = [("prompt", "none"), ("organization", slug.as_str())];
        Choice {
            href: self.path(&["login_hint"], &with),
            name: format!("Continue as {who} in {} ({slug})", organization.name),
        }
    }

    async fn go(&self, row: &ConnectionRow, asked: &AuthorizeRequest) -> Response {
        // The way back asks for no second sign-in: that the first is fresh is seen to by then, and a
        // session that does not suit all the same is an error for the app to know.
        // It names the connection, since others may be signed in here to other organizations.
        let connection = row.id.to_string();
        let back = [("prompt", "none"), ("connection", &*connection)];
        let place = self.path(&["max_age", "login_hint"], &back);
        if place.len() > LONGEST {
            let text = "The app's request is too long to be kept while you sign in.";
            let (status, title) = (StatusCode::BAD_REQUEST, "The app's request is not in order");
            return page::refusal(status, title, "request_too_long", text, self.support);
        }
        let afresh = asked.prompt.login.then_some(SignedDuration::ZERO);
        let max_age = asked
            .max_age
            .map(|age| SignedDuration::from_secs(age.into()));
        let wish = Wish {
            continue_at: Some(place),
            max_age: afresh.or(max_age),
            prompts: false,
        };
        ask::start(self.gateway, self.support, row, self.browser, wish).await
    }

    /// The address of this request, without some parameters and with others.
    fn path(&self, without: &[&str], with: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in self.pairs {
            let replaced = with.iter().any(|(other, _)| other == name);
            let known = KEPT.contains(&name.as_str());
            if known && !without.contains(&name.as_str()) && !replaced {
                query.append_pair(name, value);
            }
        }
        query.extend_pairs(with);
        format!("/oauth/authorize?{}", query.finish())
    }

    fn page(
        &self,
        (notice, question): (Option<&str>, &str),
        choices: Vec<Choice>,
        hint: &str,
    ) -> Response {
        let pairs = self.pairs.iter().filter(|(name, _)| name != "login_hint");
        let shown = SignIn {
            app: &self.app.name,
            notice,
            question,
            choices,
            pairs: &pairs.cloned().collect::<Vec<_>>(),
            hint,
        };
        // The form is answered by a redirect to an identity provider, whichever it is.
        page::html(StatusCode::OK, &shown, &page::anywhere(self.gateway))
    }

    /// The connections that a sign-in may go through: active ones, of organizations that the app
    /// serves, whose identity provider is known.
    async fn ways(&self, asked: &AuthorizeRequest) -> Result<Ways, Error> {
        let (app, connection) = (self.app.id, asked.connection.clone());
        let (organization, hint) = (asked.organization.clone(), asked.login_hint.clone());
        let found = self.gateway.store.read_of(Reach::Few, move |tx| {
            let connection = connection.clone();
            let (organization, hint) = (organization.clone(), hint.clone());
            async move {
                let named = named(tx, connection, organization, hint).await?;
                let Some(mut named) = named else {
                    return Ok(Ways::Unsaid);
                };
                named.retain(|row| {
                    let works = row.state == ConnectionState::Active && !row.testing;
                    works && row.sso_url.is_some()
                });
                let mut open = Vec::new();
                for row in named {
                    if tx.app_serves(app, row.org_id).await? {
                        open.push(row);
                    }
                }
                Ok::<_, Error>(Ways::Open(open))
            }
            .boxed()
        });
        found.await
    }
}

/// The connections that an app's request names; none where it names nothing.
async fn named(
    tx: &mut Tx,
    connection: Option<String>,
    organization: Option<String>,
    hint: Option<String>,
) -> Result<Option<Vec<ConnectionRow>>, Error> {
    if let Some(id) = connection {
        let row = match id.parse() {
            Ok(id) => tx.connection_of_url(id).await?,
            Err(_) => None,
        };
        let mut found: Vec<_> = row.into_iter().collect();
        if let Some(named) = organization {
            let org = organization_of(tx, &named).await?;
            found.retain(|row| Some(row.org_id) == org);
        }
        return Ok(Some(found));
    }
    let mut of_domain = match hint.as_deref().map(Address::parse) {
        Some(Some(address)) => Some(tx.connections_of_domain(address.domain()).await?),
        Some(None) => Some(Vec::new()),
        None => None,
    };
    let Some(named) = organization else {
        return Ok(of_domain);
    };
    let Some(org) = organization_of(tx, &named).await? else {
        return Ok(Some(Vec::new()));
    };
    if let Some(found) = &mut of_domain {
        found.retain(|row| row.org_id == org);
    }
    match of_domain {
        Some(found) if !found.is_empty() => Ok(Some(found)),
        _ => Ok(Some(tx.connections(org).await?)),
    }
}

/// The organization that a slug or an id names.
async fn organization_of(tx: &mut Tx, named: &str) -> Result<Option<OrganizationId>, Error> {
    let found = tx.organization_by_slug(named).await?;
    Ok(found.map(|row| row.id).or_else(|| named.parse().ok()))
}
