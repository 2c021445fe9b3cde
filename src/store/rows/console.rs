//! Rows of the console: who is there, and what lets somebody in.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::setup::Purpose;
use crate::id::{
    ConnectionId, ConsoleLinkId, ConsoleSessionId, MailCodeId, OrganizationId, SessionId,
    SetupLinkId, UserId,
};
use crate::store::schema;
use crate::store::types::Time;

/// Somebody at the console; the operator where there is no person.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::console_sessions)]
#[diesel(treat_none_as_null = true, primary_key(id))]
pub struct ConsoleSessionRow {
    pub id: ConsoleSessionId,
    pub org_id: Option<OrganizationId>,
    pub user_id: Option<UserId>,
    pub session_id: Option<SessionId>,
    pub way: String,
    pub hash: Vec<u8>,
    pub authenticated_at: Time,
    pub created_at: Time,
    pub last_seen_at: Time,
    pub expires_at: Time,
    pub ended_at: Option<Time>,
}

/// A link that lets in once: the operator where there is no person.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::console_links)]
#[diesel(treat_none_as_null = true, primary_key(id))]
pub struct ConsoleLinkRow {
    pub id: ConsoleLinkId,
    pub org_id: Option<OrganizationId>,
    pub user_id: Option<UserId>,
    pub hash: Vec<u8>,
    pub mark: Option<String>,
    pub actor: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}

/// Six digits that were mailed to an admin.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::console_codes)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct ConsoleCodeRow {
    pub org_id: OrganizationId,
    pub id: MailCodeId,
    pub user_id: UserId,
    pub browser: Vec<u8>,
    pub tries: i64,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}

/// A link for an IT admin who has no account.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::setup_links)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct SetupLinkRow {
    pub org_id: OrganizationId,
    pub id: SetupLinkId,
    pub purpose: Purpose,
    pub connection_id: Option<ConnectionId>,
    pub contact_email: Option<String>,
    pub hash: Vec<u8>,
    pub actor: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub seen_at: Option<Time>,
    pub finished_at: Option<Time>,
    pub revoked_at: Option<Time>,
}

/// Six digits that were mailed to whom such a link is for.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::setup_codes)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct SetupCodeRow {
    pub org_id: OrganizationId,
    pub id: MailCodeId,
    pub setup_link_id: SetupLinkId,
    pub browser: Vec<u8>,
    pub tries: i64,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}
