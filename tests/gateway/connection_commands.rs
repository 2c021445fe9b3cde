//! `usher connection`: metadata from a file or an address, within the outbound rules; what a
//! connection shows; its end.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use usher::demo::idp::{Keys, Kind, TestIdp};

/// A web server with these pages; it goes with the process.
fn serve(pages: Vec<(&'static str, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let (mut asked, mut part) = (Vec::new(), [0; 1024]);
            while !asked.windows(4).any(|it| it == b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(count) if count > 0 => asked.extend_from_slice(&part[..count]),
                    _ => break,
                }
            }
            let asked = String::from_utf8_lossy(&asked).into_owned();
            let path = asked.split(' ').nth(1).unwrap_or_default();
            let found = pages.iter().find(|(name, _)| *name == path);
            let answer = found.map_or(
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
                |it| &it.1,
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    format!("http://{address}")
}

fn page(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {length}\r\n\r\n{body}")
}

pub(crate) struct Place(PathBuf);

impl Place {
    /// An empty folder, with an organization.
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("usher-{name}-{}", std::process::id());
        let place = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&place.0).unwrap();
        assert_eq!(place.usher(&["org", "create", "acme"], "").0, 0);
        place
    }

    /// A file of the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What somebody does who has the database alone.
    pub(crate) fn sql(&self, sql: &str) {
        use diesel::connection::SimpleConnection;
        let mut connection = usher::store::sqlite::connect(&self.path("usher.db")).unwrap();
        connection.batch_execute(sql).unwrap();
    }

    /// A connection of the organization.
    fn connection(&self) -> String {
        let create = ["connection", "create", "--org", "acme", "--name", "Okta"];
        let (_, made, _) = self.usher(&create, "");
        made["id"].as_str().unwrap().to_owned()
    }

    /// Runs a command; answers its exit code, its document and what it complained of.
    pub(crate) fn usher(&self, arguments: &[&str], allow: &str) -> (i32, Value, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command
            .args(arguments)
            .arg("--json")
            .current_dir(&self.0)
            .env_clear();
        if !allow.is_empty() {
            command.env("USHER_OUTBOUND__ALLOW", allow);
        }
        let done = command.output().unwrap();
        (
            done.status.code().unwrap(),
            serde_json::from_slice(&done.stdout).unwrap_or_default(),
            String::from_utf8(done.stderr).unwrap(),
        )
    }

    /// Runs a command for people; answers its exit code and what it printed.
    pub(crate) fn shown(&self, arguments: &[&str]) -> (i32, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_usher"))
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .output()
            .unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        (done.status.code().unwrap(), text)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn metadata_come_from_a_file_or_an_address_that_may_be_called() {
    let place = Place::new("metadata");
    let keys = Keys::generate(Kind::P256).unwrap();
    let idp = TestIdp::with_keys("https://idp.example/1", "https://idp.example/sso", keys);
    let metadata = idp.metadata();
    std::fs::write(place.0.join("idp.xml"), &metadata).unwrap();
    let moved = "HTTP/1.1 302 Found\r\nlocation: /good\r\ncontent-length: 0\r\n\r\n".to_owned();
    let url = serve(vec![
        ("/good", page(&metadata)),
        ("/html", page("<html/>")),
        (
            "/large",
            page(&format!("<!--{}-->{metadata}", "x".repeat(1024 * 1024))),
        ),
        ("/moved", moved),
    ]);
    let id = place.connection();
    let update = |source: &str, allow: &str| {
        place.usher(
            &["connection", "update", &id, "--idp-metadata", source],
            allow,
        )
    };
    for (path, allow, code, said) in [
        ("/good", "", 2, "USHER_OUTBOUND__ALLOW"),
        ("/missing", "127.0.0.1/32", 1, "404"),
        ("/moved", "127.0.0.1/32", 1, "redirects"),
    ] {
        let (found, _, complaint) = update(&format!("{url}{path}"), allow);
        assert_eq!(found, code, "{path}: {complaint}");
        assert!(complaint.contains(said), "{path}: {complaint}");
    }
    for path in ["/html", "/large"] {
        let (code, _, complaint) = update(&format!("{url}{path}"), "127.0.0.1/32");
        assert_ne!(code, 0, "{path}: {complaint}");
    }
    assert_eq!(update("http://", "").0, 2);
    let shown = place.usher(&["connection", "show", &id], "").1;
    assert_eq!(shown["idp_entity_id"], Value::Null, "nothing was changed");
    let (code, row, complaint) = update(&format!("{url}/good"), "127.0.0.1/32");
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(row["idp_entity_id"], "https://idp.example/1");
    assert_eq!(update("idp.xml", "").0, 0);
}

#[test]
fn a_connection_is_looked_over_and_deleted() {
    let place = Place::new("delete");
    let id = place.connection();
    let (code, findings, complaint) = place.usher(&["connection", "lint", &id], "");
    assert_eq!((code, &findings), (0, &json!([])), "{complaint}");
    let delete = ["connection", "delete", &id, "--people", "suspend"];
    let (code, done, complaint) = place.usher(&delete, "");
    assert_eq!(code, 0, "{complaint}");
    let nobody = json!({"id": id, "name": "Okta", "kept": 0, "suspended": 0, "deleted": 0});
    assert_eq!(done, nobody);
    for command in ["show", "lint", "delete"] {
        let (code, _, complaint) = place.usher(&["connection", command, &id], "");
        assert_ne!(code, 0, "{command}");
        assert!(
            complaint.contains("there is no such connection"),
            "{complaint}"
        );
    }
    let (code, _, complaint) = place.usher(&["connection", "delete", &id, "--people", "all"], "");
    assert_eq!(code, 2);
    assert!(
        complaint.contains("keep") && complaint.contains("suspend"),
        "{complaint}"
    );
    place.connection();
}

#[test]
fn a_removal_is_shown_before_it_is_made() {
    let place = Place::new("removal");
    let id = place.connection();
    place.sql(
        "INSERT INTO users (org_id, id, email, email_norm, managed_by, owner, roles_version, \
         created_at, updated_at) SELECT org_id, x'019ac5c2000070008000000000000001', \
         'ada@acme.example', 'ada@acme.example', id, 0, 1, created_at, created_at FROM connections",
    );
    let delete = ["connection", "delete", &id, "--people", "suspend"];
    let dry = [&delete[..], &["--dry-run"]].concat();
    let (code, plan, complaint) = place.usher(&dry, "");
    assert_eq!(code, 4, "{complaint}");
    assert_eq!(
        (&plan["suspended"], &plan["tokens"]),
        (&json!(1), &json!(1))
    );
    let ada = &plan["people"][0];
    assert_eq!(
        (&ada["email"], &ada["becomes"]),
        (&json!("ada@acme.example"), &json!("suspended"))
    );
    let (code, text) = place.shown(&dry);
    assert_eq!(code, 4);
    for part in ["EMAIL", "BECOMES", "ada@acme.example  suspended", "digest"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let digest = plan["digest"].as_str().unwrap();
    for (more, code) in [
        (&["--dry-run", "--confirm", "Okta"][..], 2),
        (&["--digest", "x"], 4),
    ] {
        let (found, _, complaint) = place.usher(&[&delete[..], more].concat(), "");
        assert_eq!(found, code, "{more:?}: {complaint}");
    }
    assert_eq!(
        place.usher(&["connection", "show", &id], "").0,
        0,
        "nothing is done"
    );
    let (code, done, complaint) = place.usher(&[&delete[..], &["--digest", digest]].concat(), "");
    assert_eq!((code, &done["suspended"]), (0, &json!(1)), "{complaint}");
    assert_ne!(place.usher(&dry, "").0, 4, "it is gone");
}

#[test]
fn a_key_is_listed_and_rolled_over() {
    let place = Place::new("keys");
    let id = place.connection();
    let key = |step: &str| place.usher(&["connection", "key", step, &id], "");
    let states = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["state"].as_str().unwrap().to_owned())
            .collect()
    };
    for (step, expected) in [
        ("list", &["current"][..]),
        ("add", &["current", "next"]),
        ("switch", &["current", "retired"]),
        ("drop", &["current"]),
    ] {
        let (code, rows, complaint) = key(step);
        assert_eq!(code, 0, "{step}: {complaint}");
        assert_eq!(states(&rows), expected, "{step}");
    }
    let (code, _, complaint) = key("drop");
    assert_eq!(code, 3, "{complaint}");
    assert!(complaint.contains("no key to drop"), "{complaint}");
}
