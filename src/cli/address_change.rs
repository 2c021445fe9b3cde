//! `usher invite address-change`.

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::word;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::invite::shown;
use crate::cli::opened::Opened;
use crate::directory::invitation::change::Decision;
use crate::id::{InvitationId, UserId};
use crate::provisioning::invitations::Inviter;
use crate::provisioning::invitations::change_decision::{Offer, decide};
use crate::provisioning::invitations::view::Invitation;

/// Decide about another address that somebody asks to be invited at
///
/// Approved, the invitation goes there by a new link, until the same time. Where the address is
/// a member's, the invitation is closed, and what it was for is printed as an offer.
///
/// Example:
///   usher invite address-change --org acme INVITATION_ID approve
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct AddressChange {
    /// The organization
    #[arg(long, value_name = "SLUG")]
    org: String,
    /// The invitation
    #[arg(value_name = "INVITATION_ID")]
    id: InvitationId,
    /// What is said
    #[arg(value_parser = word::<Decision>(Decision::WORDS))]
    decision: Decision,
}

/// An invitation, and what goes with the decision this once.
#[derive(Debug, Serialize)]
struct Decided {
    #[serde(flatten)]
    invitation: Invitation,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<Offered>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

/// What a member, whose address it is, could be given.
#[derive(Debug, Serialize)]
struct Offered {
    user_id: UserId,
    role: String,
    projects: Vec<String>,
}

impl From<Offer> for Offered {
    fn from(offer: Offer) -> Self {
        Self {
            user_id: offer.user,
            role: offer.role,
            projects: offer.projects,
        }
    }
}

impl AddressChange {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let org = opened.organization(&self.org).await?;
        let (store, context) = (&opened.store, opened.context());
        let operator = Some(Inviter::operator());
        let decided = decide(store, org, context, operator, self.id, self.decision).await?;
        opened.output.record(&Decided {
            invitation: shown(opened, org, decided.row).await?,
            offer: decided.offer.map(Offered::from),
            warnings: decided.warnings,
        })?;
        Ok(Outcome::Done)
    }
}
