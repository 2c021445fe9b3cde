//! The one runner.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use super::{
    attacks, honest,
    mint::{has_value, mac, ours, xmlsec_verifies},
    *,
};
use crate::saml::{
    binding::{FORM_LIMIT, MESSAGE_LIMIT, PostForm},
    gate,
    metadata::IdentityProvider,
    profile::{self, Overrides},
};

/// What is read of an accepted message.
#[derive(Debug, Eq, PartialEq)]
enum Accepted {
    Metadata(Box<IdentityProvider>),
    Person {
        who: Option<String>,
        attributes: Vec<(String, Vec<String>)>,
        groups: Groups,
        ids: [String; 2],
    },
}

/// Where a message ended, and why.
#[derive(Debug)]
struct Refused {
    step: Step,
    reason: &'static str,
    said: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}: {}", self.step, self.reason, self.said)
    }
}

fn read(message: &Message) -> Result<Accepted, Refused> {
    let ended = |step| {
        move |error: Error| Refused {
            step,
            reason: error.reason(),
            said: error.to_string(),
        }
    };
    let place = &message.place;
    let response = match &message.raw {
        Raw::Metadata(text) => {
            let read = IdentityProvider::read(text, place.now);
            let read = read.map_err(ended(Step::Transport))?;
            return Ok(Accepted::Metadata(Box::new(read)));
        }
        Raw::Form(media_type, body) => PostForm::read(*media_type, body).map(|form| form.response),
        Raw::Octets(octets) => {
            use ::base64::{Engine, engine::general_purpose::STANDARD};
            Received::decode(STANDARD.encode(octets).as_bytes())
        }
        Raw::Value(value) => Received::decode(value),
    };
    let response = response.map_err(ended(Step::Transport))?;
    gate::check(response.clone()).map_err(ended(Step::Gate))?;
    let expected = Expected {
        skew_seconds: place.skew_seconds,
        outstanding: &place.outstanding,
        demands: place.demands,
        ..EXPECTED
    };
    let decryption = [encryption::another(), encryption::ours()].map(|pair| pair.key.clone());
    let keys = crate::saml::Keys {
        decryption: if place.rollover {
            &decryption
        } else {
            &decryption[1..]
        },
        allow_cbc: place.allow_cbc,
        ..trusting(&place.trusted)
    };
    let assertion =
        crate::saml::receive(response, &keys, &expected, place.now, &mut Trace::default())
            .map_err(ended(Step::Receive))?;
    let overrides = Overrides {
        subject_attribute: place.subject_attribute.map(ToOwned::to_owned),
        groups_are_distinguished_names: place.distinguished,
        ..Overrides::default()
    };
    let profile = profile::read(&assertion, place.preset, &overrides);
    let profile = profile.map_err(ended(Step::Profile))?;
    let attribute = |a: &crate::saml::assertion::Attribute| (a.name.clone(), a.values.clone());
    Ok(Accepted::Person {
        who: assertion.name_id.as_ref().map(|name| name.value.clone()),
        attributes: assertion.attributes.iter().map(attribute).collect(),
        groups: profile.groups,
        ids: [assertion.issuer.clone(), assertion.assertion_id.clone()],
    })
}

/// Whether a message is what it claims to be.
fn holds(claim: Claim, message: &Message) -> bool {
    let Some(xml) = message.xml() else {
        return matches!(claim, Claim::Unasked);
    };
    match claim {
        Claim::Broken => xml.contains("Signature") && !xmlsec_verifies(xml, ours()),
        Claim::Mac(hash, key) => has_value(xml, &mac(xml, hash, key)),
        Claim::Signed => xmlsec_verifies(xml, ours()),
        Claim::Strange => {
            xmlsec_verifies(xml, &certificate(stranger())) && !xmlsec_verifies(xml, ours())
        }
        Claim::Unasked => true,
        Claim::Unsigned => !xml.contains("SignatureValue"),
    }
}

/// What is wrong with a case, or nothing.
fn fault(case: &Attack) -> Option<String> {
    let before = match read(&case.twin) {
        Ok(accepted) => accepted,
        Err(refused) => return Some(format!("its twin is refused: {refused}")),
    };
    if case.message.raw == case.twin.raw && case.message.place == case.twin.place {
        return Some("it is its own twin".to_owned());
    }
    if !holds(case.claim, &case.message) {
        return Some(format!("it is not {:?}", case.claim));
    }
    let large = case.message.octets().len();
    let limit = match &case.message.raw {
        Raw::Octets(_) => MESSAGE_LIMIT,
        _ => FORM_LIMIT,
    };
    if large > limit && (case.expected != "too_large" || large > 2 * limit) {
        return Some(format!("it has {large} octets"));
    }
    match read(&case.message) {
        Ok(accepted) => return Some(format!("it is accepted as {accepted:?}")),
        Err(refused) if refused.reason != case.expected => {
            return Some(format!("expected {}: {refused}", case.expected));
        }
        Err(refused) if refused.step > case.class.latest() => {
            return Some(format!("it came too far: {refused}"));
        }
        Err(_) => {}
    }
    match read(&case.twin) {
        Ok(after) if after == before => None,
        after => Some(format!("its twin was {before:?}, then {after:?}")),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is for whoever asks for it")]
fn every_attack_is_refused_and_its_twin_is_not() {
    let cases = attacks::all();
    let (mut faults, mut counts) = (String::new(), BTreeMap::new());
    let mut names = BTreeSet::new();
    for case in &cases {
        let new = names.insert((case.class, &case.name));
        assert!(new, "{:?}: {} is there twice", case.class, case.name);
        *counts.entry(case.class).or_insert(0) += 1;
        if let Some(fault) = fault(case) {
            // Writing to a String cannot fail.
            let _ = writeln!(faults, "{:?}: {}: {fault}", case.class, case.name);
        }
    }
    for (class, count) in &counts {
        println!("{count:4}  {}", class.title());
    }
    println!("{:4}  attacks", cases.len());
    assert!(faults.is_empty(), "{faults}");
    assert!(cases.len() >= 200 && counts.values().all(|count| *count >= 3));
}

/// The message with one signed octet more.
fn tampered(message: &Message) -> Option<Message> {
    let xml = message.xml()?;
    let quote = [" AuthnInstant=\"", " AuthnInstant='"]
        .into_iter()
        .find(|quote| xml.contains(quote))?;
    Some(Message {
        raw: Raw::Octets(xml.replacen(quote, &format!("{quote} "), 1).into_bytes()),
        place: message.place.clone(),
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is for whoever asks for it")]
fn every_honest_message_is_accepted_for_what_it_says() {
    let cases = honest::all();
    let (mut faults, mut counts) = (String::new(), BTreeMap::new());
    let mut names = BTreeSet::new();
    for case in &cases {
        let new = names.insert((case.group, &case.name));
        assert!(new, "{}: {} is there twice", case.group, case.name);
        *counts.entry(case.group).or_insert(0) += 1;
        let fault = match read(&case.message) {
            Err(refused) => Some(refused.to_string()),
            Ok(Accepted::Metadata(read)) => {
                (read.entity_id != IDP).then(|| format!("it is about {}", read.entity_id))
            }
            Ok(Accepted::Person {
                who,
                attributes,
                groups,
                ..
            }) => {
                let said = case.attribute.as_ref().is_none_or(|(name, values)| {
                    let said = attributes.iter().find(|(known, _)| known == name);
                    said.is_some_and(|(_, said)| said == values)
                });
                let known = case.groups.as_ref().is_none_or(|known| *known == groups);
                let is_it = who.as_deref() == case.who && said && known;
                (!is_it).then(|| format!("{who:?}: {attributes:?}: {groups:?}"))
            }
        };
        let tampered = tampered(&case.message).map(|tampered| read(&tampered));
        let fault = fault.or(match tampered {
            None => None,
            Some(Err(refused)) if refused.reason == "signature_invalid" => None,
            Some(other) => Some(format!("changed, it is {other:?}")),
        });
        if let Some(fault) = fault {
            // Writing to a String cannot fail.
            let _ = writeln!(faults, "{}: {}: {fault}", case.group, case.name);
        }
    }
    for (group, count) in &counts {
        println!("{count:4}  {group}");
    }
    println!("{:4}  honest messages", cases.len());
    assert!(faults.is_empty(), "{faults}");
    assert!(cases.len() >= 80);
}

/// Every message of the corpus by a file's name: where a fuzzer may begin.
fn seeds() -> BTreeMap<String, Vec<u8>> {
    let slug = |text: &str| -> String {
        let letters = text.chars().take(60);
        letters
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect()
    };
    let kind = |message: &Message| match &message.raw {
        Raw::Form(..) => "form",
        Raw::Metadata(_) => "metadata",
        Raw::Octets(_) => "xml",
        Raw::Value(_) => "base64",
    };
    let attacks = attacks::all();
    let attacks = attacks.iter().enumerate().map(|(number, case)| {
        let name = format!("attack-{:?}-{number:04}-{}", case.class, slug(&case.name));
        (name, &case.message)
    });
    let honest = honest::all();
    let honest = honest.iter().enumerate().map(|(number, case)| {
        let name = format!(
            "honest-{}-{number:04}-{}",
            slug(case.group),
            slug(&case.name)
        );
        (name, &case.message)
    });
    attacks
        .chain(honest)
        .map(|(name, message)| {
            let name = format!("{name}.{}", kind(message));
            (name, message.octets().to_vec())
        })
        .collect()
}

/// Writes the seeds to the directory that `USHER_CORPUS_OUT` names, where it does.
#[test]
fn the_corpus_can_be_written_down() {
    let seeds = seeds();
    let different: BTreeSet<&Vec<u8>> = seeds.values().collect();
    assert!(seeds.len() >= 280 && different.len() >= 280);
    if let Some(folder) = std::env::var_os("USHER_CORPUS_OUT") {
        fs::create_dir_all(&folder).unwrap();
        for (name, octets) in seeds {
            fs::write(Path::new(&folder).join(name), octets).unwrap();
        }
    }
}
