//! Filters: on groups, without a match, in the dialects of clients, and broken ones
//! (RFC 7644 §3.4.2).

use serde_json::json;

use crate::checks::checks;
use crate::client::{Client, ENTERPRISE, Made, USER};
use crate::fault::Checked;

checks!("filters":
    no_match_is_an_empty_list,
    groups_are_found_by_name,
    groups_are_found_by_member,
    managers_are_found_by_id,
    a_bare_manager_means_the_id,
    an_unknown_attribute_is_refused,
    what_cannot_be_read_is_refused,
    bare_words_are_understood_or_refused,
    texts_for_booleans_are_understood_or_refused,
    a_plus_is_a_space,
    a_deep_filter_is_no_fault_of_the_server,
    a_long_filter_is_answered,
);

async fn no_match_is_an_empty_list(c: &Client) -> Checked {
    let answer = c
        .filter(c.users(), &format!("userName eq \"{}\"", c.name()))
        .await?;
    answer.holds(&json!({"totalResults": 0}))?;
    answer.must(answer.resources().is_empty(), "there are no resources")
}

async fn groups_are_found_by_name(c: &Client) -> Checked {
    let (group, _other) = (c.group(&[]).await?, c.group(&[]).await?);
    let found = c
        .filter(c.groups(), &format!("displayName eq \"{}\"", group.name))
        .await?;
    found.must(found.ids() == [group.id], "exactly this group is found")
}

async fn groups_are_found_by_member(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let group = c.group(&[&ada]).await?;
    for (filter, found) in [
        (
            format!("id eq \"{}\" and members.value eq \"{}\"", group.id, ada.id),
            true,
        ),
        (
            format!(
                "id eq \"{}\" and members[value eq \"{}\"]",
                group.id, ada.id
            ),
            true,
        ),
        (
            format!("id eq \"{}\" and members eq \"{}\"", group.id, ada.id),
            true,
        ),
        (
            format!("id eq \"{}\" and members.value eq \"{}\"", group.id, bob.id),
            false,
        ),
    ] {
        let answer = c.filter(c.groups(), &filter).await?;
        answer.must(
            answer.ids().contains(&group.id) == found,
            format!("it is found: {found}"),
        )?;
    }
    Ok(())
}

/// Somebody with a manager.
async fn managed(c: &Client) -> Checked<(Made, Made)> {
    let boss = c.user(json!({})).await?;
    let draft = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": boss.id}}});
    let user = c.user(draft).await?;
    Ok((user, boss))
}

async fn managers_are_found_by_id(c: &Client) -> Checked {
    let (user, boss) = managed(c).await?;
    c.selected(
        &user,
        &[
            (
                &format!("{ENTERPRISE}:manager.value eq \"{}\"", boss.id),
                true,
            ),
            (
                &format!("{ENTERPRISE}:manager.value eq \"{}\"", user.id),
                false,
            ),
        ],
    )
    .await
}

async fn a_bare_manager_means_the_id(c: &Client) -> Checked {
    let (user, boss) = managed(c).await?;
    c.selected(
        &user,
        &[
            (&format!("{ENTERPRISE}:manager eq \"{}\"", boss.id), true),
            (&format!("{ENTERPRISE}:manager eq \"{}\"", user.id), false),
        ],
    )
    .await
}

async fn an_unknown_attribute_is_refused(c: &Client) -> Checked {
    c.needs("filter")?;
    for filter in [
        "conformanceUnknown eq \"a\"",
        "name.unknown pr",
        "urn:example:none:a pr",
    ] {
        let answer = c.query(c.users(), &[("filter", filter)]).await?;
        answer.refused(400, &["invalidFilter", "invalidPath"])?;
    }
    Ok(())
}

async fn what_cannot_be_read_is_refused(c: &Client) -> Checked {
    c.needs("filter")?;
    for filter in [
        "userName",
        "userName eq",
        "eq \"a\"",
        "userName zz \"a\"",
        "userName eq \"a",
        "userName eq \"a\" and",
        "and userName eq \"a\"",
        "userName eq \"a\" userName eq \"b\"",
        "(userName eq \"a\"",
        "userName eq \"a\")",
        "not userName eq \"a\"",
        "emails[type eq \"work\"",
        "emails[]",
        "userName eq \"a\" or or title pr",
        "userName eq \"\\x\"",
    ] {
        let answer = c.query(c.users(), &[("filter", filter)]).await?;
        answer.refused_as(400, "invalidFilter")?;
    }
    Ok(())
}

async fn bare_words_are_understood_or_refused(c: &Client) -> Checked {
    c.needs("filter")?;
    let external = c.name();
    let user = c.user(json!({"externalId": external})).await?;
    let filter = format!("externalId eq {external}");
    let answer = c.query(c.users(), &[("filter", &filter)]).await?;
    if answer.status() == 200 {
        return answer.must(answer.ids() == [user.id], "the word means the text");
    }
    answer.refused_as(400, "invalidFilter")
}

async fn texts_for_booleans_are_understood_or_refused(c: &Client) -> Checked {
    c.needs("filter")?;
    let user = c.user(json!({"active": false})).await?;
    let filter = format!("active eq \"false\" and userName eq \"{}\"", user.name);
    let answer = c.query(c.users(), &[("filter", &filter)]).await?;
    if answer.status() == 200 {
        return answer.must(answer.ids() == [user.id], "the text means the boolean");
    }
    answer.refused_as(400, "invalidFilter")
}

async fn a_plus_is_a_space(c: &Client) -> Checked {
    c.needs("filter")?;
    let user = c.user(json!({})).await?;
    let path = format!("{}?filter=userName+eq+%22{}%22", c.users(), user.name);
    let answer = c.get(&path).await?.expect(&[200])?;
    answer.must(answer.ids() == [user.id], "the user is found")
}

async fn a_deep_filter_is_no_fault_of_the_server(c: &Client) -> Checked {
    c.needs("filter")?;
    let filter = format!("{}title pr{}", "(".repeat(1_500), ")".repeat(1_500));
    let answer = c.query(c.users(), &[("filter", &filter)]).await?;
    answer.must(answer.status() < 500, "it is answered or refused")
}

async fn a_long_filter_is_answered(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    let mut terms: Vec<_> = (0..50)
        .map(|n| format!("userName eq \"none-{n}\""))
        .collect();
    terms.push(format!("userName eq \"{}\"", user.name));
    let answer = c.filter(c.users(), &terms.join(" or ")).await?;
    answer.must(answer.ids() == [user.id], "the user is found")
}
