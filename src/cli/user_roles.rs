//! `usher user`, what is given and taken by hand.

use clap::Subcommand;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::cli::user::{One, show};
use crate::id::{GrantId, UserId};
use crate::provisioning::by_hand::{self, NewOverride, NewRole};
use crate::provisioning::{Change, Error, change};

#[derive(Debug, Subcommand)]
pub(super) enum ByHand {
    /// Give a person a role by hand, in place of the one they had by hand
    ///
    /// Refused where a group of the directory decides the role. A role in projects stands beside those
    /// that the directory gives.
    ///
    /// Examples:
    ///   usher user set-role --org acme ada@acme.example --role editor
    ///   usher user set-role --org acme ada@acme.example --role editor --project website
    ///   usher user set-role --org acme ada@acme.example --none
    #[command(verbatim_doc_comment)]
    SetRole {
        #[command(flatten)]
        one: One,
        /// The role
        #[arg(long, required_unless_present = "none", conflicts_with = "none")]
        role: Option<String>,
        /// Take back what was given by hand
        #[arg(long)]
        none: bool,
        /// A project in which it counts; may be given several times [default: the whole organization]
        #[arg(long, value_name = "SLUG")]
        project: Vec<String>,
    },
    /// Override, for a while, what the directory decides of a person's role
    ///
    /// Example:
    ///   usher user override --org acme ada@acme.example --role viewer --reason "audit until Friday" --days 5
    #[command(verbatim_doc_comment)]
    Override {
        #[command(flatten)]
        one: One,
        /// The role
        #[arg(long)]
        role: String,
        /// Why; it is kept and shown
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// For so many days from now
        #[arg(long, value_name = "N", default_value_t = 7,
            value_parser = clap::value_parser!(i64).range(1..=30))]
        days: i64,
    },
    /// End a person's override
    ///
    /// Example:
    ///   usher user end-override --org acme ada@acme.example
    #[command(verbatim_doc_comment)]
    EndOverride(One),
    /// Restore a grant that is over; `usher user explain` shows which may be
    ///
    /// Example:
    ///   usher user restore-grant --org acme ada@acme.example GRANT_ID
    #[command(verbatim_doc_comment)]
    RestoreGrant {
        #[command(flatten)]
        one: One,
        /// The grant
        #[arg(value_name = "GRANT_ID")]
        grant: GrantId,
    },
}

/// What is wanted of a person.
#[derive(Clone)]
enum Wish {
    Role(NewRole),
    Override(NewOverride),
    NoOverride,
    Grant(GrantId),
}

impl ByHand {
    pub(super) async fn run(self, opened: &Opened) -> Result<(), Failure> {
        let (one, wish) = self.wish(opened.ids.clock().now());
        let org = opened.organization(&one.org).await?;
        let named = one.user;
        let changed = change(&opened.store, org, opened.context(), move |change| {
            let (wish, named) = (wish.clone(), named.clone());
            async move { grant(change, &named, wish).await }.boxed()
        });
        let id = changed.await?;
        opened.output.record(&show(opened, org, id).await?)
    }

    fn wish(self, now: Timestamp) -> (One, Wish) {
        match self {
            Self::SetRole {
                one,
                role,
                none: _,
                project: projects,
            } => (one, Wish::Role(NewRole { role, projects })),
            Self::Override {
                one,
                role,
                reason,
                days,
            } => {
                let ends_at = Some(now + SignedDuration::from_hours(24 * days));
                let wanted = NewOverride {
                    role,
                    reason,
                    ends_at,
                };
                (one, Wish::Override(wanted))
            }
            Self::EndOverride(one) => (one, Wish::NoOverride),
            Self::RestoreGrant { one, grant } => (one, Wish::Grant(grant)),
        }
    }
}

async fn grant(change: &mut Change<'_>, named: &str, wish: Wish) -> Result<UserId, Error> {
    match wish {
        Wish::Role(wanted) => by_hand::set_role(change, named, &wanted).await,
        Wish::Override(wanted) => by_hand::override_role(change, named, &wanted, true).await,
        Wish::NoOverride => by_hand::end_override(change, named, true).await,
        Wish::Grant(grant) => by_hand::restore(change, named, grant).await,
    }
}
