//! Files that cannot be read, and requests that are wrong before anything of a file is looked at.

use super::*;

fn utf16(text: &str, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

const PLAIN: &str = "email,role,projects\nada@acme.example,editor,\n";

#[tokio::test]
async fn what_cannot_be_read_is_said_with_its_place() {
    let acme = Acme::start().await;
    let events = acme.gateway.events(acme.org).await.len();
    let mut latin = PLAIN.as_bytes().to_vec();
    latin.extend(b"j\xf6rg@acme.example,viewer,\n");
    let large = format!("{PLAIN}{}", "x".repeat(1024 * 1024));
    for (file, row, code) in [
        (utf16(PLAIN, true), 0, "encoding"),
        (utf16(PLAIN, false), 0, "encoding"),
        (latin, 3, "encoding"),
        (
            b"email,role\nada\0@acme.example,editor\n".to_vec(),
            2,
            "nul",
        ),
        (
            b"email,role\n\"ada@acme.example,editor\n".to_vec(),
            2,
            "unbalanced_quote",
        ),
        (
            b"email,role\nada\"@acme.example,editor\n".to_vec(),
            2,
            "unbalanced_quote",
        ),
        (
            b"Adresse,Funktion\nada@acme.example,editor\n".to_vec(),
            1,
            "missing_column",
        ),
        (
            b"e-mail,role\nada@acme.example,editor\n".to_vec(),
            1,
            "misspelled_column",
        ),
        (
            b"email,role,project\nada@acme.example,editor,website\n".to_vec(),
            1,
            "misspelled_column",
        ),
        (
            b"email,email,role\na@acme.example,b@acme.example,editor\n".to_vec(),
            1,
            "duplicate_column",
        ),
        (
            b"email,role\nada@acme.example,editor,website\n".to_vec(),
            2,
            "ragged_row",
        ),
        (b"email,role\n".to_vec(), 0, "empty_file"),
        (Vec::new(), 0, "empty_file"),
        (large.into_bytes(), 0, "too_large"),
        (usher::roster::template::bytes(), 2, "example_row"),
    ] {
        for form in [false, true] {
            let reply = if form {
                acme.form(&[], &file).await
            } else {
                acme.send("", file.clone()).await
            };
            let problem = refused(&reply.expect(422), "import_refused");
            let first = &findings(&problem["errors"])[0];
            assert_eq!((first.0, first.2.as_str()), (row, code), "{problem}");
        }
    }
    acme.nothing_was_done(events).await;
}

#[tokio::test]
async fn the_dialects_of_spreadsheets_are_read() {
    let acme = Acme::start().await;
    for (file, dialect) in [
        (PLAIN.to_owned(), "comma"),
        (format!("\u{feff}{PLAIN}"), "comma"),
        (PLAIN.replace(',', ";"), "semicolon"),
        (PLAIN.replace(',', "\t").replace('\n', "\r\n"), "tab"),
        (
            "Role, E M A I L ,team\neditor,ada@acme.example,x\n".replace(" E M A I L ", " EMAIL "),
            "comma",
        ),
        (
            "\n\nemail,role\n\nada@acme.example,editor\n\n\n".to_owned(),
            "comma",
        ),
    ] {
        let report = acme
            .send("?dry_run=true", file.clone())
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&report["dialect"], &report["created"]),
            (&json!(dialect), &json!(1)),
            "{file:?}"
        );
    }
    let warned = acme
        .send(
            "?dry_run=true",
            "email,role,team\na@acme.example,editor,x\n",
        )
        .await;
    assert_eq!(
        findings(&warned.expect(200).json()["warnings"]),
        [(1, "team".to_owned(), "unknown_column".to_owned())]
    );
}

#[tokio::test]
async fn a_request_that_is_wrong_is_a_problem_that_says_so() {
    let acme = Acme::start().await;
    let events = acme.gateway.events(acme.org).await.len();
    let long = format!("?message={}", "x".repeat(501));
    for (query, status, slug) in [
        ("?dry_run=yes", 400, "invalid_parameter"),
        ("?dryrun=true", 400, "invalid_parameter"),
        ("?strict=true&strict=true", 400, "invalid_parameter"),
        ("?expires_in_days=soon", 400, "invalid_parameter"),
        ("?expires_in_days=31", 422, "expiry_too_far"),
        ("?expires_in_days=0", 422, "expiry_too_soon"),
        ("?expires_at=2026-11-21", 422, "expiry_in_past"),
        (
            "?expires_at=2026-11-30&expires_in_days=3",
            422,
            "ambiguous_expiry",
        ),
        ("?expires_at=tomorrow", 422, "invalid_expiry"),
        (long.as_str(), 422, "too_long"),
    ] {
        refused(&acme.send(query, PLAIN).await.expect(status), slug);
    }
    for kind in [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/mixed; boundary=x",
    ] {
        refused(
            &acme.post(IMPORTS, kind, PLAIN).await.expect(415),
            "unsupported_media_type",
        );
    }
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    let file = |name: &str| String::from_utf8(form_part(name, None, PLAIN.as_bytes())).unwrap();
    let end = format!("--{BOUNDARY}--\r\n");
    for (kind, body) in [
        (form.as_str(), PLAIN.to_owned()),
        (form.as_str(), file("people") + &end),
        (form.as_str(), file("file") + &file("file") + &end),
        (form.as_str(), file("file")),
        ("multipart/form-data", file("file") + &end),
    ] {
        let reply = acme.post(IMPORTS, kind, body).await.expect(400);
        refused(&reply, "malformed_body");
    }
    acme.nothing_was_done(events).await;
}

#[tokio::test]
async fn a_huge_body_is_refused_and_a_strangers_is_not_read() {
    let acme = Acme::start().await;
    let huge = vec![b'x'; 10 * 1024 * 1024];
    for kind in ["text/csv", "multipart/form-data; boundary=x"] {
        let reply = acme.post(IMPORTS, kind, huge.clone()).await.expect(413);
        refused(&reply, "body_too_large");
    }
    let stranger = Acme {
        key: "sk_unknown".to_owned(),
        ..acme
    };
    let reply = stranger.post(IMPORTS, "text/csv", huge).await.expect(401);
    refused(&reply, "unauthorized");
}

#[tokio::test]
async fn a_message_is_text_and_nothing_else() {
    let acme = Acme::start().await;
    let message = "<script>alert(1)</script>\r\n\u{1b}[31mHi \u{202e}moc.live";
    acme.form(&[("message", message)], PLAIN.as_bytes())
        .await
        .expect(201);
    let row = acme.open(&["ada@acme.example"]).await.remove(0);
    assert_eq!(
        row.message.as_deref(),
        Some("<script>alert(1)</script>\n[31mHi moc.live")
    );
}
