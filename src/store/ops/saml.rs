//! The queries of what we are to identity providers.

use crate::directory::connection::KeyState;
use crate::id::{ConnectionId, OrganizationId, SamlKeyId, SignInId};
use crate::secret::Hash;
use crate::store::rows::{
    SamlKeyRow, SamlLogoutHeardRow, SamlLogoutRow, SamlRequestRow, SessionRow, SignInRow,
    WantedSignIns,
};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The query `saml::insert`.
    insert_saml_request = saml::insert(row: &SamlRequestRow) -> ();
    /// The ids of those that a browser may bring an answer to.
    open_saml_requests = saml::open(org: OrganizationId, connection: ConnectionId, browser: &Hash, now: Time) -> Vec<String>;
    /// Where the person was to go whose browser waits for the answer to a request.
    relay_of_saml_request = saml::relay(org: OrganizationId, connection: ConnectionId, id: &str, browser: &Hash) -> Option<String>;
    /// Takes the request that is answered, so that no second answer finds it.
    take_saml_request = saml::take(org: OrganizationId, connection: ConnectionId, id: &str, browser: &Hash, now: Time) -> Option<SamlRequestRow>;
    /// Forgets requests whose time is over, of every organization.
    forget_saml_requests = saml::forget(before: Time) -> usize;
    /// The query `saml::insert_logout`.
    insert_saml_logout = saml::insert_logout(row: &SamlLogoutRow) -> ();
    /// Takes the logout request that is answered, so that no second answer finds it.
    take_saml_logout = saml::take_logout(org: OrganizationId, connection: ConnectionId, id: &str, now: Time) -> Option<SamlLogoutRow>;
    /// Forgets logout requests whose time is over, of every organization.
    forget_saml_logouts = saml::forget_logouts(before: Time) -> usize;
    /// The query `saml::insert_heard`.
    insert_heard_logout = saml::insert_heard(row: &SamlLogoutHeardRow) -> ();
    /// The logouts that a connection's identity provider asked for somebody of this name, after then.
    heard_logouts = saml::heard(org: OrganizationId, connection: ConnectionId, name: &Hash, since: Time) -> Vec<SamlLogoutHeardRow>;
    /// Forgets logouts that no assertion could still come after, of every organization.
    forget_heard_logouts = saml::forget_heard(before: Time) -> usize;
    /// The live sessions that were made through a connection for whom it calls by this name.
    live_sessions_named = sessions::live_named(org: OrganizationId, connection: ConnectionId, name_id: &str, now: Time) -> Vec<SessionRow>;
    /// The sessions since then for whom it calls by this name that wait for their person's yes.
    waiting_sessions_named = sessions::waiting_named(org: OrganizationId, connection: ConnectionId, name_id: &str, since: Time, waiting: &[&str]) -> Vec<SessionRow>;
    /// A connection's own keys: the current one, the next one, the retired one, as far as there are.
    saml_keys = saml::keys(org: OrganizationId, connection: ConnectionId) -> Vec<SamlKeyRow>;
    /// Adds a key; where the connection has one of that state already, nothing is done.
    insert_saml_key = saml::insert_key(row: &SamlKeyRow) -> ();
    /// The query `saml::set_key_state`.
    set_saml_key_state = saml::set_key_state(org: OrganizationId, id: SamlKeyId, state: KeyState) -> ();
    /// The query `saml::delete_key`.
    delete_saml_key = saml::delete_key(org: OrganizationId, id: SamlKeyId) -> ();
    /// The query `sign_ins::insert`.
    insert_sign_in = sign_ins::insert(row: &SignInRow) -> ();
    /// Sign-ins, the latest first.
    sign_ins = sign_ins::list(org: OrganizationId, wanted: &WantedSignIns, limit: i64) -> Vec<SignInRow>;
    /// The query `sign_ins::by_id`.
    sign_in = sign_ins::by_id(org: OrganizationId, id: SignInId) -> Option<SignInRow>;
    /// Forgets sign-ins from before then, of every organization, so many at most.
    forget_sign_ins = sign_ins::forget(verified: bool, before: Time, most: i64) -> usize;
}
