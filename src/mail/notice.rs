//! The mail that tells an inviter, or the owner in their place, what became of an invitation.

use askama::Template;
use jiff::Timestamp;

use super::{Content, wording};
use crate::directory::invitation::Message;

/// Why an invitation cannot be accepted until an admin has looked at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// The inviter's own role fell below the one that they handed out.
    InviterBelowRole,
    /// None of the projects that it was for is left.
    NoProjectLeft,
    /// What let the owner override the directory holds no more.
    OverrideNotAllowed,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum About<'a> {
    /// The person said no.
    Declined {
        /// Why, where they said.
        reason: Option<&'a Message>,
    },
    /// The person wanted to accept and could not.
    NeedsAttention(Attention),
    /// The person asks to be invited at another address.
    OtherAddress {
        /// Which.
        email: &'a str,
        /// Whether they came by a link that somebody passed on.
        passed_on: bool,
    },
    /// The person came too late and asks for another one.
    Wanted {
        /// When it expired.
        expired_at: Timestamp,
    },
}

/// A notice, as its mail shows it.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    /// The product's name, where it has one to show.
    pub app: Option<&'a str>,
    /// The organization's name.
    pub organization: &'a str,
    /// The address that was invited.
    pub email: &'a str,
    /// What happened.
    pub about: About<'a>,
    /// Whether the owner reads it in place of whoever sent the invitation.
    pub to_owner: bool,
    /// Where something can be done about it.
    pub url: Option<&'a str>,
}

/// What its two templates show.
struct View {
    title: &'static str,
    sentence: String,
    quoted: Vec<String>,
    hint: &'static str,
    url: Option<String>,
    why: String,
}

#[derive(Template)]
#[template(path = "notice.txt")]
struct Text<'a> {
    it: &'a View,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Html<'a> {
    it: &'a View,
}

impl Notice<'_> {
    /// The mail.
    pub fn content(&self) -> Content {
        let (title, sentence, hint) = self.words();
        let subject = format!("{title}: {}", wording::cut(self.email));
        let quoted = match self.about {
            About::Declined {
                reason: Some(reason),
            } => wording::quoted(reason),
            _ => Vec::new(),
        };
        let it = View {
            title,
            sentence,
            quoted,
            hint,
            url: self.url.map(str::to_owned),
            why: self.why(),
        };
        Content::new(&subject, &Text { it: &it }, &Html { it: &it })
    }

    /// Why its reader gets it.
    fn why(&self) -> String {
        let place = self.app.map(|app| format!(" on {}", wording::name(app)));
        let place = place.unwrap_or_default();
        if self.to_owner {
            let organization = wording::name(self.organization);
            format!(
                "You get this mail because you own {organization}{place}, in place of whoever \
                 sent the invitation."
            )
        } else {
            format!("You get this mail because you sent the invitation{place}.")
        }
    }

    /// The title, what happened, and what can be done.
    fn words(&self) -> (&'static str, String, &'static str) {
        let who = wording::one_line(self.email);
        let organization = wording::name(self.organization);
        match self.about {
            About::Declined { .. } => (
                "Invitation declined",
                format!("{who} declined the invitation to {organization}."),
                "Nothing is left to do. You can invite them again.",
            ),
            About::NeedsAttention(Attention::InviterBelowRole) => (
                "Invitation needs attention",
                format!(
                    "{who} wanted to accept the invitation to {organization}, but its role is now \
                     above that of the person who sent it."
                ),
                "An admin can confirm the role or choose another one.",
            ),
            About::NeedsAttention(Attention::NoProjectLeft) => (
                "Invitation needs attention",
                format!(
                    "{who} wanted to accept the invitation to {organization}, but none of the \
                     projects that it was for is left."
                ),
                "Choose other projects for it, or revoke it.",
            ),
            About::NeedsAttention(Attention::OverrideNotAllowed) => (
                "Invitation needs attention",
                format!(
                    "{who} wanted to accept the invitation to {organization}, but the directory \
                     turned them away, and what let the owner override it holds no more."
                ),
                "The owner can confirm it where the organization allows that; anybody who invites \
                 can revoke it.",
            ),
            About::OtherAddress { email, passed_on } => (
                "Another address wanted",
                format!(
                    "Whoever {} the invitation to {organization} for {who} asks to be invited as \
                     {} instead, and has shown that this address is theirs.",
                    if passed_on {
                        "was passed the link of"
                    } else {
                        "got"
                    },
                    wording::one_line(email)
                ),
                "An admin can approve or reject it. Until then the invitation stays as it is.",
            ),
            About::Wanted { expired_at } => (
                "New invitation wanted",
                format!(
                    "{who} asks for a new invitation to {organization}. The earlier one expired \
                     on {}.",
                    wording::absolute(expired_at)
                ),
                "You can extend it by seven days and send it again.",
            ),
        }
    }
}
