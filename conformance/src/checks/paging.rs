//! Lists and their pages (RFC 7644 §3.4.2, §3.4.2.4).

use std::collections::BTreeSet;

use serde_json::json;

use crate::checks::checks;
use crate::client::{Client, Made};
use crate::fault::{Checked, Fault};

checks!("paging":
    a_list_has_the_form_of_the_standard,
    numbers_in_a_list_are_integers,
    pages_are_counted_from_one,
    a_page_that_is_no_number_is_refused,
    beyond_the_end_is_an_empty_page,
    count_zero_only_counts,
    a_negative_count_is_zero,
    a_count_above_the_limit_is_cut,
    a_page_tells_how_much_it_has,
    every_match_is_on_one_page,
    pages_keep_their_order,
);

/// Five users who share a title that nobody else has.
pub(super) async fn five(c: &Client) -> Checked<(String, Vec<Made>)> {
    let title = c.name();
    let mut users = Vec::new();
    for number in [3, 1, 5, 2, 4] {
        users.push(
            c.user(json!({"title": title, "nickName": format!("n{number}")}))
                .await?,
        );
    }
    Ok((format!("title eq \"{title}\""), users))
}

async fn a_list_has_the_form_of_the_standard(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let answer = c
        .filter(c.users(), &format!("userName eq \"{}\"", user.name))
        .await?;
    answer.holds(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 1,
        "Resources": [{"id": user.answer.at("/id"), "userName": user.name, "schemas": {"$present": true}}],
    }))
}

async fn numbers_in_a_list_are_integers(c: &Client) -> Checked {
    let answer = c
        .query(c.users(), &[("startIndex", "1"), ("count", "2")])
        .await?
        .expect(&[200])?;
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        let value = answer.at(&format!("/{name}"));
        let told = value.is_u64() || value.is_null() && name != "totalResults";
        answer.must(told, format!("{name} is an integer"))?;
    }
    Ok(())
}

async fn pages_are_counted_from_one(c: &Client) -> Checked {
    let (filter, _) = five(c).await?;
    let page = async |start: &str| {
        let parameters = [
            ("filter", filter.as_str()),
            ("startIndex", start),
            ("count", "2"),
        ];
        c.query(c.users(), &parameters).await?.expect(&[200])
    };
    let first = page("1").await?;
    first.holds(&json!({"startIndex": 1, "totalResults": 5}))?;
    for below in ["0", "-5"] {
        let answer = page(below).await?;
        answer.holds(&json!({"startIndex": 1}))?;
        answer.must(answer.ids() == first.ids(), "it is the first page")?;
    }
    let second = page("2").await?;
    second.must(
        second.ids().first() == first.ids().get(1),
        "startIndex 2 begins with the second match",
    )
}

async fn a_page_that_is_no_number_is_refused(c: &Client) -> Checked {
    for parameter in [("startIndex", "one"), ("count", "many")] {
        c.query(c.users(), &[parameter])
            .await?
            .refused(400, &["invalidValue", "invalidSyntax", "invalidCount"])?;
    }
    Ok(())
}

async fn beyond_the_end_is_an_empty_page(c: &Client) -> Checked {
    let (filter, _) = five(c).await?;
    let parameters = [
        ("filter", filter.as_str()),
        ("startIndex", "999999"),
        ("count", "2"),
    ];
    let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
    answer.holds(&json!({"totalResults": 5}))?;
    answer.must(answer.resources().is_empty(), "the page is empty")
}

async fn count_zero_only_counts(c: &Client) -> Checked {
    counted(c, "0").await
}

async fn a_negative_count_is_zero(c: &Client) -> Checked {
    counted(c, "-3").await
}

async fn counted(c: &Client, count: &str) -> Checked {
    let (filter, _) = five(c).await?;
    let parameters = [("filter", filter.as_str()), ("count", count)];
    let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
    answer.holds(&json!({"totalResults": 5}))?;
    answer.must(answer.resources().is_empty(), "no resource is told")
}

async fn a_count_above_the_limit_is_cut(c: &Client) -> Checked {
    let (filter, _) = five(c).await?;
    let parameters = [("filter", filter.as_str()), ("count", "1000000")];
    let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
    answer.holds(&json!({"totalResults": 5}))
}

async fn a_page_tells_how_much_it_has(c: &Client) -> Checked {
    let (filter, _) = five(c).await?;
    for (start, items) in [("1", 3), ("4", 2)] {
        let parameters = [
            ("filter", filter.as_str()),
            ("startIndex", start),
            ("count", "3"),
        ];
        let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
        answer.holds(&json!({"itemsPerPage": items, "totalResults": 5}))?;
        answer.must(answer.resources().len() == items, "and has as much")?;
    }
    Ok(())
}

async fn every_match_is_on_one_page(c: &Client) -> Checked {
    let (filter, users) = five(c).await?;
    let expected: BTreeSet<_> = users.iter().map(|it| it.id.clone()).collect();
    for size in [1, 2, 3, 5] {
        let (mut seen, mut start) = (Vec::new(), 1);
        while start <= users.len() {
            let (from, count) = (start.to_string(), size.to_string());
            let parameters = [
                ("filter", filter.as_str()),
                ("startIndex", &from),
                ("count", &count),
            ];
            let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
            answer.holds(&json!({"totalResults": users.len()}))?;
            answer.must(!answer.ids().is_empty(), "the walk goes on")?;
            seen.extend(answer.ids());
            start += answer.ids().len();
        }
        let once: BTreeSet<_> = seen.iter().cloned().collect();
        if once != expected || seen.len() != expected.len() {
            return Err(Fault::failed(format!(
                "pages of {size} should have each of the five matches once, and have {seen:?}"
            )));
        }
    }
    Ok(())
}

async fn pages_keep_their_order(c: &Client) -> Checked {
    let (filter, _) = five(c).await?;
    let order = c.filter(c.users(), &filter).await?.ids();
    for _ in 0..3 {
        let again = c.filter(c.users(), &filter).await?;
        again.must(again.ids() == order, "the order stays")?;
    }
    Ok(())
}
