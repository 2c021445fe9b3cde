//! Refusals (RFC 7644 §3.12).

use serde_json::{Value, json};

use crate::answer::{Answer, ERROR};
use crate::checks::checks;
use crate::client::Client;
use crate::fault::{Checked, Fault};

checks!("errors":
    errors_have_the_form_of_the_standard,
    the_status_in_the_body_is_a_text,
    errors_are_scim_json,
    a_bad_filter_has_its_keyword,
    a_patch_without_operations_has_its_keyword,
    a_bad_path_has_its_keyword,
    a_missing_target_has_its_keyword,
    a_bad_value_has_its_keyword,
    a_taken_value_has_its_keyword_in_every_verb,
    a_read_only_value_has_its_keyword,
    details_tell_no_insides,
);

/// A refusal of each common kind.
async fn refusals(c: &Client) -> Checked<Vec<Answer>> {
    let user = c.user(json!({})).await?;
    let twin = c.draft(json!({"userName": user.name}))?;
    let anonymous = {
        let mut request = c.request("GET", c.users());
        request.headers.retain(|(name, _)| name != "authorization");
        request
    };
    let mut answers = vec![
        c.get(&format!("{}/no-such-id", c.users())).await?,
        c.post(c.users(), &twin).await?,
        c.post(c.users(), &c.draft(json!({"userName": null}))?)
            .await?,
        c.post(c.users(), &json!([])).await?,
        c.send(anonymous).await?,
        c.delete("/Schemas").await?,
    ];
    if c.needs("filter").is_ok() {
        answers.push(c.query(c.users(), &[("filter", "userName eq")]).await?);
    }
    Ok(answers)
}

async fn errors_have_the_form_of_the_standard(c: &Client) -> Checked {
    for answer in refusals(c).await? {
        answer.must(answer.status() >= 400, "it is refused")?;
        answer.holds(&json!({"schemas": [ERROR]}))?;
        let said = |it: &Value| it.is_null() || it.is_string();
        answer.must(
            said(answer.at("/detail")) && said(answer.at("/scimType")),
            "detail and scimType are texts",
        )?;
    }
    Ok(())
}

async fn the_status_in_the_body_is_a_text(c: &Client) -> Checked {
    for answer in refusals(c).await? {
        answer.holds(&json!({"status": answer.status().to_string()}))?;
    }
    Ok(())
}

async fn errors_are_scim_json(c: &Client) -> Checked {
    for answer in refusals(c).await? {
        let media_type = answer.header("content-type").unwrap_or_default();
        let json = media_type.contains("json");
        answer.must(json, "an error is told in JSON, with its media type")?;
    }
    Ok(())
}

async fn a_bad_filter_has_its_keyword(c: &Client) -> Checked {
    c.needs("filter")?;
    for filter in ["userName eq", "active gt true", "userName zz \"a\""] {
        let answer = c.query(c.users(), &[("filter", filter)]).await?;
        answer.refused_as(400, "invalidFilter")?;
    }
    Ok(())
}

async fn a_patch_without_operations_has_its_keyword(c: &Client) -> Checked {
    c.needs("patch")?;
    let user = c.user(json!({})).await?;
    let body = json!({"schemas": [crate::client::PATCH]});
    let answer = c.send(c.request_with("PATCH", &user.path, &body)).await?;
    answer.refused(400, &["invalidSyntax", "invalidValue"])
}

async fn a_bad_path_has_its_keyword(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    for path in [
        "emails[type eq \"work\"",
        "name..givenName",
        "[value eq \"a\"]",
    ] {
        let operations = json!([{"op": "replace", "path": path, "value": "x"}]);
        let answer = c.patch(&user.path, operations).await?;
        answer.refused(400, &["invalidPath", "invalidFilter"])?;
    }
    Ok(())
}

async fn a_missing_target_has_its_keyword(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c.patch(&user.path, json!([{"op": "remove"}])).await?;
    answer.refused_as(400, "noTarget")
}

async fn a_bad_value_has_its_keyword(c: &Client) -> Checked {
    let answer = c.post(c.users(), &c.draft(json!({"userName": 5}))?).await?;
    answer.refused(400, &["invalidValue", "invalidSyntax"])?;
    if answer.at("/scimType").is_null() {
        return Err(answer.fault("scimType should be invalidValue"));
    }
    Ok(())
}

async fn a_taken_value_has_its_keyword_in_every_verb(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let twin = c.draft(json!({"userName": ada.name}))?;
    c.post(c.users(), &twin)
        .await?
        .refused_as(409, "uniqueness")?;
    c.put(&bob.path, &twin)
        .await?
        .refused_as(409, "uniqueness")?;
    if c.needs("patch").is_err() {
        return Ok(());
    }
    let operations = json!([{"op": "replace", "path": "userName", "value": ada.name}]);
    c.patch(&bob.path, operations)
        .await?
        .refused_as(409, "uniqueness")
}

async fn a_read_only_value_has_its_keyword(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let operations = json!([{"op": "replace", "path": "id", "value": "mine"}]);
    c.patch(&user.path, operations)
        .await?
        .refused_as(400, "mutability")
}

async fn details_tell_no_insides(c: &Client) -> Checked {
    let insides = [
        "SELECT ",
        "Traceback",
        "Exception",
        "stack trace",
        "at java.",
        "panicked at",
    ];
    for answer in refusals(c).await? {
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        if let Some(inside) = insides.iter().find(|it| body.contains(**it)) {
            return Err::<(), Fault>(answer.fault(format!("a refusal does not tell {inside:?}")));
        }
    }
    Ok(())
}
