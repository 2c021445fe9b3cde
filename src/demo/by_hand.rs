//! What can be tried by hand while the demo's server is up.

use crate::demo::portal::MARGARET;
use crate::demo::setting::SLUG;
use crate::demo::stage::Stage;

/// The addresses, the tokens, and commands that are ready to be pasted.
pub(super) fn text(stage: &Stage) -> String {
    let Some(acme) = stage.acme() else {
        return String::new();
    };
    let (url, others, okta) = (&stage.public_url, &stage.others_url, &acme.okta);
    let (base, token, key) = (&okta.addresses.scim_base_url, &okta.scim.token, &acme.key);
    let database = stage.database();
    let database = database.display();
    let fate = if stage.is_temporary() {
        "removed at the end"
    } else {
        "kept"
    };
    let margaret = MARGARET.name();
    format!(
        r#"
Try it by hand

  Usher           {url}
  API reference   {url}/docs
  Sign in         {others}/ (open it in a browser; {margaret} is let in, Ada is not)
  Okta's SCIM     {base}
  its token       {token}
  API key         {key}

  # create somebody as Okta would
  curl -sS {base}/Users -H 'Authorization: Bearer {token}' \
    -H 'Content-Type: application/scim+json' \
    -d '{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"mary@okta.acme.example"}}'
  # everybody, as the admin API tells it
  curl -sS {url}/api/v1/organizations/{SLUG}/users -H 'Authorization: Bearer {key}'
  # the same from the command line
  ./target/release/usher --database-url sqlite://{database} user list --org {SLUG}

The database is {database} ({fate}). Ctrl-C ends the demo.
"#
    )
}
