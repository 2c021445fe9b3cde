"""SimpleSAMLphp as the identity provider: its own pages, its login form, what its form posts to Usher."""

import base64
import html
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.parse

import requests

from saml_idp import key_and_certificate
from traffic import browser, code, post, reason, signed_in
from usher import free_port

ADDRESS = "mira.lindqvist@simple.example"

CONFIG = """<?php
$config = [
    'baseurlpath' => '{url}/', 'certdir' => '{folder}/', 'loggingdir' => '{folder}/', 'datadir' => '{folder}/',
    'tempdir' => '{folder}/temp', 'metadatadir' => '{folder}/metadata/',
    'attributenamemapdir' => '{package}/etc/simplesamlphp/attributemap/', 'secretsalt' => '{secret}', 'auth.adminpassword' => '{secret}',
    'timezone' => 'UTC', 'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => {secure}, 'session.cookie.samesite' => {samesite}, 'store.type' => 'phpsession',
    'session.phpsession.savepath' => '{folder}', 'session.phpsession.cookiename' => 'simple',
    'logging.handler' => 'errorlog', 'metadata.sources' => [['type' => 'flatfile']], 'trusted.url.domains' => [],
    'language.default' => 'en', 'language.available' => ['en'], 'enable.http_post' => false, 'production' => true,
];
"""
SOURCES = """<?php
$config = ['people' => ['exampleauth:UserPass', 'mira:{secret}' => [
    'mail' => ['{address}'], 'givenName' => ['Mirabella'], 'sn' => ['Lindqvist'], 'memberOf' => ['Writers', 'Editors'],
]]];
"""
HOSTED = """<?php
$metadata['{url}/idp'] = [
    'host' => '__DEFAULT__', 'privatekey' => '{key}', 'certificate' => '{certificate}', 'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'SingleSignOnServiceBinding' => ['{binding}'], 'SingleLogoutServiceBinding' => ['{binding}'],
];
"""
REMOTE = """<?php
$metadata['{entity_id}'] = [
    'AssertionConsumerService' => '{acs}', 'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    'simplesaml.nameidattribute' => 'mail', 'saml20.sign.response' => {response}, 'saml20.sign.assertion' => {assertion},
    'assertion.encryption' => {encrypted}, 'validate.authnrequest' => {validated},
    'keys' => [['type' => 'X509Certificate', 'signing' => true, 'encryption' => true, 'X509Certificate' => '{ours}']],
    'SingleLogoutService' => [{logout}], 'sign.logout' => true, 'validate.logout' => true,
];
"""
LOGOUT = "['Binding' => '{binding}', 'Location' => '{slo}']"
REDIRECT, POST = (f"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{it}" for it in ("Redirect", "POST"))
CERTIFICATE = re.compile(r"<ds:X509Certificate>([^<]*)</ds:X509Certificate>")


class SimpleSamlPhp:
    def __init__(self, package, known_as=None):
        """`package` is the folder that Debian's package was unpacked in; `known_as` tells the address, by
        https, at which browsers know the server at a port."""
        self.package = package
        self.folder = tempfile.mkdtemp(prefix="simplesamlphp-")
        self.port, self.secret, self.process = free_port(), secrets.token_hex(16), None
        self.direct = f"http://127.0.0.1:{self.port}"
        self.url = known_as(self.port) if known_as else self.direct
        self.key = [os.path.basename(file) for file in key_and_certificate(self.folder, "idp")]
        for folder in ("metadata", "temp"):
            os.mkdir(os.path.join(self.folder, folder))
        secure, samesite = ("true", "'None'") if known_as else ("false", "null")
        self.write("config.php", CONFIG, secure=secure, samesite=samesite)
        self.write("authsources.php", SOURCES, address=ADDRESS)
        self.speak(REDIRECT)

    def speak(self, binding):
        """How it wants to be asked, for sign-ins and for logouts."""
        key, certificate = self.key
        self.write("metadata/saml20-idp-hosted.php", HOSTED, key=key, certificate=certificate, binding=binding)

    def write(self, name, text, **values):
        for field, value in {"url": self.url, "folder": self.folder, "package": self.package, "secret": self.secret, **values}.items():
            text = text.replace("{" + field + "}", value)
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as out:
            out.write(text)

    def know(self, connection, sign, encrypted=False, validated=False, logout=None):
        """What it is told of Usher: our certificate, and what to do with it; how logouts are told, if they are."""
        ours = CERTIFICATE.search(browser().get(connection["sp_metadata_url"], timeout=30).text)
        slo = LOGOUT.replace("{slo}", connection["acs_url"].replace("/acs", "/slo")).replace("{binding}", logout or "")
        self.write(
            "metadata/saml20-sp-remote.php", REMOTE, entity_id=connection["sp_entity_id"], acs=connection["acs_url"],
            logout=slo if logout else "", response=str(sign != "assertion").lower(), assertion=str(sign != "response").lower(), ours=ours.group(1),
            encrypted=str(encrypted).lower(), validated=str(validated).lower(),
        )

    def __enter__(self):
        www = os.path.join(self.package, "usr/share/simplesamlphp/www")
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["php", "-d", "opcache.enable=0", "-S", f"127.0.0.1:{self.port}", "-t", www],
                env=dict(os.environ, SIMPLESAMLPHP_CONFIG_DIR=self.folder), stdout=log, stderr=log, cwd=self.folder,
            )
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                browser().get(f"{self.direct}/saml2/idp/metadata.php", timeout=5)
                return self
            except requests.ConnectionError:
                time.sleep(0.1)
        raise RuntimeError(f"SimpleSAMLphp is not ready: {self.log()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-1500:]

    def metadata(self):
        return browser().get(f"{self.direct}/saml2/idp/metadata.php", timeout=30).text

    def response(self, connection):
        """Opens the application from the identity provider, as a person does; the form that it ends in."""
        asked = urllib.parse.urlencode({"spentityid": connection["sp_entity_id"]})
        return self.entered(browser(), f"{self.url}/saml2/idp/SSOService.php?{asked}")

    def entered(self, session, start):
        """Signs in on the page that `start` leads to; the form that it ends in."""
        page = session.get(start, timeout=30)
        if "SAMLResponse" in dict(inputs(page.text)):
            return self.form(page)
        fields = dict(inputs(page.text), username="mira", password=self.secret)
        action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
        target = urllib.parse.urljoin(page.url, html.unescape(action.group(1)) if action else "")
        return self.form(session.post(target, data=fields, timeout=30))

    def form(self, page):
        fields = dict(inputs(page.text))
        action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
        if "SAMLResponse" not in fields or action is None:
            raise RuntimeError(f"no response: {page.status_code} {page.url} {page.text[-800:]} {self.log()}")
        return html.unescape(action.group(1)), fields


def inputs(page):
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = (re.search(rf'\b{what}="([^"]*)"', tag) for what in ("name", "value"))
        if name:
            yield html.unescape(name.group(1)), html.unescape(value.group(1)) if value else ""


def run(package, usher, checks, trust):
    """Signs in by it, and again by the same response."""
    connection = usher.command(
        "connection", "create", "--org", "acme", "--name", "SimpleSAMLphp", "--trusted-domain", "simple.example"
    )
    with SimpleSamlPhp(package) as idp:
        row = trust(connection, idp.metadata())
        checks.check("SimpleSAMLphp's metadata are taken", row["idp_entity_id"] == f"{idp.url}/idp", row)
        for sign in ("assertion", "response", "both"):
            idp.know(connection, sign)
            action, fields = idp.response(connection)
            session = browser()
            send = lambda to: to.post(action, data=fields, allow_redirects=False, timeout=30)
            answer = send(session)
            who = signed_in(usher.url, session)
            good = answer.status_code == 303 and who.get("Address") == ADDRESS and who.get("Name") == "Mirabella Lindqvist"
            checks.check(f"SimpleSAMLphp signs in, {sign} signed", good, f"{reason(answer)} {who}")
            checks.check("  the form goes to our address", action == connection["acs_url"], action)
            again = send(browser())
            checks.check("  the same a second time is a replay", code(again) == "replayed", reason(again))
        encrypted(usher, checks, idp, connection)
        starts_here(usher, checks, idp, connection)
        # It wants our requests signed, and looks.
        idp.know(connection, "both", encrypted=True, validated=True)
        login = connection["acs_url"].replace("/acs", "/login")
        unsigned = browser().get(login, timeout=30)
        checks.check("SimpleSAMLphp refuses our request unsigned", "username" not in dict(inputs(unsigned.text)), unsigned.text[:200])
        usher.command("connection", "update", connection["id"], "--sign-requests", "on")
        starts_here(usher, checks, idp, connection, "whose request is signed")


def encrypted(usher, checks, idp, connection):
    """The assertion is encrypted for us; without CBC, which it uses, nobody comes in."""
    send = lambda to: to.post(action, data=fields, allow_redirects=False, timeout=30)
    for sign in ("assertion", "response", "both"):
        idp.know(connection, sign, encrypted=True)
        action, fields = idp.response(connection)
        hidden = b"EncryptedAssertion" in base64.b64decode(fields["SAMLResponse"])
        session = browser()
        answer = send(session)
        who = signed_in(usher.url, session)
        good = hidden and answer.status_code == 303 and who.get("Address") == ADDRESS
        checks.check(f"SimpleSAMLphp signs in, encrypted, {sign} signed", good, f"{hidden} {reason(answer)} {who}")
        again = send(browser())
        checks.check("  the same a second time is a replay", code(again) == "replayed", reason(again))
    for setting, expected in (("off", "encryption_algorithm_unsupported"), ("on", None)):
        usher.command("connection", "update", connection["id"], "--allow-cbc", setting)
        action, fields = idp.response(connection)
        answer = send(browser())
        came = code(answer) == expected if expected else answer.status_code == 303
        checks.check(f"  with --allow-cbc {setting}: {expected or 'signs in'}", came, reason(answer))


def starts_here(usher, checks, idp, connection, who_asks="who starts at Usher"):
    """The same person, from our login address to its pages and back."""
    login = connection["acs_url"].replace("/acs", "/login")
    session, other = browser(), browser()
    action, fields = idp.entered(session, login)
    send = lambda to, fields: to.post(action, data=fields, allow_redirects=False, timeout=30)
    stranger = send(other, fields)
    checks.check("SimpleSAMLphp's answer is good in its browser alone", code(stranger) == "in_response_to_unknown", reason(stranger))
    answer = send(session, fields)
    who = signed_in(usher.url, session)
    good = answer.status_code == 303 and who.get("Address") == ADDRESS
    checks.check(f"SimpleSAMLphp signs in {who_asks}", good, f"{reason(answer)} {who}")
    # Its own session is still there: the second time it asks for nothing.
    action, fields = idp.entered(session, login)
    answer = send(session, fields)
    checks.check("  and again, without its login page", answer.status_code == 303, reason(answer))
