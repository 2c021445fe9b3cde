//! Times and hosts, as people read them.

use jiff::Timestamp;
use url::Url;

/// How far a time is from now, in the largest unit that it has one of.
pub(super) fn distance(time: Timestamp, now: Timestamp) -> String {
    let seconds = time.duration_since(now).as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let size = seconds.abs();
    let (count, unit) = units
        .iter()
        .find(|(length, _)| size >= *length)
        .map_or((size, "second"), |(length, unit)| (size / length, unit));
    let length = match count {
        0 => "a moment".to_owned(),
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    };
    // What is now is over: a time until when something is good is not in it.
    if time > now {
        format!("in {length}")
    } else {
        format!("{length} ago")
    }
}

/// The host, and the port where it is not the scheme's own, as a browser names them (RFC 9110
/// §7.2).
pub(super) fn authority(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return String::new();
    };
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_distance() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (time, expected) in [
            ("2026-11-29T10:00:00Z", "in 7 days"),
            ("2026-11-23T10:00:00Z", "in 1 day"),
            ("2026-11-23T09:59:59Z", "in 23 hours"),
            ("2026-11-22T10:59:59Z", "in 59 minutes"),
            ("2026-11-22T10:00:01Z", "in 1 second"),
            ("2026-11-22T10:00:00.5Z", "in a moment"),
            ("2026-11-22T10:00:00Z", "a moment ago"),
            ("2026-11-22T09:59:59.5Z", "a moment ago"),
            ("2026-11-22T09:59:00Z", "1 minute ago"),
            ("2026-11-20T10:00:00Z", "2 days ago"),
        ] {
            assert_eq!(distance(time.parse().unwrap(), now), expected);
        }
    }

    #[test]
    fn an_authority_is_what_a_browser_sends() {
        for (url, expected) in [
            ("https://usher.example", "usher.example"),
            ("https://usher.example:443/", "usher.example"),
            ("http://localhost:8080", "localhost:8080"),
            ("http://[::1]:80", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(authority(url), expected);
        }
    }
}
