//! `usher demo`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::failure::{Failure, Outcome};
use crate::config::Config;
use crate::demo::{self, Options};

/// See Usher at work: real SCIM and SAML traffic against a server of its own
///
/// Starts a server on a loopback address with a database in a temporary folder, sets up an
/// organization with an Okta and an Entra connection, plays both directories' SCIM sequences,
/// signs a person in by SAML, hands the application a token, deactivates the person and shows that
/// nothing of it works any more. Then people come by a CSV file and a mailed invitation. The server
/// stays up to be tried by hand, until Ctrl-C.
///
/// Exit code 1 names the step that did not go as it should.
///
/// Examples:
///   usher demo
///   usher demo --exit --json
///   usher demo --exit --fault bad-signature
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Demo {
    /// End after the last step instead of staying up
    #[arg(long)]
    exit: bool,
    /// Do something wrong, to see that it is noticed
    #[arg(long, value_name = "FAULT")]
    fault: Option<Fault>,
    /// Keep the data in this folder, which has no database yet [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Fault {
    /// Change the signature of the SAML response
    BadSignature,
    /// Leave out the rules which role a group gives
    NoMapping,
}

impl Demo {
    pub(super) async fn run(self, config: &Config, json: bool) -> Result<Outcome, Failure> {
        let options = Options {
            exit: self.exit,
            json,
            fault: self.fault.map(|fault| match fault {
                Fault::BadSignature => demo::Fault::BadSignature,
                Fault::NoMapping => demo::Fault::NoMapping,
            }),
            data: self.data,
            listen: config.server.listen,
        };
        let good = Box::pin(demo::run(options)).await?;
        Ok(if good { Outcome::Done } else { Outcome::Failed })
    }
}
