//! A file of people on its way in: it is looked at first, with everything that is wrong in its place, and then just
//! what was looked at is carried out.

use askama::Template;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::admin::imports::{self, Wish};
use crate::http::console::frame::page_with;
use crate::http::console::import_errors;
use crate::http::console::imports::draw;
use crate::http::console::invitations::{DAYS, day_of_expiry, fresh, kept};
use crate::http::console::visitor::CSRF;
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::problem::{Problem, Type};
use crate::provisioning::import::{ImportOutcome, ImportReport};
use crate::roster::{Finding, Judged, Outcome, SkipReason};

/// The columns whose cells are shown.
const COLUMNS: [&str; 3] = ["email", "role", "projects"];

/// A file is only looked at.
const LOOK: (&str, &str) = ("dry_run", "true");

/// `POST .../imports`: a file is sent, and looked at.
pub(super) async fn preview(
    visitor: Visitor,
    Path(slug): Path<String>,
    request: Request,
) -> Answer {
    let headers = request.headers().clone();
    let upload = match imports::uploaded(&visitor.admin(), &slug, request).await {
        Ok(upload) => upload,
        Err(problem) => return again(&visitor, &slug, fresh(), problem).await,
    };
    let form = Form::of(upload.said);
    if let Some(refused) = visitor.foreign(&headers, form.value(CSRF)) {
        return Ok(refused);
    }
    if form.action() != "preview" {
        return Err(unknown_action());
    }
    let went = carried_out(&visitor, &slug, &upload.file, &form, LOOK).await;
    match went {
        Ok(report) => {
            let csv = URL_SAFE_NO_PAD.encode(&upload.file);
            Ok(shown(&visitor, &slug, (form, csv), report))
        }
        Err(problem) => again(&visitor, &slug, form, problem).await,
    }
}

/// `POST .../imports/commit`: just what was looked at is carried out, or its rows go back with what is wrong.
pub(super) async fn commit(Path(slug): Path<String>, Posted { visitor, form }: Posted) -> Answer {
    let is_download = form.action() == "errors";
    if form.action() != "commit" && !is_download {
        return Err(unknown_action());
    }
    let csv = form.value("csv").to_owned();
    let Ok(file) = URL_SAFE_NO_PAD.decode(&csv) else {
        let detail = "the file did not come back as it was looked at; upload it once more";
        return again(&visitor, &slug, form, Problem::new(Type::Invalid, detail)).await;
    };
    if is_download {
        let went = carried_out(&visitor, &slug, &file, &form, LOOK).await;
        return match went {
            Ok(told) => {
                if let Some(response) = import_errors::file(&file, &told.report) {
                    return Ok(response);
                }
                let detail = "the file cannot be read, and so has no rows; upload another one";
                again(&visitor, &slug, form, Problem::new(Type::Invalid, detail)).await
            }
            Err(problem) => again(&visitor, &slug, form, problem).await,
        };
    }
    let how = ("plan_digest", form.value("plan_digest"));
    let went = carried_out(&visitor, &slug, &file, &form, how).await;
    match went {
        Ok(report) => match report.id {
            Some(id) => {
                let path = format!("/console/organizations/{slug}/imports/{id}");
                Ok(done(&path, "imported"))
            }
            None => Ok(shown(&visitor, &slug, (form, csv), report)),
        },
        Err(problem) => again(&visitor, &slug, form, problem).await,
    }
}

async fn carried_out(
    visitor: &Visitor,
    slug: &str,
    file: &[u8],
    form: &Form,
    how: (&str, &str),
) -> Result<ImportReport, Problem> {
    let wish = wish(form, how)?;
    imports::carried_out(&visitor.admin(), &visitor.request, slug, file, wish).await
}

/// The form that sends a file, once more.
async fn again(visitor: &Visitor, slug: &str, mut form: Form, problem: Problem) -> Answer {
    kept(&mut form, problem)?;
    draw(visitor, slug, &Form::default(), form).await
}

/// What the form asks for; a day wins over a number of days.
fn wish(form: &Form, how: (&str, &str)) -> Result<Wish, Problem> {
    let switch = |name: &str| (name.to_owned(), form.is_on(name).to_string());
    let mut said = vec![
        switch("strict"),
        switch("send_email"),
        (how.0.to_owned(), how.1.to_owned()),
    ];
    let mut expiry = ["expires_at", "expires_in_days"].into_iter();
    let expiry = expiry.find_map(|name| Some((name.to_owned(), form.text(name)?.to_owned())));
    said.extend(expiry);
    // A browser ends lines in its own way, and the same text is the same plan.
    let message = form.text("message").map(|text| text.replace("\r\n", "\n"));
    said.extend(message.map(|text| ("message".to_owned(), text)));
    Wish::read(said)
}

/// Something that was found.
struct Note {
    /// Where, in words.
    place: String,
    /// The way to its cell.
    href: Option<String>,
    text: String,
    suggestion: Option<String>,
    is_error: bool,
}

/// A cell of the file.
struct Cell {
    id: String,
    text: String,
    notes: Vec<Note>,
    is_wrong: bool,
}

/// A row of the file, and what would become of it.
struct Row {
    line: u64,
    cells: Vec<Cell>,
    /// What becomes of it, in a word, and how good that is.
    word: &'static str,
    kind: &'static str,
    /// Why it is skipped.
    why: String,
    /// What is found in the row as a whole.
    notes: Vec<Note>,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "console/import_report.html")]
struct Looked {
    frame: Frame,
    /// What goes with the file.
    form: Form,
    /// What the field of the day of expiry is.
    day: String,
    summary: String,
    /// Whether what was looked at is not what would be done now.
    is_changed: bool,
    /// How many people the file would invite.
    sound: usize,
    skipped: usize,
    failed: usize,
    errors: Vec<Note>,
    warnings: Vec<Note>,
    rows: Vec<Row>,
    /// What carries it out; none where nothing can be.
    button: Option<String>,
    /// Whether its rows can be downloaded with what was found in them.
    has_download: bool,
    digest: String,
    /// The file as it came, in base64: no line's end is changed on its way.
    csv: String,
}

fn shown(
    visitor: &Visitor,
    slug: &str,
    (form, csv): (Form, String),
    told: ImportReport,
) -> Response {
    let (outcome, report) = (told.outcome, told.report);
    let status = match outcome {
        ImportOutcome::Refused => Type::ImportRefused.status(),
        ImportOutcome::PlanChanged => Type::PlanChanged.status(),
        ImportOutcome::Committed | ImportOutcome::NothingToDo | ImportOutcome::Planned => {
            StatusCode::OK
        }
    };
    let is_good = report.errors.is_empty() && report.created > 0;
    let button = is_good.then(|| match report.created {
        1 => "Invite 1 person".to_owned(),
        many => format!("Invite {many} people"),
    });
    let is_there = |line: u64| report.rows.iter().any(|row| row.row == line);
    let notes = |findings: &[Finding]| -> Vec<Note> {
        findings.iter().map(|it| note(it, &is_there)).collect()
    };
    let page = Looked {
        frame: Frame::of(visitor, slug, Section::Imports),
        day: day_of_expiry(visitor.gateway.ids.clock().now()),
        summary: told.summary,
        is_changed: outcome == ImportOutcome::PlanChanged,
        sound: report
            .rows
            .iter()
            .filter(|it| it.outcome == Outcome::Create)
            .count(),
        skipped: report.skipped,
        failed: report.failed,
        errors: notes(&report.errors),
        warnings: notes(&report.warnings),
        rows: report.rows.iter().map(row).collect(),
        has_download: report.rows.iter().any(|it| !it.findings.is_empty()),
        button,
        digest: report.plan_digest.unwrap_or_default(),
        form,
        csv,
    };
    page_with(status, &page)
}

/// The column of a finding, where it is one that is shown.
fn column(finding: &Finding) -> Option<&str> {
    let column = finding.column.as_deref();
    column.filter(|name| COLUMNS.contains(name))
}

fn note(finding: &Finding, is_there: &impl Fn(u64) -> bool) -> Note {
    let mut place = match finding.row {
        Some(line) => format!("Row {line}"),
        None => "The file".to_owned(),
    };
    if let Some(column) = &finding.column {
        place = format!("{place}, {column}");
    }
    if let Some(position) = finding.position {
        place = format!("{place}, character {position}");
    }
    let href = finding.row.filter(|line| is_there(*line));
    let href = href.map(|line| match column(finding) {
        Some(column) => format!("#row-{line}-{column}"),
        None => format!("#row-{line}"),
    });
    let value = finding.value.as_deref().filter(|value| !value.is_empty());
    Note {
        place,
        href,
        text: match value {
            Some(value) => format!("{value}: {}", finding.message),
            None => finding.message.clone(),
        },
        suggestion: finding.suggestion.clone(),
        is_error: finding.is_error(),
    }
}

fn row(judged: &Judged) -> Row {
    let line = judged.row;
    let of = |wanted: Option<&str>| -> Vec<Note> {
        let found = judged.findings.iter();
        let found = found.filter(|it| column(it) == wanted);
        found.map(|it| note(it, &|_| true)).collect()
    };
    let cell = |name: &str, text: &str| {
        let notes = of(Some(name));
        Cell {
            id: format!("row-{line}-{name}"),
            text: text.to_owned(),
            is_wrong: notes.iter().any(|it| it.is_error),
            notes,
        }
    };
    let (kind, word) = match judged.outcome {
        Outcome::Create => ("good", "invite"),
        Outcome::Error => ("bad", "wrong"),
        Outcome::Skip { .. } => ("quiet", "skip"),
    };
    Row {
        line,
        cells: vec![
            cell("email", &judged.email),
            cell("role", &judged.role),
            cell("projects", &judged.projects.join(", ")),
        ],
        word,
        kind,
        why: match judged.outcome {
            Outcome::Skip { reason, of } => why(reason, of),
            Outcome::Create | Outcome::Error => String::new(),
        },
        notes: of(None),
        is_wrong: judged.outcome == Outcome::Error,
    }
}

/// Why a row is skipped, in words.
fn why(reason: SkipReason, of: Option<u64>) -> String {
    let text = match (reason, of) {
        (SkipReason::AlreadyMember, _) => "a member already",
        (SkipReason::AlreadyMemberDirectoryManaged, _) => "a member already, by a directory",
        (SkipReason::DeprovisionedByDirectory, _) => "turned away by a directory",
        (SkipReason::DuplicateInFile, Some(line)) => {
            return format!("the address stands in row {line}, too");
        }
        (SkipReason::DuplicateInFile, None) => "the address came before",
        (SkipReason::InvitationExists, _) => "invited already",
        (SkipReason::MemberSuspended, _) => "a member who is suspended",
    };
    text.to_owned()
}
