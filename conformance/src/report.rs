//! What came out of a run: a result for every requirement, as JSON, as JUnit and for people.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::fault::{Checked, Exchange, Fault};
use crate::requirement::{Level, Requirement, Section};
use crate::run::Options;

/// What came out of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The base URL that was checked.
    pub server: String,
    /// Requirements that hold.
    pub passed: usize,
    /// Requirements that do not.
    pub failed: usize,
    /// Requirements that were not checked.
    pub skipped: usize,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
    /// What a check had left behind, and was taken away at the end.
    pub swept: Vec<String>,
    /// What could not be taken away.
    pub left: Vec<String>,
    /// The requirements, by section.
    pub sections: Vec<SectionReport>,
}

/// The results of one section.
#[derive(Clone, Debug, Serialize)]
pub struct SectionReport {
    /// What it is about.
    pub title: String,
    /// Its requirements.
    pub requirements: Vec<RequirementReport>,
}

/// The result of one requirement.
#[derive(Clone, Debug, Serialize)]
pub struct RequirementReport {
    /// Its name.
    pub id: String,
    /// Where it stands.
    pub section: String,
    /// How strongly it is asked for.
    pub level: Level,
    /// What is asked for.
    pub text: String,
    /// Whether it holds.
    pub result: Verdict,
    /// Why it was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What went wrong, a check each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
}

/// A check that failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Its name.
    pub check: String,
    /// What should be, and is not.
    pub why: String,
    /// What was sent and answered.
    #[serde(flatten)]
    pub exchange: Option<Exchange>,
}

/// Whether a requirement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does.
    Passed,
    /// It does not.
    Failed,
    /// It was not checked.
    Skipped,
}

/// The requirements that a run is about.
pub(crate) struct Selection {
    pub(crate) sections: Vec<Section>,
    pub(crate) options: Options,
}

impl Selection {
    /// The checks that have to be played.
    pub(crate) fn checks(&self) -> BTreeSet<String> {
        let all = self.sections.iter().flat_map(|it| &it.requirements);
        let wanted = all.filter(|it| self.wants(it) && self.excuse(it).is_none());
        wanted.flat_map(|it| it.checks.iter().cloned()).collect()
    }

    fn wants(&self, requirement: &Requirement) -> bool {
        let only = &self.options.only;
        only.is_empty()
            || only
                .iter()
                .any(|id| id.eq_ignore_ascii_case(&requirement.id))
    }

    /// Why a requirement is not checked, whatever the server does.
    fn excuse(&self, requirement: &Requirement) -> Option<String> {
        if self.options.rfc && requirement.level == Level::Ours {
            return Some("the standard does not ask for it".to_owned());
        }
        requirement.reason.clone()
    }
}

impl Report {
    pub(crate) fn new(
        selection: &Selection,
        results: &BTreeMap<&'static str, Checked>,
        server: &str,
    ) -> Self {
        let judge = |section: &Section| SectionReport {
            title: section.title.clone(),
            requirements: section
                .requirements
                .iter()
                .filter(|it| selection.wants(it))
                .map(|it| judge(it, selection.excuse(it), results))
                .collect(),
        };
        let sections: Vec<_> = selection
            .sections
            .iter()
            .map(judge)
            .filter(|it| !it.requirements.is_empty())
            .collect();
        let count = |verdict| sections.iter().map(|it| it.count(verdict)).sum();
        Self {
            server: server.to_owned(),
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            skipped: count(Verdict::Skipped),
            interrupted: false,
            swept: Vec::new(),
            left: Vec::new(),
            sections,
        }
    }

    /// Every requirement.
    pub fn requirements(&self) -> impl Iterator<Item = &RequirementReport> {
        self.sections.iter().flat_map(|it| &it.requirements)
    }

    /// The last line.
    pub fn summary(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

impl SectionReport {
    /// How many of its requirements came out so.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |it: &&RequirementReport| it.result == verdict;
        self.requirements.iter().filter(same).count()
    }
}

/// A requirement holds where a check of it passed and none failed.
fn judge(
    requirement: &Requirement,
    excuse: Option<String>,
    results: &BTreeMap<&'static str, Checked>,
) -> RequirementReport {
    let (mut passed, mut unplayed) = (false, false);
    let (mut skipped, mut failures) = (excuse, Vec::new());
    for check in &requirement.checks {
        match results.get(check.as_str()) {
            Some(Ok(())) => passed = true,
            Some(Err(Fault::Skipped(why))) => skipped = Some(why.clone()),
            Some(Err(Fault::Failed { why, exchange })) => failures.push(Failure {
                check: check.clone(),
                why: why.clone(),
                exchange: exchange.as_deref().cloned(),
            }),
            None => unplayed = true,
        }
    }
    let result = match (failures.is_empty(), passed && !unplayed) {
        (false, _) => Verdict::Failed,
        (true, true) => Verdict::Passed,
        (true, false) => Verdict::Skipped,
    };
    let why = || skipped.unwrap_or_else(|| "the run was stopped before".to_owned());
    RequirementReport {
        id: requirement.id.clone(),
        section: requirement.section.clone(),
        level: requirement.level,
        text: requirement.text.clone(),
        result,
        reason: (result == Verdict::Skipped).then(why),
        failures,
    }
}
