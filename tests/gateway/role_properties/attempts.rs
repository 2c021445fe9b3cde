//! Attempts at the owner's role, one of every channel.

use proptest::prelude::*;
use serde_json::{Value, json};
use usher::provisioning::settings::connections::ConnectionSettings;
use usher::provisioning::settings::roles::{self, NewRole};

use super::land::{Land, PEOPLE, ROLES, address, group};
use crate::harness::user;

/// How the owner's role may be spelt.
const SPELLINGS: [&str; 4] = ["owner", "OWNER", "Owner", " owner "];

/// One attempt; people and spellings by their number.
#[derive(Clone, Debug)]
pub(super) enum Attempt {
    /// A SCIM Group that is called so, with somebody in it, and a rule of the name.
    ScimGroup(usize),
    /// A person whose SCIM roles and entitlements say so.
    RolesAttribute(usize),
    SamlGroup(usize),
    Invite(usize, usize),
    ChangeInvitation(usize),
    Import(usize, usize),
    Hand(usize, usize, bool),
    Override(usize, usize),
    Default(usize),
    ConnectionDefault(usize),
    Ceiling(usize),
    AddRule(usize),
    ChangeRule(usize, usize),
    ApplyRules(usize),
    Replace(usize, usize),
    RemoveOwner,
    NewRole(i64),
}

pub(super) fn any_attempt() -> impl Strategy<Value = Attempt> {
    let (who, spelt) = (|| 0..PEOPLE, || 0..SPELLINGS.len());
    prop_oneof![
        who().prop_map(Attempt::ScimGroup),
        who().prop_map(Attempt::RolesAttribute),
        who().prop_map(Attempt::SamlGroup),
        (who(), spelt()).prop_map(|(i, s)| Attempt::Invite(i, s)),
        spelt().prop_map(Attempt::ChangeInvitation),
        (who(), spelt()).prop_map(|(i, s)| Attempt::Import(i, s)),
        (who(), spelt(), any::<bool>()).prop_map(|(i, s, site)| Attempt::Hand(i, s, site)),
        (who(), spelt()).prop_map(|(i, s)| Attempt::Override(i, s)),
        spelt().prop_map(Attempt::Default),
        spelt().prop_map(Attempt::ConnectionDefault),
        spelt().prop_map(Attempt::Ceiling),
        spelt().prop_map(Attempt::AddRule),
        (0..3_usize, spelt()).prop_map(|(at, s)| Attempt::ChangeRule(at, s)),
        spelt().prop_map(Attempt::ApplyRules),
        (0..ROLES.len(), spelt()).prop_map(|(r, s)| Attempt::Replace(r, s)),
        Just(Attempt::RemoveOwner),
        prop::sample::select(vec![0, 100, 101]).prop_map(Attempt::NewRole),
    ]
}

impl Land<'_> {
    /// Tries it; answers what was done that must not be.
    pub(super) async fn attempt(&mut self, attempt: &Attempt) -> Option<String> {
        match *attempt {
            Attempt::ScimGroup(_) | Attempt::RolesAttribute(_) | Attempt::SamlGroup(_) => {
                self.name_owner(attempt).await;
                None
            }
            Attempt::Import(i, s) => {
                let reply = self.import(i, SPELLINGS[s]).await;
                refused(reply.status.as_u16(), &reply.text())
            }
            Attempt::ConnectionDefault(s) => {
                let role = SPELLINGS[s].to_owned();
                let settings = ConnectionSettings {
                    default_role: Some(role),
                    ..ConnectionSettings::default()
                };
                self.settings(settings)
                    .await
                    .ok()
                    .map(|()| "set".to_owned())
            }
            Attempt::Ceiling(s) => {
                let role = SPELLINGS[s].to_owned();
                let settings = ConnectionSettings {
                    max_role: Some(role),
                    ..ConnectionSettings::default()
                };
                self.settings(settings)
                    .await
                    .ok()
                    .map(|()| "set".to_owned())
            }
            Attempt::NewRole(rank) => {
                let new = NewRole {
                    slug: "boss".to_owned(),
                    name: None,
                    rank,
                };
                let store = &self.gateway.gateway.store;
                let made = roles::create(store, self.org, self.gateway.command(), new).await;
                made.ok().map(|_| "made".to_owned())
            }
            Attempt::Invite(..)
            | Attempt::ChangeInvitation(_)
            | Attempt::Hand(..)
            | Attempt::Override(..)
            | Attempt::Default(_)
            | Attempt::AddRule(_)
            | Attempt::ChangeRule(..)
            | Attempt::ApplyRules(_)
            | Attempt::Replace(..)
            | Attempt::RemoveOwner => {
                let (method, path, body) = self.asked(attempt).await;
                let reply = self.ask(method, &path, body).await;
                refused(reply.status.as_u16(), &reply.text())
            }
        }
    }

    /// A name alone gives nothing: the provider may call a group or a role as it likes.
    async fn name_owner(&self, attempt: &Attempt) {
        let scim = self.gateway.scim(self.okta);
        match *attempt {
            Attempt::ScimGroup(i) => {
                let id = scim.post("/Users", user(&address(i))).await;
                let members = if id.status == 201 {
                    json!([{"value": id.id()}])
                } else {
                    json!([])
                };
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                    "displayName": "owner", "members": members,
                });
                scim.post("/Groups", body).await;
            }
            Attempt::RolesAttribute(i) => {
                let mut body = user(&address(i));
                body["roles"] = json!([{"value": "owner", "primary": true}]);
                body["entitlements"] = json!([{"value": "owner"}]);
                scim.post("/Users", body).await;
            }
            Attempt::SamlGroup(i) => {
                let groups = vec!["owner".to_owned(), "Owner".to_owned(), group(0)];
                self.arrive(i, Some(groups)).await;
            }
            _ => unreachable!("no name"),
        }
    }

    async fn asked(&self, attempt: &Attempt) -> (&'static str, String, Option<Value>) {
        let rule = |s: usize| json!({"connection_id": self.okta.id, "group": "owner", "role": SPELLINGS[s]});
        match *attempt {
            Attempt::Invite(i, s) => {
                let body = json!({"email": address(i), "role": SPELLINGS[s]});
                ("POST", "/invitations".to_owned(), Some(body))
            }
            Attempt::ChangeInvitation(s) => {
                let all = self.get("/invitations?limit=100").await;
                let id = all["data"][0]["id"].as_str().unwrap_or("none").to_owned();
                let body = json!({"role": SPELLINGS[s]});
                ("PATCH", format!("/invitations/{id}"), Some(body))
            }
            Attempt::Hand(i, s, site) => {
                let projects = if site { vec!["site"] } else { Vec::new() };
                let body = json!({"role": SPELLINGS[s], "projects": projects});
                ("PUT", format!("{}/role", self.person(i).await), Some(body))
            }
            Attempt::Override(i, s) => {
                let body = json!({"role": SPELLINGS[s], "reason": "to be owner"});
                (
                    "POST",
                    format!("{}/override", self.person(i).await),
                    Some(body),
                )
            }
            Attempt::Default(s) => {
                let body = json!({"role": SPELLINGS[s]});
                ("PUT", "/default-role".to_owned(), Some(body))
            }
            Attempt::AddRule(s) => ("POST", "/mappings".to_owned(), Some(rule(s))),
            Attempt::ChangeRule(at, s) => {
                let id = self.rules.get(at).map_or("none", String::as_str);
                let body = json!({"role": SPELLINGS[s]});
                ("PATCH", format!("/mappings/{id}"), Some(body))
            }
            Attempt::ApplyRules(s) => {
                let changes = json!([{"default_role": {"role": "editor"}}, {"add": rule(s)}]);
                let body = json!({"changes": changes});
                ("POST", "/mappings/apply".to_owned(), Some(body))
            }
            Attempt::Replace(r, s) => {
                let body = json!({"replace_with": SPELLINGS[s]});
                ("DELETE", format!("/roles/{}", ROLES[r]), Some(body))
            }
            Attempt::RemoveOwner => {
                let body = json!({"replace_with": "admin"});
                ("DELETE", "/roles/owner".to_owned(), Some(body))
            }
            _ => unreachable!("nothing that is asked"),
        }
    }
}

fn refused(status: u16, text: &str) -> Option<String> {
    let is_no = (400..500).contains(&status);
    (!is_no).then(|| format!("{status}: {text}"))
}
