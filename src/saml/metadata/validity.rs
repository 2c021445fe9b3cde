//! How long metadata are good, and how long they may be kept before they are looked at again: the
//! attributes `validUntil` and `cacheDuration` (SAML Metadata 2.3.1, 2.3.2, 2.4.1).

use jiff::{SignedDuration, Span, Timestamp};
use roxmltree::Node;

use crate::saml::{error::Error, instant, xml};

/// What an entity, its role and everything around it say together: the narrowest of each.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Validity {
    /// Until when the metadata are good.
    pub valid_until: Option<Timestamp>,
    /// How long they may be kept.
    pub cache_duration: Option<SignedDuration>,
}

impl Validity {
    /// What a role and everything around it say; what is past is refused.
    pub(super) fn of(role: Node<'_, '_>, now: Timestamp) -> Result<Self, Error> {
        let mut narrowest = Self::default();
        for around in role.ancestors().filter(Node::is_element) {
            if let Some(text) = xml::attribute(around, "validUntil") {
                let valid_until = instant::read("the metadata's validUntil", text)?;
                if valid_until <= now {
                    return Err(Error::MetadataExpired { valid_until, now });
                }
                let known = narrowest.valid_until;
                narrowest.valid_until =
                    Some(known.map_or(valid_until, |known| known.min(valid_until)));
            }
            // It is advice: one that cannot be read is none.
            let said = xml::attribute(around, "cacheDuration").and_then(duration);
            if let Some(said) = said {
                let known = narrowest.cache_duration;
                narrowest.cache_duration = Some(known.map_or(said, |known| known.min(said)));
            }
        }
        Ok(narrowest)
    }
}

/// An `xs:duration` (XML Schema 3.2.6) that is not negative; a month has 30 days, a year 365.
fn duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if !text.starts_with('P') || text.contains(['W', 'w']) {
        return None;
    }
    let span: Span = text.parse().ok()?;
    let days = i64::from(span.get_years()) * 365
        + i64::from(span.get_months()) * 30
        + i64::from(span.get_days());
    let seconds = days * 86_400
        + i64::from(span.get_hours()) * 3_600
        + span.get_minutes() * 60
        + span.get_seconds();
    (seconds >= 0).then(|| SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_that_of_xml_schema() {
        for (text, seconds) in [
            ("PT1H", Some(3_600)),
            (" P1D ", Some(86_400)),
            ("P1DT2H3M4S", Some(93_784)),
            ("PT2700S", Some(2_700)),
            ("PT0.5S", Some(0)),
            ("P1M", Some(30 * 86_400)),
            ("P1Y", Some(365 * 86_400)),
            ("-PT1H", None),
            ("P1W", None),
            ("1h", None),
            ("soon", None),
            ("", None),
        ] {
            let expected = seconds.map(SignedDuration::from_secs);
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
