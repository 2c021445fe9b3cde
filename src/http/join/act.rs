//! The answers to an invitation: one posted form each, from our own page.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::directory::invitation::Message;
use crate::http::auth::session;
use crate::http::join::form::{is_bound, is_foreign};
use crate::http::join::view::Asked;
use crate::http::join::{Visit, is_alternate};
use crate::http::oidc::form::said;
use crate::http::reply::page;
use crate::http::signed_in;
use crate::provisioning::invitations::acceptance::{Entered, Outcome, accept};
use crate::provisioning::invitations::asked::{No, ask_again, decline, send_code};
use crate::provisioning::invitations::judgement::Barrier;
use crate::provisioning::invitations::look::{Look, Page};
use crate::provisioning::{Context, Source};

/// `POST /join/{token}`.
pub(super) async fn posted(visit: Visit, posted: Request) -> Response {
    match visit.answered(posted).await {
        Ok(response) | Err(response) => response,
    }
}

impl Visit {
    async fn answered(&self, posted: Request) -> Result<Response, Response> {
        let (head, body) = posted.into_parts();
        let pairs = self.fields(&head.headers, body).await?;
        let look = self.look().await?;
        let alternate = look.alternate.as_deref();
        let homes: Vec<_> = [Some(&*self.gateway.public_url), alternate]
            .into_iter()
            .flatten()
            .collect();
        let bound = is_bound(&self.browser, &self.token, said(&pairs, "csrf"));
        if !bound || is_foreign(&head.headers, &homes) {
            return Ok(self.page(&look, Asked::OnceMore));
        }
        match said(&pairs, "action") {
            Some("accept") => {
                self.accept(&head.headers, &look, said(&pairs, "code"))
                    .await
            }
            Some("ask") => self.ask(&look).await,
            Some("change") => self.change(said(&pairs, "code")).await,
            Some("code") => self.send_code().await,
            Some("decline") => {
                self.decline(said(&pairs, "reason"), said(&pairs, "code"))
                    .await
            }
            Some("other") => self.send_other_code(said(&pairs, "email")).await,
            Some("sign_out") => self.sign_out(&look).await,
            _ => {
                let text = "The form says nothing that can be done here. Open the link again.";
                let (status, title) = (StatusCode::BAD_REQUEST, "That did not work");
                Err(page::refusal(
                    status,
                    title,
                    "unknown_action",
                    text,
                    &self.request,
                ))
            }
        }
    }

    pub(super) fn context(&self) -> Context {
        self.gateway.context(Source::Invitee, &self.request)
    }

    async fn accept(
        &self,
        headers: &HeaderMap,
        look: &Look,
        code: Option<&str>,
    ) -> Result<Response, Response> {
        let gateway = &self.gateway;
        let cookies = self.browser.sessions.clone();
        let code = code.map(str::to_owned);
        let outcome = accept(
            &gateway.store,
            self.context(),
            &gateway.links,
            &self.token,
            code,
            cookies,
        );
        match outcome.await.map_err(|error| self.failed(error))? {
            Outcome::In(entered) => {
                let stays = is_alternate(headers, look, &gateway.public_url);
                Ok(self.onward(&entered, stays).await)
            }
            Outcome::Barred(barrier) => self.barred(barrier).await,
            Outcome::NeedsAttention => Ok(self.page(&self.look().await?, Asked::First)),
        }
    }

    /// The page of what stands in the way.
    async fn barred(&self, barrier: Barrier) -> Result<Response, Response> {
        let asked = match barrier {
            Barrier::Code(true) => Asked::WrongCode,
            Barrier::Code(false) => Asked::Unproven,
            Barrier::Closed | Barrier::SignIn | Barrier::WrongAccount => Asked::First,
        };
        Ok(self.page(&self.look().await?, asked))
    }

    /// Onwards with the new session; whoever is at an organization's own address stays there.
    async fn onward(&self, entered: &Entered, stays: bool) -> Response {
        let found = signed_in::onward(&self.gateway, entered.org, &entered.email).await;
        signed_in::in_by(&self.gateway, &entered.cookie, found.filter(|_| !stays))
    }

    async fn ask(&self, look: &Look) -> Result<Response, Response> {
        let Page::Expired(expired) = &look.page else {
            return Ok(self.page(look, Asked::First));
        };
        let gateway = &self.gateway;
        ask_again(&gateway.store, self.context(), &gateway.links, &self.token)
            .await
            .map_err(|error| self.failed(error))?;
        let text = format!(
            "If {} still wants to invite you, a new invitation comes to the invited address. You \
             can close this page.",
            expired.organization
        );
        Ok(page::message(
            StatusCode::OK,
            "Your wish was passed on",
            &text,
        ))
    }

    async fn send_code(&self) -> Result<Response, Response> {
        let gateway = &self.gateway;
        send_code(&gateway.store, self.context(), &gateway.links, &self.token)
            .await
            .map_err(|error| self.failed(error))?;
        // Loading that page again mails nothing.
        Ok(page::see_other("?code"))
    }

    async fn decline(
        &self,
        reason: Option<&str>,
        code: Option<&str>,
    ) -> Result<Response, Response> {
        let gateway = &self.gateway;
        let reason = Message::read(reason.unwrap_or_default()).map_err(|error| {
            let (status, title) = (StatusCode::UNPROCESSABLE_ENTITY, "That did not work");
            page::refusal(
                status,
                title,
                error.slug(),
                &error.to_string(),
                &self.request,
            )
        })?;
        let no = No {
            reason,
            code: code.map(str::to_owned),
            cookies: self.browser.sessions.clone(),
        };
        let barrier = decline(
            &gateway.store,
            self.context(),
            &gateway.links,
            &self.token,
            no,
        )
        .await
        .map_err(|error| self.failed(error))?;
        if let Some(barrier) = barrier {
            return self.barred(barrier).await;
        }
        let text = "Whoever invited you is told. You can close this page.";
        Ok(page::message(
            StatusCode::OK,
            "You declined the invitation",
            text,
        ))
    }

    /// Ends the session that is in the way, and no other.
    async fn sign_out(&self, look: &Look) -> Result<Response, Response> {
        let mut response = page::see_other(&format!("/join/{}", self.token));
        if matches!(look.page, Page::WrongAccount(_)) {
            let ended =
                signed_in::ended(&self.gateway, &self.request, &self.browser, look.org).await;
            if let Some(live) = ended.map_err(|error| self.failed(error))? {
                let headers = response.headers_mut();
                session::end(headers, &self.gateway, &self.browser, Some(&live.session));
            }
        }
        Ok(response)
    }
}
