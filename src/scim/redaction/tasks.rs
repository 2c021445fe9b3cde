//! What of a search, a bulk request and a PATCH may be kept.

use serde_json::{Map, Value};

use super::{GONE, MOST, NAME, Redaction, is_ambiguous, is_kept, is_urn, join, kind};
use crate::scim::Strictness;
use crate::scim::catalog::ResourceType;
use crate::scim::catalog::custom::Types;
use crate::scim::path::PatchPath;

/// Methods of a bulk operation (RFC 7644 §3.7).
const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];
/// Operations of a PATCH (RFC 7644 §3.5.2).
const OPERATIONS: [&str; 3] = ["add", "remove", "replace"];
/// Characters of an id that a client chose, or of a version.
const SHORT: usize = 100;

impl Redaction {
    pub(super) fn search(&mut self, types: Types, body: &mut Value) {
        let Value::Object(map) = body else {
            return self.drop("", body);
        };
        for (name, value) in std::mem::take(map) {
            match value {
                Value::String(text) if name.eq_ignore_ascii_case("filter") => {
                    map.insert(name, self.filter(types, &text).into());
                }
                value if is_kept(&name) && is_small(&value) => {
                    map.insert(name, value);
                }
                mut value if name.eq_ignore_ascii_case("schemas") => {
                    self.schemas(&name, &mut value);
                    map.insert(name, value);
                }
                value => self.went_all(&name, &value),
            }
        }
    }

    pub(super) fn bulk(&mut self, types: Types, body: &mut Value) {
        let Value::Object(map) = body else {
            return self.drop("", body);
        };
        self.envelope("", &["schemas", "failonerrors", "operations"], map);
        let listed = map
            .iter_mut()
            .filter(|(name, _)| name.eq_ignore_ascii_case("operations"));
        for operation in listed.filter_map(|(_, it)| it.as_array_mut()).flatten() {
            self.bulk_operation(types, operation);
        }
    }

    fn bulk_operation(&mut self, types: Types, operation: &mut Value) {
        let Some(map) = operation.as_object_mut().filter(|it| !is_ambiguous(it)) else {
            return self.drop("Operations", operation);
        };
        let text = |name: &str| {
            let mut pairs = map.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            pairs.find_map(|(_, it)| it.as_str()).unwrap_or_default()
        };
        let (method, path) = (text("method").to_ascii_uppercase(), text("path"));
        let mut segments = path.split('/').filter(|it| !it.is_empty());
        let kind = segments.find_map(|segment| kind(types, segment));
        for (name, mut value) in std::mem::take(map) {
            let keep = match (name.to_ascii_lowercase().as_str(), &value) {
                ("method", Value::String(text)) => is_one(&METHODS, text),
                ("bulkid" | "version", Value::String(text)) => text.len() <= SHORT,
                ("path", Value::String(text)) => {
                    value = self.bulk_path(text).into();
                    true
                }
                ("data", _) => {
                    match kind {
                        Some(kind) => self.task(kind, &method, "data", &mut value),
                        None => self.drop("data", &mut value),
                    }
                    true
                }
                _ => false,
            };
            if keep {
                map.insert(name, value);
            } else {
                self.went_all(&name, &value);
            }
        }
    }

    /// A path within a bulk request, which may name a resource by its bulkId (RFC 7644 §3.7.2).
    fn bulk_path(&mut self, path: &str) -> String {
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        if let Some(query) = query {
            self.went("path", query);
        }
        let said = path.split('/').map(|segment| {
            let reference = segment.strip_prefix("bulkId:");
            if reference.is_some_and(|it| it.len() <= SHORT) {
                segment.to_owned()
            } else {
                self.path(segment)
            }
        });
        said.collect::<Vec<_>>().join("/")
    }

    /// Takes out of a message all but these, whose names are in small letters, and of its schemas
    /// what is none.
    fn envelope(&mut self, at: &str, known: &[&str], map: &mut Map<String, Value>) {
        for (name, mut value) in std::mem::take(map) {
            let lower = name.to_ascii_lowercase();
            if lower == "schemas" {
                self.schemas(&join(at, &name), &mut value);
            } else if !known.contains(&lower.as_str())
                || !(lower == "operations" || value.is_boolean() || value.is_number())
            {
                self.went_all(&join(at, &name), &value);
                continue;
            }
            map.insert(name, value);
        }
    }

    /// Schemas are URNs (RFC 7643 §3); what is none goes.
    pub(super) fn schemas(&mut self, at: &str, value: &mut Value) {
        match value {
            Value::Array(list) => list.retain(|it| {
                let keep = it.as_str().is_some_and(is_urn);
                if !keep {
                    self.went_all(at, it);
                }
                keep
            }),
            Value::String(text) if is_urn(text) => {}
            other => self.drop(at, other),
        }
    }

    /// The body of one operation on a resource.
    pub(super) fn task(
        &mut self,
        kind: &'static ResourceType,
        method: &str,
        at: &str,
        body: &mut Value,
    ) {
        if method != "PATCH" {
            return self.resource(kind, at, body);
        }
        let Value::Object(map) = body else {
            return self.drop(at, body);
        };
        self.envelope(at, &["operations"], map);
        for (name, value) in map.iter_mut() {
            if name.eq_ignore_ascii_case("operations") {
                match value {
                    Value::Array(list) => {
                        for it in list {
                            self.operation(kind, at, it);
                        }
                    }
                    single => self.operation(kind, at, single),
                }
            }
        }
    }

    /// One operation of a PATCH.
    fn operation(&mut self, kind: &'static ResourceType, at: &str, operation: &mut Value) {
        let Some(map) = operation.as_object_mut().filter(|it| !is_ambiguous(it)) else {
            return self.drop(at, operation);
        };
        let path = map.iter().find(|(key, _)| key.eq_ignore_ascii_case("path"));
        let path = path.map(|(_, it)| it.as_str().unwrap_or(GONE).to_owned());
        let path = path.filter(|it| !it.trim().is_empty());
        for (name, mut value) in std::mem::take(map) {
            let here = join(at, &name);
            let keep = match (name.to_ascii_lowercase().as_str(), &path) {
                ("op", _) => value.as_str().is_some_and(|it| is_one(&OPERATIONS, it)),
                ("path", None) => value.is_null() || value.is_string(),
                ("path", Some(path)) => self.is_path(kind, path),
                ("value", None) => {
                    self.resource(kind, at, &mut value);
                    true
                }
                ("value", Some(path)) => {
                    if !self.at_path(kind, path, &mut value) {
                        self.went_all(path, &value);
                        continue;
                    }
                    true
                }
                _ => false,
            };
            if keep {
                map.insert(name, value);
            } else {
                self.went_all(&here, &value);
            }
        }
    }

    /// Whether the path of a PATCH may be kept: it names what the schemas know, and what it
    /// selects by might stand in a resource.
    fn is_path(&mut self, kind: &'static ResourceType, path: &str) -> bool {
        match PatchPath::resolve(kind, path, Strictness::Lenient) {
            Ok(
                PatchPath::Schema(_)
                | PatchPath::Attribute {
                    selection: None, ..
                },
            ) => true,
            Ok(PatchPath::Attribute {
                path: found,
                selection: Some(selection),
            }) => {
                let Some(template) = selection.template else {
                    return false;
                };
                let mut template = Value::Object(template);
                let before = template.clone();
                let (whole, top) = (found.attribute, found.attribute.name);
                self.value(whole, top, path, &mut template) && template == before
            }
            Err(_) => false,
        }
    }

    /// The value at a path of a PATCH; `false` where it may not be kept.
    pub(super) fn at_path(
        &mut self,
        kind: &'static ResourceType,
        path: &str,
        value: &mut Value,
    ) -> bool {
        match PatchPath::resolve(kind, path, Strictness::Lenient) {
            Ok(PatchPath::Attribute { path: found, .. }) => {
                return self.value(found.leaf(), found.attribute.name, path, value);
            }
            Ok(PatchPath::Schema(schema)) if schema.extension => {
                self.extension(schema, path, value);
            }
            Ok(PatchPath::Schema(_)) => self.resource(kind, path, value),
            Err(_) => return false,
        }
        true
    }
}

fn is_one(words: &[&str], text: &str) -> bool {
    words.iter().any(|it| it.eq_ignore_ascii_case(text))
}

/// Whether a parameter of a search is as its kind are: names, or a number.
fn is_small(value: &Value) -> bool {
    let is_short = |it: &Value| it.as_str().is_some_and(|it| it.len() <= NAME);
    match value {
        Value::Array(list) => list.len() <= MOST && list.iter().all(is_short),
        Value::Object(_) => false,
        Value::String(_) => is_short(value),
        _ => true,
    }
}
