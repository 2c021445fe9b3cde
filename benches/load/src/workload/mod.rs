//! The workloads, each by its name: what it asks, and what a right answer is.

mod bulk;
pub(crate) mod group;
mod member;
mod page;
mod sign_in;
mod sync;
mod user;

use std::rc::Rc;

use clap::ValueEnum;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::http::{Connection, Origin};
use crate::people::People;
use crate::report::Line;
use crate::saml::{Exchange, IdentityProvider};

/// Operations that cost as much as many others come in rounds of one in so many.
const HEAVY: u64 = 100;

/// A workload.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, ValueEnum)]
pub(crate) enum Name {
    /// Create users.
    #[value(name = "W1")]
    W1,
    /// Get by id.
    #[value(name = "W2")]
    W2,
    /// Look up by userName.
    #[value(name = "W3")]
    W3,
    /// PATCH active, as Okta does it and as Entra does it.
    #[value(name = "W4")]
    W4,
    /// PUT a whole user.
    #[value(name = "W5")]
    W5,
    /// Create groups of 1,000; add and remove one member in groups of several sizes.
    #[value(name = "W6")]
    W6,
    /// Pages of 100: at the start, in the middle, at the end, and the whole list one behind the other.
    #[value(name = "W7")]
    W7,
    /// One user's sync: look-up, create, PATCH, into a group.
    #[value(name = "W8")]
    W8,
    /// Bulk requests of 1,000 creates.
    #[value(name = "W9")]
    W9,
    /// Sign-ins by SAML.
    #[value(name = "S1")]
    S1,
    /// Sign-ins by SAML with the code exchange.
    #[value(name = "S2")]
    S2,
}

/// What the workloads need to know.
pub(crate) struct Setting {
    /// The SCIM server.
    pub(crate) scim: Option<Origin>,
    /// Who is there; read when somebody is needed.
    pub(crate) people: Option<People>,
    /// What names of this run carry.
    pub(crate) tag: String,
    pub(crate) group_sizes: Vec<usize>,
    pub(crate) identity_provider: Option<Rc<IdentityProvider>>,
    /// How many people sign in.
    pub(crate) visitors: u64,
    pub(crate) exchange: Option<Rc<Exchange>>,
}

impl Setting {
    /// The SCIM server.
    pub(crate) fn scim(&self) -> Result<Origin, Failure> {
        let missing = || Failure::new("W1 to W9 need a SCIM server: give --base-url and --token");
        self.scim.clone().ok_or_else(missing)
    }

    /// Who is there.
    pub(crate) fn people(&self) -> Result<People, Failure> {
        let missing = || Failure::new("nobody was read");
        self.people.clone().ok_or_else(missing)
    }
}

impl Name {
    /// Whether it asks for people who are there.
    pub(crate) fn needs_people(self) -> bool {
        matches!(self, Self::W2 | Self::W3 | Self::W4 | Self::W5)
    }

    /// Whether it is asked of the SCIM server.
    pub(crate) fn is_scim(self) -> bool {
        !matches!(self, Self::S1 | Self::S2)
    }

    /// Measures it: a line, or one for each part.
    pub(crate) async fn measure(
        self,
        bench: &Bench,
        setting: &Setting,
    ) -> Result<Vec<Line>, Failure> {
        match self {
            Self::W1 => one(bench.measure("W1", 1, user::Create::new(setting)?).await),
            Self::W2 => one(bench.measure("W2", 1, user::Get::new(setting)?).await),
            Self::W3 => one(bench.measure("W3", 1, user::Look::new(setting)?).await),
            Self::W4 => {
                let okta = user::Activate::new(setting, user::Shape::Okta)?;
                let entra = user::Activate::new(setting, user::Shape::Entra)?;
                Ok(vec![
                    bench.measure("W4-okta", 1, okta).await?,
                    bench.measure("W4-entra", 1, entra).await?,
                ])
            }
            Self::W5 => one(bench.measure("W5", 1, user::Replace::new(setting)?).await),
            Self::W6 => groups(bench, setting).await,
            Self::W7 => pages(bench, setting).await,
            Self::W8 => one(bench.measure("W8", 4, sync::Sync::new(setting)?).await),
            Self::W9 => one(bench.measure("W9", HEAVY, bulk::Bulk::new(setting)?).await),
            Self::S1 => one(bench
                .measure("S1", 1, sign_in::SignIn::new(setting, false)?)
                .await),
            Self::S2 => one(bench
                .measure("S2", 1, sign_in::SignIn::new(setting, true)?)
                .await),
        }
    }
}

fn one(line: Result<Line, Failure>) -> Result<Vec<Line>, Failure> {
    Ok(vec![line?])
}

/// W6: a line for creating, and one for each size of group.
async fn groups(bench: &Bench, setting: &Setting) -> Result<Vec<Line>, Failure> {
    let origin = setting.scim()?;
    let mut connection = Connection::new(&origin, bench.patience);
    let crew = member::Crew::gather(&mut connection, setting, bench.connections).await?;
    let create = group::Create::new(setting, &crew)?;
    let mut lines = vec![bench.measure("W6-create", HEAVY, create).await?];
    for size in &setting.group_sizes {
        let Some(members) = crew.members(*size) else {
            eprintln!("W6-member-{size}: left out, there are not so many users");
            continue;
        };
        let name = format!("load-group-{size}");
        eprintln!("W6-member-{size}: the group is made");
        let group = group::anew(&mut connection, &name, members).await?;
        let workload = member::Change::new(setting, &crew, &group, *size)?;
        let line = bench
            .measure(&format!("W6-member-{size}"), 1, workload)
            .await;
        // Whoever is in large groups may be dearer to read: it goes, whatever came of it.
        group::delete(&mut connection, &group).await?;
        lines.push(line?);
    }
    Ok(lines)
}

/// W7: a line for each place, and one for the walk.
async fn pages(bench: &Bench, setting: &Setting) -> Result<Vec<Line>, Failure> {
    let origin = setting.scim()?;
    let mut connection = Connection::new(&origin, bench.patience);
    let total = crate::people::total(&mut connection).await?;
    let mut lines = Vec::new();
    for (name, place) in [
        ("W7-start", page::Place::Start),
        ("W7-middle", page::Place::Middle),
        ("W7-end", page::Place::End),
    ] {
        let workload = page::Page::new(setting, place, total)?;
        lines.push(bench.measure(name, 4, workload).await?);
    }
    let walk = page::Walk::new(setting, total)?;
    lines.push(bench.measure("W7-walk", 4, walk).await?);
    Ok(lines)
}
