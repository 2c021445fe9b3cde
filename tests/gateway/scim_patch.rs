//! PATCH: whatever operations come, the engine and a plain reading of RFC 7644 §3.5.2 agree on the
//! outcome. The model below works on bare JSON and shares no code with the engine.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use usher::scim::catalog::USER_TYPE;
use usher::scim::patch::Patch;
use usher::scim::{Strictness, validate};

use crate::harness::property;

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Where an operation points.
#[derive(Clone, Debug)]
enum Path {
    /// The resource itself.
    Whole,
    /// An attribute with one plain value.
    Single(&'static str),
    /// `name`, or a part of it.
    Name(Option<&'static str>),
    /// An attribute with several values: which of them, and which part.
    Several(&'static str, Option<Which>, Option<&'static str>),
    /// A plain attribute of the enterprise extension.
    Extension(&'static str),
}

/// A filter in brackets.
#[derive(Clone, Debug)]
enum Which {
    Type(&'static str),
    Value(&'static str),
    Primary(bool),
    TypeAndPrimary(&'static str),
    NotType(&'static str),
    Starts(&'static str),
    Shown,
}

#[derive(Clone, Debug)]
struct Operation {
    op: &'static str,
    path: Path,
    value: Option<Value>,
}

/// Why the model refuses.
#[derive(Clone, Copy, Debug, PartialEq)]
enum No {
    Mutability,
    Target,
    Value,
}

impl No {
    fn word(self) -> &'static str {
        match self {
            Self::Mutability => "mutability",
            Self::Target => "noTarget",
            Self::Value => "invalidValue",
        }
    }
}

type Element = Map<String, Value>;

impl Which {
    fn text(&self) -> String {
        match self {
            Self::Type(kind) => format!("type eq \"{kind}\""),
            Self::Value(value) => format!("value eq \"{value}\""),
            Self::Primary(primary) => format!("primary eq {primary}"),
            Self::TypeAndPrimary(kind) => format!("type eq \"{kind}\" and primary eq true"),
            Self::NotType(kind) => format!("not (type eq \"{kind}\")"),
            Self::Starts(start) => format!("value sw \"{start}\""),
            Self::Shown => "display pr".to_owned(),
        }
    }

    fn holds(&self, element: &Element) -> bool {
        let is = |name: &str, wanted: &str| {
            lower(element.get(name)).is_some_and(|it| it == wanted.to_lowercase())
        };
        let primary = element.get("primary");
        match self {
            Self::Type(kind) => is("type", kind),
            Self::Value(value) => is("value", value),
            Self::Primary(wanted) => primary == Some(&json!(wanted)),
            Self::TypeAndPrimary(kind) => is("type", kind) && primary == Some(&json!(true)),
            Self::NotType(kind) => !is("type", kind),
            Self::Starts(start) => {
                lower(element.get("value")).is_some_and(|it| it.starts_with(&start.to_lowercase()))
            }
            Self::Shown => element.contains_key("display"),
        }
    }

    /// The value that equalities alone describe.
    fn described(&self) -> Option<Element> {
        let described = match self {
            Self::Type(kind) => json!({"type": kind}),
            Self::Value(value) => json!({"value": value}),
            Self::Primary(primary) => json!({"primary": primary}),
            Self::TypeAndPrimary(kind) => json!({"type": kind, "primary": true}),
            _ => return None,
        };
        described.as_object().cloned()
    }
}

fn lower(value: Option<&Value>) -> Option<String> {
    Some(value?.as_str()?.to_lowercase())
}

impl Operation {
    fn to_json(&self) -> Value {
        let mut operation = json!({"op": self.op});
        let path = match &self.path {
            Path::Whole => None,
            Path::Single(name) | Path::Name(Some(name)) => Some(match self.path {
                Path::Name(_) => format!("name.{name}"),
                _ => (*name).to_owned(),
            }),
            Path::Name(None) => Some("name".to_owned()),
            Path::Several(name, which, part) => {
                let which = which
                    .as_ref()
                    .map_or(String::new(), |it| format!("[{}]", it.text()));
                let part = part.map_or(String::new(), |it| format!(".{it}"));
                Some(format!("{name}{which}{part}"))
            }
            Path::Extension(name) => Some(format!("{ENTERPRISE}:{name}")),
        };
        if let Some(path) = path {
            operation["path"] = path.into();
        }
        if let Some(value) = &self.value {
            operation["value"] = value.clone();
        }
        operation
    }
}

/// What the standard says becomes of a user.
struct Model(Map<String, Value>);

impl Model {
    fn play(mut self, operations: &[Operation]) -> Result<Map<String, Value>, No> {
        for operation in operations {
            let inactive = self.0.get("active").is_some_and(|it| it != true);
            self.operation(operation.op, &operation.path, operation.value.as_ref())?;
            if inactive && !self.0.contains_key("active") {
                self.0.insert("active".into(), Value::Null);
            }
        }
        for name in ["emails", "phoneNumbers"] {
            let elements = tidy(self.take(name))?;
            self.put(name, elements);
        }
        // What a resource must have cannot be taken away, unless it is brought back.
        if !self.0.contains_key("userName") {
            return Err(No::Mutability);
        }
        Ok(self.0)
    }

    fn operation(&mut self, op: &str, path: &Path, value: Option<&Value>) -> Result<(), No> {
        match path {
            Path::Whole if op == "remove" => Err(No::Target),
            Path::Whole => {
                for (name, value) in value.unwrap().as_object().unwrap() {
                    if name == ENTERPRISE {
                        for (name, value) in value.as_object().unwrap() {
                            self.extension(op, name, Some(value));
                        }
                        continue;
                    }
                    let path = match name.as_str() {
                        "name" => Path::Name(None),
                        "emails" => Path::Several("emails", None, None),
                        "phoneNumbers" => Path::Several("phoneNumbers", None, None),
                        "title" => Path::Single("title"),
                        "active" => Path::Single("active"),
                        _ => Path::Single("nickName"),
                    };
                    self.operation(op, &path, Some(value))?;
                }
                Ok(())
            }
            Path::Single(name) => {
                match value.filter(|_| op != "remove") {
                    Some(value) => self.0.insert((*name).to_owned(), value.clone()),
                    None => self.0.remove(*name),
                };
                Ok(())
            }
            Path::Extension(name) => {
                self.extension(op, name, value);
                Ok(())
            }
            Path::Name(part) => {
                self.name(op, *part, value);
                Ok(())
            }
            Path::Several(name, which, part) => {
                let elements = self.take(name);
                let elements = several(op, elements, which.as_ref(), *part, value)?;
                self.put(name, elements);
                Ok(())
            }
        }
    }

    /// Parts that are named change, the others stay.
    fn name(&mut self, op: &str, part: Option<&str>, value: Option<&Value>) {
        let mut name = match self.0.remove("name") {
            Some(Value::Object(name)) => name,
            _ => Map::new(),
        };
        match (op, part, value) {
            ("remove", None, _) => name.clear(),
            ("remove", Some(part), _) => drop(name.remove(part)),
            (_, None, Some(Value::Object(parts))) => name.extend(parts.clone()),
            (_, Some(part), Some(value)) => drop(name.insert(part.to_owned(), value.clone())),
            other => panic!("no operation: {other:?}"),
        }
        if !name.is_empty() {
            self.0.insert("name".into(), name.into());
        }
    }

    fn extension(&mut self, op: &str, name: &str, value: Option<&Value>) {
        let mut extension = match self.0.remove(ENTERPRISE) {
            Some(Value::Object(extension)) => extension,
            _ => Map::new(),
        };
        match value.filter(|_| op != "remove") {
            Some(value) => extension.insert(name.to_owned(), value.clone()),
            None => extension.remove(name),
        };
        if !extension.is_empty() {
            self.0.insert(ENTERPRISE.into(), extension.into());
        }
    }

    fn take(&mut self, name: &str) -> Vec<Element> {
        let list = self.0.remove(name).unwrap_or(json!([]));
        let list = list.as_array().unwrap().iter();
        list.map(|it| it.as_object().unwrap().clone()).collect()
    }

    fn put(&mut self, name: &str, elements: Vec<Element>) {
        if !elements.is_empty() {
            let list = elements.into_iter().map(Value::Object).collect();
            self.0.insert(name.to_owned(), Value::Array(list));
        }
    }
}

/// An operation on the values of an attribute.
fn several(
    op: &str,
    mut elements: Vec<Element>,
    which: Option<&Which>,
    part: Option<&str>,
    value: Option<&Value>,
) -> Result<Vec<Element>, No> {
    if which.is_none() && part.is_none() {
        let given = || -> Vec<Element> {
            let list = value.unwrap().as_array().unwrap().iter();
            list.map(|it| it.as_object().unwrap().clone()).collect()
        };
        return match op {
            "remove" => Ok(Vec::new()),
            "replace" => tidy(given()),
            _ => added(elements, tidy(given())?),
        };
    }
    let chosen = |element: &Element| which.is_none_or(|it| it.holds(element));
    if op == "remove" {
        match part {
            None => elements.retain(|it| !chosen(it)),
            Some(part) => elements
                .iter_mut()
                .filter(|it| chosen(it))
                .for_each(|it| drop(it.remove(part))),
        }
        elements.retain(|it| !it.is_empty());
        return Ok(elements);
    }
    let said: Element = match part {
        Some(part) => [(part.to_owned(), value.unwrap().clone())]
            .into_iter()
            .collect(),
        None => value.unwrap().as_object().unwrap().clone(),
    };
    let mut places: Vec<_> = (0..elements.len())
        .filter(|at| chosen(&elements[*at]))
        .collect();
    if places.is_empty() {
        // Nothing is there to be replaced; what is added says in its brackets what it is.
        let mut fresh = match which {
            None => Element::new(),
            Some(which) if op == "add" => which.described().ok_or(No::Target)?,
            Some(_) => return Err(No::Target),
        };
        fresh.extend(said);
        let primary = is_primary(&fresh);
        elements.push(fresh);
        places = vec![elements.len() - 1];
        places.retain(|_| primary);
    } else {
        for at in &places {
            if op == "replace" && part.is_none() {
                elements[*at].clone_from(&said);
            } else {
                elements[*at].extend(said.clone());
            }
        }
        places.retain(|_| is_primary(&said));
    }
    prefer(&mut elements, &places)?;
    Ok(elements)
}

/// New values go behind the others; one that is there already takes what more is said of it.
fn added(mut elements: Vec<Element>, given: Vec<Element>) -> Result<Vec<Element>, No> {
    let mut preferred = Vec::new();
    for new in given {
        let place = elements.iter().position(|it| same(it, &new));
        let place = place.unwrap_or(elements.len());
        let primary = is_primary(&new);
        match elements.get_mut(place) {
            Some(known) => known.extend(new),
            None => elements.push(new),
        }
        preferred.extend(primary.then_some(place));
    }
    prefer(&mut elements, &preferred)?;
    Ok(elements)
}

/// A value that becomes the primary one takes that from the others; two cannot.
fn prefer(elements: &mut [Element], places: &[usize]) -> Result<(), No> {
    let Some(first) = places.first() else {
        return Ok(());
    };
    if places.iter().any(|it| it != first) {
        return Err(No::Value);
    }
    for (at, element) in elements.iter_mut().enumerate() {
        if at != *first && is_primary(element) {
            element.insert("primary".into(), false.into());
        }
    }
    Ok(())
}

fn is_primary(element: &Element) -> bool {
    element.get("primary") == Some(&json!(true))
}

/// Whether two say the same: one value of one type, in any case; without a value, all else equal.
fn same(one: &Element, other: &Element) -> bool {
    let value = |it: &Element| lower(it.get("value"));
    if value(one).is_none() && value(other).is_none() {
        let rest = |it: &Element| {
            let mut rest = it.clone();
            rest.remove("primary");
            rest
        };
        return rest(one) == rest(other);
    }
    value(one) == value(other) && lower(one.get("type")) == lower(other.get("type"))
}

/// No value without content, none twice, one primary at most (RFC 7643 §2.4).
fn tidy(elements: Vec<Element>) -> Result<Vec<Element>, No> {
    let mut kept: Vec<Element> = Vec::new();
    for element in elements {
        if !element.keys().any(|it| it != "type" && it != "primary") {
            continue;
        }
        match kept.iter_mut().find(|it| same(it, &element)) {
            Some(known) if is_primary(&element) => {
                known.insert("primary".into(), true.into());
            }
            Some(_) => {}
            None => kept.push(element),
        }
    }
    if kept.iter().filter(|it| is_primary(it)).count() > 1 {
        return Err(No::Value);
    }
    Ok(kept)
}

const VALUES: &[&str] = &[
    "a@x.example",
    "A@X.example",
    "b@x.example",
    "\u{e9}@x.example",
];
const TYPES: &[&str] = &["work", "home", "Work"];
const TEXTS: &[&str] = &["Ada", "ada", "\u{c9}ve", "Countess"];

fn chosen(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(from)
}

fn value() -> impl Strategy<Value = Value> {
    let parts = (
        prop::option::weighted(0.9, chosen(VALUES)),
        prop::option::weighted(0.8, chosen(TYPES)),
        prop::option::weighted(0.3, chosen(TEXTS)),
        prop::option::weighted(0.3, any::<bool>()),
    );
    parts.prop_map(|(value, kind, display, primary)| {
        let mut element = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            element.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("value", value.map(Value::from));
        put("type", kind.map(Value::from));
        put("display", display.map(Value::from));
        put("primary", primary.map(Value::from));
        if element.is_empty() {
            element.insert("value".into(), "c@x.example".into());
        }
        Value::Object(element)
    })
}

fn values() -> impl Strategy<Value = Value> {
    prop::collection::vec(value(), 1..4).prop_map(Value::Array)
}

fn name() -> impl Strategy<Value = Value> {
    (chosen(TEXTS), prop::option::of(chosen(TEXTS))).prop_map(|(given, family)| match family {
        Some(family) => json!({"givenName": given, "familyName": family}),
        None => json!({"givenName": given}),
    })
}

/// Several attributes at once, as a body or an operation without a path has them.
fn attributes() -> impl Strategy<Value = Value> {
    let parts = (
        prop::option::of(chosen(TEXTS)),
        prop::option::of(name()),
        prop::option::of(values()),
        prop::option::of(values()),
        prop::option::of(any::<bool>()),
        prop::option::of(chosen(TEXTS)),
    );
    parts.prop_map(|(title, name, emails, phones, active, department)| {
        let mut body = Map::new();
        let department = department.map(|it| json!({"department": it}));
        for (key, value) in [
            ("title", title.map(Value::from)),
            ("name", name),
            ("emails", emails),
            ("phoneNumbers", phones),
            ("active", active.map(Value::from)),
            (ENTERPRISE, department),
        ] {
            body.extend(value.map(|value| (key.to_owned(), value)));
        }
        Value::Object(body)
    })
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        4 => chosen(TYPES).prop_map(Which::Type),
        3 => chosen(VALUES).prop_map(Which::Value),
        1 => any::<bool>().prop_map(Which::Primary),
        1 => chosen(TYPES).prop_map(Which::TypeAndPrimary),
        1 => chosen(TYPES).prop_map(Which::NotType),
        1 => Just(Which::Starts("a")),
        1 => Just(Which::Shown),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let op = prop::sample::select(&["add", "replace", "remove"][..]);
    let several = chosen(&["emails", "phoneNumbers"]);
    let part = prop_oneof![
        (Just("value"), chosen(VALUES).prop_map(Value::from)),
        (Just("type"), chosen(TYPES).prop_map(Value::from)),
        (Just("display"), chosen(TEXTS).prop_map(Value::from)),
        (Just("primary"), any::<bool>().prop_map(Value::from)),
    ];
    let target = prop_oneof![
        2 => attributes().prop_map(|value| (Path::Whole, value)),
        2 => (chosen(&["title", "nickName", "userName"]), chosen(TEXTS))
            .prop_map(|(name, text)| (Path::Single(name), text.into())),
        2 => any::<bool>().prop_map(|it| (Path::Single("active"), it.into())),
        1 => name().prop_map(|it| (Path::Name(None), it)),
        1 => (chosen(&["givenName", "familyName"]), chosen(TEXTS))
            .prop_map(|(part, text)| (Path::Name(Some(part)), text.into())),
        1 => (chosen(&["department", "costCenter"]), chosen(TEXTS))
            .prop_map(|(name, text)| (Path::Extension(name), text.into())),
        3 => (several.clone(), values()).prop_map(|(name, it)| (Path::Several(name, None, None), it)),
        3 => (several.clone(), which(), value())
            .prop_map(|(name, which, it)| (Path::Several(name, Some(which), None), it)),
        4 => (several, prop::option::weighted(0.8, which()), part)
            .prop_map(|(name, which, (part, it))| (Path::Several(name, which, Some(part)), it)),
    ];
    (op, target).prop_map(|(op, (path, value))| Operation {
        op,
        path,
        value: (op != "remove").then_some(value),
    })
}

/// What the engine makes of it: the document, or the keyword of its refusal.
fn engine(
    body: &Value,
    operations: &[Operation],
    strictness: Strictness,
) -> Result<Map<String, Value>, String> {
    let draft = validate::create(&USER_TYPE, body.clone(), Strictness::Rfc).unwrap();
    let operations: Vec<_> = operations.iter().map(Operation::to_json).collect();
    let request = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
    });
    let word = |error: usher::scim::Error| {
        let word = error.scim_type.map_or("none", usher::scim::ScimType::word);
        word.to_owned()
    };
    let patch = Patch::parse(&USER_TYPE, request, strictness).map_err(word)?;
    let (members, rest) = patch.split();
    assert!(members.is_empty());
    let after = rest.apply(&draft.resource, "id").map_err(word)?;
    Ok(after.into_document())
}

#[test]
fn the_engine_does_what_the_standard_says() {
    let cases = (attributes(), prop::collection::vec(operation(), 1..6));
    property(2_000, &cases, |(mut body, operations)| {
        body["schemas"] = json!([CORE]);
        body["userName"] = "ada".into();
        let Ok(draft) = validate::create(&USER_TYPE, body.clone(), Strictness::Rfc) else {
            return Err(TestCaseError::reject("two primary values"));
        };
        let before = draft.resource.into_document();
        let expected = Model(before).play(&operations);
        let found = engine(&body, &operations, Strictness::Rfc);
        match (&expected, &found) {
            (Ok(expected), Ok(found)) => prop_assert_eq!(found, expected),
            // Of several faults the one that is found first is told.
            (Err(no), Err(word)) if operations.len() == 1 => prop_assert_eq!(word, no.word()),
            (Err(_), Err(_)) => {}
            _ => prop_assert!(false, "expected {:?}, found {:?}", expected, found),
        }
        // Who reads leniently understands more, and nothing else of what all understand.
        if let Ok(expected) = &expected {
            let lenient = engine(&body, &operations, Strictness::Lenient);
            prop_assert_eq!(lenient.as_ref(), Ok(expected));
        }
        Ok(())
    });
}

#[test]
fn whoever_is_put_out_stays_out_when_the_flag_is_taken_away() {
    let body = json!({"schemas": [CORE], "userName": "ada"});
    let flag = |op, value: Option<bool>| Operation {
        op,
        path: Path::Single("active"),
        value: value.map(Value::from),
    };
    for (operations, active) in [
        (
            vec![flag("replace", Some(false)), flag("remove", None)],
            Some(Value::Null),
        ),
        (vec![flag("remove", None)], None),
        (
            vec![flag("remove", None), flag("replace", Some(true))],
            Some(json!(true)),
        ),
        (
            vec![
                flag("replace", Some(false)),
                flag("remove", None),
                flag("add", Some(true)),
            ],
            Some(json!(true)),
        ),
    ] {
        let after = engine(&body, &operations, Strictness::Rfc).unwrap();
        assert_eq!(after.get("active"), active.as_ref(), "{operations:?}");
    }
}
