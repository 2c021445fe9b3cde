//! Which domains a connection speaks for.

use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::Error;
use crate::store::Tx;

/// Whether the connection is trusted with the domain, which is as [`domain_of`] answers it.
///
/// [`domain_of`]: crate::directory::email::domain_of
pub async fn is_trusted(
    tx: &mut Tx,
    org: OrganizationId,
    connection: ConnectionId,
    domain: &str,
) -> Result<bool, Error> {
    let domains = tx.domains(org, connection).await?;
    Ok(domains.iter().any(|row| row.domain == domain))
}

/// Whether any connection of the organization is trusted with the domain.
pub async fn is_trusted_by_any(
    tx: &mut Tx,
    org: OrganizationId,
    domain: &str,
) -> Result<bool, Error> {
    for connection in tx.connections(org).await? {
        if is_trusted(tx, org, connection.id, domain).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
