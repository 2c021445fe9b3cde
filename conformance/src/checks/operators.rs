//! Filters: the operators and how they bind (RFC 7644 §3.4.2.2).

use serde_json::json;

use crate::answer::text;
use crate::checks::checks;
use crate::client::{Client, ENTERPRISE, Made, USER};
use crate::fault::Checked;

checks!("operators":
    eq_and_ne_compare,
    co_sw_and_ew_find_parts,
    pr_asks_for_a_value,
    texts_have_an_order,
    times_are_compared_as_instants,
    and_binds_before_or,
    parentheses_come_first,
    not_turns_a_filter_round,
    names_and_operators_have_no_case,
    values_are_json,
    wildcards_are_plain_letters,
    texts_have_json_escapes,
    absent_values_are_not_equal,
    booleans_have_no_order,
    any_value_of_many_is_enough,
    brackets_bind_to_one_value,
    a_chosen_sub_attribute_is_compared,
    sub_attributes_are_compared,
    urns_lead_to_attributes,
    common_attributes_are_compared,
);

/// Somebody with two addresses and a title.
async fn ada(c: &Client) -> Checked<Made> {
    let name = c.name();
    c.user(json!({
        "title": "Engineer",
        "nickName": "Ada",
        "emails": [
            {"value": format!("work-{name}@conformance.example"), "type": "work", "primary": true},
            {"value": format!("home-{name}@conformance.example"), "type": "home"},
        ],
    }))
    .await
}

async fn eq_and_ne_compare(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("title eq \"Engineer\"", true),
            ("title eq \"Engine\"", false),
            ("title ne \"Engine\"", true),
            ("title ne \"Engineer\"", false),
            ("active eq true", true),
            ("active eq false", false),
            ("active ne false", true),
        ],
    )
    .await
}

async fn co_sw_and_ew_find_parts(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("title co \"ngin\"", true),
            ("title co \"x\"", false),
            ("title sw \"Eng\"", true),
            ("title sw \"ngin\"", false),
            ("title ew \"neer\"", true),
            ("title ew \"nee\"", false),
        ],
    )
    .await
}

async fn pr_asks_for_a_value(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("title pr", true),
            ("userType pr", false),
            ("name pr", true),
            ("name.middleName pr", false),
            ("emails pr", true),
            ("phoneNumbers pr", false),
        ],
    )
    .await
}

async fn texts_have_an_order(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("title gt \"Doctor\"", true),
            ("title gt \"Engineer\"", false),
            ("title ge \"Engineer\"", true),
            ("title lt \"Farmer\"", true),
            ("title lt \"Engineer\"", false),
            ("title le \"Engineer\"", true),
        ],
    )
    .await
}

async fn times_are_compared_as_instants(c: &Client) -> Checked {
    let user = ada(c).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    let created = text(answer.at("/meta/created"));
    let elsewhere = elsewhere(&created).unwrap_or_else(|| created.clone());
    let filter = |op: &str, time: &str| format!("meta.created {op} \"{time}\"");
    c.selected(
        &user,
        &[
            (&filter("ge", &created), true),
            (&filter("gt", "2001-01-01T00:00:00Z"), true),
            (&filter("lt", "2001-01-01T00:00:00Z"), false),
            (&filter("eq", &elsewhere), true),
            (&filter("le", &elsewhere), true),
            (&filter("lt", &elsewhere), false),
        ],
    )
    .await
}

/// The same instant of the same day, as another time zone writes it.
fn elsewhere(time: &str) -> Option<String> {
    let (day, rest) = time.strip_suffix('Z')?.split_once('T')?;
    let hour: u8 = rest.get(..2)?.parse().ok()?;
    let west = hour.min(12);
    Some(format!(
        "{day}T{:02}{}-{west:02}:00",
        hour - west,
        rest.get(2..)?
    ))
}

async fn and_binds_before_or(c: &Client) -> Checked {
    let user = ada(c).await?;
    let (yes, no) = ("title eq \"Engineer\"", "title eq \"nothing\"");
    c.selected(
        &user,
        &[
            (&format!("{yes} or {no} and {no}"), true),
            (&format!("{no} and {no} or {yes}"), true),
            (&format!("{yes} and {no} or {no}"), false),
            (&format!("{yes} and {yes}"), true),
            (&format!("{yes} and {no}"), false),
            (&format!("{no} or {yes}"), true),
            (&format!("{no} or {no}"), false),
        ],
    )
    .await
}

async fn parentheses_come_first(c: &Client) -> Checked {
    let user = ada(c).await?;
    let (yes, no) = ("title eq \"Engineer\"", "title eq \"nothing\"");
    c.selected(
        &user,
        &[
            (&format!("({yes} or {no}) and {no}"), false),
            (&format!("({yes} or {no}) and {yes}"), true),
            (&format!("(({yes}))"), true),
            (&format!("{no} or ({yes} and ({no} or {yes}))"), true),
        ],
    )
    .await
}

async fn not_turns_a_filter_round(c: &Client) -> Checked {
    let user = ada(c).await?;
    let (yes, no) = ("title eq \"Engineer\"", "title eq \"nothing\"");
    c.selected(
        &user,
        &[
            (&format!("not ({yes})"), false),
            (&format!("not ({no})"), true),
            (&format!("{yes} and not ({no})"), true),
            (&format!("not ({no} or {yes})"), false),
            (&format!("not ({no}) and {no}"), false),
        ],
    )
    .await
}

async fn names_and_operators_have_no_case(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("TITLE Eq \"Engineer\" AND Active EQ true", true),
            ("NAME.familyname SW \"Love\" Or title PR", true),
            ("NOT (Title eq \"Engineer\")", false),
        ],
    )
    .await
}

async fn values_are_json(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("active eq true", true),
            ("title eq \"\\u0045ngineer\"", true),
            ("userType eq null", true),
            ("title eq null", false),
            ("title ne null", true),
        ],
    )
    .await
}

async fn wildcards_are_plain_letters(c: &Client) -> Checked {
    let user = c.user(json!({"title": "100%_\u{1f600}*"})).await?;
    c.selected(
        &user,
        &[
            ("title co \"%_\"", true),
            ("title sw \"100%\"", true),
            ("title co \"0_%\"", false),
            ("title sw \"%\"", false),
            ("title sw \"_\"", false),
            ("title ew \"\u{1f600}*\"", true),
            ("title co \"*100\"", false),
        ],
    )
    .await
}

async fn texts_have_json_escapes(c: &Client) -> Checked {
    let user = c.user(json!({"title": "O\"Hara \\ caf\u{e9}"})).await?;
    c.selected(
        &user,
        &[
            ("title sw \"O\\\"Hara\"", true),
            ("title co \"\\\\\"", true),
            ("title ew \"caf\\u00e9\"", true),
            ("title ew \"caf\u{e9}\"", true),
        ],
    )
    .await
}

async fn absent_values_are_not_equal(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("userType eq \"Employee\"", false),
            ("userType ne \"Employee\"", true),
            ("not (userType eq \"Employee\")", true),
            ("userType gt \"A\"", false),
        ],
    )
    .await
}

async fn booleans_have_no_order(c: &Client) -> Checked {
    c.needs("filter")?;
    for operator in ["gt", "ge", "lt", "le"] {
        let filter = format!("active {operator} true");
        c.query(c.users(), &[("filter", &filter)])
            .await?
            .refused_as(400, "invalidFilter")?;
    }
    Ok(())
}

async fn any_value_of_many_is_enough(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("emails.value sw \"work-\"", true),
            ("emails.value sw \"home-\"", true),
            ("emails.value sw \"none-\"", false),
            ("emails co \"home-\"", true),
            ("emails sw \"none-\"", false),
        ],
    )
    .await
}

async fn brackets_bind_to_one_value(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("emails[type eq \"work\" and value sw \"work-\"]", true),
            ("emails[type eq \"work\" and value sw \"home-\"]", false),
            (
                "emails.type eq \"work\" and emails.value sw \"home-\"",
                true,
            ),
            ("emails[type eq \"home\" or type eq \"other\"]", true),
            ("emails[not (type eq \"work\")]", true),
            ("emails[primary eq true and type eq \"home\"]", false),
        ],
    )
    .await
}

async fn a_chosen_sub_attribute_is_compared(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("emails[type eq \"work\"].value sw \"work-\"", true),
            ("emails[type eq \"work\"].value sw \"home-\"", false),
        ],
    )
    .await
}

async fn sub_attributes_are_compared(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            ("name.familyName eq \"Lovelace\"", true),
            ("name.familyName eq \"Ada\"", false),
            ("meta.lastModified gt \"2001-01-01T00:00:00Z\"", true),
        ],
    )
    .await
}

async fn urns_lead_to_attributes(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            (&format!("{USER}:title eq \"Engineer\""), true),
            (&format!("{USER}:name.familyName eq \"Byron\""), false),
        ],
    )
    .await?;
    if c.discovery.knows_extension(ENTERPRISE).is_err() {
        return Ok(());
    }
    let employee = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"department": "Tours"}});
    let employee = c.user(employee).await?;
    c.selected(
        &employee,
        &[
            (&format!("{ENTERPRISE}:department eq \"Tours\""), true),
            (&format!("{ENTERPRISE}:department eq \"Other\""), false),
        ],
    )
    .await
}

async fn common_attributes_are_compared(c: &Client) -> Checked {
    let user = ada(c).await?;
    c.selected(
        &user,
        &[
            (&format!("id eq \"{}\"", user.id), true),
            (&format!("schemas eq \"{USER}\""), true),
            ("meta.resourceType eq \"User\"", true),
            ("meta.resourceType eq \"Group\"", false),
        ],
    )
    .await
}
