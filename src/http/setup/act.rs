//! What the forms of the portal do, one step each.

use axum::Extension;
use axum::Json;
use axum::extract::{Path, Request};
use axum::http::header;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::json;

use crate::directory::scope::Scope;
use crate::directory::setup::Step;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::connections::write;
use crate::http::admin::tokens::{self, Fresh};
use crate::http::admin::{domains, mapping_changes};
use crate::http::body::{self, Fault};
use crate::http::console::{Form, kept};
use crate::http::oidc::form::{MEDIA_TYPE, pairs};
use crate::http::reply::page;
use crate::http::reply::problem::{Problem, Type};
use crate::http::setup::Here;
use crate::id::ConnectionId;
use crate::limits;
use crate::provisioning::setup::{self, Visit};

/// What a page says once something was done.
pub(super) fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "domain" => "Set the record below, then have it looked for.",
        "verify" => "The domain is verified.",
        "create" => "The connection is there. Now tell each side about the other.",
        "saml" => "The metadata are taken.",
        "mapping" => "The rule is there. It counts once the connection is live.",
        _ => return None,
    })
}

/// What came of a form.
enum Went {
    /// It was done: the page is shown again, and says so.
    Done(&'static str),
    /// A token was made, which is shown this once.
    Token(String),
    /// All is done.
    Finished,
}

impl Here {
    /// What a posted form asks for.
    pub(super) async fn acted(&self, posted: Request) -> Result<Response, Response> {
        let (head, body) = posted.into_parts();
        let visit = self.visit().await?;
        let media = head.headers.get(header::CONTENT_TYPE);
        let media = media
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !media
            .split(';')
            .next()
            .is_some_and(|it| it.trim().eq_ignore_ascii_case(MEDIA_TYPE))
        {
            let detail = "this address takes the forms of its own pages only";
            return Err(self.refused(&Problem::new(Type::UnsupportedMediaType, detail)));
        }
        let known = std::future::ready(Ok::<_, Response>(()));
        let places = &self.gateway.large_forms;
        let taken = body::read(places, body, limits::CONNECTION_BODY, known).await?;
        let taken = taken.map_err(|fault| self.refused(&unread(fault)))?;
        let mut form = Form::of(pairs(&taken.bytes));
        if let Some(refused) = self.foreign(&head.headers, form.value("csrf")) {
            return Err(refused);
        }
        if visit.awaits.is_some() {
            return self.contacted(&visit, &form).await;
        }
        match self.went(&visit, &form).await {
            Ok(Went::Done(what)) => Ok(page::see_other(&format!("{}?done={what}", self.path()))),
            Ok(Went::Token(secret)) => {
                self.page(&visit, Form::default(), (Some(secret), None))
                    .await
            }
            Ok(Went::Finished) => {
                let text = "Thank you. An admin of the organization, or whoever runs the product, looks at it now and \
                            takes it live. You can close this page; the link is good no more.";
                Ok(page::message(
                    axum::http::StatusCode::OK,
                    "All is handed over",
                    text,
                ))
            }
            Err(problem) => {
                if problem.kind() == Type::InsufficientScope
                    || kept(&mut form, problem.clone()).is_err()
                {
                    return Err(self.refused(&problem));
                }
                self.page(&visit, form, (None, None)).await
            }
        }
    }

    async fn went(&self, visit: &Visit, form: &Form) -> Result<Went, Problem> {
        let covered = self
            .step
            .is_some_and(|step| visit.link.purpose.covers(step));
        let unknown = || {
            Problem::new(
                Type::Invalid,
                "the form asks for nothing that this page does",
            )
        };
        let (true, Some(step)) = (covered, self.step) else {
            return Err(unknown());
        };
        match (step, form.action()) {
            (Step::Domain, "domain") => self.add_domain(visit, form).await,
            (Step::Domain, "verify") => self.verify(visit, form).await,
            (Step::Saml | Step::Scim, "create") => self.create(visit, form).await,
            (Step::Saml, "saml") => self.tell(visit, form).await,
            (Step::Scim, "token") => self.issue(visit).await,
            (Step::Groups, "mapping") => self.map(visit, form).await,
            (Step::Done, "finish") => self.finish(visit).await,
            _ => Err(unknown()),
        }
    }

    fn request(&self) -> Extension<crate::http::RequestId> {
        Extension(self.request.clone())
    }

    async fn add_domain(&self, visit: &Visit, form: &Form) -> Result<Went, Problem> {
        let wanted = Unread::of(&json!({"domain": form.value("domain")}));
        let path = Path(visit.slug.clone());
        let _ = domains::add(self.admin(), self.request(), path, wanted).await?;
        Ok(Went::Done("domain"))
    }

    async fn verify(&self, visit: &Visit, form: &Form) -> Result<Went, Problem> {
        let path = Path((visit.slug.clone(), form.value("name").to_owned()));
        let _ = domains::verify(self.admin(), self.request(), path).await?;
        Ok(Went::Done("verify"))
    }

    /// Makes the connection. Its first token is shown to nobody, and goes when one is made that is.
    async fn create(&self, visit: &Visit, form: &Form) -> Result<Went, Problem> {
        let wanted = json!(form.object(&["name", "profile"]));
        let path = Path(visit.slug.clone());
        let _ = write::create(self.admin(), self.request(), path, Unread::of(&wanted)).await?;
        Ok(Went::Done("create"))
    }

    async fn tell(&self, visit: &Visit, form: &Form) -> Result<Went, Problem> {
        let id = connection(visit)?;
        let wanted = json!(form.object(&["idp_metadata", "idp_entity_id"]));
        let path = Path((visit.slug.clone(), id.to_string()));
        let _ = write::update(self.admin(), self.request(), path, Unread::of(&wanted)).await?;
        Ok(Went::Done("saml"))
    }

    /// Makes a token. Those before are revoked: whoever had the link first keeps none that is good once it is live.
    async fn issue(&self, visit: &Visit) -> Result<Went, Problem> {
        let id = connection(visit)?;
        let path = || Path((visit.slug.clone(), id.to_string()));
        let Json(there) = tokens::list(self.admin(), path(), Asked::of("limit=200")?).await?;
        for token in there.data.iter().filter(|it| it.live) {
            let path = Path((
                visit.slug.clone(),
                id.to_string(),
                token.id.uuid().to_string(),
            ));
            let _ = tokens::revoke(self.admin(), self.request(), path).await?;
        }
        let issued = tokens::issue(self.admin(), self.request(), path(), Unread::of(&json!({})));
        match issued.await?.value {
            Fresh::Token(issued) => Ok(Went::Token(issued.token)),
            Fresh::Client(_) => Err(Problem::new(Type::Internal, "no token was made")),
        }
    }

    async fn map(&self, visit: &Visit, form: &Form) -> Result<Went, Problem> {
        let id = connection(visit)?;
        let wanted = json!({
            "connection_id": id,
            "match_text": form.value("match_text"),
            "role": form.value("role"),
            "projects": form.all("projects"),
        });
        let path = Path(visit.slug.clone());
        let _ =
            mapping_changes::add(self.admin(), self.request(), path, Unread::of(&wanted)).await?;
        Ok(Went::Done("mapping"))
    }

    async fn finish(&self, visit: &Visit) -> Result<Went, Problem> {
        let scope = Scope::ConnectionsWrite;
        let admin = self.admin();
        let finished = admin.change(&visit.slug, scope, &self.request, |change, access| {
            async move { setup::finish(change, access).await }.boxed()
        });
        finished.await?;
        Ok(Went::Finished)
    }
}

fn connection(visit: &Visit) -> Result<ConnectionId, Problem> {
    let missing = || Problem::new(Type::Invalid, "name the identity provider first");
    visit.link.connection_id.ok_or_else(missing)
}

fn unread(fault: Fault) -> Problem {
    match fault {
        Fault::Busy => Problem::new(Type::Unavailable, "too much is being read; try again"),
        Fault::Incomplete => Problem::new(Type::MalformedBody, "the form is cut off"),
        Fault::TooLarge => Problem::new(Type::BodyTooLarge, "the form is too large"),
        Fault::TooSlow => Problem::new(Type::BodyTooSlow, "the form did not arrive in time"),
    }
}
