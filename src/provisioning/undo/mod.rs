//! Undo: what a request, an import, or a connection within a window did to people is taken back by new
//! changes, after a plan was shown. What the directory said stays as its word: until it says something
//! else, the drift report shows where it is not in force.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::id::{ConnectionId, GrantId, ImportId, InvitationId, UserId};
use crate::limits;
use crate::provisioning::resolution::Rules;
use crate::provisioning::settings::plan::{self, Plan};
use crate::provisioning::{Change, Error, Kind};
use crate::store::rows::EventRow;
use crate::store::types::Time;

mod import;
mod inverse;

const ONE_OF: &str = "say what is to be undone: a request_id, a window, or an import_id";

/// What is to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// One request, by its id, as events name their cause.
    #[serde(default)]
    pub request_id: Option<String>,
    /// What a connection did within a window.
    #[serde(default)]
    pub window: Option<Window>,
    /// One import: who has not come yet is not invited any more, and who has come loses what it gave them.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub import_id: Option<ImportId>,
    /// The digest of the plan that was shown; needed where more than 20 people are touched.
    #[serde(default)]
    pub digest: Option<String>,
}

/// A connection, and from when until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// From then on.
    #[schema(value_type = String, format = "date-time")]
    pub from: Timestamp,
    /// Until then; now unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub to: Option<Timestamp>,
}

/// What undoing would do, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Undone {
    /// What it does to people's roles.
    #[serde(flatten)]
    pub plan: Plan,
    /// What is not undone, and why.
    pub left: Vec<Left>,
    /// The invitations of an import that are taken back.
    #[schema(value_type = Vec<String>)]
    pub revoked: Vec<InvitationId>,
    /// The grants of an import that end.
    #[schema(value_type = Vec<String>)]
    pub ended: Vec<GrantId>,
}

/// What is undone.
enum Task {
    /// What an import did.
    Import(ImportId),
    /// What happened to people.
    Stories(Stories),
}

/// What was done to undo it.
#[derive(Default)]
struct Done {
    left: BTreeSet<Left>,
    revoked: Vec<InvitationId>,
    ended: Vec<GrantId>,
    people: Vec<UserId>,
}

/// Something that is not undone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Left {
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// Why.
    pub why: &'static str,
}

/// What happened to one person.
#[derive(Default)]
struct Story {
    /// The instants of the changes.
    instants: BTreeSet<Timestamp>,
    /// The requests that made them.
    causes: BTreeSet<String>,
    /// What happened at each, where the event is of the person.
    kinds: Vec<(Timestamp, EventKind)>,
    /// The connection that did it.
    connection: Option<ConnectionId>,
}

/// Tells what undoing would do, and does nothing.
pub async fn outlook(change: &mut Change<'_>, undo: &Undo) -> Result<Undone, Error> {
    let task = task(change, undo).await?;
    foresee(change, undo, &task).await
}

/// Undoes it. With a digest only if the outcome still is what was shown; without one only where few
/// people are touched.
pub async fn apply(change: &mut Change<'_>, undo: &Undo) -> Result<Undone, Error> {
    let task = task(change, undo).await?;
    let shown = foresee(change, undo, &task).await?;
    let touched = shown.plan.count() + shown.revoked.len();
    let plan = shown.plan.agreed_of(undo.digest.as_deref(), touched)?;
    let done = make(change, &task).await?;
    let is_nothing = done.people.is_empty() && done.revoked.is_empty();
    // An import that was undone is not undone again.
    if !(is_nothing && matches!(task, Task::Import(_))) {
        let data = json!({
            "request_id": undo.request_id,
            "window": undo.window,
            "import_id": undo.import_id,
            "people": done.people,
            "left": done.left,
            "revoked": done.revoked,
            "ended": done.ended,
            "digest": plan.digest,
        });
        change.record(EventKind::UndoApplied, data);
    }
    Ok(done.with(plan))
}

type Stories = BTreeMap<UserId, Story>;

impl Done {
    fn with(self, plan: Plan) -> Undone {
        Undone {
            plan,
            left: self.left.into_iter().collect(),
            revoked: self.revoked,
            ended: self.ended,
        }
    }
}

async fn foresee(change: &mut Change<'_>, undo: &Undo, task: &Task) -> Result<Undone, Error> {
    let rehearsal = plan::begin(change).await?;
    let done = make(change, task).await?;
    let said = json!({
        "request_id": undo.request_id,
        "window": undo.window,
        "import_id": undo.import_id,
        "left": done.left,
        "revoked": done.revoked,
        "ended": done.ended,
    });
    let plan = rehearsal.end(change, &said).await?;
    Ok(done.with(plan))
}

async fn make(change: &mut Change<'_>, task: &Task) -> Result<Done, Error> {
    let stories = match task {
        Task::Import(id) => return import::inverse(change, *id).await,
        Task::Stories(stories) => stories,
    };
    let mut done = Done {
        people: stories.keys().copied().collect(),
        ..Done::default()
    };
    let rules = Rules::load(change.tx, change.org).await?;
    for (user, story) in stories {
        inverse::of(change, &rules.book, (*user, story), &mut done.left).await?;
    }
    Ok(done)
}

/// What is asked for: one of the three.
async fn task(change: &mut Change<'_>, undo: &Undo) -> Result<Task, Error> {
    let Some(id) = undo.import_id else {
        return Ok(Task::Stories(stories(change, undo).await?));
    };
    if undo.request_id.is_some() || undo.window.is_some() {
        return Err(Violation::Invalid(ONE_OF.to_owned()).into());
    }
    let known = change.tx.import(change.org, id).await?;
    known.ok_or(Error::NotFound(Kind::Import))?;
    Ok(Task::Import(id))
}

async fn stories(change: &mut Change<'_>, undo: &Undo) -> Result<Stories, Error> {
    let events = match (&undo.request_id, &undo.window) {
        (Some(request), None) => {
            change
                .tx
                .events_of_cause(change.org, request, limits::UNDO_EVENTS + 1)
                .await?
        }
        (None, Some(window)) => {
            let to = window.to.unwrap_or(change.now);
            if window.from >= to || to.duration_since(window.from) > limits::UNDO_WINDOW {
                let rule = "a window is from an instant to a later one, at most 24 hours";
                return Err(Violation::Invalid(rule.to_owned()).into());
            }
            let between = (Time(window.from), Time(to));
            let all = change
                .tx
                .events_between(change.org, between, limits::UNDO_EVENTS + 1)
                .await?;
            return chosen(all, Some(window.connection_id));
        }
        _ => {
            return Err(Violation::Invalid(ONE_OF.to_owned()).into());
        }
    };
    chosen(events, None)
}

/// What happened to each person: by anybody, or by one connection and what its safeguards held.
fn chosen(mut events: Vec<EventRow>, of: Option<ConnectionId>) -> Result<Stories, Error> {
    if events.len() as i64 > limits::UNDO_EVENTS {
        let most = limits::UNDO_EVENTS;
        let rule = format!("more than {most} events; choose a smaller window");
        return Err(Violation::Invalid(rule).into());
    }
    events.retain(|event| of.is_none_or(|of| is_of(event, of)));
    if events.is_empty() {
        let rule = "nothing is known of that: no event names it";
        return Err(Violation::Invalid(rule.to_owned()).into());
    }
    Ok(told(&events))
}

/// Whether a connection did it, or a safeguard of the connection that had held it.
fn is_of(event: &EventRow, connection: ConnectionId) -> bool {
    if event.actor == format!("scim:{connection}") {
        return true;
    }
    let data: Value = serde_json::from_str(&event.data.0).unwrap_or_default();
    let named = data.get("connection_id").and_then(Value::as_str);
    data.get("safeguard_id").is_some_and(Value::is_string)
        && named == Some(connection.to_string().as_str())
}

fn told(events: &[EventRow]) -> Stories {
    let mut stories = Stories::new();
    for event in events {
        let data: Value = serde_json::from_str(&event.data.0).unwrap_or_default();
        let user = data.get("user_id").and_then(Value::as_str);
        let Some(user) = user.and_then(|id| id.parse().ok()) else {
            continue;
        };
        let story: &mut Story = stories.entry(user).or_default();
        story.instants.insert(event.time.0);
        story.causes.insert(event.cause.clone());
        story.kinds.push((event.time.0, event.kind));
        let named = data.get("connection_id").and_then(Value::as_str);
        let named = event.actor.strip_prefix("scim:").or(named);
        story.connection = named.and_then(|id| id.parse().ok()).or(story.connection);
    }
    stories
}
