//! Rows of what we are to identity providers: our requests and our keys.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::directory::connection::KeyState;
use crate::directory::sign_in::SignInOutcome;
use crate::id::{ConnectionId, OrganizationId, SamlKeyId, SignInId, UserId};
use crate::store::schema;
use crate::store::types::{Doc, Time};

/// A request that waits for its answer.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::saml_requests)]
pub struct SamlRequestRow {
    pub org_id: OrganizationId,
    pub id: String,
    pub connection_id: ConnectionId,
    pub browser_hash: Vec<u8>,
    pub relay: Option<String>,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
    pub fresh_since: Option<Time>,
}

/// A logout request of ours that waits for its answer.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::saml_logouts)]
pub struct SamlLogoutRow {
    pub org_id: OrganizationId,
    pub id: String,
    pub connection_id: ConnectionId,
    pub back: Option<String>,
    pub created_at: Time,
    pub expires_at: Time,
}

/// A logout that an identity provider asked for.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::saml_logouts_heard)]
pub struct SamlLogoutHeardRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub message_id: String,
    pub name_hash: Vec<u8>,
    pub session_indexes: Doc,
    pub issued_at: Time,
    pub until: Time,
}

/// One of our own keys of a connection.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::saml_keys)]
pub struct SamlKeyRow {
    pub org_id: OrganizationId,
    pub id: SamlKeyId,
    pub connection_id: ConnectionId,
    pub state: KeyState,
    pub certificate: Vec<u8>,
    pub sealed: Vec<u8>,
    pub created_at: Time,
}

/// A sign-in, good or refused.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::sign_ins)]
pub struct SignInRow {
    pub org_id: OrganizationId,
    pub id: SignInId,
    pub connection_id: ConnectionId,
    pub request_id: String,
    pub outcome: SignInOutcome,
    pub reason: Option<String>,
    pub started_at_provider: Option<bool>,
    pub verified: bool,
    pub user_id: Option<UserId>,
    pub subject: Option<String>,
    pub checks: Doc,
    pub created_at: Time,
}

/// Which sign-ins are asked for; the latest first.
#[derive(Clone, Debug, Default)]
pub struct WantedSignIns {
    pub connection: Option<ConnectionId>,
    pub outcome: Option<SignInOutcome>,
    pub reason: Option<String>,
    pub after: Option<SignInId>,
}
