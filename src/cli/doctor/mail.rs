//! `usher doctor mail`: whether mail leaves, and what receivers want to find in DNS.

use std::net::IpAddr;

use clap::Args;

use crate::app;
use crate::cli::doctor::Check;
use crate::cli::doctor::records::{self, Verdict};
use crate::config::{Config, NameServer};
use crate::id::Entropy;
use crate::mail::{Mailbox, Message, MessageId, Trial, mailbox};
use crate::outbound::dns::Resolver;
use crate::provisioning::outbox::mail_domain;
use crate::worker::mail::{Post, Route};

/// What is asked of mail.
#[derive(Args, Debug)]
pub(in crate::cli) struct Asked {
    /// Send a test mail to this address
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// A selector by which the relay signs (DKIM); may be given several times
    #[arg(long = "selector", value_name = "SELECTOR")]
    selectors: Vec<String>,
    /// Look the records up there, at an address or ADDRESS:PORT [default: as the system does]
    #[arg(long, value_name = "ADDRESS")]
    nameserver: Option<NameServer>,
}

/// The checks. A test mail is sent only where the rest is well.
pub(super) async fn checks(config: &Config, asked: &Asked) -> Vec<Check> {
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
    checks.extend(records(config, asked, from.email.domain()).await);
    if let Some(to) = &asked.to {
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
async fn records(config: &Config, asked: &Asked, domain: &str) -> Vec<Check> {
    let route = &app::route(config);
    let server = match asked.nameserver {
        Some(server) => resolver(Some(server)),
        // Nobody receives what goes into a folder.
        None if matches!(route, Route::Folder(_)) => {
            Err("mail goes into a folder; --nameserver looks all the same".to_owned())
        }
        None => resolver(config.outbound.name_server),
    };
    let dns = Dns {
        server,
        entropy: app::ids().entropy().clone(),
    };
    let via = match route {
        Route::Relay(relay) => match relay.host.parse() {
            Ok(IpAddr::V4(address)) => format!("ip4:{address}"),
            Ok(IpAddr::V6(address)) => format!("ip6:{address}"),
            Err(_) => format!("a:{}", relay.host),
        },
        Route::Folder(_) => "a:RELAY".to_owned(),
    };
    let publish =
        format!("{domain}. TXT \"v=spf1 {via} -all\", or with the include: that your relay names");
    let texts = dns.texts(domain).await;
    let mut checks = vec![told(
        "SPF",
        domain,
        &publish,
        texts.map(|it| records::spf(&it)),
    )];
    if asked.selectors.is_empty() {
        let detail = format!(
            "not looked up: name the selector by which your relay signs (--selector); publish: \
             SELECTOR._domainkey.{domain}. TXT \"v=DKIM1; k=rsa; p=KEY\" as your relay shows it"
        );
        checks.push(Check::new("DKIM", None, detail));
    }
    for selector in &asked.selectors {
        let place = format!("{selector}._domainkey.{domain}");
        let publish =
            format!("{place}. TXT \"v=DKIM1; k=rsa; p=KEY\", with the key that your relay shows");
        let texts = dns.texts(&place).await;
        checks.push(told(
            "DKIM",
            &place,
            &publish,
            texts.map(|it| records::dkim(&it)),
        ));
    }
    checks.push(dmarc(&dns, domain).await);
    checks
}

/// The policy of the domain, or else that of the nearest domain above.
async fn dmarc(dns: &Dns, domain: &str) -> Check {
    let publish = format!("_dmarc.{domain}. TXT \"v=DMARC1; p=quarantine\"");
    let own = format!("_dmarc.{domain}");
    for above in records::upwards(domain) {
        let place = format!("_dmarc.{above}");
        match dns.texts(&place).await {
            Ok(texts) if records::has_dmarc(&texts) => {
                let verdict = records::dmarc(&texts, above != domain);
                return told("DMARC", &place, &publish, Ok(verdict));
            }
            Ok(_) => {}
            Err(said) => return told("DMARC", &place, &publish, Err(said)),
        }
    }
    told("DMARC", &own, &publish, Ok(Verdict::Absent))
}

fn resolver(server: Option<NameServer>) -> Result<Resolver, String> {
    Resolver::new(server.map(|it| it.0)).map_err(|fault| fault.to_string())
}

/// Where names are looked up.
struct Dns {
    server: Result<Resolver, String>,
    entropy: Entropy,
}

impl Dns {
    async fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let id = || u16::from_be_bytes(self.entropy.bytes());
        let found = self.server.clone()?.texts(name, id).await;
        found.map_err(|fault| fault.to_string())
    }
}

/// What was found at a place, and what to publish there.
fn told(name: &'static str, place: &str, publish: &str, found: Result<Verdict, String>) -> Check {
    match found {
        Ok(Verdict::Good) => Check::passed(name, format!("found at {place}")),
        Ok(Verdict::Weak(why)) => Check::passed(
            name,
            format!("found at {place}, but weak: {why}; publish: {publish}"),
        ),
        Ok(Verdict::Wrong(why)) => {
            Check::failed(name, format!("wrong at {place}: {why}; publish: {publish}"))
        }
        Ok(Verdict::Absent) => {
            Check::failed(name, format!("absent at {place}; publish: {publish}"))
        }
        Err(said) => Check::new(
            name,
            None,
            format!("not looked up: {said}; publish: {publish}"),
        ),
    }
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
