//! A web site by https on this machine, with one page that a test changes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use usher::config::Outbound;
use usher::outbound::Client;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// What the site answers.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: &'static str,
    pub(crate) header: String,
    pub(crate) etag: Option<String>,
    pub(crate) body: String,
}

/// The site; its certificate's file goes with it, the thread with the process.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) ca_file: PathBuf,
    page: Arc<Mutex<Page>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Opens a site with this page.
    pub(crate) fn open(body: &str) -> Self {
        let (key, certificate) = certified();
        let count = NEXT.fetch_add(1, Ordering::SeqCst);
        let name = format!("usher-site-{}-{count}.pem", std::process::id());
        let ca_file = std::env::temp_dir().join(name);
        std::fs::write(&ca_file, certificate.to_pem().unwrap()).unwrap();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        acceptor.set_private_key(&key).unwrap();
        acceptor.set_certificate(&certificate).unwrap();
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let page = Arc::new(Mutex::new(Page {
            status: "200 OK",
            header: String::new(),
            etag: None,
            body: body.to_owned(),
        }));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (shown, heard) = (Arc::clone(&page), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(Ok(mut stream)) = stream.map(|it| acceptor.accept(it)) else {
                    continue;
                };
                let request = request(&mut stream);
                let answer = answer(&shown.lock().unwrap(), &request);
                heard.lock().unwrap().push(request);
                drop(stream.write_all(answer.as_bytes()));
                drop(stream.shutdown());
            }
        });
        let url = format!("https://localhost:{port}/metadata");
        Self {
            url,
            ca_file,
            page,
            asked,
        }
    }

    /// Changes the page.
    pub(crate) fn change(&self, with: impl FnOnce(&mut Page)) {
        with(&mut self.page.lock().unwrap());
    }

    /// Shows another text.
    pub(crate) fn show(&self, body: impl Into<String>) {
        self.change(|page| page.body = body.into());
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A client that may call this site.
    pub(crate) fn client(&self) -> Client {
        let rules = Outbound {
            allow: vec!["localhost".parse().unwrap()],
            ca_file: Some(self.ca_file.clone()),
            ..Outbound::default()
        };
        Client::new(&rules).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.ca_file));
    }
}

fn request(stream: &mut impl Read) -> String {
    let (mut asked, mut part) = (Vec::new(), [0; 1024]);
    while !asked.windows(4).any(|it| it == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(count) if count > 0 => asked.extend_from_slice(&part[..count]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&asked).into_owned()
}

fn answer(page: &Page, request: &str) -> String {
    let etag = page.etag.as_ref();
    if etag.is_some_and(|etag| request.contains(&format!("if-none-match: {etag}\r\n"))) {
        return "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned();
    }
    let etag = etag.map_or(String::new(), |etag| format!("etag: {etag}\r\n"));
    let Page {
        status,
        header,
        body,
        ..
    } = page;
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{etag}{header}content-length: {length}\r\n\r\n{body}")
}

/// A key of `localhost`, which vouches for itself.
fn certified() -> (PKey<Private>, X509) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "localhost")
        .unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    let (from, to) = (
        Asn1Time::from_unix(1_577_836_800),
        Asn1Time::from_unix(2_493_072_000),
    );
    builder.set_not_before(&from.unwrap()).unwrap();
    builder.set_not_after(&to.unwrap()).unwrap();
    builder.set_pubkey(&key).unwrap();
    let basic = BasicConstraints::new().critical().ca().build().unwrap();
    builder.append_extension(basic).unwrap();
    let names = SubjectAlternativeName::new()
        .dns("localhost")
        .build(&builder.x509v3_context(None, None))
        .unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (key, builder.build())
}
