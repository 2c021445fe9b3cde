//! The console's sessions: who comes in, for how long, and what they may do there. Its pages are walked with every
//! kind of visitor, and forms are taken from the browser that was given them alone.

use std::fs;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::provisioning::console;
use usher::provisioning::settings::{connection_state, organizations};

use crate::credentials::live;
use crate::harness::{Acme, Browser, Reply, TestGateway, csrf, press, reason};
use crate::ownership::{member, wrong};

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";
const EVE: &str = "eve@acme.example";
const MINUTE: i64 = 60;

/// The path of a link that lets in once.
async fn link(gateway: &TestGateway, slug: Option<&str>) -> String {
    let org = match slug {
        Some(slug) => {
            let row = organizations::find(&gateway.gateway.store, slug).await;
            Some(row.unwrap().id)
        }
        None => None,
    };
    let issued = console::issue(&gateway.gateway.store, gateway.command(), org).await;
    issued.unwrap().url("")
}

/// A browser in which the operator is at the console.
pub(crate) async fn operator(gateway: &TestGateway) -> Browser<'_> {
    let browser = Browser::new(gateway);
    let path = link(gateway, None).await;
    press(&browser, &path, &[]).await.expect(303);
    browser
}

/// A browser in which somebody came in at the console through Acme's connection.
pub(crate) async fn signed_in<'a>(acme: &'a Acme, email: &str) -> Browser<'a> {
    let browser = Browser::new(&acme.gateway);
    let idp = acme.gateway.idp(&acme.okta).await;
    idp.sign_in(&browser, email).await.expect(303);
    browser.get("/console/enter").await.expect(303);
    browser
}

/// Acme with Ada, who is an admin by its connection.
pub(crate) async fn administered() -> Acme {
    let acme = Acme::start().await;
    let (_, ada) = acme.pushed(ADA).await;
    let role = json!({"role": "admin"});
    acme.put(&format!("/users/{ada}/role"), role)
        .await
        .expect(200);
    acme
}

fn location(reply: &Reply) -> &str {
    reply.header("location").unwrap()
}

async fn is_in(browser: &Browser<'_>) -> bool {
    browser.get("/console/organizations/acme").await.status == 200
}

async fn of_kind(acme: &Acme, kind: &str) -> Vec<Value> {
    let events = acme.gateway.events(acme.org).await;
    events.into_iter().filter(|it| it["type"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_lets_the_operator_in_once_and_by_its_button_alone() {
    let acme = Acme::start().await;
    let gateway = &acme.gateway;
    let path = link(gateway, None).await;
    for method in ["GET", "HEAD"] {
        let request = Request::builder().method(method).uri(&path);
        let looked = gateway
            .send(request.body(Body::empty()).unwrap())
            .await
            .expect(200);
        assert_eq!(looked.header("referrer-policy"), Some("no-referrer"));
    }
    let browser = Browser::new(gateway);
    let unbound = browser.submit(&path, &[("csrf", "x")]).await;
    assert!(unbound.text().contains("once more"), "{}", unbound.text());
    let entered = press(&browser, &path, &[]).await.expect(303);
    assert_eq!(location(&entered), "/console");
    assert!(is_in(&browser).await);
    let again = Browser::new(gateway);
    again.get(&path).await.expect(410);
    again.submit(&path, &[("csrf", "x")]).await.expect(410);
    let late = link(gateway, None).await;
    gateway.clock.advance(15 * MINUTE);
    again.get(&late).await.expect(410);
    again.get("/console/enter/way_nobody").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_owner_is_let_in_by_the_link_that_creation_gives() {
    let acme = Acme::start().await;
    let gateway = &acme.gateway;
    let new = json!({"slug": "globex", "name": "Globex", "owner": "hank@globex.example"});
    let uri = "/api/v1/organizations";
    let created = gateway
        .call(&acme.operator, "POST", uri, Some(new))
        .await
        .expect(201)
        .json();
    let url = created["owner_setup_url"].as_str().unwrap();
    let path = url.strip_prefix("https://usher.example").unwrap();
    let browser = Browser::new(gateway);
    assert!(
        browser
            .get(path)
            .await
            .expect(200)
            .text()
            .contains("Set up Globex")
    );
    let entered = press(&browser, path, &[]).await.expect(303);
    assert_eq!(location(&entered), "/console/organizations/globex");
    browser
        .get("/console/organizations/globex")
        .await
        .expect(200);
    // Of another organization they are told nothing.
    browser.get("/console/organizations/acme").await.expect(404);
    // Another link for the owner takes the place of one that was not used.
    let first = link(gateway, Some("globex")).await;
    gateway.clock.advance(1);
    let second = link(gateway, Some("globex")).await;
    let other = Browser::new(gateway);
    other.get(&first).await.expect(410);
    press(&other, &second, &[]).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_lasts_half_an_hour_unused_and_eight_hours_at_most() {
    let acme = Acme::start().await;
    let idle = operator(&acme.gateway).await;
    acme.gateway.clock.advance(30 * MINUTE - 1);
    assert!(is_in(&idle).await);
    acme.gateway.clock.advance(30 * MINUTE - 1);
    assert!(is_in(&idle).await);
    acme.gateway.clock.advance(30 * MINUTE);
    assert!(!is_in(&idle).await);
    let busy = operator(&acme.gateway).await;
    for _ in 0..(8 * 60 / 20 - 1) {
        acme.gateway.clock.advance(20 * MINUTE);
        assert!(is_in(&busy).await);
    }
    acme.gateway.clock.advance(20 * MINUTE);
    assert!(!is_in(&busy).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_come_in_by_a_fresh_sign_in_and_others_do_not() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    assert!(is_in(&ada).await);
    let told = of_kind(&acme, "console.signed_in").await;
    assert_eq!(told.last().unwrap()["data"]["how"], "sign_in");
    // Eve has no role that administers.
    let idp = acme.gateway.idp(&acme.okta).await;
    let eve = Browser::new(&acme.gateway);
    idp.sign_in(&eve, EVE).await.expect(303);
    let refused = eve.get("/console/enter").await.expect(403);
    assert_eq!(reason(&refused), "no_admin");
    // A sign-in of a while ago is none for the console.
    let late = Browser::new(&acme.gateway);
    idp.sign_in(&late, ADA).await.expect(303);
    acme.gateway.clock.advance(5 * MINUTE);
    late.get("/console/enter").await.expect(403);
    // A mailbox is none either, where a connection signs people in.
    let (_, bob) = member(&acme, BOB, "admin").await;
    bob.get("/console/enter").await.expect(403);
    Browser::new(&acme.gateway)
        .get("/console/enter")
        .await
        .expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_admin_any_more_or_signed_out_is_out_at_once() {
    let acme = administered().await;
    let person = acme.gateway.person(acme.org, ADA).await.unwrap().id;
    let path = format!("/users/{person}");
    let ada = signed_in(&acme, ADA).await;
    acme.post(&format!("{path}/suspend"), json!({}))
        .await
        .expect(200);
    assert!(!is_in(&ada).await);
    acme.post(&format!("{path}/reactivate"), json!({}))
        .await
        .expect(200);
    assert!(!is_in(&ada).await, "what was ended does not live again");
    acme.gateway.clock.advance(1);
    let ada = signed_in(&acme, ADA).await;
    acme.put(&format!("{path}/role"), json!({"role": "editor"}))
        .await
        .expect(200);
    assert!(!is_in(&ada).await);
    acme.put(&format!("{path}/role"), json!({"role": "admin"}))
        .await
        .expect(200);
    let sessions = acme.get(&format!("{path}/sessions")).await;
    let session = sessions["data"].as_array().unwrap().last().unwrap()["id"].clone();
    assert!(is_in(&ada).await);
    let revoke = format!("{path}/sessions/{}/revoke", session.as_str().unwrap());
    acme.post(&revoke, json!({})).await.expect(200);
    assert!(!is_in(&ada).await, "the sign-in that it came of has ended");
    acme.gateway.clock.advance(1);
    let ada = signed_in(&acme, ADA).await;
    let store = &acme.gateway.gateway.store;
    connection_state::pause(store, acme.gateway.command(), acme.okta.id)
        .await
        .unwrap();
    assert!(!is_in(&ada).await);
    let token = csrf(&operator(&acme.gateway).await.get("/console").await);
    let out = ada.submit("/console/sign-out", &[("csrf", &token)]).await;
    assert_eq!(out.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_session_for_good() {
    let acme = Acme::start().await;
    let browser = operator(&acme.gateway).await;
    let stolen = browser.cookie("__Host-usher-console").unwrap();
    let token = csrf(&browser.get("/console").await);
    browser
        .submit("/console/sign-out", &[("csrf", &token)])
        .await
        .expect(303);
    let thief = Browser::new(&acme.gateway);
    thief.plant("__Host-usher-console", &stolen);
    assert!(!is_in(&thief).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_no_connection_signs_people_in_a_mailed_code_does() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("globex").await;
    let invited = gateway.invite(org, ADA, "admin").await;
    let mailbox = Browser::new(&gateway);
    press(&mailbox, &invited.mailed().await, &[("action", "accept")])
        .await
        .expect(303);
    let browser = Browser::new(&gateway);
    let path = "/console/sign-in?organization=globex";
    let said = |address: &str, code: &str| {
        let (address, code) = (address.to_owned(), code.to_owned());
        let browser = &browser;
        async move {
            let token = csrf(&browser.get(path).await);
            let fields = [
                ("csrf", &*token),
                ("organization", "globex"),
                ("address", &*address),
                ("code", &*code),
            ];
            browser.submit("/console/sign-in", &fields).await
        }
    };
    // Who is nobody reads the same, and is mailed nothing.
    let nobody = said(EVE, "").await.expect(200).text();
    let known = said(ADA, "").await.expect(200).text();
    assert_eq!(nobody.replace(EVE, ADA), known);
    assert!(gateway.questions(EVE).await.is_empty());
    let code = gateway.codes(ADA).await.pop().unwrap();
    said(ADA, wrong(&code)).await.expect(403);
    // In another browser the right ones are none.
    let other = Browser::new(&gateway);
    let token = csrf(&other.get(path).await);
    let fields = [
        ("csrf", &*token),
        ("organization", "globex"),
        ("address", ADA),
        ("code", &*code),
    ];
    other.submit("/console/sign-in", &fields).await.expect(403);
    let entered = said(ADA, &code).await.expect(303);
    assert_eq!(location(&entered), "/console");
    browser
        .get("/console/organizations/globex")
        .await
        .expect(200);
    said(ADA, &code).await.expect(403);
    // Once a connection signs people in, it does not any more.
    let token = csrf(&browser.get(path).await);
    let okta = gateway.connect(org, "Okta", Profile::Okta, &[]).await;
    gateway.idp(&okta).await;
    let shown = browser.get(path).await.expect(200).text();
    assert!(shown.contains("Sign in by Okta") && !shown.contains("Mail me"));
    gateway.clock.advance(1);
    let before = gateway.questions(ADA).await.len();
    let fields = [
        ("csrf", &*token),
        ("organization", "globex"),
        ("address", ADA),
    ];
    browser
        .submit("/console/sign-in", &fields)
        .await
        .expect(200);
    assert_eq!(gateway.questions(ADA).await.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_decides_who_comes_in_wants_somebody_who_said_a_short_while_ago_who_they_are() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let page = "/console/organizations/acme/keys";
    let issue = |name: &str| {
        let name = name.to_owned();
        let ada = &ada;
        async move {
            let token = csrf(&ada.get(page).await);
            let fields = [
                ("csrf", &*token),
                ("action", "issue"),
                ("name", &*name),
                ("scopes", "*"),
            ];
            ada.submit(page, &fields).await
        }
    };
    issue("first").await.expect(201);
    acme.gateway.clock.advance(5 * MINUTE);
    let asked = issue("second").await.expect(303);
    assert!(
        location(&asked).starts_with("/console/confirm?next="),
        "{}",
        location(&asked)
    );
    let keys = acme.get("/keys").await;
    let names: Vec<_> = keys["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    assert!(!names.contains(&json!("second")), "{names:?}");
    // Six digits by mail say it anew, and the former cookie is good no more.
    let former = ada.cookie("__Host-usher-console").unwrap();
    let confirm = location(&asked).to_owned();
    press(&ada, &confirm, &[]).await.expect(200);
    let digits = acme.gateway.codes(ADA).await.pop().unwrap();
    let done = press(&ada, &confirm, &[("code", &digits), ("next", page)])
        .await
        .expect(303);
    assert_eq!(location(&done), page);
    let thief = Browser::new(&acme.gateway);
    thief.plant("__Host-usher-console", &former);
    assert!(!is_in(&thief).await);
    issue("third").await.expect(201);
    // It hangs on the sign-in as before.
    let store = &acme.gateway.gateway.store;
    connection_state::pause(store, acme.gateway.command(), acme.okta.id)
        .await
        .unwrap();
    assert!(!is_in(&ada).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_taken_from_the_browser_that_was_given_it_alone() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let person = acme.gateway.person(acme.org, ADA).await.unwrap().id;
    let page = format!("/console/organizations/acme/users/{person}");
    let token = csrf(&ada.get(&page).await);
    let others = csrf(&operator(&acme.gateway).await.get("/console").await);
    for fields in [
        vec![("action", "sign_out")],
        vec![("action", "sign_out"), ("csrf", "")],
        vec![("action", "sign_out"), ("csrf", &*others)],
    ] {
        let refused = ada.submit(&page, &fields).await.expect(403);
        assert_eq!(reason(&refused), "foreign_form");
    }
    let fields = [("action", "sign_out"), ("csrf", &*token)];
    let posted = ada.post_from("https://evil.example", &page, &fields).await;
    assert_eq!(posted.status, 403);
    assert!(is_in(&ada).await);
    ada.submit(&page, &fields).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_of_the_operators_organization_are_operators_by_its_connection_alone() {
    let acme = Acme::start().await;
    let gateway = &acme.gateway;
    let new = json!({"slug": "operators"});
    let uri = "/api/v1/organizations";
    gateway
        .call(&acme.operator, "POST", uri, Some(new))
        .await
        .expect(422);
    let org = gateway.organization("operators").await;
    let connected = gateway
        .connect(org, "Staff", Profile::Okta, &["usher.example"])
        .await;
    let email = "root@usher.example";
    let scim_id = gateway.scim(&connected).user(email).await;
    let person = gateway.person(org, email).await.unwrap();
    assert!(!scim_id.is_empty());
    let (uri, role) = (
        format!("/api/v1/organizations/operators/users/{}/role", person.id),
        json!({"role": "admin"}),
    );
    let set = gateway.call(&acme.operator, "PUT", &uri, Some(role)).await;
    set.expect(200);
    let other = "other@usher.example";
    let invited = gateway.invite(org, other, "admin").await;
    let mailbox = Browser::new(gateway);
    press(&mailbox, &invited.mailed().await, &[("action", "accept")])
        .await
        .expect(303);
    mailbox.get("/console/enter").await.expect(403);
    let browser = Browser::new(gateway);
    let idp = gateway.idp(&connected).await;
    idp.sign_in(&browser, email).await.expect(303);
    browser.get("/console/enter").await.expect(303);
    browser.get("/console/organizations/acme").await.expect(200);
    browser.get("/console").await.expect(200);
    // A key of that organization is good for that organization.
    let key = gateway.key(live(Some(org), "*")).await;
    let uri = "/api/v1/organizations/acme";
    gateway.get(uri, &key).await.expect(404);
}

/// The pages of the console, as its source registers them.
fn pages() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("src/http/console").unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for rest in text.split(".route(").skip(1) {
            let path = rest.split('"').nth(1).unwrap();
            assert!(
                path.starts_with("/console"),
                "a route by another name: {rest:.60}"
            );
            found.push(path.to_owned());
        }
    }
    found.sort();
    assert!(found.len() > 15, "{found:?}");
    found
}

/// What needs no session: the ways in, and the stylesheet and the script.
const OPEN: [&str; 6] = [
    "/console/assets/console.css",
    "/console/assets/console.js",
    "/console/enter",
    "/console/enter/{token}",
    "/console/sign-in",
    "/console/sign-in/{connection}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_asks_who_is_there_and_shows_nothing_of_others() {
    let acme = administered().await;
    let gateway = &acme.gateway;
    gateway.organization("globex").await;
    let ada = signed_in(&acme, ADA).await;
    let operator = operator(gateway).await;
    let stranger = Browser::new(gateway);
    let stale = Browser::new(gateway);
    stale.plant("__Host-usher-console", &"A".repeat(43));
    let ids = ["{id}", "{connection}"];
    for pattern in pages() {
        if OPEN.contains(&&*pattern) || pattern == "/console/sign-out" {
            continue;
        }
        let fill = |slug: &str| {
            let mut path = pattern.replace("{slug}", slug);
            for id in ids {
                path = path.replace(id, &acme.okta.id.to_string());
            }
            path
        };
        let path = fill("acme");
        for browser in [&stranger, &stale] {
            let sent = browser.get(&path).await;
            assert_eq!(sent.status, 303, "{path}");
            assert!(
                location(&sent).starts_with("/console/sign-in?next="),
                "{path}"
            );
            let posted = browser
                .submit(&path, &[("csrf", "x"), ("action", "x")])
                .await
                .status;
            assert!([403, 405].contains(&posted.as_u16()), "{path} {posted}");
        }
        let shown = ada.get(&path).await;
        let is_of_all = !pattern.contains("{slug}");
        match shown.status.as_u16() {
            200 => assert_page(&shown, &path),
            303 | 404 => {}
            403 => assert!(is_of_all, "{path}"),
            status => panic!("{path}: {status} {}", shown.text()),
        }
        if !is_of_all {
            let crossed = ada.get(&fill("globex")).await.status;
            // What is only posted to leads to a page that is not there either.
            assert!([303, 404].contains(&crossed.as_u16()), "{path}: {crossed}");
        }
        let shown = operator.get(&path).await;
        assert!(
            [200, 303, 404].contains(&shown.status.as_u16()),
            "{path}: {}",
            shown.text()
        );
    }
}

/// What holds of every page: nothing from elsewhere, no script in it, one heading, and it is small.
fn assert_page(shown: &Reply, path: &str) {
    if !shown
        .header("content-type")
        .unwrap()
        .starts_with("text/html")
    {
        return;
    }
    let policy = shown.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{path}"
    );
    assert_eq!(shown.header("cache-control"), Some("no-store"), "{path}");
    assert_eq!(shown.header("x-frame-options"), Some("DENY"), "{path}");
    let text = shown.text();
    assert!(text.len() < 60 * 1024, "{path}: {} octets", text.len());
    assert_eq!(text.matches("<h1").count(), 1, "{path}");
    assert!(
        !text.contains("style=\"") && !text.contains("onclick"),
        "{path}"
    );
    for script in text.split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/console/assets/"), "{path}");
    }
    let mut ids: Vec<_> = text
        .split(" id=\"")
        .skip(1)
        .map(|it| it.split('"').next().unwrap())
        .collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "{path}: an id is there twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_at_the_console_gives_no_more_than_they_have() {
    let acme = administered().await;
    let role = json!({"slug": "chief", "name": "Chief", "rank": 90});
    acme.post("/roles", role).await.expect(201);
    let ada = signed_in(&acme, ADA).await;
    let (_, bob) = acme.pushed(BOB).await;
    let page = format!("/console/organizations/acme/users/{bob}");
    let fields = [("action", "role"), ("role", "chief")];
    let refused = press(&ada, &page, &fields).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let page = "/console/organizations/acme/invitations";
    let fields = [
        ("action", "invite"),
        ("email", "x@acme.example"),
        ("role", "chief"),
    ];
    let refused = press(&ada, page, &fields).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let (_, bob) = acme.pushed(BOB).await;
    let page = format!("/console/organizations/acme/users/{bob}");
    let settings = "/console/organizations/acme/settings";
    let read = |page: &Reply| {
        let text = page.text();
        let tag = text.split("name=\"if_match\" value=\"").nth(1).unwrap();
        let tag = tag.split('"').next().unwrap();
        tag.replace("&#34;", "\"")
    };
    let person = ada.get(&page).await;
    let (token, tag) = (csrf(&person), read(&person));
    let role = json!({"role": "admin"});
    acme.put(&format!("/users/{bob}/role"), role)
        .await
        .expect(200);
    let fields = [
        ("csrf", &*token),
        ("if_match", &*tag),
        ("action", "role"),
        ("role", "editor"),
    ];
    let refused = ada.submit(&page, &fields).await.expect(412);
    assert!(
        refused.text().contains("changed meanwhile"),
        "{}",
        refused.text()
    );
    assert_eq!(acme.role_of(&bob).await, json!("admin"));
    let tag = read(&refused);
    let fields = [
        ("csrf", &*token),
        ("if_match", &*tag),
        ("action", "role"),
        ("role", "editor"),
    ];
    ada.submit(&page, &fields).await.expect(303);
    let shown = ada.get(settings).await;
    let tag = read(&shown);
    let name = json!({"name": "Acme Inc."});
    acme.ask("PATCH", "", Some(name)).await.expect(200);
    let fields = [
        ("csrf", &*token),
        ("if_match", &*tag),
        ("action", "rename"),
        ("name", "Other"),
    ];
    ada.submit(settings, &fields).await.expect(412);
    let fields = [
        ("csrf", &*token),
        ("if_match", "x"),
        ("action", "rename"),
        ("name", "Other"),
    ];
    ada.submit(settings, &fields).await.expect(412);
}
