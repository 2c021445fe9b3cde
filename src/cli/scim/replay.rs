//! `usher scim replay`.

use std::collections::BTreeMap;

use clap::Args;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use usher_conformance::transport::{Request, Transport};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::cli::scratch::Stage;
use crate::id::{ConnectionId, OrganizationId, ScimRequestId};
use crate::limits;
use crate::provisioning::request_log::view::{self, ScimRequestDetail};
use crate::provisioning::scratch::{self, Extra};
use crate::provisioning::settings::connections;
use crate::store::copies::Extent;
use crate::store::rows::WantedRequests;
use crate::store::types::Time;

/// Play recorded requests again, against a copy of the organization as it is now
///
/// The copy lives in memory and is gone afterwards: nothing that lives is touched. What a request
/// creates there has another id than it had; where a later request names the recorded id, the new
/// one is sent in its place. A request of which something was not kept is not played.
///
/// Exit code 1 where a request is answered with another status than it was.
///
/// Examples:
///   usher scim replay REQUEST_ID
///   usher scim replay --connection ID --since 2026-01-31T12:00:00Z
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Replay {
    /// One request
    #[arg(value_name = "ID", required_unless_present = "connection")]
    id: Option<ScimRequestId>,
    /// All requests of this connection, the oldest first
    #[arg(long, value_name = "ID", requires = "since", conflicts_with = "id")]
    connection: Option<ConnectionId>,
    /// Those that did not come before, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", requires = "connection")]
    since: Option<Timestamp>,
}

/// A request that was played again, or was not.
#[derive(Debug, Serialize)]
struct Played {
    id: ScimRequestId,
    time: Timestamp,
    request: String,
    recorded: i64,
    now: Option<u16>,
    same: Option<bool>,
    /// Why it was not played, or what is said now where that differs.
    note: Option<String>,
}

const COLUMNS: [&str; 6] = ["time", "request", "recorded", "now", "same", "note"];
/// Requests that are read at once.
const PAGE: usize = 100;

impl Replay {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let (connection, recorded) = self.recorded(opened).await?;
        let template = scratch::template(&opened.store, connection, Extent::Everything).await?;
        let stage = Stage::of(opened, &template, Extra::default()).await?;
        let (mut played, mut ids) = (Vec::with_capacity(recorded.len()), BTreeMap::new());
        for request in &recorded {
            played.push(play(&stage, request, &mut ids).await?);
        }
        let count = |same: Option<bool>| played.iter().filter(|it| it.same == same).count();
        let (same, different, unplayed) = (count(Some(true)), count(Some(false)), count(None));
        if opened.output.is_json() {
            Output::line(&json!({
                "data": played, "same": same, "different": different, "not_replayable": unplayed,
            }))?;
        } else {
            opened.output.rows(&played, &COLUMNS)?;
            let summary =
                format!("{same} same, {different} different, {unplayed} not replayable\n");
            Output::print(&summary)?;
        }
        Ok(if different == 0 {
            Outcome::Done
        } else {
            Outcome::Failed
        })
    }

    /// What is to be played, and against which connection.
    async fn recorded(
        &self,
        opened: &Opened,
    ) -> Result<(ConnectionId, Vec<ScimRequestDetail>), Failure> {
        if let Some(connection) = self.connection {
            let org = connections::find(&opened.store, connection).await?.org_id;
            let since = self.since;
            return Ok((
                connection,
                since_then(opened, org, connection, since).await?,
            ));
        }
        let missing = || Failure::Usage("name a request, or --connection and --since".to_owned());
        let id = self.id.ok_or_else(missing)?;
        let shown = opened
            .store
            .read(move |tx| async move { view::show_any(tx, id).await }.boxed());
        let shown = shown.await?;
        Ok((shown.request.connection_id, vec![shown]))
    }
}

async fn since_then(
    opened: &Opened,
    org: OrganizationId,
    connection: ConnectionId,
    since: Option<Timestamp>,
) -> Result<Vec<ScimRequestDetail>, Failure> {
    let (mut all, mut after) = (Vec::new(), None);
    while all.len() < limits::REPLAYED_REQUESTS {
        let wanted = WantedRequests {
            connection: Some(connection),
            since: since.map(Time),
            after,
            oldest_first: true,
            ..WantedRequests::default()
        };
        let page = opened.store.read(move |tx| {
            let wanted = wanted.clone();
            async move {
                let mut page = Vec::with_capacity(PAGE);
                for row in view::list(tx, org, &wanted, PAGE).await? {
                    page.push(view::show(tx, org, row.id).await?);
                }
                Ok::<_, crate::provisioning::Error>(page)
            }
            .boxed()
        });
        let page: Vec<ScimRequestDetail> = page.await?;
        after = page.last().map(|it| it.request.id);
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
    let most = limits::REPLAYED_REQUESTS;
    let note = format!("Only the first {most} requests are played; go on with a later --since.");
    opened.output.note(&note)?;
    all.truncate(most);
    Ok(all)
}

/// Plays one request; `ids` knows what was created as something else.
async fn play(
    stage: &Stage,
    recorded: &ScimRequestDetail,
    ids: &mut BTreeMap<String, String>,
) -> Result<Played, Failure> {
    let request = &recorded.request;
    let query = request.query.as_ref().map(|it| format!("?{it}"));
    let target = format!("{}{}", request.path, query.unwrap_or_default());
    let mut played = Played {
        id: request.id,
        time: request.time,
        request: format!("{} {}", request.method, request.path),
        recorded: request.status,
        now: None,
        same: None,
        note: None,
    };
    if let Some(why) = &recorded.not_replayable {
        played.note = Some(format!("not replayable: {why}"));
        return Ok(played);
    }
    let renamed = |text: String| {
        let rename = |text: String, (old, new): (&String, &String)| text.replace(old, new);
        ids.iter().fold(text, rename)
    };
    let connection = stage.base.trim_end_matches("/v2");
    let url = format!("{connection}{}", renamed(target));
    let mut sent = Request::new(&request.method, url)
        .with("authorization", &format!("Bearer {}", stage.scratch.token));
    for (name, value) in recorded.headers.as_object().into_iter().flatten() {
        sent = sent.with(name, value.as_str().unwrap_or_default());
    }
    if let Some(body) = &recorded.body {
        sent.body = renamed(body.to_string()).into_bytes();
    }
    let reply = stage.send(&sent).await;
    let reply = reply.map_err(|error| Failure::File(error.to_string()))?;
    let answer = reply.json().unwrap_or_default();
    let created = |it: &Value| Some(it.get("id")?.as_str()?.to_owned());
    if request.method == "POST"
        && let Some(old) = request.effects.resources.first()
        && let Some(new) = created(&answer)
    {
        ids.insert(old.clone(), new);
    }
    let same = i64::from(reply.status) == request.status;
    played.now = Some(reply.status);
    played.same = Some(same);
    let detail = answer.get("detail").and_then(Value::as_str);
    played.note = detail.filter(|_| !same).map(str::to_owned);
    Ok(played)
}
