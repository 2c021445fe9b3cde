//! The mail that invites somebody.

use askama::Template;
use jiff::Timestamp;

use super::{Content, wording};
use crate::directory::invitation::Message;

/// An invitation, as its mail shows it.
#[derive(Clone, Debug)]
pub struct Invitation<'a> {
    /// The product's name, where it has one to show.
    pub app: Option<&'a str>,
    /// The organization's name.
    pub organization: &'a str,
    /// The inviter's name; none where it was an operator, or somebody who left.
    pub inviter: Option<&'a str>,
    /// Whether an answer to the mail goes to the inviter.
    pub replies: bool,
    /// The address that is invited.
    pub email: &'a str,
    /// The role's name.
    pub role: &'a str,
    /// The projects' names; none means the whole organization.
    pub projects: &'a [&'a str],
    /// What the inviter adds.
    pub message: Option<&'a Message>,
    /// The link.
    pub url: &'a str,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// What its two templates show.
struct View {
    app: Option<String>,
    organization: String,
    inviter: Option<String>,
    replies: bool,
    email: String,
    role: String,
    projects: Vec<String>,
    message: Vec<String>,
    url: String,
    expires: String,
}

#[derive(Template)]
#[template(path = "invitation.txt")]
struct Text<'a> {
    it: &'a View,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Html<'a> {
    it: &'a View,
}

impl Invitation<'_> {
    /// The mail.
    pub fn content(&self) -> Content {
        let place = match self.app {
            Some(app) => format!(
                "{} on {}",
                wording::cut(self.organization),
                wording::cut(app)
            ),
            None => wording::cut(self.organization),
        };
        let subject = match self.inviter {
            Some(inviter) => format!("{} invites you to {place}", wording::cut(inviter)),
            None => format!("You are invited to {place}"),
        };
        let it = View {
            app: self.app.map(wording::name),
            organization: wording::name(self.organization),
            inviter: self.inviter.map(wording::name),
            replies: self.replies,
            email: wording::one_line(self.email),
            role: wording::name(self.role),
            projects: self
                .projects
                .iter()
                .map(|name| wording::name(name))
                .collect(),
            message: self.message.map_or_else(Vec::new, wording::quoted),
            url: self.url.to_owned(),
            expires: wording::absolute(self.expires_at),
        };
        Content::new(&subject, &Text { it: &it }, &Html { it: &it })
    }
}
