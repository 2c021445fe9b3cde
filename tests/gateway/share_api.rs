//! Passing an invitation on by hand, through the admin API: the message, whether a message is
//! ours, and the other host that a link may lead to.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::id::OrganizationId;

use crate::credentials::live;
use crate::harness::{Reply, TestGateway, csrf};

const ACME: &str = "/api/v1/organizations/acme";
const GRACE: &str = "grace@acme.example";
const OTHER_HOST: &str = "https://join.acme.example";

pub(crate) async fn send(
    gateway: &TestGateway,
    method: &str,
    uri: &str,
    key: &str,
    body: &Value,
) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    let body = Body::from(body.to_string());
    gateway.send(request.body(body).unwrap()).await
}

async fn acme() -> (TestGateway, OrganizationId, String) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let key = gateway.key(live(Some(org), "*")).await;
    (gateway, org, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_made_and_known_again() {
    let (gateway, org, key) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = format!("{ACME}/invitations/{}/share", invited.id);
    let shared = send(&gateway, "POST", &path, &key, &json!({})).await;
    let shared = shared.expect(200).json();
    let url = shared["url"].as_str().unwrap();
    assert!(url.starts_with("https://usher.example/join/inv_"), "{url}");
    let message = shared["message"].as_str().unwrap();
    for part in [url, shared["phrase"].as_str().unwrap(), GRACE] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(shared["expires_at"], "2026-11-25T10:00:00Z");
    let events = gateway.events(org).await;
    assert_eq!(events.last().unwrap()["type"], "invitation.updated");

    let verify = format!("{ACME}/invitations/verify-message");
    let other = gateway.organization("other").await;
    let theirs = gateway.key(live(Some(other), "*")).await;
    for (at, key, text, expected) in [
        (&*verify, &key, message, "issued"),
        (&verify, &key, "hello", "no_link"),
        (
            &verify,
            &key,
            &*message.replace("usher.", "evil."),
            "not_ours",
        ),
        (
            &verify.replace("acme", "other"),
            &theirs,
            message,
            "not_ours",
        ),
    ] {
        let told = send(&gateway, "POST", at, key, &json!({"text": text})).await;
        let told = told.expect(200).json();
        assert_eq!(told["verdict"], expected, "{text}");
        assert_eq!(told["email"] == GRACE, expected == "issued");
    }
    let low = gateway
        .key(live(Some(org), "invitations:write invitations:read"))
        .await;
    send(&gateway, "POST", &path, &low, &json!({}))
        .await
        .expect(403);
    let unknown = json!({"alternate": false, "more": 1});
    send(&gateway, "POST", &path, &key, &unknown)
        .await
        .expect(400);
    let none = send(&gateway, "POST", &path, &key, &json!({"alternate": true})).await;
    assert!(none.expect(422).text().contains("no alternate public URL"));
    let nobody = format!("{ACME}/invitations/{org}/share");
    send(&gateway, "POST", &nobody, &key, &json!({}))
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_operator_says_which_other_host_links_lead_to() {
    let (gateway, org, own) = acme().await;
    let operator = gateway.key(live(None, "*")).await;
    let path = format!("{ACME}/policy");
    let named = |url: Value| json!({"alternate_public_url": url, "sso_required": true});
    let before = gateway.events(org).await.len();
    let refused = send(&gateway, "PUT", &path, &own, &named(json!(OTHER_HOST))).await;
    assert!(refused.expect(403).text().contains("operator"));
    assert_eq!(gateway.events(org).await.len(), before);
    for url in [
        "http://join.acme.example",
        "https://join.acme.example/x",
        "join.acme.example",
    ] {
        send(&gateway, "PUT", &path, &operator, &named(json!(url)))
            .await
            .expect(422);
    }
    let set = send(&gateway, "PUT", &path, &operator, &named(json!(OTHER_HOST))).await;
    assert_eq!(set.expect(200).json()["alternate_public_url"], OTHER_HOST);
    // The organization changes the rest, and cannot take it away.
    let kept = json!({"alternate_public_url": OTHER_HOST});
    send(&gateway, "PUT", &path, &own, &kept).await.expect(200);
    send(&gateway, "PUT", &path, &own, &named(Value::Null))
        .await
        .expect(403);
    send(&gateway, "PUT", &path, &own, &json!({}))
        .await
        .expect(403);
    send(&gateway, "PUT", &path, &operator, &json!({}))
        .await
        .expect(200);
    send(&gateway, "PUT", &path, &own, &json!({}))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_made_on_one_host_opens_at_the_other() {
    let (gateway, org, key) = acme().await;
    let operator = gateway.key(live(None, "*")).await;
    let policy = json!({"alternate_public_url": OTHER_HOST});
    let path = format!("{ACME}/policy");
    send(&gateway, "PUT", &path, &operator, &policy)
        .await
        .expect(200);
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = format!("{ACME}/invitations/{}/share", invited.id);
    let share = async |alternate: bool| {
        let body = json!({"alternate": alternate});
        let shared = send(&gateway, "POST", &path, &key, &body)
            .await
            .expect(200)
            .json();
        shared["url"].as_str().unwrap().to_owned()
    };
    let (here, there) = (share(false).await, share(true).await);
    // It is one link at two hosts, and a message with either is ours.
    let token = here.strip_prefix("https://usher.example").unwrap();
    assert_eq!(there.strip_prefix(OTHER_HOST), Some(token));
    let verify = format!("{ACME}/invitations/verify-message");
    let told = send(&gateway, "POST", &verify, &key, &json!({"text": there})).await;
    assert_eq!(told.expect(200).json()["verdict"], "issued");

    for host in ["join.acme.example", "usher.example", "evil.example"] {
        let get = Request::get(token).header("host", host);
        let page = gateway
            .send(get.body(Body::empty()).unwrap())
            .await
            .expect(200);
        assert!(!csrf(&page).is_empty());
        let (text, headers) = (page.text(), format!("{:?}", page.headers));
        assert!(text.contains("Mail me a code"), "{host}: {text}");
        // Nothing is built from `Host`.
        assert!(
            host == "usher.example" || !text.contains(host),
            "{host}: {text}"
        );
        assert!(!headers.contains(host), "{host}: {headers}");
    }
    // What goes by mail leads to the one public URL.
    let mailed = gateway.gateway.links.url(
        &invited.row().await,
        usher::directory::invitation::link::Channel::Mail,
    );
    assert!(
        mailed.starts_with("https://usher.example/join/"),
        "{mailed}"
    );
}
