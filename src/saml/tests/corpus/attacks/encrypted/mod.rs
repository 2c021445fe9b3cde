//! Encrypted assertions. Each attack comes alone, as whoever can write to the address may send it, and most
//! come signed around by the right key, too: what is wrong with them is said only where that signature
//! says that nobody tries octets.

mod ciphertext;
mod content;
mod names;
mod wrapper;

use super::{Claim::*, *};
use crate::{
    demo::idp::encrypt::{Content, Encryption, Hash, Place, Transport},
    saml::tests::encryption::{
        CONTENTS, another, around, assertion, cbc, changed as changed_octets, cipher_value, gcm,
        holding, message, ours as our_key,
    },
};

/// What everything is answered with that is found only after a key was used.
const FAILED: &str = "decryption_failed";

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = ciphertext::cases();
    cases.extend(content::cases());
    cases.extend(names::cases());
    cases.extend(wrapper::cases());
    cases
}

/// One attack twice: alone, and signed around by the right key, each with its reason.
fn both(
    class: Class,
    name: &str,
    [alone, signed]: [&'static str; 2],
    attack: &str,
    twin: &str,
) -> [Attack; 2] {
    [
        Attack::new(class, name, alone, Unsigned, attack, twin),
        Attack::new(
            class,
            format!("{name}, signed around"),
            signed,
            Signed,
            around(Sign::Response, attack),
            around(Sign::Response, twin),
        ),
    ]
}
