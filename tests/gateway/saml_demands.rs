//! What a connection demands of assertions, and where it reads the person, at the assertion consumer
//! service: each demand met, and not met.

use std::io::Read as _;

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use openssl::x509::X509;
use serde_json::{Value, json};
use url::Url;
use usher::demo::idp::encrypt::Encryption;
use usher::demo::idp::{Response, Sign, Signing, base64};
use usher::directory::connection::Profile;
use usher::store::rows::IdentityRow;

use crate::credentials::live;
use crate::harness::{Browser, Connected, Idp, PUBLIC_URL, Reply, TestGateway, reason};

const ADA: &str = "ada@acme.example";
const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const MFA: &str = "https://refeds.org/profile/mfa";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// A connection of an organization, and a key of the operator.
pub(crate) struct Acme {
    pub(crate) gateway: TestGateway,
    pub(crate) okta: Connected,
    pub(crate) key: String,
}

impl Acme {
    pub(crate) async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let key = gateway.key(live(None, "*")).await;
        Self { gateway, okta, key }
    }

    /// Asks for a change of what the connection demands.
    pub(crate) async fn patch(&self, key: &str, changes: &Value) -> Reply {
        let path = format!("/api/v1/organizations/acme/connections/{}", self.okta.id);
        let request = Request::patch(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        let request = request.body(Body::from(changes.to_string())).unwrap();
        self.gateway.send(request).await
    }

    pub(crate) async fn demand(&self, changes: Value) -> Value {
        self.patch(&self.key, &changes).await.expect(200).json()
    }

    fn now(&self) -> Timestamp {
        self.gateway.gateway.ids.clock().now()
    }

    /// The request with which a browser is sent to the identity provider.
    async fn asked(&self, browser: &Browser<'_>) -> String {
        let path = format!("/saml/{}/login", self.okta.id);
        let reply = browser.get(&path).await.expect(303);
        let url = Url::parse(reply.header("location").unwrap()).unwrap();
        let (_, message) = url.query_pairs().next().unwrap();
        let octets = STANDARD.decode(&*message).unwrap();
        let mut text = String::new();
        let mut inflate = DeflateDecoder::new(&octets[..]);
        inflate.read_to_string(&mut text).unwrap();
        text
    }

    async fn metadata(&self) -> String {
        let path = format!("/saml/{}/metadata", self.okta.id);
        let browser = Browser::new(&self.gateway);
        browser.get(&path).await.expect(200).text()
    }

    /// The links of the person who has this address.
    async fn links(&self, email: &str) -> Vec<IdentityRow> {
        let org = self.okta.org;
        let person = self.gateway.person(org, email).await.unwrap();
        let read = self
            .gateway
            .gateway
            .store
            .read(move |tx| async move { tx.identities_of(org, person.id).await }.boxed());
        read.await.unwrap()
    }
}

fn id(request: &str) -> String {
    let document = roxmltree::Document::parse(request).unwrap();
    document.root_element().attribute("ID").unwrap().to_owned()
}

/// A response in which one text is another, signed.
fn with(idp: &Idp<'_>, response: &Response<'_>, old: &str, new: &str) -> String {
    let xml = response.unsigned();
    assert!(xml.contains(old), "{old}");
    base64(
        &idp.signer
            .sign_with(&xml.replace(old, new), &Signing::default()),
    )
}

/// Posts in a browser of its own what is to be refused for this reason, and leaves no trace.
async fn refused(acme: &Acme, idp: &Idp<'_>, message: &str, why: &str) -> Reply {
    let before = acme.gateway.traces(acme.okta.org).await;
    let reply = idp.post(&Browser::new(&acme.gateway), message).await;
    assert!(reply.status.is_client_error(), "{}", reply.text());
    assert_eq!(reason(&reply), why);
    assert_eq!(acme.gateway.traces(acme.okta.org).await, before);
    reply
}

async fn good(acme: &Acme, idp: &Idp<'_>, message: &str) {
    idp.post(&Browser::new(&acme.gateway), message)
        .await
        .expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_of_authentication_is_asked_for_and_seen_to() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let browser = Browser::new(&acme.gateway);
    let ada = || idp.response().email(ADA);
    assert!(!acme.asked(&browser).await.contains("RequestedAuthnContext"));
    good(&acme, &idp, &ada().base64()).await;

    acme.demand(json!({"authn_context": [MFA]})).await;
    let request = acme.asked(&browser).await;
    let wanted = format!(
        " Comparison=\"exact\"><saml:AuthnContextClassRef>{MFA}</saml:AuthnContextClassRef>"
    );
    assert!(request.contains(&wanted), "{request}");
    let strong = |response: &Response<'_>| with(&idp, response, PASSWORD, MFA);
    // Asked for or not, the password alone is not enough.
    let page = refused(&acme, &idp, &ada().base64(), "authn_context_unmet").await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("A stronger sign-in is needed here."));
    let answer = || ada().in_response_to(id(&request));
    let reply = idp.post(&browser, &answer().base64()).await.expect(403);
    assert_eq!(reason(&reply), "authn_context_unmet");
    let reader = acme.gateway.key(live(None, "sign-ins:read")).await;
    let log = "/api/v1/organizations/acme/sign-ins";
    let listed = acme.gateway.get(log, &reader).await.expect(200).json();
    let refusals = listed["data"].as_array().unwrap().iter();
    let mut refusals = refusals.filter(|it| it["reason"] == "authn_context_unmet");
    let shown = format!("{log}/{}", refusals.next().unwrap()["id"].as_str().unwrap());
    let shown = acme.gateway.get(&shown, &reader).await.expect(200).json();
    let checks = shown["checks"].as_array().unwrap();
    let failed = checks.iter().find(|it| it["result"] == "failed").unwrap();
    assert_eq!(failed["check"], "authentication");
    assert_eq!(failed["expected"], format!("exact: {MFA}"));
    assert_eq!(failed["arrived"], PASSWORD);
    // The refusal took nothing: the strong answer may still come.
    idp.post(&browser, &strong(&answer())).await.expect(303);
    good(&acme, &idp, &strong(&ada())).await;

    // Where the identity provider compares, it answers for what it asserts.
    acme.demand(json!({"authn_comparison": "minimum"})).await;
    let request = acme.asked(&browser).await;
    assert!(request.contains("Comparison=\"minimum\""), "{request}");
    good(&acme, &idp, &ada().base64()).await;
    let silent = with(&idp, &ada(), PASSWORD, "");
    refused(&acme, &idp, &silent, "authn_context_unmet").await;
    acme.demand(json!({"authn_context": null})).await;
    good(&acme, &idp, &with(&idp, &ada(), PASSWORD, "")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_authentication_is_asked_for_and_seen_to() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let ada = || idp.response().email(ADA);
    let ago = |response: &Response<'_>, seconds: i64| {
        let now = acme.now();
        let then = now - SignedDuration::from_secs(seconds);
        let at = |at: Timestamp| format!("AuthnInstant=\"{at}\"");
        with(&idp, response, &at(now), &at(then))
    };
    good(&acme, &idp, &ago(&ada(), 3_600)).await;
    acme.demand(json!({"force_authn": true})).await;
    // Whoever starts at the identity provider authenticated there just now.
    let old = ago(&ada(), 721);
    let page = refused(&acme, &idp, &old, "authentication_too_old").await;
    assert!(page.text().contains("sign in afresh"));
    good(&acme, &idp, &ago(&ada(), 720)).await;
    let timeless = with(
        &idp,
        &ada(),
        &format!("AuthnInstant=\"{}\"", acme.now()),
        "",
    );
    refused(&acme, &idp, &timeless, "authentication_too_old").await;
    // Whoever starts here, after that.
    let browser = Browser::new(&acme.gateway);
    let request = acme.asked(&browser).await;
    assert!(request.contains(" ForceAuthn=\"true\""), "{request}");
    let answer = |seconds| ago(&ada().in_response_to(id(&request)), seconds);
    let reply = idp.post(&browser, &answer(121)).await.expect(403);
    assert_eq!(reason(&reply), "authentication_too_old");
    idp.post(&browser, &answer(120)).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_be_encrypted_and_signed_is() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let metadata = acme.metadata().await;
    assert!(metadata.contains("WantAssertionsSigned=\"true\""));
    let (_, rest) = metadata.split_once("<ds:X509Certificate>").unwrap();
    let der = STANDARD.decode(rest.split('<').next().unwrap()).unwrap();
    let ours = X509::from_der(&der).unwrap().public_key().unwrap();
    let plain = |what| idp.response().email(ADA).sign(what).base64();
    let sealed = |what: Sign| {
        let response = idp.response().email(ADA);
        let xml = match what {
            Sign::Response => response.unsigned(),
            _ => response.sign(Sign::Assertion).signed(),
        };
        let xml = Encryption::default().encrypt(&xml, &ours);
        base64(&match what {
            Sign::Assertion | Sign::Neither => xml,
            Sign::Both | Sign::Response => idp.signer.sign_template(&xml, Sign::Response),
        })
    };
    let signs = [Sign::Assertion, Sign::Response, Sign::Both];
    for what in signs {
        good(&acme, &idp, &plain(what)).await;
        good(&acme, &idp, &sealed(what)).await;
    }
    acme.demand(json!({"require_encryption": true})).await;
    for what in signs {
        let page = refused(&acme, &idp, &plain(what), "encryption_required").await;
        assert!(page.text().contains("switch assertion encryption on"));
        good(&acme, &idp, &sealed(what)).await;
    }
    acme.demand(json!({"require_encryption": null})).await;
    for (word, wants, expected) in [
        ("assertion", true, [None, Some("assertion"), None]),
        ("both", true, [Some("response"), Some("assertion"), None]),
        ("response", false, [Some("response"), None, None]),
        ("any", true, [None, None, None]),
    ] {
        acme.demand(json!({"require_signed": word})).await;
        let wanted = format!("WantAssertionsSigned=\"{wants}\"");
        assert!(acme.metadata().await.contains(&wanted), "{word}");
        for (what, lacks) in signs.into_iter().zip(expected) {
            for message in [plain(what), sealed(what)] {
                match lacks {
                    None => good(&acme, &idp, &message).await,
                    Some(of) => {
                        let why = format!("signature_missing_on_{of}");
                        refused(&acme, &idp, &message, &why).await;
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_read_in_the_attributes_that_were_named() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let names = json!({"subject": "uid", "email": "workMail", "display_name": "cn",
        "given_name": "gn", "family_name": "familiar", "groups": "teams",
        "groups_are_distinguished_names": true});
    let ada = |name: &str, format: &str| {
        let response = idp.response().name_id(name, format);
        let response = response.attribute("workMail", [ADA]);
        let response = response.attribute("email", ["eve@acme.example"]);
        let response = response.attribute("cn", ["Ada Lovelace"]);
        let response = response.attribute("firstName", ["Eve"]);
        response.attribute("teams", ["CN=SEO\\, Editors,OU=Groups", "plain"])
    };
    // A name that is another one each time is nobody's, unless an attribute says who it is.
    let transient = ada("t1", TRANSIENT).attribute("uid", ["7"]).base64();
    refused(&acme, &idp, &transient, "subject_missing").await;
    acme.demand(json!({"attributes": names})).await;
    good(&acme, &idp, &transient).await;
    for name in ["t2", "t3"] {
        let again = ada(name, TRANSIENT).attribute("uid", ["7"]).base64();
        good(&acme, &idp, &again).await;
    }
    let person = acme.gateway.person(acme.okta.org, ADA).await.unwrap();
    assert_eq!(person.display_name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(person.given_name, None, "the profile's name is not read");
    let links = acme.links(ADA).await;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].subject_key, "attribute:3:uid,1:7,");
    let groups: Value = serde_json::from_str(&links[0].group_values.as_ref().unwrap().0).unwrap();
    assert_eq!(groups, json!(["SEO, Editors", "plain"]));
    let nobody = acme.gateway.person(acme.okta.org, "eve@acme.example").await;
    assert!(nobody.is_none());

    // The attribute comes before the NameID, and without it nobody comes in.
    for response in [
        ada("t4", TRANSIENT),
        ada("7", PERSISTENT),
        ada("7", PERSISTENT).attribute("uid", ["7", "8"]),
        ada("7", PERSISTENT).attribute("uid", [""]),
    ] {
        let page = refused(&acme, &idp, &response.base64(), "subject_attribute").await;
        assert!(page.text().contains("in the attribute that is read here"));
    }
    let stolen = ada("t5", TRANSIENT).attribute("uid", ["8"]).base64();
    refused(&acme, &idp, &stolen, "address_changed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_may_differ_as_far_as_the_connection_says() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    acme.gateway
        .alter(&acme.okta, |row| row.single_logout = Some(true))
        .await;
    let (acs, us) = (
        format!("{PUBLIC_URL}{}", idp.acs()),
        format!("{PUBLIC_URL}/saml/{}/metadata", acme.okta.id),
    );
    let slo = format!("/saml/{}/slo", acme.okta.id);
    let ahead = |seconds| acme.now() + SignedDuration::from_secs(seconds);
    let sign_in = |seconds| {
        let response = idp.signer.response(&*acs, &*us, ahead(seconds));
        response.email(ADA).base64()
    };
    let logout = async |seconds| {
        let to = format!("{PUBLIC_URL}{slo}");
        let email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
        let request = idp.signer.logout_request(to, ahead(seconds));
        // Somebody else: what Ada's provider made before her logout would let her in no more.
        let query = request.name_id("bob@acme.example", email).query(None);
        let browser = Browser::new(&acme.gateway);
        browser.get(&format!("{slo}?{query}")).await
    };
    for (skew, limit) in [(json!(null), 120), (json!(300), 300), (json!(0), 0)] {
        let shown = acme.demand(json!({"skew_seconds": skew})).await;
        assert_eq!(shown["skew_seconds"], limit);
        good(&acme, &idp, &sign_in(limit)).await;
        refused(&acme, &idp, &sign_in(limit + 1), "issue_instant").await;
        logout(limit).await.expect(200);
        let reply = logout(limit + 1).await.expect(400);
        assert_eq!(reason(&reply), "issue_instant");
    }
    // An authentication that was asked for, too.
    acme.demand(json!({"force_authn": true, "skew_seconds": 30}))
        .await;
    let browser = Browser::new(&acme.gateway);
    let request = id(&acme.asked(&browser).await);
    for (seconds, status) in [(31, 403), (30, 303)] {
        let answer = idp.response().email(ADA).in_response_to(&*request);
        let at = |at: Timestamp| format!("AuthnInstant=\"{at}\"");
        let message = with(&idp, &answer, &at(acme.now()), &at(ahead(-seconds)));
        idp.post(&browser, &message).await.expect(status);
    }
}
