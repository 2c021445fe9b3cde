//! Applications behind Usher. They belong to the operator and list the organizations they serve.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{AppId, OrganizationId};
use crate::secret::Hash;
use crate::store::rows::AppRow;
use crate::store::schema::{
    app_assertions, app_launch_urls, app_organizations, app_post_logout_redirect_uris,
    app_redirect_uris, apps, organizations,
};
use crate::store::types::{AppList, Time};

pub(crate) async fn insert(conn: &mut Conn, row: &AppRow) -> QueryResult<()> {
    diesel::insert_into(apps::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn add_redirect_uri(conn: &mut Conn, id: AppId, uri: &str) -> QueryResult<()> {
    let values = (
        app_redirect_uris::app_id.eq(id),
        app_redirect_uris::uri.eq(uri.to_owned()),
    );
    let insert = diesel::insert_into(app_redirect_uris::table).values(values);
    insert.on_conflict_do_nothing().later(conn).await
}

pub(crate) async fn add_post_logout_redirect_uri(
    conn: &mut Conn,
    id: AppId,
    uri: &str,
) -> QueryResult<()> {
    let values = (
        app_post_logout_redirect_uris::app_id.eq(id),
        app_post_logout_redirect_uris::uri.eq(uri.to_owned()),
    );
    let insert = diesel::insert_into(app_post_logout_redirect_uris::table).values(values);
    insert.on_conflict_do_nothing().later(conn).await
}

pub(crate) async fn add_launch_url(conn: &mut Conn, id: AppId, url: &str) -> QueryResult<()> {
    let values = (
        app_launch_urls::app_id.eq(id),
        app_launch_urls::url.eq(url.to_owned()),
    );
    let insert = diesel::insert_into(app_launch_urls::table).values(values);
    insert.on_conflict_do_nothing().later(conn).await
}

pub(crate) async fn add_organization(
    conn: &mut Conn,
    id: AppId,
    org: OrganizationId,
) -> QueryResult<()> {
    let values = (
        app_organizations::app_id.eq(id),
        app_organizations::org_id.eq(org),
    );
    let insert = diesel::insert_into(app_organizations::table).values(values);
    insert.on_conflict_do_nothing().later(conn).await
}

pub(crate) async fn by_client_id(conn: &mut Conn, client_id: &str) -> QueryResult<Option<AppRow>> {
    // PostgreSQL's text has no null character: no such app is there.
    if client_id.contains('\0') {
        return Ok(None);
    }
    let find = apps::table
        .filter(apps::client_id.eq(client_id.to_owned()))
        .filter(apps::revoked_at.is_null())
        .select(super::whole::<AppRow>());
    find.first(conn).await.optional()
}

/// The app of this client id, revoked or not; its row is held until the transaction ends, so that of two
/// who change it the second sees what the first did.
pub(crate) async fn take(conn: &mut Conn, client_id: &str) -> QueryResult<Option<AppRow>> {
    if client_id.contains('\0') {
        return Ok(None);
    }
    let this = || apps::table.filter(apps::client_id.eq(client_id.to_owned()));
    let held = kept(diesel::update(this()).set(apps::name.eq(apps::name)))
        .execute(conn)
        .await?;
    if held == 0 {
        return Ok(None);
    }
    this()
        .select(super::whole::<AppRow>())
        .first(conn)
        .await
        .optional()
}

/// All apps, those that are revoked too, oldest first: an operator has a few.
pub(crate) async fn all(conn: &mut Conn) -> QueryResult<Vec<AppRow>> {
    let all = apps::table.select(super::whole::<AppRow>()).order(apps::id);
    all.load(conn).await
}

/// Writes an app's row, whose lists are their own.
pub(crate) async fn update(conn: &mut Conn, row: &AppRow) -> QueryResult<()> {
    kept(diesel::update(apps::table.find(row.id)).set(row.clone()))
        .later(conn)
        .await
}

/// Empties a list of an app.
pub(crate) async fn clear(conn: &mut Conn, id: AppId, list: AppList) -> QueryResult<()> {
    let cleared = match list {
        AppList::LaunchUrls => {
            let rows = app_launch_urls::table.filter(app_launch_urls::app_id.eq(id));
            diesel::delete(rows).execute(conn).await
        }
        AppList::Organizations => {
            let rows = app_organizations::table.filter(app_organizations::app_id.eq(id));
            diesel::delete(rows).execute(conn).await
        }
        AppList::PostLogoutRedirectUris => {
            let rows = app_post_logout_redirect_uris::table
                .filter(app_post_logout_redirect_uris::app_id.eq(id));
            diesel::delete(rows).execute(conn).await
        }
        AppList::RedirectUris => {
            let rows = app_redirect_uris::table.filter(app_redirect_uris::app_id.eq(id));
            diesel::delete(rows).execute(conn).await
        }
    };
    cleared.map(drop)
}

/// The organizations on an app's list, with their slugs.
pub(crate) async fn organizations(
    conn: &mut Conn,
    id: AppId,
) -> QueryResult<Vec<(OrganizationId, String)>> {
    let listed = app_organizations::table
        .inner_join(organizations::table.on(organizations::id.eq(app_organizations::org_id)))
        .filter(app_organizations::app_id.eq(id))
        .select((organizations::id, organizations::slug))
        .order(organizations::id);
    listed.load(conn).await
}

pub(crate) async fn by_id(conn: &mut Conn, id: AppId) -> QueryResult<Option<AppRow>> {
    apps::table
        .find(id)
        .filter(apps::revoked_at.is_null())
        .select(super::whole::<AppRow>())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn redirect_uris(conn: &mut Conn, id: AppId) -> QueryResult<Vec<String>> {
    app_redirect_uris::table
        .filter(app_redirect_uris::app_id.eq(id))
        .select(app_redirect_uris::uri)
        .order(app_redirect_uris::uri)
        .load(conn)
        .await
}

pub(crate) async fn post_logout_redirect_uris(
    conn: &mut Conn,
    id: AppId,
) -> QueryResult<Vec<String>> {
    app_post_logout_redirect_uris::table
        .filter(app_post_logout_redirect_uris::app_id.eq(id))
        .select(app_post_logout_redirect_uris::uri)
        .order(app_post_logout_redirect_uris::uri)
        .load(conn)
        .await
}

pub(crate) async fn launch_urls(conn: &mut Conn, id: AppId) -> QueryResult<Vec<String>> {
    app_launch_urls::table
        .filter(app_launch_urls::app_id.eq(id))
        .select(app_launch_urls::url)
        .order(app_launch_urls::url)
        .load(conn)
        .await
}

/// The app, where it serves the organization; one that is revoked serves none.
#[diesel::dsl::auto_type]
fn that_serves(id: AppId, org: OrganizationId) -> _ {
    let listed = app_organizations::table
        .filter(app_organizations::app_id.eq(apps::id))
        .filter(app_organizations::org_id.eq(org));
    apps::table
        .filter(apps::id.eq(id))
        .filter(apps::revoked_at.is_null())
        .filter(apps::all_organizations.eq(true).or(exists(listed)))
}

/// Whether the app serves the organization.
pub(crate) async fn serves(conn: &mut Conn, id: AppId, org: OrganizationId) -> QueryResult<bool> {
    let serving = that_serves(id, org).select(apps::id);
    let serving: Option<AppId> = serving.first(conn).await.optional()?;
    Ok(serving.is_some())
}

/// The app, where it serves the organization.
pub(crate) async fn one_serving(
    conn: &mut Conn,
    id: AppId,
    org: OrganizationId,
) -> QueryResult<Option<AppRow>> {
    let serving = that_serves(id, org).select(super::whole::<AppRow>());
    serving.first(conn).await.optional()
}

/// The first apps that serve the organization: two are enough to know that it is not one.
pub(crate) async fn serving(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<AppRow>> {
    let listed = app_organizations::table
        .filter(app_organizations::org_id.eq(org))
        .select(app_organizations::app_id);
    apps::table
        .filter(apps::all_organizations.eq(true).or(apps::id.eq_any(listed)))
        .filter(apps::revoked_at.is_null())
        .select(super::whole::<AppRow>())
        .order(apps::id)
        .limit(2)
        .load(conn)
        .await
}

/// Remembers that an app used an assertion; `false` where it did before.
pub(crate) async fn use_assertion(
    conn: &mut Conn,
    id: AppId,
    jti: &Hash,
    until: Time,
) -> QueryResult<bool> {
    let values = (
        app_assertions::app_id.eq(id),
        app_assertions::jti.eq(jti.to_vec()),
        app_assertions::expires_at.eq(until),
    );
    let insert = diesel::insert_into(app_assertions::table).values(values);
    let inserted = insert.on_conflict_do_nothing().execute(conn).await?;
    Ok(inserted == 1)
}

/// Forgets assertions that nobody would take any more.
pub(crate) async fn forget_assertions(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let over = app_assertions::table.filter(app_assertions::expires_at.lt(before));
    diesel::delete(over).execute(conn).await
}
