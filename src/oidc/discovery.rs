//! What the provider says of itself, to apps and to SCIM clients alike (OpenID Connect Discovery §3,
//! RFC 8414 §2, RFC 9207 §3): what it has, and nothing it has not.

use serde_json::{Value, json};

use super::client::Method;
use super::keys::Algorithm;
use super::token::{GRANTS, SCIM_SCOPE};
use super::{claims, jwks, scope};

/// Where the token endpoint is.
pub fn token_endpoint(issuer: &str) -> String {
    format!("{}/oauth/token", issuer.trim_end_matches('/'))
}

/// The metadata document. The issuer is the public URL, the same that stands in every token.
pub fn document(issuer: &str) -> Value {
    let endpoint = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    let methods = Method::ALL.map(Method::as_str);
    let scopes: Vec<_> = scope::SUPPORTED.into_iter().chain([SCIM_SCOPE]).collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": endpoint("/oauth/authorize"),
        "token_endpoint": token_endpoint(issuer),
        "jwks_uri": endpoint("/oauth/jwks"),
        "userinfo_endpoint": endpoint("/oauth/userinfo"),
        "end_session_endpoint": endpoint("/oauth/logout"),
        "introspection_endpoint": endpoint("/oauth/introspect"),
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": jwks::ALGORITHMS,
        "revocation_endpoint": endpoint("/oauth/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": jwks::ALGORITHMS,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANTS,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::as_str),
        "scopes_supported": scopes,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": jwks::ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": claims::SUPPORTED,
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_below_the_issuer() {
        for (issuer, base) in [
            ("https://usher.example", "https://usher.example"),
            ("https://usher.example/", "https://usher.example"),
            ("https://example/usher", "https://example/usher"),
        ] {
            let document = document(issuer);
            assert_eq!(document["issuer"], issuer);
            for (name, path) in [
                ("authorization_endpoint", "/oauth/authorize"),
                ("token_endpoint", "/oauth/token"),
                ("jwks_uri", "/oauth/jwks"),
                ("userinfo_endpoint", "/oauth/userinfo"),
                ("end_session_endpoint", "/oauth/logout"),
                ("introspection_endpoint", "/oauth/introspect"),
                ("revocation_endpoint", "/oauth/revoke"),
            ] {
                assert_eq!(document[name], format!("{base}{path}"));
            }
            assert_eq!(
                document["id_token_signing_alg_values_supported"],
                json!(["ES256", "RS256"])
            );
        }
    }
}
