//! Which attributes an answer has (RFC 7644 §3.9; RFC 7643 §7).

use serde_json::{Value, json};

use crate::checks::checks;
use crate::client::{Client, ENTERPRISE, USER};
use crate::fault::Checked;

checks!("projection":
    only_what_is_asked_for_is_told,
    sub_attributes_can_be_asked_for,
    urns_can_be_asked_for,
    names_are_asked_for_in_any_case,
    what_is_left_out_is_not_told,
    what_is_always_told_cannot_be_left_out,
    members_can_be_left_out,
    the_two_exclude_each_other,
    a_list_obeys,
    a_creation_obeys,
    a_replacement_obeys,
    a_patch_obeys,
    blanks_and_unknown_names_do_no_harm,
);

fn shows_only_title(body: &Value) -> Value {
    json!({
        "id": body["id"], "title": "Engineer", "schemas": {"$present": true},
        "userName": {"$absent": true}, "emails": {"$absent": true}, "name": {"$absent": true},
    })
}

async fn only_what_is_asked_for_is_told(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let answer = c
        .query(&user.path, &[("attributes", "title")])
        .await?
        .expect(&[200])?;
    answer.holds(&shows_only_title(user.answer.json()))
}

async fn sub_attributes_can_be_asked_for(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let wanted = "name.familyName,emails.value";
    let answer = c
        .query(&user.path, &[("attributes", wanted)])
        .await?
        .expect(&[200])?;
    answer.holds(&json!({
        "name": {"familyName": "Lovelace", "givenName": {"$absent": true}},
        "emails": [{"value": {"$present": true}, "type": {"$absent": true}}],
        "displayName": {"$absent": true},
    }))
}

async fn urns_can_be_asked_for(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let wanted = format!("{USER}:title");
    let answer = c
        .query(&user.path, &[("attributes", &wanted)])
        .await?
        .expect(&[200])?;
    answer.holds(&shows_only_title(user.answer.json()))?;
    if c.discovery.knows_extension(ENTERPRISE).is_err() {
        return Ok(());
    }
    let attributes = json!({"department": "Tours", "costCenter": "4130"});
    let user = c
        .user(json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: attributes}))
        .await?;
    let wanted = format!("{ENTERPRISE}:department");
    let answer = c
        .query(&user.path, &[("attributes", &wanted)])
        .await?
        .expect(&[200])?;
    answer.holds(&json!({
        ENTERPRISE: {"department": "Tours", "costCenter": {"$absent": true}},
        "displayName": {"$absent": true},
    }))
}

async fn names_are_asked_for_in_any_case(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let answer = c
        .query(&user.path, &[("attributes", "TITLE")])
        .await?
        .expect(&[200])?;
    answer.holds(&shows_only_title(user.answer.json()))
}

async fn what_is_left_out_is_not_told(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let parameters = [("excludedAttributes", "title,name.givenName")];
    let answer = c.query(&user.path, &parameters).await?.expect(&[200])?;
    answer.holds(&json!({
        "userName": user.name, "title": {"$absent": true},
        "name": {"familyName": "Lovelace", "givenName": {"$absent": true}},
    }))
}

async fn what_is_always_told_cannot_be_left_out(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let parameters = [("excludedAttributes", "id,schemas")];
    let answer = c.query(&user.path, &parameters).await?.expect(&[200])?;
    answer.holds(&json!({"id": user.answer.at("/id"), "schemas": {"$contains": [USER]}}))
}

async fn members_can_be_left_out(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    let parameters = [("excludedAttributes", "members")];
    let answer = c.query(&group.path, &parameters).await?.expect(&[200])?;
    answer.holds(&json!({"displayName": group.name, "members": {"$absent": true}}))?;
    let filter = format!("displayName eq \"{}\"", group.name);
    let parameters = [
        ("excludedAttributes", "members"),
        ("filter", filter.as_str()),
    ];
    let answer = c.query(c.groups(), &parameters).await?.expect(&[200])?;
    answer.holds(
        &json!({"Resources": [{"id": group.answer.at("/id"), "members": {"$absent": true}}]}),
    )
}

async fn the_two_exclude_each_other(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let parameters = [("attributes", "title"), ("excludedAttributes", "title")];
    let answer = c.query(&user.path, &parameters).await?;
    if c.rfc || answer.status() >= 300 {
        return answer.refused(400, &["invalidValue", "invalidSyntax"]);
    }
    Ok(())
}

async fn a_list_obeys(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let filter = format!("userName eq \"{}\"", user.name);
    let parameters = [("filter", filter.as_str()), ("attributes", "title")];
    let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
    answer.holds(&json!({"Resources": [shows_only_title(user.answer.json())]}))
}

async fn a_creation_obeys(c: &Client) -> Checked {
    let path = format!("{}?attributes=title", c.users());
    let answer = c
        .post(&path, &c.draft(json!({"title": "Engineer"}))?)
        .await?
        .done()?;
    answer.holds(&shows_only_title(answer.json()))
}

async fn a_replacement_obeys(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let body = c.draft(json!({"userName": user.name, "title": "Engineer"}))?;
    let path = format!("{}?attributes=title", user.path);
    let answer = c.put(&path, &body).await?.expect(&[200])?;
    answer.holds(&shows_only_title(user.answer.json()))
}

async fn a_patch_obeys(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "add", "path": "title", "value": "Engineer"}]);
    let path = format!("{}?excludedAttributes=emails", user.path);
    let answer = c.patch(&path, operations).await?.expect(&[200])?;
    answer.holds(&json!({"title": "Engineer", "emails": {"$absent": true}}))
}

async fn blanks_and_unknown_names_do_no_harm(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let wanted = " title , ,conformanceUnknown";
    let answer = c
        .query(&user.path, &[("attributes", wanted)])
        .await?
        .expect(&[200])?;
    answer.holds(&shows_only_title(user.answer.json()))
}
