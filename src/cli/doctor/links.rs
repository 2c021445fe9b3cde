//! `usher doctor links`: whether links lead here, at the public URL and at every alternate one.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, Method};
use futures_util::FutureExt;
use serde_json::Value;
use url::Url;

use crate::app;
use crate::cli::doctor::Check;
use crate::config::Config;
use crate::limits;
use crate::outbound::{Client, Reach};
use crate::provisioning::installation::Opener;
use crate::provisioning::{Error, invitations::known};
use crate::store::Store;

/// The checks: one a URL.
pub(super) async fn checks(config: &Config) -> Vec<Check> {
    let failed = |said: String| vec![Check::failed("public URL", said)];
    let client = match Client::new(&config.outbound) {
        Ok(client) => client,
        Err(error) => return failed(error.to_string()),
    };
    let opened = match app::open(config, &app::ids(), Opener::Examiner).await {
        Ok(opened) => opened,
        Err(error) => return failed(error.to_string()),
    };
    let ours: BTreeSet<_> = opened
        .keys
        .keys()
        .map(|(_, key)| key.kid().to_owned())
        .collect();
    let alternates = match alternates(&opened.store).await {
        Ok(alternates) => alternates,
        Err(error) => return failed(error.to_string()),
    };
    let main = config.server.public_url.as_str().to_owned();
    let all = std::iter::once(("public URL", main));
    let all = all.chain(alternates.into_iter().map(|url| ("alternate URL", url)));
    let mut checks = Vec::new();
    for (name, url) in all {
        checks.push(match answers(&client, &url, &ours).await {
            Ok(()) => Check::passed(name, format!("{url} leads to this Usher")),
            Err(said) => Check::failed(name, format!("{url}: {said}")),
        });
    }
    checks
}

/// The alternate URLs of all organizations.
async fn alternates(store: &Store) -> Result<BTreeSet<String>, Error> {
    let read = store.read(|tx| {
        async move {
            let mut found = BTreeSet::new();
            for organization in tx.organizations().await? {
                let policy = known::policy(tx, organization.id).await?;
                found.extend(policy.alternate_public_url);
            }
            Ok(found)
        }
        .boxed()
    });
    read.await
}

/// Whether a Usher answers there, and has our signing keys.
async fn answers(client: &Client, base: &str, ours: &BTreeSet<String>) -> Result<(), String> {
    let alive = get(client, base, "/livez").await?;
    if alive != b"ok\n" {
        return Err("somebody else answers there".to_owned());
    }
    let keys = get(client, base, "/oauth/jwks").await?;
    let keys: Value = serde_json::from_slice(&keys).unwrap_or_default();
    let keys = keys.get("keys").and_then(Value::as_array);
    let mut kids = keys
        .into_iter()
        .flatten()
        .filter_map(|key| key.get("kid")?.as_str());
    if kids.any(|kid| ours.contains(kid)) {
        Ok(())
    } else {
        Err("another Usher answers there: its signing keys are not ours".to_owned())
    }
}

async fn get(client: &Client, base: &str, path: &str) -> Result<Vec<u8>, String> {
    let url = Url::parse(base).and_then(|base| base.join(path));
    let url = url.map_err(|error| error.to_string())?;
    let line = client.open(&url, Reach::Anywhere).await;
    let line = line.map_err(|fault| fault.to_string())?;
    let headers = HeaderMap::new();
    let answer = line
        .send(Method::GET, headers, "", limits::WEBHOOK_ANSWER)
        .await;
    let answer = answer.map_err(|fault| fault.to_string())?;
    match answer.status {
        200 => Ok(answer.body.to_vec()),
        status => Err(format!("{path} answers {status}")),
    }
}
