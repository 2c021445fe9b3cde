//! The order of operations that refer to one another (RFC 7644 §3.7.1): what is referred to comes
//! first, circles come together, and apart from that the list's own order stays.

use std::collections::{BTreeMap, BTreeSet};

/// The order in which to do things, each given with those it refers to. What stands in one group
/// refers to one another in a circle. (Tarjan's strongly connected components; of the groups that
/// wait for nothing, the one that is listed first comes next.)
pub fn ordered(references: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search {
        references,
        found: vec![None; references.len()],
        stack: Vec::new(),
        groups: Vec::new(),
        next: 0,
    };
    for at in 0..references.len() {
        search.visit(at);
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut leader = BTreeMap::new();
    for group in search.groups {
        let first = group.first().copied().unwrap_or_default();
        leader.extend(group.iter().map(|at| (*at, first)));
        groups.insert(first, group);
    }
    let awaited = |group: &[usize], first: usize| -> BTreeSet<usize> {
        let others = group.iter().filter_map(|at| references.get(*at)).flatten();
        let others = others.filter_map(|at| leader.get(at).copied());
        others.filter(|other| *other != first).collect()
    };
    let mut waiting: BTreeMap<_, _> = groups
        .iter()
        .map(|(first, group)| (*first, awaited(group, *first)))
        .collect();
    let mut order = Vec::with_capacity(groups.len());
    let mut awaiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (first, others) in &waiting {
        for other in others {
            awaiting.entry(*other).or_default().push(*first);
        }
    }
    let mut ready: BTreeSet<_> = waiting
        .iter()
        .filter(|(_, others)| others.is_empty())
        .map(|(first, _)| *first)
        .collect();
    while let Some(first) = ready.pop_first() {
        order.extend(groups.remove(&first));
        for later in awaiting.remove(&first).unwrap_or_default() {
            let others = waiting.entry(later).or_default();
            others.remove(&first);
            if others.is_empty() {
                ready.insert(later);
            }
        }
    }
    order
}

struct Search<'a> {
    references: &'a [BTreeSet<usize>],
    found: Vec<Option<Found>>,
    stack: Vec<usize>,
    groups: Vec<Vec<usize>>,
    next: usize,
}

#[derive(Clone, Copy)]
struct Found {
    /// When it was reached first.
    order: usize,
    /// The earliest that it leads back to.
    lowest: usize,
    is_open: bool,
}

impl Search<'_> {
    /// As deep as the longest chain of references, which the number of operations bounds.
    fn visit(&mut self, at: usize) -> Option<Found> {
        if let Some(found) = self.found.get(at).copied().flatten() {
            return Some(found);
        }
        let mut found = Found {
            order: self.next,
            lowest: self.next,
            is_open: true,
        };
        self.next += 1;
        self.keep(at, found);
        self.stack.push(at);
        for &other in self.references.get(at)? {
            let other = self.visit(other).filter(|it| it.is_open);
            found.lowest = other.map_or(found.lowest, |it| found.lowest.min(it.lowest));
        }
        self.keep(at, found);
        if found.lowest == found.order {
            self.close(at);
        }
        self.found.get(at).copied().flatten()
    }

    fn keep(&mut self, at: usize, found: Found) {
        if let Some(place) = self.found.get_mut(at) {
            *place = Some(found);
        }
    }

    fn close(&mut self, first: usize) {
        let mut group = Vec::new();
        while let Some(at) = self.stack.pop() {
            if let Some(Some(found)) = self.found.get_mut(at) {
                found.is_open = false;
            }
            group.push(at);
            if at == first {
                break;
            }
        }
        group.sort_unstable();
        self.groups.push(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each refers to, and the order in which they come.
    type Case = (&'static [&'static [usize]], &'static [&'static [usize]]);

    #[test]
    fn what_is_referred_to_comes_first() {
        let cases: [Case; 7] = [
            (&[], &[]),
            (&[&[], &[], &[]], &[&[0], &[1], &[2]]),
            (&[&[2], &[], &[]], &[&[1], &[2], &[0]]),
            (&[&[1], &[2], &[]], &[&[2], &[1], &[0]]),
            (&[&[0]], &[&[0]]),
            (&[&[1], &[0], &[1]], &[&[0, 1], &[2]]),
            (
                &[&[], &[2], &[3], &[1, 4], &[0], &[3]],
                &[&[0], &[4], &[1, 2, 3], &[5]],
            ),
        ];
        for (references, expected) in cases {
            let references: Vec<BTreeSet<usize>> = references
                .iter()
                .map(|it| it.iter().copied().collect())
                .collect();
            assert_eq!(ordered(&references), expected, "{references:?}");
        }
    }

    #[test]
    fn the_longest_chain_is_walked() {
        let most = crate::limits::BULK_OPERATIONS;
        let chain: Vec<_> = (1..=most)
            .map(|next| BTreeSet::from([next % most]))
            .collect();
        assert_eq!(ordered(&chain).len(), 1);
    }
}
