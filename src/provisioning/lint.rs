//! The facts of the directory lint, gathered: what a connection's directory and its sign-ins said,
//! of the newest people, and what was counted. The rules are [`crate::directory::lint`]'s.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;

use crate::directory::lint::{self, Facts, Finding, Sighting};
use crate::directory::mapping::MatchKind;
use crate::id::{ConnectionId, OrganizationId, ScimGroupId};
use crate::limits;
use crate::provisioning::group_values::Bound;
use crate::provisioning::settings::connection_view;
use crate::provisioning::tally::{Count, Of};
use crate::provisioning::{Error, Kind};
use crate::store::rows::IdentityRow;
use crate::store::{Store, Tx};

/// What was counted in this process and is not written yet.
pub type Unwritten = BTreeMap<Sighting, Count>;

/// What is to be told of a connection; its id tells the organization.
pub async fn of(store: &Store, id: ConnectionId) -> Result<Vec<Finding>, Error> {
    let org = connection_view::find(store, id).await?.org_id;
    let found = store
        .read(move |tx| async move { findings(tx, (org, id), &Unwritten::new()).await }.boxed());
    found.await
}

/// What is to be told of a connection of an organization, with what is not written yet.
pub async fn findings(tx: &mut Tx, of: Of, unwritten: &Unwritten) -> Result<Vec<Finding>, Error> {
    if tx.connection(of.0, of.1).await?.is_none() {
        return Err(Error::NotFound(Kind::Connection));
    }
    let mut facts = Facts {
        names: tx
            .newest_scim_names(of.0, of.1, limits::LINT_SAMPLE)
            .await?,
        sightings: sightings(tx, of, unwritten).await?,
        ..Facts::default()
    };
    let addresses = tx.newest_addresses(of.0, of.1, limits::LINT_SAMPLE).await?;
    facts.addresses = addresses.into_iter().flatten().collect();
    let domains = tx.domains(of.0, of.1).await?;
    facts.trusted = domains.into_iter().map(|row| row.domain).collect();
    let links = tx
        .newest_identities(of.0, of.1, limits::LINT_SAMPLE)
        .await?;
    for link in &links {
        if link.subject_key.starts_with("email:") {
            facts.known_by_address.push(link.last_seen_at.0);
        }
        if let Some(since) = link.groups_stale_since {
            let is_overage = matches!(
                link.groups_stale_why.as_deref(),
                Some("overage" | "too_many")
            );
            facts.stale.push((since.0, is_overage));
        }
        for group in asserted(link) {
            *facts.asserted.entry(group).or_default() += 1;
        }
    }
    recognize(tx, of, &mut facts).await?;
    Ok(lint::lint(&facts))
}

/// The groups that the last sign-in by a link named.
pub fn asserted(link: &IdentityRow) -> Vec<String> {
    let groups = link.group_values.as_ref();
    groups
        .and_then(|doc| serde_json::from_str(&doc.0).ok())
        .unwrap_or_default()
}

/// Looks up which of the groups that sign-ins named are SCIM Groups, and what the rules name.
pub async fn recognize(tx: &mut Tx, of: Of, facts: &mut Facts) -> Result<(), Error> {
    let values: Vec<String> = facts.asserted.keys().cloned().collect();
    let ids: Vec<ScimGroupId> = values.iter().filter_map(|it| it.parse().ok()).collect();
    let by_id = tx.scim_groups_by_ids(of.0, &ids).await?;
    let here = by_id.into_iter().filter(|row| row.connection_id == of.1);
    facts.pushed = here.map(|row| row.id.to_string()).collect();
    let by_external = tx.scim_groups_by_external_ids(of.0, of.1, &values).await?;
    facts
        .pushed
        .extend(by_external.into_iter().filter_map(|row| row.external_id));
    let (rules, by_name) = rules(tx, of).await?;
    facts.rules = rules;
    facts.rules_by_name = by_name;
    Ok(())
}

async fn rules(tx: &mut Tx, of: Of) -> Result<(BTreeSet<String>, bool), Error> {
    let all = tx.mappings(of.0).await?.into_iter();
    let (mut texts, mut by_name) = (BTreeSet::new(), false);
    let here = all.filter(|rule| rule.enabled && rule.connection_id == of.1);
    let here: Vec<_> = here.collect();
    let bound = Bound::of(tx, of.0, here.iter()).await?;
    for rule in here {
        by_name |= rule.match_kind == MatchKind::Name;
        let present = bound.group(&rule).map(|it| it.display_name_folded.clone());
        texts.insert(match rule.match_kind {
            MatchKind::Name => present.unwrap_or(rule.match_folded),
            MatchKind::ExternalId | MatchKind::Id => rule.match_text,
        });
    }
    Ok((texts, by_name))
}

async fn sightings(
    tx: &mut Tx,
    of: (OrganizationId, ConnectionId),
    unwritten: &Unwritten,
) -> Result<BTreeMap<Sighting, (i64, jiff::Timestamp)>, Error> {
    let mut counts = unwritten.clone();
    for row in tx.sightings(of.0, of.1).await? {
        let Some(what) = Sighting::of(&row.kind) else {
            // Of a release that counted more.
            continue;
        };
        let written = Count {
            count: row.count,
            first_at: row.first_at.0,
            last_at: row.last_at.0,
        };
        let count = counts.get(&what).map_or(written, |it| it.with(written));
        counts.insert(what, count);
    }
    let seen = counts.into_iter();
    Ok(seen
        .map(|(what, it)| (what, (it.count, it.last_at)))
        .collect())
}
