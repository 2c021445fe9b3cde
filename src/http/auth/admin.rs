//! The admin API's credential: a bearer key (RFC 6750 §2.1) that starts with `sk_`.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::directory::scope::Scope;
use crate::http::reply::problem::Problem;
use crate::http::{Gateway, RequestId};
use crate::provisioning::access::{self, Access, KeyChange, OperatorChange};
use crate::provisioning::{Change, Context, Error};
use crate::secret::{self, Hash};
use crate::store::Tx;
use crate::store::rows::OrganizationRow;

/// What keys start with.
const PREFIX: &str = "sk_";

/// Somebody at the admin API, with whatever key they hold.
#[derive(Clone)]
pub struct Admin {
    gateway: Gateway,
    presented: Option<Hash>,
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
            presented: presented(&parts.headers),
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
    /// Somebody who presents this key.
    pub(in crate::http) fn of(gateway: &Gateway, presented: Hash) -> Self {
        Self {
            gateway: gateway.clone(),
            presented: Some(presented),
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
        let (store, ids) = (&self.gateway.store, &self.gateway.ids);
        Ok(access::key_change(store, ids, asked, job).await?)
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
        let (store, ids) = (&self.gateway.store, &self.gateway.ids);
        Ok(access::operator_change(store, ids, asked, job).await?)
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
        let presented = self.presented.ok_or(Error::Unauthorized)?;
        let now = self.gateway.ids.clock().now();
        let read = self.gateway.store.read(move |tx| {
            let job = job.clone();
            async move {
                let access = Access::of(tx, &presented, now).await?;
                let used = access.use_is_news.then_some(access.key);
                Ok::<_, Error>((job(tx, access, now).await?, used))
            }
            .boxed()
        });
        let (answer, used) = read.await?;
        if let Some(key) = used {
            access::note_use(&self.gateway.store, key, now).await;
        }
        Ok(answer)
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
