//! The pages of invitations: what each shows, and that showing it changes nothing.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::json;
use usher::directory::connection::Profile;
use usher::directory::invitation::State;
use usher::id::OrganizationId;
use usher::provisioning::invitations::acceptance::{Outcome, accept};
use usher::provisioning::invitations::actions::Action;
use usher::provisioning::invitations::judgement::Barrier;
use usher::provisioning::invitations::{Inviter, NewInvitation};
use usher::provisioning::settings::connection_state;

use crate::harness::{Browser, Invited, TestGateway, csrf, press, reason};

const GRACE: &str = "grace@acme.example";
const ACCEPT: &[(&str, &str)] = &[("action", "accept")];

async fn acme() -> (TestGateway, OrganizationId) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    (gateway, org)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invite_get_has_no_effect() {
    let (gateway, org) = acme().await;
    let live = gateway.invite(org, GRACE, "editor").await;
    let late = gateway.invite(org, "late@acme.example", "editor").await;
    let gone = gateway.invite(org, "gone@acme.example", "editor").await;
    gone.act(Action::Revoke).await.unwrap();
    let all: [&Invited<'_>; 3] = [&live, &late, &gone];
    let mut rows = Vec::new();
    for invited in all {
        rows.push(format!(
            "{:?} {:?}",
            invited.row().await,
            invited.mails().await
        ));
    }
    let (before, events) = (gateway.traces(org).await, gateway.events(org).await);
    for method in ["GET", "HEAD"] {
        for invited in all {
            for path in [
                invited.mailed().await,
                invited.shared().await,
                format!("{}?code", invited.shared().await),
                format!("{}?action=accept&csrf=x", invited.mailed().await),
            ] {
                for _ in 0..50 {
                    let request = Request::builder().method(method).uri(&path);
                    let reply = gateway.send(request.body(Body::empty()).unwrap()).await;
                    assert!(
                        [200, 410].contains(&reply.status.as_u16()),
                        "{}",
                        reply.text()
                    );
                    for (name, value) in [
                        ("cache-control", "no-store"),
                        ("referrer-policy", "no-referrer"),
                        ("x-robots-tag", "noindex"),
                        ("x-frame-options", "DENY"),
                    ] {
                        assert_eq!(reply.header(name), Some(value));
                    }
                    let policy = reply.header("content-security-policy").unwrap();
                    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
                }
            }
        }
    }
    assert_eq!(gateway.traces(org).await, before);
    assert_eq!(gateway.events(org).await, events);
    for (invited, before) in all.into_iter().zip(rows) {
        let now = format!("{:?} {:?}", invited.row().await, invited.mails().await);
        assert_eq!(now, before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_what_is_offered_and_by_whom() {
    let (gateway, org) = acme().await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    gateway.scim(&okta).user("ada@acme.example").await;
    let ada = gateway.person(org, "ada@acme.example").await.unwrap().id;
    gateway.grant(org, ada, "admin").await;
    gateway.project(org, "apollo").await;
    let new = NewInvitation {
        email: "Grace@acme.example".to_owned(),
        role: "editor".to_owned(),
        projects: vec!["apollo".to_owned()],
        message: Some("Hi <b>Grace</b>\nsee https://evil.example".to_owned()),
        ..NewInvitation::default()
    };
    let context = gateway.as_user(ada);
    let invited = gateway.invite_with(org, context, None, new).await;
    let browser = Browser::new(&gateway);
    let page = browser
        .get(&invited.mailed().await)
        .await
        .expect(200)
        .text();
    for text in [
        "<html lang=\"en\">",
        "<title>Join acme - Usher</title>",
        "Ada Lovelace invites you to join acme",
        "Grace@acme.example",
        "<dd>Editor</dd>",
        "<dd>apollo</dd>",
        "29 November 2026, 10:00 UTC (in 7 days)",
        "&#60;b&#62;Grace&#60;/b&#62;<br>see https://evil.example",
        "value=\"accept\">Join acme</button>",
        "value=\"decline\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    for text in ["<script", "href=", "Phrase", "changed since"] {
        assert!(!page.contains(text), "{text}: {page}");
    }
    let mut row = invited.row().await;
    row.mailed_role_id = Some(gateway.role(org, "viewer").await);
    gateway.rewrite(row).await;
    let page = browser
        .get(&invited.mailed().await)
        .await
        .expect(200)
        .text();
    assert!(
        page.contains("changed since the mail, which said Viewer"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_ours_is_told_apart_by_nothing() {
    let (gateway, org) = acme().await;
    let other = gateway.organization("other").await;
    let mine = gateway.invite(org, GRACE, "editor").await.mailed().await;
    let theirs = gateway.invite(other, GRACE, "editor").await.mailed().await;
    // The head names the invitation, the tail proves it.
    let (head, _) = mine.split_at("/join/inv_".len() + 30);
    let (_, tail) = theirs.split_at("/join/inv_".len() + 30);
    let browser = Browser::new(&gateway);
    let mut texts = std::collections::BTreeSet::new();
    for path in [
        format!("{head}{tail}"),
        mine[..mine.len() - 1].to_owned(),
        format!("{mine}A"),
        format!("{mine}AAAA"),
        format!("{mine}."),
        mine.to_ascii_lowercase(),
        "/join/x".to_owned(),
        "/join/inv_".to_owned(),
        "/join/%ff".to_owned(),
        format!("/join/inv_{}", "A".repeat(8_000)),
    ] {
        let reply = browser.get(&path).await.expect(404);
        assert_eq!(reason(&reply), "unknown_invitation", "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(reply.headers.get("set-cookie"), None);
        let reference = reply.header("x-request-id").unwrap().to_owned();
        texts.insert(reply.text().replace(&reference, ""));
        let reply = browser.submit(&path, ACCEPT).await.expect(404);
        assert_eq!(reason(&reply), "unknown_invitation", "{path}");
    }
    assert_eq!(texts.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_is_sent_away_for_a_minute() {
    let (gateway, org) = acme().await;
    let good = gateway.invite(org, GRACE, "editor").await.mailed().await;
    let (head, _) = good.split_at(good.len() - 2);
    let visit = async |method: &str, path: &str, client: &str| {
        let client: SocketAddr = client.parse().unwrap();
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(ConnectInfo(client));
        gateway.send(request.body(Body::empty()).unwrap()).await
    };
    let eve = "198.51.100.7:4711";
    for number in 0..20 {
        let method = if number % 2 == 0 { "GET" } else { "POST" };
        let reply = visit(method, &format!("{head}{number:02}"), eve).await;
        assert_eq!(reply.status.as_u16(), 404, "{}", reply.text());
        gateway.clock.advance(1);
    }
    // She guesses no more; nobody else is sent away, and no good link is, wherever it is opened.
    for (path, client, status) in [
        (&*good, eve, 200),
        ("/join/x", "198.51.100.7:4712", 429),
        (&*good, "198.51.100.8:4711", 200),
        ("/join/x", "198.51.100.8:4711", 404),
    ] {
        let reply = visit("GET", path, client).await.expect(status);
        if status == 429 {
            assert_eq!(reason(&reply), "too_many_misses");
            assert_eq!(reply.header("retry-after"), Some("40"));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
    }
    gateway.clock.advance(39);
    let reply = visit("POST", "/join/x", eve).await.expect(429);
    assert_eq!(reply.header("retry-after"), Some("1"));
    visit("POST", &good, eve).await.expect(200);
    gateway.clock.advance(1);
    visit("GET", "/join/x", eve).await.expect(404);
    // A proxy that nobody named stands before everybody, and is not counted.
    for near in ["127.0.0.1:4711", "10.1.2.3:4711", "[fd00::1]:4711"] {
        for _ in 0..21 {
            visit("GET", "/join/x", near).await.expect(404);
        }
        visit("GET", &good, near).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_trusted_proxy_whoever_it_names_is_counted() {
    let mut gateway = TestGateway::start().await;
    gateway.trust_loopback();
    let visit = async |client: &str| {
        let proxy: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        let request = Request::builder().uri("/join/x");
        let request = request
            .header("x-forwarded-for", client)
            .extension(ConnectInfo(proxy));
        gateway.send(request.body(Body::empty()).unwrap()).await
    };
    for _ in 0..20 {
        visit("198.51.100.7").await.expect(404);
    }
    visit("198.51.100.7").await.expect(429);
    visit("198.51.100.8").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_good_until_the_second_before_it_expires() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = invited.mailed().await;
    let browser = Browser::new(&gateway);
    gateway.clock.advance(7 * 86_400 - 1);
    let page = browser.get(&path).await.expect(200).text();
    assert!(page.contains("(in 1 second)"), "{page}");
    gateway.clock.advance(1);
    let before = gateway.traces(org).await;
    let late = press(&browser, &path, ACCEPT).await.expect(410);
    assert!(
        late.text()
            .contains("could be accepted until 29 November 2026, 10:00 UTC")
    );
    for secret in [GRACE, "Editor"] {
        assert!(!late.text().contains(secret), "{secret}: {}", late.text());
    }
    assert_eq!(gateway.traces(org).await, before);

    // Once a day the inviter is told; whoever asks hears the same each time.
    let mut said = std::collections::BTreeSet::new();
    let mut asked = Vec::new();
    for hours in [0, 0, 23, 1, 0] {
        gateway.clock.advance(hours * 3_600);
        let reply = press(&browser, &path, &[("action", "ask")])
            .await
            .expect(200);
        said.insert(reply.text());
        let wanted = |event: &&serde_json::Value| event["type"] == "invitation.change_requested";
        asked.push(gateway.events(org).await.iter().filter(wanted).count());
    }
    assert_eq!((said.len(), asked), (1, vec![1, 1, 1, 2, 2]));
    gateway.invite(org, GRACE, "viewer").await;
    let replaced = browser.get(&path).await.expect(410).text();
    assert!(replaced.contains("A newer invitation took"), "{replaced}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_closed_says_so_and_no_more() {
    let (gateway, org) = acme().await;
    let browser = Browser::new(&gateway);
    let revoked = gateway.invite(org, GRACE, "editor").await;
    let field = csrf(&browser.get(&revoked.mailed().await).await.expect(200));
    revoked.act(Action::Revoke).await.unwrap();
    let before = gateway.traces(org).await;
    for action in ["accept", "decline", "code"] {
        let fields = [("csrf", &*field), ("action", action)];
        let reply = browser.submit(&revoked.mailed().await, &fields).await;
        assert!([303, 410].contains(&reply.status.as_u16()), "{action}");
    }
    assert_eq!(gateway.traces(org).await, before);
    assert!(
        revoked
            .mails()
            .await
            .iter()
            .all(|mail| mail.code_id.is_none())
    );

    let rotated = gateway.invite(org, GRACE, "editor").await;
    let old = rotated.mailed().await;
    gateway.clock.advance(3_600);
    rotated.act(Action::Resend { rotate: true }).await.unwrap();
    browser.get(&rotated.mailed().await).await.expect(200);
    let declined = gateway.invite(org, "no@acme.example", "editor").await;
    let no = [("action", "decline"), ("reason", "Not <now>")];
    let reply = press(&browser, &declined.mailed().await, &no)
        .await
        .expect(200);
    assert!(reply.text().contains("You declined"), "{}", reply.text());
    assert_eq!(declined.row().await.state, State::Declined);
    for (path, text) in [
        (revoked.mailed().await, "not open any more"),
        (declined.mailed().await, "not open any more"),
        (old, "A newer invitation took"),
    ] {
        let page = browser.get(&path).await.expect(410).text();
        assert!(page.contains(text), "{text}: {page}");
        for secret in ["acme", "Editor", "<form", "invites you"] {
            assert!(!page.contains(secret), "{secret}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_is_asked_to_sign_out_first() {
    let (gateway, org) = acme().await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["home.example"])
        .await;
    let idp = gateway.idp(&okta).await;
    let browser = Browser::new(&gateway);
    idp.sign_in(&browser, "eve@home.example").await.expect(303);
    let session = browser.cookie("__Host-usher").unwrap();
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = invited.mailed().await;
    let before = gateway.traces(org).await;
    let page = browser.get(&path).await.expect(200).text();
    for text in ["eve@home.example", GRACE, "My account uses another address"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("Editor"), "{page}");
    for answer in ["accept", "decline"] {
        let refused = press(&browser, &path, &[("action", answer)]).await;
        let page = refused.expect(200).text();
        assert!(page.contains("another account"), "{page}");
    }
    assert_eq!(gateway.traces(org).await, before);

    let out = press(&browser, &path, &[("action", "sign_out")])
        .await
        .expect(303);
    assert_eq!(out.header("location"), Some(&*path));
    assert_eq!(browser.cookie("__Host-usher"), None);
    browser.get(&path).await.expect(200);
    browser.plant("__Host-usher", &session);
    browser.get("/signed-in").await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_another_organization_says_nothing_of_who_is_invited() {
    let (gateway, org) = acme().await;
    let other = gateway.organization("other").await;
    let domains = ["home.example", "acme.example"];
    let okta = gateway
        .connect(other, "Okta", Profile::Okta, &domains)
        .await;
    let idp = gateway.idp(&okta).await;
    for who in ["eve@home.example", GRACE] {
        let browser = Browser::new(&gateway);
        idp.sign_in(&browser, who).await.expect(303);
        let invited = gateway.invite(org, GRACE, "editor").await;
        let path = invited.mailed().await;
        let page = browser.get(&path).await.expect(200).text();
        for text in [who, "g***@acme.example", "Join acme</button>"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(who == GRACE || !page.contains(GRACE), "{page}");
        // Nothing is in the way, so that nothing is ended.
        press(&browser, &path, &[("action", "sign_out")])
            .await
            .expect(303);
        let there = browser.get("/signed-in").await.expect(200).text();
        assert!(there.contains("other"), "{there}");
        if who == GRACE {
            press(&browser, &path, ACCEPT).await.expect(303);
            let here = browser.get("/signed-in").await.expect(200).text();
            assert!(here.contains("your invitation"), "{here}");
        } else {
            invited.act(Action::Revoke).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_organization_wants_it_the_person_signs_in() {
    let gateway = TestGateway::start().await;
    let org = gateway
        .organization_with("acme", json!({"sso_required": true}))
        .await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    gateway.idp(&okta).await;
    let before = gateway.traces(org).await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let browser = Browser::new(&gateway);
    let fields = [("csrf", "none"), ("action", "accept")];
    for path in [invited.mailed().await, invited.shared().await] {
        for page in [
            browser.get(&path).await,
            browser.submit(&path, &fields).await,
        ] {
            let page = page.expect(200).text();
            for text in ["Okta", "idp.example", &format!("/saml/{}/login", okta.id)] {
                assert!(page.contains(text), "{text}: {page}");
            }
            for answer in ["accept", "code", "decline"] {
                assert!(!page.contains(&format!("value=\"{answer}\"")), "{page}");
            }
        }
    }
    assert_eq!(invited.row().await.state, State::Pending);
    assert_eq!(gateway.traces(org).await.events, before.events + 1);
    // A paused connection opens the mailbox's way to nobody.
    let (store, context) = (&gateway.gateway.store, gateway.command());
    connection_state::pause(store, context, okta.id)
        .await
        .unwrap();
    let paused = gateway.traces(org).await;
    for path in [invited.mailed().await, invited.shared().await] {
        for page in [
            browser.get(&path).await,
            browser.submit(&path, &fields).await,
        ] {
            let page = page.expect(200).text();
            for text in ["Okta", "is paused", "an administrator of acme"] {
                assert!(page.contains(text), "{text}: {page}");
            }
            for text in ["value=\"accept\"", "value=\"code\"", "href=", "idp.example"] {
                assert!(!page.contains(text), "{text}: {page}");
            }
        }
    }
    let (store, links) = (&gateway.gateway.store, &gateway.gateway.links);
    let path = invited.mailed().await;
    let token = path.strip_prefix("/join/").unwrap();
    let came = accept(store, gateway.command(), links, token, None, vec![]).await;
    assert!(
        matches!(came, Ok(Outcome::Barred(Barrier::SignIn))),
        "{came:?}"
    );
    assert_eq!(gateway.traces(org).await, paused);
    let outside = gateway.invite(org, "guest@partner.example", "viewer").await;
    press(&browser, &outside.mailed().await, ACCEPT)
        .await
        .expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_answers_for_any_more_waits_for_an_admin() {
    let (gateway, org) = acme().await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    gateway.scim(&okta).user("ada@acme.example").await;
    let ada = gateway.person(org, "ada@acme.example").await.unwrap().id;
    gateway.grant(org, ada, "admin").await;
    let new = |email: &str, projects: &[&str]| NewInvitation {
        email: email.to_owned(),
        role: "editor".to_owned(),
        projects: projects.iter().map(|it| (*it).to_owned()).collect(),
        ..NewInvitation::default()
    };
    let by_ada = gateway.as_user(ada);
    let demoted = gateway
        .invite_with(org, by_ada, None, new(GRACE, &[]))
        .await;
    let project = gateway.project(org, "apollo").await;
    let operator = Some(Inviter::operator());
    let scoped = new("scoped@acme.example", &["apollo"]);
    let scoped = gateway
        .invite_with(org, gateway.command(), operator, scoped)
        .await;
    gateway.demote(org, ada).await;
    gateway.archive(org, project).await;
    for (invited, why) in [(demoted, "inviter_below_role"), (scoped, "no_project_left")] {
        let browser = Browser::new(&gateway);
        let path = invited.mailed().await;
        let users = gateway.traces(org).await.users;
        let page = press(&browser, &path, ACCEPT).await.expect(200).text();
        assert!(page.contains("has to wait"), "{page}");
        assert_eq!(browser.cookie("__Host-usher"), None);
        assert_eq!(gateway.traces(org).await.users, users);
        assert_eq!(invited.row().await.state, State::NeedsAttention);
        let events = gateway.events(org).await;
        let last = events.last().unwrap();
        assert_eq!(last["type"], "invitation.needs_attention");
        assert_eq!(last["data"]["reason"], why);
        assert!(
            browser
                .get(&path)
                .await
                .expect(200)
                .text()
                .contains("has to wait")
        );
        let role = Some("viewer".to_owned());
        let projects = Some(Vec::new());
        invited.act(Action::Set { role, projects }).await.unwrap();
        press(&browser, &path, ACCEPT).await.expect(303);
    }
}
