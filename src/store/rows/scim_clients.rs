//! What lets SCIM clients in: tokens of connections, OAuth clients and their access tokens.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::directory::oauth_client::AuthMethod;
use crate::id::{ConnectionId, OauthClientId, OrganizationId, ScimTokenId};
use crate::store::schema;
use crate::store::types::{Doc, Time};

/// An OAuth client of a connection.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::oauth_clients)]
pub struct OauthClientRow {
    pub org_id: OrganizationId,
    pub id: OauthClientId,
    pub connection_id: ConnectionId,
    pub auth_method: AuthMethod,
    pub secret_hash: Option<Vec<u8>>,
    pub last4: Option<String>,
    pub jwks: Option<Doc>,
    pub jwks_url: Option<String>,
    pub scopes: String,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    pub revoked_at: Option<Time>,
    pub last_used_at: Option<Time>,
}

impl OauthClientRow {
    /// Whether the client is let in at this instant.
    pub fn is_live(&self, now: Time) -> bool {
        is_live(self.revoked_at, self.expires_at, now)
    }
}

/// A SCIM bearer token.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::scim_tokens)]
pub struct ScimTokenRow {
    pub org_id: OrganizationId,
    pub id: ScimTokenId,
    pub hash: Vec<u8>,
    pub connection_id: ConnectionId,
    pub prefix: String,
    pub last4: String,
    pub scopes: String,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    pub revoked_at: Option<Time>,
    pub last_used_at: Option<Time>,
}

impl ScimTokenRow {
    /// Whether the token is let in at this instant.
    pub fn is_live(&self, now: Time) -> bool {
        is_live(self.revoked_at, self.expires_at, now)
    }
}

/// An access token of an OAuth client.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::oauth_access_tokens)]
pub struct AccessTokenRow {
    pub org_id: OrganizationId,
    pub hash: Vec<u8>,
    pub client_id: OauthClientId,
    pub created_at: Time,
    pub expires_at: Time,
}

/// One rule for all that lets a SCIM client in.
fn is_live(revoked_at: Option<Time>, expires_at: Option<Time>, now: Time) -> bool {
    revoked_at.is_none() && expires_at.is_none_or(|at| at > now)
}
