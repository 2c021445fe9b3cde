//! What happened, step by step: a line a step for people, or one JSON document at the end.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::demo::expect::Unexpected;
use crate::demo::people::Person;

/// The demo ends here: a step did not go as it should, and the transcript says which.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped;

/// One step.
#[derive(Clone, Debug, Serialize)]
struct Step {
    step: String,
    asked: String,
    answered: String,
    ok: bool,
}

/// The steps so far, and where they are told.
#[derive(Debug)]
pub(super) struct Transcript {
    json: bool,
    colours: bool,
    steps: Vec<Step>,
    people: Vec<Person>,
}

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    /// The step that did not go as it should.
    failed: Option<&'a str>,
    steps: &'a [Step],
    people: &'a [Person],
}

/// What a step gives to the next ones, and what is told of it.
pub(super) type Went<T> = Result<(T, String), Unexpected>;

impl Transcript {
    pub(super) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colours = !json && wanted && io::stdout().is_terminal();
        Self {
            json,
            colours,
            steps: Vec::new(),
            people: Vec::new(),
        }
    }

    /// Runs one step and tells it.
    pub(super) async fn step<T>(
        &mut self,
        step: &str,
        asked: impl Into<String>,
        work: impl Future<Output = Went<T>>,
    ) -> Result<T, Stopped> {
        let (value, answered) = match work.await {
            Ok((value, answered)) => (Some(value), answered),
            Err(Unexpected(why)) => (None, why),
        };
        let ok = value.is_some();
        let told = Step {
            step: step.to_owned(),
            asked: asked.into(),
            answered,
            ok,
        };
        self.tell(&told);
        self.steps.push(told);
        value.ok_or(Stopped)
    }

    /// Begins a chapter.
    pub(super) fn heading(&self, text: &str) {
        let text = self.paint(BOLD, text);
        self.say(&format!("\n{text}\n"));
    }

    /// Shows the people at the end.
    pub(super) fn people(&mut self, people: Vec<Person>) {
        self.heading("Who is in, with which role, and why");
        let cells: Vec<_> = people.iter().map(Person::cells).collect();
        let width = |column: usize| {
            cells
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.len())
                .max()
                .unwrap_or(0)
        };
        for row in &cells {
            let mut line = String::from("  ");
            for (column, cell) in row.iter().enumerate() {
                line += &format!("{cell:<width$}  ", width = width(column));
            }
            self.say(&format!("{}\n", line.trim_end()));
        }
        self.people = people;
    }

    /// Tells people something that is no step.
    pub(super) fn say(&self, text: &str) {
        if !self.json {
            // A transcript that nobody reads any more stops nothing.
            drop(io::stdout().write_all(text.as_bytes()));
        }
    }

    /// Says how it ended; the JSON document is written here.
    pub(super) fn end(&self) -> io::Result<()> {
        let failed = self
            .steps
            .iter()
            .find(|step| !step.ok)
            .map(|step| step.step.as_str());
        if self.json {
            let ok = failed.is_none();
            let document = Document {
                ok,
                failed,
                steps: &self.steps,
                people: &self.people,
            };
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &document)?;
            writeln!(out)?;
            out.flush()?;
        }
        if let Some(step) = failed {
            let number = self.steps.len();
            writeln!(io::stderr(), "\nusher demo: step {number} failed: {step}")?;
        } else {
            self.say(&format!(
                "\n{} steps, every one as it should be.\n",
                self.steps.len()
            ));
        }
        io::stdout().flush()
    }

    fn tell(&self, step: &Step) {
        let number = self.steps.len() + 1;
        let (mark, colour) = if step.ok {
            ("ok  ", GREEN)
        } else {
            ("FAIL", RED)
        };
        let line = format!(
            "{number:>3} {mark} {}: {} -> {}\n",
            self.paint(BOLD, &step.step),
            self.paint(DIM, &step.asked),
            self.paint(colour, &step.answered),
            mark = self.paint(colour, mark),
        );
        self.say(&line);
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const RED: &str = "31";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_fails_stops_and_is_kept() {
        let mut transcript = Transcript::new(true);
        let went = transcript
            .step("a", "x", async { Ok((1, "y".to_owned())) })
            .await;
        assert_eq!(went.ok(), Some(1));
        let went = transcript
            .step::<()>("b", "x", async { Err(Unexpected("z".into())) })
            .await;
        assert!(went.is_err());
        let told: Vec<_> = transcript
            .steps
            .iter()
            .map(|s| (s.step.as_str(), s.answered.as_str(), s.ok))
            .collect();
        assert_eq!(told, [("a", "y", true), ("b", "z", false)]);
    }
}
