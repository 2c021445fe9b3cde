//! Single logout by SAML: what the identity provider ends here, and what is told to it of a logout
//! here; by redirect and in a form.

use std::io::Read as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use jiff::SignedDuration;
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;
use serde_json::json;
use url::Url;
use usher::demo::idp::{Algorithm, Keys, Kind, Logout, TestIdp, base64};
use usher::directory::connection::Profile;
use usher::provisioning::settings::connections::{self, ConnectionSettings};

use crate::harness::{BYE, Browser, Connected, Idp, PUBLIC_URL, Reply, TestGateway, form, reason};
use crate::refresh::{okta, refused, text};

const SLO: &str = "https://idp.example/slo";
const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const ADA: &str = "ada@acme.example";

async fn set(gateway: &TestGateway, of: &Connected, settings: ConnectionSettings) {
    let (store, context) = (&gateway.gateway.store, gateway.command());
    connections::update(store, context, of.id, settings)
        .await
        .unwrap();
}

/// An identity provider whose metadata name these single logout services.
async fn provider<'a>(gateway: &'a TestGateway, of: &'a Connected, services: &str) -> Idp<'a> {
    let idp = gateway.idp(of).await;
    let at = "    <md:NameIDFormat>";
    let metadata = idp.signer.metadata();
    assert!(metadata.contains(at));
    let settings = ConnectionSettings {
        idp_metadata: Some(metadata.replacen(at, &format!("{services}{at}"), 1)),
        ..ConnectionSettings::default()
    };
    set(gateway, of, settings).await;
    idp
}

fn service(binding: &str) -> String {
    format!(r#"<md:SingleLogoutService Binding="{binding}" Location="{SLO}"/>"#)
}

fn path(of: &Connected) -> String {
    format!("/saml/{}/slo", of.id)
}

fn slo_url(of: &Connected) -> String {
    format!("{PUBLIC_URL}{}", path(of))
}

fn demand<'a>(gateway: &TestGateway, idp: &'a Idp<'_>) -> Logout<'a> {
    let now = gateway.gateway.ids.clock().now();
    let request = idp.signer.logout_request(slo_url(idp.connected), now);
    request.name_id(ADA, EMAIL)
}

fn answer<'a>(gateway: &TestGateway, idp: &'a Idp<'_>, to: &str) -> Logout<'a> {
    let now = gateway.gateway.ids.clock().now();
    idp.signer.logout_response(slo_url(idp.connected), now, to)
}

async fn get(gateway: &TestGateway, of: &Connected, query: &str) -> Reply {
    Browser::new(gateway)
        .get(&format!("{}?{query}", path(of)))
        .await
}

async fn post(gateway: &TestGateway, of: &Connected, fields: &[(&str, &str)]) -> Reply {
    Browser::new(gateway).post(&path(of), fields).await
}

async fn is_in(browser: &Browser<'_>) -> bool {
    browser.get("/signed-in").await.status == 200
}

/// Signs somebody in, in a session of this index.
async fn sign_in<'a>(
    gateway: &'a TestGateway,
    idp: &Idp<'_>,
    email: &str,
    index: &str,
) -> Browser<'a> {
    let browser = Browser::new(gateway);
    let response = idp.response().email(email);
    let response = response.ids(format!("_r{index}"), index).base64();
    idp.post(&browser, &response).await.expect(303);
    assert!(is_in(&browser).await);
    browser
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).unwrap();
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(n, _)| n == name);
    found.map(|(_, value)| value.into_owned())
}

/// The document that a redirect carries.
fn inflated(location: &str, name: &str) -> String {
    let octets = STANDARD.decode(parameter(location, name).unwrap()).unwrap();
    let mut text = String::new();
    let mut inflate = DeflateDecoder::new(&octets[..]);
    inflate.read_to_string(&mut text).unwrap();
    text
}

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    let value = rest.split('"').next().unwrap();
    Some(value.replace("&#43;", "+").replace("&#38;", "&"))
}

fn attribute(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let root = document.root_element();
    root.attribute(name).map(str::to_owned)
}

async fn metadata(gateway: &TestGateway, of: &Connected) -> String {
    let path = format!("/saml/{}/metadata", of.id);
    Browser::new(gateway).get(&path).await.expect(200).text()
}

/// The signature of a query of ours holds, by the key that our metadata publish.
async fn is_signed(gateway: &TestGateway, of: &Connected, location: &str) {
    let metadata = metadata(gateway, of).await;
    let (_, rest) = metadata.split_once("<ds:X509Certificate>").unwrap();
    let der = STANDARD.decode(rest.split('<').next().unwrap()).unwrap();
    let key = X509::from_der(&der).unwrap().public_key().unwrap();
    let (_, query) = location.split_once('?').unwrap();
    let (covered, _) = query.split_once("&Signature=").unwrap();
    let signature = STANDARD.decode(parameter(location, "Signature").unwrap());
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    let holds = verifier.verify_oneshot(&signature.unwrap(), covered.as_bytes());
    assert!(holds.unwrap(), "{location}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_identity_provider_ends_the_sessions_that_it_names() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let app = gateway.app("Docs", okta.org).await;
    let mut ended = 0;
    for by_post in [false, true] {
        let name = |index: &str| format!("_{index}{}", u8::from(by_post));
        let first = sign_in(&gateway, &idp, ADA, &name("one")).await;
        let second = sign_in(&gateway, &idp, ADA, &name("two")).await;
        let third = sign_in(&gateway, &idp, ADA, &name("three")).await;
        let bob = sign_in(&gateway, &idp, "bob@acme.example", &name("bob")).await;
        let token = text(&app.tokens(&first).await, "refresh_token");
        let send = async |request: &Logout<'_>| {
            let state = "a b&\"c";
            let reply = if by_post {
                let (name, field) = (request.parameter(), request.base64());
                post(&gateway, &okta, &[(name, &field), ("RelayState", state)]).await
            } else {
                get(&gateway, &okta, &request.query(Some(state))).await
            };
            let reply = reply.expect(303);
            let location = reply.header("location").unwrap().to_owned();
            assert!(location.starts_with(&format!("{SLO}?SAMLResponse=")));
            assert_eq!(parameter(&location, "RelayState").as_deref(), Some(state));
            is_signed(&gateway, &okta, &location).await;
            let response = inflated(&location, "SAMLResponse");
            for part in [
                &format!(" InResponseTo=\"{}\"", request.id()),
                &format!(" Destination=\"{SLO}\""),
                "status:Success\"",
                &format!(">{PUBLIC_URL}/saml/{}/metadata</saml:Issuer>", okta.id),
            ] {
                assert!(response.contains(part), "{part}: {response}");
            }
        };
        let one = demand(&gateway, &idp).session_index("_nobody");
        send(&one.session_index(name("one"))).await;
        assert!(!is_in(&first).await, "it is named");
        refused(app.refresh(&token).await);
        assert!(is_in(&second).await && is_in(&third).await && is_in(&bob).await);
        // None is named: all of them. And once more, when nobody is there.
        for _ in 0..2 {
            send(&demand(&gateway, &idp)).await;
            assert!(!is_in(&second).await && !is_in(&third).await);
            assert!(is_in(&bob).await, "somebody else's goes on");
        }
        let mut events = gateway.events(okta.org).await;
        events.retain(|event| event["type"] == "session.revoked");
        ended += 3;
        assert_eq!(events.len(), ended);
        assert_eq!(events[ended - 1]["data"]["reason"], json!("saml_logout"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_go_where_the_metadata_say() {
    let (gateway, okta) = okta().await;
    let elsewhere = service(POST).replace("/>", " ResponseLocation=\"https://idp.example/done\"/>");
    let idp = provider(&gateway, &okta, &elsewhere).await;
    let browser = sign_in(&gateway, &idp, ADA, "_a").await;
    let query = demand(&gateway, &idp).query(Some("s\"1"));
    let reply = get(&gateway, &okta, &query).await.expect(200);
    let page = reply.text();
    assert!(
        page.contains("action=\"https://idp.example/done\""),
        "{page}"
    );
    assert!(hidden(&page, "RelayState").is_some(), "{page}");
    let xml = STANDARD.decode(hidden(&page, "SAMLResponse").unwrap());
    let xml = String::from_utf8(xml.unwrap()).unwrap();
    assert!(xml.contains("<ds:SignatureValue>") || xml.contains("SignatureValue"));
    assert!(!is_in(&browser).await);
    // A provider that publishes none has its sessions ended, and a person reads it.
    let other = gateway.organization("other").await;
    let other = gateway
        .connect(other, "Other", Profile::Generic, &["acme.example"])
        .await;
    let idp = gateway.idp(&other).await;
    let settings = ConnectionSettings {
        single_logout: Some(true),
        ..ConnectionSettings::default()
    };
    set(&gateway, &other, settings).await;
    let browser = sign_in(&gateway, &idp, ADA, "_b").await;
    let reply = get(&gateway, &other, &demand(&gateway, &idp).query(None)).await;
    assert!(reply.expect(200).text().contains("You are signed out"));
    assert!(!is_in(&browser).await);
}

/// Messages that are not taken, by either binding: a query or a field, and the reason.
fn bad(gateway: &TestGateway, idp: &Idp<'_>) -> Vec<(String, String, &'static str)> {
    let now = gateway.gateway.ids.clock().now();
    let good = || demand(gateway, idp);
    let second = SignedDuration::from_secs(1);
    let old = now - SignedDuration::from_secs(721);
    let early = now + SignedDuration::from_secs(121);
    let thief = Keys::generate(Kind::P256).unwrap();
    let thief = TestIdp::with_keys(idp.signer.entity_id(), "https://idp.example/sso", thief);
    let rsa = TestIdp::new(idp.signer.entity_id(), "https://idp.example/sso").unwrap();
    let of_thief = |signer: &TestIdp| {
        let stolen = signer.logout_request(slo_url(idp.connected), now);
        let stolen = stolen.name_id(ADA, EMAIL);
        (stolen.query(None), stolen.base64())
    };
    let both = |of: Logout<'_>| (of.query(None), of.base64());
    let changed = |from: &str, to: &str| {
        let xml = good().unsigned();
        let other = xml.replacen(from, to, 1);
        assert_ne!(xml, other, "{from}");
        (good().query_of(&other, None), base64(&good().sign(&other)))
    };
    let end = |at: jiff::Timestamp| format!(" NotOnOrAfter=\"{at}\" Version=\"2.0\"");
    let name = format!("<saml:NameID Format=\"{EMAIL}\">{ADA}</saml:NameID>");
    let declare = |xml: &str| format!("<!DOCTYPE a>{xml}");
    let declared = (
        good().query_of(&declare(&good().unsigned()), None),
        base64(&declare(&good().sign(&good().unsigned()))),
    );
    let several = format!("{name}{name}");
    let plain = good().unsigned();
    let unsigned = (good().unsigned_query(&plain, None), base64(&plain));
    [
        (unsigned, "signature_missing"),
        (of_thief(&thief), "signature_invalid"),
        (of_thief(&rsa), "certificate_key_type"),
        (
            both(good().issuer("https://evil.example")),
            "issuer_mismatch",
        ),
        (
            both(good().destination(format!("{PUBLIC_URL}{}", idp.acs()))),
            "destination_mismatch",
        ),
        (
            changed(" Destination=", " Consent="),
            "destination_mismatch",
        ),
        (both(good().at(old)), "issue_instant"),
        (both(good().at(early)), "issue_instant"),
        (
            changed(" Version=\"2.0\"", &end(now - second * 120)),
            "expired",
        ),
        (
            both(good().algorithm(Algorithm::Sha1)),
            "signature_algorithm_unsupported",
        ),
        (changed(" Version=\"2.0\"", " Version=\"1.1\""), "structure"),
        (changed(&name, ""), "name_id"),
        (changed(&name, &several), "structure"),
        (changed(ADA, "a<!-- -->da@acme.example"), "comment_in_value"),
        (
            changed(&name, "<saml:EncryptedID></saml:EncryptedID>"),
            "encrypted_element_unsupported",
        ),
        (declared, "doctype"),
    ]
    .into_iter()
    .map(|((query, field), reason)| (query, field, reason))
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_as_it_must_be_changes_nothing() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let browser = sign_in(&gateway, &idp, ADA, "_a").await;
    let before = gateway.traces(okta.org).await;
    for (query, field, wanted) in bad(&gateway, &idp) {
        let reply = get(&gateway, &okta, &query).await;
        assert!(reply.status.is_client_error(), "{wanted} {}", reply.text());
        assert_eq!(reason(&reply), wanted, "{query}");
        let reply = post(&gateway, &okta, &[("SAMLRequest", &field)]).await;
        assert!(reply.status.is_client_error(), "{wanted} {}", reply.text());
        assert_eq!(reason(&reply), wanted, "in a form");
    }
    // The octets that were sent are what is signed: not what they mean, and all of them.
    let good = demand(&gateway, &idp);
    let query = good.query(Some("a:b"));
    for (from, to) in [
        ("%3A%2F%2Fwww", "%3a%2F%2Fwww"),
        ("RelayState=a%3Ab", "RelayState=a:b"),
        ("RelayState=a%3Ab", "RelayState=a%3Ac"),
        ("&RelayState=a%3Ab", ""),
    ] {
        assert!(query.contains(from), "{query}");
        let reply = get(&gateway, &okta, &query.replacen(from, to, 1)).await;
        assert_eq!(reason(&reply.expect(400)), "signature_invalid", "{to}");
    }
    let altered = STANDARD.decode(good.base64()).unwrap();
    let altered = String::from_utf8(altered).unwrap();
    let altered = base64(&altered.replacen(ADA, "eve@acme.example", 1));
    let reply = post(&gateway, &okta, &[("SAMLRequest", &altered)]).await;
    assert_eq!(reason(&reply.expect(400)), "signature_invalid");
    for (query, wanted) in [
        ("", "missing_message"),
        ("SAMLRequest=%%%", "malformed_form"),
        ("SAMLRequest=////&SigAlg=x&Signature=x", "malformed_deflate"),
    ] {
        let reply = get(&gateway, &okta, query).await.expect(400);
        assert_eq!(reason(&reply), wanted, "{query}");
    }
    let reply = post(&gateway, &okta, &[("SAMLRequest", "*")]).await;
    assert_eq!(reason(&reply.expect(400)), "malformed_base64");
    assert_eq!(gateway.traces(okta.org).await, before);
    assert!(is_in(&browser).await);
    // The honest one, in another order of its parts; and the same once more, by either binding.
    let mut parts: Vec<_> = query.split('&').collect();
    parts.reverse();
    get(&gateway, &okta, &parts.join("&")).await.expect(303);
    assert!(!is_in(&browser).await);
    let again = sign_in(&gateway, &idp, ADA, "_b").await;
    let reply = get(&gateway, &okta, &query).await.expect(403);
    assert_eq!(reason(&reply), "replayed");
    let reply = post(&gateway, &okta, &[("SAMLRequest", &good.base64())]).await;
    assert_eq!(reason(&reply.expect(403)), "replayed");
    assert!(is_in(&again).await);
    for algorithm in [Algorithm::Sha384, Algorithm::Sha512] {
        let good = demand(&gateway, &idp).algorithm(algorithm);
        get(&gateway, &okta, &good.query(None)).await.expect(303);
        let good = demand(&gateway, &idp).algorithm(algorithm).base64();
        let reply = post(&gateway, &okta, &[("SAMLRequest", &good)]).await;
        reply.expect(303);
    }
    assert!(!is_in(&again).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_connection_and_no_other_organization_is_reached() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let entra = gateway
        .connect(okta.org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let beside = provider(&gateway, &entra, &service(REDIRECT)).await;
    let org = gateway.organization("other").await;
    let other = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let theirs = provider(&gateway, &other, &service(REDIRECT)).await;
    let here = sign_in(&gateway, &idp, ADA, "_a").await;
    let there = sign_in(&gateway, &theirs, ADA, "_a").await;
    // Their own word, of a person with the same name and session, ends nothing here.
    let request = demand(&gateway, &beside).session_index("_a");
    get(&gateway, &entra, &request.query(None))
        .await
        .expect(303);
    assert!(is_in(&here).await && is_in(&there).await);
    // Their word at our door, and ours at theirs, is none.
    for (signer, of) in [(&beside, &okta), (&theirs, &okta), (&idp, &other)] {
        for request in [
            demand(&gateway, signer).destination(slo_url(of)),
            demand(&gateway, signer)
                .destination(slo_url(of))
                .issuer(format!("https://idp.example/{}", of.id)),
        ] {
            let reply = get(&gateway, of, &request.query(None)).await.expect(400);
            assert_eq!(reason(&reply), "signature_invalid");
        }
    }
    assert!(is_in(&here).await && is_in(&there).await);
    let request = demand(&gateway, &theirs).query(None);
    get(&gateway, &other, &request).await.expect(303);
    assert!(is_in(&here).await && !is_in(&there).await);
    let request = demand(&gateway, &idp).query(None);
    get(&gateway, &okta, &request).await.expect(303);
    assert!(!is_in(&here).await);
}

/// Signs out at an app; where the browser is sent.
async fn leave(app: &crate::harness::App<'_>, browser: &Browser<'_>) -> Reply {
    let tokens = app.tokens(browser).await;
    let (hint, token) = (text(&tokens, "id_token"), text(&tokens, "refresh_token"));
    let fields = [
        ("id_token_hint", &*hint),
        ("post_logout_redirect_uri", BYE),
        ("state", "a b"),
    ];
    let reply = browser
        .get(&format!("/oauth/logout?{}", form(&fields)))
        .await;
    // The session here is over, whatever becomes of the other one.
    refused(app.refresh(&token).await);
    assert!(!is_in(browser).await);
    assert_eq!(browser.cookie("__Host-usher"), None);
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_here_reaches_the_identity_provider_and_comes_back() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let app = gateway.app("Docs", okta.org).await;
    let back = format!("{BYE}?state=a+b");
    for (index, by_post, status) in [
        ("_a", false, "urn:oasis:names:tc:SAML:2.0:status:Success"),
        ("_b", true, "urn:oasis:names:tc:SAML:2.0:status:Success"),
        ("_c", false, "urn:oasis:names:tc:SAML:2.0:status:Responder"),
    ] {
        let browser = sign_in(&gateway, &idp, ADA, index).await;
        let reply = leave(&app, &browser).await.expect(303);
        let location = reply.header("location").unwrap().to_owned();
        assert!(location.starts_with(&format!("{SLO}?SAMLRequest=")));
        is_signed(&gateway, &okta, &location).await;
        let request = inflated(&location, "SAMLRequest");
        for part in [
            &format!("<saml:NameID Format=\"{EMAIL}\">{ADA}</saml:NameID>"),
            &format!("<samlp:SessionIndex>{index}</samlp:SessionIndex>"),
            &format!(" Destination=\"{SLO}\""),
            &format!(">{PUBLIC_URL}/saml/{}/metadata</saml:Issuer>", okta.id),
        ] {
            assert!(request.contains(part), "{part}: {request}");
        }
        let id = attribute(&request, "ID").unwrap();
        let response = answer(&gateway, &idp, &id).status(status);
        let send = async |response: &Logout<'_>| {
            let place = path(&okta);
            if by_post {
                let field = response.base64();
                browser.post(&place, &[("SAMLResponse", &field)]).await
            } else {
                let query = response.query(None);
                browser.get(&format!("{place}?{query}")).await
            }
        };
        // What is not of the identity provider, or not to us, is refused and takes nothing.
        for (bad, wanted) in [
            (
                response.clone().issuer("https://evil.example"),
                "issuer_mismatch",
            ),
            (response.clone().destination(SLO), "destination_mismatch"),
            (answer(&gateway, &idp, "_other"), "in_response_to_unknown"),
        ] {
            assert_eq!(reason(&send(&bad).await.expect(400)), wanted);
        }
        let reply = send(&response).await.expect(303);
        assert_eq!(reply.header("location"), Some(&*back));
        let reply = send(&response).await.expect(400);
        assert_eq!(reason(&reply), "in_response_to_unknown", "it is good once");
    }
    // Its time is ten minutes.
    for (seconds, status) in [(599, 303), (601, 400)] {
        let browser = sign_in(&gateway, &idp, ADA, &format!("_t{seconds}")).await;
        let reply = leave(&app, &browser).await.expect(303);
        let request = inflated(reply.header("location").unwrap(), "SAMLRequest");
        let id = attribute(&request, "ID").unwrap();
        gateway.clock.advance(seconds);
        let query = answer(&gateway, &idp, &id).query(None);
        get(&gateway, &okta, &query).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_yes_on_our_page_is_sent_on_in_a_form_where_that_is_wanted() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(POST)).await;
    let browser = sign_in(&gateway, &idp, ADA, "_a").await;
    let page = browser.get("/oauth/logout").await.expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:"), "{policy}");
    let proof = hidden(&page.text(), "proof").unwrap();
    let yes = [("answer", "sign_out"), ("proof", &*proof)];
    let reply = browser.submit("/oauth/logout/confirm", &yes).await;
    let page = reply.expect(200).text();
    assert!(!is_in(&browser).await);
    assert!(page.contains(&format!("action=\"{SLO}\"")), "{page}");
    let field = STANDARD.decode(hidden(&page, "SAMLRequest").unwrap());
    let request = String::from_utf8(field.unwrap()).unwrap();
    assert!(request.contains("SignatureValue"), "{request}");
    let id = attribute(&request, "ID").unwrap();
    // Without an app it is our own page that says so. This answer has no signature, as some send it.
    let response = answer(&gateway, &idp, &id);
    let query = response.unsigned_query(&response.unsigned(), None);
    let reply = get(&gateway, &okta, &query).await.expect(200);
    assert!(reply.text().contains("You are signed out"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_off_nothing_is_there() {
    let (gateway, okta) = okta().await;
    let plain = gateway.idp(&okta).await;
    let app = gateway.app("Docs", okta.org).await;
    assert!(
        !metadata(&gateway, &okta)
            .await
            .contains("SingleLogoutService")
    );
    get(&gateway, &okta, &demand(&gateway, &plain).query(None))
        .await
        .expect(404);
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let published = metadata(&gateway, &okta).await;
    for binding in [REDIRECT, POST] {
        let url = slo_url(&okta);
        let line = format!(r#"<md:SingleLogoutService Binding="{binding}" Location="{url}"/>"#);
        assert!(published.contains(&line), "{published}");
    }
    let browser = sign_in(&gateway, &idp, ADA, "_a").await;
    let switch = |on| ConnectionSettings {
        single_logout: Some(on),
        ..ConnectionSettings::default()
    };
    set(&gateway, &okta, switch(false)).await;
    assert!(
        !metadata(&gateway, &okta)
            .await
            .contains("SingleLogoutService")
    );
    let good = demand(&gateway, &idp);
    let reply = get(&gateway, &okta, &good.query(None)).await.expect(404);
    assert_eq!(reason(&reply), "single_logout_off");
    let field = good.base64();
    post(&gateway, &okta, &[("SAMLRequest", &field)])
        .await
        .expect(404);
    assert!(is_in(&browser).await);
    let reply = leave(&app, &browser).await.expect(303);
    let back = format!("{BYE}?state=a+b");
    assert_eq!(reply.header("location"), Some(&*back));
    set(&gateway, &okta, switch(true)).await;
    let browser = sign_in(&gateway, &idp, ADA, "_b").await;
    get(&gateway, &okta, &good.query(None)).await.expect(303);
    assert!(!is_in(&browser).await);
    let unknown = "/saml/00000000-0000-0000-0000-000000000000/slo";
    Browser::new(&gateway).get(unknown).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_out_on_our_own_page_leaves_the_identity_provider_too() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let browser = sign_in(&gateway, &idp, ADA, "_own").await;
    let page = browser.get("/signed-in").await.expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:"), "{policy}");
    let reply = browser.submit("/sign-out", &[]).await.expect(303);
    let location = reply.header("location").unwrap();
    assert!(location.starts_with(&format!("{SLO}?SAMLRequest=")));
    assert!(!is_in(&browser).await);
    let id = attribute(&inflated(location, "SAMLRequest"), "ID").unwrap();
    let query = answer(&gateway, &idp, &id).query(None);
    let reply = browser.get(&format!("{}?{query}", path(&okta))).await;
    let back = reply.expect(303).header("location").map(str::to_owned);
    assert_eq!(back, Some(format!("{PUBLIC_URL}/signed-in")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_waits_for_a_yes_does_not_outlive_its_logout() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let eve = "eve@acme.example";
    for (named, status) in [(eve, 403), (ADA, 303)] {
        let index = format!("_of{status}");
        let browser = sign_in(&gateway, &idp, "bob@acme.example", &index).await;
        let response = idp
            .response()
            .email(eve)
            .ids(format!("_e{status}"), format!("_w{status}"));
        idp.post(&browser, &response.base64()).await.expect(200);
        let now = gateway.gateway.ids.clock().now();
        let demand = idp.signer.logout_request(slo_url(&okta), now);
        let query = demand.name_id(named, EMAIL).query(None);
        get(&gateway, &okta, &query).await.expect(303);
        let place = format!("/saml/{}/continue", okta.id);
        let yes = [("answer", "continue")];
        let reply = browser.submit(&place, &yes).await.expect(status);
        assert_eq!(
            reply.header("location").is_none(),
            status == 403 && reason(&reply) == "confirmation_expired"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_that_is_older_than_its_logout_lets_nobody_in() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let response = |index: &str| {
        let response = idp.response().email(ADA);
        response.ids(format!("_r{index}"), index).base64()
    };
    let (late, other) = (response("_late"), response("_other"));
    gateway.clock.advance(30);
    let demand = demand(&gateway, &idp).session_index("_late");
    get(&gateway, &okta, &demand.query(None)).await.expect(303);
    let browser = Browser::new(&gateway);
    let reply = idp.post(&browser, &late).await.expect(403);
    assert_eq!(reason(&reply), "signed_out");
    assert!(!is_in(&browser).await);
    // Another session is not meant, and neither is whoever signs in again, were it to the same one.
    idp.post(&Browser::new(&gateway), &other).await.expect(303);
    gateway.clock.advance(1);
    let again = idp.response().email(ADA).ids("_again", "_late").base64();
    idp.post(&browser, &again).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_the_same_at_sign_in_is_the_same_at_logout() {
    let (gateway, okta) = okta().await;
    let idp = provider(&gateway, &okta, &service(REDIRECT)).await;
    let browser = sign_in(&gateway, &idp, "Ada@Acme.example", "_case").await;
    let now = gateway.gateway.ids.clock().now();
    let demand = idp.signer.logout_request(slo_url(&okta), now);
    let query = demand.name_id("ada@ACME.example", EMAIL).query(None);
    get(&gateway, &okta, &query).await.expect(303);
    assert!(!is_in(&browser).await);
}
