"""Single logout with SimpleSAMLphp in Chromium, started on either side; and that each side looks at the other's
signature: a message of theirs is altered on its way, as no browser would."""

import base64
import html
import re
import urllib.parse
import zlib

from simplesamlphp import POST, REDIRECT, inputs
from traffic import browser, code, reason

OVER = "invalid_grant"


def run(walk, shop):
    for binding, how in ((REDIRECT, "by redirect"), (POST, "in a form")):
        walk.trust(binding)
        walk.idp.know(walk.connection, "both", validated=True, logout=binding)
        logouts = Logouts(walk, shop, how)
        logouts.at_usher()
        logouts.by_the_app()
        logouts.asked_first()
        logouts.at_simplesamlphp("SingleLogoutService.php?ReturnTo=")
        logouts.at_simplesamlphp("initSLO.php?RelayState=")
        logouts.altered_on_the_way_here()
        logouts.altered_on_the_way_there()
    logouts.without_scripts()


class Logouts:
    def __init__(self, walk, shop, how):
        self.walk, self.shop, self.how, self.check = walk, shop, how, walk.check
        self.ground, self.idp = walk.ground, walk.idp
        self.service = f"{self.idp.url}/saml2/idp/SingleLogoutService.php"
        self.goodbye = f"{self.idp.url}/logout.php"
        self.method = "GET" if how == "by redirect" else "POST"

    def someone(self, script=True):
        """Somebody who opened the shop and signed in for it; the browser, and the shop's tokens."""
        context, self.told = self.ground.context(script), []
        context.on("request", lambda it: self.told.append(it.method) if it.url.startswith(self.service) else None)
        page, _ = self.ground.open(context, self.shop.begin(connection=self.walk.connection["id"]))
        if not script:
            page.get_by_role("button", name="Continue to simple.test").click()
        self.walk.enter(page)
        if not script:
            self.walk.press_on(page)
        page.wait_for_url(f"{self.shop.callback}?**")
        return context, page, self.shop.finish()

    def over(self, context, tokens, where):
        """That nobody is signed in any more: not here, not there, and not for the app."""
        people = self.ground.people(context)
        self.check("  nobody is signed in at Usher", people == [], people)
        page, _ = self.ground.open(context, self.walk.application)
        asks = page.locator("[name=username]").count() == 1
        self.check("  SimpleSAMLphp asks for the password again", asks, self.ground.at(page))
        came = self.shop.refresh(tokens)
        self.check(f"  the app's refresh token is over ({where})", came.get("error") == OVER, came)
        self.ground.close(context)

    def alive(self, context, tokens):
        """The session goes on; answers the tokens that go on with it."""
        newer = self.shop.refresh(tokens)
        people = self.ground.people(context)
        return len(people) == 1 and "refresh_token" in newer, {**tokens, **newer}

    def at_usher(self):
        context, page, tokens = self.someone()
        good, tokens = self.alive(context, tokens)
        page.goto(f"{self.ground.url}/signed-in")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="You are not signed in").wait_for()
        came = page.url == f"{self.ground.url}/signed-in" and self.told == [self.method]
        self.check(
            f"signing out at Usher tells SimpleSAMLphp {self.how}, and comes back", good and came,
            (good, self.told, self.ground.at(page)),
        )
        self.over(context, tokens, "signed out at Usher")

    def by_the_app(self):
        context, page, tokens = self.someone()
        page.goto(self.shop.leaving(tokens, "seeyou"))
        came = self.ground.arrives(page, f"{self.shop.goodbye}?state=seeyou") and self.told == [self.method]
        self.check(
            f"the app's logout tells SimpleSAMLphp {self.how}, and comes back to the app", came,
            (self.told, self.ground.at(page)),
        )
        self.over(context, tokens, "by the app")

    def asked_first(self):
        """Without the ID token the person is asked, and what follows is the form's doing."""
        context, page, tokens = self.someone()
        page.goto(self.shop.leaving({"id_token": ""}, "later") + f"&client_id={self.shop.registered['client_id']}")
        page.get_by_role("button", name="Sign out").click()
        came = self.ground.arrives(page, f"{self.shop.goodbye}?state=later") and self.told == [self.method]
        self.check(
            f"a logout that the person agrees to tells SimpleSAMLphp {self.how}, and comes back", came,
            (self.told, self.ground.at(page)),
        )
        self.over(context, tokens, "the person agreed")

    def at_simplesamlphp(self, start):
        context, page, tokens = self.someone()
        heard = []
        context.on("request", lambda it: heard.append(it.method) if it.url.startswith(self.slo()) else None)
        page.goto(f"{self.idp.url}/saml2/idp/{start}{urllib.parse.quote(self.goodbye, safe='')}")
        came = self.ground.arrives(page, f"{self.goodbye}**")
        self.check(
            f"a logout by {start.partition('?')[0]} tells Usher {self.how}, and goes on", came and heard == [self.method],
            (heard, self.ground.at(page)),
        )
        self.over(context, tokens, "signed out at SimpleSAMLphp")

    def without_scripts(self):
        context, page, tokens = self.someone(False)
        page.goto(f"{self.ground.url}/signed-in")
        page.get_by_role("button", name="Sign out").click()
        self.ground.shot(page, "sign-out-by-button")
        page.get_by_role("button", name="Continue to simple.test").click()
        self.walk.press_on(page)
        page.get_by_role("heading", name="You are not signed in").wait_for()
        self.check("signing out without JavaScript, by the buttons", self.told == [self.method], self.ground.at(page))
        self.over(context, tokens, "without JavaScript")

    def slo(self):
        return self.walk.connection["acs_url"].replace("/acs", "/slo")

    # What a browser would not do: its cookies in the hands of a client that stops, looks and alters.

    def cookies(self, context, url):
        return "; ".join(f"{it['name']}={it['value']}" for it in context.cookies(url))

    def stopped(self, answer, direct, public):
        """The message that an answer sends on: where to, and its fields in their order."""
        while answer.is_redirect:
            location = answer.headers["location"]
            if "SAMLRequest=" in location:
                place, _, query = location.partition("?")
                return place, [(name, urllib.parse.unquote(value)) for name, _, value in (it.partition("=") for it in query.split("&"))]
            answer = browser().get(
                location.replace(public, direct), headers=answer.request.headers, allow_redirects=False, timeout=30
            )
        action = re.search(r'<form[^>]*action="([^"]*)"', answer.text)
        fields = [(name, value) for name, value in inputs(answer.text) if value]
        if not action or "SAMLRequest" not in dict(fields):
            raise RuntimeError(f"no message: {answer.status_code} {answer.text[:800]}")
        return html.unescape(action.group(1)), fields

    def send(self, place, fields, headers=None):
        """The message as a browser would bring it, by the binding it has."""
        encoded = urllib.parse.urlencode(fields, quote_via=urllib.parse.quote, safe="")
        ask = dict(headers=headers, allow_redirects=False, timeout=30)
        if self.how == "by redirect":
            return browser().get(f"{place}?{encoded}", **ask)
        return browser().post(place, data=fields, **ask)

    def changed(self, fields):
        """The same message with another time in it, with no signature, and with another relay state."""
        packed = self.how == "by redirect"
        message = base64.b64decode(dict(fields)["SAMLRequest"])
        message = (zlib.decompress(message, -15) if packed else message).decode()
        year = re.search(r'NotOnOrAfter="(\d{4})', message).group(1)
        later = message.replace(f'NotOnOrAfter="{year}', f'NotOnOrAfter="{int(year) + 1}')
        unsigned = re.sub(r"<(\w+:)?Signature[ >].*</(\w+:)?Signature>", "", message, flags=re.S)

        def carrying(text):
            octets = zlib.compress(text.encode(), wbits=-15) if packed else text.encode()
            return [(name, base64.b64encode(octets).decode() if name == "SAMLRequest" else value) for name, value in fields]

        yield "with another time in it", "signature_invalid", carrying(later)
        if packed:
            yield "without its signature", "signature_missing", [it for it in fields if it[0] not in ("Signature", "SigAlg")]
            if dict(fields).get("RelayState"):
                other = [(name, "elsewhere" if name == "RelayState" else value) for name, value in fields]
                yield "with another relay state", "signature_invalid", other
        else:
            yield "without its signature", "signature_missing", carrying(unsigned)

    def altered_on_the_way_here(self):
        context, _, tokens = self.someone()
        start = f"{self.idp.direct}/saml2/idp/SingleLogoutService.php?ReturnTo={urllib.parse.quote(self.goodbye, safe='')}"
        headers = {"Cookie": self.cookies(context, self.idp.url)}
        answer = browser().get(start, headers=headers, allow_redirects=False, timeout=30)
        place, fields = self.stopped(answer, self.idp.direct, self.idp.url)
        self.check(f"SimpleSAMLphp's logout request {self.how} is for our address", place == self.slo(), place)
        place = place.replace(self.ground.url, self.ground.direct)
        for what, expected, altered in self.changed(fields):
            answer = self.send(place, altered)
            refused = answer.status_code == 400 and code(answer) == expected
            going_on, tokens = self.alive(context, tokens)
            self.check(f"  {what} it is refused, and the session goes on", refused and going_on, (reason(answer), going_on))
        answer = self.send(place, fields)
        people, came = self.ground.people(context), self.shop.refresh(tokens)
        good = answer.status_code in (200, 303) and people == [] and came.get("error") == OVER
        self.check("  as it was it ends the session", good, (reason(answer), people, came))
        again = self.send(place, fields)
        self.check("  a second time it is a replay", code(again) == "replayed", reason(again))
        self.ground.close(context)

    def altered_on_the_way_there(self):
        context, _, _ = self.someone()
        headers = {"Cookie": self.cookies(context, self.ground.url), "Origin": self.ground.url}
        answer = browser().post(f"{self.ground.direct}/sign-out", headers=headers, allow_redirects=False, timeout=30)
        place, fields = self.stopped(answer, self.ground.direct, self.ground.url)
        self.check(f"our logout request {self.how} is for SimpleSAMLphp's address", place == self.service, place)
        headers = {"Cookie": self.cookies(context, self.idp.url)}
        place = place.replace(self.idp.url, self.idp.direct)

        def asks():
            application = self.walk.application.replace(self.idp.url, self.idp.direct)
            page = browser().get(application, headers=headers, timeout=30, allow_redirects=False)
            return "SAMLResponse" not in dict(inputs(page.text))

        for what, _, altered in self.changed(fields):
            answer = self.send(place, altered, headers)
            refused = "SAMLResponse" not in answer.text + answer.headers.get("location", "")
            self.check(f"  {what} SimpleSAMLphp refuses it", refused and not asks(), (answer.status_code, answer.text[:300]))
        self.send(place, fields, headers)
        self.check("  as it was it ends the session there", asks(), self.idp.log())
        self.ground.close(context)
