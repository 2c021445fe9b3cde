//! Types and characteristics of attributes (RFC 7643 §2.2 to §2.4, §4.1, §7).

use serde_json::{Value, json};

use crate::answer::text;
use crate::checks::checks;
use crate::client::{Client, ENTERPRISE, USER};
use crate::fault::Checked;

checks!("attributes":
    a_value_of_another_type_is_refused,
    booleans_as_text_are_understood,
    single_valued_attributes_come_back,
    multi_valued_attributes_come_back,
    addresses_come_back,
    certificates_come_back,
    a_certificate_that_is_no_base64_is_refused,
    one_value_is_primary_at_most,
    twin_values_are_one,
    values_come_back_as_they_were_sent,
    bare_strings_are_no_complex_values,
    an_immutable_value_stays,
    a_password_is_never_told,
    a_password_is_not_searched,
    case_counts_where_the_schema_says_so,
    text_is_compared_in_one_normal_form,
    managers_are_links,
    a_manager_may_be_a_bare_id,
    a_manager_may_come_later,
);

async fn a_value_of_another_type_is_refused(c: &Client) -> Checked {
    for wrong in [
        json!({"userName": 5}),
        json!({"title": {"text": "Engineer"}}),
        json!({"name": "Ada"}),
        json!({"active": "perhaps"}),
        json!({"emails": 5}),
    ] {
        let answer = c.post(c.users(), &c.draft(wrong)?).await?;
        answer.refused(400, &["invalidValue", "invalidSyntax"])?;
    }
    Ok(())
}

async fn booleans_as_text_are_understood(c: &Client) -> Checked {
    let user = c.user(json!({})).await?;
    for (word, value) in [("False", false), ("True", true), ("false", false)] {
        let operations = json!([{"op": "replace", "path": "active", "value": word}]);
        c.patched(&user.path, operations)
            .await?
            .holds(&json!({"active": value}))?;
    }
    Ok(())
}

async fn single_valued_attributes_come_back(c: &Client) -> Checked {
    let attributes = json!({
        "displayName": "Ada Lovelace", "nickName": "Ada",
        "profileUrl": "https://conformance.example/ada", "title": "Engineer",
        "userType": "Employee", "preferredLanguage": "en-GB", "locale": "en-GB",
        "timezone": "Europe/London",
        "name": {
            "formatted": "Ms. Ada M. Lovelace III", "familyName": "Lovelace", "givenName": "Ada",
            "middleName": "M.", "honorificPrefix": "Ms.", "honorificSuffix": "III",
        },
    });
    come_back(c, attributes).await
}

async fn multi_valued_attributes_come_back(c: &Client) -> Checked {
    let address = format!("{}@conformance.example", c.name());
    let attributes = json!({
        "emails": [
            {"value": address, "type": "work", "primary": true},
            {"value": format!("home-{address}"), "type": "home"},
        ],
        "phoneNumbers": [{"value": "+1-201-555-0123", "type": "work"}],
        "ims": [{"value": "ada.example", "type": "xmpp"}],
        "photos": [{"value": "https://conformance.example/ada.jpg", "type": "photo"}],
        "entitlements": [{"value": "reader"}],
        "roles": [{"value": "reviewer"}],
    });
    come_back(c, attributes).await
}

async fn addresses_come_back(c: &Client) -> Checked {
    let attributes = json!({"addresses": [{
        "type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood",
        "region": "CA", "postalCode": "91608", "country": "US", "formatted": "100 Universal City",
    }]});
    come_back(c, attributes).await
}

/// A certificate in DER (RFC 5280), as base64.
const CERTIFICATE: &str = "MIIBLjCB4aADAgECAhRHiWnwISJxTC1q3gL2AmmpfmWEmzAFBgMrZXAwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjIyMjU4MzdaGA8yMTI2MTAyOTIyNTgzN1owDDEKMAgGA1UEAwwBYTAqMAUGAytlcAMhAAkEZwb32rQ4fWHwheO+zpfYlTMtedu0le5IsTuxlXx7o1MwUTAdBgNVHQ4EFgQUD5TlF9TFO3BjActn9F4fF7qdzi4wHwYDVR0jBBgwFoAUD5TlF9TFO3BjActn9F4fF7qdzi4wDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBnqpgEE5uIUNQk6spLGF4+ucvNc24rRY5kUCqsWtqFK1paJcCCWo76s1tGkZ786R3k0z4CaE8yzweNltr++fsF";

async fn certificates_come_back(c: &Client) -> Checked {
    come_back(c, json!({"x509Certificates": [{"value": CERTIFICATE}]})).await
}

/// What is sent in a creation is there when the user is read.
async fn come_back(c: &Client, attributes: Value) -> Checked {
    let user = c.user(attributes.clone()).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&attributes)
}

async fn a_certificate_that_is_no_base64_is_refused(c: &Client) -> Checked {
    let draft = c.draft(json!({"x509Certificates": [{"value": "*not base64*"}]}))?;
    let answer = c.post(c.users(), &draft).await?;
    answer.refused(400, &["invalidValue", "invalidSyntax"])
}

async fn one_value_is_primary_at_most(c: &Client) -> Checked {
    let name = c.name();
    let email = |kind: &str| json!({"value": format!("{kind}-{name}@conformance.example"), "type": kind, "primary": true});
    let draft = c.draft(json!({"emails": [email("work"), email("home")]}))?;
    let answer = c.post(c.users(), &draft).await?;
    if answer.status() >= 300 {
        return answer.refused(400, &["invalidValue", "invalidSyntax"]);
    }
    let emails = answer.at("/emails").as_array();
    let primary = emails
        .into_iter()
        .flatten()
        .filter(|it| it["primary"] == true);
    answer.must(primary.count() <= 1, "one value is primary at most")
}

async fn twin_values_are_one(c: &Client) -> Checked {
    let email = json!({"value": format!("{}@conformance.example", c.name()), "type": "work"});
    let answer = c
        .post(c.users(), &c.draft(json!({"emails": [email, email]}))?)
        .await?;
    if answer.status() >= 300 {
        return answer.refused(400, &["invalidValue", "uniqueness"]);
    }
    let emails = answer.at("/emails").as_array().map_or(0, Vec::len);
    answer.must(emails == 1, "the same type and value are there once")
}

async fn values_come_back_as_they_were_sent(c: &Client) -> Checked {
    let address = format!("Ada-{}@Conformance.Example", c.name());
    come_back(
        c,
        json!({
            "phoneNumbers": [{"value": "+1 (201) 555 0123", "type": "work"}],
            "emails": [{"value": address, "type": "work"}],
        }),
    )
    .await
}

async fn bare_strings_are_no_complex_values(c: &Client) -> Checked {
    let address = format!("{}@conformance.example", c.name());
    let answer = c
        .post(c.users(), &c.draft(json!({"emails": [address]}))?)
        .await?;
    if c.rfc || answer.status() >= 300 {
        return answer.refused(400, &["invalidValue", "invalidSyntax"]);
    }
    answer.holds(&json!({"emails": [{"value": address}]}))
}

async fn an_immutable_value_stays(c: &Client) -> Checked {
    let (ada, bob) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let group = c.group(&[&ada]).await?;
    let path = format!("members[value eq \"{}\"].value", ada.id);
    let operations = json!([{"op": "replace", "path": path, "value": bob.id}]);
    c.patch(&group.path, operations)
        .await?
        .refused_as(400, "mutability")
}

async fn a_password_is_never_told(c: &Client) -> Checked {
    let secret = format!("pass-Word1-{}", c.name());
    let user = c.user(json!({"password": secret})).await?;
    let by_name = format!("userName eq \"{}\"", user.name);
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&secret);
    for answer in [
        user.answer.clone(),
        c.get(&user.path).await?,
        c.query(&user.path, &[("attributes", "password")]).await?,
        c.query(
            c.users(),
            &[("filter", &by_name), ("attributes", "password")],
        )
        .await?,
    ] {
        answer.must(!told(answer.body()), "the password is not told")?;
        let shown =
            answer.at("/password").is_null() && answer.at("/Resources/0/password").is_null();
        answer.must(shown, "there is no password")?;
    }
    Ok(())
}

async fn a_password_is_not_searched(c: &Client) -> Checked {
    c.needs("filter")?;
    let answer = c
        .query(c.users(), &[("filter", "password sw \"a\"")])
        .await?;
    if answer.status() == 403 {
        return answer.refused(403, &["sensitive"]);
    }
    answer.refused(400, &["invalidFilter", "sensitive"])
}

async fn case_counts_where_the_schema_says_so(c: &Client) -> Checked {
    let user = c.user(json!({"externalId": c.name()})).await?;
    let external = text(user.answer.at("/externalId"));
    c.selected(
        &user,
        &[
            (
                &format!("userName eq \"{}\"", user.name.to_uppercase()),
                true,
            ),
            (
                &format!("userName sw \"{}\"", c.prefix().to_uppercase()),
                true,
            ),
            (&format!("externalId eq \"{external}\""), true),
            (
                &format!("externalId eq \"{}\"", external.to_uppercase()),
                false,
            ),
        ],
    )
    .await
}

async fn text_is_compared_in_one_normal_form(c: &Client) -> Checked {
    let user = c.user(json!({"displayName": "Ren\u{e9}e"})).await?;
    c.selected(
        &user,
        &[
            ("displayName eq \"Ren\u{e9}e\"", true),
            ("displayName eq \"Rene\u{301}e\"", true),
        ],
    )
    .await
}

async fn managers_are_links(c: &Client) -> Checked {
    let boss = c.user(json!({})).await?;
    let draft = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": boss.id}}});
    let user = c.user(draft).await?;
    let answer = c.get(&user.path).await?.expect(&[200])?;
    answer.holds(&json!({ENTERPRISE: {"manager": {"value": boss.id}}}))?;
    let manager = &answer.json()[ENTERPRISE]["manager"];
    let Some(link) = manager["$ref"].as_str() else {
        return Ok(());
    };
    let path = c
        .below(link)
        .ok_or_else(|| answer.fault("$ref is below the base URL"))?;
    let target = c.get(path).await?.expect(&[200])?;
    target.must(
        text(target.at("/id")) == boss.id,
        "$ref leads to the manager",
    )
}

async fn a_manager_may_be_a_bare_id(c: &Client) -> Checked {
    c.discovery.knows_extension(ENTERPRISE)?;
    let (boss, user) = (c.user(json!({})).await?, c.user(json!({})).await?);
    let path = format!("{ENTERPRISE}:manager");
    let operations = json!([{"op": "Add", "path": path, "value": boss.id}]);
    let answer = c.patched(&user.path, operations).await?;
    answer.holds(&json!({ENTERPRISE: {"manager": {"value": boss.id}}}))
}

async fn a_manager_may_come_later(c: &Client) -> Checked {
    let nobody = "00000000-0000-4000-8000-00000000b055";
    let draft = json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": nobody}}});
    let answer = c.post(c.users(), &c.draft(draft)?).await?;
    if answer.status() >= 300 {
        return Err(answer.fault("a manager who is not there yet does not fail the request"));
    }
    Ok(())
}
