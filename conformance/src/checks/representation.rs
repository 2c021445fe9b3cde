//! How resources are written down (RFC 7643 §2, §3).

use serde_json::{Value, json};

use crate::answer::text;
use crate::checks::checks;
use crate::client::{Client, ENTERPRISE, GROUP, USER};
use crate::fault::Checked;

checks!("representation":
    schemas_name_what_is_in_use,
    schemas_are_asked_for,
    an_unknown_schema_alone_is_refused,
    a_legacy_urn_is_passed_over,
    a_doubled_urn_comes_back_once,
    names_are_read_in_any_case,
    names_are_written_as_in_the_schema,
    names_that_differ_by_case_only_are_refused,
    null_and_empty_are_unassigned,
    read_only_values_are_passed_over,
    meta_agrees_with_the_headers,
    meta_is_complete,
    a_new_resource_was_modified_when_it_was_created,
    creation_time_stays,
    times_are_date_times,
    links_lead_to_their_targets,
    unknown_attributes_are_not_kept,
    an_extension_lives_under_its_urn,
    an_emptied_extension_leaves,
    external_ids_are_the_clients,
    external_ids_need_not_be_unique,
);

async fn schemas_name_what_is_in_use(c: &Client) -> Checked {
    let plain = c.user(json!({})).await?;
    let schemas = plain.answer.at("/schemas").as_array();
    let names_user = schemas.is_some_and(|it| it.contains(&USER.into()));
    plain
        .answer
        .must(names_user, "schemas names the User schema")?;
    if c.discovery.knows_extension(ENTERPRISE).is_err() {
        return Ok(());
    }
    let employee = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"department": "Tours"}});
    let employee = c.user(employee).await?;
    employee
        .answer
        .holds(&json!({"schemas": {"$contains": [USER, ENTERPRISE]}}))
}

async fn schemas_are_asked_for(c: &Client) -> Checked {
    let answer = c
        .post(c.users(), &c.draft(json!({"schemas": null}))?)
        .await?;
    if c.rfc || answer.status() >= 300 {
        return answer.refused(400, &["invalidSyntax", "invalidValue"]);
    }
    answer.holds(&json!({"schemas": {"$contains": [USER]}}))
}

async fn an_unknown_schema_alone_is_refused(c: &Client) -> Checked {
    let draft = c.draft(json!({"schemas": ["urn:example:params:scim:schemas:unknown"]}))?;
    let answer = c.post(c.users(), &draft).await?;
    answer.refused(400, &["invalidSyntax", "invalidValue"])
}

async fn a_legacy_urn_is_passed_over(c: &Client) -> Checked {
    let mut draft = c.group_draft(&[])?;
    draft["schemas"] = json!([
        GROUP,
        "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
    ]);
    let answer = c.post(c.groups(), &draft).await?.expect(&[201])?;
    answer.holds(&json!({"schemas": [GROUP]}))
}

async fn a_doubled_urn_comes_back_once(c: &Client) -> Checked {
    let answer = c
        .post(c.users(), &c.draft(json!({"schemas": [USER, USER]}))?)
        .await?;
    if answer.status() >= 300 {
        return answer.refused(400, &["invalidSyntax", "invalidValue"]);
    }
    answer.holds(&json!({"schemas": [USER]}))
}

async fn names_are_read_in_any_case(c: &Client) -> Checked {
    let mut draft = c.draft(json!({"DISPLAYNAME": "Ada", "displayName": null}))?;
    draft["NAME"] = json!({"GivenNAME": "Ada"});
    if let Some(draft) = draft.as_object_mut() {
        draft.remove("name");
        let name = draft.remove("userName").unwrap_or_default();
        draft.insert("USERname".to_owned(), name);
    }
    let answer = c.post(c.users(), &draft).await?.done()?;
    answer.holds(&json!({"displayName": "Ada", "name": {"givenName": "Ada"}}))
}

async fn names_are_written_as_in_the_schema(c: &Client) -> Checked {
    let user = c.user(json!({"TITLE": "Engineer"})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"title": "Engineer", "TITLE": {"$absent": true}}))
}

async fn names_that_differ_by_case_only_are_refused(c: &Client) -> Checked {
    let draft = c.draft(json!({"title": "one", "Title": "two"}))?;
    let answer = c.post(c.users(), &draft).await?;
    answer.refused(400, &["invalidSyntax", "invalidValue"])
}

async fn null_and_empty_are_unassigned(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let mut body = c.draft(json!({"userName": user.name}))?;
    body["title"] = Value::Null;
    body["emails"] = json!([]);
    c.put(&user.path, &body).await?.expect(&[200])?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    for name in ["title", "emails"] {
        let value = answer.at(&format!("/{name}"));
        let unassigned = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        answer.must(unassigned, format!("{name} is unassigned"))?;
    }
    Ok(())
}

async fn read_only_values_are_passed_over(c: &Client) -> Checked {
    let draft = c.draft(json!({
        "id": "mine",
        "meta": {"resourceType": "Mine", "created": "1999-01-01T00:00:00Z"},
        "groups": [{"value": "mine"}],
    }))?;
    let answer = c.post(c.users(), &draft).await?.done()?;
    answer.holds(&json!({"id": {"$not": "mine"}, "meta": {"resourceType": "User"}}))?;
    let groups = answer.at("/groups").as_array().map_or(0, Vec::len);
    let created = answer.at("/meta/created").as_str().unwrap_or_default();
    answer.must(
        groups == 0 && !created.starts_with("1999"),
        "neither groups nor meta are the client's",
    )
}

async fn meta_agrees_with_the_headers(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let read = c.get(&user.path).await?.expect(&[200])?;
    for (answer, header) in [(&user.answer, "location"), (&read, "content-location")] {
        if let Some(location) = answer.header(header) {
            answer.holds(&json!({"meta": {"location": location}}))?;
        }
        if let Some(etag) = answer.header("etag") {
            answer.holds(&json!({"meta": {"version": etag}}))?;
        }
    }
    Ok(())
}

async fn meta_is_complete(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"meta": {
        "resourceType": "User",
        "created": {"$has": "T"},
        "lastModified": {"$has": "T"},
        "location": {"$has": user.id},
    }}))
}

async fn a_new_resource_was_modified_when_it_was_created(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    let created = answer.at("/meta/created");
    answer.must(!created.is_null(), "meta.created is there")?;
    answer.must(
        created == answer.at("/meta/lastModified"),
        "lastModified is created until the first change",
    )
}

async fn creation_time_stays(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let before = c.get(&user.path).await?.expect(&[200])?;
    let body = c.draft(json!({"userName": user.name, "title": "Engineer"}))?;
    c.put(&user.path, &body).await?.expect(&[200])?;
    let after = c.get(&user.path).await?.expect(&[200])?;
    after.holds(&json!({"meta": {"created": before.at("/meta/created")}}))
}

async fn times_are_date_times(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    for name in ["created", "lastModified"] {
        let time = text(answer.at(&format!("/meta/{name}")));
        let zoned = time.ends_with('Z') || time.get(19..).is_some_and(|it| it.contains(['+', '-']));
        let shaped = time.len() >= 20 && time.get(10..11) == Some("T") && zoned;
        answer.must(
            shaped,
            format!("meta.{name} is a date and a time with a zone"),
        )?;
    }
    Ok(())
}

async fn links_lead_to_their_targets(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let group = c.group(&[&user]).await?;
    let shown = c.get(&group.path).await?.expect(&[200])?;
    let member = c.get(&user.path).await?.expect(&[200])?;
    for (answer, pointer, id) in [
        (&shown, "/meta/location", &group.id),
        (&shown, "/members/0/$ref", &user.id),
        (&member, "/meta/location", &user.id),
        (&member, "/groups/0/$ref", &group.id),
    ] {
        let Some(link) = answer.at(pointer).as_str() else {
            continue;
        };
        let outside = || answer.fault(format!("{pointer} is below the base URL that was given"));
        let target = c
            .get(c.below(link).ok_or_else(outside)?)
            .await?
            .expect(&[200])?;
        target.must(
            text(target.at("/id")) == *id,
            format!("{pointer} leads to its target"),
        )?;
    }
    Ok(())
}

async fn unknown_attributes_are_not_kept(c: &Client) -> Checked {
    let mut draft = c.draft(json!({}))?;
    draft["conformanceUnknown"] = json!({"a": [1]});
    let answer = c.post(c.users(), &draft).await?;
    if answer.status() >= 300 {
        return answer.refused(400, &["invalidSyntax", "invalidValue", "invalidPath"]);
    }
    let user = c
        .get(&format!("{}/{}", c.users(), text(answer.at("/id"))))
        .await?;
    user.holds(&json!({"conformanceUnknown": {"$absent": true}}))
}

async fn an_extension_lives_under_its_urn(c: &Client) -> Checked {
    let attributes = json!({
        "employeeNumber": "701984", "costCenter": "4130", "organization": "Universal",
        "division": "Parks", "department": "Tours",
    });
    let user = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: attributes});
    let user = c.user(user).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({ENTERPRISE: attributes, "department": {"$absent": true}}))
}

async fn an_emptied_extension_leaves(c: &Client) -> Checked {
    let user = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"department": "Tours"}});
    let user = c.user(user).await?;
    let operations = json!([{"op": "remove", "path": format!("{ENTERPRISE}:department")}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({ENTERPRISE: {"$absent": true}, "schemas": [USER]}))
}

async fn external_ids_are_the_clients(c: &Client) -> Checked {
    let external = c.name();
    let user = c.user(json!({"externalId": external})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"externalId": external}))?;
    let found = c
        .filter(c.users(), &format!("externalId eq \"{external}\""))
        .await?;
    found.must(found.ids() == [user.id], "a filter finds it")?;
    let other = external.to_uppercase();
    let found = c
        .filter(c.users(), &format!("externalId eq \"{other}\""))
        .await?;
    found.must(found.ids().is_empty(), "its case counts")
}

async fn external_ids_need_not_be_unique(c: &Client) -> Checked {
    let external = c.name();
    c.user(json!({"externalId": external})).await?;
    let twin = c
        .post(c.users(), &c.draft(json!({"externalId": external}))?)
        .await?;
    if twin.status() >= 300 {
        return Err(twin.fault("the server does not enforce that externalId is unique"));
    }
    Ok(())
}
