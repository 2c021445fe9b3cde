//! What SCIM requests cost the store: statements and transactions, counted on its connections. A
//! change of one member costs the same in a group of any size, a page the same whatever is on it,
//! and the largest request is one transaction.

use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::limits;

use crate::harness::{Connected, Cost, ScimActor, Statements, TestGateway};

/// A gateway whose connection was heard of already: that its token was used is noted, and that a
/// directory provisions here.
async fn start() -> (TestGateway, Connected, Statements) {
    let (gateway, statements) = TestGateway::counted().await;
    let org = gateway.organization("acme").await;
    let entra = gateway
        .connect(org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let scim = gateway.scim(&entra);
    scim.user("first@acme.example").await;
    scim.group("First", &[]).await;
    (gateway, entra, statements)
}

fn members(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({"value": id})).collect()
}

fn add(ids: &[String]) -> Value {
    json!([{"op": "add", "path": "members", "value": members(ids)}])
}

fn remove(ids: &[String]) -> Value {
    json!([{"op": "remove", "path": "members", "value": members(ids)}])
}

/// A group with these members.
async fn group(scim: &ScimActor<'_>, name: &str, ids: &[String]) -> String {
    let path = format!("/Groups/{}", scim.group(name, &[]).await);
    if !ids.is_empty() {
        scim.patch(&path, add(ids)).await.expect(204);
    }
    path
}

/// What one stranger's joining and leaving costs, in each of the shapes that clients send.
async fn one_member(
    scim: &ScimActor<'_>,
    statements: &Statements,
    path: &str,
    who: &String,
) -> Vec<usize> {
    let who = std::slice::from_ref(who);
    let by_filter = format!("members[value eq \"{}\"]", who[0]);
    let mut costs = Vec::new();
    for operations in [
        add(who),
        remove(who),
        json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": who[0]}]}]),
        json!([{"op": "Remove", "path": by_filter}]),
        json!([{"op": "add", "value": {"members": members(who)}}]),
        json!([{"op": "Remove", "path": "members", "value": members(who)}]),
    ] {
        let (reply, cost) = statements.of(scim.patch(path, operations)).await;
        reply.expect(204);
        assert_eq!((cost.transactions, cost.writes), (1, 1), "{cost:#?}");
        costs.push(cost.len());
    }
    costs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_member_costs_the_same_in_a_group_of_any_size() {
    let (gateway, entra, statements) = start().await;
    let scim = gateway.scim(&entra);
    let everybody = gateway.crowd(&entra, limits::MEMBERS_PER_REQUEST + 1).await;
    let (who, everybody) = everybody.split_first().unwrap();
    let mut costs = Vec::new();
    for size in [3, 300, limits::MEMBERS_PER_REQUEST] {
        let path = group(&scim, &format!("Of {size}"), &everybody[..size]).await;
        costs.push(one_member(&scim, &statements, &path, who).await);
        let shown = scim.get(&path).await.expect(200).json();
        assert_eq!(shown["members"].as_array().unwrap().len(), size);
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[1], costs[2]);
    assert!(costs[0].iter().all(|cost| *cost <= 30), "{costs:?}");

    // The largest requests: all at once join, are replaced by all but one, and leave.
    let path = group(&scim, "All", &[]).await;
    let bounded = |cost: &Cost| {
        assert_eq!(cost.writes, 1, "one transaction");
        assert!(
            cost.transactions <= 2,
            "and one that asks who sends so much"
        );
        assert!(cost.len() <= 400, "{} statements", cost.len());
    };
    let (reply, cost) = statements.of(scim.patch(&path, add(everybody))).await;
    reply.expect(204);
    bounded(&cost);
    let (_, but_one) = everybody.split_last().unwrap();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "All",
        "members": members(but_one),
    });
    assert!(body.to_string().len() <= limits::SCIM_BODY);
    let (reply, cost) = statements.of(scim.put(&path, body)).await;
    let shown = reply.expect(200).json();
    assert_eq!(shown["members"].as_array().unwrap().len(), but_one.len());
    bounded(&cost);
    let (reply, cost) = statements.of(scim.patch(&path, remove(but_one))).await;
    reply.expect(204);
    bounded(&cost);
    assert_eq!(scim.get(&path).await.json().get("members"), None);
    let mut one_more = everybody.to_vec();
    one_more.push(who.clone());
    let refused = scim.patch(&path, add(&one_more)).await.expect(413);
    assert_eq!(refused.json()["status"], "413");
    assert_eq!(scim.get(&path).await.json().get("members"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_costs_the_same_whatever_is_on_it() {
    let (gateway, entra, statements) = start().await;
    let scim = gateway.scim(&entra);
    let people = gateway.crowd(&entra, 120).await;
    for number in 0..110 {
        let ids: Vec<_> = people
            .iter()
            .skip(number)
            .take(5)
            .map(String::as_str)
            .collect();
        scim.group(&format!("Group {number}"), &ids).await;
    }
    let managed = json!([{"op": "add", "value": {
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "manager": {"value": people[1]}}}}]);
    for id in &people {
        scim.patch(&format!("/Users/{id}"), managed.clone())
            .await
            .expect(204);
    }
    let cost_of = async |query: &str| {
        let (reply, cost) = statements.of(scim.get(query)).await;
        let shown = reply.expect(200).json();
        assert_eq!((cost.transactions, cost.writes), (1, 0), "{cost:#?}");
        (shown["Resources"].as_array().unwrap().len(), cost)
    };
    for (endpoint, more) in [
        ("/Users", ""),
        ("/Users", "&sortBy=userName&filter=userName+co+%22acme%22"),
        ("/Users", "&cursor="),
        ("/Groups", ""),
        ("/Groups", "&sortBy=displayName&sortOrder=descending"),
        ("/Groups", "&excludedAttributes=members"),
    ] {
        let mut costs = Vec::new();
        for count in [2, 10, 100] {
            let (shown, cost) = cost_of(&format!("{endpoint}?count={count}{more}")).await;
            assert_eq!(shown, count, "{endpoint} {more}");
            costs.push(cost.len());
        }
        assert!(
            costs.iter().all(|it| *it == costs[0]),
            "{endpoint}{more}: {costs:?}"
        );
        assert!(costs[0] <= 8, "{endpoint}{more}: {costs:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_nobody_wants_are_not_read() {
    let (gateway, entra, statements) = start().await;
    let scim = gateway.scim(&entra);
    let people = gateway.crowd(&entra, 3).await;
    let path = group(&scim, "Staff", &people).await;
    for (query, reads) in [
        (path.clone(), true),
        ("/Groups".to_owned(), true),
        (format!("{path}?excludedAttributes=members"), false),
        (format!("{path}?attributes=displayName"), false),
        ("/Groups?excludedAttributes=members".to_owned(), false),
        (
            "/Groups?attributes=displayName&count=1000".to_owned(),
            false,
        ),
        (
            "/Groups?filter=displayName+eq+%22staff%22&excludedAttributes=members".to_owned(),
            false,
        ),
        ("/Users?excludedAttributes=groups".to_owned(), false),
    ] {
        let (reply, cost) = statements.of(scim.get(&query)).await;
        reply.expect(200);
        assert_eq!(
            cost.that_say("scim_members") > 0,
            reads,
            "{query}: {cost:#?}"
        );
    }
    // Nor by a change that is no member's.
    let renamed = json!([{"op": "replace", "path": "displayName", "value": "Everybody"}]);
    let (reply, cost) = statements.of(scim.patch(&path, renamed)).await;
    reply.expect(204);
    assert_eq!(cost.that_say("scim_members"), 0, "{cost:#?}");
}
