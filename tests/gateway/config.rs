//! Settings, as the program reads them from its environment: `usher config show`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the program in an empty folder with this environment and nothing else.
fn show(test: &str, environment: &[(&str, &str)]) -> Output {
    let folder = folder(test);
    let output = Command::new(env!("CARGO_BIN_EXE_usher"))
        .args(["config", "show", "--json"])
        .current_dir(&folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    fs::remove_dir_all(folder).unwrap();
    output
}

fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("usher-config-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn settings(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else")
}

fn of<'a>(settings: &'a Value, key: &str) -> &'a Value {
    let all = settings.as_array().unwrap();
    all.iter().find(|setting| setting["key"] == key).unwrap()
}

#[test]
fn a_setting_is_shown_with_its_value_and_where_it_comes_from() {
    let environment = [
        ("USHER_LISTEN", "127.0.0.1:9"),
        ("USHER_LOG_FORMAT", "json"),
    ];
    let settings = settings(&show("origin", &environment));
    let listen = of(&settings, "listen");
    assert_eq!(listen["value"], "127.0.0.1:9");
    assert_eq!(listen["origin"], "environment USHER_LISTEN");
    let public_url = of(&settings, "public_url");
    assert_eq!(public_url["value"], "http://127.0.0.1:8080");
    assert_eq!(public_url["origin"], "default");
}

#[test]
fn no_secret_is_shown() {
    let environment = [
        (
            "USHER_DATABASE_URL",
            "postgres://usher:s3cret@db.example/usher",
        ),
        ("USHER_MASTER_KEY_FILE", "/run/usher.key"),
        ("USHER_MAIL_URL", "smtps://usher:s3cret@mail.example"),
    ];
    let output = show("secret", &environment);
    let settings = settings(&output);
    assert_eq!(
        of(&settings, "database_url")["value"],
        "postgres://usher:***@db.example/usher"
    );
    let said = [output.stdout, output.stderr].concat();
    assert!(!String::from_utf8_lossy(&said).contains("s3cret"));
}

#[test]
fn an_unknown_setting_is_wrong_usage() {
    for environment in [
        [("USHER_LISTN", "127.0.0.1:9")],
        [("USHER_LISTEN", "nowhere")],
        [("USHER_DATABASE_URL", "mysql://db.example/usher")],
    ] {
        let output = show("unknown", &environment);
        assert_eq!(output.status.code(), Some(2), "{environment:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(environment[0].0), "{said}");
    }
}
