//! Algorithms that prove nothing: weak hashes, and MACs with keys that everybody has.

use openssl::hash::MessageDigest;

use super::{Claim::*, *};
use crate::demo::idp::Algorithm;

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = weak();
    cases.extend(weak_digests());
    cases.extend(macs());
    cases.extend(unknown());
    cases
}

const UNSUPPORTED: &str = "signature_algorithm_unsupported";
const METHOD: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const DIGEST: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// Signed as said, by the right key.
#[expect(clippy::too_many_lines, reason = "a table")]
fn weak() -> Vec<Attack> {
    let xml = honest(Sign::Assertion);
    let by = |method: &str, hash| stamped(&with(xml, METHOD, method), hash);
    let mut cases: Vec<_> = [Sign::Assertion, Sign::Response, Sign::Both]
        .into_iter()
        .map(|what| {
            let weak = ada(idp())
                .ids("_r", "_a")
                .sign(what)
                .algorithm(Algorithm::Sha1);
            let name = format!("SHA-1 throughout, {what:?}");
            Attack::new(
                Class::Downgrade,
                name,
                UNSUPPORTED,
                Signed,
                weak.signed(),
                honest(what),
            )
        })
        .collect();
    let [p256, _] = curves();
    let trusting = |xml: String| Message::from(xml).trusting(vec![certificate(p256)]);
    cases.push(Attack::new(
        Class::Downgrade,
        "ECDSA with SHA-1",
        UNSUPPORTED,
        Unasked,
        trusting(ada(p256).algorithm(Algorithm::Sha1).signed()),
        trusting(ada(p256).signed()),
    ));
    cases.extend(against(
        Class::Downgrade,
        xml,
        [
            (
                "RSA with SHA-1",
                Signed,
                by(
                    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                    MessageDigest::sha1(),
                ),
            ),
            (
                "RSA with MD5",
                Unasked,
                by(
                    "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
                    MessageDigest::md5(),
                ),
            ),
            (
                "RSA with SHA-224",
                Signed,
                by(
                    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
                    MessageDigest::sha224(),
                ),
            ),
            (
                "RSA with RIPEMD-160",
                Unasked,
                by(
                    "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
                    MessageDigest::sha256(),
                ),
            ),
        ]
        .map(|(name, claim, xml)| (name, UNSUPPORTED, claim, xml)),
    ));
    cases
}

/// A good signature over a weak digest.
fn weak_digests() -> Vec<Attack> {
    against(
        Class::Downgrade,
        sealed(&[]),
        [
            ("digest SHA-1", "http://www.w3.org/2000/09/xmldsig#sha1"),
            (
                "digest SHA-224",
                "http://www.w3.org/2001/04/xmldsig-more#sha224",
            ),
        ]
        .map(|(name, algorithm)| (name, UNSUPPORTED, Signed, sealed(&[(DIGEST, algorithm)]))),
    )
    .into_iter()
    .chain(edited(
        Class::Downgrade,
        honest(Sign::Assertion),
        [
            ("digest MD5", "http://www.w3.org/2001/04/xmldsig-more#md5"),
            (
                "digest RIPEMD-160",
                "http://www.w3.org/2001/04/xmlenc#ripemd160",
            ),
            ("digest unknown", "urn:x"),
            ("digest empty", ""),
            (
                "digest in upper case",
                "HTTP://WWW.W3.ORG/2001/04/XMLENC#SHA256",
            ),
        ]
        .map(|(name, algorithm)| (name, UNSUPPORTED, Broken, DIGEST, algorithm)),
    ))
    .collect()
}

/// MACs that anybody can make, with what is public of the trusted key.
#[expect(clippy::too_many_lines, reason = "a table")]
fn macs() -> Vec<Attack> {
    let kept = |bytes: Vec<u8>| -> &'static [u8] { Box::leak(bytes.into_boxed_slice()) };
    let x509 = openssl::x509::X509::from_der(ours().der()).unwrap();
    let public = x509.public_key().unwrap();
    let keys = [
        ("the certificate", kept(ours().der().to_vec())),
        ("the certificate's PEM", kept(x509.to_pem().unwrap())),
        ("the public key", kept(public.public_key_to_der().unwrap())),
        (
            "the public key's PEM",
            kept(public.public_key_to_pem().unwrap()),
        ),
        ("its modulus", kept(public.rsa().unwrap().n().to_vec())),
        ("a single zero", &[0]),
    ];
    let xml = honest(Sign::Assertion);
    let hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let mut cases = against(
        Class::HmacConfusion,
        xml,
        keys.map(|(name, key)| {
            let hash: MacHash = MessageDigest::sha256;
            let attack = maced(&with(xml, METHOD, hmac), hash, key);
            (
                format!("HMAC with {name}"),
                UNSUPPORTED,
                Mac(hash, key),
                attack,
            )
        }),
    );
    let hashes: [(&str, MacHash); 5] = [
        (
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            MessageDigest::sha1,
        ),
        (
            "http://www.w3.org/2001/04/xmldsig-more#hmac-md5",
            MessageDigest::md5,
        ),
        (
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha224",
            MessageDigest::sha224,
        ),
        (
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384",
            MessageDigest::sha384,
        ),
        (
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512",
            MessageDigest::sha512,
        ),
    ];
    let (_, key) = keys[0];
    cases.extend(against(
        Class::HmacConfusion,
        xml,
        hashes.map(|(method, hash)| {
            let attack = maced(&with(xml, METHOD, method), hash, key);
            (method, UNSUPPORTED, Mac(hash, key), attack)
        }),
    ));
    let short = "<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>";
    let value = part(xml, VALUE[0], VALUE[1]);
    let cut = with(
        &with(xml, "</ds:SignatureMethod>", short),
        value,
        "<ds:SignatureValue></ds:SignatureValue>",
    );
    cases.extend(against(
        Class::HmacConfusion,
        xml,
        [
            ("cut to no bits, RSA", "structure", Unasked, cut.clone()),
            (
                "cut to no bits",
                "structure",
                Unasked,
                with(&cut, METHOD, hmac),
            ),
        ],
    ));
    cases
}

/// Identifiers that are on no list.
fn unknown() -> Vec<Attack> {
    edited(
        Class::Downgrade,
        honest(Sign::Assertion),
        [
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            "http://www.w3.org/2009/xmldsig11#dsa-sha256",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
            "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
            "http://www.w3.org/2001/04/xmldsig-more#",
            "rsa-sha256",
            "none",
            "",
        ]
        .map(|method| {
            (
                format!("method {method:?}"),
                UNSUPPORTED,
                Broken,
                METHOD,
                method,
            )
        }),
    )
}
