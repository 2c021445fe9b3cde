//! Migrations: the engines have the same tables, and every step can be taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

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

/// Columns and constraints, or the definition of an index, by name.
type Schema = BTreeMap<String, BTreeSet<String>>;

fn schema(engine: &str) -> Schema {
    let mut schema = Schema::new();
    for folder in folders(engine) {
        let sql = read(engine, &folder, "up.sql");
        let lines = sql.lines().filter(|line| !line.trim().starts_with("--"));
        let sql = lines.collect::<Vec<_>>().join(" ");
        for statement in sql.split(';') {
            take(&mut schema, &normal(statement));
        }
    }
    schema
}

fn take(schema: &mut Schema, statement: &str) {
    if let Some(table) = statement.strip_prefix("CREATE TABLE ") {
        let (name, parts) = table.split_once(" (").expect("a table has columns");
        let parts = parts.strip_suffix(')').expect("the columns end");
        schema.insert(name.to_owned(), list(parts));
    } else if let Some(change) = statement.strip_prefix("ALTER TABLE ") {
        let (name, change) = change
            .split_once(" ADD ")
            .expect("tables are only added to");
        let part = change.strip_prefix("COLUMN ").unwrap_or(change);
        let table = schema.get_mut(name).expect("the table is there");
        table.insert(part.to_owned());
    } else if let Some((before, index)) = statement.split_once("INDEX ") {
        let (name, on) = index.split_once(' ').expect("an index has a name");
        schema.insert(name.to_owned(), BTreeSet::from([format!("{before}{on}")]));
    } else {
        assert!(statement.is_empty(), "not understood: {statement}");
    }
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
