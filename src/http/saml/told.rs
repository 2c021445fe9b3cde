//! What is told of attempts at which nobody came in: to the log, and in testing to whoever tries.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::directory::sign_in::SignInOutcome;
use crate::http::reply::page;
use crate::http::saml::message::Read;
use crate::http::{Gateway, RequestId};
use crate::provisioning::Refusal;
use crate::provisioning::sign_in_log::{self, Told};
use crate::saml::trace::{Check, Ended, Step};
use crate::saml::{self, Trace};
use crate::store::rows::ConnectionRow;

/// An attempt as far as it came.
pub(super) struct Attempted<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) row: &'a ConnectionRow,
    pub(super) support: &'a RequestId,
    pub(super) trace: Trace,
}

/// What is known of a message once its signature was found good.
#[derive(Clone)]
pub(super) struct Signed {
    /// Whether it answers a request of ours.
    is_asked: bool,
    /// Who is asserted.
    subject: Option<String>,
    /// The groups that arrived.
    groups: String,
}

impl Signed {
    pub(super) fn of(read: &Read) -> Self {
        Self {
            is_asked: read.assertion.in_response_to.is_some(),
            subject: read.subject(),
            groups: read.profile.groups.shown(),
        }
    }
}

impl Attempted<'_> {
    /// The attempt was refused by a rule of SAML: nothing of the message is known. Answers the
    /// person's page.
    pub(super) async fn unread(self, error: &saml::Error) -> Response {
        let (row, support) = (self.row, self.support);
        let checks = row.testing.then(|| self.trace.checks());
        self.tell(error.reason(), None).await;
        match checks {
            Some(checks) => shown(&checks, None, support),
            None => page::saml(error, support),
        }
    }

    /// The attempt was refused by a rule of the product.
    pub(super) async fn refused(mut self, why: Refusal, signed: Option<Signed>) {
        self.trace.at(match why {
            Refusal::IdpInitiatedOff | Refusal::NotAfresh | Refusal::RequestOver => {
                Step::InResponseTo
            }
            Refusal::Replayed | Refusal::SignedOut => Step::Replay,
            _ => Step::Person,
        });
        if let (Refusal::NoMappedGroup, Some(signed)) = (why, &signed) {
            self.trace.arrives(signed.groups.clone());
        }
        self.trace.fails(why.reason(), why.help());
        self.tell(why.reason(), signed).await;
    }

    /// Keeps a refusal, as far as there is room for one more.
    async fn tell(self, reason: &str, signed: Option<Signed>) {
        let now = self.gateway.ids.clock().now();
        if self.gateway.refusals.one_more(self.row.id, now) {
            self.write(SignInOutcome::Refused, Some(reason.to_owned()), signed)
                .await;
        }
    }

    /// Keeps an attempt that would have been good, and shows its checks.
    pub(super) async fn tested(self, read: &Read) -> Response {
        let signed = Signed::of(read);
        let checks = self.trace.checks();
        let support = self.support.clone();
        let now = self.gateway.ids.clock().now();
        if self.gateway.refusals.one_more(self.row.id, now) {
            self.write(SignInOutcome::Tested, None, Some(signed)).await;
        }
        shown(&checks, Some(read), &support)
    }

    async fn write(self, outcome: SignInOutcome, reason: Option<String>, signed: Option<Signed>) {
        let told = Told {
            of: (self.row.org_id, self.row.id),
            request_id: self.support.0.to_string(),
            outcome,
            reason,
            started_at_provider: signed.as_ref().map(|signed| !signed.is_asked),
            verified: signed.is_some(),
            user_id: None,
            subject: signed.and_then(|signed| signed.subject),
            trace: self.trace,
        };
        let written = sign_in_log::write(&self.gateway.store, &self.gateway.ids, &told);
        if let Err(error) = written.await {
            tracing::error!(request.id = %self.support.0, %error, "a sign-in is not in the log");
        }
    }
}

/// The checks of a message, and what it says, for whoever tries a connection out.
#[derive(Template)]
#[template(path = "saml_trace.html")]
struct Shown<'a> {
    good: bool,
    reference: &'a str,
    checks: &'a [Check],
    facts: Vec<(String, String)>,
}

impl Shown<'_> {
    fn word(ended: Ended) -> &'static str {
        match ended {
            Ended::Passed => "passed",
            Ended::Failed => "failed",
            Ended::NotReached => "not reached",
        }
    }
}

/// The page of a connection in testing.
fn shown(checks: &[Check], read: Option<&Read>, support: &RequestId) -> Response {
    let page = Shown {
        good: read.is_some(),
        reference: &support.0,
        checks,
        facts: read.map(Read::facts).unwrap_or_default(),
    };
    let status = if read.is_some() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    page::html(status, &page, &[])
}
