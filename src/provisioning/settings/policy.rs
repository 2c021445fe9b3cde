//! An organization's policy about who may come.

use serde_json::json;
use url::{Host, Url};

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
            (url.scheme() == "https" || url.scheme() == "http" && is_loopback(url))
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        });
        let origin = url.map(|url| url.origin().ascii_serialization());
        *text = origin.ok_or_else(|| {
            let rule = "alternate_public_url is an https origin such as https://id.example";
            invalid(rule.to_owned())
        })?;
    }
    Ok(policy)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Replaces the policy. Where links lead to is the operator's to say: whoever chose a host of their
/// own would see the links of everybody who is invited.
pub async fn replace(
    change: &mut Change<'_>,
    operator: bool,
    next: Policy,
) -> Result<Policy, Error> {
    let old = known::policy(change.tx, change.org).await?;
    if !operator && old.alternate_public_url != next.alternate_public_url {
        return Err(Error::Forbidden(
            "only an operator's key sets alternate_public_url; send it as it is, or not at all \
             where there is none",
        ));
    }
    if old != next {
        let text = Doc(json!(next).to_string());
        change.tx.set_policy(change.org, text).await?;
        let data = json!({"changes": [{"attribute": "policy", "old": old, "new": next}]});
        change.record(EventKind::OrganizationUpdated, data);
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alternate_url_is_an_origin_with_tls_or_on_this_machine() {
        for (text, expected) in [
            ("https://id.example", Some("https://id.example")),
            ("https://ID.example:8443/", Some("https://id.example:8443")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://id.example", None),
            ("http://localhost.id.example", None),
            ("https://id.example/join", None),
            ("https://id.example/?a", None),
            ("https://id.example/#a", None),
            ("https://user@id.example", None),
            ("ftp://id.example", None),
            ("id.example", None),
            ("", None),
        ] {
            let policy = Policy {
                alternate_public_url: Some(text.to_owned()),
                ..Policy::default()
            };
            let found = checked(policy).ok().and_then(|it| it.alternate_public_url);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
