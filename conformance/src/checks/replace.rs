//! Replacement by PUT (RFC 7644 §3.5.1).

use serde_json::{Value, json};

use crate::answer::text;
use crate::checks::checks;
use crate::client::{Client, GROUP};
use crate::fault::Checked;

checks!("replace":
    a_put_answers_the_whole_resource,
    a_put_replaces_values,
    null_clears_a_value,
    what_is_left_out_is_cleared_or_kept_as_it_was,
    read_only_values_are_passed_over,
    a_required_value_is_asked_for,
    active_left_out_stays,
    a_put_creates_nothing,
    another_id_in_the_body_changes_nothing,
    a_taken_name_is_refused,
    members_are_replaced,
    no_members_empties_a_group,
);

async fn a_put_answers_the_whole_resource(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let body = c.draft(json!({"userName": user.name, "title": "Engineer"}))?;
    let answer = c.put(&user.path, &body).await?.expect(&[200])?;
    answer.holds(&json!({
        "id": user.answer.at("/id"), "userName": user.name, "title": "Engineer",
        "meta": {"resourceType": "User"},
    }))
}

async fn a_put_replaces_values(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let address = format!("{}@conformance.example", c.name());
    let body = c.draft(json!({
        "userName": user.name, "title": "Director",
        "emails": [{"value": address, "type": "home"}],
    }))?;
    c.put(&user.path, &body).await?.expect(&[200])?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({
        "title": "Director", "emails": [{"value": address, "type": "home"}],
    }))
}

async fn null_clears_a_value(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let mut body = c.draft(json!({"userName": user.name}))?;
    body["title"] = Value::Null;
    c.put(&user.path, &body).await?.expect(&[200])?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.must(answer.at("/title").is_null(), "title is unassigned")
}

async fn what_is_left_out_is_cleared_or_kept_as_it_was(c: &Client) -> Checked {
    let user = c
        .user(json!({"nickName": "Ada", "title": "Engineer"}))
        .await?;
    let body = c.draft(json!({"userName": user.name, "title": "Director"}))?;
    let answer = c.put(&user.path, &body).await?.expect(&[200])?;
    let read = c.get(&user.path).await?.expect(&[200])?;
    read.must(
        read.at("/nickName") == answer.at("/nickName"),
        "the answer tells what is stored",
    )?;
    read.must(
        !c.rfc || read.at("/nickName").is_null(),
        "a replacement does not merge: what is left out is cleared",
    )
}

async fn read_only_values_are_passed_over(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let body = c.draft(json!({
        "userName": user.name, "meta": {"created": "1999-01-01T00:00:00Z"},
    }))?;
    let answer = c.put(&user.path, &body).await?.expect(&[200])?;
    let created = text(answer.at("/meta/created"));
    answer.must(!created.starts_with("1999"), "meta is the server's")
}

async fn a_required_value_is_asked_for(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c
        .put(&user.path, &c.draft(json!({"userName": null}))?)
        .await?;
    answer.refused(400, &["invalidValue", "invalidSyntax", "mutability"])
}

async fn active_left_out_stays(c: &Client) -> Checked {
    let user = c.user(json!({"active": false})).await?;
    let body = c.draft(json!({"userName": user.name, "active": null}))?;
    c.put(&user.path, &body).await?.expect(&[200])?;
    c.get(&user.path).await?.holds(&json!({"active": false}))
}

async fn a_put_creates_nothing(c: &Client) -> Checked {
    let draft = c.draft(json!({}))?;
    let path = format!("{}/00000000-0000-4000-8000-000000000000", c.users());
    c.put(&path, &draft).await?.refused(404, &[])
}

async fn another_id_in_the_body_changes_nothing(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let body = c.draft(json!({"userName": user.name, "id": "another"}))?;
    let answer = c.put(&user.path, &body).await?;
    if answer.status() >= 300 {
        return answer.refused(400, &["mutability", "invalidValue"]);
    }
    answer.holds(&json!({"id": user.answer.at("/id")}))
}

async fn a_taken_name_is_refused(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let body = c.draft(json!({"userName": ada.name}))?;
    c.put(&bob.path, &body).await?.refused(409, &["uniqueness"])
}

async fn members_are_replaced(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let group = c.group(&[&ada]).await?;
    let body = json!({
        "schemas": [GROUP], "displayName": group.name, "members": [{"value": bob.id}],
    });
    c.put(&group.path, &body).await?.expect(&[200])?;
    let answer = c.get(&group.path).await?.expect(&[200])?;
    answer.holds(&json!({"members": [{"value": bob.id}]}))
}

async fn no_members_empties_a_group(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    let body = json!({"schemas": [GROUP], "displayName": group.name, "members": []});
    c.put(&group.path, &body).await?.expect(&[200])?;
    let answer = c.get(&group.path).await?.expect(&[200])?;
    let members = answer.at("/members").as_array().map_or(0, Vec::len);
    answer.must(members == 0, "nobody is a member")
}
