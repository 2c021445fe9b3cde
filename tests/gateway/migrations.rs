//! Migrations: the engines have the same tables, and every step can be taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use usher::clock::Clock;
use usher::id::{Entropy, Ids};
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::settings::organizations::{self, NewOrganization};
use usher::provisioning::settings::plan::{self, Proposal};
use usher::provisioning::settings::role_removal::RoleRemoval;
use usher::provisioning::settings::roles::{self, NewRole};
use usher::provisioning::{Context, Source, change};
use usher::secret::chain::ChainKey;
use usher::store::{Direction, Place, Store};

/// What a type of one engine is in both.
const TYPES: &[(&str, &str)] = &[
    ("INTEGER", "number"),
    ("bigint", "number"),
    ("boolean", "number"),
    ("TEXT", "text"),
    ("jsonb", "text"),
    ("BLOB", "bytes"),
    ("bytea", "bytes"),
    ("uuid", "bytes"),
];

/// What is said on one engine only, and changes nothing about what a column can hold.
const DIALECT: &[(&str, &str)] = &[
    (" COLLATE \"C\"", ""),
    (" STRICT", ""),
    (", WITHOUT ROWID", ""),
    ("NOT NULL PRIMARY KEY", "PRIMARY KEY"),
];

#[test]
fn both_engines_have_the_same_migrations() {
    assert_eq!(folders("sqlite"), folders("postgres"));
    for engine in ["sqlite", "postgres"] {
        for folder in folders(engine) {
            let down = read(engine, &folder, "down.sql");
            assert!(
                !down.trim().is_empty(),
                "{engine} {folder} cannot be undone"
            );
        }
    }
}

#[test]
fn both_engines_have_the_same_tables() {
    let (sqlite, postgres) = (schema("sqlite"), schema("postgres"));
    assert!(sqlite.len() > 20, "the tables were not read");
    let names = |schema: &Schema| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (table, parts) in &sqlite {
        assert_eq!(parts, &postgres[table], "{table}");
    }
}

/// What a table does by itself when its rows change, it does on both engines.
#[test]
fn both_engines_watch_the_same_tables() {
    let (sqlite, postgres) = (watched("sqlite"), watched("postgres"));
    assert!(sqlite.len() > 10, "the triggers were not read");
    assert_eq!(sqlite, postgres);
}

/// PostgreSQL's migrations block, which one thread alone cannot do.
#[tokio::test(flavor = "multi_thread")]
async fn every_step_goes_up_and_down_and_up_again() {
    let (place, folder) = empty().await;
    let down = Direction::DownTo("0".to_owned());
    let steps = folders("sqlite").len();
    let (none, all) = (vec![false; steps], vec![true; steps]);
    assert_eq!(walk(&place, &Direction::Status).await, none);
    for direction in [&Direction::Up, &Direction::Up, &Direction::Status] {
        assert_eq!(walk(&place, direction).await, all);
    }
    assert_eq!(walk(&place, &down).await, none);
    for _ in 0..2 {
        assert_eq!(walk(&place, &Direction::Up).await, all);
        // The second round would meet the slug and the owner's address if the first had stayed.
        fill(&place).await;
        assert_eq!(walk(&place, &down).await, none);
    }
    drop(folder.map(fs::remove_dir_all));
}

/// Which steps are applied afterwards.
async fn walk(place: &Place, direction: &Direction) -> Vec<bool> {
    let steps = Store::migrate(place, direction).await.unwrap();
    assert_eq!(steps.len(), folders("sqlite").len());
    steps.iter().map(|step| step.applied).collect()
}

/// An organization with its roles, an owner, a connection, a token, and the events of it all.
async fn fill(place: &Place) {
    let store = Store::open_as_it_is(place, 2).unwrap();
    store.chain_by(ChainKey::random(&Entropy::seeded(1)));
    let clock = Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
    let context = Context {
        ids: Ids::new(clock, Entropy::seeded(1)),
        source: Source::Command,
        cause: "test".to_owned(),
    };
    let new = NewOrganization {
        slug: "acme".to_owned(),
        name: None,
        owner: Some("ada@acme.example".to_owned()),
    };
    let org = organizations::create(&store, context.clone(), new, "")
        .await
        .unwrap()
        .organization;
    let settings = ConnectionSettings {
        name: Some("Okta".to_owned()),
        trusted_domains: vec!["acme.example".to_owned()],
        ..ConnectionSettings::default()
    };
    connections::create(&store, org.id, context.clone(), settings)
        .await
        .unwrap();
    // A role of the past, and one that has its place since.
    for _ in 0..2 {
        let new = NewRole {
            slug: "auditor".to_owned(),
            name: None,
            rank: 30,
        };
        roles::create(&store, org.id, context.clone(), new)
            .await
            .unwrap();
        let gone = RoleRemoval {
            role: "auditor".to_owned(),
            replace_with: None,
        };
        let removed = change(&store, org.id, context.clone(), move |change| {
            let gone = [Proposal::RemoveRole(gone.clone())];
            async move { plan::apply(change, &gone, None, None).await }.boxed()
        });
        removed.await.unwrap();
    }
}

/// A place without tables, and the folder to remove.
async fn empty() -> (Place, Option<PathBuf>) {
    let name = format!("migrations_{}", std::process::id());
    match std::env::var("TEST_DATABASE_URL") {
        Ok(url) if !url.is_empty() => {
            let mut connection = AsyncPgConnection::establish(&url).await.unwrap();
            connection
                .batch_execute(&format!("CREATE SCHEMA {name}"))
                .await
                .unwrap();
            let separator = if url.contains('?') { '&' } else { '?' };
            let own = format!("{url}{separator}options=-c%20search_path%3D{name}");
            (Place::Postgres(own), None)
        }
        _ => {
            let folder = std::env::temp_dir().join(format!("usher-{name}"));
            fs::create_dir_all(&folder).unwrap();
            (Place::Sqlite(folder.join("usher.db")), Some(folder))
        }
    }
}

/// Columns and constraints, or the definition of an index, by name.
type Schema = BTreeMap<String, BTreeSet<String>>;

fn schema(engine: &str) -> Schema {
    let mut schema = Schema::new();
    for folder in folders(engine) {
        let sql = read(engine, &folder, "up.sql");
        for statement in statements(&sql) {
            take(&mut schema, &normal(&statement));
        }
    }
    schema
}

/// The statements of a file. What triggers and functions do has statements of its own, and is left out.
fn statements(sql: &str) -> Vec<String> {
    let lines = sql.lines().filter(|line| !line.trim().starts_with("--"));
    let sql = lines.collect::<Vec<_>>().join(" ");
    let mut rest = sql.as_str();
    let mut found = Vec::new();
    while !rest.trim().is_empty() {
        let statement = rest.trim_start();
        let end = match () {
            () if statement.starts_with("CREATE FUNCTION ") => "END $$;",
            () if is_sqlite_trigger(statement) => " END;",
            () => ";",
        };
        let (head, tail) = statement.split_once(end).expect("a statement ends");
        found.push(head.to_owned());
        rest = tail;
    }
    found
}

fn is_sqlite_trigger(statement: &str) -> bool {
    let head = statement.split(';').next().unwrap_or_default();
    head.starts_with("CREATE TRIGGER ") && head.contains(" BEGIN ")
}

/// The tables that triggers watch, and for what.
fn watched(engine: &str) -> BTreeSet<(String, String)> {
    let mut watched = BTreeSet::new();
    for folder in folders(engine) {
        for statement in statements(&read(engine, &folder, "up.sql")) {
            let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let Some(trigger) = words.strip_prefix("CREATE TRIGGER ") else {
                continue;
            };
            let (head, rest) = trigger.split_once(" ON ").expect("it is of a table");
            let table = rest.split(' ').next().expect("a table has a name");
            let (_, events) = head.split_once(' ').expect("a trigger has a name");
            let (_, events) = events
                .split_once(' ')
                .expect("it is before or after something");
            for event in events.split(" OR ") {
                watched.insert((table.to_owned(), event.to_owned()));
            }
        }
    }
    watched
}

fn take(schema: &mut Schema, statement: &str) {
    if moves_rows(statement) {
        return;
    }
    if let Some((name, _)) = copy_of(statement) {
        schema.insert(name.to_owned(), BTreeSet::new());
    } else if let Some(name) = statement.strip_prefix("DROP TABLE ") {
        schema.remove(name).expect("the table is there");
    } else if let Some((table, constraint)) = without_constraint(statement) {
        let parts = schema.get_mut(table).expect("the table is there");
        let before = parts.len();
        parts.retain(|part| unique_key(table, part).as_deref() != Some(constraint));
        assert_eq!(parts.len() + 1, before, "{constraint} is there");
    } else if let Some(table) = statement.strip_prefix("CREATE TABLE ") {
        let (name, parts) = table.split_once(" (").expect("a table has columns");
        let parts = parts.strip_suffix(')').expect("the columns end");
        schema.insert(name.to_owned(), list(parts));
    } else if let Some((table, column)) = without_not_null(statement) {
        let parts = schema.get_mut(table).expect("the table is there");
        let (own, strict) = (format!("{column} "), " NOT NULL");
        let part = parts.iter().find(|part| part.starts_with(&own)).cloned();
        let part = part.expect("the column is there");
        parts.remove(&part);
        parts.insert(part.replace(strict, ""));
    } else if let Some(change) = statement.strip_prefix("ALTER TABLE ") {
        let (name, change) = change
            .split_once(" ADD ")
            .expect("tables are only added to");
        let part = change.strip_prefix("COLUMN ").unwrap_or(change);
        let table = schema.get_mut(name).expect("the table is there");
        table.insert(part.to_owned());
    } else if let Some(name) = statement.strip_prefix("DROP INDEX ") {
        schema.remove(name).expect("the index is there");
    } else if let Some((before, index)) = statement.split_once("INDEX ") {
        let (name, on) = index.split_once(' ').expect("an index has a name");
        schema.insert(name.to_owned(), BTreeSet::from([format!("{before}{on}")]));
    } else {
        assert!(statement.is_empty(), "not understood: {statement}");
    }
}

/// Whether a statement changes no table, but what is in one, when it is checked, or what follows from it.
fn moves_rows(statement: &str) -> bool {
    let starts = [
        "CREATE FUNCTION ",
        "CREATE TRIGGER ",
        "INSERT INTO ",
        "PRAGMA ",
        "SET CONSTRAINTS ",
    ];
    starts.iter().any(|start| statement.starts_with(start))
}

/// A table that holds another's rows while that one is made anew.
fn copy_of(statement: &str) -> Option<(&str, &str)> {
    let table = statement.strip_prefix("CREATE TABLE ")?;
    table.split_once(" AS SELECT ")
}

/// The table, and the constraint that it has no more.
fn without_constraint(statement: &str) -> Option<(&str, &str)> {
    let change = statement.strip_prefix("ALTER TABLE ")?;
    change.split_once(" DROP CONSTRAINT ")
}

/// How PostgreSQL calls a constraint that is not named: by its table and its columns.
fn unique_key(table: &str, part: &str) -> Option<String> {
    let columns = part.strip_prefix("UNIQUE (")?.strip_suffix(')')?;
    Some(format!("{table}_{}_key", columns.replace(", ", "_")))
}

/// The table and the column that may be empty from now on.
fn without_not_null(statement: &str) -> Option<(&str, &str)> {
    let change = statement.strip_prefix("ALTER TABLE ")?;
    let column = change.strip_suffix(" DROP NOT NULL")?;
    column.split_once(" ALTER COLUMN ")
}

/// One spelling of what the engines say in two.
fn normal(statement: &str) -> String {
    let text = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("( ", "(").replace(" )", ")");
    let text = DIALECT
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to));
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ')']);
        let kind = TYPES.iter().find(|(name, _)| *name == bare);
        kind.map_or_else(|| word.to_owned(), |(_, kind)| word.replace(bare, kind))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The parts between the commas that stand in no parentheses.
fn list(parts: &str) -> BTreeSet<String> {
    let (mut found, mut depth) = (vec![String::new()], 0);
    for c in parts.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match found.last_mut() {
            Some(last) if c != ',' || depth > 0 => last.push(c),
            _ => found.push(String::new()),
        }
    }
    found.iter().map(|part| part.trim().to_owned()).collect()
}

fn folders(engine: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(format!("migrations/{engine}")).expect("the folder is there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries
        .map(|entry| name(entry.expect("the folder can be read")))
        .collect()
}

fn read(engine: &str, folder: &str, file: &str) -> String {
    let path = format!("migrations/{engine}/{folder}/{file}");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
