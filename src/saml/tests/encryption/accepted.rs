//! What is opened.

use super::*;

const TRANSPORTS: [Transport; 7] = [
    Transport::Mgf1p(Hash::Default),
    Transport::Mgf1p(Hash::Sha1),
    Transport::Mgf1p(Hash::Sha256),
    Transport::Oaep(Hash::Default, Hash::Default),
    Transport::Oaep(Hash::Sha1, Hash::Sha256),
    Transport::Oaep(Hash::Sha256, Hash::Sha1),
    Transport::Oaep(Hash::Sha256, Hash::Sha256),
];

#[test]
fn every_algorithm_in_every_shape() {
    for content in CONTENTS {
        for transport in TRANSPORTS {
            for place in [Place::Beside, Place::Inside, Place::Retrieved] {
                for label in [b"".as_slice(), b"label"] {
                    let encryption = Encryption {
                        content,
                        transport,
                        place,
                        label,
                    };
                    for what in SIGNS {
                        is_ada(open(&message(what, &encryption)));
                    }
                }
            }
        }
    }
}

#[test]
fn what_was_signed_is_told_as_of_a_plain_assertion() {
    for what in SIGNS {
        let assertion = is_ada(open(&message(what, &gcm())));
        let response_id = (what != Sign::Assertion).then_some("_r");
        assert_eq!(assertion.response_id.as_deref(), response_id, "{what:?}");
        assert_eq!(assertion.received_response_id, "_r");
        assert_eq!(assertion.assertion_id, "_a");
        assert_eq!(assertion.certificate, certificate(idp()).fingerprint());
    }
}

#[test]
fn cbc_is_the_connections_to_allow() {
    for content in CONTENTS {
        let encryption = Encryption { content, ..gcm() };
        for what in SIGNS {
            let xml = message(what, &encryption);
            let keys = [ours().key.clone()];
            let read = |allow| open_at(&xml, &keys, allow, &Failures::default(), now());
            is_ada(read(true));
            let is_cbc = content.identifier().ends_with("-cbc");
            if is_cbc {
                let error = read(false).unwrap_err();
                assert_eq!(error.reason(), "encryption_algorithm_unsupported");
                assert!(error.to_string().contains(&content.identifier()));
                assert!(error.help().is_some());
            } else {
                is_ada(read(false));
            }
        }
    }
}

#[test]
fn two_keys_serve_during_a_rollover() {
    let (first, second) = (ours().key.clone(), another().key.clone());
    for what in SIGNS {
        let xml = message(what, &gcm());
        for keys in [
            vec![first.clone()],
            vec![first.clone(), second.clone()],
            vec![second.clone(), first.clone()],
        ] {
            is_ada(open_with(&xml, &keys));
            assert!(openssl::error::ErrorStack::get().errors().is_empty());
        }
        let reason = |keys: &[DecryptionKey]| open_with(&xml, keys).unwrap_err().reason();
        assert_eq!(reason(std::slice::from_ref(&second)), "decryption_failed");
        assert_eq!(reason(&[]), "decryption_key_missing");
    }
}

#[test]
fn up_to_four_keys_are_tried() {
    let content_key = [7; 32];
    let for_whom = |pair: &Pair| gcm().transport.encrypt(&content_key, b"", &pair.private);
    let (mine, theirs) = (for_whom(ours()), for_whom(another()));
    let xml = signed(Sign::Assertion);
    let content = Content::Aes256Gcm.encrypt(&content_key, assertion(&xml).as_bytes());
    for place in [Place::Beside, Place::Inside, Place::Retrieved] {
        let encryption = Encryption { place, ..gcm() };
        for before in 0..4 {
            let mut keys = vec![theirs.clone(); before];
            keys.push(mine.clone());
            let xml = holding(&encryption.element(&content, &keys));
            is_ada(open(&xml));
            keys.resize(5, theirs.clone());
            let xml = holding(&encryption.element(&content, &keys));
            assert_eq!(no(&xml), "too_large", "{place:?}");
        }
        let xml = holding(&encryption.element(&content, std::slice::from_ref(&theirs)));
        assert_eq!(no(&xml), "decryption_failed");
    }
}

#[test]
fn what_stands_around_the_ciphertext_may_look_as_it_likes() {
    let xml = message(Sign::Assertion, &gcm());
    let value = cipher_value(&xml);
    let broken = value.replace('A', "&#13;\n A");
    let info = "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">";
    let named = format!("{info}<ds:KeyName>x</ds:KeyName>");
    let recipient = "<xenc:EncryptedKey Recipient=\"https://x.example/\" ";
    let size = "aes256-gcm\"><xenc:KeySize>256</xenc:KeySize>";
    for (old, new) in [
        (value, broken.as_str()),
        (info, &named),
        ("<xenc:EncryptedKey ", recipient),
        ("aes256-gcm\">", size),
        (" Type=\"http://www.w3.org/2001/04/xmlenc#Element\"", ""),
        ("<xenc:EncryptedData ", "\n<xenc:EncryptedData "),
    ] {
        is_ada(open(&with(&xml, old, new)));
    }
}

#[test]
fn padding_of_any_octets_is_padding() {
    use openssl::symm::{Cipher, Crypter, Mode};
    let xml = signed(Sign::Assertion);
    let (key, vector) = ([1; 16], [2; 16]);
    let mut plaintext = assertion(&xml).as_bytes().to_vec();
    let padding = 16 - plaintext.len() % 16;
    plaintext.resize(plaintext.len() + padding, 0xa5);
    *plaintext.last_mut().unwrap() = padding as u8;
    let mut crypter =
        Crypter::new(Cipher::aes_128_cbc(), Mode::Encrypt, &key, Some(&vector)).unwrap();
    crypter.pad(false);
    let mut octets = vec![0; plaintext.len() + 16];
    let count = crypter.update(&plaintext, &mut octets).unwrap();
    octets.truncate(count);
    let octets = [vector.as_slice(), &octets].concat();
    let key = cbc().transport.encrypt(&key, b"", &ours().private);
    is_ada(open(&holding(&cbc().element(&octets, &[key]))));
}

#[test]
fn weak_and_broken_keys_are_unusable() {
    let weak = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
    let curve = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
    let curve = PKey::from_ec_key(openssl::ec::EcKey::generate(&curve).unwrap()).unwrap();
    for der in [
        vec![],
        b"x".to_vec(),
        weak.private_key_to_pkcs8().unwrap(),
        curve.private_key_to_pkcs8().unwrap(),
        ours().private.public_key_to_der().unwrap(),
    ] {
        let error = DecryptionKey::from_pkcs8_der(&der).unwrap_err();
        assert_eq!(error.reason(), "decryption_key_unusable");
    }
    assert!(openssl::error::ErrorStack::get().errors().is_empty());
    assert_eq!(format!("{:?}", ours().key), "DecryptionKey(2048 bits)");
}
