//! An identity provider's metadata, as a command is given it: a file, standard input, or an address,
//! read by the one outbound client and within its rules.

use std::io::Read;
use std::path::Path;

use url::Url;

use crate::cli::failure::Failure;
use crate::config::Outbound;
use crate::limits;
use crate::outbound::document::{Fetched, Unfetched, Validators};
use crate::outbound::{Client, Fault, Reach};
use crate::provisioning::metadata::Published;
use crate::saml::metadata::{LIMIT, MEDIA_TYPES};

/// The text, with where it can be read again: by https alone. One octet more than is taken is enough
/// to say so.
pub(super) async fn metadata(
    rules: &Outbound,
    source: &str,
) -> Result<(String, Option<Published>), Failure> {
    if source.starts_with("https://") || source.starts_with("http://") {
        return fetched(rules, source).await;
    }
    let most = LIMIT as u64 + 1;
    let mut text = String::new();
    let read = if source == "-" {
        std::io::stdin().take(most).read_to_string(&mut text)
    } else {
        std::fs::File::open(Path::new(source))
            .and_then(|file| file.take(most).read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok((text, None)),
        Err(error) => Err(Failure::File(format!("cannot read {source}: {error}"))),
    }
}

async fn fetched(rules: &Outbound, source: &str) -> Result<(String, Option<Published>), Failure> {
    let url = Url::parse(source)
        .map_err(|error| Failure::Usage(format!("{source} is no address: {error}")))?;
    let client = client(rules)?;
    let nothing = Validators::default();
    let document = client.document(&url, Reach::Operator, MEDIA_TYPES, &nothing, LIMIT);
    match document.await {
        Ok(Fetched::New { text, validators }) => {
            let published = (url.scheme() == "https").then(|| Published {
                url: source.to_owned(),
                etag: validators.etag,
                last_modified: validators.last_modified,
            });
            Ok((text, published))
        }
        Err(Unfetched::Call(Fault::Refused(why))) => Err(Failure::Usage(format!(
            "{source} is not fetched: {why}; metadata are trusted, so they come by https from the \
             public internet, or from a host that USHER_OUTBOUND__ALLOW names"
        ))),
        Ok(Fetched::Unchanged) => Err(Failure::File(format!("{source} answers nothing"))),
        Err(error) => Err(Failure::File(format!("cannot fetch {source}: {error}"))),
    }
}

/// The client that fetches metadata.
pub(super) fn client(rules: &Outbound) -> Result<Client, Failure> {
    let client = Client::new(rules);
    let client = client.map_err(|error| Failure::File(error.to_string()))?;
    Ok(client.patient(limits::METADATA_TIME))
}
