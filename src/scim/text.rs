//! The forms in which values are compared (RFC 7643 §2.2, §2.3; RFC 7644 §5).
//!
//! A value is turned into one text whose octets compare as the value does. The evaluator in memory and the
//! queries of the store compare nothing but these texts, so they cannot disagree.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use super::schema::{Attribute, Type};

/// The form in which texts that do not mind letter case are equal.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().flat_map(char::to_lowercase).nfc().collect()
}

/// The form in which texts that do mind letter case are equal.
pub fn exact_form(text: &str) -> String {
    if text.is_ascii() {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

/// The text by which a value of this attribute is compared, `None` when there is nothing to compare.
pub fn comparable(attribute: &Attribute, value: &Value) -> Option<String> {
    match (attribute.data_type, value) {
        (Type::String | Type::Reference | Type::Binary, Value::String(text)) => {
            (!text.is_empty()).then(|| comparable_text(attribute, text))
        }
        (Type::Boolean, Value::Bool(value)) => Some(if *value { "true" } else { "false" }.into()),
        (Type::DateTime, Value::String(text)) => date_time(text).map(fixed_width),
        (Type::Integer, Value::Number(number)) => integer(number).map(ordered_integer),
        (Type::Decimal, Value::Number(number)) => number.as_f64().map(ordered_decimal),
        _ => None,
    }
}

/// The comparable form of a text, or of a part of one.
pub fn comparable_text(attribute: &Attribute, text: &str) -> String {
    match (attribute.data_type, attribute.case_exact) {
        (Type::String | Type::Reference, false) => fold(text),
        (Type::String, true) => exact_form(text),
        _ => text.to_owned(),
    }
}

/// The JSON literal that [`comparable`] would turn into this text.
pub(crate) fn literal(attribute: &Attribute, comparable: &str) -> String {
    match attribute.data_type {
        Type::Boolean => comparable.to_owned(),
        Type::Integer => u64::from_str_radix(comparable, 16).map_or_else(
            |_| "0".to_owned(),
            |bits| ((bits ^ SIGN) as i64).to_string(),
        ),
        Type::Decimal => u64::from_str_radix(comparable, 16).map_or_else(
            |_| "0".to_owned(),
            |bits| f64::from_bits(if bits & SIGN == 0 { !bits } else { bits ^ SIGN }).to_string(),
        ),
        _ => Value::from(comparable).to_string(),
    }
}

/// An xsd:dateTime; without an offset it is taken as UTC.
pub fn date_time(text: &str) -> Option<Timestamp> {
    let (_, time) = text.split_once(['T', 't'])?;
    let zoned = time.contains(['Z', 'z', '+', '-']);
    let instant = if zoned {
        text.parse::<Timestamp>().ok()?
    } else {
        text.parse::<DateTime>()
            .ok()?
            .to_zoned(TimeZone::UTC)
            .ok()?
            .timestamp()
    };
    let year = TimeZone::UTC.to_datetime(instant).year();
    (0..=9999).contains(&year).then_some(instant)
}

/// An instant as text whose order is the order of time: UTC, microseconds, always as long.
pub fn fixed_width(instant: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(instant);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.subsec_nanosecond() / 1_000
    )
}

const SIGN: u64 = 1 << 63;

/// A whole number, also when it is written with a fraction of zero.
pub(crate) fn integer(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let value = number
            .as_f64()
            .filter(|value| value.fract() == 0.0 && value.abs() < 9e15)?;
        Some(value as i64)
    })
}

fn ordered_integer(value: i64) -> String {
    format!("{:016x}", (value as u64) ^ SIGN)
}

fn ordered_decimal(value: f64) -> String {
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    format!(
        "{:016x}",
        if bits & SIGN == 0 { bits | SIGN } else { !bits }
    )
}

const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, ANY_PADDING);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, ANY_PADDING);

/// Octets in base64 of either alphabet, padded or not.
pub(crate) fn octets(text: &str) -> Option<Vec<u8>> {
    BASE64
        .decode(text)
        .or_else(|_| BASE64_URL.decode(text))
        .ok()
}

/// Whether two names differ by this many letters at most, case aside.
pub(crate) fn within_distance(left: &str, right: &str, limit: usize) -> bool {
    let left: Vec<char> = left.chars().take(64).flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right
        .chars()
        .take(64)
        .flat_map(char::to_lowercase)
        .collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, from) in left.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(at + 1);
        let above = row.iter().zip(row.iter().skip(1));
        for (to, (diagonal, up)) in right.iter().zip(above) {
            let before = next.last().copied().unwrap_or_default();
            let change = diagonal + usize::from(from != to);
            next.push(change.min(up + 1).min(before + 1));
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variants_of_a_name_fold_to_one_form() {
        for (left, right) in [
            ("Bob", "bOB"),
            ("ＢＯＢ", "bob"),
            ("Rene\u{301}", "RENÉ"),
            ("Ｊｏｅ@EXAMPLE.com", "joe@example.COM"),
            ("J\u{30c}", "\u{1f0}"),
            ("ﬁona", "FIONA"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} {right}");
        }
        assert_ne!(fold("bob"), fold("bob "));
        assert_ne!(exact_form("Bob"), exact_form("bob"));
        assert_eq!(exact_form("Rene\u{301}"), exact_form("René"));
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for c in (0..=0x0010_ffff).filter_map(char::from_u32) {
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "{:x}", c as u32);
        }
    }

    #[test]
    fn instants_compare_as_text() {
        let at = |text| comparable(&Attribute::date_time("d", ""), &json!(text));
        assert_eq!(
            at("2026-01-01T02:00:00+02:00"),
            at("2026-01-01T00:00:00.000Z")
        );
        assert_eq!(
            at("0001-01-03T00:00:00.0000000Z").unwrap(),
            "0001-01-03T00:00:00.000000Z"
        );
        assert_eq!(at("2026-01-01T00:00:00"), at("2026-01-01T00:00:00Z"));
        assert!(at("2026-01-01T00:00:00.1Z") > at("2026-01-01T00:00:00Z"));
        for bad in [
            "2026-01-01",
            "",
            "T",
            "now",
            "2026-13-01T00:00:00Z",
            "-0100-01-01T00:00:00Z",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_compare_as_text() {
        let integer = Attribute::integer("n", "");
        let mut last = String::new();
        for value in [i64::MIN, -2, -1, 0, 1, 10, i64::MAX] {
            let text = comparable(&integer, &json!(value)).unwrap();
            assert!(text > last, "{value}");
            assert_eq!(literal(&integer, &text), value.to_string());
            last = text;
        }
        let decimal = Attribute {
            data_type: Type::Decimal,
            ..Attribute::integer("n", "")
        };
        let mut last = String::new();
        for value in [-1e300, -1.5, -0.25, 0.0, 0.5, 2.0, 1e300] {
            let text = comparable(&decimal, &json!(value)).unwrap();
            assert!(text > last, "{value}");
            assert_eq!(literal(&decimal, &text), value.to_string());
            last = text;
        }
        assert_eq!(
            comparable(&decimal, &json!(-0.0)),
            comparable(&decimal, &json!(0))
        );
    }

    #[test]
    fn misspellings_are_near() {
        assert!(within_distance("actve", "active", 2));
        assert!(within_distance("MEMBER", "members", 2));
        assert!(!within_distance("nickName", "userName", 2));
        assert!(within_distance("", "ab", 2));
        assert!(!within_distance("", "abc", 2));
    }
}
