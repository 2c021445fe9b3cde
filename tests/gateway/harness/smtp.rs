//! A relay that does what the receiver's address says: `later`, `busy`, `never`, `unwanted` and
//! `drop` are refused or cut off, once or for good; `slow` waits before each answer.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use usher::worker::mail::Route;
use usher::worker::smtp::{self, Security};

/// A mail that the relay took.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taken {
    pub(crate) id: String,
    pub(crate) recipient: String,
    pub(crate) text: String,
}

#[derive(Default)]
struct Seen {
    taken: Vec<Taken>,
    connections: usize,
    tries: BTreeMap<String, usize>,
}

/// The relay.
#[derive(Clone)]
pub(crate) struct Relay {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl Relay {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let relay = Self { port, seen };
        let served = relay.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, relay) = (stream.unwrap(), served.clone());
                relay.seen.lock().unwrap().connections += 1;
                // Whoever hangs up in the middle ends their conversation, not the relay.
                thread::spawn(move || relay.talk(stream).ok());
            }
        });
        relay
    }

    pub(crate) fn route(&self) -> Route {
        Route::Relay(smtp::Relay {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: Security::Plain,
            credentials: None,
        })
    }

    /// What was taken, in order.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.seen.lock().unwrap().taken.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// Whether this is the first time for this receiver.
    fn first(&self, recipient: &str) -> bool {
        let mut seen = self.seen.lock().unwrap();
        let tries = seen.tries.entry(recipient.to_owned()).or_default();
        *tries += 1;
        *tries == 1
    }

    fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut out = stream.try_clone()?;
        let mut lines = BufReader::new(stream).lines();
        let mut recipient = String::new();
        let mut say = |text: &str| out.write_all(format!("{text}\r\n").as_bytes());
        say("220 relay.example ready")?;
        while let Some(line) = lines.next().transpose()? {
            if recipient.starts_with("slow") {
                thread::sleep(Duration::from_millis(50));
            }
            let verb = line.split([' ', ':']).next().unwrap().to_uppercase();
            match verb.as_str() {
                "EHLO" => say("250-relay.example\r\n250-8BITMIME\r\n250 SMTPUTF8")?,
                "RCPT" => {
                    let address = line.split(['<', '>']).nth(1).unwrap();
                    recipient = address.to_owned();
                    if address.starts_with("never") {
                        say("550 5.1.1 <someone@else.example>: no such user")?;
                    } else if address.starts_with("later") && self.first(address) {
                        say("451 4.7.1 greylisted")?;
                    } else {
                        say("250 2.1.5 ok")?;
                    }
                }
                "DATA" => {
                    say("354 go on")?;
                    let mut text = String::new();
                    loop {
                        let Some(line) = lines.next().transpose()? else {
                            return Ok(());
                        };
                        if line == "." {
                            break;
                        }
                        text += line.strip_prefix('.').unwrap_or(&line);
                        text.push('\n');
                    }
                    if recipient.starts_with("busy") && self.first(&recipient) {
                        say("452 4.3.1 too much of it")?;
                    } else if recipient.starts_with("unwanted") {
                        say("554 5.7.1 we do not like it")?;
                    } else {
                        self.take(&recipient, text);
                        if recipient.starts_with("drop") && self.first(&recipient) {
                            return Ok(());
                        }
                        say("250 2.0.0 queued as 4B1")?;
                    }
                }
                "QUIT" => return say("221 bye"),
                _ => say("250 ok")?,
            }
        }
        Ok(())
    }

    fn take(&self, recipient: &str, text: String) {
        let id = text.lines().find_map(|it| it.strip_prefix("Message-ID: "));
        self.seen.lock().unwrap().taken.push(Taken {
            id: id.unwrap().to_owned(),
            recipient: recipient.to_owned(),
            text,
        });
    }
}
