//! Usher keeps to every requirement that its discovery announces, and the checker would notice if
//! it did not: faults of which other servers are known are seeded between the two.

use std::sync::Arc;

use futures_util::FutureExt;
use usher::directory::connection::{Profile, Strictness};
use usher_conformance::report::{Report, Verdict};
use usher_conformance::transport::Transport;
use usher_conformance::{Options, Target};

use crate::harness::{Connected, InProcess, TestGateway};

mod faults;

/// A gateway with a connection, for a checker to be let loose on.
pub(crate) struct Checked {
    _gateway: TestGateway,
    connected: Connected,
    way: InProcess,
}

impl Checked {
    /// A gateway whose connection takes what the field sends.
    async fn start() -> Self {
        Self::start_with(Strictness::Lenient).await
    }

    async fn start_with(strictness: Strictness) -> Self {
        let gateway = TestGateway::start().await;
        let org = gateway.organization("acme").await;
        let connected = gateway
            .connect(org, "Directory", Profile::Generic, &["conformance.example"])
            .await;
        let id = connected.id;
        let update = gateway.gateway.store.write(move |tx| {
            async move {
                let mut row = tx.connection(org, id).await?.unwrap();
                row.strictness = strictness;
                tx.update_connection(&row).await
            }
            .boxed()
        });
        update.await.unwrap();
        Self {
            way: gateway.transport(),
            _gateway: gateway,
            connected,
        }
    }

    async fn check(&self, transport: Arc<dyn Transport>, options: &Options) -> Report {
        let target = Target {
            transport,
            base: self.connected.base(),
            token: self.connected.token.clone(),
        };
        let report = usher_conformance::scim(target, options, std::future::pending()).await;
        report.expect("the server answers")
    }
}

#[tokio::test]
async fn usher_keeps_to_its_requirements() {
    let checked = Checked::start().await;
    let way = Arc::new(checked.way.clone());
    let report = checked.check(way, &Options::default()).await;
    assert_eq!(report.failed, 0, "{}", report.text(false));
    assert!(report.passed >= 180, "{}", report.text(false));
    assert_eq!(
        (report.swept.len(), report.left.len()),
        (0, 0),
        "{}",
        report.text(false)
    );
}

#[tokio::test]
async fn a_strict_connection_keeps_to_the_letter_and_the_readme_says_so() {
    let checked = Checked::start_with(Strictness::Rfc).await;
    let way = Arc::new(checked.way.clone());
    let options = Options {
        only: Vec::new(),
        rfc: true,
    };
    let letter = checked.check(way, &options).await;
    assert_eq!(letter.failed, 0, "{}", letter.text(false));
    let checked = Checked::start().await;
    let way = Arc::new(checked.way.clone());
    let lenient = checked.check(way, &Options::default()).await;
    crate::tables::conformance_stands(&lenient, &letter);
}

#[tokio::test]
async fn a_stopped_run_leaves_nothing_behind() {
    let checked = Checked::start().await;
    let target = Target {
        transport: Arc::new(checked.way.clone()),
        base: checked.connected.base(),
        token: checked.connected.token.clone(),
    };
    let options = Options::default();
    let report = usher_conformance::scim(target, &options, async {
        for _ in 0..500 {
            tokio::task::yield_now().await;
        }
    });
    let report = report.await.expect("the server answers");
    let unchecked =
        |it: &&usher_conformance::report::RequirementReport| it.result == Verdict::Skipped;
    assert!(report.interrupted && report.requirements().filter(unchecked).count() > 100);
    assert_eq!(report.left.len(), 0, "{}", report.text(false));
}
