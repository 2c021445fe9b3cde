//! What becomes of a document that is published now, beside what is trusted: decided, not done.

use jiff::Timestamp;

use crate::directory::metadata::RefreshMode;
use crate::saml::Error;
use crate::saml::metadata::{Diff, IdentityProvider, Validity};

/// What is newly published of the very provider that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newer {
    /// The provider.
    pub(super) provider: IdentityProvider,
    /// The document.
    pub(super) text: String,
    /// What it changes.
    pub(super) diff: Diff,
}

/// What becomes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is trusted from now on.
    Apply(Box<Newer>),
    /// It cannot be used.
    Failed(String),
    /// It waits for a yes.
    Propose(Box<Newer>),
    /// It is another provider's.
    Refused(Box<Diff>),
    /// It says what is known; only its times may be others.
    Unchanged(Validity),
}

/// Decides.
///
/// A document without a certificate that can be used is none (Metadata 2.4.1.1), so that no connection
/// ever ends up with nobody to trust; and where nobody could begin a sign-in any more, or people would
/// be sent where anybody on the way can read, somebody looks first, also where everything else is
/// taken at once.
pub(super) fn decide(
    mode: RefreshMode,
    known: &IdentityProvider,
    text: &str,
    now: Timestamp,
) -> Decision {
    let read = match IdentityProvider::read_entity(text, Some(&known.entity_id), now) {
        Err(Error::MetadataIdentityProviderMissing { .. }) => IdentityProvider::read(text, now),
        read => read,
    };
    let provider = match read {
        Ok(provider) => provider,
        Err(error) => return Decision::Failed(error.to_string()),
    };
    let diff = Diff::between(known, &provider);
    if diff.entity_id.is_some() {
        return Decision::Refused(Box::new(diff));
    }
    if diff.is_only_time() {
        return Decision::Unchanged(provider.validity);
    }
    let ends_sign_ins = known.endpoints.sso().is_some() && provider.endpoints.sso().is_none();
    let is_worse = ends_sign_ins || diff.is_opened();
    let text = text.to_owned();
    let newer = Box::new(Newer {
        provider,
        text,
        diff,
    });
    if mode == RefreshMode::Auto && !is_worse {
        Decision::Apply(newer)
    } else {
        Decision::Propose(newer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::idp::{Keys, Kind, TestIdp};

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn idp() -> TestIdp {
        let keys = Keys::generate(Kind::P256).unwrap();
        TestIdp::with_keys("urn:idp", "https://idp.example/sso", keys)
    }

    #[test]
    fn what_is_new_is_taken_or_waits_and_what_is_no_use_changes_nothing() {
        let (first, second) = (idp().metadata(), idp().metadata());
        let known = IdentityProvider::read(&first, now()).unwrap();
        let group = |inner: &[&String]| {
            let bodies = inner.iter().map(|text| text.split_once("?>").unwrap().1);
            format!(
                "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}</md:EntitiesDescriptor>",
                bodies.collect::<String>()
            )
        };
        let other = second.replace("urn:idp", "urn:other");
        let third = second.replace("urn:idp", "urn:third");
        let nowhere = first.replace("SingleSignOnService", "NameIDMappingService");
        let open = second.replace("https://idp.example/sso", "http://idp.example/sso");
        let ended = second.replace(" entityID", " validUntil=\"2026-11-22T10:00:00Z\" entityID");
        for (name, text, by_itself, by_a_yes) in [
            ("the same", first.clone(), "unchanged", "unchanged"),
            (
                "among others",
                group(&[&first, &other]),
                "unchanged",
                "unchanged",
            ),
            ("another key", second.clone(), "applied", "proposed"),
            ("nowhere to go", nowhere, "proposed", "proposed"),
            ("in the open", open, "proposed", "proposed"),
            ("another provider", other.clone(), "refused", "refused"),
            ("others", group(&[&other, &third]), "failed", "failed"),
            ("a page", "<html/>".to_owned(), "failed", "failed"),
            ("junk", "junk".to_owned(), "failed", "failed"),
            ("ended", ended, "failed", "failed"),
            (
                "no key",
                second.replace("\"signing\"", "\"encryption\""),
                "failed",
                "failed",
            ),
        ] {
            for (mode, expected) in [
                (RefreshMode::Auto, by_itself),
                (RefreshMode::Propose, by_a_yes),
                (RefreshMode::Off, by_a_yes),
            ] {
                let found = match decide(mode, &known, &text, now()) {
                    Decision::Apply(_) => "applied",
                    Decision::Failed(_) => "failed",
                    Decision::Propose(_) => "proposed",
                    Decision::Refused(_) => "refused",
                    Decision::Unchanged(_) => "unchanged",
                };
                assert_eq!(found, expected, "{name} {mode}");
            }
        }
    }
}
