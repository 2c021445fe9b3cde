//! A report for people: a table by section, why what was not checked, each failure, the sum.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::{Report, RequirementReport, Verdict};

impl Report {
    /// The report as text, with colours where they are wanted.
    pub fn text(&self, colour: bool) -> String {
        let paint = Paint { colour };
        let mut text = self.table(&paint);
        text.push_str(&self.reasons());
        for requirement in self.requirements() {
            text.push_str(&failure(requirement, &paint));
        }
        for path in &self.swept {
            let _ = writeln!(text, "left behind by a check, and taken away: {path}");
        }
        for path in &self.left {
            let _ = writeln!(
                text,
                "{}",
                paint.red(&format!("could not be taken away: {path}"))
            );
        }
        if self.interrupted {
            text.push_str("the run was stopped; what it had made was taken away\n");
        }
        let summary = if self.failed == 0 {
            paint.green(&self.summary())
        } else {
            paint.red(&self.summary())
        };
        text + &summary + "\n"
    }

    fn table(&self, paint: &Paint) -> String {
        let width = self.sections.iter().map(|it| it.title.chars().count());
        let width = width.max().unwrap_or_default();
        let mut text = paint.bold(&format!("{:width$}  PASSED  FAILED  SKIPPED", "SECTION")) + "\n";
        for section in &self.sections {
            let failed = section.count(Verdict::Failed);
            let count = format!("{failed:6}");
            let _ = writeln!(
                text,
                "{:width$}  {:6}  {}  {:7}",
                section.title,
                section.count(Verdict::Passed),
                if failed == 0 {
                    count
                } else {
                    paint.red(&count)
                },
                section.count(Verdict::Skipped),
            );
        }
        text + "\n"
    }

    /// Each reason once, with those that were skipped for it.
    fn reasons(&self) -> String {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for requirement in self.requirements() {
            if let Some(reason) = &requirement.reason {
                reasons.entry(reason).or_default().push(&requirement.id);
            }
        }
        let mut text = String::new();
        for (reason, ids) in &reasons {
            let _ = writeln!(text, "skipped {}: {reason}", ids.join(" "));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

fn failure(requirement: &RequirementReport, paint: &Paint) -> String {
    let mut text = String::new();
    for failure in &requirement.failures {
        let head = format!(
            "{} ({}, {}): {}",
            requirement.id,
            requirement.level.word(),
            requirement.section,
            requirement.text
        );
        let _ = writeln!(
            text,
            "{}\n  {}: {}",
            paint.red(&head),
            failure.check,
            safe(&failure.why)
        );
        if let Some(exchange) = &failure.exchange {
            for (mark, told) in [(">", &exchange.request), ("<", &exchange.answer)] {
                for line in told.lines() {
                    let _ = writeln!(text, "  {mark} {}", safe(line));
                }
            }
        }
        text.push('\n');
    }
    text
}

/// What a server says cannot move the terminal's cursor.
fn safe(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

struct Paint {
    colour: bool,
}

impl Paint {
    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn green(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn red(&self, text: &str) -> String {
        self.with("31", text)
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
