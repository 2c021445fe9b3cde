//! The admin API under `/api/v1`: JSON, problems (RFC 9457), bearer keys. Each operation declares
//! the scope that it asks for, and the OpenAPI document is generated from these very handlers.
//!
//! Every route of the API is added by `routes!`, so that none is missing in the document: the
//! credential matrix of the suite walks the document and tries every operation.

pub(in crate::http) mod apps;
pub mod asked;
pub(in crate::http) mod audit;
pub(in crate::http) mod break_glass;
pub(in crate::http) mod by_hand;
pub(in crate::http) mod conditional;
pub mod connections;
pub(in crate::http) mod created;
mod docs;
pub(in crate::http) mod domains;
pub mod events;
pub(in crate::http) mod groups;
pub(in crate::http) mod idempotency;
pub mod imports;
pub mod invitations;
pub(in crate::http) mod keys;
pub(in crate::http) mod link_confirmations;
pub(in crate::http) mod links;
pub(in crate::http) mod mapping_changes;
pub mod mappings;
mod openapi;
pub mod organizations;
pub(in crate::http) mod ownership;
pub mod paging;
pub mod policy;
pub(in crate::http) mod projects;
pub mod rated;
pub(in crate::http) mod recomputes;
pub(in crate::http) mod roles;
pub(in crate::http) mod safeguards;
pub(in crate::http) mod schemas;
pub mod scim_requests;
pub(in crate::http) mod setup_links;
pub mod share_hook;
pub(in crate::http) mod sign_ins;
pub(in crate::http) mod signing_keys;
pub(in crate::http) mod timeline;
pub mod tokens;
pub(in crate::http) mod upload;
pub mod user_data;
pub(in crate::http) mod user_sessions;
pub(in crate::http) mod users;
pub(in crate::http) mod users_file;
pub(in crate::http) mod webhooks;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::Gateway;

/// The admin API and the pages that describe it.
pub fn routes() -> Router<Gateway> {
    let (api, _) = described().split_for_parts();
    Router::new()
        .merge(api)
        .route("/docs", get(docs::operations))
        .route("/problems/{slug}", get(docs::problem))
}

/// The description of the admin API (OpenAPI 3.1), generated from its router.
pub fn openapi() -> OpenApi {
    openapi::completed(described().into_openapi())
}

fn described() -> OpenApiRouter<Gateway> {
    let operations = OpenApiRouter::new()
        .routes(routes!(openapi::document))
        .routes(routes!(policy::show, policy::replace))
        .routes(routes!(schemas::list))
        .routes(routes!(schemas::show, schemas::register, schemas::remove))
        .routes(routes!(
            share_hook::show,
            share_hook::set,
            share_hook::remove
        ))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::many::many))
        .routes(routes!(invitations::many::revoke_of_inviter))
        .routes(routes!(invitations::show, invitations::actions::change))
        .routes(routes!(invitations::actions::resend))
        .routes(routes!(invitations::actions::extend))
        .routes(routes!(invitations::actions::revoke))
        .routes(routes!(invitations::address::decide))
        .routes(routes!(invitations::shared::share))
        .routes(routes!(invitations::shared::verify))
        .routes(routes!(domains::list, domains::add))
        .routes(routes!(domains::show, domains::remove))
        .routes(routes!(domains::verify))
        .routes(routes!(tokens::list, tokens::issue))
        .routes(routes!(tokens::show))
        .routes(routes!(tokens::revoke))
        .routes(routes!(groups::list))
        .routes(routes!(groups::show))
        .routes(routes!(groups::members))
        .routes(routes!(imports::list, imports::create))
        .routes(routes!(imports::template))
        .routes(routes!(imports::show))
        .routes(routes!(imports::revoke))
        .routes(routes!(scim_requests::list))
        .routes(routes!(scim_requests::counts))
        .routes(routes!(scim_requests::show))
        .routes(routes!(sign_ins::list))
        .routes(routes!(sign_ins::show))
        .routes(routes!(events::read))
        .routes(routes!(audit::read))
        .routes(routes!(audit::verification))
        .merge(of_connections())
        .merge(of_organizations())
        .merge(of_users())
        .merge(of_mappings())
        .merge(of_webhooks())
        .merge(of_safeguards())
        .merge(of_links())
        .route_layer(middleware::from_fn(asked::takes_json))
        .route_layer(middleware::from_fn(conditional::judged));
    // Files, whose answer is no JSON.
    let files = OpenApiRouter::new()
        .routes(routes!(imports::template_file))
        .routes(routes!(imports::result_file))
        .routes(routes!(users_file::download));
    OpenApiRouter::with_openapi(openapi::frame()).nest("/api/v1", operations.merge(files))
}

fn of_connections() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(connections::list, connections::write::create))
        .routes(routes!(connections::show, connections::write::update))
        .routes(routes!(connections::write::pause))
        .routes(routes!(connections::write::resume))
        .routes(routes!(connections::write::confirm_owner))
        .routes(routes!(connections::keys::list))
        .routes(routes!(connections::keys::add))
        .routes(routes!(connections::keys::switch))
        .routes(routes!(connections::keys::drop))
        .routes(routes!(connections::lint::lint))
        .routes(routes!(connections::metadata::show))
        .routes(routes!(connections::metadata::refresh))
        .routes(routes!(connections::metadata::apply))
        .routes(routes!(connections::metadata::dismiss))
        .routes(routes!(connections::removal::preview))
        .routes(routes!(connections::removal::apply))
        .routes(routes!(setup_links::list, setup_links::create))
        .routes(routes!(setup_links::show))
        .routes(routes!(setup_links::revoke))
}

fn of_organizations() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(organizations::list, organizations::create))
        .routes(routes!(organizations::show, organizations::rename))
        .routes(routes!(roles::list, roles::create))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::show, projects::update))
        .routes(routes!(keys::list, keys::issue))
        .routes(routes!(keys::show))
        .routes(routes!(keys::revoke))
        .routes(routes!(keys::list_operator, keys::issue_operator))
        .routes(routes!(keys::show_operator))
        .routes(routes!(keys::revoke_operator))
        .routes(routes!(signing_keys::list))
        .routes(routes!(signing_keys::rotate))
        .routes(routes!(apps::list, apps::create))
        .routes(routes!(apps::show, apps::update))
        .routes(routes!(apps::rotate_secret))
        .routes(routes!(apps::revoke))
}

fn of_safeguards() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(safeguards::list))
        .routes(routes!(safeguards::show))
        .routes(routes!(safeguards::approve))
        .routes(routes!(safeguards::reject))
        .routes(routes!(safeguards::apply_person))
        .routes(routes!(safeguards::plan))
        .routes(routes!(safeguards::drift))
        .routes(routes!(safeguards::holdings))
        .routes(routes!(safeguards::preview_undo))
        .routes(routes!(safeguards::undo))
}

fn of_links() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(links::list))
        .routes(routes!(links::show))
        .routes(routes!(links::approve))
        .routes(routes!(links::reject))
        .routes(routes!(links::relocate))
        .routes(routes!(link_confirmations::list))
        .routes(routes!(link_confirmations::approve))
        .routes(routes!(link_confirmations::refuse))
        .routes(routes!(ownership::list, ownership::begin))
        .routes(routes!(ownership::show))
        .routes(routes!(ownership::cancel))
        .routes(routes!(ownership::confirm))
        .routes(routes!(break_glass::show, break_glass::open))
        .routes(routes!(break_glass::close))
}

fn of_users() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(users::list))
        .routes(routes!(users::show))
        .routes(routes!(users::explain))
        .routes(routes!(timeline::read))
        .routes(routes!(by_hand::set_role))
        .routes(routes!(by_hand::set_override, by_hand::end_override))
        .routes(routes!(by_hand::restore))
        .routes(routes!(by_hand::suspend))
        .routes(routes!(by_hand::reactivate))
        .routes(routes!(user_sessions::list))
        .routes(routes!(user_sessions::revoke))
        .routes(routes!(user_sessions::revoke_all))
        .routes(routes!(user_data::export))
        .routes(routes!(user_data::erase))
}

fn of_mappings() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(mappings::list, mapping_changes::add))
        .routes(routes!(mapping_changes::preview))
        .routes(routes!(mapping_changes::apply))
        .routes(routes!(
            mappings::show,
            mapping_changes::change,
            mapping_changes::remove
        ))
        .routes(routes!(mapping_changes::default_role))
        .routes(routes!(roles::show, roles::rename, roles::remove))
        .routes(routes!(recomputes::list))
        .routes(routes!(recomputes::show))
}

fn of_webhooks() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::enable))
        .routes(routes!(webhooks::deliveries::list))
        .routes(routes!(webhooks::deliveries::test))
        .routes(routes!(webhooks::deliveries::redeliver))
}
