//! SAML Metadata 2.3 and 2.4: an identity provider's document becomes an [`IdentityProvider`]; ours is
//! written by [`ServiceProvider`].
//!
//! A document that names no identity provider, or none with a certificate we can use, is refused: nothing
//! read from it could ever be verified.

pub mod diff;
mod service_provider;
mod validity;

pub use diff::Diff;
pub use service_provider::ServiceProvider;
pub use validity::Validity;

use jiff::Timestamp;
use roxmltree::Node;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    binding,
    certificate::Certificate,
    error::{Error, shown},
    gate::scan,
    xml::{self, METADATA, PROTOCOL, SIGNATURE},
};
use crate::limits;

/// The media types that metadata are asked for by (SAML Metadata appendix A).
pub const MEDIA_TYPES: &str = "application/samlmetadata+xml, application/xml, text/xml";

/// The largest document taken.
pub const LIMIT: usize = limits::SAML_METADATA;

/// The most certificates taken: each costs a verification when a message is bad.
const CERTIFICATES: usize = 16;

const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// An identity provider, as its metadata describes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IdentityProvider {
    /// Its entity id, compared exactly with the Issuer of its messages.
    pub entity_id: String,
    /// Its addresses.
    pub endpoints: Endpoints,
    /// The certificates that may verify: all of them count, in rollovers there are several.
    pub certificates: Vec<Certificate>,
    /// How long this description is good.
    pub validity: Validity,
}

/// How a message travels by a browser (SAML Bindings 3.4, 3.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding {
    /// In a form.
    Post,
    /// In an address.
    Redirect,
}

/// Where an identity provider is spoken to, and how.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoints {
    /// Where requests go by redirect.
    pub sso_redirect: Option<String>,
    /// Where requests go by POST.
    pub sso_post: Option<String>,
    /// Where logout goes by redirect.
    pub slo_redirect: Option<String>,
    /// Where logout goes by POST.
    pub slo_post: Option<String>,
    /// Where logout answers go by redirect, where that is another place (Metadata 2.2.2).
    #[serde(alias = "slo_response")]
    pub slo_redirect_response: Option<String>,
    /// Where logout answers go by POST, where that is another place.
    pub slo_post_response: Option<String>,
    /// Whether it wants its requests signed.
    pub want_authn_requests_signed: bool,
}

impl Endpoints {
    /// The origins that the provider posts from: those of its addresses for sign-in.
    pub fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = [&self.sso_redirect, &self.sso_post]
            .into_iter()
            .flatten()
            .filter_map(|address| Some(Url::parse(address).ok()?.origin().ascii_serialization()))
            .collect();
        origins.dedup();
        origins
    }

    /// Where logout requests go, and how: by redirect, or else in a form.
    pub fn slo_requests(&self) -> Option<(Binding, &str)> {
        let redirect = self.slo_redirect.as_deref();
        let redirect = redirect.map(|at| (Binding::Redirect, at));
        redirect.or_else(|| Some((Binding::Post, self.slo_post.as_deref()?)))
    }

    /// Where logout answers go, and how: by the same binding as requests.
    pub fn slo_answers(&self) -> Option<(Binding, &str)> {
        let (binding, requests) = self.slo_requests()?;
        let elsewhere = match binding {
            Binding::Post => self.slo_post_response.as_deref(),
            Binding::Redirect => self.slo_redirect_response.as_deref(),
        };
        Some((binding, elsewhere.unwrap_or(requests)))
    }

    /// Where sign-ins begin: by redirect, or else in a form.
    pub fn sso(&self) -> Option<&str> {
        let address = self.sso_redirect.as_ref().or(self.sso_post.as_ref());
        address.map(String::as_str)
    }
}

impl IdentityProvider {
    /// Reads a document with exactly one identity provider.
    pub fn read(text: &str, now: Timestamp) -> Result<Self, Error> {
        Self::read_entity(text, None, now)
    }

    /// Reads a document with several, of which somebody chose one.
    pub fn read_entity(text: &str, entity_id: Option<&str>, now: Timestamp) -> Result<Self, Error> {
        if text.len() > LIMIT {
            return Err(Error::TooLarge {
                what: "the metadata's octets",
                limit: LIMIT,
                arrived: text.len(),
            });
        }
        let text = binding::plain(text.trim_start_matches([' ', '\t', '\r', '\n']).to_owned())?;
        scan::scan(&text)?;
        let document = xml::parse(&text)?;
        let root = document.root_element();
        let role = chosen(root, entity_id)?;
        described(role, Validity::of(role, now)?)
    }
}

/// The IDPSSODescriptor for SAML 2.0 of the one entity that has one, or of the one that was chosen.
fn chosen<'a, 'i: 'a>(root: Node<'a, 'i>, entity_id: Option<&str>) -> Result<Node<'a, 'i>, Error> {
    let missing = |found| Err(Error::MetadataIdentityProviderMissing { found });
    if !xml::is(root, METADATA, "EntityDescriptor")
        && !xml::is(root, METADATA, "EntitiesDescriptor")
    {
        return missing(format!("the root is {}", xml::name(root)));
    }
    let roles: Vec<Node<'_, '_>> = root
        .descendants()
        .filter(|node| xml::is(*node, METADATA, "EntityDescriptor") && stands_in_groups(*node))
        .flat_map(|entity| xml::children(entity, METADATA, "IDPSSODescriptor"))
        .filter(|role| speaks_saml2(*role))
        .collect();
    let is_wanted = |role: &Node<'_, '_>| entity_id.is_none_or(|chosen| entity_of(*role) == chosen);
    let wanted: Vec<_> = roles.iter().copied().filter(is_wanted).collect();
    match (wanted.as_slice(), roles.as_slice()) {
        ([role], _) => Ok(*role),
        ([], []) => missing("no IDPSSODescriptor for SAML 2.0".to_owned()),
        ([], others) => missing(format!("only {:?}", names(others))),
        (several, _) => Err(Error::MetadataAmbiguous {
            entity_ids: names(several),
        }),
    }
}

/// Whether an entity is the document's, or one of a group in it, however deep (Metadata 2.3.1): what
/// stands in an extension is none.
fn stands_in_groups(entity: Node<'_, '_>) -> bool {
    let mut around = entity.ancestors().skip(1).filter(Node::is_element);
    around.all(|node| xml::is(node, METADATA, "EntitiesDescriptor"))
}

fn names(roles: &[Node<'_, '_>]) -> Vec<String> {
    let names = roles.iter().take(100);
    names.map(|role| shown(&entity_of(*role))).collect()
}

fn speaks_saml2(role: Node<'_, '_>) -> bool {
    let protocols = xml::attribute(role, "protocolSupportEnumeration").unwrap_or_default();
    protocols
        .split_ascii_whitespace()
        .any(|protocol| protocol == PROTOCOL)
}

fn entity_of(role: Node<'_, '_>) -> String {
    role.parent_element()
        .and_then(|entity| xml::attribute(entity, "entityID"))
        .map(xml::collapsed)
        .unwrap_or_default()
}

fn described(role: Node<'_, '_>, validity: Validity) -> Result<IdentityProvider, Error> {
    let entity_id = entity_of(role);
    if entity_id.is_empty() || entity_id.len() > 1024 {
        return Err(Error::MetadataEntityId);
    }
    let location = |service: &'static str, binding| -> Result<Option<String>, Error> {
        xml::children(role, METADATA, service)
            .find(|node| xml::attribute(*node, "Binding") == Some(binding))
            .map(|node| address(node, service, "Location"))
            .transpose()
    };
    let answers = |binding| -> Result<Option<String>, Error> {
        xml::children(role, METADATA, "SingleLogoutService")
            .find(|node| xml::attribute(*node, "Binding") == Some(binding))
            .filter(|node| xml::attribute(*node, "ResponseLocation").is_some())
            .map(|node| address(node, "SingleLogoutService", "ResponseLocation"))
            .transpose()
    };
    let endpoints = Endpoints {
        sso_redirect: location("SingleSignOnService", REDIRECT)?,
        sso_post: location("SingleSignOnService", POST)?,
        slo_redirect: location("SingleLogoutService", REDIRECT)?,
        slo_post: location("SingleLogoutService", POST)?,
        slo_redirect_response: answers(REDIRECT)?,
        slo_post_response: answers(POST)?,
        want_authn_requests_signed: matches!(
            xml::attribute(role, "WantAuthnRequestsSigned"),
            Some("true" | "1")
        ),
    };
    Ok(IdentityProvider {
        certificates: certificates(role)?,
        endpoints,
        entity_id,
        validity,
    })
}

/// An address of the web; anything else (a script, a file, a path) is refused.
fn address(node: Node<'_, '_>, endpoint: &'static str, name: &str) -> Result<String, Error> {
    let text = xml::attribute(node, name)
        .map(xml::collapsed)
        .unwrap_or_default();
    let good = Url::parse(&text).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme()) && url.has_host() && url.username().is_empty()
    });
    if good {
        Ok(text)
    } else {
        Err(Error::MetadataEndpoint { endpoint })
    }
}

/// Every certificate for signing: KeyDescriptors with that use or without one (Metadata 2.4.1.1). Those we
/// cannot use are left out as long as one remains.
fn certificates(role: Node<'_, '_>) -> Result<Vec<Certificate>, Error> {
    let mut usable: Vec<Certificate> = Vec::new();
    let mut why = None;
    let texts = xml::children(role, METADATA, "KeyDescriptor")
        .filter(|key| matches!(xml::attribute(*key, "use"), None | Some("signing")))
        .flat_map(|key| xml::children(key, SIGNATURE, "KeyInfo"))
        .flat_map(|info| xml::children(info, SIGNATURE, "X509Data"))
        .flat_map(|data| xml::children(data, SIGNATURE, "X509Certificate"));
    for node in texts {
        match Certificate::from_base64_text(&xml::text(node)?) {
            Ok(certificate) if usable.contains(&certificate) => {}
            Ok(certificate) => usable.push(certificate),
            Err(Error::CertificateUnusable { why: fault }) => why = Some(fault),
            Err(error) => return Err(error),
        }
    }
    if usable.len() > CERTIFICATES {
        let (what, arrived) = ("the signing certificates", usable.len());
        return Err(Error::TooLarge {
            what,
            limit: CERTIFICATES,
            arrived,
        });
    }
    if usable.is_empty() {
        Err(Error::MetadataCertificateMissing { why })
    } else {
        Ok(usable)
    }
}
