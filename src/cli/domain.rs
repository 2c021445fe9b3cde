//! `usher domain`.

use clap::Subcommand;
use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::id::{ConnectionId, OrganizationId};
use crate::outbound::dns;
use crate::provisioning::settings::domain_looks::{self, Begun};
use crate::provisioning::settings::{connection_state, domains};
use crate::provisioning::{Error, change};

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
    /// The first time this says which record to publish; ten seconds later it can be asked for, and
    /// once it can be seen, the domain is verified. It is looked for again every day.
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

const COLUMNS: [&str; 6] = [
    "domain",
    "connection_id",
    "source",
    "state",
    "created_at",
    "missing_since",
];
const PROOF: [&str; 5] = [
    "domain",
    "state",
    "created_at",
    "verified_at",
    "missing_since",
];

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
    if known.verified_at.is_none() {
        let record = &known.record;
        opened.output.note(&format!(
            "to be published: {}. TXT {:?}",
            record.name, record.value
        ))?;
    }
    let domain = known.domain;
    let begun = change(store, org, opened.context(), move |change| {
        let domain = domain.clone();
        async move { domain_looks::begin(change, &domain).await }.boxed()
    });
    let look = match begun.await? {
        Begun::Known(domain) => return Ok(domain),
        Begun::Look(look) => look,
    };
    let id = || u16::from_be_bytes(opened.ids.entropy().bytes());
    let server = opened.config.outbound.name_server.map(|it| it.0);
    let looked_up = dns::texts(server, look.name(), id).await;
    let found = looked_up.as_ref().ok().cloned();
    let ended = change(store, org, opened.context(), move |change| {
        let (look, found) = (look.clone(), found.clone());
        async move { domain_looks::finish(change, &look, found.as_deref()).await }.boxed()
    });
    let ended = ended.await?;
    looked_up.map_err(|said| Failure::File(format!("the record cannot be looked up: {said}")))?;
    Ok(ended.map_err(Error::from)?)
}
