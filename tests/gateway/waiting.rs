//! What has to wait: a sign-in for a directory's fresh word, a provisional person for the
//! directory, and a deleted one for not too long.

use serde_json::json;
use usher::directory::connection::Profile;
use usher::provisioning::sweep;

use crate::harness::{Browser, Connected, TestGateway, user};

const HOUR: i64 = 60 * 60;
const OPAQUE: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const EXTERNAL_ID: &str = "0192f1b0-5b1e-7c3a-9f00-0123456789ab";

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_external_id_takes_nobody_over() {
    let (gateway, okta) = okta().await;
    let (idp, scim) = (gateway.idp(&okta).await, gateway.scim(&okta));
    let bob = scim.user("bob@acme.example").await;
    gateway.clock.advance(60);
    let renumber = json!([{"op": "replace", "path": "externalId", "value": "00u666"}]);
    scim.patch(&format!("/Users/{bob}"), renumber)
        .await
        .expect(200);
    let mallory = || {
        let response = idp.response().name_id("mallory", OPAQUE);
        response.attribute("id", ["00u666"])
    };
    assert_eq!(idp.refusal(mallory()).await, "fresh_address");
    let own = idp
        .response()
        .email("bob@acme.example")
        .attribute("id", ["00u666"]);
    idp.post(&Browser::new(&gateway), &own.base64())
        .await
        .expect(303);
    let person = gateway.person(okta.org, "bob@acme.example").await.unwrap();
    gateway.grant(okta.org, person.id, "admin").await;
    gateway.clock.advance(24 * HOUR);
    assert_eq!(
        idp.refusal(mallory()).await,
        "above_ceiling",
        "never to somebody privileged"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adoption_gives_no_external_id_a_way_in_at_once() {
    let (gateway, okta) = okta().await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let home = gateway.idp(&okta).await;
    home.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    gateway.clock.advance(60);
    let mut ada = user("ada@acme.example");
    ada["externalId"] = json!("f00d-666");
    gateway.scim(&entra).post("/Users", ada).await.expect(201);
    assert_eq!(gateway.traces(okta.org).await.users, 1, "adopted");
    let idp = gateway.idp(&entra).await;
    let mallory = idp.response().name_id("mallory", OPAQUE).attribute(
        "http://schemas.microsoft.com/identity/claims/objectidentifier",
        ["f00d-666"],
    );
    assert_eq!(idp.refusal(mallory).await, "fresh_address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_awaits_the_directory_is_suspended_after_three_days() {
    let (gateway, okta) = okta().await;
    let (idp, scim) = (gateway.idp(&okta).await, gateway.scim(&okta));
    scim.user("bob@acme.example").await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let sweep = async || {
        let (store, ids) = (&gateway.gateway.store, &gateway.gateway.ids);
        sweep::suspend_overdue(store, ids).await.unwrap()
    };
    gateway.clock.advance(72 * HOUR - 1);
    assert_eq!(sweep().await, 0);
    gateway.clock.advance(1);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    assert_eq!(sweep().await, 1);
    assert_eq!(sweep().await, 0, "once");
    let again = idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(again).await, "deprovisioned");
    let events = gateway.events(okta.org).await;
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((of("user.suspended"), of("session.revoked")), (1, 1));
    scim.user("ada@acme.example").await;
    idp.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    assert_eq!(gateway.traces(okta.org).await.users, 2, "the same person");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_deleted_comes_back_as_the_same_person_for_thirty_days() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let mut ada = user("ada@acme.example");
    ada["externalId"] = json!(EXTERNAL_ID);
    let create = async || scim.post("/Users", ada.clone()).await.expect(201).id();
    let mut people = Vec::new();
    for days in [0, 30, 31] {
        gateway.clock.advance(days * 24 * HOUR);
        let id = create().await;
        people.push(
            gateway
                .person(okta.org, "ada@acme.example")
                .await
                .unwrap()
                .id,
        );
        scim.delete(&format!("/Users/{id}")).await.expect(204);
    }
    assert_eq!(people[0], people[1]);
    assert_ne!(people[1], people[2], "after that it is somebody new");
}
