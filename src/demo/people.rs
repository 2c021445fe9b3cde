//! The people as the admin API tells them: who is in, with which role, and why.

use serde::Serialize;
use serde_json::Value;

use crate::demo::channels::ANNIE;
use crate::demo::client::Asked;
use crate::demo::expect::{Unexpected, ensure, says, text};
use crate::demo::portal::{ADA, Employee, GRACE, KATHERINE, MARGARET};
use crate::demo::setting::{Acme, ROLE, SLUG};
use crate::demo::transcript::{Stopped, Transcript, Went};

/// A line of the table.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) state: String,
    pub(super) role: Option<String>,
    pub(super) why: String,
}

impl Person {
    /// What the table shows.
    pub(super) fn cells(&self) -> [String; 5] {
        let role = self.role.clone().unwrap_or_else(|| "-".to_owned());
        [
            self.name.clone(),
            self.email.clone(),
            role,
            self.why.clone(),
            self.state.clone(),
        ]
    }
}

/// The group gives the role, from both directories; who is in no group has the default.
pub(super) async fn roles_follow(acme: &Acme, transcript: &mut Transcript) -> Result<(), Stopped> {
    for (who, role, because) in [
        (&ADA, Some(ROLE), "grant"),
        (&MARGARET, Some(ROLE), "grant"),
        (&GRACE, Some("viewer"), "organization_default"),
        (&KATHERINE, None, "inactive"),
    ] {
        let step = format!(
            "{} has {}",
            who.given,
            role.map_or("no role".to_owned(), |role| format!("the role {role}"))
        );
        let asked = "GET /api/v1/organizations/acme/users/ID/explain";
        transcript
            .step(&step, asked, holds(acme, who, role, because))
            .await?;
    }
    Ok(())
}

async fn holds(acme: &Acme, who: &Employee, role: Option<&str>, because: &str) -> Went<()> {
    let path = format!("/users?email={}", who.address);
    let found = ask(acme, &path).await?;
    let user = found
        .pointer("/data/0")
        .ok_or_else(|| Unexpected("nobody was found".into()))?;
    let explained = ask(acme, &format!("/users/{}/explain", text(user, "/id")?)).await?;
    says(&explained, "/role", role)?;
    says(&explained, "/because/source", because)?;
    Ok(((), format!("200, {}", why(acme, &explained))))
}

/// Shows everybody at the end; Ada and Katherine are out.
pub(super) async fn table(acme: &Acme, transcript: &mut Transcript) -> Result<(), Stopped> {
    let asked = "GET /api/v1/organizations/acme/users, and explain each";
    let work = everybody(acme);
    let people = transcript.step("Everybody at Acme", asked, work).await?;
    transcript.people(people);
    Ok(())
}

async fn everybody(acme: &Acme) -> Went<Vec<Person>> {
    let found = ask(acme, "/users").await?;
    let users = found.get("data").and_then(Value::as_array);
    let mut people = Vec::new();
    for user in users.into_iter().flatten() {
        let explained = ask(acme, &format!("/users/{}/explain", text(user, "/id")?)).await?;
        let name = user.get("display_name").and_then(Value::as_str);
        people.push(Person {
            name: name.map_or_else(|| "-".to_owned(), str::to_owned),
            email: text(user, "/email")?,
            state: text(user, "/state")?,
            role: user.get("role").and_then(Value::as_str).map(str::to_owned),
            why: why(acme, &explained),
        });
    }
    for (address, state, role) in [
        (ADA.address, "suspended", None),
        (GRACE.address, "active", Some("viewer")),
        (MARGARET.address, "active", Some(ROLE)),
        (KATHERINE.address, "suspended", None),
        (ANNIE, "active", None),
    ] {
        let person = people.iter().find(|person| person.email == address);
        let person = person.ok_or_else(|| Unexpected(format!("{address} is missing")))?;
        let (as_is, held) = (person.state.as_str(), person.role.as_deref());
        let told = format!("{address} is {as_is} with the role {held:?}");
        ensure((as_is, held) == (state, role), told)?;
    }
    ensure(
        people.len() == 5,
        format!("{} people are there, not 5", people.len()),
    )?;
    let answered = format!("200, {} people, 3 of them active", people.len());
    Ok((people, answered))
}

/// Asks the admin API about the organization.
pub(super) async fn ask(acme: &Acme, path: &str) -> Result<Value, Unexpected> {
    let url = format!("{}/api/v1/organizations/{SLUG}{path}", acme.public_url);
    acme.client
        .send(Asked::get(url).bearer(&acme.key)?)
        .await?
        .expect(200)?
        .json()
}

/// What decided, in words.
fn why(acme: &Acme, explained: &Value) -> String {
    let because = |name: &str| explained.pointer(&format!("/because/{name}"));
    let source = because("source")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let decided = because("grant_id").and_then(Value::as_str);
    let candidates = explained.get("candidates").and_then(Value::as_array);
    let grant = candidates.into_iter().flatten().find(|candidate| {
        decided.is_some() && candidate.get("grant_id").and_then(Value::as_str) == decided
    });
    let of_grant = |pointer: &str| {
        grant
            .and_then(|grant| grant.pointer(pointer))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    match source {
        "grant" => {
            let connection = of_grant("/mapping/connection_id");
            let named = [&acme.okta, &acme.entra];
            let from = named
                .into_iter()
                .find(|known| known.id.to_string() == connection);
            let from = from.map_or("another connection", |known| known.kind.name());
            format!(
                "in {} of {from}, by the rule {} -> {}",
                of_grant("/group/display_name"),
                of_grant("/mapping/match_text"),
                of_grant("/role")
            )
        }
        "organization_default" => "the organization's default".to_owned(),
        "project_grants_only" => {
            let projects = explained.get("projects").and_then(Value::as_array);
            let held = projects.into_iter().flatten().map(|held| {
                let said = |name| held.get(name).and_then(Value::as_str).unwrap_or_default();
                format!("{} in {}", said("role"), said("slug"))
            });
            let held = held.collect::<Vec<_>>().join(", ");
            format!("{held}, by an invitation")
        }
        "inactive" => "deactivated by the directory".to_owned(),
        other => other.to_owned(),
    }
}
