//! An identity provider's metadata in the course of time: when they are read again (SAML Metadata
//! 2.3), and which of its certificates end soon.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::directory::words::words;

words! {
    /// What becomes of what an identity provider newly publishes.
    RefreshMode {
        /// It is trusted at once.
        Auto = "auto",
        /// Nobody looks.
        Off = "off",
        /// It waits for a yes.
        Propose = "propose",
    }
}

words! {
    /// How the last look at published metadata ended.
    RefreshOutcome {
        /// What was new is trusted.
        Applied = "applied",
        /// They could not be fetched, or not be used; what was trusted is.
        Failed = "failed",
        /// What is new waits for a yes.
        Proposed = "proposed",
        /// They are another provider's; what was trusted is.
        Refused = "refused",
        /// Nothing is new.
        Unchanged = "unchanged",
    }
}

words! {
    /// What a connection's admin is warned of.
    WarningKind {
        /// A certificate has ended. Its key is trusted all the same.
        CertificateExpired = "certificate_expired",
        /// A certificate ends soon.
        CertificateExpires = "certificate_expires",
        /// The metadata are good no longer.
        MetadataExpired = "metadata_expired",
        /// A SCIM token or an OAuth client has ended.
        TokenExpired = "token_expired",
        /// A SCIM token or an OAuth client ends soon.
        TokenExpires = "token_expires",
    }
}

/// How often metadata are looked at where they do not say that they live shorter.
const INTERVAL: SignedDuration = SignedDuration::from_hours(24);
/// The least time between two looks, whatever they say.
const LEAST: SignedDuration = SignedDuration::from_hours(1);
/// The wait after the first failure; each further one doubles it, up to [`INTERVAL`].
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// Days before the end of a certificate at which somebody is told, the last first.
pub const THRESHOLDS: [i64; 3] = [0, 7, 30];

/// When metadata are looked at again that were read now; `chance` spreads it, so that what was set
/// up together is not fetched together.
pub fn next_look(now: Timestamp, cache: Option<SignedDuration>, chance: u8) -> Timestamp {
    let wait = cache.unwrap_or(INTERVAL).clamp(LEAST, INTERVAL);
    spread(now, wait, chance, LEAST)
}

/// When they are tried again after so many failures in a row.
pub fn next_try(now: Timestamp, failures: i64, chance: u8) -> Timestamp {
    let doublings = u32::try_from((failures - 1).clamp(0, 10)).unwrap_or(0);
    let wait = (FIRST_WAIT * 2_i32.pow(doublings)).min(INTERVAL);
    spread(now, wait, chance, SignedDuration::ZERO)
}

/// After the wait, or up to a tenth of it earlier.
pub fn spread(
    now: Timestamp,
    wait: SignedDuration,
    chance: u8,
    least: SignedDuration,
) -> Timestamp {
    let earlier = wait / 10 * i32::from(chance) / i32::from(u8::MAX);
    let wait = (wait - earlier).max(least);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The narrowest of the thresholds, in days before its end, that a certificate has passed.
pub fn threshold(not_after: Timestamp, now: Timestamp) -> Option<i64> {
    let left = not_after.duration_since(now);
    let passed = |days: &i64| left <= SignedDuration::from_hours(24 * days);
    THRESHOLDS.into_iter().find(|days| passed(days))
}

/// That threshold, and those before it.
pub fn passed(threshold: i64) -> impl Iterator<Item = i64> {
    THRESHOLDS
        .into_iter()
        .filter(move |days| *days >= threshold)
}

/// The instant up to which a certificate must end for this threshold to be passed now.
pub fn horizon(threshold: i64, now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * threshold))
        .unwrap_or(Timestamp::MAX)
}

/// Something about a connection that an admin is to see to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ConnectionWarning)]
pub struct Warning {
    /// What it is.
    pub kind: WarningKind,
    /// SHA-256 of the certificate, in hexadecimal digits, where it is about one.
    pub fingerprint: Option<String>,
    /// The SCIM token or the OAuth client, where it is about one.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub token_id: Option<Uuid>,
    /// The time that it is about.
    #[schema(value_type = String, format = "date-time")]
    pub at: Timestamp,
    /// Days before the end of the certificate at which somebody is told: 30, 7 or 0.
    pub days: Option<i64>,
}

/// What is to be said of certificates, each with its fingerprint and its end, and of metadata that
/// were good until then.
pub fn warnings<'a>(
    certificates: impl IntoIterator<Item = (&'a str, Timestamp)>,
    valid_until: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Warning> {
    let of_certificates = certificates.into_iter().filter_map(|(fingerprint, end)| {
        let days = threshold(end, now)?;
        let kind = if end <= now {
            WarningKind::CertificateExpired
        } else {
            WarningKind::CertificateExpires
        };
        Some(Warning {
            kind,
            fingerprint: Some(fingerprint.to_owned()),
            token_id: None,
            at: end,
            days: Some(days),
        })
    });
    let expired = valid_until.filter(|end| *end <= now);
    let of_metadata = expired.map(|at| Warning {
        kind: WarningKind::MetadataExpired,
        fingerprint: None,
        token_id: None,
        at,
        days: None,
    });
    of_certificates.chain(of_metadata).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-22T10:00:00Z";

    #[test]
    fn metadata_are_read_daily_or_as_they_ask_and_never_within_the_hour() {
        let hours = SignedDuration::from_hours;
        for (cache, chance, minutes) in [
            (None, 0, 24 * 60),
            (None, 255, 24 * 60 - 144),
            (Some(hours(48)), 0, 24 * 60),
            (Some(hours(6)), 0, 6 * 60),
            (Some(hours(6)), 255, 6 * 60 - 36),
            (Some(hours(1)), 255, 60),
            (Some(SignedDuration::ZERO), 255, 60),
        ] {
            let next = next_look(at(NOW), cache, chance);
            let waited = next.duration_since(at(NOW));
            assert_eq!(waited.as_mins(), minutes, "{cache:?} {chance}");
        }
    }

    #[test]
    fn what_fails_is_tried_ever_later() {
        for (failures, minutes) in [(1, 15), (2, 30), (3, 60), (7, 960), (8, 1440), (900, 1440)] {
            let next = next_try(at(NOW), failures, 0);
            let waited = next.duration_since(at(NOW));
            assert_eq!(waited.as_mins(), minutes, "{failures}");
            let sooner = next_try(at(NOW), failures, 255);
            assert!(sooner < next && sooner > at(NOW));
        }
    }

    #[test]
    fn an_end_is_told_of_a_month_a_week_and_no_time_before() {
        for (end, days) in [
            ("2027-01-01T00:00:00Z", None),
            ("2026-12-22T10:00:01Z", None),
            ("2026-12-22T10:00:00Z", Some(30)),
            ("2026-11-29T10:00:01Z", Some(30)),
            ("2026-11-29T10:00:00Z", Some(7)),
            ("2026-11-22T10:00:01Z", Some(7)),
            ("2026-11-22T10:00:00Z", Some(0)),
            ("2020-01-01T00:00:00Z", Some(0)),
        ] {
            assert_eq!(threshold(at(end), at(NOW)), days, "{end}");
        }
        assert_eq!(passed(7).collect::<Vec<_>>(), [7, 30]);
        let all = warnings(
            [
                ("a", at("2026-11-25T10:00:00Z")),
                ("b", at("2030-01-01T00:00:00Z")),
            ],
            Some(at("2026-11-22T09:00:00Z")),
            at(NOW),
        );
        let kinds: Vec<_> = all.iter().map(|it| (it.kind.as_str(), it.days)).collect();
        assert_eq!(
            kinds,
            [("certificate_expires", Some(7)), ("metadata_expired", None)]
        );
    }
}
