//! What meets a connection's demands.

use super::*;
use crate::saml::{
    demands::{Comparison, Signatures},
    tests::{
        corpus::attacks::demanded::{AFRESH, MFA, PASSWORD, context, signed_on},
        encryption::{cbc, gcm, message},
    },
};

pub(super) fn cases() -> Vec<Honest> {
    let mut cases = Vec::new();
    let mut meets = |name: String, xml: String, demands| {
        let message = Message::from(xml).demanding(demands);
        cases.push(Honest::new("demands", name, message));
    };
    for (sent, demanded) in [
        (Sign::Assertion, Signatures::Assertion),
        (Sign::Response, Signatures::Response),
        (Sign::Both, Signatures::Assertion),
        (Sign::Both, Signatures::Both),
        (Sign::Both, Signatures::Response),
    ] {
        let name = format!("{sent:?} signed for {demanded:?}");
        meets(name.clone(), signed(sent), signed_on(demanded));
        for encryption in [gcm(), cbc()] {
            let demands = Demands {
                require_encryption: true,
                ..signed_on(demanded)
            };
            let name = format!("{name}, {:?}", encryption.content);
            meets(name, message(sent, &encryption), demands);
        }
    }
    let says = |class: &str| resigned(Sign::Response, &[(PASSWORD, class)]);
    for comparison in [
        Comparison::Better,
        Comparison::Exact,
        Comparison::Maximum,
        Comparison::Minimum,
    ] {
        let demands = context(MFA, comparison);
        meets(format!("{comparison:?}"), says(MFA), demands);
        let spaced = says(&format!("\n  {MFA}\n"));
        meets(format!("{comparison:?}, with white space"), spaced, demands);
        if comparison != Comparison::Exact {
            // Which class is stronger, the identity provider knows.
            meets(format!("{comparison:?}, another"), says(PASSWORD), demands);
        }
    }
    meets("authenticated now".into(), signed(Sign::Both), AFRESH);
    cases
}
