//! Organizations: what belongs to one is not there for another, also while both are busy.

use serde_json::json;
use usher::directory::connection::Profile;

use crate::harness::{Connected, TestGateway, user};

async fn two() -> (TestGateway, Connected, Connected) {
    let gateway = TestGateway::start().await;
    let acme = gateway.organization("acme").await;
    let umbrella = gateway.organization("umbrella").await;
    let first = gateway.connect(acme, "Okta", Profile::Okta, &[]).await;
    let second = gateway.connect(umbrella, "Okta", Profile::Okta, &[]).await;
    (gateway, first, second)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_organizations_hammered_at_once_stay_apart() {
    let (gateway, first, second) = two().await;
    let (one, other) = (gateway.scim(&first), gateway.scim(&second));
    let posts = (0..60).map(|number| {
        let scim = if number % 2 == 0 { &one } else { &other };
        scim.post("/Users", user(&format!("p{}@acme.example", number / 2)))
    });
    for reply in futures_util::future::join_all(posts).await {
        reply.expect(201);
    }
    for connected in [&first, &second] {
        let list = gateway.scim(connected).get("/Users?count=100").await.json();
        assert_eq!(list["totalResults"], json!(30));
        let created = gateway.events(connected.org).await;
        assert_eq!(
            created.len(),
            30,
            "an event a person, and none of the other organization"
        );
        let own = |event: &serde_json::Value| {
            event["data"]["connection_id"] == json!(connected.id.to_string())
        };
        assert!(created.iter().all(own));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_anothers_is_not_there() {
    let (gateway, first, second) = two().await;
    let (one, other) = (gateway.scim(&first), gateway.scim(&second));
    let theirs = other.user("ada@acme.example").await;
    let their_group = other.group("Editors", &[&theirs]).await;
    for path in [format!("/Users/{theirs}"), format!("/Groups/{their_group}")] {
        one.get(&path).await.expect(404);
        one.delete(&path).await.expect(404);
        one.patch(
            &path,
            json!([{"op": "replace", "value": {"displayName": "x"}}]),
        )
        .await
        .expect(404);
    }
    let mine = one.group("Editors", &[]).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": theirs}]}]);
    let refused = one
        .patch(&format!("/Groups/{mine}"), add)
        .await
        .expect(400)
        .json();
    assert_eq!(refused["scimType"], json!("invalidValue"));
    for filter in [
        format!(r#"id eq "{theirs}""#),
        r#"userName eq "ada@acme.example""#.to_owned(),
    ] {
        assert_eq!(
            one.filter("/Users", &filter).await.json()["totalResults"],
            json!(0)
        );
    }
    let members = format!(r#"members.value eq "{theirs}""#);
    assert_eq!(
        one.filter("/Groups", &members).await.json()["totalResults"],
        json!(0)
    );
    let crossed = Connected {
        id: second.id,
        ..first.clone()
    };
    gateway.scim(&crossed).get("/Users").await.expect(404);
    other.get(&format!("/Users/{theirs}")).await.expect(200);
}
