"""The console and the set-up portal in a real browser: nine journeys, each with JavaScript, without, and by keyboard alone;
every page at two widths, light and dark, and under axe-core.

By itself: `console_browser.py --usher USHER --screens FOLDER --axe axe.min.js`.
"""

import argparse
import datetime
import json
import os
import re
import sys
import traceback

import chromium
import requests
from hands import Hands
from saml_idp import IdentityProvider
from traffic import SECRETS, Checks
from usher import Usher

OWNER, ADA = "owner@acme.example", "ada@acme.example"
WAYS = (("with JavaScript", True, False), ("without JavaScript", False, False), ("by keyboard alone", False, True))
AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# With PROOF set, each page is pictured in both widths and both schemes, and looked through in both.
PROOF = os.environ.get("PROOF")
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Console(chromium.Chromium):
    def __init__(self, usher, checks, browser, screens, axe):
        super().__init__(browser, checks, screens)
        self.usher, self.check, self.axe = usher, checks.check, axe
        self.weights, self.first_bytes = {}, []
        self.elsewhere, self.way, self.slug = [], "", ""

    def context(self, script=True, **more):
        context = super().context(script, **more)
        context.on("request", self.watch)
        return context

    def watch(self, request):
        """No page asks anybody else for anything."""
        if not request.url.startswith((self.usher.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def shows(self, what, hands, *texts):
        return self.holds(f"{self.way}: {what}", hands.page, *texts)

    def at(self, path=""):
        return f"{self.usher.url}/console/organizations/{self.slug}{path}"

    # Journeys

    def first_owner(self, script, by_keyboard):
        """1: the first owner opens the link, and finds the first steps."""
        made = self.usher.command("org", "create", self.slug, "--name", self.slug.title(), "--owner", OWNER)
        for project in ("apollo", "gemini"):
            self.usher.command("project", "create", "--org", self.slug, project, "--name", project.title())
        hands = Hands(self.context(script).new_page(), script, by_keyboard)
        hands.go(made["owner_setup_url"])
        self.shows("the owner's link says what it is for", hands, f"Set up {self.slug.title()}", "You are the owner")
        hands.press("Go on")
        self.shows("the owner is at the console, which says what comes first", hands, "First steps", "Connect your identity provider")
        again = self.context(script).new_page()
        self.check(f"{self.way}: the link lets in once", again.goto(made["owner_setup_url"]).status == 410)
        return hands

    def invitation(self, hands):
        """2, 3 and 8: an invitation with projects, a day and a message; what can be done with it; the template."""
        hands.go(self.at("/invitations"))
        with hands.page.expect_download() as download:
            self.download(hands, "Download the CSV template")
        self.check(f"{self.way}: the template is downloaded from where people are invited", self.csv(download).startswith("email,role"), self.csv(download)[:80])
        day = (datetime.date.today() + datetime.timedelta(days=12)).isoformat()
        address = "grace@partner.example"
        hands.fill("E-mail address", address)
        hands.choose("Role", "Editor")
        hands.tick("Apollo")
        hands.tick("Gemini")
        hands.fill("Or at the end of this day", day)
        hands.fill("Welcome message", "See <b>you</b>")
        hands.press("Invite")
        self.shows("she is invited", hands, address, "is invited", "Link to pass on")
        hands.follow(address)
        stands = hands.page.locator("main").inner_text()
        self.check(f"{self.way}: with the projects and the message", all(it in stands for it in ("apollo, gemini", "See <b>you</b>")), stands)
        expires = hands.page.locator("dt:text-is('Expires') + dd time").get_attribute("datetime")
        self.check(f"{self.way}: at the end of the day that was chosen", expires.startswith(day), expires)
        hands.press("Send it again")
        self.shows("it is sent again", hands, "It is sent once more")
        hands.choose("Role", "Viewer")
        hands.press("Save")
        self.shows("its role is another", hands, "viewer")
        for days in ("7", "14", "30"):
            hands.choose("By", f"{days} days")
            hands.press("Extend")
        later = hands.page.locator("dt:text-is('Expires') + dd time").get_attribute("datetime")
        moved = datetime.date.fromisoformat(later[:10]) - datetime.date.fromisoformat(expires[:10])
        self.check(f"{self.way}: it is extended by 7, 14 and 30 days", moved.days == 51, (expires, later))
        hands.press("Take it back")
        self.shows("it is revoked", hands, "revoked")
        self.joins(hands)

    def joins(self, hands):
        hands.go(self.at("/invitations"))
        address = "alan@partner.example"
        hands.fill("E-mail address", address)
        hands.choose("Role", "Editor")
        hands.press("Invite")
        self.shows("another one is invited", hands, address, "is invited")
        link = self.usher.mailed(address, r"https?://\S+/join/inv_[A-Za-z0-9_-]+")
        guest = Hands(self.context(hands.script).new_page(), hands.script, hands.by_keyboard)
        guest.go(link)
        guest.press(f"Join {self.slug.title()}")
        guest.page.wait_for_url("**/signed-in")
        hands.go(self.at("/users"))
        self.shows("and joined", hands, address)

    def download(self, hands, name):
        link = hands.page.get_by_role("link", name=name, exact=True).first
        if hands.by_keyboard:
            hands._reach(link)
            hands.page.keyboard.press("Enter")
        else:
            link.click()

    def csv(self, download):
        with open(download.value.path(), encoding="utf-8-sig") as file:
            return file.read()

    def imports(self, hands):
        """5: a file with two bad rows; mended, it is carried out."""
        hands.go(self.at("/imports"))
        bad = "email,role,projects\r\nann@partner.example,editor,apollo\r\nnobody,editor,\r\nbo@partner.example,edtor,\r\n"
        hands.attach("CSV file", "people.csv", bad)
        hands.press("Look at the file")
        self.shows("each wrong row is told with its cell", hands, "What is wrong", "nobody", "edtor", "Nobody can be invited as long as")
        wrong = hands.page.locator("td.wrong").all()
        told = [it.get_attribute("aria-describedby") for it in wrong]
        self.check(f"{self.way}: two cells are marked, and say why", len(wrong) == 2 and all(told), told)
        self.check(f"{self.way}: there is nothing to press", hands.page.get_by_role("button", name=re.compile("^Invite")).count() == 0)
        self.shot(hands.page, f"import-report-{self.slug}")
        good = bad.replace("nobody", "cy@partner.example").replace("edtor", "editor")
        hands.attach("CSV file", "people.csv", good)
        hands.press("Look at the file")
        hands.press("Invite 3 people")
        self.shows("mended, all three are invited", hands, "3")
        hands.go(self.at("/invitations"))
        self.shows("and stand among the invitations", hands, "ann@partner.example", "bo@partner.example", "cy@partner.example")

    def portal(self, hands, script, by_keyboard):
        """4: an IT admin without an account brings SAML and SCIM to green, and an admin takes it live."""
        whom = f"it@{self.slug}.example"
        hands.go(self.at("/setup-links"))
        hands.fill("For", whom)
        hands.press("Make the link")
        self.shows("the link is shown this once", hands, "shown this once", whom)
        link = hands.page.get_by_label("Link", exact=True).input_value()
        admin = Hands(self.context(script).new_page(), script, by_keyboard)
        admin.go(link)
        self.shows("it opens for whom it is for", admin, "Is it you?", f"i***@{self.slug}.example")
        admin.press("Mail me a code")
        self.shows("a code is mailed", admin, "A code is on its way")
        admin.fill("The six digits from the mail", self.usher.mailed(whom, r"^\d{6}$"))
        admin.press("Open the link")
        self.shows("the portal says what it is", admin, "Connect your identity provider", "Nobody signs in")
        admin.follow("Begin: Domain")
        admin.fill("Domain", f"{self.slug}.example")
        admin.press("Add")
        self.shows("the record to set is shown", admin, f"{self.slug}.example", "Value of the TXT record")
        admin.follow("Go on: SAML")
        admin.select("Microsoft Entra ID")
        admin.fill("What people call it", "Entra")
        admin.press("Continue")
        self.shows("the guide has this connection's own values", admin, "Enterprise apps", "/saml/")
        value = lambda label: admin.page.get_by_label(label, exact=True).input_value()
        acs, entity = value("ACS URL (Single sign-on URL, Reply URL)"), value("Entity ID (Audience URI, Identifier)")
        ours = requests.get(value("Our metadata"), timeout=30).text
        idp = IdentityProvider(self.usher.folder, f"https://{self.slug}.example/idp")
        idp.know(ours)
        admin.fill("Metadata of your identity provider", idp.metadata())
        admin.press("Save the metadata")
        self.shows("the metadata are taken", admin, "We know your identity provider", "Whose signature counts")
        admin.follow("Go on: Test")
        self.shows("the test waits", admin, "Waiting for the first sign-in")
        connection = {"acs_url": acs, "sp_entity_id": entity}
        message = idp.response(f"ada@{self.slug}.example", connection, sign="both")
        requests.post(acs, data={"SAMLResponse": to_form(message)}, timeout=30)
        self.turns(admin, script, "A sign-in passed every check")
        admin.follow("Go on: SCIM")
        base = admin.page.get_by_label("SCIM base URL (Tenant URL)", exact=True).input_value()
        admin.press("Make a token")
        token = admin.page.get_by_label("Secret token (API token)", exact=True).input_value()
        SECRETS.add("SCIM token", token)
        admin.go(f"{link}/scim")
        self.shows("SCIM waits", admin, "Waiting for the first request")
        scim = Scim(base, token)
        self.check(f"{self.way}: a SCIM client reads meanwhile", scim.call("GET", "/Users").status_code == 200)
        refused = scim.user("early@x.example", expected=None)
        self.check(f"{self.way}: and writes nothing", refused.status_code == 403, refused.text)
        self.turns(admin, script, "Your directory came with the right token")
        admin.follow("Go on: Groups")
        admin.fill("Group", "SEO_Editors")
        admin.choose("Role", "Editor")
        admin.press("Add the rule")
        self.shows("the rule is there", admin, "SEO_Editors")
        admin.follow("Go on: Done")
        self.shot(admin.page, f"portal-done-{self.slug}")
        admin.press("Hand over")
        self.shows("it is handed over", admin, "Thank you")
        hands.go(self.at("/connections"))
        hands.follow("Entra")
        self.shows("an admin sees whom it trusts", hands, "Go live", idp.entity_id, "it could sign them in")
        hands.press("I have compared them: go live")
        self.shows("it is live", hands, "It is live")
        return scim, hands.page.url

    def turns(self, hands, script, text):
        """A page that waits turns green by itself; without scripts, once it is loaded again."""
        if not script:
            hands.page.reload()
        try:
            hands.page.get_by_text(text).wait_for(timeout=15_000)
            green = True
        except Exception:
            green = False
        self.check(f"{self.way}: the step turns green: {text}", green, hands.page.locator("main").inner_text())

    def mapping(self, hands, scim):
        """6 and 7: a group gives a role, which is previewed; the person's page explains it."""
        people = [scim.user(f"p{number}@{self.slug}.example") for number in range(12)]
        scim.group("Admins of docs", people[:2])
        hands.go(self.at("/mappings"))
        hands.fill("Group", "Admins of docs")
        hands.choose("Role", "Admin")
        hands.press("Preview the rule")
        self.shows("the preview names whom it makes an admin", hands, "Nothing is changed yet", f"p0@{self.slug}.example", f"p1@{self.slug}.example")
        self.shot(hands.page, f"mapping-plan-{self.slug}")
        hands.press("Apply the change")
        self.shows("the rule is there", hands, "Admins of docs")
        hands.go(self.at(f"/users?email=p0@{self.slug}.example"))
        hands.page.locator("tbody th a").first.wait_for()
        hands.follow(hands.page.locator("tbody th a").first.inner_text())
        self.shows("explain says why", hands, "Explain: why this role", "Admins of docs", "admin")
        return people

    def safeguard(self, hands, scim, people):
        """9: many are taken away at once, which is held; an admin approves."""
        for resource in people[1:]:
            scim.deactivate(resource)
        hands.go(self.at("/safeguards"))
        self.shows("it waits for a decision", hands, "Waiting for a decision", "Many removals at once")
        hands.follow("Many removals at once")
        self.shot(hands.page, f"safeguard-{self.slug}")
        hands.press(re.compile("^Approve for"), exact=False)
        self.shows("it is approved", hands, "approved")


class Scim:
    """A directory that pushes."""

    def __init__(self, base, token):
        self.base, self.headers = base, {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}

    def call(self, method, path, body=None):
        return requests.request(method, self.base + path, json=body, headers=self.headers, timeout=30)

    def user(self, address, expected=201):
        body = {
            "schemas": [SCHEMA], "userName": address, "externalId": address, "active": True,
            "emails": [{"value": address, "primary": True}], "displayName": address,
        }
        answer = self.call("POST", "/Users", body)
        if expected is None:
            return answer
        assert answer.status_code == expected, answer.text
        return answer.json()["id"]

    def group(self, name, members):
        body = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name,
            "members": [{"value": member} for member in members],
        }
        assert self.call("POST", "/Groups", body).status_code == 201

    def deactivate(self, resource):
        body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
        answer = self.call("PATCH", f"/Users/{resource}", body)
        assert answer.status_code in (200, 204), answer.text


def to_form(message):
    import base64

    return base64.b64encode(message.encode()).decode()


def journeys(console, way, script, by_keyboard, slug):
    console.way, console.slug = way, slug
    hands = console.first_owner(script, by_keyboard)
    console.invitation(hands)
    console.imports(hands)
    scim, page = console.portal(hands, script, by_keyboard)
    connection = page.split("?")[0].rsplit("/", 1)[1]
    console.usher.command("connection", "update", connection, "--safeguard", "hold")
    people = console.mapping(hands, scim)
    console.safeguard(hands, scim, people)
    return hands


# Every page, as it looks, and what it weighs.

WEIGHT = 60 * 1024
MEASURED = """() => {
  const [page] = performance.getEntriesByType('navigation')
  const rest = performance.getEntriesByType('resource').filter(it => it.initiatorType !== 'img')
  const weight = rest.reduce((sum, it) => sum + it.decodedBodySize, page.decodedBodySize)
  return [weight, page.responseStart - page.requestStart]
}"""

def pages(console, hands):
    """The addresses of every page of an organization that is full of things."""
    base = console.at()
    found = [base]
    for path in (
        "users", "invitations", "imports", "mappings", "roles", "connections", "domains", "safeguards", "webhooks", "events",
        "audit", "keys", "settings", "links", "undo", "setup-links", "scim-requests", "sign-ins",
    ):
        found.append(f"{base}/{path}")
    for listed in ("users", "invitations", "imports", "connections", "safeguards", "webhooks", "scim-requests", "sign-ins"):
        hands.go(f"{base}/{listed}")
        link = hands.page.locator(f"main a[href^='/console/organizations/{console.slug}/{listed}/']")
        hrefs = [it.get_attribute("href") for it in link.all()]
        hrefs = [it for it in hrefs if not it.endswith(".csv")]
        if hrefs:
            found.append(console.usher.url + hrefs[0])
    return found


def looks(console, hands):
    """At 1280 and 360 pixels, light and dark; nothing is wider than the window, at 200 % zoom neither."""
    cookies = hands.page.context.cookies()
    operator = console.usher.command("console-link")["url"]
    urls = pages(console, hands)
    link = console.usher.command("setup-link", "create", "--org", console.slug)["url"]
    portal = [link] + [f"{link}/{step}" for step in ("domain", "saml", "test", "scim", "groups", "done")]
    portal.append(console.usher.command("setup-link", "create", "--org", console.slug, "--purpose", "sign_in", "--contact", "it@partner.example")["url"])
    first = console.context(False)
    page = first.new_page()
    page.goto(operator)
    page.get_by_role("button", name="Go on").click()
    installation = [f"{console.usher.url}/console{path}" for path in ("", "/apps", "/keys", "/system", "/confirm")]
    sets = [(urls, cookies), (installation, first.cookies()), (portal + [f"{console.usher.url}/console/sign-in?organization={console.slug}"], [])]
    every = [(width, scheme) for width in (1280, 360) for scheme in ("light", "dark")]
    for width, scheme in every if PROOF else every[::3]:
        height = 900 if width > 1000 else 740
        for addresses, jar in sets:
            context = console.context(viewport={"width": width, "height": height}, color_scheme=scheme)
            context.add_cookies(jar)
            shown = context.new_page()
            for url in addresses:
                answer = shown.goto(url)
                name = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "one", url.split("//", 1)[1].split("/", 1)[1])
                name = name.replace(portal[-1].rsplit("/", 1)[1], "link-for-somebody")
                name = re.sub(r"setup_[A-Za-z0-9_-]+", "link", name).replace("/", "-").replace("?", "-")
                over = shown.evaluate("document.documentElement.scrollWidth") - width
                good = answer.status == 200 and over <= 0
                console.check(f"{name} at {width} px, {scheme}", good, (answer.status, over))
                weight, first_byte = shown.evaluate(MEASURED)
                console.weights[name] = max(weight, console.weights.get(name, 0))
                console.first_bytes.append((first_byte, name))
                console.shot(shown, f"console-{width}-{scheme}-{name}")
            console.close(context)
    for width in (640, 320):
        for addresses, jar in sets:
            context = console.context(viewport={"width": width, "height": 450}, device_scale_factor=2)
            context.add_cookies(jar)
            shown = context.new_page()
            for url in addresses:
                shown.goto(url)
                over = shown.evaluate("document.documentElement.scrollWidth") - width
                if over > 0:
                    console.check(f"{url} is not wider than {width} px", False, over)
            console.close(context)
    console.check("no page is wider than the window at 200 % zoom, or at 320 px", True)
    heavy = {name: weight for name, weight in console.weights.items() if weight > WEIGHT}
    name, weight = max(console.weights.items(), key=lambda it: it[1])
    console.check(f"no page is over 60 KB with its styles and scripts; the heaviest, {name}, has {weight // 1024} KB", not heavy, heavy)
    ordered = sorted(console.first_bytes)
    print(f"first byte: median {ordered[len(ordered) // 2][0]:.1f} ms, slowest {ordered[-1][0]:.1f} ms ({ordered[-1][1]}), {len(ordered)} pages")
    return sets


def accessible(console, sets):
    """axe-core over every page: nothing of levels A and AA."""
    if not console.axe:
        console.checks.skip("axe-core over every page", "npm could not install axe-core")
        return
    with open(console.axe, encoding="utf-8") as file:
        source = file.read()
    for scheme in ("light", "dark") if PROOF else ("dark",):
        for addresses, jar in sets:
            context = console.context(bypass_csp=True, color_scheme=scheme)
            context.add_cookies(jar)
            page = context.new_page()
            for url in addresses:
                page.goto(url)
                page.evaluate(source)
                found = page.evaluate(
                    "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", AXE
                )["violations"]
                told = [(it["id"], [node["html"][:160] for node in it["nodes"][:3]]) for it in found]
                console.check(f"axe-core finds nothing at {url.split('//', 1)[1].split('/', 1)[1][:70]} ({scheme})", not found, json.dumps(told))
            console.close(context)


def run(console):
    hands = None
    for number, (way, script, by_keyboard) in enumerate(WAYS):
        try:
            hands = journeys(console, way, script, by_keyboard, f"acme{number}")
        except Exception:
            console.check(f"{way}: the journeys come to their end", False, traceback.format_exc())
            for context in console.contexts:
                for page in context.pages:
                    console.shot(page, f"broken-{number}")
    if hands:
        sets = looks(console, hands)
        accessible(console, sets)
    console.check("no page asked another origin for anything", not console.elsewhere, console.elsewhere[:5])
    console.unbroken()
    console.close_all()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--postgres", default=os.environ.get("TEST_DATABASE_URL"), help="a server's URL")
    arguments.add_argument("--screens", required=True, help="a folder for the pictures")
    arguments.add_argument("--axe", help="axe.min.js; skipped without it")
    arguments.add_argument("--totals", help="a file to add the totals to")
    given = arguments.parse_args()
    checks = Checks("console")
    if not chromium.is_installed():
        checks.skip("the console in a browser", "Chromium is not installed")
        checks.end(given.totals)
    os.makedirs(given.screens, exist_ok=True)
    with Usher(given.usher, given.postgres, heard=SECRETS.document) as usher, chromium.launched() as browser:
        try:
            usher.command("org", "list")
            usher.start()
            run(Console(usher, checks, browser, given.screens, given.axe))
        except Exception:
            checks.check("the run comes to its end", False, traceback.format_exc())
        usher.stop()
        with open(usher.log, encoding="utf-8", errors="replace") as log:
            found = sorted({f"{kind} {value[:40]}" for kind, value in SECRETS.in_log(log.read())})
        checks.check("nothing secret that the browser sent is in the log", not found, found[:10])
    checks.end(given.totals)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
