//! The command line: a command a file. A command reads its arguments, calls one function of
//! `provisioning` and prints what comes back; it opens the same store as the server and may run
//! beside it.

mod address_change;
mod app;
mod arguments;
mod audit;
mod break_glass;
mod completions;
mod config;
mod config_code;
mod conformance;
mod connection;
mod connection_demands;
mod connection_end;
mod connection_guide;
mod connection_key;
mod connection_metadata;
mod console_link;
mod demo;
mod doctor;
mod domain;
mod events;
mod failure;
mod import;
mod invite;
mod key;
mod link;
mod man;
mod mapping;
mod mapping_changes;
mod metadata;
mod migrate;
mod openapi;
mod opened;
mod org;
mod output;
mod ownership;
mod project;
mod recompute;
mod role;
mod safeguard;
mod scim;
mod scratch;
mod selftest;
mod serve;
mod setup_link;
mod share_webhook;
mod sign_ins;
mod token;
mod user;
mod user_data;
mod user_roles;
mod webhook;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Log, Origin, Sources};
use failure::{Failure, Outcome};
use opened::Opened;
use output::Output;

/// The value of `--json` that stands for standard output.
const STDOUT: &str = "-";

/// Usher: a SCIM 2.0 and SAML identity-provisioning gateway.
///
/// Identity providers push people and groups by SCIM and sign people in by SAML; Usher keeps who
/// is in, with which role and why, and hands the application behind a token.
///
/// First steps:
///   usher org create acme
///   usher connection create --org acme --name Okta --profile okta --trusted-domain acme.example
///   usher mapping add --connection ID --group Editors --role editor
///   usher serve
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 refused by a rule, 4 would change.
#[derive(Debug, Parser)]
#[command(
    name = "usher",
    version,
    verbatim_doc_comment,
    arg_required_else_help = true
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Args, Debug)]
struct Global {
    /// The settings file [default: usher.toml in the working directory, if there]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    /// Where everything is kept [environment: USHER_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL", help_heading = "Settings")]
    database_url: Option<String>,
    /// What every link is built from [environment: USHER_PUBLIC_URL]
    #[arg(long, global = true, value_name = "URL", help_heading = "Settings")]
    public_url: Option<String>,
    /// The file of the master key [environment: USHER_MASTER_KEY_FILE]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    master_key_file: Option<String>,
    /// What is logged to standard error, such as info or debug [environment: USHER_LOG]
    #[arg(long, global = true, value_name = "FILTER", help_heading = "Settings")]
    log: Option<String>,
    /// Print exactly one JSON document on standard output
    ///
    /// Only a command that says so takes a file.
    #[arg(
        long,
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = STDOUT,
        value_name = "FILE",
        help_heading = "Output"
    )]
    json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    #[command(subcommand)]
    Org(org::Org),
    #[command(subcommand)]
    Connection(connection::Connection),
    #[command(subcommand)]
    Domain(domain::Domain),
    #[command(subcommand)]
    SetupLink(setup_link::SetupLink),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Scim(scim::Scim),
    SignIns(sign_ins::SignIns),
    Selftest(selftest::Selftest),
    #[command(subcommand)]
    Role(role::Role),
    #[command(subcommand)]
    Project(project::Project),
    #[command(subcommand)]
    Mapping(mapping::Mapping),
    Import(import::Import),
    #[command(subcommand)]
    Invite(invite::Invite),
    #[command(subcommand)]
    App(app::App),
    #[command(subcommand)]
    Key(key::Key),
    ConsoleLink(console_link::ConsoleLink),
    #[command(subcommand)]
    User(user::User),
    Events(events::Events),
    #[command(subcommand)]
    Link(link::Link),
    #[command(subcommand)]
    Safeguard(safeguard::Safeguard),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    Openapi(openapi::OpenApi),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    #[command(subcommand)]
    Config(config::Settings),
    #[command(subcommand)]
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    Conformance(conformance::Conformance),
}

/// Runs the command of this process's command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.global.json.as_deref().is_some_and(|it| it == STDOUT));
    let failure = match start(cli, output) {
        Ok(outcome) => return outcome.into(),
        Err(failure) => failure,
    };
    if !matches!(failure, Failure::Unread) {
        // Where even this cannot be written, the exit code says it.
        let _ = writeln!(io::stderr(), "usher: {failure}");
        if output.is_json() {
            let _ = Output::line(&failure.document());
        }
    }
    failure.code()
}

fn start(cli: Cli, output: Output) -> Result<Outcome, Failure> {
    let to_file = cli.global.json.as_deref().is_some_and(|it| it != STDOUT);
    if to_file && !matches!(cli.command, Command::Conformance(_)) {
        let why = "--json prints on standard output; this command writes no file";
        return Err(Failure::Usage(why.to_owned()));
    }
    match &cli.command {
        Command::Completions(completions) => return completions.run(output),
        Command::Man(man) => return man.run(output),
        _ => {}
    }
    let config = settings(&cli)?;
    log(&config, &cli.command)?.start();
    // The XML libraries are started while there is one thread only.
    crate::saml::quiet::initialise();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::File(format!("cannot start: {error}")))?;
    runtime.block_on(dispatch(cli.command, config, output))
}

fn settings(cli: &Cli) -> Result<Config, Failure> {
    let global = &cli.global;
    let mut flags: Vec<(String, String)> = Vec::new();
    let mut flag = |key: &str, value: Option<&String>| {
        flags.extend(value.map(|value| (key.to_owned(), value.clone())));
    };
    flag("database_url", global.database_url.as_ref());
    flag("public_url", global.public_url.as_ref());
    flag("master_key_file", global.master_key_file.as_ref());
    flag("log", global.log.as_ref());
    if let Command::Serve(serve) = &cli.command {
        flag("listen", serve.listen.as_ref());
    }
    Ok(Config::load(&Sources::of_process(
        global.config.clone(),
        flags,
    ))?)
}

/// The log's settings: a command, unlike the server, says only what is wrong unless it is told
/// otherwise.
fn log(config: &Config, command: &Command) -> Result<Log, Failure> {
    let mut log = config.log.clone();
    let said = config.describe();
    let silent = said
        .iter()
        .any(|s| s.key == "log" && s.origin == Origin::Default);
    if silent && !matches!(command, Command::Serve(_)) {
        log.filter = "warn".parse().map_err(Failure::Usage)?;
    }
    Ok(log)
}

async fn dispatch(command: Command, config: Config, output: Output) -> Result<Outcome, Failure> {
    match command {
        Command::Serve(_) => serve::run(&config).await,
        Command::Demo(demo) => demo.run(&config, output.is_json()).await,
        Command::Migrate(migrate) => migrate.run(&config, output).await,
        Command::Config(settings) => Box::pin(settings.run(config, output)).await,
        Command::Openapi(_) => openapi::run(),
        Command::Doctor(doctor) => doctor.run(&config, output).await,
        Command::Conformance(conformance) => Box::pin(conformance.run(output)).await,
        Command::Import(import) => Box::pin(import.run(config, output)).await,
        command => {
            let opened = Opened::open(config, output).await?;
            opened_command(command, &opened).await
        }
    }
}

async fn opened_command(command: Command, opened: &Opened) -> Result<Outcome, Failure> {
    match command {
        Command::Org(org) => Box::pin(org.run(opened)).await?,
        Command::Connection(connection) => return Box::pin(connection.run(opened)).await,
        Command::Domain(domain) => Box::pin(domain.run(opened)).await?,
        Command::Token(token) => Box::pin(token.run(opened)).await?,
        Command::Scim(scim) => return Box::pin(scim.run(opened)).await,
        Command::SignIns(sign_ins) => Box::pin(sign_ins.run(opened)).await?,
        Command::Selftest(selftest) => return Box::pin(selftest.run(opened)).await,
        Command::Role(role) => return Box::pin(role.run(opened)).await,
        Command::Project(project) => Box::pin(project.run(opened)).await?,
        Command::Mapping(mapping) => return Box::pin(mapping.run(opened)).await,
        Command::Invite(invite) => return Box::pin(invite.run(opened, &opened.links)).await,
        Command::App(app) => Box::pin(app.run(opened)).await?,
        Command::Key(key) => Box::pin(key.run(opened)).await?,
        Command::SetupLink(link) => link.run(opened).await?,
        Command::ConsoleLink(link) => link.run(opened).await?,
        Command::User(user) => Box::pin(user.run(opened)).await?,
        Command::Events(events) => Box::pin(events.run(opened)).await?,
        Command::Link(link) => Box::pin(link.run(opened)).await?,
        Command::Safeguard(safeguard) => return Box::pin(safeguard.run(opened)).await,
        Command::Audit(audit) => return Box::pin(audit.run(opened)).await,
        Command::Webhook(webhook) => Box::pin(webhook.run(opened)).await?,
        // These were run before anything was opened.
        Command::Completions(_)
        | Command::Man(_)
        | Command::Serve(_)
        | Command::Demo(_)
        | Command::Migrate(_)
        | Command::Config(_)
        | Command::Doctor(_)
        | Command::Conformance(_)
        | Command::Import(_)
        | Command::Openapi(_) => {}
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn json_goes_to_standard_output_or_to_a_file() {
        let check = ["conformance", "scim", "--base-url", "u", "--token", "t"];
        let json = |before: &[&'static str], after: &[&'static str]| {
            let words = [&["usher"], before, after].concat();
            Cli::try_parse_from(words).map(|cli| cli.global.json.unwrap_or_default())
        };
        for (before, after, expected) in [
            (&["org", "list"][..], &[][..], ""),
            (&["--json", "org"], &["list"], "-"),
            (&["org", "list"], &["--json"], "-"),
            (&check, &[], ""),
            (&check, &["--json"], "-"),
            (&check, &["--json", "file"], "file"),
            (&["--json"], &check, "-"),
        ] {
            let found = json(before, after).expect("the line can be read");
            assert_eq!(found.to_str(), Some(expected), "{before:?} {after:?}");
        }
        assert!(json(&["org", "list"], &["--json", "file"]).is_err());
    }

    #[test]
    fn every_command_and_argument_is_explained() {
        fn walk(command: &clap::Command) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} is not explained");
            for argument in command.get_arguments() {
                let id = argument.get_id();
                assert!(
                    argument.get_help().is_some(),
                    "{id} of {name} is not explained"
                );
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&Cli::command());
    }
}
