//! `usher man`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use serde_json::json;

use crate::cli::Cli;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;

/// Print usher's manual page, or write one for each command
///
/// Examples:
///   usher man > usher.1
///   usher man --dir /usr/local/share/man/man1
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Man {
    /// Write usher.1 and a page for each command into this folder, and tell how many
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(&self, output: Output) -> Result<Outcome, Failure> {
        let mut usher = Cli::command().disable_help_subcommand(true);
        usher.build();
        if let Some(folder) = &self.dir {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
            let pages = write(&usher, folder)?;
            output.record(&json!({"dir": folder.to_string_lossy(), "pages": pages}))?;
        } else if output.is_json() {
            output.record(&json!({"text": page(&usher)?}))?;
        } else {
            Output::print(&page(&usher)?)?;
        }
        Ok(Outcome::Done)
    }
}

/// Writes the pages of a command and of those below it; answers how many there are.
fn write(command: &Command, folder: &Path) -> Result<usize, Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let file = folder.join(format!("{name}.1"));
    fs::write(&file, page(command)?).map_err(|error| unwritable(&file, &error))?;
    let mut pages = 1;
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        pages += write(below, folder)?;
    }
    Ok(pages)
}

/// The page of a command.
fn page(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::File(format!("cannot write {}: {error}", path.display()))
}
