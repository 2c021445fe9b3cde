//! A connection as messages of its identity provider need it: whom it trusts, and our keys. It is kept in memory
//! with the stamp of its organization's settings, since every message asks for it and hardly any changes it.

use std::sync::Arc;

use crate::id::ConnectionId;
use crate::provisioning::{Change, Error};
use crate::saml::certificate::Certificate;
use crate::store::Tx;
use crate::store::memory::{Stamp, Subject};
use crate::store::rows::{CertificateRow, ConnectionRow, SamlKeyRow};

/// A connection, whom it trusts, and our keys of it.
#[derive(Clone, Debug)]
pub struct SamlPeer {
    /// The connection.
    pub connection: ConnectionRow,
    /// The certificates that its identity provider signs with.
    pub certificates: Vec<CertificateRow>,
    /// Those of them that can be read, as they are checked against.
    pub trusted: Vec<Certificate>,
    /// Our keys of it, sealed.
    pub keys: Vec<SamlKeyRow>,
}

impl SamlPeer {
    /// That of an address; none where no connection has it. The transaction is one that reads, on one snapshot: the
    /// stamp is of the very moment of what is kept with it.
    pub async fn of_url(tx: &mut Tx, id: ConnectionId) -> Result<Option<Arc<Self>>, Error> {
        if let Some((stamp, kept)) = kept(tx, id)
            && tx.settings_stamp(kept.connection.org_id).await? == Some(stamp)
        {
            return Ok(Some(kept));
        }
        let Some(connection) = tx.connection_of_url(id).await? else {
            return Ok(None);
        };
        let org = connection.org_id;
        let stamp = tx.settings_stamp(org).await?;
        let peer = Arc::new(Self::read(tx, connection).await?);
        if let Some(stamp) = stamp {
            tx.memory()
                .keep(Subject::Connection(id), stamp, Arc::clone(&peer));
        }
        Ok(Some(peer))
    }

    /// That of a connection of the organization that is held, as it is now that nobody else can change it. What is
    /// read here is not kept: the change may yet be undone.
    pub(in crate::provisioning) async fn held(
        change: &mut Change<'_>,
        id: ConnectionId,
    ) -> Result<Option<Arc<Self>>, Error> {
        let is_good = |(stamp, kept): &(Stamp, Arc<Self>)| {
            *stamp == change.stamp() && kept.connection.org_id == change.org
        };
        if let Some((_, kept)) = kept(change.tx, id).filter(is_good) {
            return Ok(Some(kept));
        }
        match change.tx.connection(change.org, id).await? {
            Some(connection) => Ok(Some(Arc::new(Self::read(change.tx, connection).await?))),
            None => Ok(None),
        }
    }

    async fn read(tx: &mut Tx, connection: ConnectionRow) -> Result<Self, Error> {
        let (org, id) = (connection.org_id, connection.id);
        let certificates = tx.certificates(org, id).await?;
        let read = certificates.iter();
        let read = read.filter_map(|row| Certificate::from_der(&row.der).ok());
        Ok(Self {
            trusted: read.collect(),
            certificates,
            keys: tx.saml_keys(org, id).await?,
            connection,
        })
    }

    /// Refuses a message that was checked before the organization's row was held, unless the issuer and the certificate
    /// that it was checked with are this connection's still.
    pub(in crate::provisioning) fn must_trust(
        &self,
        issuer: &str,
        certificate: &str,
    ) -> Result<(), Error> {
        let words = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let ours = self.connection.idp_entity_id.as_deref().map(words);
        let mut certificates = self.certificates.iter();
        if certificates.any(|row| row.fingerprint == certificate) && ours == Some(words(issuer)) {
            Ok(())
        } else {
            Err(Error::Stale)
        }
    }
}

fn kept(tx: &Tx, id: ConnectionId) -> Option<(Stamp, Arc<SamlPeer>)> {
    tx.memory().recall(Subject::Connection(id))
}
