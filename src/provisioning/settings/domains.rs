//! Domains that an organization shows to be its own (D10): it publishes a TXT record with a
//! challenge that only it was given, and whoever runs the name server has thereby said yes. A
//! domain that is verified is trusted for each of the organization's connections.
//!
//! Several organizations may verify one domain. A proof covers the very domain, none below it, and
//! stands until it is removed, or until the record has been gone for long: see
//! [`domain_looks`](super::domain_looks).

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::email::domain_form;
use crate::directory::event::EventKind;
use crate::id::{ConnectionId, OrganizationId};
use crate::limits;
use crate::provisioning::{Change, Error, Kind};
use crate::secret::Bearer;
use crate::store::Tx;
use crate::store::rows::{DomainProofRow, DomainRow};
use crate::store::types::Time;

/// The label under which the record is published, so that it is in nobody's way.
const LABEL: &str = "_usher-challenge";
/// What the record's text begins with.
const PREFIX: &str = "usher-domain-verification=";

/// A domain that an organization proves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Domain {
    /// The domain, in the form in which domains are compared.
    pub domain: String,
    /// `pending` or `verified`.
    pub state: &'static str,
    /// What to publish.
    pub record: Record,
    /// Since when it is to be proved.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when it is verified.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub verified_at: Option<Timestamp>,
    /// Since when the record of a domain that is verified is gone: trust ends where it is not there
    /// again within a week.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub missing_since: Option<Timestamp>,
    /// The connections that may speak for the domain without a proof, since the operator listed it
    /// there.
    #[schema(value_type = Vec<String>)]
    pub listed_on: Vec<ConnectionId>,
}

/// A record in DNS (RFC 1035 §3.3.14).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Its type, TXT.
    pub r#type: &'static str,
    /// Its text.
    pub value: String,
}

/// A domain that is trusted on its proof no more.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Removed {
    /// The domain.
    pub domain: String,
    /// The connections that may speak for it all the same, since the operator listed it there.
    #[schema(value_type = Vec<String>)]
    pub listed_on: Vec<ConnectionId>,
}

impl Record {
    /// The record that proves a domain.
    pub(super) fn of(row: &DomainProofRow) -> Self {
        Self {
            name: format!("{LABEL}.{}", row.domain),
            r#type: "TXT",
            value: format!("{PREFIX}{}", row.challenge),
        }
    }
}

/// A domain as it is shown, with what the operator listed of all.
fn shown(row: DomainProofRow, listed: &[DomainRow]) -> Domain {
    Domain {
        state: row.verified_at.map_or("pending", |_| "verified"),
        record: Record::of(&row),
        created_at: row.created_at.0,
        verified_at: row.verified_at.map(|it| it.0),
        missing_since: row.missing_since.map(|it| it.0),
        listed_on: where_listed(listed, &row.domain),
        domain: row.domain,
    }
}

fn where_listed(listed: &[DomainRow], domain: &str) -> Vec<ConnectionId> {
    let its = listed.iter().filter(|it| it.domain == domain);
    its.map(|it| it.connection_id).collect()
}

/// A domain as it is shown.
pub(super) async fn described(tx: &mut Tx, row: DomainProofRow) -> Result<Domain, Error> {
    let listed = tx.listed_domains(row.org_id).await?;
    Ok(shown(row, &listed))
}

/// The domains of an organization, by name.
pub async fn list(tx: &mut Tx, org: OrganizationId) -> Result<Vec<Domain>, Error> {
    let rows = tx.domain_proofs(org).await?;
    let listed = tx.listed_domains(org).await?;
    Ok(rows.into_iter().map(|row| shown(row, &listed)).collect())
}

/// What proves a domain of an organization.
pub(super) async fn row(
    tx: &mut Tx,
    org: OrganizationId,
    domain: &str,
) -> Result<DomainProofRow, Error> {
    let form = domain_form(domain).ok_or(Error::NotFound(Kind::Domain))?;
    let row = tx.domain_proof(org, &form).await?;
    row.ok_or(Error::NotFound(Kind::Domain))
}

/// Begins to prove a domain; one that is there stays as it is.
pub async fn add(change: &mut Change<'_>, domain: &str) -> Result<Domain, Error> {
    let invalid = |rule: String| Violation::Invalid(rule);
    let is_name = |form: &String| {
        let last = form.rsplit_once('.').map(|(_, last)| last);
        last.is_some_and(|last| last.contains(|c: char| !c.is_ascii_digit()))
    };
    let form = domain_form(domain).filter(is_name);
    let form = form.ok_or_else(|| invalid(format!("{domain:?} is no domain")))?;
    if let Some(row) = change.tx.domain_proof(change.org, &form).await? {
        return described(change.tx, row).await;
    }
    let known = change.tx.domain_proofs(change.org).await?.len();
    if known >= limits::DOMAINS {
        let most = limits::DOMAINS;
        return Err(invalid(format!("an organization proves {most} domains at most")).into());
    }
    let row = DomainProofRow {
        org_id: change.org,
        domain: form,
        challenge: Bearer::new("", change.context.ids.entropy())
            .reveal()
            .to_owned(),
        created_at: change.time(),
        verified_at: None,
        lease: None,
        // Adding a domain again is no way to look sooner.
        held_until: Some(Time(change.now + limits::DOMAIN_GAP)),
        due_at: None,
        missing_since: None,
        absences: 0,
    };
    change.tx.insert_domain_proof(&row).await?;
    change.record(EventKind::DomainAdded, json!({"domain": row.domain}));
    described(change.tx, row).await
}

/// Stops trusting a domain on its proof, or proving it. Who came by it stays, and so does what the
/// operator listed.
pub async fn remove(change: &mut Change<'_>, domain: &str) -> Result<Removed, Error> {
    let row = row(change.tx, change.org, domain).await?;
    change
        .tx
        .delete_domain_proof(change.org, &row.domain)
        .await?;
    change.record(EventKind::DomainRemoved, json!({"domain": row.domain}));
    let listed = change.tx.listed_domains(change.org).await?;
    Ok(Removed {
        listed_on: where_listed(&listed, &row.domain),
        domain: row.domain,
    })
}
