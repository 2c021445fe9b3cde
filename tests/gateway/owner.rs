//! Ownership is transferred, never granted: no channel takes the owner's role, however it is asked.

use serde_json::{Value, json};
use usher::directory::connection::{Jit, Profile};
use usher::directory::mapping::MatchKind;
use usher::id::OrganizationId;
use usher::provisioning::Error;
use usher::provisioning::invitations::actions::Action;
use usher::provisioning::invitations::{Inviter, NewInvitation, create};
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::provisioning::settings::mappings::{self, NewMapping};
use usher::provisioning::settings::roles::{self, NewRole};

use crate::credentials::live;
use crate::harness::{Browser, TestGateway, press};
use crate::share_api::send;

const ACME: &str = "/api/v1/organizations/acme";
/// The owner's role in the spellings that somebody may try.
const SPELLINGS: [&str; 6] = [
    "owner",
    "OWNER",
    "Owner",
    " owner",
    "owner ",
    "owner\u{200b}",
];

/// Whether an error says no for good: the owner's role is none to grant, or the spelling is none.
fn says_no<T>(done: Result<T, Error>, what: &str) {
    match done {
        Err(Error::Rule(_) | Error::Invitation(_)) => {}
        Err(error) => panic!("{what}: {error}"),
        Ok(_) => panic!("{what}: granted"),
    }
}

struct Acme {
    gateway: TestGateway,
    org: OrganizationId,
    key: String,
}

impl Acme {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let key = gateway.key(live(None, "*")).await;
        Self { gateway, org, key }
    }

    async fn refused(&self, method: &str, path: &str, body: &Value) {
        let reply = send(
            &self.gateway,
            method,
            &format!("{ACME}{path}"),
            &self.key,
            body,
        )
        .await;
        let problem = reply.expect(422).text();
        let known = [
            "owner_not_grantable",
            "unknown_role",
            "import_refused",
            "scope_not_allowed",
        ];
        assert!(
            known.iter().any(|slug| problem.contains(slug)),
            "{path}: {problem}"
        );
    }

    async fn csv(&self, role: &str) {
        let body = format!("email,role\nok@acme.example,viewer\neve@acme.example,{role}\n");
        let request = axum::http::Request::post(format!("{ACME}/imports"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "text/csv");
        let reply = self.gateway.send(request.body(body.into()).unwrap()).await;
        let problem = reply.expect(422).json();
        assert_eq!(problem["errors"][0]["row"], 3, "{problem}");
    }

    /// How many people hold the owner's role or title, or are asked to.
    async fn owners(&self) -> usize {
        let owner = self.gateway.role(self.org, "owner").await;
        let org = self.org;
        let read = self.gateway.gateway.store.read(move |tx| {
            Box::pin(async move {
                let mut found = 0;
                for email in ["eve@acme.example", "grace@acme.example", "jit@acme.example"] {
                    let user = tx.user_by_email(org, email).await?;
                    let holds = user.is_some_and(|it| it.owner || it.role_id == Some(owner));
                    let open = tx.open_invitations(org, &[email.to_owned()]).await?;
                    let asked = open.iter().any(|it| it.role_id == owner);
                    found += usize::from(holds || asked);
                }
                Ok::<_, Error>(found)
            })
        });
        read.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_channel_refuses_the_owners_role_however_it_is_spelt() {
    let acme = Acme::start().await;
    let (gateway, org) = (&acme.gateway, acme.org);
    let store = &gateway.gateway.store;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let grace = gateway.invite(org, "grace@acme.example", "viewer").await;
    gateway.project(org, "web").await;
    let grace_path = format!("/invitations/{}", grace.id);
    for role in SPELLINGS {
        // The admin API: an invitation, with and without a project, and what it is changed to.
        let email = "eve@acme.example";
        acme.refused(
            "POST",
            "/invitations",
            &json!({"email": email, "role": role}),
        )
        .await;
        let scoped = json!({"email": email, "role": role, "projects": ["web"]});
        acme.refused("POST", "/invitations", &scoped).await;
        acme.refused("PATCH", &grace_path, &json!({"role": role}))
            .await;
        acme.refused(
            "PATCH",
            &grace_path,
            &json!({"role": role, "projects": ["web"]}),
        )
        .await;
        // The commands, by what they call: they are the operator's, who may do the most.
        let new = NewInvitation {
            email: email.to_owned(),
            role: role.to_owned(),
            ..NewInvitation::default()
        };
        let operator = Some(Inviter::operator());
        let made = create(store, org, gateway.command(), operator, new.clone()).await;
        says_no(made, role);
        says_no(create(store, org, gateway.command(), None, new).await, role);
        let set = Action::Set {
            role: Some(role.to_owned()),
            projects: None,
        };
        says_no(grace.act(set).await, role);
        // A rule, and a connection's default and highest role, new and old.
        for match_kind in [MatchKind::Name, MatchKind::ExternalId] {
            let new = NewMapping {
                connection: okta.id,
                match_kind,
                group: "Everybody".to_owned(),
                role: role.to_owned(),
                projects: Vec::new(),
                position: None,
                enabled: None,
            };
            says_no(mappings::add(store, gateway.command(), new).await, role);
        }
        for (default_role, max_role) in [(Some(role), None), (None, Some(role))] {
            let settings = ConnectionSettings {
                name: Some("Second".to_owned()),
                default_role: default_role.map(str::to_owned),
                max_role: max_role.map(str::to_owned),
                ..ConnectionSettings::default()
            };
            let made = connections::create(store, org, gateway.command(), settings.clone());
            says_no(made.await, role);
            let kept = ConnectionSettings {
                name: None,
                ..settings
            };
            says_no(
                connections::update(store, gateway.command(), okta.id, kept).await,
                role,
            );
        }
    }
    // The spreadsheet's cells are trimmed and folded: every spelling that means the owner's.
    for role in ["owner", "OWNER", "Owner", " owner ", "Owner (full)"] {
        acme.csv(role).await;
    }
    // A role of one's own is below the owner's.
    for rank in [100, 101, i64::MAX, 0, -1] {
        let new = NewRole {
            slug: "boss".to_owned(),
            name: None,
            rank,
        };
        says_no(
            roles::create(store, org, gateway.command(), new).await,
            "boss",
        );
    }
    let again = NewRole {
        slug: "owner".to_owned(),
        name: None,
        rank: 90,
    };
    let taken = roles::create(store, org, gateway.command(), again).await;
    assert!(matches!(taken, Err(Error::Taken(_))));
    assert_eq!(acme.owners().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_says_owner_all_the_same_makes_nobody_one() {
    let acme = Acme::start().await;
    let (gateway, org) = (&acme.gateway, acme.org);
    let owner = gateway.role(org, "owner").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    gateway
        .alter(&okta, move |row| {
            row.jit = Jit::On;
            row.default_role_id = Some(owner);
            row.max_role_id = owner;
        })
        .await;
    let idp = gateway.idp(&okta).await;
    let browser = Browser::new(gateway);
    idp.sign_in(&browser, "jit@acme.example").await;
    // An invitation as a forged row would have it.
    let grace = gateway.invite(org, "grace@acme.example", "viewer").await;
    let mut row = grace.row().await;
    row.role_id = owner;
    gateway.rewrite(row).await;
    let accept = [("action", "accept")];
    press(&Browser::new(gateway), &grace.mailed().await, &accept).await;
    let org = acme.org;
    for email in ["jit@acme.example", "grace@acme.example"] {
        if let Some(person) = gateway.person(org, email).await {
            assert!(!person.owner, "{email} has the title");
            assert_ne!(person.role_id, Some(owner), "{email} has the role");
        }
    }
}
