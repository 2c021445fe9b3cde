//! Okta's SCIM client: looks people up by userName, sends a random password that nobody needs,
//! pushes a group without members first, and renames it whenever its members change.

use serde_json::{Value, json};

use crate::demo::client::{Browser, Client};
use crate::demo::directories::{created, finds_nothing, group_holds};
use crate::demo::expect::{ensure, says};
use crate::demo::portal::{ADA, Employee, GRACE};
use crate::demo::scim::Scim;
use crate::demo::setting::{Acme, GROUP};
use crate::demo::sign_in::Ada;
use crate::demo::transcript::{Stopped, Transcript, Went};

/// What Okta calls the group later.
const RENAMED: &str = "SEO_Editors_EMEA";

/// Okta provisions its people and its group; Ada is in it.
pub(in crate::demo) async fn okta(
    acme: &Acme,
    transcript: &mut Transcript,
) -> Result<Ada, Stopped> {
    let scim = &acme.okta.scim;
    let mut ids = Vec::new();
    for who in [&ADA, &GRACE] {
        let filter = format!("userName eq \"{}\"", who.address);
        let work = finds_nothing(scim, "/Users?startIndex=1&count=100", &filter);
        let step = format!("Okta looks {} up", who.given);
        transcript
            .step(&step, format!("GET /Users?filter={filter}"), work)
            .await?;
        let step = format!("Okta creates {}", who.given);
        let asked = "POST /Users (groups [], a random password)";
        ids.push(transcript.step(&step, asked, create(scim, who)).await?);
    }
    let ada = ids.into_iter().next().unwrap_or_default();
    let filter = format!("displayName eq \"{GROUP}\"");
    let work = finds_nothing(scim, "/Groups?startIndex=1&count=100", &filter);
    let asked = format!("GET /Groups?filter={filter}");
    transcript
        .step("Okta looks the group up", asked, work)
        .await?;
    let asked = format!("POST /Groups (displayName {GROUP}, members [])");
    let group = transcript
        .step("Okta pushes the group", asked, push(scim))
        .await?;
    let asked = r#"PATCH /Groups/ID {"op": "add", "path": "members", "value": [ADA]}"#;
    let work = add(scim, &group, &ada);
    transcript
        .step("Okta puts Ada into it", asked, work)
        .await?;
    let asked =
        format!(r#"PATCH /Groups/ID {{"op": "replace", "value": {{"displayName": "{RENAMED}"}}}}"#);
    transcript
        .step("Okta renames the group", asked, rename(scim, &group, &ada))
        .await?;
    Ok(Ada {
        scim_id: ada,
        browser: browser(&acme.client),
    })
}

fn browser(client: &Client) -> Browser {
    Browser::new(client.clone())
}

async fn create(scim: &Scim, who: &Employee) -> Went<String> {
    let reply = scim.post("/Users", &user(who)).await?;
    let (created, id) = created(reply)?;
    says(&created, "/userName", who.address)?;
    says(&created, "/externalId", who.external_id)?;
    says(&created, "/active", true)?;
    ensure(created.get("password").is_none(), "the password came back")?;
    Ok((id.clone(), format!("201, id {id}, no password in it")))
}

fn user(who: &Employee) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": who.address,
        "name": {"givenName": who.given, "familyName": who.family},
        "emails": [{"primary": true, "value": who.address, "type": "work"}],
        "displayName": who.name(),
        "locale": "en-US",
        "externalId": who.external_id,
        "groups": [],
        "password": format!("Ax1!{}", who.external_id),
        "active": true,
    })
}

async fn push(scim: &Scim) -> Went<String> {
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": GROUP,
        "members": [],
    });
    let (_, id) = created(scim.post("/Groups", &group).await?)?;
    Ok((id.clone(), format!("201, id {id}")))
}

async fn add(scim: &Scim, group: &str, ada: &str) -> Went<()> {
    let member = json!([{"value": ada, "display": ADA.address}]);
    let operations = json!([{"op": "add", "path": "members", "value": member}]);
    scim.patch(&format!("/Groups/{group}"), operations)
        .await?
        .expect(204)?;
    group_holds(scim, group, &[ada]).await?;
    Ok(((), "204, members: Ada".to_owned()))
}

async fn rename(scim: &Scim, group: &str, ada: &str) -> Went<()> {
    let operations = json!([{"op": "replace", "value": {"id": group, "displayName": RENAMED}}]);
    scim.patch(&format!("/Groups/{group}"), operations)
        .await?
        .expect(204)?;
    let name = group_holds(scim, group, &[ada]).await?;
    ensure(name == RENAMED, format!("the group is called {name}"))?;
    Ok(((), "204, members: still Ada".to_owned()))
}
