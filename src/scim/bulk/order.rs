//! The order of operations that refer to one another (RFC 7644 §3.7.1): what is referred to comes
//! first, circles come together, and apart from that the list's own order stays.

use std::collections::BTreeSet;

/// The order in which to do things, each given with those it refers to. What stands in one group
/// refers to one another in a circle. (Tarjan's strongly connected components, which come out
/// with what is referred to before what refers to it.)
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
    search.groups
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

    #[test]
    fn what_is_referred_to_comes_first() {
        let cases: [(&[&[usize]], &[&[usize]]); 7] = [
            (&[], &[]),
            (&[&[], &[], &[]], &[&[0], &[1], &[2]]),
            (&[&[2], &[], &[]], &[&[2], &[0], &[1]]),
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
