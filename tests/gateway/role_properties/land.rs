//! A land: an organization in which directories, sign-ins, invitations, files and admins all give roles.

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use serde_json::{Value, json};
use usher::directory::connection::{Mode, Profile, Safeguard};
use usher::id::OrganizationId;
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::settings::roles::{self, NewRole};
use usher::provisioning::sweep;
use usher::store::rows::ConnectionRow;

use crate::credentials::live;
use crate::harness::{Browser, Connected, Idp, Reply, TestGateway, user};

/// People, groups and roles that occur.
pub(super) const PEOPLE: usize = 4;
const GROUPS: usize = 3;
pub(super) const ROLES: [&str; 4] = ["guest", "viewer", "editor", "admin"];

/// Something that happens; people, groups and roles by their number.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Push(usize),
    Active(usize, bool),
    Form(usize, u8),
    Disband(usize),
    Rename(usize, usize),
    Rule(usize, usize, bool),
    Switch(usize, bool),
    Arrive(usize, Option<u8>),
    Hand(usize, Option<usize>, bool),
    Override(usize, usize),
    Suspend(usize, bool),
    Invite(usize, usize),
    Import(usize, usize),
    Default(usize),
    ConnectionDefault(Option<usize>),
    Ceiling(usize),
    Additive(bool),
    Replace(usize),
    Pass(i64),
}

pub(super) fn any_act() -> impl Strategy<Value = Act> {
    let (who, group, role) = (|| 0..PEOPLE, || 0..GROUPS, || 0..ROLES.len());
    let maybe = move || proptest::option::weighted(0.8, role());
    prop_oneof![
        4 => who().prop_map(Act::Push),
        1 => (who(), any::<bool>()).prop_map(|(i, is)| Act::Active(i, is)),
        3 => (group(), 0..16_u8).prop_map(|(g, mask)| Act::Form(g, mask)),
        1 => group().prop_map(Act::Disband),
        1 => (group(), group()).prop_map(|(g, h)| Act::Rename(g, h)),
        4 => (group(), role(), any::<bool>()).prop_map(|(g, r, site)| Act::Rule(g, r, site)),
        1 => (group(), any::<bool>()).prop_map(|(g, is)| Act::Switch(g, is)),
        4 => (who(), proptest::option::weighted(0.8, 0..8_u8)).prop_map(|(i, m)| Act::Arrive(i, m)),
        3 => (who(), maybe(), any::<bool>()).prop_map(|(i, r, site)| Act::Hand(i, r, site)),
        2 => (who(), role()).prop_map(|(i, r)| Act::Override(i, r)),
        1 => (who(), any::<bool>()).prop_map(|(i, is)| Act::Suspend(i, is)),
        2 => (who(), role()).prop_map(|(i, r)| Act::Invite(i, r)),
        1 => (who(), role()).prop_map(|(i, r)| Act::Import(i, r)),
        1 => role().prop_map(Act::Default),
        1 => maybe().prop_map(Act::ConnectionDefault),
        1 => role().prop_map(Act::Ceiling),
        1 => any::<bool>().prop_map(Act::Additive),
        1 => role().prop_map(Act::Replace),
        1 => prop::sample::select(vec![1, 8, 31]).prop_map(Act::Pass),
    ]
}

/// One organization, and what its clients remember.
pub(super) struct Land<'g> {
    pub(super) gateway: &'g TestGateway,
    slug: String,
    pub(super) org: OrganizationId,
    pub(super) okta: &'g Connected,
    idp: Idp<'g>,
    key: String,
    operator: String,
    resources: [Option<String>; PEOPLE],
    groups: [Option<String>; GROUPS],
    pub(super) rules: Vec<String>,
}

pub(super) fn address(i: usize) -> String {
    format!("p{i}@acme.example")
}

pub(super) fn group(g: usize) -> String {
    format!("G{g}")
}

impl<'g> Land<'g> {
    pub(super) async fn open(gateway: &'g TestGateway, slug: String) -> Self {
        let org = gateway.organization(&slug).await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        // As long as the process lives, since its identity provider names it.
        let okta: &'g Connected = Box::leak(Box::new(okta));
        gateway
            .alter(okta, |row| row.safeguard = Safeguard::Off)
            .await;
        gateway.project(org, "site").await;
        let new = NewRole {
            slug: ROLES[0].to_owned(),
            name: None,
            rank: 5,
        };
        let store = &gateway.gateway.store;
        roles::create(store, org, gateway.command(), new)
            .await
            .unwrap();
        Self {
            gateway,
            org,
            okta,
            idp: gateway.idp(okta).await,
            key: gateway.key(live(Some(org), "*")).await,
            operator: gateway.key(live(None, "*")).await,
            slug,
            resources: [const { None }; PEOPLE],
            groups: [const { None }; GROUPS],
            rules: Vec::new(),
        }
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let by_operator = path.ends_with("/override") || method == "DELETE";
        let key = if by_operator {
            &self.operator
        } else {
            &self.key
        };
        let uri = format!("/api/v1/organizations/{}{path}", self.slug);
        let reply = self.gateway.call(key, method, &uri, body).await;
        assert!(!reply.status.is_server_error(), "{uri}: {}", reply.text());
        reply
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.expect(200).json()
    }

    /// Everybody who was ever here.
    pub(super) async fn people(&self) -> Vec<Value> {
        let all = self.get("/users?limit=100").await;
        all["data"].as_array().unwrap().clone()
    }

    pub(super) async fn roles(&self) -> Vec<Value> {
        let all = self.get("/roles").await;
        let all = all["data"].as_array().unwrap().iter();
        all.map(|it| it["slug"].clone()).collect()
    }

    /// The path of whoever has an address now; of nobody where nobody has it.
    pub(super) async fn person(&self, i: usize) -> String {
        let path = format!("/users?email={}", address(i));
        let found = self.get(&path).await;
        let people = found["data"].as_array().unwrap().iter();
        let mut here = people.filter(|it| it["state"] != "deleted");
        let id = here
            .next()
            .map_or("nobody", |it| it["id"].as_str().unwrap());
        format!("/users/{id}")
    }

    /// Somebody signs in, and is said to be in these groups; nothing is said where there are none.
    pub(super) async fn arrive(&self, i: usize, groups: Option<Vec<String>>) {
        self.gateway.clock.advance(1);
        let mut said = self.idp.response().email(address(i));
        if let Some(groups) = groups {
            said = said.attribute("groups", groups);
        }
        let browser = Browser::new(self.gateway);
        let reply = self.idp.post(&browser, &said.base64()).await;
        assert!(!reply.status.is_server_error(), "{}", reply.text());
    }

    pub(super) async fn import(&self, i: usize, role: &str) -> Reply {
        let csv = format!("email,role\n{},{role}\n", address(i));
        let request = Request::post(format!("/api/v1/organizations/{}/imports", self.slug))
            .header("authorization", format!("Bearer {}", self.operator))
            .header("content-type", "text/csv");
        self.gateway
            .send(request.body(Body::from(csv)).unwrap())
            .await
    }

    pub(super) async fn settings(
        &self,
        settings: ConnectionSettings,
    ) -> Result<(), usher::provisioning::Error> {
        let store = &self.gateway.gateway.store;
        let changed = connections::update(store, self.gateway.command(), self.okta.id, settings);
        changed.await.map(drop)
    }

    async fn alter(&self, with: impl Fn(&mut ConnectionRow) + Clone + Send + Sync + 'static) {
        self.gateway.alter(self.okta, with).await;
    }

    /// Does it, or is told that it cannot be done.
    pub(super) async fn take(&mut self, act: &Act) {
        match *act {
            Act::Push(_) | Act::Active(..) | Act::Form(..) | Act::Disband(_) | Act::Rename(..) => {
                self.of_directory(act).await;
            }
            Act::Rule(..) | Act::Switch(..) | Act::Default(_) | Act::Replace(_) => {
                self.of_rules(act).await;
            }
            Act::ConnectionDefault(_) | Act::Ceiling(_) | Act::Additive(_) => {
                self.of_connection(act).await;
            }
            Act::Arrive(i, mask) => {
                let named = |mask: u8| (0..GROUPS).filter(move |g| mask & (1 << g) != 0).map(group);
                self.arrive(i, mask.map(|mask| named(mask).collect())).await;
            }
            Act::Pass(days) => {
                self.gateway.clock.advance(days * 24 * 3600);
                let (store, ids) = (&self.gateway.gateway.store, &self.gateway.gateway.ids);
                sweep::end_grants(store, ids).await.unwrap();
            }
            Act::Hand(..)
            | Act::Override(..)
            | Act::Suspend(..)
            | Act::Invite(..)
            | Act::Import(..) => self.of_admin(act).await,
        }
    }

    async fn of_directory(&mut self, act: &Act) {
        let scim = self.gateway.scim(self.okta);
        match *act {
            Act::Push(i) => {
                let reply = scim.post("/Users", user(&address(i))).await;
                if reply.status == 201 {
                    self.resources[i] = Some(reply.id());
                }
            }
            Act::Active(i, is) => {
                if let Some(id) = &self.resources[i] {
                    let body = json!([{"op": "replace", "path": "active", "value": is}]);
                    scim.patch(&format!("/Users/{id}"), body).await.expect(200);
                }
            }
            Act::Form(g, mask) => {
                let mine = (0..PEOPLE).filter(|i| mask & (1 << i) != 0);
                let members = mine.filter_map(|i| self.resources[i].as_ref());
                let members: Vec<_> = members.map(|id| json!({"value": id})).collect();
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                    "displayName": group(g), "members": members,
                });
                let reply = scim.post("/Groups", body).await;
                if reply.status == 201 {
                    self.groups[g] = Some(reply.id());
                }
            }
            Act::Disband(g) => {
                if let Some(id) = self.groups[g].take() {
                    scim.delete(&format!("/Groups/{id}")).await.expect(204);
                }
            }
            Act::Rename(g, h) => {
                if let Some(id) = &self.groups[g] {
                    let name = json!([{"op": "replace", "path": "displayName", "value": group(h)}]);
                    scim.patch(&format!("/Groups/{id}"), name).await;
                }
            }
            _ => unreachable!("nothing of a directory"),
        }
    }

    async fn of_rules(&mut self, act: &Act) {
        match *act {
            Act::Rule(g, role, site) => {
                let projects = if site { vec!["site"] } else { Vec::new() };
                let body = json!({
                    "connection_id": self.okta.id, "group": group(g), "role": ROLES[role],
                    "projects": projects,
                });
                let reply = self.ask("POST", "/mappings", Some(body)).await;
                if reply.status == 201 {
                    self.rules.push(reply.id());
                }
            }
            Act::Switch(at, is) => {
                if let Some(id) = self.rules.get(at) {
                    let body = json!({"enabled": is});
                    self.ask("PATCH", &format!("/mappings/{id}"), Some(body))
                        .await;
                }
            }
            Act::Default(role) => {
                let body = json!({"role": ROLES[role]});
                self.ask("PUT", "/default-role", Some(body)).await;
            }
            Act::Replace(role) => {
                let body = json!({"replace_with": ROLES[role]});
                self.ask("DELETE", "/roles/guest", Some(body)).await;
            }
            _ => unreachable!("nothing of the rules"),
        }
    }

    async fn of_connection(&self, act: &Act) {
        let settings = match *act {
            Act::ConnectionDefault(role) => ConnectionSettings {
                default_role: Some(role.map_or("none", |it| ROLES[it]).to_owned()),
                ..ConnectionSettings::default()
            },
            Act::Ceiling(role) => ConnectionSettings {
                max_role: Some(ROLES[role].to_owned()),
                ..ConnectionSettings::default()
            },
            Act::Additive(is) => ConnectionSettings {
                mode: Some(if is {
                    Mode::Additive
                } else {
                    Mode::Authoritative
                }),
                ..ConnectionSettings::default()
            },
            _ => unreachable!("nothing of the connection"),
        };
        drop(self.settings(settings).await);
    }

    async fn of_admin(&self, act: &Act) {
        match *act {
            Act::Hand(i, role, site) => {
                let projects = if site { vec!["site"] } else { Vec::new() };
                let body = json!({"role": role.map(|it| ROLES[it]), "projects": projects});
                let path = format!("{}/role", self.person(i).await);
                self.ask("PUT", &path, Some(body)).await;
            }
            Act::Override(i, role) => {
                let path = format!("{}/override", self.person(i).await);
                let body = json!({"role": ROLES[role], "reason": "as it happens"});
                self.ask("POST", &path, Some(body)).await;
            }
            Act::Suspend(i, is) => {
                let what = if is { "suspend" } else { "reactivate" };
                let path = format!("{}/{what}", self.person(i).await);
                self.ask("POST", &path, Some(json!({}))).await;
            }
            Act::Invite(i, role) => {
                let body = json!({"email": address(i), "role": ROLES[role]});
                self.ask("POST", "/invitations", Some(body)).await;
            }
            Act::Import(i, role) => drop(self.import(i, ROLES[role]).await),
            _ => unreachable!("nothing of an admin"),
        }
    }

    /// Makes the first owner, as the organization's creation does; answers their id.
    pub(super) async fn crown(&mut self) -> Value {
        let boss = self.gateway.scim(self.okta).user("boss@acme.example").await;
        let found = self.get("/users?email=boss@acme.example").await;
        let id = found["data"][0]["id"].clone();
        let user = id.as_str().unwrap().parse().unwrap();
        self.gateway
            .alter_person(self.org, user, |it| it.owner = true)
            .await;
        self.gateway
            .scim(self.okta)
            .get(&format!("/Users/{boss}"))
            .await
            .expect(200);
        self.alter(|row| row.safeguard = Safeguard::Off).await;
        id
    }

    /// Whatever names the owner's role and should not: rules, open invitations, defaults, ceilings.
    pub(super) async fn named_owner(&self) -> Vec<Value> {
        let mut found = Vec::new();
        for list in [
            "/mappings?limit=100",
            "/invitations?limit=100",
            "/connections",
        ] {
            let all = self.get(list).await;
            let all = all["data"].as_array().unwrap().iter();
            let names = ["role", "default_role", "max_role"];
            let is_bad = |it: &&Value| names.iter().any(|name| it[*name] == "owner");
            found.extend(all.filter(is_bad).cloned());
        }
        let roles = self.get("/roles").await;
        let roles = roles["data"].as_array().unwrap().iter();
        let bad = roles.filter(|it| it["slug"] == "owner" && it["default"] == true);
        found.extend(bad.cloned());
        found
    }
}
