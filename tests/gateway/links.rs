//! Resources of directories for people whom no directory takes over by itself: whose they are, as somebody
//! says who may.

use futures_util::future::join_all;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::id::UserId;

use crate::credentials::live;
use crate::harness::{Acme, Browser, user};
use crate::ownership::{member, slug};

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";

async fn owner<'a>(acme: &'a Acme, email: &str) -> (UserId, Browser<'a>) {
    let (id, browser) = member(acme, email, "admin").await;
    acme.gateway
        .alter_person(acme.org, id, |row| row.owner = true)
        .await;
    (id, browser)
}

async fn kinds(acme: &Acme, since: usize) -> Vec<String> {
    let events = acme.gateway.events(acme.org).await;
    let kind = |it: &Value| it["type"].as_str().unwrap().to_owned();
    events.iter().skip(since).map(kind).collect()
}

async fn count(acme: &Acme) -> usize {
    acme.gateway.events(acme.org).await.len()
}

fn said() -> Value {
    json!({"reason": "she is the Ada of the directory"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_by_hand_is_adopted_in_full_by_a_yes() {
    let acme = Acme::start().await;
    let (ada, browser) = member(&acme, ADA, "admin").await;
    acme.rule("SEO_Editors", "editor").await;
    let scim_id = acme.scim().user(ADA).await;
    acme.scim().group("SEO_Editors", &[&scim_id]).await;
    assert_eq!(acme.role_of(&ada.to_string()).await, "admin", "nothing yet");
    let links = acme.get("/links").await;
    let link = &links["data"][0];
    assert_eq!(links["data"].as_array().unwrap().len(), 1);
    for (name, value) in [
        ("scim_id", json!(scim_id)),
        ("state", json!("proposed")),
        ("user_id", json!(ada)),
        ("email", json!(ADA)),
        ("user_name", json!(ADA)),
        ("connection", json!("Okta")),
        ("because", json!(["admin_by_hand"])),
        ("active", json!(true)),
    ] {
        assert_eq!(link[name], value, "{name}");
    }
    let drift = acme.get("/drift").await;
    assert_eq!(drift["links"][0]["scim_id"], json!(scim_id));
    let path = format!("/links/{scim_id}/approve");
    let before = count(&acme).await;
    for (body, status) in [
        (json!({"reason": " "}), 422),
        (json!({}), 400),
        (json!({"reason": "x", "version": "W/\"9\""}), 412),
    ] {
        acme.post(&path, body).await.expect(status);
    }
    assert_eq!(count(&acme).await, before, "a refusal changed something");
    let body = json!({"reason": "she is it", "version": link["version"]});
    let done = acme.post(&path, body).await.expect(200).json();
    assert_eq!(
        (&done["state"], &done["user_id"]),
        (&json!("linked"), &json!(ada))
    );
    let person = acme.get(&format!("/users/{ada}")).await;
    assert_eq!(person["managed_by"], json!(acme.okta.id));
    assert_eq!(
        person["role"], "editor",
        "the directory's groups come first"
    );
    assert_eq!(person["display_name"], "Ada Lovelace");
    assert_eq!(person["scim"][0]["scim_id"], json!(scim_id));
    let events = acme.gateway.events(acme.org).await;
    let adopted = events
        .iter()
        .find(|it| it["type"] == "user.adopted")
        .unwrap();
    assert_eq!(adopted["data"]["user_id"], json!(ada));
    assert_eq!(adopted["data"]["scim_id"], json!(scim_id));
    assert_eq!(adopted["data"]["link_reason"], "she is it");
    assert_eq!(adopted["data"]["role"], "editor");
    assert!(adopted["actor"].as_str().unwrap().starts_with("key:"));
    // The same address: the session goes on.
    browser.get("/signed-in").await.expect(200);
    let again = acme.post(&path, said()).await.expect(409);
    assert_eq!(slug(&again), "link_impossible");
    assert_eq!(acme.get("/links").await["data"], json!([]));
    assert_eq!(acme.get("/drift").await["links"], json!([]));
    let shown = acme.get(&format!("/links/{scim_id}")).await;
    assert_eq!(shown["state"], "linked");
    // From now on the directory speaks for her.
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    acme.scim()
        .patch(&format!("/Users/{scim_id}"), off)
        .await
        .expect(200);
    assert_eq!(
        acme.get(&format!("/users/{ada}")).await["state"],
        "suspended"
    );
    browser.get("/signed-in").await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_is_linked_by_the_operator_alone_and_as_the_resource_says() {
    let acme = Acme::start().await;
    let (ada, _) = owner(&acme, ADA).await;
    let mut body = user(ADA);
    body["active"] = json!(false);
    let scim_id = acme.scim().post("/Users", body).await.expect(201).id();
    let path = format!("/links/{scim_id}/approve");
    let link = acme.get(&format!("/links/{scim_id}")).await;
    assert_eq!(link["because"], json!(["admin_by_hand", "owner"]));
    let before = count(&acme).await;
    let refused = acme.post(&path, said()).await.expect(403);
    assert!(refused.text().contains("only the owner and the operator"));
    let moved = json!({"user_id": ada, "reason": "x"});
    acme.post(&format!("/links/{scim_id}/move"), moved)
        .await
        .expect(403);
    // Where no directory turns the owner away, it does not by being linked either.
    let refuse = json!({"owner_deprovision": "refuse"});
    acme.put("/policy", refuse).await.expect(200);
    let operator = &acme.operator;
    let kept = acme.ask_as(operator, "POST", &path, Some(said())).await;
    assert_eq!(slug(&kept.expect(409)), "link_impossible");
    assert_eq!(count(&acme).await, before + 1, "the policy alone");
    acme.put("/policy", json!({})).await.expect(200);
    let since = count(&acme).await;
    acme.ask_as(operator, "POST", &path, Some(said()))
        .await
        .expect(200);
    let person = acme.get(&format!("/users/{ada}")).await;
    assert_eq!(person["state"], "suspended");
    assert_eq!(person["owner"], true, "the title stays");
    let told = kinds(&acme, since).await;
    for kind in ["user.adopted", "organization.owner_unavailable"] {
        assert!(told.iter().any(|it| it == kind), "{kind}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_resource_is_nobodys_and_stays_a_resource() {
    let acme = Acme::start().await;
    let (ada, _) = member(&acme, ADA, "admin").await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let scim_id = acme.scim().user(ADA).await;
    let path = format!("/links/{scim_id}/reject");
    acme.post(&path, said()).await.expect(200);
    let since = count(&acme).await;
    let again = acme.post(&path, said()).await.expect(200).json();
    assert_eq!(
        (&again["state"], &again["user_id"]),
        (&json!("rejected"), &json!(ada))
    );
    let approve = format!("/links/{scim_id}/approve");
    let refused = acme.post(&approve, said()).await.expect(409);
    assert_eq!(slug(&refused), "link_impossible");
    assert_eq!(count(&acme).await, since, "nothing changed");
    let told = acme.gateway.events(acme.org).await;
    let last = told
        .iter()
        .find(|it| it["type"] == "user.link_rejected")
        .unwrap();
    assert_eq!(last["data"]["proposed_user_id"], json!(ada));
    assert_eq!(last["data"]["scim_id"], json!(scim_id));
    for (state, expected) in [
        ("proposed", 0),
        ("rejected", 1),
        ("unlinked", 0),
        ("linked", 0),
    ] {
        let found = acme.get(&format!("/links?state={state}")).await;
        assert_eq!(found["data"].as_array().unwrap().len(), expected, "{state}");
    }
    acme.ask("GET", "/links?state=other", None)
        .await
        .expect(400);
    // What the directory says of it is kept, and touches nobody.
    let scim = acme.scim();
    let resource = format!("/Users/{scim_id}");
    let off = json!([
        {"op": "replace", "path": "active", "value": false},
        {"op": "replace", "path": "displayName", "value": "Another Ada"},
    ]);
    let patched = scim.patch(&resource, off).await.expect(200).json();
    assert_eq!(
        (&patched["active"], &patched["displayName"]),
        (&json!(false), &json!("Another Ada"))
    );
    scim.put(&resource, user(ADA)).await.expect(200);
    let person = acme.get(&format!("/users/{ada}")).await;
    assert_eq!(
        (&person["state"], &person["managed_by"]),
        (&json!("active"), &json!(null))
    );
    // It signs nobody in.
    let response = idp.response().email(ADA);
    assert_eq!(idp.refusal(response).await, "above_ceiling");
    scim.delete(&resource).await.expect(204);
    assert_eq!(acme.get(&format!("/users/{ada}")).await["state"], "active");
    acme.ask("GET", &format!("/links/{scim_id}"), None)
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_is_nobodys_is_given_to_somebody_else() {
    let acme = Acme::start().await;
    let (ada, _) = member(&acme, ADA, "admin").await;
    let (bob, browser) = member(&acme, BOB, "viewer").await;
    let scim_id = acme.scim().user(ADA).await;
    let path = format!("/links/{scim_id}/move");
    let to = |id: &str| json!({"user_id": id, "reason": "it is Bob's"});
    let before = count(&acme).await;
    let taken = acme.post(&path, to(&bob.to_string())).await.expect(409);
    assert!(taken.text().contains("sign-in address of another person"));
    acme.post(&path, to(&scim_id)).await.expect(404);
    acme.post(&path, to("nobody")).await.expect(400);
    assert_eq!(count(&acme).await, before);
    let mut renamed = user("bobby@acme.example");
    renamed["externalId"] = json!("b-1");
    acme.scim()
        .put(&format!("/Users/{scim_id}"), renamed)
        .await
        .expect(200);
    browser.get("/signed-in").await.expect(200);
    acme.post(&path, to(&bob.to_string())).await.expect(200);
    let person = acme.get(&format!("/users/{bob}")).await;
    assert_eq!(person["managed_by"], json!(acme.okta.id));
    assert_eq!(person["email"], "bobby@acme.example");
    browser.get("/signed-in").await.expect(403);
    // Somebody looked: he signs in at once, by the new name.
    let idp = acme.gateway.idp(&acme.okta).await;
    idp.sign_in(&Browser::new(&acme.gateway), "bobby@acme.example")
        .await
        .expect(303);
    let events = acme.gateway.events(acme.org).await;
    let adopted = events
        .iter()
        .find(|it| it["type"] == "user.adopted")
        .unwrap();
    assert_eq!(adopted["data"]["link_was_of"], json!(ada));
    // What is somebody's stays theirs; and nobody is two resources.
    let back = acme.post(&path, to(&ada.to_string())).await.expect(409);
    assert!(back.text().contains("already"), "{}", back.text());
    let second = acme.scim().user(ADA).await;
    let twice = format!("/links/{second}/move");
    let refused = acme.post(&twice, to(&bob.to_string())).await.expect(409);
    assert!(refused.text().contains("of this connection already"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_of_another_organization_are_not_there() {
    let acme = Acme::start().await;
    let (ada, _) = member(&acme, ADA, "admin").await;
    let mine = acme.scim().user(ADA).await;
    let other = acme.gateway.organization("other").await;
    let entra = acme
        .gateway
        .connect(other, "Entra", Profile::Entra, &["other.example"])
        .await;
    let theirs = acme.gateway.scim(&entra).user("eve@other.example").await;
    let eve = acme
        .gateway
        .person(other, "eve@other.example")
        .await
        .unwrap();
    let foreign = acme.gateway.key(live(Some(other), "*")).await;
    let reader = acme.gateway.key(live(Some(acme.org), "links:read")).await;
    let (before, after) = (count(&acme).await, acme.gateway.events(other).await.len());
    for action in ["approve", "reject", "move"] {
        let body = match action {
            "move" => json!({"user_id": ada, "reason": "x"}),
            _ => said(),
        };
        for (key, id, status) in [
            (&foreign, &mine, 404),
            (&acme.key, &theirs, 404),
            (&acme.operator, &theirs, 404),
            (&reader, &mine, 403),
        ] {
            let path = format!("/links/{id}/{action}");
            acme.ask_as(key, "POST", &path, Some(body.clone()))
                .await
                .expect(status);
        }
    }
    let to_eve = json!({"user_id": eve.id, "reason": "x"});
    let path = format!("/links/{mine}/move");
    acme.ask_as(&acme.operator, "POST", &path, Some(to_eve))
        .await
        .expect(404);
    assert_eq!(count(&acme).await, before);
    assert_eq!(acme.gateway.events(other).await.len(), after);
    assert_eq!(
        acme.get(&format!("/links/{mine}")).await["state"],
        "proposed"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_decisions_at_once_one_holds() {
    let acme = Acme::start().await;
    member(&acme, ADA, "admin").await;
    let (bob, _) = member(&acme, BOB, "viewer").await;
    let scim_id = acme.scim().user("free@acme.example").await;
    // Nobody's and proposed for Ada, under a name that is nobody's either.
    let proposed = acme.scim().user(ADA).await;
    acme.scim()
        .delete(&format!("/Users/{scim_id}"))
        .await
        .expect(204);
    acme.scim()
        .put(&format!("/Users/{proposed}"), user("free@acme.example"))
        .await
        .expect(200);
    let ask = async |number: usize| {
        let (action, body) = match number % 3 {
            0 => ("approve", said()),
            1 => ("reject", said()),
            _ => ("move", json!({"user_id": bob, "reason": "x"})),
        };
        let path = format!("/links/{proposed}/{action}");
        acme.post(&path, body).await.status.as_u16()
    };
    let statuses = join_all((0..9).map(ask)).await;
    assert!(
        statuses.iter().all(|it| [200, 409].contains(it)),
        "{statuses:?}"
    );
    let told = kinds(&acme, 0).await;
    let adopted = told.iter().filter(|it| *it == "user.adopted").count();
    let rejected = told.iter().filter(|it| *it == "user.link_rejected").count();
    assert!(
        adopted <= 1 && rejected <= 1 && adopted + rejected >= 1,
        "{told:?}"
    );
    let link = acme.get(&format!("/links/{proposed}")).await;
    let expected = if adopted == 1 { "linked" } else { "rejected" };
    assert_eq!(link["state"], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_listed_a_page_at_a_time() {
    let acme = Acme::start().await;
    let mut wanted = Vec::new();
    for number in 0..5 {
        let email = format!("admin{number}@acme.example");
        member(&acme, &email, "admin").await;
        wanted.push(acme.scim().user(&email).await);
    }
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = acme.get(&format!("/links?limit=2{after}")).await;
        let ids = page["data"].as_array().unwrap().iter();
        found.extend(ids.map(|it| it["scim_id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    wanted.sort();
    assert_eq!(found, wanted);
}

/// A directory may write another address into a resource while it waits for a yes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_nobody_saw_is_taken_over_by_no_yes() {
    let acme = Acme::start().await;
    let (ada, _) = member(&acme, ADA, "admin").await;
    let scim_id = acme.scim().user(ADA).await;
    let moved = json!([{"op": "replace", "path": "emails", "value": [
        {"value": "mallory@acme.example", "type": "work", "primary": true},
    ]}]);
    acme.scim()
        .patch(&format!("/Users/{scim_id}"), moved)
        .await
        .expect(200);
    let link = acme.get(&format!("/links/{scim_id}")).await;
    assert_eq!(
        (&link["state"], &link["email"], &link["address"]),
        (
            &json!("proposed"),
            &json!(ADA),
            &json!("mallory@acme.example")
        )
    );
    let path = format!("/links/{scim_id}/approve");
    let refused = acme.post(&path, said()).await.expect(409);
    assert_eq!(slug(&refused), "link_impossible");
    assert_eq!(
        acme.get(&format!("/users/{ada}")).await["email"],
        json!(ADA)
    );
    let body = json!({"reason": "she has a new address", "version": link["version"]});
    acme.post(&path, body).await.expect(200);
    let person = acme.get(&format!("/users/{ada}")).await;
    assert_eq!(person["email"], "mallory@acme.example");
}
