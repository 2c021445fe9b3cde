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
