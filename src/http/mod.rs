//! The doors: every route of the product, on one screen. A handler extracts, calls once and
//! replies; each family of routes says no in its own dialect ([`reply`]).

pub mod admin;
pub mod auth;
mod body;
mod break_glass;
mod client;
mod confirm_link;
pub(in crate::http) mod console;
mod decide;
pub mod join;
pub mod layers;
pub mod oidc;
mod rates;
pub mod reply;
pub mod saml;
pub mod scim;
mod setup;
pub mod signed_in;
pub mod state;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

pub use state::{Gateway, RequestId, TrustedProxies};

/// The router of the whole product.
pub fn router(gateway: Gateway) -> Router {
    let once = from_fn_with_state(gateway.clone(), admin::idempotency::once);
    let routes = Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .merge(scim::routes())
        .merge(saml::routes())
        .merge(oidc::routes())
        .merge(signed_in::routes())
        .merge(join::routes())
        .merge(decide::routes())
        .merge(confirm_link::routes())
        .merge(break_glass::routes())
        .merge(console::routes())
        .merge(setup::routes())
        .merge(admin::routes().layer(once))
        .fallback(reply::page::not_found)
        .with_state(gateway.clone());
    layers::around(routes, gateway)
}

mod health;
