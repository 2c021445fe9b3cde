//! What stands behind a session or a subject: asked for together, since nobody wants the one without the other.

use diesel::dsl::AsSelect;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{Conn, Db};
use super::has::{HasGroups, HasProjects, HasWaivers, IsInactive};
use crate::id::{ConnectionId, OrganizationId, SessionId};
use crate::secret::Hash;
use crate::store::rows::{
    ConnectionRow, IdentityRow, SessionBehind, SessionRow, SubjectBehind, UserRow,
};
use crate::store::schema::{connections, identities, organizations, sessions, users};

/// Sessions with what stands behind them.
#[diesel::dsl::auto_type]
fn behind() -> _ {
    let theirs = users::org_id
        .eq(sessions::org_id)
        .and(users::id.eq(sessions::user_id));
    let through = connections::org_id
        .eq(sessions::org_id)
        .and(connections::id.nullable().eq(sessions::connection_id));
    let by = identities::org_id
        .eq(sessions::org_id)
        .and(identities::id.nullable().eq(sessions::identity_id));
    let session: AsSelect<SessionRow, Db> = super::whole();
    let user: AsSelect<UserRow, Db> = super::whole();
    let has_projects: HasProjects = HasProjects;
    let connection: AsSelect<Option<ConnectionRow>, Db> = super::whole();
    let link: AsSelect<Option<IdentityRow>, Db> = super::whole();
    sessions::table
        .inner_join(users::table.on(theirs))
        .inner_join(organizations::table.on(organizations::id.eq(sessions::org_id)))
        .left_join(connections::table.on(through))
        .left_join(identities::table.on(by))
        .select((
            session,
            user,
            has_projects,
            connection,
            link,
            organizations::settings_stamp,
        ))
}

/// The session of this cookie, in whichever organization: the credential tells it.
pub(crate) async fn session_by_hash(
    conn: &mut Conn,
    hash: &Hash,
) -> QueryResult<Option<SessionBehind>> {
    let find = behind().filter(sessions::hash.eq(hash.to_vec()));
    find.first(conn).await.optional()
}

pub(crate) async fn session(
    conn: &mut Conn,
    org: OrganizationId,
    id: SessionId,
) -> QueryResult<Option<SessionBehind>> {
    let find = behind()
        .filter(sessions::org_id.eq(org))
        .filter(sessions::id.eq(id));
    find.first(conn).await.optional()
}

/// A subject of a connection.
pub(crate) async fn subject(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    subject_key: &str,
) -> QueryResult<Option<SubjectBehind>> {
    let theirs = users::org_id
        .eq(identities::org_id)
        .and(users::id.eq(identities::user_id));
    let find = identities::table
        .inner_join(users::table.on(theirs))
        .filter(identities::org_id.eq(org))
        .filter(identities::connection_id.eq(connection))
        .filter(identities::subject_key.eq(subject_key.to_owned()))
        .select((
            super::whole::<IdentityRow>(),
            super::whole::<UserRow>(),
            (HasWaivers, IsInactive, HasGroups),
        ));
    find.first(conn).await.optional()
}
