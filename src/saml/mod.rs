//! A SAML 2.0 service provider, pure: octets, settings and a time come in, an [`Assertion`] comes out.
//!
//! The steps are types, so that none can be left out: a form becomes [`binding::Received`], the strict
//! gate makes it [`gate::Gated`], the signature makes it [`signature::Verified`], the conditions make it an
//! [`Assertion`]. Only [`conditions::accept`] makes the last, and it reads nothing but signed octets.
//!
//! | file | rules |
//! |---|---|
//! | [`binding`] | HTTP POST binding (SAML Bindings 3.5): the form, base64, UTF-8 |
//! | [`gate`] | what a response may look like at all, before any signature is computed (SAML Core 3.2, 2.3, 5.4) |
//! | [`encryption`] | XML Encryption with the keys of ours: what an encrypted assertion looks like, and opening it |
//! | [`demands`] | what a connection demands beyond what every message must be |
//! | [`signature`] | XML Signature with the certificates of one connection, and the octets it covers |
//! | [`conditions`] | who, for whom, where and when (SAML Core 2.4, 2.5, 2.7; SAML Profiles 4.1.4) |
//! | [`assertion`] | what is left when all of it held |
//! | [`profile`] | the claim names of the products: address, names, groups, subject key |
//! | [`metadata`] | SAML Metadata 2.3, 2.4: theirs in, ours out |
//! | [`certificate`] | the X.509 certificates that metadata carries |
//! | [`logout`] | single logout (SAML Core 3.7, SAML Profiles 4.4): theirs in, ours out |
//! | [`instant`] | `xs:dateTime` as SAML Core 1.3.3 wants it |
//! | [`own_key`] | our own keys: they sign what we ask, and decrypt |
//! | [`redirect`] | the redirect binding (SAML Bindings 3.4), as we send by it |
//! | [`request`] | what we ask: AuthnRequest (SAML Core 3.4.1), by redirect or in a form |
//! | [`trace`] | what was checked of a message, for whoever has to mend a sign-in |
//! | [`quiet`] | xmlsec and libxml2 initialised once, and silent |

pub mod assertion;
pub mod binding;
pub mod certificate;
pub mod conditions;
pub mod demands;
pub mod encryption;
pub mod error;
pub mod gate;
pub mod instant;
pub mod logout;
pub mod metadata;
pub mod own_key;
pub mod profile;
pub mod quiet;
pub mod redirect;
pub mod request;
pub mod signature;
pub mod trace;
pub(crate) mod xml;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use assertion::Assertion;
pub use demands::Demands;
pub use error::Error;
pub use trace::Trace;

use trace::Step;

/// What a message is verified and decrypted with: the connection's, and ours.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// The certificates of the connection's identity provider.
    pub certificates: &'a [certificate::Certificate],
    /// Our private keys; each is tried. With none, encrypted assertions are refused.
    pub decryption: &'a [encryption::DecryptionKey],
    /// Whether the connection takes content in CBC.
    pub allow_cbc: bool,
    /// What failed so far, of all connections.
    pub failures: &'a encryption::Failures,
}

/// The whole way from a received response to an [`Assertion`]: gate, signature, conditions.
///
/// The trace is told of each check; where it fails, the caller tells the trace of the error. Whoever
/// needs the request a response answers before it knows what to expect takes the steps one by one:
/// [`gate::Gated::in_response_to`] says it.
pub fn receive(
    response: binding::Received,
    keys: &Keys<'_>,
    expected: &conditions::Expected<'_>,
    now: Timestamp,
    trace: &mut Trace,
) -> Result<Assertion, Error> {
    trace.at(Step::Structure);
    let gated = gate::check(response)?;
    trace.at(Step::Status);
    trace.may_expect(Step::Signature, expected.demands.of_the_message());
    trace.arrives(described(gated.signed()));
    let verified = signature::verify(gated, keys, &expected.demands, now)?;
    trace.arrives(format!(
        "{:?} signed, by the certificate {}",
        verified.element(),
        verified.fingerprint()
    ));
    conditions::accept(&verified, expected, now, trace)
}

/// The signatures of a message, for people.
fn described(signed: &[gate::Signed]) -> String {
    let described =
        |signed: &gate::Signed| format!("{:?} by {}", signed.element, signed.algorithm.name());
    let all: Vec<_> = signed.iter().map(described).collect();
    if all.is_empty() {
        "no signature around what is encrypted".to_owned()
    } else {
        all.join(", ")
    }
}
