//! A name server: it answers what TXT records and aliases it was given, or lies.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use simple_dns::rdata::{CNAME, RData, TXT};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// What is wrong with an answer that has every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// It is to a question with another id.
    Id,
    /// The records are another name's.
    Owner,
    /// It is to a question for another name.
    Question,
}

/// How the server behaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// How long it thinks.
    pub(crate) pause: Duration,
    /// It answers this code alone.
    pub(crate) code: Option<RCODE>,
    /// It lies.
    pub(crate) lie: Option<Lie>,
    /// It is honest by UDP after the lie.
    pub(crate) repents: bool,
}

#[derive(Default)]
struct Zone {
    texts: HashMap<String, Vec<String>>,
    aliases: HashMap<String, String>,
    manner: Manner,
    asked: Vec<(&'static str, u16, String)>,
}

/// A running name server; it ends with the test's runtime.
pub(crate) struct NameServer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

impl NameServer {
    /// One that is asked by TCP and by UDP.
    pub(crate) async fn start() -> Self {
        loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = tcp.local_addr().unwrap();
            if let Ok(udp) = UdpSocket::bind(address).await {
                let server = Self::over(udp);
                let zone = Arc::clone(&server.zone);
                tokio::spawn(async move {
                    while let Ok((stream, _)) = tcp.accept().await {
                        tokio::spawn(by_tcp(stream, Arc::clone(&zone)));
                    }
                });
                return server;
            }
        }
    }

    /// One that speaks no TCP.
    pub(crate) async fn without_tcp() -> Self {
        Self::over(UdpSocket::bind("127.0.0.1:0").await.unwrap())
    }

    fn over(udp: UdpSocket) -> Self {
        let (address, zone) = (udp.local_addr().unwrap(), Arc::default());
        tokio::spawn(by_udp(udp, Arc::clone(&zone)));
        Self { address, zone }
    }

    fn zone(&self) -> MutexGuard<'_, Zone> {
        self.zone.lock().unwrap()
    }

    /// Publishes a text beside those that are there.
    pub(crate) fn publish(&self, name: &str, text: &str) {
        let mut zone = self.zone();
        let texts = zone.texts.entry(name.to_owned()).or_default();
        texts.push(text.to_owned());
    }

    /// Makes a name an alias of another.
    pub(crate) fn alias(&self, name: &str, of: &str) {
        self.zone().aliases.insert(name.to_owned(), of.to_owned());
    }

    /// Publishes a text no more; without any, the name is none.
    pub(crate) fn withdraw(&self, name: &str, text: &str) {
        let mut zone = self.zone();
        let texts = zone.texts.get_mut(name).unwrap();
        texts.retain(|it| it != text);
        if texts.is_empty() {
            zone.texts.remove(name);
        }
    }

    /// Behaves like this from now on.
    pub(crate) fn behave(&self, manner: Manner) {
        self.zone().manner = manner;
    }

    /// What was asked so far: by which way, under which id, for which name.
    pub(crate) fn asked(&self) -> Vec<(&'static str, u16, String)> {
        self.zone().asked.clone()
    }
}

async fn by_udp(socket: UdpSocket, zone: Arc<Mutex<Zone>>) {
    let mut datagram = [0; 4096];
    while let Ok((length, peer)) = socket.recv_from(&mut datagram).await {
        let (pause, answers) = answers(&datagram[..length], &mut zone.lock().unwrap(), "udp");
        tokio::time::sleep(pause).await;
        for answer in answers {
            socket.send_to(&answer, peer).await.unwrap();
        }
    }
}

async fn by_tcp(mut stream: TcpStream, zone: Arc<Mutex<Zone>>) {
    let length = stream.read_u16().await.unwrap();
    let mut question = vec![0; length.into()];
    stream.read_exact(&mut question).await.unwrap();
    let (pause, answers) = answers(&question, &mut zone.lock().unwrap(), "tcp");
    tokio::time::sleep(pause).await;
    let answer = &answers[0];
    stream
        .write_u16(answer.len().try_into().unwrap())
        .await
        .unwrap();
    stream.write_all(answer).await.unwrap();
}

/// How long to wait, and what to say then.
fn answers(asked: &[u8], zone: &mut Zone, way: &'static str) -> (Duration, Vec<Vec<u8>>) {
    let question = Packet::parse(asked).unwrap();
    let name = question.questions[0].qname.to_string();
    zone.asked.push((way, question.id(), name));
    let manner = zone.manner;
    let mut answers = vec![answer(&question, zone, manner.lie)];
    if manner.repents {
        answers.push(answer(&question, zone, None));
    }
    (manner.pause, answers)
}

fn answer(question: &Packet<'_>, zone: &Zone, lie: Option<Lie>) -> Vec<u8> {
    let mut owner = question.questions[0].qname.to_string();
    let id = question.id();
    let mut reply = Packet::new_reply(if lie == Some(Lie::Id) { !id } else { id });
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    reply.questions.clone_from(&question.questions);
    let another = Name::new("_usher-challenge.evil.example").unwrap();
    if lie == Some(Lie::Question) {
        reply.questions[0].qname = another.clone();
    }
    if let Some(code) = zone.manner.code {
        *reply.rcode_mut() = code;
        return reply.build_bytes_vec().unwrap();
    }
    while let Some(alias) = zone.aliases.get(&owner) {
        let data = RData::CNAME(CNAME(Name::new(alias).unwrap()));
        let name = Name::new(&owner).unwrap().into_owned();
        let record = ResourceRecord::new(name, CLASS::IN, 60, data);
        reply.answers.push(record);
        owner.clone_from(alias);
    }
    let texts = zone.texts.get(&owner);
    if texts.is_none() {
        *reply.rcode_mut() = RCODE::NameError;
    }
    for text in texts.into_iter().flatten() {
        let text = TXT::new().with_string(text).unwrap();
        let name = match lie {
            Some(Lie::Owner) => another.clone(),
            _ => Name::new(&owner).unwrap().into_owned(),
        };
        let record = ResourceRecord::new(name, CLASS::IN, 60, RData::TXT(text));
        reply.answers.push(record);
    }
    reply.build_bytes_vec().unwrap()
}
