//! What `usher connection create` and `update` say of what a connection demands of assertions, and
//! where it reads the person.

use clap::Args;

use crate::cli::arguments::{switch, word};
use crate::cli::failure::Failure;
use crate::directory::demands::{
    AttributeChanges, AuthnComparison, DemandChanges, RequireSigned, Said,
};

/// What takes a setting away.
const NONE: &str = "none";

/// What is demanded.
#[derive(Args, Debug)]
pub(super) struct Demands {
    /// A class of authentication context that is asked for, and with --authn-comparison exact must be
    /// asserted; up to 10, with commas or the option repeated; none asks for nothing [default: none]
    #[arg(long, value_name = "URI", value_delimiter = ',')]
    authn_context: Vec<String>,
    /// How what is asserted must compare with these classes [default: exact]
    #[arg(long, value_parser = word::<AuthnComparison>(AuthnComparison::WORDS))]
    authn_comparison: Option<AuthnComparison>,
    /// Whether each sign-in is to be an authentication of its own [default: off]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    force_authn: Option<bool>,
    /// Whether an assertion that is not encrypted is refused [default: off]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    require_encryption: Option<bool>,
    /// Which signatures must be there, and verify [default: any]
    #[arg(long, value_parser = word::<RequireSigned>(RequireSigned::WORDS))]
    require_signed: Option<RequireSigned>,
    /// By how many seconds the identity provider's clock may differ, up to 300, or none for as
    /// many as everywhere [default: 120]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    skew_seconds: Option<Seconds>,
    /// Whether nobody comes in to whom no rule of the connection gives a role; the owner and whom an
    /// override is for do all the same [default: off]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    require_mapped_group: Option<bool>,
    /// In which attribute the person's subject, email, user_name, given_name, family_name,
    /// display_name, external_id or groups are found, or none for where the profile says; may be
    /// given several times, as email=mail
    #[arg(long, value_name = "WHAT=NAME", value_parser = attribute)]
    attribute: Vec<(&'static str, Option<String>)>,
    /// Whether groups come as distinguished names, of which the first CN is meant [default: off]
    #[arg(long, value_name = "on|off", value_parser = switch())]
    groups_are_distinguished_names: Option<bool>,
}

/// A number of seconds, or as many as everywhere.
#[derive(Clone, Copy, Debug)]
struct Seconds(Option<i64>);

fn seconds(text: &str) -> Result<Seconds, String> {
    if text == NONE {
        return Ok(Seconds(None));
    }
    let number = text.parse().ok();
    let number = number.filter(|_| text.bytes().all(|it| it.is_ascii_digit()));
    let wrong = || "expected a number of seconds, or none".to_owned();
    number.map(|it| Seconds(Some(it))).ok_or_else(wrong)
}

fn attribute(text: &str) -> Result<(&'static str, Option<String>), String> {
    let found = text.split_once('=').and_then(|(what, name)| {
        let what = AttributeChanges::NAMES.into_iter().find(|it| *it == what)?;
        Some((what, (name != NONE).then(|| name.to_owned())))
    });
    let names = || AttributeChanges::NAMES.join(", ");
    found.ok_or_else(|| format!("expected WHAT=NAME, where WHAT is one of {}", names()))
}

impl Demands {
    /// What is to change.
    pub(super) fn read(self) -> Result<DemandChanges, Failure> {
        let none = self.authn_context.iter().any(|class| class == NONE);
        if none && self.authn_context.len() > 1 {
            let wrong = "--authn-context: none stands alone";
            return Err(Failure::Usage(wrong.to_owned()));
        }
        let classes = Some(self.authn_context).filter(|classes| !classes.is_empty());
        let mut attributes = AttributeChanges {
            groups_are_distinguished_names: self.groups_are_distinguished_names.map(Some),
            ..AttributeChanges::default()
        };
        for (what, name) in self.attribute {
            if let Some(slot) = attributes.slot(what) {
                *slot = Some(name);
            }
        }
        Ok(DemandChanges {
            authn_context: classes.map(|classes| (!none).then_some(classes)),
            authn_comparison: self.authn_comparison.map(Some),
            force_authn: self.force_authn.map(Some),
            require_encryption: self.require_encryption.map(Some),
            require_signed: self.require_signed.map(Some),
            skew_seconds: self.skew_seconds.map(|it| it.0),
            require_mapped_group: self.require_mapped_group.map(Some),
            attributes: changed(attributes),
        })
    }
}

/// A change of names, where there is one.
fn changed(names: AttributeChanges) -> Said<AttributeChanges> {
    (names != AttributeChanges::default()).then_some(Some(names))
}
