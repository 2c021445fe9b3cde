//! Groups of a hundred thousand members, built by the largest requests there are. With PROOF they
//! are that large; without it the same is played with fewer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::limits;

use crate::harness::{Reply, TestGateway};

/// Members of the group, and of each request that builds it.
fn sizes() -> (usize, usize) {
    if std::env::var_os("PROOF").is_some() {
        let page = usize::try_from(limits::MEMBERS_PER_PAGE).unwrap();
        return (page, limits::MEMBERS_PER_REQUEST);
    }
    // More than one statement takes, on either engine.
    (5_500, 2_000)
}

/// What each step took; told, and judged by nobody.
struct Watch(Vec<(&'static str, Duration)>);

impl Watch {
    async fn of<T>(&mut self, what: &'static str, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let value = work.await;
        self.0.push((what, begun.elapsed()));
        value
    }
}

fn members(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({"value": id})).collect()
}

fn listed(reply: &Reply) -> usize {
    let body = reply.json();
    body["members"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_any_size_is_built_changed_read_and_deleted() {
    let (size, request) = sizes();
    let mut watch = Watch(Vec::new());
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let entra = gateway
        .connect(org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let scim = gateway.scim(&entra);
    let everybody = watch
        .of("the people, as rows", gateway.crowd(&entra, size + 1))
        .await;
    let (stranger, everybody) = everybody.split_first().unwrap();
    let path = format!("/Groups/{}", scim.group("Everybody", &[]).await);

    for (number, part) in everybody.chunks(request).enumerate() {
        let add = json!([{"op": "Add", "path": "members", "value": members(part)}]);
        let reply = watch
            .of("one PATCH of many members", scim.patch(&path, add))
            .await;
        reply.expect(204);
        let seen = scim
            .get(&format!("{path}?excludedAttributes=members"))
            .await;
        let version = format!("W/\"{}\"", number + 2);
        assert_eq!(seen.header("etag"), Some(version.as_str()));
    }
    let built = everybody.len().div_ceil(request) + 1;
    let version = |changes: usize| format!("W/\"{}\"", built + changes);

    // One joins and leaves, in two shapes.
    let add = json!([{"op": "add", "path": "members", "value": [{"value": stranger}]}]);
    let filter = format!("members[value eq \"{stranger}\"]");
    let by_filter = json!([{"op": "remove", "path": filter}]);
    let listing = json!([{"op": "Remove", "path": "members", "value": [{"value": stranger}]}]);
    watch
        .of("one joins", scim.patch(&path, add.clone()))
        .await
        .expect(204);
    let found = scim.filter("/Groups", &filter);
    let found = watch
        .of("GET /Groups by that member", found)
        .await
        .expect(200);
    assert_eq!(found.json()["totalResults"], 1);
    assert_eq!(
        found.json()["Resources"][0]["members"]
            .as_array()
            .unwrap()
            .len(),
        size + 1
    );
    watch
        .of("one leaves, by a filter", scim.patch(&path, by_filter))
        .await
        .expect(204);
    scim.patch(&path, add).await.expect(204);
    watch
        .of("one leaves, listed", scim.patch(&path, listing))
        .await
        .expect(204);
    let found = scim.filter("/Groups", &filter).await.expect(200).json();
    assert_eq!(
        (&found["totalResults"], &found["Resources"]),
        (&json!(0), &json!([]))
    );

    // Reading, with and without members.
    let without = format!("{path}?excludedAttributes=members");
    let bare = watch
        .of("GET without members", scim.get(&without))
        .await
        .expect(200);
    assert_eq!(bare.json().get("members"), None);
    assert_eq!(bare.header("etag"), Some(version(4).as_str()));
    assert!(bare.body.len() < 1_000);
    let whole = watch
        .of("GET with members", scim.get(&path))
        .await
        .expect(200);
    assert_eq!(listed(&whole), size);
    let megabytes = whole.body.len() / 1_000_000;
    let again = [("if-none-match", whole.header("etag").unwrap())];
    scim.request("GET", &path, &again, None).await.expect(304);
    let person = scim
        .get(&format!("/Users/{}", everybody[size / 2]))
        .await
        .expect(200);
    assert_eq!(person.json()["groups"][0]["display"], "Everybody");

    // Beside it, a page of groups ends early, and goes on by index and by cursor.
    scim.group("Another", &[stranger, &everybody[0]]).await;
    scim.group("Empty", &[]).await;
    let limit = usize::try_from(limits::MEMBERS_PER_PAGE).unwrap();
    let first = if size + 2 > limit { 1 } else { 3 };
    let page = watch
        .of("GET /Groups", scim.get("/Groups?sortBy=meta.created"))
        .await;
    let page = page.expect(200).json();
    assert_eq!(
        (&page["totalResults"], &page["itemsPerPage"]),
        (&json!(3), &json!(first))
    );
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let page = scim
            .get(&format!("/Groups?cursor={cursor}"))
            .await
            .expect(200)
            .json();
        seen += page["Resources"].as_array().unwrap().len();
        let Some(next) = page.get("nextCursor") else {
            break;
        };
        next.as_str().unwrap().clone_into(&mut cursor);
    }
    assert_eq!(seen, 3);
    let bare = scim
        .get("/Groups?excludedAttributes=members")
        .await
        .expect(200)
        .json();
    assert_eq!(bare["itemsPerPage"], 3);

    // A replacement that names fewer; a removal of all who are left but those that a filter keeps.
    let fewer = &everybody[..everybody.len().min(request)];
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Everybody", "members": members(fewer),
    });
    assert!(body.to_string().len() < limits::SCIM_BODY);
    let put = scim.put(&without, body);
    watch.of("PUT of fewer members", put).await.expect(200);
    assert_eq!(listed(&scim.get(&path).await), fewer.len());
    let kept = format!("members[not (value eq \"{}\")]", fewer[0]);
    let operations = json!([{"op": "remove", "path": kept}]);
    watch
        .of(
            "all but one leave, by a filter",
            scim.patch(&path, operations),
        )
        .await
        .expect(204);
    assert_eq!(listed(&scim.get(&path).await), 1);
    for part in everybody.chunks(request) {
        let add = json!([{"op": "add", "value": {"members": members(part)}}]);
        scim.patch(&path, add).await.expect(204);
    }
    assert_eq!(listed(&scim.get(&path).await), size);
    watch
        .of("DELETE of the group", scim.delete(&path))
        .await
        .expect(204);
    scim.get(&path).await.expect(404);
    let person = scim
        .get(&format!("/Users/{}", everybody[0]))
        .await
        .expect(200)
        .json();
    assert_eq!(
        person["groups"].as_array().unwrap().len(),
        1,
        "the other group stays"
    );
    let users = scim.get("/Users?count=1").await.expect(200).json();
    assert_eq!(users["totalResults"], size + 1, "nobody goes with a group");
    for (what, took) in watch.0 {
        eprintln!("{size} members: {what}: {took:.1?}");
    }
    eprintln!("{size} members: GET with members answers {megabytes} MB");
}
