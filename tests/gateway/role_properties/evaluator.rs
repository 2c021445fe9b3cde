//! The evaluator: a role by the written rules, made of an explanation's facts alone. It reads no verdict and no
//! result, and shares no line with the product.

use std::collections::BTreeMap;

use serde_json::Value;

/// A role in the whole organization, and the roles in projects.
pub(super) type Held = (Option<String>, BTreeMap<String, String>);

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// What a document of the admin API shows.
pub(super) fn shown(of: &Value) -> Held {
    let projects = of["projects"].as_array().unwrap().iter();
    let projects = projects.map(|it| (text(&it["slug"]).unwrap(), text(&it["role"]).unwrap()));
    (text(&of["role"]), projects.collect())
}

/// What the facts of an explanation come to.
pub(super) fn evaluate(explained: &Value) -> Held {
    let inputs = &explained["inputs"];
    let roles = inputs["roles"].as_array().unwrap();
    let rank = |slug: &str| {
        let role = roles.iter().find(|it| it["slug"] == slug);
        role.map_or(0, |it| it["rank"].as_i64().unwrap())
    };
    let owners = |slug: &str| {
        roles
            .iter()
            .any(|it| it["slug"] == slug && it["owner"] == true)
    };
    if inputs["active"] == false {
        return (None, BTreeMap::new());
    }
    let is_owner = inputs["owner"] == true;
    let all = explained["candidates"].as_array().unwrap().iter();
    let live: Vec<&Value> = all
        .filter(|it| {
            counts(
                it,
                inputs,
                (&rank, is_owner || !owners(it["role"].as_str().unwrap())),
            )
        })
        .collect();
    let mut projects: BTreeMap<String, String> = BTreeMap::new();
    for grant in &live {
        for project in grant["projects"].as_array().unwrap() {
            let (project, role) = (text(project).unwrap(), text(&grant["role"]).unwrap());
            let held = projects.entry(project).or_insert_with(|| role.clone());
            if rank(&role) > rank(held) {
                *held = role;
            }
        }
    }
    if is_owner {
        let title = roles.iter().find(|it| it["owner"] == true);
        return (title.and_then(|it| text(&it["slug"])), projects);
    }
    let additive = inputs["mode"] == "additive";
    let layer = |grant: &Value| match grant["source"].as_str().unwrap() {
        "override" => 0,
        _ if additive => 1,
        "directory_group" | "saml_group" => 1,
        "manual" | "bootstrap" => 2,
        _ => 3,
    };
    let wide = live
        .iter()
        .filter(|it| it["projects"].as_array().unwrap().is_empty());
    let first = wide.clone().map(|it| layer(it)).min();
    let best = wide
        .filter(|it| Some(layer(it)) == first)
        .max_by_key(|it| rank(it["role"].as_str().unwrap()));
    let role = match best {
        Some(grant) => text(&grant["role"]),
        None if !live.is_empty() => None,
        None => {
            let of_connection = text(&inputs["connection_default"]);
            let either = of_connection
                .filter(|it| !owners(it))
                .or_else(|| text(&inputs["organization_default"]));
            either.filter(|it| !owners(it))
        }
    };
    (role, projects)
}

/// Whether a candidate is a grant that counts at the instant of the explanation.
fn counts(grant: &Value, inputs: &Value, (rank, may): (&dyn Fn(&str) -> i64, bool)) -> bool {
    let at: jiff::Timestamp = inputs["at"].as_str().unwrap().parse().unwrap();
    let time = |name: &str| {
        let text = grant[name].as_str();
        text.map(|it| it.parse::<jiff::Timestamp>().unwrap())
    };
    let is_grant = !grant["grant_id"].is_null();
    let over = time("retired_at").is_some() || time("ends_at").is_some_and(|end| end <= at);
    if !is_grant || over || !may {
        return false;
    }
    let connection = &grant["mapping"]["connection_id"];
    if connection.is_null() {
        return true;
    }
    let ceilings = inputs["ceilings"].as_array().unwrap();
    let ceiling = ceilings
        .iter()
        .find(|it| it["connection_id"] == *connection);
    let ceiling = ceiling.map_or(0, |it| it["rank"].as_i64().unwrap());
    let governed = inputs["governed_by"]
        .as_array()
        .unwrap()
        .contains(connection);
    rank(grant["role"].as_str().unwrap()) <= ceiling
        && !(governed && grant["source"] == "saml_group")
}
