//! The client's own resource, and the roles it may give (RFC 7644 §3.11; RFC 7643 §8.5).

use serde_json::json;

use crate::checks::checks;
use crate::client::Client;
use crate::fault::{Checked, Fault};

checks!("me":
    me_is_answered_or_refused,
    me_names_the_real_resource,
    what_is_read_only_takes_no_writes,
);

async fn me_is_answered_or_refused(c: &Client) -> Checked {
    let answer = c
        .get("/Me")
        .await?
        .expect(&[200, 307, 308, 403, 404, 501])?;
    match answer.status() {
        200 => answer.holds(&json!({"id": {"$present": true}, "schemas": {"$present": true}})),
        307 | 308 => answer.must(
            answer.header("location").is_some(),
            "a redirect leads somewhere",
        ),
        status => answer.refused(status, &[]),
    }
}

async fn me_names_the_real_resource(c: &Client) -> Checked {
    let answer = c.get("/Me").await?;
    if answer.status() != 200 {
        return Err(Fault::skipped(format!(
            "the server answers {} to /Me",
            answer.status()
        )));
    }
    let location = answer.at("/meta/location").as_str().unwrap_or_default();
    answer.must(!location.ends_with("/Me"), "meta.location is not the alias")
}

async fn what_is_read_only_takes_no_writes(c: &Client) -> Checked {
    let known = c
        .discovery
        .types
        .iter()
        .any(|it| it["endpoint"] == "/Roles");
    if !known {
        return Err(Fault::skipped("ResourceTypes does not announce /Roles"));
    }
    let list = c.get("/Roles").await?.expect(&[200])?;
    list.holds(&json!({"totalResults": {"$present": true}}))?;
    let Some(id) = list.ids().into_iter().next() else {
        return Ok(());
    };
    let one = c.get(&format!("/Roles/{id}")).await?.expect(&[200])?;
    one.holds(&json!({"id": id}))?;
    c.delete(&format!("/Roles/{id}"))
        .await?
        .expect(&[403, 405, 501])?;
    Ok(())
}
