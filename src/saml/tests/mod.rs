//! Messages of several products and of several attackers, through the whole pipeline.

mod corpus;
mod demands;
mod encryption;
mod gate;
mod metadata_diff;
mod mutation;
mod noise;
mod policy;
mod products;
mod profiles;
mod trust;

use std::sync::OnceLock;

use jiff::Timestamp;

use super::{
    Assertion, Demands, Error, Trace,
    binding::Received,
    certificate::Certificate,
    conditions::Expected,
    encryption::{DecryptionKey, Failures},
};
use crate::demo::idp::{Keys, Kind, Response, Sign, TestIdp, base64};

const IDP: &str = "https://idp.example/saml";
const SSO: &str = "https://idp.example/sso";
const ACS: &str = "https://usher.example/saml/7/acs";
const SP: &str = "https://usher.example/saml/7/metadata";
const ADA: &str = "ada@acme.example";

const EXPECTED: Expected<'static> = Expected {
    entity_id: SP,
    acs_url: ACS,
    idp_entity_id: IDP,
    skew_seconds: 120,
    outstanding: &[],
    demands: Demands::NONE,
};

fn now() -> Timestamp {
    "2026-07-01T10:00:00Z".parse().unwrap()
}

/// The connection's identity provider: one key for all tests, since making one takes a while.
fn idp() -> &'static TestIdp {
    static IDP_WITH_KEY: OnceLock<TestIdp> = OnceLock::new();
    IDP_WITH_KEY.get_or_init(|| TestIdp::new(IDP, SSO).unwrap())
}

/// One of the same name with another key.
fn stranger() -> &'static TestIdp {
    static STRANGER: OnceLock<TestIdp> = OnceLock::new();
    STRANGER.get_or_init(|| TestIdp::new(IDP, SSO).unwrap())
}

/// One with a key on this curve.
fn curve(kind: Kind) -> TestIdp {
    TestIdp::with_keys(IDP, SSO, Keys::generate(kind).unwrap())
}

fn certificate(idp: &TestIdp) -> Certificate {
    Certificate::from_der(&idp.keys().certificate_der()).unwrap()
}

/// Ada's response, as usual.
fn ada(idp: &TestIdp) -> Response<'_> {
    idp.response(ACS, SP, now())
        .email(ADA)
        .attribute("groups", ["SEO_Editors", "Staff"])
}

/// Ada's response with plain IDs, so that attacks can name them.
fn unsigned() -> String {
    ada(idp()).ids("_r", "_a").unsigned()
}

fn signed(what: Sign) -> String {
    idp().sign_template(&unsigned(), what)
}

fn received(xml: &str) -> Result<Received, Error> {
    Received::decode(base64(xml).as_bytes())
}

fn receive_with(
    xml: &str,
    certificates: &[Certificate],
    expected: &Expected<'_>,
) -> Result<Assertion, Error> {
    super::receive(
        received(xml)?,
        &trusting(certificates),
        expected,
        now(),
        &mut Trace::default(),
    )
}

/// These certificates, and no key to decrypt with.
fn trusting(certificates: &[Certificate]) -> super::Keys<'_> {
    static FAILURES: OnceLock<Failures> = OnceLock::new();
    super::Keys {
        certificates,
        decryption: &[],
        allow_cbc: false,
        failures: FAILURES.get_or_init(Failures::default),
    }
}

fn receive(xml: &str) -> Result<Assertion, Error> {
    receive_with(xml, &[certificate(idp())], &EXPECTED)
}

/// Why a message is refused.
#[track_caller]
fn reason(xml: &str) -> &'static str {
    receive(xml).expect_err("the message is refused").reason()
}

/// Replaces a text that must be there.
#[track_caller]
fn with(xml: &str, old: &str, new: &str) -> String {
    assert!(xml.contains(old), "{old} is in the message");
    xml.replacen(old, new, 1)
}

/// The part of a document between two texts, both included.
#[track_caller]
fn part<'x>(xml: &'x str, start: &str, end: &str) -> &'x str {
    let begin = xml.find(start).unwrap();
    let length = xml[begin..].find(end).unwrap() + end.len();
    &xml[begin..begin + length]
}
