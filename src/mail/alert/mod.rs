//! The mail that tells admins, and the operator, what they should look at now: what happened, what it
//! means, and the very next step.

use askama::Template;
use jiff::Timestamp;

use self::steps::Step;
use self::words::Words;
use super::{Content, wording};
use crate::directory::safeguard::{Danger, SafeguardState};

mod steps;
mod words;

/// A connection, as an alert names it.
#[derive(Clone, Copy, Debug)]
pub struct Tie<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its id.
    pub id: &'a str,
}

/// A safeguard that tripped, as things are now.
#[derive(Clone, Copy, Debug)]
pub struct Tripped<'a> {
    /// Its connection.
    pub connection: Tie<'a>,
    /// The safeguard's id.
    pub id: &'a str,
    /// What was counted.
    pub danger: Danger,
    /// What became of it.
    pub state: SafeguardState,
    /// How many people.
    pub people: i64,
    /// How many would have been few enough.
    pub threshold: i64,
    /// When the first of them was counted.
    pub began_at: Timestamp,
    /// When it is decided by time.
    pub expires_at: Option<Timestamp>,
}

/// What an alert is about, as things are now.
#[derive(Clone, Debug)]
pub enum Matter<'a> {
    /// The owner may come in without a connection until then.
    BreakGlass {
        /// Until when.
        until: Timestamp,
        /// Why the operator opened it.
        reason: &'a str,
    },
    /// Somebody came in as the owner without a connection.
    BreakGlassUsed {
        /// When.
        at: Timestamp,
    },
    /// A certificate of an identity provider ends, or has ended.
    Certificate {
        /// Its connection.
        connection: Tie<'a>,
        /// When it ends.
        ends_at: Timestamp,
        /// Whether it has.
        is_over: bool,
    },
    /// A directory names people whom its word alone does not make its own.
    Links {
        /// Its connection.
        connection: Tie<'a>,
        /// How many wait now.
        people: usize,
    },
    /// The organization has another owner.
    NewOwner {
        /// The new owner's id.
        id: &'a str,
        /// Their address.
        email: Option<&'a str>,
    },
    /// The owner cannot act.
    Owner {
        /// The owner's id.
        id: &'a str,
        /// Whether the directory, or an admin, shut them out; else the connection is gone by which they came.
        is_out: bool,
    },
    /// An admin asks for another owner in place of one who cannot act.
    Recovery {
        /// The transfer's id.
        id: &'a str,
        /// The address of whom they ask for.
        email: Option<&'a str>,
        /// Why, where they said.
        reason: Option<&'a str>,
    },
    /// A directory took away, or gave, more than is usual.
    Safeguard(Tripped<'a>),
    /// What lets a SCIM client in ends, or has ended.
    Token {
        /// Its connection.
        connection: Tie<'a>,
        /// Its id.
        id: &'a str,
        /// Whether it is an OAuth client.
        is_client: bool,
        /// When it ends.
        ends_at: Timestamp,
        /// Whether it has.
        is_over: bool,
    },
    /// Nothing is posted to a webhook any more.
    Webhook {
        /// Its id.
        id: &'a str,
        /// Its name.
        name: &'a str,
        /// Its host.
        host: &'a str,
        /// Since when nothing was taken; else it answered that it is gone.
        failing_since: Option<Timestamp>,
    },
}

/// An alert, as its mail shows it.
#[derive(Clone, Debug)]
pub struct Alert<'a> {
    /// The organization's name.
    pub organization: &'a str,
    /// Its slug.
    pub slug: &'a str,
    /// The public URL, without a trailing slash.
    pub public_url: &'a str,
    /// What it is about.
    pub matter: Matter<'a>,
    /// Whether the operator reads it, and not somebody of the organization.
    pub to_operator: bool,
}

/// What its two templates show.
struct View {
    title: &'static str,
    happened: String,
    means: String,
    steps: Vec<Step>,
    why: String,
}

#[derive(Template)]
#[template(path = "alert.txt")]
struct Text<'a> {
    it: &'a View,
}

#[derive(Template)]
#[template(path = "alert.html")]
struct Html<'a> {
    it: &'a View,
}

impl Alert<'_> {
    /// The mail.
    pub fn content(&self) -> Content {
        let (title, happened, means) = self.words();
        let subject = format!("{title}: {}", wording::cut(self.organization));
        let it = View {
            title,
            happened,
            means,
            steps: self.steps(),
            why: self.why(),
        };
        Content::new(&subject, &Text { it: &it }, &Html { it: &it })
    }

    fn why(&self) -> String {
        let organization = wording::name(self.organization);
        if self.to_operator {
            return "You get this mail because USHER_MAIL_OPERATOR names you as who runs this Usher."
                .to_owned();
        }
        let off = match self.matter {
            Matter::BreakGlass { .. } | Matter::BreakGlassUsed { .. } => {
                "Such mails cannot be turned off."
            }
            _ => "\"alerts\" in its policy turns such mails off.",
        };
        format!("You get this mail because you own {organization}, or are an admin of it. {off}")
    }

    /// The title, what happened, and what it means.
    fn words(&self) -> Words {
        let of = wording::name(self.organization);
        match &self.matter {
            Matter::BreakGlass { until, reason } => words::way_in(&of, *until, reason),
            Matter::BreakGlassUsed { at } => words::way_in_used(&of, *at),
            Matter::Certificate {
                connection,
                ends_at,
                is_over,
            } => words::certificate(connection, &of, *ends_at, *is_over),
            Matter::Links { connection, people } => words::links(connection, &of, *people),
            Matter::NewOwner { email, .. } => words::new_owner(&of, *email),
            Matter::Owner { is_out, .. } => words::owner(&of, *is_out),
            Matter::Recovery { email, reason, .. } => words::recovery(&of, *email, *reason),
            Matter::Safeguard(tripped) => words::safeguard(tripped, &of),
            Matter::Token {
                connection,
                is_client,
                ends_at,
                is_over,
                ..
            } => words::token(connection, &of, *is_client, (*ends_at, *is_over)),
            Matter::Webhook {
                name,
                host,
                failing_since,
                ..
            } => words::webhook(name, host, &of, *failing_since),
        }
    }
}
