//! What is wrong with a chain, found while its rows go by. Nothing is remembered but the rows that were
//! found wrong, so many at most, and what the one before was.

use serde::Serialize;
use utoipa::ToSchema;

use crate::id::OrganizationId;
use crate::limits::AUDIT_FINDINGS;
use crate::provisioning::audit::expected;
use crate::secret::chain::ChainKey;
use crate::secret::{Hash, equal};

/// What was done to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditFaultKind)]
pub enum FaultKind {
    /// The chain does not begin where it was sealed to begin.
    BaseMoved,
    /// From this row to the end, nothing was chained by the key.
    ChainBroken,
    /// A checkpoint says something else of a row than the row does.
    CheckpointContradicts,
    /// A checkpoint is not one that this installation signed.
    CheckpointForged,
    /// A row is not what it was when it was written.
    Edited,
    /// A personal value is gone, and no erasure of a person tells of it.
    ErasedWithoutOrder,
    /// There are rows after the end that was sealed: an older end was put back.
    HeadMovedBack,
    /// Rows are gone.
    Missing,
    /// A row stands in another's place.
    OutOfOrder,
    /// The last rows are gone, or the end is not the one that was sealed.
    TailCut,
    /// A row was never chained.
    Unchained,
}

/// A fault of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditFault)]
pub struct Fault {
    /// The row's number; the first where there are several.
    pub seq: i64,
    /// The last row's number, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<i64>,
    /// What was done.
    pub kind: FaultKind,
    /// The same in words.
    pub says: String,
}

/// A row whose mac is not the expected one.
struct Suspect {
    seq: i64,
    previous: Vec<u8>,
    mac: Vec<u8>,
    digest: Option<Hash>,
    kind: FaultKind,
}

/// A row as it goes by.
pub(super) struct Passing {
    pub(super) seq: i64,
    pub(super) mac: Option<Vec<u8>>,
    /// None where the salts are not what they should be.
    pub(super) digest: Option<Hash>,
}

/// The judge of a chain's rows.
pub(super) struct Judge<'k> {
    key: &'k ChainKey,
    org: OrganizationId,
    next: i64,
    previous: Option<Vec<u8>>,
    suspects: Vec<Suspect>,
    faults: Vec<Fault>,
    more: bool,
}

impl<'k> Judge<'k> {
    /// A judge of rows after one of this mac; none where it is not known.
    pub(super) fn new(
        key: &'k ChainKey,
        org: OrganizationId,
        base: i64,
        previous: Option<Vec<u8>>,
    ) -> Self {
        Self {
            key,
            org,
            next: base + 1,
            previous,
            suspects: Vec::new(),
            faults: Vec::new(),
            more: false,
        }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, seq: i64, through: Option<i64>, kind: FaultKind, says: &str) {
        if self.faults.len() + self.suspects.len() >= AUDIT_FINDINGS {
            self.more = true;
            return;
        }
        self.faults.push(Fault {
            seq,
            through: through.filter(|through| *through != seq),
            kind,
            says: says.to_owned(),
        });
    }

    /// Notes that rows are gone up to, and without, this number.
    pub(super) fn gap(&mut self, seq: i64) {
        if seq > self.next {
            let says = "rows are gone";
            self.fault(self.next, Some(seq - 1), FaultKind::Missing, says);
            self.previous = None;
        }
    }

    /// Looks at the next row.
    pub(super) fn pass(&mut self, row: Passing) {
        self.gap(row.seq);
        self.next = row.seq + 1;
        let Some(mac) = row.mac else {
            let says = "the row was never chained";
            self.fault(row.seq, None, FaultKind::Unchained, says);
            self.previous = None;
            return;
        };
        let mut previous = mac.clone();
        if let Some(before) = self.previous.take() {
            let follows = row.digest.is_some_and(|digest| {
                equal(
                    &mac,
                    &expected(self.key, self.org, &before, row.seq, &digest),
                )
            });
            if !follows {
                let suspect = Suspect {
                    seq: row.seq,
                    previous: before,
                    mac,
                    digest: row.digest,
                    kind: FaultKind::Edited,
                };
                if let Some(theirs) = self.suspect(suspect) {
                    previous = theirs;
                }
            }
        }
        self.previous = Some(previous);
    }

    /// Remembers a row that is wrong. Where it stands in the place of another that is, both are out of
    /// order; answers the mac that this place had.
    fn suspect(&mut self, mut row: Suspect) -> Option<Vec<u8>> {
        if self.faults.len() + self.suspects.len() >= AUDIT_FINDINGS {
            self.more = true;
            return None;
        }
        let (key, org) = (self.key, self.org);
        let belongs = |place: &Suspect| {
            let digest = row.digest?;
            let there = expected(key, org, &place.previous, place.seq, &digest);
            (equal(&there, &row.mac) || equal(&there, &place.mac)).then_some(there)
        };
        let found = self.suspects.iter().enumerate();
        let found = found
            .rev()
            .find_map(|(at, place)| Some((at, belongs(place)?)));
        let mut theirs = None;
        if let Some((at, there)) = found {
            row.kind = FaultKind::OutOfOrder;
            if let Some(place) = self.suspects.get_mut(at) {
                place.kind = FaultKind::OutOfOrder;
                // The mac went with the row, or it stayed where it was.
                theirs = (!equal(&place.mac, &there)).then(|| place.mac.clone());
            }
            self.clear(at + 1, &there);
        }
        self.suspects.push(row);
        theirs
    }

    /// A row was wrong only for standing behind one that had moved: now that the mac is known that was
    /// there, it is looked at again.
    fn clear(&mut self, at: usize, previous: &[u8]) {
        let follows = self.suspects.get(at).is_some_and(|it| {
            let digest = it.digest.as_ref();
            digest.is_some_and(|digest| {
                equal(
                    &it.mac,
                    &expected(self.key, self.org, previous, it.seq, digest),
                )
            })
        });
        if follows {
            self.suspects.remove(at);
        }
    }

    /// The mac of the last row that went by.
    pub(super) fn last(&self) -> (i64, Option<&[u8]>) {
        (self.next - 1, self.previous.as_deref())
    }

    /// The faults in the order of the rows, and whether there are more. Where the end is not `sealed` as
    /// it is, wrong rows up to it were chained by somebody else.
    pub(super) fn found(mut self, sealed: bool) -> (Vec<Fault>, bool) {
        let last = self.next - 1;
        if !sealed {
            let mut from = None;
            while let Some(row) = self.suspects.last() {
                let next = from.map_or(last, |from: i64| from - 1);
                if row.kind != FaultKind::Edited || (row.seq != next && !self.more) {
                    break;
                }
                from = Some(row.seq);
                self.suspects.pop();
            }
            if let Some(from) = from {
                let says = "from here on the rows were chained by another key";
                self.faults.push(Fault {
                    seq: from,
                    through: (last != from).then_some(last),
                    kind: FaultKind::ChainBroken,
                    says: says.to_owned(),
                });
            }
        }
        for row in &self.suspects {
            let says = match row.kind {
                FaultKind::OutOfOrder => "the row stands in another's place",
                _ => "the row is not what it was when it was written",
            };
            self.faults.push(Fault {
                seq: row.seq,
                through: None,
                kind: row.kind,
                says: says.to_owned(),
            });
        }
        self.faults.sort_by_key(|fault| fault.seq);
        (self.faults, self.more)
    }
}
