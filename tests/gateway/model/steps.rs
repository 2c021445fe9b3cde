//! Steps: what directories, admins and time do, and how each is asked of the product.

use proptest::prelude::*;
use serde_json::{Value, json};
use usher::demo::idp::TestIdp;
use usher::directory::connection::{Jit, Profile, Safeguard};
use usher::id::OrganizationId;
use usher::provisioning::sweep;

use super::world::{ADDRESSES, GROUPS, ROLES};
use crate::credentials::live;
use crate::harness::{Browser, Connected, Reply, TestGateway, user};

/// One step; addresses, groups and roles by their number.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Push(usize, bool),
    Active(usize, bool),
    Drop(usize),
    Form(usize, u8),
    Join(usize, usize),
    Leave(usize, usize),
    Disband(usize),
    Rule(usize, usize, bool),
    Unrule(usize),
    Hand(usize, Option<usize>),
    HandSite(usize, Option<usize>),
    Override(usize, usize, i64),
    EndOverride(usize),
    Suspend(usize, bool),
    Invite(usize, usize),
    Import(u8, usize),
    /// With the groups that the sign-in names.
    SignIn(usize, u8),
    Pass(i64),
}

/// Any step, those oftener that bring people and groups about.
pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let (who, group, role) = (|| 0..ADDRESSES, || 0..GROUPS, || 0..ROLES.len());
    let maybe = move || proptest::option::weighted(0.7, role());
    prop_oneof![
        4 => (who(), prop::bool::weighted(0.8)).prop_map(|(i, is)| Step::Push(i, is)),
        3 => (who(), any::<bool>()).prop_map(|(i, is)| Step::Active(i, is)),
        1 => who().prop_map(Step::Drop),
        2 => (group(), 0..16_u8).prop_map(|(g, mask)| Step::Form(g, mask)),
        4 => (group(), who()).prop_map(|(g, i)| Step::Join(g, i)),
        3 => (group(), who()).prop_map(|(g, i)| Step::Leave(g, i)),
        1 => group().prop_map(Step::Disband),
        3 => (group(), role(), any::<bool>()).prop_map(|(g, r, site)| Step::Rule(g, r, site)),
        1 => group().prop_map(Step::Unrule),
        3 => (who(), maybe()).prop_map(|(i, r)| Step::Hand(i, r)),
        2 => (who(), maybe()).prop_map(|(i, r)| Step::HandSite(i, r)),
        2 => (who(), role(), 1..30_i64).prop_map(|(i, r, days)| Step::Override(i, r, days)),
        1 => who().prop_map(Step::EndOverride),
        2 => (who(), any::<bool>()).prop_map(|(i, is)| Step::Suspend(i, is)),
        2 => (who(), role()).prop_map(|(i, r)| Step::Invite(i, r)),
        1 => (1..16_u8, role()).prop_map(|(mask, r)| Step::Import(mask, r)),
        4 => (who(), 0..1_u8 << GROUPS).prop_map(|(i, named)| Step::SignIn(i, named)),
        1 => prop::sample::select(vec![1, 8, 20, 31]).prop_map(Step::Pass),
    ]
}

/// What a NameID is that says who somebody is and nothing else.
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// One organization of the product, and what its clients remember.
pub(super) struct Stage<'g> {
    gateway: &'g TestGateway,
    slug: String,
    pub(super) org: OrganizationId,
    okta: Connected,
    signer: TestIdp,
    key: String,
    operator: String,
    /// The resource of each address, the group and the rule of each number.
    resources: [Option<String>; ADDRESSES],
    groups: [Option<String>; GROUPS],
    rules: [Option<String>; GROUPS],
}

pub(super) fn address(i: usize) -> String {
    format!("p{i}@acme.example")
}

impl<'g> Stage<'g> {
    pub(super) async fn open(gateway: &'g TestGateway, slug: String) -> Self {
        let org = gateway.organization(&slug).await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        gateway
            .alter(&okta, |row| {
                (row.safeguard, row.jit) = (Safeguard::Off, Jit::On);
            })
            .await;
        gateway.project(org, "site").await;
        let signer = gateway.idp(&okta).await.signer;
        Self {
            gateway,
            org,
            okta,
            key: gateway.key(live(Some(org), "*")).await,
            operator: gateway.key(live(None, "*")).await,
            slug,
            signer,
            resources: [const { None }; ADDRESSES],
            groups: [const { None }; GROUPS],
            rules: [const { None }; GROUPS],
        }
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let key = if path.ends_with("/override") {
            &self.operator
        } else {
            &self.key
        };
        let uri = format!("/api/v1/organizations/{}{path}", self.slug);
        self.gateway.call(key, method, &uri, body).await
    }

    /// The path of whoever has an address now; of nobody where nobody has it.
    async fn person(&self, i: usize) -> String {
        let found = self
            .ask("GET", &format!("/users?email={}", address(i)), None)
            .await;
        let found = found.expect(200).json();
        let people = found["data"].as_array().unwrap().iter();
        let mut here = people.filter(|it| it["state"] != "deleted");
        let id = here
            .next()
            .map_or("nobody", |it| it["id"].as_str().unwrap());
        format!("/users/{id}")
    }

    /// Takes a step; answers the status.
    pub(super) async fn take(&mut self, step: &Step) -> u16 {
        match *step {
            Step::Push(..) | Step::Active(..) | Step::Drop(_) => self.of_resource(step).await,
            Step::Form(..) | Step::Join(..) | Step::Leave(..) | Step::Disband(_) => {
                self.of_group(step).await
            }
            Step::Rule(..) | Step::Unrule(_) => self.of_rule(step).await,
            Step::Pass(days) => {
                self.gateway.clock.advance(days * 24 * 3600);
                let (store, ids) = (&self.gateway.gateway.store, &self.gateway.gateway.ids);
                sweep::end_grants(store, ids).await.unwrap();
                200
            }
            Step::SignIn(i, named) => self.sign_in(i, named).await,
            _ => self.of_admin(step).await,
        }
    }

    /// Somebody comes from the identity provider, in a browser of their own.
    async fn sign_in(&self, i: usize, named: u8) -> u16 {
        let idp = self.gateway.idp_with(&self.okta, self.signer.clone());
        let names = (0..GROUPS).filter(|g| named & (1 << g) != 0);
        let names: Vec<_> = names.map(|g| format!("g{g}")).collect();
        let response = idp
            .response()
            .name_id(format!("subject-{i}"), PERSISTENT)
            .attribute("email", [address(i)])
            .attribute("groups", names);
        let browser = Browser::new(self.gateway);
        idp.post(&browser, &response.base64()).await.status.as_u16()
    }

    async fn of_resource(&mut self, step: &Step) -> u16 {
        let scim = self.gateway.scim(&self.okta);
        match *step {
            Step::Push(i, active) => {
                let mut body = user(&address(i));
                body["active"] = active.into();
                let reply = scim.post("/Users", body).await;
                if reply.status == 201 {
                    self.resources[i] = Some(reply.id());
                }
                reply.status.as_u16()
            }
            Step::Active(i, is) => {
                let Some(id) = &self.resources[i] else {
                    return 404;
                };
                let body = json!([{"op": "replace", "path": "active", "value": is}]);
                scim.patch(&format!("/Users/{id}"), body)
                    .await
                    .status
                    .as_u16()
            }
            Step::Drop(i) => {
                let Some(id) = self.resources[i].take() else {
                    return 404;
                };
                scim.delete(&format!("/Users/{id}")).await.status.as_u16()
            }
            _ => unreachable!("no step of a resource"),
        }
    }

    async fn of_group(&mut self, step: &Step) -> u16 {
        let scim = self.gateway.scim(&self.okta);
        let change = match *step {
            Step::Form(g, mask) => {
                let mine = (0..ADDRESSES).filter(|i| mask & (1 << i) != 0);
                let members = mine.filter_map(|i| self.resources[i].as_ref());
                let members: Vec<_> = members.map(|id| json!({"value": id})).collect();
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                    "displayName": format!("G{g}"), "members": members,
                });
                let reply = scim.post("/Groups", body).await;
                if reply.status == 201 {
                    self.groups[g] = Some(reply.id());
                }
                return reply.status.as_u16();
            }
            Step::Disband(g) => {
                let Some(id) = self.groups[g].take() else {
                    return 404;
                };
                return scim.delete(&format!("/Groups/{id}")).await.status.as_u16();
            }
            Step::Join(g, i) => (g, i, "add"),
            Step::Leave(g, i) => (g, i, "remove"),
            _ => unreachable!("no step of a group"),
        };
        let (g, i, op) = change;
        let (Some(group), Some(member)) = (&self.groups[g], &self.resources[i]) else {
            return 404;
        };
        let operation = if op == "add" {
            json!([{"op": op, "path": "members", "value": [{"value": member}]}])
        } else {
            json!([{"op": op, "path": format!("members[value eq \"{member}\"]")}])
        };
        let reply = scim.patch(&format!("/Groups/{group}"), operation).await;
        // A PATCH of a group is answered without a body.
        if reply.status == 204 {
            200
        } else {
            reply.status.as_u16()
        }
    }

    async fn of_rule(&mut self, step: &Step) -> u16 {
        match *step {
            Step::Rule(g, role, site) => {
                let projects = if site { vec!["site"] } else { Vec::new() };
                let role = ROLES[role];
                let Some(id) = &self.rules[g] else {
                    let body = json!({
                        "connection_id": self.okta.id, "group": format!("G{g}"), "role": role,
                        "projects": projects,
                    });
                    let reply = self.ask("POST", "/mappings", Some(body)).await;
                    if reply.status == 201 {
                        self.rules[g] = Some(reply.id());
                    }
                    return reply.status.as_u16();
                };
                let body = json!({"role": role, "projects": projects});
                let path = format!("/mappings/{id}");
                self.ask("PATCH", &path, Some(body)).await.status.as_u16()
            }
            Step::Unrule(g) => {
                let Some(id) = self.rules[g].take() else {
                    return 404;
                };
                self.ask("DELETE", &format!("/mappings/{id}"), None)
                    .await
                    .status
                    .as_u16()
            }
            _ => unreachable!("no step of a rule"),
        }
    }

    async fn of_admin(&self, step: &Step) -> u16 {
        let slug = |role: Option<usize>| role.map(|role| ROLES[role]);
        let reply = match *step {
            Step::Hand(i, role) => {
                let path = format!("{}/role", self.person(i).await);
                self.ask("PUT", &path, Some(json!({"role": slug(role)})))
                    .await
            }
            Step::HandSite(i, role) => {
                let path = format!("{}/role", self.person(i).await);
                let body = json!({"role": slug(role), "projects": ["site"]});
                self.ask("PUT", &path, Some(body)).await
            }
            Step::Override(i, role, days) => {
                let path = format!("{}/override", self.person(i).await);
                let ends = self.gateway.clock.now() + jiff::SignedDuration::from_hours(24 * days);
                let body = json!({"role": ROLES[role], "reason": "a test", "ends_at": ends});
                self.ask("POST", &path, Some(body)).await
            }
            Step::EndOverride(i) => {
                let path = format!("{}/override", self.person(i).await);
                self.ask("DELETE", &path, None).await
            }
            Step::Suspend(i, is) => {
                let verb = if is { "suspend" } else { "reactivate" };
                let path = format!("{}/{verb}", self.person(i).await);
                self.ask("POST", &path, Some(json!({}))).await
            }
            Step::Invite(i, role) => {
                let body = json!({"email": address(i), "role": ROLES[role], "send_email": false});
                self.ask("POST", "/invitations", Some(body)).await
            }
            Step::Import(mask, role) => self.import(mask, ROLES[role]).await,
            _ => unreachable!("no step of an admin"),
        };
        reply.status.as_u16()
    }

    async fn import(&self, mask: u8, role: &str) -> Reply {
        let rows = (0..ADDRESSES).filter(|i| mask & (1 << i) != 0);
        let rows = rows.map(|i| format!("{},{role}\n", address(i)));
        let text = format!("email,role\n{}", rows.collect::<String>());
        self.gateway.import(&self.key, &self.slug, text).await
    }
}
