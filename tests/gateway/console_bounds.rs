//! How far somebody at the console reaches: no higher than their sign-in, no longer than they are an admin, and not
//! to the owner's title or the operator's place by a mailbox.

use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::directory::scope::Scope;
use usher::id::ConnectionId;
use usher::provisioning::Error;
use usher::provisioning::access::{Credential, KeyChange, key_change};
use usher::provisioning::settings::connection_access::update_by_key;
use usher::provisioning::settings::connections::ConnectionSettings;
use usher::secret;

use crate::console::{administered, signed_in};
use crate::credentials::live;
use crate::harness::{Acme, Browser, Reply, TestGateway, csrf, press};

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";
const KEYS: &str = "/console/organizations/acme/keys";

/// A role between an admin's and the owner's.
async fn chief(acme: &Acme) {
    let role = json!({"slug": "chief", "name": "Chief", "rank": 90});
    acme.post("/roles", role).await.expect(201);
}

async fn give(acme: &Acme, key: &str, user: &str, role: &str) -> Reply {
    let path = format!("/users/{user}/role");
    acme.ask_as(key, "PUT", &path, Some(json!({"role": role})))
        .await
}

async fn id_of(acme: &Acme, address: &str) -> String {
    let person = acme.gateway.person(acme.org, address).await.unwrap();
    person.id.to_string()
}

/// The secret that a page shows once.
fn shown(page: &Reply, prefix: &str) -> String {
    let text = page.text();
    let value = text.split(&format!("value=\"{prefix}")).nth(1).unwrap();
    format!("{prefix}{}", value.split('"').next().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_issued_at_the_console_reaches_as_high_as_its_issuer_and_as_long() {
    let acme = administered().await;
    chief(&acme).await;
    let (_, bob) = acme.pushed(BOB).await;
    let ada = signed_in(&acme, ADA).await;
    let fields = [("action", "issue"), ("name", "Mine"), ("scopes", "*")];
    let key = shown(&press(&ada, KEYS, &fields).await.expect(201), "sk_");
    give(&acme, &key, &bob, "chief").await.expect(403);
    give(&acme, &key, &bob, "admin").await.expect(200);
    // Nor does one that came of it.
    let issue = json!({"name": "Its own"});
    let issued = acme.ask_as(&key, "POST", "/keys", Some(issue)).await;
    let issued = issued.expect(201).json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    give(&acme, &issued, &bob, "chief").await.expect(403);
    let invited = json!({"email": "x@acme.example", "role": "chief"});
    let invited = acme
        .ask_as(&issued, "POST", "/invitations", Some(invited))
        .await;
    assert_eq!(invited.status, 403, "{}", invited.text());
    give(&acme, &acme.key, &bob, "chief").await.expect(200);
    let ada = id_of(&acme, ADA).await;
    give(&acme, &acme.key, &ada, "editor").await.expect(200);
    for key in [&key, &issued] {
        acme.ask_as(key, "GET", "/users", None).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_capped_gives_no_more_than_the_cap() {
    let acme = administered().await;
    chief(&acme).await;
    let (_, bob) = acme.pushed(BOB).await;
    let ada = id_of(&acme, ADA).await;
    give(&acme, &acme.key, &ada, "chief").await.expect(200);
    // Her connection makes nobody more than an admin.
    let browser = signed_in(&acme, ADA).await;
    let page = format!("/console/organizations/acme/users/{bob}");
    let fields = [("action", "role"), ("role", "chief")];
    assert_eq!(press(&browser, &page, &fields).await.status, 403);
    let fields = [("action", "role"), ("role", "admin")];
    assert_eq!(press(&browser, &page, &fields).await.status, 303);
    // Nor by a key, which would have all of her role.
    let fields = [("action", "issue"), ("name", "Mine"), ("scopes", "*")];
    press(&browser, KEYS, &fields).await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_makes_an_admin_said_a_short_while_ago_who_they_are() {
    let acme = administered().await;
    let (_, bob) = acme.pushed(BOB).await;
    let ada = signed_in(&acme, ADA).await;
    acme.gateway.clock.advance(5 * 60);
    let page = format!("/console/organizations/acme/users/{bob}");
    let sent = press(&ada, &page, &[("action", "role"), ("role", "admin")]).await;
    let location = sent.expect(303).header("location").unwrap().to_owned();
    assert!(location.starts_with("/console/confirm?"), "{location}");
    let sent = press(&ada, &page, &[("action", "role"), ("role", "editor")]).await;
    let location = sent.expect(303).header("location").unwrap().to_owned();
    assert!(location.ends_with("?done=role"), "{location}");
    assert_eq!(acme.role_of(&bob).await, json!("editor"));
}

/// What somebody at the console changes of a connection.
async fn changed(
    acme: &Acme,
    browser: &Browser<'_>,
    (id, settings): (ConnectionId, ConnectionSettings),
) -> Result<(), Error> {
    let cookie = secret::hash(&browser.cookie("__Host-usher-console").unwrap());
    let asked = KeyChange {
        presented: Credential::Console(cookie),
        slug: "acme".to_owned(),
        scope: Scope::ConnectionsWrite,
        cause: "test".to_owned(),
    };
    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    let done = key_change(store, ids, asked, move |change, access| {
        let settings = settings.clone();
        async move { update_by_key(change, access, id, (&settings, None)).await }.boxed()
    });
    done.await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_moves_what_a_connection_reads_confirms_it_for_nobody() {
    let acme = administered().await;
    let other = acme
        .gateway
        .connect(acme.org, "Entra", Profile::Okta, &[])
        .await;
    acme.gateway.idp(&other).await;
    let path = format!("/connections/{}", other.id);
    let owner_may = async || !acme.get(&path).await["owner_confirmed_at"].is_null();
    let confirm = format!("{path}/confirm-owner");
    acme.ask_as(&acme.operator, "POST", &confirm, None)
        .await
        .expect(200);
    let ada = signed_in(&acme, ADA).await;
    let name = ConnectionSettings {
        name: Some("Entra of Acme".to_owned()),
        default_role: Some("viewer".to_owned()),
        ..ConnectionSettings::default()
    };
    changed(&acme, &ada, (other.id, name)).await.unwrap();
    assert!(owner_may().await);
    let profile = ConnectionSettings {
        profile: Some(Profile::Entra),
        ..ConnectionSettings::default()
    };
    changed(&acme, &ada, (other.id, profile.clone()))
        .await
        .unwrap();
    assert!(!owner_may().await);
    // What the operator gave one is not inherited: a domain that nobody proved, and a role above one's own.
    let kept = changed(&acme, &ada, (acme.okta.id, profile.clone())).await;
    assert!(matches!(kept, Err(Error::Forbidden(_))), "{kept:?}");
    chief(&acme).await;
    let raised = json!({"max_role": "chief"});
    acme.ask_as(&acme.operator, "PATCH", &path, Some(raised))
        .await
        .expect(200);
    let metadata = ConnectionSettings {
        profile: Some(Profile::Okta),
        ..profile
    };
    let kept = changed(&acme, &ada, (other.id, metadata)).await;
    assert!(matches!(kept, Err(Error::Forbidden(_))), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_are_made_by_operators_alone() {
    let acme = Acme::start().await;
    let gateway = &acme.gateway;
    let org = gateway.organization("operators").await;
    let own = gateway.key(live(Some(org), "*")).await;
    let narrow = gateway
        .key(live(None, "users:write invitations:write projects:write"))
        .await;
    let base = "/api/v1/organizations/operators";
    let invited = json!({"email": "x@usher.example", "role": "admin"});
    for key in [&own, &narrow] {
        let uri = format!("{base}/invitations");
        let refused = gateway.call(key, "POST", &uri, Some(invited.clone())).await;
        assert_eq!(refused.status, 403, "{}", refused.text());
        let uri = format!("{base}/projects");
        let project = json!({"slug": "x"});
        gateway
            .call(key, "POST", &uri, Some(project))
            .await
            .expect(403);
    }
    let uri = format!("{base}/invitations");
    gateway
        .call(&acme.operator, "POST", &uri, Some(invited))
        .await
        .expect(201);
    gateway
        .get(&format!("{base}/users"), &own)
        .await
        .expect(200);
    // Nor by a mailbox.
    let invited = gateway.invite(org, "root@usher.example", "admin").await;
    let mailbox = Browser::new(gateway);
    press(&mailbox, &invited.mailed().await, &[("action", "accept")])
        .await
        .expect(303);
    let before = gateway.questions("root@usher.example").await.len();
    code(
        gateway,
        &Browser::new(gateway),
        "operators",
        "root@usher.example",
    )
    .await;
    assert_eq!(gateway.questions("root@usher.example").await.len(), before);
}

/// Asks for a code.
async fn code(gateway: &TestGateway, browser: &Browser<'_>, slug: &str, address: &str) {
    gateway.clock.advance(1);
    let path = format!("/console/sign-in?organization={slug}");
    let token = csrf(&browser.get(&path).await);
    let fields = [
        ("csrf", &*token),
        ("organization", slug),
        ("address", address),
    ];
    browser
        .submit("/console/sign-in", &fields)
        .await
        .expect(200);
}

/// Says the code that was mailed last.
async fn say(gateway: &TestGateway, browser: &Browser<'_>, slug: &str, address: &str) -> Reply {
    let said = gateway.codes(address).await.pop().unwrap();
    let path = format!("/console/sign-in?organization={slug}");
    let token = csrf(&browser.get(&path).await);
    let fields = [
        ("csrf", &*token),
        ("organization", slug),
        ("address", address),
        ("code", &*said),
    ];
    browser.submit("/console/sign-in", &fields).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_is_not_the_owner_and_one_in_testing_is_no_door() {
    let gateway = TestGateway::start().await;
    let operator = gateway.key(live(None, "*")).await;
    let owner = "hank@globex.example";
    let new = json!({"slug": "globex", "owner": owner});
    let uri = "/api/v1/organizations";
    gateway
        .call(&operator, "POST", uri, Some(new))
        .await
        .expect(201);
    let org = usher::provisioning::settings::organizations::find(&gateway.gateway.store, "globex");
    let org = org.await.unwrap().id;
    // Somebody set up a connection that nobody looked at yet.
    let made = gateway.connect(org, "Evil", Profile::Okta, &[]).await;
    gateway.idp(&made).await;
    gateway.alter(&made, |row| row.testing = true).await;
    let browser = Browser::new(&gateway);
    let page = browser
        .get("/console/sign-in?organization=globex")
        .await
        .text();
    assert!(!page.contains("Evil"), "{page}");
    code(&gateway, &browser, "globex", owner).await;
    say(&gateway, &browser, "globex", owner).await.expect(303);
    let invited = gateway.invite(org, "eve@globex.example", "admin").await;
    let mailbox = Browser::new(&gateway);
    press(&mailbox, &invited.mailed().await, &[("action", "accept")])
        .await
        .expect(303);
    let eve = gateway.person(org, "eve@globex.example").await.unwrap().id;
    let settings = "/console/organizations/globex/settings";
    let to = eve.to_string();
    let fields = [("action", "begin"), ("to", &*to), ("reason", "mine")];
    let begun = press(&browser, settings, &fields).await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    let uri = "/api/v1/organizations/globex/ownership-transfers";
    let all = gateway.get(uri, &operator).await.expect(200).json();
    assert_eq!(all["data"][0]["state"], "awaiting_owner", "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_somebody_out_everywhere_is_for_the_console_too() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let id = id_of(&acme, ADA).await;
    let revoke = format!("/users/{id}/sessions/revoke");
    acme.ask("POST", &revoke, None).await.expect(200);
    ada.get("/console/organizations/acme").await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_up_link_gives_no_more_than_its_maker_has_and_writes_nothing_before_it_is_live() {
    let acme = Acme::start().await;
    let narrow = acme
        .gateway
        .key(live(
            Some(acme.org),
            "connections:write connections:read domains:write",
        ))
        .await;
    acme.ask_as(&narrow, "POST", "/setup-links", Some(json!({})))
        .await
        .expect(403);
    // One that the operator made, and set in testing.
    let body = json!({"name": "Entra", "testing": true});
    let made = acme
        .ask_as(&acme.operator, "POST", "/connections", Some(body))
        .await;
    let made = made.expect(201).json();
    let (users, token) = (
        made["scim_base_url"].as_str().unwrap(),
        made["scim_token"].as_str().unwrap(),
    );
    let asked = async |method: &str| {
        let uri = users.replace("https://usher.example", "") + "/Users";
        let bearer = format!("Bearer {token}");
        acme.gateway
            .ask(method, &uri, Some(&bearer))
            .await
            .status
            .as_u16()
    };
    assert_eq!(asked("POST").await, 400);
    let body = json!({"connection_id": made["id"]});
    let link: Value = acme.post("/setup-links", body).await.expect(201).json();
    assert_eq!(link["connection_id"], made["id"]);
    assert_eq!((asked("POST").await, asked("GET").await), (403, 200));
    // And it is told, to whoever looks and to whoever listens.
    let shown = acme
        .get(&format!("/connections/{}", made["id"].as_str().unwrap()))
        .await;
    assert_eq!(shown["scim_read_only"], json!(true));
    let events = acme.gateway.events(acme.org).await;
    let told = json!([{"attribute": "scim_read_only", "old": false, "new": true}]);
    let is_told = |it: &&Value| it["type"] == "connection.updated" && it["data"]["changes"] == told;
    assert_eq!(events.iter().filter(is_told).count(), 1);
}
