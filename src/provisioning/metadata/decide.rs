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
/// ever ends up with nobody to trust; and where nobody could begin a sign-in any more, somebody
/// looks first, also where everything else is taken at once.
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
    let text = text.to_owned();
    let newer = Box::new(Newer {
        provider,
        text,
        diff,
    });
    if mode == RefreshMode::Auto && !ends_sign_ins {
        Decision::Apply(newer)
    } else {
        Decision::Propose(newer)
    }
}
