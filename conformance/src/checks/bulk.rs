//! Many operations in one request (RFC 7644 §3.7).

use serde_json::{Value, json};

use crate::answer::{Answer, text};
use crate::checks::checks;
use crate::client::{Client, ENTERPRISE, GROUP, USER};
use crate::fault::Checked;

checks!("bulk":
    operations_are_done_and_told,
    every_method_is_taken,
    the_status_of_an_operation_is_a_text,
    a_reference_to_what_comes_before,
    a_reference_to_what_comes_after,
    a_reference_in_a_path,
    a_circle_of_references,
    a_reference_to_nothing_fails_alone,
    a_failure_is_told_with_its_error,
    one_failure_leaves_the_others,
    fail_on_errors_stops,
    a_version_is_asked_for,
    too_many_operations_are_refused,
    too_large_a_request_is_refused,
    an_operation_that_lacks_something_fails_alone,
    an_operation_cannot_be_another_bulk,
    a_broken_request_is_refused,
);

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

async fn bulk(c: &Client, operations: Value) -> Checked<Answer> {
    sent(c, json!({"Operations": operations}))
        .await?
        .expect(&[200])
}

async fn sent(c: &Client, mut body: Value) -> Checked<Answer> {
    c.needs("bulk")?;
    body["schemas"] = json!([BULK]);
    c.post("/Bulk", &body).await
}

fn post(path: &str, id: &str, data: &Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": id, "data": data})
}

/// The path of what an operation made.
fn made(c: &Client, answer: &Answer, at: usize) -> Checked<String> {
    let location = answer.at(&format!("/Operations/{at}/location"));
    let path = location.as_str().and_then(|it| c.below(it));
    path.map(str::to_owned)
        .ok_or_else(|| answer.fault("the location is below the base URL"))
}

fn statuses(answer: &Answer) -> Vec<String> {
    let operations = answer.at("/Operations").as_array();
    let operations = operations.into_iter().flatten();
    operations.map(|it| text(&it["status"])).collect()
}

async fn operations_are_done_and_told(c: &Client) -> Checked {
    c.needs("bulk")?;
    let draft = c.draft(json!({}))?;
    let answer = bulk(c, json!([post("/Users", "one", &draft)])).await?;
    answer.holds(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        "Operations": [{"method": "POST", "bulkId": "one", "location": {"$present": true}}],
    }))?;
    let user = c.get(&made(c, &answer, 0)?).await?.expect(&[200])?;
    user.holds(&json!({"userName": draft["userName"]}))
}

async fn every_method_is_taken(c: &Client) -> Checked {
    c.needs("bulk")?;
    let (ada, bob, cay) = (
        c.user(json!({})).await?,
        c.user(json!({})).await?,
        c.user(json!({})).await?,
    );
    let replaced = c.draft(json!({"userName": ada.name, "title": "Engineer"}))?;
    let patch = json!({
        "schemas": [crate::client::PATCH],
        "Operations": [{"op": "add", "path": "title", "value": "Director"}],
    });
    let answer = bulk(
        c,
        json!([
            {"method": "PUT", "path": ada.path, "data": replaced},
            {"method": "PATCH", "path": bob.path, "data": patch},
            {"method": "DELETE", "path": cay.path},
        ]),
    )
    .await?;
    answer.must(
        matches!(&statuses(&answer)[..], [put, patch, delete]
            if put == "200" && (patch == "200" || patch == "204") && delete == "204"),
        "each is done",
    )?;
    c.get(&ada.path)
        .await?
        .holds(&json!({"title": "Engineer"}))?;
    c.get(&bob.path)
        .await?
        .holds(&json!({"title": "Director"}))?;
    c.get(&cay.path).await?.refused(404, &[])
}

async fn the_status_of_an_operation_is_a_text(c: &Client) -> Checked {
    c.needs("bulk")?;
    let answer = bulk(c, json!([post("/Users", "one", &c.draft(json!({}))?)])).await?;
    answer.holds(&json!({"Operations": [{"status": "201"}]}))
}

fn group(c: &Client, member: &str) -> Checked<Value> {
    c.discovery.knows_type(GROUP)?;
    Ok(json!({
        "schemas": [GROUP], "displayName": c.name(), "members": [{"value": member}],
    }))
}

async fn a_reference_to_what_comes_before(c: &Client) -> Checked {
    c.needs("bulk")?;
    let user = post("/Users", "user", &c.draft(json!({}))?);
    let group = post("/Groups", "group", &group(c, "bulkId:user")?);
    referred(c, json!([user, group]), 0, 1).await
}

async fn a_reference_to_what_comes_after(c: &Client) -> Checked {
    c.needs("bulk")?;
    let user = post("/Users", "user", &c.draft(json!({}))?);
    let group = post("/Groups", "group", &group(c, "bulkId:user")?);
    referred(c, json!([group, user]), 1, 0).await
}

async fn referred(c: &Client, operations: Value, user: usize, group: usize) -> Checked {
    let answer = bulk(c, operations).await?;
    answer.must(statuses(&answer) == ["201", "201"], "both are created")?;
    let user = c.get(&made(c, &answer, user)?).await?.expect(&[200])?;
    let group = c.get(&made(c, &answer, group)?).await?.expect(&[200])?;
    group.holds(&json!({"members": [{"value": user.at("/id")}]}))
}

async fn a_reference_in_a_path(c: &Client) -> Checked {
    c.needs("bulk")?;
    let patch = json!({
        "schemas": [crate::client::PATCH],
        "Operations": [{"op": "add", "path": "title", "value": "Engineer"}],
    });
    let answer = bulk(
        c,
        json!([
            post("/Users", "user", &c.draft(json!({}))?),
            {"method": "PATCH", "path": "/Users/bulkId:user", "data": patch},
        ]),
    )
    .await?;
    let user = c.get(&made(c, &answer, 0)?).await?.expect(&[200])?;
    user.holds(&json!({"title": "Engineer"}))
}

async fn a_circle_of_references(c: &Client) -> Checked {
    c.needs("bulk")?;
    let managed = |by: &str| {
        c.draft(json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": by}}}))
    };
    let answer = bulk(
        c,
        json!([
            post("/Users", "ada", &managed("bulkId:bob")?),
            post("/Users", "bob", &managed("bulkId:ada")?),
        ]),
    )
    .await?;
    if statuses(&answer).contains(&"409".to_owned()) {
        return Ok(());
    }
    let ada = c.get(&made(c, &answer, 0)?).await?.expect(&[200])?;
    let bob = c.get(&made(c, &answer, 1)?).await?.expect(&[200])?;
    ada.holds(&json!({ENTERPRISE: {"manager": {"value": bob.at("/id")}}}))?;
    bob.holds(&json!({ENTERPRISE: {"manager": {"value": ada.at("/id")}}}))
}

async fn a_reference_to_nothing_fails_alone(c: &Client) -> Checked {
    c.needs("bulk")?;
    let answer = bulk(
        c,
        json!([
            post("/Groups", "group", &group(c, "bulkId:nobody")?),
            post("/Users", "user", &c.draft(json!({}))?),
        ]),
    )
    .await?;
    let statuses = statuses(&answer);
    let refused = statuses
        .first()
        .is_some_and(|it| it == "409" || it == "400");
    answer.must(refused, "the operation that refers to nothing fails")?;
    answer.must(
        statuses.get(1).is_some_and(|it| it == "201"),
        "the other one is done",
    )
}

async fn a_failure_is_told_with_its_error(c: &Client) -> Checked {
    c.needs("bulk")?;
    let user = c.user(json!({})).await?;
    let twin = c.draft(json!({"userName": user.name}))?;
    let answer = bulk(c, json!([post("/Users", "twin", &twin)])).await?;
    let error =
        json!({"schemas": [crate::answer::ERROR], "status": "409", "scimType": "uniqueness"});
    answer.holds(&json!({"Operations": [{
        "method": "POST", "bulkId": "twin", "status": "409",
        "location": {"$absent": true}, "response": error,
    }]}))
}

/// A good, a bad, a bad and a good operation.
async fn mixed(c: &Client, fail_on_errors: Option<u32>) -> Checked<Answer> {
    c.needs("bulk")?;
    let good = |id: &str| Ok(post("/Users", id, &c.draft(json!({}))?));
    let bad = |id: &str| Ok(post("/Users", id, &c.draft(json!({"userName": null}))?));
    let mut body = json!({"Operations": [good("a")?, bad("b")?, bad("c")?, good("d")?]});
    if let Some(errors) = fail_on_errors {
        body["failOnErrors"] = errors.into();
    }
    sent(c, body).await?.expect(&[200])
}

async fn one_failure_leaves_the_others(c: &Client) -> Checked {
    let answer = mixed(c, None).await?;
    answer.must(
        statuses(&answer) == ["201", "400", "400", "201"],
        "all are tried",
    )
}

async fn fail_on_errors_stops(c: &Client) -> Checked {
    for (errors, expected) in [(1, &["201", "400"][..]), (2, &["201", "400", "400"])] {
        let answer = mixed(c, Some(errors)).await?;
        answer.must(
            statuses(&answer) == expected,
            format!("it stops after {errors} errors"),
        )?;
        c.get(&made(c, &answer, 0)?).await?.expect(&[200])?;
    }
    Ok(())
}

async fn a_version_is_asked_for(c: &Client) -> Checked {
    c.needs("bulk")?;
    c.needs("etag")?;
    let user = c.user(json!({})).await?;
    let body = c.draft(json!({"userName": user.name, "title": "Engineer"}))?;
    let answer = bulk(
        c,
        json!([
            {"method": "PUT", "path": user.path, "version": "W/\"stale\"", "data": body},
        ]),
    )
    .await?;
    answer.holds(&json!({"Operations": [{"status": "412"}]}))
}

async fn too_many_operations_are_refused(c: &Client) -> Checked {
    c.needs("bulk")?;
    let limit = c.discovery.config["bulk"]["maxOperations"]
        .as_u64()
        .unwrap_or(u64::MAX);
    if limit > 20_000 {
        return Err(crate::fault::Fault::skipped(
            "it takes more operations than we would send",
        ));
    }
    let gone = format!("{}/00000000-0000-4000-8000-000000000000", "/Users");
    let operations = vec![json!({"method": "DELETE", "path": gone}); limit as usize + 1];
    let answer = sent(c, json!({"Operations": operations})).await?;
    answer.refused(413, &[])?;
    let told = String::from_utf8_lossy(answer.body()).contains(&limit.to_string());
    answer.must(told, "the limit is named")
}

async fn too_large_a_request_is_refused(c: &Client) -> Checked {
    c.needs("bulk")?;
    let limit = c.discovery.config["bulk"]["maxPayloadSize"]
        .as_u64()
        .unwrap_or(u64::MAX);
    if limit > 16 * 1024 * 1024 {
        return Err(crate::fault::Fault::skipped(
            "it takes larger requests than we would send",
        ));
    }
    let operations =
        json!([{"method": "DELETE", "path": "/Users/0", "data": "x".repeat(limit as usize)}]);
    sent(c, json!({"Operations": operations}))
        .await?
        .refused(413, &[])
}

async fn an_operation_that_lacks_something_fails_alone(c: &Client) -> Checked {
    c.needs("bulk")?;
    for lacking in [
        json!({"path": "/Users", "bulkId": "a", "data": c.draft(json!({}))?}),
        json!({"method": "POST", "path": "/Users", "data": c.draft(json!({}))?}),
        json!({"method": "POST", "bulkId": "a", "data": c.draft(json!({}))?}),
        json!({"method": "POST", "path": "/Users", "bulkId": "a"}),
        json!({"method": "PUSH", "path": "/Users", "bulkId": "a", "data": {}}),
    ] {
        let answer = sent(c, json!({"Operations": [lacking]})).await?;
        let alone = statuses(&answer)
            .first()
            .is_some_and(|it| it.starts_with('4'));
        answer.must(
            answer.status() == 400 || alone,
            "what lacks something is refused",
        )?;
    }
    Ok(())
}

async fn an_operation_cannot_be_another_bulk(c: &Client) -> Checked {
    c.needs("bulk")?;
    let inner = json!({"schemas": [BULK], "Operations": []});
    let answer = sent(c, json!({"Operations": [post("/Bulk", "inner", &inner)]})).await?;
    let alone = statuses(&answer)
        .first()
        .is_some_and(|it| it.starts_with('4') || it == "501");
    answer.must(answer.status() == 400 || alone, "it is refused")
}

async fn a_broken_request_is_refused(c: &Client) -> Checked {
    c.needs("bulk")?;
    for body in [
        json!({}),
        json!({"Operations": "none"}),
        json!({"Operations": [5]}),
    ] {
        let answer = sent(c, body).await?;
        let alone = statuses(&answer)
            .first()
            .is_some_and(|it| it.starts_with('4'));
        answer.must(answer.status() == 400 || alone, "it is refused")?;
    }
    Ok(())
}
