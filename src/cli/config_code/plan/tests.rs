//! Documents are compared: a table of what is wanted, what is there, and what that comes to.

use super::*;

/// The steps of a plan, and what it leaves alone, a line each; or what is wrong.
fn told(wanted: &str, present: &str, prune: bool) -> Vec<String> {
    let wanted = Document::read(wanted).unwrap();
    let present = Document::read(present).unwrap();
    let plan = match plan(&wanted, &present, prune) {
        Ok(plan) => plan,
        Err(faults) => return faults,
    };
    let steps = plan.lines().map(|line| {
        let names: Vec<_> = line.changes.iter().map(|it| it.name).collect();
        let (action, what) = (json!(line.action), line.what);
        let action = action.as_str().unwrap_or_default();
        format!("{action} {what} {} {}", line.name, names.join(" "))
    });
    let there = plan.there.iter();
    let there = there.map(|it| format!("there {} {}", it.what, it.name));
    let lines = steps.chain(there).map(|line| line.trim().to_owned());
    lines.collect()
}

/// An organization as it is once it is created, and more.
fn acme(more: &str) -> String {
    format!(
        "[organizations.acme]\nname = 'acme'\ndefault_role = 'viewer'\n\
         [organizations.acme.policy]\n\
         [organizations.acme.roles]\n\
         owner = {{name = 'Owner', rank = 100}}\nadmin = {{name = 'Admin', rank = 80}}\n\
         editor = {{name = 'Editor', rank = 50}}\nviewer = {{name = 'Viewer', rank = 10}}\n{more}"
    )
}

const OKTA: &str = "[organizations.acme.connections.Okta]\njit = 'auto'\ndefault_role = 'none'\n\
                    max_role = 'admin'\n";
const RULE: &str =
    "[[organizations.acme.mappings]]\nconnection = 'okta'\ngroup = 'Web'\nrole = 'editor'\n";
const HOOK: &str = "[[organizations.acme.webhooks]]\nname = 'app'\n";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_differs_is_told() {
    let okta = |more: &str| acme(&format!("{OKTA}{more}"));
    let ruled = |more: &str| okta(&format!("{RULE}{more}"));
    let hook = |more: &str| acme(&format!("{HOOK}{more}"));
    let base = acme("");
    let plain = "[organizations.acme]\n";
    for (wanted, present, expected) in [
        ("", "", &[][..]),
        ("", plain, &["there organization acme"]),
        (plain, "", &["create organization acme"]),
        (
            "[organizations.acme]\nname = 'Acme'",
            "",
            &["create organization acme"],
        ),
        (&base, "", &["create organization acme"]),
        (&base, &base, &[]),
        (
            "[organizations.acme]\nname = 'Acme'\n[organizations.acme.policy]\nalerts = false",
            &base,
            &[
                "change organization acme name policy",
                "there role editor",
                "there role viewer",
            ],
        ),
        (
            &acme("[organizations.acme.roles.auditor]\nrank = 30"),
            &base,
            &["create role auditor rank"],
        ),
        (
            &base.replace("'Editor'", "'Author'"),
            &base,
            &["change role editor name"],
        ),
        (
            &base.replace("default_role = 'viewer'", "default_role = 'editor'"),
            &base,
            &["change organization acme default_role"],
        ),
        (
            &acme("[organizations.acme.projects.web]\narchived = true"),
            &base,
            &["create project web", "change project web archived"],
        ),
        (
            &acme("[organizations.acme.projects.web]\narchived = false"),
            &acme("[organizations.acme.projects.web]\narchived = true"),
            &["change project web archived"],
        ),
        (
            &base,
            &acme("[organizations.acme.projects.web]\narchived = true"),
            &[],
        ),
        (
            &base.replace("[organizations.acme.policy]", "domains = ['B.example']"),
            &base.replace("[organizations.acme.policy]", "domains = ['c.example']"),
            &["create domain b.example", "there domain c.example"],
        ),
        (
            &okta(""),
            &base,
            &["create connection Okta jit default_role max_role"],
        ),
        (&base, &okta(""), &["there connection Okta"]),
        (
            &okta("trusted_domains = ['a.example']"),
            &okta("trusted_domains = ['b.example']"),
            &[
                "change connection Okta trusted_domains",
                "there trusted domain Okta: b.example",
            ],
        ),
        (
            &okta("state = 'paused'\nsingle_logout = false").replace(".Okta]", ".OKTA]"),
            &okta("state = 'active'"),
            &["change connection OKTA name single_logout state"],
        ),
        (
            &okta("metadata_refresh = 'propose'\n[organizations.acme.connections.Okta.demands]"),
            &okta(""),
            &[],
        ),
        (
            &okta("demands = {force_authn = true}"),
            &okta("demands = {skew_seconds = 10}"),
            &["change connection Okta demands"],
        ),
        (
            &okta("idp_metadata = 'b'"),
            &okta("idp_metadata = 'a'"),
            &["change connection Okta idp_metadata"],
        ),
        (
            &okta("idp_metadata = 'b'\nmetadata_url = 'https://idp.example/'"),
            &okta("idp_metadata = 'a'\nmetadata_url = 'https://idp.example/'"),
            &[],
        ),
        (
            &okta("idp_metadata = 'a'\nmetadata_url = 'https://idp.example/2'"),
            &okta("idp_metadata = 'a'\nmetadata_url = 'https://idp.example/'"),
            &["change connection Okta metadata_url"],
        ),
        (
            &ruled(""),
            &okta(""),
            &["create mapping okta: Web -> editor"],
        ),
        (&ruled(""), &ruled("position = 3"), &[]),
        (
            &okta(""),
            &ruled(""),
            &["there mapping okta: Web -> editor"],
        ),
        (
            &ruled("position = 2\nenabled = false"),
            &ruled("position = 1").replace("'Web'", "'wEB'"),
            &["change mapping okta: wEB -> editor enabled position"],
        ),
        (
            &ruled("").replace("'editor'", "'viewer'"),
            &ruled(""),
            &["change mapping okta: Web -> editor role"],
        ),
        (
            &ruled("").replace("'Web'", "'Team'"),
            &ruled(""),
            &[
                "create mapping okta: Team -> editor",
                "there mapping okta: Web -> editor",
            ],
        ),
        (&hook(""), &hook("url = 'https://a.example'"), &[]),
        (
            &hook("url = 'https://a.example/'\ntypes = ['user.deleted', 'user.created']"),
            &hook("url = 'https://a.example'\ntypes = ['user.created', 'user.deleted']"),
            &[],
        ),
        (
            &hook("url = 'https://b.example'\ntypes = ['user.created']"),
            &hook("url = 'https://a.example'"),
            &["change webhook app url types"],
        ),
        (
            &hook("url = 'https://a.example'"),
            &base,
            &["create webhook app url"],
        ),
        (&base, &hook(""), &["there webhook app"]),
    ] {
        assert_eq!(
            told(wanted, present, false),
            expected,
            "{wanted}\n\n{present}"
        );
    }
}

#[test]
fn only_pruning_removes_and_never_what_people_come_in_by() {
    let base = acme("");
    let full = acme(&format!(
        "[organizations.acme.roles.auditor]\nrank = 30\n[organizations.acme.projects.web]\n\
         {OKTA}{RULE}{HOOK}"
    ));
    let full = full.replace(
        "[organizations.acme.policy]",
        "domains = ['a.example']\n[organizations.acme.policy]",
    );
    for (wanted, prune, expected) in [
        (
            &base,
            false,
            &[
                "there role auditor",
                "there project web",
                "there domain a.example",
                "there connection Okta",
                "there mapping okta: Web -> editor",
                "there webhook app",
            ][..],
        ),
        (
            &base,
            true,
            &[
                "remove mapping okta: Web -> editor",
                "remove role auditor",
                "remove project web archived",
                "remove webhook app",
                "there domain a.example",
                "there connection Okta",
            ],
        ),
        (&String::new(), true, &["there organization acme"]),
        (&full, true, &[]),
    ] {
        assert_eq!(told(wanted, &full, prune), expected, "{wanted} {prune}");
    }
    let fresh = told("[organizations.acme.roles.viewer]", "", true);
    let expected = ["create organization acme", "remove role editor"];
    assert_eq!(fresh, expected);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_cannot_be_has_its_place() {
    let base = acme("");
    let okta = |more: &str| acme(&format!("{OKTA}{more}"));
    for (wanted, prune, expected) in [
        (
            "[organizations.'A B']",
            false,
            "organizations.\"A B\": a slug is 1 to 63 of the characters a-z, 0-9 and -",
        ),
        (
            &acme("[organizations.acme.roles.x]"),
            false,
            "organizations.acme.roles.x: a role that is to be created needs its rank",
        ),
        (
            &acme("[organizations.acme.roles.x]\nrank = 50"),
            false,
            "organizations.acme.roles.x: its rank 50 is that of editor, which is there",
        ),
        (
            &acme("[organizations.acme.roles.x]\nrank = 100").replace("100}", "99}"),
            false,
            "organizations.acme.roles.owner: its rank is 100, and fixed for life",
        ),
        (
            &base.replace("default_role = 'viewer'", "default_role = 'x'"),
            false,
            "organizations.acme.default_role: there is no role x",
        ),
        (
            &okta("").replace("max_role = 'admin'", "max_role = 'x'"),
            false,
            "organizations.acme.connections.Okta.max_role: there is no role x",
        ),
        (
            &okta("metadata_url = 'http://idp.example'\nidp_metadata = 'a'"),
            false,
            "organizations.acme.connections.Okta.metadata_url: metadata are read again by https \
             alone",
        ),
        (
            &okta("idp_entity_id = 'a'"),
            false,
            "organizations.acme.connections.Okta.idp_metadata: it is needed where metadata_url or \
             idp_entity_id is another one than now",
        ),
        (
            &okta("[organizations.acme.connections.OKTA]"),
            false,
            "organizations.acme.connections.Okta: another connection has this name",
        ),
        (
            &acme(RULE),
            false,
            "organizations.acme.mappings[0].connection: there is no connection okta, neither here \
             nor in the store",
        ),
        (
            &okta(RULE).replace("'editor'", "'x'"),
            true,
            "organizations.acme.mappings[0].role: there is no role x",
        ),
        (
            &okta(&format!("{RULE}projects = ['x']")),
            false,
            "organizations.acme.mappings[0].projects: there is no project x",
        ),
        (
            &okta(&format!("{RULE}{}", RULE.replace("'Web'", "'WEB'"))),
            false,
            "organizations.acme.mappings[1]: the same rule stands above",
        ),
        (
            &acme(HOOK),
            false,
            "organizations.acme.webhooks[0]: a webhook that is to be created needs its url: export \
             it with --webhook-urls",
        ),
        (
            &acme(&format!("{HOOK}url = 'secret'")),
            false,
            "organizations.acme.webhooks[0].url: relative URL without a base",
        ),
        (
            &acme(&format!("{HOOK}url = 'https://a.example'\ntypes = ['x']")),
            false,
            "organizations.acme.webhooks[0].types: \"x\" is no type of events",
        ),
    ] {
        let faults = told(wanted, &base, prune);
        assert!(
            faults.iter().any(|it| it == expected),
            "{expected}: {faults:#?}"
        );
    }
}
