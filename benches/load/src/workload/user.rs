//! W1 to W5: one user at a time.

use crate::drive::{Lane, Workload};
use crate::failure::{Failure, Wrong, ensure};
use crate::http::{Asked, Connection, Origin};
use crate::people::{People, Person, Resource, created_name, document, found, patch};
use crate::workload::Setting;

/// How many users are read back after a round.
const READ_BACK: usize = 20;

/// W1: create users.
pub(super) struct Create {
    origin: Origin,
    tag: String,
}

/// W2: get users by id.
pub(super) struct Get {
    origin: Origin,
    people: People,
}

/// W3: look users up by userName.
pub(super) struct Look {
    origin: Origin,
    people: People,
}

/// W4: deactivate users, and activate them again.
pub(super) struct Activate {
    origin: Origin,
    people: People,
    shape: Shape,
}

/// How a directory says whether somebody is active.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A path, the operation with a capital, the boolean as text.
    Entra,
    /// A value without a path.
    Okta,
}

/// W5: replace users.
pub(super) struct Replace {
    origin: Origin,
    people: People,
}

impl Create {
    pub(super) fn new(setting: &Setting) -> Result<Self, Failure> {
        let (origin, tag) = (setting.scim()?, setting.tag.clone());
        Ok(Self { origin, tag })
    }
}

impl Workload for Create {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let name = created_name("w1", &self.tag, number);
        create(&mut lane.connection, &name).await.map(drop)
    }
}

/// Creates a user; answers its id.
pub(super) async fn create(connection: &mut Connection, name: &str) -> Result<String, Wrong> {
    let asked = Asked::post("/Users", document(name, "Engineer"));
    let user: Resource = connection.ask(asked).await?.expect(&[201])?.json()?;
    is(&user.user_name, name, "userName")?;
    ensure(!user.id.is_empty(), || "the user has no id".to_owned())?;
    Ok(user.id)
}

impl Get {
    pub(super) fn new(setting: &Setting) -> Result<Self, Failure> {
        let (origin, people) = (setting.scim()?, setting.people()?);
        Ok(Self { origin, people })
    }
}

impl Workload for Get {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let person = somebody(self.people.any(number))?;
        let user = read(&mut lane.connection, person).await?;
        is(&user.user_name, &person.user_name, "userName")
    }
}

impl Look {
    pub(super) fn new(setting: &Setting) -> Result<Self, Failure> {
        let (origin, people) = (setting.scim()?, setting.people()?);
        Ok(Self { origin, people })
    }
}

impl Workload for Look {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let person = somebody(self.people.any(number))?;
        let name = &person.user_name;
        let list = found(&mut lane.connection, "/Users", "userName", name).await?;
        ensure(list.total == 1, || {
            format!("{} users are called {name}", list.total)
        })?;
        let id = list.resources.first().map(|user| user.id.as_str());
        is(id.unwrap_or_default(), &person.id, "id")
    }
}

impl Activate {
    pub(super) fn new(setting: &Setting, shape: Shape) -> Result<Self, Failure> {
        let (origin, people) = (setting.scim()?, setting.people()?);
        Ok(Self {
            origin,
            people,
            shape,
        })
    }

    async fn change(&self, connection: &mut Connection, person: &Person) -> Result<(), Wrong> {
        let active = !person.active.get();
        let body = patch(&self.shape.operation(active));
        let asked = Asked::patch(format!("/Users/{}", person.id), body);
        let answer = connection.ask(asked).await?.expect(&[200, 204])?;
        if answer.status == 200 {
            let user: Resource = answer.json()?;
            is(&user.id, &person.id, "id")?;
            is_active(user.active, active)?;
        }
        person.active.set(active);
        Ok(())
    }
}

impl Workload for Activate {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, _number: u64) -> Result<(), Wrong> {
        let person = somebody(self.people.nth(lane.own(self.people.len())))?;
        self.change(&mut lane.connection, person).await
    }

    /// Some are read; then everybody is active again, as the next workload expects it.
    async fn check(&self, lane: &mut Lane) -> Result<(), Wrong> {
        let inactive = self.people.iter().filter(|person| !person.active.get());
        let some = inactive
            .take(READ_BACK)
            .chain(self.people.iter().take(READ_BACK));
        for person in some {
            let user = read(&mut lane.connection, person).await?;
            is_active(user.active, person.active.get())?;
        }
        for person in self.people.iter().filter(|person| !person.active.get()) {
            self.change(&mut lane.connection, person).await?;
        }
        Ok(())
    }
}

impl Shape {
    fn operation(self, active: bool) -> String {
        match (self, active) {
            (Self::Entra, true) => r#"{"op":"Replace","path":"active","value":"True"}"#.to_owned(),
            (Self::Entra, false) => {
                r#"{"op":"Replace","path":"active","value":"False"}"#.to_owned()
            }
            (Self::Okta, active) => {
                format!(r#"{{"op":"replace","value":{{"active":{active}}}}}"#)
            }
        }
    }
}

impl Replace {
    pub(super) fn new(setting: &Setting) -> Result<Self, Failure> {
        let (origin, people) = (setting.scim()?, setting.people()?);
        Ok(Self { origin, people })
    }
}

impl Workload for Replace {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let person = somebody(self.people.nth(lane.own(self.people.len())))?;
        // Another title each time: a server that sees no change may do nothing.
        let title = format!("Engineer {number}");
        let body = document(&person.user_name, &title);
        let asked = Asked::put(format!("/Users/{}", person.id), body);
        let user: Resource = lane.connection.ask(asked).await?.expect(&[200])?.json()?;
        is(&user.id, &person.id, "id")?;
        is(user.title.as_deref().unwrap_or_default(), &title, "title")
    }
}

/// Reads somebody.
async fn read(connection: &mut Connection, person: &Person) -> Result<Resource, Wrong> {
    let asked = Asked::get(format!("/Users/{}", person.id));
    let user: Resource = connection.ask(asked).await?.expect(&[200])?.json()?;
    is(&user.id, &person.id, "id")?;
    Ok(user)
}

fn somebody(person: Option<&Person>) -> Result<&Person, Wrong> {
    person.ok_or_else(|| Wrong::new("nobody is there"))
}

fn is_active(came: Option<bool>, expected: bool) -> Result<(), Wrong> {
    // RFC 7643 §4.1.1: what is left out is not known, so that it is not enough.
    let holds = came == Some(expected);
    ensure(holds, || {
        format!("expected active {expected}, came {came:?}")
    })
}

fn is(came: &str, expected: &str, what: &str) -> Result<(), Wrong> {
    ensure(came == expected, || {
        format!("expected the {what} {expected}, came {came:?}")
    })
}
