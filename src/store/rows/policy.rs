//! The rows of what the rules were, and of what held of people.

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::id::{OrganizationId, RecomputeId, UserId};
use crate::store::schema;
use crate::store::types::{Doc, Time};

/// What an organization's rules were since a revision.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::policy_revisions)]
pub struct PolicyRevisionRow {
    pub org_id: OrganizationId,
    pub rev: i64,
    pub at: Time,
    pub actor: String,
    pub cause: String,
    pub rulebook: Doc,
}

/// What held of a person until then.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::standings)]
pub struct StandingRow {
    pub org_id: OrganizationId,
    pub user_id: UserId,
    pub until: Time,
    pub standing: String,
}

/// Roles that are computed anew, in batches.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::recomputes)]
pub struct RecomputeRow {
    pub org_id: OrganizationId,
    pub id: RecomputeId,
    pub started_at: Time,
    pub actor: String,
    pub cause: String,
    pub people: i64,
    pub done: i64,
    pub finished_at: Option<Time>,
}
