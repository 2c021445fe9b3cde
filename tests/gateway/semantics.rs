//! Decisions that have a name of their own, each by the doors that the outside has.

use serde_json::json;
use usher::directory::connection::{ConnectionState, Profile};
use usher::directory::mapping::MatchKind;
use usher::provisioning::settings::mappings::{self, NewMapping};
use usher::provisioning::settings::tokens;

use crate::harness::{Browser, Connected, TestGateway, user};

const OPAQUE: &str = "0192f1b0-5b1e-7c3a-9f00-0123456789ab";

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

async fn rule(gateway: &TestGateway, okta: &Connected, group: &str, role: &str) {
    let rule = NewMapping {
        connection: okta.id,
        match_kind: MatchKind::Name,
        group: group.to_owned(),
        role: role.to_owned(),
        projects: Vec::new(),
        position: None,
        enabled: None,
    };
    let made = mappings::add(&gateway.gateway.store, gateway.command(), rule);
    made.await.unwrap();
}

async fn role(gateway: &TestGateway, okta: &Connected, email: &str) -> String {
    let person = gateway.person(okta.org, email).await.unwrap();
    for slug in ["owner", "admin", "editor", "viewer"] {
        if person.role_id == Some(gateway.role(okta.org, slug).await) {
            return slug.to_owned();
        }
    }
    "none".to_owned()
}

#[tokio::test]
async fn unknown_filter_attribute_is_400() {
    let (gateway, okta) = okta().await;
    for endpoint in ["/Users", "/Groups"] {
        let reply = gateway
            .scim(&okta)
            .filter(endpoint, "shoeSize eq \"38\"")
            .await;
        assert_eq!(reply.expect(400).json()["scimType"], "invalidFilter");
    }
}

#[tokio::test]
async fn paused_connection_is_not_200() {
    let (gateway, okta) = okta().await;
    gateway
        .alter(&okta, |row| row.state = ConnectionState::Paused)
        .await;
    let scim = gateway.scim(&okta);
    scim.get("/Users").await.expect(403);
    scim.post("/Users", user("ada@acme.example"))
        .await
        .expect(403);
    assert_eq!(gateway.traces(okta.org).await.users, 0);
}

#[tokio::test]
async fn reused_external_id_does_not_inherit_a_person() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    // A nickname may be the next person's; an opaque id with another userName is another person.
    for (external_id, name, next) in [
        ("ada", "ada@acme.example", "ada@acme.example"),
        (OPAQUE, "bob@acme.example", "eve@acme.example"),
    ] {
        let body = |name: &str| {
            let mut body = user(name);
            body["externalId"] = json!(external_id);
            body
        };
        let id = scim.post("/Users", body(name)).await.expect(201).id();
        let first = gateway.person(okta.org, name).await.unwrap().id;
        scim.delete(&format!("/Users/{id}")).await.expect(204);
        scim.post("/Users", body(next)).await.expect(201);
        let second = gateway.person(okta.org, next).await.unwrap().id;
        assert_ne!(first, second, "{external_id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim_post_adopts_jit() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    idp.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    let before = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    gateway.scim(&okta).user("ada@acme.example").await;
    let after = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    assert_eq!(before.id, after.id);
    assert_eq!(after.managed_by, Some(okta.id));
}

#[tokio::test]
async fn short_absence_restores_long_absence_does_not() {
    for (days, expected) in [(29, "editor"), (31, "viewer")] {
        let (gateway, okta) = okta().await;
        let scim = gateway.scim(&okta);
        let id = scim.user("ada@acme.example").await;
        let person = gateway.person(okta.org, "ada@acme.example").await.unwrap();
        gateway.grant(okta.org, person.id, "editor").await;
        let path = format!("/Users/{id}");
        for active in [false, true] {
            let operations = json!([{"op": "replace", "value": {"active": active}}]);
            scim.patch(&path, operations).await.expect(200);
            gateway.clock.advance(days * 24 * 3_600);
        }
        assert_eq!(
            role(&gateway, &okta, "ada@acme.example").await,
            expected,
            "{days}"
        );
    }
}

#[tokio::test]
async fn group_removed_falls_to_next() {
    let (gateway, okta) = okta().await;
    rule(&gateway, &okta, "SEO_Admins", "admin").await;
    rule(&gateway, &okta, "SEO_Editors", "editor").await;
    let scim = gateway.scim(&okta);
    let id = scim.user("ada@acme.example").await;
    let admins = scim.group("SEO_Admins", &[&id]).await;
    let editors = scim.group("SEO_Editors", &[&id]).await;
    assert_eq!(role(&gateway, &okta, "ada@acme.example").await, "admin");
    for (group, then) in [(admins, "editor"), (editors, "viewer")] {
        scim.delete(&format!("/Groups/{group}")).await.expect(204);
        assert_eq!(role(&gateway, &okta, "ada@acme.example").await, then);
    }
}

#[tokio::test]
async fn retired_manual_not_revived() {
    let (gateway, okta) = okta().await;
    rule(&gateway, &okta, "SEO_Viewers", "viewer").await;
    let scim = gateway.scim(&okta);
    let id = scim.user("ada@acme.example").await;
    let person = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    gateway.grant(okta.org, person.id, "editor").await;
    assert_eq!(role(&gateway, &okta, "ada@acme.example").await, "editor");
    let group = scim.group("SEO_Viewers", &[&id]).await;
    assert_eq!(role(&gateway, &okta, "ada@acme.example").await, "viewer");
    scim.delete(&format!("/Groups/{group}")).await.expect(204);
    assert_eq!(role(&gateway, &okta, "ada@acme.example").await, "viewer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deactivate_kills_session_before_response() {
    let (gateway, okta) = okta().await;
    let (idp, scim) = (gateway.idp(&okta).await, gateway.scim(&okta));
    let id = scim.user("ada@acme.example").await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let app = gateway.app("Docs", okta.org).await;
    let code = app.code(&browser).await;
    assert!(gateway.traces(okta.org).await.sessions > 0);
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    scim.patch(&format!("/Users/{id}"), off).await.expect(200);
    assert_eq!(gateway.traces(okta.org).await.sessions, 0);
    app.redeem(&code).await.expect(400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saml_overage_keeps_roles() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let entra = gateway
        .connect(org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    rule(&gateway, &entra, "SEO_Editors", "editor").await;
    let (idp, browser) = (gateway.idp(&entra).await, Browser::new(&gateway));
    let claim = |name: &str| format!("http://schemas.microsoft.com/{name}");
    for name in [
        claim("ws/2008/06/identity/claims/groups"),
        claim("claims/groups.link"),
        claim("ws/2008/06/identity/claims/groups.link"),
    ] {
        gateway.clock.advance(1);
        let response = idp.response().email("ada@acme.example");
        let response = response.attribute(&name, ["SEO_Editors"]).base64();
        idp.post(&browser, &response).await.expect(303);
        assert_eq!(
            role(&gateway, &entra, "ada@acme.example").await,
            "editor",
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jit_refused_for_deactivated_leaves_no_rows() {
    let (gateway, okta) = okta().await;
    let (idp, scim) = (gateway.idp(&okta).await, gateway.scim(&okta));
    let id = scim.user("ada@acme.example").await;
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    scim.patch(&format!("/Users/{id}"), off).await.expect(200);
    // `refusal` compares the rows before and after.
    let ada = idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(ada).await, "deprovisioned");
}

#[tokio::test]
async fn two_tokens_rotate_without_gap() {
    let (gateway, mut okta) = okta().await;
    let store = &gateway.gateway.store;
    let old = tokens::list(store, okta.id, gateway.clock.now())
        .await
        .unwrap()[0]
        .id;
    let issued = tokens::issue(store, gateway.command(), okta.id, None, &[])
        .await
        .unwrap();
    gateway.scim(&okta).get("/Users").await.expect(200);
    let first = std::mem::replace(&mut okta.token, issued.token);
    gateway.scim(&okta).get("/Users").await.expect(200);
    tokens::revoke(store, gateway.command(), okta.id, old.uuid().into())
        .await
        .unwrap();
    gateway.scim(&okta).get("/Users").await.expect(200);
    okta.token = first;
    gateway.scim(&okta).get("/Users").await.expect(401);
}
