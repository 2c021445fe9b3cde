//! An identity provider's metadata, read again where they are published.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::Request;
use serde_json::{Value, json};
use usher::config::Outbound;
use usher::demo::idp::{Keys, Kind, TestIdp};
use usher::directory::connection::Profile;
use usher::directory::metadata::RefreshMode;
use usher::mail::mailbox;
use usher::outbound::Client;
use usher::provisioning::invitations::Links;
use usher::provisioning::metadata::{self, Metadata, Published};
use usher::provisioning::outbox::Letterhead;
use usher::provisioning::settings::connections::{self, ConnectionSettings};
use usher::secret::DataKeys;
use usher::worker::Office;
use usher::worker::mail::Route;

use crate::credentials::live;
use crate::harness::{Browser, Connected, PUBLIC_URL, Reply, Site, TestGateway, reason};
use crate::refresh::text;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A connection whose provider's metadata are published.
struct Stage {
    gateway: TestGateway,
    okta: Connected,
    idp: TestIdp,
    site: Site,
}

fn idp(entity_id: &str) -> TestIdp {
    let keys = Keys::generate(Kind::P256).unwrap();
    TestIdp::with_keys(entity_id, "https://idp.example/sso", keys)
}

const ENTITY: &str = "https://idp.example/1";

/// Metadata with the keys of both.
fn both(first: &TestIdp, second: &TestIdp) -> String {
    let more = format!(
        "</ds:X509Certificate><ds:X509Certificate>{}</ds:X509Certificate>",
        second.keys().certificate_base64()
    );
    first.metadata().replace("</ds:X509Certificate>", &more)
}

impl Stage {
    async fn set(mode: RefreshMode) -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let okta = gateway
            .connect(org, "Okta", Profile::Okta, &["acme.example"])
            .await;
        let idp = idp(ENTITY);
        let site = Site::open(&idp.metadata());
        let stage = Self {
            gateway,
            okta,
            idp,
            site,
        };
        stage.import(&stage.site.url, mode).await;
        stage
    }

    /// Imports the metadata, as if they had been read there.
    async fn import(&self, url: &str, mode: RefreshMode) {
        let settings = ConnectionSettings {
            idp_metadata: Some(self.idp.metadata()),
            idp_metadata_source: Some(Published {
                url: url.to_owned(),
                ..Published::default()
            }),
            metadata_refresh: Some(mode),
            ..ConnectionSettings::default()
        };
        let (store, context) = (&self.gateway.gateway.store, self.gateway.command());
        connections::update(store, context, self.okta.id, settings)
            .await
            .unwrap();
    }

    fn office_of(&self, client: Client) -> Office {
        let gateway = &self.gateway.gateway;
        let from = mailbox(Some("Usher"), "no-reply@usher.example").unwrap();
        let keys = DataKeys::generate(gateway.ids.entropy());
        let letterhead = Letterhead::new(from, Links::new(PUBLIC_URL, &keys).unwrap());
        Office::new(
            gateway.store.clone(),
            gateway.ids.clone(),
            letterhead,
            Route::Folder(std::env::temp_dir().join("usher-no-mail")),
            NonZeroU32::MAX,
            (client, gateway.keys.clone()),
        )
    }

    fn office(&self) -> Office {
        self.office_of(self.site.client())
    }

    /// Lets so much time pass, and the worker look.
    async fn after(&self, seconds: i64) -> Metadata {
        self.gateway.clock.advance(seconds);
        self.office().refresh_metadata().await.unwrap();
        self.metadata().await
    }

    async fn metadata(&self) -> Metadata {
        let store = &self.gateway.gateway.store;
        metadata::show(store, self.okta.id).await.unwrap()
    }

    /// The data of the events of a kind.
    async fn told(&self, kind: &str) -> Vec<Value> {
        let all = self.gateway.events(self.okta.org).await;
        let kind = format!("connection.{kind}");
        let its = all.into_iter().filter(|event| event["type"] == kind);
        its.map(|mut event| event["data"].take()).collect()
    }

    /// Signs somebody in by this provider's key.
    async fn sign_in(&self, idp: &TestIdp) -> Reply {
        let now = self.gateway.clock.now();
        let at = |what: &str| format!("{PUBLIC_URL}/saml/{}/{what}", self.okta.id);
        let response = idp.response(at("acs"), at("metadata"), now);
        let response = response.email("ada@acme.example").base64();
        let browser = Browser::new(&self.gateway);
        let acs = format!("/saml/{}/acs", self.okta.id);
        browser.post(&acs, &[("SAMLResponse", &response)]).await
    }

    async fn trusts(&self, idp: &TestIdp) -> bool {
        let reply = self.sign_in(idp).await;
        if reply.status.as_u16() == 303 {
            return true;
        }
        assert_eq!(reason(&reply), "signature_invalid", "{}", reply.text());
        false
    }

    fn uri(&self, step: &str) -> String {
        format!(
            "/api/v1/organizations/acme/connections/{}/metadata{step}",
            self.okta.id
        )
    }
}

fn word(shown: &Metadata) -> &'static str {
    shown.outcome.map_or("", |outcome| outcome.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_known_is_not_sent_again() {
    let stage = Stage::set(RefreshMode::Propose).await;
    stage
        .site
        .change(|page| page.etag = Some("\"one\"".to_owned()));
    assert_eq!(word(&stage.after(20 * HOUR).await), "", "not yet");
    let first = stage.after(5 * HOUR).await;
    assert_eq!((word(&first), first.reason), ("unchanged", None));
    let wait = first
        .due_at
        .unwrap()
        .duration_since(stage.gateway.clock.now());
    assert!((21 * HOUR..=DAY).contains(&wait.as_secs()), "{wait}");
    let asked = &stage.site.asked()[0];
    assert!(asked.starts_with("GET /metadata HTTP/1.1\r\n"), "{asked}");
    assert!(!asked.contains("if-none-match"), "{asked}");
    let second = stage.after(DAY).await;
    assert_eq!(word(&second), "unchanged");
    let asked = &stage.site.asked()[1];
    assert!(asked.contains("if-none-match: \"one\""), "{asked}");
    assert_eq!(stage.told("metadata_proposed").await, [json!(null); 0]);
    // Metadata that ask for it are read again sooner, but not within the hour.
    let sooner = stage.idp.metadata();
    let sooner = sooner.replace(" entityID", " cacheDuration=\"PT1M\" entityID");
    stage.site.change(|page| {
        page.etag = None;
        page.body = sooner;
    });
    let third = stage.after(DAY).await;
    let wait = third
        .due_at
        .unwrap()
        .duration_since(stage.gateway.clock.now());
    assert_eq!((word(&third), wait.as_secs()), ("unchanged", HOUR));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_proposed_once_and_trusted_after_a_yes_of_the_operator() {
    let stage = Stage::set(RefreshMode::Propose).await;
    let next = idp(ENTITY);
    stage.site.show(both(&stage.idp, &next));
    for _ in 0..2 {
        assert_eq!(word(&stage.after(DAY).await), "proposed");
    }
    let told = stage.told("metadata_proposed").await;
    assert_eq!(told.len(), 1, "{told:?}");
    let added = &told[0]["changes"]["certificates_added"][0];
    assert_eq!(added["subject"], "CN=Usher test identity provider");
    assert_eq!(added["not_after"], "2049-01-01T00:00:00Z");
    assert!(stage.trusts(&stage.idp).await && !stage.trusts(&next).await);

    let org = stage.okta.org;
    let theirs = stage.gateway.key(live(Some(org), "*")).await;
    let operators = stage.gateway.key(live(None, "*")).await;
    let shown = stage.gateway.get(&stage.uri(""), &theirs).await.expect(200);
    let shown = shown.json();
    assert_eq!(&shown["proposal"]["certificates_added"][0], added);
    assert_eq!(shown["metadata_url"], stage.site.url);
    let digest = text(&shown["proposal"], "digest");
    let post = async |step: &str, key: &str, digest: &str| {
        let body = json!({"digest": digest});
        let request = Request::post(stage.uri(step))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        let request = request.body(body.to_string().into()).unwrap();
        stage.gateway.send(request).await
    };
    let refused = post("/apply", &theirs, &digest).await.expect(403);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    assert!(!stage.trusts(&next).await);
    // What waits by now is another document than the one that was looked at.
    stage.site.show(both(&stage.idp, &idp(ENTITY)));
    assert_eq!(word(&stage.after(DAY).await), "proposed");
    for step in ["/apply", "/dismiss"] {
        let stale = post(step, &operators, &digest).await.expect(412);
        assert!(stale.text().contains("problems/stale"), "{}", stale.text());
    }
    stage.site.show(both(&stage.idp, &next));
    assert_eq!(word(&stage.after(DAY).await), "proposed");
    let applied = post("/apply", &operators, &digest).await.expect(200).json();
    assert_eq!(
        (&applied["proposal"], &applied["outcome"]),
        (&json!(null), &json!("applied"))
    );
    assert!(stage.trusts(&stage.idp).await && stage.trusts(&next).await);
    assert_eq!(stage.told("metadata_applied").await.len(), 1);
    post("/apply", &operators, &digest).await.expect(422);

    // A no is heard, too, and is not asked for again.
    stage.site.show(next.metadata());
    assert_eq!(word(&stage.after(DAY).await), "proposed");
    let shown = stage.gateway.get(&stage.uri(""), &theirs).await.expect(200);
    let digest = text(&shown.json()["proposal"], "digest");
    post("/dismiss", &theirs, &digest).await.expect(403);
    post("/dismiss", &operators, &digest).await.expect(200);
    post("/dismiss", &operators, &digest).await.expect(422);
    assert_eq!(word(&stage.after(DAY).await), "unchanged");
    assert_eq!(stage.told("metadata_proposed").await.len(), 4);
    assert_eq!(stage.told("metadata_dismissed").await.len(), 1);
    assert!(stage.trusts(&stage.idp).await);

    // What is asked for comes soon, and not all the time.
    let soon = post("/refresh", &theirs, "").await.expect(202).json();
    let gap = stage.gateway.clock.now() + usher::limits::METADATA_GAP;
    assert_eq!(soon["due_at"], gap.to_string());
    let count = stage.site.asked().len();
    stage.after(59).await;
    assert_eq!(stage.site.asked().len(), count);
    stage.after(1).await;
    assert_eq!(stage.site.asked().len(), count + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_is_trusted_at_once_where_the_operator_said_so() {
    let stage = Stage::set(RefreshMode::Auto).await;
    let next = idp(ENTITY);
    stage.site.show(both(&stage.idp, &next));
    let shown = stage.after(DAY).await;
    assert_eq!((word(&shown), shown.proposal.is_none()), ("applied", true));
    assert!(stage.trusts(&stage.idp).await && stage.trusts(&next).await);
    let moved = next.metadata().replace("/sso\"", "/elsewhere\"");
    stage.site.show(moved);
    assert_eq!(word(&stage.after(DAY).await), "applied");
    assert!(!stage.trusts(&stage.idp).await && stage.trusts(&next).await);
    let told = stage.told("metadata_applied").await;
    assert_eq!(told.len(), 2);
    let changes = &told[1]["changes"];
    assert_eq!(changes["certificates_removed"].as_array().unwrap().len(), 1);
    assert_eq!(
        changes["endpoints"][0]["new"],
        "https://idp.example/elsewhere"
    );
    // What nobody could sign in by any more waits for a yes all the same.
    let nowhere = next
        .metadata()
        .replace("SingleSignOnService", "NameIDMappingService");
    stage.site.show(nowhere);
    assert_eq!(word(&stage.after(DAY).await), "proposed");
    assert!(stage.trusts(&next).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_use_and_who_is_another_change_nothing() {
    let stage = Stage::set(RefreshMode::Auto).await;
    let (next, other) = (idp(ENTITY), idp("https://idp.example/2"));
    stage.site.show(other.metadata());
    for _ in 0..2 {
        let shown = stage.after(DAY).await;
        assert_eq!(word(&shown), "refused");
        assert!(shown.reason.unwrap().contains("https://idp.example/2"));
    }
    assert_eq!(stage.told("metadata_refused").await.len(), 1);
    let ended = next.metadata();
    let ended = ended.replace(" entityID", " validUntil=\"2026-01-01T00:00:00Z\" entityID");
    let large = format!("<!--{}-->{}", "x".repeat(1024 * 1024), next.metadata());
    for (body, said) in [
        ("junk".to_owned(), "XML"),
        (
            "<html><body>Sign in</body></html>".to_owned(),
            "no SAML 2.0 identity provider",
        ),
        (
            next.metadata().replace("\"signing\"", "\"encryption\""),
            "no usable signing certificate",
        ),
        (ended, "valid until"),
        (large, "longer than"),
    ] {
        stage.site.show(body);
        let shown = stage.after(DAY).await;
        assert_eq!(word(&shown), "failed", "{said}");
        let reason = shown.reason.unwrap();
        assert!(reason.contains(said), "{reason}");
    }
    for (status, said) in [("404 Not Found", "404"), ("302 Found", "redirects")] {
        stage.site.change(|page| {
            page.status = status;
            page.header = "location: /metadata\r\n".to_owned();
        });
        let reason = stage.after(DAY).await.reason.unwrap();
        assert!(reason.contains(said), "{reason}");
    }
    assert!(stage.trusts(&stage.idp).await && !stage.trusts(&next).await);
    assert_eq!(stage.told("metadata_applied").await.len(), 0);
    // Good ones are good again, and what fails is tried again soon.
    stage.site.change(|page| page.status = "503 Busy");
    let failed = stage.after(DAY).await;
    let wait = failed
        .due_at
        .unwrap()
        .duration_since(stage.gateway.clock.now());
    assert!(wait.as_secs() > 12 * HOUR, "the eighth in a row: {wait}");
    stage.site.change(|page| page.status = "200 OK");
    stage.site.show(stage.idp.metadata());
    assert_eq!(word(&stage.after(DAY).await), "unchanged");
    stage.site.change(|page| page.status = "503 Busy");
    let failed = stage.after(DAY).await;
    let wait = failed
        .due_at
        .unwrap()
        .duration_since(stage.gateway.clock.now());
    assert!(wait.as_secs() <= HOUR / 4, "{wait}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_private_or_not_encrypted_is_not_fetched() {
    let stage = Stage::set(RefreshMode::Auto).await;
    let port = stage.site.url.rsplit(':').next().unwrap();
    let plain = format!("http://localhost:{port}");
    let open = Outbound {
        allow_private_targets: true,
        ..Outbound::default()
    };
    for (url, rules, said) in [
        (
            "https://127.0.0.1/metadata",
            Outbound::default(),
            "public internet",
        ),
        (
            "https://[::1]/metadata",
            Outbound::default(),
            "public internet",
        ),
        (
            "https://169.254.169.254/latest",
            Outbound::default(),
            "public internet",
        ),
        (&*stage.site.url, Outbound::default(), "443"),
        (&*plain, open, "https"),
    ] {
        stage.import(url, RefreshMode::Auto).await;
        stage.gateway.clock.advance(DAY);
        let office = stage.office_of(Client::new(&rules).unwrap());
        office.refresh_metadata().await.unwrap();
        let shown = stage.metadata().await;
        assert_eq!(word(&shown), "failed", "{url}");
        let reason = shown.reason.unwrap();
        assert!(reason.contains(said), "{url}: {reason}");
    }
    assert_eq!(stage.site.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_workers_one_fetches() {
    let stage = Stage::set(RefreshMode::Propose).await;
    stage.gateway.clock.advance(DAY);
    let (one, two) = (stage.office(), stage.office());
    let (one, two) = tokio::join!(one.refresh_metadata(), two.refresh_metadata());
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(stage.site.asked().len(), 1);
    // Whose claim is lost meanwhile writes nothing.
    let (store, ids) = (&stage.gateway.gateway.store, &stage.gateway.gateway.ids);
    let claim = metadata::claim_of(store, ids, stage.okta.id).await.unwrap();
    assert!(metadata::claim_of(store, ids, stage.okta.id).await.is_err());
    stage.import(&stage.site.url, RefreshMode::Auto).await;
    let arrived = metadata::Arrived::Nothing("late".to_owned());
    let context = stage.gateway.command();
    let done = metadata::finish(store, context, &claim, arrived).await;
    assert_eq!(done.unwrap(), None);
    assert_eq!(stage.metadata().await.reason, None);
    // Nobody looks where nobody is to.
    stage.import(&stage.site.url, RefreshMode::Off).await;
    stage.after(30 * DAY).await;
    assert_eq!(stage.site.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_is_told_of_once_and_shown() {
    let stage = Stage::set(RefreshMode::Off).await;
    let (store, ids) = (&stage.gateway.gateway.store, &stage.gateway.gateway.ids);
    let until = "validUntil=\"2026-12-01T00:00:00Z\"";
    let text = stage.idp.metadata();
    let settings = ConnectionSettings {
        idp_metadata: Some(text.replace(" entityID", &format!(" {until} entityID"))),
        ..ConnectionSettings::default()
    };
    let context = stage.gateway.command();
    connections::update(store, context, stage.okta.id, settings)
        .await
        .unwrap();
    let key = stage.gateway.key(live(Some(stage.okta.org), "*")).await;
    let uri = format!("/api/v1/organizations/acme/connections/{}", stage.okta.id);
    let end: jiff::Timestamp = "2049-01-01T00:00:00Z".parse().unwrap();
    let mut days_told = Vec::new();
    for (days, kinds) in [
        (8_000, &[][..]),
        (31, &["metadata_expired"]),
        (30, &["certificate_expires", "metadata_expired"]),
        (8, &["certificate_expires", "metadata_expired"]),
        (6, &["certificate_expires", "metadata_expired"]),
        (-1, &["certificate_expired", "metadata_expired"]),
    ] {
        if days < 8_000 {
            let at = end - jiff::SignedDuration::from_hours(24 * days);
            let wait = at.duration_since(stage.gateway.clock.now());
            stage.gateway.clock.advance(wait.as_secs());
        }
        for _ in 0..2 {
            metadata::tell_endings(store, ids).await.unwrap();
        }
        let told = stage.told("certificate_ending").await;
        days_told = told.iter().map(|data| data["days"].clone()).collect();
        let shown = stage.gateway.get(&uri, &key).await.expect(200).json();
        let warnings = shown["warnings"].as_array().unwrap();
        let found: Vec<_> = warnings
            .iter()
            .map(|it| it["kind"].as_str().unwrap())
            .collect();
        assert_eq!(found, kinds, "{days}");
        let now = stage.gateway.clock.now();
        let listed = connections::show(store, stage.okta.id, now).await.unwrap();
        assert_eq!(json!(listed.warnings), shown["warnings"]);
    }
    assert_eq!(days_told, [json!(30), json!(7), json!(0)]);
    assert_eq!(stage.told("metadata_expired").await.len(), 1);
    assert!(stage.trusts(&stage.idp).await, "SAML trusts the key");
}

/// A folder of commands.
struct Place(PathBuf);

impl Place {
    fn usher(&self, arguments: &[&str], ca_file: &Path) -> (i32, Value, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_usher"))
            .args(arguments)
            .arg("--json")
            .current_dir(&self.0)
            .env_clear()
            .env("USHER_OUTBOUND__ALLOW", "localhost")
            .env("USHER_OUTBOUND__CA_FILE", ca_file)
            .output()
            .unwrap();
        (
            done.status.code().unwrap(),
            serde_json::from_slice(&done.stdout).unwrap_or_default(),
            String::from_utf8(done.stderr).unwrap() + &String::from_utf8_lossy(&done.stdout),
        )
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn an_admin_chooses_of_several_and_says_yes_at_the_command_line() {
    let name = format!("usher-metadata-refresh-{}", std::process::id());
    let place = Place(std::env::temp_dir().join(name));
    std::fs::create_dir_all(&place.0).unwrap();
    let (first, second) = (idp("urn:first"), idp("urn:second"));
    let body = |idp: &TestIdp| {
        let text = idp.metadata();
        text.split_once("?>").unwrap().1.to_owned()
    };
    let group = |inner: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inner}</md:EntitiesDescriptor>"
        )
    };
    let federation = |second: &TestIdp| group(&(body(&first) + &group(&body(second))));
    let site = Site::open(&federation(&second));
    let usher = |arguments: &[&str]| place.usher(arguments, &site.ca_file);
    assert_eq!(usher(&["org", "create", "acme"]).0, 0);
    let create = ["connection", "create", "--org", "acme", "--name", "Okta"];
    let id = usher(&create).1["id"].as_str().unwrap().to_owned();
    let update = ["connection", "update", &id, "--idp-metadata", &site.url];
    let (code, _, said) = usher(&update);
    assert_eq!(code, 3, "{said}");
    for part in ["urn:first", "urn:second", "--idp-entity-id"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let choose = |entity_id| [&update[..], &["--idp-entity-id", entity_id]].concat();
    let (code, _, said) = usher(&choose("urn:third"));
    assert!(code == 3 && said.contains("urn:second"), "{said}");
    let (code, shown, said) = usher(&choose("urn:second"));
    assert_eq!(code, 0, "{said}");
    assert_eq!(shown["idp_entity_id"], "urn:second");
    assert_eq!(shown["metadata_url"], site.url);
    assert_eq!(shown["metadata_refresh"], "propose");
    assert_eq!(shown["warnings"], json!([]));

    let metadata = |more: &[&str]| usher(&[&["connection", "metadata", &id], more].concat());
    let (code, shown, said) = metadata(&["--refresh-now"]);
    assert_eq!(
        (code, &shown["outcome"]),
        (0, &json!("unchanged")),
        "{said}"
    );
    let newer = idp("urn:second");
    site.show(federation(&newer));
    let (_, shown, _) = metadata(&["--refresh-now"]);
    assert_eq!(shown["outcome"], "proposed");
    let added = shown["proposal"]["certificates_added"][0]["fingerprint"].clone();
    let digest = text(&shown["proposal"], "digest");
    assert_eq!(metadata(&["--apply"]).0, 2);
    assert_eq!(metadata(&["--apply", &digest, "--dismiss", &digest]).0, 2);
    let (code, _, said) = metadata(&["--apply", "00"]);
    assert!(code != 0 && said.contains("changed meanwhile"), "{said}");
    let (code, shown, said) = metadata(&["--apply", &digest]);
    assert_eq!((code, &shown["proposal"]), (0, &json!(null)), "{said}");
    let shown = usher(&["connection", "show", &id]).1;
    assert_eq!(shown["certificates"][0]["fingerprint"], added);
    let (code, _, said) = metadata(&["--dismiss", &digest]);
    assert!(code == 3 && said.contains("nothing waits"), "{said}");
    let off = ["connection", "update", &id, "--metadata-refresh", "off"];
    assert_eq!(usher(&off).1["metadata_refresh"], "off");
    assert_eq!(metadata(&[]).1["due_at"], json!(null));
}
