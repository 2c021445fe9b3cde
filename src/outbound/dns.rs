//! TXT records as a name server tells them (RFC 1035): asked for by UDP, and once more by TCP where
//! the answer does not fit.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::config::NameServer;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often is asked: datagrams get lost.
const TRIES: usize = 2;
/// Octets that a message may have.
const LARGEST: usize = 65_535;

/// A name server that looks names up for others.
#[derive(Clone, Copy, Debug)]
pub struct Resolver(SocketAddr);

impl Resolver {
    /// This name server; without one, the first that the system names (resolv.conf).
    ///
    /// # Errors
    ///
    /// In words, where the system names none.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, String> {
        if let Some(address) = server {
            return Ok(Self(address));
        }
        let text = std::fs::read_to_string("/etc/resolv.conf");
        let text = text.map_err(|error| format!("/etc/resolv.conf cannot be read: {error}"))?;
        let named = named_in(&text).ok_or("/etc/resolv.conf names no server")?;
        Ok(Self(named.0))
    }

    /// The TXT records of a name, each as one text; none where there is no such name. `id` tells the
    /// answer from others (RFC 1035 §4.1.1): random, so that nobody can answer who does not see the
    /// question.
    ///
    /// # Errors
    ///
    /// In words, where no answer came or the name server says that something is wrong.
    pub async fn texts(self, name: &str, id: u16) -> Result<Vec<String>, String> {
        let asked = question(name, id)?;
        let mut last = "no answer came".to_owned();
        for _ in 0..TRIES {
            let answer = match timeout(PATIENCE, self.by_udp(&asked, id)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    last = error.to_string();
                    continue;
                }
                Err(_) => continue,
            };
            if !is_cut(&answer) {
                return read(&answer);
            }
            return match timeout(PATIENCE, self.by_tcp(&asked)).await {
                Ok(Ok(answer)) if is_to(&answer, id) => read(&answer),
                Ok(Ok(_)) => Err("something else was answered".to_owned()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("no answer came by TCP".to_owned()),
            };
        }
        Err(format!("{}: {last}", self.0))
    }

    async fn by_udp(self, asked: &[u8], id: u16) -> std::io::Result<Vec<u8>> {
        let any: IpAddr = match self.0 {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        // From here on only the server is heard.
        socket.connect(self.0).await?;
        socket.send(asked).await?;
        let mut answer = vec![0; LARGEST];
        loop {
            let length = socket.recv(&mut answer).await?;
            let (came, _) = answer.split_at(length);
            if is_to(came, id) {
                return Ok(came.to_vec());
            }
        }
    }

    /// The same with a length in front (RFC 1035 §4.2.2).
    async fn by_tcp(self, asked: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.0).await?;
        let length = u16::try_from(asked.len()).unwrap_or(u16::MAX);
        stream
            .write_all(&[&length.to_be_bytes(), asked].concat())
            .await?;
        let length = stream.read_u16().await?;
        let mut answer = vec![0; length.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }
}

/// The TXT records of a name, as this name server tells them, or else the system's: see
/// [`Resolver::new`] and [`Resolver::texts`].
///
/// # Errors
///
/// In words, as these two.
pub async fn texts(server: Option<SocketAddr>, name: &str, id: u16) -> Result<Vec<String>, String> {
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

fn question(name: &str, id: u16) -> Result<Vec<u8>, String> {
    let wrong = |error: simple_dns::SimpleDnsError| format!("{name} cannot be asked for: {error}");
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).map_err(wrong)?;
    let (kind, class) = (QTYPE::TYPE(TYPE::TXT), CLASS::IN.into());
    packet
        .questions
        .push(Question::new(name, kind, class, false));
    packet.build_bytes_vec().map_err(wrong)
}

/// Whether this is the answer to the question of this id.
fn is_to(answer: &[u8], id: u16) -> bool {
    Packet::parse(answer).is_ok_and(|it| it.id() == id && it.has_flags(PacketFlag::RESPONSE))
}

/// Whether the answer did not fit into a datagram.
fn is_cut(answer: &[u8]) -> bool {
    Packet::parse(answer).is_ok_and(|it| it.has_flags(PacketFlag::TRUNCATION))
}

/// The texts of an answer, its aliases followed by the server.
fn read(answer: &[u8]) -> Result<Vec<String>, String> {
    let packet = Packet::parse(answer).map_err(|error| error.to_string())?;
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Ok(Vec::new()),
        other => return Err(format!("the name server says {other:?}")),
    }
    let texts = packet.answers.into_iter().filter_map(|it| match it.rdata {
        RData::TXT(text) => Some(text),
        _ => None,
    });
    let texts = texts.map(|it| String::try_from(it).map_err(|_| "a record is no text".to_owned()));
    texts.collect()
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
    fn what_is_no_answer_is_not_taken_for_one() {
        let asked = question("acme.example", 7).unwrap();
        assert!(!is_to(&asked, 7), "a question");
        assert!(!is_to(b"", 7) && !is_to(&[0; 12], 7));
        assert!(question(&"a".repeat(64), 7).is_err());
    }
}
