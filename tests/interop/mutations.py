"""A signed response of somebody else's identity provider, changed at one position of every class.

Each change is refused, or it signs in the very person that was signed. In the second case the octets that
the signature covers, canonicalized (here by Python's own code), are those of the honest response: the
change lies outside of them, or is only another way to write the same.
"""

import base64
import collections
import html
import re
from xml.etree import ElementTree

from traffic import browser, code, post, signed_in

TOKEN = re.compile(r"<!--.*?-->|<\?.*?\?>|<[^>]+>|[^<]+", re.S)
TAG = re.compile(r"<(/?)(?:([\w.-]+):)?([\w.-]+)")
ATTRIBUTE = re.compile(r'\s([\w:.-]+)="([^"]*)"')
BASE64 = ("SignatureValue", "DigestValue", "X509Certificate")
LEAVES = BASE64 + ("NameID", "AttributeValue", "Issuer", "Audience", "AuthnContextClassRef")

# Other ways to write the same.
SPELLINGS = (" as CDATA", " by reference", " space")
# What is changed: its class, where it stands, and the text between two offsets that is put there.
Change = collections.namedtuple("Change", "what where start end text")


def turned(character):
    """Another character of the same sort."""
    if character.isdigit():
        return str((int(character) + 1) % 10)
    if character.isalpha():
        return {"z": "a", "Z": "A"}.get(character) or chr(ord(character) + 1)
    return "x"


class Places:
    """Every change of a document, in an order that another document of the same shape has too."""

    def __init__(self, document):
        self.document, self.changes, self.path = document, [], []
        for token in TOKEN.finditer(document):
            text = token.group()
            if text.startswith("</"):
                self.tag(token)
                self.path.pop()
            elif text.startswith(("<?", "<!")):
                continue
            elif text.startswith("<"):
                self.path.append(TAG.match(text).group(3))
                self.tag(token)
                self.attributes(token)
                if text.endswith("/>"):
                    self.path.pop()
                elif document.startswith("<", token.end()):
                    self.gap(token.end(), token.end())
            elif text.strip():
                self.text(token.start(), token.end())
            else:
                self.gap(token.start(), token.end())
            if text.startswith("</") or text.endswith("/>"):
                if document.startswith("<", token.end()):
                    self.gap(token.end(), token.end())
        root = re.search(r"<[\w:]*Response\b", document).start()
        for where, at in (("before the root", root), ("behind the root", len(document))):
            for text in (" ", "<!--c-->", "<?p i?>", "text", "<x/>", "<!DOCTYPE x>", "&#32;"):
                self.add("document", where, at, at, text)

    def add(self, what, where, start, end, text):
        self.changes.append(Change(what, where, start, end, text))

    def where(self, more=""):
        return "/".join(self.path[-2:]) + more

    def tag(self, token):
        closing, prefix, name = TAG.match(token.group()).groups()
        at = token.start() + 1 + len(closing) + (len(prefix) + 1 if prefix else 0)
        self.turn("tag", self.where(" closed" if closing else ""), at + len(name) // 2)
        if prefix:
            self.turn("tag", self.where(" prefix"), at - 2)
        self.add("tag", self.where(" space"), token.end() - 1, token.end() - 1, " ")
        if not closing:
            self.renamed(token, at, name)
            self.add("attribute name", self.where(" one more"), at + len(name), at + len(name), ' usher-x="y"')
            self.add("attribute name", self.where(" a twin of ID"), at + len(name), at + len(name), ' xml:id="x"')

    def renamed(self, token, at, name):
        """The name at both ends, so that the document stays well formed."""
        if token.group().endswith("/>"):
            return
        depth, other = 0, name[:-1] + turned(name[-1])
        for later in TOKEN.finditer(self.document, token.start()):
            text = later.group()
            if text.startswith("</"):
                depth -= 1
            elif text.startswith("<") and not text.startswith(("<?", "<!")) and not text.endswith("/>"):
                depth += 1
            if depth == 0:
                inside = self.document[at + len(name):later.start()]
                closed = text[:text.rindex(name)] + other + ">"
                self.add("tag", self.where(" at both ends"), at, later.end(), other + inside + closed)
                return

    def attributes(self, token):
        for found in ATTRIBUTE.finditer(token.group()):
            name, value = found.groups()
            where = self.where(f"/@{name}")
            start, end = token.start() + found.start(2), token.start() + found.end(2)
            self.turn("attribute name", where, token.start() + found.end(1) - 1)
            self.add("attribute name", where + " gone", token.start() + found.start(), end + 1, "")
            self.add("attribute value", where + " emptied", start, end, "")
            for at in sorted({start, (start + end) // 2, end - 1} if value else ()):
                self.turn("attribute value", where, at)
                self.add("attribute value", where, at, at + 1, "")
                self.add("attribute value", where, at, at, " ")
                self.add("attribute value", where, at, at, "\n")
                self.same("attribute value", where, at)

    def text(self, start, end):
        name = self.path[-1]
        what = "base64" if name in BASE64 else "text"
        value = self.document[start:end]
        kept = [start + at for at, character in enumerate(value) if not character.isspace()]
        steps = 8 if name in BASE64 else 3
        for at in sorted({kept[(len(kept) - 1) * step // steps] for step in range(steps + 1)}):
            self.turn(what, self.where(), at)
            self.add(what, self.where(" one less"), at, at + 1, "")
            self.same(what, self.where(), at)
            for text in ("<!--c-->", "<?p i?>", "&x;", "A", "<x/>", "]]>"):
                self.add(what, self.where(), at, at, text)
            for text in (" ", "\n", "&#13;"):
                self.add("white space", self.where(), at, at, text)
        self.add(what, self.where(" as CDATA"), start, end, f"<![CDATA[{value}]]>")
        self.add(what, self.where(" twice"), end, end, value)
        self.add("white space", self.where(" behind"), end, end, " ")
        for text in ("=", "==", "<!--c-->"):
            self.add(what, self.where(" behind"), end, end, text)

    def gap(self, start, end):
        for text in (" ", "\n\t", "&#32;"):
            self.add("white space", self.where(" gap"), start, start, text)
        if end > start:
            self.add("white space", self.where(" gap gone"), start, end, "")
        for text in ("<!--c-->", "<?p i?>", "x", "<x/>"):
            self.add("between", self.where(), start, start, text)

    def turn(self, what, where, at):
        self.add(what, where, at, at + 1, turned(self.document[at]))

    def same(self, what, where, at):
        """The same character, written as a reference."""
        if self.document[at] not in "&;#":
            self.add(what, where + " by reference", at, at + 1, f"&#{ord(self.document[at])};")


def covered(document, element):
    """What the signature of the Response or of the Assertion covers: itself without its Signature, the
    canonical SignedInfo, and the octets of the SignatureValue."""
    canonical = ElementTree.canonicalize(document)
    whole = part(canonical, element)
    issuer = re.search(r"</[\w:-]*Issuer>", whole).end()
    signature = part(whole[issuer:], "Signature")
    value = re.search(r">([^<]*)<", part(signature, "SignatureValue")).group(1)
    return whole.replace(signature, "", 1), part(signature, "SignedInfo"), base64.b64decode(html.unescape(value))


def part(document, name):
    found = re.search(rf"<((?:[\w-]+:)?{name})[\s>].*?</\1>", document, re.S)
    return found.group()


class Mutations:
    def __init__(self, usher, checks, org):
        self.usher, self.checks, self.org = usher, checks, org
        self.session = browser()

    def post(self, acs, document):
        self.session.cookies.clear()
        return post(acs, document, self.session)

    def run(self, label, acs, make, element, thin=1):
        """`make` gives a fresh honest response of the same shape each time, `element` is what is signed."""
        honest = make()
        answer = self.post(acs, honest)
        person = signed_in(self.usher.url, self.session)
        if not self.checks.check(f"{label}: the honest one signs in", answer.status_code == 303 and person, code(answer)):
            return
        before = self.usher.command("user", "list", "--org", self.org)
        honest, changes, seen = None, None, {}
        number = len(label) % thin
        while True:
            if honest is None:
                honest = make()
                changes = Places(honest).changes
            if number >= len(changes):
                break
            change = changes[number]
            mutant = honest[:change.start] + change.text + honest[change.end:]
            answer = self.post(acs, mutant)
            verdict = self.verdict(answer, honest, mutant, element, person)
            seen.setdefault(change.what, []).append((change, verdict))
            number += thin
            if answer.status_code == 303:
                honest = None  # its assertion is used up
        for what, verdicts in seen.items():
            self.tell(f"{label}: {what}", verdicts)
        after = self.usher.command("user", "list", "--org", self.org)
        self.checks.check(f"{label}: nobody was made or changed", before == after, after)

    def verdict(self, answer, honest, mutant, element, person):
        """A reason; or "same" for the same person by the same signed octets; or what is wrong."""
        if 400 <= answer.status_code < 500 and code(answer) and not answer.cookies:
            return code(answer)
        if answer.status_code != 303:
            return f"wrong: {answer.status_code}"
        if signed_in(self.usher.url, self.session) != person:
            return "wrong: somebody else"
        if covered(mutant, element) != covered(honest, element):
            return "wrong: other octets"
        return "same"

    def tell(self, what, verdicts):
        bad = [(change.where, change.text[:20], verdict) for change, verdict in verdicts if verdict.startswith("wrong")]
        reasons = collections.Counter(verdict for _, verdict in verdicts)
        same = reasons.pop("same", 0)
        said = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        self.checks.check(f"{what} at {len(verdicts)}: {same} the same person, the rest refused: {said}", not bad, bad[:5])
        where = {change.where for change, verdict in verdicts if verdict == "same"}
        where = sorted(it for it in where if not it.endswith(SPELLINGS))
        if where and what.endswith(("attribute name", "attribute value")):
            self.checks.note(f"outside of what is signed: {', '.join(where)}")
