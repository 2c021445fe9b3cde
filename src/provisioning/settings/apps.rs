//! Apps: the applications behind, which send people here to sign in. They belong to the operator
//! and list the organizations that they serve.

use std::fmt::Write;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use url::Url;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::oauth_client::AuthMethod;
use crate::id::{AppId, OrganizationId};
use crate::oidc::keys::Algorithm;
use crate::oidc::{launch, redirect};
use crate::provisioning::settings::name;
use crate::provisioning::settings::oauth_clients::{Proof, Registered};
use crate::provisioning::{Change, Context, Error, Kind};
use crate::store::rows::AppRow;
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// An app to be.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its name for people.
    pub name: String,
    /// Its addresses.
    pub addresses: Addresses,
    /// The slugs of the organizations it serves; none means all.
    pub organizations: Vec<String>,
    /// The audience of its access tokens; the client id where there is none.
    pub audience: Option<String>,
    /// How its ID tokens are signed.
    pub id_token_alg: Algorithm,
    /// By what it is to prove itself.
    pub proof: Proof,
}

/// A fresh app, with the secret that is shown this once; one that signs has none.
#[derive(Clone, Serialize, ToSchema)]
pub struct CreatedApp {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: AppId,
    /// Its client id.
    pub client_id: String,
    /// Its client secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// How it proves itself (OpenID Connect Core §9).
    pub auth_method: AuthMethod,
    /// Where it publishes its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// Its name for people.
    pub name: String,
    /// The audience of its access tokens.
    pub audience: String,
    /// How its ID tokens are signed.
    pub id_token_alg: &'static str,
    /// Its addresses.
    #[serde(flatten)]
    pub addresses: Addresses,
    /// The slugs of the organizations it serves; none means all.
    pub organizations: Vec<String>,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
}

impl std::fmt::Debug for CreatedApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedApp")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Registers an app.
pub async fn create(store: &Store, context: Context, new: NewApp) -> Result<CreatedApp, Error> {
    let created = store.write(move |tx| {
        let (context, new) = (context.clone(), new.clone());
        async move { create_in(tx, &context, new).await }.boxed()
    });
    created.await
}

/// The addresses of an app.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = AppAddresses)]
pub struct Addresses {
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Where the app begins a sign-in (OpenID Connect Core §4).
    pub initiate_login_uri: Option<String>,
    /// Where browsers may be sent that have signed out (OpenID Connect RP-Initiated Logout 1.0 §3.1).
    pub post_logout_redirect_uris: Vec<String>,
    /// Where logouts are told (OpenID Connect Back-Channel Logout 1.0 §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// Places of the app that a sign-in may lead to.
    pub launch_urls: Vec<String>,
}

impl Addresses {
    /// Whether they can be registered.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.redirect_uris.is_empty() {
            let rule = "an app needs at least one redirect URI";
            return Err(Violation::Invalid(rule.into()).into());
        }
        let redirects = self.redirect_uris.iter().map(|uri| ("redirect URI", uri));
        let after = self.post_logout_redirect_uris.iter();
        let after = after.map(|uri| ("post-logout redirect URI", uri));
        let others = [
            ("initiate-login URI", &self.initiate_login_uri),
            ("back-channel logout URI", &self.backchannel_logout_uri),
        ];
        let others = others
            .into_iter()
            .filter_map(|(what, uri)| Some((what, uri.as_ref()?)));
        for (what, uri) in redirects.chain(after).chain(others) {
            registrable(what, uri)?;
        }
        for url in &self.launch_urls {
            if launch::target(url, std::slice::from_ref(url)).is_none() {
                let why = "it must be an absolute http or https URL without fragment and user name";
                return Err(unregistrable("launch URL", url, why));
            }
        }
        Ok(())
    }

    /// Whether an app may publish its keys here.
    pub(super) fn check_jwks_url(url: &Url) -> Result<(), Error> {
        registrable("JWKS URL", url.as_str())
    }
}

fn registrable(what: &str, uri: &str) -> Result<(), Error> {
    redirect::valid_registration(uri).map_err(|why| unregistrable(what, uri, &why.to_string()))
}

fn unregistrable(what: &str, uri: &str, why: &str) -> Error {
    Error::Rule(Violation::Invalid(format!(
        "the {what} {uri} cannot be registered: {why}"
    )))
}

fn check(new: &NewApp) -> Result<(), Error> {
    new.addresses.check()?;
    if let Proof::KeysAt(url) = &new.proof {
        Addresses::check_jwks_url(url)?;
    }
    audience(new.audience.as_deref())
}

/// Whether it can be an audience.
pub(super) fn audience(wanted: Option<&str>) -> Result<(), Error> {
    let wanted = wanted.unwrap_or("app");
    let is_blank = |c: char| c.is_control() || c.is_whitespace();
    if wanted.is_empty() || wanted.chars().any(is_blank) {
        let rule = "an audience is one word, such as a URL";
        return Err(Violation::Invalid(rule.into()).into());
    }
    Ok(())
}

/// The same as [`create`], within a transaction.
pub async fn create_in(tx: &mut Tx, context: &Context, new: NewApp) -> Result<CreatedApp, Error> {
    let new = NewApp {
        name: name(&new.name)?,
        ..new
    };
    check(&new)?;
    let served = served(tx, &new.organizations).await?;
    let Registered {
        auth_method,
        secret,
        jwks,
        jwks_url,
    } = new.proof.registered(context);
    let hash = secret.as_ref().map(|secret| secret.hash().to_vec());
    let client_id = client_id(context.ids.entropy().bytes());
    let row = AppRow {
        id: context.ids.next(),
        secret_hash: hash.unwrap_or_default(),
        name: new.name,
        audience: new.audience.unwrap_or_else(|| client_id.clone()),
        client_id,
        id_token_alg: new.id_token_alg.as_str().to_owned(),
        initiate_login_uri: new.addresses.initiate_login_uri.clone(),
        backchannel_logout_uri: new.addresses.backchannel_logout_uri.clone(),
        all_organizations: served.is_empty(),
        created_at: Time(context.ids.clock().now()),
        auth_method,
        jwks,
        jwks_url,
        revoked_at: None,
        former_secret_hash: None,
        former_secret_until: None,
        keys_since: None,
    };
    write(tx, context, &row, (&new.addresses, &served)).await?;
    Ok(CreatedApp {
        id: row.id,
        client_id: row.client_id,
        client_secret: secret.map(|secret| secret.reveal().to_owned()),
        auth_method,
        jwks_url: row.jwks_url,
        name: row.name,
        audience: row.audience,
        id_token_alg: new.id_token_alg.as_str(),
        addresses: new.addresses,
        organizations: served.into_iter().map(|(_, slug)| slug).collect(),
        created_at: row.created_at.0,
    })
}

/// Writes a fresh app, and tells the organizations that it serves.
async fn write(
    tx: &mut Tx,
    context: &Context,
    row: &AppRow,
    (addresses, served): (&Addresses, &[(OrganizationId, String)]),
) -> Result<(), Error> {
    tx.insert_app(row).await?;
    let (actor, cause) = (context.source.actor(), &context.cause);
    tracing::info!(app.id = %row.id, actor, cause, "An app is registered");
    for uri in &addresses.redirect_uris {
        tx.add_redirect_uri(row.id, uri).await?;
    }
    for uri in &addresses.post_logout_redirect_uris {
        tx.add_post_logout_redirect_uri(row.id, uri).await?;
    }
    for url in &addresses.launch_urls {
        tx.add_launch_url(row.id, url).await?;
    }
    for (org, _) in served {
        let mut change = Change::begin(tx, *org, context).await?;
        change.tx.add_app_organization(row.id, *org).await?;
        let data = json!({"app_id": row.id, "client_id": row.client_id, "name": row.name});
        change.record(EventKind::AppCreated, data);
        change.settle().await?;
    }
    Ok(())
}

/// The organizations of these slugs, always in one order, so that two commands cannot wait for each
/// other.
pub(super) async fn served(
    tx: &mut Tx,
    slugs: &[String],
) -> Result<Vec<(OrganizationId, String)>, Error> {
    let mut served = Vec::new();
    for slug in slugs {
        let row = tx.organization_by_slug(slug).await?;
        let row = row.ok_or(Error::NotFound(Kind::Organization))?;
        served.push((row.id, row.slug));
    }
    served.sort();
    served.dedup();
    Ok(served)
}

/// Hexadecimal, so that a client id is never taken for a flag.
fn client_id(random: [u8; 16]) -> String {
    random.iter().fold(String::from("app_"), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> NewApp {
        NewApp {
            name: "App".to_owned(),
            addresses: Addresses {
                redirect_uris: vec!["https://app.example/callback".to_owned()],
                ..Addresses::default()
            },
            organizations: Vec::new(),
            audience: None,
            id_token_alg: Algorithm::Es256,
            proof: Proof::Secret(None),
        }
    }

    #[test]
    fn addresses_are_checked_before_they_are_kept() {
        assert!(check(&app()).is_ok());
        let wrong: [fn(&mut NewApp); 7] = [
            |app| app.addresses.redirect_uris.clear(),
            |app| app.addresses.redirect_uris = vec!["http://a.example/".into()],
            |app| app.addresses.initiate_login_uri = Some("javascript:x".into()),
            |app| app.addresses.backchannel_logout_uri = Some("/out".into()),
            |app| app.addresses.post_logout_redirect_uris = vec!["https://app.example/#bye".into()],
            |app| app.audience = Some("two words".into()),
            |app| app.proof = Proof::KeysAt("http://app.example/jwks".parse().unwrap()),
        ];
        for (index, change) in wrong.into_iter().enumerate() {
            let mut app = app();
            change(&mut app);
            assert!(check(&app).is_err(), "case {index}");
        }
        for (url, good) in [
            ("https://app.example/team", true),
            ("http://127.0.0.1:3000/", true),
            ("https://app.example/#x", false),
            ("https://me@app.example/", false),
            ("app.example", false),
        ] {
            let mut app = app();
            app.addresses.launch_urls = vec![url.to_owned()];
            assert_eq!(check(&app).is_ok(), good, "{url}");
        }
    }
}
