//! What admins and the operator set up by the admin API: organizations, roles, projects and keys.

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::{Value, json};
use usher::id::OrganizationId;

use crate::connection_commands::Place;
use crate::credentials::{Key, live};
use crate::harness::{Acme, Browser, Reply, VERIFIER, form};
use crate::ownership::slug;

async fn of_kind(acme: &Acme, kind: &str) -> Vec<Value> {
    let events = acme.gateway.events(acme.org).await;
    events.into_iter().filter(|it| it["type"] == kind).collect()
}

/// Asks for something that is of no organization.
async fn operate(acme: &Acme, key: &str, (method, path): (&str, &str), body: Value) -> Reply {
    acme.gateway
        .call(key, method, &format!("/api/v1{path}"), Some(body))
        .await
}

#[tokio::test]
async fn the_operator_creates_organizations_and_each_is_renamed() {
    let acme = Acme::start().await;
    let new = json!({"slug": "beta", "name": "Beta Inc.", "owner": "ada@beta.example"});
    let own = acme.gateway.key(live(Some(acme.org), "*")).await;
    let create = ("POST", "/organizations");
    operate(&acme, &own, create, new.clone()).await.expect(403);
    let made = operate(&acme, &acme.operator, create, new.clone()).await;
    let made = made.expect(201).json();
    assert_eq!(
        (&made["default_role"], &made["owner"]["email"]),
        (&json!("viewer"), &json!("ada@beta.example"))
    );
    let again = operate(&acme, &acme.operator, create, new)
        .await
        .expect(409);
    assert_eq!(slug(&again), "taken");
    for wrong in [
        json!({"slug": "Beta"}),
        json!({"slug": "operators"}),
        json!({"slug": "gamma", "owner": "nobody"}),
        json!({"slug": "gamma", "color": "red"}),
    ] {
        let reply = operate(&acme, &acme.operator, create, wrong.clone()).await;
        assert!([400, 422].contains(&reply.status.as_u16()), "{wrong}");
    }
    let before = acme.get("").await;
    assert_eq!(
        (&before["slug"], &before["owner"]),
        (&json!("acme"), &Value::Null)
    );
    for _ in 0..2 {
        let renamed = acme
            .ask("PATCH", "", Some(json!({"name": " Acme Inc. "})))
            .await;
        assert_eq!(renamed.expect(200).json()["name"], "Acme Inc.");
    }
    let told = of_kind(&acme, "organization.updated").await;
    assert_eq!(told.len(), 1, "what changes nothing is not told");
    acme.ask("PATCH", "", Some(json!({"name": ""})))
        .await
        .expect(422);
    let there = operate(&acme, &own, ("GET", "/organizations/beta"), json!({})).await;
    there.expect(404);
}

#[tokio::test]
async fn roles_and_projects_are_made_and_renamed() {
    let acme = Acme::start().await;
    let new = json!({"slug": "auditor", "rank": 30});
    let made = acme.post("/roles", new.clone()).await.expect(201).json();
    assert_eq!(
        (&made["name"], &made["default"]),
        (&json!("auditor"), &json!(false))
    );
    assert_eq!(slug(&acme.post("/roles", new).await.expect(409)), "taken");
    let taken = acme
        .post("/roles", json!({"slug": "other", "rank": 30}))
        .await;
    assert_eq!(slug(&taken.expect(409)), "taken");
    for rank in [0, 100, -1] {
        let wrong = json!({"slug": "other", "rank": rank});
        acme.post("/roles", wrong).await.expect(422);
    }
    let name = json!({"name": "Internal audit"});
    let path = "/roles/auditor";
    let renamed = acme
        .ask("PATCH", path, Some(name.clone()))
        .await
        .expect(200);
    assert_eq!(renamed.json()["name"], "Internal audit");
    acme.ask("PATCH", path, Some(json!({"rank": 31})))
        .await
        .expect(400);
    acme.ask("PATCH", "/roles/nobody", Some(name))
        .await
        .expect(404);
    let listed = acme.get("/roles").await;
    let mut all = listed["data"].as_array().unwrap().iter();
    assert!(all.any(|it| it["name"] == "Internal audit"));
    assert_eq!(of_kind(&acme, "role.updated").await.len(), 1);
    let made = acme
        .post("/projects", json!({"slug": "web", "name": "Website"}))
        .await;
    assert_eq!(made.expect(201).json()["archived_at"], Value::Null);
    let again = acme.post("/projects", json!({"slug": "web"})).await;
    assert_eq!(slug(&again.expect(409)), "taken");
    acme.ask("PATCH", "/projects/nothing", Some(json!({})))
        .await
        .expect(404);
}

#[tokio::test]
async fn roles_in_an_archived_project_sleep() {
    let acme = Acme::start().await;
    acme.post("/projects", json!({"slug": "web"}))
        .await
        .expect(201);
    let rule = json!({
        "connection_id": acme.okta.id, "group": "Web", "role": "editor", "projects": ["web"],
    });
    acme.post("/mappings", rule).await.expect(201);
    let (scim_id, _) = acme.pushed("ada@acme.example").await;
    acme.scim().group("Web", &[&scim_id]).await;
    let app = acme.gateway.app("Docs", acme.org).await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let held = json!([{"slug": "web", "role": "editor"}]);
    assert_eq!(app.claims(&browser).await["projects"], held);
    let archive = |archived: bool| {
        acme.ask(
            "PATCH",
            "/projects/web",
            Some(json!({"archived": archived})),
        )
    };
    for _ in 0..2 {
        archive(true).await.expect(200);
    }
    assert_eq!(app.claims(&browser).await["projects"], json!([]));
    let invite = json!({"email": "eve@acme.example", "role": "viewer", "projects": ["web"]});
    let refused = acme.post("/invitations", invite).await.expect(422);
    assert!(refused.text().contains("archived"), "{}", refused.text());
    let back = archive(false).await.expect(200).json();
    assert_eq!(back["archived_at"], Value::Null);
    assert_eq!(app.claims(&browser).await["projects"], held);
    let told = of_kind(&acme, "project.updated").await;
    let changes: Vec<_> = told
        .iter()
        .map(|it| &it["data"]["changes"][0]["new"])
        .collect();
    assert_eq!(changes, [&json!(true), &json!(false)]);
    let feed = acme.get("/events?limit=200").await;
    let mut feed = feed["data"].as_array().unwrap().iter();
    assert!(
        feed.any(|it| it["type"] == "project.updated"),
        "apps hear of it"
    );
}

/// What a key gets that asks for its organization.
async fn status(acme: &Acme, key: &str) -> u16 {
    acme.ask_as(key, "GET", "/users", None)
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn a_key_issues_none_that_does_more_or_outlives_it_and_is_revoked_for_good() {
    let acme = Acme::start().await;
    let own = acme
        .gateway
        .key(live(Some(acme.org), "keys:write keys:read users:read"))
        .await;
    let issue = |key: String, body: Value| {
        let acme = &acme;
        async move { acme.ask_as(&key, "POST", "/keys", Some(body)).await }
    };
    for (scopes, code) in [
        (json!(["users:read"]), 201),
        (json!(["users:read", "users:write"]), 403),
        (json!(["*"]), 403),
        (json!([]), 403),
        (json!(["users:red"]), 422),
    ] {
        let body = json!({"scopes": scopes, "name": "report"});
        issue(own.clone(), body).await.expect(code);
    }
    let body = json!({"scopes": ["users:read"], "name": "Nightly report", "expires_in_days": 1});
    let issued = issue(own.clone(), body).await.expect(201).json();
    let (key, id) = (
        issued["key"].as_str().unwrap(),
        issued["id"].as_str().unwrap(),
    );
    assert_eq!(
        (&issued["state"], &issued["last_used_at"]),
        (&json!("active"), &Value::Null)
    );
    assert_eq!(issued["organization_id"], json!(acme.org));
    assert_eq!(status(&acme, key).await, 200);
    let listed = acme.ask_as(&own, "GET", "/keys", None).await.expect(200);
    assert!(!listed.text().contains(key), "no secret is shown twice");
    let listed = listed.json();
    let its = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["id"] == id)
        .unwrap();
    assert!(its["last_used_at"].is_string());
    assert!(its["issued_by"].as_str().unwrap().starts_with("key:"));
    acme.gateway.clock.advance(24 * 3600);
    assert_eq!(status(&acme, key).await, 401, "its time is over");
    // One that ends issues none that does not.
    let ends = Some(acme.gateway.clock.now() + SignedDuration::from_hours(48));
    let short = Key {
        expires_at: ends,
        ..live(Some(acme.org), "*")
    };
    let short = acme.gateway.key(short).await;
    for (days, code) in [(json!(null), 403), (json!(3), 403), (json!(1), 201)] {
        let body = json!({"scopes": ["users:read"], "expires_in_days": days});
        issue(short.clone(), body).await.expect(code);
    }
    for days in [0, 3651] {
        let body = json!({"expires_in_days": days});
        issue(acme.operator.clone(), body).await.expect(422);
    }
    let fresh = issue(own.clone(), json!({"scopes": ["users:read"]}))
        .await
        .expect(201)
        .json();
    let (key, id) = (
        fresh["key"].as_str().unwrap(),
        fresh["id"].as_str().unwrap(),
    );
    for _ in 0..2 {
        let revoked = acme
            .ask_as(&own, "POST", &format!("/keys/{id}/revoke"), None)
            .await;
        assert_eq!(revoked.expect(200).json()["state"], "revoked");
    }
    assert_eq!(status(&acme, key).await, 401);
    assert_eq!(of_kind(&acme, "key.revoked").await.len(), 1);
}

#[tokio::test]
async fn with_a_key_go_those_that_it_issued() {
    let acme = Acme::start().await;
    let issue = async |by: &str| {
        let body = json!({"scopes": ["keys:write", "keys:read", "users:read"]});
        let issued = acme
            .ask_as(by, "POST", "/keys", Some(body))
            .await
            .expect(201)
            .json();
        let of = |name: &str| issued[name].as_str().unwrap().to_owned();
        (of("id"), of("key"))
    };
    let (first_id, first) = issue(&acme.operator).await;
    let (second_id, second) = issue(&first).await;
    let (_, third) = issue(&second).await;
    let (_, other) = issue(&acme.operator).await;
    let revoke = async |id: &str, body: Value| {
        let path = format!("/keys/{id}/revoke");
        acme.ask_as(&acme.operator, "POST", &path, Some(body))
            .await
            .expect(200);
    };
    let good = async || {
        let mut all = Vec::new();
        for key in [&first, &second, &third, &other] {
            all.push(status(&acme, key).await);
        }
        all
    };
    revoke(&second_id, json!({})).await;
    assert_eq!(good().await, [200, 401, 200, 200]);
    revoke(&first_id, json!({"with_issued": true})).await;
    assert_eq!(good().await, [401, 401, 401, 200]);
    assert_eq!(of_kind(&acme, "key.revoked").await.len(), 3);
}

#[tokio::test]
async fn a_slug_that_ranked_otherwise_is_the_operators_to_rank_anew() {
    let acme = Acme::start().await;
    let path = "/roles/editor";
    let gone = acme
        .ask("DELETE", path, Some(json!({"replace_with": "viewer"})))
        .await;
    gone.expect(200);
    let low = json!({"slug": "editor", "rank": 5});
    acme.post("/roles", low.clone()).await.expect(403);
    acme.post("/roles", json!({"slug": "editor", "rank": 50}))
        .await
        .expect(201);
    let gone = acme.ask("DELETE", path, Some(json!({}))).await;
    gone.expect(200);
    let made = acme
        .ask_as(&acme.operator, "POST", "/roles", Some(low))
        .await;
    made.expect(201);
}

/// What each type of a file is called in the description.
fn described(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let mut name = None;
        for line in lines.by_ref() {
            if let Some((_, rest)) = line.split_once("schema(as = ") {
                name = rest.split_once(')').map(|(it, _)| it.to_owned());
            }
            let kind = line
                .split_once("struct ")
                .or_else(|| line.split_once("enum "));
            if let Some((_, rest)) = kind.filter(|_| !line.starts_with("//")) {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(rest.len());
                names.push(name.unwrap_or_else(|| rest[..end].to_owned()));
                break;
            }
        }
    }
    names
}

#[test]
fn every_schema_of_the_description_is_of_one_thing() {
    let mut folders = vec![std::path::PathBuf::from("src")];
    let mut names: Vec<String> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                names.extend(described(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(names.len() > 100, "{}", names.len());
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|it| it[0] == it[1]).collect();
    assert!(twice.is_empty(), "one takes the other's place: {twice:?}");
}

#[tokio::test]
async fn keys_of_others_are_not_there() {
    let acme = Acme::start().await;
    let other: OrganizationId = acme.gateway.organization("other").await;
    let theirs = acme.gateway.key(live(Some(other), "*")).await;
    let issued = acme
        .post("/keys", json!({"scopes": ["users:read"]}))
        .await
        .expect(201)
        .json();
    let id = issued["id"].as_str().unwrap();
    let path = format!("/api/v1/organizations/other/keys/{id}/revoke");
    acme.gateway
        .call(&theirs, "POST", &path, None)
        .await
        .expect(404);
    let of_all = format!("/api/v1/keys/{id}/revoke");
    acme.gateway
        .call(&theirs, "POST", &of_all, None)
        .await
        .expect(403);
    acme.gateway
        .call(&acme.operator, "POST", &of_all, None)
        .await
        .expect(404);
    assert_eq!(status(&acme, issued["key"].as_str().unwrap()).await, 200);
    // The operator's own.
    let made = operate(
        &acme,
        &acme.operator,
        ("POST", "/keys"),
        json!({"name": "ops"}),
    )
    .await;
    let made = made.expect(201).json();
    assert_eq!(
        (&made["organization_id"], &made["scopes"]),
        (&Value::Null, &json!("*"))
    );
    assert_eq!(status(&acme, made["key"].as_str().unwrap()).await, 200);
    let listed = acme
        .gateway
        .call(&acme.operator, "GET", "/api/v1/keys", None)
        .await
        .expect(200)
        .json();
    let all = listed["data"].as_array().unwrap();
    assert!(all.iter().any(|it| it["name"] == "ops") && all.iter().all(|it| it["id"] != id));
    let path = format!("/api/v1/keys/{}/revoke", made["id"].as_str().unwrap());
    acme.gateway
        .call(&acme.operator, "POST", &path, None)
        .await
        .expect(200);
    assert_eq!(status(&acme, made["key"].as_str().unwrap()).await, 401);
    let low = acme.gateway.key(live(None, "users:read keys:write")).await;
    let more = json!({"scopes": ["users:write"]});
    operate(&acme, &low, ("POST", "/keys"), more)
        .await
        .expect(403);
}

#[test]
fn the_commands_do_the_same() {
    let place = Place::new("settings");
    let issue = [
        "key",
        "issue",
        "--org",
        "acme",
        "--name",
        "report",
        "--expires",
        "90d",
    ];
    let (code, issued, _) = place.usher(&issue, "");
    assert_eq!((code, &issued["scopes"]), (0, &json!("*")));
    let id = issued["id"].as_str().unwrap();
    let listed = place.usher(&["key", "list", "--org", "acme"], "").1;
    assert_eq!(
        (&listed[0]["name"], &listed[0]["issued_by"]),
        (&json!("report"), &json!("command"))
    );
    assert_eq!(place.usher(&["key", "list"], "").1, json!([]));
    assert_eq!(
        place.usher(&["key", "revoke", id], "").0,
        1,
        "it is no key of the operator"
    );
    let revoked = place.usher(&["key", "revoke", "--org", "acme", id], "").1;
    assert_eq!(revoked["state"], "revoked");
    let wrong = ["key", "issue", "--scopes", "users:red"];
    assert_eq!(place.usher(&wrong, "").0, 2);
    assert_eq!(
        place.usher(&["org", "rename", "acme", "Acme Inc."], "").1["name"],
        "Acme Inc."
    );
    let create = ["role", "create", "--org", "acme", "auditor", "--rank", "30"];
    assert_eq!(place.usher(&create, "").0, 0);
    let rename = [
        "role", "rename", "--org", "acme", "auditor", "--name", "Audit",
    ];
    assert_eq!(place.usher(&rename, "").1["name"], "Audit");
    assert_eq!(
        place
            .usher(&["project", "create", "--org", "acme", "web"], "")
            .0,
        0
    );
    let archive = [
        "project",
        "update",
        "--org",
        "acme",
        "web",
        "--archived",
        "true",
    ];
    assert!(place.usher(&archive, "").1["archived_at"].is_string());
}

const CALLBACK: &str = "https://shop.example/callback";

/// How an app is answered that redeems a code that nobody gave it.
async fn proves(acme: &Acme, client_id: &str, secret: &str) -> u16 {
    let basic = STANDARD.encode(format!("{client_id}:{secret}"));
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", "no-code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let request = Request::post("/oauth/token")
        .header("authorization", format!("Basic {basic}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form(&fields)));
    acme.gateway.send(request.unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn the_operator_registers_apps_and_changes_them() {
    let acme = Acme::start().await;
    let ask = |method: &'static str, path: String, body: Value| {
        let acme = &acme;
        async move {
            let uri = format!("/api/v1/apps{path}");
            acme.gateway
                .call(&acme.operator, method, &uri, Some(body))
                .await
        }
    };
    let new = json!({
        "name": "Shop", "redirect_uris": [CALLBACK], "organizations": ["acme"],
        "backchannel_logout_uri": "https://shop.example/out",
    });
    let own = acme.gateway.key(live(Some(acme.org), "*")).await;
    let refused = acme
        .gateway
        .call(&own, "POST", "/api/v1/apps", Some(new.clone()))
        .await;
    refused.expect(403);
    let made = ask("POST", String::new(), new).await.expect(201).json();
    let (id, secret) = (
        made["client_id"].as_str().unwrap(),
        made["client_secret"].as_str().unwrap(),
    );
    assert_eq!(
        proves(&acme, id, secret).await,
        400,
        "the app is known, the code is not"
    );
    let of = |rest: &str| format!("/{id}{rest}");
    for wrong in [
        json!({"name": "Shop", "redirect_uris": []}),
        json!({"name": "Shop", "redirect_uris": ["http://shop.example/"]}),
        json!({"name": "Shop", "redirect_uris": [CALLBACK], "id_token_alg": "HS256"}),
        json!({"name": "Shop", "redirect_uris": [CALLBACK], "organizations": ["nobody"]}),
        json!({"name": "Shop", "redirect_uris": [CALLBACK], "jwks": {"keys": []}}),
        json!({"name": "Shop"}),
    ] {
        let reply = ask("POST", String::new(), wrong.clone()).await;
        assert!(
            [400, 404, 422].contains(&reply.status.as_u16()),
            "{wrong}: {}",
            reply.text()
        );
    }
    let shown = ask("GET", of(""), json!({})).await.expect(200);
    assert!(!shown.text().contains(secret));
    assert_eq!(shown.json()["organizations"], json!(["acme"]));
    let change =
        json!({"name": "The shop", "backchannel_logout_uri": null, "all_organizations": true});
    let changed = ask("PATCH", of(""), change).await.expect(200).json();
    assert_eq!(
        (
            &changed["name"],
            &changed["backchannel_logout_uri"],
            &changed["all_organizations"]
        ),
        (&json!("The shop"), &Value::Null, &json!(true))
    );
    let both = json!({"all_organizations": true, "organizations": ["acme"]});
    ask("PATCH", of(""), both).await.expect(422);
    let rotated = ask("POST", of("/rotate-secret"), json!({}))
        .await
        .expect(200)
        .json();
    let fresh = rotated["client_secret"].as_str().unwrap();
    assert_eq!(proves(&acme, id, secret).await, 400, "taken for a day more");
    let again = ask("POST", of("/rotate-secret"), json!({"now": true}))
        .await
        .expect(200)
        .json();
    let last = again["client_secret"].as_str().unwrap();
    assert_eq!(proves(&acme, id, fresh).await, 401);
    assert_eq!(proves(&acme, id, last).await, 400);
    for _ in 0..2 {
        let revoked = ask("POST", of("/revoke"), json!({}))
            .await
            .expect(200)
            .json();
        assert!(revoked["revoked_at"].is_string());
    }
    assert_eq!(proves(&acme, id, last).await, 401);
    ask("PATCH", of(""), json!({"name": "x"})).await.expect(404);
    let listed = ask("GET", String::new(), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(listed["data"][0]["client_id"], id);
}

#[tokio::test]
async fn the_operator_rotates_the_keys_that_sign() {
    let acme = Acme::start().await;
    let ask = |method: &'static str, path: &'static str, body: Value| {
        let acme = &acme;
        async move {
            let uri = format!("/api/v1/signing-keys{path}");
            acme.gateway
                .call(&acme.operator, method, &uri, Some(body))
                .await
        }
    };
    let current = |keys: &Value| {
        let all = keys["data"].as_array().unwrap().iter();
        let mut its = all.filter(|it| it["alg"] == "ES256" && it["state"] == "current");
        its.next().unwrap()["kid"].clone()
    };
    let before = ask("POST", "/rotate", json!({"now": true}))
        .await
        .expect(200)
        .json();
    assert_eq!(ask("GET", "", json!({})).await.expect(200).json(), before);
    ask("POST", "/rotate", json!({"alg": "none"}))
        .await
        .expect(422);
    let swapped = ask("POST", "/rotate", json!({"alg": "ES256", "now": true})).await;
    let swapped = swapped.expect(200).json();
    assert_ne!(current(&before), current(&swapped));
    acme.gateway.clock.advance(3600);
    let rotated = ask("POST", "/rotate", json!({})).await.expect(200).json();
    assert_ne!(current(&swapped), current(&rotated));
    let own = acme.gateway.key(live(Some(acme.org), "*")).await;
    let refused = acme
        .gateway
        .call(&own, "GET", "/api/v1/signing-keys", None)
        .await;
    refused.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_handed_out_as_a_file() {
    let acme = Acme::start().await;
    acme.gateway.crowd(&acme.okta, 1_050).await;
    let named = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@acme.example",
        "displayName": "=1+1", "emails": [{"value": "ada@acme.example", "primary": true}],
    });
    acme.scim().post("/Users", named).await.expect(201);
    let key = acme.gateway.key(live(Some(acme.org), "users:read")).await;
    let file = acme
        .ask_as(&key, "GET", "/users.csv", None)
        .await
        .expect(200);
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = file.text();
    let text = text.strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let mut lines = text.split_terminator("\r\n");
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("\"email\",\"role\",\"projects\",\"state\"")
    );
    let lines: Vec<_> = lines.collect();
    let listed: Vec<_> = lines
        .iter()
        .filter(|it| it.contains("@acme.example"))
        .collect();
    assert_eq!(listed.len(), lines.len());
    assert!(lines.len() >= 1_051, "{}", lines.len());
    let ada = lines.iter().find(|it| it.starts_with("\"ada@")).unwrap();
    assert!(
        ada.contains("\"'=1+1\"") && ada.contains("\"active\""),
        "{ada}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_sessions_are_listed_and_ended() {
    let acme = Acme::start().await;
    let (_, ada) = acme.pushed("ada@acme.example").await;
    let (_, bob) = acme.pushed("bob@acme.example").await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let signed_in = async |address: &str| {
        let browser = Browser::new(&acme.gateway);
        idp.sign_in(&browser, address).await.expect(303);
        browser
    };
    let (first, second) = (
        signed_in("ada@acme.example").await,
        signed_in("ada@acme.example").await,
    );
    let other = signed_in("bob@acme.example").await;
    let is_in = async |browser: &Browser<'_>| browser.get("/signed-in").await.status == 200;
    let of = |user: &str, rest: &str| format!("/users/{user}/sessions{rest}");
    let listed = acme.get(&of(&ada, "")).await;
    let all = listed["data"].as_array().unwrap();
    assert_eq!(
        (all.len(), &all[0]["connection_id"]),
        (2, &json!(acme.okta.id))
    );
    let one = all[0]["id"].as_str().unwrap();
    acme.post(&of(&bob, &format!("/{one}/revoke")), json!({}))
        .await
        .expect(404);
    acme.post(&of(&ada, "/nothing/revoke"), json!({}))
        .await
        .expect(404);
    for revoked in [1, 0] {
        let ended = acme
            .post(&of(&ada, &format!("/{one}/revoke")), json!({}))
            .await;
        assert_eq!(ended.expect(200).json()["revoked"], revoked);
    }
    assert_eq!((is_in(&first).await, is_in(&second).await), (false, true));
    let ended = acme.post(&of(&ada, "/revoke"), json!({})).await.expect(200);
    assert_eq!(ended.json()["revoked"], 1);
    assert_eq!((is_in(&second).await, is_in(&other).await), (false, true));
    let told = of_kind(&acme, "session.revoked").await;
    let reasons: Vec<_> = told.iter().map(|it| &it["data"]["reason"]).collect();
    assert_eq!(reasons, ["revoked_by_admin", "revoked_by_admin"]);
    acme.ask("GET", &of("nobody", ""), None).await.expect(404);
}
