//! Rows of what apps hold: families of refresh tokens, and the tokens.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::id::{AppId, OrganizationId, RefreshFamilyId, SessionId};
use crate::store::schema;
use crate::store::types::Time;

/// A family of refresh tokens.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::refresh_families)]
pub struct RefreshFamilyRow {
    pub org_id: OrganizationId,
    pub id: RefreshFamilyId,
    pub session_id: SessionId,
    pub app_id: AppId,
    pub scope: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub ended_at: Option<Time>,
    pub ended_cause: Option<String>,
}

/// A refresh token.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::refresh_tokens)]
pub struct RefreshTokenRow {
    pub org_id: OrganizationId,
    pub hash: Vec<u8>,
    pub family_id: RefreshFamilyId,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
    pub successor: Option<Vec<u8>>,
}
