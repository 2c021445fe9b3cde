//! Rules that bear on many people: their roles are computed in batches.

use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::limits;
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::settings::plan::{self, Proposal};
use usher::provisioning::{Error, change, recompute};

use crate::credentials::live;
use crate::harness::Acme;
use crate::ownership::slug;

/// More people than one change computes at once.
const MANY: usize = limits::RECOMPUTED_AT_ONCE + limits::RECOMPUTE_BATCH as usize + 5;

/// An organization with so many people, all of one group; an admin by hand among them.
async fn crowded() -> (Acme, Vec<String>) {
    let acme = Acme::start().await;
    let ids = acme.gateway.crowd(&acme.okta, MANY).await;
    let members: Vec<_> = ids.iter().map(String::as_str).collect();
    acme.scim().group("SEO_Editors", &members).await;
    (acme, ids)
}

async fn step(acme: &Acme) -> usize {
    let gateway = &acme.gateway.gateway;
    recompute::step(&gateway.store, &gateway.ids).await.unwrap()
}

/// Applies these changes as their plan shows it; answers what the answer says, and its status.
async fn apply(acme: &Acme, changes: Value) -> (u16, Value) {
    let mut asked = json!({ "changes": changes });
    let plan = acme.post("/mappings/preview", asked.clone()).await;
    asked["digest"] = plan.expect(200).json()["digest"].clone();
    let done = acme.post("/mappings/apply", asked).await;
    (done.status.as_u16(), done.json())
}

fn gives(acme: &Acme, role: &str) -> Value {
    json!([{"add": {
        "connection_id": acme.okta.id, "match_text": "seo_editors", "role": role,
    }}])
}

async fn with_role(acme: &Acme, role: &str) -> usize {
    let mut count = 0;
    let mut after = String::new();
    loop {
        let page = acme.get(&format!("/users?limit=200{after}")).await;
        let people = page["data"].as_array().unwrap().iter();
        count += people.filter(|it| it["role"] == role).count();
        match page["next"].as_str().filter(|_| page["has_more"] == true) {
            Some(next) => after = format!("&after={next}"),
            None => return count,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_of_many_are_computed_in_batches_that_tell_how_far_they_are() {
    let (acme, ids) = crowded().await;
    let (status, applied) = apply(&acme, gives(&acme, "editor")).await;
    assert_eq!(status, 202, "{applied}");
    assert_eq!(applied["gained"], MANY);
    assert_eq!(
        applied["people"].as_array().unwrap().len(),
        limits::PLAN_PEOPLE
    );
    let path = format!("/recomputes/{}", applied["recompute_id"].as_str().unwrap());
    let at = acme.get(&path).await;
    assert_eq!((&at["people"], &at["done"]), (&json!(MANY), &json!(0)));
    assert_eq!(at["finished"], false);

    // Until a batch comes to somebody, the role that they had is in force, and that is said.
    assert_eq!(with_role(&acme, "viewer").await, MANY);
    let anybody = acme.get("/users?limit=1").await["data"][0]["id"].clone();
    let explain = format!("/users/{}/explain", anybody.as_str().unwrap());
    assert_eq!(
        acme.get(&explain).await["recompute_id"],
        applied["recompute_id"]
    );

    assert_eq!(step(&acme).await as i64, limits::RECOMPUTE_BATCH);
    let at = acme.get(&path).await;
    assert_eq!(at["done"], limits::RECOMPUTE_BATCH);
    assert_eq!(
        with_role(&acme, "editor").await as i64,
        limits::RECOMPUTE_BATCH
    );

    // A directory's change in between is by the new rules, at once.
    let last = ids.last().unwrap();
    acme.scim()
        .patch(
            &format!("/Users/{last}"),
            json!([{"op": "replace", "path": "title", "value": "Lead"}]),
        )
        .await
        .expect(200);
    let after = limits::RECOMPUTE_BATCH as usize + 1;
    assert_eq!(with_role(&acme, "editor").await, after);

    while step(&acme).await > 0 {}
    let at = acme.get(&path).await;
    assert_eq!((&at["done"], &at["finished"]), (&json!(MANY), &json!(true)));
    assert_eq!(with_role(&acme, "editor").await, MANY);
    assert!(acme.get(&explain).await.get("recompute_id").is_none());
    assert_eq!(step(&acme).await, 0, "nothing is left");

    // Each person was told of once, in the name of whoever changed the rules.
    let events = acme.gateway.events(acme.org).await;
    let of =
        |kind: &str| -> Vec<&Value> { events.iter().filter(|it| it["type"] == kind).collect() };
    let told = of("user.role_changed");
    assert_eq!(
        told.len(),
        MANY - 1,
        "one was told in the directory's own event"
    );
    let applied = of("mapping.applied")[0];
    assert!(told.iter().all(|it| it["cause"] == applied["cause"]));
    assert_eq!(of("recompute.started").len(), 1);
    assert_eq!(of("recompute.finished").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_changes_gives_what_it_says_now_and_admins_do_not_wait() {
    let (acme, _) = crowded().await;
    apply(&acme, gives(&acme, "admin")).await;
    while step(&acme).await > 0 {}
    assert_eq!(with_role(&acme, "admin").await, MANY);
    let rule = acme.get("/mappings").await["data"][0]["id"].clone();
    let (status, applied) = apply(&acme, json!([{"update": {"id": rule, "role": "editor"}}])).await;
    assert_eq!(status, 202, "{applied}");
    assert_eq!(applied["lost"], MANY);
    // Nobody is left without a role on the way, and who may do the most harm loses it first.
    assert_eq!(with_role(&acme, "editor").await, limits::RECOMPUTED_AT_ONCE);
    let left = MANY - limits::RECOMPUTED_AT_ONCE;
    assert_eq!(with_role(&acme, "admin").await, left);
    while step(&acme).await > 0 {}
    assert_eq!(with_role(&acme, "editor").await, MANY);

    // Removed, the rule gives nothing, to nobody.
    let (status, removed) = apply(&acme, json!([{"remove": {"id": rule}}])).await;
    assert_eq!(status, 202, "{removed}");
    assert_eq!(with_role(&acme, "editor").await, MANY);
    while step(&acme).await > 0 {}
    assert_eq!(with_role(&acme, "viewer").await, MANY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recompute_is_seen_by_its_own_organization_alone() {
    let (acme, _) = crowded().await;
    let (_, applied) = apply(&acme, gives(&acme, "editor")).await;
    let id = applied["recompute_id"].as_str().unwrap();
    let other = acme.gateway.organization("other").await;
    let key = acme.gateway.key(live(Some(other), "*")).await;
    let call = async |path: String| acme.gateway.get(&path, &key).await;
    call(format!("/api/v1/organizations/acme/recomputes/{id}"))
        .await
        .expect(404);
    call(format!("/api/v1/organizations/other/recomputes/{id}"))
        .await
        .expect(404);
    let listed = call("/api/v1/organizations/other/recomputes".into()).await;
    assert_eq!(listed.expect(200).json()["data"], json!([]));
    let all = acme.get("/recomputes").await;
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ceiling_that_is_lowered_reaches_everybody_in_batches() {
    let (acme, _) = crowded().await;
    apply(&acme, gives(&acme, "editor")).await;
    while step(&acme).await > 0 {}
    let settings = ConnectionSettings {
        max_role: Some("viewer".to_owned()),
        ..ConnectionSettings::default()
    };
    acme.gateway.clock.advance(1);
    let (store, context) = (&acme.gateway.gateway.store, acme.gateway.command());
    connections::update(store, context, acme.okta.id, settings)
        .await
        .unwrap();
    assert_eq!(with_role(&acme, "editor").await, MANY);
    let listed = acme.get("/recomputes").await;
    let latest = listed["data"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&latest["people"], &latest["done"]),
        (&json!(MANY), &json!(0))
    );
    while step(&acme).await > 0 {}
    assert_eq!(with_role(&acme, "viewer").await, MANY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_a_recompute_and_nobody_is_computed_twice() {
    let (acme, _) = crowded().await;
    apply(&acme, gives(&acme, "editor")).await;
    let work = async || while step(&acme).await > 0 {};
    tokio::join!(work(), work());
    assert_eq!(with_role(&acme, "editor").await, MANY);
    let events = acme.gateway.events(acme.org).await;
    let told = events.iter().filter(|it| it["type"] == "user.role_changed");
    assert_eq!(told.count(), MANY);
    let ends = events
        .iter()
        .filter(|it| it["type"] == "recompute.finished");
    assert_eq!(ends.count(), 1);
}

/// What is about to be taken from somebody is not to become theirs for good, or to be hidden by what somebody
/// gives them meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_depends_on_roles_waits_until_they_are_computed() {
    let (acme, _) = crowded().await;
    let (status, _) = apply(&acme, gives(&acme, "editor")).await;
    assert_eq!(status, 202);
    let page = acme.get("/users?limit=1").await;
    let person = page["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{person}/role");
    let removal = format!("/connections/{}/removal/preview", acme.okta.id);
    let given = acme.put(&path, json!({"role": "viewer"})).await.expect(409);
    assert_eq!(slug(&given), "roles_being_computed");
    let asked = acme.post(&removal, json!({"people": "keep"})).await;
    assert_eq!(slug(&asked.expect(409)), "roles_being_computed");
    while step(&acme).await > 0 {}
    let given = acme.put(&path, json!({"role": "viewer"})).await.expect(409);
    assert_eq!(slug(&given), "role_managed_by_directory");
    let asked = acme.post(&removal, json!({"people": "keep"})).await;
    asked.expect(200);
}

/// What many people would get is looked at before the change that gives it: rules that moved in between are
/// not what was looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_many_is_of_the_rules_that_were_seen() {
    let (acme, _) = crowded().await;
    let gateway = &acme.gateway.gateway;
    let proposals: Vec<Proposal> = serde_json::from_value(gives(&acme, "editor")).unwrap();
    let context = acme.gateway.command();
    let shaped = plan::shaped(&gateway.store, acme.org, context, proposals.clone());
    let seen = shaped.await.unwrap().ahead(&gateway.store).await.unwrap();
    let plan = acme.post(
        "/mappings/preview",
        json!({"changes": gives(&acme, "editor")}),
    );
    let digest = plan.await.expect(200).json()["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    for is_same in [false, true] {
        let seen = if is_same {
            let context = acme.gateway.command();
            let shaped = plan::shaped(&gateway.store, acme.org, context, proposals.clone());
            shaped.await.unwrap().ahead(&gateway.store).await.unwrap()
        } else {
            acme.rule("Nobodies", "admin").await;
            seen.clone()
        };
        let (proposals, digest) = (proposals.clone(), digest.clone());
        let done = change(
            &gateway.store,
            acme.org,
            acme.gateway.command(),
            move |change| {
                let (proposals, digest, seen) = (proposals.clone(), digest.clone(), seen.clone());
                async move { plan::apply(change, &proposals, Some(&digest), seen.as_ref()).await }
                    .boxed()
            },
        );
        match done.await {
            Ok(applied) => assert!(is_same && applied.recompute_id.is_some()),
            Err(error) => assert!(!is_same && matches!(error, Error::Stale), "{error}"),
        }
    }
}
