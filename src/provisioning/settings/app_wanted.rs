//! What is to become of an app: a change, as it is asked for.

use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::apps::Addresses;
use crate::provisioning::settings::oauth_clients::Proof;

/// What is to change; what is not named stays. A list that is named replaces the one that was.
#[derive(Clone, Debug, Default)]
pub struct AppChange {
    /// Its name for people.
    pub name: Option<String>,
    /// Where codes may be sent.
    pub redirect_uris: Option<Vec<String>>,
    /// Where the app begins a sign-in; nothing takes the address away.
    pub initiate_login_uri: Option<Option<String>>,
    /// Where browsers may be sent that have signed out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// Where logouts are told; nothing takes the address away.
    pub backchannel_logout_uri: Option<Option<String>>,
    /// Places of the app that a sign-in may lead to.
    pub launch_urls: Option<Vec<String>>,
    /// Whom it serves.
    pub serves: Option<Serves>,
    /// The audience of its access tokens.
    pub audience: Option<String>,
    /// How its ID tokens are signed.
    pub id_token_alg: Option<Algorithm>,
    /// Keys by which it is to prove itself from now on; a secret is rotated instead.
    pub keys: Option<Proof>,
}

/// Whom an app serves.
#[derive(Clone, Debug)]
pub enum Serves {
    /// Every organization.
    All,
    /// Those of these slugs, and no others.
    These(Vec<String>),
}

impl AppChange {
    /// The addresses as they are to be.
    pub(super) fn addresses(&self, before: Addresses) -> Addresses {
        let list = |wanted: &Option<Vec<String>>, known: Vec<String>| {
            let mut list = wanted.clone().unwrap_or(known);
            list.sort();
            list.dedup();
            list
        };
        let one = |wanted: &Option<Option<String>>, known| wanted.clone().unwrap_or(known);
        Addresses {
            redirect_uris: list(&self.redirect_uris, before.redirect_uris),
            initiate_login_uri: one(&self.initiate_login_uri, before.initiate_login_uri),
            post_logout_redirect_uris: list(
                &self.post_logout_redirect_uris,
                before.post_logout_redirect_uris,
            ),
            backchannel_logout_uri: one(
                &self.backchannel_logout_uri,
                before.backchannel_logout_uri,
            ),
            launch_urls: list(&self.launch_urls, before.launch_urls),
        }
    }
}
