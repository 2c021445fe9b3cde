//! Our own keys of a connection: made once, published, rolled over; and requests that they sign.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::x509::X509;
use roxmltree::Document;
use serde_json::{Value, json};
use url::Url;
use usher::demo::idp::encrypt::{Content, Encryption};
use usher::directory::connection::{KeyState, Profile};
use usher::provisioning::Error;
use usher::provisioning::saml_keys::{self, Shown, Step};
use usher::provisioning::settings::connections::{self, ConnectionSettings};

use crate::harness::{Browser, Connected, Idp, Reply, TestGateway, reason};

const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

async fn okta() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    (gateway, okta)
}

async fn metadata(gateway: &TestGateway, of: &Connected) -> String {
    let path = format!("/saml/{}/metadata", of.id);
    let reply = Browser::new(gateway).get(&path).await.expect(200);
    reply.text()
}

/// The use and the certificate of each KeyDescriptor.
fn keys(metadata: &str) -> Vec<(String, String)> {
    let document = Document::parse(metadata).unwrap();
    let described = document
        .descendants()
        .filter(|node| node.tag_name().name() == "KeyDescriptor")
        .map(|node| {
            let certificate = node
                .descendants()
                .find(|it| it.has_tag_name((SIGNATURE, "X509Certificate")));
            let text = certificate.unwrap().text().unwrap();
            (node.attribute("use").unwrap().to_owned(), text.to_owned())
        });
    described.collect()
}

/// The algorithms in which may be encrypted.
fn methods(metadata: &str) -> Vec<String> {
    let document = Document::parse(metadata).unwrap();
    let named = document
        .descendants()
        .filter(|node| node.tag_name().name() == "EncryptionMethod")
        .map(|node| node.attribute("Algorithm").unwrap().to_owned());
    named.collect()
}

async fn step(gateway: &TestGateway, of: &Connected, step: Step) -> Result<Vec<Shown>, Error> {
    let (store, secrets) = (&gateway.gateway.store, &gateway.gateway.links.secrets);
    saml_keys::step(store, gateway.command(), secrets, of.id, step).await
}

fn states(keys: &[Shown]) -> Vec<KeyState> {
    keys.iter().map(|key| key.state).collect()
}

async fn set(gateway: &TestGateway, of: &Connected, settings: ConnectionSettings) {
    let (store, context) = (&gateway.gateway.store, gateway.command());
    connections::update(store, context, of.id, settings)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_reader_makes_the_key_and_all_find_the_same() {
    let (gateway, okta) = okta().await;
    let readers = (0..8).map(|_| metadata(&gateway, &okta));
    let read = futures_util::future::join_all(readers).await;
    let first = keys(&read[0]);
    let uses: Vec<_> = first.iter().map(|(usage, _)| usage.as_str()).collect();
    assert_eq!(uses, ["signing", "encryption"]);
    assert_eq!(first[0].1, first[1].1);
    assert!(read.iter().all(|other| keys(other) == first), "one key");
    let other = gateway
        .connect(okta.org, "Other", Profile::Generic, &[])
        .await;
    let others = metadata(&gateway, &other).await;
    assert_ne!(keys(&others)[0].1, first[0].1, "each connection its own");
    let cbc = "http://www.w3.org/2001/04/xmlenc#aes256-cbc".to_owned();
    assert!(!methods(&read[0]).contains(&cbc) && methods(&others).contains(&cbc));
    let settings = ConnectionSettings {
        allow_cbc: Some(true),
        ..ConnectionSettings::default()
    };
    set(&gateway, &okta, settings).await;
    let said = methods(&metadata(&gateway, &okta).await);
    assert_eq!(said[0], "http://www.w3.org/2009/xmlenc11#aes256-gcm");
    assert!(said.contains(&cbc));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_rolled_over_in_three_steps_and_in_no_other_order() {
    use KeyState::{Current, Next, Retired};
    let (gateway, okta) = okta().await;
    let (store, secrets) = (&gateway.gateway.store, &gateway.gateway.links.secrets);
    let ids = &gateway.gateway.ids;
    let refused = |done: Result<Vec<Shown>, Error>| match done {
        Err(Error::Rule(rule)) => assert_eq!(rule.slug(), "invalid"),
        other => panic!("{other:?}"),
    };
    refused(step(&gateway, &okta, Step::Switch).await);
    refused(step(&gateway, &okta, Step::Drop).await);
    let first = saml_keys::list(store, ids, secrets, okta.id).await.unwrap();
    assert_eq!(states(&first), [Current]);
    let old = keys(&metadata(&gateway, &okta).await)[0].1.clone();

    let both = step(&gateway, &okta, Step::Add).await.unwrap();
    assert_eq!(states(&both), [Current, Next]);
    assert_eq!(both[0], first[0]);
    refused(step(&gateway, &okta, Step::Add).await);
    let published = keys(&metadata(&gateway, &okta).await);
    let uses: Vec<_> = published.iter().map(|(usage, _)| usage.as_str()).collect();
    assert_eq!(uses, ["signing", "signing", "encryption"]);
    assert_eq!((&published[0].1, &published[2].1), (&old, &old));
    let new = published[1].1.clone();
    assert_ne!(new, old);

    let switched = step(&gateway, &okta, Step::Switch).await.unwrap();
    assert_eq!(states(&switched), [Current, Retired]);
    assert_eq!(switched[0].fingerprint, both[1].fingerprint);
    refused(step(&gateway, &okta, Step::Switch).await);
    refused(step(&gateway, &okta, Step::Add).await);
    let published = keys(&metadata(&gateway, &okta).await);
    assert!(
        published.iter().all(|(_, key)| *key == new),
        "the old one is told no more"
    );

    let dropped = step(&gateway, &okta, Step::Drop).await.unwrap();
    assert_eq!(states(&dropped), [Current]);
    let events = gateway.events(okta.org).await;
    let told: Vec<&Value> = events
        .iter()
        .filter(|event| event["type"] == "connection.updated")
        .map(|event| &event["data"]["changes"][0])
        .collect();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["attribute"], "keys");
    assert_eq!(told[0]["new"][1]["state"], "next");
    assert!(!json!(events).to_string().contains(&old[..40]));
    let other = gateway.organization("other").await;
    let theirs = gateway.connect(other, "Okta", Profile::Okta, &[]).await;
    let theirs = keys(&metadata(&gateway, &theirs).await)[0].1.clone();
    assert_ne!(theirs, new);
}

async fn login(gateway: &TestGateway, of: &Connected) -> Reply {
    let path = format!("/saml/{}/login", of.id);
    Browser::new(gateway).get(&path).await
}

fn parameters(reply: &Reply) -> Vec<String> {
    let address = Url::parse(reply.header("location").unwrap()).unwrap();
    let names = address.query_pairs().map(|(name, _)| name.into_owned());
    names.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_signed_where_the_provider_or_an_admin_wants_it() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let reply = login(&gateway, &okta).await.expect(303);
    assert_eq!(parameters(&reply), ["SAMLRequest"]);
    let plain = metadata(&gateway, &okta).await;
    assert!(plain.contains("AuthnRequestsSigned=\"false\""));

    let described = idp.signer.metadata();
    let wants = described.replace(
        "WantAuthnRequestsSigned=\"false\"",
        "WantAuthnRequestsSigned=\"true\"",
    );
    assert_ne!(wants, described);
    let settings = |metadata: Option<&str>, sign_requests| ConnectionSettings {
        idp_metadata: metadata.map(str::to_owned),
        sign_requests,
        ..ConnectionSettings::default()
    };
    set(&gateway, &okta, settings(Some(&wants), None)).await;
    let reply = login(&gateway, &okta).await.expect(303);
    assert_eq!(parameters(&reply), ["SAMLRequest", "SigAlg", "Signature"]);
    let signs = metadata(&gateway, &okta).await;
    assert!(signs.contains("AuthnRequestsSigned=\"true\""));

    set(&gateway, &okta, settings(None, Some(false))).await;
    let reply = login(&gateway, &okta).await.expect(303);
    assert_eq!(
        parameters(&reply),
        ["SAMLRequest"],
        "an admin has the last word"
    );
    set(&gateway, &okta, settings(Some(&described), Some(true))).await;
    let reply = login(&gateway, &okta).await.expect(303);
    assert_eq!(parameters(&reply).len(), 3);

    // By POST, the document itself is signed, by the key that the metadata publish.
    let post = described.replace("bindings:HTTP-Redirect", "bindings:HTTP-POST");
    set(&gateway, &okta, settings(Some(&post), None)).await;
    let page = login(&gateway, &okta).await.expect(200);
    let page = page.text();
    let (_, field) = page.split_once("name=\"SAMLRequest\" value=\"").unwrap();
    let (field, _) = field.split_once('"').unwrap();
    let xml = String::from_utf8(STANDARD.decode(field).unwrap()).unwrap();
    let published = keys(&metadata(&gateway, &okta).await)[0].1.clone();
    let document = Document::parse(&xml).unwrap();
    let certificate = document
        .descendants()
        .find(|node| node.has_tag_name((SIGNATURE, "X509Certificate")))
        .unwrap();
    let text: String = certificate.text().unwrap().split_whitespace().collect();
    assert_eq!(text, published);
    let value = document
        .descendants()
        .find(|node| node.has_tag_name((SIGNATURE, "SignatureValue")));
    assert!(value.unwrap().text().unwrap().trim().len() > 300);
}

/// Ada's response, encrypted for the certificate that metadata have.
fn sealed(idp: &Idp<'_>, certificate: &str, encryption: Encryption<'_>) -> String {
    let der = STANDARD.decode(certificate).unwrap();
    let key = X509::from_der(&der).unwrap().public_key().unwrap();
    let signed = idp.response().email("ada@acme.example").signed();
    STANDARD.encode(encryption.encrypt(&signed, &key))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_assertion_is_read_by_every_key_that_was_published() {
    let (gateway, okta) = okta().await;
    let idp = gateway.idp(&okta).await;
    let gcm = Encryption::default();
    let old = keys(&metadata(&gateway, &okta).await)[0].1.clone();
    let post = async |message: String| idp.post(&Browser::new(&gateway), &message).await;
    post(sealed(&idp, &old, gcm)).await.expect(303);
    step(&gateway, &okta, Step::Add).await.unwrap();
    let new = keys(&metadata(&gateway, &okta).await)[1].1.clone();
    for step_taken in [None, Some(Step::Switch)] {
        if let Some(taken) = step_taken {
            step(&gateway, &okta, taken).await.unwrap();
        }
        for key in [&old, &new] {
            post(sealed(&idp, key, gcm)).await.expect(303);
        }
    }
    step(&gateway, &okta, Step::Drop).await.unwrap();
    post(sealed(&idp, &new, gcm)).await.expect(303);
    let before = gateway.traces(okta.org).await;
    let reply = post(sealed(&idp, &old, gcm)).await.expect(400);
    assert_eq!(reason(&reply), "decryption_failed");

    // CBC where somebody said so; another connection's key never.
    let cbc = Encryption {
        content: Content::Aes256Cbc,
        ..gcm
    };
    let reply = post(sealed(&idp, &new, cbc)).await.expect(400);
    assert_eq!(reason(&reply), "encryption_algorithm_unsupported");
    let other = gateway
        .connect(okta.org, "Other", Profile::Generic, &["acme.example"])
        .await;
    let theirs = keys(&metadata(&gateway, &other).await)[0].1.clone();
    let reply = post(sealed(&idp, &theirs, gcm)).await.expect(400);
    assert_eq!(reason(&reply), "decryption_failed");
    assert_eq!(gateway.traces(okta.org).await, before);
    let settings = ConnectionSettings {
        allow_cbc: Some(true),
        ..ConnectionSettings::default()
    };
    set(&gateway, &okta, settings).await;
    post(sealed(&idp, &new, cbc)).await.expect(303);
}
