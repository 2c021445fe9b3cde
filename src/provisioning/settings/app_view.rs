//! Apps as they are shown: everything but what they prove themselves by.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::directory::oauth_client::AuthMethod;
use crate::id::AppId;
use crate::provisioning::settings::apps::Addresses;
use crate::provisioning::{Error, Kind};
use crate::store::rows::AppRow;
use crate::store::{Store, Tx};

/// An app, without what it proves itself by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct App {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: AppId,
    /// Its client id.
    pub client_id: String,
    /// Its name for people.
    pub name: String,
    /// How it proves itself (OpenID Connect Core §9).
    pub auth_method: AuthMethod,
    /// Where it publishes its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// Its public keys, where they are kept here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// The audience of its access tokens.
    pub audience: String,
    /// How its ID tokens are signed.
    pub id_token_alg: String,
    /// Its addresses.
    #[serde(flatten)]
    pub addresses: Addresses,
    /// Whether it serves every organization.
    pub all_organizations: bool,
    /// The slugs of the organizations that it serves, where it does not serve all.
    pub organizations: Vec<String>,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// Until when the secret before its present one is taken, where it still is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub former_secret_until: Option<Timestamp>,
    /// Since when it is revoked.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub revoked_at: Option<Timestamp>,
}

/// The app of this client id, one that is revoked too.
pub async fn show(store: &Store, client_id: &str, now: Timestamp) -> Result<App, Error> {
    let client_id = client_id.to_owned();
    let shown = store.read(move |tx| {
        let client_id = client_id.clone();
        async move { show_in(tx, &client_id, now).await }.boxed()
    });
    shown.await
}

/// The same, within a transaction.
pub async fn show_in(tx: &mut Tx, client_id: &str, now: Timestamp) -> Result<App, Error> {
    let mut all = tx.apps().await?.into_iter();
    let row = all.find(|row| row.client_id == client_id);
    view(tx, row.ok_or(Error::NotFound(Kind::App))?, now).await
}

/// Every app, those that are revoked too, oldest first.
pub async fn list(store: &Store, now: Timestamp) -> Result<Vec<App>, Error> {
    let listed = store.read(move |tx| async move { list_in(tx, now).await }.boxed());
    listed.await
}

/// The same, within a transaction.
pub async fn list_in(tx: &mut Tx, now: Timestamp) -> Result<Vec<App>, Error> {
    let mut all = Vec::new();
    for row in tx.apps().await? {
        all.push(view(tx, row, now).await?);
    }
    Ok(all)
}

/// The app, unless it is revoked; its row is held.
pub(super) async fn live(tx: &mut Tx, client_id: &str) -> Result<AppRow, Error> {
    let row = any(tx, client_id).await?;
    Some(row)
        .filter(|row| row.revoked_at.is_none())
        .ok_or(Error::NotFound(Kind::App))
}

/// The app, revoked or not; its row is held.
pub(super) async fn any(tx: &mut Tx, client_id: &str) -> Result<AppRow, Error> {
    let row = tx.take_app(client_id).await?;
    row.ok_or(Error::NotFound(Kind::App))
}

/// Its addresses.
pub(super) async fn addresses(tx: &mut Tx, row: &AppRow) -> Result<Addresses, Error> {
    Ok(Addresses {
        redirect_uris: tx.redirect_uris(row.id).await?,
        initiate_login_uri: row.initiate_login_uri.clone(),
        post_logout_redirect_uris: tx.post_logout_redirect_uris(row.id).await?,
        backchannel_logout_uri: row.backchannel_logout_uri.clone(),
        launch_urls: tx.launch_urls(row.id).await?,
    })
}

/// What is shown of it.
pub(super) async fn view(tx: &mut Tx, row: AppRow, now: Timestamp) -> Result<App, Error> {
    let addresses = addresses(tx, &row).await?;
    let organizations = tx.app_organizations(row.id).await?.into_iter();
    let jwks = row.jwks.and_then(|jwks| serde_json::from_str(&jwks.0).ok());
    Ok(App {
        id: row.id,
        client_id: row.client_id,
        name: row.name,
        auth_method: row.auth_method,
        jwks_url: row.jwks_url,
        jwks,
        audience: row.audience,
        id_token_alg: row.id_token_alg,
        addresses,
        all_organizations: row.all_organizations,
        organizations: organizations.map(|(_, slug)| slug).collect(),
        created_at: row.created_at.0,
        former_secret_until: row
            .former_secret_until
            .map(|at| at.0)
            .filter(|until| now < *until),
        revoked_at: row.revoked_at.map(|at| at.0),
    })
}
