//! A name server: it answers what TXT records it was given, by UDP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use simple_dns::rdata::{RData, TXT};
use simple_dns::{CLASS, Packet, PacketFlag, RCODE, ResourceRecord};
use tokio::net::UdpSocket;

/// A running name server; it ends with the test's runtime.
pub(crate) struct NameServer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    records: Arc<Mutex<HashMap<String, Vec<String>>>>,
}

impl NameServer {
    pub(crate) async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let records: Arc<Mutex<HashMap<String, Vec<String>>>> = Arc::default();
        let known = Arc::clone(&records);
        tokio::spawn(async move {
            let mut datagram = [0; 4096];
            while let Ok((length, peer)) = socket.recv_from(&mut datagram).await {
                let answer = answer(&datagram[..length], &known.lock().unwrap());
                socket.send_to(&answer, peer).await.unwrap();
            }
        });
        Self { address, records }
    }

    /// Publishes a text beside those that are there.
    pub(crate) fn publish(&self, name: &str, text: &str) {
        let mut records = self.records.lock().unwrap();
        records
            .entry(name.to_owned())
            .or_default()
            .push(text.to_owned());
    }
}

fn answer(asked: &[u8], known: &HashMap<String, Vec<String>>) -> Vec<u8> {
    let question = Packet::parse(asked).unwrap();
    let name = question.questions[0].qname.clone();
    let texts = known.get(&name.to_string());
    let mut reply = Packet::new_reply(question.id());
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    reply.questions.clone_from(&question.questions);
    *reply.rcode_mut() = if texts.is_some() {
        RCODE::NoError
    } else {
        RCODE::NameError
    };
    for text in texts.into_iter().flatten() {
        let text = TXT::new().with_string(text).unwrap();
        let record = ResourceRecord::new(name.clone(), CLASS::IN, 60, RData::TXT(text));
        reply.answers.push(record);
    }
    reply.build_bytes_vec().unwrap()
}
