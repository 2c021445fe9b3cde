//! Filters and sort keys: whatever a client asks, SQL finds the same users and groups in the same
//! order as the evaluator in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use usher::directory::connection::Profile;
use usher::scim::catalog::custom::Types;
use usher::scim::path::AttributePath;
use usher::scim::{Filter, ResourceType, Strictness, comparable};
use usher::store::search::{Direction, Search};
use usher::store::{Store, Tx};

use crate::credentials::live;
use crate::harness::{Connected, PUBLIC_URL, ScimActor, TestGateway, property_in};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CUSTOM: &str = "urn:acme:hr:2.0:User";

const TEXTS: &[&str] = &[
    "ada",
    "Ada",
    "ADA@acme.example",
    "a",
    "",
    "%",
    "_",
    "O\"Hara",
    "\u{e9}",
    "e\u{301}",
    "Work",
    "work",
    "home",
    "true",
    "\u{10ffff}",
    "z\u{10ffff}",
    "\u{d7ff}",
    "\\",
    "'; --",
    "1815",
    "\u{ff21}da",
    "countess",
    "2026-11-22T10:00:00Z",
    "2026-11-22T12:00:01+02:00",
    "User",
    "direct",
    "SEO_Editors",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "W/\"1\"",
];
const TEXT_PATHS: &[&str] = &[
    "userName",
    "externalId",
    "displayName",
    "title",
    "name.familyName",
    "name.givenName",
    "id",
    "nickName",
    "emails",
    "emails.value",
    "emails.type",
    "phoneNumbers.value",
    "groups.display",
    "groups.value",
    "groups.type",
    "schemas",
    "meta.resourceType",
    "meta.location",
    "meta.version",
    "manager.value",
    "profileUrl",
    "addresses.locality",
    "roles.value",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    "urn:acme:hr:2.0:User:desk",
    "urn:acme:hr:2.0:User:note",
    "urn:acme:hr:2.0:User:skills",
    "urn:acme:hr:2.0:User:badges",
    "urn:acme:hr:2.0:User:badges.value",
    "urn:acme:hr:2.0:User:badges.type",
];
const GROUP_PATHS: &[&str] = &[
    "displayName",
    "externalId",
    "id",
    "members",
    "members.value",
    "members.type",
    "members.display",
    "members.$ref",
    "schemas",
    "meta.resourceType",
    "meta.location",
    "meta.version",
];
const COMPARISONS: &[&str] = &["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
const ORDERS: &[&str] = &["eq", "ne", "gt", "ge", "lt", "le"];

/// A schema that the organization registers.
fn custom() -> Value {
    json!({
        "id": CUSTOM, "name": "HR", "description": "What HR knows", "resourceType": "User",
        "attributes": [
            {"name": "desk", "type": "string", "caseExact": true},
            {"name": "grade", "type": "integer"},
            {"name": "share", "type": "decimal"},
            {"name": "since", "type": "dateTime"},
            {"name": "remote", "type": "boolean"},
            {"name": "note", "type": "string", "returned": "request"},
            {"name": "skills", "type": "string", "multiValued": true},
            {"name": "badges", "type": "complex", "multiValued": true, "subAttributes": [
                {"name": "value", "type": "string"}, {"name": "type", "type": "string"},
                {"name": "primary", "type": "boolean"},
            ]},
        ],
    })
}

fn people() -> Vec<Value> {
    let bodies = [
        json!({"userName": "ada@acme.example", "externalId": "Ada",
            "displayName": "Ada Lovelace", "title": "Countess",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"value": "ada@acme.example", "type": "work", "primary": true},
                       {"value": "ADA@home.example", "type": "home"}]}),
        json!({"userName": "\u{e9}ve", "active": false, "title": "%",
            "nickName": "O\"Hara", "emails": [{"value": "eve@acme.example"}]}),
        json!({"userName": "e\u{301}ve2", "externalId": "1815",
            ENTERPRISE: {"department": "Work", "employeeNumber": "1815",
                         "manager": {"value": "0192f1b0-5b1e-7c3a-9f00-0123456789ab"}}}),
        json!({"userName": "z\u{10ffff}", "displayName": "z\u{10ffff}z",
            "title": "\u{d7ff}", "addresses": [{"type": "work", "locality": "Ada"}]}),
        json!({"userName": "_", "name": {"familyName": "\\"},
            "phoneNumbers": [{"value": "1815", "type": "mobile"}, {"value": "a", "type": "work"}],
            "roles": [{"value": "ada", "primary": true}]}),
        json!({"userName": "a", "title": "'; --", "externalId": "ada",
            "profileUrl": "https://acme.example/Ada"}),
        json!({"userName": "\u{ff21}da", "displayName": "ADA", "title": "countess",
            CUSTOM: {"desk": "Ada", "grade": 7, "share": 0.5, "since": "2026-01-01T02:00:00+02:00",
                "remote": true, "note": "Work", "skills": ["ada", "\u{e9}", "1815"],
                "badges": [{"value": "Ada", "type": "home"},
                           {"value": "a", "type": "Work", "primary": true}]}}),
        json!({"userName": "stra\u{df}e", "active": false, "externalId": "\u{e9}",
            CUSTOM: {"desk": "ada", "grade": -1, "share": -2.25, "since": "2026-11-22T10:00:00.5Z",
                "remote": false, "skills": ["Ada", "e\u{301}"]}}),
        json!({"userName": "\u{65e5}\u{672c}", "displayName": "work",
            "emails": [{"value": "b@acme.example", "type": "Work"}, {"value": "a", "primary": true}],
            CUSTOM: {"grade": 1815, "share": 1e3, "badges": [{"value": "ADA", "type": "work"}]},
            ENTERPRISE: {"department": "ada"}}),
        json!({"userName": "gone", "title": "ada", "emails": [{"value": "work", "type": "home"}]}),
        json!({"userName": "gone too", "active": false, "nickName": "Ada"}),
    ];
    let with_schemas = |mut body: Value| {
        let extensions = [ENTERPRISE, CUSTOM].into_iter();
        let urns: Vec<_> = extensions.filter(|urn| body.get(urn).is_some()).collect();
        body["schemas"] = json!([&[CORE][..], &urns[..]].concat());
        body
    };
    bodies.into_iter().map(with_schemas).collect()
}

fn atom() -> impl Strategy<Value = String> {
    let quoted = prop::sample::select(TEXTS).prop_map(|text| json!(text).to_string());
    let text = (
        prop::sample::select(TEXT_PATHS),
        prop::sample::select(COMPARISONS),
        quoted,
    )
        .prop_map(|(path, operator, value)| format!("{path} {operator} {value}"));
    let flag = (
        prop::sample::select(
            &[
                "active",
                "emails.primary",
                "urn:acme:hr:2.0:User:remote",
                "urn:acme:hr:2.0:User:badges.primary",
            ][..],
        ),
        prop::sample::select(&["eq", "ne"][..]),
        any::<bool>(),
    )
        .prop_map(|(path, operator, value)| format!("{path} {operator} {value}"));
    let whole = prop::sample::select(&["7", "-1", "0", "1815", "7.0"][..]);
    let broken = prop::sample::select(&["0.5", "-2.25", "1000", "1e3", "-0.0"][..]);
    let value = prop_oneof![
        whole.prop_map(|value| ("grade", value)),
        broken.prop_map(|value| ("share", value)),
    ];
    let number = (value, prop::sample::select(ORDERS))
        .prop_map(|((name, value), operator)| format!("{CUSTOM}:{name} {operator} {value}"));
    let since = (
        prop::sample::select(ORDERS),
        prop::sample::select(
            &[
                "2026-01-01T00:00:00Z",
                "2025-12-31T23:00:00-01:00",
                "2026-11-22T10:00:00.500Z",
                "2026-11-22T10:00:00.500001Z",
                "2030-01-01T00:00:00Z",
            ][..],
        ),
    )
        .prop_map(|(operator, value)| format!("{CUSTOM}:since {operator} \"{value}\""));
    let instant = (
        prop::sample::select(&["meta.created", "meta.lastModified"][..]),
        prop::sample::select(ORDERS),
        0..16i32,
    )
        .prop_map(|(path, op, s)| format!("{path} {op} \"2026-11-22T10:00:{s:02}Z\""));
    let mut present = TEXT_PATHS.to_vec();
    present.extend([
        "name",
        "active",
        "manager",
        "addresses",
        "meta.created",
        "grade",
        "since",
    ]);
    let present = (
        prop::sample::select(present),
        prop::sample::select(&["pr", "eq null", "ne null"][..]),
    )
        .prop_map(|(path, test)| format!("{path} {test}"));
    prop_oneof![6 => text, 1 => flag, 1 => instant, 1 => number, 1 => since, 2 => present]
}

fn element() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        (
            prop::sample::select(&["value", "type"][..]),
            prop::sample::select(TEXTS),
            prop::sample::select(&["eq", "ne", "co", "sw", "ew", "ge"][..])
        )
            .prop_map(|(sub, text, op)| format!("{sub} {op} {}", json!(text))),
        any::<bool>().prop_map(|value| format!("primary eq {value}")),
        Just("type pr".to_owned()),
    ];
    let inner = prop_oneof![
        part.clone(),
        (part.clone(), part.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
        (part.clone(), part.clone()).prop_map(|(a, b)| format!("{a} or not ({b})")),
    ];
    (
        prop::sample::select(
            &[
                "emails",
                "phoneNumbers",
                "roles",
                "urn:acme:hr:2.0:User:badges",
            ][..],
        ),
        inner,
    )
        .prop_map(|(attribute, inner)| format!("{attribute}[{inner}]"))
}

fn group_atom() -> impl Strategy<Value = String> {
    let quoted = prop::sample::select(TEXTS).prop_map(|text| json!(text).to_string());
    let text = (
        prop::sample::select(GROUP_PATHS),
        prop::sample::select(COMPARISONS),
        quoted,
    )
        .prop_map(|(path, operator, value)| format!("{path} {operator} {value}"));
    let instant = (prop::sample::select(ORDERS), 0..16i32)
        .prop_map(|(op, s)| format!("meta.lastModified {op} \"2026-11-22T10:00:{s:02}Z\""));
    let present = (
        prop::sample::select(GROUP_PATHS),
        prop::sample::select(&["pr", "eq null", "ne null"][..]),
    )
        .prop_map(|(path, test)| format!("{path} {test}"));
    let element = (
        prop::sample::select(&["type", "display"][..]),
        prop::sample::select(&["eq", "ne", "sw", "co"][..]),
        prop::sample::select(TEXTS),
    )
        .prop_map(|(sub, op, text)| format!("members[{sub} {op} {} and type pr]", json!(text)));
    prop_oneof![5 => text, 1 => instant, 2 => present, 2 => element]
}

/// Filters of those atoms.
fn filter(atoms: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    atoms.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

/// A filter, and what to sort by.
type Question = (String, Option<(&'static str, bool)>);

fn questions(
    filters: impl Strategy<Value = String>,
    sorts: Vec<&'static str>,
) -> impl Strategy<Value = Question> {
    (
        filters,
        prop::option::of((prop::sample::select(sorts), any::<bool>())),
    )
}

/// A store full of users and groups, and what they are, in the order of their making.
struct Arranged {
    gateway: TestGateway,
    okta: Connected,
    types: Types,
    users: Vec<Map<String, Value>>,
    groups: Vec<Map<String, Value>>,
}

async fn arrange() -> Arranged {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway.connect(org, "Okta", Profile::Okta, &[]).await;
    let key = gateway.key(live(None, "*")).await;
    let register = Request::put(format!("/api/v1/organizations/acme/schemas/{CUSTOM}"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(Body::from(custom().to_string()));
    gateway.send(register.unwrap()).await.expect(200);
    let scim = gateway.scim(&okta);
    let mut ids = Vec::new();
    for (number, person) in people().into_iter().enumerate() {
        let gone = person["userName"].as_str().unwrap().starts_with("gone");
        let id = scim.post("/Users", person).await.expect(201).id();
        gateway.clock.advance(1);
        let change = json!([{"op": "add", "path": "preferredLanguage", "value": "en"}]);
        // Whether somebody is in is no longer told, of one who is and of one who is not.
        let flag = json!([{"op": "remove", "path": "active"}]);
        if gone {
            let left = scim.patch(&format!("/Users/{id}"), flag).await.expect(200);
            assert_eq!(left.json().get("active"), None);
        } else if number % 2 == 0 {
            scim.patch(&format!("/Users/{id}"), change)
                .await
                .expect(200);
        }
        ids.push(id);
    }
    let editors = scim.group("SEO_Editors", &[&ids[0], &ids[2]]).await;
    gateway.clock.advance(1);
    scim.group("ada", &[&ids[2], &ids[6], &editors]).await;
    gateway.clock.advance(1);
    scim.group("\u{e9}", &[]).await;
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "z\u{10ffff}", "externalId": "1815", "members": [{"value": ids[3]}]});
    scim.post("/Groups", body).await.expect(201);
    let users = shown(&scim, "/Users").await;
    let users = with_documents(&gateway.gateway.store, &okta, users).await;
    let groups = shown(&scim, "/Groups").await;
    let types = types(&gateway.gateway.store, &okta).await;
    Arranged {
        gateway,
        okta,
        types,
        users,
        groups,
    }
}

async fn shown(scim: &ScimActor<'_>, path: &str) -> Vec<Map<String, Value>> {
    let list = scim.get(path).await.expect(200).json();
    let resources = list["Resources"].as_array().unwrap().iter();
    resources
        .map(|it| it.as_object().unwrap().clone())
        .collect()
}

/// What is shown, and what is kept but not shown: values on request, and the flag that was taken
/// away.
async fn with_documents(
    store: &Store,
    of: &Connected,
    users: Vec<Map<String, Value>>,
) -> Vec<Map<String, Value>> {
    let (org, connection) = (of.org, of.id);
    let mut whole = Vec::new();
    for mut user in users {
        let id = user["id"].as_str().unwrap().parse().unwrap();
        let row = store.read(move |tx| tx.scim_user(org, connection, id).boxed());
        let row = row.await.unwrap().unwrap();
        let document: Map<_, _> = serde_json::from_str(&row.document.0).unwrap();
        user.extend(document);
        whole.push(user);
    }
    let flags: Vec<_> = whole.iter().map(|it| it.get("active").cloned()).collect();
    assert!(
        flags.contains(&None) && flags.contains(&Some(Value::Null)),
        "{flags:?}"
    );
    whole
}

async fn types(store: &Store, of: &Connected) -> Types {
    let (org, connection) = (of.org, of.id);
    let row = store.read(move |tx| tx.connection(org, connection).boxed());
    let row = row.await.unwrap().unwrap();
    Types::stored(&row.schemas.0).unwrap()
}

/// The text that a resource is sorted by: of several values the primary one's, else the first
/// one's (RFC 7644 §3.4.2.3).
fn sort_key(path: AttributePath, resource: &Map<String, Value>) -> Option<String> {
    let path = path.or_value();
    let holder = if path.schema.extension {
        resource.get(path.schema.urn)?.as_object()?
    } else {
        resource
    };
    let value = match (path.attribute.name, holder.get(path.attribute.name)) {
        ("schemas", _) => return None,
        ("active", None) => return Some("true".to_owned()),
        ("active", Some(Value::Null)) => return Some("false".to_owned()),
        (_, value) => value?,
    };
    let chosen = match value {
        Value::Array(list) => {
            let primary = list.iter().find(|it| it["primary"] == json!(true));
            primary.or_else(|| list.first())?
        }
        value => value,
    };
    let leaf = path.sub.map_or(Some(chosen), |sub| chosen.get(sub.name))?;
    comparable(path.leaf(), leaf)
}

/// The ids of those that memory finds, in their order.
fn in_memory(all: &[Map<String, Value>], search: &Search) -> Vec<String> {
    let matches = |it: &&Map<_, _>| {
        search
            .filter
            .as_ref()
            .is_none_or(|filter| filter.matches(it))
    };
    let mut found: Vec<_> = all.iter().filter(matches).collect();
    if let Some((path, direction)) = search.sort {
        // Who has no key comes last, or first where the order is turned round.
        let key = |it: &&Map<_, _>| {
            let key = sort_key(path, it);
            (key.is_none(), key)
        };
        match direction {
            Direction::Ascending => found.sort_by_key(key),
            Direction::Descending => found.sort_by_key(|it| std::cmp::Reverse(key(it))),
        }
    }
    let id = |it: &&Map<_, _>| it["id"].as_str().unwrap().to_owned();
    found.iter().map(id).collect()
}

/// What the store finds: the ids, and how many it says there are.
type Found = (Vec<String>, i64);

/// What the store finds for each search, all on one snapshot.
async fn in_store(
    store: &Store,
    searches: Vec<Search>,
) -> Result<Vec<Found>, (usize, usher::store::Error)> {
    let at = Arc::new(AtomicUsize::new(0));
    let number = Arc::clone(&at);
    let found = store.read(move |tx| {
        let (searches, number) = (searches.clone(), Arc::clone(&number));
        async move {
            let mut found = Vec::with_capacity(searches.len());
            for (at, search) in searches.iter().enumerate() {
                number.store(at, Ordering::Relaxed);
                found.push(one_in_store(tx, search).await?);
            }
            Ok::<_, usher::store::Error>(found)
        }
        .boxed()
    });
    found
        .await
        .map_err(|error| (at.load(Ordering::Relaxed), error))
}

async fn one_in_store(tx: &mut Tx, search: &Search) -> Result<Found, usher::store::Error> {
    if search.kind.name == "User" {
        let total = tx.count_scim_users(search).await?;
        let (page, _) = tx.shown_users(search, 0, 100).await?;
        return Ok((page.iter().map(|it| it.row.id.to_string()).collect(), total));
    }
    let total = tx.count_scim_groups(search).await?;
    let page = tx.scim_group_page(search, 0, 100).await?;
    Ok((page.iter().map(|row| row.id.to_string()).collect(), total))
}

/// Questions that one transaction answers.
const TOGETHER: u32 = 25;

fn agree(
    arranged: &Arranged,
    kind: &'static ResourceType,
    all: &[Map<String, Value>],
    questions: impl Strategy<Value = Question>,
    runtime: &tokio::runtime::Runtime,
) {
    let store = &arranged.gateway.gateway.store;
    let searched = |(text, sort): &Question| {
        let filter = Filter::parse(kind, text, Strictness::Rfc);
        let filter = filter.unwrap_or_else(|error| panic!("{text}: {error}"));
        let sort = sort.map(|(path, ascending)| {
            let direction = if ascending {
                Direction::Ascending
            } else {
                Direction::Descending
            };
            (AttributePath::parse(kind, path).unwrap(), direction)
        });
        Search {
            org: arranged.okta.org,
            connection: arranged.okta.id,
            kind,
            filter: Some(filter),
            sort,
            after: None,
            base: format!("{PUBLIC_URL}/scim/{}/v2", arranged.okta.id),
            tells_members: true,
        }
    };
    let many = prop::collection::vec(questions, 1..=TOGETHER as usize * 2 - 1);
    property_in(1_000, TOGETHER, &many, |questions| {
        let searches: Vec<_> = questions.iter().map(searched).collect();
        let found = runtime.block_on(in_store(store, searches.clone()));
        let found = found
            .map_err(|(at, error)| TestCaseError::fail(format!("{:?}: {error}", questions[at])))?;
        for ((question, search), (found, total)) in questions.iter().zip(&searches).zip(found) {
            let expected = in_memory(all, search);
            prop_assert_eq!(
                usize::try_from(total).unwrap(),
                expected.len(),
                "{:?}",
                question
            );
            prop_assert_eq!(found, expected, "{:?}", question);
        }
        Ok(())
    });
}

#[test]
fn sql_finds_what_memory_finds() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let arranged = runtime.block_on(arrange());
    let Types { user, group } = arranged.types;
    let mut sorts = TEXT_PATHS.to_vec();
    sorts.extend([
        "active",
        "meta.created",
        "meta.lastModified",
        "emails.primary",
    ]);
    sorts.extend(["grade", "share", "since", "remote"]);
    let atoms = prop_oneof![4 => atom(), 1 => element()];
    let of_users = questions(filter(atoms), sorts);
    agree(&arranged, user, &arranged.users, of_users, &runtime);
    let mut sorts = GROUP_PATHS.to_vec();
    sorts.extend(["meta.created", "meta.lastModified"]);
    let of_groups = questions(filter(group_atom()), sorts);
    agree(&arranged, group, &arranged.groups, of_groups, &runtime);
    // The store's threads end outside of the runtime.
    drop(arranged);
}
