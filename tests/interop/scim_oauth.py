"""A SCIM client that gets its access tokens as identity providers do: Authlib asks /oauth/token by client
credentials, with a secret in the header, with one in the form, and by assertions that it signs (RFC 7523)
with a key that is registered or published; and then calls SCIM with what it got.
"""

import http.server
import json
import os
import threading
import time

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, KeySet, RSAKey

from traffic import browser, remembering
from usher import Usher

SCOPE = "scim"


class Publisher(http.server.BaseHTTPRequestHandler):
    """Where the client publishes its public keys."""

    document = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/jwk-set+json")
        self.end_headers()
        self.wfile.write(self.document)

    def log_message(self, *_):
        pass


def public(*keys):
    return json.dumps(KeySet(list(keys)).as_dict(private=False))


class Signing(PrivateKeyJWT):
    """Signs as Authlib does, but for minutes: an hour, which it takes unless told, is refused."""

    life = 120

    def sign(self, auth, token_endpoint):
        # A fresh one each time: Authlib writes its jti into what it is given.
        self.claims = {"exp": int(time.time()) + self.life}
        return super().sign(auth, token_endpoint)


class Client:
    """Authlib's client, as `usher token issue --oauth` registered it."""

    def __init__(self, usher, registered, method, secret, algorithm=None):
        about = browser().get(f"{usher.url}/.well-known/oauth-authorization-server", timeout=30).json()
        self.endpoint = about["token_endpoint"]
        session = OAuth2Session(registered["client_id"], secret, scope=SCOPE, token_endpoint_auth_method=method)
        if method == "private_key_jwt":
            # Authlib's own header says no kid unless it is told one.
            header = {"kid": secret.kid, "typ": "JWT"}
            session.register_client_auth_method(Signing(self.endpoint, headers=header, alg=algorithm))
        self.session = remembering(session)

    def token(self):
        return self.session.fetch_token(self.endpoint, grant_type="client_credentials", timeout=30)

    def refused(self, error):
        """Whether no token is given, for this reason."""
        try:
            self.token()
        except OAuthError as given:
            return given.error == error
        return False

    def scim(self, base):
        """Reads users with the token of a moment ago: Authlib sends it."""
        return self.session.get(f"{base}/Users", timeout=30).status_code


def run(usher, checks):
    usher.command("org", "create", "oauth")
    create = lambda name: usher.command("connection", "create", "--org", "oauth", "--name", name)
    connection, other = create("ours"), create("another")
    issue = lambda *more: usher.command("token", "issue", "--connection", connection["id"], "--oauth", *more)
    revoke = lambda it: usher.command("token", "revoke", "--connection", connection["id"], it["client_id"])

    for method in ("client_secret_basic", "client_secret_post"):
        registered = issue()
        client = Client(usher, registered, method, registered["client_secret"])
        lives(checks, usher, f"Authlib, {method}", client, connection, other, lambda: revoke(registered))
        registered = issue("--auth-method", method)
        other_way = {"client_secret_basic": "client_secret_post"}.get(method, "client_secret_basic")
        bound = Client(usher, registered, other_way, registered["client_secret"])
        checks.check(f"  a client bound to {method} is refused by {other_way}", bound.refused("invalid_client"))
        revoke(registered)

    keys = {
        "ES256": ECKey.generate_key("P-256", {"kid": "ec"}), "ES384": ECKey.generate_key("P-384", {"kid": "wide"}),
        "PS256": RSAKey.generate_key(2048, {"kid": "pss"}), "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    }
    file = os.path.join(usher.folder, "jwks.json")
    for algorithm, key in keys.items():
        with open(file, "w", encoding="utf-8") as out:
            out.write(public(*keys.values()))
        registered = issue("--jwks-file", file)
        checks.check(f"a client with keys has no secret ({algorithm})", "client_secret" not in registered, registered)
        client = Client(usher, registered, "private_key_jwt", key, algorithm)
        lives(checks, usher, f"Authlib, private_key_jwt, {algorithm}", client, connection, other, lambda: revoke(registered))

    registered = issue("--jwks-file", file)
    stranger = Client(usher, registered, "private_key_jwt", ECKey.generate_key("P-256", {"kid": "ec"}), "ES256")
    checks.check("another key of the same name is refused", stranger.refused("invalid_client"))
    long = Client(usher, registered, "private_key_jwt", keys["ES256"], "ES256")
    long.session.register_client_auth_method(PrivateKeyJWT(long.endpoint, headers={"kid": "ec"}, alg="ES256"))
    checks.check("an assertion that is good for an hour is refused", long.refused("invalid_client"))
    revoke(registered)
    private = refuses(usher, connection, json.dumps(KeySet([keys["ES256"]]).as_dict(private=True)))
    checks.check("private keys are not registered", private)
    at = published(keys["ES256"])
    refused = refuses(usher, connection, None, "--jwks-url", at)
    checks.check("keys at a private address are not registered", refused)


def lives(checks, usher, what, client, connection, other, revoke):
    """A client's life, from its first token to its end."""
    token = client.token()
    good = token["token_type"] == "Bearer" and 0 < token["expires_in"] <= 3600 and "refresh_token" not in token
    checks.check(f"{what}: a token", good and token["scope"] == SCOPE, {**token, "access_token": "..."})
    status = client.scim(connection["scim_base_url"])
    checks.check("  it opens the connection's SCIM", status == 200, status)
    status = client.scim(other["scim_base_url"])
    checks.check("  another connection is not there for it", status == 404, status)
    status = client.session.get(f"{usher.url}/oauth/userinfo", timeout=30).status_code
    checks.check("  it is nobody's at userinfo", status == 401, status)
    client.token()
    status = client.scim(connection["scim_base_url"])
    checks.check("  the next token is as good", status == 200, status)
    revoke()
    status = client.scim(connection["scim_base_url"])
    checks.check("  revoked, it opens nothing", status == 401, status)
    checks.check("  revoked, it gets nothing", client.refused("invalid_client"))


def published(key):
    handler = type("Handler", (Publisher,), {"document": public(key).encode()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/jwks.json"


def refuses(usher, connection, keys, *more):
    """Whether the command refuses to register them."""
    if keys is not None:
        file = os.path.join(usher.folder, "refused.json")
        with open(file, "w", encoding="utf-8") as out:
            out.write(keys)
        more = ("--jwks-file", file)
    try:
        usher.command("token", "issue", "--connection", connection["id"], "--oauth", *more)
    except RuntimeError:
        return True
    return False


def fresh(binary, postgres, checks):
    """Keys that the client publishes, against a server that may fetch from this machine."""
    with Usher(binary, postgres) as usher:
        usher.environment["USHER_ALLOW_PRIVATE_TARGETS"] = "true"
        by_url(usher, checks)


def by_url(usher, checks):
    usher.command("org", "create", "oauth")
    connection = usher.command("connection", "create", "--org", "oauth", "--name", "ours")
    other = usher.command("connection", "create", "--org", "oauth", "--name", "another")
    key = ECKey.generate_key("P-256", {"kid": "published"})
    registered = usher.command("token", "issue", "--connection", connection["id"], "--oauth", "--jwks-url", published(key))
    usher.start()
    client = Client(usher, registered, "private_key_jwt", key, "ES256")
    revoke = lambda: usher.command("token", "revoke", "--connection", connection["id"], registered["client_id"])
    lives(checks, usher, "Authlib, private_key_jwt, keys by URL", client, connection, other, revoke)
