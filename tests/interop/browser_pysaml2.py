"""pysaml2 as the identity provider in Chromium: a site whose pages are those that pysaml2 writes."""

import html
import urllib.parse

from fronts import Site
from saml2 import BINDING_HTTP_POST
from saml_idp import IdentityProvider
from traffic import browser


class Provider(IdentityProvider):
    """An identity provider of one organization, as a site; `person` is who signs in there at the moment."""

    def __init__(self, ground, org):
        self.ground, self.org, self.person = ground, org, None
        self.site = Site(ground.fronts, f"{org}.test", {"/start": self.start, "/sso": self.asked_by})
        super().__init__(ground.usher.folder, f"{self.site.url}/metadata", f"{self.site.url}/sso")
        ground.organization(org)
        self.connection = ground.connection(org, f"{org.capitalize()} sign-in")
        ground.trust(self.connection, self.metadata())
        self.know(browser().get(self.connection["sp_metadata_url"], timeout=30).text)
        self.login, self.seen = self.connection["acs_url"].replace("/acs", "/login"), []

    def close(self):
        self.site.close()

    def message(self, person, answers=None):
        return self.response(person, self.connection, sign="both", answers=answers)

    def form(self, message, relay_state=""):
        made = self.server.apply_binding(
            BINDING_HTTP_POST, message, self.connection["acs_url"], relay_state=relay_state, response=True, sign=False
        )
        return made["data"]

    def start(self, _):
        """An application is opened here."""
        return self.form(self.message(self.person))

    def asked_by(self, told):
        """Usher asks who it is; whoever it is has to press a button, as on any login page."""
        if "SAMLRequest" not in told:
            return None
        if told.get("signed") != self.person:
            self.seen.append(told["SAMLRequest"])
            kept = "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
                for name, value in {**told, "signed": self.person}.items()
            )
            return f'<!doctype html><title>Sign in</title><form action="/sso">{kept}<button>I am {self.person}</button></form>'
        asked = self.server.parse_authn_request(told["SAMLRequest"], "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect")
        return self.form(self.message(self.person, asked.message.id), told.get("RelayState", ""))

    def enter(self, page):
        page.get_by_role("button", name=f"I am {self.person}").click()


def run(ground):
    idp = Provider(ground, "acme")
    idp.person = "ada@acme.example"
    for script, kind in ((True, "in Chromium"), (False, "without JavaScript")):
        signs_in(ground, idp, script, kind)
    answers_once(ground, idp)
    idp.close()


def signs_in(ground, idp, script, kind):
    for what, start in (("an application opened there", f"{idp.site.url}/start"), ("a sign-in that starts at Usher", idp.login)):
        context = ground.context(script)
        page, _ = ground.open(context, start)
        if start == idp.login:
            idp.enter(page)
        if not script:
            page.get_by_role("button", name="Continue").click()
        came = ground.arrives(page, "**/signed-in")
        people = ground.people(context)
        who = [(it.get("Name"), it.get("Address"), it.get("Through")) for it in people]
        good = came and who == [("Augusta Byron", idp.person, "Acme sign-in")]
        ground.check(f"pysaml2 {kind}: {what}", good, f"{people} {ground.at(page)}")
        ground.close(context)


def answers_once(ground, idp):
    """The answer to a request is good in the browser that asked, and once, whoever brings it."""
    context, stranger = ground.context(), ground.context()
    page, _ = ground.open(context, idp.login)
    idp.enter(page)
    ground.arrives(page, "**/signed-in")
    asked = idp.asked("?" + urllib.parse.urlencode({"SAMLRequest": idp.seen[-1]}))
    idp.site.pages["/elsewhere"] = lambda _: idp.form(idp.message(idp.person, asked.id))
    for who, browser_of, expected in (("it again", context, "request_over"), ("it elsewhere", stranger, "in_response_to_unknown")):
        page, _ = ground.open(browser_of, f"{idp.site.url}/elsewhere")
        ground.arrives(page, "**/acs")
        told = page.locator("main code").first.inner_text()
        ground.check(f"  an answer to a request, {who}: {expected}", told == expected, ground.at(page))
    ground.check("  and nobody is signed in elsewhere", ground.who(stranger) == [], ground.who(stranger))
