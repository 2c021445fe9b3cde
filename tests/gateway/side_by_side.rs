//! Several organizations side by side in one browser (D160, D163): each has a session of its own, an
//! app's request chooses among them, and the end of one is not the end of the others.

use serde_json::{Value, json};
use usher::directory::connection::Profile;
use usher::provisioning::settings::oauth_clients::Proof;

use crate::app_keys::register;
use crate::harness::{App, BYE, Browser, Connected, Idp, REDIRECT, Reply, TestGateway, claims};
use crate::refresh::{text, userinfo};

/// Two organizations, each with an identity provider.
async fn two() -> (TestGateway, Connected, Connected) {
    let gateway = TestGateway::start().await;
    let acme = gateway.organization("acme").await;
    let okta = gateway
        .connect(acme, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let globex = gateway.organization("globex").await;
    let entra = gateway
        .connect(globex, "Entra", Profile::Entra, &["globex.example"])
        .await;
    (gateway, okta, entra)
}

/// An app that serves all organizations.
async fn app(gateway: &TestGateway) -> App<'_> {
    let created = register(gateway, "Docs", Proof::Secret(None)).await;
    let secret = created.client_secret.unwrap();
    App::with(gateway, created.id, &created.client_id, &secret)
}

/// Signs in beside whoever is there: somebody must say that this is meant.
async fn beside(browser: &Browser<'_>, idp: &Idp<'_>, email: &str, said: &str) {
    let page = idp.sign_in(browser, email).await.expect(200);
    assert!(page.text().contains(said), "{}", page.text());
    let path = format!("/saml/{}/continue", idp.connected.id);
    let yes = [("answer", "continue")];
    browser.submit(&path, &yes).await.expect(303);
}

/// Ada signs in to one organization and, beside that, to the other.
async fn both(browser: &Browser<'_>, first: &Idp<'_>, second: &Idp<'_>) {
    let (here, there) = ("ada@acme.example", "ada@globex.example");
    first.sign_in(browser, here).await.expect(303);
    beside(browser, second, there, "another organization").await;
}

fn returned(reply: &Reply, name: &str) -> Option<String> {
    let url = url::Url::parse(reply.header("location").unwrap()).unwrap();
    assert!(url.as_str().starts_with(REDIRECT), "{url}");
    let found = url.query_pairs().find(|(given, _)| given == name);
    found.map(|(_, value)| value.into_owned())
}

/// The claims of the ID token that a request leads to, and the tokens.
async fn tokens(app: &App<'_>, browser: &Browser<'_>, more: &[(&str, &str)]) -> (Value, Value) {
    let reply = browser.get(&app.authorize(more)).await.expect(303);
    let code = returned(&reply, "code").unwrap();
    let tokens = app.redeem(&code).await.expect(200).json();
    (claims(&text(&tokens, "id_token")), tokens)
}

/// Where the links of a page lead.
fn links(page: &str) -> Vec<String> {
    let parts = page.split("href=\"").skip(1);
    let unescaped = |link: &str| link.replace("&#38;", "&").replace("&amp;", "&");
    parts
        .map(|part| unescaped(part.split('"').next().unwrap()))
        .filter(|link| link.starts_with("/oauth/authorize?"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_chooses_among_the_organizations_of_a_browser() {
    let (gateway, okta, entra) = two().await;
    let (first, second) = (gateway.idp(&okta).await, gateway.idp(&entra).await);
    let app = app(&gateway).await;
    let browser = Browser::new(&gateway);
    first
        .sign_in(&browser, "ada@acme.example")
        .await
        .expect(303);
    assert_eq!(tokens(&app, &browser, &[]).await.0["org_slug"], "acme");
    beside(
        &browser,
        &second,
        "ada@globex.example",
        "another organization",
    )
    .await;

    let page = browser.get(&app.authorize(&[])).await.expect(200).text();
    for told in [
        "ada@acme.example",
        "(acme)",
        "ada@globex.example",
        "(globex)",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    let links = links(&page);
    assert_eq!(links.len(), 3, "{page}");
    let mut chosen = Vec::new();
    for link in &links[..2] {
        let reply = browser.get(link).await.expect(303);
        let code = returned(&reply, "code").unwrap();
        let told = app.redeem(&code).await.expect(200).json();
        chosen.push(claims(&text(&told, "id_token"))["org_slug"].clone());
    }
    chosen.sort_by_key(Value::to_string);
    assert_eq!(chosen, [json!("acme"), json!("globex")]);
    let (okta_id, entra_id) = (okta.id.to_string(), entra.id.to_string());
    let org = okta.org.to_string();
    for (named, slug) in [
        (("organization", "acme"), "acme"),
        (("organization", "globex"), "globex"),
        (("organization", &*org), "acme"),
        (("connection", &*okta_id), "acme"),
        (("connection", &*entra_id), "globex"),
        (("login_hint", "ada@globex.example"), "globex"),
        (("login_hint", "ada@acme.example"), "acme"),
    ] {
        for more in [vec![named], vec![named, ("prompt", "none")]] {
            let (id, _) = tokens(&app, &browser, &more).await;
            assert_eq!(id["org_slug"], slug, "{more:?}");
        }
    }
    let none = [("prompt", "none")];
    let reply = browser.get(&app.authorize(&none)).await.expect(303);
    let error = returned(&reply, "error");
    assert_eq!(error.as_deref(), Some("account_selection_required"));
    let none = [("prompt", "none"), ("organization", "nowhere")];
    let reply = browser.get(&app.authorize(&none)).await.expect(303);
    assert_eq!(returned(&reply, "error").as_deref(), Some("login_required"));
    // An app that serves one of them alone has nothing to ask.
    let narrow = gateway.app("Narrow", entra.org).await;
    assert_eq!(tokens(&narrow, &browser, &[]).await.0["org_slug"], "globex");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_one_session_is_not_the_end_of_another() {
    let (gateway, okta, entra) = two().await;
    let (first, second) = (gateway.idp(&okta).await, gateway.idp(&entra).await);
    let app = app(&gateway).await;
    let browser = Browser::new(&gateway);
    both(&browser, &first, &second).await;
    let acme = [("organization", "acme")];
    let globex = [("organization", "globex")];
    let (_, of_acme) = tokens(&app, &browser, &acme).await;
    let (_, of_globex) = tokens(&app, &browser, &globex).await;
    let alive = async |tokens: &Value, status: u16| {
        let access = text(tokens, "access_token");
        userinfo(&gateway, &access).await.expect(status);
    };
    // Another person of one organization takes that one's place, and no other.
    beside(&browser, &first, "eve@acme.example", "they are signed out").await;
    alive(&of_acme, 401).await;
    alive(&of_globex, 200).await;
    let (eve, of_acme) = tokens(&app, &browser, &acme).await;
    assert_eq!(eve["email"], "eve@acme.example");
    // Where none is named, none of several ends.
    browser.submit("/sign-out", &[]).await.expect(303);
    let page = browser.get("/signed-in").await.expect(200).text();
    assert!(
        page.contains("eve@acme.example") && page.contains("ada@globex.example"),
        "{page}"
    );
    let org = okta.org.to_string();
    let named = [("organization", &*org)];
    browser.submit("/sign-out", &named).await.expect(303);
    alive(&of_acme, 401).await;
    alive(&of_globex, 200).await;
    assert_eq!(tokens(&app, &browser, &[]).await.0["org_slug"], "globex");
    let page = browser.get("/signed-in").await.expect(200).text();
    assert!(!page.contains("eve@acme.example"), "{page}");
    let global = entra.org.to_string();
    browser
        .submit("/sign-out", &[("organization", &*global)])
        .await
        .expect(303);
    browser.get("/signed-in").await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_signs_out_whom_its_id_token_names() {
    let (gateway, okta, entra) = two().await;
    let (first, second) = (gateway.idp(&okta).await, gateway.idp(&entra).await);
    let app = gateway.app("Docs", okta.org).await;
    let all = self::app(&gateway).await;
    let browser = Browser::new(&gateway);
    both(&browser, &first, &second).await;
    let (_, of_globex) = tokens(&all, &browser, &[("organization", "globex")]).await;
    let (_, of_acme) = tokens(&app, &browser, &[]).await;
    // Unsaid: the page asks of which.
    let page = browser.get("/oauth/logout").await.expect(200).text();
    assert!(
        page.contains("ada@acme.example") && page.contains("ada@globex.example"),
        "{page}"
    );
    let hint = text(&of_acme, "id_token");
    let query = format!("/oauth/logout?id_token_hint={hint}&post_logout_redirect_uri={BYE}");
    let reply = browser.get(&query).await.expect(303);
    assert_eq!(reply.header("location"), Some(BYE));
    let access = |tokens: &Value| text(tokens, "access_token");
    userinfo(&gateway, &access(&of_acme)).await.expect(401);
    userinfo(&gateway, &access(&of_globex)).await.expect(200);
    // Once more it means nobody who is there.
    browser.get(&query).await.expect(303);
    userinfo(&gateway, &access(&of_globex)).await.expect(200);
    tokens(&all, &browser, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_says_who_is_there_lets_nobody_in() {
    let (gateway, okta, entra) = two().await;
    let (first, second) = (gateway.idp(&okta).await, gateway.idp(&entra).await);
    let browser = Browser::new(&gateway);
    both(&browser, &first, &second).await;
    let place = |org: usher::id::OrganizationId| org.uuid().simple().to_string();
    let own = format!("__Host-usher.{}", place(okta.org));
    let told = format!("__Host-usher-browser.{}", place(okta.org));
    let thief = Browser::new(&gateway);
    for name in [&own, "__Host-usher"] {
        thief.plant(name, &browser.cookie(&told).unwrap());
        thief.get("/signed-in").await.expect(403);
    }
    thief.plant("__Host-usher", &browser.cookie(&own).unwrap());
    let page = thief.get("/signed-in").await.expect(200).text();
    assert!(
        page.contains("ada@acme.example") && !page.contains("globex"),
        "{page}"
    );
}
