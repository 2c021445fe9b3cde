//! What receivers of mail find in DNS about its sender, judged by the texts alone: SPF (RFC 7208),
//! DKIM (RFC 6376) and DMARC (RFC 7489).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{Id, PKey};

/// How a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is none.
    Absent,
    /// It is good.
    Good,
    /// It is there, and does little.
    Weak(String),
    /// It is there, and wrong.
    Wrong(String),
}

fn wrong(why: impl Into<String>) -> Verdict {
    Verdict::Wrong(why.into())
}

fn weak(why: impl Into<String>) -> Verdict {
    Verdict::Weak(why.into())
}

/// The SPF records among the texts of a domain (RFC 7208 §4.5).
pub(super) fn spf_records(texts: &[String]) -> Vec<&str> {
    let is_spf = |text: &&str| {
        let version = text.split(' ').next().unwrap_or_default();
        version.eq_ignore_ascii_case("v=spf1")
    };
    texts.iter().map(String::as_str).filter(is_spf).collect()
}

/// Mechanisms that make the receiver look up more (RFC 7208 §4.6.4).
const ASKING: [&str; 5] = ["a", "exists", "include", "mx", "ptr"];
/// Look-ups that a receiver does at most.
const LOOKUPS: usize = 10;

/// Judges who may send, by the texts of the domain.
pub(super) fn spf(texts: &[String]) -> Verdict {
    let record = match spf_records(texts).as_slice() {
        [] => return Verdict::Absent,
        [record] => *record,
        several => {
            let count = several.len();
            return wrong(format!(
                "there are {count} SPF records, which receivers take for an error; merge them"
            ));
        }
    };
    let (mut all, mut redirected, mut lookups) = (None, false, 0);
    for term in record.split_whitespace().skip(1) {
        let sign = |c: char| "+-~?".contains(c);
        let bare = term.strip_prefix(sign).unwrap_or(term).to_ascii_lowercase();
        let name = bare.split([':', '/', '=']).next().unwrap_or_default();
        let is_modifier = bare
            .strip_prefix(name)
            .is_some_and(|it| it.starts_with('='));
        match name {
            _ if is_modifier => redirected |= name == "redirect",
            "all" if all.is_none() => all = term.chars().next(),
            "all" | "ip4" | "ip6" => {}
            _ if ASKING.contains(&name) => lookups += 1,
            _ => return wrong(format!("{term:?} is no term of SPF")),
        }
    }
    if lookups + usize::from(redirected) > LOOKUPS {
        return wrong(format!(
            "it makes receivers look up more than {LOOKUPS} names, which they do not"
        ));
    }
    match all {
        Some('-' | '~') => Verdict::Good,
        Some('?') => weak("?all says nothing about everybody else; end it with -all"),
        Some(_) => wrong("+all lets everybody send in your name; end it with -all"),
        None if redirected => Verdict::Good,
        None => weak("it says nothing about everybody else; end it with -all"),
    }
}

/// The tags of a record (RFC 6376 §3.2), in their order.
fn tags(text: &str) -> Vec<(&str, &str)> {
    let pairs = text.split(';').filter_map(|tag| tag.split_once('='));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect()
}

fn tag<'a>(tags: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    tags.iter().find(|(it, _)| *it == name).map(|(_, it)| *it)
}

/// Judges the key by which mails are signed, by the texts at its selector (RFC 6376 §3.6.1).
pub(super) fn dkim(texts: &[String]) -> Verdict {
    let [text] = texts else {
        return match texts.len() {
            0 => Verdict::Absent,
            count => wrong(format!(
                "there are {count} records at the selector, not one"
            )),
        };
    };
    let tags = tags(text);
    let late = tags.iter().position(|(name, _)| *name == "v");
    if late.is_some_and(|at| at > 0) || tag(&tags, "v").is_some_and(|it| it != "DKIM1") {
        return wrong("it must begin with v=DKIM1");
    }
    let key = match tag(&tags, "p") {
        None => return wrong("it has no key (p=)"),
        Some("") => return wrong("its key is revoked (p= is empty)"),
        Some(key) => key.split_whitespace().collect::<String>(),
    };
    let key = STANDARD.decode(key).unwrap_or_default();
    let testing = tag(&tags, "t").is_some_and(|it| it.split(':').any(|flag| flag.trim() == "y"));
    let verdict = match tag(&tags, "k").unwrap_or("rsa") {
        "rsa" => rsa(&key),
        "ed25519" if key.len() == 32 => Verdict::Good,
        "ed25519" => wrong("its key (p=) is no Ed25519 key in base64"),
        other => wrong(format!("its kind of key, {other:?}, is not known")),
    };
    match verdict {
        Verdict::Good if testing => weak("t=y tells receivers to treat it as a test"),
        verdict => verdict,
    }
}

/// An RSA key has 1024 bits at least, and better 2048 (RFC 8301 §3.2).
fn rsa(key: &[u8]) -> Verdict {
    match PKey::public_key_from_der(key) {
        Ok(key) if key.id() != Id::RSA => wrong("its key (p=) is no RSA key"),
        Ok(key) if key.bits() < 1024 => wrong(format!("its key has {} bits only", key.bits())),
        Ok(key) if key.bits() < 2048 => weak(format!("its key has {} bits only", key.bits())),
        Ok(_) => Verdict::Good,
        Err(_) => wrong("its key (p=) cannot be read; it may have been cut when it was pasted"),
    }
}

/// Whether there is a DMARC record among the texts of a name.
pub(super) fn has_dmarc(texts: &[String]) -> bool {
    texts.iter().any(|text| is_dmarc(text))
}

/// Its version comes first, and just so (RFC 7489 §6.3).
fn is_dmarc(text: &str) -> bool {
    tags(text).first() == Some(&("v", "DMARC1"))
}

/// Judges what receivers do with what is not the sender's; `inherited` is a record of a domain
/// above.
pub(super) fn dmarc(texts: &[String], inherited: bool) -> Verdict {
    let records: Vec<_> = texts.iter().filter(|text| is_dmarc(text)).collect();
    let [record] = records.as_slice() else {
        return match records.len() {
            0 => Verdict::Absent,
            count => wrong(format!(
                "there are {count} DMARC records, so that receivers heed none; keep one"
            )),
        };
    };
    let tags = tags(record);
    let below = tag(&tags, "sp").filter(|_| inherited);
    let (name, policy) = match below {
        Some(policy) => ("sp", Some(policy)),
        None => ("p", tag(&tags, "p")),
    };
    match policy {
        Some("quarantine" | "reject") => Verdict::Good,
        Some("none") => weak(format!(
            "{name}=none asks receivers to let forged mail through; quarantine or reject stops it"
        )),
        Some(other) => wrong(format!(
            "{name}={other} is not known: none, quarantine or reject"
        )),
        None => wrong("it has no policy (p=)"),
    }
}

/// The domain and those above it that may speak for it, the nearest first: two labels at least.
pub(super) fn upwards(domain: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = Some(domain);
    while let Some(domain) = rest.filter(|it| all.is_empty() || it.contains('.')) {
        all.push(domain);
        rest = domain.split_once('.').map(|(_, rest)| rest);
    }
    all
}

#[cfg(test)]
mod tests {
    use openssl::pkey::Private;
    use openssl::rsa::Rsa;

    use super::*;

    /// What is expected of a table's row: the kind of verdict, and a part of what it says.
    fn holds(verdict: &Verdict, expected: &str) -> bool {
        let (kind, part) = expected.split_once(' ').unwrap_or((expected, ""));
        let (is, said) = match verdict {
            Verdict::Absent => ("absent", ""),
            Verdict::Good => ("good", ""),
            Verdict::Weak(said) => ("weak", &**said),
            Verdict::Wrong(said) => ("wrong", &**said),
        };
        is == kind && said.contains(part)
    }

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|&it| it.to_owned()).collect()
    }

    #[test]
    fn spf_says_who_may_send() {
        let many = ["include:relay.example"; 11].join(" ");
        let many = format!("v=spf1 {many} -all");
        for (records, expected) in [
            (&[][..], "absent"),
            (&["google-site-verification=x"], "absent"),
            (&["v=spf10 -all"], "absent"),
            (&["v=spf1 include:relay.example -all", "other"], "good"),
            (
                &["V=SPF1 a mx ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all"],
                "good",
            ),
            (&["v=spf1 redirect=_spf.relay.example"], "good"),
            (&["v=spf1 a:relay.example/24 exp=why.example -ALL"], "good"),
            (&["v=spf1 -all", "v=spf1 mx -all"], "wrong 2 SPF records"),
            (&["v=spf1 +all"], "wrong +all"),
            (&["v=spf1 mx all"], "wrong +all"),
            (&["v=spf1 mx ?all"], "weak ?all"),
            (&["v=spf1 mx"], "weak -all"),
            (&["v=spf1"], "weak -all"),
            (&["v=spf1 includes:relay.example -all"], "wrong \"includes:"),
            (&["v=spf1 192.0.2.1 -all"], "wrong \"192.0.2.1\""),
            (&[&many], "wrong more than 10"),
        ] {
            let verdict = spf(&texts(records));
            assert!(holds(&verdict, expected), "{records:?}: {verdict:?}");
        }
    }

    fn key(bits: u32) -> String {
        let key: PKey<Private> = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
        STANDARD.encode(key.public_key_to_der().unwrap())
    }

    #[test]
    fn dkim_is_a_key_that_can_be_read() {
        let (small, weak, good) = (key(512), key(1024), key(2048));
        let (cut, _) = good.split_at(200);
        let edwards = STANDARD.encode([7; 32]);
        for (record, expected) in [
            (format!("v=DKIM1; k=rsa; p={good}"), "good"),
            (format!("p={good};"), "good"),
            (format!("v=DKIM1; t=s; p={good}"), "good"),
            (format!("v=DKIM1; k=ed25519; p={edwards}"), "good"),
            (format!("v=DKIM1; t=y:s; p={good}"), "weak t=y"),
            (format!("v=DKIM1; p={weak}"), "weak 1024 bits"),
            (format!("v=DKIM1; p={small}"), "wrong 512 bits"),
            (format!("v=DKIM1; p={cut}"), "wrong cannot be read"),
            (format!("k=rsa; v=DKIM1; p={good}"), "wrong begin with"),
            (format!("v=DKIM2; p={good}"), "wrong begin with"),
            (format!("v=DKIM1; k=dsa; p={good}"), "wrong \"dsa\""),
            (format!("v=DKIM1; k=ed25519; p={good}"), "wrong Ed25519"),
            ("v=DKIM1; p=".to_owned(), "wrong revoked"),
            ("v=DKIM1; k=rsa".to_owned(), "wrong no key"),
            ("v=DKIM1; p=?".to_owned(), "wrong cannot be read"),
        ] {
            let verdict = dkim(&texts(&[&record]));
            assert!(holds(&verdict, expected), "{record}: {verdict:?}");
        }
        assert_eq!(dkim(&[]), Verdict::Absent);
        let twice = texts(&["v=DKIM1; p=", "v=DKIM1; p="]);
        assert!(holds(&dkim(&twice), "wrong 2 records"));
    }

    #[test]
    fn dmarc_says_what_is_done_with_the_rest() {
        for (records, inherited, expected) in [
            (&[][..], false, "absent"),
            (&["v=dmarc1; p=reject"], false, "absent"),
            (&["p=reject; v=DMARC1"], false, "absent"),
            (&["v=DMARC1; p=quarantine"], false, "good"),
            (
                &["v=DMARC1;p=reject;rua=mailto:d@acme.example", "x"],
                false,
                "good",
            ),
            (&["v=DMARC1; p=none"], false, "weak p=none"),
            (&["v=DMARC1; p=none; sp=reject"], true, "good"),
            (&["v=DMARC1; p=reject; sp=none"], true, "weak sp=none"),
            (&["v=DMARC1; p=reject; sp=none"], false, "good"),
            (&["v=DMARC1; p=reject"], true, "good"),
            (&["v=DMARC1; p=block"], false, "wrong p=block"),
            (&["v=DMARC1"], false, "wrong no policy"),
            (
                &["v=DMARC1; p=none", "v=DMARC1; p=reject"],
                false,
                "wrong 2 DMARC records",
            ),
        ] {
            let verdict = dmarc(&texts(records), inherited);
            assert!(holds(&verdict, expected), "{records:?}: {verdict:?}");
        }
    }

    #[test]
    fn a_domain_above_may_speak_for_one_below() {
        for (domain, expected) in [
            (
                "mail.acme.example",
                &["mail.acme.example", "acme.example"][..],
            ),
            ("acme.example", &["acme.example"]),
            ("localhost", &["localhost"]),
        ] {
            assert_eq!(upwards(domain), expected);
        }
    }
}
