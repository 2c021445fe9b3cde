"""The log of a whole run at the level `trace`, standard error included: no credential, no message, no person."""

import re
import secrets
import socket
import urllib.parse

from traffic import SECRETS, browser, post

# Kinds of which the run must have seen at least one, or the search would prove little.
EXPECTED = {
    "AttributeValue", "DigestValue", "NameID", "SAMLResponse", "SignatureValue", "access_token", "address",
    "authorization Bearer", "authorization Basic", "client_secret", "code", "code_verifier", "cookie", "id_token", "nonce",
    "scim_token", "state", "userName",
}


def provoke(usher, connection, app, documents):
    """Refused requests with a secret wherever a request has room for one."""
    scim, stranger = connection["scim_base_url"], f"nora.{secrets.token_hex(6)}@acme.example"
    good = {"Authorization": f"Bearer {connection['scim_token']}"}
    bad = {"Authorization": f"Bearer scim_{secrets.token_urlsafe(32)}"}
    person = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": stranger, "emails": [{"value": stranger}]}
    quoted = urllib.parse.quote(f'userName eq "{stranger}" and (')
    for method, path, headers, body in (
        ("POST", "/Users", bad, person), ("POST", "/Users", good, person), ("POST", "/Users", good, person),
        ("GET", f"/Users/{stranger}", good, None), ("GET", f"/Users?filter={quoted}", good, None),
        ("PUT", "/Users", good, person), ("POST", "/Groups", good, {"displayName": 7, "members": [{"value": stranger}]}),
        ("POST", f"/{stranger}", good, person), ("POST", "/Bulk", good, person),
    ):
        browser().request(method, scim + path, headers=headers, json=body, timeout=30)
    for body in (f'{{"userName": "{stranger}"', f'{{"{stranger}": 1}}', f"<{stranger}>"):
        browser().post(f"{scim}/Users", headers=good, data=body, timeout=30)
    for name in ("Authorization", "X-Api-Key"):
        browser().get(f"{usher.url}/api/v1/organizations/{stranger}", headers={name: f"Bearer sk_{secrets.token_hex(24)}"}, timeout=30)
    exchange = {"grant_type": "authorization_code", "code": secrets.token_urlsafe(32), "code_verifier": secrets.token_urlsafe(48)}
    credentials = (app["client_id"], app["client_secret"])
    wrong = (app["client_id"], secrets.token_urlsafe(32))
    about = browser().get(f"{usher.url}/.well-known/openid-configuration", timeout=30).json()
    for who in (credentials, wrong):
        browser().post(about["token_endpoint"], data=exchange, auth=who, timeout=30)
    asked = {"client_id": app["client_id"], "redirect_uri": f"https://elsewhere.example/{stranger}", "login_hint": stranger}
    browser().get(about["authorization_endpoint"], params=asked, allow_redirects=False, timeout=30)
    browser().get(f"{usher.url}/signed-in", cookies={"usher": secrets.token_urlsafe(32)}, timeout=30)
    for document in documents:
        post(connection["acs_url"], document)
        post(connection["acs_url"], document.replace("@", "&#64;"))
    broken(usher, stranger)


def broken(usher, stranger):
    """What is no HTTP at all, and what ends in the middle."""
    SECRETS.add("address", stranger)
    for text in (f"{stranger}\r\n\r\n", f"POST /{stranger} HTTP/1.1\r\nHost {stranger}\r\n\r\n",
                 f"POST /scim HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{stranger}"):
        with socket.create_connection(("127.0.0.1", usher.port), timeout=5) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(5)
            while connection.recv(4096):
                pass


def check(checks, log):
    """Seeks all that the run has seen in the log; and shows that the search finds what is there."""
    debug = re.findall(r"^\S+ +DEBUG usher::", log, re.M)
    said = f"the log has {len(log.splitlines())} lines at the level trace, {len(debug)} of them below info"
    checks.check(said, debug and "refused a SAML response" in log and "answered a request" in log, log[-500:])
    kinds = set(SECRETS.known.values())
    checks.check(f"{len(SECRETS.known)} secrets were seen, of {len(kinds)} kinds", EXPECTED <= kinds, EXPECTED - kinds)
    found = sorted({f"{kind} {value[:40]}" for kind, value in SECRETS.in_log(log)})
    checks.check("none of them is in the log, in no form", not found, found[:10])
    address = next(value for value, kind in SECRETS.known.items() if kind == "address")
    octets = address.encode()
    for form, planted in (
        ("itself", address), ("its octets", f"Some({list(octets)})"), ("hexadecimal", octets.hex().upper()),
        ("a query", urllib.parse.quote(address, safe="")), ("capitals", address.upper()),
    ):
        there = [value for _, value in SECRETS.in_log(f"{log}\n{planted}\n")]
        checks.check(f"  the search does find one written as {form}", address in there, planted)
