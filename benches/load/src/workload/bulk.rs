//! W9: bulk requests of 1,000 creates (RFC 7644 §3.7).

use crate::drive::{Lane, Workload};
use crate::failure::{Failure, Wrong};
use crate::http::{Asked, Origin};
use crate::people::fill::BulkAnswer;
use crate::people::{bulk, created_name};
use crate::workload::Setting;

/// Creates of a request.
const CREATES: u64 = 1_000;

/// Bulk requests.
pub(super) struct Bulk {
    origin: Origin,
    tag: String,
}

impl Bulk {
    pub(super) fn new(setting: &Setting) -> Result<Self, Failure> {
        let (origin, tag) = (setting.scim()?, setting.tag.clone());
        Ok(Self { origin, tag })
    }
}

impl Workload for Bulk {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let first = number * CREATES;
        let names = (first..first + CREATES).map(|number| created_name("w9", &self.tag, number));
        let asked = Asked::post("/Bulk", bulk(names));
        let answer: BulkAnswer = lane.connection.ask(asked).await?.expect(&[200])?.json()?;
        answer.expect(CREATES as usize, &["201"])
    }
}
