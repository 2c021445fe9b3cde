//! Endpoints, methods and media types (RFC 7644 §3.1, §3.2, §3.8).

use serde_json::json;

use crate::answer::{ERROR, text};
use crate::checks::checks;
use crate::client::{Client, MEDIA_TYPE};
use crate::fault::{Checked, Fault};

checks!("http":
    endpoints_are_where_the_standard_has_them,
    paths_match_in_any_case,
    a_trailing_slash_does_not_redirect,
    the_version_is_not_there_twice,
    another_version_is_refused,
    a_method_that_is_not_taken_is_refused,
    both_media_types_are_taken,
    another_media_type_is_refused,
    answers_are_scim_json,
    plain_json_is_answered_on_request,
    what_is_no_json_is_refused,
    bytes_that_are_no_utf8_are_refused,
    a_deep_body_is_no_fault_of_the_server,
    links_do_not_follow_forged_hosts,
    head_answers_without_a_body,
    options_does_no_harm,
    unknown_parameters_are_passed_over,
    a_user_agent_is_not_needed,
);

async fn endpoints_are_where_the_standard_has_them(c: &Client) -> Checked {
    for path in [
        "/ServiceProviderConfig",
        "/ResourceTypes",
        "/Schemas",
        c.users(),
        c.groups(),
    ] {
        if path == c.groups() && c.discovery.knows_type(crate::client::GROUP).is_err() {
            continue;
        }
        c.get(path).await?.expect(&[200])?;
    }
    Ok(())
}

async fn paths_match_in_any_case(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let lower = format!("{}/{}", c.users().to_lowercase(), user.id);
    c.get(&lower).await?.expect(&[200])?;
    Ok(())
}

async fn a_trailing_slash_does_not_redirect(c: &Client) -> Checked {
    c.get(&format!("{}/", c.users())).await?.expect(&[200])?;
    Ok(())
}

async fn the_version_is_not_there_twice(c: &Client) -> Checked {
    c.get("/v2/Users").await?.refused(404, &[])
}

async fn another_version_is_refused(c: &Client) -> Checked {
    let Some(above) = c.base().strip_suffix("/v2") else {
        return Err(Fault::skipped("the base URL does not end in a version"));
    };
    let mut request = c.request("GET", "/Users");
    request.url = format!("{above}/v9/Users");
    let answer = c.send(request).await?.expect(&[400, 404])?;
    answer.refused(answer.status(), &["invalidVers"])
}

async fn a_method_that_is_not_taken_is_refused(c: &Client) -> Checked {
    for (method, path) in [
        ("DELETE", "/Schemas"),
        ("PUT", c.users()),
        ("PATCH", c.users()),
    ] {
        let answer = c.send(c.request_with(method, path, &json!({}))).await?;
        let answer = answer.expect(&[405, 501, 404])?;
        let allow = answer.status() != 405 || answer.header("allow").is_some();
        answer.must(allow, "a 405 tells with Allow what is taken")?;
        answer.must(
            answer.status() != 404 || method != "DELETE",
            "the endpoint is there",
        )?;
    }
    Ok(())
}

async fn both_media_types_are_taken(c: &Client) -> Checked {
    for media_type in [
        MEDIA_TYPE,
        "application/json",
        "application/scim+json; charset=utf-8",
        "application/json;charset=UTF-8",
    ] {
        let request = c.request_with("POST", c.users(), &c.draft(json!({}))?);
        c.send(request.with("content-type", media_type))
            .await?
            .done()?;
    }
    Ok(())
}

async fn another_media_type_is_refused(c: &Client) -> Checked {
    let request = c.request_with("POST", c.users(), &c.draft(json!({}))?);
    let answer = c.send(request.with("content-type", "text/html")).await?;
    answer.expect(&[415, 400])?;
    Ok(())
}

async fn answers_are_scim_json(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let no_accept = {
        let mut request = c.request("GET", &user.path);
        request.headers.retain(|(name, _)| name != "accept");
        c.send(request).await?
    };
    let anything = c
        .send(c.request("GET", &user.path).with("accept", "*/*"))
        .await?;
    for answer in [
        user.answer,
        no_accept,
        anything,
        c.get("/Users/nobody").await?,
    ] {
        let media_type = answer.header("content-type").unwrap_or_default();
        let ours = media_type.to_lowercase().starts_with(MEDIA_TYPE);
        answer.must(ours, "the media type is application/scim+json")?;
    }
    Ok(())
}

async fn plain_json_is_answered_on_request(c: &Client) -> Checked {
    let request = c
        .request("GET", "/ServiceProviderConfig")
        .with("accept", "application/json");
    let answer = c.send(request).await?.expect(&[200])?;
    let media_type = answer
        .header("content-type")
        .unwrap_or_default()
        .to_lowercase();
    let json = media_type.starts_with("application/json") || media_type.starts_with(MEDIA_TYPE);
    answer.must(json, "the answer is JSON")
}

async fn what_is_no_json_is_refused(c: &Client) -> Checked {
    for body in ["{\"schemas\": [", "nothing", "[]", "\"text\""] {
        let mut request = c.request_with("POST", c.users(), &json!({}));
        request.body = body.as_bytes().to_vec();
        c.send(request)
            .await?
            .refused(400, &["invalidSyntax", "invalidValue"])?;
    }
    Ok(())
}

async fn bytes_that_are_no_utf8_are_refused(c: &Client) -> Checked {
    let mut request = c.request_with("POST", c.users(), &c.draft(json!({"title": "TITLE"}))?);
    for byte in &mut request.body {
        *byte = if *byte == b'T' { 0xff } else { *byte };
    }
    c.send(request)
        .await?
        .refused(400, &["invalidSyntax", "invalidValue"])
}

async fn a_deep_body_is_no_fault_of_the_server(c: &Client) -> Checked {
    let mut request = c.request_with("POST", c.users(), &json!({}));
    request.body = [b"{\"title\":".as_slice(), &[b'['; 500], &[b']'; 500], b"}"].concat();
    c.send(request).await?.expect(&[400, 413])?;
    Ok(())
}

async fn links_do_not_follow_forged_hosts(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let request = c
        .request("GET", &user.path)
        .with("x-forwarded-host", "forged.example")
        .with("forwarded", "host=forged.example");
    let answer = c.send(request).await?.expect(&[200])?;
    let location = text(answer.at("/meta/location"));
    answer.must(
        !location.contains("forged.example"),
        "meta.location is the server's own",
    )?;
    answer.must(location.contains("://"), "meta.location is absolute")
}

async fn head_answers_without_a_body(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c
        .send(c.request("HEAD", &user.path))
        .await?
        .expect(&[200, 405, 501])?;
    answer.must(answer.body().is_empty(), "there is no body")
}

async fn options_does_no_harm(c: &Client) -> Checked {
    let answer = c.send(c.request("OPTIONS", c.users())).await?;
    answer.expect(&[200, 204, 404, 405, 501])?;
    Ok(())
}

async fn unknown_parameters_are_passed_over(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let filter = format!("filter=userName%20eq%20%22{}%22", user.name);
    for query in [
        format!("aadOptscim062020&{filter}"),
        format!("{filter}&unknown=1"),
        format!("{filter}&"),
        format!("{filter}&aadOptscim062020="),
    ] {
        let answer = c
            .get(&format!("{}?{query}", c.users()))
            .await?
            .expect(&[200])?;
        answer.must(answer.ids() == [user.id.clone()], "the query is answered")?;
    }
    c.get(&format!("{}?", c.users())).await?.expect(&[200])?;
    Ok(())
}

async fn a_user_agent_is_not_needed(c: &Client) -> Checked {
    let request = c
        .request("GET", "/ServiceProviderConfig")
        .with("user-agent", "");
    let answer = c.send(request).await?.expect(&[200])?;
    answer.must(answer.at("/schemas/0") != ERROR, "it is answered")
}
