//! Faults of a server that does something else altogether.

use futures_util::FutureExt;
use serde_json::{Value, json};
use usher_conformance::transport::{Reply, Transport};

use super::{Fault, How};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "operations have a case",
        fails: "P02",
        how: How::Both(|way, request| {
            async move {
                let body = request.json().unwrap_or_default();
                let operations = body["Operations"].as_array().cloned().unwrap_or_default();
                let known = |it: &Value| {
                    ["add", "remove", "replace"]
                        .iter()
                        .any(|op| it["op"] == *op)
                };
                if request.method == "PATCH" && !operations.iter().all(known) {
                    return Ok(refusal(400));
                }
                way.send(&request).await
            }
            .boxed()
        }),
    },
    Fault {
        name: "a PATCH is done operation by operation",
        fails: "P05",
        how: How::Both(|way, request| {
            async move {
                let body = request.json().unwrap_or_default();
                let operations = body["Operations"].as_array().cloned().unwrap_or_default();
                let mut last = None;
                for operation in operations {
                    let mut alone = request.clone();
                    let body = json!({"schemas": body["schemas"], "Operations": [operation]});
                    alone.body = body.to_string().into_bytes();
                    let reply = way.send(&alone).await?;
                    let failed = reply.status >= 400;
                    last = Some(reply);
                    if failed {
                        break;
                    }
                }
                match last {
                    Some(reply) => Ok(reply),
                    None => way.send(&request).await,
                }
            }
            .boxed()
        }),
    },
    Fault {
        name: "a PUT merges",
        fails: "H15",
        how: How::Both(|way, mut request| {
            async move {
                if request.method == "PUT" {
                    let mut read = request.clone();
                    "GET".clone_into(&mut read.method);
                    read.body.clear();
                    let mut merged = way.send(&read).await?.json().unwrap_or_default();
                    let body = request.json().unwrap_or_default();
                    for (name, value) in body.as_object().into_iter().flatten() {
                        if !value.is_null() {
                            merged[name] = value.clone();
                        }
                    }
                    request.body = merged.to_string().into_bytes();
                }
                way.send(&request).await
            }
            .boxed()
        }),
    },
    Fault {
        name: "a DELETE has no effect",
        fails: "H21",
        how: How::Both(|way, request| {
            async move {
                if request.method == "DELETE" {
                    return Ok(empty(204));
                }
                way.send(&request).await
            }
            .boxed()
        }),
    },
    Fault {
        name: "a count above the limit is refused",
        fails: "Q03",
        how: How::Both(|way, request| {
            async move {
                if request.url.contains("count=1000000") {
                    return Ok(refusal(400));
                }
                way.send(&request).await
            }
            .boxed()
        }),
    },
    Fault {
        name: "an unknown parameter is refused",
        fails: "T08",
        how: How::Both(|way, request| {
            async move {
                if request.url.contains("aadOptscim062020") {
                    return Ok(refusal(400));
                }
                way.send(&request).await
            }
            .boxed()
        }),
    },
    Fault {
        name: "a PATCH has to have a path",
        fails: "P24",
        how: How::Both(|way, request| {
            async move {
                let body = request.json().unwrap_or_default();
                let operations = body["Operations"].as_array().cloned().unwrap_or_default();
                if operations.iter().any(|it| it["path"].is_null()) {
                    return Ok(refusal(400));
                }
                way.send(&request).await
            }
            .boxed()
        }),
    },
];

fn refusal(status: u16) -> Reply {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
    });
    Reply {
        status,
        headers: vec![(
            "content-type".to_owned(),
            "application/scim+json".to_owned(),
        )],
        body: body.to_string().into_bytes(),
    }
}

fn empty(status: u16) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    }
}
