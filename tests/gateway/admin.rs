//! The admin API: what it shows, how it pages, how it says no, and the event feed.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use usher::directory::event::EventKind;
use usher::directory::mapping::MatchKind;
use usher::id::{MappingId, ProjectId};
use usher::provisioning;
use usher::store::rows::MappingRow;

use crate::credentials::{Key, live};
use crate::harness::{Acme, TestGateway};

const ACME: &str = "/api/v1/organizations/acme";

/// A rule that gives a role to a group: for the organization, or a project.
async fn rule(acme: &Acme, group: &str, role: &str, project: Option<ProjectId>) -> MappingId {
    let role = acme.gateway.role(acme.org, role).await;
    let (group, connection) = (group.to_owned(), acme.okta.id);
    let made = provisioning::change(
        &acme.gateway.gateway.store,
        acme.org,
        acme.gateway.command(),
        move |change| {
            let group = group.clone();
            async move {
                let row = MappingRow {
                    org_id: change.org,
                    id: change.id(),
                    connection_id: connection,
                    match_kind: MatchKind::Name,
                    match_folded: usher::scim::fold(&group),
                    match_text: group,
                    bound_group_id: None,
                    role_id: role,
                    position: change
                        .tx
                        .next_mapping_position(change.org, connection)
                        .await?,
                    enabled: true,
                    created_at: change.time(),
                    rev: 0,
                    removed_at: None,
                    group_lost_at: None,
                };
                let projects: Vec<_> = project.into_iter().collect();
                change.tx.insert_mapping(&row, &projects).await?;
                change.record(EventKind::MappingCreated, json!({"mapping_id": row.id}));
                Ok(row.id)
            }
            .boxed()
        },
    );
    made.await.unwrap()
}

#[tokio::test]
async fn users_are_listed_found_and_paged() {
    let acme = Acme::start().await;
    let scim = acme.gateway.scim(&acme.okta);
    for name in ["ada", "bob", "eve"] {
        scim.user(&format!("{name}@acme.example")).await;
        acme.gateway.clock.advance(1);
    }
    let eve = acme.get("/users?email=EVE@Acme.Example").await["data"][0].clone();
    assert_eq!(eve["email"], "eve@acme.example");
    assert_eq!(
        (&eve["role"], &eve["state"]),
        (&json!("viewer"), &json!("active"))
    );
    assert_eq!(eve["managed_by"], acme.okta.id.to_string());

    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = acme.get(&format!("/users?limit=2{after}")).await;
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["email"].clone()),
        );
        assert_eq!(page["has_more"] == true, page["next"].is_string());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(
        seen,
        ["ada@acme.example", "bob@acme.example", "eve@acme.example"]
    );
}

#[tokio::test]
async fn users_are_found_by_what_they_are() {
    let acme = Acme::start().await;
    let scim = acme.gateway.scim(&acme.okta);
    scim.user("ada@acme.example").await;
    scim.user("eve@acme.example").await;
    let id = scim.user("bob@acme.example").await;
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    assert!(
        scim.patch(&format!("/Users/{id}"), off)
            .await
            .status
            .is_success()
    );
    for (state, count) in [
        ("active", 2),
        ("suspended", 1),
        ("deleted", 0),
        ("erased", 0),
    ] {
        let found = acme.get(&format!("/users?state={state}")).await;
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{state}");
    }
    let bob = acme.get("/users?state=suspended").await["data"][0].clone();
    assert_eq!(bob["suspended_by"], json!(["directory"]));
    assert_eq!(bob["role"], Value::Null);
    let shown = acme
        .get(&format!("/users/{}", bob["id"].as_str().unwrap()))
        .await;
    assert_eq!(shown["scim"][0]["scim_id"], id);
    assert_eq!(shown["scim"][0]["active"], false);
    assert_eq!(shown["email"], "bob@acme.example");
    assert_eq!(shown["identities"], json!([]));
}

#[tokio::test]
async fn a_role_is_explained_by_its_rule_and_its_group() {
    let acme = Acme::start().await;
    let site = acme.gateway.project(acme.org, "site").await;
    let editor = rule(&acme, "SEO_Editors", "editor", None).await;
    acme.gateway.clock.advance(1);
    let on_site = rule(&acme, "Site", "editor", Some(site)).await;
    let scim = acme.gateway.scim(&acme.okta);
    let ada = scim.user("ada@acme.example").await;
    let group = scim.group("SEO_Editors", &[&ada]).await;
    scim.group("Site", &[&ada]).await;
    let user = acme.get("/users").await["data"][0].clone();
    let id = user["id"].as_str().unwrap();
    let told = acme.get(&format!("/users/{id}/explain")).await;
    assert_eq!(
        (&told["role"], &told["user_id"]),
        (&json!("editor"), &user["id"])
    );
    assert_eq!(
        told["projects"],
        json!([{"slug": "site", "role": "editor"}])
    );
    assert_eq!(told["because"]["source"], "grant");
    let candidates: Vec<_> = told["candidates"].as_array().unwrap().iter().collect();
    let sources: Vec<_> = candidates.iter().map(|it| &it["source"]).collect();
    let groups = ["directory_group", "directory_group", "organization_default"];
    assert_eq!(json!(sources), json!(groups));
    let wide = candidates
        .iter()
        .find(|c| c["grant_id"] != json!(null) && c["projects"] == json!([]))
        .unwrap();
    assert_eq!(told["because"]["grant_id"], wide["grant_id"]);
    assert_eq!(
        (&wide["verdict"], &wide["source"]),
        (&json!("won"), &json!("directory_group"))
    );
    assert_eq!(wide["mapping"]["id"], editor.to_string());
    assert_eq!(
        wide["group"],
        json!({"id": group, "display_name": "SEO_Editors"})
    );
    let narrow = candidates
        .iter()
        .find(|c| c["projects"] == json!(["site"]))
        .unwrap();
    assert_eq!(narrow["mapping"]["id"], on_site.to_string());

    let mappings = acme.get("/mappings").await;
    assert_eq!(mappings["data"][0]["group_id"], group);
    assert_eq!(mappings["data"][1]["projects"], json!(["site"]));
    assert_eq!(acme.get("/projects").await["data"][0]["slug"], "site");
    let roles = acme.get("/roles").await["data"].clone();
    let default = roles
        .as_array()
        .unwrap()
        .iter()
        .find(|role| role["default"] == true)
        .unwrap();
    assert_eq!(default["slug"], "viewer");
}

#[tokio::test]
async fn a_connection_shows_its_addresses_and_no_secret() {
    let acme = Acme::start().await;
    let id = acme.okta.id;
    let shown = acme.get(&format!("/connections/{id}")).await;
    assert_eq!(acme.get("/connections").await["data"], json!([shown]));
    let address = |path: &str| json!(format!("https://usher.example{path}"));
    assert_eq!(shown["scim_base_url"], address(&format!("/scim/{id}/v2")));
    assert_eq!(shown["acs_url"], address(&format!("/saml/{id}/acs")));
    assert_eq!(
        shown["sp_metadata_url"],
        address(&format!("/saml/{id}/metadata"))
    );
    assert_eq!(
        shown["domains"],
        json!([{"domain": "acme.example", "source": "operator"}])
    );
    assert_eq!(
        (&shown["state"], &shown["jit"]),
        (&json!("active"), &json!("auto"))
    );
    assert_eq!(shown["max_role"], "admin");
    let secret = &acme.okta.token[5..];
    assert!(!shown.to_string().contains(secret));
}

#[tokio::test]
async fn an_operator_sees_all_organizations_page_by_page() {
    let acme = Acme::start().await;
    let gateway = &acme.gateway;
    gateway.clock.advance(1);
    gateway.organization("beta").await;
    let operator = gateway.key(live(None, "organizations:read")).await;
    let first = gateway
        .get("/api/v1/organizations?limit=1", &operator)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&first["data"][0]["slug"], &first["has_more"]),
        (&json!("acme"), &json!(true))
    );
    let next = format!(
        "/api/v1/organizations?after={}",
        first["next"].as_str().unwrap()
    );
    let second = gateway.get(&next, &operator).await.expect(200).json();
    assert_eq!(second["data"][0]["slug"], "beta");
    assert_eq!(
        (&second["has_more"], &second["next"]),
        (&json!(false), &Value::Null)
    );
    let own = gateway
        .get("/api/v1/organizations", &acme.key)
        .await
        .expect(200)
        .json();
    assert_eq!(own["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        gateway.get(&next, &acme.key).await.expect(200).json()["data"],
        json!([])
    );
}

/// Path, status, slug of the problem.
const WRONG: [(&str, u16, &str); 15] = [
    ("/users?limit=0", 400, "invalid_parameter"),
    ("/users?limit=201", 400, "invalid_parameter"),
    ("/users?limit=x", 400, "invalid_parameter"),
    ("/users?limit=1&limit=2", 400, "invalid_parameter"),
    ("/users?after=1", 400, "invalid_parameter"),
    ("/users?email=ada", 400, "invalid_parameter"),
    ("/users?state=gone", 400, "invalid_parameter"),
    ("/users?emial=ada@acme.example", 400, "invalid_parameter"),
    ("/events?after=-1", 400, "invalid_parameter"),
    (
        "/events?after=99999999999999999999",
        400,
        "invalid_parameter",
    ),
    ("/events?wait=31", 400, "invalid_parameter"),
    ("/nothing", 404, "not_found"),
    ("/users/", 404, "not_found"),
    ("/%ff/users", 404, "not_found"),
    ("/users/%ff", 400, "malformed_request"),
];

#[tokio::test]
async fn what_is_wrong_with_a_request_is_a_problem_that_says_so() {
    let acme = Acme::start().await;
    for (path, status, slug) in WRONG {
        let reply = acme
            .gateway
            .get(&format!("{ACME}{path}"), &acme.key)
            .await
            .expect(status);
        let problem = reply.json();
        assert_eq!(
            problem["type"],
            format!("https://usher.example/problems/{slug}"),
            "{path}"
        );
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
        assert_eq!(
            problem["trace_id"].as_str(),
            reply.header("x-request-id"),
            "{path}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        assert!(
            problem["title"].is_string() && problem["detail"].is_string(),
            "{path}"
        );
    }
    let limit = acme
        .gateway
        .get(&format!("{ACME}/users?limit=0"), &acme.key)
        .await
        .json();
    assert_eq!(limit["errors"][0]["parameter"], "limit");
    let post = acme
        .gateway
        .ask("POST", &format!("{ACME}/users"), None)
        .await
        .expect(405);
    assert_eq!(post.header("allow"), Some("GET,HEAD"));
    let request = Request::builder()
        .uri(format!("{ACME}/users"))
        .header("accept", "text/html")
        .header("authorization", format!("Bearer {}", acme.key));
    let reply = acme
        .gateway
        .send(request.body(Body::empty()).unwrap())
        .await
        .expect(406);
    assert_eq!(
        reply.json()["type"],
        "https://usher.example/problems/not_acceptable"
    );
    assert_eq!(reply.header("access-control-allow-origin"), None);
    acme.gateway
        .ask("GET", "/api/v2/x", None)
        .await
        .expect(404)
        .json();
}

#[tokio::test]
async fn the_description_and_its_pages_are_served() {
    let gateway = TestGateway::start().await;
    let served = gateway
        .ask("GET", "/api/v1/openapi.json", None)
        .await
        .expect(200)
        .json();
    assert_eq!(
        served,
        serde_json::to_value(usher::http::admin::openapi()).unwrap()
    );
    let docs = gateway.ask("GET", "/docs", None).await.expect(200);
    assert!(
        docs.text()
            .contains("<code>/api/v1/organizations/{slug}/users</code>")
    );
    assert_eq!(
        docs.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        docs.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    gateway
        .ask("GET", "/problems/insufficient_scope", None)
        .await
        .expect(200);
    gateway
        .ask("GET", "/problems/unheard_of", None)
        .await
        .expect(404);
}

#[tokio::test]
async fn the_feed_has_no_gap_and_hides_what_is_for_admins() {
    let acme = Acme::start().await;
    acme.gateway.scim(&acme.okta).user("ada@acme.example").await;
    rule(&acme, "SEO_Editors", "editor", None).await;
    acme.gateway.scim(&acme.okta).user("bob@acme.example").await;
    let reader = acme.gateway.key(live(Some(acme.org), "events:read")).await;
    let auditor = acme
        .gateway
        .key(live(Some(acme.org), "events:read audit:read"))
        .await;
    for (key, sees_all) in [(&reader, false), (&auditor, true), (&acme.key, true)] {
        let feed = acme
            .gateway
            .get(&format!("{ACME}/events"), key)
            .await
            .expect(200)
            .json();
        let events = feed["data"].as_array().unwrap();
        let seqs: Vec<_> = events
            .iter()
            .map(|event| event["seq"].as_i64().unwrap())
            .collect();
        assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
        assert_eq!(feed["next"], seqs.len());
        let hidden = events
            .iter()
            .find(|event| event["type"] == "mapping.created")
            .unwrap();
        assert_eq!(hidden["data"] == json!({}), !sees_all);
        assert!(
            events
                .iter()
                .any(|event| event["data"]["user_id"].is_string())
        );
        assert_eq!(hidden["cause"], "test");
    }
    let (mut after, mut types) = (0, Vec::new());
    loop {
        let feed = acme.get(&format!("/events?limit=1&after={after}")).await;
        let Some(event) = feed["data"].get(0) else {
            assert_eq!(feed["next"], after);
            break;
        };
        after = feed["next"].as_i64().unwrap();
        types.push(event["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(types, ["user.created", "mapping.created", "user.created"]);
    assert_eq!(
        acme.get("/events?after=99").await,
        json!({"data": [], "next": 99})
    );
}

#[tokio::test]
async fn who_waits_is_woken_by_the_next_event() {
    let acme = Acme::start().await;
    let wait = acme.get("/events?after=0&wait=30");
    let write = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        acme.gateway.scim(&acme.okta).user("ada@acme.example").await;
    };
    let both = async { tokio::join!(wait, write).0 };
    let feed = tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .unwrap();
    assert_eq!(
        (&feed["data"][0]["type"], &feed["next"]),
        (&json!("user.created"), &json!(1))
    );
    assert_eq!(
        acme.get("/events?after=1&wait=1").await,
        json!({"data": [], "next": 1})
    );

    let closing = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        acme.gateway.gateway.store.wakeups().close();
    };
    let both = async { tokio::join!(acme.get("/events?after=1&wait=30"), closing).0 };
    let feed = tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .unwrap();
    assert_eq!(feed["data"], json!([]));
}

#[tokio::test]
async fn a_key_that_ends_while_it_waits_reads_nothing_more() {
    let acme = Acme::start().await;
    let expires_at = Some(acme.gateway.clock.now() + SignedDuration::from_secs(60));
    let key = Key {
        expires_at,
        ..live(Some(acme.org), "*")
    };
    let key = acme.gateway.key(key).await;
    let end = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        acme.gateway.clock.advance(61);
        acme.gateway.scim(&acme.okta).user("ada@acme.example").await;
    };
    let uri = format!("{ACME}/events?wait=30");
    let both = async { tokio::join!(acme.gateway.get(&uri, &key), end).0 };
    tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .unwrap()
        .expect(401);
}
