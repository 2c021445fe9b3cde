"""SPF, DKIM and DMARC as `usher doctor mail` finds them: a name server of dnslib's answers what each case is to meet,
by UDP and by TCP."""

import argparse
import base64
import json
import secrets
import subprocess
import sys
import traceback

from dnslib import QTYPE, RCODE, RR, TXT
from dnslib.server import BaseResolver, DNSHandler, DNSServer

from traffic import Checks
from usher import Usher, free_port

DOMAIN = "mail.acme.example"
ED25519 = base64.b64encode(secrets.token_bytes(32)).decode()
DKIM = f"v=DKIM1; k=ed25519; p={ED25519}"
SPF = "v=spf1 include:relay.example -all"
DMARC = "v=DMARC1; p=reject"
# More than a datagram of 512 octets holds.
NOISE = [f"verification={number:03}-{'x' * 60}" for number in range(20)]


class Handler(DNSHandler):
    udplen = 512


class Zone(BaseResolver):
    def __init__(self):
        self.records, self.asked, self.broken = {}, [], False

    def resolve(self, request, handler):
        name = str(request.q.qname).rstrip(".")
        self.asked.append((handler.protocol, name, QTYPE[request.q.qtype]))
        reply = request.reply()
        if self.broken:
            reply.header.rcode = RCODE.SERVFAIL
        elif name not in self.records:
            reply.header.rcode = RCODE.NXDOMAIN
        for text in self.records.get(name, []):
            parts = [text[at:at + 200].encode() for at in range(0, len(text), 200)]
            reply.add_answer(RR(request.q.qname, QTYPE.TXT, rdata=TXT(parts), ttl=1))
        return reply


def zone(spf=(SPF,), dkim=(DKIM,), dmarc=(DMARC,), above=()):
    named = {
        DOMAIN: spf, f"s1._domainkey.{DOMAIN}": dkim, f"_dmarc.{DOMAIN}": dmarc, "_dmarc.acme.example": above,
    }
    return {name: list(texts) for name, texts in named.items() if texts}


# What a case is called, the records, and for SPF, DKIM and DMARC whether it passes and what is said.
CASES = [
    ("all is well", zone(), [(True, "found"), (True, "found"), (True, "found")]),
    ("nothing is there", {}, [
        (False, f'publish: {DOMAIN}. TXT "v=spf1 a:localhost -all"'),
        (False, f"publish: s1._domainkey.{DOMAIN}. TXT"),
        (False, f'publish: _dmarc.{DOMAIN}. TXT "v=DMARC1; p=quarantine"'),
    ]),
    ("two SPF records", zone(spf=(SPF, "v=spf1 mx -all")), [(False, "2 SPF records"), (True, ""), (True, "")]),
    ("anybody may send", zone(spf=("v=spf1 +all",)), [(False, "+all"), (True, ""), (True, "")]),
    ("the key is revoked", zone(dkim=("v=DKIM1; p=",)), [(True, ""), (False, "revoked"), (True, "")]),
    ("nothing is asked for", zone(dmarc=("v=DMARC1; p=none",)), [(True, ""), (True, ""), (True, "p=none")]),
    ("the domain above speaks", zone(dmarc=(), above=("v=DMARC1; p=reject; sp=quarantine",)), [
        (True, ""), (True, ""), (True, "_dmarc.acme.example"),
    ]),
    ("much else is there", zone(spf=(*NOISE, SPF)), [(True, "found"), (True, ""), (True, "")]),
]


def doctor(usher, port, *more):
    """Asks the doctor; answers its exit code and the checks by name."""
    environment = dict(
        usher.environment, USHER_MAIL_URL=f"smtp://localhost:{free_port()}", USHER_MAIL_FROM=f"Usher <no-reply@{DOMAIN}>",
    )
    done = subprocess.run(
        [usher.binary, "doctor", "mail", "--nameserver", f"127.0.0.1:{port}", *more, "--json"],
        cwd=usher.folder, env=environment, capture_output=True, text=True, timeout=60,
    )
    return done.returncode, {check["name"]: check for check in json.loads(done.stdout)}


def run(usher, checks, zone, port):
    for name, records, expected in CASES:
        zone.records, zone.asked = records, []
        _, found = doctor(usher, port, "--selector", "s1")
        for record, (passed, said) in zip(("SPF", "DKIM", "DMARC"), expected):
            check = found[record]
            checks.check(f"{name}: {record}", check["passed"] is passed and said in check["detail"], check)
        checks.check("  only TXT records were asked for", {kind for _, _, kind in zone.asked} == {"TXT"}, zone.asked)
        if name == "much else is there":
            ways = {protocol for protocol, _, _ in zone.asked}
            checks.check("  and by TCP, since it is spoken", ways == {"tcp"}, zone.asked)
    zone.records = CASES[0][1]
    _, found = doctor(usher, port)
    unnamed = found["DKIM"]
    checks.check("without a selector DKIM is not judged", unnamed["passed"] is None and "--selector" in unnamed["detail"], unnamed)
    zone.broken = True
    _, found = doctor(usher, port, "--selector", "s1")
    open_ = [found[name]["passed"] for name in ("SPF", "DKIM", "DMARC")]
    checks.check("a server that fails leaves it open", open_ == [None] * 3, found)
    _, found = doctor(usher, free_port(), "--selector", "s1")
    open_ = [found[name]["passed"] for name in ("SPF", "DKIM", "DMARC")]
    checks.check("and so does one that is not there", open_ == [None] * 3, found)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--totals", help="a file to add the totals to")
    given = arguments.parse_args()
    checks, port, zone = Checks("records of mail in DNS"), free_port(), Zone()
    servers = [DNSServer(zone, address="127.0.0.1", port=port, tcp=tcp, logger=Silent(), handler=Handler) for tcp in (False, True)]
    for server in servers:
        server.start_thread()
    with Usher(given.usher) as usher:
        try:
            run(usher, checks, zone, port)
        except Exception:
            checks.check("the run comes to its end", False, traceback.format_exc())
    for server in servers:
        server.stop()
    checks.end(given.totals)


class Silent:
    """Says nothing of what is asked and answered."""

    def __getattr__(self, name):
        return lambda *_: None


if __name__ == "__main__":
    sys.exit(main())
