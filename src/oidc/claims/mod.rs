//! The claims of an ID token (OpenID Connect Core §2), of an access token (RFC 9068 §2) and of
//! UserInfo (Core §5.3), made from plain facts; and the reading back of the first two.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::keys::KeySet;
use super::scope::Scope;
use super::{Code, Error};

/// How long an access token is good: the longest that an app goes on with a role taken away.
pub const ACCESS_TOKEN_SECONDS: i64 = 300;
/// How long an ID token is good: it is read once, when the app receives it.
pub const ID_TOKEN_SECONDS: i64 = 300;
/// The `typ` of an access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// The `typ` of an ID token.
pub const ID_TOKEN_TYPE: &str = "JWT";
/// How far ahead the clock of the node that signed may be.
const SKEW_SECONDS: i64 = 120;

/// Every claim that an ID token or UserInfo can hold.
pub const SUPPORTED: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "sid",
    "acr",
    "amr",
    "at_hash",
    "org",
    "org_slug",
    "role",
    "projects",
    "roles_version",
    "directory_roles",
    "email",
    "email_verified",
    "name",
];

/// A role that a person has in one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRole {
    /// The project.
    pub slug: String,
    /// The role's slug.
    pub role: String,
}

/// Who is signed in, where, as what and how: all that tokens are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The person.
    pub user_id: Uuid,
    /// The person's address.
    pub email: Option<String>,
    /// Whether somebody proved that the address is the person's.
    pub email_verified: bool,
    /// The name to show.
    pub name: Option<String>,
    /// The organization that the session belongs to.
    pub organization_id: Uuid,
    /// Its slug.
    pub organization_slug: String,
    /// The slug of the role in the whole organization, if there is one.
    pub role: Option<String>,
    /// The roles in single projects.
    pub projects: Vec<ProjectRole>,
    /// Goes up whenever the two above change.
    pub roles_version: i64,
    /// What the directory itself calls the person's roles and entitlements: passed on, and nothing more.
    pub directory_roles: Vec<String>,
    /// The session's identifier: not the secret of its cookie.
    pub session_id: Uuid,
    /// When the person authenticated.
    pub auth_time: Timestamp,
    /// The authentication context class, as the identity provider named it.
    pub acr: Option<String>,
}

/// For whom tokens are issued, and when.
#[derive(Clone, Copy, Debug)]
pub struct Issue<'a> {
    /// The provider's name: its public URL.
    pub issuer: &'a str,
    /// The app.
    pub client_id: &'a str,
    /// Now.
    pub at: Timestamp,
}

/// The claims of an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdToken {
    iss: String,
    sub: Uuid,
    aud: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    sid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    amr: &'static [&'static str],
    at_hash: String,
    org: Uuid,
    org_slug: String,
    role: Option<String>,
    projects: Vec<ProjectRole>,
    roles_version: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    directory_roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// The claims of an access token. It says what a person may do and not who the person is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The provider.
    pub iss: String,
    /// The person.
    pub sub: Uuid,
    /// The app's audience.
    pub aud: String,
    /// The app.
    pub client_id: String,
    /// From when on the token is worth nothing.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// The token's own identifier.
    pub jti: Uuid,
    /// The granted scope.
    pub scope: String,
    /// The organization.
    pub org: Uuid,
    /// The session.
    pub sid: Uuid,
    /// The family of the refresh token that came with it: its end is the access token's, too. The
    /// tokens of an earlier release have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Uuid>,
    /// The role in the whole organization.
    pub role: Option<String>,
    /// The roles in single projects.
    pub projects: Vec<ProjectRole>,
    /// The version of the two above.
    pub roles_version: i64,
}

/// The answer of the UserInfo endpoint: address and name as the scope allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserInfo {
    sub: Uuid,
    org: Uuid,
    org_slug: String,
    role: Option<String>,
    projects: Vec<ProjectRole>,
    roles_version: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    directory_roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl Facts {
    /// An ID token beside this signed access token, for a request with this `nonce`.
    pub fn id_token(&self, issue: Issue<'_>, nonce: Option<&str>, access_token: &str) -> IdToken {
        let iat = issue.at.as_second();
        IdToken {
            iss: issue.issuer.to_owned(),
            sub: self.user_id,
            aud: issue.client_id.to_owned(),
            exp: iat + ID_TOKEN_SECONDS,
            iat,
            auth_time: self.auth_time.as_second(),
            nonce: nonce.map(str::to_owned),
            sid: self.session_id,
            acr: self.acr.clone(),
            amr: self.acr.as_deref().map_or(&[], amr),
            at_hash: at_hash(access_token),
            org: self.organization_id,
            org_slug: self.organization_slug.clone(),
            role: self.role.clone(),
            projects: self.projects.clone(),
            roles_version: self.roles_version,
            directory_roles: self.directory_roles.clone(),
            email: self.email.clone(),
            email_verified: self.email.is_some() && self.email_verified,
            name: self.name.clone(),
        }
    }

    /// An access token with this identifier for the app's audience, beside a refresh token of this
    /// family.
    pub fn access_token(
        &self,
        issue: Issue<'_>,
        audience: &str,
        scope: Scope,
        [jti, family]: [Uuid; 2],
    ) -> AccessToken {
        let iat = issue.at.as_second();
        AccessToken {
            iss: issue.issuer.to_owned(),
            sub: self.user_id,
            aud: audience.to_owned(),
            client_id: issue.client_id.to_owned(),
            exp: iat + ACCESS_TOKEN_SECONDS,
            iat,
            jti,
            scope: scope.to_string(),
            org: self.organization_id,
            sid: self.session_id,
            family: Some(family),
            role: self.role.clone(),
            projects: self.projects.clone(),
            roles_version: self.roles_version,
        }
    }

    /// What UserInfo answers to an access token with this scope.
    pub fn user_info(&self, scope: Scope) -> UserInfo {
        let email = self.email.clone().filter(|_| scope.email);
        UserInfo {
            sub: self.user_id,
            org: self.organization_id,
            org_slug: self.organization_slug.clone(),
            role: self.role.clone(),
            projects: self.projects.clone(),
            roles_version: self.roles_version,
            directory_roles: self.directory_roles.clone(),
            email_verified: email.is_some().then_some(self.email_verified),
            email,
            name: self.name.clone().filter(|_| scope.profile),
        }
    }
}

/// The left half of the access token's hash (OpenID Connect Core §3.1.3.6); SHA-256 goes with
/// ES256 and RS256 alike.
fn at_hash(access_token: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(access_token.as_bytes()).into();
    URL_SAFE_NO_PAD.encode(
        hash.first_chunk::<16>()
            .expect("32 bytes have a first half"),
    )
}

/// The methods (RFC 8176 §2) that an authentication context class of SAML stands for; a class that
/// leaves the method open stands for none.
fn amr(class: &str) -> &'static [&'static str] {
    match class {
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
        | "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport" => &["pwd"],
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard"
        | "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI" => &["sc"],
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract"
        | "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered"
        | "http://schemas.microsoft.com/claims/multipleauthn"
        | "https://refeds.org/profile/mfa" => &["mfa"],
        "urn:federation:authentication:windows" => &["wia"],
        _ => &[],
    }
}

/// Reads back an access token (RFC 9068 §4): ours, of this issuer, not expired by our own clock.
/// UserInfo and introspection take any app's token; a resource of one audience names it.
pub fn verify_access_token(
    keys: &KeySet,
    token: &str,
    issuer: &str,
    now: Timestamp,
    audience: Option<&str>,
) -> Result<AccessToken, Error> {
    let claims: AccessToken = keys
        .verify(ACCESS_TOKEN_TYPE, token)
        .map_err(|_| INVALID_TOKEN)?;
    let now = now.as_second();
    let good = claims.iss == issuer
        && audience.is_none_or(|audience| claims.aud == audience)
        && now < claims.exp
        && claims.iat <= now + SKEW_SECONDS;
    if good { Ok(claims) } else { Err(INVALID_TOKEN) }
}

const INVALID_TOKEN: Error =
    Code::InvalidToken.because("the access token is malformed, expired or revoked");

/// Whom an `id_token_hint` is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hint {
    /// The person.
    pub sub: Uuid,
    /// The organization.
    pub org: Uuid,
    /// The session.
    pub sid: Uuid,
    iss: String,
    aud: String,
}

/// Reads a hint (OpenID Connect Core §3.1.2.1): an ID token that we gave this client. It may have
/// expired long since; it says who is expected and grants nothing.
pub fn verify_id_token_hint(
    keys: &KeySet,
    token: &str,
    issuer: &str,
    client_id: &str,
) -> Result<Hint, Error> {
    const FOREIGN: Error =
        Code::InvalidRequest.because("id_token_hint is not an ID token of this client");
    let hint = keys
        .verify(ID_TOKEN_TYPE, token)
        .map_err(|error| match error {
            // Ours once, by a key that was given up since, or never ours: nobody can be expected by it.
            crate::oidc::keys::Error::Untrusted("kid") => {
                Code::LoginRequired.because("id_token_hint is signed by a key that is gone")
            }
            _ => FOREIGN,
        });
    let hint: Hint = hint?;
    if hint.iss == issuer && hint.aud == client_id {
        Ok(hint)
    } else {
        Err(FOREIGN)
    }
}

impl Hint {
    /// The app that the ID token was given to.
    pub fn client_id(&self) -> &str {
        &self.aud
    }
}

/// Reads a hint of a logout (OpenID Connect RP-Initiated Logout 1.0 §2): an ID token that we gave to
/// some app, long expired or not.
pub fn verify_logout_hint(keys: &KeySet, token: &str, issuer: &str) -> Option<Hint> {
    let hint: Option<Hint> = keys.verify(ID_TOKEN_TYPE, token).ok();
    hint.filter(|hint| hint.iss == issuer)
}

#[cfg(test)]
mod tests;
