//! The load tool: one thread asks a SCIM server and a SAML service provider, checks every answer, and tells
//! what an operation costs the server and its database. README.md beside it says how to read the figures.

mod bench;
mod clock;
mod command;
mod drive;
mod failure;
mod growth;
mod hello;
mod http;
mod machine;
mod people;
mod raw;
mod report;
mod run;
mod saml;
mod workload;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime;
use tokio::task::LocalSet;

use crate::command::{Command, Program};
use crate::failure::Failure;

fn main() -> ExitCode {
    let program = Program::parse();
    match perform(program.command) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            eprintln!("usher-load: {wrong} wrong answers; the first are named above");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("usher-load: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked; answers how many answers were wrong.
fn perform(command: Command) -> Result<u64, Failure> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the runtime does not start: {error}")))?;
    let work = async {
        match command {
            Command::Fill(asked) => people::fill::command(asked).await,
            Command::Growth(asked) => growth::command(*asked).await,
            Command::Hello(asked) => hello::command(asked).await,
            Command::Raw(asked) => raw::command(asked),
            Command::Run(asked) => run::command(*asked).await,
        }
    };
    LocalSet::new().block_on(&runtime, work)
}
