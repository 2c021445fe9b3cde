//! `usher domain`.

use clap::Subcommand;
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::id::{ConnectionId, OrganizationId};
use crate::outbound::dns;
use crate::provisioning::change;
use crate::provisioning::settings::{connection_state, domains};

/// Trusted domains: whose addresses a connection may sign in
#[derive(Debug, Subcommand)]
pub(super) enum Domain {
    /// Trust a domain, on your word as the operator
    ///
    /// Examples:
    ///   usher domain add --org acme acme.example
    ///   usher domain add --org acme --connection ID acme.example
    #[command(verbatim_doc_comment)]
    Add {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The connection [default: the organization's only one]
        #[arg(long, value_name = "ID")]
        connection: Option<ConnectionId>,
        /// The domain
        domain: String,
    },
    /// Prove a domain by a TXT record, and trust it for each of the organization's connections
    ///
    /// The first time this says which record to publish; once it can be seen, the domain is
    /// verified.
    ///
    /// Example:
    ///   usher domain verify --org acme acme.example
    #[command(verbatim_doc_comment)]
    Verify {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The domain
        domain: String,
    },
    /// Trust a domain no more, neither on your word nor on its proof; who came by it stays
    ///
    /// Answers what was removed. With a connection only your word for that one is taken back.
    ///
    /// Examples:
    ///   usher domain remove --org acme acme.example
    ///   usher domain remove --org acme --connection ID acme.example
    #[command(verbatim_doc_comment)]
    Remove {
        /// The organization's slug
        #[arg(long)]
        org: String,
        /// The connection [default: each, and the proof]
        #[arg(long, value_name = "ID")]
        connection: Option<ConnectionId>,
        /// The domain
        domain: String,
    },
    /// List an organization's trusted domains, and those that are to be proved
    ///
    /// Example:
    ///   usher domain list --org acme
    #[command(verbatim_doc_comment)]
    List {
        /// The organization's slug
        #[arg(long)]
        org: String,
    },
}

const COLUMNS: [&str; 5] = ["domain", "connection_id", "source", "state", "created_at"];
const PROOF: [&str; 4] = ["domain", "state", "created_at", "verified_at"];

impl Domain {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let store = &opened.store;
        let shown = match self {
            Self::Add {
                org,
                connection,
                domain,
            } => {
                let org = opened.organization(&org).await?;
                let context = opened.context();
                connection_state::trust_domain(store, org, context, connection, &domain).await?
            }
            Self::Verify { org, domain } => {
                let org = opened.organization(&org).await?;
                let domain = verified(opened, org, &domain).await?;
                return if opened.output.is_json() {
                    opened.output.record(&domain)
                } else {
                    opened.output.rows(&[domain], &PROOF)
                };
            }
            Self::Remove {
                org,
                connection,
                domain,
            } => {
                let org = opened.organization(&org).await?;
                let context = opened.context();
                connection_state::untrust_domain(store, org, context, connection, &domain).await?
            }
            Self::List { org } => {
                let org = opened.organization(&org).await?;
                connection_state::domains(store, org).await?
            }
        };
        opened.output.rows(&shown, &COLUMNS)
    }
}

/// The domain, when its record was found.
async fn verified(
    opened: &Opened,
    org: OrganizationId,
    domain: &str,
) -> Result<domains::Domain, Failure> {
    let (store, named) = (&opened.store, domain.to_owned());
    let known = change(store, org, opened.context(), move |change| {
        let domain = named.clone();
        async move { domains::add(change, &domain).await }.boxed()
    });
    let known = known.await?;
    if known.verified_at.is_some() {
        return Ok(known);
    }
    let record = &known.record;
    opened.output.note(&format!(
        "to be published: {}. TXT {:?}",
        record.name, record.value
    ))?;
    let id = || u16::from_be_bytes(opened.ids.entropy().bytes());
    let server = opened.config.outbound.name_server.map(|it| it.0);
    let looked_up = dns::texts(server, &record.name, id).await;
    let found = looked_up
        .map_err(|said| Failure::File(format!("the record cannot be looked up: {said}")))?;
    let domain = known.domain;
    let verified = change(store, org, opened.context(), move |change| {
        let (domain, found) = (domain.clone(), found.clone());
        async move { domains::verify(change, &domain, &found).await }.boxed()
    });
    Ok(verified.await?)
}
