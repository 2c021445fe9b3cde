//! Arguments that several commands read.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::SignedDuration;

use crate::cli::failure::Failure;
use crate::directory::UnknownWord;
use crate::directory::oauth_client::AuthMethod;
use crate::limits;
use crate::oidc::jwks::PublicKeys;
use crate::outbound;
use crate::provisioning::settings::oauth_clients::{self, Proof};

/// A parser of one of a few words; `--help` lists them.
pub(super) fn word<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = UnknownWord> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words.iter().copied()).try_map(|word| word.parse::<T>())
}

/// A parser of `on` and `off`.
pub(super) fn switch() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|word| word == "on")
}

/// A length of time: a number of days (`90d`) or years (`1y`).
pub(super) fn lifetime(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "expected days such as 90d or years such as 1y".to_owned();
    let (count, days) = match (text.strip_suffix('d'), text.strip_suffix('y')) {
        (Some(count), _) => (count, 1),
        (_, Some(count)) => (count, 365),
        _ => return Err(wrong()),
    };
    let count: u16 = count.parse().map_err(|_| wrong())?;
    let days = i64::from(count) * days;
    if !(1..=3650).contains(&days) {
        return Err("expected between 1 day and 10 years".to_owned());
    }
    Ok(SignedDuration::from_hours(24 * days))
}

/// The text of a file, or of standard input where the file is `-`.
pub(super) fn text(file: &Path) -> Result<String, Failure> {
    let (mut bytes, most) = (Vec::new(), limits::JSON_BODY as u64);
    let read = if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|it| it.take(most).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Failure::File(format!(
            "cannot read {}: {error}",
            file.display()
        ))),
    }
}

/// By what a client is to prove itself; `private` lets its keys be anywhere.
pub(super) fn proof(
    asked: Option<AuthMethod>,
    url: Option<String>,
    file: Option<PathBuf>,
    private: bool,
) -> Result<Proof, Failure> {
    oauth_clients::secret_method(asked, url.is_some() || file.is_some())?;
    if let Some(url) = url {
        let url = outbound::settable(&url, private);
        let url = url.map_err(|why| Failure::Usage(format!("--jwks-url: {why}")))?;
        return Ok(Proof::KeysAt(url));
    }
    let Some(file) = file else {
        return Ok(Proof::Secret(asked));
    };
    let keys = PublicKeys::registered(&text(&file)?);
    let keys = keys.map_err(|why| Failure::File(format!("{}: {why}", file.display())))?;
    Ok(Proof::Keys(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_days_or_years() {
        for (text, days) in [
            ("90d", Some(90)),
            ("1y", Some(365)),
            ("0d", None),
            ("-1d", None),
            ("11y", None),
            ("90", None),
            ("d", None),
            ("", None),
        ] {
            let expected = days.map(|days| SignedDuration::from_hours(24 * days));
            assert_eq!(lifetime(text).ok(), expected, "{text}");
        }
    }
}
