//! "My account uses another address": a code to that address, and the wish to be invited there.

use axum::http::StatusCode;
use axum::response::Response;

use crate::http::join::view::Asked;
use crate::http::join::{Visit, after};
use crate::http::reply::page;
use crate::provisioning::invitations::change_request::{Shown, Wish, request, send_code_to};
use crate::provisioning::invitations::judgement::Barrier;

impl Visit {
    /// Mails a code to the address that was typed. The answer names no address: it is the same
    /// whether one was mailed or not.
    pub(super) async fn send_other_code(&self, email: Option<&str>) -> Result<Response, Response> {
        let (gateway, email) = (&self.gateway, email.unwrap_or_default());
        let (store, links) = (&gateway.store, &gateway.links);
        send_code_to(store, self.context(), links, &self.token, email)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(page::see_other("?other"))
    }

    /// Asks to be invited at the address that the code proves, or else the session.
    pub(super) async fn change(&self, code: Option<&str>) -> Result<Response, Response> {
        let gateway = &self.gateway;
        let shown = Shown {
            code: code.map(str::to_owned),
            cookies: self.browser.sessions.clone(),
        };
        let (store, links) = (&gateway.store, &gateway.links);
        let wish = request(store, self.context(), links, &self.token, shown)
            .await
            .map_err(|error| self.failed(error))?;
        match wish {
            Wish::Barred(Barrier::Code(true)) => {
                Ok(self.page(&self.look().await?, Asked::WrongOther))
            }
            Wish::Barred(_) => Ok(self.page(&self.look().await?, Asked::First)),
            Wish::Noted => Ok(page::message(
                StatusCode::OK,
                "Your wish was passed on",
                "Whoever invited you is told, and an administrator decides. Until then the \
                 invitation stays as it is. You can close this page.",
            )),
            Wish::Moved => Ok(page::message(
                StatusCode::OK,
                "The invitation was moved to your other address",
                "Open the link in the mail that comes there. The one that you came by is not good \
                 any more; you can close this page.",
            )),
            Wish::TooOften(again_at) => {
                let text = "Another address was asked for as often as may be in a day. Ask \
                    whoever invited you.";
                let (status, title) = (StatusCode::TOO_MANY_REQUESTS, "Not today");
                let reason = "too_many_address_changes";
                let response = page::refusal(status, title, reason, text, &self.request);
                let now = gateway.ids.clock().now();
                Ok(after(response, again_at.duration_since(now)))
            }
            Wish::Waiting => {
                let text = "An administrator has to decide about the address that was asked for \
                    first.";
                let (status, title) = (StatusCode::CONFLICT, "A wish waits already");
                let reason = "address_change_waits";
                Ok(page::refusal(status, title, reason, text, &self.request))
            }
        }
    }
}
