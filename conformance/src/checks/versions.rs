//! Versions (RFC 7644 §3.14).

use serde_json::{Value, json};

use crate::answer::{Answer, text};
use crate::checks::checks;
use crate::client::{Client, Made};
use crate::fault::Checked;

checks!("versions":
    the_etag_is_the_version,
    an_unchanged_resource_is_not_sent_again,
    a_changed_resource_is_sent,
    a_stale_put_is_refused,
    a_stale_patch_is_refused,
    a_stale_delete_is_refused,
    a_current_version_is_taken,
    a_version_changes_with_the_resource,
    a_version_stays_with_the_resource,
    a_group_has_a_new_version_with_a_member,
    a_put_that_wants_nothing_there_changes_nothing,
);

async fn versioned(c: &Client) -> Checked<(Made, String)> {
    c.needs("etag")?;
    let user = c.user(json!({})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    let etag = answer.header("etag").unwrap_or_default().to_owned();
    answer.must(!etag.is_empty(), "there is an ETag")?;
    Ok((user, etag))
}

async fn changed(c: &Client, user: &Made, title: &str) -> Checked<Answer> {
    let body = c.draft(json!({"userName": user.name, "title": title}))?;
    c.put(&user.path, &body).await?.expect(&[200])?;
    c.get(&user.path).await?.expect(&[200])
}

async fn conditional(
    c: &Client,
    method: &str,
    user: &Made,
    header: &str,
    tag: &str,
) -> Checked<Answer> {
    let body = match method {
        "PUT" => c.draft(json!({"userName": user.name, "title": "Conditional"}))?,
        "PATCH" => json!({
            "schemas": [crate::client::PATCH],
            "Operations": [{"op": "replace", "path": "title", "value": "Conditional"}],
        }),
        _ => Value::Null,
    };
    let request = if body.is_null() {
        c.request(method, &user.path)
    } else {
        c.request_with(method, &user.path, &body)
    };
    c.send(request.with(header, tag)).await
}

async fn the_etag_is_the_version(c: &Client) -> Checked {
    let (user, etag) = versioned(c).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"meta": {"version": etag}}))?;
    if let Some(created) = user.answer.header("etag") {
        user.answer
            .must(created == etag, "a creation tells the same")?;
    }
    Ok(())
}

async fn an_unchanged_resource_is_not_sent_again(c: &Client) -> Checked {
    let (user, etag) = versioned(c).await?;
    let list = format!("W/\"other\", {etag}");
    for tag in [etag.as_str(), list.as_str(), "*"] {
        let answer = conditional(c, "GET", &user, "if-none-match", tag)
            .await?
            .expect(&[304])?;
        answer.must(answer.body().is_empty(), "304 has no body")?;
    }
    Ok(())
}

async fn a_changed_resource_is_sent(c: &Client) -> Checked {
    let (user, etag) = versioned(c).await?;
    changed(c, &user, "Engineer").await?;
    conditional(c, "GET", &user, "if-none-match", &etag)
        .await?
        .expect(&[200])?;
    Ok(())
}

async fn stale(c: &Client, method: &str) -> Checked {
    let (user, etag) = versioned(c).await?;
    changed(c, &user, "Engineer").await?;
    let answer = conditional(c, method, &user, "if-match", &etag).await?;
    answer.refused(412, &[])?;
    c.get(&user.path)
        .await?
        .holds(&json!({"title": "Engineer"}))
}

async fn a_stale_put_is_refused(c: &Client) -> Checked {
    stale(c, "PUT").await
}

async fn a_stale_patch_is_refused(c: &Client) -> Checked {
    c.needs("patch")?;
    stale(c, "PATCH").await
}

async fn a_stale_delete_is_refused(c: &Client) -> Checked {
    stale(c, "DELETE").await
}

async fn a_current_version_is_taken(c: &Client) -> Checked {
    let (user, etag) = versioned(c).await?;
    conditional(c, "PUT", &user, "if-match", &etag)
        .await?
        .expect(&[200])?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    let etag = text(answer.at("/meta/version"));
    conditional(c, "DELETE", &user, "if-match", &etag)
        .await?
        .expect(&[204])?;
    let (user, _) = versioned(c).await?;
    conditional(c, "PUT", &user, "if-match", "*")
        .await?
        .expect(&[200])?;
    Ok(())
}

async fn a_version_changes_with_the_resource(c: &Client) -> Checked {
    let (user, before) = versioned(c).await?;
    let after = changed(c, &user, "Engineer").await?;
    after.must(
        after.header("etag") != Some(before.as_str()),
        "the version is another one",
    )?;
    after.must(
        after.at("/meta/version").as_str() != Some(before.as_str()),
        "meta.version is another one",
    )
}

async fn a_version_stays_with_the_resource(c: &Client) -> Checked {
    let (user, _) = versioned(c).await?;
    let body = c.draft(json!({"userName": user.name, "title": "Engineer"}))?;
    c.put(&user.path, &body).await?.expect(&[200])?;
    let before = c.get(&user.path).await?.expect(&[200])?;
    c.put(&user.path, &body).await?.expect(&[200])?;
    let after = c.get(&user.path).await?.expect(&[200])?;
    after.must(
        after.at("/meta") == before.at("/meta"),
        "nothing changed, so meta did not",
    )
}

async fn a_group_has_a_new_version_with_a_member(c: &Client) -> Checked {
    c.needs("etag")?;
    let user = c.user(json!({})).await?;
    let group = c.group(&[]).await?;
    let before = c.get(&group.path).await?.expect(&[200])?;
    let operations = json!([{"op": "add", "path": "members", "value": [{"value": user.id}]}]);
    let after = c.patched(&group.path, operations).await?;
    after.must(
        after.header("etag") != before.header("etag"),
        "the version is another one",
    )
}

async fn a_put_that_wants_nothing_there_changes_nothing(c: &Client) -> Checked {
    let (user, _) = versioned(c).await?;
    let answer = conditional(c, "PUT", &user, "if-none-match", "*").await?;
    answer.expect(&[200, 412])?;
    Ok(())
}
