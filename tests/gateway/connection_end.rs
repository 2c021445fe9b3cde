//! The end of a connection: nothing of it answers any more, and its people are kept, suspended or
//! deleted, as the admin said.

use serde_json::{Value, json};
use usher::directory::connection::{Profile, Remains};
use usher::directory::mapping::MatchKind;
use usher::directory::user::UserState;
use usher::provisioning::settings::connection_end::{self, Deleted};
use usher::provisioning::settings::mappings::{self, NewMapping};
use usher::provisioning::settings::projects;
use usher::provisioning::{Error, admission, sweep};
use usher::store::rows::UserRow;
use usher::store::types::Time;

use crate::harness::{Browser, Connected, TestGateway, named, reason};

/// A connection with an editor, a person of a project, one without a group, one suspended, and
/// one who only signs in.
struct Acme {
    gateway: TestGateway,
    okta: Connected,
}

impl Acme {
    async fn start() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let acme = Self { gateway, okta };
        let store = &acme.gateway.gateway.store;
        projects::create(store, org, acme.gateway.command(), named("seo"))
            .await
            .unwrap();
        for (group, role, project) in [
            ("SEO_Editors", "editor", None),
            ("SEO_Project", "editor", Some("seo")),
        ] {
            let rule = NewMapping {
                connection: acme.okta.id,
                match_kind: MatchKind::Name,
                group: group.to_owned(),
                role: role.to_owned(),
                projects: project.into_iter().map(str::to_owned).collect(),
                position: None,
                enabled: None,
            };
            let made = mappings::add(store, acme.gateway.command(), rule);
            made.await.unwrap();
        }
        let scim = acme.gateway.scim(&acme.okta);
        let eve = scim.user("eve@acme.example").await;
        let pat = scim.user("pat@acme.example").await;
        scim.user("vera@acme.example").await;
        let sam = scim.user("sam@acme.example").await;
        scim.group("SEO_Editors", &[&eve, &sam]).await;
        scim.group("SEO_Project", &[&pat]).await;
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        scim.patch(&format!("/Users/{sam}"), off).await.expect(200);
        acme
    }

    async fn end(&self, remains: Remains) -> Result<Deleted, Error> {
        let (store, context) = (&self.gateway.gateway.store, self.gateway.command());
        connection_end::delete(store, context, self.okta.id, remains, None).await
    }

    async fn person(&self, name: &str) -> Option<UserRow> {
        let email = format!("{name}@acme.example");
        self.gateway.person(self.okta.org, &email).await
    }

    /// The state and the role of somebody.
    async fn standing(&self, name: &str) -> (UserState, String) {
        let person = self.person(name).await.unwrap();
        assert_eq!(person.managed_by, None, "{name}");
        let mut role = "none";
        for slug in ["admin", "editor", "viewer"] {
            if person.role_id == Some(self.gateway.role(self.okta.org, slug).await) {
                role = slug;
            }
        }
        (person.state(), role.to_owned())
    }

    /// The roles in projects of somebody.
    async fn projects(&self, name: &str) -> usize {
        use futures_util::FutureExt;
        let (org, id) = (self.okta.org, self.person(name).await.unwrap().id);
        let read = self
            .gateway
            .gateway
            .store
            .read(move |tx| async move { tx.user_projects(org, &[id]).await }.boxed());
        read.await.unwrap().len()
    }
}

fn of_kind<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events
        .iter()
        .filter(|event| event["type"] == kind)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_kept_with_what_they_had_and_nothing_of_the_connection_answers() {
    let acme = Acme::start().await;
    let (gateway, okta) = (&acme.gateway, &acme.okta);
    let idp = gateway.idp(okta).await;
    let browser = Browser::new(gateway);
    idp.sign_in(&browser, "eve@acme.example").await.expect(303);
    browser.get("/signed-in").await.expect(200);
    let before = gateway.events(okta.org).await.len();
    let projects = acme.projects("pat").await;
    assert_eq!(projects, 1);

    let done = acme.end(Remains::Keep).await.unwrap();
    assert_eq!((done.kept, done.suspended, done.deleted), (4, 0, 0));

    let active = |role: &str| (UserState::Active, role.to_owned());
    assert_eq!(acme.standing("eve").await, active("editor"));
    assert_eq!(acme.standing("vera").await, active("viewer"));
    assert_eq!(acme.standing("pat").await.0, UserState::Active);
    assert_eq!(acme.projects("pat").await, projects, "in their project");
    assert_eq!(acme.standing("sam").await.0, UserState::Suspended);
    let (store, context) = (&gateway.gateway.store, gateway.command());
    admission::reactivate(store, okta.org, context, "sam@acme.example")
        .await
        .unwrap();
    let sam = acme.standing("sam").await;
    assert_eq!(sam, active("editor"), "an admin can let them in again");

    let scim = gateway.scim(okta);
    scim.get("/Users").await.expect(401);
    let response = idp.response().email("eve@acme.example").base64();
    let stranger = Browser::new(gateway);
    idp.post(&stranger, &response).await.expect(404);
    for page in ["metadata", "login"] {
        let path = format!("/saml/{}/{page}", okta.id);
        browser.get(&path).await.expect(404);
    }
    assert_ne!(
        browser.get("/signed-in").await.status,
        200,
        "the session is over"
    );

    let events = gateway.events(okta.org).await;
    let events = &events[before..];
    assert_eq!(of_kind(events, "group.deleted").len(), 2);
    assert_eq!(of_kind(events, "user.updated").len(), 4);
    assert_eq!(of_kind(events, "user.role_changed"), Vec::<&Value>::new());
    let end = of_kind(events, "connection.deleted");
    assert_eq!(end[0]["data"]["people"], "keep");
    assert_eq!(end[0]["data"]["connection_id"], json!(okta.id));
    let again = acme.end(Remains::Keep).await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_suspended_or_deleted_but_for_the_owner() {
    for (remains, state) in [
        (Remains::Suspend, UserState::Suspended),
        (Remains::Delete, UserState::Deleted),
    ] {
        let acme = Acme::start().await;
        let (org, vera) = (acme.okta.org, acme.person("vera").await.unwrap().id);
        let title = |user: &mut UserRow| user.owner = true;
        acme.gateway.alter_person(org, vera, title).await;
        let done = acme.end(remains).await.unwrap();
        let suspended = state == UserState::Suspended;
        let three = if suspended { (3, 0) } else { (0, 3) };
        assert_eq!((done.kept, (done.suspended, done.deleted)), (1, three));
        for name in ["eve", "pat", "sam"] {
            let found = acme.standing(name).await.0;
            assert_eq!(found, UserState::Suspended, "{name}, before their time");
        }
        let vera = acme.person("vera").await.unwrap();
        assert_eq!((vera.state(), vera.owner), (UserState::Active, true));
        let events = acme.gateway.events(org).await;
        let told = of_kind(&events, "organization.owner_unavailable");
        assert_eq!(told.len(), 1, "their door is gone");
        let (store, context) = (&acme.gateway.gateway.store, acme.gateway.command());
        admission::reactivate(store, org, context, "eve@acme.example")
            .await
            .unwrap();
        assert_eq!(
            acme.standing("eve").await,
            (UserState::Active, "editor".to_owned())
        );
        acme.gateway.clock.advance(31 * 24 * 60 * 60);
        let ids = &acme.gateway.gateway.ids;
        sweep::delete_due(store, ids).await.unwrap();
        for name in ["pat", "sam"] {
            let found = acme.person(name).await.map(|person| person.state());
            let expected = suspended.then_some(UserState::Suspended);
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(acme.standing("eve").await.0, UserState::Active);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_in_another_directory_stays_with_it() {
    let acme = Acme::start().await;
    let (gateway, org) = (&acme.gateway, acme.okta.org);
    let entra = gateway
        .connect(org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let other = gateway.organization("other").await;
    let theirs = gateway.connect(other, "Okta", Profile::Okta, &[]).await;
    gateway.scim(&theirs).user("eve@acme.example").await;
    let idp = gateway.idp(&acme.okta).await;
    idp.sign_in(&Browser::new(gateway), "ada@acme.example")
        .await
        .expect(303);
    gateway.clock.advance(60);
    gateway.scim(&entra).user("ada@acme.example").await;

    let done = acme.end(Remains::Delete).await.unwrap();
    assert_eq!((done.kept, done.deleted), (1, 4));
    let ada = acme.person("ada").await.unwrap();
    assert_eq!(ada.managed_by, Some(entra.id));
    assert_eq!(ada.state(), UserState::Active);
    let kept = gateway.scim(&entra).get("/Users").await.expect(200).json();
    assert_eq!(kept["totalResults"], 1);
    let kept = gateway.scim(&theirs).get("/Users").await.expect(200).json();
    assert_eq!(
        kept["totalResults"], 1,
        "another organization's are untouched"
    );
    assert!(gateway.person(other, "eve@acme.example").await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_people_need_the_connections_name() {
    let acme = Acme::start().await;
    let scim = acme.gateway.scim(&acme.okta);
    for number in 4..=20 {
        scim.user(&format!("p{number}@acme.example")).await;
    }
    let (store, org) = (&acme.gateway.gateway.store, acme.okta.org);
    let before = acme.gateway.events(org).await;
    for confirmed in [None, Some(""), Some("okta"), Some("Okta ")] {
        let context = acme.gateway.command();
        let end = connection_end::delete(store, context, acme.okta.id, Remains::Keep, confirmed);
        let said = end.await.unwrap_err().to_string();
        assert!(
            said.contains("21 people") && said.contains("--confirm \"Okta\""),
            "{said}"
        );
    }
    assert_eq!(acme.gateway.events(org).await, before, "nothing happened");
    let context = acme.gateway.command();
    let end = connection_end::delete(store, context, acme.okta.id, Remains::Keep, Some("Okta"));
    assert_eq!(end.await.unwrap().kept, 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_signs_in_there_is_one_of_its_people() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let idp = gateway.idp(&okta).await;
    idp.sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await
        .expect(303);
    let (store, context) = (&gateway.gateway.store, gateway.command());
    let done = connection_end::delete(store, context, okta.id, Remains::Suspend, None);
    assert_eq!(done.await.unwrap().suspended, 1);
    let ada = gateway.person(org, "ada@acme.example").await.unwrap();
    assert_eq!(ada.state(), UserState::Suspended);
    let entra = gateway
        .connect(org, "Entra", Profile::Entra, &["acme.example"])
        .await;
    let idp = gateway.idp(&entra).await;
    let reply = idp
        .sign_in(&Browser::new(&gateway), "ada@acme.example")
        .await;
    assert_eq!(reason(&reply), "deprovisioned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_stays_suspended_by_a_directory_that_is_gone() {
    let acme = Acme::start().await;
    let (gateway, org) = (&acme.gateway, acme.okta.org);
    let (eve, vera) = (
        acme.person("eve").await.unwrap().id,
        acme.person("vera").await.unwrap().id,
    );
    let now = Time(gateway.clock.now());
    let overdue = move |user: &mut UserRow| user.suspended_by_expiry_at = Some(now);
    gateway.alter_person(org, eve, overdue).await;
    // The owner's resource is deleted: the title stays, and so does what the directory said.
    gateway
        .alter_person(org, vera, |user| user.owner = true)
        .await;
    let scim = gateway.scim(&acme.okta);
    let found = scim.filter("/Users", "userName eq \"vera@acme.example\"");
    let found = found.await.expect(200).json();
    let id = found["Resources"][0]["id"].as_str().unwrap().to_owned();
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    assert_eq!(acme.standing("vera").await.0, UserState::Suspended);
    acme.end(Remains::Keep).await.unwrap();
    for name in ["eve", "sam", "vera"] {
        assert_eq!(acme.standing(name).await.0, UserState::Suspended, "{name}");
        let (store, context) = (&gateway.gateway.store, gateway.command());
        let email = format!("{name}@acme.example");
        admission::reactivate(store, org, context, &email)
            .await
            .unwrap();
        assert_eq!(acme.standing(name).await.0, UserState::Active, "{name}");
    }
}
