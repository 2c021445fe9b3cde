//! Whoever administers: a program with a bearer key (RFC 6750 §2.1) that starts with `sk_`, or somebody at the
//! console.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::directory::scope::Scope;
use crate::http::admin::conditional::{Moment, Seen, Tags};
use crate::http::reply::problem::Problem;
use crate::http::{Gateway, RequestId};
use crate::provisioning::access::{self, Access, Credential, KeyChange, OperatorChange};
use crate::provisioning::{Change, Context, Error};
use crate::secret::{self, Hash};
use crate::store::Tx;
use crate::store::rows::OrganizationRow;

/// What keys start with.
const PREFIX: &str = "sk_";

/// Somebody at the admin API or at the console, with whatever they hold.
#[derive(Clone)]
pub struct Admin {
    gateway: Gateway,
    presented: Option<Credential>,
    /// Which representations what they change may have.
    if_match: Option<Tags>,
    /// What they change.
    seen: Option<Seen>,
}

/// A key that is good for an operation on one organization.
pub struct Admitted {
    /// The key's access.
    pub access: Access,
    /// The organization.
    pub organization: OrganizationRow,
    /// The instant of the operation.
    pub now: Timestamp,
}

impl FromRequestParts<Gateway> for Admin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Gateway) -> Result<Self, Infallible> {
        Ok(Self {
            gateway: state.clone(),
            presented: presented(&parts.headers).map(Credential::Key),
            // One that cannot be read is refused around all operations.
            if_match: Tags::read(&parts.headers, &header::IF_MATCH).unwrap_or_default(),
            seen: None,
        })
    }
}

/// The hash of the bearer key in the request; `None` where there is no header, more than one, or
/// something else in it.
pub(in crate::http) fn presented(headers: &HeaderMap) -> Option<Hash> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    let key = key.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("Bearer") && key.starts_with(PREFIX)).then(|| secret::hash(key))
}

impl Admin {
    /// Somebody who presents this.
    pub(in crate::http) fn of(gateway: &Gateway, presented: Credential) -> Self {
        Self {
            gateway: gateway.clone(),
            presented: Some(presented),
            if_match: None,
            seen: None,
        }
    }

    /// The same, whose changes go on only while what they change has one of these tags.
    pub(in crate::http) fn matching(self, tags: Option<Tags>) -> Self {
        Self {
            if_match: tags,
            ..self
        }
    }

    /// The same, whose changes go on only while this is what they have read, where they name its tag (If-Match).
    pub(in crate::http) fn if_still(&self, seen: Seen) -> Self {
        Self {
            seen: Some(seen),
            ..self.clone()
        }
    }

    /// The gateway that is asked.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Reads something of one organization, with a key that is good for it and has the scope: key,
    /// organization, scope and answer are of one snapshot.
    pub async fn read<T, J>(&self, slug: &str, scope: Scope, job: J) -> Result<T, Problem>
    where
        J: for<'a> Fn(&'a mut Tx, Admitted) -> BoxFuture<'a, Result<T, Error>>
            + Clone
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let slug = slug.to_owned();
        self.read_any(move |tx, access, now| {
            let (slug, job) = (slug.clone(), job.clone());
            async move {
                let organization = access.organization(tx, &slug).await?;
                access.require(scope)?;
                job(
                    tx,
                    Admitted {
                        access,
                        organization,
                        now,
                    },
                )
                .await
            }
            .boxed()
        })
        .await
    }

    /// Lets in who may do this in the organization, before their large body is read.
    pub async fn admit(&self, slug: &str, scope: Scope) -> Result<(), Problem> {
        self.read(slug, scope, |_, _| async { Ok(()) }.boxed())
            .await
    }

    /// Changes something of one organization, with a key that is good for it and has the scope.
    pub async fn change<T, J>(
        &self,
        slug: &str,
        scope: Scope,
        request: &RequestId,
        job: J,
    ) -> Result<T, Problem>
    where
        J: for<'c, 't> Fn(&'c mut Change<'t>, &'c Access) -> BoxFuture<'c, Result<T, Error>>
            + Clone
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let asked = KeyChange {
            presented: self.presented.ok_or(Error::Unauthorized)?,
            slug: slug.to_owned(),
            scope,
            cause: request.0.to_string(),
        };
        let (store, ids, guard) = (&self.gateway.store, &self.gateway.ids, self.guard());
        let changed = access::key_change(store, ids, asked, move |change, access| {
            let (guard, job) = (guard.clone(), job.clone());
            async move {
                if let Some(guard) = guard {
                    let (org, now) = (Some(change.org), change.now);
                    guard.judge(change.tx, Moment { org, now }).await?;
                }
                job(change, access).await
            }
            .boxed()
        });
        Ok(changed.await?)
    }

    /// Reads something of the whole installation, with a key of the operator that has the scope.
    pub async fn read_installation<T, J>(&self, scope: Scope, job: J) -> Result<T, Problem>
    where
        J: for<'a> Fn(&'a mut Tx, Timestamp) -> BoxFuture<'a, Result<T, Error>>
            + Clone
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        self.read_any(move |tx, access, now| {
            let job = job.clone();
            async move {
                access.require_installation(scope)?;
                job(tx, now).await
            }
            .boxed()
        })
        .await
    }

    /// Changes something of the whole installation, with a key of the operator that has the scope.
    pub async fn operate<T, J>(
        &self,
        scope: Scope,
        request: &RequestId,
        job: J,
    ) -> Result<T, Problem>
    where
        J: for<'c> Fn(&'c mut Tx, Context, Access) -> BoxFuture<'c, Result<T, Error>>
            + Clone
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let asked = OperatorChange {
            presented: self.presented.ok_or(Error::Unauthorized)?,
            scope,
            cause: request.0.to_string(),
        };
        let (store, ids, guard) = (&self.gateway.store, &self.gateway.ids, self.guard());
        let changed = access::operator_change(store, ids, asked, move |tx, context, access| {
            let (guard, job) = (guard.clone(), job.clone());
            async move {
                if let Some(guard) = guard {
                    let (org, now) = (None, context.ids.clock().now());
                    guard.judge(tx, Moment { org, now }).await?;
                }
                job(tx, context, access).await
            }
            .boxed()
        });
        Ok(changed.await?)
    }

    fn guard(&self) -> Option<Guard> {
        Some(Guard {
            tags: self.if_match.clone()?,
            seen: self.seen.clone()?,
        })
    }

    /// Lets in whoever operates the installation, before their body is read.
    pub async fn admit_operator(&self, scope: Scope) -> Result<(), Problem> {
        self.read_installation(scope, |_, _| async { Ok(()) }.boxed())
            .await
    }

    /// Reads something of whichever organizations the key is good for; the job asks for its scope.
    pub async fn read_any<T, J>(&self, job: J) -> Result<T, Problem>
    where
        J: for<'a> Fn(&'a mut Tx, Access, Timestamp) -> BoxFuture<'a, Result<T, Error>>
            + Clone
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        Ok(self.asking(job).await?)
    }

    /// The same, told in the product's own words.
    pub(in crate::http) async fn asking<T, J>(&self, job: J) -> Result<T, Error>
    where
        J: for<'a> Fn(&'a mut Tx, Access, Timestamp) -> BoxFuture<'a, Result<T, Error>>
            + Clone
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let presented = self.presented.ok_or(Error::Unauthorized)?;
        let now = self.gateway.ids.clock().now();
        let read = self.gateway.store.read(move |tx| {
            let job = job.clone();
            async move {
                let access = Access::of(tx, &presented, now).await?;
                let used = access.use_is_news.then_some(access.holder);
                Ok::<_, Error>((job(tx, access, now).await?, used))
            }
            .boxed()
        });
        let (answer, used) = read.await?;
        if let Some(holder) = used {
            access::note_use(&self.gateway.store, holder, now).await;
        }
        Ok(answer)
    }
}

/// What has to hold before a change goes on: the thing has one of these tags.
#[derive(Clone)]
struct Guard {
    tags: Tags,
    seen: Seen,
}

impl Guard {
    async fn judge(&self, tx: &mut Tx, moment: Moment) -> Result<(), Error> {
        self.seen.must_be(&self.tags, tx, moment).await
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_one_bearer_that_starts_as_keys_do() {
        for (values, expected) in [
            (vec!["Bearer sk_a"], true),
            (vec!["bearer  sk_a"], true),
            (vec![], false),
            (vec!["Bearer sk_a", "Bearer sk_a"], false),
            (vec!["Bearer scim_a"], false),
            (vec!["Basic sk_a"], false),
            (vec!["sk_a"], false),
            (vec!["Bearer"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            let found = presented(&headers);
            assert_eq!(found.is_some(), expected, "{values:?}");
            assert!(found.is_none_or(|hash| hash == secret::hash("sk_a")));
        }
    }
}
