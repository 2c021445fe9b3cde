//! Group values: which rules are named by the groups of a sign-in. A rule that is bound to a SCIM Group is
//! named by whatever names that Group now: its id, its externalId, and for a rule by name its present name. So
//! another Group that takes the old name gives nothing of the rule. A rule that waits is named by its own text.

use std::collections::BTreeMap;

use crate::directory::mapping::MatchKind;
use crate::id::{OrganizationId, ScimGroupId};
use crate::provisioning::Error;
use crate::scim;
use crate::store::Tx;
use crate::store::rows::{MappingRow, ScimGroupRow};

/// The SCIM Groups that rules are bound to.
pub struct Bound(BTreeMap<ScimGroupId, ScimGroupRow>);

impl Bound {
    /// Reads those of these rules.
    pub async fn of(
        tx: &mut Tx,
        org: OrganizationId,
        rules: impl Iterator<Item = &MappingRow>,
    ) -> Result<Self, Error> {
        let ids: Vec<_> = rules.filter_map(|rule| rule.bound_group_id).collect();
        let rows = tx.scim_groups_by_ids(org, &ids).await?;
        Ok(Self(rows.into_iter().map(|row| (row.id, row)).collect()))
    }

    /// The Group that a rule is bound to.
    pub fn group(&self, rule: &MappingRow) -> Option<&ScimGroupRow> {
        self.0.get(&rule.bound_group_id?)
    }

    /// Whether a group of a sign-in is the one that a rule is about.
    pub fn names(&self, rule: &MappingRow, value: &str) -> bool {
        let folded = || scim::fold(value.trim());
        match (self.group(rule), rule.match_kind) {
            (Some(group), kind) => {
                value == group.id.to_string()
                    || group.external_id.as_deref() == Some(value)
                    || (kind == MatchKind::Name && folded() == group.display_name_folded)
            }
            (None, MatchKind::Name) => folded() == rule.match_folded,
            (None, MatchKind::ExternalId | MatchKind::Id) => value == rule.match_text,
        }
    }
}

/// Whether a rule by name is bound to a Group that is called otherwise by now.
pub fn is_renamed(rule: &MappingRow, group: &ScimGroupRow) -> bool {
    rule.match_kind == MatchKind::Name && rule.match_folded != group.display_name_folded
}
