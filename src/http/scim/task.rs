//! One operation on a resource: what a request, or an entry of a bulk request, wants done, and
//! what came of it.

use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::Value;
use uuid::Uuid;

use crate::http::scim::{
    Endpoint, groups, reply_empty, resource, silent, users, with_ignored, with_tolerated,
};
use crate::provisioning::scim_client::{Conditions, ScimClient};
use crate::provisioning::{Change, Error};
use crate::scim::projection::Projection;
use crate::scim::{self, Shown, Tolerance, Tolerances};

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// To what.
    pub(super) endpoint: Endpoint,
    /// What.
    pub(super) method: Method,
    /// The body, where the method has one. It is judged only after the credentials.
    pub(super) body: Option<Result<Value, scim::Error>>,
    /// On which conditions.
    pub(super) conditions: Conditions,
    /// The parameter `attributes`.
    pub(super) attributes: Option<String>,
    /// The parameter `excludedAttributes`.
    pub(super) excluded: Option<String>,
    /// The id of what is created, where others were told it before.
    pub(super) id: Option<Uuid>,
    /// Whether nobody reads the representation of what was done.
    pub(super) is_blind: bool,
}

/// What was done.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) status: StatusCode,
    /// The version and the location of the resource, while there is one.
    pub(super) at: Option<(i64, String)>,
    /// The resource as the client wants to see it; none where it wants to see nothing.
    pub(super) seen: Option<Shown>,
    /// Names that were left out of the request.
    pub(super) ignored: Vec<String>,
    /// The tolerances that it took.
    pub(super) tolerated: Tolerances,
}

impl Task {
    /// The body as JSON.
    pub(super) fn body(&self) -> Result<Value, scim::Error> {
        match &self.body {
            Some(body) => body.clone(),
            None => Err(scim::Error::invalid_syntax("the request needs a JSON body")),
        }
    }

    /// What the client wants to see of a resource.
    pub(super) fn projection(
        &self,
        kind: &'static scim::ResourceType,
        client: &ScimClient,
    ) -> Result<Projection, Error> {
        let (attributes, excluded) = (self.attributes.as_deref(), self.excluded.as_deref());
        let strictness = client.strictness();
        Ok(Projection::parse(kind, attributes, excluded, strictness)?)
    }

    /// The tolerances that the parameters take.
    pub(super) fn tolerated(&self, client: &ScimClient) -> Tolerances {
        let mut used = Tolerances::default();
        let both = self.attributes.is_some() && self.excluded.is_some();
        if both && client.strictness().is_lenient() {
            used.insert(Tolerance::BothProjections);
        }
        used
    }

    /// Whether the answer shows the resource: a PATCH is answered without it where that is the
    /// connection's way and nothing is asked for.
    pub(super) fn is_shown(&self, kind: &scim::ResourceType, client: &ScimClient) -> bool {
        let asked = self.attributes.is_some() || self.excluded.is_some();
        let silent = self.method == Method::PATCH && client.patch_is_silent(kind) && !asked;
        !silent && !self.is_blind
    }

    /// The status of what was done to a resource that is there now.
    pub(super) fn status(&self, is_seen: bool) -> StatusCode {
        match self.method {
            Method::POST => StatusCode::CREATED,
            // RFC 7644 §3.5.1, also within a bulk request (§3.7.3), whose entries show nothing.
            Method::PUT => StatusCode::OK,
            _ if is_seen => StatusCode::OK,
            _ => StatusCode::NO_CONTENT,
        }
    }
}

impl Done {
    /// A resource that is gone.
    pub(super) fn gone() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            at: None,
            seen: None,
            ignored: Vec::new(),
            tolerated: Tolerances::default(),
        }
    }

    /// The answer to a request for this alone.
    pub(super) fn answer(self, client: &ScimClient) -> Response {
        let response = match (self.at, self.seen) {
            (Some((version, location)), Some(seen)) => {
                resource(self.status, seen, version, &location)
            }
            (Some((version, location)), None) => silent(version, &location),
            (None, _) => reply_empty(self.status),
        };
        let response = with_ignored(response, &self.ignored);
        with_tolerated(response, client, self.tolerated)
    }
}

/// Does it, within a change.
pub(super) async fn perform(
    change: &mut Change<'_>,
    client: &ScimClient,
    task: &Task,
) -> Result<Done, Error> {
    match &task.endpoint {
        Endpoint::Groups => groups::create(change, client, task).await,
        Endpoint::Group(id) => groups::change(change, client, task, id).await,
        Endpoint::Users => users::create(change, client, task).await,
        Endpoint::User(id) => users::change(change, client, task, id).await,
        _ => Err(Error::Scim(scim::Error::not_found(
            "there is no such resource to change",
        ))),
    }
}
