//! The commands that pass invitations on: the share webhook's URL comes from a file or standard
//! input and is never shown, and a shared link is posted where that was asked for.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

const SECRET: &str = "T000/B000/XXXX";

/// A folder with a store in it; it goes with this.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let name = format!("usher-share-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Runs a command; answers its exit code, its document and all that it said.
    fn usher(&self, arguments: &[&str], input: &str) -> (i32, Value, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_usher"))
            .args(arguments)
            .arg("--json")
            .current_dir(&self.0)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may have gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let done = child.wait_with_output().unwrap();
        let said = [&done.stdout[..], &done.stderr].concat();
        (
            done.status.code().unwrap(),
            serde_json::from_slice(&done.stdout).unwrap(),
            String::from_utf8(said).unwrap(),
        )
    }

    fn good(&self, arguments: &[&str], input: &str) -> Value {
        let (code, document, said) = self.usher(arguments, input);
        assert_eq!(code, 0, "{arguments:?}: {said}");
        assert!(!said.contains(SECRET), "{said}");
        document
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn the_share_webhook_is_set_shown_and_removed_without_its_secret() {
    let place = Place::new();
    place.good(&["org", "create", "acme"], "");
    let hook = |verb| ["org", "share-webhook", verb, "acme"];
    let invite = ["invite", "create", "--org", "acme", "--role", "viewer"];
    let invited = place.good(&[&invite[..], &["--email", "ada@b.example"]].concat(), "");
    let id = invited["id"].as_str().unwrap();
    let share = ["invite", "share", "--org", "acme", id];
    assert_eq!(place.good(&hook("show"), "")["host"], Value::Null);
    let (code, _, said) = place.usher(&[&share[..], &["--post"]].concat(), "");
    assert_eq!(code, 3, "nothing is set: {said}");
    for wrong in [
        "",
        "no url",
        "http://hooks.example/T000/B000/XXXX",
        "https://127.0.0.1/T000/B000/XXXX",
        "https://hooks.example:8443/T000/B000/XXXX",
    ] {
        let (code, _, said) = place.usher(&hook("set"), wrong);
        assert_eq!(code, 2, "{wrong}: {said}");
        assert!(!said.contains(SECRET), "{said}");
    }
    let url = format!("https://hooks.example/services/{SECRET}\n");
    assert_eq!(place.good(&hook("set"), &url)["host"], "hooks.example");
    std::fs::write(place.0.join("url"), url.replace("hooks", "other")).unwrap();
    let by_file = ["org", "share-webhook", "set", "acme", "url"];
    assert_eq!(place.good(&by_file, "")["host"], "other.example");
    let passed = place.good(&[&share[..], &["--post"]].concat(), "");
    assert_eq!(passed["posted_to"], "other.example");
    assert!(passed["message"].as_str().unwrap().contains("/join/inv_"));
    assert_eq!(place.good(&share, "")["posted_to"], Value::Null);
    assert_eq!(place.good(&hook("show"), "")["host"], "other.example");
    assert_eq!(place.good(&hook("remove"), "")["host"], Value::Null);
    assert_eq!(place.good(&hook("show"), "")["host"], Value::Null);
}
