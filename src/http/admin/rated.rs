//! The rate limits of the admin API: how often one address, one key and one organization may ask. They are settings,
//! off by default, and the console is not under them: it calls the operations themselves.
//!
//! The address is looked at first, for that costs the least; then the key, where it is one; and last the organization,
//! of which only its own keys use something up. No stranger takes anything from those who have keys: what is made up
//! is counted by its address alone. Nor does an organization keep the operator away. The first limit that is used up
//! refuses, and an answer tells of those that were looked at.

use std::hash::Hash as Hashable;
use std::net::IpAddr;
use std::num::NonZeroU32;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use crate::http::auth::admin::presented;
use crate::http::client::{Client, network};
use crate::http::rates::Limit;
use crate::http::reply::problem::{self, Problem, Type};
use crate::http::reply::quota::{self, Told};
use crate::http::{Gateway, RequestId};
use crate::id::OrganizationId;
use crate::provisioning::Error;
use crate::provisioning::access::{Access, Credential};
use crate::secret::Hash;

/// What the paths begin with that are of one organization.
const OF_ORGANIZATION: &str = "/api/v1/organizations/{slug}";

/// How many requests a minute are taken; as many as come where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerMinute {
    /// From one client's address.
    pub address: Option<NonZeroU32>,
    /// With one key.
    pub key: Option<NonZeroU32>,
    /// About one organization.
    pub organization: Option<NonZeroU32>,
}

/// The limits that are set, and how far each is used up.
#[derive(Default)]
pub struct Rates {
    address: Option<Limit<IpAddr>>,
    key: Option<Limit<Hash>>,
    organization: Option<Limit<OrganizationId>>,
}

impl Rates {
    /// Limits of which nothing is used up. No quota of invitations has one of these names: an answer may tell of
    /// both.
    pub fn new(most: PerMinute) -> Self {
        Self {
            address: most.address.map(|it| Limit::new("address-minute", it)),
            key: most.key.map(|it| Limit::new("key-minute", it)),
            organization: most
                .organization
                .map(|it| Limit::new("organization-minute", it)),
        }
    }

    /// Whether there is any limit.
    pub(in crate::http) fn are_set(&self) -> bool {
        self.address.is_some() || self.key.is_some() || self.organization.is_some()
    }
}

/// The layer around all routes: looks at the requests of the API and of the page that describes it.
pub(in crate::http) async fn rated(
    State(gateway): State<Gateway>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    if !is_api && request.uri().path() != "/docs" {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().cloned();
    let mut told = Vec::new();
    let taken = take(&gateway, &mut parts, &mut told).await;
    let mut response = match &taken {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => refused.problem().into_response(),
    };
    if is_api || taken.is_err() {
        let id = id.map(|it| it.0).unwrap_or_default();
        let now = gateway.ids.clock().now();
        response = problem::finished(response, &gateway.public_url, &id, now);
    }
    let headers = response.headers_mut();
    quota::tell(headers, &told);
    if let Err(refused) = taken {
        headers.insert(header::RETRY_AFTER, refused.told.again.into());
    }
    response
}

/// A limit that is used up.
struct Refused {
    /// Of which requests there are too many.
    which: &'static str,
    told: Told,
}

impl Refused {
    fn problem(&self) -> Problem {
        let (which, most) = (self.which, self.told.most);
        let detail = format_args!(
            "of the requests {which} {most} a minute are taken, and none is left now; ask again after the time \
             that Retry-After says, and pace what follows by RateLimit"
        );
        Problem::new(Type::TooManyRequests, detail)
    }
}

/// Takes a request out of each bucket that it is of, as far as it comes.
async fn take(gateway: &Gateway, parts: &mut Parts, told: &mut Vec<Told>) -> Result<(), Refused> {
    let rates = &gateway.rates;
    let Ok(Client(address)) = Client::from_request_parts(parts, gateway).await;
    let from = "from this address";
    take_one(rates.address.as_ref(), address.map(network), from, told)?;
    if rates.key.is_none() && rates.organization.is_none() {
        return Ok(());
    }
    let Some(key) = presented(&parts.headers) else {
        return Ok(());
    };
    let slug = slug(parts).await;
    let Some(organization) = good(gateway, key, slug).await else {
        return Ok(());
    };
    take_one(rates.key.as_ref(), Some(key), "with this key", told)?;
    let about = "about this organization, with whichever of its keys,";
    take_one(rates.organization.as_ref(), organization, about, told)
}

/// Takes it out of one of them, where there is such a limit, and it is known whose the request is.
fn take_one<K: Clone + Eq + Hashable>(
    limit: Option<&Limit<K>>,
    whose: Option<K>,
    which: &'static str,
    told: &mut Vec<Told>,
) -> Result<(), Refused> {
    let (Some(limit), Some(whose)) = (limit, whose) else {
        return Ok(());
    };
    let taken = limit.take(&whose);
    let (Ok(after) | Err(after)) = taken;
    told.push(after);
    match taken {
        Ok(_) => Ok(()),
        Err(told) => Err(Refused { which, told }),
    }
}

/// The organization that a path names, decoded as its operation reads it.
async fn slug(parts: &mut Parts) -> Option<String> {
    let path = parts.extensions.get::<MatchedPath>()?;
    if !path.as_str().starts_with(OF_ORGANIZATION) {
        return None;
    }
    let named = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let mut named = named.iter();
    let (_, slug) = named.find(|(name, _)| *name == "slug")?;
    Some(slug.to_owned())
}

/// Whether the key is good; and the organization of the slug, where it is that one's key. Whatever else is wrong, the
/// operation says it.
async fn good(
    gateway: &Gateway,
    key: Hash,
    slug: Option<String>,
) -> Option<Option<OrganizationId>> {
    let now = gateway.ids.clock().now();
    let read = gateway.store.read(move |tx| {
        let slug = slug.clone();
        async move {
            let access = Access::of(tx, &Credential::Key(key), now).await?;
            let (Some(own), Some(slug)) = (access.org, slug) else {
                return Ok::<_, Error>(None);
            };
            let named = tx.organization_by_slug(&slug).await?;
            Ok(named.map(|it| it.id).filter(|id| *id == own))
        }
        .boxed()
    });
    read.await.ok()
}
