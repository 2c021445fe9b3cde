//! Forms of the console that come too late change nothing and say so; what is done with several invitations at once is
//! told one by one; the audit log is verified; and the rows of a file go back with what is wrong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::console::{administered, operator, signed_in};
use crate::credentials::live;
use crate::harness::{Acme, Browser, Invited, Reply, csrf, press};

const ADA: &str = "ada@acme.example";
const INVITATIONS: &str = "/console/organizations/acme/invitations";

/// The tag that the forms of a page hold.
fn tag(page: &Reply) -> String {
    let text = page.text();
    let tag = text.split("name=\"if_match\" value=\"").nth(1);
    let tag = tag.unwrap_or_else(|| panic!("no form of what was read: {text}"));
    tag.split('"').next().unwrap().replace("&#34;", "\"")
}

/// Sends a form of a page as it was when it was opened.
async fn sent(browser: &Browser<'_>, path: &str, opened: &Reply, fields: &[(&str, &str)]) -> Reply {
    let (token, tag) = (csrf(opened), tag(opened));
    let mut all = vec![("csrf", &*token), ("if_match", &*tag)];
    all.extend(fields);
    browser.submit(path, &all).await
}

/// The same of a page that is not what it was any more: it is refused, and the page says why.
async fn too_late(
    browser: &Browser<'_>,
    path: &str,
    opened: &Reply,
    fields: &[(&str, &str)],
) -> Reply {
    let refused = sent(browser, path, opened, fields).await.expect(412);
    let text = refused.text();
    assert!(text.contains("Somebody else changed it"), "{text}");
    assert_ne!(tag(&refused), tag(opened));
    refused
}

async fn invited(acme: &Acme, email: &str) -> String {
    let new = json!({"email": email, "role": "viewer"});
    acme.post("/invitations", new).await.expect(201).id()
}

async fn state_of(acme: &Acme, id: &str) -> Value {
    acme.get(&format!("/invitations/{id}")).await["state"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_that_somebody_changed_is_left_alone_by_an_old_page() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let id = invited(&acme, "bob@other.example").await;
    let page = format!("{INVITATIONS}/{id}");
    let of = format!("/invitations/{id}");
    let opened = ada.get(&page).await.expect(200);
    acme.gateway.clock.advance(1);
    let role = json!({"role": "editor"});
    acme.ask("PATCH", &of, Some(role)).await.expect(200);
    let before = acme.get(&of).await;
    for fields in [
        &[("action", "set"), ("role", "admin")][..],
        &[("action", "extend"), ("days", "7")],
        &[("action", "resend")],
        &[("action", "share")],
        &[("action", "revoke")],
    ] {
        let refused = too_late(&ada, &page, &opened, fields).await;
        let text = refused.text();
        let chosen = "<option value=\"editor\" selected>";
        assert!(text.contains(chosen), "{text}");
    }
    assert_eq!(acme.get(&of).await, before);
    // A mail that leaves meanwhile is nobody's change.
    let opened = ada.get(&page).await.expect(200);
    acme.gateway
        .sql("UPDATE invitations SET send_count = 3")
        .await;
    let fields = [("action", "revoke")];
    sent(&ada, &page, &opened, &fields).await.expect(303);
    assert_eq!(state_of(&acme, &id).await, "revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_somebody_changed_is_left_alone_by_an_old_page() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let new = json!({"url": "https://app.example/hooks", "name": "One"});
    let id = acme.post("/webhooks", new).await.expect(201).id();
    let page = format!("/console/organizations/acme/webhooks/{id}");
    let of = format!("/webhooks/{id}");
    let opened = ada.get(&page).await.expect(200);
    let name = json!({"name": "Two"});
    acme.ask("PATCH", &of, Some(name)).await.expect(200);
    let change = [("action", "change"), ("name", "Three")];
    let refused = too_late(&ada, &page, &opened, &change).await;
    assert!(
        refused.text().contains("value=\"Two\""),
        "{}",
        refused.text()
    );
    too_late(&ada, &page, &opened, &[("action", "rotate")]).await;
    too_late(&ada, &page, &opened, &[("action", "delete")]).await;
    assert_eq!(acme.get(&of).await["name"], "Two");
    // A post that arrives meanwhile is nobody's change.
    acme.gateway
        .sql("UPDATE webhooks SET last_success_at = created_at")
        .await;
    sent(&ada, &page, &refused, &change).await.expect(303);
    assert_eq!(acme.get(&of).await["name"], "Three");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_somebody_changed_is_left_alone_by_an_old_page() {
    let acme = administered().await;
    let root = operator(&acme.gateway).await;
    let ask = async |method: &str, uri: &str, body: Option<Value>| {
        acme.gateway.call(&acme.operator, method, uri, body).await
    };
    let new = json!({"name": "One", "redirect_uris": ["https://docs.example/back"]});
    let made = ask("POST", "/api/v1/apps", Some(new)).await.expect(201);
    let id = made.json()["client_id"].as_str().unwrap().to_owned();
    let (page, uri) = (format!("/console/apps/{id}"), format!("/api/v1/apps/{id}"));
    let opened = root.get(&page).await.expect(200);
    let name = json!({"name": "Two"});
    ask("PATCH", &uri, Some(name)).await.expect(200);
    let change = [
        ("action", "update"),
        ("name", "Three"),
        ("redirect_uris", "https://docs.example/back"),
        ("all_organizations", "yes"),
    ];
    let refused = too_late(&root, &page, &opened, &change).await;
    assert!(
        refused.text().contains("value=\"Two\""),
        "{}",
        refused.text()
    );
    too_late(&root, &page, &opened, &[("action", "revoke")]).await;
    let shown = ask("GET", &uri, None).await.expect(200).json();
    assert_eq!(
        (&shown["name"], &shown["revoked_at"]),
        (&json!("Two"), &json!(null))
    );
    sent(&root, &page, &refused, &change).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_and_a_project_that_somebody_changed_are_left_alone_by_an_old_page() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let role = json!({"slug": "helper", "name": "One", "rank": 37});
    acme.post("/roles", role).await.expect(201);
    let project = json!({"slug": "shop", "name": "One"});
    acme.post("/projects", project).await.expect(201);
    let page = "/console/organizations/acme/roles";
    for (kind, slug, of, actions) in [
        ("role", "helper", "/roles/helper", &["rename_role"][..]),
        (
            "project",
            "shop",
            "/projects/shop",
            &["rename_project", "archive_project"],
        ),
    ] {
        let path = format!("{page}?{kind}={slug}");
        let opened = ada.get(&path).await.expect(200);
        assert!(opened.text().contains("As of "), "{}", opened.text());
        let name = json!({"name": "Two"});
        acme.ask("PATCH", of, Some(name)).await.expect(200);
        for action in actions {
            let fields = [("action", *action), (kind, slug), ("name", "Three")];
            let refused = too_late(&ada, page, &opened, &fields).await;
            assert!(
                refused.text().contains("value=\"Two\""),
                "{}",
                refused.text()
            );
        }
        let shown = acme.get(of).await;
        assert_eq!(shown["name"], "Two");
        assert!(shown["archived_at"].is_null(), "{shown}");
        let opened = ada.get(&path).await.expect(200);
        let fields = [("action", actions[0]), (kind, slug), ("name", "Three")];
        sent(&ada, page, &opened, &fields).await.expect(303);
        assert_eq!(acme.get(of).await["name"], "Three");
    }
}

/// Does something with these invitations from the list.
async fn with_them(browser: &Browser<'_>, action: &str, ids: &[&str]) -> Reply {
    let mut fields = vec![("action", action), ("state", "pending")];
    fields.extend(ids.iter().map(|id| ("ids", *id)));
    press(browser, INVITATIONS, &fields).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_invitations_are_taken_back_and_each_is_told() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let mut ids = Vec::new();
    for name in ["bob", "cleo", "dora"] {
        ids.push(invited(&acme, &format!("{name}@other.example")).await);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let listed = ada.get(INVITATIONS).await.expect(200).text();
    assert_eq!(listed.matches("name=\"ids\"").count(), 3, "{listed}");
    let none = with_them(&ada, "revoke_chosen", &[]).await.expect(422);
    assert!(
        none.text().contains("Choose at least one"),
        "{}",
        none.text()
    );

    let invited = Invited::at(&acme.gateway, acme.org, ids[1].parse().unwrap());
    let mailbox = Browser::new(&acme.gateway);
    let accept = [("action", "accept")];
    press(&mailbox, &invited.mailed().await, &accept)
        .await
        .expect(303);
    let asked = with_them(&ada, "revoke_chosen", &ids).await.expect(200);
    let text = asked.text();
    assert!(text.contains("Take 3 invitations back?"), "{text}");
    assert_eq!(text.matches("name=\"ids\"").count(), 3, "{text}");
    assert_eq!(state_of(&acme, ids[0]).await, "pending");

    let told = with_them(&ada, "revoke_them", &ids).await.expect(200);
    let text = told.text();
    assert!(
        text.contains("2 of 3 invitations were taken back."),
        "{text}"
    );
    assert_eq!(text.matches("class=\"wrong\"").count(), 1, "{text}");
    let wrong = text.split("class=\"wrong\"").nth(1).unwrap();
    let wrong = wrong.split("</tr>").next().unwrap();
    assert!(wrong.contains("cleo@other.example"), "{wrong}");
    for (id, state) in ids.iter().zip(["revoked", "accepted", "revoked"]) {
        assert_eq!(state_of(&acme, id).await, state);
    }
    // Done again, nothing is done, and nothing is claimed.
    let told = with_them(&ada, "revoke_them", &ids).await.expect(200);
    let text = told.text();
    assert!(
        text.contains("0 of 3 invitations were taken back."),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_invitations_are_sent_again_and_not_too_often() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let bob = invited(&acme, "bob@other.example").await;
    let cleo = invited(&acme, "cleo@other.example").await;
    acme.gateway.clock.advance(60);
    // One that is named twice is one.
    let told = with_them(&ada, "resend_chosen", &[&*bob, &*bob]).await;
    let text = told.expect(200).text();
    assert!(text.contains("1 invitation was sent once more."), "{text}");
    acme.gateway.clock.advance(60);
    let told = with_them(&ada, "resend_chosen", &[&*bob, &*cleo]).await;
    let text = told.expect(200).text();
    assert!(
        text.contains("1 of 2 invitations were sent once more."),
        "{text}"
    );
    let wrong = text.split("class=\"wrong\"").nth(1).unwrap();
    assert!(wrong.contains("bob@other.example"), "{wrong}");
    // What nobody has is not there.
    let id = acme.okta.id.to_string();
    let told = with_them(&ada, "resend_chosen", &[&*id]).await;
    let text = told.expect(200).text();
    assert!(text.contains("0 of 1 invitations"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_verified_at_the_console_and_by_the_api() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let page = "/console/organizations/acme/audit";
    let verification = format!("{page}/verification");
    let shown = ada.get(page).await.expect(200).text();
    assert!(shown.contains(&verification), "{shown}");
    let shown = ada.get(&verification).await.expect(200).text();
    assert!(shown.contains(" lines, whole"), "{shown}");
    let report = acme.get("/audit/verification").await;
    assert_eq!(
        (&report["good"], &report["faults"]),
        (&json!(true), &json!([]))
    );

    acme.gateway
        .sql("UPDATE events SET actor = 'somebody' WHERE seq = 2")
        .await;
    let shown = ada.get(&verification).await.expect(200).text();
    assert!(shown.contains("it breaks at 1 place."), "{shown}");
    let place = format!("<a href=\"{page}?after=1\">Line 2</a>");
    assert!(shown.contains(&place), "{shown}");
    let report = acme.get("/audit/verification").await;
    assert_eq!(report["good"], false);
    let fault = &report["faults"][0];
    assert_eq!(
        (&fault["seq"], &fault["kind"]),
        (&json!(2), &json!("edited"))
    );

    let key = acme.gateway.key(live(Some(acme.org), "events:read")).await;
    acme.ask_as(&key, "GET", "/audit/verification", None)
        .await
        .expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_file_go_back_with_what_is_wrong_and_no_formula() {
    let acme = administered().await;
    let ada = signed_in(&acme, ADA).await;
    let token = csrf(&ada.get("/console/organizations/acme/imports").await);
    let file = "email,role,note\n=cmd@other.example,nobody,=1+1\nbob@other.example,viewer,\n";
    let csv = URL_SAFE_NO_PAD.encode(file);
    let posted = async |action: &str| {
        let fields = [
            ("csrf", &*token),
            ("csv", &*csv),
            ("plan_digest", "x"),
            ("action", action),
        ];
        let path = "/console/organizations/acme/imports/commit";
        ada.submit(path, &fields).await
    };
    let refused = posted("commit").await.expect(409).text();
    assert!(refused.contains("value=\"errors\""), "{refused}");

    let given = posted("errors").await.expect(200);
    assert_eq!(
        given.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let disposition = given.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    assert_eq!(given.header("cache-control"), Some("no-store"));
    let text = given.text();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "\u{feff}\"email\",\"role\",\"note\",\"errors\"");
    let begin = "\"'=cmd@other.example\",\"nobody\",\"'=1+1\",\"role: ";
    assert!(lines[1].starts_with(begin), "{text}");
    assert_eq!(lines[2], "\"bob@other.example\",\"viewer\",\"\",\"\"");
    let none = acme.get("/invitations?state=any").await;
    assert_eq!(none["data"], json!([]));
}
