//! The outbox and its worker: a mail that is owed is sent, once unless it is marked.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use usher::config::Outbound;
use usher::directory::delivery::{Delivery, Load, MailKind};
use usher::directory::invitation::State;
use usher::directory::invitation::digits::digits;
use usher::directory::invitation::link::{Channel, LinkClaim, LinkKey, LinkKeys};
use usher::id::{DeliveryId, Entropy, InvitationId, MailCodeId, OrganizationId};
use usher::mail::mailbox;
use usher::outbound::Client;
use usher::provisioning::invitations::Links;
use usher::provisioning::outbox::{self, Letterhead, Outcome};
use usher::secret::DataKeys;
use usher::store::rows::{InvitationRow, MailCodeRow, OutboxRow, UserRow};
use usher::store::types::{Doc, Time};
use usher::store::{self, Tx};
use usher::worker::mail::Route;
use usher::worker::{Office, Worker};

use crate::harness::{PUBLIC_URL, Relay, TestGateway, user};

const MINUTE: i64 = 60;
const LEASE: i64 = 3 * MINUTE;

/// An organization whose mail is owed.
struct Stage {
    gateway: TestGateway,
    org: OrganizationId,
    keys: DataKeys,
}

impl Stage {
    async fn set() -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let keys = DataKeys::generate(&Entropy::seeded(7));
        Self { gateway, org, keys }
    }

    fn office(&self, route: Route) -> Office {
        let gateway = &self.gateway.gateway;
        let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
        let letterhead = Letterhead::new(from, Links::new(PUBLIC_URL, &self.keys).unwrap());
        let pace = NonZeroU32::new(10_000).unwrap();
        let (store, ids) = (gateway.store.clone(), gateway.ids.clone());
        let outbound = Outbound {
            allow_private_targets: true,
            ..Outbound::default()
        };
        let client = Client::new(&outbound).unwrap();
        let means = (client, gateway.keys.clone());
        Office::new(store, ids, letterhead, route, pace, means)
    }

    async fn write<T, F>(&self, job: F) -> T
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Tx) -> futures_util::future::BoxFuture<'a, Result<T, store::Error>>
            + Send
            + Sync
            + 'static,
    {
        self.gateway.gateway.store.write(job).await.unwrap()
    }

    /// Somebody is invited, and the mail is owed.
    async fn invite(&self, email: &str) -> OutboxRow {
        let role_id = self.gateway.role(self.org, "editor").await;
        let ids = &self.gateway.gateway.ids;
        let now = ids.clock().now();
        let invitation = InvitationRow {
            org_id: self.org,
            id: ids.next(),
            email: email.to_owned(),
            email_norm: email.to_owned(),
            role_id,
            mailed_role_id: None,
            message: Some("Welcome!".to_owned()),
            override_reason: None,
            state: State::Pending,
            version: 3,
            share_version: 1,
            shared_at: None,
            inviter_id: None,
            inviter_name: None,
            actor: "command".to_owned(),
            import_id: None,
            send_count: 0,
            last_sent_at: None,
            asked_at: None,
            expires_at: Time(now + jiff::SignedDuration::from_hours(7 * 24)),
            accepted_user_id: None,
            accepted_via: None,
            closed_at: None,
            closed_cause: None,
            created_at: Time(now),
            updated_at: Time(now),
        };
        let row = self.owed(MailKind::Invitation, email, invitation.id);
        let owed = row.clone();
        self.write(move |tx| {
            let (invitation, row) = (invitation.clone(), row.clone());
            async move {
                tx.insert_invitation(&invitation).await?;
                tx.insert_delivery(&row).await
            }
            .boxed()
        })
        .await;
        owed
    }

    fn owed(&self, kind: MailKind, recipient: &str, invitation: InvitationId) -> OutboxRow {
        let ids = &self.gateway.gateway.ids;
        let now = Time(ids.clock().now());
        OutboxRow {
            org_id: self.org,
            id: ids.next(),
            kind,
            recipient: recipient.to_owned(),
            invitation_id: Some(invitation),
            code_id: None,
            detail: Doc("{}".to_owned()),
            state: Delivery::Queued,
            uncertain: false,
            attempts: 0,
            due_at: now,
            lease: None,
            leased_until: None,
            last_reply: None,
            created_at: now,
            finished_at: None,
        }
    }

    async fn owe(&self, row: &OutboxRow) {
        let row = row.clone();
        self.write(move |tx| {
            let row = row.clone();
            async move { tx.insert_delivery(&row).await }.boxed()
        })
        .await;
    }

    async fn claim(&self) -> Vec<OutboxRow> {
        self.claim_of(Load::Mails).await
    }

    async fn claim_of(&self, load: Load) -> Vec<OutboxRow> {
        let gateway = &self.gateway.gateway;
        outbox::claim(&gateway.store, &gateway.ids, load, 10)
            .await
            .unwrap()
    }

    async fn sending(&self, row: &OutboxRow) -> bool {
        let gateway = &self.gateway.gateway;
        outbox::sending(&gateway.store, &gateway.ids, row)
            .await
            .unwrap()
    }

    async fn finish(&self, row: &OutboxRow, outcome: &Outcome) -> Option<Delivery> {
        let gateway = &self.gateway.gateway;
        let done = outbox::finish(&gateway.store, &gateway.ids, row, outcome);
        done.await.unwrap()
    }

    async fn row(&self, id: DeliveryId) -> OutboxRow {
        let org = self.org;
        let store = &self.gateway.gateway.store;
        let row = store.read(move |tx| async move { tx.delivery(org, id).await }.boxed());
        row.await.unwrap().unwrap()
    }

    async fn invitation(&self, row: &OutboxRow) -> InvitationRow {
        let (org, id) = (self.org, row.invitation_id.unwrap());
        self.write(move |tx| async move { tx.invitation(org, id).await }.boxed())
            .await
            .unwrap()
    }

    async fn alter(
        &self,
        row: &OutboxRow,
        with: impl Fn(&mut InvitationRow) + Send + Sync + 'static,
    ) {
        let (org, id) = (self.org, row.invitation_id.unwrap());
        let with = std::sync::Arc::new(with);
        self.write(move |tx| {
            let with = with.clone();
            async move {
                let mut row = tx.invitation(org, id).await?.unwrap();
                with(&mut row);
                tx.update_invitation(&row).await
            }
            .boxed()
        })
        .await;
    }

    /// Closes an invitation, so that its address is free again.
    async fn close(&self, row: &OutboxRow) {
        let close = |row: &mut InvitationRow| row.closed_at = Some(row.created_at);
        self.alter(row, close).await;
    }

    /// The events about mails.
    async fn told(&self) -> Vec<(String, Value)> {
        let events = self.gateway.events(self.org).await;
        let told = events.iter().filter(|event| {
            let kind = event["type"].as_str().unwrap();
            kind.starts_with("invitation.sen")
        });
        told.map(|event| {
            let kind = event["type"].as_str().unwrap().to_owned();
            (kind, event["data"].clone())
        })
        .collect()
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("usher-mail-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name).join("outbox"))
    }

    fn mails(&self) -> Vec<(String, String)> {
        let Ok(entries) = std::fs::read_dir(&self.0) else {
            return Vec::new();
        };
        let mut mails: Vec<_> = entries
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(&path).unwrap())
            })
            .collect();
        mails.sort();
        mails
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(self.0.parent().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_never_claim_the_same_mail() {
    let stage = Stage::set().await;
    let mut owed = BTreeSet::new();
    for number in 0..30 {
        owed.insert(stage.invite(&format!("p{number}@b.example")).await.id);
    }
    let claimer = || async {
        let mut mine = Vec::new();
        loop {
            let rows = stage.claim().await;
            if rows.is_empty() {
                return mine;
            }
            mine.extend(rows.into_iter().map(|row| row.id));
        }
    };
    let claimed = join_all((0..4).map(|_| claimer())).await.concat();
    assert_eq!(claimed.len(), 30, "each is claimed once");
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), owed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_and_posts_are_claimed_apart() {
    let stage = Stage::set().await;
    let mail = stage.invite("a@b.example").await;
    stage
        .finish(&stage.claim().await[0], &Outcome::Cancelled)
        .await;
    let invitation = mail.invitation_id.unwrap();
    let mut posts = BTreeSet::new();
    for _ in 0..20 {
        let post = stage.owed(MailKind::WebhookPost, "hooks.example", invitation);
        stage.owe(&post).await;
        posts.insert(post.id);
    }
    // However many posts are due before them, the mails are what is next.
    stage.gateway.clock.advance(1);
    let mut mails = BTreeSet::new();
    for kind in [MailKind::Invitation, MailKind::Notice, MailKind::Code] {
        let mail = stage.owed(kind, "a@b.example", invitation);
        stage.owe(&mail).await;
        mails.insert(mail.id);
    }
    let ids = |rows: Vec<OutboxRow>| rows.iter().map(|it| it.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(stage.claim().await), mails);
    assert!(stage.claim().await.is_empty());
    let first = stage.claim_of(Load::Posts).await;
    let second = stage.claim_of(Load::Posts).await;
    assert_eq!(ids([first, second].concat()), posts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_ran_out_marks_only_what_was_being_handed_over() {
    let stage = Stage::set().await;
    let (begun, waiting) = (
        stage.invite("a@b.example").await.id,
        stage.invite("b@b.example").await.id,
    );
    let first: BTreeMap<_, _> = stage
        .claim()
        .await
        .into_iter()
        .map(|it| (it.id, it))
        .collect();
    assert!(stage.sending(&first[&begun]).await);
    stage.gateway.clock.advance(LEASE - 1);
    assert!(stage.claim().await.is_empty());
    stage.gateway.clock.advance(1);
    let second = stage.claim().await;
    let found = second.iter().map(|it| (it.id, it.uncertain, it.attempts));
    let found: BTreeSet<_> = found.collect();
    assert_eq!(
        found,
        BTreeSet::from([(begun, true, 1), (waiting, false, 0)])
    );
    // Whoever comes back late changes nothing any more.
    for row in first.values() {
        assert!(!stage.sending(row).await);
        let sent = Outcome::Sent("250 ok".to_owned(), None);
        assert_eq!(stage.finish(row, &sent).await, None);
    }
    assert!(stage.told().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_cut_off_again_and_again_fails_in_the_end() {
    let stage = Stage::set().await;
    let id = stage.invite("a@b.example").await.id;
    let folder = Folder::new("cut-off");
    for _ in 0..5 {
        let rows = stage.claim().await;
        assert!(stage.sending(&rows[0]).await);
        stage.gateway.clock.advance(LEASE);
    }
    let office = stage.office(Route::Folder(folder.0.clone()));
    assert_eq!(office.drain().await.unwrap(), 1);
    let row = stage.row(id).await;
    assert_eq!(
        (row.state, row.uncertain, row.attempts),
        (Delivery::Failed, true, 5)
    );
    assert_eq!(stage.told().await[0].0, "invitation.send_failed");
    assert!(folder.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_mailed_into_a_folder_with_a_good_link() {
    let stage = Stage::set().await;
    let owed = stage.invite("grace@b.example").await;
    let folder = Folder::new("link");
    let office = stage.office(Route::Folder(folder.0.clone()));
    assert_eq!(office.drain().await.unwrap(), 1);
    assert_eq!(office.drain().await.unwrap(), 0);
    let mails = folder.mails();
    assert_eq!(mails.len(), 1);
    let (name, text) = &mails[0];
    assert_eq!(*name, format!("{}@usher.example.eml", owed.id));
    for part in [
        "From: Usher <no-reply@usher.example>",
        "To: grace@b.example",
        "Subject: You are invited to acme",
        "Welcome!",
        "Role: Editor",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let (_, rest) = text.split_once("https://usher.example/join/").unwrap();
    let claim = LinkClaim::parse(rest.split(char::is_whitespace).next().unwrap()).unwrap();
    let current = LinkKey::new(stage.keys.link().unwrap());
    let keys = LinkKeys {
        current,
        previous: None,
    };
    assert!(claim.is_proven(&keys, stage.org));
    assert_eq!((claim.version, claim.channel), (3, Channel::Mail));
    let row = stage.row(owed.id).await;
    assert_eq!((row.state, row.attempts), (Delivery::Sent, 1));
    let invitation = stage.invitation(&owed).await;
    assert_eq!(invitation.send_count, 1);
    assert_eq!(invitation.mailed_role_id, Some(invitation.role_id));
    assert!(invitation.last_sent_at.is_some());
    let expected = json!({
        "invitation_id": invitation.id,
        "delivery_id": owed.id,
        "uncertain": false,
        "send_count": 1,
    });
    assert_eq!(
        stage.told().await,
        [("invitation.sent".to_owned(), expected)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_s_answers_decide() {
    let stage = Stage::set().await;
    let relay = Relay::start();
    let office = stage.office(relay.route());
    let mut owed = BTreeMap::new();
    for name in ["busy", "drop", "later", "never", "ok", "slow", "unwanted"] {
        owed.insert(name, stage.invite(&format!("{name}@b.example")).await.id);
    }
    assert_eq!(office.drain().await.unwrap(), 7);
    let check = async |expected: &[(&str, Delivery, bool, i64, &str)]| {
        for (name, state, uncertain, attempts, reply) in expected {
            let row = stage.row(owed[name]).await;
            let found = (row.state, row.uncertain, row.attempts, row.last_reply);
            let reply = Some((*reply).to_owned());
            assert_eq!(found, (*state, *uncertain, *attempts, reply), "{name}");
            assert_eq!(row.lease, None, "{name}");
        }
    };
    let hung_up = "the relay hung up, or answered what is no SMTP";
    check(&[
        (
            "busy",
            Delivery::Queued,
            false,
            1,
            "452 4.3.1 too much of it",
        ),
        ("drop", Delivery::Queued, true, 1, hung_up),
        ("later", Delivery::Queued, false, 1, "451 4.7.1 greylisted"),
        (
            "never",
            Delivery::Failed,
            false,
            1,
            "550 5.1.1 (an address) no such user",
        ),
        ("ok", Delivery::Sent, false, 1, "250 2.0.0 queued as 4B1"),
        ("slow", Delivery::Sent, false, 1, "250 2.0.0 queued as 4B1"),
        (
            "unwanted",
            Delivery::Failed,
            false,
            1,
            "554 5.7.1 we do not like it",
        ),
    ])
    .await;
    assert_eq!(
        relay.connections(),
        2,
        "one for all, and one after the drop"
    );
    stage.gateway.clock.advance(MINUTE - 1);
    assert_eq!(office.drain().await.unwrap(), 0);
    stage.gateway.clock.advance(1);
    assert_eq!(office.drain().await.unwrap(), 3);
    check(&[
        ("busy", Delivery::Sent, false, 2, "250 2.0.0 queued as 4B1"),
        ("drop", Delivery::Sent, true, 2, "250 2.0.0 queued as 4B1"),
        ("later", Delivery::Sent, false, 2, "250 2.0.0 queued as 4B1"),
    ])
    .await;
    let mut taken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in relay.taken() {
        taken.entry(mail.recipient).or_default().push(mail.id);
    }
    for (name, times) in [
        ("busy", 1),
        ("drop", 2),
        ("later", 1),
        ("ok", 1),
        ("slow", 1),
    ] {
        let ids = &taken[&format!("{name}@b.example")];
        let id = format!("<{}@usher.example>", owed[name]);
        assert_eq!(*ids, vec![id; times], "{name}: always by the same id");
    }
    assert_eq!(taken.len(), 5);
    let told = stage.told().await;
    let failed = told
        .iter()
        .filter(|(kind, _)| kind == "invitation.send_failed");
    let replies: Vec<_> = failed.map(|(_, data)| data["reply"].clone()).collect();
    assert_eq!((told.len(), replies.len()), (7, 2));
    let of_drop = told
        .iter()
        .find(|(_, data)| data["delivery_id"] == json!(owed["drop"]));
    assert_eq!(of_drop.unwrap().1["uncertain"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_not_there_is_tried_five_times_in_a_day() {
    let stage = Stage::set().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let office = stage.office(Route::Relay(usher::worker::smtp::Relay {
        host: "127.0.0.1".to_owned(),
        port,
        security: usher::worker::smtp::Security::Plain,
        credentials: None,
    }));
    let owed = stage.invite("a@b.example").await;
    // It lives longer than the tries take.
    stage
        .alter(&owed, |row| {
            row.expires_at = Time(row.expires_at.0 + jiff::SignedDuration::from_hours(9));
        })
        .await;
    for seconds in [0, MINUTE, 29 * MINUTE, 330 * MINUTE, 18 * 60 * MINUTE] {
        if seconds > 0 {
            stage.gateway.clock.advance(seconds - 1);
            assert_eq!(office.drain().await.unwrap(), 0, "not before {seconds}");
            stage.gateway.clock.advance(1);
        }
        assert_eq!(stage.row(owed.id).await.state, Delivery::Queued);
        assert_eq!(office.drain().await.unwrap(), 1, "after {seconds}");
    }
    let row = stage.row(owed.id).await;
    assert_eq!(
        (row.state, row.attempts, row.uncertain),
        (Delivery::Failed, 5, false)
    );
    assert!(row.last_reply.unwrap().contains("refused"));
    let told = stage.told().await;
    assert_eq!((told.len(), &*told[0].0), (1, "invitation.send_failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_not_mailed() {
    let stage = Stage::set().await;
    let relay = Relay::start();
    let office = stage.office(relay.route());
    let revoked = stage.invite("a@b.example").await;
    stage
        .alter(&revoked, |row| row.state = State::Revoked)
        .await;
    let expired = stage.invite("b@b.example").await;
    stage
        .alter(&expired, |row| row.expires_at = row.created_at)
        .await;
    let odd = stage.invite("not an address").await;
    assert_eq!(office.drain().await.unwrap(), 3);
    assert_eq!(stage.row(revoked.id).await.state, Delivery::Cancelled);
    assert_eq!(stage.row(expired.id).await.state, Delivery::Cancelled);
    let row = stage.row(odd.id).await;
    assert_eq!(row.state, Delivery::Failed);
    assert!(row.last_reply.unwrap().starts_with("not sent: "));
    // Cancelled between the claim and the sending: it does not go out.
    let late = stage.invite("c@b.example").await;
    let claimed = stage.claim().await;
    let (org, id, at) = (stage.org, late.invitation_id.unwrap(), late.created_at);
    stage
        .write(move |tx| async move { tx.cancel_deliveries(org, id, at).await }.boxed())
        .await;
    assert!(!stage.sending(&claimed[0]).await);
    assert_eq!(stage.row(late.id).await.state, Delivery::Cancelled);
    // Over since it was composed, though nobody cancelled it: the same, and the row is closed.
    for how in [
        |row: &mut InvitationRow| row.state = State::Revoked,
        |row: &mut InvitationRow| row.expires_at = row.created_at,
    ] {
        let late = stage.invite("d@b.example").await;
        let claimed = stage.claim().await;
        stage.alter(&late, how).await;
        assert!(!stage.sending(&claimed[0]).await);
        let row = stage.row(late.id).await;
        assert_eq!((row.state, row.lease), (Delivery::Cancelled, None));
        assert!(row.finished_at.is_some());
        stage.close(&late).await;
    }
    assert!(relay.taken().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_code_is_served_first() {
    let stage = Stage::set().await;
    let mut last = stage.invite("p0@b.example").await;
    for number in 1..15 {
        last = stage.invite(&format!("p{number}@b.example")).await;
    }
    stage.gateway.clock.advance(MINUTE);
    let code = stage.owed(MailKind::Code, "p14@b.example", last.invitation_id.unwrap());
    stage.owe(&code).await;
    let first = stage.claim().await;
    assert_eq!(first.len(), 10);
    assert!(first.iter().any(|row| row.id == code.id), "{first:?}");
    let rest = stage.claim().await;
    assert_eq!(rest.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_and_notices_are_mailed_too() {
    let stage = Stage::set().await;
    let relay = Relay::start();
    let invited = stage.invite("grace@b.example").await;
    let invitation = invited.invitation_id.unwrap();
    let ids = stage.gateway.gateway.ids.clone();
    let now = ids.clock().now();
    let code = MailCodeRow {
        org_id: stage.org,
        id: ids.next::<MailCodeId>(),
        invitation_id: invitation,
        email: "grace@b.example".to_owned(),
        email_norm: "grace@b.example".to_owned(),
        tries: 0,
        created_at: Time(now),
        expires_at: Time(now + jiff::SignedDuration::from_mins(10)),
        used_at: None,
    };
    let expected = digits(
        &LinkKey::new(stage.keys.short_code().unwrap()),
        stage.org,
        code.id,
    );
    let code_id = code.id;
    stage
        .write(move |tx| {
            let code = code.clone();
            async move { tx.insert_mail_code(&code).await }.boxed()
        })
        .await;
    let mut mail = stage.owed(MailKind::Code, "grace@b.example", invitation);
    mail.code_id = Some(code_id);
    stage.owe(&mail).await;
    for detail in [
        r#"{"about":"declined","reason":"Wrong Grace"}"#,
        r#"{"about":"declined","reason":null,"to_owner":true}"#,
        r#"{"about":"other_address","email":"g@home.example","link":"shared"}"#,
        r#"{"about":"needs_attention","attention":"no_project_left"}"#,
        r#"{"about":"needs_attention","attention":"override_not_allowed"}"#,
        r#"{"about":"wanted"}"#,
    ] {
        let mut mail = stage.owed(MailKind::Notice, "ada@b.example", invitation);
        mail.detail = Doc(detail.to_owned());
        stage.owe(&mail).await;
    }
    let mut odd = stage.owed(MailKind::Notice, "ada@b.example", invitation);
    odd.detail = Doc(r#"{"about":"weather"}"#.to_owned());
    stage.owe(&odd).await;
    assert_eq!(stage.office(relay.route()).drain().await.unwrap(), 9);
    let taken = relay.taken();
    let with = |part: &str| taken.iter().filter(|mail| mail.text.contains(part)).count();
    assert_eq!(taken.len(), 8);
    assert_eq!((with(&expected), with("Your code for acme")), (1, 1));
    assert_eq!(with("Invitation declined: grace@b.example"), 2);
    assert_eq!(with("Wrong Grace"), 1);
    assert_eq!(with("because you sent the invitation."), 5);
    assert_eq!(with("because you own acme, in place of whoever sent"), 1);
    assert_eq!(with("Invitation needs attention"), 2);
    assert_eq!(with("New invitation wanted"), 1);
    assert_eq!(with("Another address wanted"), 1);
    assert_eq!(stage.row(odd.id).await.state, Delivery::Failed);
    assert_eq!(stage.told().await.len(), 1, "only of the invitation");
    // A code that is too old is not mailed late.
    stage.gateway.clock.advance(10 * MINUTE);
    let mut late = stage.owed(MailKind::Code, "grace@b.example", invitation);
    late.code_id = Some(code_id);
    stage.owe(&late).await;
    stage.office(relay.route()).drain().await.unwrap();
    assert_eq!(stage.row(late.id).await.state, Delivery::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_go_to_an_inviter_who_is_there() {
    let stage = Stage::set().await;
    let relay = Relay::start();
    let okta = stage
        .gateway
        .connect(
            stage.org,
            "Okta",
            usher::directory::connection::Profile::Okta,
            &["b.example"],
        )
        .await;
    let scim = stage.gateway.scim(&okta);
    scim.post("/Users", user("ada@b.example")).await.expect(201);
    let ada: UserRow = stage
        .gateway
        .person(stage.org, "ada@b.example")
        .await
        .unwrap();
    let by_ada = move |row: &mut InvitationRow| {
        row.inviter_id = Some(ada.id);
        row.inviter_name = Some("Ada Lovelace".to_owned());
    };
    let send = async |email: &str| {
        let owed = stage.invite(email).await;
        stage.alter(&owed, by_ada).await;
        stage.office(relay.route()).drain().await.unwrap();
        relay.taken().pop().unwrap().text
    };
    let text = send("grace@b.example").await;
    assert!(text.contains("Reply-To:") && text.contains("ada@b.example"));
    assert!(text.contains("Subject: Ada Lovelace invites you to acme"));
    stage
        .gateway
        .alter_person(stage.org, ada.id, |user| {
            user.suspended_by_admin_at = Some(user.created_at);
        })
        .await;
    let text = send("edsger@b.example").await;
    assert!(!text.contains("Reply-To:") && !text.contains("Ada"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_work() {
    let stage = Stage::set().await;
    let relay = Relay::start();
    let mut owed = BTreeSet::new();
    for number in 0..40 {
        let id = stage.invite(&format!("p{number}@b.example")).await.id;
        owed.insert(format!("<{id}@usher.example>"));
    }
    let offices = [stage.office(relay.route()), stage.office(relay.route())];
    let counts = join_all(offices.iter().map(Office::drain)).await;
    let sum: usize = counts.into_iter().map(Result::unwrap).sum();
    let taken = relay.taken();
    assert_eq!((sum, taken.len()), (40, 40));
    assert_eq!(
        taken.into_iter().map(|it| it.id).collect::<BTreeSet<_>>(),
        owed
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_committed_mail_wakes_the_worker_and_a_stop_is_heeded() {
    let stage = Stage::set().await;
    let folder = Folder::new("wakes");
    let worker = Worker::start(stage.office(Route::Folder(folder.0.clone())));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    let owed = stage.invite("a@b.example").await;
    while folder.mails().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(
        begun.elapsed() < Duration::from_millis(1_500),
        "not by the tick"
    );
    worker.stopped().await;
    let row = stage.row(owed.id).await;
    assert_eq!((row.state, row.lease), (Delivery::Sent, None));
    stage.invite("b@b.example").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(folder.mails().len(), 1);
}
