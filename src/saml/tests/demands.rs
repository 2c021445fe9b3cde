//! What a connection demands beyond the rules: each demand met, and not met.

use super::*;
use crate::saml::demands::{Comparison, Signatures};

const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const MFA: &str = "https://refeds.org/profile/mfa";
const STATEMENT: &str = "<saml:AuthnStatement AuthnInstant=\"2026-07-01T10:00:00Z\"";

fn demanding(xml: &str, demands: Demands<'_>) -> Result<Assertion, Error> {
    let expected = Expected {
        demands,
        ..EXPECTED
    };
    receive_with(xml, &[certificate(idp())], &expected)
}

#[track_caller]
fn refused(xml: &str, demands: Demands<'_>, expected: &str) -> Error {
    let error = demanding(xml, demands).unwrap_err();
    assert_eq!(error.reason(), expected, "{error}");
    assert!(error.help().is_some(), "{error}");
    error
}

fn classes(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Ada's response with other text in the place of one, signed.
fn changed(old: &str, new: &str) -> String {
    idp().sign_template(&with(&unsigned(), old, new), Sign::Assertion)
}

#[test]
fn one_of_the_demanded_classes_is_asserted() {
    let (both, mfa) = (classes(&[MFA, PASSWORD]), classes(&[MFA]));
    let password = classes(&[PASSWORD]);
    let demands = |authn_context, comparison| Demands {
        authn_context,
        comparison,
        ..Demands::NONE
    };
    let honest = signed(Sign::Assertion);
    let read = demanding(&honest, demands(&both, Comparison::Exact)).unwrap();
    assert_eq!(read.authn_context_class.as_deref(), Some(PASSWORD));
    let spaced = changed(PASSWORD, &format!("\n  {PASSWORD}\n"));
    demanding(&spaced, demands(&both, Comparison::Exact)).unwrap();

    let error = refused(
        &honest,
        demands(&mfa, Comparison::Exact),
        "authn_context_unmet",
    );
    assert_eq!(error.arrived().as_deref(), Some(PASSWORD));
    assert!(error.to_string().contains(MFA), "{error}");
    for near in [
        PASSWORD.to_lowercase(),
        format!("{PASSWORD}X"),
        PASSWORD[1..].to_owned(),
    ] {
        let near = changed(PASSWORD, &near);
        let demand = demands(&password, Comparison::Exact);
        refused(&near, demand, "authn_context_unmet");
    }
    let element = format!("<saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef>");
    let (silent, empty) = (changed(&element, ""), changed(PASSWORD, ""));
    for comparison in [
        Comparison::Better,
        Comparison::Exact,
        Comparison::Maximum,
        Comparison::Minimum,
    ] {
        // Which class is stronger, the identity provider knows: that there is one, we do.
        let found = demanding(&honest, demands(&mfa, comparison));
        assert_eq!(found.is_ok(), comparison != Comparison::Exact);
        refused(&silent, demands(&mfa, comparison), "authn_context_unmet");
        refused(&empty, demands(&mfa, comparison), "authn_context_unmet");
    }
    demanding(&silent, Demands::NONE).unwrap();
}

#[test]
fn of_several_statements_the_one_that_satisfies_counts() {
    let other = |instant: &str, class: &str| {
        format!(
            "<saml:AuthnStatement AuthnInstant=\"{instant}\"><saml:AuthnContext>\
             <saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef>\
             </saml:AuthnContext></saml:AuthnStatement>{STATEMENT}"
        )
    };
    let mfa = classes(&[MFA]);
    let demands = Demands {
        authn_context: &mfa,
        ..Demands::NONE
    };
    let old = changed(STATEMENT, &other("2026-07-01T02:00:00Z", MFA));
    let read = demanding(&old, demands).unwrap();
    assert_eq!(read.authn_context_class.as_deref(), Some(MFA));
    assert_eq!(
        read.authn_instant,
        Some("2026-07-01T02:00:00Z".parse().unwrap())
    );
    // A fresh password does not make the second factor of this morning a fresh one.
    let afresh = Demands {
        force_authn: true,
        ..demands
    };
    refused(&old, afresh, "authentication_too_old");
    let fresh = changed(STATEMENT, &other("2026-07-01T09:59:00Z", MFA));
    demanding(&fresh, afresh).unwrap();
    let this_morning = other("2026-07-01T02:00:00Z", MFA);
    let again = other("2026-07-01T09:59:00Z", MFA);
    let both = changed(STATEMENT, &this_morning.replace(STATEMENT, &again));
    let read = demanding(&both, afresh).unwrap();
    assert_eq!(
        read.authn_instant,
        Some("2026-07-01T09:59:00Z".parse().unwrap())
    );
    let neither = changed(STATEMENT, &other("2026-07-01T10:00:00Z", "urn:other"));
    let error = refused(&neither, demands, "authn_context_unmet");
    assert_eq!(error.arrived(), Some(format!("urn:other, {PASSWORD}")));
}

#[test]
fn who_must_authenticate_afresh_did_so_just_now() {
    let afresh = Demands {
        force_authn: true,
        ..Demands::NONE
    };
    let at = |instant: &str| {
        changed(
            STATEMENT,
            &format!("<saml:AuthnStatement AuthnInstant=\"{instant}\""),
        )
    };
    for (instant, good) in [
        ("2026-07-01T10:00:00Z", true),
        ("2026-07-01T09:48:00Z", true),
        ("2026-07-01T09:47:59Z", false),
        ("2026-06-30T10:00:00Z", false),
        ("2026-07-01T10:02:00Z", true),
        ("2026-07-01T10:02:01Z", false),
    ] {
        let xml = at(instant);
        demanding(&xml, Demands::NONE).unwrap();
        if good {
            demanding(&xml, afresh).unwrap();
        } else {
            refused(&xml, afresh, "authentication_too_old");
        }
    }
    let silent = changed(STATEMENT, "<saml:AuthnStatement");
    refused(&silent, afresh, "authentication_too_old");
}

#[test]
fn what_is_to_be_signed_is_signed() {
    let (any, response, assertion, both) = (
        Signatures::Any,
        Signatures::Response,
        Signatures::Assertion,
        Signatures::Both,
    );
    let lacks = |what: &str| Some(format!("signature_missing_on_{what}"));
    for (what, signatures, expected) in [
        (Sign::Assertion, any, None),
        (Sign::Assertion, assertion, None),
        (Sign::Assertion, response, lacks("response")),
        (Sign::Assertion, both, lacks("response")),
        (Sign::Response, any, None),
        (Sign::Response, assertion, lacks("assertion")),
        (Sign::Response, response, None),
        (Sign::Response, both, lacks("assertion")),
        (Sign::Both, any, None),
        (Sign::Both, assertion, None),
        (Sign::Both, response, None),
        (Sign::Both, both, None),
    ] {
        let demands = Demands {
            signatures,
            ..Demands::NONE
        };
        let found = demanding(&signed(what), demands);
        let found = found.err().map(|error| error.reason().to_owned());
        assert_eq!(found, expected, "{what:?} {signatures:?}");
    }
    // Two that are there, of which one does not verify.
    let demands = Demands {
        signatures: both,
        ..Demands::NONE
    };
    let honest = signed(Sign::Both);
    let inside = with(&signed(Sign::Assertion), "Staff", "Owners");
    let around = idp().sign_template(&inside, Sign::Response);
    let by_stranger = stranger().sign_template(&signed(Sign::Assertion), Sign::Response);
    for attack in [with(&honest, "Staff", "Owners"), around, by_stranger] {
        assert_eq!(
            demanding(&attack, demands).unwrap_err().reason(),
            "signature_invalid"
        );
    }
}

#[test]
fn what_is_to_be_encrypted_is_refused_in_the_open_before_anything_is_computed() {
    let demands = Demands {
        require_encryption: true,
        ..Demands::NONE
    };
    for what in [Sign::Assertion, Sign::Response, Sign::Both] {
        let plain = signed(what);
        refused(&plain, demands, "encryption_required");
        let broken = with(&plain, "Staff", "Owners");
        refused(&broken, demands, "encryption_required");
    }
}

#[test]
fn the_trace_says_what_is_demanded_and_what_arrived() {
    let mfa = classes(&[MFA]);
    let told = |demands, xml: &str| {
        let expected = Expected {
            demands,
            ..EXPECTED
        };
        let trusted = [certificate(idp())];
        let mut trace = Trace::default();
        let message = received(xml).unwrap();
        let read = crate::saml::receive(message, &trusting(&trusted), &expected, now(), &mut trace);
        trace.refuses(&read.unwrap_err());
        let failed = |it: &crate::saml::trace::Check| it.reason.is_some();
        let failed = trace.checks().into_iter().find(failed).unwrap();
        let text = |text: Option<String>| text.unwrap_or_default();
        (failed.check, text(failed.expected), text(failed.arrived))
    };
    let xml = signed(Sign::Assertion);
    let (step, expected, arrived) = told(
        Demands {
            authn_context: &mfa,
            ..Demands::NONE
        },
        &xml,
    );
    assert_eq!(step, crate::saml::trace::Step::Authentication);
    assert_eq!((expected, &*arrived), (format!("exact: {MFA}"), PASSWORD));
    let (step, expected, arrived) = told(
        Demands {
            signatures: Signatures::Response,
            ..Demands::NONE
        },
        &xml,
    );
    assert_eq!(step, crate::saml::trace::Step::Signature);
    assert_eq!(expected, "the response signed");
    assert!(arrived.starts_with("Assertion by "), "{arrived}");
}
