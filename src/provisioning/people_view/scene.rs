//! The scene of an explanation: the rules, the tie and the grants of one person, as they are or as they were
//! at an instant of the past.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::directory::Violation;
use crate::directory::grant::{self, Grant, GrantSource, Resolution};
use crate::directory::role::{Catalogue, Role};
use crate::directory::rulebook::{Rulebook, Tie};
use crate::id::{GrantId, MappingId, OrganizationId, ProjectId, RoleId, ScimGroupId, UserId};
use crate::provisioning::resolution::{World, grant_by, mapping_of};
use crate::provisioning::{Error, Kind};
use crate::store::rows::{GrantRow, IdentityRow, MappingRow, PolicyRevisionRow, ScimGroupRow};
use crate::store::types::Time;
use crate::store::{self, Tx};

/// Grants that are over, and are told all the same: the latest so many.
const RETIRED: usize = 50;

/// What bears on one person's role at one instant.
pub(super) struct Scene {
    pub(super) at: Timestamp,
    pub(super) book: Rulebook,
    pub(super) rev: i64,
    /// Roles that were removed, as old grants still name them.
    pub(super) former: Catalogue,
    pub(super) tie: Tie,
    /// Grants that were live then, the oldest first.
    pub(super) live: Vec<(GrantRow, Grant)>,
    /// Grants that were over then, the latest first.
    pub(super) retired: Vec<(GrantRow, Grant)>,
    pub(super) groups: BTreeMap<ScimGroupId, ScimGroupRow>,
    /// Rules that are removed by now.
    pub(super) ended: BTreeMap<MappingId, MappingRow>,
    pub(super) identities: Vec<IdentityRow>,
}

impl Scene {
    pub(super) async fn at(
        tx: &mut Tx,
        org: OrganizationId,
        id: UserId,
        now: Timestamp,
        at: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let world = World::load(tx, org, &[id]).await?;
        let user = world.users.get(&id).ok_or(Error::NotFound(Kind::User))?;
        let tie = world.tie(user);
        let created_at = user.created_at.0;
        let instant = at.unwrap_or(now);
        let (book, rev, tie) = match at {
            None => (world.book.clone(), world.rev, tie),
            Some(at) => {
                possible(at, created_at, now)?;
                let (book, rev) = rules_at(tx, org, world.book.clone(), world.rev, at).await?;
                (book, rev, tie_at(tx, org, id, tie, at).await?)
            }
        };
        let (live, retired) = grants_at(tx, (org, id), &book, instant).await?;
        let rows = || live.iter().chain(&retired).map(|(row, _)| row);
        let groups: Vec<_> = rows().filter_map(group_of).collect();
        let groups = tx.scim_groups_by_ids(org, &groups).await?;
        let rules: BTreeSet<_> = rows().filter_map(mapping_of).collect();
        let rules: Vec<_> = rules
            .into_iter()
            .filter(|it| !book.rules.contains_key(it))
            .collect();
        let ended = tx.ended_mappings(org, &rules).await?;
        Ok(Self {
            at: instant,
            book,
            rev,
            former: world.former.clone(),
            tie,
            live,
            retired,
            groups: groups.into_iter().map(|row| (row.id, row)).collect(),
            ended: ended.into_iter().map(|row| (row.id, row)).collect(),
            identities: world.identities,
        })
    }

    /// A role of then, or one that old grants still name.
    pub(super) fn role(&self, id: RoleId) -> Option<&Role> {
        self.book.roles.role(id).or_else(|| self.former.role(id))
    }

    /// Since when sign-ins say nothing of the group that gave a grant.
    pub(super) fn stale_since(&self, row: &GrantRow) -> Option<Timestamp> {
        let (_, link) = row.source_ref.split_once('/')?;
        let is_its = |it: &&IdentityRow| it.id.to_string() == link;
        let by_sign_in = row.source == GrantSource::SamlGroup;
        let link = self.identities.iter().find(is_its).filter(|_| by_sign_in);
        let since = link?.groups_stale_since?.0;
        (since <= self.at).then_some(since)
    }

    /// What the live grants come to.
    pub(super) fn resolution(&self) -> Resolution {
        let grants: Vec<_> = self.live.iter().map(|(_, grant)| grant.clone()).collect();
        let standing = self.book.standing(&self.tie);
        grant::resolve(&standing, &grants, &self.book.roles, self.at)
    }
}

/// Whether there is anything to tell of an instant.
fn possible(at: Timestamp, created_at: Timestamp, now: Timestamp) -> Result<(), Violation> {
    if at > now {
        return Err(Violation::Invalid(format!(
            "at is not over yet: it is {now}"
        )));
    }
    if at < created_at {
        let rule = format!("nobody knew this person then: they came at {created_at}");
        return Err(Violation::Invalid(rule));
    }
    Ok(())
}

async fn rules_at(
    tx: &mut Tx,
    org: OrganizationId,
    book: Rulebook,
    rev: i64,
    at: Timestamp,
) -> Result<(Rulebook, i64), Error> {
    let Some(row) = tx.policy_revision_at(org, Time(at)).await? else {
        if rev == 0 {
            return Ok((book, rev));
        }
        let rule = "the rules of that time were not kept: an earlier version of Usher served then";
        return Err(Violation::Invalid(rule.to_owned()).into());
    };
    Ok((read(&row)?, row.rev))
}

fn read(row: &PolicyRevisionRow) -> Result<Rulebook, Error> {
    serde_json::from_str(&row.rulebook.0).map_err(|_| {
        let (table, column) = ("policy_revisions", "rulebook");
        Error::Store(store::Error::Corrupt { table, column })
    })
}

async fn tie_at(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    now: Tie,
    at: Timestamp,
) -> Result<Tie, Error> {
    let Some(row) = tx.standing_at(org, id, Time(at)).await? else {
        return Ok(now);
    };
    serde_json::from_str(&row.standing).map_err(|_| {
        let (table, column) = ("standings", "standing");
        Error::Store(store::Error::Corrupt { table, column })
    })
}

type Told = Vec<(GrantRow, Grant)>;

async fn grants_at(
    tx: &mut Tx,
    (org, id): (OrganizationId, UserId),
    book: &Rulebook,
    at: Timestamp,
) -> Result<(Told, Told), Error> {
    let mut rows = tx.grant_history(org, id).await?;
    rows.retain(|row| row.granted_at.0 <= at);
    let over = |row: &GrantRow| row.retired_at.is_some_and(|retired| retired.0 <= at);
    let (mut retired, live): (Vec<_>, Vec<_>) = rows.into_iter().partition(over);
    retired.sort_by_key(|row| (std::cmp::Reverse(row.retired_at), row.id));
    retired.truncate(RETIRED);
    let ids: Vec<_> = live.iter().chain(&retired).map(|row| row.id).collect();
    let scopes: Vec<(GrantId, ProjectId)> = tx.grant_projects(org, &ids).await?;
    let told = |row: GrantRow| {
        let grant = grant_by(book, &row, &scopes);
        (row, grant)
    };
    let retired = retired.into_iter().map(told).collect();
    Ok((live.into_iter().map(told).collect(), retired))
}

/// The directory's group behind a grant: the second half of its reference.
pub(super) fn group_of(row: &GrantRow) -> Option<ScimGroupId> {
    let (_, group) = row.source_ref.split_once('/')?;
    (row.source == GrantSource::DirectoryGroup).then(|| group.parse().ok())?
}
