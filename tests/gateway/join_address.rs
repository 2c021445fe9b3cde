//! "My account uses another address": shown by a session or a mailed code, decided by an admin,
//! and never done by itself.

use axum::body::Body;
use axum::http::Request;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::directory::delivery::{Delivery, MailKind};
use usher::directory::invitation::State;
use usher::directory::invitation::change::Decision;
use usher::id::OrganizationId;
use usher::provisioning::invitations::actions::Action;
use usher::provisioning::invitations::change_decision::decide;
use usher::provisioning::invitations::{Inviter, NewInvitation};
use usher::provisioning::{Error, sweep};
use usher::store::rows::OutboxRow;

use crate::credentials::live;
use crate::harness::{Browser, Connected, Invited, Reply, TestGateway, csrf, press, reason};

const GRACE: &str = "grace@acme.example";
const EVE: &str = "eve@home.example";
const CHANGE: &[(&str, &str)] = &[("action", "change")];

/// An organization whose people sign in from `home.example`, and a key that may do everything.
struct Acme {
    gateway: TestGateway,
    org: OrganizationId,
    okta: Connected,
    key: String,
}

impl Acme {
    async fn new(policy: Value) -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization_with("acme", policy).await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["home.example"])
            .await;
        let key = gateway.key(live(None, "*")).await;
        gateway.idp(&okta).await;
        Self {
            gateway,
            org,
            okta,
            key,
        }
    }

    /// A browser in which a member is signed in.
    async fn member(&self, email: &str) -> Browser<'_> {
        let (browser, idp) = (Browser::new(&self.gateway), self.gateway.idp(&self.okta));
        idp.await.sign_in(&browser, email).await.expect(303);
        browser
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/organizations/acme/invitations{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.gateway.send(request.body(body).unwrap()).await
    }

    /// The wish that waits, as admins see it: alone and in the list.
    async fn wish(&self, invited: &Invited<'_>) -> Value {
        let shown = self.send("GET", &format!("/{}", invited.id), None).await;
        let shown = shown.expect(200).json()["address_change"].clone();
        let list = self.send("GET", "", None).await.expect(200).json();
        let id = json!(invited.id);
        let listed = list["data"].as_array().unwrap().iter();
        for listed in listed.filter(|it| it["id"] == id) {
            assert_eq!(listed["address_change"], shown);
        }
        shown
    }

    async fn decide(&self, invited: &Invited<'_>, decision: &str) -> Reply {
        let path = format!("/{}/address-change", invited.id);
        let body = Some(json!({"decision": decision}));
        self.send("POST", &path, body).await
    }

    async fn told(&self, kind: &str) -> Vec<Value> {
        let events = self.gateway.events(self.org).await.into_iter();
        let told = events.filter(|event| event["type"] == kind);
        told.map(|event| event["data"].clone()).collect()
    }
}

#[track_caller]
fn refused(reply: &Reply, status: u16, slug: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    let kind = reply.json()["type"].as_str().unwrap().to_owned();
    assert_eq!(kind.rsplit('/').next(), Some(slug), "{}", reply.text());
}

/// Has a code mailed to another address, and says it.
async fn prove(invited: &Invited<'_>, browser: &Browser<'_>, path: &str, email: &str) -> Reply {
    let fields = [("action", "other"), ("email", email)];
    press(browser, path, &fields).await.expect(303);
    let code = invited.digits().await;
    press(browser, path, &[("action", "change"), ("code", &code)]).await
}

fn wrong(digits: &str) -> String {
    let number: u32 = digits.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_asks_and_is_offered_what_the_invitation_was_for() {
    let acme = Acme::new(json!({})).await;
    let gateway = &acme.gateway;
    acme.member("ada@home.example").await;
    let ada = gateway.person(acme.org, "ada@home.example").await.unwrap();
    gateway.grant(acme.org, ada.id, "admin").await;
    let new = NewInvitation {
        email: GRACE.to_owned(),
        role: "editor".to_owned(),
        ..NewInvitation::default()
    };
    let invited = gateway.invite_with(acme.org, gateway.as_user(ada.id), None, new);
    let invited = invited.await;
    let eve = acme.member(EVE).await;
    let path = invited.mailed().await;
    let before = gateway.traces(acme.org).await;
    let row = invited.row().await;
    // Whatever opens links before people do changes nothing.
    for query in ["", "?other", "?code", "?change", "?action=change"] {
        let page = eve.get(&format!("{path}{query}")).await.expect(200).text();
        assert!(page.contains("Ask to be invited as eve@home.example"));
        let head = Request::head(format!("{path}{query}"));
        let head = gateway.send(head.body(Body::empty()).unwrap()).await;
        assert!(head.expect(200).text().is_empty());
    }
    assert_eq!(acme.wish(&invited).await, Value::Null);
    assert_eq!(gateway.traces(acme.org).await, before);
    // Neither does a form of somebody else's page.
    eve.post(&path, CHANGE).await.expect(200);
    assert_eq!(acme.wish(&invited).await, Value::Null);

    let reply = press(&eve, &path, CHANGE).await.expect(200);
    assert!(reply.text().contains("passed on"), "{}", reply.text());
    let wish = acme.wish(&invited).await;
    assert_eq!(wish["email"], EVE);
    assert_eq!(wish["proof"], "session");
    assert_eq!(wish["link"], "mail");
    let told = acme.told("invitation.change_requested").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["other_email"], EVE);
    let mails = invited.mails().await;
    let notice = mails.iter().find(|mail| mail.kind == MailKind::Notice);
    assert_eq!(notice.unwrap().recipient, "ada@home.example");
    // One at a time; and nothing else changed.
    let again = press(&eve, &path, CHANGE).await.expect(409);
    assert_eq!(reason(&again), "address_change_waits");
    let page = eve.get(&path).await.expect(200).text();
    assert!(page.contains("an administrator has to decide"), "{page}");
    assert_eq!(invited.row().await.version, row.version);

    let reply = acme.decide(&invited, "maybe").await;
    assert_eq!(reply.status.as_u16(), 400, "{}", reply.text());
    let reply = acme.decide(&invited, "reject").await.expect(200).json();
    assert_eq!(reply["address_change"], Value::Null);
    assert_eq!(reply["state"], "pending");
    let told = acme.told("invitation.updated").await;
    assert_eq!(told[0]["reason"], "address_change_rejected");
    for decision in ["approve", "reject"] {
        refused(
            &acme.decide(&invited, decision).await,
            409,
            "no_address_change",
        );
    }

    press(&eve, &path, CHANGE).await.expect(200);
    let person = gateway.person(acme.org, EVE).await.unwrap();
    let reply = acme.decide(&invited, "approve").await.expect(200).json();
    assert_eq!(reply["state"], "superseded");
    let offer = json!({"user_id": person.id, "role": "editor", "projects": []});
    assert_eq!(reply["offer"], offer);
    let after = gateway.person(acme.org, EVE).await.unwrap();
    assert_eq!(after.role_id, person.role_id);
    assert!(gateway.person(acme.org, GRACE).await.is_none());
    assert_eq!(acme.told("invitation.superseded").await.len(), 1);
    let page = eve.get(&path).await.expect(410).text();
    assert!(page.contains("not needed any more"), "{page}");
    refused(
        &acme.decide(&invited, "approve").await,
        409,
        "invitation_closed",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_mailbox_is_shown_by_its_code_and_invited_instead() {
    let acme = Acme::new(json!({})).await;
    let gateway = &acme.gateway;
    let invited = gateway.invite(acme.org, GRACE, "editor").await;
    let (path, shared) = (invited.mailed().await, invited.shared().await);
    let (before, row) = (gateway.traces(acme.org).await, invited.row().await);
    let browser = Browser::new(gateway);
    // Nothing is mailed to what is no other address; the answer is the same.
    for email in ["", "x", "GRACE@acme.example", "a@b@c"] {
        let fields = [("action", "other"), ("email", email)];
        let reply = press(&browser, &path, &fields).await.expect(303);
        assert_eq!(reply.header("location"), Some("?other"));
    }
    assert!(invited.codes().await.is_empty());
    // Nobody is signed in, and nothing was said.
    press(&browser, &path, CHANGE).await.expect(200);
    let fields = [("action", "other"), ("email", EVE)];
    press(&browser, &path, &fields).await.expect(303);
    let mails = invited.mails().await;
    let mail = mails.iter().find(|mail| mail.kind == MailKind::Code);
    assert_eq!(mail.unwrap().recipient, EVE);
    let page = browser.get(&format!("{path}?other")).await.expect(200);
    assert!(page.text().contains("<label for=\"other\">") && !page.text().contains(EVE));
    let code = invited.digits().await;
    let say = |action, code| [("action", action), ("code", code)];
    let miss = wrong(&code);
    press(&browser, &path, &say("change", &miss))
        .await
        .expect(403);
    assert_eq!(invited.codes().await[0].tries, 1);
    // It says nothing of the invited mailbox.
    press(&browser, &shared, &say("accept", &code))
        .await
        .expect(403);
    assert_eq!(gateway.traces(acme.org).await, before);
    assert_eq!(acme.wish(&invited).await, Value::Null);
    press(&browser, &path, &say("change", &code))
        .await
        .expect(200);
    assert_eq!(acme.wish(&invited).await["proof"], "code");
    press(&browser, &path, &say("change", &code))
        .await
        .expect(403);

    let reply = acme.decide(&invited, "approve").await.expect(200).json();
    assert_eq!(reply["email"], EVE);
    assert_eq!(reply.get("offer"), None);
    let after = invited.row().await;
    assert_eq!(after.version, row.version + 1);
    assert_eq!(after.expires_at, row.expires_at);
    let told = acme.told("invitation.updated").await;
    let change = json!([{"attribute": "email", "old": GRACE, "new": EVE}]);
    assert_eq!(told[0]["changes"], change);
    for mail in invited.mails().await {
        let queued = mail.kind == MailKind::Invitation && mail.recipient == EVE;
        assert_eq!(mail.state == Delivery::Queued, queued, "{mail:?}");
    }
    for old in [path, shared] {
        let page = browser.get(&old).await.expect(410).text();
        assert!(page.contains("A newer invitation"), "{page}");
    }
    // The link to share is not out, before somebody is handed it.
    browser.get(&invited.shared().await).await.expect(410);
    let path = invited.mailed().await;
    press(&browser, &path, &[("action", "accept")])
        .await
        .expect(303);
    assert!(gateway.person(acme.org, EVE).await.is_some());
    assert!(gateway.person(acme.org, GRACE).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_address_is_forgotten_with_the_invited_one() {
    let acme = Acme::new(json!({})).await;
    let gateway = &acme.gateway;
    acme.member("ada@home.example").await;
    let ada = gateway.person(acme.org, "ada@home.example").await.unwrap();
    gateway.grant(acme.org, ada.id, "admin").await;
    let new = NewInvitation {
        email: GRACE.to_owned(),
        role: "editor".to_owned(),
        ..NewInvitation::default()
    };
    let invited = gateway.invite_with(acme.org, gateway.as_user(ada.id), None, new);
    let invited = invited.await;
    let (path, browser) = (invited.mailed().await, Browser::new(gateway));
    prove(&invited, &browser, &path, EVE).await.expect(200);
    invited.act(Action::Revoke).await.unwrap();
    let named = |mails: &[OutboxRow]| mails.iter().any(|mail| mail.detail.0.contains(EVE));
    assert!(named(&invited.mails().await));
    gateway.clock.advance(180 * 86_400 + 1);
    let (store, ids) = (&gateway.gateway.store, &gateway.gateway.ids);
    assert_eq!(sweep::forget_invited(store, ids).await.unwrap(), 1);
    assert!(!named(&invited.mails().await));
    let codes = invited.codes().await;
    assert!(
        codes
            .iter()
            .all(|code| code.email.is_empty() && code.email_norm.is_empty())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_has_its_bounds() {
    let acme = Acme::new(json!({})).await;
    let gateway = &acme.gateway;
    let invited = gateway.invite(acme.org, GRACE, "editor").await;
    let (path, browser) = (invited.shared().await, Browser::new(gateway));
    for number in 0..5 {
        let email = format!("x{number}@home.example");
        let fields = [("action", "other"), ("email", &*email)];
        press(&browser, &path, &fields).await.expect(303);
    }
    assert_eq!(invited.codes().await.len(), 3, "in an hour, with one link");
    // The invited address has its own.
    press(&browser, &path, &[("action", "code")])
        .await
        .expect(303);
    assert_eq!(invited.codes().await.len(), 4);
    let others = ["hal@acme.example", "ida@acme.example"];
    for email in others {
        let other = gateway.invite(acme.org, email, "editor").await;
        let path = other.mailed().await;
        for _ in 0..2 {
            let fields = [("action", "other"), ("email", EVE)];
            press(&browser, &path, &fields).await.expect(303);
        }
        let expected = if email == others[0] { 2 } else { 1 };
        assert_eq!(other.codes().await.len(), expected, "three to one address");
    }
    gateway.clock.advance(3_600);
    let fields = [("action", "other"), ("email", EVE)];
    press(&browser, &path, &fields).await.expect(303);
    let code = invited.digits().await;
    let say = |code| [("action", "change"), ("code", code)];
    let miss = wrong(&code);
    for _ in 0..5 {
        press(&browser, &path, &say(&miss)).await.expect(403);
    }
    press(&browser, &path, &say(&code)).await.expect(403);
    let fields = [("action", "other"), ("email", EVE)];
    press(&browser, &path, &fields).await.expect(303);
    let late = invited.digits().await;
    gateway.clock.advance(601);
    press(&browser, &path, &say(&late)).await.expect(403);

    let eve = acme.member(EVE).await;
    for _ in 0..3 {
        press(&eve, &path, CHANGE).await.expect(200);
        assert_eq!(acme.wish(&invited).await["link"], "shared");
        acme.decide(&invited, "reject").await.expect(200);
        gateway.clock.advance(60);
    }
    let often = press(&eve, &path, CHANGE).await.expect(429);
    assert_eq!(reason(&often), "too_many_address_changes");
    assert_eq!(often.header("retry-after"), Some("86220"));
    gateway.clock.advance(86_220);
    let eve = acme.member(EVE).await;
    let path = invited.mailed().await;
    press(&eve, &path, CHANGE).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_address_is_judged_like_a_new_one() {
    let policy = json!({"invite_domains": ["acme.example", "home.example"]});
    let acme = Acme::new(policy).await;
    let gateway = &acme.gateway;
    let browser = Browser::new(gateway);
    acme.member("sue@home.example").await;
    let sue = gateway.person(acme.org, "sue@home.example").await.unwrap();
    gateway
        .alter_person(acme.org, sue.id, |user| {
            user.suspended_by_admin_at = Some(user.created_at);
        })
        .await;
    gateway.invite(acme.org, "ida@acme.example", "viewer").await;
    for (number, (email, status, slug)) in [
        ("eve@evil.example", 422, "domain_not_allowed"),
        ("sue@home.example", 409, "member_suspended"),
        ("ida@acme.example", 409, "invitation_exists"),
    ]
    .into_iter()
    .enumerate()
    {
        let who = format!("p{number}@acme.example");
        let invited = gateway.invite(acme.org, &who, "editor").await;
        let path = invited.mailed().await;
        prove(&invited, &browser, &path, email).await.expect(200);
        refused(&acme.decide(&invited, "approve").await, status, slug);
        assert_eq!(acme.wish(&invited).await["email"], email, "it still waits");
        assert_eq!(invited.row().await.email, who);
        acme.decide(&invited, "reject").await.expect(200);
    }
    // Nobody decides who could not invite to the role.
    let invited = gateway.invite(acme.org, GRACE, "admin").await;
    let path = invited.mailed().await;
    prove(&invited, &browser, &path, EVE).await.expect(200);
    let editor = Inviter {
        rank: 50,
        ..Inviter::organization()
    };
    acme.member("bob@home.example").await;
    let bob = gateway.person(acme.org, "bob@home.example").await.unwrap();
    for decision in [Decision::Approve, Decision::Reject] {
        let store = &gateway.gateway.store;
        let (org, id) = (acme.org, invited.id);
        let command = gateway.command();
        let below = decide(store, org, command, Some(editor.clone()), id, decision).await;
        let below = below.unwrap_err();
        assert!(
            matches!(&below, Error::Invitation(it) if it.slug() == "role_above_inviter"),
            "{below:?}"
        );
        let viewer = decide(store, org, gateway.as_user(bob.id), None, id, decision).await;
        assert!(matches!(viewer, Err(Error::Forbidden(_))), "{viewer:?}");
    }
    // What has expired is nobody's to move, but it may be told no; and nobody asks.
    gateway.clock.advance(7 * 86_400);
    refused(
        &acme.decide(&invited, "approve").await,
        409,
        "invitation_expired",
    );
    acme.decide(&invited, "reject").await.expect(200);
    let member = acme.member("may@home.example").await;
    press(&member, &path, CHANGE).await.expect(410);
    assert_eq!(acme.wish(&invited).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_organization_and_no_invitation_speaks_for_another() {
    let acme = Acme::new(json!({})).await;
    let gateway = &acme.gateway;
    let other = gateway.organization("other").await;
    let there = gateway
        .connect(other, "Okta", Profile::Okta, &["home.example"])
        .await;
    let stranger = Browser::new(gateway);
    let idp = gateway.idp(&there).await;
    idp.sign_in(&stranger, EVE).await.expect(303);
    let invited = gateway.invite(acme.org, GRACE, "editor").await;
    let path = invited.mailed().await;
    let page = stranger.get(&path).await.expect(200).text();
    assert!(!page.contains("value=\"change\""), "{page}");
    press(&stranger, &path, CHANGE).await.expect(200);
    assert_eq!(acme.wish(&invited).await, Value::Null);
    // A code is good for the invitation that it was asked with.
    let second = gateway.invite(acme.org, "hal@acme.example", "editor").await;
    let elsewhere = gateway.invite(other, GRACE, "editor").await;
    let fields = [("action", "other"), ("email", EVE)];
    press(&stranger, &path, &fields).await.expect(303);
    let code = invited.digits().await;
    for foreign in [&second, &elsewhere] {
        let path = foreign.mailed().await;
        let mine = Browser::new(gateway);
        let fields = [("action", "change"), ("code", &*code)];
        press(&mine, &path, &fields).await.expect(403);
    }
    let fields = [("action", "change"), ("code", &*code)];
    press(&stranger, &path, &fields).await.expect(200);
    // Nobody of another organization sees it, or decides.
    let key = gateway.key(live(Some(other), "*")).await;
    for slug in ["acme", "other"] {
        let uri = format!(
            "/api/v1/organizations/{slug}/invitations/{}/address-change",
            invited.id
        );
        let request = Request::post(uri)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Body::from(r#"{"decision":"approve"}"#));
        let reply = gateway.send(request.unwrap()).await;
        refused(&reply, 404, "not_found");
    }
    assert_eq!(acme.wish(&invited).await["email"], EVE);
    assert_eq!(invited.row().await.email, GRACE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_asks_and_one_decides() {
    let acme = Acme::new(json!({})).await;
    let gateway = &acme.gateway;
    let eve = acme.member(EVE).await;
    let invited = gateway.invite(acme.org, GRACE, "editor").await;
    let path = invited.mailed().await;
    let field = csrf(&eve.get(&path).await);
    let fields = [("csrf", &*field), ("action", "change")];
    let replies = join_all((0..4).map(|_| eve.submit(&path, &fields))).await;
    let mut statuses: Vec<_> = replies.iter().map(|it| it.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(acme.told("invitation.change_requested").await.len(), 1);
    let replies = join_all((0..4).map(|_| acme.decide(&invited, "approve"))).await;
    let done = replies.iter().filter(|it| it.status.is_success()).count();
    assert_eq!(done, 1);
    assert_eq!(acme.told("invitation.superseded").await.len(), 1);

    for number in 0..4 {
        let who = format!("p{number}@acme.example");
        let there = format!("q{number}@home.example");
        let invited = gateway.invite(acme.org, &who, "editor").await;
        let (path, browser) = (invited.mailed().await, Browser::new(gateway));
        prove(&invited, &browser, &path, &there).await.expect(200);
        let twice = join(
            acme.decide(&invited, "approve"),
            acme.decide(&invited, "approve"),
        );
        let (revoked, (one, two)) = join(invited.act(Action::Revoke), twice).await;
        revoked.unwrap();
        let done = [&one, &two].iter().filter(|it| it.status == 200).count();
        let row = invited.row().await;
        assert_eq!(row.state, State::Revoked);
        assert!(done <= 1, "{} {}", one.text(), two.text());
        assert_eq!(row.email, if done == 1 { &*there } else { &*who });
        assert_eq!(acme.wish(&invited).await, Value::Null);
        // Whichever came first, nothing is left to be mailed.
        let queued = invited.mails().await.into_iter();
        assert!(queued.into_iter().all(|it| it.state != Delivery::Queued));
        Browser::new(gateway).get(&path).await.expect(410);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_must_sign_in_may_have_another_address_too() {
    let acme = Acme::new(json!({"sso_required": true})).await;
    let invited = acme.gateway.invite(acme.org, "hal@home.example", "editor");
    let (invited, browser) = (invited.await, Browser::new(&acme.gateway));
    let path = invited.mailed().await;
    let page = browser.get(&path).await.expect(200).text();
    assert!(
        page.contains("/login") && page.contains("Mail a code there"),
        "{page}"
    );
    let fields = [("action", "other"), ("email", GRACE)];
    press(&browser, &path, &fields).await.expect(303);
    let page = browser.get(&format!("{path}?other")).await.expect(200);
    assert!(page.text().contains("<label for=\"other\">"));
    let code = invited.digits().await;
    let say = |code| [("action", "change"), ("code", code)];
    let miss = wrong(&code);
    let page = press(&browser, &path, &say(&miss)).await.expect(403);
    assert!(page.text().contains("That was not the code"));
    press(&browser, &path, &say(&code)).await.expect(200);
    assert_eq!(acme.wish(&invited).await["email"], GRACE);
    let page = browser.get(&path).await.expect(200).text();
    assert!(page.contains("an administrator has to decide"), "{page}");
    acme.decide(&invited, "approve").await.expect(200);
    assert_eq!(invited.row().await.email, GRACE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_the_invited_domain_passes_where_the_policy_lets_it() {
    let acme = Acme::new(json!({"same_domain_accept": true})).await;
    let gateway = &acme.gateway;
    let invited = gateway.invite(acme.org, "hal@home.example", "editor").await;
    let (path, browser) = (invited.mailed().await, Browser::new(gateway));
    let row = invited.row().await;
    let page = prove(&invited, &browser, &path, EVE).await.expect(200);
    assert!(
        page.text().contains("moved to your other address"),
        "{}",
        page.text()
    );
    assert_eq!(acme.wish(&invited).await, Value::Null);
    assert_eq!(acme.told("invitation.change_requested").await.len(), 1);
    let after = invited.row().await;
    assert_eq!((&*after.email, after.version), (EVE, row.version + 1));
    assert_eq!(after.inviter_id, row.inviter_id);
    browser.get(&path).await.expect(410);
    let path = invited.mailed().await;
    press(&browser, &path, &[("action", "accept")])
        .await
        .expect(303);
    assert!(gateway.person(acme.org, EVE).await.is_some());
    assert!(gateway.person(acme.org, "hal@home.example").await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_other_address_waits_for_an_admin() {
    // Off by default; another domain; a domain that nobody is trusted with, such as a provider's;
    // an address that has an invitation; a member's.
    let on = json!({"same_domain_accept": true});
    for (policy, from, to) in [
        (json!({}), "hal@home.example", "ida@home.example"),
        (on.clone(), "hal@home.example", GRACE),
        (on.clone(), "hal@mail.example", "ida@mail.example"),
        (on.clone(), "hal@home.example", "invited@home.example"),
        (on, "hal@home.example", EVE),
    ] {
        let acme = Acme::new(policy).await;
        acme.gateway
            .invite(acme.org, "invited@home.example", "viewer")
            .await;
        acme.member(EVE).await;
        let invited = acme.gateway.invite(acme.org, from, "editor").await;
        let (path, browser) = (invited.mailed().await, Browser::new(&acme.gateway));
        let page = prove(&invited, &browser, &path, to).await.expect(200);
        assert!(
            page.text().contains("an administrator decides"),
            "{from} {to}"
        );
        assert_eq!(acme.wish(&invited).await["email"], to);
        assert_eq!(invited.row().await.email, from);
    }
}
