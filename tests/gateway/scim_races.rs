//! SCIM under many hands: what parallel requests and repeated ones leave behind.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use usher::directory::connection::Profile;

use crate::harness::{Connected, Reply, ScimActor, TestGateway, user};

async fn entra() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let entra = gateway
        .connect(org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    (gateway, entra)
}

async fn people(scim: &ScimActor<'_>, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(scim.user(&format!("p{number}@acme.example")).await);
    }
    ids
}

/// A PATCH in Entra's shape that one member joins or leaves by.
fn one(op: &str, id: &str) -> Value {
    json!([{"op": op, "path": "members", "value": [{"$ref": null, "value": id}]}])
}

async fn members(scim: &ScimActor<'_>, path: &str) -> BTreeSet<String> {
    let group = scim.get(path).await.expect(200).json();
    let members = group["members"].as_array().cloned().unwrap_or_default();
    let ids: BTreeSet<_> = members
        .iter()
        .map(|it| it["value"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), members.len(), "nobody is listed twice");
    ids
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    let mut statuses: Vec<_> = replies.iter().map(|it| it.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_parallel_patches_of_one_member_each_all_hold() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let people = people(&scim, 10).await;
    let (five, others) = people.split_at(5);
    let before: Vec<_> = others.iter().map(String::as_str).collect();
    for round in 0..5 {
        let path = format!(
            "/Groups/{}",
            scim.group(&format!("Round {round}"), &before).await
        );
        let joins = five.iter().map(|id| scim.patch(&path, one("Add", id)));
        assert_eq!(statuses(&join_all(joins).await), [204; 5]);
        assert_eq!(
            members(&scim, &path).await,
            people.iter().cloned().collect()
        );
        // Five leave while the others join again, who are in already.
        let leave = five.iter().map(|id| (id, "Remove"));
        let changes = leave.chain(others.iter().map(|id| (id, "Add")));
        let changes = changes.map(|(id, op)| scim.patch(&path, one(op, id)));
        assert_eq!(statuses(&join_all(changes).await), [204; 10]);
        assert_eq!(
            members(&scim, &path).await,
            others.iter().cloned().collect()
        );
        // The group was made, five came and five went: each a version and an event of its own.
        let group = scim.get(&path).await;
        assert_eq!(group.header("etag"), Some("W/\"11\""));
        let id = group.id();
        let events = gateway.events(entra.org).await;
        let of_group = events
            .iter()
            .filter(|it| it["data"]["scim_id"] == id.as_str());
        assert_eq!(of_group.count(), 11);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_creations_of_one_group_make_one() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Staff",
    });
    let posts = (0..16).map(|_| scim.post("/Groups", body.clone()));
    let replies = join_all(posts).await;
    let mut expected = vec![409; 16];
    expected[0] = 201;
    assert_eq!(statuses(&replies), expected);
    let made = replies.iter().find(|it| it.status == 201).unwrap().id();
    for refused in replies.iter().filter(|it| it.status == 409) {
        let error = refused.json();
        assert_eq!(error["scimType"], "uniqueness");
        assert!(error["detail"].as_str().unwrap().contains(&made), "{error}");
    }
    let found = scim
        .filter("/Groups", "displayName eq \"staff\"")
        .await
        .json();
    assert_eq!(found["totalResults"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_writers_with_the_same_version_wins() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let people = people(&scim, 9).await;
    let (first, others) = people.split_first().unwrap();
    let group = format!("/Groups/{}", scim.group("Staff", &[]).await);
    let person = format!("/Users/{first}");
    for round in 0..4 {
        let seen = scim.get(&group).await.expect(200);
        let version = seen.header("etag").unwrap().to_owned();
        let patch = |operations: Value| {
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": operations,
            })
        };
        let only = [("if-match", version.as_str())];
        let writes = others.iter().map(|id| {
            let change = one(if round % 2 == 0 { "add" } else { "remove" }, id);
            // In odd rounds whoever is not in has nothing to take away, yet the version decides.
            scim.request("PATCH", &group, &only, Some(patch(change)))
        });
        let replies = join_all(writes).await;
        let won = replies.iter().filter(|it| it.status == 204).count();
        let lost = replies.iter().filter(|it| it.status == 412).count();
        assert_eq!(won + lost, others.len(), "{:?}", statuses(&replies));
        if round % 2 == 0 {
            assert_eq!(won, 1, "round {round}");
        }
        let stale = scim.request("DELETE", &group, &[("if-match", "W/\"1\"")], None);
        if round > 0 {
            stale.await.expect(412);
        }

        let seen = scim.get(&person).await.expect(200);
        let version = seen.header("etag").unwrap().to_owned();
        let only = [("if-match", version.as_str())];
        let writes = (0..8).map(|number| {
            let title = json!([{"op": "replace", "path": "title",
                "value": format!("Title {round} {number}")}]);
            scim.request("PATCH", &person, &only, Some(patch(title)))
        });
        let replies = join_all(writes).await;
        let mut expected = vec![412; 8];
        expected[0] = 204;
        assert_eq!(statuses(&replies), expected, "round {round}");
        let refused = replies.iter().find(|it| it.status == 412).unwrap();
        assert_eq!(refused.json()["status"], "412");
        let after = scim.get(&person).await;
        assert_ne!(after.header("etag"), Some(version.as_str()));
        let mut body = user("p0@acme.example");
        body["title"] = "By PUT".into();
        let puts = (0..4).map(|_| scim.request("PUT", &person, &only, Some(body.clone())));
        assert_eq!(
            statuses(&join_all(puts).await),
            [412; 4],
            "the old version is gone"
        );
    }
    // Whoever deletes what they saw last is the only one, too.
    let seen = scim.get(&person).await.expect(200);
    let version = seen.header("etag").unwrap().to_owned();
    let only = [("if-match", version.as_str())];
    let deletes = (0..4).map(|_| scim.request("DELETE", &person, &only, None));
    assert_eq!(statuses(&join_all(deletes).await), [204, 404, 404, 404]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_again_after_a_lost_answer_is_not_done_twice() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    // Somebody is created; the answer is lost.
    let id = scim
        .post("/Users", user("ada@acme.example"))
        .await
        .expect(201)
        .id();
    let again = scim
        .post("/Users", user("ADA@acme.example"))
        .await
        .expect(409);
    let error = again.json();
    assert_eq!(error["scimType"], "uniqueness");
    assert!(error["detail"].as_str().unwrap().contains(&id), "{error}");
    let found = scim
        .filter("/Users", "userName eq \"ada@acme.example\"")
        .await
        .json();
    assert_eq!(
        (&found["totalResults"], &found["Resources"][0]["id"]),
        (&json!(1), &json!(id))
    );

    // A change of members, one at a time and several at once.
    let bob = scim.user("bob@acme.example").await;
    let path = format!("/Groups/{}", scim.group("Staff", &[]).await);
    let both = json!([{"op": "add", "path": "members", "value": [{"value": id}, {"value": bob}]}]);
    let gone = one("Remove", &bob);
    for (operations, left) in [
        (one("Add", &id), vec![&id]),
        (both, vec![&id, &bob]),
        (gone, vec![&id]),
    ] {
        scim.patch(&path, operations.clone()).await.expect(204);
        let once = (scim.get(&path).await, gateway.events(entra.org).await.len());
        scim.patch(&path, operations).await.expect(204);
        let twice = (scim.get(&path).await, gateway.events(entra.org).await.len());
        assert_eq!(once.0.json(), twice.0.json());
        assert_eq!(once.1, twice.1, "nothing happened, so nothing is told");
        assert_eq!(
            members(&scim, &path).await,
            left.into_iter().cloned().collect()
        );
    }

    // A PUT, a PATCH of values, a deletion.
    let person = format!("/Users/{id}");
    let mut body = user("ada@acme.example");
    body["phoneNumbers"] = json!([{"value": "1815", "type": "work"}]);
    let add = json!([{"op": "add", "path": "emails", "value": [{"value": "a@home.example"}]}]);
    scim.put(&person, body.clone()).await.expect(200);
    let once = scim.get(&person).await.json();
    scim.put(&person, body).await.expect(200);
    assert_eq!(scim.get(&person).await.json(), once);
    scim.patch(&person, add.clone()).await.expect(204);
    let once = scim.get(&person).await.json();
    scim.patch(&person, add).await.expect(204);
    assert_eq!(scim.get(&person).await.json(), once);
    assert_eq!(once["emails"].as_array().unwrap().len(), 2);
    scim.delete(&person).await.expect(204);
    scim.delete(&person).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_request_that_is_repeated_doubles_nothing() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": user("ada@acme.example")},
            {"method": "POST", "path": "/Users", "bulkId": "b", "data": user("bob@acme.example")},
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": "Staff",
                "members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]}},
        ],
    });
    let made = scim.post("/Bulk", body.clone()).await.expect(200).json();
    let everything = async || {
        let users = scim.get("/Users").await.expect(200).json();
        let groups = scim.get("/Groups").await.expect(200).json();
        (users, groups)
    };
    let once = (everything().await, gateway.events(entra.org).await.len());
    let told: Vec<_> = made["Operations"].as_array().unwrap().iter().collect();
    assert!(told.iter().all(|it| it["status"] == "201"), "{made}");
    let again = scim.post("/Bulk", body).await.expect(200).json();
    let statuses: Vec<_> = again["Operations"].as_array().unwrap().iter().collect();
    for (refused, made) in statuses[..2].iter().zip(told) {
        assert_eq!(refused["status"], "409", "{again}");
        let location = made["location"].as_str().unwrap();
        let id = location.rsplit('/').next().unwrap();
        assert!(
            refused["response"]["detail"].as_str().unwrap().contains(id),
            "{again}"
        );
    }
    // The group refers to users whom this request did not make, or is taken itself.
    assert!(
        ["400", "409", "412"]
            .iter()
            .any(|it| statuses[2]["status"] == *it),
        "{again}"
    );
    let twice = (everything().await, gateway.events(entra.org).await.len());
    assert_eq!(once, twice);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_and_deletions_race_to_the_truth() {
    let (gateway, entra) = entra().await;
    let scim = gateway.scim(&entra);
    let people = people(&scim, 24).await;
    let path = format!("/Groups/{}", scim.group("Staff", &[]).await);
    let urls: Vec<_> = people.iter().map(|id| format!("/Users/{id}")).collect();
    let joins = people.iter().map(|id| scim.patch(&path, one("Add", id)));
    let leaves = urls.iter().skip(12).map(|url| scim.delete(url));
    let (joined, left) = futures_util::future::join(join_all(joins), join_all(leaves)).await;
    assert_eq!(statuses(&left), [204; 12]);
    // Who was deleted first is nobody who could join; nobody is a member who is gone.
    for (reply, id) in joined.iter().zip(&people) {
        let deleted = people[12..].contains(id);
        let fine = reply.status == 204 || (deleted && reply.status == 400);
        assert!(fine, "{}", reply.text());
    }
    assert_eq!(
        members(&scim, &path).await,
        people[..12].iter().cloned().collect()
    );
    gateway.events(entra.org).await;
}
