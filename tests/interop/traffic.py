"""What a check needs of HTTP and of a page: browsers whose traffic is remembered, and the totals."""

import base64
import html
import re
import sys

import requests
from requests.adapters import HTTPAdapter

from secrets_seen import Secrets

SECRETS = Secrets()


class Checks:
    """One line a check, and the totals."""

    def __init__(self, label):
        self.label, self.passed, self.failed, self.skipped = label, 0, 0, 0
        self.failures = []
        # What each program of others came to, and whose checks are under way.
        self.programs, self.program = {}, None

    def check(self, what, holds, came=""):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        if self.program:
            passed, failed = self.programs.get(self.program, (0, 0))
            self.programs[self.program] = passed + bool(holds), failed + (not holds)
        line = f"{'ok    ' if holds else 'FAILED'} {self.label}: {what}" + ("" if holds else f" ({came})")
        if not holds:
            self.failures.append(line)
        print(line, flush=True)
        return holds

    def of(self, program):
        """The checks that follow are of this program; of none, if it is None."""
        self.program = program

    def skip(self, what, why):
        self.skipped += 1
        print(f"skip   {self.label}: {what}: {why}", flush=True)

    def note(self, what):
        print(f"       {self.label}:   {what}", flush=True)

    def end(self, totals=None):
        if totals:
            with open(totals, "a", encoding="utf-8") as out:
                out.write(f"{self.passed} {self.failed} {self.skipped}\n")
            with open(f"{totals}.failures", "a", encoding="utf-8") as out:
                out.writelines(f"{line}\n" for line in self.failures)
        print(f"interop on {self.label}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(self.failed > 0)


class Remembering(HTTPAdapter):
    """Sends as ever, and remembers what must not be in a log."""

    def send(self, request, **options):
        answer = super().send(request, **options)
        remember(request.url, request.headers, request.body, answer.headers, answer.content)
        return answer


def remember(url, asked, sent, answered, received):
    SECRETS.message(url, asked, sent)
    SECRETS.message("", answered, received)


def remembering(session):
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, Remembering())
    return session


def browser():
    return remembering(requests.Session())


def post(acs_url, document, session=None):
    """Posts a response as a browser's form does."""
    form = {"SAMLResponse": base64.b64encode(document.encode()).decode()}
    return (session or browser()).post(acs_url, data=form, allow_redirects=False, timeout=30)


def code(answer):
    """The reason on a page of refusal."""
    found = re.search(r"<code>([a-z_]+)</code>", answer.text)
    return found.group(1) if found else None


def reason(answer):
    return f"{answer.status_code} {code(answer) or answer.text[:200]}"


def signed_in(usher_url, session):
    """Who a browser's session is, as Usher's own page says; nothing where nobody is signed in."""
    answer = session.get(f"{usher_url}/signed-in", timeout=30)
    if answer.status_code != 200:
        return {}
    pairs = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", answer.text, re.S)
    return {html.unescape(name): html.unescape(value) for name, value in pairs}
