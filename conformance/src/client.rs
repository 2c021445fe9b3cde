//! The SCIM client that checks speak through. It remembers everything it makes, names it so that
//! it can be told from what was there before, and takes it away again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::Rng;
use serde_json::{Value, json};

use crate::answer::{Answer, text};
use crate::discovery::Discovery;
use crate::fault::{Checked, Fault};
use crate::transport::{Request, Transport, encoded};

/// The URN of a User (RFC 7643 §4.1).
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of the enterprise extension (RFC 7643 §4.3).
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The URN of a Group (RFC 7643 §4.2).
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The URN of a PATCH (RFC 7644 §3.5.2).
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The media type of SCIM (RFC 7644 §8.1).
pub(crate) const MEDIA_TYPE: &str = "application/scim+json";

/// A SCIM client of the server that is checked.
pub struct Client {
    transport: Arc<dyn Transport>,
    base: String,
    token: String,
    /// What the server says of itself.
    pub discovery: Discovery,
    /// Whether the letter of the standard is asked for where the field is used to other ways.
    pub rfc: bool,
    prefix: String,
    next: AtomicU32,
    made: Mutex<Vec<String>>,
}

/// A resource that a check made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// Its path below the base URL.
    pub path: String,
    /// Its unique name: `userName` or `displayName`.
    pub name: String,
    /// The answer to its creation.
    pub answer: Answer,
}

impl Client {
    /// A client that has read what the server says of itself.
    pub async fn open(
        transport: Arc<dyn Transport>,
        base: &str,
        token: &str,
        rfc: bool,
    ) -> Checked<Self> {
        let mut client = Self {
            transport,
            base: base.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
            discovery: Discovery::default(),
            rfc,
            prefix: format!("conformance-{:08x}", rand::rng().random::<u32>()),
            next: AtomicU32::new(1),
            made: Mutex::default(),
        };
        client.discovery = Discovery::read(&client).await?;
        Ok(client)
    }

    /// The base URL, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What every name made here begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A name that nothing else has.
    pub fn name(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}", self.prefix)
    }

    /// A request below the base URL, with the token.
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, format!("{}{path}", self.base))
            .with("authorization", &format!("Bearer {}", self.token))
            .with("accept", MEDIA_TYPE)
    }

    /// A request with a body of JSON.
    pub fn request_with(&self, method: &str, path: &str, body: &Value) -> Request {
        let mut request = self.request(method, path).with("content-type", MEDIA_TYPE);
        request.body = body.to_string().into_bytes();
        request
    }

    /// Sends a request, and remembers what it made.
    pub async fn send(&self, request: Request) -> Checked<Answer> {
        let reply = self.transport.send(&request).await.map_err(|error| {
            Fault::failed(format!(
                "no answer to {} {}: {error}",
                request.method, request.url
            ))
        })?;
        let answer = Answer::new(request.clone(), reply);
        if request.method == "POST" && answer.status() < 300 {
            self.remember(&request, &answer);
        }
        Ok(answer)
    }

    fn remember(&self, request: &Request, answer: &Answer) {
        let path = self.below(&request.url).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let mut paths = Vec::new();
        if path.eq_ignore_ascii_case("/Bulk") {
            let operations = answer.at("/Operations").as_array();
            let posted = operations.into_iter().flatten();
            paths.extend(
                posted
                    .filter(|it| it["method"] == "POST")
                    .filter_map(|it| self.below(it["location"].as_str()?).map(str::to_owned)),
            );
        } else if !path.ends_with("/.search") && !answer.at("/id").is_null() {
            paths.push(format!("{path}/{}", text(answer.at("/id"))));
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.extend(paths);
    }

    /// The part of a URL below the base; a relative one is below it already.
    pub fn below<'a>(&self, url: &'a str) -> Option<&'a str> {
        match url.strip_prefix(self.base.as_str()) {
            Some(path) => Some(path),
            None => url.starts_with('/').then_some(url),
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Checked<Answer> {
        self.send(self.request("GET", path)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Checked<Answer> {
        self.send(self.request("DELETE", path)).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: &Value) -> Checked<Answer> {
        self.send(self.request_with("POST", path, body)).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: &Value) -> Checked<Answer> {
        self.send(self.request_with("PUT", path, body)).await
    }

    /// `PATCH` with these operations.
    pub async fn patch(&self, path: &str, operations: Value) -> Checked<Answer> {
        self.needs("patch")?;
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.send(self.request_with("PATCH", path, &body)).await
    }

    /// The resource as it is after a `PATCH` that succeeds.
    pub async fn patched(&self, path: &str, operations: Value) -> Checked<Answer> {
        self.patch(path, operations).await?.expect(&[200, 204])?;
        self.get(path).await?.expect(&[200])
    }

    /// A query; the values are encoded here.
    pub async fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Checked<Answer> {
        let pairs: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        self.get(&format!("{path}?{}", pairs.join("&"))).await
    }

    /// A query that succeeds, for what this filter selects.
    pub async fn filter(&self, path: &str, filter: &str) -> Checked<Answer> {
        self.needs("filter")?;
        self.query(path, &[("filter", filter)])
            .await?
            .expect(&[200])
    }

    /// Whether a filter selects this user.
    pub async fn selects(&self, user: &Made, filter: &str) -> Checked<bool> {
        let filter = format!("({filter}) and userName eq \"{}\"", user.name);
        let found = self.filter(self.users(), &filter).await?.ids();
        Ok(found.contains(&user.id))
    }

    /// Each filter must select the user, or must not.
    pub async fn selected(&self, user: &Made, filters: &[(&str, bool)]) -> Checked {
        for (filter, expected) in filters {
            if self.selects(user, filter).await? != *expected {
                let verb = if *expected { "should" } else { "should not" };
                return Err(Fault::failed(format!(
                    "the filter {filter} {verb} select the user of {}",
                    user.answer.json()
                )));
            }
        }
        Ok(())
    }

    /// The endpoint of users.
    pub fn users(&self) -> &str {
        self.discovery.endpoint(USER).unwrap_or("/Users")
    }

    /// The endpoint of groups.
    pub fn groups(&self) -> &str {
        self.discovery.endpoint(GROUP).unwrap_or("/Groups")
    }

    /// Skips where the server says that it does not support this.
    pub fn needs(&self, feature: &str) -> Checked {
        self.discovery.needs(feature)
    }

    /// A plain user who was not made yet, with these attributes on top.
    pub fn draft(&self, more: Value) -> Checked<Value> {
        let name = self.name();
        let address = format!("{name}@conformance.example");
        let plain = json!({
            "schemas": [USER],
            "userName": address,
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "displayName": name,
            "emails": [{"value": address, "type": "work", "primary": true}],
            "active": true,
        });
        self.discovery.knows(USER, &more)?;
        Ok(merged(plain, more))
    }

    /// A user with these attributes on top of a plain one's.
    pub async fn user(&self, more: Value) -> Checked<Made> {
        self.make(self.users(), self.draft(more)?, "userName").await
    }

    /// A group that was not made yet, with these members.
    pub fn group_draft(&self, members: &[&Made]) -> Checked<Value> {
        self.discovery.knows_type(GROUP)?;
        let mut draft = json!({"schemas": [GROUP], "displayName": self.name()});
        if !members.is_empty() {
            draft["members"] = members.iter().map(|it| json!({"value": it.id})).collect();
        }
        Ok(draft)
    }

    /// A group with these members.
    pub async fn group(&self, members: &[&Made]) -> Checked<Made> {
        let draft = self.group_draft(members)?;
        self.make(self.groups(), draft, "displayName").await
    }

    /// Creates a resource, for checks of something else.
    pub async fn make(&self, endpoint: &str, body: Value, named_by: &str) -> Checked<Made> {
        let answer = self.post(endpoint, &body).await?.done()?;
        let id = text(answer.at("/id"));
        answer.must(!id.is_empty(), "a created resource has an id")?;
        Ok(Made {
            path: format!("{endpoint}/{id}"),
            name: text(&body[named_by]),
            id,
            answer,
        })
    }

    /// Takes away what the last check made; nothing is said of what cannot be deleted, since the
    /// sweep at the end finds it.
    pub(crate) async fn clean(&self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        for path in made.iter().rev() {
            drop(self.delete(path).await);
        }
    }

    /// Deletes whatever still bears the prefix. Answers what was found, and what is still there.
    pub(crate) async fn sweep(&self) -> (Vec<String>, Vec<String>) {
        let found = self.remaining().await;
        for path in &found {
            drop(self.delete(path).await);
        }
        let left = if found.is_empty() {
            Vec::new()
        } else {
            self.remaining().await
        };
        (found, left)
    }

    /// The paths of what bears the prefix. A server may pass over the filter, so that the names
    /// are compared here, and it may refuse it, so that the plain list is read then.
    async fn remaining(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let prefix = self.prefix.to_lowercase();
        for (endpoint, name) in [(self.groups(), "displayName"), (self.users(), "userName")] {
            let filter = format!("{name} sw \"{}\"", self.prefix);
            let filtered = [("filter", filter.as_str()), ("count", "1000")];
            let list = match self.query(endpoint, &filtered).await {
                Ok(answer) if answer.status() == 200 => Ok(answer),
                _ => self.query(endpoint, &[("count", "1000")]).await,
            };
            let Ok(list) = list else { continue };
            let ours = |it: &&Value| text(&it[name]).to_lowercase().starts_with(&prefix);
            let ours = list.resources().iter().filter(ours);
            paths.extend(ours.map(|it| format!("{endpoint}/{}", text(&it["id"]))));
        }
        paths
    }
}

/// An object with the members of another on top of its own; `null` takes a member away.
pub(crate) fn merged(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        return object;
    };
    if let Some(members) = object.as_object_mut() {
        for (name, value) in more {
            if value.is_null() {
                members.remove(&name);
            } else {
                members.insert(name, value);
            }
        }
    }
    object
}
