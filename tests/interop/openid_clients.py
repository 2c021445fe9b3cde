"""Applications behind that others wrote, each through every flow: Authlib and npm's openid-client.

By itself: `openid_clients.py --usher USHER`, with what run.py takes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import traceback
import urllib.parse
from types import SimpleNamespace

from authlib.common.security import generate_token
from authlib.integrations.base_client import BaseApp, OAuthError
from authlib.integrations.base_client.sync_app import OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session

from saml_idp import IdentityProvider
from traffic import SECRETS, Checks, browser, post, reason, remembering
from usher import Usher

HERE = os.path.dirname(os.path.abspath(__file__))
ORG = "clients"
ADDRESS = "cleo@clients.example"
CALLBACK = "http://127.0.0.1:9/callback"
GOODBYE = "http://127.0.0.1:9/goodbye"
SSO = "https://pysaml2.example/sso"


class Refused(Exception):
    """What a client says went wrong: the code of the error."""


class RememberingSession(OAuth2Session):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        remembering(self)


class AuthlibApp(OAuth2Mixin, OpenIDMixin, BaseApp):
    """What Authlib's integrations of web frameworks are made of."""

    client_cls = RememberingSession


class Authlib:
    def __init__(self, issuer, registered):
        self.app = AuthlibApp(
            SimpleNamespace(update_token=lambda *_, **__: None),
            client_id=registered["client_id"], client_secret=registered["client_secret"],
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
        )

    def discover(self):
        return self.app.load_server_metadata()

    def begin(self, **more):
        self.asked = self.app.create_authorization_url(CALLBACK, **more)
        return self.asked["url"]

    def finish(self, location, verifier=None):
        told = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        if "error" in told:
            raise Refused(told["error"])
        if told["state"] != self.asked["state"]:
            raise Refused("another state")
        tokens = self.telling(lambda: self.app.fetch_access_token(
            CALLBACK, code=told["code"], state=told["state"], code_verifier=verifier or self.asked["code_verifier"]
        ))
        return {**tokens, "claims": self.claims(tokens, self.asked["nonce"])}

    def claims(self, tokens, nonce):
        metadata = self.discover()
        options = {"iss": {"essential": True, "value": metadata["issuer"]}, "auth_time": {"essential": True}}
        return dict(self.app.parse_id_token(tokens, nonce, claims_options=options, leeway=5))

    def userinfo(self, token, sub):
        answer = self.app.get(self.discover()["userinfo_endpoint"], token={"access_token": token, "token_type": "Bearer"})
        if answer.status_code != 200:
            raise Refused(answer.headers.get("www-authenticate", "").partition('error="')[2].partition('"')[0])
        told = answer.json()
        if told["sub"] != sub:
            raise Refused("another sub")
        return told

    def refresh(self, token):
        with self.session() as session:
            tokens = self.telling(lambda: session.refresh_token(self.discover()["token_endpoint"], refresh_token=token))
        return {**tokens, "claims": self.claims(tokens, None)}

    def introspect(self, token):
        with self.session() as session:
            answer = session.introspect_token(self.discover()["introspection_endpoint"], token=token)
        answer.raise_for_status()
        return answer.json()

    def revoke(self, token):
        with self.session() as session:
            answer = session.revoke_token(self.discover()["revocation_endpoint"], token=token)
        answer.raise_for_status()

    def logout(self, **parameters):
        return self.app.create_logout_url(**parameters)["url"]

    def session(self):
        """The client below the app: refreshing and questions about tokens are its own."""
        return self.app._get_oauth_client(**self.discover())

    @staticmethod
    def telling(ask):
        try:
            return ask()
        except OAuthError as error:
            raise Refused(error.error) from error

    def end(self):
        pass


class OpenidClient:
    """npm's, in a process of its own; see openid_client.mjs."""

    def __init__(self, issuer, registered, modules):
        self.given = {
            "issuer": issuer, "redirect_uri": CALLBACK, "id_token_alg": "RS256",
            "client_id": registered["client_id"], "client_secret": registered["client_secret"],
        }
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "openid_client.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, NODE_PATH=modules),
        )

    def call(self, name, **given):
        self.process.stdin.write(json.dumps({"call": name, **given}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"refused": "the process has ended"}')
        SECRETS.document(answer)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["done"]

    def discover(self):
        return self.call("discover", **self.given)

    def __getattr__(self, name):
        """Every other call, by its name."""
        return lambda **given: self.call(name, **given)

    def end(self):
        self.process.communicate(timeout=30)


class Walk:
    """One person, one browser, and an application by one of these clients."""

    def __init__(self, checks, name, client, idp, connection):
        self.check, self.name, self.client = checks.check, name, client
        self.idp, self.connection = idp, connection
        self.session = browser()

    def run(self, issuer):
        self.discovery(issuer)
        self.first()
        self.silently()
        self.afresh()
        self.by_age()
        self.refreshing()
        self.asking_about_tokens()
        self.leaving()

    def visit(self, url, ago=0):
        """Follows the browser until it is back at the app, or at a page; the identity provider, if it
        is asked, says that the person signed in to it so many seconds ago."""
        self.asked = None
        answer = self.session.get(url, allow_redirects=False, timeout=30)
        while answer.is_redirect:
            location = urllib.parse.urljoin(answer.url, answer.headers["location"])
            if location.startswith((CALLBACK, GOODBYE)):
                return location
            if location.startswith(SSO):
                self.asked = self.idp.asked(location)
                message = self.idp.response(
                    ADDRESS, self.connection, sign="both", answers=self.asked.id, at=int(time.time()) - ago
                )
                answer = post(self.connection["acs_url"], message, self.session)
            else:
                answer = self.session.get(location, allow_redirects=False, timeout=30)
        return f"{answer.url} {reason(answer)}"

    def tokens(self, ago=0, **more):
        return self.client.finish(location=self.visit(self.client.begin(login_hint=ADDRESS, **more), ago))

    def refused(self, what, code, ask):
        try:
            came = ask()
        except Refused as error:
            came = str(error)
        return self.check(what, came == code, came)

    def discovery(self, issuer):
        about = self.client.discover()
        self.check(f"{self.name} discovers the issuer", about["issuer"] == issuer, about)

    def first(self):
        self.refused("  prompt=none, nobody signed in: login_required", "login_required", lambda: self.tokens(prompt="none"))
        location = self.visit(self.client.begin(login_hint=ADDRESS))
        self.check("  somebody new is sent to the identity provider", self.asked and not self.asked.force_authn, location)
        self.refused(
            "  another verifier: invalid_grant", "invalid_grant",
            lambda: self.client.finish(location=location, verifier=generate_token(64)),
        )
        location = self.visit(self.client.begin())
        tokens = self.client.finish(location=location)
        claims = tokens["claims"]
        self.check("  a code by PKCE, and an ID token that it verifies", claims["email"] == ADDRESS, claims)
        told = self.client.userinfo(token=tokens["access_token"], sub=claims["sub"])
        self.check("  userinfo is of the same person", told["email"] == ADDRESS, told)
        self.refused(
            "  the code a second time: invalid_grant", "invalid_grant", lambda: self.client.finish(location=location)
        )
        self.refused(
            "  and what came of it is over: invalid_token", "invalid_token",
            lambda: self.client.userinfo(token=tokens["access_token"], sub=claims["sub"]),
        )
        self.refused(
            "  its refresh token, too: invalid_grant", "invalid_grant",
            lambda: self.client.refresh(token=tokens["refresh_token"]),
        )
        self.sub = claims["sub"]

    def silently(self):
        claims = self.tokens(prompt="none")["claims"]
        self.check("  prompt=none, signed in: a code, and nobody was asked", claims["sub"] == self.sub and not self.asked, claims)

    def afresh(self):
        before = self.tokens(prompt="login", ago=20)["claims"]
        claims = self.tokens(prompt="login")["claims"]
        forced = self.asked and self.asked.force_authn == "true"
        self.check("  prompt=login asks the identity provider for a fresh sign-in", forced, self.asked)
        moved = claims["sub"] == self.sub and 20 <= claims["auth_time"] - before["auth_time"] < 60
        self.check("  and auth_time moves", moved, (before, claims))
        self.refused(
            "  a sign-in of ten minutes ago does not do: login_required", "login_required",
            lambda: self.tokens(prompt="login", ago=600),
        )

    def by_age(self):
        before = self.old()
        claims = self.tokens(max_age="3600")["claims"]
        same = claims["auth_time"] == before["auth_time"] and not self.asked
        self.check("  max_age that the sign-in is within: a code, and nobody was asked", same, (before, claims))
        self.refused(
            "  max_age that it is beyond, with prompt=none: login_required", "login_required",
            lambda: self.tokens(max_age="300", prompt="none"),
        )
        claims = self.tokens(max_age="300")["claims"]
        forced = self.asked and self.asked.force_authn == "true"
        self.check("  max_age that it is beyond: a fresh sign-in", forced, self.asked)
        moved = 0 <= time.time() - claims["auth_time"] <= 300 and claims["auth_time"] > before["auth_time"]
        self.check("  and auth_time moves", moved, (before, claims))

    def old(self):
        """The same person in another browser, who signed in ten minutes ago."""
        self.session = browser()
        return self.tokens(ago=600)["claims"]

    def refreshing(self):
        first = self.tokens()
        second = self.client.refresh(token=first["refresh_token"])
        new = second["refresh_token"] != first["refresh_token"] and second["access_token"] != first["access_token"]
        self.check("  a refresh token brings a new one, and a new access token", new, second)
        claims = {name: (first["claims"][name], second["claims"][name]) for name in ("iss", "sub", "aud", "auth_time")}
        same = all(before == after for before, after in claims.values())
        self.check("  the ID token with it is of the same sign-in", same, claims)
        told = self.client.userinfo(token=second["access_token"], sub=self.sub)
        self.check("  userinfo takes the new access token", told["sub"] == self.sub, told)
        third = self.client.refresh(token=second["refresh_token"])
        for what, tokens in (("the old refresh token", first), ("and with it the newest", third)):
            self.refused(
                f"  {what}: invalid_grant", "invalid_grant", lambda: self.client.refresh(token=tokens["refresh_token"])
            )

    def asking_about_tokens(self):
        tokens = self.tokens()
        about = self.client.introspect(token=tokens["access_token"])
        good = about["active"] and about["sub"] == self.sub and about["exp"] > time.time()
        self.check("  an access token is active", good, about)
        about = self.client.introspect(token=tokens["refresh_token"])
        self.check("  a refresh token is active", about["active"] and about["sub"] == self.sub, about)
        about = self.client.introspect(token=generate_token(40))
        self.check("  another word is not, and no more is said", about == {"active": False}, about)
        self.client.revoke(token=generate_token(40))
        self.client.revoke(token=tokens["refresh_token"])
        for kind in ("refresh_token", "access_token"):
            about = self.client.introspect(token=tokens[kind])
            self.check(f"  the refresh token revoked: the {kind} is not active", about == {"active": False}, about)
        self.refused(
            "  it refreshes nothing: invalid_grant", "invalid_grant",
            lambda: self.client.refresh(token=tokens["refresh_token"]),
        )
        tokens = self.tokens(prompt="none")
        self.check("  the session goes on", tokens["claims"]["sub"] == self.sub, tokens["claims"])
        self.client.revoke(token=tokens["access_token"])
        about = self.client.introspect(token=tokens["access_token"])
        self.check("  an access token revoked is not active", about == {"active": False}, about)
        self.refused(
            "  userinfo does not take it: invalid_token", "invalid_token",
            lambda: self.client.userinfo(token=tokens["access_token"], sub=self.sub),
        )

    def leaving(self):
        tokens, state = self.tokens(prompt="none"), generate_token(24)
        came = self.visit(self.client.logout(
            id_token_hint=tokens["id_token"], post_logout_redirect_uri=GOODBYE, state=state
        ))
        self.check("  logout comes back with the state", came == f"{GOODBYE}?state={state}", came)
        self.refused("  then prompt=none: login_required", "login_required", lambda: self.tokens(prompt="none"))
        self.refused(
            "  the refresh token: invalid_grant", "invalid_grant",
            lambda: self.client.refresh(token=tokens["refresh_token"]),
        )
        about = self.client.introspect(token=tokens["access_token"])
        self.check("  the access token is not active", about == {"active": False}, about)


def run(usher, checks, modules=None):
    usher.command("org", "create", ORG)
    connection = usher.command("connection", "create", "--org", ORG, "--name", "pysaml2", "--trusted-domain", "clients.example")
    idp = IdentityProvider(usher.folder, "https://clients.example/metadata")
    file = os.path.join(usher.folder, "clients.xml")
    with open(file, "w", encoding="utf-8") as out:
        out.write(idp.metadata())
    usher.command("connection", "update", connection["id"], "--idp-metadata", file)
    idp.know(browser().get(connection["sp_metadata_url"], timeout=30).text)

    def walk(name, algorithm, make):
        registered = usher.command(
            "app", "create", "--name", name, "--redirect-uri", CALLBACK, "--post-logout-redirect-uri", GOODBYE,
            "--id-token-alg", algorithm, "--org", ORG,
        )
        checks.of(name)
        client = make(registered)
        try:
            Walk(checks, name, client, idp, connection).run(usher.url)
        except Exception:
            checks.check(f"{name} comes to the end", False, traceback.format_exc())
        finally:
            client.end()

    walk("Authlib", "ES256", lambda registered: Authlib(usher.url, registered))
    if modules and shutil.which("node"):
        walk("openid-client", "RS256", lambda registered: OpenidClient(usher.url, registered, modules))
    else:
        checks.skip("openid-client", "Node or the package is not installed")
    checks.of(None)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--postgres", default=os.environ.get("TEST_DATABASE_URL"), help="a server's URL")
    arguments.add_argument("--node-modules", help="where openid-client is installed; skipped without it")
    given = arguments.parse_args()
    checks = Checks("PostgreSQL" if given.postgres else "SQLite")
    with Usher(given.usher, given.postgres) as usher:
        usher.start()
        run(usher, checks, given.node_modules)
    checks.end()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
