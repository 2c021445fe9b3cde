//! What the lenient reading takes although the standard does not: each such thing has a name, and a
//! request remembers which of them it needed, so that an administrator can be told.

use std::fmt;

use super::Strictness;

macro_rules! tolerances {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// A departure from RFC 7643 or RFC 7644 that the lenient reading takes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Tolerance {
            $($(#[$doc])* $name,)+
        }

        impl Tolerance {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The one that a word names.
            pub fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

tolerances! {
    /// A replace whose filter matches nothing makes the value (7644 §3.5.2.3).
    AbsentTarget = "absent_target",
    /// A member is a bare id, or one object stands for the list of members.
    BareMember = "bare_member",
    /// An element, or the manager, is a bare text.
    BareValue = "bare_value",
    /// A path of blanks stands for none.
    BlankPath = "blank_path",
    /// Both `attributes` and `excludedAttributes` are given (7644 §3.9).
    BothProjections = "both_projections",
    /// A filter has `"true"` in quotes, or a text without them.
    FilterSpelling = "filter_spelling",
    /// One value stands where an array is due.
    LoneValue = "lone_value",
    /// A country, a reference or a certificate has not the form that it is to have.
    LooseText = "loose_text",
    /// A message does not name its schema.
    MessageSchema = "message_schema",
    /// `null` is added.
    NullAdded = "null_added",
    /// A schema is named by another URN than its own.
    OldUrn = "old_urn",
    /// A password is sent, which is dropped unseen.
    Password = "password",
    /// A remove has no path.
    RemoveWithoutPath = "remove_without_path",
    /// Several elements are primary.
    SeveralPrimaries = "several_primaries",
    /// A boolean is text.
    TextBoolean = "text_boolean",
    /// An attribute or a path is not one of ours, and was left out.
    UnknownAttribute = "unknown_attribute",
    /// A member is nobody here, and was left out.
    UnknownMember = "unknown_member",
    /// The type of a member is neither User nor Group.
    UnknownMemberType = "unknown_member_type",
    /// A schema is not one of ours, and was left out.
    UnknownSchema = "unknown_schema",
    /// An array of one, or an object with `value` alone, stands where a plain value is due.
    WrappedValue = "wrapped_value",
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerances(u32);

impl Tolerances {
    /// Adds one.
    pub fn insert(&mut self, tolerance: Tolerance) {
        self.0 |= Self::bit(tolerance);
    }

    /// Adds those of another set.
    pub fn extend(&mut self, others: Self) {
        self.0 |= others.0;
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Tolerance> {
        let all = Tolerance::ALL.iter().copied();
        all.filter(move |it| self.0 & Self::bit(*it) != 0)
    }

    fn bit(tolerance: Tolerance) -> u32 {
        1 << (tolerance as u32)
    }
}

/// How a request is read, and which tolerances it needed so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latitude {
    pub(crate) strictness: Strictness,
    pub(crate) used: Tolerances,
}

impl Latitude {
    pub(crate) fn new(strictness: Strictness) -> Self {
        Self {
            strictness,
            used: Tolerances::default(),
        }
    }

    /// Whether the reading takes this; that it had to is remembered.
    pub(crate) fn allows(&mut self, tolerance: Tolerance) -> bool {
        let lenient = self.strictness.is_lenient();
        if lenient {
            self.used.insert(tolerance);
        }
        lenient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_tells_what_was_put_into_it() {
        let mut set = Tolerances::default();
        assert!(set.is_empty());
        for tolerance in [Tolerance::WrappedValue, Tolerance::AbsentTarget] {
            set.insert(tolerance);
        }
        let found: Vec<_> = set.iter().collect();
        assert_eq!(found, [Tolerance::AbsentTarget, Tolerance::WrappedValue]);
        for tolerance in Tolerance::ALL {
            assert_eq!(Tolerance::of(tolerance.as_str()), Some(*tolerance));
        }
    }

    #[test]
    fn the_strict_reading_takes_and_counts_nothing() {
        let mut strict = Latitude::new(Strictness::Rfc);
        assert!(!strict.allows(Tolerance::TextBoolean) && strict.used.is_empty());
        let mut lenient = Latitude::new(Strictness::Lenient);
        assert!(lenient.allows(Tolerance::TextBoolean) && !lenient.used.is_empty());
    }
}
