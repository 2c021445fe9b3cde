//! The demo itself, as somebody at a terminal runs it: it ends well, and it notices what is wrong.

use std::process::Command;

use serde_json::Value;

/// Runs `usher demo --exit --json` with these arguments; answers its exit code and its document.
fn demo(arguments: &[&str]) -> (Option<i32>, Value) {
    let run = Command::new(env!("CARGO_BIN_EXE_usher"))
        .args(["demo", "--exit", "--json"])
        .args(arguments)
        .env("USHER_LISTEN", "127.0.0.1:0")
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    (
        run.status.code(),
        serde_json::from_slice(&run.stdout).unwrap(),
    )
}

#[test]
fn the_demo_plays_the_main_job() {
    let (code, played) = demo(&[]);
    assert_eq!(
        (code, &played["failed"]),
        (Some(0), &Value::Null),
        "{played:#}"
    );
    let steps = played["steps"].as_array().unwrap();
    assert!(
        steps.len() > 40 && steps.iter().all(|step| step["ok"] == true),
        "{played:#}"
    );
    let people: Vec<_> = played["people"].as_array().unwrap().iter().collect();
    let told = |field: &str| -> Vec<_> { people.iter().map(|who| who[field].clone()).collect() };
    assert_eq!(
        told("role"),
        [
            Value::Null,
            "viewer".into(),
            "editor".into(),
            Value::Null,
            Value::Null
        ]
    );
    assert_eq!(
        told("state"),
        ["suspended", "active", "active", "suspended", "active"]
    );
    let answered = |step: &str| {
        let all = played["steps"].as_array().unwrap();
        let found = all.iter().find(|it| it["step"] == step);
        found.unwrap()["answered"].as_str().unwrap().to_owned()
    };
    for (step, said) in [
        ("A file with a bad row", "row 2, column role, \"editr\": "),
        ("A file with a bad row", "(suggestion: editor)"),
        ("The mended file", "2 invited, 2 skipped"),
        (
            "Annie has mail",
            "to annie@partner.example: http://127.0.0.1:",
        ),
        (
            "Her ID token names her project",
            r#"projects [{"role":"editor","slug":"website"}]"#,
        ),
    ] {
        assert!(answered(step).contains(said), "{step}: {}", answered(step));
    }
}

#[test]
fn the_demo_names_the_step_that_failed() {
    for (fault, step) in [
        ("bad-signature", "Okta signs Ada in"),
        ("no-mapping", "Ada has the role editor"),
    ] {
        let (code, played) = demo(&["--fault", fault]);
        assert_eq!(
            (code, &played["failed"]),
            (Some(1), &step.into()),
            "{played:#}"
        );
        let last = played["steps"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["step"], &last["ok"]), (&step.into(), &false.into()));
        assert_eq!(played["people"], Value::Array(Vec::new()));
    }
}

#[test]
fn the_demo_is_for_this_machine_alone() {
    let run = Command::new(env!("CARGO_BIN_EXE_usher"))
        .args(["demo", "--exit"])
        .env("USHER_LISTEN", "0.0.0.0:0")
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    assert_eq!((run.status.code(), run.stdout.len()), (Some(3), 0));
}
