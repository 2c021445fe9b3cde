//! An organization's policy about who may come.

use serde_json::json;
use url::Url;

use crate::directory::Violation;
use crate::directory::email::domain_form;
use crate::directory::event::EventKind;
use crate::directory::policy::Policy;
use crate::provisioning::invitations::known;
use crate::provisioning::{Change, Error};
use crate::store::types::Doc;

/// Domains that a policy may name.
const DOMAINS: usize = 100;

/// A policy in the form in which it is kept, or what is wrong with it.
pub fn checked(mut policy: Policy) -> Result<Policy, Error> {
    let invalid = |rule: String| Error::Rule(Violation::Invalid(rule));
    if policy.invite_domains.len() > DOMAINS {
        return Err(invalid(format!(
            "invite_domains may name {DOMAINS} domains"
        )));
    }
    for domain in &mut policy.invite_domains {
        let form = domain_form(domain);
        *domain = form.ok_or_else(|| invalid(format!("{domain:?} is no domain")))?;
    }
    if let Some(text) = &mut policy.alternate_public_url {
        let url = Url::parse(text).ok();
        let url = url.filter(|url| {
            ["http", "https"].contains(&url.scheme())
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        });
        let origin = url.map(|url| url.origin().ascii_serialization());
        *text = origin.ok_or_else(|| {
            invalid("alternate_public_url is an origin such as https://id.example".to_owned())
        })?;
    }
    Ok(policy)
}

/// Replaces the policy.
pub async fn replace(change: &mut Change<'_>, next: Policy) -> Result<Policy, Error> {
    let old = known::policy(change.tx, change.org).await?;
    if old != next {
        let text = Doc(json!(next).to_string());
        change.tx.set_policy(change.org, text).await?;
        let data = json!({"changes": [{"attribute": "policy", "old": old, "new": next}]});
        change.record(EventKind::OrganizationUpdated, data);
    }
    Ok(next)
}
