//! Files as people really send them.

use proptest::prelude::*;

use super::report::Seen;
use super::result::{ResultRow, write};
use super::*;
use crate::limits;

fn codes(findings: &[Finding]) -> Vec<(&'static str, Option<u64>, Option<&str>)> {
    let one = |it: &Finding| (it.code.as_str(), it.row, it.column.as_deref().map(leak));
    findings.iter().map(one).collect()
}

fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn rows(text: &str) -> Vec<RawRow> {
    read(text.as_bytes()).unwrap().rows
}

#[test]
fn a_file_is_read_by_its_header() {
    for text in [
        "email,role,projects\na@x.example,editor,\"seo, ads,,seo\"\n",
        "\u{feff}Role , E MAIL,Projects\r\neditor, a@x.example ,\"seo,ads\"\r\n",
        "\n\nemail;role;projects\n\na@x.example;editor;seo,ads",
        "EMAIL\tprojects\trole\r\na@x.example\tseo,ads\teditor\r\n\r\n",
        "\"email\";\"role\";\"projects\"\r\"a@x.example\";\"editor\";\"seo,ads\"\r",
        "email,role,projects\n,,\n \n\"\",\"\",\"\"\na@x.example,editor,\"seo\n,ads\"",
    ] {
        let rows = rows(text);
        assert_eq!(rows.len(), 1, "{text:?}");
        assert_eq!(rows[0].email, "a@x.example", "{text:?}");
        assert_eq!(rows[0].role, "editor", "{text:?}");
        assert_eq!(rows[0].projects, ["seo", "ads"], "{text:?}");
        assert_eq!(rows[0].findings, [], "{text:?}");
    }
}

#[test]
fn the_dialect_is_said_and_the_comma_comes_first() {
    for (text, dialect) in [
        ("email,role\na@x.example,editor", Dialect::Comma),
        ("email;role\na@x.example;editor", Dialect::Semicolon),
        ("email\trole\na@x.example\teditor", Dialect::Tab),
        ("email,role,note;more\na@x.example,editor,", Dialect::Comma),
        (
            "email;role;note,more\na@x.example;editor;",
            Dialect::Semicolon,
        ),
    ] {
        assert_eq!(read(text.as_bytes()).unwrap().dialect, dialect, "{text:?}");
    }
}

#[test]
fn rows_are_numbered_as_in_the_file() {
    let text = "\nemail,role,note\r\n\r\na@x.example,editor,\"two\r\nlines\"\n\n,,\nb@x.example,,\n\
                c@x.example,editor\n";
    let lines: Vec<_> = rows(text).iter().map(|row| row.line).collect();
    assert_eq!(lines, [4, 8, 9]);
    let findings: Vec<_> = rows(text)
        .into_iter()
        .flat_map(|row| row.findings)
        .collect();
    let expected = [
        ("role_required", Some(8), Some("role")),
        ("ragged_row", Some(9), None),
    ];
    assert_eq!(codes(&findings), expected);
}

#[test]
fn a_file_that_cannot_be_read_says_where_and_why() {
    let utf16: Vec<u8> = "email,role\na@x.example,editor"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [&[0xff, 0xfe][..], &utf16].concat();
    let swapped: Vec<u8> = [0xfe, 0xff, 0, b'e'].to_vec();
    let latin = b"email,role\nj\xfcrgen@x.example,editor".to_vec();
    for (bytes, code, place) in [
        (Vec::new(), "empty_file", None),
        (b"\xef\xbb\xbf\r\n \r\n".to_vec(), "empty_file", None),
        (b"email,role\n\n,\n".to_vec(), "empty_file", None),
        (marked, "encoding", None),
        (swapped, "encoding", None),
        (utf16, "encoding", None),
        (latin, "encoding", Some((2, 2))),
        (
            b"email,role\r\na\0b@x.example,editor".to_vec(),
            "nul",
            Some((2, 2)),
        ),
        (
            b"email,role\na@x.example,\"editor\nb@x.example,viewer".to_vec(),
            "unbalanced_quote",
            Some((2, 13)),
        ),
        (
            b"email,role\na@x.example,edi\"tor".to_vec(),
            "unbalanced_quote",
            Some((2, 16)),
        ),
        (
            b"email,role\n\"a@x.example\"b,editor".to_vec(),
            "unbalanced_quote",
            Some((2, 14)),
        ),
        (b"\"email,role\n".to_vec(), "unbalanced_quote", Some((1, 1))),
        (vec![b'x'; limits::CSV_BYTES + 1], "too_large", None),
    ] {
        let findings = read(&bytes).unwrap_err();
        let place = place.unzip();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].code.as_str(), code);
        assert_eq!((findings[0].row, findings[0].position), place, "{code}");
        assert!(code == "nul" || findings[0].suggestion.is_some(), "{code}");
    }
}

#[test]
fn a_header_that_is_not_understood_is_an_error_and_a_foreign_column_a_warning() {
    let unknown = |name| ("unknown_column", Some(1), Some(name));
    let near = |name| ("misspelled_column", Some(1), Some(name));
    let missing = |name| ("missing_column", Some(1), Some(name));
    for (header, expected) in [
        ("email", vec![missing("role")]),
        (
            "a@x.example,editor",
            vec![
                unknown("a@x.example"),
                unknown("editor"),
                missing("email"),
                missing("role"),
            ],
        ),
        (
            "Adresse,Funktion",
            vec![
                unknown("Adresse"),
                unknown("Funktion"),
                missing("email"),
                missing("role"),
            ],
        ),
        (
            "Adresse;Funktion",
            vec![
                unknown("Adresse"),
                unknown("Funktion"),
                missing("email"),
                missing("role"),
            ],
        ),
        (
            "E-Mail,Rolle,Projekte",
            vec![near("E-Mail"), near("Rolle"), near("Projekte")],
        ),
        ("email,role,project", vec![near("project")]),
        ("email,role,Projects_", vec![near("Projects_")]),
        ("email,role,projcets", vec![near("projcets")]),
        ("Email Address,role", vec![near("Email Address")]),
        ("mail;roles", vec![near("mail"), near("roles")]),
        ("email,Roles", vec![near("Roles")]),
        ("email,role,scope", vec![near("scope")]),
        (
            "email,role,Role",
            vec![("duplicate_column", Some(1), Some("role"))],
        ),
        (
            "email,role,projects,projects",
            vec![("duplicate_column", Some(1), Some("projects"))],
        ),
    ] {
        let found = read(format!("{header}\nx,y,z\n").as_bytes()).unwrap_err();
        assert_eq!(codes(&found), expected, "{header}");
    }
}

#[test]
fn a_header_in_other_words_is_answered_with_what_came_and_what_is_expected() {
    let unknown = |name| ("unknown_column", Some(1), Some(name));
    let file = read(b"email,name,role,status,detail,\na@x.example,Ada,editor,create,,\n").unwrap();
    let expected = [unknown("name"), unknown("status"), unknown("detail")];
    assert_eq!(codes(&file.warnings), expected);
    assert!(!file.rows[0].has_error());
    let message = &read(b"Wer;Was\n1;2").unwrap_err()[2].message;
    assert!(
        message.contains("`Wer`, `Was`") && message.contains("email and role"),
        "{message}"
    );
}

#[test]
fn five_hundred_rows_are_taken_and_one_more_is_none() {
    let file = |rows: usize| {
        let row = |n| format!("p{n}@x.example,nonsense\r\n\r\n");
        format!("email,role\r\n{}", (0..rows).map(row).collect::<String>())
    };
    assert_eq!(rows(&file(limits::CSV_ROWS)).len(), 500);
    let findings = read(file(limits::CSV_ROWS + 1).as_bytes()).unwrap_err();
    assert_eq!(codes(&findings), [("too_many_rows", None, None)]);
}

#[test]
fn what_is_wrong_with_a_row_is_named() {
    let long = format!("{}@x.example", "a".repeat(250));
    let many = (0..=100)
        .map(|n| format!("p{n}"))
        .collect::<Vec<_>>()
        .join(",");
    for (row, expected) in [
        ("a@x.example,editor,,", vec![]),
        (",editor,,", vec![("invalid_email", "email")]),
        (
            "\"a@x.example\r\n\",editor,,",
            vec![("invalid_email", "email")],
        ),
        (
            "\"a@x.example\nBcc: b@x.example\",editor,,",
            vec![("invalid_email", "email")],
        ),
        (
            "a\u{200b}@x.example,editor,,",
            vec![("invalid_email", "email")],
        ),
        ("a@x.example, ,,", vec![("role_required", "role")]),
        (
            ",,x,",
            vec![("invalid_email", "email"), ("role_required", "role")],
        ),
        (&format!("{long},editor,,"), vec![("too_long", "email")]),
        (
            &format!("a@x.example,{},,", "r".repeat(255)),
            vec![("too_long", "role")],
        ),
        (
            "a@x.example,editor,\" , ,\",",
            vec![("unknown_project", "projects")],
        ),
        (
            &format!("a@x.example,editor,\"{many}\","),
            vec![("too_long", "projects")],
        ),
        ("a@x.example,editor,seo,ads", vec![("unnamed_column", "")]),
        ("a@x.example,editor,seo,ads,more", vec![("ragged_row", "")]),
        (
            "First.Example@example.com,viewer,,",
            vec![("example_row", "email")],
        ),
    ] {
        let rows = rows(&format!("email,role,projects,\n{row}"));
        let found: Vec<_> = rows[0]
            .findings
            .iter()
            .map(|it| (it.code.as_str(), it.column.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(found, expected, "{row}");
        assert_eq!(rows[0].has_error(), !expected.is_empty());
    }
}

#[test]
fn the_template_is_read_and_none_of_its_rows_is_taken() {
    let bytes = template::bytes();
    assert!(bytes.starts_with("\u{feff}email,role,projects\r\n".as_bytes()));
    let file = read(&bytes).unwrap();
    assert_eq!(file.rows.len(), 2);
    assert_eq!(file.rows[1].projects, ["project-one", "project-two"]);
    let findings: Vec<_> = file
        .rows
        .iter()
        .flat_map(|row| row.findings.clone())
        .collect();
    let example = |row| ("example_row", Some(row), Some("email"));
    assert_eq!(codes(&findings), [example(2), example(3)]);
}

fn judged(file: &File, strict: bool) -> Vec<Judged> {
    let mut seen = Seen::default();
    let judge = |row: &'_ RawRow, again: Option<(Outcome, Vec<Finding>)>| {
        let (outcome, more) = again.unwrap_or((Outcome::Create, Vec::new()));
        Judged::new(row, outcome, more).of_role(&row.role.to_lowercase())
    };
    file.rows
        .iter()
        .map(|row| {
            let norm = row.email.to_lowercase();
            let again = seen.again(&norm, row, strict, str::eq_ignore_ascii_case);
            judge(row, again)
        })
        .collect()
}

#[test]
fn a_repeated_address_is_skipped_and_a_contradiction_is_said() {
    let text = "email,role,projects\na@x.example,editor,\"b,a\"\nA@x.example,Editor,\"a,b\"\n\
                a@x.example,viewer,\"a,b\"\na@x.example,editor,a\n";
    let file = read(text.as_bytes()).unwrap();
    let report = Report::new(&file, judged(&file, false), b"");
    assert_eq!((report.total, report.created, report.skipped), (4, 1, 3));
    assert_eq!(report.rows[1].detail, "duplicate_in_file (row 2)");
    let conflict = |row| ("conflicting_duplicate", Some(row), Some("email"));
    assert_eq!(codes(&report.warnings), [conflict(4), conflict(5)]);
    assert!(!report.is_refused());
    let strict = Report::new(&file, judged(&file, true), b"");
    assert_eq!(codes(&strict.errors), [conflict(4), conflict(5)]);
    assert_eq!((strict.created, strict.skipped, strict.failed), (0, 1, 2));
    assert_eq!(strict.plan_digest, None);
}

#[test]
fn a_report_has_the_shape_of_the_api() {
    let file = read(b"email,role,note\na@x.example,Editor,\nb@x.example,,\n").unwrap();
    let suspended = Outcome::Skip {
        reason: SkipReason::MemberSuspended,
        of: None,
    };
    let rows = vec![
        Judged::new(&file.rows[0], suspended, Vec::new()),
        Judged::new(&file.rows[1], Outcome::Create, Vec::new()),
    ];
    let report = serde_json::to_value(Report::new(&file, rows, b"")).unwrap();
    assert_eq!(report["dialect"], "comma");
    assert_eq!(report["created"], 0);
    assert_eq!(report["rows"][0]["status"], "skip");
    assert_eq!(report["rows"][0]["reason"], "member_suspended");
    assert_eq!(report["rows"][1]["status"], "error");
    assert_eq!(report["rows"][1]["row"], 3);
    assert_eq!(
        report["errors"],
        serde_json::json!([{
            "row": 3, "column": "role", "code": "role_required", "severity": "error", "value": "",
            "message": "the role is missing; a file has no default", "suggestion": null,
        }])
    );
    assert_eq!(report["warnings"][0]["code"], "unknown_column");
    assert_eq!(report["warnings"][1]["code"], "member_suspended");
    let unreadable = Report::unreadable(read(b"").unwrap_err());
    assert!(unreadable.is_refused());
    assert_eq!(unreadable.dialect, None);
}

#[test]
fn the_digest_follows_the_plan() {
    let digest = |text: &str, settings: &[u8]| {
        let file = read(text.as_bytes()).unwrap();
        Report::new(&file, judged(&file, false), settings)
            .plan_digest
            .unwrap()
    };
    let plan = "email,role,projects\na@x.example,editor,\"a,b\"";
    let first = digest(plan, b"7 days");
    assert_eq!(first.len(), 64);
    assert_eq!(first, digest(&plan.replace("editor", " EDITOR"), b"7 days"));
    for other in [
        digest(plan, b"8 days"),
        digest(&plan.replace("editor", "viewer"), b"7 days"),
        digest(&plan.replace("a,b", "a"), b"7 days"),
        digest(&plan.replace("a@", "b@"), b"7 days"),
        digest(&format!("{plan}\na@x.example,editor,\"a,b\""), b"7 days"),
    ] {
        assert_ne!(other, first);
    }
}

#[test]
fn the_result_holds_no_formula_and_reads_back() {
    let text = "email;role;note;status\n=cmd()@x.example;editor;@SUM(A1);old\n\
                a@x.example;viewer;'=1;old\nb@x.example;viewer;\"x,=1\";old\n";
    let file = read(text.as_bytes()).unwrap();
    let details = ["invalid_email: \"no address\"", "", "-"];
    let rows: Vec<_> = std::iter::zip(&file.rows, details)
        .map(|(row, detail)| ResultRow {
            cells: &row.cells,
            status: "error",
            detail,
        })
        .collect();
    let bytes = write(file.dialect, &file.header, &rows);
    let written = String::from_utf8(bytes.clone()).unwrap();
    let expected = "\u{feff}\"email\";\"role\";\"note\";\"status\";\"detail\"\r\n\
        \"'=cmd()@x.example\";\"editor\";\"'@SUM(A1)\";\"error\";\"invalid_email: \"\"no address\"\"\"\r\n\
        \"a@x.example\";\"viewer\";\"'=1\";\"error\";\"\"\r\n\
        \"b@x.example\";\"viewer\";\"x,=1\";\"error\";\"'-\"\r\n";
    assert_eq!(written, expected);
    let again = read(&bytes).unwrap();
    for (first, second) in file.rows.iter().zip(&again.rows) {
        assert_eq!(first.cells[..3], second.cells[..3]);
    }
    let plain = write(Dialect::Comma, &["email".to_owned()], &[]);
    assert_eq!(plain, "\u{feff}email,status,detail\r\n".as_bytes());
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_give_too_many_rows(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(file) = read(&bytes) {
            prop_assert!(file.rows.len() <= limits::CSV_ROWS);
        }
    }

    #[test]
    fn no_text_panics_and_each_row_is_found_on_its_line(
        body in "([a-c@.,;\"'=\t \r\n]|[a-z]@x\\.example,editor,\r?\n){0,400}",
    ) {
        let text = format!("email,role,projects\n{body}");
        if let Ok(file) = read(text.as_bytes()) {
            prop_assert!(file.rows.len() <= limits::CSV_ROWS);
            let lines = 1 + text.chars().filter(|c| matches!(c, '\r' | '\n')).count() as u64;
            prop_assert!(file.rows.iter().all(|row| (2..=lines).contains(&row.line)));
            prop_assert!(file.rows.is_sorted_by(|a, b| a.line < b.line));
        }
    }

    #[test]
    fn what_is_written_is_read_again(
        cells in prop::collection::vec(prop::collection::vec("[ -~\t\r\n\u{e4}]{0,12}", 1..4), 1..20),
        semicolon in any::<bool>(),
    ) {
        let dialect = if semicolon { Dialect::Semicolon } else { Dialect::Comma };
        let header: Vec<String> = ["email", "role", "projects"].map(str::to_owned).to_vec();
        let rows: Vec<_> = cells
            .iter()
            .map(|cells| ResultRow { cells, status: "create", detail: "" })
            .collect();
        let file = read(&write(dialect, &header, &rows)).unwrap();
        prop_assert_eq!(file.dialect, dialect);
        prop_assert_eq!(file.rows.len(), cells.len());
        for (row, cells) in file.rows.iter().zip(&cells) {
            prop_assert_eq!(&row.cells[..cells.len()], &cells[..]);
        }
    }
}
