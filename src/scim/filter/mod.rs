//! Filters (RFC 7644 §3.4.2.2) as a tree over resolved attributes and comparable texts.
//!
//! What the standard leaves open is decided here once, for the evaluator and for the store's queries:
//!
//! - An absent attribute is not equal to anything: `ne` holds for it, every other comparison does not.
//! - `eq null` means not present, `ne null` present.
//! - A multi-valued attribute matches when one of its elements does; `ne` also when it has none.
//! - A complex attribute named alone means its `value` sub-attribute.
//! - `emails[type eq "work"].value eq "x"` is `emails[type eq "work" and value eq "x"]`.

use std::fmt;

use super::catalog::ResourceType;
use super::path::{AttributePath, Selection};
use super::text::literal;
use super::{Error, Map, Strictness};

mod evaluate;
mod lexer;
mod operators;
mod parser;
#[cfg(test)]
mod tests;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them hold.
    And(Vec<Filter>),
    /// One of them holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// An attribute compared with a value.
    Compare {
        /// What is compared.
        path: AttributePath,
        /// How.
        operator: Operator,
        /// With what.
        value: Comparand,
    },
    /// The attribute has a value.
    Present(AttributePath),
    /// One element of the attribute satisfies the filter, whose paths all have a sub-attribute.
    Within {
        /// The attribute.
        attribute: AttributePath,
        /// What holds for the element.
        filter: Box<Filter>,
    },
}

/// An operator of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl Operator {
    const ALL: [Self; 9] = [
        Self::Eq,
        Self::Ne,
        Self::Co,
        Self::Sw,
        Self::Ew,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
    ];

    /// The word of RFC 7644 table 3.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// Whether the comparison holds between two comparable texts, octet by octet.
    pub fn holds(self, left: &str, right: &str) -> bool {
        match self {
            Self::Eq => left == right,
            Self::Ne => left != right,
            Self::Co => left.contains(right),
            Self::Sw => left.starts_with(right),
            Self::Ew => left.ends_with(right),
            Self::Gt => left > right,
            Self::Ge => left >= right,
            Self::Lt => left < right,
            Self::Le => left <= right,
        }
    }
}

/// What an attribute is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparand {
    /// A value in the form of [`comparable`](super::text::comparable).
    Text(String),
    /// No value; only with `eq` and `ne`.
    Null,
}

impl Filter {
    /// Reads a filter over resources of one type; 400 `invalidFilter` when it cannot be.
    pub fn parse(
        kind: &'static ResourceType,
        text: &str,
        strictness: Strictness,
    ) -> Result<Self, Error> {
        parser::filter(kind, &[], text, strictness)
    }

    /// Reads a filter over resources of several types, as it bears on one of them: what only the
    /// `others` have is absent there (RFC 7644 §3.4.2.1).
    pub fn parse_among(
        kind: &'static ResourceType,
        others: &[&'static ResourceType],
        text: &str,
        strictness: Strictness,
    ) -> Result<Self, Error> {
        let mut filter = parser::filter(kind, others, text, strictness)?;
        filter.forget(kind);
        Ok(filter)
    }

    /// Puts in the place of every test of a foreign attribute what holds where it is absent.
    fn forget(&mut self, kind: &'static ResourceType) {
        let always = match self {
            Self::And(filters) | Self::Or(filters) => {
                return filters.iter_mut().for_each(|it| it.forget(kind));
            }
            Self::Not(filter) => return filter.forget(kind),
            Self::Compare { path, .. } if kind.has(path) => return,
            Self::Compare {
                operator, value, ..
            } => (*operator == Operator::Ne) == matches!(value, Comparand::Text(_)),
            Self::Present(path) if kind.has(path) => return,
            Self::Within { attribute, .. } if kind.has(attribute) => return,
            Self::Present(_) | Self::Within { .. } => false,
        };
        *self = if always {
            Self::And(Vec::new())
        } else {
            Self::Or(Vec::new())
        };
    }

    /// Whether a full representation satisfies the filter.
    pub fn matches(&self, representation: &Map) -> bool {
        evaluate::matches(self, representation)
    }

    /// Whether one element satisfies a filter that stood in brackets.
    pub fn matches_element(&self, element: &Map) -> bool {
        evaluate::matches_element(self, element)
    }

    /// The attributes it asks for, in the order of the text.
    pub fn paths(&self) -> Vec<AttributePath> {
        let mut paths = Vec::new();
        self.collect_paths(&mut paths);
        paths
    }

    fn collect_paths(&self, paths: &mut Vec<AttributePath>) {
        match self {
            Self::And(filters) | Self::Or(filters) => {
                for filter in filters {
                    filter.collect_paths(paths);
                }
            }
            Self::Not(filter) | Self::Within { filter, .. } => filter.collect_paths(paths),
            Self::Compare { path, .. } | Self::Present(path) => paths.push(*path),
        }
    }

    /// The values of a chain `x eq "a" or x eq "b"` over the sub-attribute `value`, if it is nothing else.
    pub fn values(&self) -> Option<Vec<&str>> {
        match self {
            Self::Or(filters) => {
                let lists: Option<Vec<Vec<&str>>> = filters.iter().map(Self::values).collect();
                Some(lists?.concat())
            }
            Self::Compare {
                path,
                operator: Operator::Eq,
                value: Comparand::Text(text),
            } if path.sub.is_some() && path.sub == path.attribute.value() => Some(vec![text]),
            _ => None,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, within: bool) -> fmt::Result {
        match self {
            Self::And(filters) => write_chain(f, filters, " and ", within, |filter| {
                matches!(filter, Self::And(_) | Self::Or(_))
            }),
            Self::Or(filters) => write_chain(f, filters, " or ", within, |filter| {
                matches!(filter, Self::Or(_))
            }),
            Self::Not(filter) => {
                f.write_str("not (")?;
                filter.write(f, within)?;
                f.write_str(")")
            }
            Self::Compare {
                path,
                operator,
                value,
            } => {
                write_path(f, path, within)?;
                write!(f, " {} ", operator.word())?;
                match value {
                    Comparand::Text(text) => f.write_str(&literal(path.leaf(), text)),
                    Comparand::Null => f.write_str("null"),
                }
            }
            Self::Present(path) => {
                write_path(f, path, within)?;
                f.write_str(" pr")
            }
            Self::Within { attribute, filter } => {
                write!(f, "{}[", attribute.whole())?;
                filter.write(f, true)?;
                f.write_str("]")
            }
        }
    }
}

/// The text that reads as the same filter again.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}

fn write_chain(
    f: &mut fmt::Formatter<'_>,
    filters: &[Filter],
    word: &str,
    within: bool,
    in_parentheses: impl Fn(&Filter) -> bool,
) -> fmt::Result {
    for (at, filter) in filters.iter().enumerate() {
        if at > 0 {
            f.write_str(word)?;
        }
        if in_parentheses(filter) {
            f.write_str("(")?;
            filter.write(f, within)?;
            f.write_str(")")?;
        } else {
            filter.write(f, within)?;
        }
    }
    Ok(())
}

fn write_path(f: &mut fmt::Formatter<'_>, path: &AttributePath, within: bool) -> fmt::Result {
    match path.sub {
        Some(sub) if within => f.write_str(sub.name),
        _ => write!(f, "{path}"),
    }
}

/// Reads the filter in the brackets of a PATCH path.
pub(crate) fn selection(
    attribute: AttributePath,
    text: &str,
    strictness: Strictness,
) -> Result<Selection, Error> {
    parser::selection(attribute, text, strictness)
}
