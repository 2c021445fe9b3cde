//! Links by which somebody without an account sets up a connection: one connection, while it is in testing, and
//! nothing else.

use std::time::Duration;

use serde_json::{Value, json};
use usher::demo::idp::{Keys, Kind, TestIdp};
use usher::directory::connection::Profile;
use usher::provisioning::sweep;

use crate::console;
use crate::harness::{Acme, Browser, Reply, TestGateway, csrf, press, reason};
use crate::ownership::wrong;

const ADA: &str = "ada@acme.example";
const HOUR: i64 = 60 * 60;

/// A link of Acme; answers its path.
async fn link(acme: &Acme, body: Value) -> String {
    acme.gateway.clock.advance(1);
    let made = acme.post("/setup-links", body).await.expect(201).json();
    let url = made["url"].as_str().unwrap();
    url.strip_prefix("https://usher.example")
        .unwrap()
        .to_owned()
}

fn metadata() -> String {
    let keys = Keys::generate(Kind::P256).unwrap();
    TestIdp::with_keys("https://new.example/1", "https://new.example/sso", keys).metadata()
}

/// Does what a page of a link offers.
async fn act(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Reply {
    press(browser, path, fields).await
}

async fn made(acme: &Acme) -> Value {
    let all = acme.get("/connections").await;
    let all = all["data"].as_array().unwrap();
    all.iter()
        .find(|it| it["name"] == "Entra")
        .cloned()
        .unwrap_or_default()
}

async fn call(acme: &Acme, method: &str, url: &str, token: &str) -> u16 {
    let path = url.replace("https://usher.example", "");
    let bearer = format!("Bearer {token}");
    acme.gateway
        .ask(method, &path, Some(&bearer))
        .await
        .status
        .as_u16()
}

fn token_on(page: &Reply) -> String {
    let text = page.text();
    let token = text.split("value=\"scim_").nth(1).unwrap();
    format!("scim_{}", token.split('"').next().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_without_an_account_sets_up_a_connection_that_an_admin_takes_live() {
    let acme = console::administered().await;
    let path = link(&acme, json!({})).await;
    let browser = Browser::new(&acme.gateway);
    let welcome = browser.get(&path).await.expect(200);
    assert_eq!(welcome.header("referrer-policy"), Some("no-referrer"));
    assert!(
        welcome
            .text()
            .contains("Connect your identity provider to acme")
    );
    let saml = format!("{path}/saml");
    let fields = [
        ("action", "create"),
        ("name", "Entra"),
        ("profile", "entra"),
    ];
    act(&browser, &saml, &fields).await.expect(303);
    act(&browser, &saml, &fields).await.expect(403);
    let wrong = [("action", "saml"), ("idp_metadata", "<x/>")];
    let wrong = act(&browser, &saml, &wrong).await.expect(422);
    assert!(wrong.text().contains("aria-invalid") || wrong.text().contains("role=\"alert\""));
    let text = metadata();
    act(
        &browser,
        &saml,
        &[("action", "saml"), ("idp_metadata", &text)],
    )
    .await
    .expect(303);
    let scim = format!("{path}/scim");
    let shown = act(&browser, &scim, &[("action", "token")])
        .await
        .expect(201);
    let first = token_on(&shown);
    acme.gateway.clock.advance(1);
    let token = token_on(
        &act(&browser, &scim, &[("action", "token")])
            .await
            .expect(201),
    );
    let connection = made(&acme).await;
    assert_eq!(
        (&connection["testing"], &connection["profile"]),
        (&json!(true), &json!("entra"))
    );
    // The directory reads, so that its own test succeeds, and writes nothing yet.
    let base = connection["scim_base_url"].as_str().unwrap();
    let users = format!("{base}/Users");
    assert_eq!(call(&acme, "GET", &users, &first).await, 401);
    assert_eq!(call(&acme, "GET", &users, &token).await, 200);
    assert_eq!(call(&acme, "POST", &users, &token).await, 403);
    // That it came is noted behind its answer.
    let is_noted = async || {
        let page = browser.get(&scim).await.text();
        page.contains("came with the right token")
    };
    for _ in 0..1_000 {
        if is_noted().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(is_noted().await);
    let groups = format!("{path}/groups");
    let rule = |role: &'static str| {
        [
            ("action", "mapping"),
            ("match_text", "Editors"),
            ("role", role),
        ]
    };
    act(&browser, &groups, &rule("editor")).await.expect(303);
    let refused = act(&browser, &groups, &rule("admin")).await.expect(403);
    assert!(
        refused.text().contains("which group makes admins"),
        "{}",
        refused.text()
    );
    act(&browser, &format!("{path}/done"), &[("action", "finish")])
        .await
        .expect(200);
    browser.get(&path).await.expect(410);
    // An admin looks at whom it trusts, and takes it live.
    let ada = console::signed_in(&acme, ADA).await;
    let page = format!(
        "/console/organizations/acme/connections/{}",
        connection["id"].as_str().unwrap()
    );
    let fingerprint = connection["certificates"][0]["fingerprint"]
        .as_str()
        .unwrap();
    let unseen = [("action", "live")];
    assert_ne!(act(&ada, &page, &unseen).await.status, 303);
    let seen = [("action", "live"), ("seen_certificates", fingerprint)];
    let lived = act(&ada, &page, &seen).await;
    assert_eq!(lived.status, 303, "{}", lived.text());
    assert_eq!(made(&acme).await["testing"], false);
    assert_eq!(call(&acme, "POST", &users, &token).await, 400);
    let kinds: Vec<_> = acme.gateway.events(acme.org).await;
    let kinds: Vec<_> = kinds.iter().filter_map(|it| it["type"].as_str()).collect();
    for kind in ["created", "visited", "finished"] {
        assert!(kinds.contains(&&*format!("setup_link.{kind}")), "{kind}");
    }
    assert_eq!(
        kinds
            .iter()
            .filter(|it| **it == "setup_link.visited")
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_changes_nothing_of_a_connection_that_is_live() {
    let acme = Acme::start().await;
    let path = link(&acme, json!({})).await;
    let browser = Browser::new(&acme.gateway);
    let saml = format!("{path}/saml");
    let create = [
        ("action", "create"),
        ("name", "Entra"),
        ("profile", "entra"),
    ];
    act(&browser, &saml, &create).await.expect(303);
    let shown = browser.get(&saml).await.expect(200);
    let token = csrf(&shown);
    let id = made(&acme).await["id"].as_str().unwrap().to_owned();
    let live = json!({"testing": false});
    let path_of = format!("/connections/{id}");
    acme.ask_as(&acme.operator, "PATCH", &path_of, Some(live))
        .await
        .expect(200);
    let before = made(&acme).await;
    let rules = acme.get("/mappings").await;
    let events = acme.gateway.events(acme.org).await.len();
    let text = metadata();
    for (step, fields) in [
        ("saml", vec![("action", "saml"), ("idp_metadata", &*text)]),
        ("scim", vec![("action", "token")]),
        (
            "domain",
            vec![("action", "domain"), ("domain", "new.example")],
        ),
        (
            "groups",
            vec![
                ("action", "mapping"),
                ("match_text", "G"),
                ("role", "editor"),
            ],
        ),
        ("done", vec![("action", "finish")]),
    ] {
        let mut fields = fields;
        fields.push(("csrf", &token));
        let refused = browser
            .submit(&format!("{path}/{step}"), &fields)
            .await
            .expect(403);
        assert_eq!(reason(&refused), "connection_live", "{step}");
        browser.get(&format!("{path}/{step}")).await.expect(403);
    }
    assert_eq!(made(&acme).await, before);
    assert_eq!(acme.get("/mappings").await, rules);
    assert_eq!(acme.gateway.events(acme.org).await.len(), events);
    // In testing again, it was live all the same.
    let back = json!({"testing": true});
    acme.ask_as(&acme.operator, "PATCH", &path_of, Some(back))
        .await
        .expect(200);
    browser.get(&path).await.expect(403);
    // Nor is a link made for one.
    let okta = json!({"connection_id": acme.okta.id});
    acme.post("/setup-links", okta).await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_of_one_purpose_and_one_time_and_can_be_taken_back() {
    let acme = Acme::start().await;
    let first = link(&acme, json!({"purpose": "sign_in"})).await;
    let other = link(&acme, json!({"purpose": "directory"})).await;
    let second = link(&acme, json!({"purpose": "sign_in", "expires_in_hours": 1})).await;
    let browser = Browser::new(&acme.gateway);
    browser.get(&first).await.expect(410);
    browser.get(&other).await.expect(200);
    let shown = browser.get(&second).await.expect(200);
    let token = csrf(&browser.get(&format!("{second}/saml")).await);
    assert!(!shown.text().contains("/scim\""), "{}", shown.text());
    let fields = [("csrf", &*token), ("action", "token")];
    browser
        .submit(&format!("{second}/scim"), &fields)
        .await
        .expect(422);
    let stranger = Browser::new(&acme.gateway);
    let fields = [
        ("csrf", &*token),
        ("action", "domain"),
        ("domain", "x.example"),
    ];
    let refused = stranger
        .submit(&format!("{second}/domain"), &fields)
        .await
        .expect(403);
    assert_eq!(reason(&refused), "foreign_form");
    acme.gateway.clock.advance(HOUR);
    browser.get(&second).await.expect(410);
    let all = acme.get("/setup-links").await;
    let of = |state: &str| {
        let all = all["data"].as_array().unwrap();
        all.iter().filter(|it| it["state"] == state).count()
    };
    assert_eq!((of("revoked"), of("expired"), of("open")), (1, 1, 1));
    let open = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["state"] == "open")
        .unwrap();
    let revoke = format!("/setup-links/{}/revoke", open["id"].as_str().unwrap());
    for _ in 0..2 {
        acme.post(&revoke, json!({})).await.expect(200);
    }
    browser.get(&other).await.expect(410);
    browser.get("/setup/setup_nobody").await.expect(404);
    for hours in [0, 721] {
        acme.post("/setup-links", json!({"expires_in_hours": hours}))
            .await
            .expect(422);
    }
    // The token is good at none of the other doors.
    let token = other.strip_prefix("/setup/").unwrap();
    for uri in ["/api/v1/organizations/acme/connections", "/scim/x/v2/Users"] {
        let refused = acme
            .gateway
            .ask("GET", uri, Some(&format!("Bearer {token}")))
            .await;
        assert_eq!(refused.status, 401, "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_connection_is_live_a_link_proves_domains() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("globex").await;
    let key = gateway.key(crate::credentials::live(Some(org), "*")).await;
    let uri = "/api/v1/organizations/globex/setup-links";
    let made = gateway
        .call(&key, "POST", uri, Some(json!({})))
        .await
        .expect(201)
        .json();
    let path = made["url"]
        .as_str()
        .unwrap()
        .replace("https://usher.example", "");
    let domain = format!("{path}/domain");
    let browser = Browser::new(&gateway);
    let fields = [("action", "domain"), ("domain", "globex.example")];
    act(&browser, &domain, &fields).await.expect(303);
    let shown = browser.get(&domain).await.text();
    assert!(
        shown.contains("globex.example") && shown.contains("TXT record"),
        "{shown}"
    );
    let wrong = act(
        &browser,
        &domain,
        &[("action", "domain"), ("domain", "no domain")],
    )
    .await;
    assert_eq!(wrong.status, 422);
    // One that is live has its domains changed by none.
    gateway.connect(org, "Okta", Profile::Okta, &[]).await;
    let refused = act(
        &browser,
        &domain,
        &[("action", "domain"), ("domain", "two.example")],
    )
    .await;
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_somebody_opens_where_they_say_what_was_mailed_to_them() {
    const GUS: &str = "gus@it.example";
    let acme = console::administered().await;
    let nobody = json!({"contact_email": "gus"});
    let refused = acme.post("/setup-links", nobody).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/contact_email");
    let path = link(&acme, json!({"contact_email": GUS})).await;
    assert_eq!(
        acme.get("/setup-links").await["data"][0]["contact_email"],
        GUS
    );
    let (browser, other) = (Browser::new(&acme.gateway), Browser::new(&acme.gateway));
    let create = [
        ("action", "create"),
        ("name", "Entra"),
        ("profile", "entra"),
    ];
    let scim = format!("{path}/scim");
    for shown in [&path, &scim] {
        let text = browser.get(shown).await.expect(200).text();
        assert!(text.contains("Is it you?") && text.contains("g***@it.example"));
        assert!(!text.contains(GUS) && !text.contains("Connect your identity provider"));
    }
    // Without the code the link does nothing, and a code of another browser is none.
    act(&browser, &scim, &create).await.expect(422);
    assert_eq!(made(&acme).await, Value::Null);
    assert!(
        acme.gateway.codes(GUS).await.is_empty(),
        "looking mails nothing"
    );
    let sent = act(&browser, &scim, &[("action", "send")])
        .await
        .expect(303);
    assert_eq!(sent.header("location"), Some(&*format!("{scim}?code")));
    let code = acme.gateway.codes(GUS).await.pop().unwrap();
    let said = async |browser: &Browser<'_>, code: &str| {
        let fields = [("action", "say"), ("code", code)];
        act(browser, &scim, &fields).await.status.as_u16()
    };
    assert_eq!(said(&other, &code).await, 403);
    assert_eq!(said(&browser, wrong(&code)).await, 403);
    assert_eq!(said(&browser, &code).await, 303);
    act(&browser, &scim, &create).await.expect(303);
    assert_eq!(made(&acme).await["profile"], "entra");
    let text = other.get(&path).await.expect(200).text();
    assert!(
        text.contains("Is it you?"),
        "one browser is in, and no other"
    );
    // It is asked anew the next day.
    acme.gateway.clock.advance(12 * HOUR);
    let text = browser.get(&path).await.expect(200).text();
    assert!(text.contains("Is it you?"));
    act(&browser, &scim, &[("action", "token")])
        .await
        .expect(422);
    let kinds: Vec<_> = acme.gateway.events(acme.org).await;
    for kind in ["code_mailed", "entered", "refused"] {
        let kind = format!("setup_link.{kind}");
        assert!(kinds.iter().any(|it| it["type"] == *kind), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_to_a_mailbox_are_few_whichever_link_they_open() {
    const GUS: &str = "gus@it.example";
    let acme = console::administered().await;
    let path = link(&acme, json!({"contact_email": GUS})).await;
    let browser = Browser::new(&acme.gateway);
    for what in ["code", "code", "code", "enough"] {
        acme.gateway.clock.advance(1);
        let sent = act(&browser, &path, &[("action", "send")])
            .await
            .expect(303);
        assert_eq!(sent.header("location"), Some(&*format!("{path}?{what}")));
    }
    let codes = acme.gateway.codes(GUS).await;
    assert_eq!(codes.len(), 3);
    for _ in 0..5 {
        let wrong = [("action", "say"), ("code", "1")];
        act(&browser, &path, &wrong).await.expect(403);
    }
    let right = [("action", "say"), ("code", &*codes[2])];
    act(&browser, &path, &right).await.expect(403);
    // Another link to the same mailbox mails no more.
    let again = link(&acme, json!({"contact_email": "GUS@it.example"})).await;
    browser.get(&path).await.expect(410);
    let sent = act(&browser, &again, &[("action", "send")]).await;
    assert_eq!(sent.header("location"), Some(&*format!("{again}?enough")));
    let kept = async |table: &str| {
        let all = acme.gateway.dump().await;
        let lines = all.lines().filter(|it| it.starts_with(table));
        lines.filter(|it| it.to_lowercase().contains("gus")).count()
    };
    assert_eq!(kept("setup_links").await, 2);
    // Half a year after their end nobody knows any more for whom they were.
    acme.gateway.clock.advance(200 * 24 * HOUR);
    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    sweep::forget_credentials(store, ids).await.unwrap();
    assert_eq!(kept("setup_links").await, 0);
    assert!(
        !acme
            .gateway
            .dump()
            .await
            .lines()
            .any(|it| it.starts_with("setup_codes:"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_does_not_remember_somebody_who_is_erased() {
    let acme = console::administered().await;
    let (_, gus) = acme.pushed("gus@acme.example").await;
    let path = link(&acme, json!({"contact_email": "Gus@acme.example"})).await;
    acme.post(&format!("/users/{gus}/suspend"), json!({}))
        .await
        .expect(200);
    let why = json!({"reason": "asked for it"});
    acme.post(&format!("/users/{gus}/erase"), why)
        .await
        .expect(200);
    let left = acme.get("/setup-links").await;
    assert_eq!(left["data"][0]["contact_email"], Value::Null);
    Browser::new(&acme.gateway).get(&path).await.expect(410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_makes_a_link_at_the_console_and_takes_it_back() {
    let acme = console::administered().await;
    let ada = console::signed_in(&acme, ADA).await;
    let page = "/console/organizations/acme/setup-links";
    let none = ada.get(page).await.expect(200).text();
    assert!(none.contains("No link was made yet"));
    let mut fields = [
        ("action", "issue"),
        ("contact_email", "gus"),
        ("purpose", "directory"),
    ];
    let wrong = press(&ada, page, &fields).await.expect(422).text();
    assert!(wrong.contains("This is no e-mail address") && wrong.contains("aria-invalid"));
    fields[1].1 = "gus@it.example";
    let made = press(&ada, page, &fields).await.expect(201).text();
    let path = made.split("value=\"https://usher.example").nth(1).unwrap();
    let path = path.split('"').next().unwrap().to_owned();
    assert!(path.starts_with("/setup/setup_"), "{path}");
    let listed = ada.get(page).await.expect(200).text();
    assert!(
        listed.contains("gus@it.example") && !listed.contains("setup_"),
        "shown once"
    );
    let kept = acme.get("/setup-links").await;
    assert_eq!(kept["data"][0]["purpose"], "directory");
    let id = kept["data"][0]["id"].as_str().unwrap();
    let revoke = [("action", "revoke"), ("id", id)];
    press(&ada, page, &revoke).await.expect(303);
    Browser::new(&acme.gateway).get(&path).await.expect(410);
    acme.gateway.clock.advance(5 * 60);
    let asked = ada.get(page).await.expect(200).text();
    assert!(asked.contains("Confirm that it is you"));
}
