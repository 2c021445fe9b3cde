//! Verifying an organization's chain, in pages: where it begins, each row, where it ends, and the
//! checkpoints that are kept here or were kept elsewhere.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::event::EventKind;
use crate::id::OrganizationId;
use crate::limits::AUDIT_PAGE;
use crate::oidc::keys::KeySet;
use crate::provisioning::audit::checkpoints::{self, Vouched};
use crate::provisioning::audit::digest::{Covered, covered};
pub use crate::provisioning::audit::faults::{Fault, FaultKind};
use crate::provisioning::audit::faults::{Judge, Passing};
use crate::provisioning::audit::{base, data, is_head};
use crate::provisioning::{Error, Kind};
use crate::secret::chain::ChainKey;
use crate::secret::equal;
use crate::store::rows::{ChainRow, CheckpointRow, EventRow};
use crate::store::{self, Store, Tx};

/// How often it is begun anew where rows were cut off meanwhile.
const TRIES: usize = 3;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditReport)]
pub struct Report {
    /// Whether everything is as it was written.
    pub good: bool,
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that are older than the chain: nothing vouches for them.
    pub before_the_chain: i64,
    /// The number of the last row before the chain.
    pub base: i64,
    /// The number of the last row.
    pub head: i64,
    /// Checkpoints that were compared.
    pub checkpoints: u64,
    /// Checkpoints of rows that are kept no longer.
    pub outdated_checkpoints: u64,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Whether there is more that is wrong than is told.
    pub more: bool,
}

/// What was read before the rows, all at one moment.
struct Frame {
    chain: ChainRow,
    first: Option<i64>,
    last: Option<i64>,
    orders: Vec<(i64, i64)>,
}

/// Verifies an organization's chain; `outside` are checkpoints that somebody kept elsewhere, as they
/// were told, each with a name for it.
pub async fn verify(
    store: &Store,
    keys: &KeySet,
    org: OrganizationId,
    outside: &[(String, String)],
) -> Result<Report, Error> {
    let absent = || store::Error::MasterKey("the key of the audit log is not at hand".to_owned());
    let key = store.chain_key().ok_or_else(absent)?;
    let mut left = TRIES;
    loop {
        let frame = frame(store, org).await?;
        let begun = frame.chain.base_seq;
        let run = Run::new(&key, org, frame);
        let report = run.walk(store, keys, outside).await?;
        left -= 1;
        if left == 0 || chain(store, org).await?.base_seq == begun {
            return Ok(report);
        }
    }
}

async fn chain(store: &Store, org: OrganizationId) -> Result<ChainRow, Error> {
    let read = store.read(move |tx| {
        async move {
            let row = tx.chain(org).await?;
            row.ok_or(Error::NotFound(Kind::Organization))
        }
        .boxed()
    });
    read.await
}

async fn frame(store: &Store, org: OrganizationId) -> Result<Frame, Error> {
    let read = store.read(move |tx| {
        async move {
            let chain = tx.chain(org).await?;
            let chain = chain.ok_or(Error::NotFound(Kind::Organization))?;
            let (first, last) = tx.event_bounds(org).await?;
            let orders = orders(tx, org).await?;
            Ok::<_, Error>(Frame {
                chain,
                first,
                last,
                orders,
            })
        }
        .boxed()
    });
    read.await
}

/// The rows of which erasures took something, as the events of them tell: stretches of numbers.
async fn orders(tx: &mut Tx, org: OrganizationId) -> Result<Vec<(i64, i64)>, Error> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let kinds = [EventKind::UserErased];
        let rows = tx.events_after(org, after, &kinds, AUDIT_PAGE).await?;
        for row in &rows {
            let data = data(row)?;
            let stretches = data.get("rows").cloned().unwrap_or_default();
            let stretches: Vec<(i64, i64)> = serde_json::from_value(stretches).unwrap_or_default();
            all.extend(stretches);
        }
        match rows.last() {
            Some(last) => after = last.seq,
            None => return Ok(all),
        }
    }
}

/// One walk along the rows.
struct Run<'k> {
    org: OrganizationId,
    frame: Frame,
    judge: Judge<'k>,
    base: i64,
    base_mac: Option<Vec<u8>>,
    is_sealed: bool,
    rows: u64,
    checkpoints: u64,
    outdated: u64,
}

impl<'k> Run<'k> {
    fn new(key: &'k ChainKey, org: OrganizationId, frame: Frame) -> Self {
        let base = base(key, &frame.chain);
        let is_sealed = is_head(key, &frame.chain);
        let (seq, mac) = match base {
            Some((seq, mac)) => (seq, Some(mac)),
            None => (frame.first.unwrap_or(1) - 1, None),
        };
        let mut judge = Judge::new(key, org, seq, mac.clone());
        if mac.is_none() {
            let says = "the chain does not begin where it was sealed to begin";
            judge.fault(seq, None, FaultKind::BaseMoved, says);
        }
        Self {
            org,
            judge,
            base: seq,
            base_mac: mac,
            is_sealed,
            rows: 0,
            checkpoints: 0,
            outdated: 0,
            frame,
        }
    }

    async fn walk(
        mut self,
        store: &Store,
        keys: &KeySet,
        outside: &[(String, String)],
    ) -> Result<Report, Error> {
        let mut expected = self.expected(keys, outside);
        let end = self.frame.last.unwrap_or(0);
        let mut after = self.base;
        while after < end {
            let (rows, kept) = page(store, self.org, after).await?;
            let Some(last) = rows.last().map(|row| row.seq) else {
                break;
            };
            let here = kept
                .iter()
                .map(|it| (it.seq, ("kept here".to_owned(), it.mac.clone())));
            for (seq, told) in here {
                expected.entry(seq).or_default().push(told);
            }
            for row in rows.iter().filter(|row| row.seq <= end) {
                self.look(row, &mut expected)?;
            }
            after = last;
        }
        let (org, last) = (self.org, self.judge.last().0);
        let beyond = store.read(move |tx| {
            async move { Ok::<_, Error>(tx.checkpoints(org, last, i64::MAX, 1).await?) }.boxed()
        });
        for CheckpointRow { seq, mac, .. } in beyond.await? {
            if seq > end {
                let told = ("kept here".to_owned(), mac);
                expected.entry(seq).or_default().push(told);
            }
        }
        Ok(self.report(expected))
    }

    /// What checkpoints from elsewhere say, by row.
    fn expected(&mut self, keys: &KeySet, outside: &[(String, String)]) -> Expected {
        let mut expected = Expected::new();
        for (name, text) in outside {
            match checkpoints::read(keys, text) {
                Ok(told) if told.organization == self.org => {
                    let Vouched { seq, mac, .. } = told;
                    match seq.cmp(&self.base) {
                        Ordering::Less => self.outdated += 1,
                        Ordering::Equal => {
                            let there = self.base_mac.clone();
                            self.compare(seq, name, there.as_deref(), &mac);
                        }
                        Ordering::Greater => {
                            expected.entry(seq).or_default().push((name.clone(), mac));
                        }
                    }
                }
                Ok(_) => self.forged(name, "is of another organization"),
                Err(why) => self.forged(name, why),
            }
        }
        expected
    }

    fn forged(&mut self, name: &str, why: &str) {
        let says = format!("the checkpoint {name} {why}");
        self.judge
            .fault(0, None, FaultKind::CheckpointForged, &says);
    }

    fn look(&mut self, row: &EventRow, expected: &mut Expected) -> Result<(), Error> {
        self.rows += 1;
        let covered = covered(row, &data(row)?).ok();
        if covered.as_ref().is_some_and(|it| it.erased) {
            let ordered = |(from, to): &(i64, i64)| (*from..=*to).contains(&row.seq);
            if !self.frame.orders.iter().any(ordered) {
                let says = "a personal value is gone, and no erasure of a person tells of it";
                let kind = FaultKind::ErasedWithoutOrder;
                self.judge.fault(row.seq, None, kind, says);
            }
        }
        self.judge.pass(Passing {
            seq: row.seq,
            mac: row.mac.clone(),
            digest: covered.map(|Covered { digest, .. }| digest),
        });
        for (name, mac) in expected.remove(&row.seq).unwrap_or_default() {
            self.compare(row.seq, &name, row.mac.as_deref(), &mac);
        }
        Ok(())
    }

    fn compare(&mut self, seq: i64, name: &str, there: Option<&[u8]>, told: &[u8]) {
        self.checkpoints += 1;
        if !there.is_some_and(|there| equal(there, told)) {
            let says = format!("the checkpoint {name} says something else of this row");
            let kind = FaultKind::CheckpointContradicts;
            self.judge.fault(seq, None, kind, &says);
        }
    }

    fn report(mut self, unmet: Expected) -> Report {
        for (seq, told) in unmet {
            for (name, _) in told {
                self.checkpoints += 1;
                let says = format!("the checkpoint {name} vouches for a row that is not there");
                let kind = FaultKind::CheckpointContradicts;
                self.judge.fault(seq, None, kind, &says);
            }
        }
        let is_whole = self.end();
        let before = self.frame.first.map_or(0, |first| self.base - first + 1);
        let head = self.judge.last().0;
        let (faults, more) = self.judge.found(is_whole);
        Report {
            good: faults.is_empty() && !more,
            rows: self.rows,
            before_the_chain: before.max(0),
            base: self.base,
            head,
            checkpoints: self.checkpoints,
            outdated_checkpoints: self.outdated,
            faults,
            more,
        }
    }

    /// Judges the end; answers whether the last row is the one that was sealed, or gone.
    fn end(&mut self) -> bool {
        let told = self.frame.chain.event_seq;
        let (last, mac) = self.judge.last();
        let same = match (&self.frame.chain.event_mac, mac) {
            (Some(told), Some(mac)) => equal(told, mac),
            _ => false,
        };
        if !self.is_sealed {
            let says = "the end of the log is not the one that was sealed: rows were removed";
            self.judge.fault(told, None, FaultKind::TailCut, says);
            return false;
        }
        if last < told {
            let says = "the last rows are gone";
            let kind = FaultKind::TailCut;
            self.judge.fault(last + 1, Some(told), kind, says);
        } else if last > told {
            let says = "an older end of the log was put back: there are rows after it";
            let kind = FaultKind::HeadMovedBack;
            self.judge.fault(told + 1, Some(last), kind, says);
        }
        last != told || same
    }
}

/// What checkpoints say of rows: a name for who says it, and the mac.
type Expected = BTreeMap<i64, Vec<(String, Vec<u8>)>>;

async fn page(
    store: &Store,
    org: OrganizationId,
    after: i64,
) -> Result<(Vec<EventRow>, Vec<CheckpointRow>), Error> {
    let read = store.read(move |tx| {
        async move {
            let rows = tx.events_after(org, after, &[], AUDIT_PAGE).await?;
            let last = rows.last().map_or(after, |row| row.seq);
            let kept = tx.checkpoints(org, after, last, AUDIT_PAGE).await?;
            Ok::<_, Error>((rows, kept))
        }
        .boxed()
    });
    read.await
}
