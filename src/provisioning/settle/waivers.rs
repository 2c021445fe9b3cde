//! What of a directory's groups is not in force for a person: what it gave and that is withheld, what it took
//! and that is kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::grant::GrantSource;
use crate::directory::safeguard::WaiverKind;
use crate::id::WaiverId;
use crate::provisioning::resolution::{Due, World, mapping_of};
use crate::store::rows::{GrantRow, WaiverRow};

/// A grant, as waivers name it.
pub(in crate::provisioning) fn reference(source: GrantSource, source_ref: &str) -> String {
    format!("{source}:{source_ref}")
}

/// One person's.
#[derive(Default)]
pub(super) struct Waivers {
    kept: BTreeMap<String, WaiverId>,
    withheld: BTreeMap<String, WaiverId>,
}

impl Waivers {
    pub(super) fn add(&mut self, row: &WaiverRow) {
        let of = |map: &mut BTreeMap<_, _>| {
            map.insert(row.reference.clone(), row.id);
        };
        match row.kind {
            WaiverKind::Deletion | WaiverKind::Suspension => {}
            WaiverKind::Kept => of(&mut self.kept),
            WaiverKind::Withheld => of(&mut self.withheld),
        }
    }

    /// What rules give and is not withheld; notes what the directory says otherwise by now.
    pub(super) fn in_force(
        &mut self,
        mut due: Vec<Due>,
        live: &[GrantRow],
        cleared: &mut Vec<WaiverId>,
    ) -> Vec<Due> {
        if self.kept.is_empty() && self.withheld.is_empty() {
            return due;
        }
        let given: BTreeSet<_> = due.iter().map(|it| reference(it.2, &it.3)).collect();
        // Another group of the same rule says the same as the one that is gone.
        let rules: BTreeSet<_> = given.iter().map(|name| rule(name)).collect();
        let live: BTreeSet<_> = live
            .iter()
            .map(|it| reference(it.source, &it.source_ref))
            .collect();
        self.kept.retain(|name, id| {
            let stays = live.contains(name) && !rules.contains(rule(name));
            cleared.extend((!stays).then_some(*id));
            stays
        });
        self.withheld.retain(|name, id| {
            let stays = given.contains(name);
            cleared.extend((!stays).then_some(*id));
            stays
        });
        due.retain(|it| !self.withheld.contains_key(&reference(it.2, &it.3)));
        due
    }

    /// Whether a grant stays though its rule does not give it: as long as the rule is there.
    pub(super) fn keeps(&self, world: &World, row: &GrantRow) -> bool {
        let is_ruled = mapping_of(row)
            .and_then(|id| world.book.rules.get(&id))
            .is_some_and(|rule| rule.enabled);
        is_ruled
            && self
                .kept
                .contains_key(&reference(row.source, &row.source_ref))
    }
}

/// The rule of a grant, as waivers name it.
fn rule(name: &str) -> &str {
    name.split_once('/').map_or(name, |(rule, _)| rule)
}
