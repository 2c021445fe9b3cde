//! The command line.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::bench::Bench;
use crate::drive::Amount;
use crate::failure::Failure;
use crate::http::Origin;
use crate::machine::Watched;
use crate::report::Engine;
use crate::workload::Name;

/// Loads a SCIM 2.0 server and a SAML service provider, and tells what an operation costs
///
/// One thread asks over kept HTTP connections and checks every answer. CPU time is read from /proc
/// for the server and its database; the tool's own is told apart. Exit: 0, 1 when an answer was
/// wrong or something failed, 2 for wrong arguments.
#[derive(Parser)]
#[command(name = "usher-load", version)]
pub(crate) struct Program {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Fill an organization with users, and groups, whose names `run` knows
    Fill(FillArguments),
    /// Fill to one size after the other and measure W2 to W6 at each
    Growth(Box<GrowthArguments>),
    /// Measure a server that says hello and does nothing: the machine's limit
    Hello(HelloArguments),
    /// Write the rows of W1 without a server: the database's limit
    Raw(RawArguments),
    /// Measure workloads
    ///
    /// Example:
    ///   usher-load run --base-url http://127.0.0.1:8080/scim/ID/v2 --token scim_... \
    ///     --workloads W1,W2,W3 --pid $(pgrep -x usher) --engine sqlite --targets
    #[command(verbatim_doc_comment)]
    Run(Box<RunArguments>),
}

/// The server.
#[derive(Args, Clone)]
pub(crate) struct Server {
    /// The SCIM base URL, as `usher connection create` prints it
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// The bearer token; leave it out for a server that asks for none
    #[arg(long, env = "USHER_LOAD_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,

    /// Seconds after which an answer counts as none
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) timeout: u64,
}

/// What is watched.
#[derive(Args, Clone)]
pub(crate) struct Processes {
    /// A process with its children: the first one is the server's, any further ones the database's
    #[arg(long = "pid", value_name = "PID")]
    pub(crate) pids: Vec<u32>,

    /// A name of processes that are the database's, with their children; may be given several times
    #[arg(long = "process-name", value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// How much is measured.
#[derive(Args, Clone)]
pub(crate) struct Size {
    /// Connections that ask at the same time
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) connections: usize,

    /// Operations of a round; W8 and W7 do a quarter, W9 and W6's creation of groups a hundredth
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4_000,
        conflicts_with = "seconds"
    )]
    pub(crate) operations: u64,

    /// Seconds of a round, instead of operations
    #[arg(long, value_name = "SECONDS")]
    pub(crate) seconds: Option<f64>,

    /// Rounds: their median counts
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) repeat: usize,

    /// Operations before the first round, with the same shares
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub(crate) warm_up: u64,
}

/// Which groups are made.
#[derive(Args, Clone)]
pub(crate) struct Groups {
    /// Sizes of the groups of W6; those above the number of users are left out
    #[arg(
        long,
        value_name = "N,N",
        value_delimiter = ',',
        default_value = "100,1000,10000,100000"
    )]
    pub(crate) group_sizes: Vec<usize>,
}

/// What is printed.
#[derive(Args, Clone)]
pub(crate) struct Printed {
    /// Print one JSON document instead of a table
    #[arg(long)]
    pub(crate) json: bool,

    /// Show what must be reached beside what was, and their ratio
    #[arg(long)]
    pub(crate) targets: bool,

    /// The database behind the server: whose targets hold
    #[arg(long, value_name = "ENGINE", default_value = "sqlite")]
    pub(crate) engine: Engine,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) server: Server,
    /// Which workloads, in this order
    #[arg(long, value_delimiter = ',', ignore_case = true, required = true)]
    pub(crate) workloads: Vec<Name>,

    #[command(flatten)]
    pub(crate) groups: Groups,
    #[command(flatten)]
    pub(crate) size: Size,
    #[command(flatten)]
    pub(crate) processes: Processes,
    #[command(flatten)]
    pub(crate) printed: Printed,
    #[command(flatten)]
    pub(crate) sign_in: SignInArguments,
}

/// What S1 and S2 need.
#[derive(Args, Clone)]
#[command(next_help_heading = "Sign-ins (S1, S2)")]
pub(crate) struct SignInArguments {
    /// The assertion consumer service
    #[arg(long, value_name = "URL")]
    pub(crate) acs: Option<String>,

    /// The identity provider's private key, RSA, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) idp_key: Option<PathBuf>,

    /// Its certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) idp_cert: Option<PathBuf>,

    /// Its entity id
    #[arg(long, value_name = "URI")]
    pub(crate) idp_entity_id: Option<String>,

    /// The service provider's entity id: the audience
    #[arg(long, value_name = "URI")]
    pub(crate) sp_entity_id: Option<String>,

    /// Bytes of a response as XML
    #[arg(long, value_name = "BYTES", default_value_t = 6_700)]
    pub(crate) response_bytes: usize,

    /// How many people sign in, in turn: user-0000001@load.example and those that follow
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) visitors: u64,

    /// The app's client id (S2)
    #[arg(long)]
    pub(crate) client_id: Option<String>,

    /// The app's secret (S2)
    #[arg(long, env = "USHER_LOAD_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) client_secret: Option<String>,

    /// A redirect URI of the app (S2); nobody listens there
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<String>,
}

#[derive(Args)]
pub(crate) struct FillArguments {
    #[command(flatten)]
    pub(crate) server: Server,

    /// How many users there are to be; what is there already stays
    #[arg(long, value_name = "N")]
    pub(crate) users: u64,

    /// Users of a bulk request; 1 creates them one by one, for a server without /Bulk
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) batch: u64,

    /// Connections that fill at the same time
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) connections: usize,

    /// How many groups there are to be, too
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) groups: usize,

    /// Members of each group: the first users of the list
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) members: usize,
}

#[derive(Args)]
pub(crate) struct GrowthArguments {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Numbers of users, from small to large
    #[arg(
        long,
        value_name = "N,N",
        value_delimiter = ',',
        default_value = "1000,10000,100000,1000000"
    )]
    pub(crate) sizes: Vec<u64>,

    /// Which workloads
    #[arg(
        long,
        value_delimiter = ',',
        ignore_case = true,
        default_value = "W2,W3,W4,W5,W6"
    )]
    pub(crate) workloads: Vec<Name>,

    #[command(flatten)]
    pub(crate) groups: Groups,

    /// Users of a bulk request while filling; 1 creates them one by one
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) batch: u64,

    #[command(flatten)]
    pub(crate) size: Size,
    #[command(flatten)]
    pub(crate) processes: Processes,
    #[command(flatten)]
    pub(crate) printed: Printed,
}

#[derive(Args)]
pub(crate) struct HelloArguments {
    #[command(flatten)]
    pub(crate) size: Size,
    #[command(flatten)]
    pub(crate) printed: Printed,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("database").required(true).args(["sqlite", "postgres"]))]
pub(crate) struct RawArguments {
    /// A new SQLite file to write to; it must not be there, and goes afterwards
    #[arg(long, value_name = "PATH", requires = "from")]
    pub(crate) sqlite: Option<PathBuf>,

    /// The SQLite file of an Usher that has done W1: whose rows are written again
    #[arg(long, value_name = "PATH")]
    pub(crate) from: Option<PathBuf>,

    /// The PostgreSQL database of an Usher that has done W1, as a superuser, who sees every row; a schema usher_load_raw is made in it, and goes afterwards
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    pub(crate) postgres: Option<String>,

    /// The table that has one row for every user
    #[arg(long, value_name = "TABLE", default_value = "scim_users")]
    pub(crate) base: String,

    /// Users whose rows a round writes, if there are as many
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) users: u64,

    /// Users that a transaction holds (SQLite)
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) batch: u64,

    /// Numbers of clients of pgbench (PostgreSQL)
    #[arg(
        long,
        value_name = "N,N",
        value_delimiter = ',',
        default_value = "16,64"
    )]
    pub(crate) clients: Vec<u64>,

    /// Rounds: their median counts
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) repeat: usize,

    /// The name of the database's processes (PostgreSQL)
    #[arg(long = "process-name", value_name = "NAME", default_value = "postgres")]
    pub(crate) name: String,

    /// Print one JSON document instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

impl Server {
    /// Where its requests go.
    pub(crate) fn origin(&self) -> Result<Origin, Failure> {
        let missing =
            || Failure::new("no SCIM server: give --base-url, and --token if it asks for one");
        let url = self.base_url.as_deref().ok_or_else(missing)?;
        Ok(Origin::parse(url)?.bearer(self.token.as_deref()))
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

impl Size {
    /// How everything is measured, while these are watched.
    pub(crate) fn bench(&self, watched: Watched, patience: Duration) -> Result<Bench, Failure> {
        let amount = match self.seconds {
            None => Amount::Operations(self.operations.max(1)),
            Some(seconds) => Duration::try_from_secs_f64(seconds)
                .map(Amount::Seconds)
                .map_err(|_| Failure::new("--seconds must be more than 0"))?,
        };
        Ok(Bench {
            amount,
            connections: self.connections.max(1),
            repeat: self.repeat.max(1),
            warm_up: self.warm_up,
            patience,
            watched,
            peak: Rc::default(),
            wrong: Rc::default(),
        })
    }
}

impl Processes {
    /// What is watched; everything named must be there.
    pub(crate) fn watched(&self) -> Result<Watched, Failure> {
        let watched = Watched {
            server: self.pids.first().copied(),
            thread: None,
            database: self.pids.iter().skip(1).copied().collect(),
            names: self.names.clone(),
        };
        watched.check()?;
        if !watched.has_processes() {
            eprintln!("no --pid and no --process-name: no CPU time of the server is told");
        }
        Ok(watched)
    }
}
