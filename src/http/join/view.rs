//! Which page an invitation has, by how it stands and who is here.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use crate::http::join::words::distance;
use crate::http::reply::page;
use crate::mail::wording::absolute;
use crate::oidc::launch::hand_off_url;
use crate::provisioning::invitations::look::{
    Accepted, Closed, Expired, Offer, Page, SignIn, WrongAccount,
};

/// What brought somebody to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The link.
    First,
    /// A code was mailed.
    Code,
    /// The code was wrong.
    WrongCode,
    /// An answer that was not bound to the browser.
    OnceMore,
    /// A code was mailed to another address.
    OtherCode,
    /// An answer without the code that it takes.
    Unproven,
    /// The code to another address was wrong.
    WrongOther,
}

impl Asked {
    fn notice(self) -> Option<&'static str> {
        match self {
            Self::First => None,
            Self::Code => Some(
                "If the invitation can be accepted, a code is on its way to the invited address. \
                 It is good for ten minutes.",
            ),
            Self::OtherCode => Some(
                "If a code can be mailed to that address, it is on its way. It is good for ten \
                 minutes.",
            ),
            Self::WrongCode | Self::WrongOther => Some(
                "That was not the code, or it is not good any more. Read it again, or have another \
                 one mailed.",
            ),
            Self::OnceMore => Some(
                "Nothing was changed yet: please confirm once more. If you see this again, allow \
                 cookies for this site.",
            ),
            Self::Unproven => Some(
                "Nothing was changed: this link was passed on, so an answer takes the code that is \
                 mailed to the invited address.",
            ),
        }
    }

    fn takes_other_code(self) -> bool {
        matches!(self, Self::OtherCode | Self::WrongOther)
    }

    fn is_wrong(self) -> bool {
        matches!(self, Self::WrongCode | Self::WrongOther)
    }

    /// The answer's status, on a page that can be answered.
    fn status(self) -> StatusCode {
        match self {
            Self::Unproven | Self::WrongCode | Self::WrongOther => StatusCode::FORBIDDEN,
            _ => StatusCode::OK,
        }
    }

    /// The notice's role: a fault is told at once, everything else in its turn.
    fn role(self) -> &'static str {
        if self.is_wrong() { "alert" } else { "status" }
    }
}

/// An invitation that can be accepted here.
#[derive(Template)]
#[template(path = "join.html")]
struct Live<'a> {
    look: &'a Offer,
    asked: Asked,
    csrf: &'a str,
    expires: String,
    relative: String,
}

impl Live<'_> {
    fn takes_code(&self) -> bool {
        matches!(self.asked, Asked::Code | Asked::Unproven | Asked::WrongCode)
    }
}

/// Somebody else is signed in.
#[derive(Template)]
#[template(path = "join_account.html")]
struct Another<'a> {
    look: &'a WrongAccount,
    asked: Asked,
    csrf: &'a str,
}

/// The person signs in through a connection.
#[derive(Template)]
#[template(path = "join_sign_in.html")]
struct Elsewhere<'a> {
    look: &'a SignIn,
    asked: Asked,
    csrf: &'a str,
    expires: String,
    relative: String,
}

/// It is too late.
#[derive(Template)]
#[template(path = "join_expired.html")]
struct Late<'a> {
    look: &'a Expired,
    asked: Asked,
    csrf: &'a str,
    expires: String,
    relative: String,
}

/// Nothing is left to do but to go on, or to close the page.
#[derive(Template)]
#[template(path = "join_done.html")]
struct Done<'a> {
    title: &'a str,
    text: &'a str,
    onward: Option<(String, &'a str)>,
}

/// The page for how an invitation stands at this moment; its forms bear this field.
pub(super) fn show(
    page: &Page,
    asked: Asked,
    csrf: &str,
    (public_url, now): (&str, Timestamp),
) -> Response {
    let times = |at| (absolute(at), distance(at, now));
    match page {
        Page::Accepted(look) => accepted(look, public_url),
        Page::Closed(Closed::CameOtherwise) => gone(CAME_OTHERWISE),
        Page::Closed(Closed::Over) => gone(CLOSED),
        Page::Closed(Closed::Renewed) => gone(RENEWED),
        Page::Expired(look) => {
            let (expires, relative) = times(look.expired_at);
            let page = Late {
                look,
                asked,
                csrf,
                expires,
                relative,
            };
            page::html(StatusCode::GONE, &page, &[])
        }
        Page::Pending(look) => {
            let onward = page::onward(public_url, &look.app);
            pending(look, (asked, &onward), csrf, times(look.expires_at))
        }
        Page::SignIn(look) => {
            let (expires, relative) = times(look.expires_at);
            let page = Elsewhere {
                look,
                asked,
                csrf,
                expires,
                relative,
            };
            page::html(asked.status(), &page, &[])
        }
        Page::Waiting => {
            let text = "An administrator has to look at it before you can accept it; they were \
                told. Open this link again later, or ask whoever invited you.";
            note(StatusCode::OK, "The invitation has to wait", text)
        }
        Page::WrongAccount(look) => {
            let page = Another { look, asked, csrf };
            page::html(StatusCode::OK, &page, &[])
        }
    }
}

fn pending(
    look: &Offer,
    (asked, onward): (Asked, &[String]),
    csrf: &str,
    (expires, relative): (String, String),
) -> Response {
    let page = Live {
        look,
        asked,
        csrf,
        expires,
        relative,
    };
    page::html(asked.status(), &page, onward)
}

/// A heading and a sentence.
type Words = (&'static str, &'static str);

const CLOSED: Words = (
    "This invitation is not open any more",
    "It cannot be accepted. You can close this page.",
);
const RENEWED: Words = (
    "A newer invitation took this one's place",
    "Open the link in the message that came last.",
);
const CAME_OTHERWISE: Words = (
    "This invitation is not needed any more",
    "If you are a member by now, sign in as usual; otherwise ask whoever invited you.",
);

fn gone((title, text): Words) -> Response {
    note(StatusCode::GONE, title, text)
}

fn note(status: StatusCode, title: &str, text: &str) -> Response {
    let onward = None;
    let page = Done {
        title,
        text,
        onward,
    };
    page::html(status, &page, &[])
}

fn accepted(look: &Accepted, public_url: &str) -> Response {
    let begin = look.begin.as_ref();
    let begin = begin.map(|(uri, address)| hand_off_url(uri, public_url, address, None));
    let (text, onward) = match (look.is_in, begin) {
        (true, begin) => {
            let place = begin.unwrap_or_else(|| "/signed-in".to_owned());
            ("You are signed in.", Some((place, "Continue")))
        }
        (false, Some(begin)) => ("Sign in to go on.", Some((begin, "Sign in"))),
        (false, None) => ("Sign in to go on, as your organization does.", None),
    };
    let title = "The invitation was accepted already";
    let page = Done {
        title,
        text,
        onward,
    };
    page::html(StatusCode::OK, &page, &[])
}
