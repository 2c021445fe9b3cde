//! W6, first part: groups of 1,000 are created.

use std::cell::RefCell;

use crate::drive::{Lane, Workload};
use crate::failure::{Failure, Wrong, ensure};
use crate::http::{Asked, Connection, Origin};
use crate::people::{Resource, found, patch};
use crate::workload::Setting;
use crate::workload::member::Crew;

/// Members of a created group.
const MEMBERS: usize = 1_000;
/// Members of one request, where a group is made that has more.
const PART: usize = 10_000;

/// Groups are created.
pub(crate) struct Create {
    origin: Origin,
    tag: String,
    members: String,
    count: usize,
    /// Those of the round.
    made: RefCell<Vec<String>>,
}

impl Create {
    pub(super) fn new(setting: &Setting, crew: &Crew) -> Result<Self, Failure> {
        let members = crew.at_most(MEMBERS);
        if members.len() < MEMBERS {
            eprintln!(
                "W6-create: only {} users are there, so many are the members",
                members.len()
            );
        }
        Ok(Self {
            origin: setting.scim()?,
            tag: setting.tag.clone(),
            members: values(members),
            count: members.len(),
            made: RefCell::default(),
        })
    }
}

impl Workload for Create {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let name = format!("load-w6-{}-{number}", self.tag);
        let id = post(&mut lane.connection, &name, &self.members).await?;
        self.made.borrow_mut().push(id);
        Ok(())
    }

    /// The last one has its members; then all of them go, so that nobody is in more and more groups.
    async fn check(&self, lane: &mut Lane) -> Result<(), Wrong> {
        let made = self.made.take();
        let holds = match made.last() {
            Some(last) => holds(&mut lane.connection, last, self.count, &[]).await,
            None => Ok(()),
        };
        for id in &made {
            delete(&mut lane.connection, id).await?;
        }
        holds
    }
}

/// Creates a group of any size; answers its id.
pub(crate) async fn create(
    connection: &mut Connection,
    name: &str,
    members: &[String],
) -> Result<String, Wrong> {
    let (first, others) = members.split_at(members.len().min(PART));
    let id = post(connection, name, &values(first)).await?;
    for part in others.chunks(PART) {
        let members = values(part);
        let operation = format!(r#"{{"op":"add","path":"members","value":[{members}]}}"#);
        change(connection, &id, &operation).await?;
    }
    Ok(id)
}

/// Creates a group of any size, in the place of one that an earlier run has left.
pub(super) async fn anew(
    connection: &mut Connection,
    name: &str,
    members: &[String],
) -> Result<String, Wrong> {
    let left = found(connection, "/Groups", "displayName", name).await?;
    for group in &left.resources {
        delete(connection, &group.id).await?;
    }
    create(connection, name, members).await
}

/// Changes a group.
pub(super) async fn change(
    connection: &mut Connection,
    id: &str,
    operation: &str,
) -> Result<(), Wrong> {
    let asked = Asked::patch(format!("/Groups/{id}"), patch(operation));
    connection.ask(asked).await?.expect(&[200, 204]).map(drop)
}

/// Deletes a group.
pub(super) async fn delete(connection: &mut Connection, id: &str) -> Result<(), Wrong> {
    let asked = Asked::delete(format!("/Groups/{id}"));
    connection.ask(asked).await?.expect(&[204]).map(drop)
}

/// Whether a group has so many members, these among them.
pub(super) async fn holds(
    connection: &mut Connection,
    id: &str,
    count: usize,
    among: &[&str],
) -> Result<(), Wrong> {
    let asked = Asked::get(format!("/Groups/{id}"));
    let group: Resource = connection.ask(asked).await?.expect(&[200])?.json()?;
    let came = group.members.len();
    ensure(came == count, || {
        format!("the group has {came} members, not {count}")
    })?;
    let has = |id: &&&str| group.members.iter().any(|member| member.value == **id);
    let missing = among.iter().find(|id| !has(id));
    ensure(missing.is_none(), || {
        format!("the group does not have the member {missing:?}")
    })
}

async fn post(connection: &mut Connection, name: &str, members: &str) -> Result<String, Wrong> {
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"{name}","members":[{members}]}}"#
    );
    let asked = Asked::post("/Groups", body);
    let group: Resource = connection.ask(asked).await?.expect(&[201])?.json()?;
    ensure(!group.id.is_empty(), || "the group has no id".to_owned())?;
    Ok(group.id)
}

fn values(members: &[String]) -> String {
    let values: Vec<String> = members
        .iter()
        .map(|id| format!(r#"{{"value":"{id}"}}"#))
        .collect();
    values.join(",")
}
