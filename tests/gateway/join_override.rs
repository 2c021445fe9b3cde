//! The owner's exception: somebody whom a directory turned away comes all the same, and no
//! directory manages them from then on.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::directory::invitation::State;
use usher::id::{InvitationId, OrganizationId, UserId};
use usher::provisioning::Error;
use usher::provisioning::invitations::actions::{Action, act};
use usher::provisioning::invitations::share::{Way, share};
use usher::provisioning::invitations::{Inviter, NewInvitation, Obstacle, create};

use crate::credentials::live;
use crate::harness::{Browser, Connected, Invited, Reply, TestGateway, press, user};

const GRACE: &str = "grace@acme.example";
const ACCEPT: &[(&str, &str)] = &[("action", "accept")];

async fn ask(gateway: &TestGateway, key: &str, uri: &str, body: Option<Value>) -> Reply {
    let method = if body.is_some() { "POST" } else { "GET" };
    send(gateway, key, (method, uri), body).await
}

async fn send(
    gateway: &TestGateway,
    key: &str,
    (method, uri): (&str, &str),
    body: Option<Value>,
) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1/organizations/{uri}"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    gateway.send(request.body(body).unwrap()).await
}

fn problem(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    let kind = reply.json()["type"].as_str().unwrap().to_owned();
    kind.rsplit('/').next().unwrap().to_owned()
}

fn grace(reason: Option<&str>) -> Value {
    json!({"email": GRACE, "role": "editor", "reason": reason})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_lets_somebody_in_whom_the_directory_turned_away() {
    let gateway = TestGateway::start().await;
    let policy = json!({"allow_directory_override": true, "sso_required": true});
    let org = gateway.organization_with("acme", policy).await;
    gateway.organization("strict").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    gateway.idp(&okta).await;
    let scim = gateway.scim(&okta);
    let resource = format!("/Users/{}", scim.user(GRACE).await);
    let person = gateway.person(org, GRACE).await.unwrap().id;
    gateway.grant(org, person, "admin").await;
    let turn = |active: bool| json!([{"op": "replace", "path": "active", "value": active}]);
    scim.patch(&resource, turn(false)).await.expect(200);

    let operator = gateway.key(live(None, "*")).await;
    let own = gateway.key(live(Some(org), "*")).await;
    let why = Some(grace(Some("She finishes the audit")));
    for (key, uri, body, status, slug) in [
        (
            &operator,
            "acme/invitations",
            why.clone(),
            409,
            "deprovisioned_by_directory",
        ),
        (
            &operator,
            "acme/invitations?override=directory",
            Some(grace(None)),
            422,
            "override_unexplained",
        ),
        (
            &operator,
            "acme/invitations?override=directory",
            Some(grace(Some(" "))),
            422,
            "override_unexplained",
        ),
        (
            &operator,
            "acme/invitations?override=admin",
            why.clone(),
            400,
            "invalid_parameter",
        ),
        (
            &operator,
            "strict/invitations?override=directory",
            why.clone(),
            403,
            "override_not_allowed",
        ),
        (
            &own,
            "acme/invitations?override=directory",
            why.clone(),
            403,
            "insufficient_scope",
        ),
    ] {
        let reply = ask(&gateway, key, uri, body).await;
        assert_eq!(problem(&reply, status), slug, "{uri}");
    }
    // An admin is no owner.
    scim.user("ada@acme.example").await;
    let ada = gateway.person(org, "ada@acme.example").await.unwrap().id;
    gateway.grant(org, ada, "admin").await;
    let new = NewInvitation {
        email: GRACE.to_owned(),
        role: "editor".to_owned(),
        overrides: true,
        reason: Some("please".to_owned()),
        ..NewInvitation::default()
    };
    let store = &gateway.gateway.store;
    let made = create(store, org, gateway.as_user(ada), None, new).await;
    assert!(matches!(made, Err(Error::Forbidden(_))), "{made:?}");

    let uri = "acme/invitations?override=directory";
    let made = ask(&gateway, &operator, uri, why.clone()).await.expect(201);
    assert_eq!(made.json()["override_reason"], "She finishes the audit");
    let again = ask(&gateway, &operator, uri, why).await;
    assert_eq!(problem(&again, 409), "invitation_exists");
    // The directory says what it said before: the exception stays.
    scim.patch(&resource, turn(false)).await.expect(200);
    let id: InvitationId = made.json()["id"].as_str().unwrap().parse().unwrap();
    let invited = Invited::at(&gateway, org, id);
    assert_eq!(invited.row().await.state, State::Pending);

    // The provider would not sign her in: the mailbox does.
    let browser = Browser::new(&gateway);
    press(&browser, &invited.mailed().await, ACCEPT)
        .await
        .expect(303);
    let here = browser.get("/signed-in").await.expect(200).text();
    assert!(here.contains("editor"), "{here}");
    let shown = async || {
        let uri = format!("acme/users/{person}");
        let user = ask(&gateway, &operator, &uri, None)
            .await
            .expect(200)
            .json();
        let parts = ["state", "override", "managed_by", "role", "scim"];
        json!(parts.map(|part| user[part].clone()))
    };
    let apart = json!(["active", true, null, "editor", []]);
    assert_eq!(shown().await, apart);
    // What the directory says of its resource is kept, and means nobody.
    for active in [false, true, false] {
        scim.patch(&resource, turn(active)).await.expect(200);
        let kept = scim.get(&resource).await.expect(200).json();
        assert_eq!(kept["active"], active);
        assert_eq!(shown().await, apart);
    }
    browser.get("/signed-in").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_deleted_by_the_directory_comes_as_somebody_new() {
    let gateway = TestGateway::start().await;
    let policy = json!({"allow_directory_override": true});
    let org = gateway.organization_with("acme", policy).await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let scim = gateway.scim(&okta);
    let resource = format!("/Users/{}", scim.user(GRACE).await);
    let before = gateway.person(org, GRACE).await.unwrap().id;
    scim.delete(&resource).await.expect(204);
    let key = gateway.key(live(None, "*")).await;
    let uri = "acme/invitations?override=directory";
    let made = ask(&gateway, &key, uri, Some(grace(Some("Back for a month")))).await;
    let id: InvitationId = made.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let browser = Browser::new(&gateway);
    let path = Invited::at(&gateway, org, id).mailed().await;
    press(&browser, &path, ACCEPT).await.expect(303);
    let user = gateway.person(org, GRACE).await.unwrap();
    assert_ne!(user.id, before);
    assert!(user.override_at.is_some() && user.managed_by.is_none());
    // Once the directory names her itself, she is its own again.
    scim.user(GRACE).await;
    let user = gateway.person(org, GRACE).await.unwrap();
    assert!(user.override_at.is_none() && user.managed_by == Some(okta.id));
}

/// An organization that lets its owner override the directory, which turned Grace away; and the
/// path of her resource.
async fn acme(gateway: &TestGateway) -> (OrganizationId, Connected, String) {
    let policy = json!({"allow_directory_override": true});
    let org = gateway.organization_with("acme", policy).await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let scim = gateway.scim(&okta);
    let resource = format!("/Users/{}", scim.user(GRACE).await);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&resource, off).await.expect(200);
    (org, okta, resource)
}

/// Somebody else of the organization, who is an admin.
async fn ada(gateway: &TestGateway, org: OrganizationId, okta: &Connected) -> UserId {
    gateway.scim(okta).user("ada@acme.example").await;
    let ada = gateway.person(org, "ada@acme.example").await.unwrap().id;
    gateway.grant(org, ada, "admin").await;
    ada
}

fn overriding() -> NewInvitation {
    NewInvitation {
        email: GRACE.to_owned(),
        role: "editor".to_owned(),
        overrides: true,
        reason: Some("She finishes the audit".to_owned()),
        ..NewInvitation::default()
    }
}

async fn allow(gateway: &TestGateway, key: &str, allowed: bool) {
    let policy = json!({"allow_directory_override": allowed});
    send(gateway, key, ("PUT", "acme/policy"), Some(policy))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_override_does_not_renew_it_either() {
    let gateway = TestGateway::start().await;
    let (org, okta, _) = acme(&gateway).await;
    let ada = ada(&gateway, org, &okta).await;
    let operator = gateway.key(live(None, "*")).await;
    let own = gateway.key(live(Some(org), "*")).await;
    let by = Some(Inviter::operator());
    let invited = gateway
        .invite_with(org, gateway.command(), by, overriding())
        .await;
    gateway.clock.advance(3_600);
    let before = format!("{:?}", invited.row().await);
    let path = |tail: &str| format!("acme/invitations/{}{tail}", invited.id);
    let renewals = [
        ("PATCH", "", json!({"role": "admin"})),
        ("POST", "/resend", json!({})),
        ("POST", "/resend", json!({"rotate": true})),
        ("POST", "/extend", json!({"days": 30})),
        ("POST", "/share", json!({})),
    ];
    for (method, tail, body) in renewals.clone() {
        let reply = send(&gateway, &own, (method, &path(tail)), Some(body)).await;
        assert_eq!(problem(&reply, 403), "insufficient_scope", "{tail}");
    }
    // Nor does an admin, nor the operator where the organization does not allow it any more.
    let (store, links) = (&gateway.gateway.store, &gateway.gateway.links);
    let (days, notify) = (7, true);
    for action in [
        Action::Extend { days, notify },
        Action::Resend { rotate: true },
        Action::Set {
            role: Some("viewer".to_owned()),
            projects: None,
        },
    ] {
        let by = gateway.as_user(ada);
        let done = act(store, org, by, None, invited.id, action).await;
        assert!(matches!(done, Err(Error::Forbidden(_))), "{done:?}");
    }
    let way = Way::default();
    let made = share(store, gateway.as_user(ada), links, org, invited.id, way).await;
    assert!(matches!(made, Err(Error::Forbidden(_))), "{made:?}");
    allow(&gateway, &operator, false).await;
    for (method, tail, body) in renewals.clone() {
        let reply = send(&gateway, &operator, (method, &path(tail)), Some(body)).await;
        assert_eq!(problem(&reply, 403), "override_not_allowed", "{tail}");
    }
    assert_eq!(format!("{:?}", invited.row().await), before);

    allow(&gateway, &operator, true).await;
    for (method, tail, body) in renewals {
        let reply = send(&gateway, &operator, (method, &path(tail)), Some(body)).await;
        reply.expect(200);
        gateway.clock.advance(3_600);
    }
    // Taking it back is for everybody who invites.
    send(&gateway, &own, ("POST", &path("/revoke")), None)
        .await
        .expect(200);
    assert_eq!(invited.row().await.state, State::Revoked);
}

/// Grace accepts what nobody may override the directory for any more, and has to wait.
async fn waits(gateway: &TestGateway, invited: &Invited<'_>) {
    let browser = Browser::new(gateway);
    let path = invited.mailed().await;
    let page = press(&browser, &path, ACCEPT).await.expect(200).text();
    assert!(page.contains("has to wait"), "{page}");
    assert_eq!(browser.cookie("__Host-usher"), None);
    assert_eq!(invited.row().await.state, State::NeedsAttention);
    let events = gateway.events(invited.org).await;
    let last = events.last().unwrap();
    assert_eq!(last["type"], "invitation.needs_attention");
    assert_eq!(last["data"]["reason"], "override_not_allowed");
    let person = gateway.person(invited.org, GRACE).await.unwrap();
    assert!(!person.is_active() && person.override_at.is_none());
}

/// Grace accepts it once the operator confirmed it.
async fn is_confirmed(gateway: &TestGateway, invited: &Invited<'_>) {
    let (role, projects) = (None, None);
    invited.act(Action::Set { role, projects }).await.unwrap();
    let browser = Browser::new(gateway);
    press(&browser, &invited.mailed().await, ACCEPT)
        .await
        .expect(303);
    let person = gateway.person(invited.org, GRACE).await.unwrap();
    assert!(person.is_active() && person.override_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_does_not_outlive_the_policy() {
    let gateway = TestGateway::start().await;
    let (org, _, _) = acme(&gateway).await;
    let operator = gateway.key(live(None, "*")).await;
    let by = Some(Inviter::operator());
    let invited = gateway
        .invite_with(org, gateway.command(), by, overriding())
        .await;
    allow(&gateway, &operator, false).await;
    waits(&gateway, &invited).await;
    let (role, projects) = (None, None);
    let set = invited.act(Action::Set { role, projects }).await;
    assert!(matches!(
        set,
        Err(Error::Invitation(Obstacle::OverrideNotAllowed))
    ));
    allow(&gateway, &operator, true).await;
    is_confirmed(&gateway, &invited).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_does_not_outlive_the_ownership() {
    let gateway = TestGateway::start().await;
    let (org, okta, _) = acme(&gateway).await;
    let ada = ada(&gateway, org, &okta).await;
    gateway
        .alter_person(org, ada, |user| user.owner = true)
        .await;
    let by_ada = gateway.as_user(ada);
    let invited = gateway.invite_with(org, by_ada, None, overriding()).await;
    // Still an admin, who could hand out the role.
    gateway
        .alter_person(org, ada, |user| user.owner = false)
        .await;
    waits(&gateway, &invited).await;
    is_confirmed(&gateway, &invited).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_turned_away_again_by_a_new_resource() {
    let gateway = TestGateway::start().await;
    let (org, okta, resource) = acme(&gateway).await;
    let scim = gateway.scim(&okta);
    let by = Some(Inviter::operator());
    let invited = gateway
        .invite_with(org, gateway.command(), by, overriding())
        .await;
    let browser = Browser::new(&gateway);
    press(&browser, &invited.mailed().await, ACCEPT)
        .await
        .expect(303);
    scim.delete(&resource).await.expect(204);
    let mut body = user(GRACE);
    body["active"] = json!(false);
    let made = scim.post("/Users", body).await.expect(201).json();
    assert_eq!(made["active"], false);
    let person = gateway.person(org, GRACE).await.unwrap();
    assert!(person.is_active() && person.override_at.is_some() && person.managed_by.is_none());
    let proposed = |event: &Value| event["type"] == "user.link_proposed";
    assert!(gateway.events(org).await.iter().any(proposed));
    browser.get("/signed-in").await.expect(200);
}
