//! Invitations that were chosen in the list: all of them sent again, or taken back once that was looked at. Each is done
//! by itself, and what was not done is told, and why.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use axum::{Extension, Json};
use serde_json::json;

use crate::directory::invitation::Standing;
use crate::http::admin::asked::Unread;
use crate::http::admin::invitations;
use crate::http::admin::invitations::many::{self, OneDone};
use crate::http::console::filters;
use crate::http::console::frame::page;
use crate::http::console::invitations::again;
use crate::http::console::lists;
use crate::http::console::values::fault;
use crate::http::console::{Answer, Form, Frame, Section, Visitor};
use crate::http::reply::problem::{Problem, Type};
use crate::provisioning::invitations::view::Invitation;

/// What of a list the forms of its page keep, so that it is shown again as it was.
pub(super) const KEPT: [&str; 7] = [
    "state", "email", "role", "project", "import", "sort", "after",
];

/// Invitations that are chosen at once: a page of the list has no more.
const MOST: usize = 200;

/// What a form keeps of the list that it stands beside.
pub(super) fn kept_of(form: &Form) -> Vec<(String, String)> {
    let said = |name: &&str| Some(((*name).to_owned(), form.text(name)?.to_owned()));
    KEPT.iter().filter_map(said).collect()
}

/// Whether something can still be done with it.
pub(super) fn is_open(it: &Invitation) -> bool {
    match it.state {
        Standing::Expired | Standing::NeedsAttention | Standing::Pending => true,
        Standing::Accepted | Standing::Declined | Standing::Revoked | Standing::Superseded => false,
    }
}

/// An invitation that was chosen.
struct Chosen {
    id: String,
    /// The address; the id where there is no such invitation.
    who: String,
    /// How it stands.
    state: Option<Standing>,
}

#[derive(Template)]
#[template(path = "console/invitations_revoke.html")]
struct Asked {
    frame: Frame,
    chosen: Vec<Chosen>,
    /// What is asked, in words.
    question: String,
    kept: Vec<(String, String)>,
    back: String,
}

/// What became of one.
struct Row {
    id: String,
    who: String,
    is_done: bool,
    /// What was done, or why nothing was.
    says: String,
}

#[derive(Template)]
#[template(path = "console/invitations_many.html")]
struct Told {
    frame: Frame,
    /// How many it was done with, in words.
    summary: String,
    is_whole: bool,
    /// Whether it takes somebody who said a short while ago who they are.
    wants_anew: bool,
    rows: Vec<Row>,
    back: String,
}

/// Does what is asked with those that were chosen, or asks whether it is meant.
pub(super) async fn posted(visitor: &Visitor, slug: &str, mut form: Form) -> Answer {
    let ids = distinct(&form);
    if ids.is_empty() || ids.len() > MOST {
        let message = format!("Choose at least one invitation, and {MOST} at most.");
        lists::kept(&mut form, fault("ids", &message))?;
        return again(visitor, slug, form).await;
    }
    let chosen = chosen(visitor, slug, ids).await?;
    let frame = Frame::of(visitor, slug, Section::Invitations);
    let back = back(slug, &form);
    if form.action() == "revoke_chosen" {
        return Ok(page(&Asked {
            frame,
            question: match chosen.len() {
                1 => "Take 1 invitation back?".to_owned(),
                many => format!("Take {many} invitations back?"),
            },
            chosen,
            kept: kept_of(&form),
            back,
        }));
    }
    let is_revoked = form.action() == "revoke_them";
    let action = if is_revoked { "revoke" } else { "resend" };
    let ids: Vec<&str> = chosen.iter().map(|it| &*it.id).collect();
    let wanted = Unread::of(&json!({"ids": ids, "action": action}));
    let (of, request) = (Path(slug.to_owned()), Extension(visitor.request.clone()));
    let Json(done) = many::many(visitor.admin(), request, of, wanted).await?;
    let wants_anew = done.data.iter().any(is_too_old);
    let rows = chosen.into_iter().zip(done.data);
    let rows: Vec<Row> = rows.map(|(it, done)| row(it, done, is_revoked)).collect();
    Ok(page(&Told {
        frame,
        summary: summary(&rows, is_revoked),
        is_whole: rows.iter().all(|row| row.is_done),
        wants_anew,
        rows,
        back,
    }))
}

/// The ids that a form names, each once.
fn distinct(form: &Form) -> Vec<String> {
    let mut known = BTreeSet::new();
    let ids = form.all("ids").into_iter().map(str::to_lowercase);
    ids.filter(|id| known.insert(id.clone())).collect()
}

/// Those of these ids, in that order.
async fn chosen(visitor: &Visitor, slug: &str, ids: Vec<String>) -> Result<Vec<Chosen>, Problem> {
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let path = Path((slug.to_owned(), id.clone()));
        let (who, state) = match invitations::show(visitor.admin(), path).await {
            Ok(Json(it)) => (it.email, Some(it.state)),
            Err(problem) if problem.kind() == Type::NotFound => (id.clone(), None),
            Err(problem) => return Err(problem),
        };
        all.push(Chosen { id, who, state });
    }
    Ok(all)
}

/// The way back to the list as it was.
fn back(slug: &str, form: &Form) -> String {
    let list = format!("/console/organizations/{slug}/invitations");
    let query = lists::asked(form, &KEPT);
    if query.is_empty() {
        list
    } else {
        format!("{list}?{query}")
    }
}

fn is_too_old(done: &OneDone) -> bool {
    done.result == Type::SignInAnew.slug()
}

fn row(it: Chosen, done: OneDone, is_revoked: bool) -> Row {
    let is_news = it.state != Some(Standing::Revoked);
    let is_done = done.result == "done" && is_news;
    let says = match (is_done, done.detail, is_revoked) {
        (true, _, true) => "taken back: its link is dead".to_owned(),
        (true, Some(more), false) => format!("sent once more; {more}"),
        (true, None, false) => "sent once more".to_owned(),
        (false, Some(why), _) => why,
        (false, None, _) => "it was taken back before".to_owned(),
    };
    Row {
        id: it.id,
        who: it.who,
        is_done,
        says,
    }
}

fn summary(rows: &[Row], is_revoked: bool) -> String {
    let what = if is_revoked {
        "taken back"
    } else {
        "sent once more"
    };
    let done = rows.iter().filter(|row| row.is_done).count();
    match (done, rows.len()) {
        (1, 1) => format!("1 invitation was {what}."),
        (done, all) if done == all => format!("{all} invitations were {what}."),
        (done, all) => format!("{done} of {all} invitations were {what}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn became(state: Standing, result: &str, detail: Option<&str>) -> Row {
        let it = Chosen {
            id: "1".to_owned(),
            who: "a@b.example".to_owned(),
            state: Some(state),
        };
        let done = OneDone {
            id: "1".to_owned(),
            result: result.to_owned(),
            detail: detail.map(str::to_owned),
        };
        row(it, done, true)
    }

    #[test]
    fn no_more_is_claimed_than_was_done() {
        let rows = [
            became(Standing::Pending, "done", None),
            became(Standing::Revoked, "done", None),
            became(Standing::Accepted, "already_accepted", Some("it is in")),
        ];
        let is_done: Vec<_> = rows.iter().map(|row| row.is_done).collect();
        assert_eq!(is_done, [true, false, false]);
        let [_, before, accepted] = &rows;
        assert_eq!(before.says, "it was taken back before");
        assert_eq!(accepted.says, "it is in");
        assert_eq!(summary(&rows, true), "1 of 3 invitations were taken back.");
        assert_eq!(summary(&rows[..1], true), "1 invitation was taken back.");
    }
}
