//! What `usher config plan` and `apply` print: one document, or lines for people.

use serde_json::{Value, json};

use crate::cli::config_code::apply::{Done, People};
use crate::cli::config_code::plan::{Action, Attribute, Line, Plan};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

const COLUMNS: [&str; 5] = ["action", "what", "organization", "name", "changes"];
const THERE: [&str; 3] = ["there", "organization", "name"];
const PEOPLE: [&str; 5] = ["organization", "gained", "lost", "changed", "become_admin"];
const SECRETS: [&str; 6] = [
    "what",
    "organization",
    "name",
    "scim_base_url",
    "scim_token",
    "secret",
];

const NOTHING: &str = "nothing to do";
const SHOWN_ONCE: &str = "The tokens and secrets are shown this once; keep them safe.";

/// A plan as one document.
pub(super) fn document(plan: &Plan, outcome: &str) -> Value {
    let lines: Vec<_> = plan.lines().collect();
    json!({"outcome": outcome, "changes": lines, "there": plan.there})
}

/// What a plan with steps would do, with what it would do to people where that can be told.
pub(super) fn planned(output: Output, plan: &Plan, people: &[People]) -> Result<(), Failure> {
    if output.is_json() {
        let mut document = document(plan, "planned");
        if let Some(members) = document.as_object_mut() {
            members.insert("people".to_owned(), json!(people));
        }
        return Output::line(&document);
    }
    steps(output, plan)?;
    roles(output, people)
}

/// That there is nothing to do.
pub(super) fn nothing(output: Output, plan: &Plan) -> Result<(), Failure> {
    if output.is_json() {
        return Output::line(&document(plan, "nothing_to_do"));
    }
    there(output, plan)?;
    Output::print(&format!("{NOTHING}\n"))
}

/// What was done; with a failure, up to where it ended.
pub(super) fn applied(
    output: Output,
    plan: &Plan,
    done: &Done,
    failure: Option<&Failure>,
) -> Result<(), Failure> {
    if output.is_json() {
        let outcome = if failure.is_some() {
            "failed"
        } else {
            "applied"
        };
        let mut document = document(plan, outcome);
        if let Some(members) = document.as_object_mut() {
            members.insert("people".to_owned(), json!(done.people));
            members.insert("secrets".to_owned(), json!(done.secrets));
            if let Value::Object(error) = failure.map_or(Value::Null, Failure::document) {
                members.extend(error);
            }
        }
        return Output::line(&document);
    }
    roles(output, &done.people)?;
    if !done.secrets.is_empty() {
        output.note(SHOWN_ONCE)?;
        output.rows(&done.secrets, &SECRETS)?;
    }
    match failure {
        Some(_) => Output::print("not all of it is done: plan the file again for what is left\n"),
        None => Output::print("done\n"),
    }
}

/// The steps of a plan, for people.
pub(super) fn steps(output: Output, plan: &Plan) -> Result<(), Failure> {
    let lines: Vec<_> = plan.lines().map(told).collect();
    output.rows(&lines, &COLUMNS)?;
    there(output, plan)?;
    Output::print(&format!(
        "{} to create, {} to change, {} to remove\n",
        plan.count(Action::Create),
        plan.count(Action::Change),
        plan.count(Action::Remove),
    ))
}

fn there(output: Output, plan: &Plan) -> Result<(), Failure> {
    if plan.there.is_empty() {
        return Ok(());
    }
    output.note("There, and not in the file:")?;
    let rows = plan
        .there
        .iter()
        .map(|it| json!({"there": it.what, "organization": it.organization, "name": it.name}));
    let rows: Vec<_> = rows.collect();
    output.rows(&rows, &THERE)
}

fn roles(output: Output, people: &[People]) -> Result<(), Failure> {
    if people.is_empty() {
        return Ok(());
    }
    output.note("People whose roles change:")?;
    output.rows(people, &PEOPLE)
}

fn told(line: &Line) -> Value {
    let changes = line.changes.iter().map(|it| attribute(line.action, it));
    let changes: Vec<_> = changes.collect();
    json!({
        "action": line.action,
        "what": line.what,
        "organization": line.organization,
        "name": line.name,
        "changes": changes,
    })
}

fn attribute(action: Action, it: &Attribute) -> String {
    match (&it.old, &it.new) {
        (_, Some(new)) if action == Action::Create => format!("{}: {}", it.name, word(new)),
        (Some(old), Some(new)) => format!("{}: {} to {}", it.name, word(old), word(new)),
        _ => it.name.to_owned(),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
