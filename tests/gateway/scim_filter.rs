//! Filters: whatever a client asks, SQL finds the same people as the evaluator in memory.

use futures_util::FutureExt;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::scim::catalog::USER_TYPE;
use usher::scim::{Filter, Strictness};
use usher::store::search::Search;

use crate::harness::{Connected, PUBLIC_URL, TestGateway};

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
];

fn people() -> Vec<Value> {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    vec![
        json!({"schemas": [core], "userName": "ada@acme.example", "externalId": "Ada",
            "displayName": "Ada Lovelace", "title": "Countess",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"value": "ada@acme.example", "type": "work", "primary": true},
                       {"value": "ADA@home.example", "type": "home"}]}),
        json!({"schemas": [core], "userName": "\u{e9}ve", "active": false, "title": "%",
            "nickName": "O\"Hara", "emails": [{"value": "eve@acme.example"}]}),
        json!({"schemas": [core, enterprise], "userName": "e\u{301}ve2", "externalId": "1815",
            enterprise: {"department": "Work", "employeeNumber": "1815",
                         "manager": {"value": "0192f1b0-5b1e-7c3a-9f00-0123456789ab"}}}),
        json!({"schemas": [core], "userName": "z\u{10ffff}", "displayName": "z\u{10ffff}z",
            "title": "\u{d7ff}", "addresses": [{"type": "work", "locality": "Ada"}]}),
        json!({"schemas": [core], "userName": "_", "name": {"familyName": "\\"},
            "phoneNumbers": [{"value": "1815", "type": "mobile"}, {"value": "a", "type": "work"}],
            "roles": [{"value": "ada", "primary": true}]}),
        json!({"schemas": [core], "userName": "a", "title": "'; --", "externalId": "ada",
            "profileUrl": "https://acme.example/Ada"}),
    ]
}

fn atom() -> impl Strategy<Value = String> {
    let quoted = prop::sample::select(TEXTS).prop_map(|text| json!(text).to_string());
    let text = (
        prop::sample::select(TEXT_PATHS),
        prop::sample::select(&["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"][..]),
        quoted,
    )
        .prop_map(|(path, operator, value)| format!("{path} {operator} {value}"));
    let flag = (
        prop::sample::select(&["active", "emails.primary"][..]),
        prop::sample::select(&["eq", "ne"][..]),
        any::<bool>(),
    )
        .prop_map(|(path, operator, value)| format!("{path} {operator} {value}"));
    let instant = (
        prop::sample::select(&["meta.created", "meta.lastModified"][..]),
        prop::sample::select(&["eq", "ne", "gt", "ge", "lt", "le"][..]),
        0..4i32,
    )
        .prop_map(|(path, op, s)| format!("{path} {op} \"2026-11-22T10:00:0{s}Z\""));
    let mut present = TEXT_PATHS.to_vec();
    present.extend(["name", "active", "manager", "addresses", "meta.created"]);
    let present = (
        prop::sample::select(present),
        prop::sample::select(&["pr", "eq null", "ne null"][..]),
    )
        .prop_map(|(path, test)| format!("{path} {test}"));
    prop_oneof![6 => text, 1 => flag, 1 => instant, 2 => present]
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
        prop::sample::select(&["emails", "phoneNumbers", "roles"][..]),
        inner,
    )
        .prop_map(|(attribute, inner)| format!("{attribute}[{inner}]"))
}

fn filter() -> impl Strategy<Value = String> {
    prop_oneof![4 => atom(), 1 => element()].prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

async fn arrange() -> (TestGateway, Connected, Vec<serde_json::Map<String, Value>>) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway.connect(org, "Okta", Profile::Okta, &[]).await;
    let scim = gateway.scim(&okta);
    for person in people() {
        let id = scim.post("/Users", person).await.expect(201).id();
        gateway.clock.advance(1);
        if id.ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']) {
            let title = json!([{"op": "add", "path": "preferredLanguage", "value": "en"}]);
            scim.patch(&format!("/Users/{id}"), title).await.expect(200);
        }
    }
    let all = scim.get("/Users").await.json()["Resources"].clone();
    let ids: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["id"].as_str().unwrap().to_owned())
        .collect();
    scim.group("SEO_Editors", &[&ids[0], &ids[2]]).await;
    scim.group("ada", &[&ids[2]]).await;
    let all = scim.get("/Users").await.json()["Resources"].clone();
    let all = all
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u.as_object().unwrap().clone())
        .collect();
    (gateway, okta, all)
}

#[test]
fn sql_finds_what_memory_finds() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (gateway, okta, all) = runtime.block_on(arrange());
    let store = gateway.gateway.store.clone();
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2000);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&filter(), |text| {
        let Ok(filter) = Filter::parse(&USER_TYPE, &text, Strictness::Rfc) else {
            return Err(TestCaseError::reject("not a filter for these types"));
        };
        let expected: Vec<_> = all
            .iter()
            .filter(|user| filter.matches(user))
            .map(|u| u["id"].clone())
            .collect();
        let search = Search {
            org: okta.org,
            connection: okta.id,
            kind: &USER_TYPE,
            filter: Some(filter),
            sort: None,
            after: None,
            base: format!("{PUBLIC_URL}/scim/{}/v2", okta.id),
        };
        let found = runtime.block_on(store.read(move |tx| {
            let search = search.clone();
            async move {
                let total = tx.count_scim_users(&search).await?;
                let page = tx.scim_user_page(&search, 0, 100).await?;
                Ok::<_, usher::store::Error>((total, page))
            }
            .boxed()
        }));
        let (total, page) = found.map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        let found: Vec<_> = page.iter().map(|row| json!(row.id)).collect();
        prop_assert_eq!(&found, &expected, "{}", text);
        prop_assert_eq!(usize::try_from(total).unwrap(), expected.len());
        Ok(())
    });
    outcome.unwrap();
    drop(gateway);
}
