//! What of a request may be kept: the attributes that the schemas know, and nothing else. Values
//! that are never shown, octets, and what a filter compares with go; what went is told by name.

use serde_json::{Value, json};

use super::catalog::{COMMON, ResourceType, custom::Types};
use super::path::{Name, PatchPath};
use super::schema::{Attribute, Mutability, Returned, Schema, Type};
use super::{Strictness, fold};

#[cfg(test)]
mod tests;
mod values;

/// What stands where something was.
pub const GONE: &str = "…";
/// Characters of a text that is kept; a longer one is a picture or worse.
const LONGEST: usize = 2_000;
/// Characters of the name of something.
const NAME: usize = 300;
/// Names that are told.
const TOLD: usize = 50;
/// Parameters of a query (RFC 7644 §3.4.2, §3.9) whose values are kept as they are.
const KEPT: [&str; 6] = [
    "attributes",
    "count",
    "excludedattributes",
    "sortby",
    "sortorder",
    "startindex",
];
/// Attributes that say who somebody is.
const NAMING: [&str; 3] = ["emails", "externalId", "userName"];

/// What was taken out, and who the request was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Where something went.
    pub dropped: Vec<String>,
    /// The texts that went: they may stand in an answer, too.
    pub removed: Vec<String>,
    /// The folded names and addresses of people.
    pub names: Vec<String>,
    /// Ids of members.
    pub members: Vec<String>,
}

impl Redaction {
    /// Takes out of a body what may not be kept; `path` is below the base URL.
    pub fn body(&mut self, types: Types, method: &str, path: &str, body: &mut Value) {
        let segments: Vec<_> = path.split('/').filter(|it| !it.is_empty()).collect();
        let first = segments.first().copied().unwrap_or_default();
        let searches = segments.iter().any(|it| it.eq_ignore_ascii_case(".search"));
        if searches {
            self.search(body);
        } else if first.eq_ignore_ascii_case("bulk") {
            self.bulk(types, body);
        } else if let Some(kind) = kind(types, first) {
            self.task(kind, method, "", body);
        } else {
            self.drop("", body);
        }
    }

    /// A query string without what it compares with, and without parameters that nobody knows.
    pub fn query(&mut self, query: &str) -> String {
        let mut kept = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let short: String = name.chars().take(NAME).collect();
            if is_kept(&name) {
                kept.append_pair(&short, &value);
            } else if name.eq_ignore_ascii_case("filter") {
                kept.append_pair(&short, &self.filter(&value));
            } else {
                self.went(&short, &value);
                kept.append_pair(&short, GONE);
            }
        }
        kept.finish()
    }

    /// A filter without the values that it compares with.
    pub fn filter(&mut self, filter: &str) -> String {
        let (kept, gone) = values::without(filter);
        for value in &gone {
            self.went("filter", value);
        }
        kept
    }

    fn search(&mut self, body: &mut Value) {
        let Value::Object(map) = body else {
            return self.drop("", body);
        };
        for (name, value) in std::mem::take(map) {
            match value {
                Value::String(text) if name.eq_ignore_ascii_case("filter") => {
                    map.insert(name, self.filter(&text).into());
                }
                value if is_kept(&name) || name.eq_ignore_ascii_case("schemas") => {
                    map.insert(name, value);
                }
                value => self.went_all(&name, &value),
            }
        }
    }

    fn bulk(&mut self, types: Types, body: &mut Value) {
        let Value::Object(map) = body else {
            return self.drop("", body);
        };
        map.retain(|name, value| {
            let known = ["schemas", "failonerrors", "operations"];
            let keep = known.contains(&name.to_ascii_lowercase().as_str());
            if !keep {
                self.went_all(name, value);
            }
            keep
        });
        let listed = map
            .iter_mut()
            .filter(|(name, _)| name.eq_ignore_ascii_case("operations"));
        for operation in listed.filter_map(|(_, it)| it.as_array_mut()).flatten() {
            self.bulk_operation(types, operation);
        }
    }

    fn bulk_operation(&mut self, types: Types, operation: &mut Value) {
        let Value::Object(map) = operation else {
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
            match name.to_ascii_lowercase().as_str() {
                "method" | "path" | "bulkid" | "version" => {}
                "data" => match kind {
                    Some(kind) => self.task(kind, &method, "data", &mut value),
                    None => self.drop("data", &mut value),
                },
                _ => {
                    self.went_all(&name, &value);
                    continue;
                }
            }
            map.insert(name, value);
        }
    }

    /// The body of one operation on a resource.
    fn task(&mut self, kind: &'static ResourceType, method: &str, at: &str, body: &mut Value) {
        if method != "PATCH" {
            return self.resource(kind, at, body);
        }
        let Value::Object(map) = body else {
            return self.drop(at, body);
        };
        map.retain(|name, value| {
            let keep = ["schemas", "operations"].contains(&name.to_ascii_lowercase().as_str());
            if !keep {
                self.went_all(&join(at, name), value);
            }
            keep
        });
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
        let Value::Object(map) = operation else {
            return self.drop(at, operation);
        };
        let path = map.iter().find(|(key, _)| key.eq_ignore_ascii_case("path"));
        let path = path.and_then(|(_, it)| it.as_str()).unwrap_or_default();
        let path = path.to_owned();
        for (name, mut value) in std::mem::take(map) {
            match name.to_ascii_lowercase().as_str() {
                "op" | "path" => {}
                "value" if path.trim().is_empty() => self.resource(kind, at, &mut value),
                "value" => {
                    if !self.at_path(kind, &path, &mut value) {
                        self.went_all(&path, &value);
                        continue;
                    }
                }
                _ => {
                    self.went_all(&join(at, &name), &value);
                    continue;
                }
            }
            map.insert(name, value);
        }
    }

    /// The value at a path of a PATCH; `false` where it may not be kept.
    fn at_path(&mut self, kind: &'static ResourceType, path: &str, value: &mut Value) -> bool {
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

    fn resource(&mut self, kind: &'static ResourceType, at: &str, resource: &mut Value) {
        let Value::Object(map) = resource else {
            return self.drop(at, resource);
        };
        for (name, mut value) in std::mem::take(map) {
            let here = join(at, &name);
            let keep = match Name::resolve(kind, &name) {
                Ok(Name::Attribute(path)) => {
                    self.value(path.leaf(), path.attribute.name, &here, &mut value)
                }
                _ => self.at_path(kind, &name, &mut value),
            };
            if keep {
                map.insert(name, value);
            } else {
                self.went_all(&here, &value);
            }
        }
    }

    fn extension(&mut self, schema: &'static Schema, at: &str, value: &mut Value) {
        let Value::Object(map) = value else {
            return self.drop(at, value);
        };
        for (name, mut value) in std::mem::take(map) {
            let here = join(at, &name);
            let common = COMMON.iter().find(|it| it.name.eq_ignore_ascii_case(&name));
            let known = schema.attribute(&name).or(common);
            if known.is_some_and(|it| self.value(it, it.name, &here, &mut value)) {
                map.insert(name, value);
            } else {
                self.went_all(&here, &value);
            }
        }
    }

    /// The value of an attribute; `false` where it may not be kept.
    fn value(
        &mut self,
        attribute: &'static Attribute,
        top: &'static str,
        at: &str,
        value: &mut Value,
    ) -> bool {
        let secret = attribute.returned == Returned::Never
            || attribute.mutability == Mutability::WriteOnly
            || attribute.data_type == Type::Binary;
        if secret {
            return false;
        }
        match value {
            Value::Array(list) => {
                let (before, mut kept) = (list.len(), Vec::with_capacity(list.len()));
                for mut element in std::mem::take(list) {
                    if self.value(attribute, top, at, &mut element) {
                        kept.push(element);
                    } else {
                        self.went_all(at, &element);
                    }
                }
                *list = kept;
                before == 0 || !list.is_empty()
            }
            Value::Object(map) => {
                for (name, mut part) in std::mem::take(map) {
                    let here = join(at, &name);
                    let sub = attribute.sub(&name);
                    if sub.is_some_and(|sub| self.value(sub, top, &here, &mut part)) {
                        map.insert(name, part);
                    } else {
                        self.went_all(&here, &part);
                    }
                }
                true
            }
            Value::String(text) if text.chars().count() > LONGEST => false,
            Value::String(text) => {
                if NAMING.contains(&top) && attribute.name != "type" {
                    self.names.push(fold(text));
                } else if top == "members" && attribute.name != "display" {
                    self.members.push(text.clone());
                }
                true
            }
            _ => true,
        }
    }

    /// Takes everything.
    fn drop(&mut self, at: &str, value: &mut Value) {
        let at = if at.is_empty() { "body" } else { at };
        let gone = std::mem::take(value);
        self.went_all(at, &gone);
    }

    fn went(&mut self, at: &str, text: &str) {
        if self.dropped.len() < TOLD && !self.dropped.iter().any(|it| it == at) {
            self.dropped.push(at.chars().take(NAME).collect());
        }
        self.removed.push(text.to_owned());
    }

    fn went_all(&mut self, at: &str, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|it| self.went_all(at, it)),
            Value::Object(map) => map.values().for_each(|it| self.went_all(at, it)),
            Value::String(text) => self.went(at, text),
            other => self.went(at, &other.to_string()),
        }
        if *value == json!([]) || *value == json!({}) {
            self.went(at, "");
        }
    }

    /// A text of an answer, without what went.
    pub fn cleaned(&self, text: &str) -> String {
        let said = self.removed.iter().filter(|it| it.chars().count() > 2);
        said.fold(text.to_owned(), |text, gone| text.replace(gone, GONE))
    }
}

fn is_kept(parameter: &str) -> bool {
    KEPT.iter().any(|it| it.eq_ignore_ascii_case(parameter))
}

/// The resource type whose endpoint a segment is.
fn kind(types: Types, segment: &str) -> Option<&'static ResourceType> {
    let mut kinds = [types.user, types.group].into_iter();
    kinds.find(|kind| {
        kind.endpoint
            .trim_start_matches('/')
            .eq_ignore_ascii_case(segment)
    })
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}
