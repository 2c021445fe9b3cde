//! A form as it was sent, and what is wrong with it: the page shows it once more with every error beside the field
//! that caused it.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::http::oidc::form::Pairs;
use crate::http::reply::problem::{Fault, Problem, Type};

/// What happened where the thing is another one than the form's page had read, and what to do.
const STALE: (&str, &str) = (
    "Somebody else changed it, or something happened to it, since you opened the page. Nothing was done of what you \
     asked for.",
    "This page shows it as it is now. Look at it, and do it again where it is still right.",
);

/// What is said in a form, and what is wrong with it.
#[derive(Default)]
pub(in crate::http) struct Form {
    pairs: Pairs,
    /// What is wrong, and with what.
    pub(in crate::http) faults: Vec<Fault>,
    /// What is wrong with the whole.
    pub(in crate::http) problem: Option<Told>,
}

/// Why a form was not taken.
pub(in crate::http) struct Told {
    /// In a few words.
    pub(in crate::http) title: &'static str,
    /// What happened.
    pub(in crate::http) detail: String,
    /// What to do.
    pub(in crate::http) help: &'static str,
    /// The status of the answer.
    pub(in crate::http) status: StatusCode,
}

impl Form {
    /// What was sent.
    pub(in crate::http) fn of(pairs: Pairs) -> Self {
        Self {
            pairs,
            ..Self::default()
        }
    }

    /// One that says this to begin with.
    pub(in crate::http) fn saying(pairs: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self::of(pairs.iter().map(owned).collect())
    }

    /// What a field says; nothing where it is not there.
    pub(in crate::http) fn value(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(given, _)| given == name);
        found.map_or("", |(_, value)| value)
    }

    /// What a field says, where it says anything.
    pub(in crate::http) fn text(&self, name: &str) -> Option<&str> {
        Some(self.value(name).trim()).filter(|text| !text.is_empty())
    }

    /// All that a field says of which there are several.
    pub(in crate::http) fn all(&self, name: &str) -> Vec<&str> {
        let of_it = self.pairs.iter().filter(|(given, _)| given == name);
        of_it
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// Whether a field says this.
    pub(in crate::http) fn has(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(n, v)| n == name && v == value)
    }

    /// Whether a box is ticked.
    pub(in crate::http) fn is_on(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    /// What the form asks for.
    pub(in crate::http) fn action(&self) -> &str {
        self.value("action")
    }

    /// The object with what these fields say; one that says nothing is left out.
    pub(in crate::http) fn object(&self, names: &[&str]) -> Map<String, Value> {
        let said = |name: &&str| Some(((*name).to_owned(), json!(self.text(name)?)));
        names.iter().filter_map(said).collect()
    }

    /// Keeps what a problem says of it.
    pub(in crate::http) fn refused(&mut self, problem: &Problem) {
        let kind = problem.kind();
        let (detail, help) = if kind == Type::Stale {
            STALE
        } else {
            (problem.detail(), kind.help())
        };
        self.faults = problem.faults().to_vec();
        self.problem = Some(Told {
            title: kind.title(),
            detail: detail.to_owned(),
            help,
            status: kind.status(),
        });
    }

    /// Whether it was not taken since what it is about was changed meanwhile.
    pub(in crate::http) fn is_stale(&self) -> bool {
        self.status() == Type::Stale.status()
    }

    /// As it was sent; where what it is about was changed meanwhile, as that is now: what was sent is of another one.
    pub(in crate::http) fn or_as_it_is(self, now: Self) -> Self {
        if !self.is_stale() {
            return self;
        }
        Self {
            pairs: now.pairs,
            ..self
        }
    }

    /// The status of the page that shows it.
    pub(in crate::http) fn status(&self) -> StatusCode {
        self.problem
            .as_ref()
            .map_or(StatusCode::OK, |problem| problem.status)
    }

    /// What is wrong with the field, or with one of several of its name.
    pub(in crate::http) fn fault(&self, name: &str) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.field() == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_was_sent() {
        let form = Form::saying(&[
            ("email", " a@b.c "),
            ("project", "x"),
            ("project", "y"),
            ("z", ""),
        ]);
        assert_eq!(form.value("email"), " a@b.c ");
        assert_eq!(form.text("email"), Some("a@b.c"));
        assert_eq!(form.text("z"), None);
        assert_eq!(form.all("project"), ["x", "y"]);
        assert!(form.has("project", "y") && !form.has("project", "z"));
        assert_eq!(
            json!(form.object(&["email", "z", "q"])),
            json!({"email": "a@b.c"})
        );
    }

    #[test]
    fn a_form_that_came_too_late_says_how_things_are() {
        let sent = || Form::saying(&[("name", "mine")]);
        let now = || Form::saying(&[("name", "theirs")]);
        let refused = |kind: Type| {
            let mut form = sent();
            form.refused(&Problem::new(kind, "no"));
            form.or_as_it_is(now())
        };
        assert_eq!(sent().or_as_it_is(now()).value("name"), "mine");
        assert_eq!(refused(Type::Invalid).value("name"), "mine");
        let stale = refused(Type::Stale);
        assert_eq!(stale.value("name"), "theirs");
        assert!(stale.is_stale() && stale.problem.is_some());
    }

    #[test]
    fn an_error_stands_beside_the_field_that_it_is_about() {
        let fault = |pointer: &str| Fault {
            pointer: Some(pointer.to_owned()),
            code: "unknown",
            message: pointer.to_owned(),
            ..Fault::default()
        };
        let form = Form {
            faults: vec![fault("/projects/1"), fault("#/email")],
            ..Form::default()
        };
        assert!(form.fault("projects").is_some() && form.fault("email").is_some());
        assert!(form.fault("role").is_none());
    }
}
