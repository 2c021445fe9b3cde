//! Invitations at the admin API: made, listed, changed, taken back; and what a directory and a
//! sign-in do with them.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::{Jit, Profile};
use usher::id::OrganizationId;
use usher::provisioning::invitations::NewInvitation;

use crate::credentials::live;
use crate::harness::{Browser, Connected, Reply, TestGateway, named, user};

const DAY: i64 = 24 * 60 * 60;

/// An organization, and a key that may do everything there.
struct Acme {
    gateway: TestGateway,
    org: OrganizationId,
    key: String,
}

impl Acme {
    async fn new() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let key = gateway.key(live(None, "*")).await;
        Self { gateway, org, key }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let uri = format!("/api/v1/organizations/acme{path}");
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {}", self.key));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.gateway.send(request.body(body).unwrap()).await
    }

    async fn invite(&self, email: &str, more: Value) -> Reply {
        let mut body = json!({"email": email, "role": "editor"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.send("POST", "/invitations", Some(body)).await
    }

    async fn invited(&self, email: &str) -> String {
        let reply = self.invite(email, json!({})).await.expect(201);
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    async fn act(&self, id: &str, action: &str, body: Value) -> Reply {
        let path = format!("/invitations/{id}/{action}");
        self.send("POST", &path, Some(body)).await
    }

    async fn state(&self, id: &str) -> String {
        let reply = self.send("GET", &format!("/invitations/{id}"), None).await;
        reply.expect(200).json()["state"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn project(&self, slug: &str) {
        let (store, context) = (&self.gateway.gateway.store, self.gateway.command());
        usher::provisioning::settings::projects::create(store, self.org, context, named(slug))
            .await
            .unwrap();
    }

    async fn owed(&self, id: &str) -> usize {
        let (org, id) = (self.org, id.parse().unwrap());
        let read = self.gateway.gateway.store.read(move |tx| {
            Box::pin(async move { tx.deliveries_of_invitations(org, &[id]).await })
        });
        let rows = read.await.unwrap();
        rows.iter().filter(|row| row.finished_at.is_none()).count()
    }
}

#[track_caller]
fn refused(reply: &Reply, status: u16, slug: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    let kind = reply.json()["type"].as_str().unwrap().to_owned();
    assert!(
        kind.ends_with(&format!("/{slug}")),
        "{kind} {}",
        reply.text()
    );
}

async fn connected(acme: &Acme, domains: &[&str]) -> Connected {
    acme.gateway
        .connect(acme.org, "Okta", Profile::Okta, domains)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_made_shown_and_listed() {
    let acme = Acme::new().await;
    acme.project("web").await;
    let more = json!({"projects": ["web"], "message": "Welcome <b>here</b>", "expires_in_days": 3});
    let reply = acme.invite("Ada@Example.com", more).await.expect(201);
    let made = reply.json();
    assert_eq!(made["email"], "Ada@Example.com");
    assert_eq!(made["state"], "pending");
    assert_eq!(made["projects"], json!(["web"]));
    assert_eq!(made["expires_at"], "2026-11-25T10:00:00Z");
    assert_eq!(made["delivery"]["state"], "queued");
    let url = made["accept_url"].as_str().unwrap();
    assert!(url.starts_with("https://usher.example/join/inv_"), "{url}");
    let listed = acme
        .send("GET", "/invitations", None)
        .await
        .expect(200)
        .json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed["data"][0].get("accept_url"), None, "shown once");
    for (query, count) in [
        ("?email=ada@", 1),
        ("?email=bob", 0),
        ("?role=editor&project=web", 1),
        ("?role=viewer", 0),
        ("?project=none", 0),
        ("?state=expired", 0),
        ("?state=any&sort=expires_at", 1),
    ] {
        let path = format!("/invitations{query}");
        let page = acme.send("GET", &path, None).await.expect(200).json();
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    for query in [
        "?state=x",
        "?sort=x",
        "?after=x",
        "?limit=0",
        "?x=1",
        "?email=%00",
    ] {
        let reply = acme
            .send("GET", &format!("/invitations{query}"), None)
            .await;
        refused(&reply, 400, "invalid_parameter");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_invited_is_refused_and_leaves_nothing() {
    let acme = Acme::new().await;
    acme.project("web").await;
    let before = acme.gateway.events(acme.org).await.len();
    let long = "x".repeat(501);
    for (more, status, slug) in [
        (json!({"role": "owner"}), 422, "owner_not_grantable"),
        (json!({"role": "none"}), 422, "unknown_role"),
        (
            json!({"role": "admin", "projects": ["web"]}),
            422,
            "scope_not_allowed",
        ),
        (json!({"projects": ["wob"]}), 422, "unknown_project"),
        (json!({"email": "no address"}), 422, "invalid_email"),
        (
            json!({"email": "a@b.example\r\nBcc: x@y.example"}),
            422,
            "invalid_email",
        ),
        (json!({"email": "a\u{0}@b.example"}), 422, "invalid_email"),
        (json!({"message": long}), 422, "too_long"),
        (json!({"expires_in_days": 31}), 422, "expiry_too_far"),
        (json!({"expires_at": "2026-11-21"}), 422, "expiry_in_past"),
        (
            json!({"expires_at": "2026-11-23", "expires_in_days": 3}),
            422,
            "ambiguous_expiry",
        ),
        (json!({"surprise": 1}), 400, "malformed_body"),
    ] {
        let reply = acme.invite("ada@example.com", more.clone()).await;
        refused(&reply, status, slug);
    }
    let text = Request::post("/api/v1/organizations/acme/invitations")
        .header("authorization", format!("Bearer {}", acme.key))
        .header("content-type", "text/plain");
    let reply = acme.gateway.send(text.body(Body::from("x")).unwrap()).await;
    refused(&reply, 415, "unsupported_media_type");
    assert_eq!(acme.gateway.events(acme.org).await.len(), before);
    let all = acme
        .send("GET", "/invitations?state=any", None)
        .await
        .json();
    assert_eq!(all["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_there_in_some_way_is_not_invited() {
    let acme = Acme::new().await;
    let okta = connected(&acme, &["acme.example"]).await;
    let scim = acme.gateway.scim(&okta);
    let ada = scim.user("ada@acme.example").await;
    let reply = acme.invite("ADA@acme.example", json!({})).await;
    refused(&reply, 409, "already_member");
    let person = acme
        .gateway
        .person(acme.org, "ada@acme.example")
        .await
        .unwrap();
    assert_eq!(reply.json()["existing_id"], person.id.to_string());
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&format!("/Users/{ada}"), off).await.expect(200);
    let reply = acme.invite("ada@acme.example", json!({})).await;
    refused(&reply, 409, "deprovisioned_by_directory");
    scim.delete(&format!("/Users/{ada}")).await.expect(204);
    let reply = acme.invite("ada@acme.example", json!({})).await;
    refused(&reply, 409, "deprovisioned_by_directory");
    acme.gateway.clock.advance(31 * DAY);
    let made = acme.invite("ada@acme.example", json!({})).await.expect(201);
    assert_eq!(made.json()["warnings"], json!(["directory_managed_domain"]));
    let reply = acme.invite("ada@acme.example", json!({})).await;
    refused(&reply, 409, "invitation_exists");
    assert_eq!(reply.json()["existing_id"], made.json()["id"]);
    let again = json!({"on_conflict": "resend", "role": "admin"});
    let again = acme
        .invite("ada@acme.example", again)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&again["id"], &again["role"]),
        (&made.json()["id"], &json!("editor"))
    );
    let policy = json!({"managed_domains": "block", "invite_domains": ["ACME.example"]});
    acme.send("PUT", "/policy", Some(policy)).await.expect(200);
    refused(
        &acme.invite("b@acme.example", json!({})).await,
        422,
        "managed_domain",
    );
    refused(
        &acme.invite("b@b.example", json!({})).await,
        422,
        "domain_not_allowed",
    );
    refused(
        &acme
            .send(
                "PUT",
                "/policy",
                Some(json!({"invite_domains": ["no domain"]})),
            )
            .await,
        422,
        "invalid",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extend_revives_expired_not_revoked() {
    let acme = Acme::new().await;
    let id = acme.invited("ada@example.com").await;
    acme.gateway.clock.advance(7 * DAY);
    assert_eq!(acme.state(&id).await, "expired");
    refused(
        &acme.act(&id, "extend", json!({"days": 8})).await,
        422,
        "invalid_extension",
    );
    let reply = acme
        .act(&id, "extend", json!({"days": 14}))
        .await
        .expect(200);
    assert_eq!(reply.json()["state"], "pending");
    assert_eq!(reply.json()["expires_at"], "2026-12-13T10:00:00Z");
    assert_eq!(acme.owed(&id).await, 1, "the first mail, and no other");
    for _ in 0..2 {
        acme.act(&id, "extend", json!({"days": 30}))
            .await
            .expect(200);
    }
    let limit = acme.act(&id, "extend", json!({"days": 30})).await;
    refused(&limit, 422, "extension_limit");
    let revoked = acme.act(&id, "revoke", json!({})).await.expect(200).json();
    let again = acme.act(&id, "revoke", json!({})).await.expect(200).json();
    assert_eq!(revoked, again, "the same twice");
    assert_eq!(acme.owed(&id).await, 0, "what was not sent is not sent");
    for action in ["extend", "resend"] {
        let reply = acme.act(
            &id,
            action,
            if action == "extend" {
                json!({"days": 7})
            } else {
                json!({})
            },
        );
        refused(&reply.await, 409, "invitation_closed");
    }
    let path = format!("/invitations/{id}");
    let reply = acme.send("PATCH", &path, Some(json!({"role": "viewer"})));
    refused(&reply.await, 409, "invitation_closed");
    acme.invited("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn role_change_keeps_link_and_sends_no_mail() {
    let acme = Acme::new().await;
    acme.project("web").await;
    let id = acme.invited("ada@example.com").await;
    let path = format!("/invitations/{id}");
    let owed = acme.owed(&id).await;
    let change = json!({"role": "viewer", "projects": ["web"]});
    let reply = acme.send("PATCH", &path, Some(change)).await.expect(200);
    assert_eq!(
        (&reply.json()["role"], &reply.json()["projects"]),
        (&json!("viewer"), &json!(["web"]))
    );
    assert_eq!(acme.owed(&id).await, owed);
    for (change, status, slug) in [
        (json!({"role": "owner"}), 422, "owner_not_grantable"),
        (json!({"role": "admin"}), 422, "scope_not_allowed"),
        (json!({"projects": ["none"]}), 422, "unknown_project"),
    ] {
        refused(&acme.send("PATCH", &path, Some(change)).await, status, slug);
    }
    acme.send(
        "PATCH",
        &path,
        Some(json!({"role": "admin", "projects": []})),
    )
    .await
    .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sending_again_is_bounded_and_revives() {
    let acme = Acme::new().await;
    let id = acme.invited("ada@example.com").await;
    acme.gateway.clock.advance(60);
    acme.act(&id, "resend", json!({})).await.expect(200);
    assert_eq!(
        acme.owed(&id).await,
        1,
        "one mail, though it was asked for twice"
    );
    let soon = acme.act(&id, "resend", json!({})).await;
    refused(&soon, 429, "resend_too_soon");
    assert_eq!(soon.header("retry-after"), Some("600"));
    for _ in 0..4 {
        acme.gateway.clock.advance(601);
        acme.act(&id, "resend", json!({})).await.expect(200);
    }
    acme.gateway.clock.advance(601);
    refused(
        &acme.act(&id, "resend", json!({})).await,
        429,
        "resend_too_often",
    );
    acme.gateway.clock.advance(8 * DAY);
    let revived = acme
        .act(&id, "resend", json!({"rotate": true}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&revived["extended"], &revived["state"]),
        (&json!(true), &json!("pending"))
    );
    let other = acme.invited("bob@example.com").await;
    let many = json!({"action": "revoke", "ids": [id, "nonsense", other]});
    let done = acme
        .send("POST", "/invitations/actions", Some(many))
        .await
        .expect(200)
        .json();
    let results: Vec<_> = done["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["result"].clone())
        .collect();
    assert_eq!(results, [json!("done"), json!("not_found"), json!("done")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizations_key_invites_within_bounds_and_itself_alone() {
    let acme = Acme::new().await;
    let other = acme.gateway.organization("other").await;
    let id = acme.invited("ada@example.com").await;
    let theirs = Acme {
        key: acme.gateway.key(live(Some(other), "*")).await,
        ..acme
    };
    refused(
        &theirs.invite("x@example.com", json!({})).await,
        404,
        "not_found",
    );
    refused(
        &theirs.act(&id, "revoke", json!({})).await,
        404,
        "not_found",
    );
    let own = Acme {
        key: theirs
            .gateway
            .key(live(Some(theirs.org), "invitations:write"))
            .await,
        ..theirs
    };
    for at in 0..3 {
        let reply = own.invite("bob@example.com", json!({})).await.expect(201);
        assert_eq!(
            reply.json().get("accept_url"),
            None,
            "the key may not see links"
        );
        let id = reply.json()["id"].as_str().unwrap().to_owned();
        own.act(&id, "revoke", json!({})).await.expect(200);
        own.gateway.clock.advance(at);
    }
    let often = own.invite("bob@example.com", json!({})).await;
    refused(&often, 429, "too_many_invitations");
    // The first of the three was made three seconds ago.
    assert_eq!(often.header("retry-after"), Some("86397"));
    let quota = |reply: &Reply| {
        ["ratelimit-policy", "ratelimit"].map(|name| reply.header(name).unwrap().to_owned())
    };
    let expected = ["\"address\";q=3;w=86400", "\"address\";r=0;t=86397"];
    assert_eq!(quota(&often), expected);
    for at in 0..97 {
        own.invited(&format!("p{at}@example.com")).await;
    }
    let more = own.invite("more@example.com", json!({})).await;
    refused(&more, 429, "too_many_invitations");
    assert_eq!(more.header("retry-after"), Some("3597"));
    let expected = ["\"inviter\";q=100;w=3600", "\"inviter\";r=0;t=3597"];
    assert_eq!(quota(&more), expected);
    own.gateway.clock.advance(3_596);
    let more = own.invite("more@example.com", json!({})).await;
    refused(&more, 429, "too_many_invitations");
    assert_eq!(more.header("retry-after"), Some("1"));
    own.gateway.clock.advance(1);
    own.invite("more@example.com", json!({})).await.expect(201);
    own.gateway.clock.advance(86_396 - 3_597);
    let often = own.invite("bob@example.com", json!({})).await;
    refused(&often, 429, "too_many_invitations");
    assert_eq!(often.header("retry-after"), Some("1"));
    own.gateway.clock.advance(1);
    own.invite("bob@example.com", json!({})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_one_inviter_left_open_is_taken_back_at_once() {
    let acme = Acme::new().await;
    let (gateway, org) = (&acme.gateway, acme.org);
    let okta = connected(&acme, &["acme.example"]).await;
    let mut people = Vec::new();
    for name in ["ada@acme.example", "bob@acme.example"] {
        gateway.scim(&okta).user(name).await;
        let id = gateway.person(org, name).await.unwrap().id;
        gateway.grant(org, id, "admin").await;
        for number in 0..3 {
            let new = NewInvitation {
                email: format!("{number}.{name}"),
                role: "viewer".to_owned(),
                ..NewInvitation::default()
            };
            gateway
                .invite_with(org, gateway.as_user(id), None, new)
                .await;
        }
        people.push(id);
    }
    let ada = people[0];
    // She left; what she made stays, and can be taken back.
    gateway.demote(org, ada).await;
    let filter = format!("/invitations?inviter={ada}");
    let open = acme.send("GET", &filter, None).await.expect(200).json();
    assert_eq!(open["data"].as_array().unwrap().len(), 3);
    for (revoked, left) in [(3, 3), (0, 3)] {
        let body = json!({"inviter": ada});
        let reply = acme.send("POST", "/invitations/revoke", Some(body)).await;
        assert_eq!(reply.expect(200).json(), json!({"revoked": revoked}));
        let open = acme.send("GET", "/invitations", None).await.json();
        let open = open["data"].as_array().unwrap().clone();
        assert_eq!(open.len(), left);
        let of_bob = |it: &Value| it["email"].as_str().unwrap().ends_with(".bob@acme.example");
        assert!(open.iter().all(of_bob), "{open:?}");
    }
    let events = gateway.events(org).await;
    let revoked = events
        .iter()
        .filter(|it| it["type"] == "invitation.revoked");
    assert_eq!(revoked.count(), 3);
    for odd in [json!("x"), json!(org)] {
        let body = json!({"inviter": odd});
        let reply = acme.send("POST", "/invitations/revoke", Some(body)).await;
        refused(&reply, 404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim_post_adopts_invited() {
    let acme = Acme::new().await;
    let okta = connected(&acme, &["acme.example"]).await;
    let scim = acme.gateway.scim(&okta);
    let id = acme.invited("ada@acme.example").await;
    scim.user("ada@acme.example").await;
    let shown = acme
        .send("GET", &format!("/invitations/{id}"), None)
        .await
        .json();
    assert_eq!(
        (&shown["state"], &shown["accepted_via"]),
        (&json!("accepted"), &json!("scim"))
    );
    let ada = acme
        .gateway
        .person(acme.org, "ada@acme.example")
        .await
        .unwrap();
    assert_eq!(shown["user_id"], ada.id.to_string());
    assert_eq!(
        ada.role_id,
        Some(acme.gateway.role(acme.org, "editor").await),
        "no group decides"
    );
    assert_eq!(acme.owed(&id).await, 0);
    let bob = acme.invited("bob@acme.example").await;
    let mut off = user("bob@acme.example");
    off["active"] = json!(false);
    scim.post("/Users", off).await.expect(201);
    assert_eq!(acme.state(&bob).await, "superseded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jit_accepts_pending_invite_even_if_jit_off() {
    let acme = Acme::new().await;
    let okta = connected(&acme, &[]).await;
    acme.gateway.alter(&okta, |row| row.jit = Jit::Off).await;
    let idp = acme.gateway.idp(&okta).await;
    let guest = || idp.response().email("guest@elsewhere.example");
    assert_eq!(idp.refusal(guest()).await, "jit_off");
    let id = acme.invited("Guest@elsewhere.example").await;
    idp.post(&Browser::new(&acme.gateway), &guest().base64())
        .await
        .expect(303);
    let shown = acme
        .send("GET", &format!("/invitations/{id}"), None)
        .await
        .json();
    assert_eq!(
        (&shown["state"], &shown["accepted_via"]),
        (&json!("accepted"), &json!("saml"))
    );
    let person = acme
        .gateway
        .person(acme.org, "guest@elsewhere.example")
        .await
        .unwrap();
    assert_eq!(
        person.role_id,
        Some(acme.gateway.role(acme.org, "editor").await)
    );
    let late = idp.response().email("late@elsewhere.example");
    let late_id = acme.invited("late@elsewhere.example").await;
    acme.gateway.clock.advance(7 * DAY);
    let at = idp.response().email("late@elsewhere.example");
    drop(late);
    assert_eq!(
        idp.refusal(at).await,
        "jit_off",
        "an expired one brings nobody in"
    );
    assert_eq!(acme.state(&late_id).await, "expired");
    let revoked = acme.invited("gone@elsewhere.example").await;
    acme.act(&revoked, "revoke", json!({})).await.expect(200);
    let gone = idp.response().email("gone@elsewhere.example");
    assert_eq!(idp.refusal(gone).await, "jit_off", "nor a revoked one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_takes_an_invitation_that_it_does_not_speak_for() {
    let acme = Acme::new().await;
    connected(&acme, &["acme.example"]).await;
    let other = acme
        .gateway
        .connect(acme.org, "Contractors", Profile::Generic, &[])
        .await;
    let idp = acme.gateway.idp(&other).await;
    let scim = acme.gateway.scim(&other);
    let trusted = acme.invited("cfo@acme.example").await;
    let cfo = idp.response().email("cfo@acme.example");
    assert_eq!(idp.refusal(cfo).await, "domain_not_trusted");
    let admin = json!({"role": "admin"});
    let guest = acme
        .invite("guest@elsewhere.example", admin)
        .await
        .expect(201);
    let guest = guest.json()["id"].as_str().unwrap().to_owned();
    let response = idp.response().email("guest@elsewhere.example");
    assert_eq!(
        idp.refusal(response).await,
        "domain_not_trusted",
        "an admin comes from the mailbox"
    );
    for address in ["cfo@acme.example", "guest@elsewhere.example"] {
        scim.user(address).await;
        let person = acme.gateway.person(acme.org, address).await.unwrap();
        let viewer = acme.gateway.role(acme.org, "viewer").await;
        assert_eq!(person.role_id, Some(viewer), "{address}");
    }
    for id in [trusted, guest] {
        assert_eq!(
            acme.state(&id).await,
            "pending",
            "not this directory's to close"
        );
    }
}
