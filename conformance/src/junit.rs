//! A report as JUnit XML, which continuous integration reads.

use std::fmt::Write as _;

use crate::report::{Report, RequirementReport, Verdict};

impl Report {
    /// The report as JUnit XML: a suite a section, a case a requirement.
    pub fn junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let all = self.passed + self.failed + self.skipped;
        let _ = writeln!(
            xml,
            "<testsuites name=\"{}\" tests=\"{all}\" failures=\"{}\" skipped=\"{}\">",
            escaped(&self.server),
            self.failed,
            self.skipped,
        );
        for section in &self.sections {
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">",
                escaped(&section.title),
                section.requirements.len(),
                section.count(Verdict::Failed),
                section.count(Verdict::Skipped),
            );
            for requirement in &section.requirements {
                xml.push_str(&case(requirement));
            }
            xml.push_str("  </testsuite>\n");
        }
        xml + "</testsuites>\n"
    }
}

fn case(requirement: &RequirementReport) -> String {
    let mut xml = format!(
        "    <testcase classname=\"{}\" name=\"{}\">",
        escaped(&requirement.id),
        escaped(&requirement.text),
    );
    if let Some(reason) = &requirement.reason {
        let _ = write!(xml, "<skipped message=\"{}\"/>", escaped(reason));
    }
    for failure in &requirement.failures {
        let _ = write!(xml, "<failure message=\"{}\">", escaped(&failure.why));
        if let Some(exchange) = &failure.exchange {
            let told = format!("{}\n\n{}", exchange.request, exchange.answer);
            xml.push_str(&escaped(&told));
        }
        xml.push_str("</failure>");
    }
    xml + "</testcase>\n"
}

/// Text for XML 1.0, which cannot have most control characters at all.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut xml, c| {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' | '\t' => xml.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
        xml
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_cannot_break_the_xml() {
        assert_eq!(
            escaped("<a b=\"&\">\u{1b}\n"),
            "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}\n"
        );
    }
}
