//! W6, second part: one member is added and removed, in groups of several sizes. Every connection adds
//! somebody of its own and removes the same again, so that each change is one and the size stays.

use std::cell::RefCell;

use crate::drive::{Lane, Workload};
use crate::failure::{Failure, Wrong};
use crate::http::{Connection, Origin};
use crate::people::{DOMAIN, found, ids};
use crate::workload::{Setting, group, user};

/// How those are called who come and go.
const OUTSIDER: &str = "outsider-";

/// Who is in the groups, and who comes and goes.
pub(super) struct Crew {
    members: Vec<String>,
    outsiders: Vec<String>,
}

impl Crew {
    /// As many users as the largest group has, and one more for each connection.
    pub(super) async fn gather(
        connection: &mut Connection,
        setting: &Setting,
        lanes: usize,
    ) -> Result<Self, Failure> {
        let mut outsiders = Vec::with_capacity(lanes);
        for number in 1..=lanes {
            let name = format!("{OUTSIDER}{number:07}@{DOMAIN}");
            let known = found(connection, "/Users", "userName", &name).await?;
            outsiders.push(match known.resources.into_iter().next() {
                Some(user) => user.id,
                None => user::create(connection, &name).await?,
            });
        }
        let largest = setting
            .group_sizes
            .iter()
            .max()
            .copied()
            .unwrap_or_default();
        let members = ids(connection, largest.max(1_000), Some(OUTSIDER)).await?;
        Ok(Self { members, outsiders })
    }

    /// So many members, if there are as many.
    pub(super) fn members(&self, count: usize) -> Option<&[String]> {
        self.members.get(..count)
    }

    /// So many members, or all.
    pub(super) fn at_most(&self, count: usize) -> &[String] {
        self.members(count).unwrap_or(&self.members)
    }
}

/// Members come and go.
pub(super) struct Change {
    origin: Origin,
    group: String,
    size: usize,
    /// Of each connection: who, and whether they are in.
    outsiders: RefCell<Vec<(String, bool)>>,
}

impl Change {
    pub(super) fn new(
        setting: &Setting,
        crew: &Crew,
        group: &str,
        size: usize,
    ) -> Result<Self, Failure> {
        let outsiders = crew.outsiders.iter().map(|id| (id.clone(), false));
        Ok(Self {
            origin: setting.scim()?,
            group: group.to_owned(),
            size,
            outsiders: RefCell::new(outsiders.collect()),
        })
    }
}

impl Workload for Change {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, _number: u64) -> Result<(), Wrong> {
        let nobody = || Wrong::new("this connection has nobody");
        let (id, is_in) = self
            .outsiders
            .borrow()
            .get(lane.index)
            .cloned()
            .ok_or_else(nobody)?;
        let operation = if is_in {
            format!(r#"{{"op":"remove","path":"members[value eq \"{id}\"]"}}"#)
        } else {
            format!(r#"{{"op":"add","path":"members","value":[{{"value":"{id}"}}]}}"#)
        };
        group::change(&mut lane.connection, &self.group, &operation).await?;
        if let Some(outsider) = self.outsiders.borrow_mut().get_mut(lane.index) {
            outsider.1 = !is_in;
        }
        Ok(())
    }

    /// The group has its members, and of the others those whose last change was to come.
    async fn check(&self, lane: &mut Lane) -> Result<(), Wrong> {
        let outsiders = self.outsiders.borrow().clone();
        let inside = outsiders.iter().filter(|(_, is_in)| *is_in);
        let inside: Vec<&str> = inside.map(|(id, _)| id.as_str()).collect();
        let count = self.size + inside.len();
        group::holds(&mut lane.connection, &self.group, count, &inside).await
    }
}
