//! Some of the people of an organization, from all over its list: nobody keeps a million ids.

use std::cell::Cell;
use std::rc::Rc;

use crate::failure::Failure;
use crate::http::Connection;
use crate::people::{DOMAIN, listing};

/// The users of a page.
const PAGE: u64 = 100;
/// Pages that are read at most.
const PAGES: u64 = 20;

/// Somebody who is there.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) user_name: String,
    /// As it was last seen, or changed by us.
    pub(crate) active: Cell<bool>,
}

/// A sample.
#[derive(Clone, Debug)]
pub(crate) struct People {
    sample: Rc<[Person]>,
}

impl People {
    /// Reads pages all over the list.
    pub(crate) async fn read(connection: &mut Connection) -> Result<Self, Failure> {
        let total = listing::total(connection).await?;
        let last = total.saturating_sub(PAGE);
        let pages = total.div_ceil(PAGE).clamp(1, PAGES);
        let mut sample: Vec<Person> = Vec::new();
        for number in 0..pages {
            let start = 1 + last * number / (pages - 1).max(1);
            let page = listing::page(connection, start, PAGE).await?;
            let ours = page.resources.into_iter();
            let ours = ours.filter(|user| user.user_name.ends_with(DOMAIN));
            sample.extend(ours.map(|user| Person {
                id: user.id,
                user_name: user.user_name,
                active: Cell::new(user.active != Some(false)),
            }));
        }
        // Pages of a short list overlap.
        sample.sort_by(|one, other| one.id.cmp(&other.id));
        sample.dedup_by(|one, other| one.id == other.id);
        if sample.is_empty() {
            return Err(Failure::new(
                "the organization has no users of this tool: run `usher-load fill --users 1000` first",
            ));
        }
        Ok(Self {
            sample: sample.into(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.sample.len()
    }

    /// Somebody; numbers far apart and near to one another give people all over the list.
    pub(crate) fn any(&self, number: u64) -> Option<&Person> {
        let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.nth(scattered as usize % self.len().max(1))
    }

    pub(crate) fn nth(&self, at: usize) -> Option<&Person> {
        self.sample.get(at)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Person> {
        self.sample.iter()
    }
}
