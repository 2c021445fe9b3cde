//! The page of a connection: how it fares, what the identity provider is told, what it has shown, whom it trusts,
//! and all that may be done to it.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;

use crate::directory::connection::KeyState;
use crate::directory::lint::Finding;
use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::conditional::EntityTag;
use crate::http::admin::connections::{self, Connection, keys, lint, metadata};
use crate::http::admin::{scim_requests, sign_ins, tokens};
use crate::http::console::connection_change::posted;
use crate::http::console::connection_settings::filled;
use crate::http::console::connections::{Badge, Copied, JITS, PROFILES, given, states, values};
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists;
use crate::http::console::sparkline::Sparkline;
use crate::http::console::{Answer, Form, Frame, Section, Visitor};
use crate::http::reply::problem::Problem;
use crate::id::ConnectionId;
use crate::limits;
use crate::provisioning::metadata::Metadata;
use crate::provisioning::request_log::view::{RequestCount, ScimRequest};
use crate::provisioning::saml_keys::Shown as OwnKey;
use crate::provisioning::settings::tokens::Token;
use crate::provisioning::sign_in_log::SignIn;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/connections/{id}",
        get(shown).post(posted),
    )
}

const STRICTNESS: [(&str, &str); 2] = [
    (
        "lenient",
        "Lenient: what identity providers really send is understood",
    ),
    ("rfc", "To the letter of RFC 7643 and RFC 7644"),
];

const MODES: [(&str, &str); 2] = [
    (
        "authoritative",
        "Its groups come before what people granted by hand",
    ),
    ("additive", "Everything counts, and the highest role wins"),
];

const SAFEGUARDS: [(&str, &str); 3] = [
    ("observe", "Observe: it is done, and an alarm goes out"),
    (
        "hold",
        "Hold: what is beyond the limit waits for a decision",
    ),
    ("off", "Off: nobody watches"),
];

const REFRESHES: [(&str, &str); 3] = [
    ("propose", "It waits for a yes"),
    ("auto", "It is trusted at once"),
    ("off", "Nobody looks"),
];

const SIGNED: [(&str, &str); 4] = [
    ("any", "The response or the assertion"),
    ("assertion", "The assertion"),
    ("response", "The response"),
    ("both", "Both"),
];

const COMPARISONS: [(&str, &str); 4] = [
    ("exact", "One of them"),
    ("minimum", "As strong as one of them at least"),
    (
        "maximum",
        "As strong as can be, and no stronger than one of them",
    ),
    ("better", "Stronger than each of them"),
];

const KINDS: [(&str, &str); 2] = [
    ("bearer", "A token that lives until it ends or is revoked"),
    (
        "oauth_client",
        "An OAuth client that gets short-lived tokens",
    ),
];

const PROOFS: [(&str, &str); 5] = [
    ("", "By a secret, or by its keys where it has some"),
    ("client_secret", "By a secret, sent in either way"),
    (
        "client_secret_basic",
        "By a secret in the Authorization header",
    ),
    ("client_secret_post", "By a secret in the form"),
    ("private_key_jwt", "By an assertion that it signs"),
];

const SCOPES: [(&str, &str); 2] = [("read", "Read"), ("write", "Write")];

const REMAINS: [(&str, &str); 3] = [
    ("keep", "They stay, with the role that they have"),
    ("suspend", "They stay and are suspended"),
    ("delete", "They are suspended, and deleted after 30 days"),
];

/// What is to be said on the page beside what is there.
#[derive(Default)]
pub(super) struct Said {
    /// What was posted, and what is wrong with it.
    pub(super) form: Form,
    /// What the form of the settings says, where that is not what is set.
    pub(super) settings: Option<Form>,
    /// What was issued a moment ago and is shown this once.
    pub(super) issued: Vec<Copied>,
    /// What was just done.
    pub(super) notice: Option<&'static str>,
}

/// What came by a connection of late.
struct Traffic {
    requests: Vec<ScimRequest>,
    counts: Vec<RequestCount>,
    /// The same of a day, drawn; none where nothing was asked.
    chart: Option<Sparkline>,
    sign_ins: Vec<SignIn>,
}

#[derive(Template)]
#[template(path = "console/connection.html")]
struct Shown {
    /// What the page has read of it.
    tag: String,
    /// How many people it could sign in.
    could_sign_in: i64,
    frame: Frame,
    form: Form,
    settings: Form,
    it: Connection,
    states: Vec<Badge>,
    values: Vec<Copied>,
    issued: Vec<Copied>,
    findings: Vec<Finding>,
    tokens: Vec<Token>,
    /// When its SCIM client last came.
    asked_at: Option<Timestamp>,
    traffic: Traffic,
    metadata: Metadata,
    keys: Vec<OwnKey>,
    has_next_key: bool,
    has_retired_key: bool,
    /// What its people may hold where nothing else gives a role.
    default_roles: Vec<(String, String)>,
    /// What it may give at most.
    max_roles: Vec<(String, String)>,
    /// Minutes that a hold waits where nothing else is set, and at most.
    hold_minutes: i64,
    longest_hold: i64,
}

/// `GET .../connections/{id}`.
async fn shown(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = lists::form(query.as_deref());
    let said = Said {
        notice: notice(query.value("done")),
        ..Said::default()
    };
    draw(&visitor, (&slug, &id), said).await
}

/// The page.
pub(super) async fn draw(visitor: &Visitor, (slug, id): (&str, &str), said: Said) -> Answer {
    let path = || Path((slug.to_owned(), id.to_owned()));
    let Json(it) = connections::show(visitor.admin(), path()).await?;
    let Json(findings) = lint::lint(visitor.admin(), path()).await?;
    let all = Asked::of("limit=200")?;
    let Json(tokens) = tokens::list(visitor.admin(), path(), all).await?;
    let Json(metadata) = metadata::show(visitor.admin(), path()).await?;
    let Json(keys) = keys::list(visitor.admin(), path()).await?;
    let traffic = traffic(visitor, slug, it.id).await?;
    let max_roles = given(visitor, slug).await?;
    let usual = (String::new(), "What the organization gives".to_owned());
    let default_roles = std::iter::once(usual).chain(max_roles.iter().cloned());
    let has = |state| keys.data.iter().any(|key| key.state == state);
    let now = visitor.gateway.ids.clock().now();
    let status = if said.issued.is_empty() {
        said.form.status()
    } else {
        StatusCode::CREATED
    };
    let could_sign_in = connections::could_sign_in(&visitor.admin(), slug, it.id).await?;
    let shown = Shown {
        tag: EntityTag::of(&it).to_string(),
        could_sign_in,
        frame: Frame::of(visitor, slug, Section::Connections).saying(said.notice),
        form: said.form,
        settings: said.settings.unwrap_or_else(|| filled(&it)),
        states: states(&it, &traffic.counts, now),
        values: values(&it),
        issued: said.issued,
        findings: findings.data,
        asked_at: tokens.data.iter().filter_map(|it| it.last_used_at).max(),
        tokens: tokens.data,
        traffic,
        metadata,
        has_next_key: has(KeyState::Next),
        has_retired_key: has(KeyState::Retired),
        keys: keys.data,
        default_roles: default_roles.collect(),
        max_roles,
        hold_minutes: limits::SAFEGUARD_HOLD_MINUTES,
        longest_hold: limits::SAFEGUARD_LONGEST_HOLD_MINUTES,
        it,
    };
    Ok(page_with(status, &shown))
}

async fn traffic(visitor: &Visitor, slug: &str, id: ConnectionId) -> Result<Traffic, Problem> {
    let of = || Path(slug.to_owned());
    let few = format!("connection={id}&limit=5");
    let Json(requests) = scim_requests::list(visitor.admin(), of(), Asked::of(&few)?).await?;
    let Json(sign_ins) = sign_ins::list(visitor.admin(), of(), Asked::of(&few)?).await?;
    let span = Asked::of(&format!("connection={id}"))?;
    let Json(counted) = scim_requests::counts(visitor.admin(), of(), span).await?;
    let now = visitor.gateway.ids.clock().now();
    Ok(Traffic {
        requests: requests.data,
        chart: Sparkline::of(&counted.data, now),
        counts: counted.data,
        sign_ins: sign_ins.data,
    })
}

fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "apply" => "What is newly published is trusted from now on.",
        "confirm_owner" => "The owner may sign in through it.",
        "describe" => "What the metadata describe is trusted from now on.",
        "dismiss" => "What is trusted stays, and the same is not proposed again.",
        "key_add" => {
            "The next key is in our metadata. Let the identity provider read them before you switch."
        }
        "key_drop" => "The key is forgotten.",
        "key_switch" => {
            "The next key signs from now on. Drop the one before when nothing is encrypted for it."
        }
        "live" => "It is live: people come in by it.",
        "pause" => "Paused: SCIM is refused, nobody signs in by it, and its sessions have ended.",
        "refresh" => "The metadata are read again within seconds, and at most once a minute.",
        "resume" => "It works again.",
        "revoke" => "Revoked for good.",
        "save" => "The settings are saved.",
        "test" => "It is in testing: sign-ins show their checks, and nobody comes in.",
        _ => return None,
    })
}
