//! Lists over HTTP: searches by POST, at the root, by cursor, and the roles.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usher::directory::connection::Profile;

use crate::harness::{Connected, Reply, ScimActor, TestGateway, user};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

/// Ten users, every third without a title, and three groups.
async fn people(gateway: &TestGateway, scim: &ScimActor<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..10 {
        let mut body = user(&format!("u{n}@acme.example"));
        body["displayName"] = format!("Person {}", 9 - n).into();
        body["active"] = (n % 2 == 0).into();
        if n % 3 != 0 {
            body["title"] = format!("Title {}", n % 4).into();
        }
        ids.push(scim.post("/Users", body).await.expect(201).id());
        gateway.clock.advance(1);
    }
    for name in ["Person 3", "Alpha", "Zeta"] {
        scim.group(name, &[&ids[0]]).await;
        gateway.clock.advance(1);
    }
    ids
}

async fn search(scim: &ScimActor<'_>, path: &str, mut body: Value) -> Reply {
    body["schemas"] = json!([SEARCH]);
    scim.post(path, body).await
}

fn ids(list: &Value) -> Vec<String> {
    let resources = list["Resources"].as_array().unwrap();
    resources
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

/// All pages of a query, by cursor; checks that each page tells the same total.
async fn walk(scim: &ScimActor<'_>, path: &str, query: &Value, count: u64) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut body = query.clone();
        body["count"] = count.into();
        body["cursor"] = json!(cursor);
        let page = search(scim, path, body).await.expect(200).json();
        assert!(page.get("startIndex").is_none());
        let shown = ids(&page);
        assert_eq!(page["itemsPerPage"], shown.len());
        assert!(shown.len() as u64 <= count);
        found.extend(shown);
        assert!(found.len() < 100, "the walk ends: {query}");
        let Some(next) = page.get("nextCursor") else {
            return found;
        };
        next.as_str().unwrap().clone_into(&mut cursor);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_by_post_finds_what_get_finds() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    people(&gateway, &scim).await;
    let got = scim
        .get("/Users?filter=active+eq+true&sortBy=title&sortOrder=descending&startIndex=2&count=2&attributes=title")
        .await
        .expect(200)
        .json();
    let asked = json!({
        "filter": "active eq true", "sortBy": "title", "sortOrder": "descending",
        "startIndex": 2, "count": 2, "attributes": ["title"],
    });
    let posted = search(&scim, "/Users/.search", asked).await.expect(200);
    assert_eq!(posted.json(), got);
    assert_eq!(got["totalResults"], 5);
    let groups = search(
        &scim,
        "/groups/.SEARCH",
        json!({"filter": "displayName sw \"A\""}),
    );
    assert_eq!(groups.await.expect(200).json()["totalResults"], 1);
    for (bad, scim_type) in [
        (json!({"filter": "nobody eq 1"}), "invalidFilter"),
        (json!({"sortBy": "nobody"}), "invalidPath"),
        (json!({"count": "x"}), "invalidValue"),
        (json!({"filter": {}}), "invalidSyntax"),
    ] {
        for path in ["/.search", "/Users/.search"] {
            let refused = search(&scim, path, bad.clone()).await.expect(400).json();
            assert_eq!(refused["scimType"], scim_type, "{path} {bad}");
        }
    }
    scim.get("/.search").await.expect(405);
    scim.get("/").await.expect(501);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_root_mixes_types() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    people(&gateway, &scim).await;
    let all = search(&scim, "/.search", json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(all["totalResults"], 13);
    let kinds: BTreeSet<_> = all["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["meta"]["resourceType"].to_string())
        .collect();
    assert_eq!(kinds.len(), 2);
    for (filter, total) in [
        ("meta.resourceType eq \"Group\"", 3),
        ("displayName eq \"Person 3\"", 2),
        ("title pr", 6),
        ("not (title pr)", 7),
        ("userName sw \"u1\" or displayName eq \"Alpha\"", 2),
        ("members pr and userName pr", 0),
    ] {
        let found = search(&scim, "/.search", json!({"filter": filter})).await;
        assert_eq!(found.expect(200).json()["totalResults"], total, "{filter}");
    }
    let names = |list: &Value| -> Vec<Value> {
        let resources = list["Resources"].as_array().unwrap();
        resources
            .iter()
            .map(|it| it["displayName"].clone())
            .collect()
    };
    let asked = json!({"sortBy": "displayName", "startIndex": 4, "count": 4});
    let sorted = search(&scim, "/.search", asked).await.expect(200).json();
    assert_eq!(
        names(&sorted),
        ["Person 2", "Person 3", "Person 3", "Person 4"]
    );
    for query in [
        json!({}),
        json!({"sortBy": "displayName"}),
        json!({"sortBy": "displayName", "sortOrder": "descending"}),
        json!({"sortBy": "title"}),
        json!({"sortBy": "title", "sortOrder": "descending"}),
        json!({"sortBy": "meta.created", "sortOrder": "descending"}),
        json!({"filter": "displayName sw \"Person\""}),
    ] {
        let mut whole = query.clone();
        whole["count"] = 100.into();
        let expected = ids(&search(&scim, "/.search", whole).await.expect(200).json());
        for count in [1, 3, 100] {
            let found = walk(&scim, "/.search", &query, count).await;
            assert_eq!(found, expected, "{query} by {count}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_by_cursor_sees_each_once() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    people(&gateway, &scim).await;
    for sort in [
        "id",
        "userName",
        "title",
        "active",
        "meta.lastModified",
        "emails",
        "groups.value",
        "name.familyName",
        "meta.location",
    ] {
        for order in ["ascending", "descending"] {
            let query = json!({"sortBy": sort, "sortOrder": order});
            let mut whole = query.clone();
            whole["count"] = 100.into();
            let list = search(&scim, "/Users/.search", whole).await.expect(200);
            let expected = ids(&list.json());
            for count in [1, 4, 10, 1000] {
                let found = walk(&scim, "/Users/.search", &query, count).await;
                assert_eq!(found, expected, "{sort} {order} by {count}");
            }
        }
    }
    let groups = json!({"sortBy": "members", "filter": "displayName pr"});
    assert_eq!(walk(&scim, "/Groups/.search", &groups, 2).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_and_goes_meanwhile_moves_nothing_else() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let there = people(&gateway, &scim).await;
    let (mut found, mut cursor, mut round) = (Vec::new(), String::new(), 0);
    loop {
        let page = scim.get(&format!("/Users?count=2&cursor={cursor}")).await;
        let page = page.expect(200).json();
        found.extend(ids(&page));
        let Some(next) = page.get("nextCursor") else {
            break;
        };
        next.as_str().unwrap().clone_into(&mut cursor);
        if round < 4 {
            scim.user(&format!("new{round}@acme.example")).await;
            let url = format!("/Users/{}", there[round]);
            scim.delete(&url).await.expect(204);
        }
        round += 1;
    }
    let once: BTreeSet<_> = found.iter().collect();
    assert_eq!(once.len(), found.len(), "nobody twice");
    assert!(
        there[4..].iter().all(|id| once.contains(id)),
        "nobody left out"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_is_good_for_its_own_query_alone() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    people(&gateway, &scim).await;
    let first = scim.get("/Users?cursor=&count=2").await.expect(200).json();
    let cursor = first["nextCursor"].as_str().unwrap().to_owned();
    let beta = gateway.organization("beta").await;
    let other = gateway.connect(beta, "Okta", Profile::Okta, &[]).await;
    let theirs = gateway.scim(&other);
    let other = if &cursor[20..21] == "A" { "B" } else { "A" };
    let altered = format!("{}{other}{}", &cursor[..20], &cursor[21..]);
    let foreign = theirs.get(&format!("/Users?cursor={cursor}")).await;
    let foreign = foreign.expect(400).json();
    for query in [
        "cursor=abc".to_owned(),
        "cursor=%00".to_owned(),
        format!("cursor={altered}"),
        format!("cursor={cursor}&filter=active+eq+true"),
        format!("cursor={cursor}&sortBy=userName"),
        format!("cursor={cursor}&sortOrder=descending"),
    ] {
        let refused = scim.get(&format!("/Users?{query}")).await.expect(400);
        assert_eq!(refused.json(), foreign, "{query}");
    }
    assert_eq!(foreign["scimType"], "invalidCursor");
    let elsewhere = search(&scim, "/.search", json!({"cursor": cursor})).await;
    assert_eq!(elsewhere.expect(400).json(), foreign);
    let elsewhere = scim.get(&format!("/Groups?cursor={cursor}")).await;
    assert_eq!(elsewhere.expect(400).json(), foreign);
    for query in ["cursor=&count=0", "cursor=&count=abc", "cursor=&count=-1"] {
        let refused = scim.get(&format!("/Users?{query}")).await.expect(400);
        assert_eq!(refused.json()["scimType"], "invalidCount", "{query}");
    }
    let both = scim.get("/Users?cursor=&startIndex=1").await.expect(400);
    assert_eq!(both.json()["scimType"], "invalidValue");
    let again = scim.get(&format!("/Users?cursor={cursor}&count=5")).await;
    assert_eq!(ids(&again.expect(200).json()).len(), 5);
    gateway.clock.advance(3600);
    let late = scim
        .get(&format!("/Users?cursor={cursor}"))
        .await
        .expect(400);
    assert_eq!(late.json()["scimType"], "expiredCursor");
    let config = scim.get("/ServiceProviderConfig").await.expect(200).json();
    let pagination = &config["pagination"];
    assert_eq!(
        (&pagination["cursor"], &pagination["cursorTimeout"]),
        (&json!(true), &json!(3600))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_are_read_and_me_is_nobody() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let list = scim.get("/Roles?sortBy=value").await.expect(200).json();
    let values: Vec<_> = list["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["value"].as_str().unwrap(), &it["supported"]))
        .collect();
    assert_eq!(
        values,
        [
            ("admin", &json!(true)),
            ("editor", &json!(true)),
            ("owner", &json!(false)),
            ("viewer", &json!(true)),
        ]
    );
    let editor = list["Resources"][1].clone();
    assert_eq!(editor["contains"], json!(["viewer"]));
    let url = format!("/Roles/{}", editor["id"].as_str().unwrap());
    assert_eq!(scim.get(&url).await.expect(200).json(), editor);
    let found = scim.filter("/Roles", "contains eq \"viewer\" and supported eq true");
    assert_eq!(found.await.expect(200).json()["totalResults"], 2);
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let url = format!("/roles?count=1&sortBy=display&sortOrder=descending&cursor={cursor}");
        let page = scim.get(&url).await.expect(200).json();
        seen += ids(&page).len();
        match page.get("nextCursor") {
            Some(next) => next.as_str().unwrap().clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, 4);
    scim.post("/Roles", json!({"value": "x"})).await.expect(405);
    scim.delete(&url).await.expect(405);
    scim.get("/Roles/nobody").await.expect(404);
    scim.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:Role")
        .await
        .expect(200);
    let me = scim.get("/Me").await.expect(404).json();
    assert!(me["detail"].to_string().contains("nobody"));
}
