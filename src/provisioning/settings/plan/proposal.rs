//! A change of the rules that is only thought of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ConnectionId, MappingId};
use crate::provisioning::settings::mappings::{self, NewMapping, RuleChange};
use crate::provisioning::settings::role_removal::{self, RoleRemoval};
use crate::provisioning::settings::{mapping_update, organizations};
use crate::provisioning::{Change, Error, setup};

/// One change of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Proposal {
    /// A rule is added.
    Add(NewMapping),
    /// A rule is changed.
    Update(RuleChange),
    /// A rule is removed.
    Remove(Removal),
    /// People whom nothing else gives a role have this one.
    DefaultRole(DefaultRole),
    /// A role is removed, and another put in its place wherever it is used.
    RemoveRole(RoleRemoval),
}

/// A rule to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MappingRemoval)]
pub struct Removal {
    /// The connection, where it is known.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub connection_id: Option<ConnectionId>,
    /// The rule.
    #[schema(value_type = String, format = "uuid")]
    pub id: MappingId,
}

/// Another default role of the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultRole {
    /// The role's slug.
    pub role: String,
}

impl Proposal {
    /// Whether a role is gone after it.
    pub(super) fn ends_a_role(&self) -> bool {
        matches!(self, Self::RemoveRole(_))
    }

    /// Makes the change, up to what it does to people. Only where it is `meant` must whoever asks be
    /// allowed all that it does: anybody who may look may see what it would do.
    pub(super) async fn make(&self, change: &mut Change<'_>, meant: bool) -> Result<(), Error> {
        setup::permits(change, self).await?;
        match self {
            Self::Add(new) => mappings::add_in(change, new).await.map(drop),
            Self::Update(rule) => mapping_update::update_in(change, rule).await.map(drop),
            Self::Remove(gone) => {
                let removed = mappings::remove_in(change, gone.connection_id, gone.id);
                removed.await.map(drop)
            }
            Self::DefaultRole(default) => {
                organizations::set_default_role(change, &default.role).await
            }
            Self::RemoveRole(gone) => role_removal::remove_in(change, gone, meant).await,
        }
    }
}
