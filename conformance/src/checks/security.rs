//! Who may ask, and what answers keep to themselves (RFC 7644 §2, §6, §7).

use serde_json::json;

use crate::checks::checks;
use crate::client::Client;
use crate::fault::Checked;
use crate::transport::Request;

checks!("security":
    no_token_is_no_entrance,
    a_wrong_token_is_no_entrance,
    writes_are_closed_too,
    resources_are_not_cached,
    a_request_can_be_named,
);

fn without_token(c: &Client, method: &str, path: &str) -> Request {
    let mut request = c.request(method, path);
    request.headers.retain(|(name, _)| name != "authorization");
    request
}

async fn no_token_is_no_entrance(c: &Client) -> Checked {
    for path in [c.users(), c.groups(), "/Users/no-such-id"] {
        let answer = c.send(without_token(c, "GET", path)).await?;
        answer.refused(401, &[])?;
        let asked = answer.header("www-authenticate").unwrap_or_default();
        answer.must(!asked.is_empty(), "WWW-Authenticate tells how to come in")?;
    }
    Ok(())
}

async fn a_wrong_token_is_no_entrance(c: &Client) -> Checked {
    for credentials in [
        "Bearer wrong",
        "Bearer ",
        "Basic d3Jvbmc6d3Jvbmc=",
        "nonsense",
    ] {
        let request = c
            .request("GET", c.users())
            .with("authorization", credentials);
        c.send(request).await?.refused(401, &[])?;
    }
    Ok(())
}

async fn writes_are_closed_too(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let mut post =
        without_token(c, "POST", c.users()).with("content-type", "application/scim+json");
    post.body = c.draft(json!({}))?.to_string().into_bytes();
    c.send(post).await?.refused(401, &[])?;
    c.send(without_token(c, "DELETE", &user.path))
        .await?
        .refused(401, &[])?;
    c.get(&user.path).await?.expect(&[200])?;
    Ok(())
}

async fn resources_are_not_cached(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    let cached = answer
        .header("cache-control")
        .unwrap_or_default()
        .to_lowercase();
    let kept = cached.contains("no-store") || cached.contains("private");
    answer.must(kept, "Cache-Control is no-store or private")
}

async fn a_request_can_be_named(c: &Client) -> Checked {
    let answer = c.get(c.users()).await?;
    let names = [
        "x-request-id",
        "request-id",
        "x-correlation-id",
        "traceparent",
    ];
    let named = names.iter().any(|name| answer.header(name).is_some());
    answer.must(
        named,
        "a header names the request for whoever reads the logs",
    )
}
