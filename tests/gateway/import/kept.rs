//! Committed imports: shown, given back as a file, taken back, and forgotten in time.

use usher::provisioning::sweep;
use usher::store::invited::{Invited, Order};

use super::*;

#[tokio::test]
async fn the_file_that_goes_back_holds_no_formula() {
    let acme = Acme::start().await;
    let csv = "email,role,note\n=cmd@acme.example,viewer,=HYPERLINK(\"x\")\n"
        .replace("=HYPERLINK(\"x\")", "\"=HYPERLINK(\"\"http://evil\"\")\"");
    let csv = csv + "ada@acme.example,viewer,@SUM(A1)\nada@acme.example,viewer,-1\n";
    let report = acme.send("", csv).await.expect(201).json();
    let id = report["id"].as_str().unwrap();
    let reply = acme.get(&format!("/{id}/result.csv")).await.expect(200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let disposition = format!("attachment; filename=\"import-{id}.csv\"");
    assert_eq!(
        reply.header("content-disposition"),
        Some(disposition.as_str())
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        reply.text(),
        "\u{feff}email,role,note,status,detail\r\n\
         '=cmd@acme.example,viewer,\"'=HYPERLINK(\"\"http://evil\"\")\",created,\r\n\
         ada@acme.example,viewer,'@SUM(A1),created,\r\n\
         ada@acme.example,viewer,'-1,skipped,duplicate_in_file (row 3)\r\n"
    );
    let shown = acme.get(&format!("/{id}")).await.expect(200).json();
    assert_eq!(
        (&shown["open"], &shown["has_result"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(shown["result"]["rows"][2]["status"], "skipped");
    assert_eq!(shown["plan_digest"], report["plan_digest"]);
    // Its rows read again say the same, and nobody is mailed a second time.
    let again = acme.send("", reply.body.to_vec()).await.expect(200).json();
    assert_eq!(
        (&again["outcome"], &again["skipped"]),
        (&json!("nothing_to_do"), &json!(3))
    );
}

#[tokio::test]
async fn the_template_is_a_file_and_what_may_stand_in_it_is_told_beside() {
    let acme = Acme::start().await;
    let file = acme.get("/template.csv").await.expect(200);
    assert!(file.text().starts_with("\u{feff}email,role,projects\r\n"));
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"people.csv\"")
    );
    let told = acme.get("/template").await.expect(200).json();
    let slugs = |name: &str| -> Vec<_> {
        told[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["slug"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(slugs("roles"), ["admin", "editor", "viewer"]);
    assert_eq!(slugs("projects"), ["shop", "website"]);
    assert_eq!(told["columns"][2]["name"], "projects");
    let request = Request::builder()
        .uri(format!("{IMPORTS}/template.csv"))
        .header("accept", "text/csv")
        .header("authorization", format!("Bearer {}", acme.key));
    acme.gateway
        .send(request.body(Body::empty()).unwrap())
        .await
        .expect(200);
}

#[tokio::test]
async fn an_import_is_taken_back_and_only_what_is_open_of_it() {
    let acme = Acme::start().await;
    let id = acme.send("", people(5, "viewer")).await.expect(201).id();
    acme.send("", "email,role\nother@acme.example,viewer\n")
        .await
        .expect(201);
    let revoke = format!("{IMPORTS}/{id}/revoke");
    for revoked in [5, 0] {
        let reply = acme.post(&revoke, "text/csv", "").await.expect(200);
        assert_eq!(reply.json(), json!({"revoked": revoked}));
    }
    assert_eq!(acme.owed().await.len(), 1);
    assert_eq!(
        acme.open(&["p0@acme.example", "other@acme.example"])
            .await
            .len(),
        1
    );
    let shown = acme.get(&format!("/{id}")).await.expect(200).json();
    assert_eq!((&shown["open"], &shown["created"]), (&json!(0), &json!(5)));
}

#[tokio::test]
async fn an_import_of_another_organization_is_not_there() {
    let acme = Acme::start().await;
    let id = acme.send("", people(2, "viewer")).await.expect(201).id();
    acme.gateway.organization("other").await;
    let operator = acme.gateway.key(live(None, "*")).await;
    let elsewhere = "/api/v1/organizations/other/imports";
    for path in [format!("/{id}"), format!("/{id}/result.csv")] {
        let uri = format!("{elsewhere}{path}");
        refused(
            &acme.gateway.get(&uri, &operator).await.expect(404),
            "not_found",
        );
        acme.gateway.get(&uri, &acme.key).await.expect(404);
    }
    let uri = format!("{elsewhere}/{id}/revoke");
    let credential = format!("Bearer {operator}");
    acme.gateway
        .ask("POST", &uri, Some(&credential))
        .await
        .expect(404);
    assert_eq!(
        acme.gateway
            .get(elsewhere, &operator)
            .await
            .expect(200)
            .json()["data"],
        json!([])
    );
    let projects = "email,role,projects\na@acme.example,editor,website\n";
    let request = Request::builder()
        .method("POST")
        .uri(elsewhere)
        .header("authorization", credential)
        .header("content-type", "text/csv");
    let reply = acme
        .gateway
        .send(request.body(Body::from(projects)).unwrap())
        .await;
    let problem = refused(&reply.expect(422), "import_refused");
    assert_eq!(problem["errors"][0]["code"], "unknown_project");
    assert_eq!(acme.open(&["p0@acme.example"]).await.len(), 1);
}

#[tokio::test]
async fn imports_are_listed_page_by_page() {
    let acme = Acme::start().await;
    let mut ids = Vec::new();
    for name in ["ada", "bob", "eve"] {
        acme.gateway.clock.advance(1);
        let csv = format!("email,role\n{name}@acme.example,viewer\n");
        ids.push(acme.send("", csv).await.expect(201).id());
    }
    let first = acme.get("?limit=2").await.expect(200).json();
    assert_eq!(first["has_more"], true);
    let next = first["next"].as_str().unwrap();
    let second = acme
        .get(&format!("?limit=2&after={next}"))
        .await
        .expect(200)
        .json();
    let data = first["data"]
        .as_array()
        .unwrap()
        .iter()
        .chain(second["data"].as_array().unwrap());
    assert_eq!(
        data.map(|it| it["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>(),
        ids
    );
}

#[tokio::test]
async fn rows_go_after_30_days_and_addresses_after_180() {
    let acme = Acme::start().await;
    let id = acme.send("", people(2, "viewer")).await.expect(201).id();
    acme.post(&format!("{IMPORTS}/{id}/revoke"), "text/csv", "")
        .await
        .expect(200);
    let (store, ids) = (&acme.gateway.gateway.store, &acme.gateway.gateway.ids);
    let day = 24 * 60 * 60;
    acme.gateway.clock.advance(30 * day);
    assert_eq!(sweep::forget_results(store, ids).await.unwrap(), 0);
    acme.gateway.clock.advance(1);
    assert_eq!(sweep::forget_results(store, ids).await.unwrap(), 1);
    let shown = acme.get(&format!("/{id}")).await.expect(200).json();
    assert_eq!(
        (&shown["result"], &shown["created"]),
        (&Value::Null, &json!(2))
    );
    refused(
        &acme.get(&format!("/{id}/result.csv")).await.expect(404),
        "not_found",
    );
    assert_eq!(sweep::forget_invited(store, ids).await.unwrap(), 0);
    acme.gateway.clock.advance(150 * day);
    assert_eq!(sweep::forget_invited(store, ids).await.unwrap(), 2);
    assert_eq!(sweep::forget_invited(store, ids).await.unwrap(), 0);
    let org = acme.org;
    let read = store.read(move |tx| {
        async move {
            let asked = Invited {
                standing: None,
                email_prefix: None,
                role: None,
                project: None,
                inviter: None,
                import: None,
                order: Order::Creation(None),
                limit: 10,
            };
            let now = Time(jiff::Timestamp::UNIX_EPOCH);
            let rows = tx.invitation_page(org, &asked, now).await?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            Ok::<_, store::Error>((rows, tx.deliveries_of_invitations(org, &ids).await?))
        }
        .boxed()
    });
    let (rows, mails) = read.await.unwrap();
    assert_eq!((rows.len(), mails.len()), (2, 2));
    assert!(
        rows.iter()
            .all(|row| row.email.is_empty() && row.email_norm.len() == 43)
    );
    assert!(mails.iter().all(|mail| mail.recipient.is_empty()));
}
