//! Problems (RFC 9457): how the admin API says no. One list of types, one exhaustive match over
//! what can go wrong, so that a new error does not compile until it has said how it looks here.
//!
//! A handler answers a [`Problem`]; [`finished`] writes it down once the request's id and the
//! public URL are at hand, and turns whatever refusal nobody here phrased into one.

mod document;
mod faulty;
mod types;

use std::fmt;

use axum::body::Body;
use axum::http::{HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use crate::directory::Violation;
use crate::directory::invitation::{Refusal, State};
use crate::http::reply::quota::{self, Told};
use crate::provisioning::Error;
use crate::provisioning::import::ImportReport;
use crate::provisioning::invitations::{Obstacle, Quota};
use crate::provisioning::settings::plan::Plan;
use crate::store;

pub use document::{Document, Fault};
pub use types::Type;

/// The media type of problems (RFC 9457 §6.1).
pub(in crate::http) const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which a client that met a busy store should come again.
const RETRY_AFTER: &str = "1";

/// Something went wrong, as a caller is told.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Type,
    detail: String,
    errors: Vec<Fault>,
    existing: Option<String>,
    again_at: Option<Timestamp>,
    quota: Option<Box<Quota>>,
    shown: Option<Box<Shown>>,
}

/// What a problem shows beside its words.
#[derive(Clone, Debug)]
enum Shown {
    /// What a change of the rules would do.
    Plan(Plan),
    /// What became of the rows of a file.
    Report(ImportReport),
}

impl Problem {
    /// A problem of this type.
    pub fn new(kind: Type, detail: impl fmt::Display) -> Self {
        Self {
            kind,
            detail: detail.to_string(),
            errors: Vec::new(),
            existing: None,
            again_at: None,
            quota: None,
            shown: None,
        }
    }

    /// Its type.
    pub fn kind(&self) -> Type {
        self.kind
    }

    /// The type's stable name.
    pub fn slug(&self) -> &'static str {
        self.kind.slug()
    }

    /// What happened this time.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong, each with its place.
    pub fn faults(&self) -> &[Fault] {
        &self.errors
    }

    /// The problem that a bare refusal of the frame stands for: unknown paths, panics.
    fn bare(status: StatusCode) -> Self {
        let (kind, detail) = match status {
            StatusCode::UNAUTHORIZED => (Type::Unauthorized, "a key is needed"),
            StatusCode::NOT_FOUND => (Type::NotFound, "there is no such path"),
            StatusCode::METHOD_NOT_ALLOWED => (
                Type::MethodNotAllowed,
                "the path is there, but not for this method",
            ),
            StatusCode::NOT_ACCEPTABLE => (Type::NotAcceptable, "the answer is JSON"),
            StatusCode::REQUEST_TIMEOUT => (Type::BodyTooSlow, "the body did not arrive in time"),
            StatusCode::PAYLOAD_TOO_LARGE => (Type::BodyTooLarge, "the body is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                (Type::UnsupportedMediaType, "the body must be JSON")
            }
            StatusCode::TOO_MANY_REQUESTS => (Type::TooManyRequests, "come again later"),
            StatusCode::SERVICE_UNAVAILABLE => (Type::Unavailable, "try again"),
            status if status.is_client_error() => {
                (Type::MalformedRequest, "the request cannot be read")
            }
            _ => (Type::Internal, INTERNAL),
        };
        Self::new(kind, detail)
    }
}

const INTERNAL: &str = "something failed here; the trace id leads to the log";

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Forbidden(why) => Self::new(Type::InsufficientScope, why),
            Error::Invitation(obstacle) => of_obstacle(&obstacle),
            Error::NotFound(kind) => Self::new(
                Type::NotFound,
                format_args!("there is no such {}", kind.word()),
            ),
            error @ Error::OwnerKept(_) => Self::new(Type::LastOwner, error),
            Error::Paused => Self::new(Type::ConnectionPaused, "the connection is paused"),
            Error::Plan(ref plan, is_required) => {
                let kind = if is_required {
                    Type::PlanRequired
                } else {
                    Type::PlanChanged
                };
                Self {
                    shown: Some(Box::new(Shown::Plan((**plan).clone()))),
                    ..Self::new(kind, &error)
                }
            }
            Error::Rule(violation) => of_rule(&violation),
            Error::Scim(error) => Self::new(Type::Invalid, error.detail),
            error @ Error::SignInAnew => Self::new(Type::SignInAnew, error),
            Error::SignIn(refusal) => Self::new(Type::SignInRefused, refusal.reason()),
            Error::Stale => Self::new(Type::Stale, "it was changed meanwhile; read it again"),
            Error::Store(error) => of_store(&error),
            Error::Taken(what) => Self::new(Type::Taken, format_args!("{what} is taken")),
            Error::Unauthorized => Self::new(
                Type::Unauthorized,
                "the key is missing, unknown, expired or revoked: Authorization: Bearer sk_...",
            ),
        }
    }
}

fn of_rule(violation: &Violation) -> Problem {
    let kind = match violation {
        Violation::AboveCeiling { .. } => Type::RoleAboveCeiling,
        Violation::ArchivedProject(_) => Type::ArchivedProject,
        Violation::Decided(_) => Type::Decided,
        Violation::DomainTooSoon { .. } => Type::DomainTooSoon,
        Violation::DomainUnverified { .. } => Type::DomainUnverified,
        Violation::Invalid(_) => Type::Invalid,
        Violation::LastOwner => Type::LastOwner,
        Violation::LinkImpossible(_) => Type::LinkImpossible,
        Violation::ManagedByDirectory => Type::ManagedByDirectory,
        Violation::MustBeSuspended => Type::MustBeSuspended,
        Violation::NotTransferable(_) => Type::NotTransferable,
        Violation::NoWayIn(_) => Type::NoWayIn,
        Violation::OwnerNotGrantable => Type::OwnerNotGrantable,
        Violation::RoleInUse { .. } => Type::RoleInUse,
        Violation::RoleManagedByDirectory { .. } => Type::RoleManagedByDirectory,
        Violation::RoleReserved(_) => Type::RoleReserved,
        Violation::RolesBeingComputed => Type::RolesBeingComputed,
        Violation::ScopeNotAllowed => Type::ScopeNotAllowed,
        Violation::TooManyClients => Type::TooManyClients,
        Violation::TooManyTokens => Type::TooManyTokens,
        Violation::TransferOpen => Type::TransferOpen,
        Violation::Unconfirmed { .. } => Type::Unconfirmed,
        Violation::UnknownApp(_) => Type::UnknownApp,
        Violation::UnknownProject(_) => Type::UnknownProject,
        Violation::UnknownRole(_) => Type::UnknownRole,
    };
    let again_at = match violation {
        Violation::DomainTooSoon { again_at } => Some(*again_at),
        _ => None,
    };
    let errors = match violation {
        Violation::RoleInUse { uses, .. } => faulty::uses(uses),
        _ => Vec::new(),
    };
    Problem {
        errors,
        again_at,
        ..Problem::new(kind, violation)
    }
}

fn of_obstacle(obstacle: &Obstacle) -> Problem {
    let kind = match obstacle {
        Obstacle::AlreadyMember(_) => Type::AlreadyMember,
        Obstacle::Deprovisioned(_) => Type::DeprovisionedByDirectory,
        Obstacle::DomainNotAllowed(_) => Type::DomainNotAllowed,
        Obstacle::InvalidEmail => Type::InvalidEmail,
        Obstacle::InvitationExists(_) => Type::InvitationExists,
        Obstacle::InvitationExpired => Type::InvitationExpired,
        Obstacle::ManagedDomain(_) => Type::ManagedDomain,
        Obstacle::MemberSuspended(_) => Type::MemberSuspended,
        Obstacle::NoAddressChange => Type::NoAddressChange,
        Obstacle::OverrideNotAllowed => Type::OverrideNotAllowed,
        Obstacle::OverrideUnexplained => Type::OverrideUnexplained,
        Obstacle::Rule(refusal) => of_refusal(refusal),
        Obstacle::TooMany { .. } => Type::TooManyInvitations,
    };
    Problem {
        existing: obstacle.instance(),
        again_at: obstacle.again_at(),
        quota: obstacle.quota().copied().map(Box::new),
        ..Problem::new(kind, obstacle)
    }
}

fn of_refusal(refusal: &Refusal) -> Type {
    match refusal {
        Refusal::AmbiguousExpiry => Type::AmbiguousExpiry,
        Refusal::Closed(State::Accepted) => Type::AlreadyAccepted,
        Refusal::Closed(State::NeedsAttention) => Type::NeedsAttention,
        Refusal::Closed(_) => Type::InvitationClosed,
        Refusal::ExpiryInPast => Type::ExpiryInPast,
        Refusal::ExpiryTooFar { .. } => Type::ExpiryTooFar,
        Refusal::ExpiryTooSoon { .. } => Type::ExpiryTooSoon,
        Refusal::ExtensionLimit { .. } => Type::ExtensionLimit,
        Refusal::InvalidExpiry => Type::InvalidExpiry,
        Refusal::InvalidExtension => Type::InvalidExtension,
        Refusal::MessageTooLong { .. } => Type::TooLong,
        Refusal::OwnerNotGrantable => Type::OwnerNotGrantable,
        Refusal::ResendTooOften { .. } => Type::ResendTooOften,
        Refusal::ResendTooSoon { .. } => Type::ResendTooSoon,
        Refusal::RoleAboveInviter(_) => Type::RoleAboveInviter,
        Refusal::ScopeNotAllowed(_) => Type::ScopeNotAllowed,
        Refusal::TooManyProjects => Type::TooManyProjects,
    }
}

fn of_store(error: &store::Error) -> Problem {
    match error {
        store::Error::Taken(_) => Problem::new(Type::Taken, "a value that must be unique is taken"),
        store::Error::TooMany => {
            Problem::new(Type::Invalid, "the search would read too much; narrow it")
        }
        store::Error::Lost | store::Error::Unavailable(_) => {
            tracing::warn!(%error, "the store could not take an operation");
            Problem::new(Type::Unavailable, "the store is busy; try again")
        }
        store::Error::Uncertain(_) => {
            tracing::error!(%error, "the store failed");
            let detail =
                "the store was lost at the last moment: whether this was done is not known";
            Problem::new(Type::OutcomeUnknown, detail)
        }
        store::Error::Behind
        | store::Error::Corrupt { .. }
        | store::Error::Engine(_)
        | store::Error::MasterKey(_) => {
            tracing::error!(%error, "the store failed");
            Problem::new(Type::Internal, INTERNAL)
        }
    }
}

impl IntoResponse for Problem {
    /// The answer without its body: the problem travels along until [`finished`] writes it.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.kind.status();
        response.extensions_mut().insert(self);
        response
    }
}

/// Marks an answer that says all it has to say.
#[derive(Clone, Copy)]
struct WrittenDown;

/// An answer that [`finished`] leaves as it is.
pub(in crate::http) fn written_down(mut response: Response) -> Response {
    response.extensions_mut().insert(WrittenDown);
    response
}

/// An answer of the admin API as it leaves: a refusal is a problem, and nothing is kept by caches.
pub(in crate::http) fn finished(
    mut response: Response,
    public_url: &str,
    id: &str,
    now: Timestamp,
) -> Response {
    if response.extensions().get::<WrittenDown>().is_some() {
        return response;
    }
    let status = response.status();
    let problem = response.extensions_mut().remove::<Problem>();
    if problem.is_some() || status.is_client_error() || status.is_server_error() {
        let problem = problem.unwrap_or_else(|| Problem::bare(status));
        response = written(&problem, response, public_url, id);
        if let Some(at) = problem.again_at {
            // Not a moment too early: a part of a second is a second.
            let left = at.duration_since(now);
            let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
            let seconds = seconds.max(1);
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds.into());
            if let Some(quota) = &problem.quota {
                quota::tell(headers, &[Told::of_invitations(quota, seconds)]);
            }
        }
    }
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(no_store);
    written_down(response)
}

fn written(problem: &Problem, response: Response, public_url: &str, id: &str) -> Response {
    let document = Document {
        kind: format!("{public_url}/problems/{}", problem.kind.slug()),
        title: problem.kind.title(),
        status: problem.kind.status().as_u16(),
        detail: &problem.detail,
        trace_id: id,
        errors: &problem.errors,
        existing_id: problem.existing.as_deref(),
        report: match problem.shown.as_deref() {
            Some(Shown::Report(report)) => Some(report),
            _ => None,
        },
        plan: match problem.shown.as_deref() {
            Some(Shown::Plan(plan)) => Some(plan),
            _ => None,
        },
    };
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let mut written = HttpResponse::new(Body::from(body));
    *written.status_mut() = problem.kind.status();
    let headers = written.headers_mut();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        headers.insert(header::ALLOW, allow.clone());
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let said = match problem.kind {
        Type::InsufficientScope => Some((
            header::WWW_AUTHENTICATE,
            "Bearer realm=\"Usher\", error=\"insufficient_scope\"",
        )),
        Type::TooManyRequests | Type::Unavailable => Some((header::RETRY_AFTER, RETRY_AFTER)),
        Type::Unauthorized => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"Usher\"")),
        _ => None,
    };
    if let Some((name, value)) = said {
        headers.insert(name, HeaderValue::from_static(value));
    }
    written
}

#[cfg(test)]
mod tests;
