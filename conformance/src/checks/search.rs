//! Queries by POST, and across types (RFC 7644 §3.4.2.1, §3.4.3).

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::checks::checks;
use crate::checks::paging::five;
use crate::client::Client;
use crate::fault::{Checked, Fault};

checks!("search":
    a_search_of_a_type_answers_as_a_query_does,
    a_search_pages_sorts_and_chooses,
    groups_are_searched,
    the_root_searches_every_type,
    the_root_knows_types_apart,
    the_root_passes_over_what_a_type_lacks,
    a_broken_search_is_refused,
    a_search_has_the_forms_errors,
    the_root_itself_is_answered_or_refused,
);

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// A search that succeeds; skips where the server does not search by POST at all.
async fn search(c: &Client, path: &str, body: Value) -> Checked<Answer> {
    let answer = asked(c, path, body).await?;
    answer.expect(&[200])
}

async fn asked(c: &Client, path: &str, mut body: Value) -> Checked<Answer> {
    c.needs("filter")?;
    body["schemas"] = json!([SEARCH]);
    let answer = c.post(&format!("{path}/.search"), &body).await?;
    if matches!(answer.status(), 404 | 405 | 501) {
        let status = answer.status();
        return Err(Fault::skipped(format!(
            "the server answers {status} to {path}/.search"
        )));
    }
    Ok(answer)
}

async fn a_search_of_a_type_answers_as_a_query_does(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let filter = format!("userName eq \"{}\"", user.name);
    let answer = search(c, c.users(), json!({"filter": filter})).await?;
    answer.holds(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 1,
        "Resources": [{"id": user.answer.at("/id"), "userName": user.name}],
    }))
}

async fn a_search_pages_sorts_and_chooses(c: &Client) -> Checked {
    let (filter, _) = five(c).await?;
    let mut body = json!({
        "filter": filter, "startIndex": 2, "count": 2, "attributes": ["nickName"],
    });
    if c.needs("sort").is_ok() {
        body["sortBy"] = "nickName".into();
        body["sortOrder"] = "descending".into();
    }
    let answer = search(c, c.users(), body).await?;
    answer.holds(&json!({"totalResults": 5, "startIndex": 2, "itemsPerPage": 2}))?;
    let one = json!({"nickName": {"$present": true}, "userName": {"$absent": true}});
    answer.holds(&json!({"Resources": [one, one]}))?;
    if c.needs("sort").is_ok() {
        answer.holds(&json!({"Resources": [{"nickName": "n4"}, {"nickName": "n3"}]}))?;
    }
    Ok(())
}

async fn groups_are_searched(c: &Client) -> Checked {
    let group = c.group(&[]).await?;
    let filter = format!("displayName eq \"{}\"", group.name);
    let body = json!({"filter": filter, "excludedAttributes": ["members"]});
    let answer = search(c, c.groups(), body).await?;
    answer.must(answer.ids() == [group.id], "the group is found")
}

async fn the_root_searches_every_type(c: &Client) -> Checked {
    let name = c.name();
    let user = c.user(json!({"displayName": name})).await?;
    let mut draft = c.group_draft(&[])?;
    draft["displayName"] = name.as_str().into();
    let group = c.make(c.groups(), draft, "displayName").await?;
    let filter = format!("displayName eq \"{name}\"");
    let answer = search(c, "", json!({"filter": filter})).await?;
    let item = |id: &Value, kind: &str| json!({"id": id, "schemas": {"$present": true}, "meta": {"resourceType": kind}});
    answer.holds(&json!({"totalResults": 2, "Resources": {"$unordered": [
        item(user.answer.at("/id"), "User"), item(group.answer.at("/id"), "Group"),
    ]}}))
}

async fn the_root_knows_types_apart(c: &Client) -> Checked {
    let name = c.name();
    c.user(json!({"displayName": name})).await?;
    let mut draft = c.group_draft(&[])?;
    draft["displayName"] = name.as_str().into();
    let group = c.make(c.groups(), draft, "displayName").await?;
    let filter = format!("displayName eq \"{name}\" and meta.resourceType eq \"Group\"");
    let answer = search(c, "", json!({"filter": filter})).await?;
    answer.must(answer.ids() == [group.id], "only the group is found")
}

async fn the_root_passes_over_what_a_type_lacks(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let filter = format!("userName eq \"{}\"", user.name);
    let answer = search(c, "", json!({"filter": filter})).await?;
    answer.must(answer.ids() == [user.id], "the user is found")
}

async fn a_broken_search_is_refused(c: &Client) -> Checked {
    let answer = asked(c, c.users(), json!({"filter": "userName eq"})).await?;
    answer.refused_as(400, "invalidFilter")
}

async fn a_search_has_the_forms_errors(c: &Client) -> Checked {
    for body in [
        json!({"filter": {"a": 1}}),
        json!({"count": "many"}),
        json!({"attributes": 5}),
    ] {
        let answer = asked(c, c.users(), body).await?;
        answer.refused(400, &["invalidSyntax", "invalidValue", "invalidFilter"])?;
    }
    Ok(())
}

async fn the_root_itself_is_answered_or_refused(c: &Client) -> Checked {
    let answer = c
        .query("/", &[("count", "1")])
        .await?
        .expect(&[200, 400, 403, 404, 501])?;
    if answer.status() == 200 {
        return answer.holds(&json!({"totalResults": {"$present": true}}));
    }
    Ok(())
}
