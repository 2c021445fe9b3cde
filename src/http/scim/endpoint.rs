//! What a path below the SCIM base means (RFC 7644 §3.2). Names match in any case; a trailing
//! slash says nothing.

use crate::scim;

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Bulk,
    /// A path that this release does not serve, though RFC 7644 knows it.
    Unbuilt(&'static str),
    Group(String),
    Groups,
    ResourceType(String),
    Role(String),
    Roles,
    ResourceTypes,
    Schema(String),
    Schemas,
    /// A query by POST (RFC 7644 §3.4.3).
    Search(Scope),
    ServiceProviderConfig,
    /// A path that leads nowhere; the text says why where that helps.
    Unknown(&'static str),
    User(String),
    Users,
    /// A base of another version of the protocol.
    Version,
}

/// What a query by POST searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Everything,
    Groups,
    Users,
}

impl Endpoint {
    /// The endpoint of a version segment and the path after it, both percent-decoded.
    pub(super) fn of(version: &str, rest: &str) -> Self {
        if !version.eq_ignore_ascii_case("v2") {
            return Self::Version;
        }
        let mut segments = rest.trim_end_matches('/').split('/');
        let first = segments.next().unwrap_or_default().to_ascii_lowercase();
        let second = segments.next();
        if segments.next().is_some() {
            return Self::Unknown("there is no such SCIM endpoint");
        }
        match (first.as_str(), second) {
            ("", None) => Self::Unbuilt("the root of the base URL is not listed; name a type"),
            ("users", None) => Self::Users,
            ("groups", None) => Self::Groups,
            ("users", Some(name)) if is_search(name) => Self::Search(Scope::Users),
            ("groups", Some(name)) if is_search(name) => Self::Search(Scope::Groups),
            ("users", Some(id)) => Self::User(id.to_owned()),
            ("groups", Some(id)) => Self::Group(id.to_owned()),
            ("serviceproviderconfig", None) => Self::ServiceProviderConfig,
            ("resourcetypes", None) => Self::ResourceTypes,
            ("resourcetypes", Some(name)) => Self::ResourceType(name.to_owned()),
            ("schemas", None) => Self::Schemas,
            ("schemas", Some(urn)) => Self::Schema(urn.to_owned()),
            (".search", None) => Self::Search(Scope::Everything),
            ("bulk", None) => Self::Bulk,
            ("me", None) => Self::Unknown("a connection's token is nobody's: there is no /Me"),
            ("roles", None) => Self::Roles,
            ("roles", Some(id)) => Self::Role(id.to_owned()),
            ("v2", _) => Self::Unknown("the path has /v2 twice; the base URL ends in /v2 already"),
            _ => Self::Unknown("there is no such SCIM endpoint"),
        }
    }

    /// The methods that it takes, as the `Allow` header has them.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Users | Self::Groups => "GET, HEAD, OPTIONS, POST",
            Self::Bulk | Self::Search(_) => "OPTIONS, POST",
            Self::User(_) | Self::Group(_) => "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    /// Why the endpoint cannot answer any request at all.
    pub(super) fn refusal(&self) -> Option<scim::Error> {
        match self {
            Self::Unbuilt(why) => Some(scim::Error::not_implemented(*why)),
            Self::Unknown(why) => Some(scim::Error::not_found(*why)),
            Self::Version => Some(scim::Error::invalid_vers(
                "this service speaks SCIM 2.0, under /v2",
            )),
            _ => None,
        }
    }
}

fn is_search(segment: &str) -> bool {
    segment.eq_ignore_ascii_case(".search")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_in_any_case_and_with_a_trailing_slash() {
        for (path, endpoint) in [
            ("Users", Endpoint::Users),
            ("users/", Endpoint::Users),
            ("GROUPS", Endpoint::Groups),
            ("Users/Abc", Endpoint::User("Abc".into())),
            ("Users/Abc/", Endpoint::User("Abc".into())),
            ("serviceproviderconfig", Endpoint::ServiceProviderConfig),
            (".SEARCH", Endpoint::Search(Scope::Everything)),
            ("users/.search/", Endpoint::Search(Scope::Users)),
            ("ResourceTypes/User", Endpoint::ResourceType("User".into())),
        ] {
            assert_eq!(Endpoint::of("v2", path), endpoint, "{path}");
        }
        assert_eq!(Endpoint::of("v9", "Users"), Endpoint::Version);
        for (path, status) in [
            ("Users/a/b", 404),
            ("v2/Users", 404),
            ("Me", 404),
            ("", 501),
        ] {
            assert_eq!(
                Endpoint::of("v2", path).refusal().map(|e| e.status),
                Some(status),
                "{path}"
            );
        }
    }
}
