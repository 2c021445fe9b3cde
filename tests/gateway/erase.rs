//! What is kept of a person: all of it is handed out, and all of it goes.

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::id::{OrganizationId, UserId};
use usher::provisioning::audit::verify::verify;
use usher::provisioning::request_log::write::write_out;

use crate::credentials::live;
use crate::harness::{Browser, Connected, Reply, TestGateway};
use crate::refresh::okta;

/// In everything that is personal, and nowhere else.
const MARK: &str = "zyx";

/// Somebody of whom every channel has something.
struct Somebody {
    gateway: TestGateway,
    okta: Connected,
    id: UserId,
    path: String,
    key: String,
}

fn resource(address: &str) -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "userName": address,
        "externalId": "zyx-external",
        "displayName": "Zyxda Display",
        "nickName": "Zyxnick",
        "name": {"givenName": "Zyxgiven", "familyName": "Zyxfamily"},
        "emails": [{"value": address, "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "+1-zyx-5550", "type": "work"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "ZYX-1"},
        "active": true,
    })
}

impl Somebody {
    async fn everywhere() -> Self {
        let (gateway, okta) = okta().await;
        let org = okta.org;
        let key = gateway.key(live(Some(org), "*")).await;
        // By a file, that brings an invitation, and by the directory, that accepts it.
        let file = Request::post("/api/v1/organizations/acme/imports")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "text/csv");
        let csv = "email,role\nzyxold@acme.example,viewer\nbob@acme.example,viewer\n";
        gateway
            .send(file.body(Body::from(csv)).unwrap())
            .await
            .expect(201);
        let scim = gateway.scim(&okta);
        let made = scim.post("/Users", resource("ZyxOld@acme.example")).await;
        let scim_id = made.expect(201).id();
        let path = format!("/Users/{scim_id}");
        let other = scim.user("carol@acme.example").await;
        scim.group("Viewers", &[&scim_id, &other]).await;
        let idp = gateway.idp(&okta).await;
        let browser = Browser::new(&gateway);
        idp.sign_in(&browser, "zyxold@acme.example").await;
        // Under another address, and invited there by mistake.
        scim.put(&path, resource("zyxnew@acme.example"))
            .await
            .expect(200);
        gateway
            .invite(org, "zyx-elsewhere@acme.example", "viewer")
            .await;
        scim.filter("/Users", "userName eq \"zyxnew@acme.example\"")
            .await
            .expect(200);
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        scim.patch(&path, off).await.expect(200);
        let id = gateway.person(org, "zyxnew@acme.example").await.unwrap().id;
        write_out(&gateway.gateway.log, &gateway.gateway.store)
            .await
            .unwrap();
        Self {
            gateway,
            okta,
            id,
            path,
            key,
        }
    }

    async fn ask(&self, method: &str, what: &str, body: Option<Value>) -> Reply {
        let uri = format!("/api/v1/organizations/acme/users/{}/{what}", self.id);
        self.ask_at(method, &uri, body).await
    }

    async fn ask_at(&self, method: &str, uri: &str, body: Option<Value>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.gateway.send(request.body(body).unwrap()).await
    }

    async fn erase(&self) -> Reply {
        self.ask("POST", "erase", Some(json!({"reason": "asked by letter"})))
            .await
    }

    fn org(&self) -> OrganizationId {
        self.okta.org
    }
}

/// The lines of a dump in which something is left.
fn left(dump: &str) -> Vec<&str> {
    let lines = dump
        .lines()
        .filter(|line| line.to_lowercase().contains(MARK));
    // Invited by mistake under an address that nothing ties to them.
    lines
        .filter(|line| !line.contains("zyx-elsewhere"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_who_is_erased() {
    let somebody = Somebody::everywhere().await;
    let gateway = &somebody.gateway;
    let before = gateway.dump().await;
    for table in [
        "events",
        "identities",
        "imports",
        "invitations",
        "outbox",
        "scim_requests",
        "scim_users",
        "scim_values",
        "users",
    ] {
        let has = |line: &str| line.starts_with(&format!("{table}: "));
        assert!(
            left(&before).into_iter().any(has),
            "nothing to erase in {table}"
        );
    }
    let erased = somebody.erase().await.expect(200).json();
    assert_eq!(
        (&erased["id"], &erased["state"]),
        (&json!(somebody.id), &json!("erased"))
    );
    let after = gateway.dump().await;
    assert_eq!(left(&after), Vec::<&str>::new());
    assert!(after.contains("bob@acme.example") && after.contains("carol@acme.example"));

    // A second time is the same, and nothing happens.
    let events = gateway.events(somebody.org()).await.len();
    gateway.clock.advance(60);
    assert_eq!(somebody.erase().await.expect(200).json(), erased);
    assert_eq!(gateway.events(somebody.org()).await.len(), events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chain_holds_and_an_app_knows_of_it() {
    let somebody = Somebody::everywhere().await;
    let (gateway, org) = (&somebody.gateway, somebody.org());
    somebody.erase().await.expect(200);
    let keys = gateway.signing_keys().await;
    let verified = async || {
        let store = &gateway.gateway.store;
        verify(store, &keys, org, &[]).await.unwrap()
    };
    let report = verified().await;
    assert!(report.good, "{report:?}");

    let events = gateway.events(org).await;
    let last = events.last().unwrap();
    assert_eq!(last["type"], "user.erased");
    let data = &last["data"];
    assert_eq!(
        (
            &data["user_id"],
            &data["state"],
            &data["reason"],
            &data["email"],
            &data["role"]
        ),
        (
            &json!(somebody.id),
            &json!("erased"),
            &json!("asked by letter"),
            &Value::Null,
            &Value::Null
        )
    );
    let left = events
        .iter()
        .filter(|it| it["type"] == "group.member_removed");
    let told: Vec<_> = left
        .map(|it| it["data"]["members_removed"].clone())
        .collect();
    assert_eq!(told, [json!([somebody.id])]);
    assert!(
        events
            .iter()
            .all(|it| !it.to_string().to_lowercase().contains("zyxnew"))
    );

    // Who takes a value away by hand has no order for it.
    let seq = events
        .iter()
        .position(|it| it["data"]["email"] == "carol@acme.example")
        .unwrap()
        + 1;
    let forget = async |seq: i64| {
        let written = gateway.gateway.store.write(move |tx| {
            async move {
                let row = tx.events_after(org, seq - 1, &[], 1).await?.remove(0);
                let data: Value = serde_json::from_str(&row.data.0).unwrap();
                let erased = usher::provisioning::audit::digest::erased(&row, &data, |_| true);
                let (left, salts) = erased.unwrap().unwrap();
                let left = usher::store::types::Doc(left.to_string());
                tx.rewrite_event(org, seq, left, salts).await
            }
            .boxed()
        });
        written.await.unwrap();
    };
    forget(i64::try_from(seq).unwrap()).await;
    let report = verified().await;
    let kinds: Vec<_> = report
        .faults
        .iter()
        .map(|it| (it.seq, json!(it.kind)))
        .collect();
    assert_eq!(
        kinds,
        [(i64::try_from(seq).unwrap(), json!("erased_without_order"))]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_named_again_is_somebody_new() {
    let somebody = Somebody::everywhere().await;
    somebody.erase().await.expect(200);
    let scim = somebody.gateway.scim(&somebody.okta);
    scim.get(&somebody.path).await.expect(404);
    scim.post("/Users", resource("zyxnew@acme.example"))
        .await
        .expect(201);
    let again = somebody
        .gateway
        .person(somebody.org(), "zyxnew@acme.example")
        .await;
    assert_ne!(again.unwrap().id, somebody.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_is_out_is_erased_and_only_for_a_reason() {
    let somebody = Somebody::everywhere().await;
    let kind = |reply: Reply, status| {
        let problem = reply.expect(status).json();
        let kind = problem["type"].as_str().unwrap();
        kind.rsplit('/').next().unwrap().to_owned()
    };
    for reason in ["", "  "] {
        let body = Some(json!({"reason": reason}));
        let reply = somebody.ask("POST", "erase", body).await;
        assert_eq!(kind(reply, 422), "invalid");
    }
    somebody
        .ask("POST", "erase", Some(json!({})))
        .await
        .expect(400);
    let scim = somebody.gateway.scim(&somebody.okta);
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    scim.patch(&somebody.path, on).await.expect(200);
    assert_eq!(kind(somebody.erase().await, 409), "must_be_suspended");
    let own = |user: &mut usher::store::rows::UserRow| user.owner = true;
    somebody
        .gateway
        .alter_person(somebody.org(), somebody.id, own)
        .await;
    assert_eq!(kind(somebody.erase().await, 409), "last_owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_of_a_person_is_handed_out() {
    let somebody = Somebody::everywhere().await;
    let export = somebody.ask("GET", "export", None).await.expect(200).json();
    assert_eq!(export["profile"]["email"], "zyxnew@acme.example");
    assert_eq!(export["resources"][0]["resource"]["nickName"], "Zyxnick");
    assert_eq!(export["invitations"][0]["email"], "zyxold@acme.example");
    for part in ["grants", "sessions", "sign_ins", "events"] {
        assert!(
            !export[part].as_array().unwrap().is_empty(),
            "{part}: {export}"
        );
    }
    let text = export.to_string();
    assert!(
        !text.contains("hash") && !text.contains("carol") && !text.contains("bob"),
        "{text}"
    );

    somebody.erase().await.expect(200);
    let export = somebody.ask("GET", "export", None).await.expect(200).json();
    assert!(
        !export.to_string().to_lowercase().contains(MARK),
        "{export}"
    );
    assert_eq!(export["profile"]["state"], "erased");
    let nobody = "/api/v1/organizations/acme/users/nobody/export";
    somebody.ask_at("GET", nobody, None).await.expect(404);
}
