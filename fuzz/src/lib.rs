//! What the fuzz targets share: a service provider with a key of its own, the whole way from a form's
//! octets to an assertion, and a watch on how long the slowest input took.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use cpu_time::ThreadTime;
use usher::demo::idp::TestIdp;
use usher::saml::binding::{PostForm, Received};
use usher::saml::certificate::Certificate;
use usher::saml::conditions::Expected;
use usher::saml::encryption::{DecryptionKey, Failures};
use usher::saml::metadata::IdentityProvider;
use usher::saml::own_key::OwnKey;
use usher::saml::{Demands, Keys, Trace, quiet};

const IDP: &str = "https://idp.example/saml";

/// The octets of input up to which the slowest is watched.
const WATCHED: usize = 64 * 1024;

/// Microseconds of processor time that such an input may take.
const LONGEST: u64 = 100_000;

struct Provider {
    certificates: Vec<Certificate>,
    decryption: Vec<DecryptionKey>,
    failures: Failures,
}

fn provider() -> &'static Provider {
    static PROVIDER: OnceLock<Provider> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        quiet::initialise();
        let idp = TestIdp::new(IDP, "https://idp.example/sso").expect("a key can be made");
        let der = idp.keys().certificate_der();
        let own = OwnKey::generate("usher.example", now()).expect("a key can be made");
        let key = own.pkcs8().expect("it can be written");
        Provider {
            certificates: vec![Certificate::from_der(&der).expect("it is a certificate")],
            decryption: vec![DecryptionKey::from_pkcs8_der(&key).expect("it is a key")],
            failures: Failures::default(),
        }
    })
}

fn now() -> jiff::Timestamp {
    "2026-07-01T10:00:00Z".parse().expect("it is a time")
}

/// A form as it is posted to the assertion consumer service.
pub fn acs(body: &[u8]) {
    let provider = provider();
    watched(body, || {
        let form = "application/x-www-form-urlencoded";
        if let Ok(form) = PostForm::read(Some(form), body) {
            received(provider, form.response);
        }
    });
}

/// A message as it is inside the form.
pub fn response(message: &[u8]) {
    let provider = provider();
    let Ok(message) = str::from_utf8(message) else {
        return;
    };
    let value = usher::demo::idp::base64(message);
    watched(message.as_bytes(), || {
        if let Ok(response) = Received::decode(value.as_bytes()) {
            received(provider, response);
        }
    });
}

fn received(provider: &Provider, received: Received) {
    let keys = Keys {
        certificates: &provider.certificates,
        decryption: &provider.decryption,
        allow_cbc: true,
        failures: &provider.failures,
    };
    let expected = Expected {
        entity_id: "https://usher.example/saml/7/metadata",
        acs_url: "https://usher.example/saml/7/acs",
        idp_entity_id: IDP,
        skew_seconds: 120,
        outstanding: &[],
        demands: Demands::NONE,
    };
    let answer = usher::saml::receive(received, &keys, &expected, now(), &mut Trace::default());
    // Nobody here signs with the key.
    assert!(answer.is_err(), "a message that nobody signed is accepted");
}

/// An identity provider's metadata.
pub fn metadata(text: &[u8]) {
    watched(text, || {
        let text = String::from_utf8_lossy(text);
        if let Ok(provider) = IdentityProvider::read(&text, now()) {
            assert!(!provider.certificates.is_empty(), "nobody is trusted");
            assert!(!provider.entity_id.is_empty(), "nobody is named");
        }
    });
}

/// Runs it, and says how much processor time the slowest of the small inputs took, whenever that grows.
/// More than [`LONGEST`] of it is a fault.
fn watched(input: &[u8], run: impl FnOnce()) {
    static SLOWEST: AtomicU64 = AtomicU64::new(10_000);
    let began = ThreadTime::now();
    run();
    let took = began.elapsed().as_micros() as u64;
    if input.len() <= WATCHED && SLOWEST.fetch_max(took, Ordering::Relaxed) < took {
        eprintln!("slowest: {took} us, {} octets", input.len());
        assert!(took <= LONGEST, "an input of {} octets took {took} us", input.len());
    }
}
