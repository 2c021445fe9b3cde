//! What a connection demands, as it is set: by the admin API and by commands, and by whom.

use serde_json::{Value, json};

use crate::connection_commands::Place;
use crate::credentials::live;
use crate::harness::Browser;
use crate::saml_demands::Acme;

const MFA: &str = "https://refeds.org/profile/mfa";

fn problem(reply: &Value) -> &str {
    reply["type"].as_str().unwrap().rsplit('/').next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_is_shown_and_told() {
    let acme = Acme::start().await;
    let path = format!("/api/v1/organizations/acme/connections/{}", acme.okta.id);
    let shown = acme.gateway.get(&path, &acme.key).await.expect(200).json();
    let nothing = json!({"subject": null, "email": null, "user_name": null, "given_name": null,
        "family_name": null, "display_name": null, "external_id": null, "groups": null,
        "groups_are_distinguished_names": false});
    let said = |of: &Value| {
        let names = [
            "authn_context",
            "authn_comparison",
            "force_authn",
            "require_encryption",
            "require_signed",
            "skew_seconds",
            "attributes",
        ];
        Value::Array(names.map(|name| of[name].clone()).to_vec())
    };
    let defaults = json!([[], "exact", false, false, "any", 120, nothing]);
    assert_eq!(said(&shown), defaults);
    let changes = json!({"authn_context": [MFA, MFA], "authn_comparison": "better",
        "force_authn": true, "require_encryption": true, "require_signed": "both",
        "skew_seconds": 60, "attributes": {"email": "mail"}});
    let changed = acme.demand(changes.clone()).await;
    let expected = json!([
        [MFA],
        "better",
        true,
        true,
        "both",
        60,
        changed["attributes"]
    ]);
    assert_eq!(said(&changed), expected);
    assert_eq!(changed["attributes"]["email"], "mail");
    let shown = acme.gateway.get(&path, &acme.key).await.expect(200).json();
    assert_eq!(said(&shown), said(&changed));
    let told = acme.gateway.events(acme.okta.org).await;
    let told = &told.last().unwrap();
    assert_eq!(told["type"], "connection.updated");
    let differences = told["data"]["changes"].as_array().unwrap();
    assert_eq!(differences.len(), 7);
    let of = |name: &str| {
        let mut found = differences.iter().filter(|it| it["attribute"] == name);
        let found = found.next().unwrap();
        (found["old"].clone(), found["new"].clone())
    };
    assert_eq!(of("skew_seconds"), (json!(120), json!(60)));
    assert_eq!(of("require_signed"), (json!("any"), json!("both")));
    assert_eq!(of("attributes").1["email"], "mail");
    // The same once more, and nothing at all, are no news.
    let before = acme.gateway.events(acme.okta.org).await.len();
    acme.demand(changes).await;
    acme.demand(json!({})).await;
    assert_eq!(acme.gateway.events(acme.okta.org).await.len(), before);
    let back = json!({"authn_context": null, "authn_comparison": null, "force_authn": null,
        "require_encryption": null, "require_signed": null, "skew_seconds": null,
        "attributes": null});
    assert_eq!(said(&acme.demand(back).await), defaults);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_demanded_is_named_with_its_place() {
    let acme = Acme::start().await;
    let many: Vec<String> = (0..11).map(|number| format!("urn:x:{number}")).collect();
    let long = "x".repeat(257);
    for (changes, places) in [
        (json!({"skew_seconds": 301}), vec!["/skew_seconds"]),
        (json!({"skew_seconds": -1}), vec!["/skew_seconds"]),
        (json!({"authn_context": many}), vec!["/authn_context"]),
        (
            json!({"authn_context": [MFA, "no uri"], "attributes": {"groups": long, "email": ""}}),
            vec![
                "/authn_context/1",
                "/attributes/email",
                "/attributes/groups",
            ],
        ),
    ] {
        let reply = acme.patch(&acme.key, &changes).await.expect(422).json();
        assert_eq!(problem(&reply), "invalid");
        let errors = reply["errors"].as_array().unwrap().iter();
        let found: Vec<_> = errors.map(|it| it["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, places, "{changes}");
    }
    for changes in [
        json!({"require_signed": "neither"}),
        json!({"authn_comparison": "weaker"}),
        json!({"skew_seconds": "60"}),
        json!({"attributes": {"phone": "tel"}}),
        json!({"tested": true}),
    ] {
        let reply = acme.patch(&acme.key, &changes).await.expect(400).json();
        assert_eq!(problem(&reply), "malformed_body", "{changes}");
    }
    let path = format!("/api/v1/organizations/acme/connections/{}", acme.okta.id);
    let shown = acme.gateway.get(&path, &acme.key).await.expect(200).json();
    assert_eq!(shown["authn_context"], json!([]), "nothing was changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_the_organization_changes_no_connection_by_which_people_come() {
    let acme = Acme::start().await;
    let idp = acme.gateway.idp(&acme.okta).await;
    let other = acme.gateway.organization("other").await;
    let theirs = acme.gateway.key(live(Some(other), "*")).await;
    let own = acme.gateway.key(live(Some(acme.okta.org), "*")).await;
    let changes = json!({"require_encryption": true});
    let weaker = json!({"require_encryption": null});
    // Another organization's, and one that only reads.
    let reply = acme.patch(&theirs, &changes).await.expect(404).json();
    assert_eq!(problem(&reply), "not_found");
    let reads = acme
        .gateway
        .key(live(Some(acme.okta.org), "connections:read"))
        .await;
    acme.patch(&reads, &changes).await.expect(403);
    // It is live: nobody is tried out any more.
    let reply = acme.patch(&own, &changes).await.expect(403).json();
    assert_eq!(problem(&reply), "insufficient_scope");
    acme.patch(&own, &json!({})).await.expect(200);
    acme.patch(&own, &weaker).await.expect(200);
    // In testing, before it was live and anybody came in, it is the organization's own.
    let testing = async |on: bool| {
        let never_live = move |row: &mut usher::store::rows::ConnectionRow| {
            row.testing = on;
            row.went_live_at = None;
        };
        acme.gateway.alter(&acme.okta, never_live).await;
    };
    testing(true).await;
    let changed = acme.patch(&own, &changes).await.expect(200).json();
    assert_eq!(changed["require_encryption"], true);
    acme.patch(&own, &weaker).await.expect(200);
    // Once somebody did, it is not, in testing either.
    testing(false).await;
    let browser = Browser::new(&acme.gateway);
    idp.sign_in(&browser, "ada@acme.example").await.expect(303);
    testing(true).await;
    for stolen in [
        json!({"attributes": {"subject": "nickname"}}),
        json!({"attributes": {"email": "nickname"}}),
        json!({"skew_seconds": 300}),
        changes.clone(),
    ] {
        acme.patch(&own, &stolen).await.expect(403);
    }
    acme.demand(changes).await;
    let reply = acme.patch(&own, &weaker).await.expect(403);
    assert!(reply.text().contains("ask the operator"));
}

#[test]
fn commands_set_and_show_what_is_demanded() {
    let place = Place::new("demands");
    let usher = |arguments: &[&str]| place.usher(arguments, "");
    let create = [
        "connection",
        "create",
        "--org",
        "acme",
        "--name",
        "Okta",
        "--skew-seconds",
        "30",
    ];
    let (code, made, complaint) = usher(&create);
    assert_eq!(
        (code, &made["skew_seconds"]),
        (0, &json!(30)),
        "{complaint}"
    );
    let id = made["id"].as_str().unwrap().to_owned();
    let update = |more: &[&str]| {
        let start = ["connection", "update", &id];
        place.usher(&[&start[..], more].concat(), "")
    };
    let (code, _, complaint) = update(&[
        "--authn-context",
        "urn:a:1,urn:a:2",
        "--authn-context",
        MFA,
        "--authn-comparison",
        "minimum",
        "--force-authn",
        "on",
        "--require-encryption",
        "on",
        "--require-signed",
        "both",
        "--attribute",
        "email=mail",
        "--attribute",
        "groups=memberOf",
        "--groups-are-distinguished-names",
        "on",
    ]);
    assert_eq!(code, 0, "{complaint}");
    let shown = usher(&["connection", "show", &id]).1;
    assert_eq!(shown["authn_context"], json!(["urn:a:1", "urn:a:2", MFA]));
    assert_eq!(shown["authn_comparison"], "minimum");
    assert_eq!(
        (&shown["force_authn"], &shown["require_encryption"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(shown["require_signed"], "both");
    assert_eq!(shown["skew_seconds"], 30);
    assert_eq!(shown["attributes"]["email"], "mail");
    assert_eq!(shown["attributes"]["groups"], "memberOf");
    assert_eq!(shown["attributes"]["groups_are_distinguished_names"], true);
    let (_, shown, _) = update(&[
        "--authn-context",
        "none",
        "--skew-seconds",
        "none",
        "--attribute",
        "email=none",
        "--force-authn",
        "off",
    ]);
    assert_eq!(shown["authn_context"], json!([]));
    assert_eq!(shown["skew_seconds"], 120);
    assert_eq!(shown["attributes"]["email"], Value::Null);
    assert_eq!(shown["attributes"]["groups"], "memberOf", "the rest stays");
    for (wrong, said) in [
        (
            &["--skew-seconds", "301"][..],
            "skew_seconds: 301 seconds, not 0 to 300",
        ),
        (&["--skew-seconds=-1"], "expected a number of seconds"),
        (
            &["--skew-seconds", "soon"],
            "expected a number of seconds, or none",
        ),
        (&["--authn-context", "mfa"], "no absolute URI"),
        (&["--authn-context", "none,urn:a"], "none stands alone"),
        (&["--attribute", "phone=tel"], "expected WHAT=NAME"),
        (&["--attribute", "email="], "attributes/email"),
        (
            &["--require-signed", "neither"],
            "[possible values: any, assertion, both, response]",
        ),
    ] {
        let (code, _, complaint) = update(wrong);
        assert_ne!(code, 0, "{wrong:?}");
        assert!(complaint.contains(said), "{wrong:?}: {complaint}");
    }
}
