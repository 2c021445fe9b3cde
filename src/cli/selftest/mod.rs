//! `usher selftest`.

mod sequences;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use usher_conformance::sequence::{Sequence, Stage as Played, Verdict, compare};

use crate::cli::arguments::word;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::cli::scratch::Stage;
use crate::directory::connection::{Profile, Strictness};
use crate::id::ConnectionId;
use crate::provisioning::scratch::{self, Extra, Template};
use crate::store::copies::Extent;

/// Play what an identity provider sends, against a copy of the organization's configuration
///
/// The copy lives in memory and is gone afterwards: nothing that lives is touched. It has what
/// admins set up for this connection and nobody's people; each sequence has one of its own, with
/// the domains and the groups that the sequence is about besides. With --profile the copy has that
/// profile, too. A step that fails ends its sequence.
///
/// Exit code 1 where a step failed.
///
/// Examples:
///   usher selftest --connection ID
///   usher selftest --connection ID --profile entra
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Selftest {
    /// The connection
    #[arg(long, value_name = "ID")]
    connection: ConnectionId,
    /// Whose requests are played [default: the connection's profile]
    #[arg(long, value_parser = word::<Profile>(Profile::WORDS))]
    profile: Option<Profile>,
}

/// A sequence and what it is played on, as its file says.
#[derive(Deserialize)]
struct Fixture {
    #[serde(flatten)]
    sequence: Sequence,
    #[serde(default)]
    strictness: Option<Strictness>,
    #[serde(default)]
    trusted_domains: Vec<String>,
    #[serde(default)]
    mappings: Vec<Rule>,
    #[serde(default)]
    state: Option<Value>,
}

#[derive(Deserialize)]
struct Rule {
    group: String,
    role: String,
}

/// A step, as it went.
#[derive(Debug, Serialize)]
struct Step {
    sequence: &'static str,
    title: String,
    #[serde(rename = "step")]
    number: usize,
    request: String,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

const PASSED: &str = "passed";
const FAILED: &str = "failed";
const SKIPPED: &str = "skipped";
const PEOPLE: &str = "the people afterwards";

impl Selftest {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let template =
            scratch::template(&opened.store, self.connection, Extent::Configuration).await?;
        let profile = self.profile.unwrap_or(template.connection.profile);
        let all = match profile {
            Profile::Entra => sequences::ENTRA,
            Profile::Okta => sequences::OKTA,
            Profile::Generic | Profile::Google => sequences::GENERIC,
        };
        let mut steps = Vec::new();
        for (file, text) in all {
            steps.extend(play(opened, &template, profile, (file, text)).await?);
        }
        let count = |result: &str| steps.iter().filter(|it| it.result == result).count();
        let (passed, failed, skipped) = (count(PASSED), count(FAILED), count(SKIPPED));
        if opened.output.is_json() {
            Output::line(&json!({
                "connection_id": self.connection, "profile": profile.as_str(),
                "passed": passed, "failed": failed, "skipped": skipped, "steps": steps,
            }))?;
        } else {
            Output::print(&text(&steps))?;
            Output::print(&format!(
                "{passed} passed, {failed} failed, {skipped} skipped\n"
            ))?;
        }
        Ok(if failed == 0 {
            Outcome::Done
        } else {
            Outcome::Failed
        })
    }
}

/// Plays one sequence on a copy of its own.
async fn play(
    opened: &Opened,
    template: &Template,
    profile: Profile,
    (file, text): (&'static str, &'static str),
) -> Result<Vec<Step>, Failure> {
    let unread = |error| Failure::File(format!("{file}: {error}"));
    let fixture: Fixture = serde_json::from_str(text).map_err(unread)?;
    let title = fixture.sequence.title.clone();
    let step = |number, request, verdict| {
        let (result, why) = match verdict {
            Verdict::Passed => (PASSED, None),
            Verdict::Failed(why) => (FAILED, Some(why)),
            Verdict::Skipped(why) => (SKIPPED, Some(why)),
        };
        Step {
            sequence: file,
            title: title.clone(),
            number,
            request,
            result,
            why,
        }
    };
    let strictness = template.connection.strictness;
    if let Some(other) = fixture.strictness.filter(|it| *it != strictness) {
        let why = format!("it is about a connection whose strictness is {other}");
        let skipped = (1..).zip(fixture.sequence.requests());
        let skipped = skipped.map(|(at, it)| step(at, it, Verdict::Skipped(why.clone())));
        return Ok(skipped.collect());
    }
    let rules = fixture.mappings.iter();
    let extra = Extra {
        profile: Some(profile),
        domains: fixture.trusted_domains.clone(),
        mappings: rules
            .map(|it| (it.group.clone(), it.role.clone()))
            .collect(),
    };
    let stage = Stage::of(opened, template, extra).await?;
    let played = fixture.sequence.play_all(Played {
        transport: &stage,
        base: &stage.base,
        token: &stage.scratch.token,
    });
    let played = played.await;
    let (last, all) = (played.len(), played.iter());
    let is_good = all.clone().all(|it| it.verdict == Verdict::Passed);
    let mut steps: Vec<_> = played
        .into_iter()
        .map(|it| step(it.number, it.request, it.verdict))
        .collect();
    if let Some(expected) = fixture.state {
        let verdict = if is_good {
            let people = stage.scratch.people().await?;
            let same = compare("the people", &without_roles(expected), Some(&people));
            same.map_or_else(Verdict::Failed, |()| Verdict::Passed)
        } else {
            Verdict::Skipped("a step failed".to_owned())
        };
        steps.push(step(last + 1, PEOPLE.to_owned(), verdict));
    }
    Ok(steps)
}

/// Which role somebody has is the organization's to say, not the sequence's.
fn without_roles(mut people: Value) -> Value {
    for person in people.as_array_mut().into_iter().flatten() {
        if let Some(person) = person.as_object_mut() {
            person.remove("role");
        }
    }
    people
}

/// The steps for people: a line each, below the sequence that they are of.
fn text(steps: &[Step]) -> String {
    let (mut lines, mut sequence) = (Vec::new(), "");
    for step in steps {
        if step.sequence != sequence {
            sequence = step.sequence;
            lines.push(format!("{}  ({sequence})", step.title));
        }
        lines.push(format!(
            "  {:7}  {:2}  {}",
            step.result, step.number, step.request
        ));
        if let Some(why) = step.why.as_ref().filter(|_| step.result == FAILED) {
            let why = why.replace(char::is_control, "\u{fffd}");
            lines.push(format!("               {why}"));
        }
    }
    lines.iter().map(|line| line.clone() + "\n").collect()
}
