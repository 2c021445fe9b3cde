//! Properties: as many cases as PROPTEST_CASES says, or as few as a quick run has.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Tries the property on so many cases, unless PROPTEST_CASES names another number.
#[track_caller]
pub(crate) fn property<S: Strategy>(
    cases: u32,
    strategy: &S,
    holds: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    property_in(cases, 1, strategy, holds);
}

/// The same where a value of the strategy is so many cases at once, on average.
#[track_caller]
pub(crate) fn property_in<S: Strategy>(
    cases: u32,
    together: u32,
    strategy: &S,
    holds: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let cases: u32 = asked.and_then(|it| it.parse().ok()).unwrap_or(cases);
    let config = Config {
        cases: cases.div_ceil(together),
        failure_persistence: None,
        max_global_rejects: 1_000_000,
        ..Config::default()
    };
    if let Err(error) = TestRunner::new(config).run(strategy, holds) {
        panic!("{error}");
    }
}
