//! How many requests a minute the admin API takes from one and the same: as many as come, unless somebody sets it.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::limits;

/// The settings of the rate limits.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// With one key.
    pub key: Option<Rate>,
    /// About one organization, with any of the keys that are good for it.
    pub organization: Option<Rate>,
    /// From one client's address.
    pub address: Option<Rate>,
}

/// Requests a minute.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Rate(pub NonZeroU32);

impl TryFrom<i64> for Rate {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        let number = u32::try_from(number).ok().and_then(NonZeroU32::new);
        let number = number.filter(|it| it.get() <= limits::RATE);
        number.map(Self).ok_or_else(|| {
            let most = limits::RATE;
            format!("expected 1 to {most} requests a minute; leave it out for no limit")
        })
    }
}

impl From<Rate> for i64 {
    fn from(rate: Rate) -> Self {
        Self::from(rate.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_at_least_one_and_at_most_the_limit() {
        let most = i64::from(limits::RATE);
        for good in [1, 600, most] {
            assert_eq!(Rate::try_from(good).map(i64::from), Ok(good));
        }
        for bad in [i64::MIN, -1, 0, most + 1, 1 << 32, i64::MAX] {
            assert!(Rate::try_from(bad).is_err(), "{bad}");
        }
    }
}
