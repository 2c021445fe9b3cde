//! Pages by cursor (RFC 9865).

use std::collections::BTreeSet;

use serde_json::json;

use crate::answer::{Answer, text};
use crate::checks::checks;
use crate::checks::paging::five;
use crate::client::Client;
use crate::fault::{Checked, Fault};

checks!("cursor":
    a_walk_has_every_match_once,
    a_walk_back_leads_to_the_first_page,
    a_forged_cursor_is_refused,
    a_cursor_belongs_to_its_query,
    a_bad_count_is_refused,
    a_cursor_and_an_index_do_not_mix,
    index_stays_the_default,
    a_search_takes_a_cursor,
    the_configuration_tells_of_pages,
);

async fn page(c: &Client, filter: &str, cursor: &str, count: &str) -> Checked<Answer> {
    c.needs("cursor")?;
    c.query(
        c.users(),
        &[("filter", filter), ("cursor", cursor), ("count", count)],
    )
    .await
}

async fn a_walk_has_every_match_once(c: &Client) -> Checked {
    c.needs("cursor")?;
    let (filter, users) = five(c).await?;
    for size in ["1", "2", "5"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = page(c, &filter, &cursor, size).await?.expect(&[200])?;
            seen.extend(answer.ids());
            answer.must(seen.len() <= users.len(), "the walk ends")?;
            match answer.at("/nextCursor").as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        let once: BTreeSet<_> = seen.iter().collect();
        if once.len() != users.len() || seen.len() != users.len() {
            return Err(Fault::failed(format!(
                "each of five matches comes once: {seen:?}"
            )));
        }
    }
    Ok(())
}

async fn a_walk_back_leads_to_the_first_page(c: &Client) -> Checked {
    c.needs("cursor")?;
    let (filter, _) = five(c).await?;
    let first = page(c, &filter, "", "2").await?.expect(&[200])?;
    let next = text(first.at("/nextCursor"));
    let second = page(c, &filter, &next, "2").await?.expect(&[200])?;
    let Some(previous) = second.at("/previousCursor").as_str() else {
        return Err(Fault::skipped(
            "it tells no previousCursor, which is optional",
        ));
    };
    let back = page(c, &filter, previous, "2").await?.expect(&[200])?;
    back.must(back.ids() == first.ids(), "it is the first page")
}

async fn a_forged_cursor_is_refused(c: &Client) -> Checked {
    let answer = page(c, "userName pr", "forged", "2").await?;
    answer.refused_as(400, "invalidCursor")
}

async fn a_cursor_belongs_to_its_query(c: &Client) -> Checked {
    c.needs("cursor")?;
    let (filter, _) = five(c).await?;
    let first = page(c, &filter, "", "2").await?.expect(&[200])?;
    let next = text(first.at("/nextCursor"));
    let other = page(c, "userName pr", &next, "2").await?;
    other.refused_as(400, "invalidCursor")
}

async fn a_bad_count_is_refused(c: &Client) -> Checked {
    let answer = page(c, "userName pr", "", "many").await?;
    answer.refused(400, &["invalidCount", "invalidValue"])
}

async fn a_cursor_and_an_index_do_not_mix(c: &Client) -> Checked {
    c.needs("cursor")?;
    let answer = c
        .query(c.users(), &[("cursor", ""), ("startIndex", "1")])
        .await?;
    if answer.status() == 200 {
        return Ok(());
    }
    answer.refused(400, &["invalidValue", "invalidCursor", "invalidSyntax"])
}

async fn index_stays_the_default(c: &Client) -> Checked {
    let answer = c
        .query(c.users(), &[("startIndex", "1"), ("count", "1")])
        .await?
        .expect(&[200])?;
    answer.holds(&json!({"startIndex": 1, "nextCursor": {"$absent": true}}))
}

async fn a_search_takes_a_cursor(c: &Client) -> Checked {
    c.needs("cursor")?;
    let (filter, _) = five(c).await?;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": filter, "cursor": "", "count": 2,
    });
    let answer = c
        .post(&format!("{}/.search", c.users()), &body)
        .await?
        .expect(&[200])?;
    answer.holds(&json!({"nextCursor": {"$present": true}}))?;
    answer.must(answer.ids().len() == 2, "a page of two")
}

async fn the_configuration_tells_of_pages(c: &Client) -> Checked {
    let answer = c.get("/ServiceProviderConfig").await?.expect(&[200])?;
    let pagination = answer.at("/pagination");
    if pagination.is_null() {
        return Err(Fault::skipped(
            "ServiceProviderConfig does not announce pagination",
        ));
    }
    let told = pagination["cursor"].is_boolean() && pagination["index"].is_boolean();
    answer.must(told, "pagination tells of cursor and index")?;
    let method = &pagination["defaultPaginationMethod"];
    answer.must(
        method.is_null() || method == "index" || method == "cursor",
        "the default is one of the two",
    )
}
