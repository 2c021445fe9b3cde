//! The client against listeners on this machine, which the guard lets it reach only where the
//! settings say so.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// A listener that answers every connection with this, and tells what it was sent.
async fn answering(answer: Vec<u8>) -> (u16, mpsc::UnboundedReceiver<String>) {
    answering_each(vec![answer]).await
}

/// A listener that answers what a connection sends, one after the other, with these.
async fn answering_each(answers: Vec<Vec<u8>>) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (said, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            for answer in &answers {
                let mut request = vec![0; 4096];
                let count = stream.read(&mut request).await.unwrap_or_default();
                request.truncate(count);
                let _ = said.send(String::from_utf8_lossy(&request).into_owned());
                let _ = stream.write_all(answer).await;
            }
        }
    });
    (port, heard)
}

fn client_of(allow: &[&str], private: bool, proxy: Option<String>) -> Client {
    let rules = Outbound {
        name_server: None,
        allow: allow.iter().map(|it| it.parse().unwrap()).collect(),
        proxy: proxy.map(|it| it.parse().unwrap()),
        ca_file: None,
        allow_private_targets: private,
    };
    Client::new(&rules).unwrap()
}

async fn post(client: &Client, url: &str, reach: Reach, limit: usize) -> Result<Answer, Fault> {
    let line = client.open(&url.parse().unwrap(), reach).await?;
    let (headers, body) = (HeaderMap::new(), &b"{}"[..]);
    line.send(Method::POST, headers, body, limit).await
}

#[tokio::test]
async fn what_is_private_is_reached_only_where_the_settings_say_so() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let (port, mut heard) = answering(answer).await;
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{port}/hook?a=b");
        for (allow, private, reach, reached) in [
            (&[][..], false, Reach::Organization, false),
            (&[][..], false, Reach::Operator, false),
            (
                &["127.0.0.0/8", "::1"][..],
                false,
                Reach::Organization,
                false,
            ),
            (&["127.0.0.0/8", "::1"][..], false, Reach::Operator, true),
            (&[][..], true, Reach::Organization, true),
            (&[][..], false, Reach::Anywhere, true),
        ] {
            let client = client_of(allow, private, None);
            let done = post(&client, &url, reach, 64).await;
            if reached {
                let answer = done.unwrap();
                assert_eq!((answer.status, &*answer.body), (200, &b"ok"[..]));
                let request = heard.recv().await.unwrap();
                let head = format!("POST /hook?a=b HTTP/1.1\r\nhost: {host}:{port}\r\n");
                assert!(request.starts_with(&head), "{request}");
            } else {
                let refused = done.unwrap_err();
                assert!(matches!(refused, Fault::Refused(_)), "{url} {refused}");
            }
        }
    }
    assert!(
        heard.try_recv().is_err(),
        "somebody was called all the same"
    );
}

#[tokio::test]
async fn an_answer_is_read_so_far_and_a_redirect_is_an_answer() {
    let long = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{}",
        "x".repeat(9000)
    );
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n";
    for (answer, status, length) in [(long.as_str(), 200, 100), (moved, 302, 0)] {
        let (port, _heard) = answering(answer.as_bytes().to_vec()).await;
        let url = format!("http://127.0.0.1:{port}/");
        let client = client_of(&[], true, None);
        let found = post(&client, &url, Reach::Organization, 100).await.unwrap();
        assert_eq!((found.status, found.body.len()), (status, length));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_stalls_is_the_end_of_an_answer() {
    let answer = b"HTTP/1.1 204 Gone\r\n\r\n".to_vec();
    let cut =
        |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\nok").into_bytes();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz".to_vec();
    let client = client_of(&[], true, None);
    for (answers, status, said) in [
        (vec![cut("200 OK")], 200, "ok"),
        (vec![cut("503 Busy")], 503, "ok"),
        (vec![chunked], 200, "ok"),
        // The second one waits for more, which does not come: so does the client.
        (vec![cut("200 OK"), answer], 200, "ok"),
    ] {
        let (port, _heard) = answering_each(answers).await;
        let url = format!("http://127.0.0.1:{port}/").parse().unwrap();
        let mut line = client.open(&url, Reach::Organization).await.unwrap();
        line.left = line.left.min(Duration::from_secs(2));
        let done = line.send(Method::POST, HeaderMap::new(), &b"{}"[..], 64);
        let answer = done.await.unwrap();
        assert_eq!((answer.status, &*answer.body), (status, said.as_bytes()));
    }
}

#[tokio::test]
async fn who_is_not_there_and_who_hangs_up_are_told_apart() {
    let client = client_of(&[], true, None);
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let url = format!("http://127.0.0.1:{port}/");
    let fault = post(&client, &url, Reach::Organization, 64)
        .await
        .unwrap_err();
    assert!(matches!(fault, Fault::Unreached(_)), "{fault}");
    let (port, _heard) = answering(b"HTTP/1.1 200 OK\r\nContent-".to_vec()).await;
    let url = format!("http://127.0.0.1:{port}/");
    let fault = post(&client, &url, Reach::Organization, 64)
        .await
        .unwrap_err();
    assert!(matches!(fault, Fault::Lost(_)), "{fault}");
    let url = format!("https://127.0.0.1:{port}/");
    let fault = post(&client, &url, Reach::Organization, 64)
        .await
        .unwrap_err();
    assert!(
        matches!(fault, Fault::Unreached(_)),
        "no TLS there: {fault}"
    );
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_address_that_was_judged() {
    let answers = ["200 OK", "204 No Content"];
    let answers = answers.map(|it| format!("HTTP/1.1 {it}\r\n\r\n").into_bytes());
    let (port, mut heard) = answering_each(answers.to_vec()).await;
    let proxy = format!("http://user:word@127.0.0.1:{port}");
    let client = client_of(&[], false, Some(proxy.clone()));
    let url = "https://10.0.0.1/";
    let fault = post(&client, url, Reach::Organization, 64)
        .await
        .unwrap_err();
    assert_eq!(fault, Fault::Refused(Refusal::Private));
    assert!(heard.try_recv().is_err());
    let open = client_of(&[], true, Some(proxy));
    let done = post(&open, "http://127.0.0.1:81/", Reach::Organization, 64).await;
    let asked = heard.recv().await.unwrap();
    assert!(
        asked.starts_with("CONNECT 127.0.0.1:81 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains("Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n"),
        "{asked}"
    );
    assert_eq!(done.unwrap().status, 204);
}

#[tokio::test]
async fn a_name_that_nobody_here_knows_is_the_proxy_s_only_for_the_operator() {
    let url = "https://nobody.invalid/hook";
    for (private, reach, asked) in [
        (false, Reach::Organization, false),
        (true, Reach::Organization, true),
        (false, Reach::Operator, true),
        (false, Reach::Anywhere, true),
    ] {
        let (port, mut heard) = answering(b"HTTP/1.1 502 No\r\n\r\n".to_vec()).await;
        let client = client_of(&[], private, Some(format!("http://127.0.0.1:{port}")));
        let fault = post(&client, url, reach, 64).await.unwrap_err();
        // It may be known another time, so that it is no refusal for good.
        assert!(matches!(fault, Fault::Unreached(_)), "{fault}");
        let line = heard.try_recv().ok();
        let line = line.as_deref().and_then(|it| it.lines().next());
        let connect = "CONNECT nobody.invalid:443 HTTP/1.1";
        assert_eq!(line, asked.then_some(connect), "{private} {reach:?}");
    }
    let (port, mut heard) = answering(b"HTTP/1.1 502 No\r\n\r\n".to_vec()).await;
    let client = client_of(&[], false, Some(format!("http://127.0.0.1:{port}")));
    let plain = post(&client, "http://nobody.invalid/", Reach::Operator, 64).await;
    assert_eq!(plain.unwrap_err(), Fault::Refused(Refusal::Plain));
    assert!(heard.try_recv().is_err());
}
