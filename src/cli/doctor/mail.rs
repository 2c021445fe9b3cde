//! `usher doctor mail`: whether mail leaves, and what receivers want to find in DNS.

use crate::app;
use crate::cli::doctor::Check;
use crate::config::Config;
use crate::mail::{Mailbox, Message, MessageId, Trial, mailbox};
use crate::provisioning::outbox::mail_domain;
use crate::worker::mail::{Post, Route};

/// The checks. A test mail is sent only where the rest is well.
pub(super) async fn checks(config: &Config, to: Option<&str>) -> Vec<Check> {
    let from = match app::sender(config) {
        Ok(from) => from,
        Err(error) => return vec![Check::failed("sender", error.to_string())],
    };
    let route = app::route(config);
    let mut checks = vec![sender(&from, &route)];
    let domain = mail_domain(config.server.public_url.as_str(), &from);
    let mut post = Post::new(route, &domain);
    let way = match post.check().await {
        Ok(found) => Check::passed("way out", found),
        Err(fault) => Check::failed("way out", format!("{}: {}", config.mail.url, fault.said())),
    };
    checks.push(way);
    let good = checks.iter().all(|check| check.passed == Some(true));
    checks.extend(records(from.email.domain()));
    if let Some(to) = to {
        checks.push(if good {
            trial(config, from, to, &domain, &mut post).await
        } else {
            Check::failed("test mail", "not sent, since mail does not leave")
        });
    }
    post.rest().await;
    checks
}

fn sender(from: &Mailbox, route: &Route) -> Check {
    let domain = from.email.domain();
    if matches!(route, Route::Relay(_)) && !domain.contains('.') {
        let detail = format!("nobody can be answered at {domain}: set USHER_MAIL_FROM");
        return Check::failed("sender", detail);
    }
    Check::passed("sender", from.to_string())
}

/// What receivers look for (RFC 7208, RFC 6376, RFC 7489).
fn records(domain: &str) -> [Check; 3] {
    let said = |name, place: String, value: &str| {
        let detail = format!("not looked up: {place} should have a TXT record such as {value}");
        Check::new(name, None, detail)
    };
    [
        said(
            "SPF",
            domain.to_owned(),
            "\"v=spf1 include:RELAY -all\", with what your relay says for RELAY",
        ),
        said(
            "DKIM",
            format!("SELECTOR._domainkey.{domain}"),
            "\"v=DKIM1; p=..\", with the key by which your relay signs",
        ),
        said(
            "DMARC",
            format!("_dmarc.{domain}"),
            "\"v=DMARC1; p=quarantine\"; SPF or DKIM must then be in the sender's domain",
        ),
    ]
}

async fn trial(config: &Config, from: Mailbox, to: &str, domain: &str, post: &mut Post) -> Check {
    const NAME: &str = "test mail";
    let Ok(to) = mailbox(None, to) else {
        return Check::failed(NAME, "this is no address to which mail can go");
    };
    let ids = app::ids();
    let sent_at = ids.clock().now();
    let id: uuid::Uuid = ids.next();
    let id = MessageId::new(&id.to_string(), domain).expect("a UUID is an atom, and so is a host");
    let content = Trial {
        app: None,
        public_url: config.server.public_url.as_str(),
        sent_at,
    };
    let message = Message {
        from,
        to,
        reply_to: None,
        id,
        date: sent_at,
        content: content.content(),
    };
    let mail = message.written();
    let sent = match post.prepare(&mail).await {
        Ok(()) => post.hand_over(&message.id, &mail).await,
        Err(fault) => Err(fault),
    };
    match sent {
        Ok(reply) => Check::passed(NAME, format!("taken: {reply}")),
        Err(fault) => Check::failed(NAME, fault.said()),
    }
}
