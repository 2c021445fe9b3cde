//! Plans: what is read from large tables is read by an index, on the engine at hand.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use serde_json::json;
use usher::directory::connection::Profile;
use usher::provisioning::{Error, change};

use crate::harness::{Browser, TestGateway};

/// So many rows that reading them all would be dearer than an index.
const MANY: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_and_the_inviter_have_an_index() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let invited = gateway.invite(org, "grace@acme.example", "editor").await;
    let row = invited.row().await;
    let store = &gateway.gateway.store;
    change(store, org, gateway.command(), move |change| {
        let row = row.clone();
        async move {
            for number in 0..MANY {
                let mut copy = row.clone();
                copy.id = change.id();
                copy.email_norm = format!("p{number}@acme.example");
                change.tx.insert_invitation(&copy).await?;
            }
            Ok::<_, Error>(())
        }
        .boxed()
    })
    .await
    .unwrap();
    // Said as the queries of the store say it.
    for (index, query) in [
        (
            "invitations_inviter_id",
            "SELECT * FROM invitations WHERE org_id = (SELECT id FROM organizations LIMIT 1)
             AND inviter_id = (SELECT id FROM users LIMIT 1) AND closed_at IS NULL ORDER BY id",
        ),
        (
            "invitations_closed_at",
            "SELECT * FROM invitations WHERE closed_at < 1 AND email <> ''
             ORDER BY closed_at, id LIMIT 200",
        ),
    ] {
        let plan = gateway.plan(query).await;
        assert!(plan.contains(index), "{index}:\n{plan}");
    }
}

/// Tables of which one organization has a row a person, or more.
const LARGE: [&str; 18] = [
    "events",
    "grant_projects",
    "grants",
    "identities",
    "invitations",
    "outbox",
    "safeguard_marks",
    "saml_replays",
    "scim_groups",
    "scim_members",
    "scim_requests",
    "scim_users",
    "scim_values",
    "sessions",
    "user_projects",
    "users",
    "waivers",
    "webhook_deliveries",
];

/// What of a plan reads more of a large table than what was meant: all of it, or all that an organization or a
/// connection has there, unless it is read in order and as far as a page goes. The total of a list is counted.
fn wide(plan: &str, statement: &str) -> Vec<String> {
    let is_total = statement.starts_with("SELECT COUNT(*)");
    let is_page = statement.contains("LIMIT") && !plan.contains("USE TEMP B-TREE FOR ORDER BY");
    let lines = plan.lines().filter(|line| {
        let table = line.split_whitespace().nth(1).unwrap_or_default();
        let is_scan = line.starts_with("SCAN");
        let is_owned =
            line.ends_with("(org_id=?)") || line.ends_with("(org_id=? AND connection_id=?)");
        LARGE.contains(&table) && (is_scan || is_owned) && !is_page && !is_total
    });
    lines.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_all_day_reads_no_organization_whole() {
    // Said by SQLite's planner, which knows nothing of the tables but their indexes; they are the same on both.
    if std::env::var("TEST_DATABASE_URL").is_ok() {
        return;
    }
    let (gateway, statements) = TestGateway::counted().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let scim = gateway.scim(&okta);
    let idp = gateway.idp(&okta).await;
    scim.user("first@acme.example").await;
    scim.group("First", &[]).await;
    let day = async {
        let ada = scim.user("ada@acme.example").await;
        let path = format!("/Users/{ada}");
        let shown = scim.get(&path).await.expect(200).json();
        for filter in [
            "userName eq \"ada@acme.example\"",
            "externalId eq \"a\"",
            "active eq true",
        ] {
            let filter = filter.replace(' ', "%20").replace('"', "%22");
            scim.get(&format!("/Users?filter={filter}&count=1"))
                .await
                .expect(200);
        }
        scim.get("/Users?startIndex=1&count=1").await.expect(200);
        scim.get("/Groups?count=1").await.expect(200);
        for is in [false, true] {
            let active = json!([{"op": "replace", "value": {"active": is}}]);
            scim.patch(&path, active).await;
        }
        scim.put(&path, shown).await;
        let staff = scim.group("Staff", &[&ada]).await;
        let group = format!("/Groups/{staff}");
        let leaves = json!([{"op": "remove", "path": "members", "value": [{"value": ada}]}]);
        scim.patch(&group, leaves).await;
        for _ in 0..2 {
            let browser = Browser::new(&gateway);
            idp.sign_in(&browser, "ada@acme.example").await.expect(303);
        }
        scim.delete(&group).await;
        scim.delete(&path).await;
    };
    let ((), cost) = statements.of(day).await;
    let asked = cost
        .statements
        .iter()
        .map(|it| it.split(" -- binds").next().unwrap());
    let asked: BTreeSet<&str> = asked.filter(|it| !it.starts_with("PRAGMA")).collect();
    let mut all = Vec::new();
    for statement in asked {
        let plan = gateway.plan(statement).await;
        let wide = wide(&plan, statement);
        if !wide.is_empty() {
            all.push(format!("{statement}\n{wide:#?}"));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
}
