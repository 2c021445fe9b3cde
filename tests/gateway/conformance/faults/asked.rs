//! Faults of a server that understands something else than was asked.

use serde_json::{Value, json};
use usher_conformance::transport::Request;

use super::{Fault, How};

const fn fault(name: &'static str, fails: &'static str, how: fn(Request) -> Request) -> Fault {
    let how = How::Asked(how);
    Fault { name, fails, how }
}

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "a list of members to remove empties the group",
        "P20",
        |request| {
            operations(request, |operation| {
                if operation["op"] == "remove" && operation["path"] == "members" {
                    operation.as_object_mut().unwrap().remove("value");
                }
            })
        },
    ),
    fault("\"False\" is true, as every text is", "R08", |request| {
        operations(request, |operation| {
            if operation["value"].is_string() && operation["path"] == "active" {
                operation["value"] = json!(true);
            }
        })
    }),
    fault(
        "an unknown member is left out in silence",
        "R35",
        |request| {
            operations(request, |operation| {
                if operation["value"][0]["value"] == "00000000-0000-4000-8000-00000000babe" {
                    operation["value"] = json!([]);
                }
            })
        },
    ),
    fault("a replace of members adds them", "P27", |request| {
        operations(request, |operation| {
            if operation["op"] == "replace" && operation["path"] == "members" {
                operation["op"] = json!("add");
            }
        })
    }),
    fault("an add replaces all values", "P13", |request| {
        operations(request, |operation| {
            if operation["op"] == "add" && operation["value"].is_array() {
                operation["op"] = json!("replace");
            }
        })
    }),
    fault("a filter is passed over", "F01", |request| {
        without_parameter(request, "filter")
    }),
    fault("a filter on discovery is answered", "D07", |request| {
        if request.url.contains("/Schemas?") {
            return without_parameter(request, "filter");
        }
        request
    }),
    fault("not is passed over", "F03", |request| {
        in_url(request, "not%20%28", "%28")
    }),
    fault("sw finds parts anywhere", "F01", |request| {
        in_url(request, "%20sw%20", "%20co%20")
    }),
    fault("brackets bind to different values", "F11", |request| {
        let bound = "emails%5Btype%20eq%20%22work%22%20and%20value";
        if !request.url.contains(bound) {
            return request;
        }
        let loose = "emails.type%20eq%20%22work%22%20and%20emails.value";
        in_url(in_url(request, bound, loose), "%22%5D", "%22")
    }),
    fault("and binds no more than or", "F03", |request| {
        let (tight, loose) = (
            "%20or%20title%20eq%20%22nothing%22%20and",
            "%22nothing%22%29%20and",
        );
        if !request.url.contains(tight) {
            return request;
        }
        let request = in_url(request, tight, &format!("%20or%20title%20eq%20{loose}"));
        in_url(request, "filter=%28", "filter=%28%28")
    }),
    fault("startIndex is passed over", "Q02", |request| {
        without_parameter(request, "startIndex")
    }),
    fault("startIndex is counted from zero", "Q02", |request| {
        in_url(request, "startIndex=1&", "startIndex=2&")
    }),
    fault("sortBy is passed over", "Q13", |request| {
        without_parameter(request, "sortBy")
    }),
    fault("sortOrder is passed over", "Q13", |request| {
        without_parameter(request, "sortOrder")
    }),
    fault("excludedAttributes is passed over", "Q18", |request| {
        without_parameter(request, "excludedAttributes")
    }),
    fault("attributes count in a GET only", "Q20", |request| {
        if request.method == "GET" {
            return request;
        }
        without_parameter(request, "attributes")
    }),
    fault("If-Match is passed over", "V03", |request| {
        without_header(request, "if-match")
    }),
    fault("If-None-Match is passed over", "V02", |request| {
        without_header(request, "if-none-match")
    }),
    fault("failOnErrors is passed over", "B08", |mut request| {
        if let Some(mut body) = request.json()
            && body["failOnErrors"].is_u64()
        {
            body.as_object_mut().unwrap().remove("failOnErrors");
            request.body = body.to_string().into_bytes();
        }
        request
    }),
    fault(
        "a search by POST passes over its filter",
        "Q23",
        |mut request| {
            if let Some(mut body) = request.json()
                && request.url.ends_with("/.search")
            {
                body.as_object_mut().unwrap().remove("filter");
                request.body = body.to_string().into_bytes();
            }
            request
        },
    ),
    fault("names have a case", "R03", |mut request| {
        if let Some(Value::Object(mut body)) = request.json()
            && request.method == "POST"
        {
            body.retain(|name, _| !["DISPLAYNAME", "NAME", "USERname"].contains(&name.as_str()));
            request.body = Value::Object(body).to_string().into_bytes();
        }
        request
    }),
];

/// Changes each operation of a PATCH.
fn operations(mut request: Request, change: fn(&mut Value)) -> Request {
    if let Some(mut body) = request.json()
        && request.method == "PATCH"
        && let Some(operations) = body["Operations"].as_array_mut()
    {
        operations.iter_mut().for_each(change);
        request.body = body.to_string().into_bytes();
    }
    request
}

fn in_url(mut request: Request, from: &str, to: &str) -> Request {
    request.url = request.url.replace(from, to);
    request
}

fn without_parameter(mut request: Request, name: &str) -> Request {
    if let Some((path, query)) = request.url.split_once('?') {
        let named = |pair: &&str| pair.split('=').next() != Some(name);
        let rest: Vec<_> = query.split('&').filter(named).collect();
        request.url = format!("{path}?{}", rest.join("&"));
    }
    request
}

fn without_header(mut request: Request, name: &str) -> Request {
    request.headers.retain(|(key, _)| key != name);
    request
}
