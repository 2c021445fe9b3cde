//! An identity provider's metadata, as a command is given it: a file, standard input, or an address
//! that is read once, by the one outbound client and within its rules.

use std::io::Read;
use std::path::Path;

use axum::http::header::{ACCEPT, HeaderValue};
use axum::http::{HeaderMap, Method};
use url::Url;

use crate::cli::failure::Failure;
use crate::config::Outbound;
use crate::outbound::{Client, Fault, Reach};
use crate::saml::metadata::LIMIT;

/// The text; one octet more than is taken is enough to say so.
pub(super) async fn metadata(rules: &Outbound, source: &str) -> Result<String, Failure> {
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
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::File(format!("cannot read {source}: {error}"))),
    }
}

async fn fetched(rules: &Outbound, source: &str) -> Result<String, Failure> {
    let url = Url::parse(source)
        .map_err(|error| Failure::Usage(format!("{source} is no address: {error}")))?;
    let failed = |said: String| Failure::File(format!("cannot fetch {source}: {said}"));
    let client = Client::new(rules).map_err(|error| failed(error.to_string()))?;
    let unreached = |fault: Fault| match fault {
        Fault::Refused(why) => Failure::Usage(format!(
            "{source} is not fetched: {why}; metadata are trusted, so they come by https from the \
             public internet, or from a host that USHER_OUTBOUND__ALLOW names"
        )),
        fault => failed(fault.to_string()),
    };
    let line = client.open(&url, Reach::Operator).await;
    let line = line.map_err(unreached)?;
    let wanted =
        HeaderValue::from_static("application/samlmetadata+xml, application/xml, text/xml");
    let headers = HeaderMap::from_iter([(ACCEPT, wanted)]);
    let answer = line.send(Method::GET, headers, "", LIMIT + 1).await;
    let answer = answer.map_err(unreached)?;
    match answer.status {
        200 => {}
        301..=308 => {
            let advice = "it redirects elsewhere; name the address where the metadata are";
            return Err(failed(advice.to_owned()));
        }
        status => return Err(failed(format!("the answer has the status {status}"))),
    }
    String::from_utf8(answer.body.to_vec()).map_err(|_| failed("it is not in UTF-8".to_owned()))
}
