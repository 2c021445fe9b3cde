//! PATCH: the paths, with filters, sub-attributes and URNs (RFC 7644 §3.5.2, §3.10).

use serde_json::{Value, json};

use crate::checks::checks;
use crate::client::{Client, ENTERPRISE, Made, USER};
use crate::fault::Checked;

checks!("patch_paths":
    a_filter_chooses_what_is_removed,
    the_last_value_leaves_the_attribute_unassigned,
    a_sub_attribute_of_chosen_values_is_removed,
    a_filter_chooses_what_is_replaced,
    every_value_chosen_is_replaced,
    filters_have_their_whole_grammar,
    a_filter_without_a_match_is_no_target,
    add_makes_the_value_a_filter_describes,
    a_single_complex_value_may_be_chosen,
    paths_may_begin_with_a_urn,
    the_urn_of_an_extension_is_a_path,
    an_extension_enters_schemas,
    keys_of_a_value_may_be_paths,
    filters_have_json_escapes,
);

/// A user with a work and two home numbers.
async fn caller(c: &Client) -> Checked<Made> {
    c.user(json!({"phoneNumbers": [
        {"value": "+1", "type": "work", "primary": true, "display": "office"},
        {"value": "+2", "type": "home"},
        {"value": "+3", "type": "home"},
    ]}))
    .await
}

async fn numbers(c: &Client, operation: Value, expected: Value) -> Checked {
    let user = caller(c).await?;
    let answer = c.patched(&user.path, json!([operation])).await?;
    answer.holds(&json!({"phoneNumbers": {"$unordered": expected}}))
}

async fn a_filter_chooses_what_is_removed(c: &Client) -> Checked {
    let operation = json!({"op": "remove", "path": "phoneNumbers[type eq \"home\"]"});
    numbers(c, operation, json!([{"value": "+1"}])).await
}

async fn the_last_value_leaves_the_attribute_unassigned(c: &Client) -> Checked {
    let user = c
        .user(json!({"phoneNumbers": [{"value": "+1", "type": "work"}]}))
        .await?;
    let operations = json!([{"op": "remove", "path": "phoneNumbers[value eq \"+1\"]"}]);
    let answer = c.patched(&user.path, operations).await?;
    let left = answer.at("/phoneNumbers").as_array().map_or(0, Vec::len);
    answer.must(left == 0, "no number is left")?;
    answer.must(
        !c.selects(&user, "phoneNumbers pr").await?,
        "no filter finds one",
    )
}

async fn a_sub_attribute_of_chosen_values_is_removed(c: &Client) -> Checked {
    let operation = json!({"op": "remove", "path": "phoneNumbers[type eq \"work\"].display"});
    let work = json!({"value": "+1", "type": "work", "display": {"$not": "office"}});
    numbers(
        c,
        operation,
        json!([work, {"value": "+2"}, {"value": "+3"}]),
    )
    .await
}

async fn a_filter_chooses_what_is_replaced(c: &Client) -> Checked {
    let path = "phoneNumbers[type eq \"work\"].value";
    let operation = json!({"op": "replace", "path": path, "value": "+9"});
    let work = json!({"value": "+9", "type": "work", "primary": true});
    numbers(
        c,
        operation,
        json!([work, {"value": "+2"}, {"value": "+3"}]),
    )
    .await
}

async fn every_value_chosen_is_replaced(c: &Client) -> Checked {
    let path = "phoneNumbers[type eq \"home\"].display";
    let operation = json!({"op": "replace", "path": path, "value": "private"});
    let home = |value: &str| json!({"value": value, "display": "private"});
    numbers(
        c,
        operation,
        json!([{"value": "+1"}, home("+2"), home("+3")]),
    )
    .await
}

async fn filters_have_their_whole_grammar(c: &Client) -> Checked {
    for (filter, expected) in [
        (
            "value eq \"+1\" or value eq \"+2\"",
            json!([{"value": "+3"}]),
        ),
        (
            "type eq \"home\" and value eq \"+2\"",
            json!([{"value": "+1"}, {"value": "+3"}]),
        ),
        (
            "not (type eq \"home\")",
            json!([{"value": "+2"}, {"value": "+3"}]),
        ),
        (
            "value sw \"+\" and (value eq \"+1\" or value eq \"+3\")",
            json!([{"value": "+2"}]),
        ),
        ("primary eq true", json!([{"value": "+2"}, {"value": "+3"}])),
    ] {
        let path = format!("phoneNumbers[{filter}]");
        numbers(c, json!({"op": "remove", "path": path}), expected).await?;
    }
    Ok(())
}

async fn a_filter_without_a_match_is_no_target(c: &Client) -> Checked {
    let user = caller(c).await?;
    let path = "phoneNumbers[type eq \"pager\"].value";
    let operations = json!([{"op": "replace", "path": path, "value": "+9"}]);
    let answer = c.patch(&user.path, operations).await?;
    if c.rfc || answer.status() >= 300 {
        return answer.refused_as(400, "noTarget");
    }
    let answer = c.get(&user.path).await?.expect(&[200])?;
    let pager = json!({"type": "pager", "value": "+9"});
    answer.holds(&json!({"phoneNumbers": {"$contains": [pager, {"value": "+1"}]}}))
}

async fn add_makes_the_value_a_filter_describes(c: &Client) -> Checked {
    let path = "phoneNumbers[type eq \"pager\"].value";
    let operation = json!({"op": "add", "path": path, "value": "+9"});
    let pager = json!({"type": "pager", "value": "+9"});
    numbers(
        c,
        operation,
        json!([{"value": "+1"}, {"value": "+2"}, {"value": "+3"}, pager]),
    )
    .await
}

async fn a_single_complex_value_may_be_chosen(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let path = "name[familyName eq \"Lovelace\"].givenName";
    let operations = json!([{"op": "replace", "path": path, "value": "Augusta"}]);
    let answer = c.patch(&user.path, operations).await?;
    if answer.status() >= 300 {
        return answer.refused(400, &["invalidPath", "invalidFilter"]);
    }
    c.get(&user.path)
        .await?
        .holds(&json!({"name": {"givenName": "Augusta"}}))
}

async fn paths_may_begin_with_a_urn(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([
        {"op": "replace", "path": format!("{USER}:name.familyName"), "value": "Byron"},
        {"op": "add", "path": format!("{USER}:title"), "value": "Engineer"},
    ]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"title": "Engineer", "name": {"familyName": "Byron"}}))?;
    if c.discovery.knows_extension(ENTERPRISE).is_err() {
        return Ok(());
    }
    let path = format!("{ENTERPRISE}:department");
    let operations = json!([{"op": "add", "path": path, "value": "Tours"}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({ENTERPRISE: {"department": "Tours"}}))
}

async fn the_urn_of_an_extension_is_a_path(c: &Client) -> Checked {
    let draft = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"department": "Tours"}});
    let user = c.user(draft).await?;
    let value = json!({"costCenter": "4130"});
    let operations = json!([{"op": "add", "path": ENTERPRISE, "value": value}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({ENTERPRISE: {"department": "Tours", "costCenter": "4130"}}))?;
    let answer = c
        .patched(&user.path, json!([{"op": "remove", "path": ENTERPRISE}]))
        .await?;
    answer.holds(&json!({ENTERPRISE: {"$absent": true}}))
}

async fn an_extension_enters_schemas(c: &Client) -> Checked {
    c.discovery.knows_extension(ENTERPRISE)?;
    let user = c.user(json!({})).await?;
    let path = format!("{ENTERPRISE}:department");
    let operations = json!([{"op": "add", "path": path, "value": "Tours"}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({"schemas": {"$contains": [USER, ENTERPRISE]}}))
}

async fn keys_of_a_value_may_be_paths(c: &Client) -> Checked {
    c.discovery.knows_extension(ENTERPRISE)?;
    let user = c
        .user(json!({"phoneNumbers": [{"value": "+1", "type": "work"}]}))
        .await?;
    let department = format!("{ENTERPRISE}:department");
    let value = json!({
        "name.givenName": "Augusta",
        department.as_str(): "Tours",
        "phoneNumbers[type eq \"work\"].value": "+2",
    });
    let answer = c
        .patched(&user.path, json!([{"op": "replace", "value": value}]))
        .await?;
    answer.holds(&json!({
        "name": {"givenName": "Augusta", "familyName": "Lovelace"},
        ENTERPRISE: {"department": "Tours"},
        "phoneNumbers": [{"value": "+2", "type": "work"}],
    }))
}

async fn filters_have_json_escapes(c: &Client) -> Checked {
    let odd = "a\"b\\c\u{e9}";
    let user = c
        .user(json!({"phoneNumbers": [{"value": odd}, {"value": "+1"}]}))
        .await?;
    let path = "phoneNumbers[value eq \"a\\\"b\\\\c\\u00e9\"]";
    let answer = c
        .patched(&user.path, json!([{"op": "remove", "path": path}]))
        .await?;
    answer.holds(&json!({"phoneNumbers": [{"value": "+1"}]}))
}
