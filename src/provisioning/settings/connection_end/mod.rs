//! The end of a connection: its credentials, its groups and its rules go, and what becomes of the
//! people of its directory is the admin's choice. Who is to be deleted is suspended for 30 days before, in
//! which an admin may let them in again.
//!
//! A connection's people are those whom it manages, or who come in by it and by no other. Whom
//! another directory names as well stays with that one, whatever is chosen. The owner keeps the
//! title and is never shut out by hand.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::connection::{Fate, Remains};
use crate::directory::event::EventKind;
use crate::directory::grant::{self, Because, Entitlement, Grant, GrantSource, Verdict};
use crate::id::{ConnectionId, ProjectId, RoleId, UserId};
use crate::limits;
use crate::provisioning::resolution::World;
use crate::provisioning::settings::connection_view::{find, row};
use crate::provisioning::{Change, Context, Error, admission, change, groups, people, safeguards};
use crate::store::Store;
use crate::store::rows::{ConnectionRow, UserRow};
use crate::store::types::Time;

mod removal;

pub use removal::{Parted, Removal, apply, outlook};

const GONE: &str = "connection_deleted";

/// A connection that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Its id.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// How many people stayed, with another directory or with none.
    pub kept: usize,
    /// How many people were suspended.
    pub suspended: usize,
    /// How many people were suspended, and go after [`limits::REMOVED_PERSON`].
    pub deleted: usize,
    /// What became of each of them.
    #[serde(skip)]
    pub fates: Vec<(UserId, Fate)>,
}

/// Deletes a connection, in one transaction. Where it has more than
/// [`limits::UNCONFIRMED_PEOPLE`] people, `confirmed` must be its name.
pub async fn delete(
    store: &Store,
    context: Context,
    id: ConnectionId,
    remains: Remains,
    confirmed: Option<&str>,
) -> Result<Deleted, Error> {
    let org = find(store, id).await?.org_id;
    let confirmed = confirmed.map(str::to_owned);
    change(store, org, context, move |change| {
        let confirmed = confirmed.clone();
        async move {
            let row = row(change, id).await?;
            let end = End::of(change, row, remains).await?;
            end.refuse_unconfirmed(confirmed.as_deref())?;
            end.run(change).await
        }
        .boxed()
    })
    .await
}

/// A connection's end, with whom it touches.
struct End {
    row: ConnectionRow,
    remains: Remains,
    world: World,
    /// Other connections that name these people, or that they come in by.
    elsewhere: BTreeMap<UserId, Vec<ConnectionId>>,
    /// Those of them that name the people in a directory.
    named: BTreeMap<UserId, ConnectionId>,
    /// The grants that live now, by person.
    grants: BTreeMap<UserId, Vec<Grant>>,
}

impl End {
    async fn of(
        change: &mut Change<'_>,
        row: ConnectionRow,
        remains: Remains,
    ) -> Result<Self, Error> {
        let (org, id) = (row.org_id, row.id);
        // What is about to be taken from people must not become theirs for good.
        if change.tx.is_recomputing(org).await? {
            return Err(Violation::RolesBeingComputed.into());
        }
        safeguards::decide_all(change, id).await?;
        let mut touched: BTreeSet<UserId> = change
            .tx
            .users_managed_by(org, id)
            .await?
            .into_iter()
            .collect();
        touched.extend(change.tx.people_of_connection(org, id).await?);
        touched.extend(change.tx.scim_people_of_connection(org, id).await?);
        // Whose resource is gone keeps the title, and what the directory said last.
        let owner = change.tx.owner_of(org).await?;
        let is_its = |owner: &UserRow| owner.last_connection_id == Some(id);
        touched.extend(owner.filter(is_its).map(|owner| owner.id));
        let touched: Vec<_> = touched.into_iter().collect();
        let world = World::load(change.tx, org, &touched).await?;
        let mut elsewhere: BTreeMap<UserId, Vec<ConnectionId>> = BTreeMap::new();
        let mut named = BTreeMap::new();
        for (user, connection, _) in change.tx.scim_links_of(org, &touched).await? {
            if connection != id {
                named.entry(user).or_insert(connection);
                elsewhere.entry(user).or_default().push(connection);
            }
        }
        for identity in world.identities.iter().filter(|it| it.connection_id != id) {
            let others = elsewhere.entry(identity.user_id).or_default();
            others.push(identity.connection_id);
        }
        let live = change.tx.live_grants(org, &touched).await?;
        let ids: Vec<_> = live.iter().map(|row| row.id).collect();
        let mut scopes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for scope in change.tx.grant_projects(org, &ids).await? {
            scopes.entry(scope.0).or_default().push(scope);
        }
        let mut grants: BTreeMap<UserId, Vec<Grant>> = BTreeMap::new();
        for row in &live {
            let scope = scopes.get(&row.id).map_or(&[][..], Vec::as_slice);
            let grant = world.grant(row, scope);
            grants.entry(row.user_id).or_default().push(grant);
        }
        Ok(Self {
            row,
            remains,
            world,
            elsewhere,
            named,
            grants,
        })
    }

    /// Whether the connection decides alone about a person.
    fn is_its_own(&self, user: &UserRow) -> bool {
        let managed = user.managed_by == Some(self.row.id);
        let only = match self.named.get(&user.id) {
            Some(_) => false,
            None => managed || !self.elsewhere.contains_key(&user.id),
        };
        only && user.deleted_at.is_none() && user.erased_at.is_none()
    }

    fn own(&self) -> impl Iterator<Item = &UserRow> {
        let all = self.world.users.values();
        all.filter(|user| self.is_its_own(user))
    }

    fn refuse_unconfirmed(&self, confirmed: Option<&str>) -> Result<(), Error> {
        let people = self.own().count();
        if people <= limits::UNCONFIRMED_PEOPLE || confirmed == Some(self.row.name.as_str()) {
            return Ok(());
        }
        let name = self.row.name.clone();
        Err(Violation::Unconfirmed { people, name }.into())
    }

    async fn run(self, change: &mut Change<'_>) -> Result<Deleted, Error> {
        let (org, id) = (self.row.org_id, self.row.id);
        admission::end_sessions_through(change, id, GONE).await?;
        let mut deleted = Deleted {
            id,
            name: self.row.name.clone(),
            kept: 0,
            suspended: 0,
            deleted: 0,
            fates: Vec::new(),
        };
        for group in change.tx.scim_groups_of_connection(org, id).await? {
            groups::end(change, &group).await?;
        }
        let users: Vec<_> = self.world.users.values().cloned().collect();
        for user in users {
            if self.is_its_own(&user) {
                self.part(change, user, &mut deleted).await?;
            } else {
                self.hand_over(change, user, &mut deleted).await?;
            }
        }
        change.tx.delete_connection(org, id).await?;
        let data = json!({
            "connection_id": id,
            "name": self.row.name,
            "people": self.remains,
            "kept": deleted.kept,
            "suspended": deleted.suspended,
            "deleted": deleted.deleted,
        });
        change.record(EventKind::ConnectionDeleted, data);
        Ok(deleted)
    }

    /// Somebody who has another connection, too, or who is gone already.
    async fn hand_over(
        &self,
        change: &mut Change<'_>,
        mut user: UserRow,
        deleted: &mut Deleted,
    ) -> Result<(), Error> {
        if user.deleted_at.is_none() && user.erased_at.is_none() {
            deleted.kept += 1;
            deleted.fates.push((user.id, Fate::Kept));
        }
        change.touch(user.id);
        let (id, named) = (self.row.id, self.named.get(&user.id).copied());
        let managed = user.managed_by == Some(id);
        let orphaned = user.managed_by.is_none() && user.suspended_by_directory_at.is_some();
        if managed || (orphaned && named.is_none()) {
            user.managed_by = named;
            if named.is_none() {
                free(&mut user);
            }
            self.write(change, &mut user).await?;
            self.tell(change, EventKind::UserUpdated, &user, vec![]);
        }
        Ok(())
    }

    /// Somebody who has no other connection.
    async fn part(
        &self,
        change: &mut Change<'_>,
        mut user: UserRow,
        deleted: &mut Deleted,
    ) -> Result<(), Error> {
        let before = user.state();
        user.managed_by = None;
        user.provisional_since = None;
        free(&mut user);
        if user.owner {
            people::alarm_owner_unavailable(change, user.id);
        }
        let mut changes = Vec::new();
        let (kind, fate) = match self.remains {
            Remains::Delete | Remains::Suspend if !user.owner => {
                let since = user.suspended_by_admin_at;
                user.suspended_by_admin_at = since.or(Some(change.time()));
                people::end_sessions_of(change, user.id, GONE).await?;
                self.leave(change, &user).await?;
                let fate = self.take_leave(change, &mut user, &mut changes);
                (EventKind::UserSuspended, fate)
            }
            Remains::Delete | Remains::Keep | Remains::Suspend => {
                self.leave(change, &user).await?;
                (EventKind::UserUpdated, Fate::Kept)
            }
        };
        match fate {
            Fate::Deleted => deleted.deleted += 1,
            Fate::Kept => deleted.kept += 1,
            Fate::Suspended => deleted.suspended += 1,
        }
        deleted.fates.push((user.id, fate));
        self.write(change, &mut user).await?;
        if before != user.state() {
            changes.push(json!({"attribute": "state", "old": before, "new": user.state()}));
        }
        self.tell(change, kind, &user, changes);
        Ok(())
    }

    /// Whether somebody who is suspended goes later on, and when.
    fn take_leave(
        &self,
        change: &Change<'_>,
        user: &mut UserRow,
        changes: &mut Vec<Value>,
    ) -> Fate {
        if self.remains != Remains::Delete {
            return Fate::Suspended;
        }
        let at = Time(change.now + limits::REMOVED_PERSON);
        changes.push(
            json!({"attribute": "delete_at", "old": user.delete_at.map(|it| it.0), "new": at.0}),
        );
        user.delete_at = Some(at);
        Fate::Deleted
    }

    async fn write(&self, change: &mut Change<'_>, user: &mut UserRow) -> Result<(), Error> {
        user.updated_at = change.time();
        Ok(change.tx.update_user(user).await?)
    }

    fn tell(
        &self,
        change: &mut Change<'_>,
        kind: EventKind,
        user: &UserRow,
        mut changes: Vec<Value>,
    ) {
        let (old, new) = (self.row.id, user.managed_by);
        changes.push(json!({"attribute": "managed_by", "old": old, "new": new}));
        let data = json!({"user_id": user.id, "connection_id": old, "changes": changes});
        change.record_of(user.id, kind, data);
    }

    /// Leaves somebody, as grants by hand, what the connection gave.
    async fn leave(&self, change: &mut Change<'_>, user: &UserRow) -> Result<(), Error> {
        let (role, projects) = self.given(user, change.now);
        let mut by_role: BTreeMap<RoleId, Vec<ProjectId>> = BTreeMap::new();
        for (project, role) in projects {
            by_role.entry(role).or_default().push(project);
        }
        let wide = role.map(|role| (self.row.id.to_string(), role, Vec::new()));
        let scoped = by_role.into_iter().map(|(role, projects)| {
            let reference = format!("{}:{role}", self.row.id);
            (reference, role, projects)
        });
        for (source_ref, role_id, projects) in wide.into_iter().chain(scoped) {
            let of = (GrantSource::Manual, source_ref);
            let row = change.mint().grant(user.id, role_id, of);
            change.give(&row, &projects).await?;
        }
        Ok(())
    }

    /// What a person has by the connection: the organization-wide role, and roles in projects;
    /// somebody suspended would have it.
    fn given(
        &self,
        user: &UserRow,
        now: jiff::Timestamp,
    ) -> (Option<RoleId>, BTreeMap<ProjectId, RoleId>) {
        let nothing = Vec::new();
        let grants = self.grants.get(&user.id).unwrap_or(&nothing);
        let before = self.world.users.get(&user.id).unwrap_or(user);
        let mut standing = self.world.standing(before);
        standing.active = true;
        let resolution = grant::resolve(&standing, grants, &self.world.book.roles, now);
        let is_its = |grant: &&Grant| grant.rule.is_some_and(|rule| rule.0 == self.row.id);
        let its: Vec<&Grant> = grants.iter().filter(is_its).collect();
        let wide = match resolution.because {
            Because::Grant(id) => its.iter().any(|grant| grant.id == id),
            Because::ConnectionDefault => true,
            Because::Inactive
            | Because::NoOrganizationGrant
            | Because::OrganizationDefault
            | Because::Owner => false,
        };
        let Entitlement { role, projects } = resolution.entitlement;
        let won = |grant: &&&Grant| resolution.verdicts.get(&grant.id) == Some(&Verdict::Won);
        let winners: Vec<&Grant> = its.iter().filter(won).copied().collect();
        let scoped = projects
            .into_iter()
            .filter(|(project, _)| winners.iter().any(|it| it.projects.contains(project)));
        (role.filter(|_| wide), scoped.collect())
    }
}

/// What a directory that is gone held against somebody, an admin can lift from now on.
fn free(user: &mut UserRow) {
    let held = [
        user.suspended_by_directory_at.take(),
        user.suspended_by_expiry_at.take(),
    ];
    for at in held.into_iter().flatten() {
        user.suspended_by_admin_at = user.suspended_by_admin_at.or(Some(at));
    }
}
