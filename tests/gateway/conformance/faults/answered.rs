//! Faults of a server that says something else than it did.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use usher_conformance::transport::{Reply, Request};

use super::{Fault, How};

const fn fault(name: &'static str, fails: &'static str, how: fn(&Request, &mut Reply)) -> Fault {
    let how = How::Answered(how);
    Fault { name, fails, how }
}

pub(super) const FAULTS: &[Fault] = &[
    fault("a creation is answered with 200", "H09", |_, reply| {
        if reply.status == 201 {
            reply.status = 200;
        }
    }),
    fault("a creation tells no Location", "H24", |_, reply| {
        without(reply, "location");
    }),
    fault(
        "a creation is answered with nothing",
        "7644-3.3-1",
        |request, reply| {
            if reply.status == 201 && !request.url.contains('?') {
                body(reply, |body| *body = json!({"id": body["id"]}));
            }
        },
    ),
    fault("ids are numbers", "R23", |_, reply| {
        if reply.status == 201 {
            body(reply, |body| body["id"] = json!(7));
        }
    }),
    fault("the client's id is taken over", "R17", |request, reply| {
        if reply.status == 201
            && let Some(id) = request.json().and_then(|it| it.get("id").cloned())
        {
            body(reply, |body| body["id"] = id);
        }
    }),
    fault("schemas are left out", "R01", |_, reply| {
        body(reply, |body| drop(taken(body, "schemas")));
    }),
    fault("meta is left out", "R25", |_, reply| {
        body(reply, |body| drop(taken(body, "meta")));
    }),
    fault("the password is echoed", "R30", |request, reply| {
        if reply.status == 201
            && let Some(password) = request.json().and_then(|it| it.get("password").cloned())
        {
            body(reply, |body| body["password"] = password);
        }
    }),
    fault("names come back in lower case", "R05", |_, reply| {
        body(reply, |body| {
            let name = taken(body, "title");
            body["TITLE"] = name;
        });
    }),
    fault("members are left out of a group", "R34", |_, reply| {
        body(reply, |body| drop(taken(body, "members")));
    }),
    fault("the version never changes", "V04", |_, reply| {
        without(reply, "etag");
        reply
            .headers
            .push(("etag".to_owned(), "W/\"1\"".to_owned()));
        body(reply, |body| {
            if body["meta"].is_object() {
                body["meta"]["version"] = json!("W/\"1\"");
            }
        });
    }),
    fault("every answer was modified just now", "P09", |_, reply| {
        static TIMES: AtomicU32 = AtomicU32::new(0);
        let time = TIMES.fetch_add(1, Ordering::Relaxed);
        body(reply, |body| {
            if body["meta"].is_object() {
                body["meta"]["lastModified"] = json!(format!("2026-11-22T10:00:00.{time:06}Z"));
            }
        });
    }),
    fault(
        "totalResults counts the page",
        "7644-3.4.2.4-1",
        |_, reply| {
            body(reply, |body| {
                if let Some(list) = body["Resources"].as_array().map(Vec::len) {
                    body["totalResults"] = json!(list);
                }
            });
        },
    ),
    fault("itemsPerPage is what was asked for", "Q04", |_, reply| {
        body(reply, |body| {
            if body["Resources"].is_array() {
                body["itemsPerPage"] = json!(3);
            }
        });
    }),
    fault("numbers of a list are texts", "Q01", |_, reply| {
        body(reply, |body| {
            if body["Resources"].is_array() {
                body["startIndex"] = json!("1");
            }
        });
    }),
    fault(
        "a filter by an unknown attribute finds nothing",
        "F17",
        |request, reply| {
            if reply.status == 400 && request.url.contains("filter=") {
                reply.status = 200;
                body(reply, |body| *body = nothing());
            }
        },
    ),
    fault("a walk by cursor ends after a page", "Q06", |_, reply| {
        body(reply, |body| drop(taken(body, "nextCursor")));
    }),
    fault("a forged cursor finds nothing", "Q08", |request, reply| {
        if reply.status == 400 && request.url.contains("cursor=forged") {
            reply.status = 200;
            body(reply, |body| *body = nothing());
        }
    }),
    fault("an error's status is a number", "E01", |_, reply| {
        if reply.status >= 400 {
            let status = reply.status;
            body(reply, |body| body["status"] = json!(status));
        }
    }),
    fault("errors are plain text", "E01", |_, reply| {
        if reply.status >= 400 {
            without(reply, "content-type");
            reply
                .headers
                .push(("content-type".to_owned(), "text/plain".to_owned()));
            reply.body = b"something went wrong".to_vec();
        }
    }),
    fault("the media type is text/html", "H05", |_, reply| {
        without(reply, "content-type");
        reply
            .headers
            .push(("content-type".to_owned(), "text/html".to_owned()));
    }),
    fault("a taken name is accepted", "H10", |_, reply| {
        if reply.status == 409 {
            reply.status = 200;
        }
    }),
    fault("what is not there is an empty 200", "H13", |_, reply| {
        if reply.status == 404 {
            reply.status = 200;
            reply.body.clear();
        }
    }),
    fault("401 does not tell how to come in", "T04", |_, reply| {
        without(reply, "www-authenticate");
    }),
    fault("a deactivated user is gone", "H14", |request, reply| {
        if request.method == "GET" && reply.json().is_some_and(|it| it["active"] == false) {
            reply.status = 404;
        }
    }),
    fault("discovery has nulls", "D10", |request, reply| {
        if request.url.ends_with("/ServiceProviderConfig") {
            body(reply, |body| body["documentationUri"] = Value::Null);
        }
    }),
    fault(
        "the status of a bulk operation is a number",
        "B03",
        |_, reply| {
            body(reply, |body| {
                for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                    operation["status"] = json!(201);
                }
            });
        },
    ),
    fault("links begin with another host", "R46", |_, reply| {
        body(reply, |body| {
            if body["meta"].is_object() {
                body["meta"]["location"] = json!("https://inner.example/Users/1");
            }
        });
    }),
];

/// Changes a body of JSON.
fn body(reply: &mut Reply, change: impl FnOnce(&mut Value)) {
    if let Some(mut body) = reply.json().filter(Value::is_object) {
        change(&mut body);
        reply.body = body.to_string().into_bytes();
    }
}

fn taken(body: &mut Value, name: &str) -> Value {
    body.as_object_mut()
        .unwrap()
        .remove(name)
        .unwrap_or_default()
}

fn without(reply: &mut Reply, name: &str) {
    reply.headers.retain(|(key, _)| key != name);
}

fn nothing() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
    })
}
