//! The two other ways in, for people whom no directory knows: an admin's spreadsheet, and an
//! invitation that is accepted with one click. The mails between them are real files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use axum::http::{Method, header};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::demo::client::{Asked, Browser, PATIENCE, Reply};
use crate::demo::expect::{Unexpected, ensure, says, text};
use crate::demo::people;
use crate::demo::setting::{Acme, PROJECT, ROLE, SLUG, path};
use crate::demo::sign_in;
use crate::demo::stage::Stage;
use crate::demo::transcript::{Stopped, Transcript, Went};

/// Who joins.
pub(super) const ANNIE: &str = "annie@partner.example";
/// Who is invited, too, and takes her time.
pub(super) const JOAN: &str = "joan@partner.example";

/// The admin's file. Its first row has a slip of the pen; Joan comes twice, and Grace is there.
fn file(role: &str) -> String {
    format!(
        "email,role,projects\n\
         {ANNIE},{role},{PROJECT}\n\
         {JOAN},viewer,\n\
         {JOAN},viewer,\n\
         grace@okta.acme.example,viewer,\n"
    )
}

/// A mail as its reader sees it.
struct Mail {
    subject: String,
    to: String,
    link: String,
}

/// People are brought in by a file, and one of them joins.
pub(super) async fn without_a_directory(
    stage: &Stage,
    acme: &Acme,
    transcript: &mut Transcript,
) -> Result<(), Stopped> {
    let asked = format!("POST /api/v1/organizations/{SLUG}/imports (people.csv, 4 rows)");
    let outbox = stage.outbox();
    let work = refused(acme, &outbox);
    transcript
        .step("A file with a bad row", asked.clone(), work)
        .await?;
    transcript
        .step("The mended file", asked, committed(acme))
        .await?;
    let mut link = String::new();
    for (name, address) in [("Annie", ANNIE), ("Joan", JOAN)] {
        let step = format!("{name} has mail");
        let asked = "outbox/ID.eml, written by the worker";
        let work = mailed(stage, address);
        let mail = transcript.step(&step, asked, work).await?;
        if address == ANNIE {
            link = mail.link;
        } else {
            stage.keep_link(mail.link);
        }
    }
    joins(stage, acme, &link, transcript).await
}

/// Annie opens her link, presses the button, and the application behind knows her project.
async fn joins(
    stage: &Stage,
    acme: &Acme,
    link: &str,
    transcript: &mut Transcript,
) -> Result<(), Stopped> {
    let annie = Browser::new(stage.client.clone());
    let asked = "GET /join/TOKEN";
    let csrf = transcript
        .step("Annie opens her link", asked, opened(acme, &annie, link))
        .await?;
    let asked = "POST /join/TOKEN (action=accept, the form's csrf)";
    let work = accepted(stage, acme, &annie, link, &csrf);
    let login = transcript.step("Annie joins", asked, work).await?;
    let asked = format!(
        "GET {} -> /oauth/authorize -> /app/callback",
        sign_in::short(&login)
    );
    transcript
        .step(
            "Her ID token names her project",
            asked,
            claims(stage, &annie, &login),
        )
        .await?;
    let asked = "POST /join/TOKEN (the same, from another browser)";
    let again = Browser::new(stage.client.clone());
    transcript
        .step("The link is good once", asked, spent(&again, acme, link))
        .await
}

async fn upload(acme: &Acme, file: String) -> Result<Reply, Unexpected> {
    let url = format!("{}/api/v1/organizations/{SLUG}/imports", acme.public_url);
    let asked = Asked::new(Method::POST, url)
        .bearer(&acme.key)?
        .header(header::CONTENT_TYPE, "text/csv")?;
    acme.client.send(asked.body(file)).await
}

/// One row is wrong: the report says which and what was meant, and nothing at all is done.
async fn refused(acme: &Acme, outbox: &Path) -> Went<()> {
    let report = upload(acme, file("editr")).await?.expect(422)?.json()?;
    says(&report, "/report/outcome", "refused")?;
    says(&report, "/report/failed", 1)?;
    let errors = report.get("errors").and_then(Value::as_array);
    let count = errors.map_or(0, Vec::len);
    ensure(count == 1, format!("{count} errors are told, not 1"))?;
    for (pointer, expected) in [
        ("/errors/0/row", json!(2)),
        ("/errors/0/column", json!("role")),
        ("/errors/0/value", json!("editr")),
        ("/errors/0/suggestion", json!(ROLE)),
    ] {
        says(&report, pointer, expected)?;
    }
    ensure(waiting(acme).await? == 0, "somebody was invited")?;
    ensure(mails(outbox)?.is_empty(), "somebody was mailed")?;
    let said = |name: &str| text(&report, &format!("/errors/0/{name}"));
    let answered = format!(
        "422, row 2, column {}, {:?}: {} (suggestion: {}); nobody is invited",
        said("column")?,
        said("value")?,
        said("message")?,
        said("suggestion")?
    );
    Ok(((), answered))
}

async fn committed(acme: &Acme) -> Went<()> {
    let report = upload(acme, file(ROLE)).await?.expect(201)?.json()?;
    for (pointer, expected) in [
        ("/outcome", json!("committed")),
        ("/total", json!(4)),
        ("/created", json!(2)),
        ("/skipped", json!(2)),
        ("/rows/2/reason", json!("duplicate_in_file")),
        ("/rows/3/reason", json!("already_member_directory_managed")),
    ] {
        says(&report, pointer, expected)?;
    }
    let of = |row: usize| text(&report, &format!("/rows/{row}/detail"));
    let answered = format!(
        "201, 4 rows: 2 invited, 2 skipped (row 4: {}; row 5: {})",
        of(2)?,
        of(3)?
    );
    Ok(((), answered))
}

/// How many invitations wait for an answer.
async fn waiting(acme: &Acme) -> Result<usize, Unexpected> {
    let list = people::ask(acme, "/invitations").await?;
    Ok(list
        .get("data")
        .and_then(Value::as_array)
        .map_or(0, Vec::len))
}

/// The mail to somebody: it leaves after the answer, so that it is waited for.
async fn mailed(stage: &Stage, address: &str) -> Went<Mail> {
    let patience = Instant::now() + PATIENCE;
    let mail = loop {
        let all = mails(&stage.outbox())?;
        if let Some(mail) = all.into_iter().find(|mail| mail.to == address) {
            break mail;
        }
        let waits = Instant::now() < patience;
        ensure(waits, format!("no mail to {address} was written"))?;
        sleep(Duration::from_millis(20)).await;
    };
    let ours = format!("{}/join/inv_", stage.public_url);
    ensure(
        mail.link.starts_with(&ours),
        format!("the mail's link is {:?}", mail.link),
    )?;
    let answered = format!("{:?} to {}: {}", mail.subject, mail.to, mail.link);
    Ok((mail, answered))
}

/// The mails that were written so far.
fn mails(outbox: &Path) -> Result<Vec<Mail>, Unexpected> {
    if !outbox.exists() {
        return Ok(Vec::new());
    }
    let mut mails = Vec::new();
    for entry in fs::read_dir(outbox)? {
        let path = entry?.path();
        // A mail that is being written begins with a dot and is no .eml yet to anybody.
        let hidden = path
            .file_name()
            .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|end| end == "eml") {
            mails.push(mail(&fs::read_to_string(path)?));
        }
    }
    Ok(mails)
}

/// What a mail says; of its parts the plain one comes first.
fn mail(raw: &str) -> Mail {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    let field = |name: &str| {
        let mut lines = head.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_default().to_owned()
    };
    let link = body.lines().find(|line| line.contains("/join/"));
    Mail {
        subject: field("Subject"),
        to: field("To"),
        link: link.unwrap_or_default().trim().to_owned(),
    }
}

/// The page is shown, and nothing is done yet.
async fn opened(acme: &Acme, annie: &Browser, link: &str) -> Went<String> {
    let page = annie.get(link).await?.expect(200)?.text();
    for shown in [ANNIE, "Website"] {
        ensure(
            page.contains(shown),
            format!("the page does not say {shown}"),
        )?;
    }
    let csrf = csrf(&page)?;
    let count = waiting(acme).await?;
    ensure(count == 2, format!("{count} invitations wait, not 2"))?;
    let answered = "200, Join Acme as editor of Website; both invitations still wait";
    Ok((csrf, answered.to_owned()))
}

/// The field that binds the form to the browser.
fn csrf(page: &str) -> Result<String, Unexpected> {
    let field = page.split_once("name=\"csrf\" value=\"");
    let value = field.and_then(|(_, rest)| rest.split_once('"'));
    value
        .map(|(value, _)| value.to_owned())
        .ok_or_else(|| Unexpected("the page has no form".into()))
}

async fn press(browser: &Browser, link: &str, csrf: &str) -> Result<Reply, Unexpected> {
    let form = [("action", "accept"), ("csrf", csrf)];
    browser
        .visit(Asked::new(Method::POST, link).form(&form)?)
        .await
}

/// She is in: a session, and on to the app.
async fn accepted(
    stage: &Stage,
    acme: &Acme,
    annie: &Browser,
    link: &str,
    csrf: &str,
) -> Went<String> {
    let reply = press(annie, link, csrf).await?.expect(303)?;
    ensure(annie.has(sign_in::SESSION), "no session's cookie came")?;
    let onward = reply.location()?;
    let app = format!("{}?", stage.app.login_url());
    ensure(
        onward.starts_with(&app),
        format!("the browser is sent to {onward}"),
    )?;
    let count = waiting(acme).await?;
    ensure(count == 1, format!("{count} invitations wait, not 1"))?;
    let answered = format!("303 to {}, a session's cookie", sign_in::short(&onward));
    Ok((onward, answered))
}

/// The application behind signs her in as anybody else.
async fn claims(stage: &Stage, annie: &Browser, login: &str) -> Went<()> {
    let (authorize, _) = sign_in::app_asks(annie, login).await?;
    let (callback, _) = sign_in::code(stage, annie, &authorize).await?;
    let claims = annie.get(&callback).await?.expect(200)?.json()?;
    let projects = json!([{"slug": PROJECT, "role": ROLE}]);
    says(&claims, "/signed_in/email", ANNIE)?;
    says(&claims, "/signed_in/email_verified", true)?;
    says(&claims, "/signed_in/role", Value::Null)?;
    says(&claims, "/signed_in/projects", projects.clone())?;
    let answered = format!("200, ES256: {ANNIE}, role null, projects {projects}");
    Ok(((), answered))
}

/// Whoever comes later with the same link finds no form to accept with.
async fn spent(browser: &Browser, acme: &Acme, link: &str) -> Went<()> {
    let page = browser.get(link).await?;
    let (status, shown) = (page.status.as_u16(), page.text());
    ensure(shown.contains("accepted"), "the page does not say why")?;
    ensure(
        !shown.contains("value=\"accept\""),
        format!("the link can be accepted again at {}", path(link)),
    )?;
    let reply = press(browser, link, "none").await?;
    ensure(
        !browser.has(sign_in::SESSION),
        format!("a session began, with {}", reply.status),
    )?;
    ensure(waiting(acme).await? == 1, "another invitation was accepted")?;
    Ok(((), format!("{status}, accepted already; no session begins")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_read_as_its_reader_does() {
        let raw = "From: Usher <usher@demo.example>\r\nTo: annie@partner.example\r\n\
                   Subject: You are invited\r\n\r\n--=_a\r\n\r\nTo accept:\r\n\r\n\
                   http://127.0.0.1:1/join/inv_a\r\n<a href=\"http://127.0.0.1:1/join/inv_b\">";
        let mail = mail(raw);
        assert_eq!(
            (&*mail.subject, &*mail.to, &*mail.link),
            ("You are invited", ANNIE, "http://127.0.0.1:1/join/inv_a")
        );
    }

    #[test]
    fn a_page_without_a_form_is_told() {
        let page = "<input type=\"hidden\" name=\"csrf\" value=\"abc\">";
        assert_eq!(csrf(page), Ok("abc".to_owned()));
        assert!(csrf("<p>closed</p>").is_err());
    }
}
