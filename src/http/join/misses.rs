//! Who follows links that we never made, and how often: whoever does it all the time is sent away
//! for a while, before anything is looked up for them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

use jiff::Timestamp;

use crate::limits;

/// The misses of the last while, by client. In memory, and of this process alone.
#[derive(Debug, Default)]
pub struct Misses(Mutex<HashMap<IpAddr, Window>>);

/// A client's misses since its first one.
#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Timestamp,
    misses: u32,
}

impl Misses {
    /// Until when the client is sent away, if it is.
    pub(super) fn until(&self, client: IpAddr, now: Timestamp) -> Option<Timestamp> {
        let table = self.0.lock().ok()?;
        let window = table.get(&network(client))?;
        let away = window.ends > now && window.misses >= limits::JOIN_MISSES;
        away.then_some(window.ends)
    }

    /// Notes a miss.
    pub(super) fn note(&self, client: IpAddr, now: Timestamp) {
        let Ok(mut table) = self.0.lock() else {
            return;
        };
        let client = network(client);
        if table.len() >= limits::JOIN_CLIENTS && !table.contains_key(&client) {
            table.retain(|_, window| window.ends > now);
            // So many at once are no people behind a proxy; the table is not theirs to grow.
            if table.len() >= limits::JOIN_CLIENTS {
                table.clear();
            }
        }
        let ends = now.checked_add(limits::JOIN_MISS_WINDOW).unwrap_or(now);
        let fresh = Window { ends, misses: 0 };
        let window = table.entry(client).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        window.misses = window.misses.saturating_add(1);
    }
}

/// What one client has of addresses: of IPv6 it is a network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_table_does_not_grow_without_end() {
        let (misses, now) = (Misses::default(), Timestamp::UNIX_EPOCH);
        for number in 0..=limits::JOIN_CLIENTS * 2 {
            let bits = u128::try_from(number).unwrap() << 64;
            misses.note(IpAddr::V6(Ipv6Addr::from_bits(bits)), now);
        }
        assert_eq!(misses.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_client_is_sent_away_until_its_minute_is_over() {
        let (misses, now) = (Misses::default(), Timestamp::UNIX_EPOCH);
        let later = |seconds| now + SignedDuration::from_secs(seconds);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for second in 0..20 {
            assert_eq!(misses.until(address("2001:db8::1"), later(second)), None);
            let one = format!("2001:db8::{second}");
            misses.note(address(&one), later(second));
        }
        for (client, second, expected) in [
            ("2001:db8::ffff", 20, Some(later(60))),
            ("2001:db8:0:1::1", 20, None),
            ("2001:db8::1", 59, Some(later(60))),
            ("2001:db8::1", 60, None),
        ] {
            assert_eq!(misses.until(address(client), later(second)), expected);
        }
        misses.note(address("2001:db8::1"), later(60));
        assert_eq!(misses.until(address("2001:db8::1"), later(61)), None);
    }
}
