//! A run: every check in order, what it made taken away after it, and a report.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{self, Either};

use crate::checks::{self, Check};
use crate::client::Client;
use crate::fault::{Checked, Fault};
use crate::report::{self, Report};
use crate::requirement;
use crate::transport::Transport;

/// What a run is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only these requirements; all of them when empty.
    pub only: Vec<String>,
    /// The letter of the standard: what only the field asks for is left out.
    pub rfc: bool,
}

/// The server that is checked.
#[derive(Clone)]
pub struct Target {
    /// The way to it.
    pub transport: Arc<dyn Transport>,
    /// Its SCIM base URL.
    pub base: String,
    /// A bearer token that may read and write there.
    pub token: String,
}

/// What ended a run before it began.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answered.
    #[error("{0}")]
    Unreachable(String),
    /// There is no such requirement.
    #[error("there is no requirement {0}")]
    Unknown(String),
}

/// Checks a server. When `stop` comes to its end, so does the run: what was made is taken away,
/// and the report says that it is not whole.
pub async fn scim(
    target: Target,
    options: &Options,
    stop: impl Future<Output = ()>,
) -> Result<Report, Error> {
    let sections = requirement::scim();
    let known = |id: &str| {
        let mut all = sections.iter().flat_map(|it| &it.requirements);
        all.any(|it| it.id.eq_ignore_ascii_case(id))
    };
    if let Some(id) = options.only.iter().find(|id| !known(id)) {
        return Err(Error::Unknown(id.clone()));
    }
    let selection = report::Selection {
        sections,
        options: options.clone(),
    };
    let wanted = selection.checks();
    let client = Client::open(target.transport, &target.base, &target.token, options.rfc);
    let client = client.await.map_err(|fault| match fault {
        Fault::Failed { why, .. } | Fault::Skipped(why) => Error::Unreachable(why),
    })?;
    let (results, interrupted) = play(&client, &wanted, stop).await;
    let (swept, left) = client.sweep().await;
    let mut report = Report::new(&selection, &results, client.base());
    report.interrupted = interrupted;
    report.swept = swept;
    report.left = left;
    Ok(report)
}

type Results = BTreeMap<&'static str, Checked>;

/// Plays the checks that are wanted. Answers their results, and whether the run was stopped.
async fn play(
    client: &Client,
    wanted: &BTreeSet<String>,
    stop: impl Future<Output = ()>,
) -> (Results, bool) {
    let mut stop = pin!(stop.fuse());
    let mut results = Results::new();
    for check in checks::all().filter(|check| wanted.contains(check.name)) {
        let played = pin!(caught(check, client));
        let result = future::select(played, &mut stop).await;
        client.clean().await;
        match result {
            Either::Left((result, _)) => drop(results.insert(check.name, result)),
            Either::Right(_) => return (results, true),
        }
    }
    (results, false)
}

/// A check that panics has failed; what it made is taken away all the same.
async fn caught(check: &Check, client: &Client) -> Checked {
    let played = AssertUnwindSafe((check.run)(client)).catch_unwind().await;
    played.unwrap_or_else(|_| Err(Fault::failed("the check itself broke")))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::BoxFuture;
    use serde_json::json;

    use super::*;
    use crate::transport::{Reply, Request, Unreachable};

    /// A server that creates whatever it is sent, and writes down what is deleted.
    #[derive(Default)]
    struct Taker {
        deleted: Mutex<Vec<String>>,
    }

    impl Transport for Taker {
        fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Reply, Unreachable>> {
            let (status, body) = match request.method.as_str() {
                "POST" => (201, json!({"id": "7"})),
                "DELETE" => {
                    self.deleted.lock().unwrap().push(request.url.clone());
                    (204, json!(null))
                }
                _ => (404, json!(null)),
            };
            let reply = Reply {
                status,
                headers: Vec::new(),
                body: body.to_string().into_bytes(),
            };
            async { Ok(reply) }.boxed()
        }
    }

    #[tokio::test]
    async fn a_check_that_breaks_leaves_nothing_behind() {
        let taker = Arc::new(Taker::default());
        let server = Arc::clone(&taker);
        let client = Client::open(server, "https://s.example/v2/", "token", false);
        let client = client.await.unwrap();
        let check = Check {
            name: "test::breaks",
            run: |client| {
                Box::pin(async {
                    client.user(json!({})).await?;
                    panic!("as some checks may")
                })
            },
        };
        assert!(matches!(
            caught(&check, &client).await,
            Err(Fault::Failed { .. })
        ));
        client.clean().await;
        let deleted = taker.deleted.lock().unwrap();
        assert_eq!(*deleted, ["https://s.example/v2/Users/7"]);
    }

    #[tokio::test]
    async fn an_unknown_requirement_is_named() {
        let target = Target {
            transport: Arc::new(Taker::default()),
            base: String::new(),
            token: String::new(),
        };
        let options = Options {
            only: vec!["P20".into(), "Z99".into()],
            rfc: false,
        };
        let error = scim(target, &options, future::pending()).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no requirement Z99");
    }
}
