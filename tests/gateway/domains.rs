//! Domains that organizations prove by a TXT record, and what a proof is good for.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::id::OrganizationId;
use usher::provisioning::settings::connection_state::{self, TrustedDomain};

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::{Browser, Connected, NameServer, Reply, TestGateway};

/// Where the record of acme.example is.
pub(crate) const RECORD: &str = "_usher-challenge.acme.example";

/// An organization that proves its domains to a name server.
pub(crate) struct Setting {
    pub(crate) gateway: TestGateway,
    pub(crate) dns: NameServer,
    pub(crate) acme: OrganizationId,
    pub(crate) okta: Connected,
    key: String,
}

impl Setting {
    pub(crate) async fn start() -> Self {
        Self::with(NameServer::start().await, &[]).await
    }

    /// With this name server, and these domains listed on the connection.
    pub(crate) async fn with(dns: NameServer, listed: &[&str]) -> Self {
        let mut gateway = TestGateway::start().await;
        gateway.asks(dns.address);
        let acme = gateway.organization("acme").await;
        let okta = gateway.connect(acme, "Okta", Profile::Okta, listed).await;
        let scopes = "domains:read domains:write";
        let key = gateway.key(live(Some(acme), scopes)).await;
        Self {
            gateway,
            dns,
            acme,
            okta,
            key,
        }
    }

    pub(crate) async fn add(&self, domain: &str) -> Reply {
        let request = Request::post("/api/v1/organizations/acme/domains")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        let body = json!({"domain": domain}).to_string();
        self.gateway.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/organizations/acme/domains{path}"))
            .header("authorization", format!("Bearer {}", self.key));
        self.gateway
            .send(request.body(Body::empty()).unwrap())
            .await
    }

    /// Adds acme.example and publishes its record; answers the text.
    pub(crate) async fn published(&self) -> String {
        let added = self.add("acme.example").await.expect(201).json();
        let text = added["record"]["value"].as_str().unwrap().to_owned();
        self.dns.publish(RECORD, &text);
        text
    }

    /// Asks that the record of acme.example is looked for, after the gap.
    pub(crate) async fn verify(&self) -> Reply {
        self.gateway.clock.advance(10);
        self.ask("POST", "/acme.example/verify").await
    }

    pub(crate) async fn list(&self) -> Vec<Value> {
        let all = self.ask("GET", "").await.expect(200).json();
        all["data"].as_array().unwrap().clone()
    }

    /// What becomes of somebody new who signs in at this address.
    pub(crate) async fn arrives(&self, email: &str) -> Result<(), String> {
        let idp = self.gateway.idp(&self.okta).await;
        let reply = idp.sign_in(&Browser::new(&self.gateway), email).await;
        if reply.status == 303 {
            return Ok(());
        }
        Err(crate::harness::reason(&reply))
    }
}

/// The last part of a problem's type.
pub(crate) fn slug(reply: &Reply) -> String {
    let problem = reply.json();
    let kind = problem["type"].as_str().unwrap();
    kind.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_is_trusted_when_its_record_is_found() {
    let at = Setting::start().await;
    let added = at.add("ACME.example").await.expect(201).json();
    assert_eq!(
        (&added["domain"], &added["state"]),
        (&json!("acme.example"), &json!("pending"))
    );
    let record = &added["record"];
    assert_eq!(
        (&record["name"], &record["type"]),
        (&json!(RECORD), &json!("TXT"))
    );
    let again = at.add("acme.example").await.expect(201).json();
    assert_eq!(again, added, "it stays as it is");
    let none = at.verify().await.expect(409);
    assert_eq!(slug(&none), "domain_unverified");
    assert!(none.text().contains(RECORD), "{}", none.text());
    assert_eq!(
        at.arrives("ada@acme.example").await,
        Err("domain_not_trusted".to_owned())
    );
    let value = record["value"].as_str().unwrap();
    at.dns.publish(RECORD, "v=spf1 -all");
    at.dns.publish(RECORD, &value[..value.len() - 1]);
    let wrong = at.verify().await.expect(409);
    assert!(wrong.text().contains("2 TXT records"), "{}", wrong.text());
    at.dns.publish(RECORD, value);
    let good = at.verify().await.expect(200);
    assert_eq!(good.json()["state"], "verified");
    assert_eq!(at.list().await, [good.json()]);
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()));
    // The very domain, and none below it.
    assert_eq!(
        at.arrives("eve@corp.acme.example").await,
        Err("domain_not_trusted".to_owned())
    );
    let events = at.gateway.events(at.acme).await;
    let kinds: Vec<_> = events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    let of = |kind: &str| kinds.iter().filter(|it| **it == kind).count();
    assert_eq!((of("domain.added"), of("domain.verified")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_that_is_removed_is_good_no_more() {
    let at = Setting::start().await;
    at.published().await;
    at.verify().await.expect(200);
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()));
    let gone = at.ask("DELETE", "/acme.example").await.expect(200).json();
    assert_eq!(gone, json!({"domain": "acme.example", "listed_on": []}));
    at.ask("DELETE", "/acme.example").await.expect(404);
    at.verify().await.expect(404);
    assert!(at.list().await.is_empty());
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()), "she is known");
    assert_eq!(
        at.arrives("bob@acme.example").await,
        Err("domain_not_trusted".to_owned())
    );
    // The old record is not good for the next challenge.
    at.add("acme.example").await.expect(201);
    at.verify().await.expect(409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_elses_record_proves_a_domain() {
    let at = Setting::start().await;
    let other = at.gateway.organization("other").await;
    let theirs = at.gateway.connect(other, "Okta", Profile::Okta, &[]).await;
    let added = at.add("acme.example").await.expect(201).json();
    at.dns
        .publish(RECORD, added["record"]["value"].as_str().unwrap());
    let key = at.gateway.key(live(Some(other), "*")).await;
    let ask = |method: &str, uri: &str, body: String| {
        let request = Request::builder().method(method).uri(uri);
        let request = request
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        at.gateway.send(request.body(body.into()).unwrap())
    };
    let uri = "/api/v1/organizations/other/domains/acme.example/verify";
    ask("POST", uri, String::new()).await.expect(404);
    let acmes = "/api/v1/organizations/acme/domains/acme.example/verify";
    ask("POST", acmes, String::new()).await.expect(404);
    let domain = json!({"domain": "acme.example"}).to_string();
    let new = ask("POST", "/api/v1/organizations/other/domains", domain);
    let new = new.await.expect(201).json();
    assert_ne!(new["record"]["value"], added["record"]["value"]);
    at.gateway.clock.advance(10);
    ask("POST", uri, String::new()).await.expect(409);
    at.verify().await.expect(200);
    let idp = at.gateway.idp(&theirs).await;
    let browser = Browser::new(&at.gateway);
    let refused = idp.sign_in(&browser, "ada@acme.example").await;
    assert_eq!(crate::harness::reason(&refused), "domain_not_trusted");
    // Both may prove it (D10).
    at.dns
        .publish(RECORD, new["record"]["value"].as_str().unwrap());
    ask("POST", uri, String::new()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_domain_is_not_proved() {
    let at = Setting::start().await;
    for text in [
        "",
        "localhost",
        "192.0.2.1",
        "a b.example",
        "-.-",
        "acme..example",
        "é\0.fr",
    ] {
        assert_eq!(slug(&at.add(text).await.expect(422)), "invalid", "{text}");
    }
    at.add("bücher.example").await.expect(201);
    assert_eq!(at.list().await[0]["domain"], "xn--bcher-kva.example");
    for n in 0..99 {
        at.add(&format!("d{n}.example")).await.expect(201);
    }
    at.add("one-more.example").await.expect(422);
    assert_eq!(at.list().await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_name_server_changes_nothing() {
    let mut at = Setting::start().await;
    at.add("acme.example").await.expect(201);
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    at.gateway.asks(nobody.local_addr().unwrap());
    let reply = at.verify().await.expect(502);
    assert_eq!(slug(&reply), "dns_failed");
    assert!(!reply.text().contains("127.0.0.1"), "{}", reply.text());
    assert_eq!(at.list().await[0]["state"], "pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_operator_listed_is_removed_by_the_operator() {
    let at = Setting::with(NameServer::start().await, &["acme.example", "acme.test"]).await;
    let gateway = &at.gateway;
    let entra = gateway.connect(at.acme, "Entra", Profile::Entra, &["acme.example"]);
    let (okta, entra) = (at.okta.id, entra.await.id);
    let other = gateway.organization("other").await;
    let theirs = gateway
        .connect(other, "Okta", Profile::Okta, &["acme.example"])
        .await;
    at.published().await;
    let shown = at.verify().await.expect(200).json();
    let mut both = [okta.to_string(), entra.to_string()];
    both.sort_unstable();
    assert_eq!(shown["listed_on"], json!(both));
    // Whoever has a key removes the proof alone, and is told so.
    let gone = at.ask("DELETE", "/acme.example").await.expect(200).json();
    assert_eq!(gone["listed_on"], json!(both));
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()));
    at.add("acme.example").await.expect(201);
    let untrust = |connection, domain| {
        let store = &gateway.gateway.store;
        connection_state::untrust_domain(store, at.acme, gateway.command(), connection, domain)
    };
    let described = |gone: Vec<TrustedDomain>| -> Vec<_> {
        let each = gone.into_iter();
        each.map(|it| (it.connection_id, it.source, it.state))
            .collect()
    };
    let gone = untrust(Some(entra), "ACME.example").await.unwrap();
    let operator = |id| (Some(id), "operator".to_owned(), "removed");
    assert_eq!(described(gone), [operator(entra)]);
    let pending = &at.list().await[0];
    assert_eq!(pending["listed_on"], json!([okta.to_string()]));
    let gone = untrust(None, "acme.example").await.unwrap();
    assert_eq!(
        described(gone),
        [(None, "dns".to_owned(), "removed"), operator(okta)]
    );
    for (connection, domain) in [(None, "acme.example"), (Some(entra), "acme.test")] {
        let none = untrust(connection, domain).await.unwrap_err();
        assert_eq!(none.to_string(), "there is no such domain");
    }
    assert!(untrust(Some(theirs.id), "acme.example").await.is_err());
    assert_eq!(at.arrives("ada@acme.example").await, Ok(()), "she is known");
    let refused = Err("domain_not_trusted".to_owned());
    assert_eq!(at.arrives("bob@acme.example").await, refused);
    assert_eq!(at.arrives("bob@acme.test").await, Ok(()));
    let events = gateway.events(at.acme).await;
    let removed = events.iter().filter(|it| it["type"] == "domain.removed");
    let removed: Vec<_> = removed.map(|it| it["data"].clone()).collect();
    let of = |id: &str| json!({"domain": "acme.example", "connection_id": id});
    let proof = json!({"domain": "acme.example"});
    let expected = [
        proof.clone(),
        of(&entra.to_string()),
        proof,
        of(&okta.to_string()),
    ];
    assert_eq!(removed, expected);
    let idp = gateway.idp(&theirs).await;
    let reply = idp
        .sign_in(&Browser::new(gateway), "eve@acme.example")
        .await;
    assert_eq!(reply.status, 303, "theirs is theirs");
}

#[test]
fn commands_add_and_remove_domains() {
    let place = Place::new("domains");
    let usher = |arguments: &[&str]| {
        let arguments = [&["domain"], arguments, &["--org", "acme", "acme.example"]].concat();
        let (code, answer, _) = place.usher(&arguments, "");
        (code, answer)
    };
    let connection = ["connection", "create", "--org", "acme", "--name", "Okta"];
    let (_, made, _) = place.usher(&connection, "");
    let id = made["id"].as_str().unwrap();
    assert_eq!(usher(&["add"]).0, 0);
    let (code, fresh) = usher(&["verify"]);
    assert_eq!(
        (code, &fresh["error"]["code"]),
        (3, &json!("domain_too_soon"))
    );
    let list = || place.usher(&["domain", "list", "--org", "acme"], "").1;
    let states = |rows: &Value| -> Vec<_> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|it| (it["source"].clone(), it["state"].clone()))
            .collect()
    };
    let (operator, dns) = (json!("operator"), json!("dns"));
    let (trusted, pending) = (json!("trusted"), json!("pending"));
    assert_eq!(
        states(&list()),
        [(operator.clone(), trusted), (dns.clone(), pending.clone())]
    );
    let (code, gone) = usher(&["remove", "--connection", id]);
    let removed = json!("removed");
    assert_eq!(
        (code, states(&gone)),
        (0, vec![(operator, removed.clone())])
    );
    assert_eq!(states(&list()), [(dns.clone(), pending)]);
    let (code, gone) = usher(&["remove"]);
    assert_eq!((code, states(&gone)), (0, vec![(dns, removed)]));
    assert_eq!(list(), json!([]));
    assert_eq!(usher(&["remove"]).0, 1);
}
