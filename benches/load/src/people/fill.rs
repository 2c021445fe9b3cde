//! Fills an organization with users and groups whose names are known beforehand.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::header::RETRY_AFTER;
use serde::Deserialize;
use tokio::time::sleep;

use crate::command::{FillArguments, Server};
use crate::drive::{Amount, Lane, Workload, round};
use crate::failure::{Failure, Wrong, ensure};
use crate::http::{Answer, Asked, Connection, Origin};
use crate::people::{bulk, document, filled_name, found, ids};
use crate::report::real;
use crate::workload::group;

/// How long a server that is busy is waited for, where it does not say.
const BUSY: Duration = Duration::from_secs(1);
/// How often the progress is told: on a terminal, and in a log.
const TOLD: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// The answer to a message of /Bulk.
#[derive(Deserialize)]
pub(crate) struct BulkAnswer {
    #[serde(rename = "Operations")]
    operations: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    status: Status,
    response: Option<serde_json::Value>,
}

/// RFC 7644 §3.7 has it a text; some send a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Number(u16),
    Text(String),
}

/// The command.
pub(crate) async fn command(asked: FillArguments) -> Result<u64, Failure> {
    let users = Filling {
        users: asked.users,
        batch: asked.batch.max(1),
        lanes: asked.connections.max(1),
    };
    users.fill(&asked.server).await?;
    let origin = asked.server.origin()?;
    let mut connection = Connection::new(&origin, asked.server.patience());
    for number in 1..=asked.groups {
        let name = format!("load-fill-{number:05}");
        if found(&mut connection, "/Groups", "displayName", &name)
            .await?
            .total
            > 0
        {
            continue;
        }
        let members = ids(&mut connection, asked.members, None).await?;
        group::create(&mut connection, &name, &members).await?;
        eprintln!(
            "fill: group {number} of {}, {} members",
            asked.groups,
            members.len()
        );
    }
    Ok(0)
}

/// How many users are to be there, and how they come.
pub(crate) struct Filling {
    pub(crate) users: u64,
    pub(crate) batch: u64,
    pub(crate) lanes: usize,
}

impl Filling {
    /// Fills up to the number; what is there already stays.
    pub(crate) async fn fill(&self, server: &Server) -> Result<(), Failure> {
        let origin = server.origin()?;
        let mut connection = Connection::new(&origin, server.patience());
        let there = self.there(&mut connection).await?;
        if there >= self.users {
            eprintln!("fill: {} users are there", self.users);
            return Ok(());
        }
        // An earlier run may have ended in the middle of what its connections were doing.
        let begin = there.saturating_sub(self.batch * self.lanes as u64);
        let batches = (self.users - begin).div_ceil(self.batch);
        eprintln!("fill: {there} users are there, {} will be", self.users);
        let fill = Rc::new(Fill {
            origin,
            begin,
            users: self.users,
            batch: self.batch,
            done: Cell::new(begin),
            started: Instant::now(),
            told: Cell::new(Instant::now()),
        });
        let mut lanes = Lane::open(&fill.origin, self.lanes, server.patience());
        let amount = Amount::Operations(batches);
        let tally = round(&fill, &mut lanes, amount, &Rc::default()).await?;
        fill.tell();
        eprintln!();
        if tally.wrong > 0 {
            let first = tally.first.join("\n  ");
            return Err(Failure::new(format!(
                "{} of {batches} requests went wrong; run it again, it goes on where it ended:\n  {first}",
                tally.wrong
            )));
        }
        Ok(())
    }

    /// How many are there: names are given in order, so that the last one is found by halving.
    async fn there(&self, connection: &mut Connection) -> Result<u64, Failure> {
        let (mut there, mut missing) = (0, self.users + 1);
        while missing - there > 1 {
            let middle = u64::midpoint(there, missing);
            let name = filled_name(middle);
            if found(connection, "/Users", "userName", &name).await?.total > 0 {
                there = middle;
            } else {
                missing = middle;
            }
        }
        Ok(there)
    }
}

/// Batch after batch.
struct Fill {
    origin: Origin,
    begin: u64,
    users: u64,
    batch: u64,
    done: Cell<u64>,
    started: Instant,
    told: Cell<Instant>,
}

impl Workload for Fill {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn operate(&self, lane: &mut Lane, number: u64) -> Result<(), Wrong> {
        let first = self.begin + number * self.batch + 1;
        let last = (first + self.batch - 1).min(self.users);
        if self.batch == 1 {
            let body = document(&filled_name(first), "Engineer");
            let answer = patiently(lane, "/Users", &body).await?;
            answer.expect(&[201, 409])?;
        } else {
            let body = bulk((first..=last).map(filled_name));
            let answer = patiently(lane, "/Bulk", &body).await?;
            let answer: BulkAnswer = answer.expect(&[200])?.json()?;
            answer.expect((last + 1 - first) as usize, &["201", "409"])?;
        }
        self.done.set(self.done.get() + (last + 1 - first));
        let often = if stderr().is_terminal() {
            TOLD.0
        } else {
            TOLD.1
        };
        if self.told.get().elapsed() > often {
            self.told.set(Instant::now());
            self.tell();
        }
        Ok(())
    }
}

impl Fill {
    fn tell(&self) {
        let done = self.done.get();
        let rate = real(done - self.begin) / self.started.elapsed().as_secs_f64();
        let left = real(self.users.saturating_sub(done)) / rate.max(1.0);
        let (start, end) = if stderr().is_terminal() {
            ("\r", "   ")
        } else {
            ("", "\n")
        };
        eprint!(
            "{start}fill: {done} of {} users, {rate:.0}/s, {left:.0} s left{end}",
            self.users
        );
    }
}

/// Asks again while the server says that it is busy.
async fn patiently(lane: &mut Lane, path: &str, body: &str) -> Result<Answer, Wrong> {
    loop {
        let asked = Asked::post(path, body.to_owned());
        let answer = lane.connection.ask(asked).await?;
        if answer.status != 503 && answer.status != 429 {
            return Ok(answer);
        }
        let seconds = answer
            .header(RETRY_AFTER)
            .and_then(|said| said.parse().ok());
        sleep(seconds.map_or(BUSY, Duration::from_secs)).await;
    }
}

impl BulkAnswer {
    /// Goes on only if so many operations were answered, each so.
    pub(crate) fn expect(&self, count: usize, statuses: &[&str]) -> Result<(), Wrong> {
        let came = self.operations.len();
        ensure(came == count, || {
            format!("{count} operations were asked, {came} answered")
        })?;
        let bad = self.operations.iter().find(|outcome| {
            let status = outcome.status.text();
            !statuses.contains(&status.as_str())
        });
        bad.map_or(Ok(()), |bad| {
            let (status, said) = (bad.status.text(), &bad.response);
            Err(Wrong::new(format!(
                "an operation was answered by {status}: {said:?}"
            )))
        })
    }
}

impl Status {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}
