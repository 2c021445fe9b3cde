//! Whoever makes an admin said a short while ago who they are, whatever it is that makes them one: a person who is
//! let in again, or a role by hand that goes.

use serde_json::{Value, json};

use crate::console::{administered, signed_in};
use crate::harness::{Acme, Browser, press};

const ADA: &str = "ada@acme.example";
const BOB: &str = "bob@acme.example";

/// The page of a person.
fn page_of(user: &str) -> String {
    format!("/console/organizations/acme/users/{user}")
}

/// Asks for something at the console, which a session that is not fresh must not do: the person keeps their role.
async fn wants_anew(
    acme: &Acme,
    ada: &Browser<'_>,
    (user, had): (&str, Value),
    fields: &[(&str, &str)],
) {
    let before = acme.gateway.events(acme.org).await.len();
    let sent = press(ada, &page_of(user), fields).await.expect(303);
    let location = sent.header("location").unwrap();
    assert!(location.starts_with("/console/confirm?"), "{location}");
    assert_eq!(acme.role_of(user).await, had);
    assert_eq!(acme.gateway.events(acme.org).await.len(), before);
}

async fn role(acme: &Acme, user: &str, role: Value) {
    let path = format!("/users/{user}/role");
    acme.put(&path, json!({ "role": role })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letting_an_admin_in_again_makes_one() {
    let acme = administered().await;
    let (_, bob) = acme.pushed(BOB).await;
    role(&acme, &bob, json!("admin")).await;
    let path = format!("/users/{bob}/suspend");
    acme.post(&path, json!({})).await.expect(200);
    let ada = signed_in(&acme, ADA).await;
    acme.gateway.clock.advance(5 * 60);
    wants_anew(
        &acme,
        &ada,
        (&bob, Value::Null),
        &[("action", "reactivate")],
    )
    .await;
    let ada = signed_in(&acme, ADA).await;
    let done = press(&ada, &page_of(&bob), &[("action", "reactivate")]).await;
    done.expect(303);
    assert_eq!(acme.role_of(&bob).await, json!("admin"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letting_anybody_else_in_again_makes_none() {
    let acme = administered().await;
    let (_, bob) = acme.pushed(BOB).await;
    role(&acme, &bob, json!("editor")).await;
    let path = format!("/users/{bob}/suspend");
    acme.post(&path, json!({})).await.expect(200);
    let ada = signed_in(&acme, ADA).await;
    acme.gateway.clock.advance(5 * 60);
    let done = press(&ada, &page_of(&bob), &[("action", "reactivate")]).await;
    let location = done.expect(303).header("location").unwrap().to_owned();
    assert!(location.ends_with("?done=reactivate"), "{location}");
    assert_eq!(acme.role_of(&bob).await, json!("editor"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taking_back_a_role_that_stood_before_an_admins_makes_one() {
    let acme = administered().await;
    let bob = invited_as_admin(&acme).await;
    role(&acme, &bob, json!("viewer")).await;
    assert_eq!(acme.role_of(&bob).await, json!("viewer"));
    let ada = signed_in(&acme, ADA).await;
    acme.gateway.clock.advance(5 * 60);
    let fields = [("action", "role"), ("role", "")];
    wants_anew(&acme, &ada, (&bob, json!("viewer")), &fields).await;
    let ada = signed_in(&acme, ADA).await;
    press(&ada, &page_of(&bob), &fields).await.expect(303);
    assert_eq!(acme.role_of(&bob).await, json!("admin"));
}

/// Bob, whom an invitation made an admin.
async fn invited_as_admin(acme: &Acme) -> String {
    let invited = acme.gateway.invite(acme.org, BOB, "admin").await;
    let browser = Browser::new(&acme.gateway);
    press(&browser, &invited.mailed().await, &[("action", "accept")]).await;
    acme.person(BOB).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_lets_the_owner_in_again_and_nobody_who_is_above_them() {
    let acme = administered().await;
    let (_, bob) = acme.pushed(BOB).await;
    let chief = json!({"slug": "chief", "name": "Chief", "rank": 90});
    acme.post("/roles", chief).await.expect(201);
    role(&acme, &bob, json!("chief")).await;
    let path = format!("/users/{bob}/suspend");
    acme.post(&path, json!({})).await.expect(200);
    let ada = signed_in(&acme, ADA).await;
    let again = [("action", "reactivate")];
    press(&ada, &page_of(&bob), &again).await.expect(403);
    assert_eq!(acme.role_of(&bob).await, Value::Null);
    // What was done to the owner's place, nobody decides by letting them in.
    let id = bob.parse().unwrap();
    acme.gateway
        .alter_person(acme.org, id, |row| row.owner = true)
        .await;
    assert_eq!(acme.role_of(&bob).await, Value::Null);
    press(&ada, &page_of(&bob), &again).await.expect(303);
    assert_eq!(acme.role_of(&bob).await, json!("owner"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admins_invitation_that_lives_longer_is_given_anew() {
    let acme = administered().await;
    let invited = acme.gateway.invite(acme.org, BOB, "admin").await.id;
    let page = format!("/console/organizations/acme/invitations/{invited}");
    let ada = signed_in(&acme, ADA).await;
    acme.gateway.clock.advance(5 * 60);
    let extend = [("action", "extend"), ("days", "7")];
    let sent = press(&ada, &page, &extend).await.expect(303);
    let location = sent.header("location").unwrap();
    assert!(location.starts_with("/console/confirm?"), "{location}");
    acme.gateway.clock.advance(7 * 24 * 60 * 60);
    let (id, path) = (invited.to_string(), format!("/invitations/{invited}"));
    assert_eq!(acme.get(&path).await["state"], "expired");
    let ada = signed_in(&acme, ADA).await;
    acme.gateway.clock.advance(5 * 60);
    for (page, fields) in [
        (&*page, vec![("action", "resend")]),
        (
            "/console/organizations/acme/invitations",
            vec![("action", "resend_chosen"), ("ids", &*id)],
        ),
    ] {
        press(&ada, page, &fields).await;
        assert_eq!(acme.get(&path).await["state"], "expired");
    }
    let ada = signed_in(&acme, ADA).await;
    press(&ada, &page, &[("action", "resend")])
        .await
        .expect(303);
    assert_eq!(acme.get(&path).await["state"], "pending");
}
