//! What arrives at what is there: each cell of the table of channels against what an address is already. One
//! person, ada@acme.example, is brought about by one channel, and then another one speaks of her.

use serde_json::{Value, json};
use usher::directory::connection::Safeguard;

use crate::harness::{Acme, Browser, Reply, reason, user};

const ADA: &str = "ada@acme.example";

/// What is there before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Exists {
    Nothing,
    Pending,
    Expired,
    Revoked,
    Unmanaged,
    Provisional,
    Managed,
    ByDirectory,
    ByAdmin,
    Tombstone,
    Held,
    AdminByHand,
    Owner,
}

struct Scene {
    acme: Acme,
    /// The resource, where the directory has one.
    resource: Option<String>,
}

impl Scene {
    async fn of(exists: Exists) -> Self {
        let acme = Acme::start().await;
        let mut scene = Self {
            acme,
            resource: None,
        };
        scene.arrange(exists).await;
        scene
    }

    async fn arrange(&mut self, exists: Exists) {
        match exists {
            Exists::Nothing => {}
            Exists::Pending => self.invited().await,
            Exists::Expired => {
                self.invited().await;
                self.acme.gateway.clock.advance(8 * 24 * 3600);
            }
            Exists::Revoked => {
                self.invited().await;
                let all = self.acme.get("/invitations").await;
                let id = all["data"][0]["id"].as_str().unwrap();
                let path = format!("/invitations/{id}/revoke");
                self.acme.post(&path, json!({})).await.expect(200);
            }
            Exists::Unmanaged => self.signed_in().await,
            Exists::Provisional => {
                self.acme.scim().user("eve@acme.example").await;
                self.signed_in().await;
            }
            Exists::Managed => self.pushed().await,
            Exists::ByDirectory => {
                self.pushed().await;
                self.active(false).await.expect(200);
            }
            Exists::ByAdmin => {
                self.signed_in().await;
                let path = format!("/users/{}/suspend", self.acme.person(ADA).await);
                self.acme.post(&path, json!({})).await.expect(200);
            }
            Exists::Tombstone => {
                self.pushed().await;
                let path = format!("/Users/{}", self.resource.take().unwrap());
                self.acme.scim().delete(&path).await.expect(204);
            }
            Exists::Held => self.held().await,
            Exists::AdminByHand => {
                self.signed_in().await;
                let path = format!("/users/{}/role", self.acme.person(ADA).await);
                self.acme
                    .put(&path, json!({"role": "admin"}))
                    .await
                    .expect(200);
            }
            Exists::Owner => {
                self.signed_in().await;
                let id = self.acme.person(ADA).await.parse().unwrap();
                let gateway = &self.acme.gateway;
                gateway
                    .alter_person(self.acme.org, id, |row| row.owner = true)
                    .await;
            }
        }
    }

    async fn invited(&self) {
        let body = json!({"email": ADA, "role": "editor"});
        self.acme.post("/invitations", body).await.expect(201);
    }

    async fn signed_in(&self) {
        let idp = self.acme.gateway.idp(&self.acme.okta).await;
        let browser = Browser::new(&self.acme.gateway);
        idp.sign_in(&browser, ADA).await.expect(303);
    }

    async fn pushed(&mut self) {
        self.resource = Some(self.acme.scim().user(ADA).await);
    }

    /// One more than may go within an hour.
    async fn held(&mut self) {
        self.pushed().await;
        let hold = |row: &mut usher::store::rows::ConnectionRow| row.safeguard = Safeguard::Hold;
        self.acme.gateway.alter(&self.acme.okta, hold).await;
        let ids = self.acme.gateway.crowd(&self.acme.okta, 12).await;
        for id in ids.iter().take(10) {
            let body = json!([{"op": "replace", "path": "active", "value": false}]);
            self.acme
                .scim()
                .patch(&format!("/Users/{id}"), body)
                .await
                .expect(200);
        }
        let reply = self.active(false).await.expect(200);
        assert!(reply.header("usher-held").is_some());
    }

    async fn active(&self, is: bool) -> Reply {
        let body = json!([{"op": "replace", "path": "active", "value": is}]);
        let path = format!("/Users/{}", self.resource.as_ref().unwrap());
        self.acme.scim().patch(&path, body).await
    }

    /// What she is: state and role of everybody of the address who is not gone, and of her invitations.
    async fn now(&self) -> String {
        let found = self.acme.get(&format!("/users?email={ADA}")).await;
        let people = found["data"].as_array().unwrap().iter();
        let mut words: Vec<String> = people
            .map(|it| {
                let managed = if it["managed_by"].is_null() {
                    ""
                } else {
                    " managed"
                };
                let role = it["role"].as_str().unwrap_or("no role");
                format!("{}{managed} {role}", it["state"].as_str().unwrap())
            })
            .collect();
        words.sort();
        for state in ["pending", "accepted", "superseded"] {
            let all = self.acme.get(&format!("/invitations?state={state}")).await;
            let hers = all["data"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|it| it["email"] == ADA);
            words.extend(hers.map(|_| format!("{state} invitation")));
        }
        words.join(", ")
    }

    async fn invite(&self) -> String {
        let body = json!({"email": ADA, "role": "viewer"});
        self.outcome(self.acme.post("/invitations", body).await)
            .await
    }

    async fn import(&self) -> String {
        let text = format!("email,role\n{ADA},viewer\n");
        let reply = self.acme.gateway.import(&self.acme.key, "acme", text).await;
        let report = reply.json();
        let row = &report["rows"][0];
        format!(
            "{} {} {}",
            reply.status.as_u16(),
            said(&row["status"]),
            said(&row["reason"])
        )
    }

    async fn post(&self, active: bool) -> String {
        let mut body = user(ADA);
        body["active"] = active.into();
        self.outcome(self.acme.scim().post("/Users", body).await)
            .await
    }

    /// The directory turns her away: by a change of the resource where it has one, else by a new one.
    async fn turn_away(&self) -> String {
        if self.resource.is_some() {
            let reply = self.active(false).await;
            return self.outcome(reply).await;
        }
        self.post(false).await
    }

    async fn sign_in(&self) -> String {
        let idp = self.acme.gateway.idp(&self.acme.okta).await;
        let reply = idp.sign_in(&Browser::new(&self.acme.gateway), ADA).await;
        if reply.status == 303 {
            format!("303: {}", self.now().await)
        } else {
            format!(
                "{} {}: {}",
                reply.status.as_u16(),
                reason(&reply),
                self.now().await
            )
        }
    }

    /// Her role is changed by hand; where there is an invitation, that of the invitation.
    async fn edit(&self) -> String {
        for state in ["pending", "expired", "revoked"] {
            let all = self.acme.get(&format!("/invitations?state={state}")).await;
            if let Some(id) = all["data"][0]["id"].as_str() {
                let role = json!({"role": "viewer"});
                let path = format!("/invitations/{id}");
                return self
                    .outcome(self.acme.ask("PATCH", &path, Some(role)).await)
                    .await;
            }
        }
        let found = self.acme.get(&format!("/users?email={ADA}")).await;
        let id = found["data"][0]["id"]
            .as_str()
            .unwrap_or("nobody")
            .to_owned();
        let reply = self
            .acme
            .put(&format!("/users/{id}/role"), json!({"role": "editor"}))
            .await;
        self.outcome(reply).await
    }

    async fn outcome(&self, reply: Reply) -> String {
        let status = reply.status.as_u16();
        let body = if reply.body.is_empty() {
            Value::Null
        } else {
            reply.json()
        };
        let problem = body["type"]
            .as_str()
            .and_then(|kind| kind.rsplit('/').next());
        let scim = body["scimType"].as_str();
        let word = match (status < 400, problem.or(scim)) {
            (false, Some(word)) => format!(" {word}"),
            _ => String::new(),
        };
        format!("{status}{word}: {}", self.now().await)
    }
}

fn said(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// A row of the table: what is there, and what comes of each arrival.
async fn row(exists: Exists, expected: [&str; 6]) {
    let mut found = Vec::new();
    for column in 0..6 {
        let scene = Scene::of(exists).await;
        found.push(match column {
            0 => scene.invite().await,
            1 => scene.import().await,
            2 => scene.post(true).await,
            3 => scene.turn_away().await,
            4 => scene.sign_in().await,
            _ => scene.edit().await,
        });
    }
    assert_eq!(found, expected, "{exists:?}");
}

macro_rules! table {
    ($($name:ident: $exists:ident => [$($cell:literal),+ $(,)?];)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            row(Exists::$exists, [$($cell),+]).await;
        }
    )+};
}

// Columns: invitation, import, SCIM POST, SCIM active=false, sign-in, role by hand.
table! {
    nothing: Nothing => [
        "201: pending invitation",
        "201 create -",
        "201: active managed viewer",
        "201: suspended managed no role",
        "303: active viewer",
        "404 not_found: ",
    ];
    a_pending_invitation: Pending => [
        "409 invitation_exists: pending invitation",
        "200 skip invitation_exists",
        "201: active managed editor, accepted invitation",
        "201: suspended managed no role, superseded invitation",
        "303: active editor, accepted invitation",
        "200: pending invitation",
    ];
    an_expired_invitation: Expired => [
        "201: pending invitation, superseded invitation",
        "201 create -",
        "201: active managed viewer, superseded invitation",
        "201: suspended managed no role, superseded invitation",
        "303: active viewer",
        "200: ",
    ];
    a_revoked_invitation: Revoked => [
        "201: pending invitation",
        "201 create -",
        "201: active managed viewer",
        "201: suspended managed no role",
        "303: active viewer",
        "409 invitation_closed: ",
    ];
    somebody_unmanaged: Unmanaged => [
        "409 already_member: active viewer",
        "200 skip already_member",
        "201: active managed viewer",
        "201: suspended managed no role",
        "303: active viewer",
        "200: active editor",
    ];
    somebody_provisional: Provisional => [
        "409 already_member: active viewer",
        "200 skip already_member",
        "201: active managed viewer",
        "201: suspended managed no role",
        "303: active viewer",
        "200: active editor",
    ];
    somebody_managed: Managed => [
        "409 already_member: active managed viewer",
        "200 skip already_member_directory_managed",
        "409 uniqueness: active managed viewer",
        "200: suspended managed no role",
        "303: active managed viewer",
        "200: active managed editor",
    ];
    somebody_suspended_by_the_directory: ByDirectory => [
        "409 deprovisioned_by_directory: suspended managed no role",
        "200 skip deprovisioned_by_directory",
        "409 uniqueness: suspended managed no role",
        "200: suspended managed no role",
        "403 deprovisioned: suspended managed no role",
        "200: suspended managed no role",
    ];
    somebody_suspended_by_an_admin: ByAdmin => [
        "409 member_suspended: suspended no role",
        "200 skip member_suspended",
        "201: suspended managed no role",
        "201: suspended managed no role",
        "403 deprovisioned: suspended no role",
        "200: suspended no role",
    ];
    a_tombstone: Tombstone => [
        "409 deprovisioned_by_directory: deleted no role",
        "200 skip deprovisioned_by_directory",
        "201: active managed viewer, deleted no role",
        "201: deleted no role, suspended managed no role",
        "403 deprovisioned: deleted no role",
        "404 not_found: deleted no role",
    ];
    somebody_held: Held => [
        "409 already_member: active managed viewer",
        "200 skip already_member_directory_managed",
        "409 uniqueness: active managed viewer",
        "200: active managed viewer",
        "403 deprovisioned: active managed viewer",
        "200: active managed editor",
    ];
    an_admin_by_hand: AdminByHand => [
        "409 already_member: active admin",
        "200 skip already_member",
        "201: active admin",
        "201: active admin",
        "303: active admin",
        "200: active editor",
    ];
    the_owner: Owner => [
        "409 already_member: active owner",
        "200 skip already_member",
        "201: active owner",
        "201: active owner",
        "403 owner_not_confirmed: active owner",
        "409 last_owner: active owner",
    ];
}
