//! What is wrong with a definition, and where: all of it at once.

use std::collections::BTreeSet;

use super::{AttributeDefinition, Base, Definition, data_type, mutability, returned};
use crate::limits;
use crate::scim::catalog::COMMON;
use crate::scim::schema::{Attribute, Mutability, Type, Uniqueness};

/// What is wrong with a definition: a JSON pointer and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub pointer: String,
    /// Why.
    pub why: String,
}

impl Definition {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        if !is_urn(&self.id) {
            faults.add(
                "/id",
                "it is a URN of letters, digits and . : - _, 200 octets at most",
            );
        } else if self.id.to_ascii_lowercase().starts_with("urn:ietf:")
            || self.id.to_ascii_lowercase().starts_with("urn:scim:")
        {
            faults.add("/id", "this namespace belongs to the standards");
        }
        faults.bounded("/name", &self.name, 1, 64);
        faults.bounded("/description", &self.description, 0, limits::SCHEMA_TEXT);
        if self.attributes.is_empty() || self.attributes.len() > limits::SCHEMA_ATTRIBUTES {
            let most = limits::SCHEMA_ATTRIBUTES;
            faults.add("/attributes", &format!("a schema has 1 to {most} of them"));
        }
        let taken = |name: &str| {
            let kind = self.resource_type.kind();
            let known = |it: &Attribute| it.name.eq_ignore_ascii_case(name);
            COMMON.iter().any(known) || kind.schemas().flat_map(|it| it.attributes).any(known)
        };
        faults.attributes("", &self.attributes, &|faults, at, it| {
            if taken(&it.name) {
                faults.add(&format!("{at}/name"), "a standard attribute has this name");
            }
            if it.multi_valued && self.resource_type == Base::Group {
                let why = "an attribute of a Group has one value";
                faults.add(&format!("{at}/multiValued"), why);
            }
        });
        faults.0
    }
}

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, pointer: &str, why: &str) {
        self.0.push(Fault {
            pointer: pointer.to_owned(),
            why: why.to_owned(),
        });
    }

    fn bounded(&mut self, pointer: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if length < least || length > most || text.chars().any(char::is_control) {
            self.add(
                pointer,
                &format!("it has {least} to {most} characters, none for control"),
            );
        }
    }

    fn attributes(
        &mut self,
        above: &str,
        list: &[AttributeDefinition],
        more: &dyn Fn(&mut Self, &str, &AttributeDefinition),
    ) {
        let mut names = BTreeSet::new();
        let below = if above.is_empty() {
            "/attributes".to_owned()
        } else {
            format!("{above}/subAttributes")
        };
        for (n, it) in list.iter().enumerate() {
            let at = format!("{below}/{n}");
            if !names.insert(it.name.to_ascii_lowercase()) {
                self.add(&format!("{at}/name"), "another attribute has this name");
            }
            self.attribute(&at, it, above.is_empty());
            more(self, &at, it);
            self.attributes(&at, &it.sub_attributes, &|_, _, _| ());
        }
    }

    fn attribute(&mut self, at: &str, it: &AttributeDefinition, top: bool) {
        let point = |name: &str| format!("{at}/{name}");
        if !is_name(&it.name) {
            self.add(
                &point("name"),
                "it begins with a letter, and has letters, digits, - and _, 64 at most",
            );
        }
        self.bounded(
            &point("description"),
            &it.description,
            0,
            limits::SCHEMA_TEXT,
        );
        let complex = it.data_type == Type::Complex.word();
        if data_type(&it.data_type).is_none() || complex && !top {
            let types = "string, boolean, decimal, integer, dateTime, binary, reference, and on \
                the first level complex";
            self.add(&point("type"), types);
        }
        if complex == it.sub_attributes.is_empty()
            || it.sub_attributes.len() > limits::SCHEMA_SUB_ATTRIBUTES
        {
            let most = limits::SCHEMA_SUB_ATTRIBUTES;
            let why = format!("a complex attribute has 1 to {most} of them, another one none");
            self.add(&point("subAttributes"), &why);
        }
        if it.multi_valued && !top {
            self.add(&point("multiValued"), "a sub-attribute has one value");
        }
        if mutability(&it.mutability).is_none_or(|it| it == Mutability::ReadOnly) {
            let why = "readWrite, immutable or writeOnly: nobody else would fill it";
            self.add(&point("mutability"), why);
        }
        if returned(&it.returned).is_none() {
            self.add(&point("returned"), "always, default, request or never");
        }
        if it.uniqueness != Uniqueness::None.word() {
            self.add(&point("uniqueness"), "none: no index keeps it unique");
        }
        for (name, list) in [
            ("canonicalValues", &it.canonical_values),
            ("referenceTypes", &it.reference_types),
        ] {
            if list.len() > limits::SCHEMA_SUB_ATTRIBUTES {
                self.add(&point(name), "too many");
            }
            for (n, value) in list.iter().enumerate() {
                self.bounded(&format!("{}/{n}", point(name)), value, 1, 100);
            }
        }
    }
}

/// What of a URN's and an attribute's name reaches an SQL text is harmless there.
fn is_urn(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_');
    let parts = text.split(':');
    text.len() <= 200
        && text
            .get(..4)
            .is_some_and(|it| it.eq_ignore_ascii_case("urn:"))
        && text.chars().all(known)
        && parts.clone().count() > 2
        && parts.into_iter().all(|part| !part.is_empty())
}

fn is_name(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(known)
}
