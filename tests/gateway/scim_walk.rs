//! Pages: whoever walks a list from its beginning to its end, by pages of any size, by index or by
//! cursor, sees each match once and always hears the same total. Where others come and go
//! meanwhile,
//!
//! - by cursor, in any order, whoever was there throughout is seen exactly once, and nobody twice;
//! - by index, in the order of creation, nobody is seen twice, and of those who were there
//!   throughout at most as many are missed as were deleted meanwhile (RFC 7644 §3.4.2.4 leaves it
//!   to the client to live with that); where others only come, nobody is missed.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use usher::directory::connection::Profile;

use crate::harness::{Connected, ScimActor, TestGateway, property, user};

const FILTERS: &[&str] = &[
    "",
    "active eq true",
    "title pr",
    "not (title pr)",
    "emails.value co \"acme\"",
    "name.familyName eq \"lovelace\" and active eq false",
    "userName sw \"u1\" or title eq \"title 2\"",
    "meta.created gt \"2026-11-22T10:00:10Z\"",
    "userName eq \"nobody\"",
    "groups.display eq \"half\"",
];
const SORTS: &[&str] = &[
    "",
    "userName",
    "title",
    "active",
    "displayName",
    "emails",
    "meta.created",
    "meta.lastModified",
    "groups.display",
    "name.familyName",
    "id",
];

#[derive(Clone, Copy, Debug)]
enum Way {
    Cursor,
    Index,
}

/// A list, and how to walk it.
#[derive(Clone, Debug)]
struct Walk {
    filter: &'static str,
    sort: &'static str,
    descending: bool,
    count: usize,
    way: Way,
}

fn walk() -> impl Strategy<Value = Walk> {
    let way = prop_oneof![Just(Way::Cursor), Just(Way::Index)];
    let parts = (
        prop::sample::select(FILTERS),
        prop::sample::select(SORTS),
        any::<bool>(),
        prop_oneof![3 => 1..8usize, 1 => 8..60usize],
        way,
    );
    parts.prop_map(|(filter, sort, descending, count, way)| Walk {
        filter,
        sort,
        descending,
        count,
        way,
    })
}

/// A walk that is under way.
struct Walking<'a> {
    scim: &'a ScimActor<'a>,
    walk: &'a Walk,
    cursor: String,
    index: usize,
    seen: Vec<String>,
    totals: BTreeSet<u64>,
}

impl<'a> Walking<'a> {
    fn new(scim: &'a ScimActor<'a>, walk: &'a Walk) -> Self {
        Self {
            scim,
            walk,
            cursor: String::new(),
            index: 1,
            seen: Vec::new(),
            totals: BTreeSet::new(),
        }
    }

    /// One page; whether another one follows.
    async fn step(&mut self) -> bool {
        let mut asked = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "count": self.walk.count,
            "attributes": ["userName"],
        });
        if !self.walk.filter.is_empty() {
            asked["filter"] = self.walk.filter.into();
        }
        if !self.walk.sort.is_empty() {
            asked["sortBy"] = self.walk.sort.into();
            let order = if self.walk.descending {
                "descending"
            } else {
                "ascending"
            };
            asked["sortOrder"] = order.into();
        }
        match self.walk.way {
            Way::Cursor => asked["cursor"] = json!(self.cursor),
            Way::Index => asked["startIndex"] = self.index.into(),
        }
        let page = self
            .scim
            .post("/Users/.search", asked)
            .await
            .expect(200)
            .json();
        let shown: Vec<_> = page["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(id)
            .collect();
        assert_eq!(page["itemsPerPage"], shown.len());
        assert!(shown.len() <= self.walk.count);
        let total = page["totalResults"].as_u64().unwrap();
        self.totals.insert(total);
        self.index += shown.len();
        self.seen.extend(shown.iter().cloned());
        assert!(self.seen.len() < 1_000, "the walk ends: {:?}", self.walk);
        match self.walk.way {
            Way::Cursor => match page.get("nextCursor") {
                Some(next) => next.as_str().unwrap().clone_into(&mut self.cursor),
                None => return false,
            },
            Way::Index => return !shown.is_empty() && self.index <= total as usize,
        }
        true
    }

    async fn walked(mut self) -> (Vec<String>, BTreeSet<u64>) {
        while self.step().await {}
        (self.seen, self.totals)
    }
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

/// Thirty users, half of them in a group.
async fn arrange() -> (TestGateway, Connected) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let scim = gateway.scim(&okta);
    let mut ids = Vec::new();
    for n in 0..30 {
        let mut body = user(&format!("u{n}@acme.example"));
        body["displayName"] = format!("Person {}", (n * 7) % 11).into();
        body["active"] = (n % 3 != 0).into();
        if n % 4 != 0 {
            body["title"] = format!("Title {}", n % 5).into();
        }
        if n % 5 == 0 {
            body.as_object_mut().unwrap().remove("emails");
        }
        ids.push(scim.post("/Users", body).await.expect(201).id());
        gateway.clock.advance(1);
    }
    let half: Vec<_> = ids.iter().step_by(2).map(String::as_str).collect();
    scim.group("Half", &half).await;
    (gateway, okta)
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_walk_sees_each_match_once_and_one_total() {
    let runtime = runtime();
    let (gateway, okta) = runtime.block_on(arrange());
    property(100, &walk(), |walk| {
        let scim = gateway.scim(&okta);
        let whole = Walk {
            count: 1_000,
            way: Way::Index,
            ..walk.clone()
        };
        let (expected, totals) = runtime.block_on(Walking::new(&scim, &whole).walked());
        prop_assert_eq!(totals, BTreeSet::from([expected.len() as u64]));
        let (seen, totals) = runtime.block_on(Walking::new(&scim, &walk).walked());
        prop_assert_eq!(&seen, &expected, "{:?}", walk);
        prop_assert_eq!(totals, BTreeSet::from([expected.len() as u64]));
        Ok(())
    });
}

/// What others do between two pages.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Comes,
    Goes(prop::sample::Index),
    Nothing,
}

fn meanwhile() -> impl Strategy<Value = Vec<Meanwhile>> {
    let one = prop_oneof![
        2 => Just(Meanwhile::Comes),
        2 => any::<prop::sample::Index>().prop_map(Meanwhile::Goes),
        1 => Just(Meanwhile::Nothing),
    ];
    prop::collection::vec(one, 0..20)
}

/// Users who come and go.
struct Passing {
    here: Vec<String>,
    made: usize,
    left: usize,
}

impl Passing {
    async fn comes(&mut self, gateway: &TestGateway, scim: &ScimActor<'_>) {
        let n = self.made;
        self.made += 1;
        let mut body = user(&format!("u{}x{n}@acme.example", n % 4));
        body["title"] = format!("Title {}", n % 5).into();
        body["active"] = n.is_multiple_of(2).into();
        self.here
            .push(scim.post("/Users", body).await.expect(201).id());
        gateway.clock.advance(1);
    }

    async fn goes(&mut self, scim: &ScimActor<'_>, which: prop::sample::Index) {
        if !self.here.is_empty() {
            let id = self.here.swap_remove(which.index(self.here.len()));
            scim.delete(&format!("/Users/{id}")).await.expect(204);
            self.left += 1;
        }
    }
}

#[test]
fn what_comes_and_goes_meanwhile_hides_nobody_from_a_cursor() {
    let runtime = runtime();
    let (gateway, okta) = runtime.block_on(arrange());
    let made = std::cell::Cell::new(0);
    property(60, &(walk(), meanwhile()), |(walk, meanwhile)| {
        let scim = gateway.scim(&okta);
        let outcome = runtime.block_on(async {
            let mut passing = Passing {
                here: Vec::new(),
                made: made.get(),
                left: 0,
            };
            for _ in 0..6 {
                passing.comes(&gateway, &scim).await;
            }
            let whole = Walk {
                count: 1_000,
                ..walk.clone()
            };
            let (before, _) = Walking::new(&scim, &whole).walked().await;
            let mut walking = Walking::new(&scim, &walk);
            let mut changes = meanwhile.iter();
            while walking.step().await {
                match changes.next() {
                    Some(Meanwhile::Comes) => passing.comes(&gateway, &scim).await,
                    Some(Meanwhile::Goes(which)) => passing.goes(&scim, *which).await,
                    Some(Meanwhile::Nothing) | None => {}
                }
            }
            let seen = walking.seen;
            let (after, _) = Walking::new(&scim, &whole).walked().await;
            let left = passing.left;
            for id in passing.here {
                scim.delete(&format!("/Users/{id}")).await.expect(204);
            }
            made.set(passing.made);
            (before, seen, after, left)
        });
        let (before, seen, after, left) = outcome;
        let throughout: Vec<_> = before.iter().filter(|id| after.contains(id)).collect();
        let missed = throughout.iter().filter(|id| !seen.contains(id)).count();
        let once: BTreeSet<_> = seen.iter().collect();
        match walk.way {
            Way::Cursor => {
                prop_assert_eq!(once.len(), seen.len(), "{:?}", walk);
                prop_assert_eq!(missed, 0, "{:?}", walk);
                // And in the order of the whole.
                let order: Vec<_> = seen.iter().filter(|id| throughout.contains(id)).collect();
                prop_assert_eq!(order, throughout);
            }
            Way::Index if walk.sort.is_empty() => {
                prop_assert_eq!(once.len(), seen.len(), "{:?}", walk);
                prop_assert!(missed <= left, "{:?}", walk);
            }
            Way::Index => {}
        }
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_walks_undisturbed_among_parallel_writers() {
    let (gateway, okta) = arrange().await;
    let scim = gateway.scim(&okta);
    let lists = [
        ("", false),
        ("userName", true),
        ("title", false),
        ("meta.created", true),
    ];
    for (sort, descending) in lists {
        let walk = Walk {
            filter: "",
            sort,
            descending,
            count: 3,
            way: Way::Cursor,
        };
        let whole = Walk {
            count: 1_000,
            ..walk.clone()
        };
        let (throughout, _) = Walking::new(&scim, &whole).walked().await;
        let writer = async |name: &str| {
            for n in 0..12 {
                let address = format!("{name}{n}@acme.example");
                let id = scim.user(&address).await;
                scim.delete(&format!("/Users/{id}")).await.expect(204);
            }
        };
        let walks = Walking::new(&scim, &walk).walked();
        let ((seen, _), (), ()) = tokio::join!(walks, writer("a"), writer("u2x"));
        let once: BTreeSet<_> = seen.iter().collect();
        assert_eq!(once.len(), seen.len(), "nobody twice by {sort}");
        let order: Vec<_> = seen.iter().filter(|id| throughout.contains(id)).collect();
        assert_eq!(order, throughout.iter().collect::<Vec<_>>(), "by {sort}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_by_index_begins_where_the_page_before_ended() {
    let (gateway, okta) = arrange().await;
    let scim = gateway.scim(&okta);
    let page = async |start: usize| {
        let list = scim
            .get(&format!("/Users?startIndex={start}&count=3"))
            .await;
        let list = list.expect(200).json();
        let ids = list["Resources"].as_array().cloned().unwrap_or_default();
        let ids: Vec<_> = ids
            .iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect();
        (list["totalResults"].as_u64().unwrap(), ids)
    };
    let whole = scim.get("/Users?count=1000").await.expect(200).json();
    let whole: Vec<_> = whole["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    let (total, first) = page(1).await;
    assert_eq!(first, whole[..3]);
    scim.delete(&format!("/Users/{}", first[0]))
        .await
        .expect(204);
    assert_eq!(
        page(4).await,
        (
            total - 1,
            whole[3..6].iter().map(|it| (*it).to_owned()).collect()
        )
    );
    // Whoever begins anew counts anew, and whoever comes later counts from the first.
    assert_eq!(page(1).await.1, whole[1..4]);
    assert_eq!(page(4).await.1, whole[4..7]);
    scim.delete(&format!("/Users/{}", whole[1]))
        .await
        .expect(204);
    gateway.clock.advance(10 * 60);
    assert_eq!(page(7).await.1, whole[8..11]);
    let (total, beyond) = page(1_000).await;
    assert_eq!((total, beyond.len()), (whole.len() as u64 - 2, 0));
}
