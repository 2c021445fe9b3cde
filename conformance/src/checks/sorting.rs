//! Order (RFC 7644 §3.4.2.3).

use serde_json::json;

use crate::answer::{Answer, text};
use crate::checks::checks;
use crate::checks::paging::five;
use crate::client::Client;
use crate::fault::Checked;

checks!("sorting":
    resources_are_sorted,
    descending_is_the_other_way_round,
    sub_attributes_are_sorted_by,
    the_primary_value_is_sorted_by,
    absent_values_come_last,
    case_says_nothing_where_it_does_not_count,
    order_and_pages_go_together,
    an_unknown_attribute_is_refused_or_passed_over,
);

async fn sorted(c: &Client, filter: &str, by: &str, order: &str) -> Checked<Answer> {
    c.needs("sort")?;
    let parameters = [("filter", filter), ("sortBy", by), ("sortOrder", order)];
    c.query(c.users(), &parameters).await?.expect(&[200])
}

fn names(answer: &Answer) -> Vec<String> {
    answer
        .resources()
        .iter()
        .map(|it| text(&it["nickName"]))
        .collect()
}

async fn resources_are_sorted(c: &Client) -> Checked {
    c.needs("sort")?;
    let (filter, _) = five(c).await?;
    let answer = sorted(c, &filter, "nickName", "ascending").await?;
    answer.must(
        names(&answer) == ["n1", "n2", "n3", "n4", "n5"],
        "they are in order",
    )?;
    let parameters = [("filter", filter.as_str()), ("sortBy", "nickName")];
    let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
    answer.must(
        names(&answer) == ["n1", "n2", "n3", "n4", "n5"],
        "ascending is the default",
    )
}

async fn descending_is_the_other_way_round(c: &Client) -> Checked {
    c.needs("sort")?;
    let (filter, _) = five(c).await?;
    let answer = sorted(c, &filter, "nickName", "descending").await?;
    answer.must(
        names(&answer) == ["n5", "n4", "n3", "n2", "n1"],
        "they are in order",
    )
}

async fn sub_attributes_are_sorted_by(c: &Client) -> Checked {
    c.needs("sort")?;
    let title = c.name();
    for name in ["Cay", "Ada", "Bob"] {
        c.user(json!({"title": title, "nickName": name, "name": {"familyName": name}}))
            .await?;
    }
    let filter = format!("title eq \"{title}\"");
    let answer = sorted(c, &filter, "name.familyName", "ascending").await?;
    answer.must(names(&answer) == ["Ada", "Bob", "Cay"], "they are in order")
}

async fn the_primary_value_is_sorted_by(c: &Client) -> Checked {
    c.needs("sort")?;
    let title = c.name();
    for (nick, first, primary) in [("B", "a", "y"), ("A", "b", "x")] {
        let email = |letter: &str, primary: bool| {
            let value = format!("{letter}-{nick}-{title}@conformance.example").to_lowercase();
            json!({"value": value, "type": if primary { "work" } else { "home" }, "primary": primary})
        };
        let emails = json!([email(first, false), email(primary, true)]);
        c.user(json!({"title": title, "nickName": nick, "emails": emails}))
            .await?;
    }
    let filter = format!("title eq \"{title}\"");
    let answer = sorted(c, &filter, "emails", "ascending").await?;
    answer.must(names(&answer) == ["A", "B"], "the primary addresses decide")
}

async fn absent_values_come_last(c: &Client) -> Checked {
    c.needs("sort")?;
    let title = c.name();
    for (nick, kind) in [("none", None), ("b", Some("b")), ("a", Some("a"))] {
        let mut draft = json!({"title": title, "nickName": nick});
        if let Some(kind) = kind {
            draft["userType"] = kind.into();
        }
        c.user(draft).await?;
    }
    let filter = format!("title eq \"{title}\"");
    let answer = sorted(c, &filter, "userType", "ascending").await?;
    answer.must(
        names(&answer) == ["a", "b", "none"],
        "no value is last when ascending",
    )?;
    let answer = sorted(c, &filter, "userType", "descending").await?;
    answer.must(
        names(&answer) == ["none", "b", "a"],
        "no value is first when descending",
    )
}

async fn case_says_nothing_where_it_does_not_count(c: &Client) -> Checked {
    c.needs("sort")?;
    let title = c.name();
    for nick in ["b", "C", "a"] {
        c.user(json!({"title": title, "nickName": nick})).await?;
    }
    let answer = sorted(c, &format!("title eq \"{title}\""), "nickName", "ascending").await?;
    answer.must(names(&answer) == ["a", "b", "C"], "they are in order")
}

async fn order_and_pages_go_together(c: &Client) -> Checked {
    c.needs("sort")?;
    let (filter, _) = five(c).await?;
    let mut seen = Vec::new();
    for start in ["1", "3", "5"] {
        let parameters = [
            ("filter", filter.as_str()),
            ("sortBy", "nickName"),
            ("startIndex", start),
            ("count", "2"),
        ];
        let answer = c.query(c.users(), &parameters).await?.expect(&[200])?;
        seen.extend(names(&answer));
        answer.must(
            seen == ["n1", "n2", "n3", "n4", "n5"][..seen.len().min(5)],
            "the pages follow the order",
        )?;
    }
    Ok(())
}

async fn an_unknown_attribute_is_refused_or_passed_over(c: &Client) -> Checked {
    c.needs("sort")?;
    let answer = c
        .query(
            c.users(),
            &[("sortBy", "conformanceUnknown"), ("count", "1")],
        )
        .await?;
    if answer.status() == 200 {
        return Ok(());
    }
    answer.refused(400, &["invalidPath", "invalidValue"])
}
