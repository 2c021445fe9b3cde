//! Problems that tell of several faults, each with the place where it is.

use std::fmt;

use super::{Fault, Problem, Shown, Type};
use crate::provisioning::import::ImportReport;

impl Problem {
    /// A file is not imported: what is wrong with it, and what became of each row.
    pub fn of_import(kind: Type, report: ImportReport) -> Self {
        Self {
            errors: report.report.errors.iter().map(Fault::from).collect(),
            shown: Some(Box::new(Shown::Report(report.clone()))),
            ..Self::new(kind, report.summary)
        }
    }

    /// A query parameter is wrong.
    pub fn parameter(name: &'static str, code: &'static str, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        let detail = format!("{name}: {message}");
        let fault = Fault {
            parameter: Some(name),
            code,
            message,
            ..Fault::default()
        };
        Self {
            kind: Type::InvalidParameter,
            detail,
            errors: vec![fault],
            ..Self::new(Type::InvalidParameter, "")
        }
    }

    /// One member of the body is wrong.
    pub fn of_member(name: &str, why: &str) -> Self {
        Self::of_body(std::iter::once((format!("/{name}"), why.to_owned())))
    }

    /// The body is wrong in these places, each a JSON Pointer with the reason.
    pub fn of_body(faults: impl Iterator<Item = (String, String)>) -> Self {
        let errors: Vec<_> = faults
            .map(|(pointer, message)| Fault {
                pointer: Some(pointer),
                code: "invalid",
                message,
                ..Fault::default()
            })
            .collect();
        let first = errors.first().map(|it| it.message.clone());
        Self {
            errors,
            ..Self::new(Type::Invalid, first.unwrap_or_default())
        }
    }
}

/// What uses something that is to go, one by one.
pub(super) fn uses(of: &[(&'static str, String)]) -> Vec<Fault> {
    let fault = |(code, message): &(&'static str, String)| Fault {
        code,
        message: message.clone(),
        ..Fault::default()
    };
    of.iter().map(fault).collect()
}
