//! W7: pages of 100 users.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::drive::{Amount, Lane, Workload};
use crate::failure::{Failure, Wrong, ensure};
use crate::http::Origin;
use crate::people::{Listing, page};
use crate::workload::Setting;

/// Users of a page.
const PAGE: u64 = 100;

/// Where in the list a page is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    End,
    /// Anywhere in the half in the middle, another place each time.
    Middle,
    Start,
}

/// One page.
pub(super) struct Page {
    origin: Origin,
    place: Place,
    total: u64,
}

impl Page {
    pub(super) fn new(setting: &Setting, place: Place, total: u64) -> Result<Self, Failure> {
        let origin = setting.scim()?;
        Ok(Self {
            origin,
            place,
            total,
        })
    }
}

impl Workload for Page {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let last = self.total.saturating_sub(PAGE) + 1;
        let start = match self.place {
            Place::End => last,
            Place::Middle => {
                let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                last / 4 + scattered % (last / 2).max(1) + 1
            }
            Place::Start => 1,
        };
        let page = page(&mut lane.connection, start, PAGE).await?;
        whole(&page, start, self.total)
    }
}

/// The whole list, page after page, over one connection: where one page ends the next begins.
pub(super) struct Walk {
    origin: Origin,
    total: u64,
    next: Cell<u64>,
    /// Hashes of the ids that were met.
    met: RefCell<HashSet<u64>>,
    hasher: RandomState,
}

impl Walk {
    pub(super) fn new(setting: &Setting, total: u64) -> Result<Self, Failure> {
        Ok(Self {
            origin: setting.scim()?,
            total,
            next: Cell::new(1),
            met: RefCell::default(),
            hasher: RandomState::new(),
        })
    }

    fn begin(&self) {
        self.next.set(1);
        self.met.borrow_mut().clear();
    }
}

impl Workload for Walk {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn connections(&self, _asked: usize) -> usize {
        1
    }

    /// As many whole walks as it takes, one at least.
    fn amount(&self, asked: Amount) -> Amount {
        let pages = self.total.div_ceil(PAGE).max(1);
        match asked {
            Amount::Operations(count) => Amount::Operations(count.div_ceil(pages).max(1) * pages),
            Amount::Seconds(long) => Amount::Seconds(long),
        }
    }

    async fn prepare(&self, _lane: &mut Lane, _operations: u64) -> Result<(), Failure> {
        self.begin();
        Ok(())
    }

    async fn operate(&self, lane: &mut Lane, _number: u64) -> Result<(), Wrong> {
        let start = self.next.get();
        let page = page(&mut lane.connection, start, PAGE).await?;
        self.next.set(start + PAGE);
        whole(&page, start, self.total)?;
        let mut met = self.met.borrow_mut();
        for user in &page.resources {
            let new = met.insert(self.hasher.hash_one(&user.id));
            ensure(new, || format!("the walk met {} twice", user.id))?;
        }
        if start + PAGE > self.total {
            let came = met.len() as u64;
            drop(met);
            self.begin();
            ensure(came == self.total, || {
                format!("the walk met {came} of {}", self.total)
            })?;
        }
        Ok(())
    }
}

/// Whether a page has all that it should have.
fn whole(page: &Listing, start: u64, total: u64) -> Result<(), Wrong> {
    let came = page.resources.len() as u64;
    ensure(page.total == total, || {
        format!("totalResults is {}, not {total}", page.total)
    })?;
    ensure(page.start.is_none_or(|said| said == start), || {
        format!(
            "the page at {start} says that it is the one at {:?}",
            page.start
        )
    })?;
    let expected = (total + 1 - start).min(PAGE);
    ensure(came == expected, || {
        format!("the page at {start} has {came} users, not {expected}")
    })
}
