"""Programs that others wrote, against a running Usher: one line a check, then the totals.

pysaml2 is the identity provider, Authlib the application behind and a SCIM client with OAuth, openid-client another
application behind, scim2-tester, scim2-cli and scim-sanity are SCIM clients; samlp and SimpleSAMLphp are further identity
providers, where they could be installed. Where Chromium is, people sign in and out in it (see saml_browser.py).
Usher runs at the log level `trace`, and what it said is read at the end.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import time
import traceback
import urllib.parse

from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.common.security import generate_token

import cold_start
import conformance
import feed
import openid_clients
import readme
import results
import saml_browser
import scim_oauth
import silence
import simplesamlphp
import story
import suites
from mutations import Mutations
from saml_idp import IdentityProvider, key_and_certificate
from traffic import SECRETS, Checks, browser, code, post, reason, remembering
from usher import Usher
from wrapping import Wrapping

HERE = os.path.dirname(os.path.abspath(__file__))
CALLBACK = "http://127.0.0.1:9/callback"
LOGIN = "http://127.0.0.1:9/login"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# Each so-manieth change of a message is tried; with PROOF set, on SQLite, every one.
THIN = 7


class App:
    """The application behind: Authlib's client."""

    def __init__(self, usher, registered):
        self.registered = registered
        self.about = browser().get(f"{usher.url}/.well-known/openid-configuration", timeout=30).json()

    def client(self):
        client = OAuth2Session(
            self.registered["client_id"], self.registered["client_secret"],
            redirect_uri=CALLBACK, scope="openid email profile", code_challenge_method="S256",
            token_endpoint_auth_method=self.about["token_endpoint_auth_methods_supported"][0],
        )
        return remembering(client)

    def authorize(self, session):
        """What the authorization endpoint answers to this browser, and what is needed to go on."""
        verifier, nonce = generate_token(64), generate_token(24)
        url, state = self.client().create_authorization_url(
            self.about["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        return session.get(url, allow_redirects=False, timeout=30), verifier, nonce, state

    def exchange(self, location, verifier, state):
        return self.client().fetch_token(
            self.about["token_endpoint"], authorization_response=location, code_verifier=verifier, state=state
        )

    def claims(self, token, nonce):
        """The ID token's claims, verified with the published keys."""
        keys = browser().get(self.about["jwks_uri"], timeout=30).json()
        algorithms = self.about["id_token_signing_alg_values_supported"]
        return verified(token, keys, algorithms, self.about["issuer"], self.registered["client_id"], nonce)


def verified(token, keys, algorithms, issuer, client_id, nonce):
    from joserfc import jwt
    from joserfc.jwk import KeySet

    decoded = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=algorithms)
    claims = CodeIDToken(
        decoded.claims, decoded.header,
        {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
        {"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]},
    )
    claims.validate(now=int(time.time()), leeway=5)
    return claims


class Run:
    def __init__(self, usher, checks):
        self.usher, self.checks, self.check = usher, checks, checks.check
        self.org = usher.command("org", "create", "acme")
        self.app_row = usher.command(
            "app", "create", "--name", "Shop", "--redirect-uri", CALLBACK, "--initiate-login-uri", LOGIN, "--org", "acme"
        )
        self.connection = usher.command(
            "connection", "create", "--org", "acme", "--name", "pysaml2", "--trusted-domain", "acme.example",
            "--app", self.app_row["client_id"],
        )
        usher.command(
            "mapping", "add", "--connection", self.connection["id"], "--group", "SEO_Editors", "--role", "editor"
        )
        self.acs = self.connection["acs_url"]

    def trust(self, connection, metadata):
        file = os.path.join(self.usher.folder, "idp.xml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(metadata)
        return self.usher.command("connection", "update", connection["id"], "--idp-metadata", file)

    def scim(self, method, path, body=None):
        answer = browser().request(
            method, self.connection["scim_base_url"] + path, json=body, timeout=30,
            headers={"Authorization": f"Bearer {self.connection['scim_token']}"},
        )
        return answer.json() if answer.content else {}

    def people(self):
        return self.usher.command("user", "list", "--org", "acme")

    def sign_in_by_pysaml2(self):
        idp = IdentityProvider(self.usher.folder, "https://pysaml2.example/metadata")
        row = self.trust(self.connection, idp.metadata())
        self.check("metadata that pysaml2 wrote are taken", row["idp_entity_id"] == idp.entity_id, row)
        ours = browser().get(self.connection["sp_metadata_url"], timeout=30)
        self.check("our metadata are read by pysaml2", idp.know(ours.text) == self.acs, ours.text[:300])
        for sign in ("assertion", "response", "both"):
            message = idp.response("ada@acme.example", self.connection, sign=sign)
            session = browser()
            answer = post(self.acs, message, session)
            location = answer.headers.get("location", "")
            good = answer.status_code == 303 and location.startswith(LOGIN) and bool(session.cookies)
            self.check(f"pysaml2 signs in, {sign} signed", good, reason(answer))
            again = post(self.acs, message)
            self.check("  the same a second time is a replay", reason(again).endswith(" replayed"), reason(again))
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)
        self.check("the app is told the issuer", asked.get("iss") == [self.usher.url], location)
        self.starts_here(idp)
        self.refusals(idp, ours.text)
        self.idp = idp
        return idp, session

    def starts_here(self, idp):
        """A sign-in that starts at Usher: what it asks, and who may bring the answer."""
        session, login = browser(), self.acs.replace("/acs", "/login")
        asked = idp.asked(session.get(login, allow_redirects=False, timeout=30).headers["location"])
        ours = (asked.issuer.text, asked.assertion_consumer_service_url)
        wanted = (self.connection["sp_entity_id"], self.acs)
        self.check("our request is read by pysaml2", ours == wanted and not asked.force_authn, str(asked))
        make = lambda: idp.response("ada@acme.example", self.connection, sign="both", answers=asked.id)
        stranger = post(self.acs, make(), browser())
        self.check("  its answer is refused in another browser", code(stranger) == "in_response_to_unknown", reason(stranger))
        answer = post(self.acs, make(), session)
        self.check("  and signs in in its own", answer.status_code == 303, reason(answer))
        again = post(self.acs, make(), session)
        self.check("  a second answer is refused", code(again) == "request_over", reason(again))

    def refusals(self, idp, ours):
        before = self.people()
        elsewhere = {**self.connection, "sp_entity_id": "https://another.example/metadata"}
        idp.know(ours.replace(self.connection["sp_entity_id"], elsewhere["sp_entity_id"]))
        misdirected = idp.response("ada@acme.example", elsewhere, sign="both")
        idp.know(ours)
        good = idp.response("ada@acme.example", self.connection, sign="both")
        other = IdentityProvider(self.usher.folder, idp.entity_id)
        other.know(ours)
        triple = idp.response("ada@acme.example", self.connection, sign="both", encrypted_for=certificate(ours))
        cases = [
            ("encrypted with Triple DES", triple, "encryption_algorithm_unsupported"),
            ("unsigned", idp.response("ada@acme.example", self.connection, sign="none"), "signature_missing"),
            ("with another name in it", good.replace("ada@acme.example", "eve@acme.example"), "signature_invalid"),
            ("by SHA-1", idp.response("ada@acme.example", self.connection, sign="both", weak=True), "signature_algorithm_unsupported"),
            ("signed by another key", other.response("ada@acme.example", self.connection, sign="both"), "signature_invalid"),
            ("of an address of nobody's domain", idp.response("eve@evil.example", self.connection, sign="both"), "domain_not_trusted"),
            ("for another audience", misdirected, "audience_mismatch"),
        ]
        for what, message, expected in cases:
            answer = post(self.acs, message)
            refused = 400 <= answer.status_code < 500 and not answer.cookies
            self.check(f"a message {what} is refused", refused and reason(answer).endswith(f" {expected}"), reason(answer))
        self.check("nobody was made by what was refused", self.people() == before, self.people())

    def forged(self, idp, thin):
        """Its messages changed, wrapped, and made to compute."""
        make = lambda sign: idp.response("ada@acme.example", self.connection, sign=sign)
        for sign, element in (("assertion", "Assertion"), ("response", "Response"), ("both", "Response")):
            Mutations(self.usher, self.checks, "acme").run(f"pysaml2, {sign} signed", self.acs, lambda: make(sign), element, thin)
        elsewhere = IdentityProvider(self.usher.folder, "https://elsewhere.example/metadata")
        elsewhere.know(browser().get(self.connection["sp_metadata_url"], timeout=30).text)
        other = self.usher.command("connection", "create", "--org", "acme", "--name", "elsewhere")
        self.trust(other, elsewhere.metadata())
        foreign = elsewhere.response("ada@acme.example", self.connection, sign="both")
        foreign = foreign.replace(elsewhere.entity_id, idp.entity_id), foreign
        Wrapping(self.usher, self.checks, "acme").run("pysaml2", self.acs, make, idp.key, foreign)

    def token_by_authlib(self, session):
        app = App(self.usher, self.app_row)
        answer, verifier, nonce, state = app.authorize(session)
        location = answer.headers.get("location", "")
        self.check("authorize answers with a code", answer.status_code == 303 and "code=" in location, reason(answer))
        token = app.exchange(location, verifier, state)
        claims = app.claims(token, nonce)
        good = claims["email"] == "ada@acme.example" and claims["org_slug"] == "acme" and claims["role"] == "viewer"
        self.check("Authlib exchanges the code and verifies the ID token", good, dict(claims))
        self.check("  the access token is an at+jwt", header(token["access_token"])["typ"] == "at+jwt", token)
        self.check("  the same code a second time is refused", refused(lambda: app.exchange(location, verifier, state)))
        answer, _, _, state = app.authorize(session)
        location = answer.headers.get("location", "")
        self.check("  another verifier is refused", refused(lambda: app.exchange(location, generate_token(64), state)))
        return app

    def leaving(self, idp, app):
        """Provisioned, in a group, signed in, and gone."""
        address = "bob@acme.example"
        person = self.scim("POST", "/Users", {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": address, "active": True,
            "emails": [{"value": address, "type": "work", "primary": True}],
        })
        self.scim("POST", "/Groups", {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "SEO_Editors",
            "members": [{"value": person["id"]}],
        })
        session = browser()
        answer = post(self.acs, idp.response(address, self.connection, sign="assertion"), session)
        self.check("a provisioned person signs in", answer.status_code == 303, reason(answer))
        answer, verifier, nonce, state = app.authorize(session)
        claims = app.claims(app.exchange(answer.headers["location"], verifier, state), nonce)
        self.check("a group of the directory is a role in the token", claims["role"] == "editor", dict(claims))
        answer, verifier, _, state = app.authorize(session)
        location = answer.headers["location"]
        gone = self.scim("PATCH", f"/Users/{person['id']}", {
            "schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": False}}],
        })
        self.check("SCIM deactivates the person", gone.get("active") is False, gone)
        before = self.people()
        self.check("  the code of a moment ago is refused", refused(lambda: app.exchange(location, verifier, state)))
        answer = app.authorize(session)[0]
        asked = answer.status_code == 200 and 'name="login_hint"' in answer.text
        self.check("  authorize asks who signs in", asked and "location" not in answer.headers, reason(answer))
        answer = post(self.acs, idp.response(address, self.connection, sign="both"))
        self.check("  a good response is refused", reason(answer) == "403 deprovisioned", reason(answer))
        self.check("  no row is new", self.people() == before, self.people())

    def sign_in_by_samlp(self, modules, thin):
        key, signs = key_and_certificate(self.usher.folder, "samlp")
        connection = self.usher.command(
            "connection", "create", "--org", "acme", "--name", "samlp", "--profile", "entra", "--trusted-domain", "other.example"
        )
        ours = certificate(browser().get(connection["sp_metadata_url"], timeout=30).text)
        asked = {
            "key": key, "certificate": signs, "issuer": "urn:samlp.example", "ours": ours,
            "audience": connection["sp_entity_id"], "acs": connection["acs_url"], "email": "cay@other.example",
            "count": 20 + 900 // thin,
        }
        made = subprocess.run(
            ["node", os.path.join(HERE, "samlp.js")], input=json.dumps(asked), capture_output=True, text=True,
            timeout=300, env=dict(os.environ, NODE_PATH=modules),
        )
        if not self.check("samlp writes metadata and messages", made.returncode == 0, made.stderr[-500:]):
            return
        made = json.loads(made.stdout)
        self.trust(connection, made["metadata"])
        for what, message in made["encrypted"].items():
            answer = post(connection["acs_url"], message, session := browser())
            good = answer.status_code == 303 and bool(session.cookies)
            self.check(f"samlp signs in, encrypted, {what}", good, reason(answer))
        for what, messages in made["responses"].items():
            messages = iter(messages)
            message, session = next(messages), browser()
            answer = post(connection["acs_url"], message, session)
            good = answer.status_code == 303 and bool(session.cookies)
            self.check(f"samlp signs in, {what}", good, reason(answer))
            again = post(connection["acs_url"], message)
            self.check("  the same a second time is a replay", reason(again).endswith(" replayed"), reason(again))
            element = "Assertion" if what.startswith("assertion") else "Response"
            mutations = Mutations(self.usher, self.checks, "acme")
            mutations.run(f"samlp, {what}", connection["acs_url"], lambda: next(messages), element, thin)
        fresh = {what.split()[0]: iter(messages[-10:]) for what, messages in made["responses"].items()}
        self.idp.know(browser().get(connection["sp_metadata_url"], timeout=30).text)
        foreign = self.idp.response("cay@other.example", connection, sign="both"),
        self.idp.know(browser().get(self.connection["sp_metadata_url"], timeout=30).text)
        Wrapping(self.usher, self.checks, "acme").run(
            "samlp", connection["acs_url"], lambda sign: next(fresh[sign]), key, foreign
        )


def certificate(metadata):
    """Ours, as metadata have it, in PEM."""
    text = simplesamlphp.CERTIFICATE.search(metadata).group(1)
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def header(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def refused(exchange):
    try:
        exchange()
    except Exception as error:  # Authlib has an exception a code
        return "invalid_grant" in str(error)
    return False


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--postgres", help="a server's URL; an SQLite file without it")
    arguments.add_argument("--node-modules", help="where npm's packages are installed; skipped without them")
    arguments.add_argument("--simplesamlphp", help="where its package is unpacked; skipped without it")
    arguments.add_argument("--screens", help="a folder for the pictures of pages")
    arguments.add_argument("--totals", help="a file to add the totals to")
    given = arguments.parse_args()
    checks = Checks("PostgreSQL" if given.postgres else "SQLite")
    thin = 1 if os.environ.get("PROOF") and not given.postgres else THIN
    with Usher(given.usher, given.postgres, log="trace", heard=SECRETS.document) as usher:
        try:
            every(usher, checks, given, thin)
        except Exception:
            checks.check("the run comes to its end", False, traceback.format_exc())
        code = usher.stop()
        checks.check("the server stops when it is asked to", code == 0, code)
        with open(usher.log, encoding="utf-8", errors="replace") as log:
            silence.check(checks, log.read())
    checks.end(given.totals)


def every(usher, checks, given, thin):
    usher.start()
    run = Run(usher, checks)
    checks.of("pysaml2")
    idp, session = run.sign_in_by_pysaml2()
    checks.of("Authlib")
    app = run.token_by_authlib(session)
    run.leaving(idp, app)
    scim_oauth.run(usher, checks)
    scim_oauth.fresh(given.usher, given.postgres, checks)
    openid_clients.run(usher, checks, given.node_modules)
    suites.run(usher, checks)
    checks.of("pysaml2")
    run.forged(idp, thin)
    checks.of("samlp")
    if given.node_modules and shutil.which("node"):
        run.sign_in_by_samlp(given.node_modules, thin)
    else:
        checks.skip("samlp", "Node or the package is not installed")
    checks.of("SimpleSAMLphp")
    package = given.simplesamlphp if shutil.which("php") else None
    if package:
        simplesamlphp.run(package, usher, checks, run.trust)
    else:
        checks.skip("SimpleSAMLphp", "PHP or the package is not installed")
    checks.of(None)
    saml_browser.fresh(given.usher, given.postgres, checks, given.screens, package)
    results.compare(checks)
    readme.fresh(given.usher, given.postgres, checks)
    conformance.fresh(given.usher, given.postgres, checks)
    story.fresh(given.usher, given.postgres, checks)
    feed.run(usher, checks)
    cold_start.run(usher, checks, lambda address: idp.response(address, run.connection, sign="both"), run.acs)
    silence.provoke(usher, run.connection, run.app_row, [idp.response("eve@evil.example", run.connection, sign="both")])


main()
