//! Sign-ins by SAML: who came in and who did not, and of each every check, with what mends the one that said no.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Json, Router};

use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::sign_ins;
use crate::http::console::connections::named;
use crate::http::console::filters;
use crate::http::console::frame::{page, page_with};
use crate::http::console::lists::{self, next};
use crate::http::console::scim_requests::called;
use crate::http::console::{Answer, Form, Frame, Section, Visitor};
use crate::provisioning::sign_in_log::SignIn;
use crate::saml::trace::{Check, Ended};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/organizations/{slug}/sign-ins", get(list))
        .route("/console/organizations/{slug}/sign-ins/{id}", get(shown))
}

const OUTCOMES: [(&str, &str); 5] = [
    ("", "Any outcome"),
    ("signed_in", "Signed in"),
    ("refused", "Refused"),
    ("asked", "Asked whether it is meant"),
    ("tested", "Tested"),
];

/// What sign-ins may be looked for by.
const FILTERS: [&str; 3] = ["connection", "outcome", "reason"];

#[derive(Template)]
#[template(path = "console/sign_ins.html")]
struct SignIns {
    frame: Frame,
    form: Form,
    connections: Vec<(String, String)>,
    /// Each with the name of its connection.
    rows: Vec<(SignIn, String)>,
    next: Option<String>,
    is_filtered: bool,
}

/// `GET .../sign-ins`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let mut form = lists::form(query.as_deref());
    let asked = lists::asked(&form, &["connection", "outcome", "reason", "after"]);
    let found = sign_ins::list(visitor.admin(), Path(slug.clone()), Asked::of(&asked)?).await;
    let (sign_ins, after) = lists::found(&mut form, found)?;
    let mut connections = named(&visitor, &slug).await?;
    let rows = sign_ins.into_iter().map(|sign_in| {
        let name = called(&connections, &sign_in.connection_id.to_string());
        (sign_in, name)
    });
    let rows = rows.collect();
    connections.insert(0, (String::new(), "Every connection".to_owned()));
    let shown = SignIns {
        frame: Frame::of(&visitor, &slug, Section::Connections),
        connections,
        rows,
        next: next(&form, &FILTERS, after),
        is_filtered: FILTERS.iter().any(|name| form.text(name).is_some()),
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

/// A check, as it reads.
struct Row {
    title: &'static str,
    /// How good its end is, as the stylesheet calls it.
    kind: &'static str,
    ended: &'static str,
    it: Check,
}

#[derive(Template)]
#[template(path = "console/sign_in_trace.html")]
struct Trace {
    frame: Frame,
    it: SignIn,
    /// The name of its connection.
    connection: String,
    /// What mends it.
    help: Option<&'static str>,
    rows: Vec<Row>,
}

/// `GET .../sign-ins/{id}`.
async fn shown(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Answer {
    let path = Path((slug.clone(), id));
    let Json(found) = sign_ins::show(visitor.admin(), path).await?;
    let connections = named(&visitor, &slug).await?;
    let it = found.sign_in;
    let shown = Trace {
        frame: Frame::of(&visitor, &slug, Section::Connections),
        connection: called(&connections, &it.connection_id.to_string()),
        help: it.reason.as_deref().and_then(mend),
        rows: found.checks.into_iter().map(row).collect(),
        it,
    };
    Ok(page(&shown))
}

fn row(it: Check) -> Row {
    let (kind, ended) = match it.result {
        Ended::Passed => ("good", "passed"),
        Ended::Failed => ("bad", "failed"),
        Ended::NotReached => ("quiet", "not reached"),
    };
    Row {
        title: it.check.title(),
        kind,
        ended,
        it,
    }
}

/// What an admin does about a reason: first what the message was, then who it was about.
fn mend(reason: &str) -> Option<&'static str> {
    of_message(reason).or_else(|| of_person(reason))
}

fn of_message(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "audience_mismatch" => {
            "At the identity provider, set the Entity ID (Audience URI, Identifier) to the one on the connection's page."
        }
        "destination_mismatch" | "recipient_mismatch" => {
            "At the identity provider, set the ACS URL (Single sign-on URL, Reply URL) to the one on the connection's page."
        }
        "issuer_mismatch" => {
            "Another identity provider sent it than the connection trusts. Compare the entity ids; if the provider's has changed, give the connection its metadata anew."
        }
        "certificate_missing" => {
            "The connection has no certificate to verify with: give it the identity provider's metadata."
        }
        "signature_invalid" => {
            "No certificate that the connection trusts made this signature. If the provider has a new one, give the connection its metadata anew."
        }
        "signature_missing" => {
            "Let the identity provider sign the response, the assertion, or both."
        }
        "signature_missing_on_assertion" => {
            "Let the identity provider sign its assertions, or demand another signature in the connection's settings."
        }
        "signature_missing_on_response" => {
            "Let the identity provider sign its responses, or demand another signature in the connection's settings."
        }
        "signature_algorithm_unsupported" => {
            "Choose RSA-SHA256 as the signature algorithm at the identity provider."
        }
        "encryption_algorithm_unsupported" => {
            "Choose AES-GCM, and RSA-OAEP for its key, at the identity provider; AES-CBC can be allowed in the connection's settings."
        }
        "encryption_required" => {
            "Switch assertion encryption on at the identity provider, or demand it no more in the connection's settings."
        }
        "decryption_failed" | "decryption_key_missing" => {
            "It was encrypted for another key than ours: let the identity provider read our metadata again."
        }
        "expired" | "issue_instant" | "not_yet_valid" => {
            "If it happens every time, the clocks disagree: set the identity provider's clock, or let the clocks differ by more in the connection's settings."
        }
        "authn_context_unmet" => {
            "The identity provider did not ask for what the connection demands, such as a second factor. Let its policy for this application ask for it."
        }
        "name_id" | "subject_attribute" => {
            "Let the identity provider send a NameID, or the attribute that the connection's settings name, with one value."
        }
        "status_request_denied" => "Assign the application to the person at the identity provider.",
        "status_requester" | "status_invalid_name_id_policy" => {
            "The identity provider refused our request. Compare the Entity ID and the ACS URL there with those on the connection's page."
        }
        _ => return None,
    })
}

fn of_person(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "above_ceiling" | "owner_not_confirmed" => {
            "The person holds more than this connection may give. The operator confirms the connection for the owner, or raises its highest role."
        }
        "address_missing" | "subject_missing" => {
            "Let the identity provider send a NameID and an e-mail address, or name the attributes in the connection's settings."
        }
        "ambiguous_subject" => {
            "Several people of the directory match. Compare their userName and externalId at the identity provider."
        }
        "connection_paused" => "Resume the connection.",
        "deprovisioned" => {
            "The directory or an admin turned them away. Let them in again there; their page says who it was."
        }
        "domain_not_trusted" => {
            "Prove the domain of the address under Domains, or let the directory provision the person."
        }
        "idp_initiated_off" => {
            "Begin at the login URL, or let sign-ins start at the identity provider in the connection's settings."
        }
        "jit_off" => {
            "Nobody is created by signing in here. Let the directory provision the person, invite them, or change the connection's settings."
        }
        "no_mapped_group" => {
            "No rule gives a role to a group that arrived. Add one under Groups and roles, or put the person into a group that has one."
        }
        "replayed" => {
            "The same message came twice: a page that was loaded again, or a copy. The person begins anew."
        }
        "in_response_to_unknown" | "request_over" => {
            "It took too long, or was begun in another browser. The person begins anew."
        }
        _ => return None,
    })
}
