//! The audit log: whatever somebody does to it who has the database alone is found, by its kind; and a
//! checkpoint that was kept elsewhere finds what nothing in the database can.

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use futures_util::future::join_all;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use usher::id::Entropy;
use usher::provisioning::audit::digest::covered;
use usher::provisioning::audit::verify::{Report, verify};
use usher::provisioning::audit::{checkpoints, cut};
use usher::secret::chain::ChainKey;
use usher::store::rows::EventRow;

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::{Connected, PUBLIC_URL, TestGateway, user};
use crate::refresh::okta;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// An organization with events 1 to 12, and its end as it was after the ninth in a table of its own.
async fn twelve() -> (TestGateway, Connected) {
    let (gateway, okta) = okta().await;
    people(&gateway, &okta, 0..9).await;
    gateway
        .sql("CREATE TABLE old AS SELECT event_seq, event_mac, event_seal FROM organizations")
        .await;
    people(&gateway, &okta, 9..12).await;
    (gateway, okta)
}

async fn people(gateway: &TestGateway, okta: &Connected, numbers: std::ops::Range<u32>) {
    let scim = gateway.scim(okta);
    for number in numbers {
        scim.user(&format!("p{number}@acme.example")).await;
    }
}

async fn report(gateway: &TestGateway, okta: &Connected, outside: &[&str]) -> Report {
    let named = |text: &&str| ("kept".to_owned(), (*text).to_owned());
    let outside: Vec<_> = outside.iter().map(named).collect();
    let keys = gateway.signing_keys().await;
    let report = verify(&gateway.gateway.store, &keys, okta.org, &outside).await;
    report.unwrap()
}

/// The faults: where, up to where, and what.
async fn faults(
    gateway: &TestGateway,
    okta: &Connected,
    outside: &[&str],
) -> Vec<(i64, i64, String)> {
    let report = report(gateway, okta, outside).await;
    assert_eq!(report.good, report.faults.is_empty());
    let told = report.faults.iter().map(|it| {
        let kind = serde_json::to_value(it.kind).unwrap();
        let through = it.through.unwrap_or(it.seq);
        (it.seq, through, kind.as_str().unwrap().to_owned())
    });
    told.collect()
}

async fn checkpoint(gateway: &TestGateway) -> usize {
    let state = &gateway.gateway;
    let made = checkpoints::make(&state.store, &state.ids, &state.keys, PUBLIC_URL);
    made.await.unwrap()
}

async fn jws(gateway: &TestGateway, okta: &Connected) -> (i64, String) {
    let events = gateway.events(okta.org).await;
    let told = events
        .iter()
        .rev()
        .find(|it| it["type"] == "audit.checkpoint");
    let data = &told.unwrap()["data"];
    (
        data["vouches_for"].as_i64().unwrap(),
        data["jws"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_does_who_has_the_database_alone_is_found_by_its_kind() {
    const PUT_BACK: &str = "UPDATE organizations SET event_seq = (SELECT event_seq FROM old), \
        event_mac = (SELECT event_mac FROM old), event_seal = (SELECT event_seal FROM old);";
    for (what, sql, expected) in [
        ("nothing", String::new(), &[][..]),
        (
            "a field is edited",
            "UPDATE events SET data = CAST(REPLACE(CAST(data AS text), 'viewer', 'admin') AS {json}) \
             WHERE seq = 5"
                .into(),
            &[(5, 5, "edited")],
        ),
        (
            "a name is edited",
            "UPDATE events SET data = CAST(REPLACE(CAST(data AS text), 'p4@', 'q4@') AS {json}) \
             WHERE seq = 5"
                .into(),
            &[(5, 5, "edited")],
        ),
        (
            "an actor is edited, of the last row too",
            "UPDATE events SET actor = 'system' WHERE seq IN (5, 6, 12)".into(),
            &[(5, 5, "edited"), (6, 6, "edited"), (12, 12, "edited")],
        ),
        (
            "a row is hidden from the feed",
            "UPDATE events SET visibility = 'admin' WHERE seq = 7".into(),
            &[(7, 7, "edited")],
        ),
        (
            "salts are taken away",
            "UPDATE events SET salts = NULL WHERE seq = 3".into(),
            &[(3, 3, "edited")],
        ),
        (
            "a row in the middle is removed",
            "DELETE FROM events WHERE seq IN (5, 6)".into(),
            &[(5, 6, "missing")],
        ),
        (
            "two rows are swapped",
            "UPDATE events SET seq = 100 WHERE seq = 4; UPDATE events SET seq = 4 WHERE seq = 9; \
             UPDATE events SET seq = 9 WHERE seq = 100"
                .into(),
            &[(4, 4, "out_of_order"), (9, 9, "out_of_order")],
        ),
        (
            "two neighbours are swapped",
            "UPDATE events SET seq = 100 WHERE seq = 4; UPDATE events SET seq = 4 WHERE seq = 5; \
             UPDATE events SET seq = 5 WHERE seq = 100"
                .into(),
            &[(4, 4, "out_of_order"), (5, 5, "out_of_order")],
        ),
        (
            "the last rows are removed",
            "DELETE FROM events WHERE seq > 9".into(),
            &[(10, 12, "tail_cut")],
        ),
        (
            "the last rows are removed, and their number is put back",
            "DELETE FROM events WHERE seq > 9; UPDATE organizations SET event_seq = 9".into(),
            &[(9, 9, "tail_cut")],
        ),
        (
            "the last rows are removed, and all that the rows tell is put back",
            "DELETE FROM events WHERE seq > 9; UPDATE organizations SET event_seq = 9, \
             event_mac = (SELECT mac FROM events WHERE seq = 9)"
                .into(),
            &[(9, 9, "tail_cut")],
        ),
        (
            "an old end is put back",
            PUT_BACK.into(),
            &[(10, 12, "head_moved_back")],
        ),
        (
            "the first rows are removed, and the beginning is raised",
            "DELETE FROM events WHERE seq <= 6; UPDATE organizations SET base_seq = 6, \
             base_mac = (SELECT mac FROM events WHERE seq = 7)"
                .into(),
            &[(6, 6, "base_moved")],
        ),
        (
            "the first rows are removed",
            "DELETE FROM events WHERE seq <= 2".into(),
            &[(1, 2, "missing")],
        ),
        (
            "a row is taken out of the chain",
            "UPDATE events SET mac = NULL WHERE seq = 3".into(),
            &[(3, 3, "unchained")],
        ),
    ] {
        let (gateway, okta) = twelve().await;
        gateway.sql(&sql).await;
        let found = faults(&gateway, &okta, &[]).await;
        let found: Vec<_> = found.iter().map(|it| (it.0, it.1, it.2.as_str())).collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_is_taken_away_is_found() {
    let (gateway, okta) = twelve().await;
    gateway
        .sql(
            "UPDATE events SET mac = NULL, salts = NULL; UPDATE organizations SET base_seq = NULL, \
             base_mac = NULL, base_seal = NULL, event_mac = NULL, event_seal = NULL",
        )
        .await;
    // Nobody is kept from working, and what is done then mends nothing.
    people(&gateway, &okta, 20..22).await;
    let found = faults(&gateway, &okta, &[]).await;
    let kinds: Vec<_> = found.iter().map(|it| it.2.as_str()).collect();
    assert!(
        kinds.contains(&"base_moved") && kinds.contains(&"tail_cut"),
        "{kinds:?}"
    );
    assert_eq!(kinds.iter().filter(|it| **it == "unchained").count(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_removes_the_last_rows_is_found_though_others_follow() {
    for put_back in [
        "UPDATE organizations SET event_seq = 9",
        "UPDATE organizations SET event_seq = 9, event_mac = (SELECT mac FROM events WHERE seq = 9)",
    ] {
        let (gateway, okta) = twelve().await;
        gateway
            .sql(&format!("DELETE FROM events WHERE seq > 9; {put_back}"))
            .await;
        people(&gateway, &okta, 20..25).await;
        let found = faults(&gateway, &okta, &[]).await;
        assert!(found.iter().any(|it| it.2 == "tail_cut"), "{found:?}");
        // And nobody vouches for it.
        gateway.clock.advance(2 * HOUR);
        assert_eq!(checkpoint(&gateway).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_by_another_key_is_found() {
    let (gateway, okta) = twelve().await;
    let org = okta.org;
    let rows: Vec<EventRow> = gateway
        .gateway
        .store
        .read(move |tx| async move { tx.events_after(org, 0, &[], 100).await }.boxed())
        .await
        .unwrap();
    let key = ChainKey::random(&Entropy::seeded(99));
    let id = *org.uuid().as_bytes();
    let mut before = rows[4].mac.clone().unwrap();
    let mut sql = Vec::new();
    for row in rows.iter().skip(5) {
        let data: Value = serde_json::from_str(&row.data.0).unwrap();
        let row = EventRow {
            actor: "system".to_owned(),
            ..row.clone()
        };
        let digest = covered(&row, &data).unwrap().digest;
        before = key.row(id, &before, row.seq, &digest).to_vec();
        let (mac, seq) = (gateway.bytes(&before), row.seq);
        let update = format!("UPDATE events SET actor = 'system', mac = {mac} WHERE seq = {seq}");
        sql.push(update);
    }
    let (mac, seal) = (
        gateway.bytes(&before),
        gateway.bytes(&key.head(id, 12, &before)),
    );
    sql.push(format!(
        "UPDATE organizations SET event_mac = {mac}, event_seal = {seal}"
    ));
    gateway.sql(&sql.join("; ")).await;
    let found = faults(&gateway, &okta, &[]).await;
    let found: Vec<_> = found.iter().map(|it| (it.0, it.1, it.2.as_str())).collect();
    assert_eq!(found, [(6, 12, "chain_broken"), (12, 12, "tail_cut")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_was_kept_elsewhere_finds_a_database_that_was_put_back() {
    let (gateway, okta) = twelve().await;
    assert_eq!(checkpoint(&gateway).await, 0, "nothing is an hour old");
    gateway.clock.advance(HOUR);
    assert_eq!(checkpoint(&gateway).await, 1);
    assert_eq!(
        checkpoint(&gateway).await,
        0,
        "the checkpoint itself is no news"
    );
    let (seq, jws) = jws(&gateway, &okta).await;
    assert_eq!(seq, 12);
    let good = report(&gateway, &okta, &[&jws]).await;
    assert_eq!((good.good, good.rows, good.checkpoints), (true, 13, 2));

    let bad = format!("{jws}x");
    let found = faults(&gateway, &okta, &[&bad, "a.b.c"]).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|it| it.2 == "checkpoint_forged"),
        "{found:?}"
    );

    let put_back = "DELETE FROM events WHERE seq > 9; \
        UPDATE organizations SET event_seq = (SELECT event_seq FROM old), \
        event_mac = (SELECT event_mac FROM old), event_seal = (SELECT event_seal FROM old)";
    gateway.sql(put_back).await;
    let found = faults(&gateway, &okta, &[]).await;
    assert_eq!(found, [(12, 12, "checkpoint_contradicts".to_owned())]);
    gateway.sql("DELETE FROM audit_checkpoints").await;
    assert!(
        report(&gateway, &okta, &[]).await.good,
        "nothing here tells it"
    );
    let found = faults(&gateway, &okta, &[&jws]).await;
    assert_eq!(found, [(12, 12, "checkpoint_contradicts".to_owned())]);
    // What is written anew in the same place is found, too.
    people(&gateway, &okta, 30..36).await;
    assert!(report(&gateway, &okta, &[]).await.good);
    let found = faults(&gateway, &okta, &[&jws]).await;
    assert_eq!(found, [(12, 12, "checkpoint_contradicts".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_can_verify_a_checkpoint() {
    let (gateway, okta) = twelve().await;
    gateway.clock.advance(HOUR);
    assert_eq!(checkpoint(&gateway).await, 1);
    let (_, jws) = jws(&gateway, &okta).await;
    let ask = Request::get("/oauth/jwks").body(Body::empty()).unwrap();
    let set: JwkSet = serde_json::from_value(gateway.send(ask).await.expect(200).json()).unwrap();
    let header = decode_header(&jws).unwrap();
    assert_eq!(header.typ.as_deref(), Some("usher-checkpoint+jwt"));
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let claims = decode::<Value>(&jws, &key, &validation).unwrap().claims;
    assert_eq!(
        (&claims["iss"], &claims["org"], &claims["seq"]),
        (&json!(PUBLIC_URL), &json!(okta.org), &json!(12))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_hands_write_one_chain() {
    let (gateway, okta) = okta().await;
    let other = gateway.store_again();
    let scim = gateway.scim(&okta);
    let posts = (0..20).map(|number| {
        let body = user(&format!("p{number}@acme.example"));
        scim.post("/Users", body)
    });
    for reply in join_all(posts).await {
        reply.expect(201);
    }
    let keys = gateway.signing_keys().await;
    let report = verify(&other, &keys, okta.org, &[]).await.unwrap();
    assert_eq!((report.good, report.rows, report.head), (true, 20, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_rows_go_up_to_a_checkpoint() {
    let (gateway, okta) = twelve().await;
    let state = &gateway.gateway;
    let forget = async || cut::forget(&state.store, &state.ids).await.unwrap();
    gateway.clock.advance(HOUR);
    assert_eq!(checkpoint(&gateway).await, 1);
    let (_, first) = jws(&gateway, &okta).await;
    // Rows are as old as they say themselves, whatever is said of their checkpoint.
    gateway
        .sql("UPDATE audit_checkpoints SET created_at = 0")
        .await;
    gateway.clock.advance(89 * DAY);
    people(&gateway, &okta, 20..23).await;
    assert_eq!((checkpoint(&gateway).await, forget().await), (1, 0));
    gateway.clock.advance(2 * DAY);
    people(&gateway, &okta, 23..24).await;
    assert_eq!(forget().await, 12);
    assert_eq!(forget().await, 0);
    let left = report(&gateway, &okta, &[&first]).await;
    assert!(left.good, "{left:?}");
    assert_eq!((left.base, left.rows, left.head), (12, 6, 18));
    assert_eq!(left.checkpoints, 2, "the one at the base, and the next");

    // What somebody changed does not go.
    gateway
        .sql("UPDATE events SET actor = 'system' WHERE seq = 14")
        .await;
    gateway.clock.advance(99 * DAY);
    assert_eq!(forget().await, 0);
    let found = faults(&gateway, &okta, &[]).await;
    assert_eq!(found, [(14, 14, "edited".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_with_what_vouches_for_it() {
    let (gateway, okta) = twelve().await;
    let ask = async |key: &str, query: &str| {
        let ask = Request::get(format!("/api/v1/organizations/acme/audit{query}"))
            .header("authorization", format!("Bearer {key}"));
        gateway.send(ask.body(Body::empty()).unwrap()).await
    };
    let key = gateway.key(live(Some(okta.org), "events:read")).await;
    ask(&key, "").await.expect(403);
    let key = gateway.key(live(Some(okta.org), "audit:read")).await;
    let page = ask(&key, "?after=4&limit=2").await.expect(200).json();
    assert_eq!(
        (&page["next"], page["data"].as_array().unwrap().len()),
        (&json!(6), 2)
    );
    let line = &page["data"][0];
    assert_eq!(
        (&line["seq"], &line["type"], &line["visibility"]),
        (&json!(5), &json!("user.created"), &json!("feed"))
    );
    assert_eq!(line["data"]["email"], "p4@acme.example");
    assert_eq!(line["mac"].as_str().unwrap().len(), 43);
    assert!(line["commitments"]["/email"].is_string(), "{line}");
    assert!(line.get("salts").is_none());
    for query in ["?after=-1", "?limit=0", "?other=1"] {
        ask(&key, query).await.expect(400);
    }
}

#[test]
fn the_commands_verify_and_export() {
    let place = Place::new("audit");
    let (code, report, said) = place.usher(&["audit", "verify", "--org", "acme"], "");
    assert_eq!(
        (code, &report["good"], &report["before_the_chain"]),
        (0, &json!(true), &json!(0)),
        "{said}"
    );
    assert!(report["rows"].as_i64().unwrap() > 0);
    // One event makes one line, which is a document.
    let (code, line, _) = place.usher(&["audit", "export", "--org", "acme"], "");
    assert_eq!((code, &line["type"]), (0, &json!("organization.created")));

    let file = place.path("kept.jsonl");
    std::fs::write(&file, line.to_string()).unwrap();
    let kept = file.to_str().unwrap();
    let verify = ["audit", "verify", "--org", "acme", "--checkpoint", kept];
    assert_eq!(
        place.usher(&verify, "").0,
        2,
        "there is no checkpoint in it"
    );

    place.sql("UPDATE events SET actor = 'system' WHERE seq = 1");
    let (code, report, _) = place.usher(&["audit", "verify", "--org", "acme"], "");
    assert_eq!((code, &report["faults"][0]["kind"]), (1, &json!("edited")));
}
