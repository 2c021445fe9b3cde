//! Links that somebody passes on: they prove nothing, so a mailed code does; and whether a message
//! is ours.

use futures_util::future::join_all;
use serde_json::json;
use usher::directory::delivery::MailKind;
use usher::directory::invitation::{Standing, State};
use usher::id::OrganizationId;
use usher::provisioning::invitations::actions::Action;
use usher::provisioning::invitations::share::{Shared, Verdict, Way, share, verify_message};

use crate::harness::{Browser, Invited, TestGateway, csrf, press};

const GRACE: &str = "grace@acme.example";
const CODE: &[(&str, &str)] = &[("action", "code")];

async fn acme() -> (TestGateway, OrganizationId) {
    let gateway = TestGateway::start().await;
    let policy = json!({"alternate_public_url": "https://join.acme.example/"});
    let org = gateway.organization_with("acme", policy).await;
    (gateway, org)
}

async fn say(browser: &Browser<'_>, path: &str, code: &str) -> u16 {
    let path = format!("{path}?code");
    let fields = [("action", "accept"), ("code", code)];
    press(browser, &path, &fields).await.status.as_u16()
}

/// Six digits that are not these.
fn wrong(digits: &str) -> String {
    let number: u32 = digits.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_link_asks_the_mailbox() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = invited.shared().await;
    let browser = Browser::new(&gateway);
    let page = browser.get(&path).await.expect(200).text();
    let phrase = gateway.gateway.links.phrase(&invited.row().await);
    assert!(
        page.contains(&phrase) && page.contains("Mail me a code"),
        "{page}"
    );
    assert!(!page.contains("value=\"decline\""), "{page}");
    let before = gateway.traces(org).await;
    // Neither without a code, nor by declining, nor by guessing before there is one.
    for fields in [
        &[("action", "accept")][..],
        &[("action", "decline")],
        &[("action", "accept"), ("code", "")],
        &[("action", "accept"), ("code", "000000")],
    ] {
        let reply = press(&browser, &path, fields).await;
        assert!(
            [200, 403].contains(&reply.status.as_u16()),
            "{}",
            reply.text()
        );
    }
    assert_eq!(gateway.traces(org).await, before);
    assert_eq!(invited.row().await.state, State::Pending);

    let asked = press(&browser, &path, CODE).await.expect(303);
    assert_eq!(asked.header("location"), Some("?code"));
    let mails = invited.mails().await;
    let mail = mails
        .iter()
        .find(|mail| mail.kind == MailKind::Code)
        .unwrap();
    assert_eq!(mail.recipient, GRACE);
    let page = browser
        .get(&format!("{path}?code"))
        .await
        .expect(200)
        .text();
    for text in [
        "<label for=\"code\">",
        "autocomplete=\"one-time-code\"",
        "role=\"status\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(
        say(&browser, &path, &wrong(&invited.digits().await)).await,
        403
    );
    assert_eq!(gateway.traces(org).await, before);
    let code = invited.digits().await;
    let (head, tail) = code.split_at(3);
    assert_eq!(say(&browser, &path, &format!(" {head} {tail}")).await, 303);
    assert_eq!(invited.row().await.state, State::Accepted);
    browser.get("/signed-in").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_takes_what_a_yes_takes() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let (path, browser) = (invited.shared().await, Browser::new(&gateway));
    let no = [("action", "decline")];
    let reply = press(&browser, &path, &no).await.expect(403);
    let text = reply.text();
    assert!(text.contains("an answer takes the code"), "{text}");
    press(&browser, &path, CODE).await.expect(303);
    let page = browser.get(&format!("{path}?code")).await.expect(200);
    assert!(page.text().contains("value=\"decline\""), "{}", page.text());
    let code = invited.digits().await;
    let miss = wrong(&code);
    let no = |code| [("action", "decline"), ("code", code)];
    press(&browser, &path, &no(&miss)).await.expect(403);
    assert_eq!(invited.codes().await[0].tries, 1, "a wrong try counts");
    assert_eq!(invited.row().await.state, State::Pending);
    let field = csrf(&browser.get(&path).await);
    let reply = press(&browser, &path, &no(&code)).await.expect(200);
    assert!(reply.text().contains("You declined"), "{}", reply.text());
    assert_eq!(invited.row().await.state, State::Declined);

    // Doing it again, by any link, is told as what it is.
    let before = gateway.traces(org).await;
    for path in [path, invited.mailed().await] {
        let fields = [("csrf", &*field), ("action", "decline")];
        let reply = browser.submit(&path, &fields).await;
        assert!(!reply.text().contains("You declined"), "{}", reply.text());
    }
    assert_eq!(gateway.traces(org).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_guesses_kill_a_code_and_ten_minutes_do() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = invited.shared().await;
    let browser = Browser::new(&gateway);
    press(&browser, &path, CODE).await.expect(303);
    let first = invited.digits().await;
    for _ in 0..5 {
        assert_eq!(say(&browser, &path, &wrong(&first)).await, 403);
    }
    assert_eq!(
        say(&browser, &path, &first).await,
        403,
        "the sixth is too late"
    );
    press(&browser, &path, CODE).await.expect(303);
    let second = invited.digits().await;
    assert_eq!(
        say(&browser, &path, &first).await,
        403,
        "only the last one counts"
    );
    gateway.clock.advance(600);
    assert_eq!(say(&browser, &path, &second).await, 403, "too late");
    // Three an hour; whoever asks hears the same.
    for expected in [3, 3, 3] {
        press(&browser, &path, CODE).await.expect(303);
        assert_eq!(invited.codes().await.len(), expected);
    }
    let third = invited.digits().await;
    gateway.clock.advance(599);
    assert_eq!(say(&browser, &path, &third).await, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_guesses_at_once_are_refused() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let path = invited.shared().await;
    let browser = Browser::new(&gateway);
    press(&browser, &path, CODE).await.expect(303);
    let right: u32 = invited.digits().await.parse().unwrap();
    let before = gateway.traces(org).await;
    let field = csrf(&browser.get(&path).await.expect(200));
    let guess = |n: u32| {
        let (browser, path, field) = (&browser, &path, &*field);
        async move {
            let code = format!("{:06}", (right + n) % 1_000_000);
            let fields = [("csrf", field), ("action", "accept"), ("code", &*code)];
            browser.submit(path, &fields).await.status.as_u16()
        }
    };
    // The first thousand miss, or find the store busy; the right one comes when no try is left.
    let answers = join_all((1..=1_000).map(guess)).await;
    let refused = answers.iter().filter(|status| **status == 403).count();
    let busy = answers.iter().filter(|status| **status == 503).count();
    assert!(refused >= 5 && refused + busy == 1_000, "{answers:?}");
    assert_eq!(guess(0).await, 403);
    assert_eq!(gateway.traces(org).await, before);
    assert_eq!(invited.codes().await[0].tries, 5);
}

async fn shared(gateway: &TestGateway, invited: &Invited<'_>, alternate: bool) -> Shared {
    let (store, links) = (&gateway.gateway.store, &gateway.gateway.links);
    let made = share(
        store,
        gateway.command(),
        links,
        invited.org,
        invited.id,
        Way {
            alternate,
            post: false,
        },
    );
    made.await.unwrap().shared
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_link_lives_three_days_and_can_be_shared_again() {
    let (gateway, org) = acme().await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let (path, browser) = (invited.shared().await, Browser::new(&gateway));
    let page = browser.get(&path).await.expect(200).text();
    assert!(
        page.contains("25 November 2026, 10:00 UTC (in 3 days)"),
        "{page}"
    );
    gateway.clock.advance(72 * 3_600 - 1);
    press(&browser, &path, CODE).await.expect(303);
    let code = invited.digits().await;
    gateway.clock.advance(1);
    let late = say(&browser, &path, &code).await;
    assert_eq!(late, 410, "the right code, by a link that is too old");
    browser.get(&invited.mailed().await).await.expect(200);

    let made = shared(&gateway, &invited, false).await;
    assert!(made.url.ends_with(&path), "{}", made.url);
    assert_eq!(made.expires_at.to_string(), "2026-11-28T10:00:00Z");
    assert_eq!(say(&browser, &path, &code).await, 303);
    let store = &gateway.gateway.store;
    let links = &gateway.gateway.links;
    let (context, way) = (gateway.command(), Way::default());
    let again = share(store, context, links, org, invited.id, way).await;
    assert!(again.is_err(), "it was accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_known_again_and_a_forged_one_is_not() {
    let (gateway, org) = acme().await;
    let other = gateway.organization("other").await;
    let invited = gateway.invite(org, GRACE, "editor").await;
    let first = shared(&gateway, &invited, false).await;
    let second = shared(&gateway, &invited, true).await;
    assert!(
        second
            .url
            .starts_with("https://join.acme.example/join/inv_")
    );
    let page = Browser::new(&gateway)
        .get(&invited.shared().await)
        .await
        .text();
    for text in [
        &first.phrase,
        &first.url,
        GRACE,
        "Editor",
        "25 November 2026, 10:00 UTC",
    ] {
        assert!(first.message.contains(text), "{text}: {}", first.message);
    }
    assert!(page.contains(&first.phrase));
    let now = gateway.gateway.ids.clock().now();
    let (store, links) = (&gateway.gateway.store, &gateway.gateway.links);
    let verify =
        async |org, text: String| verify_message(store, links, org, &text, now).await.unwrap();
    let evil = first.url.replace("usher.example", "evil.example");
    let longer = format!("{}A", first.url);
    let pasted = format!("On Monday Ada wrote:\n> {}\n> Bye", first.message);
    for (org, text, expected) in [
        (org, "hello".to_owned(), Some("no_link")),
        (org, String::new(), Some("no_link")),
        (other, first.message.clone(), Some("not_ours")),
        (
            org,
            first.message.replace(&first.url, &evil),
            Some("not_ours"),
        ),
        (
            org,
            first.message.replace(&first.url, &longer),
            Some("not_ours"),
        ),
        (org, format!("{} {evil}", first.message), Some("not_ours")),
        (org, first.message.clone(), None),
        (org, second.message.clone(), None),
        (org, pasted, None),
    ] {
        let verdict = verify(org, text.clone()).await;
        let told = serde_json::to_value(&verdict).unwrap();
        if let Some(expected) = expected {
            assert_eq!(told, json!({"verdict": expected}), "{text}");
            continue;
        }
        let Verdict::Issued(issued) = verdict else {
            panic!("{told}: {text}");
        };
        assert_eq!((&*issued.email, issued.state), (GRACE, Standing::Pending));
        assert_eq!(issued.expires_at, first.expires_at);
        assert!(issued.says_phrase && !issued.replaced && issued.other_links.is_empty());
    }
    let other_words = first
        .message
        .replace(&first.phrase, "acorn actor adult agent");
    let Verdict::Issued(issued) = verify(org, other_words + "https://evil.example").await else {
        panic!("the link is ours");
    };
    assert_eq!((issued.says_phrase, issued.other_links.len()), (false, 1));
    gateway.clock.advance(3_600);
    invited.act(Action::Resend { rotate: true }).await.unwrap();
    let Verdict::Issued(issued) = verify(org, first.message.clone()).await else {
        panic!("the link was ours");
    };
    assert!(issued.replaced);
}
