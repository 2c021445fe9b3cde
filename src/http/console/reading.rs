//! What a form's page had read of a thing: what the form asks for is done only while that still stands. What changes by
//! itself, such as what became of a mail, is no part of it.

use serde::Serialize;
use serde_json::json;

use crate::http::admin::conditional::{EntityTag, Tags};
use crate::http::auth::admin::Admin;
use crate::http::console::visitor::READ;
use crate::http::console::{Form, Visitor};
use crate::http::reply::problem::Problem;
use crate::provisioning::Error;

/// The tag of a thing, as the API shows it, without these members of it.
pub(super) fn tag(shown: &impl Serialize, moving: &[&str]) -> String {
    let mut told = json!(shown);
    if let Some(members) = told.as_object_mut() {
        members.retain(|name, _| !moving.contains(&name.as_str()));
    }
    EntityTag::of(&told).to_string()
}

/// The visitor, whose change goes on only while the thing is what it is now: where that is what the form's page had
/// read.
pub(super) fn holding(
    visitor: &Visitor,
    form: &Form,
    now: &impl Serialize,
    moving: &[&str],
) -> Result<Admin, Problem> {
    let Some(read) = form.text(READ) else {
        return Ok(visitor.admin());
    };
    if read != tag(now, moving) {
        return Err(Error::Stale.into());
    }
    let exact = Tags::of_form(&EntityTag::of(now).to_string());
    Ok(visitor.admin().matching(Some(exact)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_by_itself_makes_no_other_tag() {
        let (before, after) = (
            json!({"name": "a", "sent": 1}),
            json!({"name": "a", "sent": 2}),
        );
        assert_eq!(tag(&before, &["sent"]), tag(&after, &["sent"]));
        assert_ne!(tag(&before, &[]), tag(&after, &[]));
        let other = json!({"name": "b", "sent": 1});
        assert_ne!(tag(&before, &["sent"]), tag(&other, &["sent"]));
    }
}
