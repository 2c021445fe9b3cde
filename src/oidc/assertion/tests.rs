//! Assertions signed by hand, in every way that is taken and in many that are not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://usher.example";
const ENDPOINT: &str = "https://usher.example/oauth/token";
const NOW: &str = "2026-11-22T10:00:00Z";
const AUDIENCE: Audience<'_> = Audience {
    issuer: ISSUER,
    token_endpoint: ENDPOINT,
};

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn encoded(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// A client's key, its JWK, and how it signs.
struct Key {
    alg: &'static str,
    private: PKey<Private>,
    jwk: Value,
}

impl Key {
    fn new(alg: &'static str) -> Self {
        let (key, mut jwk) = match alg {
            "ES256" => ec(Nid::X9_62_PRIME256V1, "P-256", 32),
            "ES384" => ec(Nid::SECP384R1, "P-384", 48),
            "EdDSA" => {
                let key = PKey::generate_ed25519().unwrap();
                let x = encoded(key.raw_public_key().unwrap());
                (key, json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
            }
            _ => rsa(2048),
        };
        jwk["kid"] = json!(alg);
        Self {
            alg,
            private: key,
            jwk,
        }
    }

    fn keys(&self) -> PublicKeys {
        keys(&[&self.jwk])
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let digest = match &self.alg[2..] {
            "384" => MessageDigest::sha384(),
            "512" => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        };
        match &self.alg[..2] {
            "ES" => {
                let key = self.private.ec_key().unwrap();
                let half = if self.alg == "ES384" { 48 } else { 32 };
                let signed = EcdsaSig::sign(&hash(digest, message).unwrap(), &key).unwrap();
                let half = |n: &openssl::bn::BigNumRef| n.to_vec_padded(half).unwrap();
                [half(signed.r()), half(signed.s())].concat()
            }
            "Ed" => {
                let mut signer = Signer::new_without_digest(&self.private).unwrap();
                signer.sign_oneshot_to_vec(message).unwrap()
            }
            padding => {
                let mut signer = Signer::new(digest, &self.private).unwrap();
                if padding == "PS" {
                    signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                    let salt = RsaPssSaltlen::DIGEST_LENGTH;
                    signer.set_rsa_pss_saltlen(salt).unwrap();
                }
                signer.sign_oneshot_to_vec(message).unwrap()
            }
        }
    }

    fn assertion(&self, header: &Value, claims: &Value) -> String {
        let mut whole = json!({"alg": self.alg, "kid": self.alg});
        merge(&mut whole, header);
        let head = format!(
            "{}.{}",
            encoded(whole.to_string()),
            encoded(claims.to_string())
        );
        format!("{head}.{}", encoded(self.sign(head.as_bytes())))
    }
}

fn ec(nid: Nid, crv: &str, octets: i32) -> (PKey<Private>, Value) {
    let group = EcGroup::from_curve_name(nid).unwrap();
    let key = EcKey::generate(&group).unwrap();
    let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    let mut context = BigNumContext::new().unwrap();
    let point = key.public_key();
    point
        .affine_coordinates(&group, &mut x, &mut y, &mut context)
        .unwrap();
    let coordinate = |n: &BigNum| encoded(n.to_vec_padded(octets).unwrap());
    let jwk = json!({"kty": "EC", "crv": crv, "x": coordinate(&x), "y": coordinate(&y)});
    (PKey::from_ec_key(key).unwrap(), jwk)
}

fn rsa(bits: u32) -> (PKey<Private>, Value) {
    let key = Rsa::generate(bits).unwrap();
    let (n, e) = (encoded(key.n().to_vec()), encoded(key.e().to_vec()));
    let jwk = json!({"kty": "RSA", "n": n, "e": e});
    (PKey::from_rsa(key).unwrap(), jwk)
}

fn keys(all: &[&Value]) -> PublicKeys {
    PublicKeys::registered(&json!({ "keys": all }).to_string()).unwrap()
}

fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().unwrap() {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(name);
        } else {
            into[name] = value.clone();
        }
    }
}

fn claims(with: Value) -> Value {
    let exp = now().as_second() + 60;
    let mut claims =
        json!({"iss": "client", "sub": "client", "aud": ISSUER, "exp": exp, "jti": "one"});
    merge(&mut claims, &with);
    claims
}

/// Everything at once: read, judged and verified.
fn proven(text: &str, keys: &PublicKeys) -> Result<Proven, String> {
    let admitted = Assertion::parse(text).and_then(|it| it.admit(AUDIENCE, now()));
    let admitted = admitted.map_err(|error| error.description().to_owned())?;
    admitted
        .verify(keys)
        .map_err(|unproven| unproven.to_string())
}

#[test]
fn every_algorithm_that_is_announced_is_taken_with_its_own_key_alone() {
    for alg in jwks::ALGORITHMS {
        let (key, other) = (Key::new(alg), Key::new(alg));
        let text = key.assertion(&json!({}), &claims(json!({})));
        let proof = proven(&text, &key.keys()).unwrap();
        assert_eq!(
            proof.until,
            "2026-11-22T10:03:00Z".parse().unwrap(),
            "{alg}"
        );
        let stolen = proven(&text, &other.keys()).unwrap_err();
        assert_eq!(stolen, Unproven::Signature.to_string(), "{alg}");
        let (head, signature) = text.rsplit_once('.').unwrap();
        let mut octets = URL_SAFE_NO_PAD.decode(signature).unwrap();
        octets[7] ^= 1;
        let altered = format!("{head}.{}", encoded(&octets));
        assert!(proven(&altered, &key.keys()).is_err(), "{alg}");
        let unsigned = format!("{head}.");
        assert!(proven(&unsigned, &key.keys()).is_err(), "{alg}");
    }
}

#[test]
fn what_is_not_signed_by_a_client_of_its_own_is_not_read() {
    let key = Key::new("ES256");
    let good = claims(json!({}));
    for (header, why) in [
        (json!({"alg": "none"}), "an algorithm"),
        (json!({"alg": "HS256"}), "an algorithm"),
        (json!({"alg": "HS512"}), "an algorithm"),
        (json!({"alg": "ES256K"}), "an algorithm"),
        (json!({"alg": null}), "an algorithm"),
        (json!({"crit": ["exp"]}), "critical"),
        (json!({"typ": "at+jwt"}), "another type"),
        (json!({"typ": "logout+jwt"}), "another type"),
    ] {
        let told = proven(&key.assertion(&header, &good), &key.keys()).unwrap_err();
        assert!(told.contains(why), "{header}: {told}");
    }
    for header in [
        json!({"typ": "JWT"}),
        json!({"typ": "client-authentication+jwt"}),
        json!({"typ": "application/client-authentication+JWT"}),
        json!({"kid": null}),
    ] {
        proven(&key.assertion(&header, &good), &key.keys()).unwrap();
    }
    for text in ["", "a.b.c", "..", "e30.e30.", "x"] {
        assert!(Assertion::parse(text).is_err(), "{text}");
    }
}

#[test]
fn an_assertion_is_for_us_and_for_now() {
    let key = Key::new("ES256");
    let second = now().as_second();
    for (with, why) in [
        (json!({"aud": ENDPOINT}), None),
        (json!({"aud": [ISSUER]}), None),
        (json!({"aud": [ISSUER, ENDPOINT]}), None),
        (json!({"aud": "https://evil.example"}), Some("aud")),
        (
            json!({"aud": [ISSUER, "https://evil.example"]}),
            Some("aud"),
        ),
        (json!({"aud": []}), Some("aud")),
        (json!({"aud": "https://usher.example/"}), Some("aud")),
        (json!({"aud": null}), Some("cannot be read")),
        (json!({"aud": 7}), Some("cannot be read")),
        (json!({"exp": second - 119}), None),
        (json!({"exp": second - 120}), Some("expired")),
        (json!({"exp": second + 420}), None),
        (json!({"exp": second + 421}), Some("5 minutes")),
        (json!({"exp": 1e300}), Some("5 minutes")),
        (json!({"exp": -1e300}), Some("expired")),
        (json!({"exp": f64::from(second as u32) + 0.5}), None),
        (json!({"exp": "soon"}), Some("cannot be read")),
        (json!({"exp": null}), Some("cannot be read")),
        (json!({"nbf": second + 120, "iat": second}), None),
        (json!({"nbf": second + 121}), Some("not good yet")),
        (json!({"iat": second + 121}), Some("not good yet")),
        (json!({"iss": "other"}), Some("iss and sub")),
        (json!({"sub": "other"}), Some("iss and sub")),
        (json!({"iss": null}), Some("cannot be read")),
        (json!({"jti": ""}), Some("jti")),
        (json!({"jti": "x".repeat(255)}), None),
        (json!({"jti": "x".repeat(256)}), Some("jti")),
        (json!({"jti": null}), Some("cannot be read")),
    ] {
        let text = key.assertion(&json!({}), &claims(with.clone()));
        match (proven(&text, &key.keys()), why) {
            (Ok(_), None) => {}
            (Err(told), Some(why)) => assert!(told.contains(why), "{with}: {told}"),
            (came, _) => panic!("{with}: {came:?}"),
        }
    }
}

#[test]
fn the_kid_and_the_algorithm_choose_one_key() {
    let (one, other) = (Key::new("ES256"), Key::new("ES256"));
    let (mut second, mut bound) = (other.jwk.clone(), Key::new("RS256").jwk);
    second["kid"] = json!("second");
    bound["alg"] = json!("RS256");
    let both = keys(&[&one.jwk, &second, &bound]);
    let good = claims(json!({}));
    for (key, header, why) in [
        (&one, json!({}), None),
        (&other, json!({"kid": "second"}), None),
        (&other, json!({}), Some("signature")),
        (&one, json!({"kid": "third"}), Some("no key has this kid")),
        (&one, json!({"kid": null}), Some("several keys")),
    ] {
        let came = proven(&key.assertion(&header, &good), &both);
        match why {
            None => assert!(came.is_ok(), "{header}: {came:?}"),
            Some(why) => assert!(came.unwrap_err().contains(why), "{header}"),
        }
    }
    // The key says what it is good for.
    let rsa = Key::new("PS256");
    let mut jwk = rsa.jwk.clone();
    jwk["alg"] = json!("RS256");
    let text = rsa.assertion(&json!({}), &good);
    assert!(proven(&text, &rsa.keys()).is_ok());
    assert!(proven(&text, &keys(&[&jwk])).is_err());
    assert!(proven(&text, &one.keys()).is_err());
}

#[test]
fn a_set_has_public_keys_for_signatures() {
    let (ec, weak) = (Key::new("ES256").jwk, rsa(1024).1);
    let with = |of: &Value, more: Value| {
        let mut jwk = of.clone();
        merge(&mut jwk, &more);
        jwk
    };
    for (jwk, fault) in [
        (ec.clone(), None),
        (
            with(&ec, json!({"use": "sig", "key_ops": ["verify"]})),
            None,
        ),
        (with(&ec, json!({"use": "enc"})), Some(Fault::Unusable)),
        (
            with(&ec, json!({"key_ops": ["sign"]})),
            Some(Fault::Unusable),
        ),
        (with(&ec, json!({"alg": "RS256"})), Some(Fault::Unusable)),
        (
            with(&ec, json!({"crv": "secp256k1"})),
            Some(Fault::Unusable),
        ),
        (with(&ec, json!({"x": ec["y"]})), Some(Fault::Unusable)),
        (with(&ec, json!({"x": "AA"})), Some(Fault::Unusable)),
        (with(&ec, json!({"d": "AA"})), Some(Fault::Secret)),
        (json!({"kty": "oct", "k": "AA"}), Some(Fault::Secret)),
        (weak, Some(Fault::Unusable)),
        (
            with(&Key::new("RS256").jwk, json!({"e": "AQ"})),
            Some(Fault::Unusable),
        ),
        (json!({"kty": "PQC"}), Some(Fault::Unusable)),
        (json!(7), Some(Fault::Unusable)),
    ] {
        let set = json!({ "keys": [jwk] }).to_string();
        let read = PublicKeys::registered(&set).map(drop);
        assert_eq!(read.err(), fault, "{set}");
        // What others publish is read as far as it can be.
        let published = PublicKeys::published(set.as_bytes()).unwrap().document();
        let left = published["keys"].as_array().unwrap().len();
        assert_eq!(left, usize::from(fault.is_none()), "{set}");
        assert!(!published.to_string().contains("\"d\""));
    }
    let many = json!({ "keys": vec![&ec; limits::JWKS_KEYS + 1] }).to_string();
    for (text, fault) in [
        (&*many, Fault::TooMany),
        ("{}", Fault::Malformed),
        ("[]", Fault::Malformed),
        ("", Fault::Malformed),
        (r#"{"keys": []}"#, Fault::Unusable),
    ] {
        assert_eq!(PublicKeys::registered(text).map(drop).err(), Some(fault));
    }
    // What is kept is read again as the same.
    let kept = keys(&[&ec]).document();
    let again = PublicKeys::published(kept.to_string().as_bytes()).unwrap();
    assert_eq!(again.document(), kept);
}

#[test]
fn debug_shows_no_assertion() {
    let key = Key::new("ES256");
    let text = key.assertion(&json!({}), &claims(json!({})));
    let read = Assertion::parse(&text).unwrap();
    let admitted = read.clone().admit(AUDIENCE, now()).unwrap();
    for shown in [format!("{read:?}"), format!("{admitted:?}")] {
        assert_eq!(shown, "Assertion(client, redacted)");
    }
}
