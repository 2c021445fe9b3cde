//! By hand: what an admin gives a person, and takes back. A role by hand counts where no group of the
//! directory decides; where one does, it is refused with the ways out, and is not silently undone later.

use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::connection::Mode;
use crate::directory::event::EventKind;
use crate::directory::grant::{Because, Grant, GrantSource};
use crate::directory::role::{ADMIN_RANK, OWNER_RANK, Role};
use crate::id::{GrantId, ProjectId, RoleId};
use crate::provisioning::admission;
use crate::provisioning::invitations::Inviter;
use crate::provisioning::resolution::{World, mapping_of};
use crate::provisioning::settings::role as role_of;
use crate::provisioning::{Change, Error, Source};
use crate::store::rows::{GrantRow, UserRow};

mod overriding;
mod restore;
mod role;

pub use overriding::{NewOverride, answers, end_override, override_role};
pub(super) use restore::is_restorable;
pub use restore::restore;
pub(super) use role::WIDE;
pub use role::{NewRole, set_role};

/// Why a grant by hand is retired when another takes its place.
const REPLACED: &str = "replaced";
/// Why a grant by hand is retired when somebody takes it back.
const ENDED: &str = "ended_by_hand";
/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// One person, with what they have now.
struct Subject {
    user: UserRow,
    world: World,
    live: Vec<(GrantRow, Grant)>,
}

impl Subject {
    /// A person who is there: active or suspended.
    async fn find(change: &mut Change<'_>, named: &str) -> Result<Self, Error> {
        let user = admission::living(change, named).await?;
        let world = World::load(change.tx, change.org, &[user.id]).await?;
        let rows = change.tx.live_grants(change.org, &[user.id]).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let scopes = change.tx.grant_projects(change.org, &ids).await?;
        let live = rows.into_iter().map(|row| {
            let grant = world.grant(&row, &scopes);
            (row, grant)
        });
        let live = live.collect();
        Ok(Self { user, world, live })
    }

    /// The role of a slug, if whoever asks may give it there.
    async fn grantable(
        &self,
        change: &mut Change<'_>,
        slug: &str,
        is_scoped: bool,
    ) -> Result<Role, Error> {
        let role = role_of(&self.world.book.roles, slug)?.clone();
        if role.rank >= OWNER_RANK {
            return Err(Violation::OwnerNotGrantable.into());
        }
        if role.rank >= ADMIN_RANK && is_scoped {
            return Err(Violation::ScopeNotAllowed.into());
        }
        change.may_give(role.rank)?;
        if matches!(change.context.source, Source::User(_)) {
            let giver = Inviter::of(change).await?;
            if role.rank > giver.rank {
                return Err(Error::Forbidden("nobody gives a role above their own"));
            }
        }
        Ok(role)
    }

    /// Refuses what the directory decides: where its groups come before what people give, and one of them
    /// gives the role, or may do so once a change of the rules has come to the person.
    async fn refuse_decided(&self, change: &mut Change<'_>) -> Result<(), Error> {
        let waits_for = change.tx.recompute_of(change.org, self.user.id).await?;
        if waits_for.is_some() {
            return Err(Violation::RolesBeingComputed.into());
        }
        if self.world.standing(&self.user).mode == Mode::Additive {
            return Ok(());
        }
        let grants: Vec<_> = self.live.iter().map(|(_, grant)| grant.clone()).collect();
        let resolution = self.world.resolve(&self.user, &grants, change.time());
        let Because::Grant(id) = resolution.because else {
            return Ok(());
        };
        let decided = self.live.iter().find(|(row, _)| row.id == id);
        let Some((row, connection)) = decided.and_then(|(row, grant)| Some((row, grant.rule?.0)))
        else {
            return Ok(());
        };
        let rule = mapping_of(row).and_then(|id| self.world.book.rules.get(&id));
        let weight = self.world.book.connections.get(&connection);
        let decided = Violation::RoleManagedByDirectory {
            group: rule.map(|rule| rule.match_text.clone()).unwrap_or_default(),
            position: rule.map_or(0, |rule| rule.position),
            connection: weight.map(|weight| weight.name.clone()).unwrap_or_default(),
        };
        Err(decided.into())
    }

    fn slug(&self, role: RoleId) -> &str {
        self.world.book.role_slug(Some(role)).unwrap_or_default()
    }

    fn project_slugs(&self, projects: &[ProjectId]) -> Vec<&str> {
        let slugs = projects
            .iter()
            .filter_map(|id| self.world.book.projects.get(id));
        slugs.map(String::as_str).collect()
    }

    /// Gives it, and tells.
    async fn give(
        &self,
        change: &mut Change<'_>,
        row: GrantRow,
        projects: &[ProjectId],
    ) -> Result<GrantId, Error> {
        change.give(&row, projects).await?;
        change.touch(self.user.id);
        change.record(EventKind::GrantGiven, self.told(&row, projects));
        Ok(row.id)
    }

    /// Takes these back, and tells.
    async fn take(
        &self,
        change: &mut Change<'_>,
        which: impl Fn(&GrantRow, &Grant) -> bool,
        why: &str,
    ) -> Result<usize, Error> {
        let gone: Vec<_> = self
            .live
            .iter()
            .filter(|(row, grant)| which(row, grant))
            .collect();
        let ids: Vec<_> = gone.iter().map(|(row, _)| row.id).collect();
        change
            .tx
            .retire_grants(change.org, &ids, change.time(), why)
            .await?;
        for (row, grant) in &gone {
            let mut data = self.told(row, &grant.projects);
            if let Some(data) = data.as_object_mut() {
                data.insert("because".into(), why.into());
            }
            change.touch(self.user.id);
            change.record(EventKind::GrantEnded, data);
        }
        Ok(ids.len())
    }

    fn told(&self, row: &GrantRow, projects: &[ProjectId]) -> Value {
        json!({
            "user_id": self.user.id,
            "grant_id": row.id,
            "source": row.source,
            "role": self.slug(row.role_id),
            "projects": self.project_slugs(projects),
            "ends_at": row.ends_at.map(|at| at.0),
            "grant_reason": row.reason,
        })
    }

    /// A grant of this person that begins now.
    fn fresh(&self, change: &Change<'_>, role_id: RoleId, of: (GrantSource, String)) -> GrantRow {
        change.mint().grant(self.user.id, role_id, of)
    }
}

/// A reason that somebody had to give: one to [`LONGEST_REASON`] characters.
pub(super) fn reason(text: &str) -> Result<String, Error> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        let rule = format!("a reason is needed, of at most {LONGEST_REASON} characters");
        return Err(Violation::Invalid(rule).into());
    }
    Ok(text)
}
