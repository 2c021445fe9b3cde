//! What each alert says: the title, what happened, and what it means.

use jiff::Timestamp;

use super::{Tie, Tripped};
use crate::directory::safeguard::{Danger, SafeguardState};
use crate::mail::wording;

/// A title, what happened, and what it means.
pub(super) type Words = (&'static str, String, String);

pub(super) fn way_in(of: &str, until: Timestamp, reason: &str) -> Words {
    (
        "The owner may sign in without a connection",
        format!(
            "Whoever runs this Usher opened the break-glass sign-in of {of} until {}. The reason given: \
             {}",
            wording::absolute(until),
            wording::name(reason)
        ),
        "With its link, and a code that is mailed to the owner, the owner signs in with their own role \
         while no connection brings them in."
            .to_owned(),
    )
}

pub(super) fn way_in_used(of: &str, at: Timestamp) -> Words {
    (
        "The owner signed in without a connection",
        format!(
            "Somebody with the link of the break-glass sign-in, and with a code from the owner's mailbox, \
             signed in as the owner of {of} on {}.",
            wording::absolute(at)
        ),
        "The session ends by itself within an hour. If it was not the owner, close the sign-in now, which \
         ends it at once, and see to the owner's mailbox."
            .to_owned(),
    )
}

pub(super) fn links(connection: &Tie<'_>, of: &str, people: usize) -> Words {
    (
        "A directory names an owner or an admin",
        format!(
            "The directory behind {}, a connection of {of}, names {people} of your people who own it, are \
             admins by hand, or were taken from a directory: its word alone does not make them its own.",
            wording::name(connection.name)
        ),
        "They stay as they are, with their address, role and sessions, until somebody says whose these \
         resources are."
            .to_owned(),
    )
}

pub(super) fn recovery(of: &str, email: Option<&str>, reason: Option<&str>) -> Words {
    let who = email.map_or_else(|| "somebody without an address".to_owned(), wording::name);
    let why = reason.map_or_else(String::new, |it| {
        format!(" The reason given: {}", wording::name(it))
    });
    (
        "An admin asks for another owner",
        format!("The owner of {of} cannot act, and with a key of it {who} is asked for.{why}"),
        "Whoever runs this Usher confirms it, once they know by another way that it is right. Without that \
         it is over in 7 days, and the title stays where it is."
            .to_owned(),
    )
}

pub(super) fn new_owner(of: &str, email: Option<&str>) -> Words {
    (
        "Another owner",
        format!(
            "The ownership of {of} was transferred to {}.",
            email.map_or_else(|| "somebody without an address".to_owned(), wording::name)
        ),
        "Whoever owned it before is an admin now. If nobody of you knows why, somebody got hold of a key \
         or of a mailbox: tell whoever runs this Usher."
            .to_owned(),
    )
}

pub(super) fn certificate(
    connection: &Tie<'_>,
    of: &str,
    ends_at: Timestamp,
    is_over: bool,
) -> Words {
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

pub(super) fn token(
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

pub(super) fn webhook(name: &str, host: &str, of: &str, failing_since: Option<Timestamp>) -> Words {
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
pub(super) fn safeguard(tripped: &Tripped<'_>, of: &str) -> Words {
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

pub(super) fn owner(of: &str, is_out: bool) -> Words {
    let happened = if is_out {
        format!(
            "The owner of {of} cannot sign in any more: the directory, or an admin, has shut them out."
        )
    } else {
        format!("The connection is gone by which the owner of {of} signed in.")
    };
    (
        "The owner cannot act",
        happened,
        "The title stays with them. Admins go on as before; nobody else can give the title away or override \
         the directory, but for the operator."
            .to_owned(),
    )
}

fn ends(past: &'static str, future: &'static str, is_over: bool) -> &'static str {
    if is_over { past } else { future }
}
