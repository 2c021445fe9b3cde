//! The rules of rows: what is refused, what is skipped, and what takes an expired one's place.

use futures_util::FutureExt;
use jiff::SignedDuration;
use serde_json::json;
use usher::directory::invitation::State;
use usher::provisioning;
use usher::provisioning::admission;
use usher::provisioning::import::{Import, ImportOutcome, Settings, commit};
use usher::provisioning::invitations::Inviter;
use usher::store::types::{Doc, Time};

use super::*;

/// A finding: column, code, and what a suggestion holds.
type Told = (&'static str, &'static str, &'static str);

/// What a row says, and each finding: column, code, and what a suggestion holds.
const WRONG: [(&str, &[Told]); 17] = [
    ("ada,editor,", &[("email", "invalid_email", "-")]),
    (
        "Ada <ada@acme.example>,editor,",
        &[("email", "invalid_email", "ada@acme.example")],
    ),
    (
        "\"ada@acme,example\",editor,",
        &[("email", "invalid_email", "ada@acme.example")],
    ),
    (
        "\"ada@acme.example\nBcc: eve@evil.example\",editor,",
        &[("email", "invalid_email", "-")],
    ),
    (
        "\"ada@acme.example\r\n\",editor,",
        &[("email", "invalid_email", "-")],
    ),
    (",editor,", &[("email", "invalid_email", "-")]),
    ("a@acme.example,,", &[("role", "role_required", "-")]),
    (
        "a@acme.example,editr,",
        &[("role", "unknown_role", "editor")],
    ),
    (
        "a@acme.example,boss,",
        &[("role", "unknown_role", "one of: admin, editor, viewer")],
    ),
    (
        "a@acme.example,owner,",
        &[("role", "owner_not_grantable", "one of: admin")],
    ),
    (
        "a@acme.example,Owner,website",
        &[("role", "owner_not_grantable", "one of: admin")],
    ),
    (
        "a@acme.example,Admin,website",
        &[("projects", "scope_not_allowed", "leave the cell empty")],
    ),
    (
        "a@acme.example,editor,websit",
        &[("projects", "unknown_project", "website")],
    ),
    (
        "a@acme.example,editor,\"shop,old-shop,nowhere\"",
        &[
            ("projects", "archived_project", "choose a live project"),
            ("projects", "unknown_project", "create the project"),
        ],
    ),
    (
        "a@acme.example,editor,\",,\"",
        &[("projects", "unknown_project", "-")],
    ),
    (
        "first.example@example.com,viewer,",
        &[("email", "example_row", "-")],
    ),
    (
        "nobody,boss,nowhere",
        &[
            ("email", "invalid_email", "-"),
            ("projects", "unknown_project", "create the project"),
            ("role", "unknown_role", "one of"),
        ],
    ),
];

impl Acme {
    /// Archives a project.
    async fn archive(&self, slug: &'static str) {
        let (store, org) = (&self.gateway.gateway.store, self.org);
        let made = projects::create(store, org, self.gateway.command(), named(slug)).await;
        self.gateway.archive(org, made.unwrap().id).await;
    }

    async fn policy(&self, policy: Value) {
        let org = self.org;
        let store = &self.gateway.gateway.store;
        let changed = provisioning::change(store, org, self.gateway.command(), move |change| {
            let policy = Doc(policy.to_string());
            async move { Ok(change.tx.set_policy(change.org, policy).await?) }.boxed()
        });
        changed.await.unwrap();
    }
}

#[tokio::test]
async fn every_mistake_of_every_row_is_told_at_once() {
    let acme = Acme::start().await;
    acme.archive("old-shop").await;
    let events = acme.gateway.events(acme.org).await.len();
    let mut csv = "email,role,projects\n".to_owned();
    for (row, _) in WRONG {
        csv.push_str(row);
        csv.push('\n');
    }
    let problem = refused(&acme.send("", csv).await.expect(422), "import_refused");
    let errors = problem["errors"].as_array().unwrap();
    let expected: Vec<_> = WRONG
        .iter()
        .flat_map(|(row, all)| all.iter().map(move |it| (row, it)))
        .collect();
    assert_eq!(errors.len(), expected.len(), "{problem:#}");
    for (error, (row, (column, code, suggestion))) in errors.iter().zip(expected) {
        assert_eq!(
            (&error["column"], &error["code"]),
            (&json!(column), &json!(code)),
            "{row}"
        );
        let said = error["suggestion"].as_str().unwrap_or("-");
        assert!(said.starts_with(suggestion), "{row}: {said}");
    }
    assert_eq!(problem["report"]["failed"], WRONG.len());
    acme.nothing_was_done(events).await;
}

#[tokio::test]
async fn nobody_imports_a_role_above_their_own() {
    let acme = Acme::start().await;
    acme.role("chief", "Chief of staff", 90).await;
    let csv = "email,role,projects\nada@acme.example,chief of staff,website\n";
    let (store, org) = (&acme.gateway.gateway.store, acme.org);
    let import = std::sync::Arc::new(Import::read(csv.as_bytes(), Settings::default()));
    let report = provisioning::change(store, org, acme.gateway.command(), move |change| {
        let import = import.clone();
        async move {
            let inviter = Inviter {
                rank: 80,
                ..Inviter::organization()
            };
            commit(change, &inviter, &import, None).await
        }
        .boxed()
    });
    let report = report.await.unwrap();
    assert_eq!(report.outcome, ImportOutcome::Refused);
    let codes: Vec<_> = report
        .report
        .errors
        .iter()
        .map(|it| it.code.as_str())
        .collect();
    assert_eq!(codes, ["role_above_inviter", "scope_not_allowed"]);
    assert_eq!(acme.invitations().await, 0);
}

#[tokio::test]
async fn a_role_is_named_by_slug_or_by_its_name() {
    let acme = Acme::start().await;
    acme.role("tester", "QA", 40).await;
    acme.role("auditor", "Auditor", 30).await;
    acme.role("auditor-2", "Auditor", 20).await;
    acme.role("readers", "Tester", 15).await;
    let csv = "email,role\na@acme.example,qa\nb@acme.example,TESTER\nc@acme.example,Auditor\n";
    let report = acme.send("?dry_run=true", csv).await.expect(200).json();
    let roles: Vec<_> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        ["tester", "tester", "auditor"],
        "a slug comes before a name"
    );
    acme.role("audit", "Reviewer", 25).await;
    acme.role("audit-2", "reviewer", 24).await;
    let csv = "email,role\na@acme.example,REVIEWER\n";
    let problem = refused(&acme.send("", csv).await.expect(422), "import_refused");
    assert_eq!(
        problem["errors"][0]["suggestion"],
        "say which: audit, audit-2"
    );
}

#[tokio::test]
async fn who_is_there_is_skipped_whatever_the_row_says() {
    let acme = Acme::start().await;
    let scim = acme.gateway.scim(&acme.okta);
    let (store, org) = (&acme.gateway.gateway.store, acme.org);
    for name in ["managed", "gone", "deleted", "suspended"] {
        let id = scim.user(&format!("{name}@okta.example")).await;
        let path = format!("/Users/{id}");
        match name {
            "gone" => {
                let off = json!([{"op": "replace", "path": "active", "value": false}]);
                scim.patch(&path, off).await.expect(200);
            }
            "deleted" => drop(scim.delete(&path).await.expect(204)),
            _ => {}
        }
    }
    let user = "suspended@okta.example";
    admission::suspend(store, org, acme.gateway.command(), user)
        .await
        .unwrap();
    acme.send("", "email,role\npending@acme.example,viewer\n")
        .await
        .expect(201);
    let csv = "email,role,projects\nOLIVE@acme.example,viewer,website\n\
        managed@okta.example,admin,\ngone@okta.example,viewer,\ndeleted@okta.example,viewer,\n\
        suspended@okta.example,viewer,\npending@acme.example,editor,\nnew@okta.example,viewer,\n";
    let report = acme.send("", csv).await.expect(201).json();
    let reasons: Vec<_> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].clone())
        .collect();
    assert_eq!(
        reasons,
        [
            json!("already_member"),
            json!("already_member_directory_managed"),
            json!("deprovisioned_by_directory"),
            json!("deprovisioned_by_directory"),
            json!("member_suspended"),
            json!("invitation_exists"),
            json!(null),
        ]
    );
    assert_eq!(
        findings(&report["warnings"])
            .into_iter()
            .map(|(row, _, code)| (row, code))
            .collect::<Vec<_>>(),
        [
            (4, "deprovisioned_by_directory".to_owned()),
            (5, "deprovisioned_by_directory".to_owned()),
            (6, "member_suspended".to_owned()),
            (8, "directory_managed_domain".to_owned()),
        ]
    );
    let pending = acme.open(&["pending@acme.example"]).await;
    assert_eq!(pending[0].role_id, acme.gateway.role(org, "viewer").await);
    assert_eq!(acme.owed().await.len(), 2);
}

#[tokio::test]
async fn an_expired_invitation_makes_way() {
    let acme = Acme::start().await;
    let csv = "email,role\nada@acme.example,viewer\n";
    acme.send("?expires_in_days=1", csv).await.expect(201);
    let old = acme.open(&["ada@acme.example"]).await.remove(0);
    acme.gateway.clock.advance(24 * 60 * 60);
    let report = acme
        .send("", csv.replace("viewer", "editor"))
        .await
        .expect(201)
        .json();
    assert_eq!(report["created"], 1);
    let open = acme.open(&["ada@acme.example"]).await;
    assert_eq!(open.len(), 1);
    assert_ne!(open[0].id, old.id);
    assert_eq!(
        open[0].expires_at,
        Time(acme.gateway.clock.now() + SignedDuration::from_hours(7 * 24))
    );
    let org = acme.org;
    let store = &acme.gateway.gateway.store;
    let read = store.read(move |tx| async move { tx.invitation(org, old.id).await }.boxed());
    assert_eq!(read.await.unwrap().unwrap().state, State::Superseded);
    let mails = acme.owed().await;
    assert_eq!(
        mails.len(),
        1,
        "the mail that was not sent yet is not owed any more"
    );
    assert_eq!(mails[0].invitation_id, Some(open[0].id));
}

#[tokio::test]
async fn the_organizations_policy_holds_for_a_file_too() {
    let acme = Acme::start().await;
    acme.gateway
        .scim(&acme.okta)
        .user("managed@okta.example")
        .await;
    acme.policy(
        json!({"invite_domains": ["acme.example", "okta.example"], "managed_domains": "block"}),
    )
    .await;
    let csv = "email,role\nada@acme.example,viewer\neve@evil.example,viewer\n\
        bob@okta.example,viewer\nmanaged@okta.example,viewer\n";
    let problem = refused(&acme.send("", csv).await.expect(422), "import_refused");
    assert_eq!(
        findings(&problem["errors"]),
        [
            (3, "email".to_owned(), "domain_not_allowed".to_owned()),
            (4, "email".to_owned(), "directory_managed_domain".to_owned()),
        ]
    );
}

#[tokio::test]
async fn strict_takes_no_address_that_contradicts_itself() {
    let acme = Acme::start().await;
    let csv = "email,role\na@acme.example,viewer\nb@acme.example,viewer\n\
        A@acme.example,Viewer\nb@acme.example,editor\n";
    let problem = refused(
        &acme.send("?strict=true", csv).await.expect(422),
        "import_refused",
    );
    assert_eq!(
        findings(&problem["errors"]),
        [(5, "email".to_owned(), "conflicting_duplicate".to_owned())]
    );
    let report = acme.send("?strict=false", csv).await.expect(201).json();
    assert_eq!(
        (&report["created"], &report["skipped"]),
        (&json!(2), &json!(2))
    );
}
