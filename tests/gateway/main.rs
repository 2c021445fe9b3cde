//! The suite: one binary, the real router called in-process over a real store. Without
//! `TEST_DATABASE_URL` every test has an SQLite file of its own, with it a PostgreSQL schema.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected is to fail there, and tells its whole story"
)]

mod becoming_admin;
mod harness;

mod admin;
mod again;
mod alerts;
mod api_conventions;
mod app_keys;
mod app_life;
mod audit;
mod bounds;
mod break_glass;
mod by_hand;
mod config;
mod config_code;
mod conformance;
mod connection_api;
mod connection_commands;
mod connection_demands;
mod connection_end;
mod connection_removal;
mod console;
mod console_bounds;
mod console_more;
mod credentials;
mod demo;
mod domain_looks;
mod domains;
mod erase;
mod fixtures;
mod glances;
mod group_rules;
mod guide_commands;
mod house;
mod idempotency;
mod import;
mod inspect;
mod interplay;
mod invitations;
mod join;
mod join_address;
mod join_click;
mod join_override;
mod join_shared;
mod link_confirmations;
mod links;
mod lint;
mod logout;
mod logout_tokens;
mod memory;
mod metadata_refresh;
mod migrations;
mod model;
mod not_waited_for;
mod oauth_clients;
mod oidc;
mod oidc_attacks;
mod outbox;
mod owner;
mod owner_recovery;
mod ownership;
mod person_events;
mod plan_apply;
mod plans;
mod rates;
mod recompute;
mod refresh;
mod request_commands;
mod request_log;
mod role_properties;
mod role_removal;
mod safeguards;
mod saml_acs;
mod saml_confirm;
mod saml_demands;
mod saml_keys;
mod saml_large;
mod saml_link;
mod saml_slo;
mod saml_start;
mod scim_bulk;
mod scim_cost;
mod scim_filter;
mod scim_groups;
mod scim_large;
mod scim_patch;
mod scim_races;
mod scim_schemas;
mod scim_search;
mod scim_users;
mod scim_walk;
mod semantics;
mod settings_api;
mod setup_links;
mod share_api;
mod share_commands;
mod share_post;
mod side_by_side;
mod sign_ins;
mod signing_keys;
mod tables;
mod tenancy;
mod undo_import;
mod user_data_commands;
mod waiting;
mod webhooks;
