//! What one request may cost, and what no request may contain.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use usher::directory::connection::Profile;
use usher::limits;

use crate::harness::{Browser, Connected, TestGateway, user};

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

/// A body that panics when it is read beyond what anybody may send.
fn endless() -> Body {
    let chunks = (0..).map(|at| {
        assert!(at <= 64, "a stranger's body was read on");
        Ok::<_, std::io::Error>(vec![b' '; 1024 + 1])
    });
    Body::from_stream(futures_util::stream::iter(chunks))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_is_read_for_the_known_alone() {
    let (gateway, okta) = okta().await;
    let send = async |token: &str, body: Body| {
        let request = Request::post(format!("/scim/{}/v2/Users", okta.id))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/scim+json");
        gateway.send(request.body(body).unwrap()).await
    };
    send("scim_wrong", endless()).await.expect(401);
    let mut ada = user("ada@acme.example");
    ada["title"] = json!("x".repeat(limits::SMALL_BODY));
    let large = || Body::from(ada.to_string());
    send("scim_wrong", large()).await.expect(401);
    let places = u32::try_from(limits::LARGE_BODIES).unwrap();
    let crowd = gateway
        .gateway
        .large_bodies
        .try_acquire_many(places)
        .unwrap();
    let reply = send(&okta.token, large()).await.expect(503);
    assert!(reply.header("retry-after").is_some());
    gateway.scim(&okta).user("bob@acme.example").await;
    drop(crowd);
    send(&okta.token, large()).await.expect(201);
    // The place is let go of by whoever worked on the body, a moment after the answer.
    let all = gateway.gateway.large_bodies.acquire_many(places);
    drop(all.await.unwrap());
    let huge = Body::from(vec![b' '; limits::SCIM_BODY + 1]);
    send(&okta.token, huge).await.expect(413);
    send("scim_wrong", Body::from(vec![b' '; limits::SCIM_BODY + 1]))
        .await
        .expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_removed_by_so_many_filters_at_most() {
    let (gateway, okta) = okta().await;
    let scim = gateway.scim(&okta);
    let ada = scim.user("ada@acme.example").await;
    let group = scim.group("Staff", &[&ada]).await;
    let path = format!("/Groups/{group}");
    let remove = |count: usize| {
        let operation = json!({"op": "remove", "path": "members[type eq \"Group\"]"});
        json!(vec![operation; count])
    };
    scim.patch(&path, remove(limits::MEMBER_FILTERS))
        .await
        .expect(204);
    scim.patch(&path, remove(limits::MEMBER_FILTERS + 1))
        .await
        .expect(413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_null_character_in_a_parameter_is_the_apps_mistake() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let app = gateway.app("Docs", okta.org).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    let reply = browser.get(&app.authorize(&[("nonce", "n\0")])).await;
    let location = reply.expect(303).header("location").unwrap().to_owned();
    assert!(location.contains("error=invalid_request"), "{location}");
}
