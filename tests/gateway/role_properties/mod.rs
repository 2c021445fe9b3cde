//! Properties of roles, held by the real gateway in random worlds: what an explanation says leads to the role
//! that is in force, and nobody becomes owner, whatever is tried.
//!
//! `PROPTEST_CASES=N` tries N worlds where fewer are tried otherwise.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{TestGateway, property};

mod attempts;
mod evaluator;
mod land;

use attempts::{Attempt, any_attempt};
use land::{Act, Land, any_act};

/// Acts of one world.
const ACTS: usize = 24;
/// Worlds where nobody asks for more.
const WORLDS: u32 = 16;
/// So often as many, until each source has decided somewhere.
const MORE: usize = 10;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Whoever reads an explanation, and knows nothing but the written rules, comes to the role that is in force.
#[test]
fn explain_matches_effective_role() {
    let (runtime, number) = (runtime(), AtomicUsize::new(0));
    let gateway = runtime.block_on(TestGateway::start());
    let acts = proptest::collection::vec(any_act(), ACTS);
    let seen = Mutex::new(BTreeMap::new());
    let holds = |acts: Vec<Act>| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(async {
            let mut land = Land::open(&gateway, format!("e{number}")).await;
            for act in &acts {
                land.take(act).await;
            }
            for person in land.people().await {
                let id = person["id"].as_str().unwrap();
                let explained = land.get(&format!("/users/{id}/explain")).await;
                let found = evaluator::evaluate(&explained);
                let shown = evaluator::shown(&person);
                let said = evaluator::shown(&explained);
                prop_assert_eq!(&found, &shown, "{:?}: {:#}", acts, explained);
                prop_assert_eq!(&said, &shown, "{:?}: {:#}", acts, explained);
                for candidate in explained["candidates"].as_array().unwrap() {
                    let what = [&candidate["source"], &candidate["verdict"]];
                    let what = what.map(|it| it.as_str().unwrap().to_owned());
                    *seen.lock().unwrap().entry(what).or_insert(0) += 1;
                }
            }
            Ok(())
        })
    };
    // The worlds are worth something: what directories, sign-ins and people give has decided in some. Where chance
    // has left one out, there are more.
    let undecided = || {
        let seen = seen.lock().unwrap();
        let decided = |source: &str| seen.contains_key(&[source.to_owned(), "won".to_owned()]);
        let sources = ["directory_group", "saml_group", "manual"];
        sources.into_iter().find(|source| !decided(source))
    };
    for _ in 0..MORE {
        property(WORLDS, &acts, holds);
        if undecided().is_none() {
            break;
        }
    }
    assert_eq!(
        undecided(),
        None,
        "never decided: {:?}",
        seen.lock().unwrap()
    );
}

/// The title is the first owner's alone, whatever anybody tries over any channel, among whatever else happens.
#[test]
fn owner_never_grantable_by_any_channel() {
    let (runtime, number) = (runtime(), AtomicUsize::new(0));
    let gateway = runtime.block_on(TestGateway::start());
    let step = prop_oneof![
        1 => any_act().prop_map(Err::<Attempt, Act>),
        1 => any_attempt().prop_map(Ok),
    ];
    let steps = proptest::collection::vec(step, ACTS);
    property(WORLDS, &steps, |steps| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(async {
            let mut land = Land::open(&gateway, format!("w{number}")).await;
            let owner = land.crown().await;
            for step in &steps {
                match step {
                    Err(act) => land.take(act).await,
                    Ok(attempt) => {
                        let fault = land.attempt(attempt).await;
                        prop_assert_eq!(fault, None, "{:?}", attempt);
                    }
                }
            }
            for person in land.people().await {
                let is_owner = person["id"] == owner;
                let text = || format!("{person:#} after {steps:?}");
                prop_assert_eq!(person["owner"] == true, is_owner, "{}", text());
                prop_assert_eq!(person["role"] == "owner", is_owner, "{}", text());
                let projects = person["projects"].as_array().unwrap();
                prop_assert!(
                    !projects.iter().any(|it| it["role"] == "owner"),
                    "{}",
                    text()
                );
            }
            prop_assert_eq!(land.named_owner().await, Vec::<Value>::new(), "{:?}", steps);
            prop_assert!(land.roles().await.contains(&json!("owner")));
            Ok(())
        })
    });
}
