//! Times as SAML Core 1.3.3 wants them: `xs:dateTime`, in UTC.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::error::{Error, shown};

/// Reads `2026-07-01T10:00:00Z`, with a fraction of a second or none. `Z` and `+00:00` are UTC; any other
/// offset, or none, is refused.
pub fn read(what: &'static str, text: &str) -> Result<Timestamp, Error> {
    parse(text.trim_matches([' ', '\t', '\r', '\n'])).ok_or_else(|| Error::MalformedTime {
        what,
        arrived: shown(text),
    })
}

fn parse(text: &str) -> Option<Timestamp> {
    let local = text
        .strip_suffix('Z')
        .or_else(|| text.strip_suffix("+00:00"))?;
    let (whole, fraction) = match local.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (local, None),
    };
    let shape = b"0000-00-00T00:00:00";
    let fits = whole.len() == shape.len()
        && whole
            .bytes()
            .zip(shape)
            .all(|(arrived, wanted)| match wanted {
                b'0' => arrived.is_ascii_digit(),
                _ => arrived == *wanted,
            });
    let fraction_fits =
        fraction.is_none_or(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    if !fits || !fraction_fits {
        return None;
    }
    // Below a nanosecond nothing is kept.
    let digits: String = fraction.unwrap_or("0").chars().take(9).collect();
    let time: DateTime = format!("{whole}.{digits}").parse().ok()?;
    // The last day of the year 9999 is more than a Timestamp holds; products mean "never" by it.
    Some(TimeZone::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_time_is_a_time() {
        let read = |text| read("NotOnOrAfter", text).unwrap();
        assert_eq!(read("9999-12-31T23:59:59.9999999Z"), Timestamp::MAX);
        assert!(read("0000-01-01T00:00:00Z") > Timestamp::MIN);
    }

    #[test]
    fn only_utc_is_a_time() {
        for good in [
            "2026-07-01T10:00:00Z",
            "2026-07-01T10:00:00.000Z",
            "2026-07-01T10:00:00.0000000000000Z",
            "2026-07-01T10:00:00+00:00",
            " 2026-07-01T10:00:00Z\n",
        ] {
            let read = read("NotBefore", good).unwrap();
            assert_eq!(read, "2026-07-01T10:00:00Z".parse().unwrap(), "{good}");
        }
        for bad in [
            "",
            "Z",
            "2026-07-01",
            "2026-07-01T10:00:00",
            "2026-07-01 10:00:00Z",
            "2026-07-01T10:00:00.Z",
            "2026-07-01T10:00:00+14:00",
            "2026-07-01T10:00:00-00:01",
            "2026-07-01T10:00:00Z[UTC]",
            "20260701T100000Z",
            "2026-13-01T10:00:00Z",
            "2026-07-01T24:00:00Z",
            "+002026-07-01T10:00:00Z",
        ] {
            let error = read("NotBefore", bad).unwrap_err();
            assert_eq!(error.reason(), "malformed_time", "{bad}");
        }
    }
}
