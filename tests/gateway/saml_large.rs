//! Large assertions: one of many groups signs in, one over a limit is refused before it is looked at.

use std::time::Instant;

use usher::directory::connection::Profile;
use usher::limits;

use crate::harness::{Browser, Reply, TestGateway, reason};

fn groups(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("Group {n:05}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_groups_sign_in_and_more_than_fit_are_too_large() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let idp = gateway.idp(&okta).await;
    let ada = |groups: Vec<String>| {
        let response = idp.response().email("ada@acme.example");
        response.attribute("groups", groups).base64()
    };
    let told = |what: &str, message: &str, began: Instant, reply: &Reply| {
        let (octets, status) = (message.len(), reply.status);
        eprintln!(
            "{what}: {octets} octets in base64, {status} in {:?}",
            began.elapsed()
        );
    };
    let many = ada(groups(1_500));
    let (browser, began) = (Browser::new(&gateway), Instant::now());
    let reply = idp.post(&browser, &many).await;
    told("1,500 groups", &many, began, &reply);
    reply.expect(303);
    // More octets than a message may have once decoded, and more than a form may have.
    let bound = limits::SAML_DECODED / 54;
    for (what, count) in [("the message", bound), ("the form", bound * 2)] {
        let large = ada(groups(count));
        let browser = Browser::new(&gateway);
        let began = Instant::now();
        let reply = idp.post(&browser, &large).await;
        told(what, &large, began, &reply);
        assert_eq!(reason(&reply), "too_large", "{what}");
    }
    let traces = gateway.traces(org).await;
    assert_eq!((traces.users, traces.sessions), (1, 1));
    // It still answers.
    idp.sign_in(&Browser::new(&gateway), "eve@acme.example")
        .await
        .expect(303);
}
