//! SCIM 2.0 (RFC 7643 and RFC 7644), pure: JSON in, JSON out, no store and no network.
//!
//! One description of the schemas ([`catalog`]) drives everything else:
//!
//! | file | section |
//! |---|---|
//! | [`schema`], [`catalog`], [`urn`] | what can be said of an attribute and the schemas served (7643 §2, §4, §7) |
//! | [`resource`], [`stored`], [`mod@render`], [`etag`] | a validated resource, its representation and version (7643 §3; 7644 §3.14) |
//! | [`text`] | the forms in which values are compared (7643 §2.2, 7644 §5) |
//! | [`index`] | what the store keeps beside a document so that filters are answered by SQL |
//! | [`path`] | attribute notation and PATCH paths (7644 §3.10, §3.5.2) |
//! | [`filter`] | filters (7644 §3.4.2.2) |
//! | [`validate`] | bodies of POST and PUT (7644 §3.3, §3.5.1) |
//! | [`patch`] | PATCH (7644 §3.5.2) |
//! | [`bulk`] | bulk requests (7644 §3.7) |
//! | [`projection`], [`list`] | attributes, paging, sorting (7644 §3.4.2, §3.4.3, §3.9) |
//! | [`tolerance`] | what the lenient reading takes beside it |
//! | [`discovery`] | ServiceProviderConfig, ResourceTypes, Schemas (7644 §4; 7643 §5 to §7) |
//! | [`error`] | refusals (7644 §3.12); how much is taken stands in [`limits`](crate::limits) |

pub mod body;
pub mod bulk;
pub mod catalog;
pub mod discovery;
pub mod error;
pub mod etag;
pub mod filter;
pub mod index;
pub mod list;
pub mod members;
pub mod patch;
pub mod path;
pub mod projection;
mod reading;
pub mod redaction;
pub mod render;
pub mod resource;
pub mod schema;
pub mod stored;
pub mod text;
pub mod tolerance;
pub mod urn;
pub mod validate;

pub use catalog::ResourceType;
pub use error::{Error, ScimType};
pub use filter::Filter;
pub use index::Index;
pub use render::{Computed, GroupRef, ManagerRef, MemberRef, Shown, View, render};
pub use resource::{Meta, Resource};
pub use stored::Stored;
pub use text::{comparable, exact_form, fold};
pub use tolerance::{Tolerance, Tolerances};

/// A JSON object.
pub type Map = serde_json::Map<String, serde_json::Value>;

/// How closely a connection holds its client to the standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strictness {
    /// What identity providers really send is understood, and what is unknown is left out.
    #[default]
    Lenient,
    /// What RFC 7643 and RFC 7644 do not allow is refused.
    Rfc,
}

impl Strictness {
    /// Whether the dialects of identity providers are understood.
    pub fn is_lenient(self) -> bool {
        self == Self::Lenient
    }
}
