//! TXT records as a name server tells them (RFC 1035): asked for by TCP, into whose answers nobody
//! speaks who does not sit on the way (RFC 5452 §9). A server that speaks none is asked by UDP, and
//! believed where two exchanges, which have nothing in common, say the same.

mod answer;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use simple_dns::RCODE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use self::answer::{Answer, Asked, LARGEST};
use crate::config::NameServer;

/// How long it may take to reach a server by TCP.
const REACH: Duration = Duration::from_secs(2);
/// How long it may then take to answer: it asks others.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a datagram is waited for.
const DATAGRAM: Duration = Duration::from_secs(2);
/// How often is asked by UDP: datagrams get lost.
const TRIES: usize = 3;
/// Datagrams that are no answer to the question, after which no more are heard: somebody guesses.
const STRAYS: usize = 10;

/// Why it is not known what a name has.
#[derive(Clone, Debug)]
pub struct Fault {
    server: Option<SocketAddr>,
    said: Said,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// The server says that something is wrong.
    Code(RCODE),
    /// No answer is there that is good.
    Nothing(String),
}

impl Fault {
    /// The same for whoever need not know what we are made of.
    pub fn outwardly(&self) -> String {
        match &self.said {
            Said::Code(_) => self.said.to_string(),
            Said::Nothing(_) => "no good answer came from the name server".to_owned(),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "the name server says {code:?}"),
            Self::Nothing(said) => f.write_str(said),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(server) = self.server {
            write!(f, "{server}: ")?;
        }
        self.said.fmt(f)
    }
}

impl From<io::Error> for Said {
    fn from(error: io::Error) -> Self {
        Self::Nothing(error.to_string())
    }
}

/// A name server that looks names up for others.
#[derive(Clone, Copy, Debug)]
pub struct Resolver(SocketAddr);

impl Resolver {
    /// This name server; without one, the first that the system names (resolv.conf).
    ///
    /// # Errors
    ///
    /// Where the system names none.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, Fault> {
        let none = |said: String| Fault {
            server: None,
            said: Said::Nothing(said),
        };
        if let Some(address) = server {
            return Ok(Self(address));
        }
        let text = std::fs::read_to_string("/etc/resolv.conf");
        let text = text.map_err(|it| none(format!("/etc/resolv.conf cannot be read: {it}")))?;
        let named = named_in(&text).map(|it| Self(it.0));
        named.ok_or_else(|| none("/etc/resolv.conf names no server".to_owned()))
    }

    /// The TXT records of a name, each as one text; none where there is no such name. Each question
    /// takes an id, which tells its answer from others (RFC 1035 §4.1.1): random, so that nobody can
    /// answer who does not see the question.
    ///
    /// # Errors
    ///
    /// Where no good answer came, or the name server says that something is wrong.
    pub async fn texts(
        self,
        name: &str,
        id: impl FnMut() -> u16 + Send,
    ) -> Result<Vec<String>, Fault> {
        let found = self.found(name, id).await;
        found.map_err(|said| Fault {
            server: Some(self.0),
            said,
        })
    }

    async fn found(
        self,
        name: &str,
        mut id: impl FnMut() -> u16 + Send,
    ) -> Result<Vec<String>, Said> {
        let asked = Asked::new(name)?;
        match self.by_tcp(&asked, id()).await? {
            Some(texts) => Ok(texts),
            None => self.by_udp(&asked, id).await,
        }
    }

    /// `None` where the server speaks no TCP: nobody is there, or hangs up.
    async fn by_tcp(self, asked: &Asked<'_>, id: u16) -> Result<Option<Vec<String>>, Said> {
        let nothing = |said: &str| Err(Said::Nothing(said.to_owned()));
        let Ok(Ok(stream)) = timeout(REACH, TcpStream::connect(self.0)).await else {
            return Ok(None);
        };
        let answer = match timeout(PATIENCE, exchange(stream, &asked.octets(id)?)).await {
            Ok(Ok(Some(answer))) => answer,
            Ok(Ok(None)) => return nothing("the answer is too large"),
            Ok(Err(_)) => return Ok(None),
            Err(_) => return nothing("no answer came by TCP"),
        };
        match asked.read(&answer, id) {
            Some(Ok(Answer::Texts(texts))) => Ok(Some(texts)),
            Some(Err(said)) => Err(said),
            Some(Ok(Answer::Cut)) | None => nothing("something else was answered"),
        }
    }

    async fn by_udp(
        self,
        asked: &Asked<'_>,
        mut id: impl FnMut() -> u16 + Send,
    ) -> Result<Vec<String>, Said> {
        let nothing = |said: &str| Said::Nothing(said.to_owned());
        let mut first: Option<Vec<String>> = None;
        let mut last = nothing("no answer came");
        for _ in 0..TRIES {
            let mut texts = match timeout(DATAGRAM, self.datagram(asked, id())).await {
                Ok(Ok(Ok(Answer::Texts(texts)))) => texts,
                Ok(Ok(Ok(Answer::Cut))) => return Err(nothing("the answer fits no datagram")),
                Ok(Ok(Err(said))) => return Err(said),
                Ok(Err(error)) => {
                    last = error.into();
                    continue;
                }
                Err(_) => continue,
            };
            texts.sort_unstable();
            match &first {
                None => first = Some(texts),
                Some(first) if *first == texts => return Ok(texts),
                Some(_) => return Err(nothing("two answers differ")),
            }
        }
        Err(last)
    }

    /// One question by UDP, from a socket of its own, and the answer to it.
    async fn datagram(self, asked: &Asked<'_>, id: u16) -> io::Result<Result<Answer, Said>> {
        let any: IpAddr = match self.0 {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let question = match asked.octets(id) {
            Ok(question) => question,
            Err(said) => return Ok(Err(said)),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        // From here on only the server is heard.
        socket.connect(self.0).await?;
        socket.send(&question).await?;
        let mut answer = vec![0; LARGEST];
        for _ in 0..STRAYS {
            let length = socket.recv(&mut answer).await?;
            let (came, _) = answer.split_at(length);
            if let Some(read) = asked.read(came, id) {
                return Ok(read);
            }
        }
        let said = "too much came that is no answer";
        Ok(Err(Said::Nothing(said.to_owned())))
    }
}

/// One question by TCP, with its length in front (RFC 1035 §4.2.2); `None` where the answer is too
/// large.
async fn exchange(mut stream: TcpStream, question: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
    stream
        .write_all(&[&length.to_be_bytes(), question].concat())
        .await?;
    let length = usize::from(stream.read_u16().await?);
    if length > LARGEST {
        return Ok(None);
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    Ok(Some(answer))
}

/// The TXT records of a name, as this name server tells them, or else the system's: see
/// [`Resolver::new`] and [`Resolver::texts`].
///
/// # Errors
///
/// As these two.
pub async fn texts(
    server: Option<SocketAddr>,
    name: &str,
    id: impl FnMut() -> u16 + Send,
) -> Result<Vec<String>, Fault> {
    Resolver::new(server)?.texts(name, id).await
}

/// The first server that a resolv.conf names.
fn named_in(text: &str) -> Option<NameServer> {
    let mut addresses = text.lines().filter_map(|line| {
        let address = line.trim().strip_prefix("nameserver")?;
        // What follows a zone is the name of a link.
        let address = address.trim().split('%').next()?;
        address.parse().ok()
    });
    addresses.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_first_one_is_taken() {
        for (text, expected) in [
            ("# none\nsearch acme.example\n", None),
            (
                "options edns0\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n",
                Some("192.0.2.1"),
            ),
            ("  nameserver\tfe80::1%eth0\n", Some("fe80::1")),
        ] {
            let expected = expected.map(|it| it.parse().unwrap());
            assert_eq!(named_in(text), expected, "{text}");
        }
    }

    #[test]
    fn the_server_is_named_to_the_operator_alone() {
        let server = Some("192.0.2.53:53".parse().unwrap());
        for said in [
            Said::Code(RCODE::ServerFailure),
            Said::Nothing("Connection refused".to_owned()),
        ] {
            let fault = Fault { server, said };
            assert!(fault.to_string().starts_with("192.0.2.53:53: "));
            assert!(!fault.outwardly().contains("192.0.2.53"));
        }
    }
}
