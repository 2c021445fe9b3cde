//! The table of queries: each becomes a method of [`Tx`](crate::store::Tx).

mod apps;
mod audit;
mod break_glass;
mod console;
mod domains;
mod erasure;
mod groups;
mod invitations;
mod links;
mod metadata;
mod oauth;
mod policy;
mod probes;
mod refresh;
mod requests;
mod roles;
mod safeguards;
mod saml;
mod sightings;
mod webhooks;

use std::collections::{BTreeSet, HashMap};

use crate::directory::event::EventKind;
use crate::directory::user::UserState;
use crate::id::{
    ApiKeyId, AppId, CodeId, ConnectionId, GrantId, IdentityId, InvitationId, MappingId,
    OrganizationId, ProjectId, RoleId, ScimGroupId, ScimTokenId, ScimUserId, SessionId, UserId,
};
use crate::secret::Hash;
use crate::store::memory::Stamp;
use crate::store::rows::{
    ApiKeyRow, CertificateRow, CodeRow, ConnectionRow, EventRow, GrantRow, IdentityRow,
    InstanceRow, MappingRow, OrganizationRow, ProjectRow, ScimGroupRow, ScimTokenRow, ScimUserRow,
    ScimValueRow, SessionRow, SigningKeyRow, UserProjectRow, UserRow,
};
use crate::store::search::Search;
use crate::store::tx::ops;
use crate::store::types::{AnyId, Doc, Time, Whose};

pub(super) use policy::Decided;

/// A grant's project, as it is inserted.
pub(super) type GrantProject = (OrganizationId, GrantId, ProjectId);

/// A resource's id and its sort key as text.
pub(super) type SortKey = (AnyId, Option<String>);

/// An invitation's project, as it is inserted.
pub(super) type InvitationProject = (OrganizationId, InvitationId, ProjectId);

ops! {
    /// Begins a part of the transaction that can be undone alone.
    open_step = instance::open_step() -> ();
    /// Ends the part that was begun last, and keeps it.
    keep_step = instance::keep_step() -> ();
    /// Ends the part that was begun last, as if it had not been.
    undo_step = instance::undo_step() -> ();
    /// The connection that a URL names: the one look-up without an organization, since the
    /// connection is what tells the organization.
    connection_of_url = connections::by_url(id: ConnectionId) -> Option<ConnectionRow>;
    /// The query `connections::by_id`.
    connection = connections::by_id(org: OrganizationId, id: ConnectionId) -> Option<ConnectionRow>;
    /// The query `connections::list`.
    connections = connections::list(org: OrganizationId) -> Vec<ConnectionRow>;
    /// The query `connections::insert`.
    insert_connection = connections::insert(row: &ConnectionRow) -> ();
    /// The query `connections::update`.
    update_connection = connections::update(row: &ConnectionRow) -> ();
    /// The query `connections::delete`.
    delete_connection = connections::delete(org: OrganizationId, id: ConnectionId) -> ();
    /// The query `connections::mark_scim`.
    mark_connection_scim = connections::mark_scim(org: OrganizationId, id: ConnectionId, at: Time) -> ();
    /// The query `connections::mark_groups`.
    mark_connection_groups = connections::mark_groups(org: OrganizationId, id: ConnectionId, at: Time) -> ();
    /// The query `connections::certificates`.
    certificates = connections::certificates(org: OrganizationId, id: ConnectionId) -> Vec<CertificateRow>;
    /// The query `connections::replace_certificates`.
    replace_certificates = connections::replace_certificates(org: OrganizationId, id: ConnectionId, rows: &[CertificateRow]) -> ();
    /// The query `events::append`.
    append_events = events::append(rows: &[EventRow]) -> ();
    /// Events after a number, in order: of these kinds, or of all where none is named.
    events_after = events::after(org: OrganizationId, seq: i64, kinds: &[EventKind], limit: i64) -> Vec<EventRow>;
    /// Events before one of this number, the latest first: of these kinds, or of all where none is named.
    events_before = events::before(org: OrganizationId, seq: i64, kinds: &[EventKind], limit: i64) -> Vec<EventRow>;
    /// The events of one request or command, in order.
    events_of_cause = events::of_cause(org: OrganizationId, cause: &str, limit: i64) -> Vec<EventRow>;
    /// The events from one instant to another, in order.
    events_between = events::between(org: OrganizationId, between: (Time, Time), limit: i64) -> Vec<EventRow>;
    /// What happened to a person before an event of this number, the latest first.
    events_about = events::about(org: OrganizationId, user: UserId, before: i64, limit: i64) -> Vec<EventRow>;
    /// The number of the organization's latest event; 0 where there is none.
    last_event = events::last(org: OrganizationId) -> i64;
    /// The SCIM schemas that an organization registered.
    schemas = organizations::schemas(org: OrganizationId) -> Doc;
    /// Replaces them, in each of its connections, too.
    set_schemas = organizations::set_schemas(org: OrganizationId, schemas: Doc) -> ();
    /// Counts a change of an organization's schemas; answers how many there were since `day_ago`.
    count_schema_change = organizations::count_schema_change(org: OrganizationId, day_ago: Time, now: Time) -> i64;
    /// Whether a user or a group carries what this folded URN names.
    schema_in_use = scim_users::schema_in_use(org: OrganizationId, urn: &str) -> bool;
    /// Writes which role people have whom nothing else gives one.
    set_default_role = organizations::set_default_role(org: OrganizationId, role: RoleId) -> ();
    /// The people who have this organization-wide role.
    people_with_role = users::with_role(org: OrganizationId, role: RoleId) -> Vec<UserId>;
    /// People of any organization who are to go by then.
    people_to_delete = users::to_delete(by: Time, limit: i64) -> Vec<(OrganizationId, UserId)>;
    /// Active people with a sign-in address who are the owner or have one of these roles, the owner first.
    people_in_charge = users::in_charge(org: OrganizationId, roles: &[RoleId], limit: i64) -> Vec<UserRow>;
    /// Replaces an organization's policy.
    set_policy = organizations::set_policy(org: OrganizationId, policy: Doc) -> ();
    /// The live grants of these people.
    live_grants = grants::live(org: OrganizationId, users: &[UserId]) -> Vec<GrantRow>;
    /// Every grant of one person, retired ones too, oldest first.
    grant_history = grants::history(org: OrganizationId, user: UserId) -> Vec<GrantRow>;
    /// The people to whom somebody or something gives this role, whether it counts or not.
    grantees = grants::grantees(org: OrganizationId, role: RoleId) -> Vec<UserId>;
    /// People of any organization, each with a grant whose time was over by then.
    ended_grants = grants::ended(by: Time, limit: i64) -> Vec<(OrganizationId, UserId)>;
    /// The live grants that no rule gave, each with its person's address and connection.
    holdings = grants::holdings(org: OrganizationId) -> Vec<(GrantRow, Option<String>, Option<ConnectionId>)>;
    /// The projects of these grants.
    grant_projects = grants::projects(org: OrganizationId, ids: &[GrantId]) -> Vec<(GrantId, ProjectId)>;
    /// Which of the groups that a rule is bound to, or that are named here, people are in.
    ruled_memberships = scim_members::ruled(org: OrganizationId, users: &[UserId], groups: &[ScimGroupId]) -> Vec<(UserId, ScimGroupId)>;
    /// The query `grants::insert`.
    insert_grants = grants::insert(rows: &[GrantRow]) -> ();
    /// The query `grants::insert_projects`.
    insert_grant_projects = grants::insert_projects(rows: &[GrantProject]) -> ();
    /// The query `grants::retire`.
    retire_grants = grants::retire(org: OrganizationId, ids: &[GrantId], at: Time, cause: &str) -> ();
    /// The people who hold a live grant from this mapping.
    mapping_holders = grants::holders(org: OrganizationId, mapping: MappingId) -> Vec<UserId>;
    /// The query `identities::by_id`.
    identity = identities::by_id(org: OrganizationId, id: IdentityId) -> Option<IdentityRow>;
    /// The query `identities::of_user`.
    identities_of = identities::of_user(org: OrganizationId, user: UserId) -> Vec<IdentityRow>;
    /// The identities of these people.
    identities_of_users = identities::of_users(org: OrganizationId, users: &[UserId]) -> Vec<IdentityRow>;
    /// The people who once signed in through a connection.
    people_of_connection = identities::people_of(org: OrganizationId, connection: ConnectionId) -> Vec<UserId>;
    /// The query `identities::insert`.
    insert_identity = identities::insert(row: &IdentityRow) -> ();
    /// Notes a sign-in; `groups` are kept as they were where they are unknown this time.
    touch_identity = identities::touch(org: OrganizationId, id: IdentityId, at: Time, groups: Option<Doc>) -> ();
    /// Gives a subject whose person is gone to another person, with nothing of what was known of
    /// the first.
    relink_identity = identities::relink(org: OrganizationId, id: IdentityId, user: UserId, email_norm: Option<&str>, at: Time) -> ();
    /// Notes the address under which a subject is known from now on.
    readdress_identity = identities::readdress(org: OrganizationId, id: IdentityId, email_norm: &str) -> ();
    /// Forgets the groups that a person's other subjects of a connection named.
    forget_groups = identities::forget_groups(org: OrganizationId, connection: ConnectionId, user: UserId, except: IdentityId) -> ();
    /// The query `identities::mark_stale`.
    mark_groups_stale = identities::mark_stale(org: OrganizationId, ids: &[IdentityId], at: Time, why: &str) -> ();
    /// Remembers a message; a second time is a unique violation. `session` is the session that the
    /// message made, so that its re-post by the same browser can be told from a replay.
    remember_messages = identities::remember(org: OrganizationId, connection: ConnectionId, message_ids: &[&str], until_and_session: (Time, Option<Hash>)) -> ();
    /// The session that a remembered message made: outer `None` where the message is new.
    remembered_messages = identities::remembered(org: OrganizationId, connection: ConnectionId, message_ids: &[&str]) -> HashMap<String, Option<Vec<u8>>>;
    /// Forgets messages whose time is over, of every organization.
    forget_messages = identities::forget(before: Time) -> usize;
    /// The query `instance::load`.
    instance = instance::load() -> Option<InstanceRow>;
    /// The query `instance::insert`.
    insert_instance = instance::insert(row: &InstanceRow) -> ();
    /// The query `instance::is_empty`.
    is_empty = instance::is_empty() -> bool;
    /// The query `instance::signing_keys`.
    signing_keys = instance::signing_keys() -> Vec<SigningKeyRow>;
    /// Each key's name, state, and until when it is published if it has retired.
    signing_key_states = instance::signing_key_states() -> Vec<(String, String, Option<Time>)>;
    /// The query `instance::set_signing_key`.
    set_signing_key = instance::set_signing_key(kid: &str, state: &str, until: Option<Time>) -> ();
    /// The query `instance::forget_signing_key`.
    forget_signing_key = instance::forget_signing_key(kid: &str) -> ();
    /// Forgets keys that were published until before then.
    forget_signing_keys = instance::forget_signing_keys(before: Time) -> usize;
    /// The query `instance::insert_signing_key`.
    insert_signing_key = instance::insert_signing_key(row: &SigningKeyRow) -> ();
    /// The query `mappings::list`.
    mappings = mappings::list(org: OrganizationId) -> Vec<MappingRow>;
    /// The query `mappings::projects`.
    mapping_projects = mappings::projects(org: OrganizationId) -> Vec<(MappingId, ProjectId)>;
    /// The query `mappings::insert`.
    insert_mapping = mappings::insert(row: &MappingRow, projects: &[ProjectId]) -> ();
    /// The query `mappings::bind`.
    bind_mappings = mappings::bind(org: OrganizationId, ids: &[MappingId], group: Option<ScimGroupId>, lost_at: Option<Time>) -> ();
    /// Writes a rule anew, with its projects.
    update_mapping = mappings::update(row: &MappingRow, projects: &[ProjectId]) -> ();
    /// Ends a rule; it stays, for what it gave.
    end_mapping = mappings::end(org: OrganizationId, id: MappingId, at: Time) -> ();
    /// Rules that ended, among these.
    ended_mappings = mappings::ended(org: OrganizationId, ids: &[MappingId]) -> Vec<MappingRow>;
    /// The position after a connection's last rule.
    next_mapping_position = mappings::next_position(org: OrganizationId, connection: ConnectionId) -> i64;
    /// The query `organizations::insert`.
    insert_organization = organizations::insert(row: &OrganizationRow) -> ();
    /// The stamp of an organization's settings; see [`memory`](crate::store::memory).
    settings_stamp = organizations::stamp(org: OrganizationId) -> Option<Stamp>;
    /// The query `organizations::by_id`.
    organization = organizations::by_id(id: OrganizationId) -> Option<OrganizationRow>;
    /// The query `organizations::by_slug`.
    organization_by_slug = organizations::by_slug(slug: &str) -> Option<OrganizationRow>;
    /// Organizations in the order of their ids.
    organization_page = organizations::page(after: Option<OrganizationId>, limit: i64) -> Vec<OrganizationRow>;
    /// The query `organizations::list`.
    organizations = organizations::list() -> Vec<OrganizationRow>;
    /// The query `organizations::projects`.
    projects = organizations::projects(org: OrganizationId) -> Vec<ProjectRow>;
    /// The query `organizations::insert_project`.
    insert_project = organizations::insert_project(row: &ProjectRow) -> ();
    /// Writes what may change of a project.
    update_project = organizations::update_project(row: &ProjectRow) -> ();
    /// Writes the name of an organization.
    rename_organization = organizations::rename(org: OrganizationId, name: &str) -> ();
    /// The query `scim_groups::by_id`.
    scim_group = scim_groups::by_id(org: OrganizationId, connection: ConnectionId, id: ScimGroupId) -> Option<ScimGroupRow>;
    /// The query `scim_groups::by_name`.
    scim_group_by_name = scim_groups::by_name(org: OrganizationId, connection: ConnectionId, folded: &str) -> Option<ScimGroupRow>;
    /// The groups that carry an externalId: two are enough to know that it tells none apart.
    scim_groups_by_external_id = scim_groups::by_external_id(org: OrganizationId, connection: ConnectionId, external_id: &str) -> Vec<ScimGroupRow>;
    /// The groups of these ids, of whichever connection.
    scim_groups_by_ids = scim_groups::by_ids(org: OrganizationId, ids: &[ScimGroupId]) -> Vec<ScimGroupRow>;
    /// Which of these ids are Groups of the connection.
    known_scim_groups = scim_groups::known(org: OrganizationId, connection: ConnectionId, ids: &[ScimGroupId]) -> Vec<ScimGroupId>;
    /// The query `scim_groups::insert`.
    insert_scim_group = scim_groups::insert(row: &ScimGroupRow) -> ();
    /// The query `scim_groups::update`.
    update_scim_group = scim_groups::update(row: &ScimGroupRow) -> ();
    /// Raises the version of groups whose members changed from outside.
    bump_scim_groups = scim_groups::bump(org: OrganizationId, ids: &[ScimGroupId], at: Time) -> ();
    /// The query `scim_groups::delete`.
    delete_scim_group = scim_groups::delete(org: OrganizationId, id: ScimGroupId) -> usize;
    /// Whether the connection has more groups than so many, whatever is searched.
    groups_exceed = scim_groups::exceed(search: &Search, limit: i64) -> bool;
    /// The query `scim_groups::count`.
    count_scim_groups = scim_groups::count(search: &Search) -> i64;
    /// The query `scim_groups::page`.
    scim_group_page = scim_groups::page(search: &Search, offset: i64, limit: i64) -> Vec<ScimGroupRow>;
    /// The query `scim_groups::keys`.
    scim_group_keys = scim_groups::keys(search: &Search, limit: i64) -> Vec<SortKey>;
    /// The query `scim_groups::key`.
    scim_group_key = scim_groups::key(search: &Search, id: ScimGroupId) -> Option<String>;
    /// Adds members; answers those that were not there before.
    add_members = scim_members::add(org: OrganizationId, group: ScimGroupId, members: &[(AnyId, bool)], at: Time) -> Vec<AnyId>;
    /// Removes members; answers those that were there.
    remove_members = scim_members::remove(org: OrganizationId, group: ScimGroupId, members: &[AnyId]) -> Vec<AnyId>;
    /// Removes every member; answers who they were.
    remove_all_members = scim_members::remove_all(org: OrganizationId, group: ScimGroupId) -> Vec<AnyId>;
    /// A group's members, in the order of their ids.
    members_of = scim_members::of_group(org: OrganizationId, group: ScimGroupId) -> Vec<(AnyId, bool)>;
    /// The members of several groups, each with the name that its resource shows.
    groups_in_groups = scim_members::groups_in(org: OrganizationId, groups: &[ScimGroupId]) -> BTreeSet<AnyId>;
    /// The query `scim_members::of_groups`.
    members_of_groups = scim_members::of_groups(org: OrganizationId, groups: &[ScimGroupId]) -> Vec<(ScimGroupId, AnyId, bool, Option<String>)>;
    /// Which of these ids are Users of the connection, and the names that they show.
    scim_user_names = scim_users::names(org: OrganizationId, connection: ConnectionId, ids: &[ScimUserId]) -> Vec<(ScimUserId, Option<String>)>;
    /// Groups in which any of these is a member, each with the member.
    groups_of = scim_members::groups_of(org: OrganizationId, members: &[AnyId]) -> Vec<(AnyId, ScimGroupId, String)>;
    /// Takes a resource out of every group; answers the groups it was in.
    leave_all_groups = scim_members::leave_all(org: OrganizationId, member: AnyId) -> Vec<ScimGroupId>;
    /// How many members each of these groups has; one without members is not told.
    member_counts = scim_members::counts(org: OrganizationId, groups: &[ScimGroupId]) -> Vec<(ScimGroupId, i64)>;
    /// The query `scim_groups::of_connection`.
    scim_groups_of_connection = scim_groups::of_connection(org: OrganizationId, connection: ConnectionId) -> Vec<ScimGroupRow>;
    /// The query `scim_users::people_of`.
    scim_people_of_connection = scim_users::people_of(org: OrganizationId, connection: ConnectionId) -> Vec<UserId>;
    /// The people who are direct members of a group.
    people_of_group = scim_members::people_of(org: OrganizationId, group: ScimGroupId) -> Vec<(ScimUserId, UserId)>;
    /// The query `scim_users::by_id`.
    scim_user = scim_users::by_id(org: OrganizationId, connection: ConnectionId, id: ScimUserId) -> Option<ScimUserRow>;
    /// The query `scim_users::by_user_name`.
    scim_user_by_name = scim_users::by_user_name(org: OrganizationId, connection: ConnectionId, folded: &str) -> Option<ScimUserRow>;
    /// The resources that carry an externalId: two are enough to know that it tells nobody apart.
    scim_users_by_external_id = scim_users::by_external_id(org: OrganizationId, connection: ConnectionId, external_id: &str) -> Vec<ScimUserRow>;
    /// The resources of one person, in every connection.
    scim_users_of = scim_users::of_user(org: OrganizationId, user: UserId) -> Vec<ScimUserRow>;
    /// Which connections hold a resource of which of these people, and the resource.
    scim_links_of = scim_users::links_of(org: OrganizationId, users: &[UserId]) -> Vec<(UserId, ConnectionId, ScimUserId)>;
    /// Which of these ids are Users of the connection, and whose they are.
    known_scim_users = scim_users::known(org: OrganizationId, connection: ConnectionId, ids: &[ScimUserId]) -> Vec<(ScimUserId, Option<UserId>)>;
    /// The query `scim_users::insert`.
    insert_scim_user = scim_users::insert(row: &ScimUserRow) -> ();
    /// The query `scim_users::update`.
    update_scim_user = scim_users::update(row: &ScimUserRow) -> ();
    /// Writes what a directory said anew, where nothing of it is what resources are looked up by.
    update_scim_user_said = scim_users::update_said(row: &ScimUserRow) -> ();
    /// The query `scim_users::delete`.
    delete_scim_user = scim_users::delete(org: OrganizationId, id: ScimUserId) -> usize;
    /// Replaces the rows of the multi-valued attributes.
    replace_scim_values = scim_users::replace_values(org: OrganizationId, id: ScimUserId, rows: &[ScimValueRow]) -> ();
    /// The query `scim_users::insert_values`.
    insert_scim_values = scim_users::insert_values(rows: &[ScimValueRow]) -> ();
    /// Whether the connection has more users than so many, whatever is searched.
    users_exceed = scim_users::exceed(search: &Search, limit: i64) -> bool;
    /// The query `scim_users::count`.
    count_scim_users = scim_users::count(search: &Search) -> i64;
    /// The query `scim_users::keys`.
    scim_user_keys = scim_users::keys(search: &Search, limit: i64) -> Vec<SortKey>;
    /// The query `scim_users::key`.
    scim_user_key = scim_users::key(search: &Search, id: ScimUserId) -> Option<String>;
    /// The users of these ids, of whichever connection.
    scim_users_by_ids = scim_users::by_ids(org: OrganizationId, ids: &[ScimUserId]) -> Vec<ScimUserRow>;
    /// The query `sessions::insert`.
    insert_session = sessions::insert(row: &SessionRow) -> ();
    /// The session of this cookie, in whichever organization: the credential tells it.
    session_by_hash = sessions::by_hash(hash: &Hash) -> Option<SessionRow>;
    /// The query `sessions::by_id`.
    session = sessions::by_id(org: OrganizationId, id: SessionId) -> Option<SessionRow>;
    /// The query `sessions::live_of`.
    live_sessions_of = sessions::live_of(org: OrganizationId, user: UserId, now: Time) -> Vec<SessionRow>;
    /// The live sessions that were made through a connection.
    live_sessions_through = sessions::live_through(org: OrganizationId, connection: ConnectionId, now: Time) -> Vec<SessionRow>;
    /// The query `sessions::touch`.
    touch_session = sessions::touch(org: OrganizationId, id: SessionId, at: Time) -> ();
    /// Starts a session that waited for its person's yes; `false` where it waits no longer.
    start_session = sessions::start(org: OrganizationId, id: SessionId, hash: &Hash, at: Time, waiting: &str, chain: Option<SessionId>) -> bool;
    /// Gives up sessions that wait for their person's yes.
    give_up_sessions = sessions::give_up(org: OrganizationId, whose: Whose, waiting: &[&str], cause: &str) -> ();
    /// The live sessions of these chains.
    live_sessions_chained = sessions::live_chained(org: OrganizationId, chains: &[SessionId], now: Time) -> Vec<SessionRow>;
    /// Takes a session out of its browser: from now on only this hash, which no cookie has, means it.
    retire_session = sessions::retire(org: OrganizationId, id: SessionId, hash: &Hash, chain: SessionId) -> ();
    /// Ends sessions, and with them every code made from them that was not used yet and every refresh
    /// token.
    end_sessions = sessions::end(org: OrganizationId, ids: &[SessionId], at: Time, cause: &str) -> ();
    /// The apps that got a code of one of these sessions and are to hear of its end.
    apps_to_tell = sessions::apps_to_tell(org: OrganizationId, ids: &[SessionId]) -> Vec<(SessionId, AppId, String)>;
    /// The query `sessions::insert_code`.
    insert_code = sessions::insert_code(row: &CodeRow) -> ();
    /// The code of this hash, in whichever organization.
    code_by_hash = sessions::code_by_hash(hash: &Hash) -> Option<CodeRow>;
    /// Uses a code up; `false` where it was used before.
    use_code = sessions::use_code(org: OrganizationId, id: CodeId, at: Time) -> bool;
    /// The token of this hash, in whichever organization: the credential tells the organization.
    scim_token = tokens::by_hash(hash: &Hash) -> Option<(ScimTokenRow, Stamp)>;
    /// The query `tokens::insert`.
    insert_scim_token = tokens::insert(row: &ScimTokenRow) -> ();
    /// Forgets tokens that were revoked or expired before then, of every organization.
    forget_scim_tokens = tokens::forget(before: Time) -> usize;
    /// Tokens, of every organization, that end before then and were not revoked.
    scim_tokens_ending = tokens::ending(before: Time, after: Option<ScimTokenId>, limit: i64) -> Vec<ScimTokenRow>;
    /// The query `tokens::list`.
    scim_tokens = tokens::list(org: OrganizationId, connection: ConnectionId) -> Vec<ScimTokenRow>;
    /// The query `tokens::revoke`.
    revoke_scim_token = tokens::revoke(org: OrganizationId, id: ScimTokenId, at: Time) -> usize;
    /// The query `tokens::touch`.
    touch_scim_token = tokens::touch(org: OrganizationId, id: ScimTokenId, at: Time) -> ();
    /// The query `tokens::key_by_hash`.
    api_key = tokens::key_by_hash(hash: &Hash) -> Option<ApiKeyRow>;
    /// The query `tokens::insert_key`.
    insert_api_key = tokens::insert_key(row: &ApiKeyRow) -> ();
    /// The query `tokens::touch_key`.
    touch_api_key = tokens::touch_key(id: ApiKeyId, at: Time) -> ();
    /// The keys of an organization, or of the operator, in the order of ids.
    api_keys = tokens::keys(org: Option<OrganizationId>) -> Vec<ApiKeyRow>;
    /// A key of an organization, or of the operator.
    api_key_by_id = tokens::key(org: Option<OrganizationId>, id: ApiKeyId) -> Option<ApiKeyRow>;
    /// The query `tokens::revoke_key`.
    revoke_api_key = tokens::revoke_key(id: ApiKeyId, at: Time) -> ();
    /// The query `users::insert`.
    insert_user = users::insert(row: &UserRow) -> ();
    /// The query `users::update`.
    update_user = users::update(row: &UserRow) -> ();
    /// The query `users::by_id`.
    user = users::by_id(org: OrganizationId, id: UserId) -> Option<UserRow>;
    /// The living person whose sign-in address this is.
    user_by_email = users::by_email(org: OrganizationId, norm: &str) -> Option<UserRow>;
    /// Tombstones that a connection's directory left, by the last externalId.
    tombstones = users::tombstones(org: OrganizationId, connection: ConnectionId, external_id: &str) -> Vec<UserRow>;
    /// Tombstones that a connection's directory left, by the last userName or the address.
    tombstones_of = users::tombstones_of(org: OrganizationId, connection: ConnectionId, user_name_folded: &str, email_norm: Option<&str>) -> Vec<UserRow>;
    /// The query `users::list`.
    users = users::list(org: OrganizationId, after: Option<UserId>, limit: i64) -> Vec<UserRow>;
    /// People in the order of their ids: those with an address, those who are something now.
    wanted_users = users::wanted(org: OrganizationId, email_norm: Option<&str>, state: Option<UserState>, after: Option<UserId>, limit: i64) -> Vec<UserRow>;
    /// The query `users::by_ids`.
    users_by_ids = users::by_ids(org: OrganizationId, ids: &[UserId]) -> Vec<UserRow>;
    /// People in any organization who wait for their directory since before then.
    overdue_users = users::overdue(since: Time, limit: i64) -> Vec<(OrganizationId, UserId)>;
    /// Who holds the owner's title.
    owner_of = users::owner(org: OrganizationId) -> Option<UserRow>;
    /// Ids of the people whom a connection manages.
    users_managed_by = users::managed_by(org: OrganizationId, connection: ConnectionId) -> Vec<UserId>;
    /// The query `users::projects_of`.
    user_projects = users::projects_of(org: OrganizationId, ids: &[UserId]) -> Vec<UserProjectRow>;
    /// The query `users::replace_projects`.
    replace_user_projects = users::replace_projects(org: OrganizationId, ids: &[UserId], rows: &[UserProjectRow]) -> ();
}
