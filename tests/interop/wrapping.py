"""The eight ways to wrap a signed part (Somorovsky et al., 2012), and transforms that compute: refused.

The signed parts are those of somebody else's identity provider. What a wrapped message says is Eve, at the
place where a reader that trusts the document and not the signed octets would read.
"""

import os
import re
import subprocess
import tempfile
import time

from mutations import part
from traffic import browser, code, post

ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
# Calls itself twice, 30 deep: who runs it does not come back.
STYLE = """<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">
<xsl:template match="/"><xsl:copy-of select="."/><xsl:call-template name="t"><xsl:with-param name="n" select="%d"/></xsl:call-template></xsl:template>
<xsl:template name="t"><xsl:param name="n"/><xsl:if test="$n &gt; 0">
<xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>
<xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template></xsl:if></xsl:template>
</xsl:stylesheet>"""
NODES = "count(//. | //@* | //namespace::*)"
HEAVY = " + ".join(f"count(//*[{NODES} &gt; {number}])" for number in range(40))


def opening(element):
    return element[:element.index(">") + 1]


def closing(element):
    return element[element.rindex("</"):]


def evil(element):
    """Eve's copy, under an ID of its own."""
    return re.sub(r'(<[^>]* ID=")', r"\1_evil", ADDRESS.sub("eve@acme.example", element), count=1)


def wrapped(response, assertion):
    """The eight: of a message whose Response is signed, and of one whose Assertion is."""
    signature = part(response, "Signature")
    bare, bad = response.replace(signature, "", 1), evil(response)
    bare, status = bare[bare.index(opening(part(bare, "Response"))):], opening(part(response, "Status"))
    inside = lambda more, of: of.replace(closing(of), f'<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{more}</ds:Object>{closing(of)}')
    beside = lambda more: f'<x:Extensions xmlns:x="urn:oasis:names:tc:SAML:2.0:protocol">{more}</x:Extensions>{status}'
    yield 1, bad.replace(signature, inside(bare, signature))
    yield 2, bad.replace(status, beside(bare), 1)
    genuine = part(assertion, "Assertion")
    signature = part(genuine, "Signature")
    bare, bad = genuine.replace(signature, "", 1), evil(genuine.replace(signature, "", 1))
    status = opening(part(assertion, "Status"))
    signed = evil(genuine)
    put = lambda what: assertion.replace(genuine, what)
    yield 3, put(bad + genuine)
    yield 4, put(bad.replace(closing(bad), genuine + closing(bad)))
    yield 5, put(signed + bare)
    yield 6, put(signed.replace(signature, inside(bare, signature)))
    yield 7, assertion.replace(status, beside(bad), 1)
    yield 8, put(signed.replace(signature, inside(genuine, signature)))


def transformed(assertion, kind, content):
    """A transform behind the first; nobody signed it."""
    transform = f'<ds:Transform xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="{kind}">{content}</ds:Transform>'
    first = re.search(r"<(?:[\w-]+:)?Transform [^>]*?(?:/>|></[^>]*>)", assertion)
    return assertion[:first.end()] + transform + assertion[first.end():]


def signed_anew(document, key):
    """The same with its digest and signature computed anew, by the identity provider's own key."""
    for name in ("DigestValue", "SignatureValue"):
        whole = part(document, name)
        document = document.replace(whole, opening(whole) + closing(whole))
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(document)
        file.flush()
        done = subprocess.run(
            ["xmlsec1", "--sign", "--privkey-pem", key, "--id-attr:ID", "Assertion", file.name],
            capture_output=True, text=True, timeout=60,
        )
    if done.returncode != 0:
        raise RuntimeError(f"xmlsec1: {done.stderr[-500:]}")
    return done.stdout


class Wrapping:
    def __init__(self, usher, checks, org):
        self.usher, self.checks, self.org = usher, checks, org

    def refused(self, what, acs, document, reasons):
        session = browser()
        session.get(f"{self.usher.url}/livez", timeout=30)  # connected, so that the answer alone takes time
        cpu, started = self.cpu(), time.monotonic()
        answer = post(acs, document, session)
        took, cpu = time.monotonic() - started, self.cpu() - cpu
        good = 400 <= answer.status_code < 500 and not answer.cookies and code(answer) in reasons
        said = f"{what} is refused: {code(answer)}, in {took * 1000:.0f} ms ({cpu * 1000:.0f} ms of CPU)"
        self.checks.check(said, good, f"{answer.status_code} {answer.text[:200]}")

    def cpu(self):
        with open(f"/proc/{self.usher.process.pid}/stat", encoding="ascii") as stat:
            user, system = stat.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def run(self, label, acs, make, key, foreign):
        """`make` gives a message with this part signed; `foreign` those of another connection's provider."""
        post(acs, make("assertion"))
        before = self.usher.command("user", "list", "--org", self.org)
        shapes = ("structure", "several_assertions")
        for number, document in wrapped(make("response"), make("assertion")):
            self.refused(f"{label}: wrapping {number}", acs, document, shapes)
        self.transforms(label, acs, make, key)
        self.refused(f"{label}: unsigned", acs, unsigned(make("assertion")), ("signature_missing",))
        for document in foreign:
            self.refused(f"{label}: by another connection's identity provider", acs, document, ("signature_invalid",))
        after = self.usher.command("user", "list", "--org", self.org)
        self.checks.check(f"{label}: nobody was made by it", before == after, after)

    def transforms(self, label, acs, make, key):
        refused = ("transform_refused",)
        harmless = "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>"
        document = transformed(make("assertion"), XPATH, f"<ds:XPath>{HEAVY} &gt; 0</ds:XPath>")
        self.refused(f"{label}: an XPath transform that never ends", acs, document, refused)
        document = transformed(make("assertion"), XSLT, STYLE % 30)
        self.refused(f"{label}: an XSLT transform that never ends", acs, document, refused)
        document = transformed(make("assertion"), XPATH, harmless)
        self.refused(f"{label}: a harmless XPath transform, rightly signed", acs, signed_anew(document, key), refused)
        document = transformed(make("assertion"), XSLT, STYLE % 1)
        self.refused(f"{label}: a harmless XSLT transform, rightly signed", acs, signed_anew(document, key), refused)
        # What signs anew can sign: without a transform of its own, the same way signs in.
        good = signed_anew(make("assertion"), key)
        self.checks.check(f"{label}: signed anew without one, it signs in", post(acs, good).status_code == 303, good[:300])


def unsigned(document):
    return document.replace(part(document, "Signature"), "")
