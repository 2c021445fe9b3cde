//! SCIM Groups over HTTP, and the roles that they give.

use serde_json::json;
use usher::directory::connection::Profile;

use usher::provisioning::settings::connections::{self, ConnectionSettings};

use crate::credentials::live;
use crate::harness::{Connected, TestGateway};

async fn entra() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let entra = gateway
        .connect(org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    (gateway, entra)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_who_are_nobody_are_left_out_where_the_connection_says_so() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let other = gateway
        .connect(entra.org, "Other", Profile::Okta, &["other.example"])
        .await;
    let (ada, eve) = (
        scim.user("ada@acme.example").await,
        gateway.scim(&other).user("eve@other.example").await,
    );
    let group = scim.group("Editors", &[]).await;
    let path = format!("/Groups/{group}");
    let all = json!([{"value": eve}, {"value": "nobody"}, {"value": ada}]);
    let add = json!([{"op": "add", "path": "members", "value": all}]);
    scim.patch(&path, add.clone()).await.expect(400);
    let tolerant = ConnectionSettings {
        tolerate_unknown_members: Some(true),
        ..ConnectionSettings::default()
    };
    let store = &gateway.gateway.store;
    let updated = connections::update(store, gateway.command(), entra.id, tolerant);
    assert!(updated.await.unwrap().tolerate_unknown_members);
    let done = scim.patch(&path, add).await.expect(204);
    assert_eq!(done.header("usher-ignored"), Some("members"));
    let seen = scim.get(&path).await.json();
    assert_eq!(seen["members"].as_array().unwrap().len(), 1);
    assert_eq!(seen["members"][0]["value"], json!(ada));
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Others", "members": [{"value": eve}],
    });
    let made = scim.post("/Groups", body.clone()).await.expect(201);
    assert_eq!(made.header("usher-ignored"), Some("members"));
    assert_eq!(made.json().get("members"), None);
    // Who is known is not left out, and nothing is said of it.
    let known = json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]);
    let done = scim.patch(&format!("/Groups/{}", made.id()), known).await;
    assert_eq!(done.expect(204).header("usher-ignored"), None);
    // The lint counts it; a group is still no member of itself.
    gateway.gateway.tally.flush(store).await.unwrap();
    let key = gateway.key(live(Some(entra.org), "*")).await;
    let lint = format!("/api/v1/organizations/acme/connections/{}/lint", entra.id);
    let found = gateway.get(&lint, &key).await.expect(200).json();
    assert!(found.to_string().contains("unknown_member"), "{found}");
    for refused in [
        json!([{"op": "add", "path": "members", "value": [{"value": group}]}]),
        // Somebody who is here as another type is no stranger.
        json!([{"op": "add", "path": "members", "value": [{"value": ada, "type": "Group"}]}]),
        // A list of nobody is no order to empty the group.
        json!([{"op": "replace", "path": "members", "value": [{"value": eve}]}]),
    ] {
        scim.patch(&path, refused).await.expect(400);
    }
    assert_eq!(scim.get(&path).await.json(), seen);
    // Another connection of the same organization stays as it was.
    let theirs = gateway.scim(&other).group("Theirs", &[]).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]);
    let theirs = format!("/Groups/{theirs}");
    gateway.scim(&other).patch(&theirs, add).await.expect(400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go_one_by_one() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let (ada, bob) = (
        scim.user("ada@acme.example").await,
        scim.user("bob@acme.example").await,
    );
    let group = scim.group("SEO_Editors", &[]).await;
    let path = format!("/Groups/{group}");
    let add = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": ada}]}]);
    scim.patch(&path, add.clone()).await.expect(204);
    let once = scim.get(&path).await.expect(200);
    assert_eq!(once.json()["members"][0]["value"], json!(ada));
    assert_eq!(once.header("etag"), Some("W/\"2\""));
    scim.patch(&path, add).await.expect(204);
    assert_eq!(
        scim.get(&path).await.header("etag"),
        Some("W/\"2\""),
        "no change, no version"
    );
    let both = json!([{"op": "add", "path": "members", "value": [{"value": bob}]}]);
    scim.patch(&path, both).await.expect(204);
    let gone = json!([{"op": "Remove", "path": "members", "value": [{"value": ada}]}]);
    scim.patch(&path, gone).await.expect(204);
    let left = scim.get(&path).await.json();
    assert_eq!(left["members"].as_array().unwrap().len(), 1);
    assert_eq!(left["members"][0]["value"], json!(bob));
    let seen = scim.get(&format!("/Users/{bob}")).await.json();
    assert_eq!(seen["groups"][0]["display"], json!("SEO_Editors"));
    scim.delete(&format!("/Users/{bob}")).await.expect(204);
    let empty = scim.get(&path).await;
    assert_eq!(empty.json().get("members"), None);
    assert_eq!(
        empty.header("etag"),
        Some("W/\"5\""),
        "a member less is a new version"
    );
    let unknown = json!([{"op": "add", "path": "members", "value": [{"value": bob}]}]);
    let refused = scim.patch(&path, unknown).await.expect(400).json();
    assert_eq!(refused["scimType"], "invalidValue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_all_join() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let group = scim.group("Everybody", &[]).await;
    let mut people = Vec::new();
    for number in 0..50 {
        people.push(scim.user(&format!("p{number}@acme.example")).await);
    }
    let path = format!("/Groups/{group}");
    let joins = people.iter().map(|id| {
        scim.patch(
            &path,
            json!([{"op": "add", "path": "members", "value": [{"value": id}]}]),
        )
    });
    for reply in futures_util::future::join_all(joins).await {
        reply.expect(204);
    }
    let members = scim.get(&path).await.json()["members"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(members, 50);
}
