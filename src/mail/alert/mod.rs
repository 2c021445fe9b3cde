//! The mail that tells admins, and the operator, what they should look at now: what happened, what it
//! means, and the very next step.

use askama::Template;
use jiff::Timestamp;

use self::steps::Step;
use super::{Content, wording};
use crate::directory::safeguard::{Danger, SafeguardState};

mod steps;

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
        format!(
            "You get this mail because you own {organization}, or are an admin of it. \"alerts\" in its \
             policy turns such mails off."
        )
    }

    /// The title, what happened, and what it means.
    fn words(&self) -> Words {
        let of = wording::name(self.organization);
        match &self.matter {
            Matter::Certificate {
                connection,
                ends_at,
                is_over,
            } => certificate(connection, &of, *ends_at, *is_over),
            Matter::Links { connection, people } => (
                "A directory names an owner or an admin",
                format!(
                    "The directory behind {}, a connection of {of}, names {people} of your people who own \
                     it, are admins by hand, or were taken from a directory: its word alone does not make \
                     them its own.",
                    wording::name(connection.name)
                ),
                "They stay as they are, with their address, role and sessions, until somebody says whose \
                 these resources are."
                    .to_owned(),
            ),
            Matter::NewOwner { email, .. } => (
                "Another owner",
                format!(
                    "The ownership of {of} was transferred to {}.",
                    email.map_or_else(|| "somebody without an address".to_owned(), wording::name)
                ),
                "Whoever owned it before is an admin now. If nobody of you knows why, somebody got hold \
                 of a key or of a mailbox: tell whoever runs this Usher."
                    .to_owned(),
            ),
            Matter::Owner { is_out, .. } => (
                "The owner cannot act",
                owner(&of, *is_out),
                "The title stays with them. Admins go on as before; nobody else can give the title \
                 away or override the directory, but for the operator."
                    .to_owned(),
            ),
            Matter::Safeguard(tripped) => safeguard(tripped, &of),
            Matter::Token {
                connection,
                is_client,
                ends_at,
                is_over,
                ..
            } => token(connection, &of, *is_client, (*ends_at, *is_over)),
            Matter::Webhook {
                name,
                host,
                failing_since,
                ..
            } => webhook(name, host, &of, *failing_since),
        }
    }
}

/// A title, what happened, and what it means.
type Words = (&'static str, String, String);

fn certificate(connection: &Tie<'_>, of: &str, ends_at: Timestamp, is_over: bool) -> Words {
    let name = wording::name(connection.name);
    (
        ends("A certificate has ended", "A certificate ends soon", is_over),
        format!(
            "A certificate of the identity provider behind {name}, a connection of {of}, {} on {}.",
            ends("ended", "ends", is_over),
            wording::absolute(ends_at)
        ),
        "Its key stays good here. But a provider changes to another key about then, and until Usher \
         has read its new metadata nobody signs in by that."
            .to_owned(),
    )
}

fn token(
    connection: &Tie<'_>,
    of: &str,
    is_client: bool,
    (ends_at, is_over): (Timestamp, bool),
) -> Words {
    let name = wording::name(connection.name);
    let what = if is_client {
        "An OAuth client"
    } else {
        "A SCIM token"
    };
    (
        ends("A SCIM token has ended", "A SCIM token ends soon", is_over),
        format!(
            "{what} of {name}, a connection of {of}, {} on {}.",
            ends("ended", "ends", is_over),
            wording::absolute(ends_at)
        ),
        "Without one that is good the directory is answered 401: nobody new comes, and nobody who \
         leaves is shut out."
            .to_owned(),
    )
}

fn webhook(name: &str, host: &str, of: &str, failing_since: Option<Timestamp>) -> Words {
    let (name, host) = (wording::name(name), wording::name(host));
    let why = match failing_since {
        Some(since) => format!("it has taken nothing since {}", wording::absolute(since)),
        None => "it answered that it is gone (410)".to_owned(),
    };
    (
        "A webhook was disabled",
        format!("Nothing is posted any more to the webhook {name} of {of}, at {host}: {why}."),
        "Whatever listens there hears of nobody who comes or leaves. The event feed has everything \
         for 90 days; what was missed is posted only if you ask for it."
            .to_owned(),
    )
}

/// What is said of a safeguard: the title, what happened, and what it means.
fn safeguard(tripped: &Tripped<'_>, of: &str) -> Words {
    let Tripped {
        people, threshold, ..
    } = tripped;
    let name = wording::name(tripped.connection.name);
    let until = tripped.expires_at.map(wording::absolute);
    let until = until.unwrap_or_default();
    let happened = match tripped.danger {
        Danger::Promotions => format!(
            "The directory behind {name}, a connection of {of}, made {people} people admins within an \
             hour; up to {threshold} are usual."
        ),
        Danger::Removals => format!(
            "The directory behind {name}, a connection of {of}, took {people} people out within an \
             hour, or took from them the last of what its groups gave; up to {threshold} are usual."
        ),
    };
    let (title, means) = match (tripped.danger, tripped.state) {
        (Danger::Promotions, _) => (
            "New admins wait for a yes",
            format!(
                "Those beyond the limit are no admins yet. Without a yes until {until} they do not \
                 become any."
            ),
        ),
        (Danger::Removals, SafeguardState::Held) => (
            "Many removals wait for a decision",
            format!(
                "Those beyond the limit cannot sign in, and keep everything else. Without a decision \
                 they are removed on {until}."
            ),
        ),
        (Danger::Removals, _) => (
            "A directory removed many people",
            "All of it is done. If it was a mistake at the identity provider, it can be undone."
                .to_owned(),
        ),
    };
    (title, happened, means)
}

fn owner(of: &str, is_out: bool) -> String {
    if is_out {
        return format!(
            "The owner of {of} cannot sign in any more: the directory, or an admin, has shut them out."
        );
    }
    format!("The connection is gone by which the owner of {of} signed in.")
}

fn ends(past: &'static str, future: &'static str, is_over: bool) -> &'static str {
    if is_over { past } else { future }
}
