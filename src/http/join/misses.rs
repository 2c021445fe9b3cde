//! Who follows links that we never made, and how often: whoever does it all the time is sent away
//! for a while. Links of ours open all the same, whoever follows them.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::http::client::network;
use crate::limits;

/// The misses of the last while, by client. In memory, and of this process alone.
#[derive(Debug, Default)]
pub struct Misses(Mutex<Table>);

/// Each client that is counted, once in the map and once in the line.
#[derive(Debug, Default)]
struct Table {
    windows: HashMap<IpAddr, Window>,
    /// The clients, the one who was counted first in front.
    line: VecDeque<IpAddr>,
}

/// A client's misses since its first one.
#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Timestamp,
    misses: u32,
}

impl Misses {
    /// Notes a miss; answers until when the client is sent away, if it is.
    pub(in crate::http) fn note(&self, client: IpAddr, now: Timestamp) -> Option<Timestamp> {
        let mut table = self.0.lock().ok()?;
        let window = table.window(network(client), now);
        if window.misses >= limits::JOIN_MISSES {
            return Some(window.ends);
        }
        window.misses += 1;
        None
    }
}

impl Table {
    /// The window of a client, as it is or a fresh one.
    fn window(&mut self, client: IpAddr, now: Timestamp) -> &mut Window {
        while self.leads_over(now) {
            self.forget_first();
        }
        let ends = now.checked_add(limits::JOIN_MISS_WINDOW).unwrap_or(now);
        let fresh = Window { ends, misses: 0 };
        if !self.windows.contains_key(&client) {
            // The table is nobody's to grow, and nobody's to empty at once.
            if self.line.len() >= limits::JOIN_CLIENTS {
                self.forget_first();
            }
            self.line.push_back(client);
        }
        let window = self.windows.entry(client).or_insert(fresh);
        // A clock that was set back leaves windows behind others that end later.
        if window.ends <= now {
            *window = fresh;
        }
        window
    }

    /// Whether the window of the first in the line is over.
    fn leads_over(&self, now: Timestamp) -> bool {
        let first = self.line.front().and_then(|it| self.windows.get(it));
        first.is_some_and(|window| window.ends <= now)
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.line.pop_front() {
            self.windows.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use jiff::SignedDuration;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_full_table_forgets_whom_it_counted_first() {
        let (misses, now) = (Misses::default(), Timestamp::UNIX_EPOCH);
        let sent_away = |client: &str| misses.note(address(client), now).is_some();
        for _ in 0..limits::JOIN_MISSES {
            assert!(!sent_away("198.51.100.7"));
        }
        assert!(sent_away("198.51.100.7"));
        let network = |number: usize| {
            let bits = u128::try_from(number).unwrap() << 64;
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        };
        let most = limits::JOIN_CLIENTS;
        for number in 1..most {
            misses.note(network(number), now);
        }
        // As many as there is room for; one more, and only the first is forgotten.
        assert!(sent_away("198.51.100.7"));
        misses.note(network(most), now);
        let table = misses.0.lock().unwrap();
        assert_eq!((table.windows.len(), table.line.len()), (most, most));
        assert!(!table.windows.contains_key(&address("198.51.100.7")));
        assert!((1..=most).all(|number| table.windows.contains_key(&network(number))));
    }

    #[test]
    fn a_client_is_sent_away_until_its_minute_is_over() {
        let (misses, now) = (Misses::default(), Timestamp::UNIX_EPOCH);
        let later = |seconds| now + SignedDuration::from_secs(seconds);
        for second in 0..20 {
            let one = address(&format!("2001:db8::{second}"));
            assert_eq!(misses.note(one, later(second)), None);
        }
        for (client, second, expected) in [
            ("2001:db8::ffff", 20, Some(later(60))),
            ("2001:db8:0:1::1", 20, None),
            ("2001:db8::1", 59, Some(later(60))),
            ("2001:db8::1", 60, None),
            ("2001:db8::1", 61, None),
        ] {
            assert_eq!(misses.note(address(client), later(second)), expected);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_away() {
        let (misses, now) = (Misses::default(), Timestamp::UNIX_EPOCH);
        let later = |seconds| now + SignedDuration::from_secs(seconds);
        misses.note(address("2001:db8::1"), later(3_600));
        for _ in 0..limits::JOIN_MISSES {
            assert_eq!(misses.note(address("198.51.100.7"), now), None);
        }
        assert!(misses.note(address("198.51.100.7"), later(59)).is_some());
        assert_eq!(misses.note(address("198.51.100.7"), later(60)), None);
    }
}
