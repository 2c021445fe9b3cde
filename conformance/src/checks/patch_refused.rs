//! PATCH: what is refused (RFC 7644 §3.5.2, table 9).

use serde_json::json;

use crate::checks::checks;
use crate::client::{Client, PATCH};
use crate::fault::Checked;

checks!("patch_refused":
    the_message_names_its_schema,
    there_is_an_operation,
    an_unknown_operation_is_refused,
    remove_has_a_path,
    a_required_value_is_not_removed,
    a_read_only_value_is_not_written,
    an_unknown_attribute_is_no_path,
    a_broken_path_is_refused,
    a_value_is_asked_for,
    a_value_of_another_type_is_refused,
    a_taken_name_is_refused,
    an_unknown_resource_is_not_found,
    discovery_is_not_patched,
);

async fn the_message_names_its_schema(c: &Client) -> Checked {
    c.needs("patch")?;
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    let wrong = json!({"schemas": ["urn:example:unknown"], "Operations": operations});
    let answer = c.send(c.request_with("PATCH", &user.path, &wrong)).await?;
    answer.refused(400, &["invalidSyntax", "invalidValue"])?;
    if !c.rfc {
        return Ok(());
    }
    let none = json!({"Operations": operations});
    let answer = c.send(c.request_with("PATCH", &user.path, &none)).await?;
    answer.refused(400, &["invalidSyntax", "invalidValue"])
}

async fn there_is_an_operation(c: &Client) -> Checked {
    c.needs("patch")?;
    let user = c.user(json!({})).await?;
    for body in [
        json!({"schemas": [PATCH]}),
        json!({"schemas": [PATCH], "Operations": []}),
        json!({"schemas": [PATCH], "Operations": "none"}),
        json!({"schemas": [PATCH], "Operations": [{"path": "title", "value": "Engineer"}]}),
    ] {
        let answer = c.send(c.request_with("PATCH", &user.path, &body)).await?;
        answer.refused(400, &["invalidSyntax", "invalidValue"])?;
    }
    Ok(())
}

async fn an_unknown_operation_is_refused(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "move", "path": "title", "value": "Engineer"}]);
    c.patch(&user.path, operations)
        .await?
        .refused(400, &["invalidSyntax", "invalidValue"])
}

async fn remove_has_a_path(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    c.patch(&user.path, json!([{"op": "remove"}]))
        .await?
        .refused_as(400, "noTarget")
}

async fn a_required_value_is_not_removed(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c
        .patch(&user.path, json!([{"op": "remove", "path": "userName"}]))
        .await?;
    answer.refused(400, &["mutability", "invalidValue"])?;
    c.get(&user.path)
        .await?
        .holds(&json!({"userName": user.name}))
}

async fn a_read_only_value_is_not_written(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    for operation in [
        json!({"op": "replace", "path": "id", "value": "mine"}),
        json!({"op": "remove", "path": "id"}),
        json!({"op": "replace", "path": "meta.created", "value": "1999-01-01T00:00:00Z"}),
    ] {
        let answer = c.patch(&user.path, json!([operation])).await?;
        answer.refused(400, &["mutability"])?;
    }
    c.get(&user.path)
        .await?
        .holds(&json!({"id": user.answer.at("/id")}))
}

async fn an_unknown_attribute_is_no_path(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "replace", "path": "conformanceUnknown", "value": "x"}]);
    let answer = c.patch(&user.path, operations).await?;
    if c.rfc || answer.status() >= 300 {
        return answer.refused(400, &["invalidPath", "noTarget"]);
    }
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({"conformanceUnknown": {"$absent": true}}))
}

async fn a_broken_path_is_refused(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    for path in [
        "emails[",
        "emails[type eq \"work\"",
        "emails[type eq \"work\"].",
        "name..",
        "emails]",
    ] {
        let operations = json!([{"op": "replace", "path": path, "value": "x"}]);
        let answer = c.patch(&user.path, operations).await?;
        answer.refused(400, &["invalidPath", "invalidFilter"])?;
    }
    Ok(())
}

async fn a_value_is_asked_for(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    for operation in [
        json!({"op": "add", "path": "title"}),
        json!({"op": "replace", "path": "title"}),
    ] {
        let answer = c.patch(&user.path, json!([operation])).await?;
        answer.refused(400, &["invalidValue", "invalidSyntax"])?;
    }
    Ok(())
}

async fn a_value_of_another_type_is_refused(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    for operation in [
        json!({"op": "replace", "path": "title", "value": {"a": 1}}),
        json!({"op": "replace", "path": "active", "value": "perhaps"}),
        json!({"op": "add", "value": "text"}),
    ] {
        let answer = c.patch(&user.path, json!([operation])).await?;
        answer.refused(400, &["invalidValue", "invalidSyntax", "invalidPath"])?;
    }
    Ok(())
}

async fn a_taken_name_is_refused(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let name = ada.name.to_uppercase();
    let operations = json!([{"op": "replace", "path": "userName", "value": name}]);
    c.patch(&bob.path, operations)
        .await?
        .refused(409, &["uniqueness"])
}

async fn an_unknown_resource_is_not_found(c: &Client) -> Checked {
    let path = format!("{}/00000000-0000-4000-8000-000000000000", c.users());
    let operations = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    c.patch(&path, operations).await?.refused(404, &[])
}

async fn discovery_is_not_patched(c: &Client) -> Checked {
    let operations = json!([{"op": "replace", "path": "name", "value": "Mine"}]);
    let answer = c.patch("/ServiceProviderConfig", operations).await?;
    answer.expect(&[403, 404, 405, 501])?;
    Ok(())
}
