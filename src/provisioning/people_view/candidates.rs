//! The candidates of an explanation: each grant, live or over, and each default, with its verdict.

use crate::directory::grant::{Because, Grant, Layer, Resolution, Verdict};
use crate::id::RoleId;
use crate::provisioning::by_hand::is_restorable;
use crate::provisioning::people_view::explanation::{Candidate, MatchedGroup, Rule};
use crate::provisioning::people_view::scene::{Scene, group_of};
use crate::provisioning::people_view::words;
use crate::provisioning::resolution::mapping_of;
use crate::store::rows::GrantRow;

/// Everything that could give the role: live grants, defaults, and grants that are over.
pub(super) fn candidates(scene: &Scene, resolution: &Resolution) -> Vec<Candidate> {
    let live = scene.live.iter().map(|(row, grant)| {
        let verdict = resolution.verdicts.get(&row.id).copied();
        told(
            scene,
            candidate(scene, row, grant, verdict.unwrap_or(Verdict::Dormant)),
        )
    });
    let over = scene
        .retired
        .iter()
        .map(|(row, grant)| told(scene, candidate(scene, row, grant, Verdict::Retired)));
    let defaults = defaults(scene, resolution);
    let defaults = defaults.into_iter().map(|it| told(scene, it));
    live.chain(defaults).chain(over).collect()
}

fn told(scene: &Scene, mut candidate: Candidate) -> Candidate {
    candidate.told = words::sentence(&scene.book, &candidate);
    candidate
}

fn candidate(scene: &Scene, row: &GrantRow, grant: &Grant, verdict: Verdict) -> Candidate {
    let retired = verdict == Verdict::Retired;
    let standing = scene.book.standing(&scene.tie);
    let rule = rule(scene, row);
    let projects = grant.projects.iter();
    let is_there = scene.book.roles.role(row.role_id).is_some();
    Candidate {
        grant_id: Some(row.id),
        verdict,
        role: slug(scene, row.role_id),
        rank: scene.role(row.role_id).map_or(0, |role| role.rank),
        projects: projects
            .filter_map(|id| scene.book.projects.get(id).cloned())
            .collect(),
        source: row.source.as_str(),
        layer: Some(Layer::of(row.source, standing.mode)),
        group: matched(scene, row, rule.as_ref()),
        mapping: rule,
        cause: Some(row.cause.clone()),
        actor: row.actor.clone(),
        reason: row.reason.clone(),
        granted_at: Some(row.granted_at.0),
        ends_at: row.ends_at.map(|at| at.0),
        stale_since: scene.stale_since(row).filter(|_| !retired),
        retired_at: row.retired_at.filter(|_| retired).map(|at| at.0),
        retired_because: row.retired_cause.clone().filter(|_| retired),
        restorable: retired && is_restorable(row) && is_there,
        told: String::new(),
    }
}

fn slug(scene: &Scene, role: RoleId) -> String {
    let role = scene.role(role).map(|role| role.slug.clone());
    role.unwrap_or_default()
}

fn rule(scene: &Scene, row: &GrantRow) -> Option<Rule> {
    let id = mapping_of(row)?;
    if let Some(rule) = scene.book.rules.get(&id) {
        return Some(Rule {
            id,
            connection_id: rule.connection,
            match_kind: rule.match_kind,
            match_text: rule.match_text.clone(),
            position: rule.position,
            rev: rule.rev,
            removed: false,
        });
    }
    scene.ended.get(&id).map(|row| Rule {
        id,
        connection_id: row.connection_id,
        match_kind: row.match_kind,
        match_text: row.match_text.clone(),
        position: row.position,
        rev: row.rev,
        removed: true,
    })
}

fn matched(scene: &Scene, row: &GrantRow, rule: Option<&Rule>) -> Option<MatchedGroup> {
    let group = group_of(row).and_then(|id| scene.groups.get(&id));
    let name = group.map(|group| group.display_name.clone());
    Some(MatchedGroup {
        id: group.map(|group| group.id),
        display_name: name.or_else(|| rule.map(|rule| rule.match_text.clone()))?,
    })
}

/// The defaults, which reach only people without any live grant.
fn defaults(scene: &Scene, resolution: &Resolution) -> Vec<Candidate> {
    let standing = scene.book.standing(&scene.tie);
    let of_connection = standing.connection_default;
    let pairs = [
        (
            "connection_default",
            of_connection,
            &Because::ConnectionDefault,
        ),
        (
            "organization_default",
            Some(standing.organization_default),
            &Because::OrganizationDefault,
        ),
    ];
    let pairs = pairs.into_iter().filter_map(|(source, role, because)| {
        let role = role?;
        let verdict = if !standing.active {
            Verdict::Dormant
        } else if resolution.because == *because {
            Verdict::Won
        } else {
            Verdict::LowerLayer
        };
        Some(Candidate {
            grant_id: None,
            verdict,
            role: slug(scene, role),
            rank: scene.book.roles.rank(role),
            projects: Vec::new(),
            source,
            layer: None,
            mapping: None,
            group: None,
            cause: None,
            actor: None,
            reason: None,
            granted_at: None,
            ends_at: None,
            stale_since: None,
            retired_at: None,
            retired_because: None,
            restorable: false,
            told: String::new(),
        })
    });
    pairs.collect()
}
