//! Keys, key sets and tokens; signatures are checked by OpenSSL from the published JWK alone.

use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::symm::Cipher;
use serde_json::Map;

use super::*;

fn bytes(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn number(text: &Value) -> BigNum {
    BigNum::from_slice(&bytes(text)).unwrap()
}

/// Verifies as an app would that has OpenSSL and the JWKS and none of our code.
fn openssl_accepts(token: &str, jwk: &Value) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (key, signature) = if jwk["kty"] == "EC" {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let (x, y) = (number(&jwk["x"]), number(&jwk["y"]));
        let key = EcKey::from_public_key_affine_coordinates(&group, &x, &y).unwrap();
        let half = |range| BigNum::from_slice(&signature[range]).unwrap();
        let der = EcdsaSig::from_private_components(half(0..32), half(32..64)).unwrap();
        (PKey::from_ec_key(key).unwrap(), der.to_der().unwrap())
    } else {
        let rsa = Rsa::from_public_components(number(&jwk["n"]), number(&jwk["e"])).unwrap();
        (PKey::from_rsa(rsa).unwrap(), signature)
    };
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    verifier
        .verify_oneshot(&signature, message.as_bytes())
        .unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_thumbprint_is_that_of_the_published_example() {
    // RFC 7638 §3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
             BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_\
             FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI\
             4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let public = Public::Rsa {
        n: n.to_owned(),
        e: "AQAB".to_owned(),
    };
    assert_eq!(
        public.thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn openssl_verifies_what_each_algorithm_signs() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let set = KeySet::new(vec![(State::Current, key.clone())]).unwrap();
        let claims = json!({"sub": "ada", "n": 1});
        let token = set.sign(algorithm, "at+jwt", &claims).unwrap();

        let jwk = &set.jwks()["keys"][0];
        assert!(openssl_accepts(&token, jwk), "{algorithm}");
        let (_, rest) = token.split_once('.').unwrap();
        assert!(
            !openssl_accepts(&format!("{}.{rest}", part(&json!({}))), jwk),
            "{algorithm}"
        );

        let header = token.split('.').next().unwrap();
        let header: Value = serde_json::from_slice(&bytes(&json!(header))).unwrap();
        let expected = json!({"alg": algorithm.as_str(), "kid": key.kid(), "typ": "at+jwt"});
        assert_eq!(header, expected);
        assert_eq!(set.verify::<Value>("at+jwt", &token).unwrap(), claims);
        assert_eq!(algorithm.as_str().parse::<Algorithm>().unwrap(), algorithm);
    }
    assert!("HS256".parse::<Algorithm>().is_err());
}

#[test]
fn a_key_survives_its_pem_and_publishes_no_private_member() {
    for (algorithm, members) in [
        (
            Algorithm::Es256,
            vec!["alg", "crv", "kid", "kty", "use", "x", "y"],
        ),
        (Algorithm::Rs256, vec!["alg", "e", "kid", "kty", "n", "use"]),
    ] {
        let key = SigningKey::generate(algorithm).unwrap();
        let pem = key.to_private_pem().unwrap();
        let again = SigningKey::from_private_pem(&pem).unwrap();
        assert_eq!(again.jwk(), key.jwk());
        let jwk = key.jwk();
        let mut names: Vec<_> = jwk.as_object().map(Map::keys).unwrap().collect();
        names.sort();
        assert_eq!(names, members);
        assert_eq!(
            format!("{key:?}"),
            format!("SigningKey({algorithm} {})", key.kid())
        );
    }
}

#[test]
fn keys_of_another_kind_are_unfit() {
    let curve = EcGroup::from_curve_name(Nid::SECP384R1).unwrap();
    let p384 = PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap();
    let small = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
    let fit = SigningKey::generate(Algorithm::Es256).unwrap().private;
    let table = [
        ("P-384", p384.private_key_to_pem_pkcs8().unwrap()),
        (
            "Ed25519",
            PKey::generate_ed25519()
                .unwrap()
                .private_key_to_pem_pkcs8()
                .unwrap(),
        ),
        ("RSA 1024", small.private_key_to_pem_pkcs8().unwrap()),
        ("public", fit.public_key_to_pem().unwrap()),
        (
            "encrypted",
            fit.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"secret")
                .unwrap(),
        ),
        (
            "text",
            b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n".to_vec(),
        ),
        ("empty", vec![]),
    ];
    for (name, pem) in table {
        assert!(
            matches!(SigningKey::from_private_pem(&pem), Err(Error::Unfit)),
            "{name}"
        );
    }
}

#[test]
fn a_rotation_refuses_no_token() {
    let keys: Vec<_> = (0..3)
        .map(|_| SigningKey::generate(Algorithm::Es256).unwrap())
        .collect();
    let set = |states: [State; 3]| KeySet::new(states.into_iter().zip(keys.clone()).collect());
    let before = set([State::Retired, State::Current, State::Next]).unwrap();
    let after = set([State::Retired, State::Retired, State::Current]).unwrap();
    let claims = json!({"sub": "ada"});
    let old = before.sign(Algorithm::Es256, "JWT", &claims).unwrap();
    let new = after.sign(Algorithm::Es256, "JWT", &claims).unwrap();
    for set in [&before, &after] {
        for token in [&old, &new] {
            assert_eq!(set.verify::<Value>("JWT", token).unwrap(), claims);
        }
        assert_eq!(set.jwks()["keys"].as_array().unwrap().len(), 3);
    }
    assert_eq!(before.jwks()["keys"][0]["kid"], keys[1].kid());
    assert_eq!(after.jwks()["keys"][0]["kid"], keys[2].kid());
    assert_eq!(
        after
            .keys()
            .filter(|(state, _)| *state == State::Retired)
            .count(),
        2
    );

    assert!(matches!(
        before.sign(Algorithm::Rs256, "JWT", &claims),
        Err(Error::NoCurrent(Algorithm::Rs256))
    ));
    let two_current = set([State::Current, State::Current, State::Next]);
    assert!(matches!(two_current, Err(Error::Repeated)));
    let twice = vec![
        (State::Current, keys[0].clone()),
        (State::Retired, keys[0].clone()),
    ];
    assert!(matches!(KeySet::new(twice), Err(Error::Repeated)));
}

#[test]
fn a_key_that_does_not_verify_what_it_signs_stops_the_start() {
    let mut key = SigningKey::generate(Algorithm::Es256).unwrap();
    key.decoding = SigningKey::generate(Algorithm::Es256).unwrap().decoding;
    let set = KeySet::new(vec![(State::Next, key)]);
    assert!(matches!(set, Err(Error::SelfCheck(_))));
}

/// A set of one key of each algorithm, and a key that is not of it.
struct Forgery {
    ec: SigningKey,
    rsa: SigningKey,
    stranger: SigningKey,
    set: KeySet,
}

impl Forgery {
    fn new() -> Self {
        let ec = SigningKey::generate(Algorithm::Es256).unwrap();
        let rsa = SigningKey::generate(Algorithm::Rs256).unwrap();
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = vec![(State::Current, ec.clone()), (State::Current, rsa.clone())];
        Self {
            ec,
            rsa,
            stranger,
            set: KeySet::new(keys).unwrap(),
        }
    }

    /// Signed in truth by our ES256 key, under whatever header.
    fn under(&self, header: &Value) -> String {
        let message = format!("{}.{}", part(header), part(&claims()));
        let key = self.ec.private.ec_key().unwrap();
        let signature = EcdsaSig::sign(&Sha256::digest(&message), &key).unwrap();
        let half = |n: &openssl::bn::BigNumRef| n.to_vec_padded(32).unwrap();
        let raw = [half(signature.r()), half(signature.s())].concat();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(raw))
    }

    fn refuse_all(&self, table: &[(&str, String)]) {
        for (name, token) in table {
            assert!(self.set.verify::<Value>("at+jwt", token).is_err(), "{name}");
        }
    }
}

fn claims() -> Value {
    json!({"sub": "ada"})
}

fn head(alg: &str, kid: &str) -> Value {
    json!({"alg": alg, "typ": "at+jwt", "kid": kid})
}

#[test]
fn the_algorithm_comes_from_the_key() {
    let forgery = Forgery::new();
    let (ec, rsa) = (&forgery.ec, &forgery.rsa);
    let none = |alg: &str| format!("{}.{}.", part(&head(alg, ec.kid())), part(&claims()));
    // A symmetric signature whose secret is what everybody knows.
    let hmac = |public: &[u8], kid: &str| {
        let message = format!("{}.{}", part(&head("HS256", kid)), part(&claims()));
        let key = PKey::hmac(public).unwrap();
        let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &key).unwrap();
        let mac = signer.sign_oneshot_to_vec(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))
    };
    forgery.refuse_all(&[
        ("none", none("none")),
        ("None", none("None")),
        (
            "HS256 over the PEM",
            hmac(&ec.private.public_key_to_pem().unwrap(), ec.kid()),
        ),
        (
            "HS256 over the DER",
            hmac(&rsa.private.public_key_to_der().unwrap(), rsa.kid()),
        ),
        (
            "ES256 under the kid of RS256",
            forgery.under(&head("ES256", rsa.kid())),
        ),
        (
            "RS256 named under the kid of ES256",
            forgery.under(&head("RS256", ec.kid())),
        ),
        (
            "ES384 named under the kid of ES256",
            forgery.under(&head("ES384", ec.kid())),
        ),
    ]);
}

#[test]
fn the_key_is_one_of_ours_and_the_header_says_no_more() {
    let forgery = Forgery::new();
    let kid = forgery.ec.kid();
    let token = forgery.under(&head("ES256", kid));
    assert_eq!(
        forgery.set.verify::<Value>("at+jwt", &token).unwrap(),
        claims()
    );
    for typ in ["application/at+jwt", "AT+JWT"] {
        let token = forgery.ec.sign(typ, &claims()).unwrap();
        assert!(
            forgery.set.verify::<Value>("at+jwt", &token).is_ok(),
            "{typ}"
        );
    }
    let stranger = &forgery.stranger;
    let critical = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": ["x"]});
    let own_key = json!({"alg": "ES256", "typ": "at+jwt", "jwk": stranger.jwk()});
    forgery.refuse_all(&[
        (
            "a stranger's key",
            stranger.sign("at+jwt", &claims()).unwrap(),
        ),
        (
            "a path as kid",
            forgery.under(&head("ES256", "../../etc/passwd")),
        ),
        ("SQL as kid", forgery.under(&head("ES256", "' OR 1=1 --"))),
        (
            "no kid",
            forgery.under(&json!({"alg": "ES256", "typ": "at+jwt"})),
        ),
        (
            "no typ",
            forgery.under(&json!({"alg": "ES256", "kid": kid})),
        ),
        ("another typ", forgery.ec.sign("JWT", &claims()).unwrap()),
        ("a critical extension", forgery.under(&critical)),
        ("a key of its own", forgery.under(&own_key)),
    ]);
}

#[test]
fn a_token_altered_in_any_part_is_refused() {
    let forgery = Forgery::new();
    let good = forgery.ec.sign("at+jwt", &claims()).unwrap();
    let (header, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    forgery.refuse_all(&[
        (
            "another body",
            format!("{header}.{}.{signature}", part(&json!({"sub": "eve"}))),
        ),
        ("no signature", format!("{header}.{body}.")),
        (
            "a signature cut short",
            format!("{header}.{body}.{}", &signature[..40]),
        ),
        ("padding", format!("{header}.{body}=.{signature}")),
        ("a part too many", format!("{good}.x")),
        ("a part too few", format!("{header}.{body}")),
        ("a line end", format!("{good}\n")),
        ("dots", "..".to_owned()),
        ("nothing", String::new()),
    ]);
}
