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
    let (database, folder) = (stage.database_url(), stage.folder().display());
    let fate = if stage.is_temporary() {
        "removed at the end"
    } else {
        "kept"
    };
    let program = std::env::current_exe();
    let program = program.map_or("usher".to_owned(), |path| path.display().to_string());
    let margaret = MARGARET.name();
    let link = stage.link().unwrap_or_default();
    let outbox = stage.outbox();
    let outbox = outbox.display();
    format!(
        r#"
Try it by hand

  Usher           {url}
  API reference   {url}/docs
  Sign in         {others}/ (open it in a browser; {margaret} is let in, Ada is not)
  Invitation      {link} (Joan's; she has not answered yet)
  Mails           {outbox}
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
  {program} --database-url {database} user list --org {SLUG}

The data is in {folder} ({fate}). Ctrl-C ends the demo.
"#
    )
}
