//! Removal (RFC 7644 §3.6).

use serde_json::json;

use crate::checks::checks;
use crate::client::Client;
use crate::fault::Checked;

checks!("delete":
    a_resource_is_deleted_without_a_body,
    what_is_deleted_is_gone_for_every_method,
    what_is_deleted_is_found_no_more,
    what_is_deleted_is_no_member,
    a_name_is_free_again,
    a_group_leaves_without_its_members,
);

async fn a_resource_is_deleted_without_a_body(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c.delete(&user.path).await?.expect(&[204])?;
    answer.must(answer.body().is_empty(), "there is no body")
}

async fn what_is_deleted_is_gone_for_every_method(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    c.delete(&user.path).await?.done()?;
    let body = c.draft(json!({"userName": user.name}))?;
    let mut answers = vec![
        c.get(&user.path).await?,
        c.put(&user.path, &body).await?,
        c.delete(&user.path).await?,
    ];
    if c.needs("patch").is_ok() {
        let operations = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
        answers.push(c.patch(&user.path, operations).await?);
    }
    answers
        .iter()
        .try_for_each(|answer| answer.refused(404, &[]))
}

async fn what_is_deleted_is_found_no_more(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    c.delete(&user.path).await?.done()?;
    let found = c
        .filter(c.users(), &format!("userName eq \"{}\"", user.name))
        .await?;
    found.holds(&json!({"totalResults": 0}))
}

async fn what_is_deleted_is_no_member(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let group = c.group(&[&ada, &bob]).await?;
    c.delete(&ada.path).await?.done()?;
    let answer = c.get(&group.path).await?.expect(&[200])?;
    answer.holds(&json!({"members": [{"value": bob.id}]}))
}

async fn a_name_is_free_again(c: &Client) -> Checked {
    let draft = c.draft(json!({}))?;
    let user = c.make(c.users(), draft.clone(), "userName").await?;
    c.delete(&user.path).await?.done()?;
    let again = c.post(c.users(), &draft).await?.expect(&[201])?;
    again.must(again.at("/id") != user.answer.at("/id"), "it has a new id")
}

async fn a_group_leaves_without_its_members(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    c.delete(&group.path).await?.expect(&[204])?;
    c.get(&user.path).await?.expect(&[200])?;
    Ok(())
}
