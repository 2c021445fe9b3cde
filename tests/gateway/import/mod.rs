//! Imports: a file of people becomes invitations, all of them or none.

mod files;
mod kept;
mod rows;

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::directory::delivery::Load;
use usher::id::OrganizationId;
use usher::provisioning::settings::organizations::{self, NewOrganization};
use usher::provisioning::settings::{projects, roles};
use usher::store;
use usher::store::rows::{InvitationRow, OutboxRow};
use usher::store::types::Time;

use crate::credentials::live;
use crate::harness::{Connected, Reply, TestGateway, named};

const IMPORTS: &str = "/api/v1/organizations/acme/imports";
/// What curl 8 puts between the parts of a form.
const BOUNDARY: &str = "------------------------NH9LFjJ3mGmFvJqAvCqkRm";

/// An organization with an owner, a project, a directory, and a key of its own.
struct Acme {
    gateway: TestGateway,
    org: OrganizationId,
    okta: Connected,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let new = NewOrganization {
            slug: "acme".to_owned(),
            name: Some("Acme".to_owned()),
            owner: Some("olive@acme.example".to_owned()),
        };
        let store = &gateway.gateway.store;
        let made = organizations::create(store, gateway.command(), new, "").await;
        let org = made.unwrap().organization.id;
        for slug in ["website", "shop"] {
            let made = projects::create(store, org, gateway.command(), named(slug)).await;
            made.unwrap();
        }
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["okta.example"])
            .await;
        let key = gateway.key(live(Some(org), "*")).await;
        Self {
            gateway,
            org,
            okta,
            key,
        }
    }

    /// A role of this rank.
    async fn role(&self, slug: &str, name: &str, rank: i64) {
        let new = roles::NewRole {
            slug: slug.to_owned(),
            name: Some(name.to_owned()),
            rank,
        };
        let store = &self.gateway.gateway.store;
        let made = roles::create(store, self.org, self.gateway.command(), new).await;
        made.unwrap();
    }

    async fn post(&self, uri: &str, kind: &str, body: impl Into<Body>) -> Reply {
        let request = Request::builder()
            .method("POST")
            .uri(uri)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", kind);
        self.gateway.send(request.body(body.into()).unwrap()).await
    }

    /// Sends a file as the body itself.
    async fn send(&self, query: &str, csv: impl Into<Vec<u8>>) -> Reply {
        let uri = format!("{IMPORTS}{query}");
        self.post(&uri, "text/csv", csv.into()).await
    }

    /// Sends a file as `curl -F file=@people.csv` does, with these further parts.
    async fn form(&self, parts: &[(&str, &str)], csv: &[u8]) -> Reply {
        let mut body = form_part("file\"; filename=\"people.csv", Some("text/csv"), csv);
        for (name, value) in parts {
            body.extend(form_part(name, None, value.as_bytes()));
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.post(IMPORTS, &kind, body).await
    }

    async fn get(&self, path: &str) -> Reply {
        let uri = format!("{IMPORTS}{path}");
        self.gateway.get(&uri, &self.key).await
    }

    /// The open invitations to these addresses, in the order of addresses.
    async fn open(&self, addresses: &[&str]) -> Vec<InvitationRow> {
        let org = self.org;
        let norms: Vec<_> = addresses.iter().map(|it| (*it).to_owned()).collect();
        let read = self.gateway.gateway.store.read(move |tx| {
            let norms = norms.clone();
            async move { tx.open_invitations(org, &norms).await }.boxed()
        });
        let mut rows = read.await.unwrap();
        rows.sort_by(|a, b| a.email_norm.cmp(&b.email_norm));
        rows
    }

    /// How many invitations there are, of any state.
    async fn invitations(&self) -> i64 {
        let (org, ever) = (self.org, Time(jiff::Timestamp::UNIX_EPOCH));
        let read = self.gateway.gateway.store.read(move |tx| {
            async move { tx.invitations_since(org, None, None, ever).await }.boxed()
        });
        read.await.unwrap()
    }

    /// The mails that are owed.
    async fn owed(&self) -> Vec<OutboxRow> {
        let now = Time(self.gateway.clock.now());
        let read = self.gateway.gateway.store.read(move |tx| {
            async move { tx.due_deliveries(Load::Mails, now, 100_000).await }.boxed()
        });
        read.await.unwrap()
    }

    /// Nothing came of it: no invitation, no mail, no import, no event.
    async fn nothing_was_done(&self, events: usize) {
        assert_eq!(self.invitations().await, 0);
        assert_eq!(self.owed().await.len(), 0);
        assert_eq!(self.get("").await.expect(200).json()["data"], json!([]));
        assert_eq!(self.gateway.events(self.org).await.len(), events);
    }
}

fn form_part(name: &str, kind: Option<&str>, content: &[u8]) -> Vec<u8> {
    let mut part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n");
    if let Some(kind) = kind {
        write!(part, "Content-Type: {kind}\r\n").unwrap();
    }
    part.push_str("\r\n");
    let mut part = part.into_bytes();
    part.extend(content);
    part.extend(b"\r\n");
    part
}

/// A file that names so many people, the first of them with this role.
fn people(count: usize, first: &str) -> String {
    let mut csv = "email,role,projects\r\n".to_owned();
    for number in 0..count {
        let role = if number == 0 { first } else { "viewer" };
        write!(csv, "p{number}@acme.example,{role},\r\n").unwrap();
    }
    csv
}

/// Row, column and code of each finding.
fn findings(list: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let findings = list.as_array().unwrap().iter();
    findings
        .map(|it| {
            let row = it["row"].as_u64().unwrap_or(0);
            (row, text(&it["column"]), text(&it["code"]))
        })
        .collect()
}

#[track_caller]
fn refused(reply: &Reply, slug: &str) -> Value {
    let problem = reply.json();
    assert_eq!(
        problem["type"],
        format!("https://usher.example/problems/{slug}"),
        "{problem}"
    );
    assert_eq!(problem["status"], reply.status.as_u16());
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    problem
}

#[tokio::test]
async fn a_form_from_curl_invites_everybody_in_it() {
    let acme = Acme::start().await;
    let csv = "email,role,projects\r\nada@acme.example,editor,\"website,shop\"\r\n\
        Grace@Acme.Example,Viewer,\r\n";
    let reply = acme.form(&[("message", "Welcome!")], csv.as_bytes()).await;
    let report = reply.clone().expect(201).json();
    let id = report["id"].as_str().unwrap();
    let location = format!("https://usher.example{IMPORTS}/{id}");
    assert_eq!(reply.header("location"), Some(location.as_str()));
    assert_eq!(report["outcome"], "committed");
    assert_eq!(report["summary"], "2 people are invited, no row is skipped");
    let counts = ["total", "created", "skipped", "failed"].map(|name| report[name].clone());
    assert_eq!(counts, [json!(2), json!(2), json!(0), json!(0)]);
    assert_eq!(
        report["rows"][1],
        json!({
            "row": 3, "email": "Grace@Acme.Example", "role": "viewer", "projects": [],
            "status": "create", "reason": null, "detail": "",
        })
    );
    let rows = acme.open(&["ada@acme.example", "grace@acme.example"]).await;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(row.message.as_deref(), Some("Welcome!"));
        assert_eq!(row.import_id.unwrap().to_string(), id);
    }
    let mails = acme.owed().await;
    let mut mailed: Vec<_> = mails.iter().map(|it| &*it.recipient).collect();
    mailed.sort_unstable();
    assert_eq!(mailed, ["Grace@Acme.Example", "ada@acme.example"]);
    let events = acme.gateway.events(acme.org).await;
    let last = events.last().unwrap();
    assert_eq!(last["type"], "import.completed");
    let expected = json!({
        "import_id": id, "total": 2, "created": 2, "skipped": 0, "warnings": 0,
    });
    assert_eq!(last["data"], expected);
}

/// The README's first block of a language, in the section about files.
fn readme(language: &str) -> &'static str {
    let readme = include_str!("../../../README.md");
    let section = readme
        .split("## Invite people from a spreadsheet")
        .nth(1)
        .unwrap();
    let block = section.split(&format!("```{language}\n")).nth(1).unwrap();
    block.split("```").next().unwrap()
}

#[tokio::test]
async fn what_the_readme_sends_is_answered_as_it_says() {
    let acme = Acme::start().await;
    assert!(readme("bash").starts_with("curl -sS -F file=@people.csv "));
    let reply = acme.form(&[], readme("csv").as_bytes()).await;
    let mut answer = reply.expect(201).json();
    for (name, word) in [("id", "ID"), ("plan_digest", "DIGEST")] {
        assert!(answer[name].is_string());
        answer[name] = json!(word);
    }
    let said: Value = serde_json::from_str(readme("json")).unwrap();
    assert_eq!(answer, said);
}

#[tokio::test]
async fn csv_500_ok_501_rejected() {
    let acme = Acme::start().await;
    let events = acme.gateway.events(acme.org).await.len();
    let reply = acme.form(&[], people(501, "viewer").as_bytes()).await;
    let problem = refused(&reply.expect(422), "import_refused");
    assert_eq!(
        findings(&problem["errors"]),
        [(0, "-".to_owned(), "too_many_rows".to_owned())]
    );
    assert_eq!(problem["report"]["rows"], json!([]));
    acme.nothing_was_done(events).await;
    let reply = acme.form(&[], people(500, "viewer").as_bytes()).await;
    assert_eq!(reply.expect(201).json()["created"], 500);
    assert_eq!(acme.invitations().await, 500);
    assert_eq!(acme.owed().await.len(), 500);
}

#[tokio::test]
async fn csv_one_bad_row_creates_nothing() {
    let acme = Acme::start().await;
    let events = acme.gateway.events(acme.org).await.len();
    let csv = people(499, "viewer") + "p499.acme.example,viewer,\r\n";
    for query in ["", "?dry_run=true"] {
        let problem = refused(
            &acme.send(query, csv.clone()).await.expect(422),
            "import_refused",
        );
        assert_eq!(
            findings(&problem["errors"]),
            [(501, "email".to_owned(), "invalid_email".to_owned())]
        );
        assert_eq!(problem["errors"][0]["value"], "p499.acme.example");
        assert_eq!(problem["detail"], "nobody is invited: 1 row is wrong");
        let report = &problem["report"];
        assert_eq!(
            (
                &report["created"],
                &report["failed"],
                &report["plan_digest"]
            ),
            (&json!(0), &json!(1), &Value::Null)
        );
        acme.nothing_was_done(events).await;
    }
}

#[tokio::test]
async fn duplicates_are_skipped_and_the_rest_is_one_transaction() {
    let acme = Acme::start().await;
    let before = acme.gateway.events(acme.org).await.len();
    let mut csv = people(491, "editor");
    for number in 0..9 {
        write!(csv, "P{number}@ACME.example,viewer,\r\n").unwrap();
    }
    let report = acme.send("", csv).await.expect(201).json();
    assert_eq!(
        (&report["total"], &report["created"], &report["skipped"]),
        (&json!(500), &json!(491), &json!(9))
    );
    let skipped = &report["rows"][491];
    assert_eq!(
        (&skipped["row"], &skipped["status"], &skipped["reason"]),
        (&json!(493), &json!("skip"), &json!("duplicate_in_file"))
    );
    assert!(
        skipped["detail"]
            .as_str()
            .unwrap()
            .starts_with("duplicate_in_file (row 2)"),
        "{skipped}"
    );
    // The first of the two had another role: that one counts, and it is said.
    assert_eq!(
        findings(&report["warnings"]),
        [(493, "email".to_owned(), "conflicting_duplicate".to_owned())]
    );
    assert_eq!(acme.owed().await.len(), 491);
    let events = acme.gateway.events(acme.org).await;
    assert_eq!(events.len(), before + 492, "one a person, and the import's");
    let rows = acme.open(&["p0@acme.example"]).await;
    let editor = acme.gateway.role(acme.org, "editor").await;
    assert_eq!(rows[0].role_id, editor);
}

#[tokio::test]
async fn csv_all_skipped_is_said() {
    let acme = Acme::start().await;
    let csv = people(9, "viewer");
    acme.send("", csv.clone()).await.expect(201);
    let events = acme.gateway.events(acme.org).await.len();
    for query in ["", "?dry_run=true"] {
        let report = acme.send(query, csv.clone()).await.expect(200).json();
        assert_eq!(
            (&report["id"], &report["outcome"], &report["created"]),
            (&Value::Null, &json!("nothing_to_do"), &json!(0))
        );
        assert_eq!(
            report["summary"],
            "nobody is invited: 9 rows are skipped, and that is all"
        );
        assert_eq!(report["rows"][0]["reason"], "invitation_exists");
    }
    assert_eq!(acme.gateway.events(acme.org).await.len(), events);
    assert_eq!(acme.owed().await.len(), 9, "nobody is mailed again");
    let imports = acme.get("").await.expect(200).json();
    assert_eq!(imports["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_plan_that_was_shown_is_carried_out_or_nothing() {
    let acme = Acme::start().await;
    let csv = people(3, "editor");
    let options = "expires_in_days=14&message=Hello";
    let planned = acme
        .send(&format!("?dry_run=true&{options}"), csv.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(planned["outcome"], "planned");
    assert_eq!(
        planned["summary"],
        "3 people would be invited, no row is skipped; nothing is done yet"
    );
    assert_eq!(acme.invitations().await, 0);
    let digest = planned["plan_digest"].as_str().unwrap();
    // Another role, another message, or somebody who was invited meanwhile: another plan.
    let elsewhere = [
        (options, people(3, "viewer")),
        ("expires_in_days=14&message=Bye", csv.clone()),
        ("expires_in_days=13&message=Hello", csv.clone()),
        (
            "expires_in_days=14&message=Hello&send_email=false",
            csv.clone(),
        ),
    ];
    for (options, csv) in elsewhere {
        let query = format!("?plan_digest={digest}&{options}");
        let problem = refused(&acme.send(&query, csv).await.expect(409), "plan_changed");
        let report = &problem["report"];
        assert_eq!(report["outcome"], "plan_changed");
        assert_ne!(report["plan_digest"], digest);
    }
    assert_eq!(acme.invitations().await, 0);
    // The time between the two is no change.
    acme.gateway.clock.advance(60);
    let query = format!("?plan_digest={digest}&{options}");
    let report = acme.send(&query, csv.clone()).await.expect(201).json();
    assert_eq!(report["plan_digest"], digest);
    assert_eq!(acme.owed().await.len(), 3);
    let problem = refused(&acme.send(&query, csv).await.expect(409), "plan_changed");
    assert_eq!(problem["report"]["skipped"], 3);
    let rows = acme.open(&["p0@acme.example"]).await;
    let days = rows[0].expires_at.0.duration_since(rows[0].created_at.0);
    assert_eq!(days.as_hours(), 14 * 24);
}

#[tokio::test]
async fn an_organizations_key_imports_so_many_a_day_and_the_operator_more() {
    let acme = Acme::start().await;
    acme.send("", people(500, "viewer")).await.expect(201);
    let more = people(500, "viewer").replace('@', "+2@");
    acme.send("", more).await.expect(201);
    let one = "email,role\nlast@acme.example,viewer\n";
    let reply = acme.send("", one).await.expect(429);
    refused(&reply, "too_many_invitations");
    assert_eq!(reply.header("retry-after"), Some("86400"));
    assert_eq!(acme.invitations().await, 1000);
    let operator = acme.gateway.key(live(None, "imports:write")).await;
    let acme = Acme {
        key: operator,
        ..acme
    };
    acme.send("", one).await.expect(201);
}
