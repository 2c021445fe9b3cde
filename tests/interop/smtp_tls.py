"""Mail to a relay by TLS, as `usher doctor mail --to` sends it: aiosmtpd with certificates of this run's own.

What must not be sent is not sent: to a relay with another name or of an unknown authority, to one that offers no
STARTTLS, or where somebody on the way speaks before TLS begins.
"""

import argparse
import json
import logging
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import traceback

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from traffic import Checks
from usher import Usher, free_port

USER, PASSWORD = "usher", "p\u00e4ss:w/rd"
TO = "ada@mail.example"


class Certificates:
    """An authority, and what it signed for two names."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = self.path("authority.pem")
        self.run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test authority",
                 "-keyout", self.path("authority.key"), "-out", self.authority)
        self.ours, self.other = self.signed("localhost"), self.signed("other.example")

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)

    def signed(self, name):
        key, asked, pem, more = (self.path(f"{name}.{kind}") for kind in ("key", "csr", "pem", "ext"))
        with open(more, "w", encoding="ascii") as file:
            file.write(f"subjectAltName=DNS:{name}\n")
        self.run("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", asked)
        self.run("x509", "-req", "-in", asked, "-CA", self.authority, "-CAkey", self.path("authority.key"),
                 "-CAcreateserial", "-days", "2", "-extfile", more, "-out", pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        return context


class Taken:
    def __init__(self):
        self.mails, self.users = [], []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((session.ssl is not None, envelope.rcpt_tos))
        return "250 2.0.0 taken"

    def authenticate(self, server, session, envelope, mechanism, given):
        good = isinstance(given, LoginPassword) and given == LoginPassword(USER.encode(), PASSWORD.encode())
        self.users.append((mechanism, good))
        return AuthResult(success=good)


class Interposed(threading.Thread):
    """Somebody on the way, who puts answers of their own behind the relay's yes to STARTTLS; within TLS, where it
    comes so far, it answers like a relay and writes down what it is told."""

    def __init__(self, context):
        super().__init__(daemon=True)
        self.context, self.told = context, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        line, _ = self.listener.accept()
        line.settimeout(20)
        try:
            line.sendall(b"220 relay\r\n")
            line.recv(1024)
            line.sendall(b"250-relay\r\n250 STARTTLS\r\n")
            line.recv(1024)
            line.sendall(b"220 go\r\n250-relay\r\n250 AUTH PLAIN LOGIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n")
            line = self.context.wrap_socket(line, server_side=True)
            while said := line.recv(4096):
                self.told.append(said)
                line.sendall(b"250 relay\r\n")
        except OSError:
            pass


def serve(taken, **more):
    controller = Controller(taken, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    return controller


def send(usher, url, authority=None):
    """Sends a test mail; answers whether it went, and what was printed."""
    environment = dict(
        usher.environment, USHER_MAIL_URL=url, USHER_MAIL_FROM="Usher <no-reply@usher.example>", USHER_LOG="trace",
    )
    environment.pop("SSL_CERT_DIR", None)
    if authority:
        environment["SSL_CERT_FILE"] = authority
    done = subprocess.run(
        [usher.binary, "doctor", "mail", "--to", TO, "--json"],
        cwd=usher.folder, env=environment, capture_output=True, text=True, timeout=90,
    )
    try:
        found = {check["name"]: check["passed"] for check in json.loads(done.stdout)}
    except ValueError:
        found = {}
    return found.get("test mail") is True and found.get("way out") is True, done.stdout + done.stderr


def relays(certificates):
    """What each relay is like, how Usher is told to reach it, and whether a mail may go there."""
    ours, other = certificates.ours, certificates.other
    known = {"auth_required": True, "auth_require_tls": False}
    only = lambda mechanism: {"auth_exclude_mechanism": [it for it in ("PLAIN", "LOGIN") if it != mechanism]}
    user = f"{USER}:p%C3%A4ss%3Aw%2Frd@"
    return [
        ("TLS from the first byte", "smtps://", {"ssl_context": ours}, True, True),
        ("STARTTLS", "smtp+starttls://", {"tls_context": ours, "require_starttls": True}, True, True),
        ("AUTH PLAIN in TLS", f"smtps://{user}", {"ssl_context": ours, **known, **only("PLAIN")}, True, True),
        ("AUTH LOGIN in TLS", f"smtps://{user}", {"ssl_context": ours, **known, **only("LOGIN")}, True, True),
        ("AUTH PLAIN after STARTTLS", f"smtp+starttls://{user}",
         {"tls_context": ours, "auth_required": True, **only("PLAIN")}, True, True),
        ("AUTH LOGIN after STARTTLS", f"smtp+starttls://{user}",
         {"tls_context": ours, "auth_required": True, **only("LOGIN")}, True, True),
        ("a wrong password", f"smtps://{USER}:wrong@", {"ssl_context": ours, **known}, True, False),
        ("a certificate of another name", f"smtps://{user}", {"ssl_context": other, **known}, True, False),
        ("another name after STARTTLS", f"smtp+starttls://{user}", {"tls_context": other, **known}, True, False),
        ("a certificate of an unknown authority", f"smtps://{user}", {"ssl_context": ours, **known}, False, False),
        ("an unknown authority after STARTTLS", f"smtp+starttls://{user}", {"tls_context": ours, **known}, False, False),
        ("a relay that offers no STARTTLS", f"smtp+starttls://{user}", known, True, False),
        ("a relay that speaks no TLS", f"smtps://{user}", known, True, False),
    ]


def run(usher, checks, certificates):
    for name, scheme, more, trusted, good in relays(certificates):
        taken = Taken()
        if "authenticator" not in more and ("auth_required" in more):
            more = dict(more, authenticator=taken.authenticate)
        controller = serve(taken, **more)
        authority = certificates.authority if trusted else None
        sent, printed = send(usher, f"{scheme}localhost:{controller.port}", authority)
        controller.stop()
        mails = [receivers for _, receivers in taken.mails]
        if good:
            checks.check(f"{name}: the mail arrives", sent and mails == [[TO]], (printed, mails))
            if "auth_required" in more:
                checks.check("  signed in", taken.users and all(good for _, good in taken.users), taken.users)
        else:
            known = [good for _, good in taken.users]
            checks.check(f"{name}: nothing is sent", not sent and not mails and True not in known, (printed, mails))
        hidden = PASSWORD not in printed and "p%C3%A4ss" not in printed
        checks.check("  and no password is printed", hidden, "it is")
    way = Interposed(certificates.ours)
    sent, printed = send(usher, f"smtp+starttls://{USER}:word@localhost:{way.port}", certificates.authority)
    checks.check("what is said before TLS counts for nothing within it", not sent, printed)
    told = b"".join(way.told)
    checks.check("  and nobody is told a password", b"AUTH" not in told and b"MAIL" not in told, told)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--totals", help="a file to add the totals to")
    given = arguments.parse_args()
    checks = Checks("SMTP by TLS")
    logging.disable(logging.CRITICAL)  # the relays tell of every refusal
    with tempfile.TemporaryDirectory() as folder, Usher(given.usher) as usher:
        try:
            usher.command("org", "create", "acme")
            run(usher, checks, Certificates(folder))
        except Exception:
            checks.check("the run comes to its end", False, traceback.format_exc())
    checks.end(given.totals)


if __name__ == "__main__":
    sys.exit(main())
