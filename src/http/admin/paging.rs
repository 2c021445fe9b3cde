//! Pages: `?limit=&after=` and `{"data", "next", "has_more"}`. Lists are walked in the order of
//! ids, so nothing that stays is skipped or seen twice while others come and go.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::reply::problem::Problem;

/// Items in a page whose `limit` was not said.
const DEFAULT: usize = 50;
/// Items in a page at most.
const MOST: usize = 200;

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Listing {
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// What `after` is to be for the next page; null on the last one.
    pub next: Option<String>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Where a page begins and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<I> {
    /// How many items at most.
    pub limit: usize,
    /// The last item seen.
    pub after: Option<I>,
}

impl Listing {
    /// The place that is asked for.
    pub fn place<I: FromStr>(&self) -> Result<Place<I>, Problem> {
        let misread = |_| Problem::parameter("after", "malformed", "take it from `next`");
        let after = self
            .after
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(misread)?;
        Ok(Place {
            limit: limit(self.limit)?,
            after,
        })
    }
}

/// A limit within its bounds.
pub fn limit(asked: Option<u64>) -> Result<usize, Problem> {
    let asked = asked
        .map_or(Ok(DEFAULT), usize::try_from)
        .unwrap_or(usize::MAX);
    if (1..=MOST).contains(&asked) {
        return Ok(asked);
    }
    Err(Problem::parameter(
        "limit",
        "out_of_range",
        format_args!("1 to {MOST} is possible"),
    ))
}

impl<I> Place<I> {
    /// How many rows to read: one more than the page holds tells whether there are more.
    pub fn reading(&self) -> usize {
        self.limit + 1
    }

    /// The page of these rows, which begin at this place and are in the order of ids.
    pub fn page<T>(&self, mut data: Vec<T>, id: impl Fn(&T) -> String) -> Page<T> {
        let has_more = data.len() > self.limit;
        data.truncate(self.limit);
        let next = data.last().filter(|_| has_more).map(id);
        Page {
            data,
            next,
            has_more,
        }
    }
}

impl<I: Copy + Ord + ToString> Place<I> {
    /// The page of a list that is at hand as a whole, in whichever order.
    pub fn cut<T>(&self, mut all: Vec<T>, id: impl Fn(&T) -> I) -> Page<T> {
        all.retain(|item| self.after.is_none_or(|after| id(item) > after));
        all.sort_by_key(&id);
        all.truncate(self.reading());
        self.page(all, |item| id(item).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(limit: Option<u64>, after: Option<&str>) -> Result<Place<u8>, Problem> {
        Listing {
            limit,
            after: after.map(str::to_owned),
        }
        .place()
    }

    #[test]
    fn a_place_is_within_its_bounds() {
        assert_eq!(
            asked(None, None).unwrap(),
            Place {
                limit: 50,
                after: None
            }
        );
        assert_eq!(
            asked(Some(200), Some("7")).unwrap(),
            Place {
                limit: 200,
                after: Some(7)
            }
        );
        for (limit, after) in [(Some(0), None), (Some(201), None), (None, Some("x"))] {
            assert!(asked(limit, after).is_err());
        }
        assert!(asked(Some(u64::MAX), None).is_err());
    }

    #[test]
    fn pages_hold_every_item_once() {
        for limit in 1..=6 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = Place { limit, after }.cut(vec![5_u8, 3, 1, 4, 2], |item| *item);
                seen.extend(page.data);
                assert_eq!(page.has_more, page.next.is_some());
                match page.next {
                    Some(next) => after = Some(next.parse().unwrap()),
                    None => break,
                }
            }
            assert_eq!(seen, [1, 2, 3, 4, 5]);
        }
    }
}
