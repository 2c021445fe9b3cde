//! Rows: the tables' lines as Rust values, one struct a table, for both engines.
#![expect(
    missing_docs,
    reason = "fields are columns; the migrations describe them"
)]

mod apps;
mod audit;
mod console;
mod domains;
mod invitations;
mod metadata;
mod ownership;
mod policy;
mod probes;
mod refresh;
mod requests;
mod safeguards;
mod saml;
mod scim_clients;
mod sightings;
mod webhooks;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

use crate::directory::connection::{ConnectionState, Jit, Mode, Profile, Safeguard, Strictness};
use crate::directory::demands::Demands;
use crate::directory::grant::GrantSource;
use crate::directory::mapping::MatchKind;
use crate::id::{
    ApiKeyId, AppId, BreakGlassId, CodeId, ConnectionId, GrantId, IdentityId, MappingId,
    OrganizationId, ProjectId, RoleId, ScimGroupId, ScimUserId, SessionId, UserId,
};
use crate::store::schema;
use crate::store::types::{Doc, Time};

pub use apps::AppRow;
pub use audit::{ChainRow, CheckpointRow, EventRow};
pub use console::{ConsoleCodeRow, ConsoleLinkRow, ConsoleSessionRow, SetupCodeRow, SetupLinkRow};
pub use domains::{DomainProofRow, DomainRow};
pub use invitations::{
    IdempotencyRow, ImportRow, InvitationChangeRow, InvitationRow, MailCodeRow, OutboxRow,
    ShareHookRow,
};
pub use metadata::{ExpiryNoticeRow, MetadataRow};
pub use ownership::{BreakGlassCodeRow, BreakGlassRow, LinkProofRow, TransferRow};
pub use policy::{PolicyRevisionRow, RecomputeRow, StandingRow};
pub use probes::{
    Bearing, Belongings, HeldUser, Meeting, Openings, SessionBehind, ShownUser, SubjectBehind,
    There, Watched,
};
pub use refresh::{RefreshFamilyRow, RefreshTokenRow};
pub use requests::{KeptRequest, ScimRequestCountRow, ScimRequestRow, WantedRequests};
pub use safeguards::{
    SafeguardMarkRow, SafeguardRow, SafeguardSettingsRow, SafeguardTallyRow, WaiverRow,
};
pub use saml::{
    SamlKeyRow, SamlLogoutHeardRow, SamlLogoutRow, SamlRequestRow, SignInRow, WantedSignIns,
};
pub use scim_clients::{AccessTokenRow, OauthClientRow, ScimTokenRow};
pub use sightings::SightingRow;
pub use webhooks::{WebhookDeliveryRow, WebhookRow};

/// The installation: its check value and its wrapped data keys.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::instance)]
pub struct InstanceRow {
    pub id: i64,
    pub check_value: Vec<u8>,
    pub data_keys: Vec<u8>,
    pub created_at: Time,
}

/// A key that signs tokens, sealed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::signing_keys)]
pub struct SigningKeyRow {
    pub kid: String,
    pub alg: String,
    pub state: String,
    pub public: Doc,
    pub sealed: Vec<u8>,
    pub created_at: Time,
    pub published_until: Option<Time>,
}

/// An organization.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::organizations)]
pub struct OrganizationRow {
    pub id: OrganizationId,
    pub slug: String,
    pub name: String,
    pub default_role_id: RoleId,
    pub event_seq: i64,
    pub created_at: Time,
    pub policy: Doc,
    pub policy_rev: i64,
}

/// A role.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::roles)]
pub struct RoleRow {
    pub org_id: OrganizationId,
    pub id: RoleId,
    pub slug: String,
    pub name: String,
    pub rank: i64,
    pub created_at: Time,
    pub removed_at: Option<Time>,
}

/// A project.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::projects)]
pub struct ProjectRow {
    pub org_id: OrganizationId,
    pub id: ProjectId,
    pub slug: String,
    pub name: String,
    pub created_at: Time,
    pub archived_at: Option<Time>,
}

/// A bearer key of the admin API.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::api_keys)]
pub struct ApiKeyRow {
    pub id: ApiKeyId,
    pub hash: Vec<u8>,
    pub org_id: Option<OrganizationId>,
    pub scopes: String,
    pub prefix: String,
    pub last4: String,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    pub revoked_at: Option<Time>,
    pub last_used_at: Option<Time>,
    pub name: Option<String>,
    pub actor: Option<String>,
}

/// A connection.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::connections)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct ConnectionRow {
    pub org_id: OrganizationId,
    pub id: ConnectionId,
    pub name: String,
    pub name_folded: String,
    pub profile: Profile,
    pub strictness: Strictness,
    pub jit: Jit,
    pub mode: Mode,
    pub safeguard: Safeguard,
    pub default_role_id: Option<RoleId>,
    pub max_role_id: RoleId,
    pub app_id: Option<AppId>,
    pub state: ConnectionState,
    pub owner_confirmed_at: Option<Time>,
    pub idp_initiated: bool,
    pub idp_entity_id: Option<String>,
    pub sso_url: Option<String>,
    pub metadata: Option<String>,
    pub scim_since: Option<Time>,
    pub scim_groups_since: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
    pub schemas: Doc,
    pub tolerate_unknown_members: bool,
    pub sign_requests: Option<bool>,
    pub allow_cbc: Option<bool>,
    pub idp_endpoints: Option<Doc>,
    pub testing: bool,
    pub single_logout: Option<bool>,
    pub demands: Demands,
    pub went_live_at: Option<Time>,
    pub awaits_operator: bool,
}

/// A certificate that a connection trusts.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::connection_certificates)]
pub struct CertificateRow {
    pub org_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub fingerprint: String,
    pub der: Vec<u8>,
    pub not_after: Time,
}

/// A person.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::users)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct UserRow {
    pub org_id: OrganizationId,
    pub id: UserId,
    pub email: Option<String>,
    pub email_norm: Option<String>,
    pub display_name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub managed_by: Option<ConnectionId>,
    pub provisional_since: Option<Time>,
    pub suspended_by_directory_at: Option<Time>,
    pub suspended_by_admin_at: Option<Time>,
    pub suspended_by_expiry_at: Option<Time>,
    pub deleted_at: Option<Time>,
    pub erased_at: Option<Time>,
    pub last_connection_id: Option<ConnectionId>,
    pub last_external_id: Option<String>,
    pub last_user_name_folded: Option<String>,
    pub email_changed_at: Option<Time>,
    pub external_id_changed_at: Option<Time>,
    pub override_at: Option<Time>,
    pub owner: bool,
    pub role_id: Option<RoleId>,
    pub roles_version: i64,
    pub created_at: Time,
    pub updated_at: Time,
    pub standing: Option<String>,
    pub policy_rev: i64,
    pub delete_at: Option<Time>,
}

/// A role in a project, derived from grants.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::user_projects)]
pub struct UserProjectRow {
    pub org_id: OrganizationId,
    pub user_id: UserId,
    pub project_id: ProjectId,
    pub role_id: RoleId,
}

/// A SCIM User: what a directory last said.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::scim_users)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct ScimUserRow {
    pub org_id: OrganizationId,
    pub id: ScimUserId,
    pub connection_id: ConnectionId,
    pub user_id: Option<UserId>,
    pub proposed_user_id: Option<UserId>,
    pub user_name: String,
    pub user_name_folded: String,
    pub external_id: Option<String>,
    pub active: bool,
    pub display_name_folded: Option<String>,
    pub email_folded: Option<String>,
    pub document: Doc,
    pub search: Doc,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
    pub proposed_at: Option<Time>,
    pub rejected_user_id: Option<UserId>,
    pub rejected_at: Option<Time>,
}

/// An element of a multi-valued attribute.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::scim_values)]
pub struct ScimValueRow {
    pub org_id: OrganizationId,
    pub scim_user_id: ScimUserId,
    pub path: String,
    pub position: i64,
    pub folded: Option<String>,
    pub element: Doc,
}

/// A SCIM Group: what a directory last said, without its members.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::scim_groups)]
#[diesel(treat_none_as_null = true, primary_key(org_id, id))]
pub struct ScimGroupRow {
    pub org_id: OrganizationId,
    pub id: ScimGroupId,
    pub connection_id: ConnectionId,
    pub display_name: String,
    pub display_name_folded: String,
    pub external_id: Option<String>,
    pub document: Doc,
    pub search: Doc,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

/// A group-to-role rule.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::mappings)]
pub struct MappingRow {
    pub org_id: OrganizationId,
    pub id: MappingId,
    pub connection_id: ConnectionId,
    pub match_kind: MatchKind,
    pub match_text: String,
    pub match_folded: String,
    pub bound_group_id: Option<ScimGroupId>,
    pub role_id: RoleId,
    pub position: i64,
    pub enabled: bool,
    pub created_at: Time,
    pub rev: i64,
    pub removed_at: Option<Time>,
    pub group_lost_at: Option<Time>,
}

/// A grant.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::grants)]
pub struct GrantRow {
    pub org_id: OrganizationId,
    pub id: GrantId,
    pub user_id: UserId,
    pub role_id: RoleId,
    pub source: GrantSource,
    pub source_ref: String,
    pub granted_at: Time,
    pub cause: String,
    pub ends_at: Option<Time>,
    pub retired_at: Option<Time>,
    pub retired_cause: Option<String>,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

/// A link between a person and a SAML subject.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::identities)]
pub struct IdentityRow {
    pub org_id: OrganizationId,
    pub id: IdentityId,
    pub connection_id: ConnectionId,
    pub subject_key: String,
    pub user_id: UserId,
    pub name_id: Option<String>,
    pub format: Option<String>,
    pub name_qualifier: Option<String>,
    pub sp_name_qualifier: Option<String>,
    pub email_norm: Option<String>,
    pub group_values: Option<Doc>,
    pub groups_known_at: Option<Time>,
    pub confirmed_by: Option<UserId>,
    pub created_at: Time,
    pub last_seen_at: Time,
    pub groups_stale_since: Option<Time>,
    pub groups_stale_why: Option<String>,
}

/// A session.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::sessions)]
pub struct SessionRow {
    pub org_id: OrganizationId,
    pub id: SessionId,
    pub hash: Vec<u8>,
    pub user_id: UserId,
    pub connection_id: Option<ConnectionId>,
    pub identity_id: Option<IdentityId>,
    pub session_index: Option<String>,
    pub context_class: Option<String>,
    pub authenticated_at: Time,
    pub created_at: Time,
    pub last_seen_at: Time,
    pub expires_at: Time,
    pub ended_at: Option<Time>,
    pub ended_cause: Option<String>,
    pub name_id: Option<String>,
    pub name_id_format: Option<String>,
    pub name_qualifier: Option<String>,
    pub sp_name_qualifier: Option<String>,
    pub certificate: Option<String>,
    pub chain_id: Option<SessionId>,
    pub break_glass_id: Option<BreakGlassId>,
}

/// An authorization code.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::codes)]
pub struct CodeRow {
    pub org_id: OrganizationId,
    pub id: CodeId,
    pub hash: Vec<u8>,
    pub session_id: SessionId,
    pub app_id: AppId,
    pub redirect_uri: String,
    pub challenge: String,
    pub nonce: Option<String>,
    pub scope: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}
