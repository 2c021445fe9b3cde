//! What a process keeps in memory of an organization's settings holds no longer than they do: whoever changes a table,
//! by whatever statement from wherever, is heeded by the next request.

use serde_json::{Value, json};
use usher::directory::connection::Profile;

use crate::harness::{Browser, Connected, ScimActor, TestGateway};

async fn start() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

/// Another title each time, so that there is something to write.
async fn title(scim: &ScimActor<'_>, id: &str, title: &str) -> u16 {
    let operations = json!([{"op": "replace", "path": "title", "value": title}]);
    let reply = scim.patch(&format!("/Users/{id}"), operations).await;
    reply.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_call_any_more_is_turned_away_at_once() {
    let (gateway, okta) = start().await;
    let scim = gateway.scim(&okta);
    let ada = scim.user("ada@acme.example").await;
    let path = format!("/Users/{ada}");
    for (change, back, read, write) in [
        (
            "UPDATE scim_tokens SET revoked_at = 1",
            "UPDATE scim_tokens SET revoked_at = NULL",
            401,
            401,
        ),
        (
            "UPDATE scim_tokens SET expires_at = 1",
            "UPDATE scim_tokens SET expires_at = NULL",
            401,
            401,
        ),
        (
            "UPDATE scim_tokens SET scopes = 'read'",
            "UPDATE scim_tokens SET scopes = 'read write'",
            200,
            403,
        ),
        (
            "UPDATE connections SET state = 'paused'",
            "UPDATE connections SET state = 'active'",
            403,
            403,
        ),
    ] {
        // More than once, so that every reader of the store has answered.
        for _ in 0..4 {
            scim.get(&path).await.expect(200);
        }
        assert_eq!(title(&scim, &ada, "before").await, 200, "{change}");
        gateway.sql(change).await;
        // None of these tells anything of the settings with its answer.
        for quiet in ["/Groups", "/Users?count=0", "/Users/nobody"] {
            for _ in 0..4 {
                let status = scim.get(quiet).await.status;
                let known = if quiet == "/Users/nobody" { 404 } else { 200 };
                let expected = if read == 200 { known } else { read };
                assert_eq!(status, expected, "{quiet} {change}");
            }
        }
        scim.get(&path).await.expect(read);
        assert_eq!(title(&scim, &ada, change).await, write, "{change}");
        gateway.sql(back).await;
        scim.get(&path).await.expect(200);
        assert_eq!(title(&scim, &ada, "after").await, 200, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_gets_the_role_that_the_rules_give_now() {
    let (gateway, okta) = start().await;
    let scim = gateway.scim(&okta);
    let role = async |name: &str| {
        scim.user(&format!("{name}@acme.example")).await;
        let told = gateway.events(okta.org).await;
        told.last().expect("it was told")["data"]["role"].clone()
    };
    let before = role("ada").await;
    assert_eq!(role("bob").await, before);
    let other = if before == json!("viewer") {
        "editor"
    } else {
        "viewer"
    };
    let to = |slug: &str| {
        format!(
            "UPDATE organizations SET default_role_id = (SELECT id FROM roles \
             WHERE org_id = organizations.id AND slug = '{slug}')"
        )
    };
    gateway.sql(&to(other)).await;
    assert_eq!(role("cid").await, json!(other));
    gateway
        .sql("UPDATE roles SET slug = 'renamed' WHERE slug = 'editor'")
        .await;
    let renamed = Value::from(if other == "editor" {
        "renamed"
    } else {
        "viewer"
    });
    assert_eq!(role("dan").await, renamed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_connection_trusts_is_asked_at_each_sign_in() {
    let (gateway, okta) = start().await;
    let idp = gateway.idp(&okta).await;
    let sign_in = async || {
        let answer = idp.response().email("ada@acme.example").base64();
        idp.post(&Browser::new(&gateway), &answer).await.status
    };
    for (change, back) in [
        (
            "UPDATE connections SET state = 'paused'",
            "UPDATE connections SET state = 'active'",
        ),
        (
            "UPDATE connections SET idp_entity_id = idp_entity_id || '/other'",
            "UPDATE connections SET idp_entity_id = replace(idp_entity_id, '/other', '')",
        ),
        (
            "UPDATE connection_certificates SET fingerprint = 'x' || fingerprint",
            "UPDATE connection_certificates SET fingerprint = substr(fingerprint, 2)",
        ),
        ("DELETE FROM connection_certificates", ""),
    ] {
        assert_eq!(sign_in().await, 303, "{change}");
        gateway.sql(change).await;
        let refused = sign_in().await;
        assert!(refused.is_client_error(), "{change}: {refused}");
        if !back.is_empty() {
            gateway.sql(back).await;
            assert_eq!(sign_in().await, 303, "{back}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_are_those_of_the_tables() {
    let (gateway, okta) = start().await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &[])
        .await;
    let (here, there) = (gateway.scim(&okta), gateway.scim(&entra));
    let totals = async || {
        let mut totals = Vec::new();
        for scim in [&here, &there] {
            for list in ["/Users?count=0", "/Groups?count=0"] {
                let list = scim.get(list).await.expect(200).json();
                totals.push(list["totalResults"].as_i64().unwrap());
            }
        }
        totals
    };
    assert_eq!(totals().await, [0, 0, 0, 0]);
    let ada = here.user("ada@acme.example").await;
    here.user("bob@acme.example").await;
    there.user("cid@other.example").await;
    let team = here.group("Team", &[&ada]).await;
    assert_eq!(totals().await, [2, 1, 1, 0]);
    here.delete(&format!("/Users/{ada}")).await.expect(204);
    here.delete(&format!("/Groups/{team}")).await.expect(204);
    assert_eq!(totals().await, [1, 0, 1, 0]);
    gateway.sql("DELETE FROM scim_values").await;
    gateway.sql("DELETE FROM scim_users").await;
    assert_eq!(totals().await, [0, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_have_grown_are_measured() {
    let (gateway, okta) = start().await;
    let scim = gateway.scim(&okta);
    for n in 0..150 {
        scim.user(&format!("user-{n}@acme.example")).await;
    }
    let store = &gateway.gateway.store;
    if gateway.place().file().is_some() {
        // This engine's planner is told once what holds of any store.
        assert_eq!(store.measure().await.unwrap(), 0);
        return;
    }
    // What a connection has done is counted by the server a few seconds later.
    let mut measured = 0;
    for _ in 0..60 {
        measured += store.measure().await.unwrap();
        if measured > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert!(measured > 0);
}
