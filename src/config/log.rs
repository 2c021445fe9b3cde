//! What is logged, and how. Logs go to standard error: standard output belongs to answers.
//!
//! Below `info` only Usher speaks. A database driver tells every value that it binds there, a web
//! server every header: no filter that somebody sets while looking for a fault may bring them out.

use std::fmt;
use std::io::{self, IsTerminal};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Filter, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The settings of the log.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Which events are written.
    pub filter: LogFilter,
    /// How they are written.
    pub format: Format,
}

/// The shape of a line of the log.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Text,
}

impl Log {
    /// Sends this process's log to standard error. A second call changes nothing.
    pub fn start(&self) {
        let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
        let lines = match self.format {
            Format::Json => lines.json().flatten_event(true).boxed(),
            Format::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        };
        let log = tracing_subscriber::registry().with(lines.with_filter(self.heard()));
        // Failing means that a log was started already, as tests do.
        let _ = log.try_init();
    }

    /// What the filter asks for, of what may be heard at all.
    fn heard<S>(&self) -> impl Filter<S> + Send + Sync + 'static
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let wanted = EnvFilter::new(&self.filter.0);
        let most = wanted.max_level_hint().unwrap_or(LevelFilter::TRACE);
        // The hint spares the libraries from putting into words what nobody hears.
        let allowed = filter_fn(move |event| *event.level() <= most && may_speak(event))
            .with_max_level_hint(most);
        wanted.and(allowed)
    }
}

/// Usher at every level, everybody else from `info` upwards.
fn may_speak(event: &Metadata<'_>) -> bool {
    let ours = event.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
    ours || *event.level() <= Level::INFO
}

/// A filter of events that is known to parse, such as `info` or `usher::http=debug,warn`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogFilter(String);

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        EnvFilter::builder()
            .parse(text)
            .map_err(|error| error.to_string())?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for LogFilter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LogFilter> for String {
    fn from(filter: LogFilter) -> Self {
        filter.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(filter: &str) -> String {
        let log = Log {
            filter: filter.parse().unwrap(),
            format: Format::Text,
        };
        let written = Written::default();
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(log.heard()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "driver::query", "said-info");
            tracing::debug!(target: "driver::query", "bound-debug");
            tracing::trace!(target: "usherette", "other-trace");
            tracing::debug!(target: "usher::http", "own-debug");
            tracing::trace!(target: "usher", "own-trace");
        });
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn libraries_are_heard_from_info_upwards_whatever_the_filter_says() {
        for (filter, heard) in [
            ("info", vec!["said-info"]),
            ("usher=debug", vec!["own-debug"]),
            ("trace", vec!["said-info", "own-debug", "own-trace"]),
            ("driver::query=trace", vec!["said-info"]),
            ("off", vec![]),
        ] {
            let lines = lines(filter);
            let all = [
                "said-info",
                "bound-debug",
                "other-trace",
                "own-debug",
                "own-trace",
            ];
            for word in all {
                assert_eq!(
                    lines.contains(word),
                    heard.contains(&word),
                    "{filter}: {lines}"
                );
            }
        }
    }
}
