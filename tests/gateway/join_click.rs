//! The click on "join": one button, pressed in our own page, makes one person.

use axum::body::Body;
use axum::http::Request;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use usher::directory::invitation::State;
use usher::id::OrganizationId;
use usher::provisioning::Error;
use usher::provisioning::invitations::actions::Action;
use usher::provisioning::invitations::{Inviter, NewInvitation};

use crate::harness::{Browser, TestGateway, csrf, press, reason};

const GRACE: &str = "grace@acme.example";
const ACCEPT: &[(&str, &str)] = &[("action", "accept")];

async fn acme() -> (TestGateway, OrganizationId) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    (gateway, org)
}

fn of_type(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["type"] == kind).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invite_accept_requires_click_post() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = invited.mailed().await;
    let before = gateway.traces(org).await;
    let open = async |browser: &Browser<'_>| csrf(&browser.get(&path).await.expect(200));
    let (grace, eve) = (Browser::new(&gateway), Browser::new(&gateway));
    let (mine, theirs) = (open(&grace).await, open(&eve).await);
    assert_eq!(
        open(&grace).await,
        mine,
        "a second tab leaves the first one good"
    );
    // Another site's form, with no field, with another browser's; without the cookie.
    let accept = ("action", "accept");
    for reply in [
        eve.post(&path, &[("csrf", &theirs), accept]).await,
        grace.submit(&path, ACCEPT).await,
        grace.submit(&path, &[("csrf", &theirs), accept]).await,
        Browser::new(&gateway)
            .submit(&path, &[("csrf", &mine), accept])
            .await,
    ] {
        let page = reply.expect(200);
        assert!(
            page.text().contains("please confirm once more"),
            "{}",
            page.text()
        );
        assert!(page.headers.get("set-cookie").is_some());
    }
    let fields = [("csrf", &*mine), ("action", "own")];
    let odd = grace.submit(&path, &fields).await.expect(400);
    assert_eq!(reason(&odd), "unknown_action");
    for (media, body, status, why) in [
        ("application/json", "{}".to_owned(), 415, "media_type"),
        (
            "multipart/form-data; boundary=x",
            String::new(),
            415,
            "media_type",
        ),
        (
            "application/x-www-form-urlencoded",
            "a".repeat(16_385),
            413,
            "too_large",
        ),
    ] {
        let request = Request::post(&path).header("content-type", media);
        let reply = gateway.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(reason(&reply.expect(status)), why);
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = Request::builder().method(method).uri(&path);
        let reply = gateway
            .send(request.body(Body::empty()).unwrap())
            .await
            .expect(405);
        assert_eq!(reply.header("allow"), Some("GET, HEAD, POST"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    }
    assert_eq!(gateway.traces(org).await, before);

    // The page that asks once more sets the cookie, and its button works.
    let late = Browser::new(&gateway);
    let field = csrf(&late.submit(&path, ACCEPT).await.expect(200));
    let reply = late
        .submit(&path, &[("csrf", &field), accept])
        .await
        .expect(303);
    assert_eq!(reply.header("location"), Some("/signed-in"));
    let here = late.get("/signed-in").await.expect(200).text();
    for text in [GRACE, "your invitation", "editor", "you were invited"] {
        assert!(here.contains(text), "{text}: {here}");
    }
    let events = gateway.events(org).await;
    let kinds: Vec<_> = events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    for kind in ["user.created", "invitation.accepted", "session.created"] {
        assert_eq!(
            kinds.iter().filter(|it| **it == kind).count(),
            1,
            "{kinds:?}"
        );
    }
    assert_eq!(events.last().unwrap()["actor"], "invitee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_clicks_at_once_are_one_acceptance() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = invited.mailed().await;
    let browsers: Vec<_> = (0..20).map(|_| Browser::new(&gateway)).collect();
    // Each has the page before anybody clicks.
    let pages = join_all(browsers.iter().map(|browser| browser.get(&path))).await;
    let clicks = browsers.iter().zip(&pages).map(async |(browser, page)| {
        let field = csrf(page);
        let fields = [ACCEPT, &[("csrf", &*field)]].concat();
        browser.submit(&path, &fields).await
    });
    let replies = join_all(clicks).await;
    let came = replies
        .iter()
        .filter(|it| it.status.as_u16() == 303)
        .count();
    assert_eq!(came, 1);
    for reply in replies.iter().filter(|it| it.status.as_u16() != 303) {
        assert_eq!(reply.status.as_u16(), 200);
        assert!(
            reply.text().contains("accepted already"),
            "{}",
            reply.text()
        );
        assert!(!reply.text().contains("Editor"), "{}", reply.text());
    }
    let events = gateway.events(org).await;
    assert_eq!(of_type(&events, "invitation.accepted"), 1);
    assert_eq!(of_type(&events, "session.created"), 1);
    assert_eq!(of_type(&events, "user.created"), 1);
    let traces = gateway.traces(org).await;
    assert_eq!((traces.users, traces.sessions), (1, 1));

    // The one who came goes on from there; everybody else is told to sign in.
    for browser in &browsers {
        let page = browser.get(&path).await.expect(200).text();
        let is_in = browser.cookie("__Host-usher").is_some();
        assert_eq!(page.contains("href=\"/signed-in\""), is_in, "{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoke_beats_accept_race() {
    let (gateway, org) = acme().await;
    let mut accepted = 0;
    for round in 0..20 {
        let email = format!("grace{round}@acme.example");
        let invited = gateway.invite(org, &email, "editor").await;
        let path = invited.mailed().await;
        let browser = Browser::new(&gateway);
        let field = csrf(&browser.get(&path).await.expect(200));
        let fields = [("csrf", &*field), ("action", "accept")];
        let click = browser.submit(&path, &fields);
        let (reply, revoked) = if round % 2 == 0 {
            join(click, invited.act(Action::Revoke)).await
        } else {
            let (revoked, reply) = join(invited.act(Action::Revoke), click).await;
            (reply, revoked)
        };
        let came = reply.status.as_u16() == 303;
        let row = invited.row().await;
        assert_eq!(came, revoked.is_err(), "exactly one wins");
        assert_eq!(came, row.state == State::Accepted);
        assert_eq!(!came, row.state == State::Revoked);
        assert_eq!(gateway.person(org, &email).await.is_some(), came);
        assert_eq!(browser.cookie("__Host-usher").is_some(), came);
        if let Err(error) = revoked {
            assert!(matches!(error, Error::Invitation(_)), "{error:?}");
        }
        accepted += usize::from(came);
    }
    let events = gateway.events(org).await;
    assert_eq!(of_type(&events, "invitation.accepted"), accepted);
    assert_eq!(of_type(&events, "invitation.revoked"), 20 - accepted);
    assert_eq!(gateway.traces(org).await.users, accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_joins_goes_on_to_the_app_with_their_projects() {
    let (gateway, org) = acme().await;
    let app = gateway.app("Docs", org).await;
    gateway.project(org, "apollo").await;
    gateway.project(org, "zeus").await;
    let new = NewInvitation {
        email: GRACE.to_owned(),
        role: "editor".to_owned(),
        projects: vec!["apollo".to_owned()],
        ..NewInvitation::default()
    };
    let operator = Some(Inviter::operator());
    let invited = gateway
        .invite_with(org, gateway.command(), operator, new)
        .await;
    let path = invited.mailed().await;
    let browser = Browser::new(&gateway);
    let page = browser.get(&path).await.expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' https: https://app.example;"),
        "{policy}"
    );
    let reply = press(&browser, &path, ACCEPT).await.expect(303);
    let location = url::Url::parse(reply.header("location").unwrap()).unwrap();
    assert!(
        location.as_str().starts_with("https://app.example/login?"),
        "{location}"
    );
    let pairs: Vec<_> = location.query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        pairs,
        [
            pair("iss", "https://usher.example"),
            pair("login_hint", GRACE),
            pair("target_link_uri", "https://app.example/docs"),
        ]
    );
    let claims = app.claims(&browser).await;
    assert_eq!(
        claims["projects"],
        json!([{"slug": "apollo", "role": "editor"}])
    );
    assert_eq!(claims["role"], Value::Null);
    assert_eq!(
        (&claims["email"], &claims["email_verified"]),
        (&json!(GRACE), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_signed_in_elsewhere_joins_in_one_click() {
    let (gateway, org) = acme().await;
    let other = gateway.organization("other").await;
    let browser = Browser::new(&gateway);
    let there = gateway.invite(other, GRACE, "viewer").await;
    press(&browser, &there.mailed().await, ACCEPT)
        .await
        .expect(303);
    let here = gateway.invite(org, "Grace@ACME.example", "editor").await;
    let page = browser.get(&here.mailed().await).await.expect(200).text();
    assert!(page.contains("Join acme</button>"), "{page}");
    press(&browser, &here.mailed().await, ACCEPT)
        .await
        .expect(303);
    let page = browser.get("/signed-in").await.expect(200).text();
    assert!(page.contains("<dd>acme</dd>"), "{page}");
    // The other organization's session goes on beside it.
    let theirs = gateway.events(other).await;
    assert!(theirs.iter().all(|it| it["type"] != "session.revoked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_organizations_other_url_the_browser_stays_there() {
    let gateway = TestGateway::start().await;
    let policy = json!({"alternate_public_url": "https://join.acme.example"});
    let org = gateway.organization_with("acme", policy).await;
    gateway.app("Docs", org).await;
    for (host, expected) in [
        ("join.acme.example", "/signed-in"),
        ("usher.example", "https://app.example/login?"),
        ("evil.example", "https://app.example/login?"),
    ] {
        let email = format!("grace@{host}");
        let path = gateway.invite(org, &email, "editor").await.mailed().await;
        let get = Request::get(&path).header("host", host);
        let page = gateway
            .send(get.body(Body::empty()).unwrap())
            .await
            .expect(200);
        let cookie = page.header("set-cookie").unwrap().to_owned();
        assert!(!cookie.contains("Domain"), "{cookie}");
        let field = csrf(&page);
        let post = Request::post(&path)
            .header("host", host)
            .header("origin", "https://join.acme.example")
            .header("cookie", cookie.split(';').next().unwrap())
            .header("content-type", "application/x-www-form-urlencoded");
        let body = Body::from(format!("csrf={field}&action=accept"));
        let reply = gateway.send(post.body(body).unwrap()).await.expect(303);
        let location = reply.header("location").unwrap();
        assert!(location.starts_with(expected), "{host}: {location}");
    }
}
