//! `/Bulk` (RFC 7644 §3.7): operations as if each had come by itself. What is done stays done,
//! whatever becomes of the rest (§3.7.3); a few of them share a transaction and its commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;

use crate::http::scim::task::{Done, Task, perform};
use crate::http::scim::{Endpoint, ScimRequest, with_ignored, with_tolerated};
use crate::http::{Gateway, reply};
use crate::id::ScimUserId;
use crate::limits;
use crate::provisioning::scim_client::{Conditions, ScimClient};
use crate::provisioning::steps::{Fall, scim_steps};
use crate::provisioning::{Error, scim_question};
use crate::scim::bulk::{Asked, Bulk, Entry, Verb, ordered, response, unresolvable};
use crate::scim::catalog::{GROUP_TYPE, USER_TYPE};
use crate::scim::{self, Tolerances};
use crate::store::Reach;

/// Answers a bulk request.
pub(super) async fn answer(gateway: &Gateway, request: ScimRequest) -> Result<Response, Error> {
    let client = client(gateway, &request).await?;
    let bulk = Bulk::parse(request.task.body()?, client.strictness())?;
    let mut job = Job::new(gateway, &request, &bulk);
    job.run(gateway, &request).await?;
    let ignored: Vec<_> = job
        .ignored
        .into_iter()
        .take(limits::IGNORED_NAMES)
        .collect();
    let told = told(&job.entries);
    let entries = job.entries.into_values().collect();
    let mut answer = reply::scim::json(StatusCode::OK, response(entries).to_string());
    if let Some(told) = told {
        answer.extensions_mut().insert(told);
    }
    let answer = with_tolerated(answer, &client, bulk.tolerated);
    let answer = with_tolerated(answer, &client, job.tolerated);
    Ok(with_ignored(answer, &ignored))
}

/// What the request log is told of the operations that were refused.
fn told(entries: &BTreeMap<usize, Entry>) -> Option<reply::scim::Told> {
    let refused = entries
        .iter()
        .filter_map(|(at, it)| Some((at, it.outcome.as_ref().err()?)));
    let count = refused.clone().count();
    let (at, first) = refused.min_by_key(|(at, _)| **at)?;
    let said = reply::scim::Told::of(first);
    let (all, number) = (entries.len(), at + 1);
    let detail = format!(
        "{count} of {all} operations were refused; operation {number}: {}",
        said.detail
    );
    Some(reply::scim::Told { detail, ..said })
}

async fn client(gateway: &Gateway, request: &ScimRequest) -> Result<ScimClient, Error> {
    let credentials = (request.credentials.clone(), Reach::One);
    let store = &gateway.store;
    scim_question(store, &gateway.ids, credentials, |_, client| {
        let client = client.clone();
        async move { Ok(client) }.boxed()
    })
    .await
}

/// Operations that are done together: one, or those that refer to one another in a circle.
type Step = Arc<[(usize, Task)]>;

/// Why a step changed nothing: because of which of its operations.
struct Fallen {
    at: Option<usize>,
    error: Error,
    /// How many operations fall with it.
    size: usize,
}

impl From<Error> for Fallen {
    fn from(error: Error) -> Self {
        let (at, size) = (None, 1);
        Self { at, error, size }
    }
}

impl Fall for Fallen {
    fn error(&self) -> &Error {
        &self.error
    }

    fn weight(&self) -> u64 {
        self.size as u64
    }
}

/// A bulk request that is being worked on.
struct Job<'a> {
    bulk: &'a Bulk,
    base: &'a str,
    references: Vec<BTreeSet<usize>>,
    /// The id of everything that will be created, by its place and by its bulkId.
    ids: BTreeMap<usize, ScimUserId>,
    names: BTreeMap<String, String>,
    entries: BTreeMap<usize, Entry>,
    failed: BTreeSet<usize>,
    ignored: BTreeSet<String>,
    tolerated: Tolerances,
    /// What the store or the credentials said in the midst of it: nothing more is tried.
    broken: Option<Error>,
}

impl<'a> Job<'a> {
    fn new(gateway: &Gateway, request: &'a ScimRequest, bulk: &'a Bulk) -> Self {
        let created = bulk.created();
        let ids: BTreeMap<usize, ScimUserId> = created
            .values()
            .map(|at| (*at, gateway.ids.next()))
            .collect();
        let id_of = |at: &usize| ids.get(at).map(ToString::to_string).unwrap_or_default();
        let named = created.iter().map(|(name, at)| (*name, id_of(at)));
        Self {
            names: named.map(|(name, id)| (name.to_owned(), id)).collect(),
            bulk,
            base: &request.base,
            references: bulk.references(),
            ids,
            entries: BTreeMap::new(),
            failed: BTreeSet::new(),
            ignored: BTreeSet::new(),
            tolerated: Tolerances::default(),
            broken: None,
        }
    }

    /// Does what is to be done, a transaction after the other.
    async fn run(&mut self, gateway: &Gateway, request: &ScimRequest) -> Result<(), Error> {
        let (mut steps, mut places) = (Vec::new(), BTreeSet::new());
        for group in ordered(&self.references) {
            let waits = |at: &usize| !self.references_of(*at).is_disjoint(&places);
            if places.len() >= limits::BULK_STEPS || group.iter().any(waits) {
                places.clear();
                let steps = std::mem::take(&mut steps);
                self.commit(gateway, request, steps).await?;
            }
            match self.step(&group) {
                Ok(step) => {
                    places.extend(group);
                    steps.push(step);
                }
                Err(fallen) => {
                    places.clear();
                    let steps = std::mem::take(&mut steps);
                    self.commit(gateway, request, steps).await?;
                    if self.left() > 0 {
                        self.fall(&group, &fallen);
                    }
                }
            }
            if self.left() == 0 {
                return Ok(());
            }
        }
        self.commit(gateway, request, steps).await
    }

    /// How many errors more there may be.
    fn left(&self) -> u64 {
        let bound = self.bulk.fail_on_errors.unwrap_or(u64::MAX);
        bound.saturating_sub(self.failed.len() as u64)
    }

    fn references_of(&self, at: usize) -> BTreeSet<usize> {
        self.references.get(at).cloned().unwrap_or_default()
    }

    /// The operations as tasks, or what is wrong with one of them.
    fn step(&self, group: &[usize]) -> Result<Step, Fallen> {
        if let Some(error) = &self.broken {
            return Err(Fallen::from(error.clone()));
        }
        if group.len() > limits::BULK_STEPS {
            return Err(Fallen::from(Error::Scim(scim::Error::payload_too_large(
                format!("{} operations may refer to one another", limits::BULK_STEPS),
            ))));
        }
        let task = |at: usize| {
            let task = self.task(at);
            task.map(|it| (at, it)).map_err(|error| Fallen {
                at: Some(at),
                error: Error::Scim(error),
                size: group.len(),
            })
        };
        group.iter().map(|at| task(*at)).collect()
    }

    fn task(&self, at: usize) -> Result<Task, scim::Error> {
        let operations = &self.bulk.operations;
        let operation = operations.get(at).map(|it| it.asked.clone());
        let asked = operation.unwrap_or_else(|| Err(scim::Error::internal("no operation")))?;
        let failed = |other: &&usize| self.failed.contains(*other);
        if let Some(other) = self.references_of(at).iter().find(failed) {
            let other = operations.get(*other).and_then(|it| it.bulk_id.as_deref());
            return Err(unresolvable(other.unwrap_or_default(), "was not created"));
        }
        let asked = asked.resolved(&self.names)?;
        let endpoint = endpoint(self.base, &asked.path);
        check(&asked, &endpoint)?;
        Ok(Task {
            endpoint,
            method: method(asked.verb),
            body: asked.data.map(Ok),
            conditions: Conditions {
                if_match: asked.version,
                if_none_match: None,
            },
            attributes: None,
            excluded: None,
            id: self.ids.get(&at).map(|id| id.uuid()),
            is_blind: true,
        })
    }

    /// Runs steps in a transaction, or in several where it would take long, and notes what became
    /// of each.
    async fn commit(
        &mut self,
        gateway: &Gateway,
        request: &ScimRequest,
        mut steps: Vec<Step>,
    ) -> Result<(), Error> {
        while !steps.is_empty() && self.left() > 0 {
            match run(gateway, request, &steps, self.left()).await {
                Ok(fates) => {
                    let run = fates.len().max(1);
                    for (step, fate) in steps.iter().zip(fates) {
                        let group: Vec<_> = step.iter().map(|(at, _)| *at).collect();
                        match fate {
                            Ok(done) => self.stand(&group, done),
                            Err(fallen) => self.fall(&group, &fallen),
                        }
                    }
                    steps.drain(..run.min(steps.len()));
                }
                // Nothing was done yet: the whole request is refused.
                Err(error) if self.entries.is_empty() => return Err(error),
                Err(error) => {
                    let fallen = Fallen::from(error.clone());
                    for (at, _) in steps.iter().flat_map(|step| step.iter()) {
                        self.fall(&[*at], &fallen);
                    }
                    self.broken = Some(error);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Notes what was done.
    fn stand(&mut self, group: &[usize], done: Vec<Done>) {
        for (at, done) in group.iter().zip(done) {
            let (version, location) = done.at.unzip();
            let location = location.or_else(|| self.location(*at));
            let outcome = Ok((done.status.as_u16(), version));
            self.note(*at, location, outcome);
            self.ignored.extend(done.ignored);
            self.tolerated.extend(done.tolerated);
        }
    }

    /// Notes that nothing was done, because of one of the group or of something else.
    fn fall(&mut self, group: &[usize], fallen: &Fallen) {
        let name = fallen.at.and_then(|at| self.bulk.operations.get(at));
        let name = name.and_then(|it| it.bulk_id.clone()).unwrap_or_default();
        for at in group {
            let error = if fallen.at.is_none_or(|it| it == *at) {
                reply::scim::translated(fallen.error.clone())
            } else {
                unresolvable(&name, "was not created, and the two refer to each other")
            };
            self.failed.insert(*at);
            let created = self.ids.contains_key(at);
            let location = self.location(*at).filter(|_| !created);
            self.note(*at, location, Err(error));
        }
    }

    /// Where the resource of an operation that does not create is.
    fn location(&self, at: usize) -> Option<String> {
        let asked = self.bulk.operations.get(at)?.asked.clone().ok()?;
        let path = asked.resolved(&self.names).ok()?.path;
        match endpoint(self.base, &path) {
            Endpoint::User(id) => Some(format!("{}{}/{id}", self.base, USER_TYPE.endpoint)),
            Endpoint::Group(id) => Some(format!("{}{}/{id}", self.base, GROUP_TYPE.endpoint)),
            _ => None,
        }
    }

    fn note(
        &mut self,
        at: usize,
        location: Option<String>,
        outcome: Result<(u16, Option<i64>), scim::Error>,
    ) {
        let operation = self.bulk.operations.get(at);
        let entry = Entry {
            method: operation.and_then(|it| it.method.clone()),
            bulk_id: operation.and_then(|it| it.bulk_id.clone()),
            location,
            outcome,
        };
        self.entries.insert(at, entry);
    }
}

/// Runs steps as one transaction.
async fn run(
    gateway: &Gateway,
    request: &ScimRequest,
    steps: &[Step],
    bound: u64,
) -> Result<Vec<Result<Vec<Done>, Fallen>>, Error> {
    let caller = (request.credentials.clone(), request.cause.clone());
    let (store, ids) = (&gateway.store, &gateway.ids);
    let bounded = (steps.to_vec().into(), bound);
    scim_steps(store, ids, caller, bounded, |change, client, step: Step| {
        async move {
            let mut done = Vec::with_capacity(step.len());
            if step.len() > 1 {
                change.expect_more();
            }
            for (at, task) in step.iter() {
                let fallen = |error| Fallen {
                    at: Some(*at),
                    error,
                    size: step.len(),
                };
                done.push(perform(change, client, task).await.map_err(fallen)?);
            }
            Ok(done)
        }
        .boxed()
    })
    .await
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Delete => Method::DELETE,
        Verb::Patch => Method::PATCH,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    }
}

/// The endpoint of an operation's path, which is below the base URL or, from some clients, whole.
fn endpoint(base: &str, path: &str) -> Endpoint {
    let below = path.strip_prefix(base).unwrap_or(path);
    Endpoint::of("v2", below.trim_start_matches('/'))
}

/// Whether the operation is one that resources have.
fn check(asked: &Asked, endpoint: &Endpoint) -> Result<(), scim::Error> {
    let creates = asked.verb == Verb::Post;
    match endpoint {
        Endpoint::Groups | Endpoint::Users if creates => Ok(()),
        Endpoint::Group(_) | Endpoint::User(_) if !creates => Ok(()),
        Endpoint::Unknown(why) => Err(scim::Error::not_found(*why)),
        _ => Err(scim::Error::invalid_value(
            "POST goes to /Users or /Groups, and PUT, PATCH and DELETE to a resource below them",
        )),
    }
}
