"""What went over the wire and must not be in a log: collected from the traffic, sought in the log.

A value is sought in each of the forms in which a program that is careless with it would write it down,
a debug print of its bytes among them.
"""

import base64
import json
import re
import threading
import urllib.parse

ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|\b(?:scim|sk)_[\w-]{16,}")
SIGNED = re.compile(r"<(?:\w+:)?(SignatureValue|DigestValue)\b[^>]*>([^<]+)<")
VALUE = re.compile(r"<(?:\w+:)?(NameID|AttributeValue)\b[^>]*>([^<]+)<")
# Fields of forms and queries, and those of JSON documents.
SENT = {"client_secret", "code", "code_verifier", "login_hint", "nonce", "state"}
TOLD = {
    "access_token", "client_secret", "id_token", "scim_token", "secret", "token", "display_name", "email", "family_name", "familyName",
    "formatted", "given_name", "givenName", "middleName", "nickName", "streetAddress", "userName",
}
# A short word may be in a log for another reason.
SHORTEST = 5


class Secrets:
    def __init__(self):
        self.known, self.lock = {}, threading.Lock()

    def add(self, kind, value):
        value = value.strip() if isinstance(value, str) else ""
        if len(value) >= SHORTEST:
            with self.lock:
                self.known.setdefault(value, kind)

    def message(self, url, headers, body):
        """What one request or one answer gives away."""
        self.pairs(urllib.parse.urlsplit(url).query)
        for name, value in headers.items():
            name = name.lower()
            if name == "authorization":
                scheme, _, credential = value.partition(" ")
                self.add(f"authorization {scheme}", credential)
                if scheme == "Basic":
                    pair = base64.b64decode(credential).decode()
                    self.add("client_secret", urllib.parse.unquote(pair.partition(":")[2]))
            elif name in ("cookie", "set-cookie"):
                for cookie in re.findall(r"usher[\w-]*=([\w-]{20,})", value):
                    self.add("cookie", cookie)
            elif name == "location":
                self.pairs(urllib.parse.urlsplit(value).query)
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
        if text.startswith(("{", "[")):
            try:
                self.document(json.loads(text))
            except ValueError:
                pass  # sent so that it is refused
        elif "=" in text and "<" not in text:
            self.pairs(text)
            return
        self.text(text)

    def pairs(self, encoded):
        for name, value in urllib.parse.parse_qsl(encoded):
            if name == "SAMLResponse":
                self.response(value)
            else:
                self.text(value)
            if name in SENT:
                self.add(name, value)

    def response(self, encoded):
        # Its middle: the beginning is the same in every message.
        self.add("SAMLResponse", encoded[len(encoded) // 2:][:60])
        document = base64.b64decode(encoded).decode("utf-8", "replace")
        for kind, value in SIGNED.findall(document):
            self.add(kind, "".join(value.split())[:60])
        for kind, value in VALUE.findall(document):
            self.add(kind, value)
        self.text(document)

    def document(self, value):
        """Every credential and every personal word of a JSON document."""
        if isinstance(value, dict):
            if any("User" in str(schema) for schema in value.get("schemas", [])):
                self.add("displayName", value.get("displayName"))
            for name, inner in value.items():
                if name in TOLD:
                    self.add(name, inner)
                self.document(inner)
        elif isinstance(value, list):
            for inner in value:
                self.document(inner)
        elif isinstance(value, str):
            self.text(value)

    def text(self, text):
        for found in ADDRESS.findall(text):
            self.add("address", found)
        for found in TOKEN.findall(text):
            self.add("token", found)

    def in_log(self, log):
        """The kinds and values that a log holds, in whatever form."""
        whole = log.lower()
        # Thousands of values: most are seen to be missing by their beginning.
        beginnings = {whole[at:at + SHORTEST] for at in range(len(whole))}
        there = lambda form: form[:SHORTEST] in beginnings and form in whole
        return [(kind, value) for value, kind in self.known.items() if any(there(form) for form in forms(value))]


def forms(value):
    """A value as it may be written down, in small letters."""
    octets = value.encode()
    # Two of the three alignments of base64 lose a character or two at the ends.
    inside = [base64.b64encode(b"\0" * shift + octets).decode().rstrip("=")[2 * shift:-2] for shift in (0, 1, 2)]
    written = [
        value, json.dumps(value)[1:-1], urllib.parse.quote(value, safe=""), octets.hex(), ", ".join(map(str, octets)),
        ",".join(map(str, octets)),
    ]
    return {form.lower() for form in written + [it for it in inside if len(it) >= 8]}
