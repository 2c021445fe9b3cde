//! The commands on what SCIM clients asked: the log is whole once the server has stopped, what was
//! recorded is played again and an identity provider's requests are tried, and nothing that lives
//! is touched by either.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, QueryableByName, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::{Value, json};

use crate::harness::user;

fn blocking<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

/// A folder and a store of its own; both go with this.
struct Place {
    folder: PathBuf,
    database: String,
}

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("requests_{name}_{}", std::process::id());
        let folder = std::env::temp_dir().join(format!("usher-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let database = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) if !url.is_empty() => {
                blocking(async {
                    let mut connection = AsyncPgConnection::establish(&url).await.unwrap();
                    let create = format!("CREATE SCHEMA {name}");
                    connection.batch_execute(&create).await.unwrap();
                });
                let separator = if url.contains('?') { '&' } else { '?' };
                format!("{url}{separator}options=-c%20search_path%3D{name}")
            }
            _ => format!("sqlite://{}", folder.join("usher.db").display()),
        };
        Self { folder, database }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("USHER_DATABASE_URL", &self.database)
            .env("USHER_MASTER_KEY_FILE", self.folder.join("usher.key"));
        command
    }

    /// Runs a command; answers its exit code and what it printed.
    fn usher(&self, arguments: &[&str]) -> (i32, String) {
        let done = self.command(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        let printed = String::from_utf8(done.stdout).unwrap();
        (
            done.status.code().unwrap(),
            if printed.is_empty() { error } else { printed },
        )
    }

    fn json(&self, arguments: &[&str], expected: i32) -> Value {
        let (code, printed) = self.usher(&[arguments, &["--json"]].concat());
        assert_eq!(code, expected, "{arguments:?}: {printed}");
        serde_json::from_str(&printed).unwrap()
    }

    /// How many rows each table has.
    fn rows(&self) -> BTreeMap<String, i64> {
        #[derive(QueryableByName)]
        struct Table {
            #[diesel(sql_type = Text)]
            name: String,
        }
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let count =
            |table: &str| diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
        if let Some(path) = self.database.strip_prefix("sqlite://") {
            use diesel::RunQueryDsl;
            let mut connection = SqliteConnection::establish(path).unwrap();
            let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
            let tables: Vec<Table> = diesel::sql_query(tables).load(&mut connection).unwrap();
            let mut rows = |table: Table| {
                let found: Count = count(&table.name).get_result(&mut connection).unwrap();
                (table.name, found.count)
            };
            return tables.into_iter().map(&mut rows).collect();
        }
        blocking(async {
            use diesel_async::RunQueryDsl;
            let mut connection = AsyncPgConnection::establish(&self.database).await.unwrap();
            let tables = "SELECT tablename::text AS name FROM pg_tables \
                WHERE schemaname = current_schema()";
            let tables = diesel::sql_query(tables);
            let tables: Vec<Table> = tables.load(&mut connection).await.unwrap();
            let mut rows = BTreeMap::new();
            for table in tables {
                let found = count(&table.name);
                let found: Count = found.get_result(&mut connection).await.unwrap();
                rows.insert(table.name, found.count);
            }
            rows
        })
    }

    /// A server that answers.
    fn serve(&self) -> Server {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut child = self
            .command(&["serve", "--listen", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("Usher serves") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "the server ended");
        }
        std::thread::spawn(move || drop(std::io::copy(&mut said, &mut std::io::sink())));
        Server { child, port }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Asks; answers the status and the body.
    fn ask(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map_or_else(String::new, |it| it.to_string());
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
            authorization: Bearer {token}\r\ncontent-type: application/scim+json\r\n\
            content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// Tells it to stop at once, and waits until it has.
    fn stop(mut self) {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

fn patch(operations: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

#[test]
fn what_was_asked_is_kept_when_the_server_stops_and_can_be_played_again() {
    let place = Place::new("replay");
    place.json(&["org", "create", "acme"], 0);
    let create = [
        "connection",
        "create",
        "--org",
        "acme",
        "--name",
        "Okta",
        "--profile",
        "okta",
        "--trusted-domain",
        "acme.example",
    ];
    let connection = place.json(&create, 0);
    let id = connection["id"].as_str().unwrap();
    let token = connection["scim_token"].as_str().unwrap();
    let server = place.serve();
    let base = format!("/scim/{id}/v2/Users");
    let (status, ada) = server.ask("POST", &base, token, Some(user("ada@acme.example")));
    assert_eq!(status, 201);
    let (status, _) = server.ask("POST", &base, token, Some(user("ada@acme.example")));
    assert_eq!(status, 409);
    let mut bob = user("bob@acme.example");
    bob["password"] = "correct-horse".into();
    assert_eq!(server.ask("POST", &base, token, Some(bob)).0, 201);
    let ada = format!("{base}/{}", ada["id"].as_str().unwrap());
    let leave = patch(json!([{"op": "replace", "value": {"active": false}}]));
    assert_eq!(server.ask("PATCH", &ada, token, Some(leave.clone())).0, 200);
    let (status, carl) = server.ask("POST", &base, token, Some(user("carl@acme.example")));
    assert_eq!(status, 201);
    let carl = format!("{base}/{}", carl["id"].as_str().unwrap());
    assert_eq!(server.ask("PATCH", &carl, token, Some(leave)).0, 200);
    assert_eq!(server.ask("DELETE", &carl, token, None).0, 204);
    assert_eq!(
        server.ask("GET", &base, "scim_nobody-knows-this", None).0,
        401
    );
    server.stop();

    let list = ["scim", "requests", "--connection", id];
    let all = place.json(&list, 0);
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 8, "the log is whole: {all:#?}");
    assert_eq!(all[0]["token"], "bad token scim_...this");
    assert_eq!(all[0]["client"], "127.0.0.1");
    let failed = place.json(&[&list[..], &["--failed"]].concat(), 0);
    let failed: Vec<_> = failed
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["status"])
        .collect();
    assert_eq!(failed, [401, 409]);
    let (code, table) = place.usher(&[&list[..], &["--limit", "1"]].concat());
    assert!(
        code == 0 && table.starts_with("TIME") && table.contains("bad token"),
        "{table}"
    );
    let one = all[5]["id"].as_str().unwrap();
    let shown = place.json(&["scim", "request", one], 0);
    assert_eq!(shown["left_out"], json!(["password"]));
    let (code, _) = place.usher(&["scim", "request", "0192f1b0-5b1e-7c3a-9f00-0123456789ab"]);
    assert_eq!(code, 1, "there is none");

    let before = place.rows();
    let events = place.usher(&["events", "--org", "acme"]);
    let since = all[7]["time"].as_str().unwrap();
    let replay = ["scim", "replay", "--connection", id, "--since", since];
    let played = place.json(&replay, 1);
    let data = played["data"].as_array().unwrap();
    let same: Vec<_> = data.iter().map(|it| it["same"].clone()).collect();
    // Ada is there already, Bob's password was not kept, and nobody knows the last token.
    let expected = json!([false, true, null, true, true, true, true, null]);
    assert_eq!(json!(same), expected, "{played:#}");
    assert_eq!(data[0]["now"], 409);
    assert_eq!(data[2]["note"], "not replayable: not kept: password");
    assert_eq!(data[7]["note"], "not replayable: it had no good token");
    for (name, count) in [("same", 5), ("different", 1), ("not_replayable", 2)] {
        assert_eq!(played[name], count);
    }
    let (code, table) = place.usher(&replay);
    assert!(
        code == 1 && table.ends_with("5 same, 1 different, 2 not replayable\n"),
        "{table}"
    );
    let refused = all[6]["id"].as_str().unwrap();
    let played = place.json(&["scim", "replay", refused], 0);
    assert_eq!(played["same"], 1);
    assert_eq!(place.usher(&["scim", "replay"]).0, 2);
    assert_eq!(place.rows(), before, "nothing that lives is touched");
    assert_eq!(place.usher(&["events", "--org", "acme"]), events);
}

#[test]
fn the_selftest_plays_a_vendors_requests_and_touches_nothing_that_lives() {
    let place = Place::new("selftest");
    place.json(&["org", "create", "acme"], 0);
    let create = ["connection", "create", "--org", "acme", "--name"];
    let okta = place.json(&[&create[..], &["Okta", "--profile", "okta"]].concat(), 0);
    let id = okta["id"].as_str().unwrap();
    let mapping = [
        "mapping",
        "add",
        "--connection",
        id,
        "--group",
        "Editors",
        "--role",
        "editor",
    ];
    place.json(&mapping, 0);
    let before = place.rows();
    let events = place.usher(&["events", "--org", "acme"]);
    let selftest = ["selftest", "--connection", id];
    let played = place.json(&selftest, 0);
    assert_eq!(played["profile"], "okta");
    assert_eq!(played["failed"], 0, "{played:#}");
    assert_eq!(played["skipped"], 0, "{played:#}");
    assert!(played["passed"].as_u64().unwrap() > 50, "{played:#}");
    let entra = place.json(&[&selftest[..], &["--profile", "entra"]].concat(), 0);
    assert!(entra["passed"].as_u64().unwrap() > 100, "{entra:#}");
    let (code, text) = place.usher(&selftest);
    let counts = format!("{} passed, 0 failed, 0 skipped\n", played["passed"]);
    assert!(code == 0 && text.ends_with(&counts), "{text}");
    assert!(
        text.contains("passed") && text.contains("POST /Users"),
        "{text}"
    );
    // To the letter of the standard, what Okta sends is not always taken: that is told, not hidden.
    let update = ["connection", "update", id, "--strictness", "rfc"];
    place.json(&update, 0);
    let strict = place.json(&selftest, 0);
    assert_eq!(strict["passed"], 0);
    assert!(strict["skipped"].as_u64().unwrap() > 50, "{strict:#}");
    place.json(&["connection", "update", id, "--strictness", "lenient"], 0);
    let mut after = place.rows();
    let changes = after.insert("events".to_owned(), before["events"]);
    assert_eq!(
        changes,
        Some(before["events"] + 2),
        "the two updates, and no more"
    );
    assert_eq!(after, before, "nothing that lives is touched");
    let now = place.usher(&["events", "--org", "acme"]).1;
    assert!(now.starts_with(&events.1));
    assert_eq!(place.usher(&["selftest", "--connection", "x"]).0, 2);
}
