//! OAuth clients of a connection: SCIM clients that get short-lived access tokens from
//! `/oauth/token` by client credentials (RFC 6749 §4.4).

use crate::directory::words::words;

words! {
    /// How a SCIM client proves itself at the token endpoint.
    AuthMethod {
        /// A secret, in the header or in the form: few identity providers say which they use.
        ClientSecret = "client_secret",
        /// A secret, in the `Authorization` header alone.
        ClientSecretBasic = "client_secret_basic",
        /// A secret, in the form alone.
        ClientSecretPost = "client_secret_post",
        /// An assertion that the client signs with a key of its own (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
    }
}

words! {
    /// What a SCIM client comes with.
    TokenKind {
        /// The token itself, for as long as it lives.
        Bearer = "bearer",
        /// A client that gets short-lived access tokens from `/oauth/token`.
        OauthClient = "oauth_client",
    }
}

impl AuthMethod {
    /// Whether a client that is registered with this may prove itself by that method of the IANA
    /// registry.
    pub fn takes(self, presented: &str) -> bool {
        match self {
            Self::ClientSecret => presented.starts_with("client_secret_"),
            bound => bound.as_str() == presented,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_bound_to_what_it_is_registered_with() {
        let all = [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ];
        for (registered, taken) in [
            (AuthMethod::ClientSecret, [true, true, false]),
            (AuthMethod::ClientSecretBasic, [true, false, false]),
            (AuthMethod::ClientSecretPost, [false, true, false]),
            (AuthMethod::PrivateKeyJwt, [false, false, true]),
        ] {
            assert_eq!(all.map(|it| registered.takes(it)), taken, "{registered}");
        }
    }
}
