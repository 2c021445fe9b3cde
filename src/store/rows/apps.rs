//! Rows of the applications behind.
#![expect(
    missing_docs,
    reason = "the columns are described once, in the migrations"
)]

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::oauth_client::AuthMethod;
use crate::id::AppId;
use crate::store::schema;
use crate::store::types::{Doc, Time};

/// An application behind Usher.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::apps)]
#[diesel(treat_none_as_null = true)]
pub struct AppRow {
    pub id: AppId,
    pub client_id: String,
    /// Empty where the app signs: no secret has such a hash.
    pub secret_hash: Vec<u8>,
    pub name: String,
    pub audience: String,
    pub id_token_alg: String,
    pub initiate_login_uri: Option<String>,
    pub backchannel_logout_uri: Option<String>,
    pub all_organizations: bool,
    pub created_at: Time,
    pub auth_method: AuthMethod,
    pub jwks: Option<Doc>,
    pub jwks_url: Option<String>,
    pub revoked_at: Option<Time>,
    pub former_secret_hash: Option<Vec<u8>>,
    pub former_secret_until: Option<Time>,
    pub keys_since: Option<Time>,
}
