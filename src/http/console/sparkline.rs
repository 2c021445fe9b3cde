//! A sparkline of a day: what a SCIM client asked as 24 bars, one an hour, the oldest on the left. What was refused
//! is the foot of a bar, on two legs, so that it is told apart without its colour.

use jiff::Timestamp;

use crate::provisioning::request_log::view::RequestCount;

/// As many bars as a picture of 240 by 40 units holds.
const HOURS: usize = 24;
/// From one bar to the next, of which a bar takes eight.
const STEP: i64 = 10;
const HEIGHT: i64 = 40;
/// How high a part is at least that is there at all, so that it is seen.
const LEAST: i64 = 2;

/// The picture, and what it shows in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sparkline {
    /// How many requests there were, and how many of them were refused.
    pub(super) words: String,
    /// The path of all that was done.
    pub(super) done: String,
    /// The path of all that was refused; empty where nothing was.
    pub(super) refused: String,
}

impl Sparkline {
    /// Of the 24 hours that this one ends; none where nothing was asked in them.
    pub(super) fn of(counts: &[RequestCount], now: Timestamp) -> Option<Self> {
        let day = day(counts, now);
        let requests: i64 = day.iter().copied().map(Parts::whole).sum();
        let refused: i64 = day.iter().map(|hour| hour.refused).sum();
        if requests == 0 {
            return None;
        }
        let bars = bars(&day);
        Some(Self {
            words: words(requests, refused),
            done: done_path(&bars),
            refused: refused_path(&bars),
        })
    }
}

/// What was done and what was refused: how many requests of an hour, or how much of its bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    done: i64,
    refused: i64,
}

impl Parts {
    fn whole(self) -> i64 {
        self.done + self.refused
    }
}

/// Each hour, the oldest first. What was counted before them is left out.
fn day(counts: &[RequestCount], now: Timestamp) -> [Parts; HOURS] {
    let hour = |at: Timestamp| at.as_second().div_euclid(3600);
    let mut day = [Parts::default(); HOURS];
    for count in counts {
        if let Ok(ago) = usize::try_from(hour(now) - hour(count.hour))
            && let Some(parts) = day.iter_mut().nth_back(ago)
        {
            parts.done += count.reads + count.writes;
            parts.refused += count.refused + count.without_good_token;
        }
    }
    day
}

/// How high each bar is, where the highest takes the whole height.
fn bars(day: &[Parts]) -> Vec<Parts> {
    let most = day.iter().copied().map(Parts::whole).fold(1, i64::max);
    day.iter().map(|hour| bar(*hour, most)).collect()
}

/// Each part that is there is seen, and leaves room for the other one.
fn bar(hour: Parts, most: i64) -> Parts {
    let scaled = |count: i64| (count * HEIGHT + most / 2) / most;
    let room = if hour.done > 0 {
        HEIGHT - LEAST
    } else {
        HEIGHT
    };
    let refused = if hour.refused > 0 {
        scaled(hour.refused).clamp(LEAST, room)
    } else {
        0
    };
    let done = if hour.done > 0 {
        (scaled(hour.whole()) - refused).max(LEAST)
    } else {
        0
    };
    Parts { done, refused }
}

/// A block a bar, on top of what was refused.
fn done_path(bars: &[Parts]) -> String {
    let there = (0_i64..).zip(bars).filter(|(_, bar)| bar.done > 0);
    let blocks = there.map(|(hour, bar)| {
        let (left, top, high) = (hour * STEP + 1, HEIGHT - bar.whole(), bar.done);
        format!("M{left} {top}h8v{high}h-8z")
    });
    blocks.collect::<Vec<_>>().concat()
}

/// Two legs a bar, on the ground.
fn refused_path(bars: &[Parts]) -> String {
    let there = (0_i64..).zip(bars).filter(|(_, bar)| bar.refused > 0);
    let legs = there.map(|(hour, bar)| {
        let (left, right) = (hour * STEP + 1, hour * STEP + 6);
        let (top, high) = (HEIGHT - bar.refused, bar.refused);
        format!("M{left} {top}h3v{high}h-3zM{right} {top}h3v{high}h-3z")
    });
    legs.collect::<Vec<_>>().concat()
}

fn words(requests: i64, refused: i64) -> String {
    let what = if requests == 1 { "request" } else { "requests" };
    let refused = if refused == 0 {
        "none".to_owned()
    } else {
        grouped(refused)
    };
    let requests = grouped(requests);
    format!("{requests} {what} in 24 hours, {refused} refused")
}

/// A number with a comma before every three digits.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::ConnectionId;

    const NOW: &str = "2026-11-22T12:30:00Z";

    fn count(hour: &str, reads: i64, refused: i64) -> RequestCount {
        RequestCount {
            connection_id: ConnectionId::from(Uuid::nil()),
            hour: hour.parse().unwrap(),
            reads,
            writes: 0,
            refused,
            without_good_token: 0,
            lost: 0,
        }
    }

    fn drawn(counts: &[RequestCount]) -> Option<Sparkline> {
        Sparkline::of(counts, NOW.parse().unwrap())
    }

    #[test]
    fn where_nothing_was_asked_nothing_is_drawn() {
        assert_eq!(drawn(&[]), None);
        assert_eq!(drawn(&[count("2026-11-22T12:00:00Z", 0, 0)]), None);
    }

    #[test]
    fn an_hour_is_a_bar_and_the_latest_is_the_last() {
        let now = RequestCount {
            writes: 2,
            ..count("2026-11-22T12:00:00Z", 5, 0)
        };
        let expected = Sparkline {
            words: "7 requests in 24 hours, none refused".to_owned(),
            done: "M231 0h8v40h-8z".to_owned(),
            refused: String::new(),
        };
        assert_eq!(drawn(&[now]), Some(expected));
    }

    #[test]
    fn what_is_older_than_a_day_is_left_out() {
        let oldest = count("2026-11-21T13:00:00Z", 0, 1);
        let expected = Sparkline {
            words: "1 request in 24 hours, 1 refused".to_owned(),
            done: String::new(),
            refused: "M1 0h3v40h-3zM6 0h3v40h-3z".to_owned(),
        };
        let older = count("2026-11-21T12:00:00Z", 9, 9);
        assert_eq!(drawn(std::slice::from_ref(&older)), None);
        assert_eq!(drawn(&[oldest, older]), Some(expected));
    }

    #[test]
    fn requests_without_a_good_token_were_refused() {
        let strange = RequestCount {
            without_good_token: 1203,
            ..count("2026-11-22T11:00:00Z", 1, 1)
        };
        let words = drawn(&[strange]).unwrap().words;
        assert_eq!(words, "1,205 requests in 24 hours, 1,204 refused");
    }

    #[test]
    fn the_highest_bar_has_the_full_height_and_each_part_is_seen() {
        for (hours, expected) in [
            (
                vec![(10, 0), (5, 0), (0, 0)],
                vec![(40, 0), (20, 0), (0, 0)],
            ),
            (vec![(5, 5), (0, 5)], vec![(20, 20), (0, 20)]),
            (vec![(99_999, 1), (1, 0)], vec![(38, 2), (2, 0)]),
            (
                vec![(1, 99_999), (0, 1), (1, 1)],
                vec![(2, 38), (0, 2), (2, 2)],
            ),
        ] {
            let parts = |(done, refused): &(i64, i64)| Parts {
                done: *done,
                refused: *refused,
            };
            let day: Vec<_> = hours.iter().map(parts).collect();
            let expected: Vec<_> = expected.iter().map(parts).collect();
            assert_eq!(bars(&day), expected, "{hours:?}");
        }
    }

    #[test]
    fn numbers_are_read_in_threes() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1204, "1,204"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }
}
