//! The removal of a connection: what it would do is shown first, and what was shown is done.

use askama::Template;
use axum::extract::Path;
use axum::{Extension, Json};
use serde_json::json;

use crate::directory::connection::Remains;
use crate::http::admin::asked::Unread;
use crate::http::admin::connections::removal;
use crate::http::console::connection_change::refused;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists;
use crate::http::console::{Answer, Form, Frame, Section, Visitor, done};
use crate::provisioning::settings::connection_end::{Parted, Removal};
use crate::provisioning::settings::plan::Roles;

/// People who are shown one by one.
const SHOWN: usize = 200;

/// Somebody who comes by the connection.
struct Row {
    id: String,
    who: String,
    becomes: &'static str,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "console/connection_removal.html")]
struct Preview {
    frame: Frame,
    form: Form,
    it: Removal,
    rows: Vec<Row>,
    /// How many more people there are than rows.
    others: usize,
    /// What becomes of the people whom no other connection knows.
    fate: &'static str,
    /// Whether the connection's safeguard would not let its directory do as much.
    would_trip: bool,
}

/// Shows what the removal would do, or makes it.
pub(super) async fn posted(visitor: &Visitor, (slug, id): (&str, &str), mut form: Form) -> Answer {
    let path = || Path((slug.to_owned(), id.to_owned()));
    let request = || Extension(visitor.request.clone());
    let people = form.value("people").to_owned();
    if form.action() == "remove" {
        let wanted = json!({"people": people, "digest": form.value("digest")});
        let body = Unread::of(&wanted);
        match removal::apply(visitor.admin(), request(), path(), body).await {
            Ok(_) => {
                let list = format!("/console/organizations/{slug}/connections");
                return Ok(done(&list, "remove"));
            }
            // What it would do by now is shown below.
            Err(problem) => lists::kept(&mut form, problem)?,
        }
    }
    let body = Unread::of(&json!({"people": people}));
    match removal::preview(visitor.admin(), request(), path(), body).await {
        Ok(Json(it)) => {
            let frame = Frame::of(visitor, slug, Section::Connections);
            let status = form.status();
            Ok(page_with(status, &preview(frame, form, it)))
        }
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            refused(visitor, (slug, id), form).await
        }
    }
}

fn preview(frame: Frame, form: Form, it: Removal) -> Preview {
    let fate = match it.remains {
        Remains::Delete => {
            "are suspended now, and deleted after 30 days unless an admin lets them in"
        }
        Remains::Keep => "stay, with the role that they have",
        Remains::Suspend => "stay and are suspended, until an admin lets them in",
    };
    Preview {
        frame,
        form,
        rows: it.people.iter().take(SHOWN).map(row).collect(),
        others: it.people.len().saturating_sub(SHOWN),
        fate,
        would_trip: it.safeguard.iter().any(|outlook| outlook.would_trip),
        it,
    }
}

fn row(parted: &Parted) -> Row {
    let id = parted.user_id.to_string();
    Row {
        who: parted.email.clone().unwrap_or_else(|| id.clone()),
        id,
        becomes: parted.becomes.as_str(),
        from: told(&parted.from),
        to: told(&parted.to),
    }
}

/// Roles in a few words.
fn told(roles: &Roles) -> String {
    let wide = roles.role.clone();
    let projects = roles.projects.iter();
    let projects = projects.map(|(project, role)| format!("{project}: {role}"));
    let all: Vec<_> = wide.into_iter().chain(projects).collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn roles_are_told_in_a_few_words() {
        let projects = BTreeMap::from([("web".to_owned(), "editor".to_owned())]);
        let mut roles = Roles {
            role: Some("viewer".to_owned()),
            projects,
        };
        assert_eq!(told(&roles), "viewer, web: editor");
        roles.role = None;
        assert_eq!(told(&roles), "web: editor");
        roles.projects.clear();
        assert_eq!(told(&roles), "none");
    }
}
