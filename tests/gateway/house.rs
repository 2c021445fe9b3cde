//! Rules of the house that no compiler checks, over `src/` without its tests and comments.

use std::{fs, path::Path};

/// What a part of `src/` may import; itself and `limits` are always allowed.
const MAY_IMPORT: &str = "
    clock config limits oidc roster saml scim serve:
    id: clock
    outbound: config
    secret: id
    directory: clock id scim
    mail: directory
    store: clock directory id saml scim secret
    provisioning: clock directory id mail oidc roster saml scim secret store
    http worker: clock directory id mail oidc outbound provisioning roster saml scim secret serve store
    app cli demo lib main: *";
const MAY_WRITE: &str = "provisioning worker";
const MAY_NAME_AN_ENGINE: &str =
    "config/database.rs store/direct.rs store/error.rs store/listed.rs store/measured.rs store/migrate.rs
    store/mod.rs store/pipe.rs store/planner.rs store/postgres.rs store/sqlite.rs store/tx.rs store/types.rs";
const MAY_BE_UNSAFE: &str = "saml/quiet.rs";

#[test]
fn imports_point_down_and_files_keep_to_the_house() {
    let (mut files, mut faults) = (0, Vec::new());
    walk(Path::new("src"), &mut |file, text| {
        files += 1;
        let part = file.split(['/', '.']).next().unwrap_or_default();
        let code = code(text);
        let has = |any: &[&str]| any.iter().any(|it| code.contains(it));
        let row = |row: &&str| row.split(':').next().is_some_and(|it| lists(it, part));
        let row = MAY_IMPORT.lines().find(row).unwrap_or_default();
        let may = |it: &str| lists(row, "*") || lists(&format!("{row} {part} limits"), it);
        let mut fault =
            |bad: bool, what: &str| faults.extend(bad.then(|| format!("{file} {what}")));
        for import in code.split("crate::").skip(1).flat_map(imported) {
            fault(!may(&import), &format!("imports {import}"));
        }
        let writes = has(&[".write(|", ".write(move|", "Store::write"]);
        let engine = has(&["Sqlite", "sqlite::", "Postgres", "postgres::", "PgConn"]);
        let dangerous = has(&["unsafe{", "unsafefn", "unsafeimpl", "unsafeextern"]);
        fault(row.is_empty(), "has no layer");
        fault(
            writes && !lists(MAY_WRITE, part),
            "opens a writing transaction",
        );
        fault(
            engine && !lists(MAY_NAME_AN_ENGINE, file),
            "names an engine",
        );
        fault(dangerous && !lists(MAY_BE_UNSAFE, file), "is unsafe");
        fault(has(&[".unwrap()"]), "unwraps");
        fault(text.lines().count() > 400, "has more than 400 lines");
    });
    assert!(
        files > 100 && faults.is_empty(),
        "of {files} files: {faults:#?}"
    );
}

fn lists(list: &str, word: &str) -> bool {
    list.split([' ', '\n', ':']).any(|it| it == word)
}

/// The text without white space of what is no comment and no test.
fn code(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let code: Vec<_> = lines.filter(|line| !line.starts_with("//")).collect();
    let code = code.join("\n");
    let code = code.split("#[cfg(test)]\nmod tests {").next();
    code.unwrap_or_default().replace(char::is_whitespace, "")
}

/// Where a path leads first, or each path of a group in braces.
fn imported(path: &str) -> Vec<String> {
    let (mut names, mut depth) = (vec![String::new()], 0);
    for c in path.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match (c, depth) {
            (',', 1) => names.push(String::new()),
            (',' | ';' | '(' | ')' | '}' | ':', 0) => break,
            ('{', 1) => {}
            (c, 0 | 1) => names.last_mut().expect("one is there").push(c),
            _ => {}
        }
    }
    let first = |name: &String| name.split("::").next().unwrap_or_default().to_owned();
    names
        .iter()
        .map(first)
        .filter(|name| !name.is_empty())
        .collect()
}

fn walk(folder: &Path, visit: &mut impl FnMut(&str, &str)) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let file = path
            .strip_prefix("src")
            .expect("it is below")
            .display()
            .to_string();
        if path.is_dir() && !file.ends_with("tests") {
            walk(&path, visit);
        } else if path.extension().is_some_and(|it| it == "rs") && !file.ends_with("tests.rs") {
            visit(&file, &fs::read_to_string(&path).expect("it can be read"));
        }
    }
}
