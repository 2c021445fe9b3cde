//! PATCH: members of a group, in every way in which clients put it (RFC 7644 §3.5.2).

use futures_util::future;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::checks::checks;
use crate::client::{Client, Made};
use crate::fault::Checked;

checks!("patch_members":
    members_are_added,
    a_member_who_is_there_changes_nothing,
    all_members_are_removed,
    a_filter_removes_a_member,
    the_last_member_leaves,
    a_list_of_values_removes_only_them,
    values_to_remove_have_many_shapes,
    no_values_to_remove_remove_nobody,
    removing_nobody_is_no_error,
    members_are_replaced,
    members_are_replaced_without_a_path,
    add_and_remove_go_together,
    members_added_at_once_all_stay,
    a_hundred_members_are_taken_at_once,
);

/// A group of three: Ada, Bob and Cay.
async fn three(c: &Client) -> Checked<(Made, [Made; 3])> {
    let people = [
        c.user(json!({})).await?,
        c.user(json!({})).await?,
        c.user(json!({})).await?,
    ];
    let group = c.group(&people.each_ref()).await?;
    Ok((group, people))
}

/// The group has exactly these members.
fn has(answer: &Answer, people: &[&Made]) -> Checked {
    if people.is_empty() {
        let left = answer.at("/members").as_array().map_or(0, Vec::len);
        return answer.must(left == 0, "nobody is a member");
    }
    let people: Vec<Value> = people.iter().map(|it| json!({"value": it.id})).collect();
    answer.holds(&json!({"members": {"$unordered": people}}))
}

async fn members_are_added(c: &Client) -> Checked {
    let (group, [ada, bob, cay]) = three(c).await?;
    let (dan, eve) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let value = json!([{"value": dan.id}, {"value": eve.id}]);
    let operations = json!([{"op": "add", "path": "members", "value": value}]);
    has(
        &c.patched(&group.path, operations).await?,
        &[&ada, &bob, &cay, &dan, &eve],
    )
}

async fn a_member_who_is_there_changes_nothing(c: &Client) -> Checked {
    let (group, [ada, bob, cay]) = three(c).await?;
    let before = c.get(&group.path).await?.expect(&[200])?;
    let operations = json!([{"op": "add", "path": "members", "value": [{"value": ada.id}]}]);
    let after = c.patched(&group.path, operations).await?;
    has(&after, &[&ada, &bob, &cay])?;
    after.holds(&json!({"meta": before.at("/meta")}))
}

async fn all_members_are_removed(c: &Client) -> Checked {
    let (group, _) = three(c).await?;
    let operations = json!([{"op": "remove", "path": "members"}]);
    has(&c.patched(&group.path, operations).await?, &[])
}

async fn a_filter_removes_a_member(c: &Client) -> Checked {
    let (group, [ada, bob, cay]) = three(c).await?;
    let path = format!("members[value eq \"{}\"]", ada.id);
    let operations = json!([{"op": "remove", "path": path}]);
    has(&c.patched(&group.path, operations).await?, &[&bob, &cay])
}

async fn the_last_member_leaves(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    let path = format!("members[value eq \"{}\"]", user.id);
    has(
        &c.patched(&group.path, json!([{"op": "remove", "path": path}]))
            .await?,
        &[],
    )
}

async fn a_list_of_values_removes_only_them(c: &Client) -> Checked {
    let (group, [ada, bob, cay]) = three(c).await?;
    let value = json!([{"value": ada.id}]);
    let operations = json!([{"op": "remove", "path": "members", "value": value}]);
    has(&c.patched(&group.path, operations).await?, &[&bob, &cay])
}

async fn values_to_remove_have_many_shapes(c: &Client) -> Checked {
    for shape in [
        |id: &str| json!({"value": id}),
        |id: &str| json!([{"value": id, "$ref": null, "display": "Ada"}]),
        |id: &str| json!([id]),
        |id: &str| json!(id),
    ] {
        let (group, [ada, bob, cay]) = three(c).await?;
        let operations = json!([{"op": "Remove", "path": "members", "value": shape(&ada.id)}]);
        has(&c.patched(&group.path, operations).await?, &[&bob, &cay])?;
    }
    Ok(())
}

async fn no_values_to_remove_remove_nobody(c: &Client) -> Checked {
    let (group, [ada, bob, cay]) = three(c).await?;
    let operations = json!([{"op": "remove", "path": "members", "value": []}]);
    has(
        &c.patched(&group.path, operations).await?,
        &[&ada, &bob, &cay],
    )
}

async fn removing_nobody_is_no_error(c: &Client) -> Checked {
    let (group, [ada, bob, cay]) = three(c).await?;
    let path = format!("members[value eq \"{}\"]", ada.id);
    for _ in 0..2 {
        let operations = json!([{"op": "remove", "path": path}]);
        has(&c.patched(&group.path, operations).await?, &[&bob, &cay])?;
    }
    Ok(())
}

async fn members_are_replaced(c: &Client) -> Checked {
    let (group, [ada, ..]) = three(c).await?;
    let new = c.user(json!({})).await?;
    let value = json!([{"value": ada.id}, {"value": new.id}]);
    let operations = json!([{"op": "replace", "path": "members", "value": value}]);
    has(&c.patched(&group.path, operations).await?, &[&ada, &new])?;
    let operations = json!([{"op": "replace", "path": "members", "value": []}]);
    has(&c.patched(&group.path, operations).await?, &[])
}

async fn members_are_replaced_without_a_path(c: &Client) -> Checked {
    let (group, [ada, ..]) = three(c).await?;
    let value = json!({"members": [{"value": ada.id}]});
    has(
        &c.patched(&group.path, json!([{"op": "replace", "value": value}]))
            .await?,
        &[&ada],
    )
}

async fn add_and_remove_go_together(c: &Client) -> Checked {
    let (group, [ada, bob, cay]) = three(c).await?;
    let new = c.user(json!({})).await?;
    let operations = json!([
        {"op": "remove", "path": format!("members[value eq \"{}\"]", ada.id)},
        {"op": "add", "path": "members", "value": [{"value": new.id, "display": "New"}]},
    ]);
    has(
        &c.patched(&group.path, operations).await?,
        &[&bob, &cay, &new],
    )
}

async fn members_added_at_once_all_stay(c: &Client) -> Checked {
    let drafts = (0..8).map(|_| c.user(json!({})));
    let people = future::try_join_all(drafts).await?;
    let group = c.group(&[]).await?;
    let add = |user: &Made| {
        let value = json!([{"value": user.id}]);
        c.patch(
            &group.path,
            json!([{"op": "add", "path": "members", "value": value}]),
        )
    };
    for answer in future::try_join_all(people.iter().map(add)).await? {
        answer.expect(&[200, 204])?;
    }
    let answer = c.get(&group.path).await?.expect(&[200])?;
    has(&answer, &people.iter().collect::<Vec<_>>())
}

async fn a_hundred_members_are_taken_at_once(c: &Client) -> Checked {
    let mut people = Vec::new();
    for _ in 0..100 {
        people.push(c.user(json!({})).await?);
    }
    let group = c.group(&[]).await?;
    let value: Vec<Value> = people.iter().map(|it| json!({"value": it.id})).collect();
    let operations = json!([{"op": "add", "path": "members", "value": value}]);
    has(
        &c.patched(&group.path, operations).await?,
        &people.iter().collect::<Vec<_>>(),
    )
}
