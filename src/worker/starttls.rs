//! STARTTLS (RFC 3207 §4): a conversation begun in the clear is turned into TLS. It is read octet by
//! octet up to there, so that nothing which somebody on the way put behind the relay's last word in
//! the clear can pass for an answer within TLS: whatever is there breaks the handshake. What was
//! learned in the clear is forgotten (§4.2).

use std::fmt;
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_native_tls::TlsStream;

use crate::worker::smtp::{Relay, Trouble};

/// Octets of one answer in the clear.
const ANSWER: usize = 16 * 1024;
/// What stands for the greeting within TLS, where a relay gives none.
const GREETING: &[u8] = b"220 ready\r\n";

fn lost(error: impl fmt::Display) -> Trouble {
    Trouble::Lost(error.to_string())
}

/// Connects, and turns the connection into TLS before anything is said.
pub(super) async fn connect(
    relay: &Relay,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, Trouble> {
    let stream = TcpStream::connect((relay.host.as_str(), relay.port)).await;
    let mut stream = stream.map_err(lost)?;
    let peer = stream.peer_addr().map_err(lost)?;
    expect(&mut stream, "220").await?;
    let offered = ask(&mut stream, &format!("EHLO {hello}\r\n"), "250").await?;
    if !offers(&offered) {
        return Err(lost("the relay does not offer STARTTLS"));
    }
    ask(&mut stream, "STARTTLS\r\n", "220").await?;
    let connector = native_tls::TlsConnector::new().map_err(lost)?;
    let connector = tokio_native_tls::TlsConnector::from(connector);
    let stream = connector.connect(&relay.host, stream).await;
    let stream = Secured {
        greeting: Cursor::new(GREETING),
        stream: stream.map_err(lost)?,
        peer,
    };
    let begun = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello);
    begun.await.map_err(Trouble::of)
}

/// Whether a relay's answer to EHLO has STARTTLS among its keywords.
fn offers(answer: &str) -> bool {
    let keyword = |line: &str| {
        let rest = line.get(4..).unwrap_or_default();
        rest.trim().eq_ignore_ascii_case("STARTTLS")
    };
    answer.lines().skip(1).any(keyword)
}

async fn ask(stream: &mut TcpStream, command: &str, code: &str) -> Result<String, Trouble> {
    stream.write_all(command.as_bytes()).await.map_err(lost)?;
    expect(stream, code).await
}

/// Reads one answer, its last line and nothing more; it must be of this code.
async fn expect(stream: &mut TcpStream, code: &str) -> Result<String, Trouble> {
    let (mut answer, mut line) = (String::new(), Vec::new());
    loop {
        line.push(stream.read_u8().await.map_err(lost)?);
        if answer.len() + line.len() > ANSWER {
            return Err(lost("the relay answers without an end"));
        }
        if !line.ends_with(b"\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        answer.push_str(&text);
        line.clear();
        match (text.get(..3), text.get(3..4)) {
            (Some(found), Some("-")) if found == code => {}
            (Some(found), _) if found == code => return Ok(answer),
            _ => return Err(lost(format!("the relay answers: {}", text.trim_end()))),
        }
    }
}

/// A stream within TLS that begins with a greeting.
struct Secured {
    greeting: Cursor<&'static [u8]>,
    stream: TlsStream<TcpStream>,
    peer: SocketAddr,
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secured({})", self.peer)
    }
}

impl AsyncTokioStream for Secured {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.greeting).poll_read(context, buffer) {
            Poll::Ready(Ok(())) if buffer.filled().len() == before => {
                Pin::new(&mut self.stream).poll_read(context, buffer)
            }
            polled => polled,
        }
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::offers;

    #[test]
    fn starttls_is_a_keyword_of_its_own() {
        for (answer, expected) in [
            ("250-relay\r\n250-STARTTLS\r\n250 SIZE\r\n", true),
            ("250-relay\r\n250 starttls\r\n", true),
            ("250-relay\r\n250 XSTARTTLS\r\n", false),
            ("250-STARTTLS\r\n250 SIZE\r\n", false),
            ("250 relay\r\n", false),
        ] {
            assert_eq!(offers(answer), expected, "{answer}");
        }
    }
}
