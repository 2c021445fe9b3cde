//! `usher completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;

use crate::cli::Cli;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;

/// Print a script by which a shell completes usher's commands and options
///
/// Examples:
///   usher completions bash > /etc/bash_completion.d/usher
///   usher completions fish > ~/.config/fish/completions/usher.fish
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, output: Output) -> Result<Outcome, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "usher", &mut script);
        let script = String::from_utf8_lossy(&script);
        if output.is_json() {
            output.record(&json!({"shell": self.shell.to_string(), "text": script}))?;
        } else {
            Output::print(&script)?;
        }
        Ok(Outcome::Done)
    }
}
