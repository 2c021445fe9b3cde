//! The queries of the applications behind.

use crate::id::{AppId, OrganizationId};
use crate::secret::Hash;
use crate::store::rows::AppRow;
use crate::store::tx::ops;
use crate::store::types::{AppList, Time};

ops! {
    /// The query `apps::insert`.
    insert_app = apps::insert(row: &AppRow) -> ();
    /// The query `apps::add_redirect_uri`.
    add_redirect_uri = apps::add_redirect_uri(id: AppId, uri: &str) -> ();
    /// The query `apps::add_post_logout_redirect_uri`.
    add_post_logout_redirect_uri = apps::add_post_logout_redirect_uri(id: AppId, uri: &str) -> ();
    /// The query `apps::add_launch_url`.
    add_launch_url = apps::add_launch_url(id: AppId, url: &str) -> ();
    /// The query `apps::add_organization`.
    add_app_organization = apps::add_organization(id: AppId, org: OrganizationId) -> ();
    /// The app of this client id, unless it is revoked.
    app_by_client_id = apps::by_client_id(client_id: &str) -> Option<AppRow>;
    /// The app, unless it is revoked.
    app = apps::by_id(id: AppId) -> Option<AppRow>;
    /// The query `apps::redirect_uris`.
    redirect_uris = apps::redirect_uris(id: AppId) -> Vec<String>;
    /// The query `apps::post_logout_redirect_uris`.
    post_logout_redirect_uris = apps::post_logout_redirect_uris(id: AppId) -> Vec<String>;
    /// The query `apps::launch_urls`.
    launch_urls = apps::launch_urls(id: AppId) -> Vec<String>;
    /// The app of this client id, revoked or not; its row is held until the transaction ends.
    take_app = apps::take(client_id: &str) -> Option<AppRow>;
    /// All apps, those that are revoked too, oldest first.
    apps = apps::all() -> Vec<AppRow>;
    /// Writes an app's row, whose lists are their own.
    update_app = apps::update(row: &AppRow) -> ();
    /// Empties a list of an app.
    clear_app_list = apps::clear(id: AppId, list: AppList) -> ();
    /// The organizations on an app's list, with their slugs.
    app_organizations = apps::organizations(id: AppId) -> Vec<(OrganizationId, String)>;
    /// Whether the app serves the organization; one that is revoked serves none.
    app_serves = apps::serves(id: AppId, org: OrganizationId) -> bool;
    /// The app, where it serves the organization.
    app_serving = apps::one_serving(id: AppId, org: OrganizationId) -> Option<AppRow>;
    /// The first apps that serve the organization: two are enough to know that it is not one.
    apps_serving = apps::serving(org: OrganizationId) -> Vec<AppRow>;
    /// Remembers that an app used an assertion; `false` where it did before.
    use_app_assertion = apps::use_assertion(id: AppId, jti: &Hash, until: Time) -> bool;
    /// Forgets assertions of apps that nobody would take any more.
    forget_app_assertions = apps::forget_assertions(before: Time) -> usize;
}
