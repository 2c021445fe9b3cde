//! PATCH: the operations (RFC 7644 §3.5.2).

use serde_json::json;

use crate::checks::checks;
use crate::client::{Client, USER};
use crate::fault::Checked;

checks!("patch":
    operations_are_understood_in_any_case,
    keys_are_understood_in_any_case,
    operations_see_what_came_before,
    one_bad_operation_undoes_all,
    only_the_result_must_be_valid,
    a_patch_answers_200_or_204,
    a_patch_answers_what_was_asked_for,
    what_changes_nothing_moves_no_version,
    add_without_a_path_merges,
    add_sets_a_single_value,
    add_merges_a_complex_value,
    add_appends_values,
    add_skips_what_is_there,
    remove_unassigns_a_single_value,
    remove_unassigns_a_sub_attribute,
    remove_takes_all_values,
    removing_twice_is_no_error,
    replace_without_a_path_replaces_each,
    replace_adds_what_is_absent,
    replace_keeps_other_sub_attributes,
    replace_sets_all_values,
    null_unassigns,
    a_new_primary_value_is_the_only_one,
    the_id_itself_is_passed_over,
    user_names_can_change,
    values_in_a_list_of_one_are_unwrapped,
    schemas_can_be_patched,
);

async fn operations_are_understood_in_any_case(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([
        {"op": "Add", "path": "title", "value": "Engineer"},
        {"op": "REPLACE", "path": "displayName", "value": "Ada"},
        {"op": "Remove", "path": "name.givenName"},
    ]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({
        "title": "Engineer", "displayName": "Ada", "name": {"givenName": {"$absent": true}},
    }))
}

async fn keys_are_understood_in_any_case(c: &Client) -> Checked {
    c.needs("patch")?;
    let user = c.user(json!({})).await?;
    let body = json!({
        "Schemas": [crate::client::PATCH],
        "operations": [{"Op": "replace", "Path": "TITLE", "Value": "Engineer"}],
    });
    c.send(c.request_with("PATCH", &user.path, &body))
        .await?
        .expect(&[200, 204])?;
    c.get(&user.path)
        .await?
        .holds(&json!({"title": "Engineer"}))
}

async fn operations_see_what_came_before(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "+1", "type": "fax"}]},
        {"op": "replace", "path": "phoneNumbers[type eq \"fax\"].value", "value": "+2"},
    ]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"phoneNumbers": [{"value": "+2", "type": "fax"}]}))
}

async fn one_bad_operation_undoes_all(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let before = c.get(&user.path).await?.expect(&[200])?;
    let operations = json!([
        {"op": "replace", "path": "title", "value": "Director"},
        {"op": "add", "path": "nickName", "value": "Ada"},
        {"op": "remove", "path": "userName"},
    ]);
    let answer = c.patch(&user.path, operations).await?;
    answer.must(answer.status() >= 400, "the request is refused")?;
    let after = c.get(&user.path).await?.expect(&[200])?;
    after.holds(before.json())?;
    after.holds(&json!({"nickName": {"$absent": true}}))
}

async fn only_the_result_must_be_valid(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let address = format!("{}@conformance.example", c.name());
    let operations = json!([
        {"op": "replace", "path": "emails", "value": [{"value": address, "type": "other"}]},
        {"op": "add", "value": {"title": "Engineer"}},
        {"op": "remove", "path": "title"},
    ]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"emails": [{"value": address}], "title": {"$absent": true}}))
}

async fn a_patch_answers_200_or_204(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    let answer = c.patch(&user.path, operations).await?.expect(&[200, 204])?;
    if answer.status() == 204 {
        return answer.must(answer.body().is_empty(), "204 has no body");
    }
    answer.holds(&json!({"id": user.answer.at("/id"), "title": "Engineer"}))
}

async fn a_patch_answers_what_was_asked_for(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    let path = format!("{}?attributes=title", user.path);
    let answer = c.patch(&path, operations).await?.expect(&[200])?;
    answer.holds(&json!({"title": "Engineer", "displayName": {"$absent": true}}))
}

async fn what_changes_nothing_moves_no_version(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let before = c.get(&user.path).await?.expect(&[200])?;
    let operations = json!([{"op": "add", "path": "title", "value": "Engineer"}]);
    let after = c.patched(&user.path, operations).await?;
    after.holds(&json!({"meta": {"lastModified": before.at("/meta/lastModified")}}))?;
    after.must(
        before.at("/meta/version") == after.at("/meta/version"),
        "the version is the same",
    )
}

async fn add_without_a_path_merges(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let value = json!({"title": "Engineer", "name": {"middleName": "King"}});
    let answer = c
        .patched(&user.path, json!([{"op": "add", "value": value}]))
        .await?;
    answer.holds(&json!({
        "title": "Engineer", "userName": user.name,
        "name": {"givenName": "Ada", "middleName": "King", "familyName": "Lovelace"},
    }))
}

async fn add_sets_a_single_value(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let operations = json!([{"op": "add", "path": "title", "value": "Director"}]);
    c.patched(&user.path, operations)
        .await?
        .holds(&json!({"title": "Director"}))
}

async fn add_merges_a_complex_value(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "add", "path": "name", "value": {"familyName": "Byron"}}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"name": {"givenName": "Ada", "familyName": "Byron"}}))
}

async fn add_appends_values(c: &Client) -> Checked {
    let user = c
        .user(json!({"phoneNumbers": [{"value": "+1", "type": "work"}]}))
        .await?;
    let operations = json!([
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "+2", "type": "home"}]},
        {"op": "add", "path": "phoneNumbers", "value": {"value": "+3", "type": "fax"}},
    ]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({
        "phoneNumbers": {"$unordered": [{"value": "+1"}, {"value": "+2"}, {"value": "+3"}]},
    }))
}

async fn add_skips_what_is_there(c: &Client) -> Checked {
    let phone = json!({"value": "+1", "type": "work"});
    let user = c.user(json!({"phoneNumbers": [phone]})).await?;
    let operations = json!([{"op": "add", "path": "phoneNumbers", "value": [phone]}]);
    c.patched(&user.path, operations)
        .await?
        .holds(&json!({"phoneNumbers": [phone]}))
}

async fn remove_unassigns_a_single_value(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let answer = c
        .patched(&user.path, json!([{"op": "remove", "path": "title"}]))
        .await?;
    answer.must(answer.at("/title").is_null(), "title is unassigned")
}

async fn remove_unassigns_a_sub_attribute(c: &Client) -> Checked {
    let user = c.user(json!({"name": {"givenName": "Ada"}})).await?;
    let operations = json!([{"op": "remove", "path": "name.givenName"}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.must(
        answer.at("/name/givenName").is_null(),
        "givenName is unassigned",
    )?;
    let found = c.selects(&user, "name.givenName pr").await?;
    answer.must(!found, "and no filter finds it")
}

async fn remove_takes_all_values(c: &Client) -> Checked {
    let user = c
        .user(json!({"phoneNumbers": [{"value": "+1"}, {"value": "+2"}]}))
        .await?;
    let answer = c
        .patched(
            &user.path,
            json!([{"op": "remove", "path": "phoneNumbers"}]),
        )
        .await?;
    let left = answer.at("/phoneNumbers").as_array().map_or(0, Vec::len);
    answer.must(left == 0, "no number is left")
}

async fn removing_twice_is_no_error(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let operations = json!([{"op": "remove", "path": "title"}]);
    c.patched(&user.path, operations.clone()).await?;
    c.patched(&user.path, operations).await?;
    Ok(())
}

async fn replace_without_a_path_replaces_each(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let operations = json!([{"op": "replace", "value": {"active": false, "title": "Director"}}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({
        "active": false, "title": "Director", "userName": user.name,
        "name": {"familyName": "Lovelace"},
    }))
}

async fn replace_adds_what_is_absent(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([
        {"op": "replace", "path": "title", "value": "Engineer"},
        {"op": "replace", "path": "phoneNumbers", "value": [{"value": "+1"}]},
    ]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"title": "Engineer", "phoneNumbers": [{"value": "+1"}]}))
}

async fn replace_keeps_other_sub_attributes(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "replace", "path": "name", "value": {"familyName": "Byron"}}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"name": {"givenName": "Ada", "familyName": "Byron"}}))
}

async fn replace_sets_all_values(c: &Client) -> Checked {
    let user = c
        .user(json!({"phoneNumbers": [{"value": "+1"}, {"value": "+2"}]}))
        .await?;
    let operations = json!([{"op": "replace", "path": "phoneNumbers", "value": [{"value": "+3"}]}]);
    c.patched(&user.path, operations)
        .await?
        .holds(&json!({"phoneNumbers": [{"value": "+3"}]}))
}

async fn null_unassigns(c: &Client) -> Checked {
    let user = c.user(json!({"title": "Engineer"})).await?;
    let operations = json!([{"op": "replace", "path": "title", "value": null}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.must(answer.at("/title").is_null(), "title is unassigned")
}

async fn a_new_primary_value_is_the_only_one(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let address = format!("{}@conformance.example", c.name());
    let email = json!({"value": address, "type": "home", "primary": true});
    let operations = json!([{"op": "add", "path": "emails", "value": [email]}]);
    let answer = c.patched(&user.path, operations).await?;
    let emails = answer.at("/emails").as_array().cloned().unwrap_or_default();
    let primary: Vec<_> = emails.iter().filter(|it| it["primary"] == true).collect();
    answer.must(
        primary.len() == 1 && primary.iter().all(|it| it["value"] == address.as_str()),
        "the new one is the primary one, alone",
    )
}

async fn the_id_itself_is_passed_over(c: &Client) -> Checked {
    let group = c.group(&[]).await?;
    let name = c.name();
    let value = json!({"id": group.id, "displayName": name});
    let answer = c
        .patched(&group.path, json!([{"op": "replace", "value": value}]))
        .await?;
    answer.holds(&json!({"displayName": name}))?;
    let value = json!({"id": "another", "displayName": c.name()});
    let other = c
        .patch(&group.path, json!([{"op": "replace", "value": value}]))
        .await?;
    other.refused(400, &["mutability"])
}

async fn user_names_can_change(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let name = format!("{}@conformance.example", c.name());
    let operations = json!([{"op": "replace", "path": "userName", "value": name}]);
    c.patched(&user.path, operations)
        .await?
        .holds(&json!({"userName": name}))?;
    let found = c
        .filter(c.users(), &format!("userName eq \"{name}\""))
        .await?;
    found.must(found.ids() == [user.id], "a filter finds the new name")
}

async fn values_in_a_list_of_one_are_unwrapped(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "replace", "path": "title", "value": ["Engineer"]}]);
    c.patched(&user.path, operations)
        .await?
        .holds(&json!({"title": "Engineer"}))?;
    let operations = json!([{"op": "replace", "path": "title", "value": [{"value": "Director"}]}]);
    c.patched(&user.path, operations)
        .await?
        .holds(&json!({"title": "Director"}))
}

async fn schemas_can_be_patched(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "add", "path": "schemas", "value": [USER]}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"schemas": {"$contains": [USER]}}))
}
