//! The README's tables of conformance and of interoperability: both are generated, stand between
//! markers, and are compared here with what holds. UPDATE_README=1 writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;

use serde::Deserialize;
use usher_conformance::report::{Report, SectionReport, Verdict};

/// Two tests may write the one file.
static README: Mutex<()> = Mutex::new(());

/// Compares the table with what stands between its markers, or puts it there.
#[track_caller]
fn stands(name: &str, table: &str) {
    let _alone = README.lock().unwrap();
    let text = fs::read_to_string("README.md").unwrap();
    let (begin, end) = (
        format!("<!-- {name}: generated -->\n"),
        format!("<!-- end of {name} -->"),
    );
    let (before, rest) = text.split_once(&begin).expect("the first marker");
    let (there, after) = rest.split_once(&end).expect("the second marker");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write("README.md", format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(
        there, table,
        "UPDATE_README=1 cargo test --test gateway tables"
    );
}

/// The table of conformance, of a run in each reading. It is the same on both engines.
#[track_caller]
pub(crate) fn conformance_stands(lenient: &Report, letter: &Report) {
    let mut table = "| section | requirements | hold | hold to the letter | not checked |\n\
                     |---|---|---|---|---|\n"
        .to_owned();
    for (lenient, letter) in lenient.sections.iter().zip(&letter.sections) {
        row(&mut table, &lenient.title, &[lenient], &[letter]);
    }
    let all = |report: &'_ Report| -> Vec<SectionReport> { report.sections.clone() };
    let (lenient, letter) = (all(lenient), all(letter));
    row(
        &mut table,
        "together",
        &lenient.iter().collect::<Vec<_>>(),
        &letter.iter().collect::<Vec<_>>(),
    );
    table.push_str("\nNot checked, and why:\n\n");
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for unchecked in lenient.iter().flat_map(|it| &it.requirements) {
        if let Some(reason) = &unchecked.reason {
            reasons
                .entry(reason.clone())
                .or_default()
                .push(unchecked.id.clone());
        }
    }
    for (reason, ids) in reasons {
        writeln!(table, "- {}: {reason}", ids.join(", ")).unwrap();
    }
    let skipped =
        |of: &[SectionReport]| -> usize { of.iter().map(|it| it.count(Verdict::Skipped)).sum() };
    let ours = skipped(&letter) - skipped(&lenient);
    writeln!(
        table,
        "- to the letter, {ours} more: the standard does not ask for them"
    )
    .unwrap();
    stands("conformance", &table);
}

fn row(table: &mut String, title: &str, lenient: &[&SectionReport], letter: &[&SectionReport]) {
    let count =
        |of: &[&SectionReport], verdict| -> usize { of.iter().map(|it| it.count(verdict)).sum() };
    assert_eq!(
        count(lenient, Verdict::Failed) + count(letter, Verdict::Failed),
        0
    );
    let all: usize = lenient.iter().map(|it| it.requirements.len()).sum();
    let (hold, strictly) = (
        count(lenient, Verdict::Passed),
        count(letter, Verdict::Passed),
    );
    let (loose, strict) = (
        count(lenient, Verdict::Skipped),
        count(letter, Verdict::Skipped),
    );
    writeln!(
        table,
        "| {title} | {all} | {hold} | {strictly} | {loose}; {strict} |"
    )
    .unwrap();
}

/// What came of a program of others: `tests/interop/results.json`, which `make interop` compares
/// with what it sees.
#[derive(Deserialize)]
struct Outcome {
    program: String,
    played: String,
    passed: u32,
    failed: u32,
    #[serde(default)]
    why: String,
}

#[test]
fn the_table_of_interoperability_is_what_came_of_it() {
    let text = fs::read_to_string("tests/interop/results.json").unwrap();
    let outcomes: Vec<Outcome> = serde_json::from_str(&text).unwrap();
    let mut table =
        "| program or sender | played | passed | failed |\n|---|---|---|---|\n".to_owned();
    for Outcome {
        program,
        played,
        passed,
        failed,
        why,
    } in &outcomes
    {
        assert_eq!(
            *failed > 0,
            !why.is_empty(),
            "{program}: what failed has a reason"
        );
        let failed = if why.is_empty() {
            "0".to_owned()
        } else {
            format!("{failed}: {why}")
        };
        writeln!(table, "| {program} | {played} | {passed} | {failed} |").unwrap();
    }
    for (folder, sender) in [
        ("okta", "Okta"),
        ("entra", "Microsoft Entra ID"),
        ("onelogin", "OneLogin"),
        ("jumpcloud", "JumpCloud"),
        ("pingone", "PingOne"),
        ("pingfederate", "PingFederate"),
        ("rippling", "Rippling"),
        ("authentik", "authentik"),
        ("keycloak", "Keycloak"),
        ("generic", "Any client, by the standard and its probes"),
    ] {
        let (scim, saml) = fixtures(folder);
        writeln!(
            table,
            "| {sender}: not itself, its documented shapes ([`idp-fixtures/{folder}`](idp-fixtures/{folder})) \
             | {} by SCIM, {saml} by SAML, in the suite on both engines | {} | 0 |",
            counted(scim),
            scim + saml
        )
        .unwrap();
    }
    stands("interoperability", &table);
}

fn counted(sequences: usize) -> String {
    let plural = if sequences == 1 { "" } else { "s" };
    format!("{sequences} sequence{plural}")
}

/// SCIM sequences and SAML messages below a folder: the suite plays each.
fn fixtures(folder: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    let mut folders = vec![std::path::PathBuf::from("idp-fixtures").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "json") {
                if folder.ends_with("saml") {
                    counts.1 += 1;
                } else {
                    counts.0 += 1;
                }
            }
        }
    }
    counts
}

/// The description of the admin API, of which clients are generated: whoever changes it sees how.
#[test]
fn the_description_of_the_api_is_checked_in() {
    const PLACE: &str = "docs/openapi.json";
    let document = serde_json::to_value(usher::http::admin::openapi()).unwrap();
    let text = format!("{document:#}\n");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::create_dir_all("docs").unwrap();
        fs::write(PLACE, text).unwrap();
        return;
    }
    let there = fs::read_to_string(PLACE).unwrap_or_default();
    let differs = there
        .lines()
        .zip(text.lines())
        .find(|(old, new)| old != new);
    assert!(
        there == text,
        "UPDATE_OPENAPI=1 cargo test --test gateway tables writes {PLACE} anew; first difference: {differs:?}"
    );
}
