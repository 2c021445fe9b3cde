//! What a connection demands beyond the rules, and a message that anybody else would take does not have.

use super::{Claim::*, *};
use crate::saml::{
    demands::{Comparison, Signatures},
    tests::encryption::{around, cbc, gcm, message, ours as our_key},
};

/// A factor more than a password.
pub(in crate::saml::tests::corpus) const MFA: &str = "https://refeds.org/profile/mfa";
/// What Ada did.
pub(in crate::saml::tests::corpus) const PASSWORD: &str =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const STATEMENT: &str = "<saml:AuthnStatement AuthnInstant=\"2026-07-01T10:00:00Z\"";

pub(super) fn cases() -> Vec<Attack> {
    let mut cases = signatures();
    cases.extend(inside());
    cases.extend(encryption());
    cases.extend(contexts());
    cases.extend(afresh());
    cases
}

/// A demand of these signatures.
pub(in crate::saml::tests::corpus) fn signed_on(signatures: Signatures) -> Demands<'static> {
    Demands {
        signatures,
        ..Demands::NONE
    }
}

/// A demand of this context, compared so.
pub(in crate::saml::tests::corpus) fn context(
    class: &'static str,
    comparison: Comparison,
) -> Demands<'static> {
    static CLASSES: OnceLock<[Vec<String>; 2]> = OnceLock::new();
    let [mfa, password] =
        CLASSES.get_or_init(|| [MFA, PASSWORD].map(|class| vec![class.to_owned()]));
    Demands {
        authn_context: if class == MFA { mfa } else { password },
        comparison,
        ..Demands::NONE
    }
}

/// A demand of an authentication for this very sign-in.
pub(in crate::saml::tests::corpus) const AFRESH: Demands<'static> = Demands {
    force_authn: true,
    ..Demands::NONE
};

/// An attack on a connection with demands, beside a message that meets them.
fn unmet(
    name: impl Into<String>,
    demands: Demands<'static>,
    expected: &'static str,
    [attack, twin]: [String; 2],
    claim: Claim,
) -> Attack {
    let [attack, twin] = [attack, twin].map(|xml| Message::from(xml).demanding(demands));
    Attack::new(Class::Demands, name, expected, claim, attack, twin)
}

/// One signature is there, and the other is asked for.
fn signatures() -> Vec<Attack> {
    let (of_response, of_assertion) = (
        "signature_missing_on_response",
        "signature_missing_on_assertion",
    );
    let mut cases = Vec::new();
    for (sent, demanded, reason) in [
        (Sign::Assertion, Signatures::Response, of_response),
        (Sign::Assertion, Signatures::Both, of_response),
        (Sign::Response, Signatures::Assertion, of_assertion),
        (Sign::Response, Signatures::Both, of_assertion),
    ] {
        let name = format!("{sent:?} signed for {demanded:?}");
        let pair = [honest(sent).to_owned(), honest(Sign::Both).to_owned()];
        let demands = signed_on(demanded);
        cases.push(unmet(name.clone(), demands, reason, pair, Signed));
        for encryption in [gcm(), cbc()] {
            let pair = [sent, Sign::Both].map(|what| message(what, &encryption));
            let name = format!("{name}, {:?}", encryption.content);
            let claim = if sent == Sign::Assertion {
                Unsigned
            } else {
                Signed
            };
            cases.push(unmet(name, demands, reason, pair, claim));
        }
    }
    cases
}

/// Where a signature inside is asked for, it must be good, too: the one around does not stand in for it.
fn inside() -> Vec<Attack> {
    let inner = signed(Sign::Assertion);
    let tampered = with(&inner, "Staff", "Owners");
    let strange = stranger().sign_template(&unsigned(), Sign::Assertion);
    let mut cases = Vec::new();
    for encryption in [gcm(), cbc()] {
        let seal = |xml: &str| around(Sign::Response, &encryption.encrypt(xml, &our_key().private));
        for (name, xml) in [("changed", &tampered), ("a stranger's", &strange)] {
            for demanded in [Signatures::Assertion, Signatures::Both] {
                let name = format!("{name} inside, {demanded:?}, {:?}", encryption.content);
                let pair = [seal(xml), seal(&inner)];
                let demands = signed_on(demanded);
                cases.push(unmet(name, demands, "signature_invalid", pair, Signed));
            }
        }
    }
    cases
}

/// Nobody may send in clear what is to be encrypted.
fn encryption() -> Vec<Attack> {
    let demands = Demands {
        require_encryption: true,
        ..Demands::NONE
    };
    [Sign::Assertion, Sign::Response, Sign::Both]
        .map(|what| {
            let pair = [honest(what).to_owned(), message(what, &gcm())];
            let name = format!("in clear, {what:?}");
            unmet(name, demands, "encryption_required", pair, Signed)
        })
        .into()
}

/// Another context than the one that was asked for, or none.
fn contexts() -> Vec<Attack> {
    let reason = "authn_context_unmet";
    let element = format!("<saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef>");
    let says = |class: &str| resigned(Sign::Assertion, &[(PASSWORD, class)]);
    let strong = says(MFA);
    let exact = context(MFA, Comparison::Exact);
    let mut cases: Vec<_> = [
        ("a password", PASSWORD.to_owned()),
        ("in capitals", MFA.to_uppercase()),
        ("longer", format!("{MFA}/")),
        ("shorter", MFA[..MFA.len() - 1].to_owned()),
        ("empty", String::new()),
    ]
    .into_iter()
    .map(|(name, class)| unmet(name, exact, reason, [says(&class), strong.clone()], Signed))
    .collect();
    let silent = resigned(Sign::Assertion, &[(&element, "")]);
    for comparison in [
        Comparison::Better,
        Comparison::Exact,
        Comparison::Maximum,
        Comparison::Minimum,
    ] {
        let name = format!("none, {comparison:?}");
        let demands = context(MFA, comparison);
        let pair = [silent.clone(), strong.clone()];
        cases.push(unmet(name, demands, reason, pair, Signed));
    }
    cases
}

/// An authentication of some time ago, of the time to come, or of no time.
fn afresh() -> Vec<Attack> {
    let instant = " AuthnInstant=\"2026-07-01T10:00:00Z\"";
    let at = |time: &str| {
        let new = STATEMENT.replace("2026-07-01T10:00:00Z", time);
        resigned(Sign::Assertion, &[(STATEMENT, &new)])
    };
    let twin = at("2026-07-01T09:58:00Z");
    let mut cases = Vec::new();
    for (name, reason, time) in [
        (
            "of this morning",
            "authentication_too_old",
            "2026-07-01T02:00:00Z",
        ),
        (
            "of a while ago",
            "authentication_too_old",
            "2026-07-01T09:40:00Z",
        ),
    ] {
        let pair = [at(time), twin.clone()];
        cases.push(unmet(name, AFRESH, reason, pair, Signed));
    }
    // The second factor is of this morning, the password of now.
    let old = format!(
        "<saml:AuthnStatement AuthnInstant=\"2026-07-01T02:00:00Z\"><saml:AuthnContext>\
         <saml:AuthnContextClassRef>{MFA}</saml:AuthnContextClassRef>\
         </saml:AuthnContext></saml:AuthnStatement>{STATEMENT}"
    );
    let fresh = old.replace("T02:00:00Z", "T09:58:00Z");
    let pair = [&old, &fresh].map(|new| resigned(Sign::Assertion, &[(STATEMENT, new)]));
    let demands = Demands {
        force_authn: true,
        ..context(MFA, Comparison::Exact)
    };
    let reason = "authentication_too_old";
    cases.push(unmet(
        "one of two, of this morning",
        demands,
        reason,
        pair,
        Signed,
    ));
    let pair = [resigned(Sign::Assertion, &[(instant, "")]), twin];
    cases.push(unmet(
        "of no time",
        AFRESH,
        "authentication_too_old",
        pair,
        Signed,
    ));
    cases
}
