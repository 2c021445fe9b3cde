//! The way to a target: its name looked up once, each address judged, the first that answers
//! taken; through the proxy where one is set (RFC 9110 §9.3.6), and inside TLS.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use url::Url;

use crate::outbound::{Client, Fault, Reach, Target};

/// Octets in the answer of a proxy.
const PROXY_ANSWER: usize = 8 * 1024;

/// Octets to and fro.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn unreached(error: impl ToString) -> Fault {
    Fault::Unreached(error.to_string())
}

impl Client {
    /// A stream to a target, on which HTTP can be spoken.
    pub(super) async fn stream(
        &self,
        target: &Target,
        reach: Reach,
    ) -> Result<Box<dyn Stream>, Fault> {
        let addresses = self.addresses(target, reach).await?;
        let stream: Box<dyn Stream> = match &self.rules.proxy {
            Some(proxy) => self.by_proxy(proxy.as_url(), target, &addresses).await?,
            None => Box::new(connect(&addresses).await?),
        };
        if target.tls {
            self.secured(&target.host, stream).await
        } else {
            Ok(stream)
        }
    }

    /// The addresses of a target that pass the guard. All of them must: a name that is at home in
    /// both worlds is none that we call.
    async fn addresses(&self, target: &Target, reach: Reach) -> Result<Vec<SocketAddr>, Fault> {
        let found: Vec<IpAddr> = match target.address {
            Some(address) => vec![address],
            None => match lookup_host((target.host.as_str(), target.port)).await {
                Ok(found) => found.map(|it| it.ip()).collect(),
                // Behind a proxy there may be no DNS: then the name is the proxy's to look up.
                Err(_) if self.may_go_by_name(target, reach)? => Vec::new(),
                Err(error) => {
                    return Err(unreached(format!("cannot find {}: {error}", target.host)));
                }
            },
        };
        for address in &found {
            if !self.permits(target, *address, reach) {
                target.judge(*address)?;
            }
        }
        let port = target.port;
        Ok(found
            .into_iter()
            .map(|it| SocketAddr::new(it, port))
            .collect())
    }

    /// Whether a target is asked of the proxy though no address of it was judged. What an
    /// organization named is not: its name could lead anywhere.
    fn may_go_by_name(&self, target: &Target, reach: Reach) -> Result<bool, Fault> {
        let open = self.rules.allow_private_targets;
        if self.rules.proxy.is_none() || (reach == Reach::Organization && !open) {
            return Ok(false);
        }
        if reach == Reach::Operator && !open {
            target.may_be_set()?;
        }
        Ok(true)
    }

    async fn by_proxy(
        &self,
        proxy: &Url,
        target: &Target,
        addresses: &[SocketAddr],
    ) -> Result<Box<dyn Stream>, Fault> {
        let host = proxy.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let port = proxy.port_or_known_default().unwrap_or_default();
        let plain = TcpStream::connect((bare, port)).await;
        let plain = plain.map_err(|error| unreached(format!("the proxy: {error}")))?;
        let mut stream: Box<dyn Stream> = Box::new(plain);
        if proxy.scheme() == "https" {
            stream = self.secured(bare, stream).await?;
        }
        // The judged address, where we have one, so that the proxy looks nothing up.
        let authority = match addresses.first() {
            Some(address) => address.to_string(),
            None => format!("{}:{}", target.host, target.port),
        };
        let known = match proxy.username() {
            "" => String::new(),
            user => {
                let pair = format!("{user}:{}", proxy.password().unwrap_or_default());
                format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(pair))
            }
        };
        let asked = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{known}\r\n");
        stream
            .write_all(asked.as_bytes())
            .await
            .map_err(unreached)?;
        stream.flush().await.map_err(unreached)?;
        tunnelled(&mut stream).await?;
        Ok(stream)
    }

    async fn secured(&self, host: &str, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, Fault> {
        let secured = self.tls().await?.connect(host, stream).await;
        let secured = secured.map_err(|error| unreached(format!("TLS with {host}: {error}")))?;
        Ok(Box::new(secured))
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let connected = TcpStream::connect(addresses).await;
    connected.map_err(|error| unreached(format!("cannot connect: {error}")))
}

/// Reads the proxy's answer octet by octet: what follows it is the target's.
async fn tunnelled(stream: &mut Box<dyn Stream>) -> Result<(), Fault> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > PROXY_ANSWER {
            return Err(unreached("the proxy answers what is no HTTP"));
        }
        answer.push(stream.read_u8().await.map_err(unreached)?);
    }
    let text = String::from_utf8_lossy(&answer);
    let line = text.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some(status) if line.starts_with("HTTP/1.") && status.starts_with('2') => Ok(()),
        _ => Err(unreached(format!("the proxy answers: {line}"))),
    }
}
