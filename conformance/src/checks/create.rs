//! Creation and retrieval (RFC 7644 §3.3, §3.4.1).

use futures_util::future;
use serde_json::{Value, json};

use crate::answer::text;
use crate::checks::checks;
use crate::client::{Client, USER};
use crate::fault::{Checked, Fault};

checks!("create":
    a_user_is_created_with_201,
    location_leads_to_what_was_created,
    what_was_created_is_told_whole,
    a_taken_name_is_refused,
    a_taken_name_is_refused_in_any_case,
    a_required_value_is_asked_for,
    an_empty_name_is_no_name,
    a_name_of_blanks_is_no_name,
    twins_at_the_same_time_become_one,
    a_resource_is_read_by_its_id,
    an_unknown_id_is_not_found,
    a_deactivated_user_is_still_there,
    ids_are_the_servers,
    names_are_prepared_before_they_are_compared,
);

async fn a_user_is_created_with_201(c: &Client) -> Checked {
    c.post(c.users(), &c.draft(json!({}))?)
        .await?
        .expect(&[201])?;
    Ok(())
}

async fn location_leads_to_what_was_created(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let location = user.answer.header("location").unwrap_or_default();
    user.answer
        .must(!location.is_empty(), "there is a Location")?;
    let meta = text(user.answer.at("/meta/location"));
    user.answer.must(
        meta.is_empty() || meta == location,
        "Location is meta.location",
    )?;
    let path = c.below(location).ok_or_else(|| {
        user.answer
            .fault("Location is below the base URL that was given")
    })?;
    let found = c.get(path).await?.expect(&[200])?;
    found.must(text(found.at("/id")) == user.id, "it leads to the user")
}

async fn what_was_created_is_told_whole(c: &Client) -> Checked {
    let draft = c.draft(json!({"title": "Engineer"}))?;
    let answer = c.post(c.users(), &draft).await?.done()?;
    answer.holds(&json!({
        "schemas": {"$contains": [USER]},
        "id": {"$present": true},
        "userName": draft["userName"],
        "name": draft["name"],
        "title": "Engineer",
        "active": true,
        "emails": [draft["emails"][0]],
        "meta": {"resourceType": "User"},
    }))
}

async fn a_taken_name_is_refused(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let twin = c.draft(json!({"userName": user.name}))?;
    c.post(c.users(), &twin)
        .await?
        .refused(409, &["uniqueness"])
}

async fn a_taken_name_is_refused_in_any_case(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let twin = c.draft(json!({"userName": user.name.to_uppercase()}))?;
    c.post(c.users(), &twin)
        .await?
        .refused(409, &["uniqueness"])
}

async fn a_required_value_is_asked_for(c: &Client) -> Checked {
    let nameless = c.draft(json!({"userName": null}))?;
    let answer = c.post(c.users(), &nameless).await?;
    answer.refused(400, &["invalidValue", "invalidSyntax"])
}

async fn an_empty_name_is_no_name(c: &Client) -> Checked {
    nameless(c, "").await
}

async fn a_name_of_blanks_is_no_name(c: &Client) -> Checked {
    nameless(c, "   ").await
}

async fn nameless(c: &Client, name: &str) -> Checked {
    let answer = c
        .post(c.users(), &c.draft(json!({"userName": name}))?)
        .await?;
    answer.refused(400, &["invalidValue", "invalidSyntax"])
}

async fn twins_at_the_same_time_become_one(c: &Client) -> Checked {
    let draft = c.draft(json!({}))?;
    let twins = (0..6).map(|_| c.post(c.users(), &draft));
    let answers = future::try_join_all(twins).await?;
    let count = |status| answers.iter().filter(|it| it.status() == status).count();
    if count(409) == answers.len() - 1 {
        return Ok(());
    }
    let statuses: Vec<_> = answers.iter().map(crate::answer::Answer::status).collect();
    Err(Fault::failed(format!(
        "six equal requests at once should create one and refuse five with 409: {statuses:?}"
    )))
}

async fn a_resource_is_read_by_its_id(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"id": user.answer.at("/id"), "userName": user.name}))
}

async fn an_unknown_id_is_not_found(c: &Client) -> Checked {
    for id in ["00000000-0000-4000-8000-000000000000", "no-such-id"] {
        c.get(&format!("{}/{id}", c.users()))
            .await?
            .refused(404, &[])?;
    }
    Ok(())
}

async fn a_deactivated_user_is_still_there(c: &Client) -> Checked {
    let user = c.user(json!({"active": false})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"active": false}))?;
    let found = c
        .filter(c.users(), &format!("userName eq \"{}\"", user.name))
        .await?;
    found.must(found.ids() == [user.id], "a filter finds the user")
}

async fn ids_are_the_servers(c: &Client) -> Checked {
    let draft = c.draft(json!({"id": "mine", "meta": {"version": "mine"}}))?;
    let user = c.make(c.users(), draft.clone(), "userName").await?;
    user.answer
        .must(user.id != "mine", "the server issues the id")?;
    let told: &Value = user.answer.at("/id");
    user.answer.must(
        told.is_string() && !user.id.contains("bulkId"),
        "an id is a text without bulkId in it",
    )?;
    c.delete(&user.path).await?.done()?;
    let again = c.make(c.users(), draft, "userName").await?;
    again
        .answer
        .must(again.id != user.id, "an id is never used again")
}

async fn names_are_prepared_before_they_are_compared(c: &Client) -> Checked {
    let name = c.name();
    let named = |accent: &str| format!("{name}-ren{accent}@conformance.example");
    let user = c.draft(json!({"userName": named("\u{e9}")}))?;
    let twin = c.draft(json!({"userName": named("e\u{301}")}))?;
    let first = c.post(c.users(), &user).await?;
    if first.status() >= 400 {
        return Err(Fault::skipped("it takes no accents in a userName"));
    }
    c.post(c.users(), &twin)
        .await?
        .refused(409, &["uniqueness"])
}
