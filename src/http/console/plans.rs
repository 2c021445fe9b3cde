//! Plans: what a change of the rules would do to people is shown first, and confirming what was shown is the only way
//! to make it.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::directory::mapping::Outcome;
use crate::directory::safeguard::Reaction;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::{connections, mapping_changes};
use crate::http::console::frame::page_with;
use crate::http::console::{Form, Frame, Section, Visitor, done};
use crate::http::reply::problem::{Problem, Type};
use crate::id::ConnectionId;
use crate::provisioning::safeguards::Outlook;
use crate::provisioning::settings::plan::{Difference, Plan, Roles};

/// The names of connections.
pub(super) type Names = BTreeMap<ConnectionId, String>;

/// A change of the rules that somebody asks for.
pub(super) struct Wish {
    /// The proposals, as the API takes them.
    pub(super) changes: Value,
    /// What it is, in a sentence.
    pub(super) what: String,
    /// The page that it is asked on: the last part of its address.
    pub(super) page: &'static str,
    /// The fields that say it, which the confirmation says again.
    pub(super) fields: Fields,
}

/// Fields of a form that another one says again.
pub(super) type Fields = Vec<(&'static str, String)>;

/// What a plan does, as pages tell it.
pub(super) struct Told {
    /// What it is known by.
    pub(super) digest: String,
    /// How many people's roles change.
    pub(super) count: usize,
    /// Who, by what becomes of them.
    pub(super) groups: Vec<Group>,
    /// What else is to be known of it.
    pub(super) remarks: Vec<String>,
}

/// People of whom the same becomes.
pub(super) struct Group {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// How many they are.
    pub(super) count: usize,
    /// Those who are named.
    pub(super) people: Vec<Person>,
    /// How many are not.
    pub(super) unnamed: usize,
}

/// What becomes of one person.
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Template)]
#[template(path = "console/mapping_plan.html")]
struct PlanPage {
    frame: Frame,
    plan: Told,
    wish: Wish,
    /// Whether another one was shown before.
    is_changed: bool,
}

/// What these fields of a form say.
pub(super) fn fields(form: &Form, names: &[&'static str]) -> Fields {
    let said = |name: &&'static str| {
        let name = *name;
        let all = form.all(name).into_iter();
        all.map(move |value| (name, value.to_owned()))
    };
    names.iter().flat_map(said).collect()
}

/// Shows what is asked for, or makes it as it was shown: where that is not what it would do any more, it is shown anew.
pub(super) async fn taken(
    visitor: &Visitor,
    slug: &str,
    form: &Form,
    wish: Wish,
) -> Result<Response, Problem> {
    if form.action() != "apply" {
        return shown(visitor, slug, wish, false).await;
    }
    let body = json!({"changes": wish.changes, "digest": form.value("digest")});
    let request = Extension(visitor.request.clone());
    let (admin, of) = (visitor.admin(), Path(slug.to_owned()));
    match mapping_changes::apply(admin, request, of, Unread::of(&body)).await {
        Ok((_, Json(applied))) => {
            let path = format!("/console/organizations/{slug}/{}", wish.page);
            let is_later = applied.recompute_id.is_some();
            Ok(done(&path, if is_later { "begun" } else { "saved" }))
        }
        Err(problem) if is_other(&problem) => shown(visitor, slug, wish, true).await,
        Err(problem) => Err(problem),
    }
}

/// Whether something is not what was shown.
pub(super) fn is_other(problem: &Problem) -> bool {
    matches!(
        problem.kind(),
        Type::PlanChanged | Type::PlanRequired | Type::Stale
    )
}

/// What is said after a plan was applied.
pub(super) fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "saved" => "Done, as it was shown.",
        "begun" => {
            "Done, as it was shown. The roles of many people are computed in batches: how far that is stands under \
             Roles and projects."
        }
        _ => return None,
    })
}

async fn shown(
    visitor: &Visitor,
    slug: &str,
    wish: Wish,
    is_changed: bool,
) -> Result<Response, Problem> {
    let body = json!({"changes": wish.changes});
    let request = Extension(visitor.request.clone());
    let (admin, of) = (visitor.admin(), Path(slug.to_owned()));
    let Json(plan) = mapping_changes::preview(admin, request, of, Unread::of(&body)).await?;
    let page = PlanPage {
        frame: Frame::of(visitor, slug, Section::Mappings),
        plan: Told::of(&plan, &names(visitor, slug).await?),
        wish,
        is_changed,
    };
    let status = if is_changed {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    Ok(page_with(status, &page))
}

/// The names of an organization's connections.
pub(super) async fn names(visitor: &Visitor, slug: &str) -> Result<Names, Problem> {
    let all = Asked::of("limit=200")?;
    let listed = connections::list(visitor.admin(), Path(slug.to_owned()), all).await;
    let Json(page) = listed?;
    Ok(page.data.into_iter().map(|it| (it.id, it.name)).collect())
}

impl Told {
    /// A plan, of an organization with these connections.
    pub(super) fn of(plan: &Plan, names: &Names) -> Self {
        let admins: BTreeSet<_> = plan.become_admin.iter().collect();
        let people = |is_it: &dyn Fn(&Difference) -> bool| -> Vec<Person> {
            let those = plan.people.iter().filter(|it| is_it(it));
            those.map(person).collect()
        };
        let of = |outcome: Outcome| people(&move |it: &Difference| it.outcome == outcome);
        let become_admin = people(&|it: &Difference| admins.contains(&it.user_id));
        let many = plan.become_admin.len();
        let groups = [
            ("become-admin", "Become an admin", many, become_admin),
            ("lose", "Lose", plan.lost, of(Outcome::Lost)),
            ("gain", "Gain", plan.gained, of(Outcome::Gained)),
            (
                "change",
                "Gain here and lose there",
                plan.changed,
                of(Outcome::Changed),
            ),
        ];
        let groups = groups.into_iter().filter(|(_, _, count, _)| *count > 0);
        Self {
            digest: plan.digest.clone(),
            count: plan.count(),
            groups: groups.map(group).collect(),
            remarks: remarks(plan, names),
        }
    }
}

fn group((id, title, count, people): (&'static str, &'static str, usize, Vec<Person>)) -> Group {
    Group {
        id,
        title,
        count,
        unnamed: count.saturating_sub(people.len()),
        people,
    }
}

fn person(it: &Difference) -> Person {
    let id = it.user_id.to_string();
    Person {
        name: it.email.clone().unwrap_or_else(|| id.clone()),
        id,
        from: held(&it.from),
        to: held(&it.to),
    }
}

/// What somebody may do, in a line.
fn held(roles: &Roles) -> String {
    let projects = roles.projects.iter();
    let projects = projects.map(|(project, role)| format!("{project}: {role}"));
    let all: Vec<_> = roles.role.iter().cloned().chain(projects).collect();
    if all.is_empty() {
        return "no role".to_owned();
    }
    all.join(", ")
}

fn remarks(plan: &Plan, names: &Names) -> Vec<String> {
    let mut all = Vec::new();
    if !plan.lose_every_role.is_empty() {
        let many = people(plan.lose_every_role.len());
        all.push(format!("{many} would have no role at all."));
    }
    if !plan.lose_last_project.is_empty() {
        let many = people(plan.lose_last_project.len());
        all.push(format!("{many} would lose the last role in a project."));
    }
    let tripped = plan.safeguard.iter().filter(|it| it.would_trip);
    all.extend(tripped.map(|it| outlook(it, names)));
    all
}

fn people(count: usize) -> String {
    if count == 1 {
        return "One person".to_owned();
    }
    format!("{count} people")
}

fn outlook(it: &Outlook, names: &Names) -> String {
    let name = names.get(&it.connection_id);
    let name = name.map_or("a connection", String::as_str);
    let does = match it.reaction {
        Reaction::Hold => "hold it",
        Reaction::Alarm | Reaction::Nothing => "sound an alarm",
    };
    format!(
        "If the directory of {name} did the same now, its safeguard would {does}. What an admin does is done at once."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_says_again_what_was_asked() {
        let form = Form::saying(&[
            ("csrf", "x"),
            ("role", "editor"),
            ("projects", "a"),
            ("projects", "b"),
            ("position", ""),
            ("digest", "old"),
        ]);
        let said = fields(&form, &["projects", "role", "position"]);
        let expected = [("projects", "a"), ("projects", "b"), ("role", "editor")];
        assert_eq!(said, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn roles_are_told_in_a_line() {
        let roles = |role: Option<&str>, projects: &[(&str, &str)]| Roles {
            role: role.map(str::to_owned),
            projects: projects
                .iter()
                .map(|(project, role)| ((*project).to_owned(), (*role).to_owned()))
                .collect(),
        };
        for (given, expected) in [
            (roles(None, &[]), "no role"),
            (roles(Some("editor"), &[]), "editor"),
            (
                roles(Some("viewer"), &[("a", "editor"), ("b", "editor")]),
                "viewer, a: editor, b: editor",
            ),
            (roles(None, &[("a", "editor")]), "a: editor"),
        ] {
            assert_eq!(held(&given), expected);
        }
    }

    #[test]
    fn a_plan_is_told_by_what_becomes_of_people() {
        let told = Told::of(
            &Plan {
                gained: 2,
                digest: "d".to_owned(),
                ..Plan::default()
            },
            &Names::new(),
        );
        let groups: Vec<_> = told
            .groups
            .iter()
            .map(|it| (it.title, it.unnamed))
            .collect();
        assert_eq!((told.count, &*told.digest), (2, "d"));
        assert_eq!(groups, [("Gain", 2)]);
        assert!(told.remarks.is_empty());
    }
}
