//! The queries of OAuth clients.

use crate::id::{ConnectionId, OauthClientId, OrganizationId};
use crate::secret::Hash;
use crate::store::rows::{AccessTokenRow, OauthClientRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The query `oauth::insert`.
    insert_oauth_client = oauth::insert(row: &OauthClientRow) -> ();
    /// The query `oauth::list`.
    oauth_clients = oauth::list(org: OrganizationId, connection: ConnectionId) -> Vec<OauthClientRow>;
    /// The client of this id, in whichever organization: the credential tells the organization.
    oauth_client = oauth::by_client_id(id: OauthClientId) -> Option<OauthClientRow>;
    /// Clients, of every organization, that end before then and were not revoked.
    oauth_clients_ending = oauth::ending(before: Time, after: Option<OauthClientId>, limit: i64) -> Vec<OauthClientRow>;
    /// The client whose access token has this hash and has not expired, in whichever organization.
    oauth_client_by_token = oauth::by_access_token(hash: &Hash, now: Time) -> Option<OauthClientRow>;
    /// Revokes a client and forgets its access tokens; answers how many were live until now.
    revoke_oauth_client = oauth::revoke(org: OrganizationId, id: OauthClientId, at: Time) -> usize;
    /// The query `oauth::touch`.
    touch_oauth_client = oauth::touch(org: OrganizationId, id: OauthClientId, at: Time) -> ();
    /// Adds an access token; so many of its client are kept at most, the newest.
    insert_access_token = oauth::insert_token(row: &AccessTokenRow, most: i64) -> ();
    /// Remembers that an assertion was used; `false` where it was before.
    use_assertion = oauth::use_assertion(org: OrganizationId, client: OauthClientId, jti: &Hash, until: Time) -> bool;
    /// Forgets clients that were revoked or expired before then, of every organization.
    forget_oauth_clients = oauth::forget_clients(before: Time) -> usize;
    /// Forgets access tokens and assertions whose time is over, of every organization.
    forget_oauth = oauth::forget(before: Time) -> usize;
}
