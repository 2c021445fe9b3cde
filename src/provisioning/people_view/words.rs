//! An explanation in an admin's words: one sentence a candidate, made of the rest of it.

use crate::directory::grant::Verdict;
use crate::directory::rulebook::Rulebook;
use crate::id::ConnectionId;
use crate::provisioning::people_view::explanation::Candidate;

/// What gives which role where, since when and by whom, and what became of it.
pub(super) fn sentence(book: &Rulebook, it: &Candidate) -> String {
    let place = match it.projects.as_slice() {
        [] => String::new(),
        [one] => format!(" in the project {one}"),
        many => format!(" in the projects {}", many.join(", ")),
    };
    let since = it.granted_at.map(|at| format!(" since {at}"));
    let by = it
        .actor
        .as_deref()
        .map(|actor| format!(", {}", asked_by(book, actor)));
    let reason = it.reason.as_deref().map(|reason| format!(" ({reason:?})"));
    let stale = it.stale_since.map(|at| {
        format!("; it is the last that is known, since sign-ins say nothing of groups since {at}")
    });
    format!(
        "{} gives {}{place}{}{}{}: {}{}.",
        giver(book, it),
        it.role,
        since.unwrap_or_default(),
        by.unwrap_or_default(),
        reason.unwrap_or_default(),
        outcome(it),
        stale.unwrap_or_default(),
    )
}

fn giver(book: &Rulebook, it: &Candidate) -> String {
    let group = it
        .group
        .as_ref()
        .map_or("a group", |group| &group.display_name);
    let of = it.mapping.as_ref().map(|rule| {
        let name = name(book, rule.connection_id);
        format!("{name}, by rule {} of revision {}", rule.position, rule.rev)
    });
    let of = of.unwrap_or_else(|| "a connection".to_owned());
    match it.source {
        "directory_group" => format!("The group {group} of {of},"),
        "saml_group" => format!("The group {group} that the last sign-in named at {of},"),
        "manual" => "An admin".to_owned(),
        "override" => "The owner, against the directory,".to_owned(),
        "invite" => "An invitation".to_owned(),
        "csv" => "An import".to_owned(),
        "bootstrap" => "The organization's creation".to_owned(),
        "connection_default" => "The connection's default".to_owned(),
        _ => "The organization's default".to_owned(),
    }
}

fn name(book: &Rulebook, connection: ConnectionId) -> String {
    let weight = book.connections.get(&connection);
    weight.map_or_else(
        || "a connection that is gone".to_owned(),
        |it| it.name.clone(),
    )
}

/// An actor, as events name it, in words.
fn asked_by(book: &Rulebook, actor: &str) -> String {
    let (kind, id) = actor.split_once(':').unwrap_or((actor, ""));
    let connection = || {
        id.parse()
            .map_or_else(|_| id.to_owned(), |id| name(book, id))
    };
    match kind {
        "scim" => format!("pushed by the directory of {}", connection()),
        "saml" => format!("at a sign-in through {}", connection()),
        "key" => format!("asked with the API key {id}"),
        "user" => format!("asked by the person {id}"),
        "command" => "asked at the operator's command line".to_owned(),
        "invitee" => "accepted by the person invited".to_owned(),
        _ => "by Usher itself".to_owned(),
    }
}

fn outcome(it: &Candidate) -> String {
    let text = match it.verdict {
        Verdict::AboveCeiling => "it does not count, being above what the connection may give",
        Verdict::Dormant => "it sleeps, since the person may not act",
        Verdict::Expired => "its time is over",
        Verdict::LowerLayer if it.grant_id.is_none() => "it is for people without any grant",
        Verdict::LowerLayer => "it does not count, since a layer before it decides",
        Verdict::LowerRank => "it does not count, since another of its layer gives more",
        Verdict::Retired => return retired(it),
        Verdict::Stale => "it does not count, since the directory pushes its groups itself",
        Verdict::Won => "it decides",
    };
    text.to_owned()
}

fn retired(it: &Candidate) -> String {
    let why = match it.retired_because.as_deref() {
        Some("no_longer_due") => "the group, the membership or the rule is gone",
        Some("superseded_by_directory") => "a group of the directory decided for the first time",
        Some("long_absence") => "the person was away for more than 30 days",
        Some("deleted_by_directory") => "the directory deleted the person",
        Some("expired") => "its time was over",
        Some("replaced") => "another took its place",
        Some("role_replaced") => "its role was removed, and another took its place",
        Some("ended_by_hand") => "it was taken back by hand",
        Some("undone") => "what gave it was undone",
        Some(other) => other,
        None => "it was taken back",
    };
    let at = it
        .retired_at
        .map(|at| format!(" at {at}"))
        .unwrap_or_default();
    format!("it ended{at}, since {why}")
}
