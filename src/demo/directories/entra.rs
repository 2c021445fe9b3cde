//! Entra's SCIM client: probes with an id that is nobody's, creates people with the enterprise
//! extension, writes `Add` and `Replace` with capitals and booleans as text, and refers to members
//! with an empty `$ref`.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::demo::directories::{created, finds_nothing, group_holds};
use crate::demo::expect::{ensure, says};
use crate::demo::portal::{Employee, KATHERINE, MARGARET};
use crate::demo::scim::Scim;
use crate::demo::setting::{Acme, GROUP};
use crate::demo::transcript::{Stopped, Transcript, Went};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// A schema that is none, which comes with every group.
const LEGACY: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
/// The id that the connection test asks for.
const NOBODY: Uuid = Uuid::from_u128(0x5f2b_1c39_7a44_4c1e_9e0a_3d1d_6b8f_0a77);

/// Entra provisions its people and its group; Margaret is in it, Katherine is disabled.
pub(in crate::demo) async fn entra(
    acme: &Acme,
    transcript: &mut Transcript,
) -> Result<(), Stopped> {
    let scim = &acme.entra.scim;
    let probe = format!("userName eq \"{NOBODY}\"");
    let work = finds_nothing(scim, "/Users", &probe);
    let asked = format!("GET /Users?filter={probe}");
    transcript
        .step("Entra tests the connection", asked, work)
        .await?;
    let margaret = provision(scim, &MARGARET, transcript).await?;
    let katherine = provision(scim, &KATHERINE, transcript).await?;
    let filter = format!("displayName eq \"{GROUP}\"");
    let work = finds_nothing(scim, "/Groups?excludedAttributes=members", &filter);
    let asked = format!("GET /Groups?excludedAttributes=members&filter={filter}");
    transcript
        .step(
            "Entra looks the group up, Okta's is not its own",
            asked,
            work,
        )
        .await?;
    let asked = "POST /Groups (a legacy schema URN, no members)";
    let group = transcript
        .step("Entra creates the group", asked, push(scim))
        .await?;
    let asked =
        r#"PATCH /Groups/ID {"op": "Add", "path": "members", "value": [{"$ref": null, ..}]}"#;
    let work = add(scim, &group, &margaret);
    transcript
        .step("Entra puts Margaret into it", asked, work)
        .await?;
    let asked = r#"PATCH /Users/ID {"op": "Replace", "path": "urn:..:department", ..}, .."#;
    let work = promote(scim, &margaret);
    transcript
        .step("Entra updates Margaret", asked, work)
        .await?;
    let asked = r#"PATCH /Users/ID {"op": "Replace", "path": "active", "value": "False"}"#;
    transcript
        .step("Entra disables Katherine", asked, disable(scim, &katherine))
        .await
}

async fn provision(
    scim: &Scim,
    who: &Employee,
    transcript: &mut Transcript,
) -> Result<String, Stopped> {
    let filter = format!("userName eq \"{}\"", who.address);
    let step = format!("Entra looks {} up", who.given);
    let work = finds_nothing(scim, "/Users", &filter);
    transcript
        .step(&step, format!("GET /Users?filter={filter}"), work)
        .await?;
    let step = format!("Entra creates {}", who.given);
    let asked = "POST /Users (with the enterprise extension)";
    transcript.step(&step, asked, create(scim, who)).await
}

async fn create(scim: &Scim, who: &Employee) -> Went<String> {
    let reply = scim.post("/Users", &user(who)).await?;
    let (created, id) = created(reply)?;
    says(&created, "/userName", who.address)?;
    says(&created, "/active", true)?;
    says(&created, &format!("/{ENTERPRISE}/department"), "Content")?;
    Ok((id.clone(), format!("201, id {id}, department Content")))
}

fn user(who: &Employee) -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE],
        "externalId": who.external_id,
        "userName": who.address,
        "active": true,
        "displayName": who.name(),
        "name": {"formatted": who.name(), "givenName": who.given, "familyName": who.family},
        "emails": [{"primary": true, "type": "work", "value": who.address}],
        "roles": [],
        "meta": {"resourceType": "User"},
        (ENTERPRISE): {"department": "Content"},
    })
}

async fn push(scim: &Scim) -> Went<String> {
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", LEGACY],
        "externalId": "3d9d2f5e-9a5b-4c4e-8d6e-5d6a7b8c9d03",
        "displayName": GROUP,
        "meta": {"resourceType": "Group"},
    });
    let (group, id) = created(scim.post("/Groups", &group).await?)?;
    says(
        &group,
        "/schemas",
        json!(["urn:ietf:params:scim:schemas:core:2.0:Group"]),
    )?;
    Ok((id.clone(), format!("201, id {id}")))
}

async fn add(scim: &Scim, group: &str, margaret: &str) -> Went<()> {
    let member = json!([{"$ref": null, "value": margaret}]);
    let operations = json!([{"op": "Add", "path": "members", "value": member}]);
    scim.patch(&format!("/Groups/{group}"), operations)
        .await?
        .expect(204)?;
    let name = group_holds(scim, group, &[margaret]).await?;
    ensure(name == GROUP, format!("the group is called {name}"))?;
    Ok(((), "204, members: Margaret".to_owned()))
}

/// Two attributes, one operation each.
async fn promote(scim: &Scim, margaret: &str) -> Went<()> {
    let department = format!("{ENTERPRISE}:department");
    let mobile = "phoneNumbers[type eq \"mobile\"].value";
    let operations = json!([
        {"op": "Replace", "path": department, "value": "Search"},
        {"op": "Add", "path": mobile, "value": "+1 555 0100"},
    ]);
    let user = changed(scim, margaret, operations).await?;
    says(&user, &format!("/{ENTERPRISE}/department"), "Search")?;
    says(&user, "/phoneNumbers/0/type", "mobile")?;
    says(&user, "/phoneNumbers/0/value", "+1 555 0100")?;
    Ok(((), "204, department Search, a mobile number".to_owned()))
}

async fn disable(scim: &Scim, katherine: &str) -> Went<()> {
    let operations = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    let user = changed(scim, katherine, operations).await?;
    says(&user, "/active", false)?;
    Ok(((), "204, active is false, no text".to_owned()))
}

/// A user after these operations, as the next GET shows it.
async fn changed(
    scim: &Scim,
    id: &str,
    operations: Value,
) -> Result<Value, crate::demo::expect::Unexpected> {
    let path = format!("/Users/{id}");
    scim.patch(&path, operations).await?.expect(204)?;
    scim.get(&path).await?.expect(200)?.json()
}
