//! References of a bulk request to what it creates itself (RFC 7644 §3.7.2): `bulkId:` and a name,
//! in the place of an id.
//!
//! An id stands in a `value`, at the end of a `$ref`, in a bare `manager`, among `members`, at the
//! end of an operation's path, or quoted in the path of a PATCH. Anywhere else the word is text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const MARK: &str = "bulkId:";

/// A reference to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unresolved(pub(super) String);

/// Notes the name that an operation's path refers to.
pub(super) fn in_path(path: &str, names: &mut BTreeSet<String>) {
    names.extend(at_end(path).map(|(_, name)| name.to_owned()));
}

/// Notes the names that a body refers to.
pub(super) fn in_data(data: &Value, names: &mut BTreeSet<String>) {
    // Nothing is missing from a walk that takes every name for good.
    let mut data = data.clone();
    let mut noted = |name: &str| {
        names.insert(name.to_owned());
        Ok(String::new())
    };
    drop(walk(&mut data, "", &mut noted));
}

/// A path with the id in the place of a reference.
pub(super) fn resolve_path(
    path: &str,
    ids: &BTreeMap<String, String>,
) -> Result<String, Unresolved> {
    match at_end(path) {
        Some((before, name)) => Ok(format!("{before}{}", id_of(name, ids)?)),
        None => Ok(path.to_owned()),
    }
}

/// Puts ids in the place of references.
pub(super) fn resolve_data(
    data: &mut Value,
    ids: &BTreeMap<String, String>,
) -> Result<(), Unresolved> {
    walk(data, "", &mut |name| id_of(name, ids))
}

fn id_of(name: &str, ids: &BTreeMap<String, String>) -> Result<String, Unresolved> {
    let id = ids.get(name).cloned();
    id.ok_or_else(|| Unresolved(name.to_owned()))
}

fn walk(
    value: &mut Value,
    key: &str,
    id_of: &mut impl FnMut(&str) -> Result<String, Unresolved>,
) -> Result<(), Unresolved> {
    match value {
        Value::Array(list) => list.iter_mut().try_for_each(|it| walk(it, key, id_of)),
        Value::Object(map) => map
            .iter_mut()
            .try_for_each(|(key, it)| walk(it, key, id_of)),
        Value::String(text) => {
            let new = match place(key) {
                Place::Id => at_end(text).map(|(before, name)| {
                    let id = id_of(name)?;
                    Ok(format!("{before}{id}"))
                }),
                Place::Path => Some(quoted(text, id_of)),
                Place::Text => None,
            };
            if let Some(new) = new.transpose()? {
                *text = new;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

enum Place {
    Id,
    Path,
    Text,
}

/// What stands under a key; a key may itself be a path.
fn place(key: &str) -> Place {
    let last = key.rsplit([':', '.']).next().unwrap_or(key);
    let is = |name: &str| last.eq_ignore_ascii_case(name);
    match () {
        () if is("path") => Place::Path,
        () if is("value") || is("$ref") || is("manager") || is("members") => Place::Id,
        () => Place::Text,
    }
}

/// A reference that is the whole text, or the last segment of it; and what comes before.
fn at_end(text: &str) -> Option<(&str, &str)> {
    let start = match text.strip_prefix(MARK) {
        Some(_) => 0,
        None => text.rfind(&format!("/{MARK}"))? + 1,
    };
    let (before, reference) = text.split_at_checked(start)?;
    let name = reference.strip_prefix(MARK)?;
    (!name.is_empty()).then_some((before, name))
}

/// The path of a PATCH, whose filter may compare with references.
fn quoted(
    path: &str,
    id_of: &mut impl FnMut(&str) -> Result<String, Unresolved>,
) -> Result<String, Unresolved> {
    let mark = format!("\"{MARK}");
    let (mut out, mut rest) = (String::new(), path);
    while let Some((before, after)) = rest.split_once(&mark) {
        let Some((name, after)) = after.split_once('"') else {
            break;
        };
        out.push_str(before);
        out.push('"');
        out.push_str(&id_of(name)?);
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_found_where_ids_stand() {
        let ids = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        for (before, after) in [
            (json!({"value": "bulkId:a"}), json!({"value": "1"})),
            (json!({"members": ["bulkId:a"]}), json!({"members": ["1"]})),
            (
                json!({"$ref": "../Users/bulkId:a"}),
                json!({"$ref": "../Users/1"}),
            ),
            (
                json!({"urn:x:User:manager": "bulkId:a"}),
                json!({"urn:x:User:manager": "1"}),
            ),
            (
                json!({"path": "members[value eq \"bulkId:a\"].display"}),
                json!({"path": "members[value eq \"1\"].display"}),
            ),
            (
                json!({"displayName": "bulkId:a", "title": "a/bulkId:a"}),
                json!({"displayName": "bulkId:a", "title": "a/bulkId:a"}),
            ),
            (json!({"value": true}), json!({"value": true})),
        ] {
            let mut data = before;
            resolve_data(&mut data, &ids).unwrap();
            assert_eq!(data, after);
        }
        assert_eq!(resolve_path("/Users/bulkId:a", &ids).unwrap(), "/Users/1");
        assert_eq!(resolve_path("/Users/7", &ids).unwrap(), "/Users/7");
    }

    #[test]
    fn a_reference_to_nothing_is_named() {
        let ids = BTreeMap::new();
        let mut data = json!({"members": [{"value": "bulkId:b"}]});
        assert_eq!(
            resolve_data(&mut data, &ids),
            Err(Unresolved("b".to_owned()))
        );
        assert!(resolve_path("/Groups/bulkId:b", &ids).is_err());
        let mut names = BTreeSet::new();
        in_data(&data, &mut names);
        in_path("/Groups/bulkId:c", &mut names);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["b", "c"]);
    }
}
