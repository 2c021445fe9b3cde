//! Undo: what a request, or a connection within a window, did to people is taken back by new changes, after
//! a plan was shown. What the directory said stays as its word: until it says something else, the drift
//! report shows where it is not in force.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::id::{ConnectionId, UserId};
use crate::provisioning::resolution::World;
use crate::provisioning::settings::plan::{self, Plan};
use crate::provisioning::{Change, Error};
use crate::store::rows::EventRow;
use crate::store::types::Time;

mod inverse;

/// The longest window that is undone at once.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// The most events that are undone at once.
const MOST: i64 = 20_000;

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
    /// The digest of the plan that was shown; needed where more than 20 people's roles change.
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
    let stories = stories(change, undo).await?;
    foresee(change, undo, &stories).await
}

/// Undoes it. With a digest only if the outcome still is what was shown; without one only where few
/// people's roles change.
pub async fn apply(change: &mut Change<'_>, undo: &Undo) -> Result<Undone, Error> {
    let stories = stories(change, undo).await?;
    let Undone { plan, .. } = foresee(change, undo, &stories).await?;
    let plan = plan.agreed(undo.digest.as_deref())?;
    let left = make(change, &stories).await?;
    let data = json!({
        "request_id": undo.request_id,
        "window": undo.window,
        "people": stories.keys().collect::<Vec<_>>(),
        "left": left,
        "digest": plan.digest,
    });
    change.record(EventKind::UndoApplied, data);
    Ok(Undone { plan, left })
}

type Stories = BTreeMap<UserId, Story>;

async fn foresee(change: &mut Change<'_>, undo: &Undo, stories: &Stories) -> Result<Undone, Error> {
    let rehearsal = plan::begin(change).await?;
    let left = make(change, stories).await?;
    let said = json!({"request_id": undo.request_id, "window": undo.window, "left": left});
    let plan = rehearsal.end(change, &said).await?;
    Ok(Undone { plan, left })
}

async fn make(change: &mut Change<'_>, stories: &Stories) -> Result<Vec<Left>, Error> {
    let mut left = BTreeSet::new();
    let book = World::load(change.tx, change.org, &[]).await?.book;
    for (user, story) in stories {
        inverse::of(change, &book, (*user, story), &mut left).await?;
    }
    Ok(left.into_iter().collect())
}

async fn stories(change: &mut Change<'_>, undo: &Undo) -> Result<Stories, Error> {
    let events = match (&undo.request_id, &undo.window) {
        (Some(request), None) => {
            change
                .tx
                .events_of_cause(change.org, request, MOST + 1)
                .await?
        }
        (None, Some(window)) => {
            let to = window.to.unwrap_or(change.now);
            if window.from >= to || to.duration_since(window.from) > LONGEST {
                let rule = "a window is from an instant to a later one, at most 24 hours";
                return Err(Violation::Invalid(rule.to_owned()).into());
            }
            let between = (Time(window.from), Time(to));
            let all = change
                .tx
                .events_between(change.org, between, MOST + 1)
                .await?;
            return chosen(all, Some(window.connection_id));
        }
        _ => {
            let rule = "say what is to be undone: a request_id, or a window";
            return Err(Violation::Invalid(rule.to_owned()).into());
        }
    };
    chosen(events, None)
}

/// What happened to each person: by anybody, or by one connection and what its safeguards held.
fn chosen(mut events: Vec<EventRow>, of: Option<ConnectionId>) -> Result<Stories, Error> {
    if events.len() as i64 > MOST {
        let rule = format!("more than {MOST} events; choose a smaller window");
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
