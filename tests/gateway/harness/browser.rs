//! A browser: it keeps cookies, and sends them as far as their SameSite attribute lets it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, request};

use super::{Reply, TestGateway};

/// A cookie jar in front of the gateway.
pub(crate) struct Browser<'a> {
    gateway: &'a TestGateway,
    jar: Mutex<BTreeMap<String, (String, SameSite)>>,
    /// The proof on the confirm page that was shown last.
    proof: Mutex<Option<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SameSite {
    Lax,
    None,
    Strict,
}

/// From where a request comes.
#[derive(Clone, Copy)]
enum From {
    /// A page of ours, or the address bar.
    Here,
    /// A page of somebody else's that posts a form.
    Elsewhere,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(gateway: &'a TestGateway) -> Self {
        Self {
            gateway,
            jar: Mutex::new(BTreeMap::new()),
            proof: Mutex::new(None),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path), From::Here, String::new())
            .await
    }

    /// Posts a form of our own page; that of the confirm page with what the page holds.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let shown = self.proof.lock().unwrap().clone();
        let mut fields = fields.to_vec();
        let is_bare = !fields.iter().any(|(name, _)| *name == "proof");
        if let Some(proof) = shown
            .as_deref()
            .filter(|_| is_bare && path.ends_with("/continue"))
        {
            fields.push(("proof", proof));
        }
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header("origin", super::PUBLIC_URL);
        self.send(request, From::Here, form(&fields)).await
    }

    /// Posts a form of the identity provider's page.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_from("https://idp.example", path, fields).await
    }

    /// Posts a form of a page of this origin.
    pub(crate) async fn post_from(
        &self,
        origin: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site")
            .header("origin", origin);
        self.send(request, From::Elsewhere, form(fields)).await
    }

    async fn send(&self, request: request::Builder, from: From, body: String) -> Reply {
        let cookies = self.cookies(from);
        let request = match &*cookies {
            "" => request,
            cookies => request.header("cookie", cookies),
        };
        let reply = self
            .gateway
            .send(request.body(Body::from(body)).unwrap())
            .await;
        for cookie in reply.headers.get_all("set-cookie") {
            self.keep(cookie.to_str().unwrap());
        }
        if let Some(proof) = proof_on(&reply) {
            *self.proof.lock().unwrap() = Some(proof);
        }
        reply
    }

    fn cookies(&self, from: From) -> String {
        let jar = self.jar.lock().unwrap();
        let goes = |site: SameSite| matches!(from, From::Here) || site == SameSite::None;
        let pairs = jar.iter().filter(|(_, (_, site))| goes(*site));
        pairs
            .map(|(name, (value, _))| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn keep(&self, text: &str) {
        let (pair, attributes) = text.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert!(name.starts_with("__Host-"), "{text}");
        for wanted in ["Path=/", "HttpOnly", "Secure"] {
            assert!(attributes.split(';').any(|a| a.trim() == wanted), "{text}");
        }
        let site = match attributes {
            text if text.contains("SameSite=Strict") => SameSite::Strict,
            text if text.contains("SameSite=None") => SameSite::None,
            _ => SameSite::Lax,
        };
        let mut jar = self.jar.lock().unwrap();
        if attributes.contains("Max-Age=0") {
            jar.remove(name);
        } else {
            jar.insert(name.to_owned(), (value.to_owned(), site));
        }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar
            .lock()
            .unwrap()
            .get(name)
            .map(|(value, _)| value.clone())
    }

    /// Puts a cookie into the jar, as a thief would.
    pub(crate) fn plant(&self, name: &str, value: &str) {
        let mut jar = self.jar.lock().unwrap();
        jar.insert(name.to_owned(), (value.to_owned(), SameSite::Lax));
    }
}

/// The proof that a confirm page holds.
pub(crate) fn proof_on(page: &Reply) -> Option<String> {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"proof\" value=\"")?;
    rest.split('"').next().map(str::to_owned)
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
