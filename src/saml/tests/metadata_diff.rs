//! What a newer document changes, and how long one is good.

use jiff::SignedDuration;

use super::*;
use crate::saml::metadata::diff::{Endpoint, Replaced, Signer};
use crate::saml::metadata::{Diff, IdentityProvider, Validity};

fn read(text: &str) -> IdentityProvider {
    IdentityProvider::read(text, now()).unwrap()
}

fn until(text: &str, attributes: &str) -> String {
    text.replace(" entityID", &format!(" {attributes} entityID"))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_differs_is_told_and_nothing_else() {
    let text = idp().metadata();
    let known = read(&text);
    let ours = idp().keys().certificate_base64();
    let other = stranger().keys().certificate_base64();
    let both = text.replace(
        "</ds:X509Certificate>",
        &format!("</ds:X509Certificate><ds:X509Certificate>{other}</ds:X509Certificate>"),
    );
    let signer = |idp| vec![Signer::from(&certificate(idp))];
    let nothing = Diff::default;
    let moved = |endpoint: &str, new: Option<&str>| Endpoint {
        endpoint: endpoint.to_owned(),
        old: Some(SSO.to_owned()),
        new: new.map(str::to_owned),
    };
    let place = "https://idp.example/else";
    for (name, newer, expected, is_only_time) in [
        ("the same", text.clone(), nothing(), true),
        ("other white space", format!("\n{text}\n"), nothing(), true),
        (
            "a key more",
            both.clone(),
            Diff {
                certificates_added: signer(stranger()),
                ..nothing()
            },
            false,
        ),
        (
            "another key",
            text.replace(&ours, &other),
            Diff {
                certificates_added: signer(stranger()),
                certificates_removed: signer(idp()),
                ..nothing()
            },
            false,
        ),
        (
            "another place",
            text.replace(SSO, place),
            Diff {
                endpoints: vec![
                    moved("sso_redirect", Some(place)),
                    moved("sso_post", Some(place)),
                ],
                ..nothing()
            },
            false,
        ),
        (
            "a place less",
            text.replace("bindings:HTTP-POST", "bindings:PAOS"),
            Diff {
                endpoints: vec![moved("sso_post", None)],
                ..nothing()
            },
            false,
        ),
        (
            "requests are to be signed",
            text.replace("RequestsSigned=\"false\"", "RequestsSigned=\"true\""),
            Diff {
                want_authn_requests_signed: Some(true),
                ..nothing()
            },
            false,
        ),
        (
            "another provider",
            text.replace(IDP, "urn:other"),
            Diff {
                entity_id: Some(Replaced {
                    old: IDP.to_owned(),
                    new: "urn:other".to_owned(),
                }),
                ..nothing()
            },
            false,
        ),
    ] {
        let diff = Diff::between(&known, &read(&newer));
        assert_eq!(diff, expected, "{name}");
        assert_eq!(diff.is_only_time(), is_only_time, "{name}");
    }
    let back = Diff::between(&read(&both), &known);
    assert_eq!(back.certificates_removed, signer(stranger()));
    let later = until(&text, "validUntil=\"2030-01-01T00:00:00Z\"");
    let diff = Diff::between(&known, &read(&later));
    assert!(diff.is_only_time() && diff != nothing());
    let text = serde_json::to_string(&diff).unwrap();
    assert_eq!(serde_json::from_str::<Diff>(&text).unwrap(), diff, "{text}");
}

#[test]
fn the_narrowest_of_what_is_said_around_holds() {
    let text = idp().metadata();
    let body = text.split_once("?>").unwrap().1;
    let inner = until(
        body,
        "validUntil=\"2030-01-01T00:00:00Z\" cacheDuration=\"PT2H\"",
    );
    let around = |attributes: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" {attributes}>{inner}</md:EntitiesDescriptor>"
        )
    };
    for (attributes, valid_until, minutes) in [
        ("", "2030-01-01T00:00:00Z", 120),
        (
            "validUntil=\"2029-01-01T00:00:00Z\" cacheDuration=\"PT90M\"",
            "2029-01-01T00:00:00Z",
            90,
        ),
        (
            "validUntil=\"2031-01-01T00:00:00Z\" cacheDuration=\"P1D\"",
            "2030-01-01T00:00:00Z",
            120,
        ),
        ("cacheDuration=\"soon\"", "2030-01-01T00:00:00Z", 120),
    ] {
        let expected = Validity {
            valid_until: Some(valid_until.parse().unwrap()),
            cache_duration: Some(SignedDuration::from_mins(minutes)),
        };
        assert_eq!(read(&around(attributes)).validity, expected, "{attributes}");
    }
    assert_eq!(read(&text).validity, Validity::default());
}

#[test]
fn an_entity_is_one_of_a_group_and_not_of_an_extension() {
    let text = idp().metadata();
    let body = text.split_once("?>").unwrap().1;
    let around = |inner: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inner}</md:EntitiesDescriptor>"
        )
    };
    let second = body.replace(IDP, "urn:second");
    let nested = around(&format!("{body}{}", around(&second)));
    let chosen = IdentityProvider::read_entity(&nested, Some("urn:second"), now()).unwrap();
    assert_eq!(chosen.entity_id, "urn:second");
    let unknown = IdentityProvider::read_entity(&nested, Some("urn:third"), now()).unwrap_err();
    let said = unknown.to_string();
    assert!(said.contains("urn:second") && said.contains(IDP), "{said}");
    let hidden = around(&format!(
        "<md:Extensions><x xmlns=\"urn:x\">{second}</x></md:Extensions>{body}"
    ));
    assert_eq!(read(&hidden).entity_id, IDP);
}
