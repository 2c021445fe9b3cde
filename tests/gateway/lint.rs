//! The directory lint, and Entra's groups by object id: what a connection shows, by its doors.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::directory::mapping::MatchKind;
use usher::provisioning::settings::mappings::{self, NewMapping};

use crate::credentials::live;
use crate::harness::{Browser, Connected, TestGateway, reason};

const OBJECT: &str = "7c1b1f9e-2f4d-4d0c-9a52-0f6f3a7f1c11";
const ADA: &str = "2b8f0d1a-6f0e-4b1c-8a7e-5d2c3b4a5f60";
const GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const OVERAGE: &str = "http://schemas.microsoft.com/claims/groups.link";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

struct Acme {
    gateway: TestGateway,
    entra: Connected,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let entra = gateway
            .connect(org, "Entra", Profile::Entra, &["acme.example"])
            .await;
        let key = gateway.key(live(Some(org), "*")).await;
        Self {
            gateway,
            entra,
            key,
        }
    }

    async fn rule(&self) {
        let rule = NewMapping {
            connection: self.entra.id,
            match_kind: MatchKind::Name,
            group: "SEO_Editors".to_owned(),
            role: "editor".to_owned(),
            projects: Vec::new(),
            position: None,
            enabled: None,
        };
        let store = &self.gateway.gateway.store;
        mappings::add(store, self.gateway.command(), rule)
            .await
            .unwrap();
    }

    async fn get(&self, path: &str) -> Value {
        let uri = format!("/api/v1/organizations/acme{path}");
        self.gateway.get(&uri, &self.key).await.expect(200).json()
    }

    async fn findings(&self) -> Vec<Value> {
        let path = format!("/connections/{}/lint", self.entra.id);
        self.get(&path).await["data"].as_array().unwrap().clone()
    }

    async fn finding(&self, code: &str) -> Option<Value> {
        let found = self.findings().await;
        found.into_iter().find(|it| it["code"] == code)
    }

    async fn role(&self, email: &str) -> Value {
        let found = self.get(&format!("/users?email={email}")).await;
        found["data"][0]["role"].clone()
    }

    async fn asserted(&self, email: &str) -> Value {
        let found = self.get(&format!("/users?email={email}")).await;
        let id = found["data"][0]["id"].as_str().unwrap().to_owned();
        self.get(&format!("/users/{id}/explain")).await["asserted_groups"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entra_group_id_in_a_claim_is_the_group_that_scim_pushed() {
    let acme = Acme::start().await;
    acme.rule().await;
    let idp = acme.gateway.idp(&acme.entra).await;
    let signed = |subject: &str, email: &str| {
        let response = idp.response().name_id(subject, PERSISTENT);
        response.attribute(
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            [email],
        )
    };
    // Bob comes before any group was pushed: the id in his claim is nothing yet.
    let bob = Browser::new(&acme.gateway);
    let by_id = signed("bob-1", "bob@acme.example").attribute(GROUPS, [OBJECT]);
    idp.post(&bob, &by_id.base64()).await.expect(303);
    assert_eq!(acme.role("bob@acme.example").await, "viewer");
    assert_eq!(
        acme.asserted("bob@acme.example").await,
        json!([{
            "connection_id": acme.entra.id, "value": OBJECT, "state": "unknown group, waiting",
            "stale_since": null,
        }])
    );
    let waiting = acme.finding("groups_are_ids").await.unwrap();
    assert_eq!(waiting["examples"], json!([OBJECT]));
    // Entra pushes the group with its object id, and the member by PATCH.
    let scim = acme.gateway.scim(&acme.entra);
    let mut ada = crate::harness::user("ada@acme.example");
    ada["externalId"] = json!(ADA);
    let ada_id = scim.post("/Users", ada).await.expect(201).id();
    let group = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": OBJECT,
        "displayName": "SEO_Editors",
    });
    let pushed = scim.post("/Groups", group).await.expect(201);
    assert!(pushed.header("usher-ignored").unwrap().contains("ADSCIM"));
    let group_id = pushed.id();
    let member =
        json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": ada_id}]}]);
    scim.patch(&format!("/Groups/{group_id}"), member)
        .await
        .expect(204);
    // Both ways lead to the role: Ada's by SCIM, Bob's by what his last sign-in named.
    assert_eq!(acme.role("ada@acme.example").await, "editor");
    assert_eq!(acme.role("bob@acme.example").await, "editor");
    let known = acme.asserted("bob@acme.example").await;
    assert_eq!(known[0]["state"], "SCIM group");
    assert_eq!(acme.finding("groups_are_ids").await, None);
    // More than 150 groups: a link in place of them, and nothing is unlearnt.
    let carol = |groups: &str| signed("carol-1", "carol@acme.example").attribute(groups, [OBJECT]);
    let browser = Browser::new(&acme.gateway);
    for claim in [GROUPS, OVERAGE] {
        acme.gateway.clock.advance(1);
        let response = carol(claim).base64();
        idp.post(&browser, &response).await.expect(303);
        assert_eq!(acme.role("carol@acme.example").await, "editor", "{claim}");
    }
    // The group goes, and with it what it gave on either way.
    scim.delete(&format!("/Groups/{group_id}"))
        .await
        .expect(204);
    for email in ["ada@acme.example", "bob@acme.example", "carol@acme.example"] {
        assert_eq!(acme.role(email).await, "viewer", "{email}");
    }
}

#[tokio::test]
async fn each_tolerance_is_counted_once_a_request_and_written_in_a_batch() {
    let acme = Acme::start().await;
    let scim = acme.gateway.scim(&acme.entra);
    let mut ada = crate::harness::user("ada@acme.example");
    ada["externalId"] = json!(ADA);
    let id = scim.post("/Users", ada).await.expect(201).id();
    assert_eq!(acme.findings().await, [] as [Value; 0]);
    let path = format!("/Users/{id}");
    for value in ["True", "False"] {
        acme.gateway.clock.advance(60);
        let operations = json!([
            {"op": "Replace", "path": "active", "value": value},
            {"op": "Replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1"},
            {"op": "Add", "path": "shoeSize", "value": "38"},
        ]);
        let reply = scim.patch(&path, operations).await.expect(204);
        assert_eq!(reply.header("usher-ignored"), Some("shoeSize"));
    }
    // What is refused took no tolerance.
    let refused = json!([{"op": "Replace", "path": "active", "value": "perhaps"}]);
    scim.patch(&path, refused).await.expect(400);
    scim.filter("/Users", "active eq \"true\"")
        .await
        .expect(200);
    let told = |found: Vec<Value>| -> Value {
        let row = |it: &Value| json!([it["subject"], it["count"], it["last_at"]]);
        found.iter().map(row).collect()
    };
    let expected = json!([
        ["absent_target", 1, "2026-11-22T10:01:00Z"],
        ["filter_spelling", 1, "2026-11-22T10:02:00Z"],
        ["text_boolean", 2, "2026-11-22T10:02:00Z"],
        ["unknown_attribute", 2, "2026-11-22T10:02:00Z"],
    ]);
    assert_eq!(
        told(acme.findings().await),
        expected,
        "before they are written"
    );
    let (tally, store) = (&acme.gateway.gateway.tally, &acme.gateway.gateway.store);
    assert_eq!(tally.flush(store).await.unwrap(), 4);
    assert_eq!(tally.flush(store).await.unwrap(), 0);
    assert_eq!(
        told(acme.findings().await),
        expected,
        "after they are written"
    );
    let again = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    scim.patch(&path, again).await.expect(204);
    tally.flush(store).await.unwrap();
    let counts = told(acme.findings().await);
    assert_eq!(
        counts[2],
        json!(["text_boolean", 3, "2026-11-22T10:02:00Z"])
    );
    for finding in acme.findings().await {
        assert!(finding["mend"].as_str().unwrap().ends_with('.'));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_one_day_is_told_today() {
    let acme = Acme::start().await;
    let scim = acme.gateway.scim(&acme.entra);
    let mut ada = crate::harness::user("ada@acme.example");
    ada["externalId"] = json!("ada");
    scim.post("/Users", ada).await.expect(201);
    let mut guest = crate::harness::user("eve@guest.example");
    guest["externalId"] = json!("9d3f7a5e-1c2b-4d6e-8f90-a1b2c3d4e5f6");
    scim.post("/Users", guest).await.expect(201);
    let idp = acme.gateway.idp(&acme.entra).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, "bob@acme.example").await.expect(303);
    for (code, example) in [
        ("external_id_reusable", json!(["ada"])),
        ("name_id_mutable", json!([])),
        ("address_outside_domains", json!(["eve@guest.example"])),
    ] {
        let finding = acme.finding(code).await.unwrap();
        assert_eq!(finding["count"], 1, "{code}");
        assert_eq!(finding["examples"], example, "{code}");
    }
    // Of another organization there is nothing to read.
    let other = acme.gateway.organization("other").await;
    let key = acme.gateway.key(live(Some(other), "*")).await;
    let uri = format!(
        "/api/v1/organizations/other/connections/{}/lint",
        acme.entra.id
    );
    acme.gateway.get(&uri, &key).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_refused_for_sha1_is_counted() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.entra).await;
    let browser = Browser::new(&acme.gateway);
    let good = STANDARD
        .decode(idp.response().email("bob@acme.example").base64())
        .unwrap();
    let good = String::from_utf8(good).unwrap();
    let (sha256, sha1) = (
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
    );
    assert!(good.contains(sha256));
    let weak = STANDARD.encode(good.replace(sha256, sha1));
    for count in 1..=2 {
        let reply = idp.post(&browser, &weak).await;
        assert_eq!(reason(&reply), "signature_algorithm_unsupported");
        let finding = acme.finding("sha1_refused").await.unwrap();
        assert_eq!(finding["count"], count);
    }
    idp.post(&browser, &STANDARD.encode(good)).await.expect(303);
    assert_eq!(acme.finding("sha1_refused").await.unwrap()["count"], 2);
}
