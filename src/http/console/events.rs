//! Activity: what happened in an organization, the latest first; and its audit log, with what vouches for each line.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::Value;

use crate::directory::event::EventKind;
use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::audit::{self, AuditStretch};
use crate::http::admin::events;
use crate::http::admin::paging::Listing;
use crate::http::console::filters;
use crate::http::console::frame::{page, page_with};
use crate::http::console::lists::{self, next};
use crate::http::console::{Answer, Form, Frame, Section, Visitor};
use crate::http::reply::problem::{Problem, Type};
use crate::provisioning::audit::verify::{Fault, Report};
use crate::provisioning::audit::view::AuditLine;
use crate::provisioning::feed::Event;

/// Lines of the audit log on a page.
const LINES: u8 = 25;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/organizations/{slug}/events", get(list))
        .route("/console/organizations/{slug}/audit", get(log))
        .route(
            "/console/organizations/{slug}/audit/verification",
            get(verified),
        )
}

/// An event, and the person whom it is about.
pub(super) struct Told {
    pub(super) seq: i64,
    pub(super) kind: &'static str,
    pub(super) time: Timestamp,
    pub(super) actor: Option<String>,
    pub(super) cause: String,
    pub(super) data: Value,
    /// Whether there is anything to tell.
    pub(super) says: bool,
    /// The person's id.
    pub(super) person: Option<String>,
    /// What they are called.
    pub(super) name: String,
}

impl From<Event> for Told {
    fn from(event: Event) -> Self {
        let text = |name: &str| Some(event.data.get(name)?.as_str()?.to_owned());
        let person = text("user_id");
        let name = text("display_name").or_else(|| text("email"));
        Self {
            name: name.or_else(|| person.clone()).unwrap_or_default(),
            person,
            says: event.data.as_object().is_some_and(|it| !it.is_empty()),
            seq: event.seq,
            kind: event.kind.as_str(),
            time: event.time,
            actor: event.actor,
            cause: event.cause,
            data: event.data,
        }
    }
}

/// The latest events of an organization.
pub(super) async fn latest(
    visitor: &Visitor,
    slug: &str,
    limit: u64,
) -> Result<Vec<Told>, Problem> {
    let listing = Listing {
        limit: Some(limit),
        after: None,
    };
    let page = events::latest(visitor.admin(), slug, None, &listing).await?;
    Ok(page.data.into_iter().map(Told::from).collect())
}

#[derive(Template)]
#[template(path = "console/events.html")]
struct Listed {
    frame: Frame,
    form: Form,
    /// What may be looked for.
    types: Vec<(&'static str, &'static str)>,
    events: Vec<Told>,
    next: Option<String>,
}

/// `GET .../events`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let mut form = lists::form(query.as_deref());
    let kind = form.text("type").and_then(|word| word.parse().ok());
    let listing = Listing {
        limit: Some(u64::from(LINES)),
        after: form.text("after").map(str::to_owned),
    };
    let found = events::latest(visitor.admin(), &slug, kind, &listing).await;
    let (data, after) = match found {
        Ok(page) => (page.data, page.next),
        Err(problem) if problem.kind() == Type::InvalidParameter => {
            form.refused(&problem);
            (Vec::new(), None)
        }
        Err(problem) => return Err(problem.into()),
    };
    let words = EventKind::WORDS.iter().map(|word| (*word, *word));
    let shown = Listed {
        frame: Frame::of(&visitor, &slug, Section::Events),
        types: std::iter::once(("", "Any type")).chain(words).collect(),
        events: data.into_iter().map(Told::from).collect(),
        next: next(&form, &["type"], after),
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct Log {
    frame: Frame,
    lines: Vec<AuditLine>,
    older: Option<i64>,
    newer: Option<i64>,
}

/// `GET .../audit`: the latest lines, unless others are asked for.
async fn log(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let form = lists::form(query.as_deref());
    let latest = latest(&visitor, &slug, 1).await?;
    let last = latest.first().map_or(0, |event| event.seq);
    let lines = i64::from(LINES);
    let asked = form.text("after").and_then(|text| text.parse().ok());
    let after = asked.unwrap_or(last - lines).clamp(0, last.max(0));
    let stretch = Asked(AuditStretch {
        after: Some(after),
        limit: Some(u64::from(LINES)),
    });
    let Json(found) = audit::read(visitor.admin(), Path(slug.clone()), stretch).await?;
    let mut all = found.data;
    // Where lines are kept no longer, the first one is not the one after.
    let goes_on = all.first().is_some_and(|line| line.seq == after + 1);
    let older = (after > 0 && goes_on).then_some((after - lines).max(0));
    let newer = (found.next < last).then_some(found.next);
    all.reverse();
    Ok(page(&Log {
        frame: Frame::of(&visitor, &slug, Section::Events),
        lines: all,
        older,
        newer,
    }))
}

/// A place where the log does not hold.
struct Break {
    place: String,
    /// The way to its lines; none where it is not at one.
    href: Option<String>,
    says: String,
}

#[derive(Template)]
#[template(path = "console/audit_verification.html")]
struct Verified {
    frame: Frame,
    it: Report,
    /// What was found, in a sentence.
    verdict: String,
    breaks: Vec<Break>,
    now: Timestamp,
}

/// `GET .../audit/verification`: whether the log is as it was written.
async fn verified(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let Json(it) = audit::verification(visitor.admin(), Path(slug.clone())).await?;
    Ok(page(&Verified {
        frame: Frame::of(&visitor, &slug, Section::Events),
        verdict: verdict(&it),
        breaks: it.faults.iter().map(broken).collect(),
        now: visitor.gateway.ids.clock().now(),
        it,
    }))
}

fn verdict(it: &Report) -> String {
    let lines = match it.rows {
        1 => "1 line".to_owned(),
        many => format!("{many} lines"),
    };
    if it.good {
        return format!("{lines}, whole: each is as it was written, and none is gone.");
    }
    let places = match (it.faults.len(), it.more) {
        (1, false) => "at 1 place".to_owned(),
        (many, false) => format!("at {many} places"),
        (many, true) => format!("at more than {many} places"),
    };
    format!("{lines}, and the log is not as it was written: it breaks {places}.")
}

fn broken(fault: &Fault) -> Break {
    let place = match (fault.seq, fault.through) {
        (0, _) => "The log".to_owned(),
        (from, None) => format!("Line {from}"),
        (from, Some(through)) => format!("Lines {from} to {through}"),
    };
    let first = fault.seq;
    Break {
        place,
        href: (first > 0).then(|| format!("audit?after={}", first - 1)),
        says: fault.says.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::audit::verify::FaultKind;

    fn report(rows: u64, faults: Vec<Fault>, more: bool) -> Report {
        Report {
            good: faults.is_empty(),
            rows,
            before_the_chain: 0,
            base: 0,
            head: 12,
            checkpoints: 0,
            outdated_checkpoints: 0,
            faults,
            more,
        }
    }

    #[test]
    fn a_log_is_whole_or_breaks_somewhere() {
        let fault = |seq, through| Fault {
            seq,
            through,
            kind: FaultKind::Missing,
            says: "rows are gone".to_owned(),
        };
        let whole = verdict(&report(12, Vec::new(), false));
        assert!(whole.starts_with("12 lines, whole"), "{whole}");
        let one = verdict(&report(1, vec![fault(5, None)], false));
        assert!(one.starts_with("1 line, and"), "{one}");
        assert!(one.ends_with("at 1 place."), "{one}");
        let more = verdict(&report(9, vec![fault(5, None), fault(7, None)], true));
        assert!(more.ends_with("at more than 2 places."), "{more}");
        for (seq, through, place) in [
            (0, None, "The log"),
            (5, None, "Line 5"),
            (5, Some(6), "Lines 5 to 6"),
        ] {
            assert_eq!(broken(&fault(seq, through)).place, place);
        }
    }
}
