//! The page of a question that was mailed to somebody: whether they take the ownership of an organization, give
//! it away, or let somebody sign in with their own role. Looking changes nothing; each answer is one button of
//! a form that is bound to the browser.

use askama::Template;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use crate::directory::ownership::Question;
use crate::http::auth::session;
use crate::http::join::form::{self, Bound};
use crate::http::join::guarded;
use crate::http::join::link::ByLink;
use crate::http::oidc::form::said;
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::id::ConnectionId;
use crate::mail::wording::{absolute, one_line};
use crate::provisioning::ownership::Answered;
use crate::provisioning::questions::{self, Look, Offer};
use crate::provisioning::settings::connection_view::Addresses;
use crate::provisioning::{Error, Source};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let other = |Extension(request): Extension<RequestId>| async move {
        page::method_not_allowed("GET, HEAD, POST", &request)
    };
    let page = get(shown).post(posted).fallback(other);
    Router::new().route("/decide/{token}", page.layer(map_response(guarded)))
}

#[derive(Template)]
#[template(path = "decide.html")]
struct Asking<'a> {
    offer: &'a Offer,
    title: String,
    sentence: String,
    hint: &'static str,
    yes: &'static str,
    no: &'static str,
    expires: String,
    csrf: &'a str,
    once_more: bool,
    /// Where to sign in before a yes: names and addresses.
    doors: Option<Vec<(String, String)>>,
}

/// The page of a question.
struct Deciding;

/// What every answer of this page needs.
type Visit = ByLink<Deciding>;

/// `GET /decide/{token}`.
async fn shown(visit: Visit) -> Response {
    match visit.look().await {
        Ok(look) => visit.page(&look, false),
        Err(response) => response,
    }
}

/// `POST /decide/{token}`.
async fn posted(visit: Visit, posted: Request) -> Response {
    match visit.answered(posted).await {
        Ok(response) | Err(response) => response,
    }
}

impl Visit {
    async fn look(&self) -> Result<Look, Response> {
        let (gateway, now) = (&self.gateway, self.gateway.ids.clock().now());
        let look = questions::look(
            &gateway.store,
            &gateway.links,
            (&self.token, &self.browser.sessions),
            now,
        );
        look.await.map_err(|error| self.failed(error))
    }

    async fn answered(&self, posted: Request) -> Result<Response, Response> {
        let (head, body) = posted.into_parts();
        let pairs = form::fields(&self.gateway, &self.request, &head.headers, body).await?;
        let said = |name| said(&pairs, name);
        let look = self.look().await?;
        let bound = form::is_bound(&self.browser, &self.token, said("csrf"));
        if !bound || form::is_foreign(&head.headers, &[&*self.gateway.public_url]) {
            return Ok(self.again(&look, true));
        }
        let is_yes = match said("action") {
            Some("yes") => true,
            Some("no") => false,
            _ => {
                let text = "The form says nothing that can be done here. Open the link again.";
                let (status, title) = (StatusCode::BAD_REQUEST, "That did not work");
                let reason = "unknown_action";
                return Err(page::refusal(status, title, reason, text, &self.request));
            }
        };
        // Whose word it is follows from the link.
        let context = self.gateway.context(Source::System, &self.request);
        let (store, links) = (&self.gateway.store, &self.gateway.links);
        let by = (&*self.token, &*self.browser.sessions);
        let answer = questions::answer(store, context, links, by, is_yes);
        match answer.await.map_err(|error| self.failed(error))? {
            Answered::Done => Ok(thanks(look.question, is_yes)),
            Answered::Over => Ok(over()),
            // The same page, which says where.
            Answered::SignInFirst => Ok(self.again(&self.look().await?, false)),
        }
    }

    fn page(&self, look: &Look, once_more: bool) -> Response {
        let Some(offer) = &look.offer else {
            return over();
        };
        let bound = Bound::of(&self.browser, self.gateway.ids.entropy(), &self.token);
        let (title, sentence, hint) = words(look.question, offer);
        let (yes, no) = buttons(look.question);
        let asking = Asking {
            offer,
            title,
            sentence,
            hint,
            yes,
            no,
            expires: absolute(offer.expires_at),
            csrf: &bound.field,
            once_more,
            doors: look.doors.as_ref().map(|doors| self.doors(doors)),
        };
        let mut response = page::html(StatusCode::OK, &asking, &[]);
        session::bind(response.headers_mut(), &self.gateway, &bound.secret);
        response
    }

    /// The page in place of an answer that was not taken: refused, where it says to sign in first.
    fn again(&self, look: &Look, once_more: bool) -> Response {
        let mut response = self.page(look, once_more);
        if look.doors.is_some() {
            *response.status_mut() = StatusCode::FORBIDDEN;
        }
        response
    }

    fn doors(&self, doors: &[(String, ConnectionId)]) -> Vec<(String, String)> {
        let base = &self.gateway.public_url;
        let door = |(name, id): &(String, ConnectionId)| {
            (one_line(name), Addresses::of(base, *id).login_url)
        };
        doors.iter().map(door).collect()
    }

    fn failed(&self, error: Error) -> Response {
        match error {
            Error::NotFound(_) => {
                let text = "This address asks nobody anything. Open the link from your mail again, or copy \
                    all of it.";
                self.missed(("No such question", "unknown_question"), text)
            }
            error => page::error(error, &self.request),
        }
    }
}

fn words(question: Question, offer: &Offer) -> (String, String, &'static str) {
    // Whoever names people chooses what they are called.
    let organization = one_line(&offer.organization);
    let person = one_line(&offer.person);
    let connection = offer.connection.as_deref().map(one_line);
    match question {
        Question::Accept => (
            format!("Do you take the ownership of {organization}?"),
            format!(
                "You, {person}, would own {organization}, and the present owner would be an admin."
            ),
            "Say no if you do not know why you are asked.",
        ),
        Question::Confirm => (
            format!("Shall {organization} have another owner?"),
            format!(
                "Somebody with a key of {organization} asks to transfer the ownership from you to \
                 {person}, who would be asked next. You would be an admin."
            ),
            "Say no if you did not ask for this: then a key is in wrong hands, perhaps.",
        ),
        Question::Link => (
            format!("May {person} sign in with their own role?"),
            format!(
                "{person} signs in to {organization} through {}, which gives no role as high as theirs. \
                 With your yes they have all of their own role there.",
                connection.as_deref().unwrap_or("a connection")
            ),
            "Say no if you do not trust whoever runs that identity provider as far as that.",
        ),
    }
}

fn buttons(question: Question) -> (&'static str, &'static str) {
    match question {
        Question::Accept => ("Take the ownership", "No, leave it as it is"),
        Question::Confirm => ("Yes, ask them", "No, I stay the owner"),
        Question::Link => ("Yes, they may", "No, they may not"),
    }
}

fn thanks(question: Question, is_yes: bool) -> Response {
    let (title, text) = match (question, is_yes) {
        (Question::Accept, true) => (
            "You own the organization now",
            "The former owner is told. Sign in as usual; where a connection does not let you in any \
             more, the operator confirms it for the owner.",
        ),
        (Question::Confirm, true) => (
            "They are asked now",
            "You stay the owner until they say yes. You can close this page.",
        ),
        (Question::Link, true) => (
            "They may sign in with their own role",
            "It holds from their next step on. You can close this page.",
        ),
        (Question::Accept | Question::Confirm | Question::Link, false) => (
            "You said no",
            "Everything stays as it is. You can close this page.",
        ),
    };
    page::message(StatusCode::OK, title, text)
}

/// It says the same whether it was answered, is too late, or something changed meanwhile.
fn over() -> Response {
    let text = "It was answered, or taken back, or it is too late, or somebody whom it is about is not who \
        they were when it was asked. You can close this page.";
    page::message(StatusCode::GONE, "This is not asked any more", text)
}
