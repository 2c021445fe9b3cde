//! Groups and their members (RFC 7643 §4.2).

use serde_json::json;

use crate::answer::text;
use crate::checks::checks;
use crate::client::{Client, GROUP};
use crate::fault::Checked;

checks!("groups":
    a_group_has_a_name,
    a_group_is_created_with_its_members,
    members_are_told_with_their_links,
    a_user_tells_the_groups,
    groups_of_a_user_are_not_the_clients,
    a_group_is_no_member_of_itself,
    an_unknown_member_is_refused_by_name,
    a_name_is_taken_once,
);

async fn a_group_has_a_name(c: &Client) -> Checked {
    c.discovery.knows_type(GROUP)?;
    let answer = c.post(c.groups(), &json!({"schemas": [GROUP]})).await?;
    answer.refused(400, &["invalidValue", "invalidSyntax"])
}

async fn a_group_is_created_with_its_members(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let group = c.group(&[&ada, &bob]).await?;
    let answer = c.get(&group.path).await?.expect(&[200])?;
    answer.holds(&json!({
        "displayName": group.name,
        "members": {"$unordered": [{"value": ada.id}, {"value": bob.id}]},
    }))
}

async fn members_are_told_with_their_links(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    let answer = c.get(&group.path).await?.expect(&[200])?;
    answer.holds(&json!({"members": [{"value": user.id}]}))?;
    let link = text(answer.at("/members/0/$ref"));
    answer.must(
        link.is_empty() || link.ends_with(&user.path),
        "$ref names the member",
    )?;
    let kind = text(answer.at("/members/0/type"));
    answer.must(kind.is_empty() || kind == "User", "type is User")
}

async fn a_user_tells_the_groups(c: &Client) -> Checked {
    c.discovery
        .knows(crate::client::USER, &json!({"groups": []}))?;
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"groups": {"$contains": [{"value": group.id}]}}))
}

async fn groups_of_a_user_are_not_the_clients(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    let body = c.draft(json!({"userName": user.name, "groups": []}))?;
    c.put(&user.path, &body).await?.expect(&[200])?;
    let answer = c.get(&group.path).await?.expect(&[200])?;
    answer.holds(&json!({"members": [{"value": user.id}]}))
}

async fn a_group_is_no_member_of_itself(c: &Client) -> Checked {
    let group = c.group(&[]).await?;
    let operations = json!([{"op": "add", "path": "members", "value": [{"value": group.id}]}]);
    c.patch(&group.path, operations)
        .await?
        .refused(400, &["invalidValue", "invalidSyntax"])
}

async fn an_unknown_member_is_refused_by_name(c: &Client) -> Checked {
    let nobody = "00000000-0000-4000-8000-00000000babe";
    let group = c.group(&[]).await?;
    let operations = json!([{"op": "add", "path": "members", "value": [{"value": nobody}]}]);
    let answer = c.patch(&group.path, operations).await?;
    answer.refused(400, &["invalidValue"])?;
    answer.must(
        text(answer.at("/detail")).contains(nobody),
        "the detail names the id",
    )
}

async fn a_name_is_taken_once(c: &Client) -> Checked {
    let group = c.group(&[]).await?;
    let twin = json!({"schemas": [GROUP], "displayName": group.name.to_uppercase()});
    c.post(c.groups(), &twin)
        .await?
        .refused(409, &["uniqueness"])
}
