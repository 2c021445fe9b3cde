//! Whose subject is it: links inside a connection, links by a trusted domain, and how high they
//! reach.

use serde_json::json;
use usher::directory::connection::Profile;
use usher::directory::mapping::MatchKind;
use usher::provisioning::change;
use usher::store::rows::MappingRow;

use crate::harness::{Browser, Connected, TestGateway, user};
use futures_util::FutureExt;

const OPAQUE: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

async fn okta(domains: &[&str]) -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway.connect(org, "Okta", Profile::Okta, domains).await;
    (gateway, okta)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_is_its_connections_own_resource() {
    let (gateway, okta) = okta(&[]).await;
    let (idp, scim) = (gateway.idp(&okta).await, gateway.scim(&okta));
    scim.user("ada@acme.example").await;
    let mut eve = user("eve@acme.example");
    eve["externalId"] = json!("00u2");
    scim.post("/Users", eve).await.expect(201);
    idp.sign_in(&Browser::new(&gateway), "Ada@Acme.example")
        .await
        .expect(303);
    let by_id = idp
        .response()
        .name_id("x", OPAQUE)
        .attribute("id", ["00u2"]);
    idp.post(&Browser::new(&gateway), &by_id.base64())
        .await
        .expect(303);
    let traces = gateway.traces(okta.org).await;
    assert_eq!((traces.users, traces.links), (2, 2), "nobody was created");
    let both = idp
        .response()
        .email("bob@x.example")
        .attribute("id", ["00u2"]);
    let both = both.attribute("email", ["ada@acme.example"]);
    assert_eq!(idp.refusal(both).await, "ambiguous_subject");
    // Somebody else of the provider who merely says that address is somebody else.
    let edited = idp
        .response()
        .email("mallory@x.example")
        .attribute("email", ["ada@acme.example"]);
    assert_eq!(idp.refusal(edited).await, "address_changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_subject_stays_who_it_is() {
    let (gateway, okta) = okta(&["acme.example"]).await;
    let idp = gateway.idp(&okta).await;
    let opaque = |email: &str| {
        let response = idp.response().name_id("00u1", OPAQUE);
        response
            .attribute("email", [email])
            .attribute("displayName", ["Ada L."])
    };
    idp.post(
        &Browser::new(&gateway),
        &opaque("ada@acme.example").base64(),
    )
    .await
    .expect(303);
    idp.post(
        &Browser::new(&gateway),
        &opaque("lady@acme.example").base64(),
    )
    .await
    .expect(303);
    assert_eq!(gateway.traces(okta.org).await.users, 1);
    let second = idp
        .response()
        .name_id("00u9", OPAQUE)
        .attribute("email", ["ada@acme.example"]);
    assert_eq!(idp.refusal(second).await, "address_changed");
    let known = |email: &str| {
        idp.response()
            .email("bob@acme.example")
            .attribute("email", [email])
    };
    idp.post(&Browser::new(&gateway), &known("bob@acme.example").base64())
        .await
        .expect(303);
    assert_eq!(
        idp.refusal(known("robert@acme.example")).await,
        "address_changed"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_another_connection_or_organization_are_not_reached() {
    let (gateway, okta) = okta(&["acme.example"]).await;
    gateway.scim(&okta).user("ada@acme.example").await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let idp = gateway.idp(&entra).await;
    let ada = || idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(ada()).await, "another_connection");
    let other = gateway.organization("other").await;
    let theirs = gateway
        .connect(other, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let before = gateway.traces(okta.org).await;
    let idp = gateway.idp(&theirs).await;
    idp.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    assert_eq!(gateway.traces(okta.org).await, before);
    assert_eq!(gateway.traces(other).await.users, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adoption_then_rename_does_not_take_over() {
    let (gateway, okta) = okta(&["acme.example"]).await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let home = gateway.idp(&okta).await;
    home.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    let ada = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    let (idp, scim) = (gateway.idp(&entra).await, gateway.scim(&entra));
    let id = scim.user("ada@acme.example").await;
    assert_eq!(gateway.traces(okta.org).await.users, 1, "adopted");
    gateway.clock.advance(60);
    let rename = json!([
        {"op": "replace", "path": "userName", "value": "mallory@acme.example"},
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "mallory@acme.example"},
    ]);
    scim.patch(&format!("/Users/{id}"), rename)
        .await
        .expect(204);
    let mallory = || idp.response().email("mallory@acme.example");
    assert_eq!(idp.refusal(mallory()).await, "fresh_address");
    gateway.clock.advance(24 * 60 * 60 - 1);
    assert_eq!(idp.refusal(mallory()).await, "fresh_address");
    gateway.grant(okta.org, ada.id, "admin").await;
    gateway.clock.advance(1);
    assert_eq!(
        idp.refusal(mallory()).await,
        "above_ceiling",
        "never to somebody privileged"
    );
    let browser = Browser::new(&gateway);
    home.sign_in(&browser, "ada@acme.example").await.expect(303);
    let traces = gateway.traces(okta.org).await;
    assert_eq!(
        (traces.users, traces.links),
        (1, 1),
        "the old link is Ada's as before"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cannot_sign_in_above_its_ceiling() {
    let (gateway, okta) = okta(&["acme.example"]).await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let ada = gateway.person(okta.org, "ada@acme.example").await.unwrap();
    let editor = gateway.role(okta.org, "editor").await;
    gateway
        .alter(&okta, move |row| row.max_role_id = editor)
        .await;
    gateway.grant(okta.org, ada.id, "admin").await;
    assert_eq!(
        app.claims(&browser).await["role"],
        json!("editor"),
        "capped"
    );
    idp.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    let page = browser.get("/signed-in").await.expect(200).text();
    assert!(
        page.contains("editor") && page.contains("no higher role"),
        "{page}"
    );

    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let other = gateway.idp(&entra).await;
    let response = || other.response().email("ada@acme.example");
    assert_eq!(
        other.refusal(response()).await,
        "above_ceiling",
        "an admin is not linked by mail"
    );
    gateway.scim(&entra).user("ada@acme.example").await;
    assert_eq!(
        other.refusal(response()).await,
        "above_ceiling",
        "nor by a proposed resource"
    );

    gateway
        .alter_person(okta.org, ada.id, |user| user.owner = true)
        .await;
    let again = idp.response().email("ada@acme.example");
    assert_eq!(idp.refusal(again).await, "owner_not_confirmed");
    assert_eq!(
        app.claims(&browser).await["role"],
        json!("editor"),
        "the title is not reached"
    );
    gateway
        .alter(&okta, |row| row.owner_confirmed_at = Some(row.created_at))
        .await;
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    assert_eq!(app.claims(&browser).await["role"], json!("owner"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_comes_in_by_a_confirmed_connection_alone() {
    let (gateway, okta) = okta(&["acme.example"]).await;
    let idp = gateway.idp(&okta).await;
    idp.sign_in(&Browser::new(&gateway), "bob@acme.example")
        .await
        .expect(303);
    let bob = gateway
        .person(okta.org, "bob@acme.example")
        .await
        .unwrap()
        .id;
    gateway
        .alter_person(okta.org, bob, |user| {
            user.owner = true;
            user.email = Some("olga@acme.example".to_owned());
            user.email_norm = Some("olga@acme.example".to_owned());
        })
        .await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let other = gateway.idp(&entra).await;
    let olga = || other.response().email("olga@acme.example");
    assert_eq!(other.refusal(olga()).await, "owner_not_confirmed");
    gateway
        .alter(&entra, |row| row.owner_confirmed_at = Some(row.created_at))
        .await;
    let browser = Browser::new(&gateway);
    other.post(&browser, &olga().base64()).await.expect(303);
    assert!(
        browser
            .get("/signed-in")
            .await
            .expect(200)
            .text()
            .contains("owner")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_that_are_named_make_the_role_and_silence_keeps_it() {
    let (gateway, okta) = okta(&["acme.example"]).await;
    let (idp, app) = (
        gateway.idp(&okta).await,
        gateway.app("Docs", okta.org).await,
    );
    let (role_id, connection_id) = (gateway.role(okta.org, "editor").await, okta.id);
    change(
        &gateway.gateway.store,
        okta.org,
        gateway.command(),
        move |change| {
            async move {
                let row = MappingRow {
                    org_id: change.org,
                    id: change.id(),
                    connection_id,
                    match_kind: MatchKind::Name,
                    match_text: "SEO_Editors".to_owned(),
                    match_folded: "seo_editors".to_owned(),
                    bound_group_id: None,
                    role_id,
                    position: 1,
                    enabled: true,
                    created_at: change.time(),
                    rev: 0,
                    removed_at: None,
                    group_lost_at: None,
                };
                Ok(change.tx.insert_mapping(&row, &[]).await?)
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    let browser = Browser::new(&gateway);
    let ada = || idp.response().email("ada@acme.example");
    for (response, role) in [
        (
            ada().attribute("groups", ["Staff", "SEO_Editors"]),
            "editor",
        ),
        (ada(), "editor"),
        (ada().attribute("groups", Vec::<String>::new()), "viewer"),
        (ada().attribute("groups", ["SEO_Editors"]), "editor"),
    ] {
        gateway.clock.advance(1);
        idp.post(&browser, &response.base64()).await.expect(303);
        assert_eq!(app.claims(&browser).await["role"], json!(role));
    }
    let page = browser.get("/signed-in").await.expect(200).text();
    assert!(
        page.contains("the group SEO_Editors named at your sign-in"),
        "{page}"
    );
}
