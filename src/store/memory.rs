//! What a store's process keeps in memory of what is asked for again and again and hardly ever changes: the rules of
//! an organization, whom a bearer lets in, and whom a connection trusts.
//!
//! Everything is kept with the organization's `settings_stamp` as it was when it was read. The tables draw another
//! stamp at every change, whoever makes it, so that what is kept holds exactly as long as the stamp does: whoever
//! wants it reads the stamp in their own transaction first. Who only reads may ask behind the answer, on the same
//! snapshot, or have the stamp come with it; nobody hears an answer that the stamp does not confirm.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::id::{ConnectionId, OrganizationId};
use crate::secret::Hash;

/// As many things are kept; one more, and all are forgotten.
const MOST: usize = 1_000;

/// Of what something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Of whoever has the bearer of this hash.
    Bearer(Hash),
    /// Of a connection.
    Connection(ConnectionId),
    /// Of an organization.
    Organization(OrganizationId),
}

/// The number that an organization's tables draw anew at every change of its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub i64);

/// Something that is kept, and the stamp with which it was read.
type Kept = (Stamp, Arc<dyn Any + Send + Sync>);

/// The memory of one store in one process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<HashMap<(TypeId, Subject), Kept>>>);

impl Memory {
    /// What was kept last of a subject. It holds where the subject's organization still has this stamp.
    pub fn recall<T: Any + Send + Sync>(&self, subject: Subject) -> Option<(Stamp, Arc<T>)> {
        let (stamp, kept) = self.lock().get(&(TypeId::of::<T>(), subject))?.clone();
        Some((stamp, kept.downcast().ok()?))
    }

    /// Keeps something that was read with this stamp, in one transaction or later.
    pub fn keep<T: Any + Send + Sync>(&self, subject: Subject, stamp: Stamp, value: Arc<T>) {
        let mut kept = self.lock();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert((TypeId::of::<T>(), subject), (stamp, value));
    }

    /// Forgets what was kept last of a subject.
    pub fn forget<T: Any>(&self, subject: Subject) {
        self.lock().remove(&(TypeId::of::<T>(), subject));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TypeId, Subject), Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_kept_is_found_by_its_kind_and_its_subject_and_has_its_stamp() {
        let memory = Memory::default();
        let org = Subject::Organization(Uuid::nil().into());
        memory.keep(org, Stamp(1), Arc::new(7_u8));
        assert_eq!(memory.recall::<u8>(org), Some((Stamp(1), Arc::new(7))));
        assert_eq!(memory.recall::<u16>(org), None);
        assert_eq!(memory.recall::<u8>(Subject::Bearer([0; 32])), None);
        memory.keep(org, Stamp(2), Arc::new(8_u8));
        assert_eq!(memory.recall::<u8>(org), Some((Stamp(2), Arc::new(8))));
        memory.forget::<u16>(org);
        assert!(memory.recall::<u8>(org).is_some());
        memory.forget::<u8>(org);
        assert_eq!(memory.recall::<u8>(org), None);
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let memory = Memory::default();
        for n in 0..10_000_u16 {
            let mut hash = [0; 32];
            hash[..2].copy_from_slice(&n.to_be_bytes());
            memory.keep(Subject::Bearer(hash), Stamp(0), Arc::new(n));
        }
        assert!(memory.lock().len() <= MOST);
    }
}
