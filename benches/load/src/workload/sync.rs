//! W8: one user's sync as an identity provider does it: look-up, create, PATCH, into a group.

use std::cell::RefCell;

use crate::drive::{Lane, Workload};
use crate::failure::{Failure, Wrong, ensure};
use crate::http::{Asked, Origin};
use crate::people::{created_name, found, patch};
use crate::workload::{Setting, group, user};

/// The sync.
pub(super) struct Sync {
    origin: Origin,
    tag: String,
    group: RefCell<String>,
    members: RefCell<Vec<String>>,
}

impl Sync {
    pub(super) fn new(setting: &Setting) -> Result<Self, Failure> {
        Ok(Self {
            origin: setting.scim()?,
            tag: setting.tag.clone(),
            group: RefCell::default(),
            members: RefCell::default(),
        })
    }
}

impl Workload for Sync {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A group of its own each round.
    async fn prepare(&self, lane: &mut Lane, _operations: u64) -> Result<(), Failure> {
        let made = group::anew(&mut lane.connection, "load-w8", &[]).await?;
        self.group.replace(made);
        self.members.borrow_mut().clear();
        Ok(())
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let name = created_name("w8", &self.tag, number);
        let connection = &mut lane.connection;
        let known = found(connection, "/Users", "userName", &name).await?;
        ensure(known.total == 0, || format!("{name} is there already"))?;
        let id = user::create(connection, &name).await?;
        let operation = r#"{"op":"replace","value":{"title":"Manager"}}"#;
        let asked = Asked::patch(format!("/Users/{id}"), patch(operation));
        connection.ask(asked).await?.expect(&[200, 204])?;
        let group = self.group.borrow().clone();
        let operation = format!(r#"{{"op":"add","path":"members","value":[{{"value":"{id}"}}]}}"#);
        group::change(connection, &group, &operation).await?;
        self.members.borrow_mut().push(id);
        Ok(())
    }

    /// Everybody is in the group, which then goes; one of them is what the PATCH said.
    async fn check(&self, lane: &mut Lane) -> Result<(), Wrong> {
        let (group, members) = (self.group.take(), self.members.take());
        let last: Vec<&str> = members.last().map(String::as_str).into_iter().collect();
        let held = group::holds(&mut lane.connection, &group, members.len(), &last).await;
        group::delete(&mut lane.connection, &group).await?;
        held?;
        for id in last {
            let asked = Asked::get(format!("/Users/{id}"));
            let answer = lane.connection.ask(asked).await?.expect(&[200])?;
            let user: crate::people::Resource = answer.json()?;
            let title = user.title.as_deref();
            ensure(title == Some("Manager"), || {
                format!("expected the title Manager, came {title:?}")
            })?;
        }
        Ok(())
    }
}
