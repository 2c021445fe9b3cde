//! The model: random sequences of what directories, sign-ins, admins and time do, taken by the product and by a world in
//! memory that was written from the decision list alone. After each step both have answered the same and told
//! the same of people; at the end both say the same of everybody, and explanations agree.
//!
//! `PROPTEST_CASES=10000`, as in `make proof`, tries 2,000 sequences. With `USHER_EXPLAINED=FILE` the explanation of everybody at
//! the end is written there with the role that is in force, a line each, for an evaluator of another language.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use crate::harness::{TestGateway, property_in};

mod moves;
mod steps;
mod world;

use steps::{Stage, Step, address, any_step};
use world::{ROLES, Told, World};

/// Steps of one sequence.
const STEPS: usize = 60;
/// Five times the sequences where nobody asks for more: one is worth five cases of other properties.
const SEQUENCES: u32 = 40;

#[test]
fn whatever_happens_the_product_does_as_the_decision_list_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let gateway = runtime.block_on(TestGateway::start());
    let number = AtomicUsize::new(0);
    let sequence = proptest::collection::vec(any_step(), STEPS);
    property_in(SEQUENCES, 5, &sequence, |steps| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(play(&gateway, format!("o{number}"), &steps))
    });
}

async fn play(gateway: &TestGateway, slug: String, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut stage = Stage::open(gateway, slug).await;
    let mut world = World::default();
    let mut read = gateway.events(stage.org).await.len() as i64;
    let mut ids: Vec<String> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let said = stage.take(step).await;
        let (expected, told) = world.take(step);
        let what = || format!("step {at}, {step:?} of {steps:?}");
        if said != expected {
            return Err(TestCaseError::fail(format!(
                "{said} for {expected}: {}",
                what()
            )));
        }
        let events = gateway.events_since(stage.org, read).await;
        let found = of_people(&events, &mut ids);
        read += events.len() as i64;
        let expected = sorted(told);
        if found != expected {
            let text = format!("told {found:?} for {expected:?}: {}", what());
            return Err(TestCaseError::fail(text));
        }
    }
    for (at, person) in world.people.iter().enumerate() {
        let shown = stage.ask("GET", &format!("/users/{}", ids[at]), None).await;
        let shown = shown.expect(200).json();
        let (role, site) = (
            person.role.map(|it| ROLES[it]),
            person.site.map(|it| ROLES[it]),
        );
        let projects: Vec<_> = site
            .iter()
            .map(|role| json!({"slug": "site", "role": role}))
            .collect();
        let expected = json!([person.state(), role, projects, address(person.address)]);
        let found = json!([
            shown["state"],
            shown["role"],
            shown["projects"],
            shown["email"]
        ]);
        let explained = stage
            .ask("GET", &format!("/users/{}/explain", ids[at]), None)
            .await;
        let explained = explained.expect(200).json();
        let why = json!([explained["state"], explained["role"], explained["projects"]]);
        let agreed = json!([found[0], found[1], found[2]]);
        if found != expected || why != agreed {
            let text = format!("{found} for {expected}, explained as {why}, after {steps:?}");
            return Err(TestCaseError::fail(text));
        }
        write_down(&explained, &shown);
    }
    Ok(())
}

/// What events tell of people, each by the number in which they came.
fn of_people(events: &[Value], ids: &mut Vec<String>) -> Vec<Told> {
    let mut told = Vec::new();
    for event in events {
        let kind = event["type"].as_str().unwrap();
        let Some(id) = event["data"]["user_id"]
            .as_str()
            .filter(|_| kind.starts_with("user."))
        else {
            continue;
        };
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
        let at = ids.iter().position(|known| known == id).unwrap();
        let slug = |value: &Value| ROLES.iter().find(|role| value == *role).copied();
        let site = event["data"]["projects"]
            .as_array()
            .and_then(|held| held.first());
        let site = site.and_then(|held| slug(&held["role"]));
        told.push((kind.to_owned(), at, slug(&event["data"]["role"]), site));
    }
    sorted(told)
}

/// In the order of the people: which of several comes first is nobody's business.
fn sorted(mut told: Vec<Told>) -> Vec<Told> {
    told.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    told
}

fn write_down(explained: &Value, shown: &Value) {
    let Ok(path) = std::env::var("USHER_EXPLAINED") else {
        return;
    };
    let projects = shown["projects"].as_array().unwrap().iter();
    let projects: serde_json::Map<_, _> = projects
        .map(|it| (it["slug"].as_str().unwrap().to_owned(), it["role"].clone()))
        .collect();
    let line = json!({"explanation": explained, "role": shown["role"], "projects": projects});
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    writeln!(file, "{line}").unwrap();
}
