"""Pages of strangers in Chromium: what they post is valid and unused, and signs nobody in without a yes; nor does
the yes of one tab count for what another tab asks.
"""

import base64

from browser_pysaml2 import Provider
from fronts import Site, posting
from traffic import browser

ADA, BOB, CAY = (f"{name}@globex.example" for name in ("ada", "bob", "cay"))
LONG = f"{'averylongnameofsomebody' * 2}else@globex.example"
CSP = '<meta http-equiv="Content-Security-Policy" content="form-action \'none\'">'
SILENT = '<meta name="referrer" content="no-referrer">'


def run(ground):
    idp = Provider(ground, "globex")
    stranger = Site(ground.fronts, "stranger.test")
    tabs = Tabs(ground, idp, stranger)
    tabs.console_tells()
    tabs.not_me()
    tabs.go_on()
    tabs.nobody_here()
    tabs.by_keyboard()
    tabs.by_the_provider()
    tabs.two_tabs()
    tabs.forged_answers()
    tabs.looks()
    stranger.close()
    idp.close()


class Tabs:
    def __init__(self, ground, idp, stranger):
        self.ground, self.check, self.idp, self.stranger = ground, ground.check, idp, stranger

    def browser_of(self, person, script=True, **more):
        """A browser that somebody is signed in in; or nobody."""
        context = self.ground.context(script, **more)
        if person:
            self.idp.person = person
            page, _ = self.ground.open(context, f"{self.idp.site.url}/start")
            if not script:
                page.get_by_role("button", name="Continue").click()
            if not self.ground.arrives(page, "**/signed-in"):
                raise RuntimeError(f"{person} does not come in: {self.ground.at(page)}")
            page.close()
        return context

    def lured(self, context, action, fields, more="", script=True):
        """A tab with the stranger's page, which posts that."""
        self.stranger.pages["/"] = lambda _: posting(action, fields, more)
        page, _ = self.ground.open(context, self.stranger.url)
        if not script:
            page.get_by_role("button", name="Go on").click()
        self.ground.arrives(page, action)
        return page

    def trapped(self, context, person, more="", script=True):
        """The stranger has a response that was never used."""
        self.taken = {"SAMLResponse": encoded(self.idp.message(person))}
        return self.lured(context, self.idp.connection["acs_url"], self.taken, more, script)

    def is_in(self, what, context, *people):
        who = self.ground.who(context)
        return self.check(f"  {what}", who == list(people), who)

    def asked(self, what, page, person, sentence):
        """The confirm page: whom it names, by whom, and what else is true of this browser."""
        heading = page.locator("h1").inner_text() if page.locator("h1").count() else ""
        body = page.locator("body").inner_text()
        good = heading == f"Sign in as {person}?" and "Globex sign-in (globex.test) says that this is you" in body
        return self.check(what, good and sentence in body, f"{page.url} {body}")

    def answer(self, page, button):
        with page.expect_navigation():
            page.get_by_role("button", name=button).click()

    def refused(self, what, page, expected):
        told = page.locator("main code").first
        told = told.inner_text() if told.count() else ""
        return self.check(what, told == expected, self.ground.at(page))

    def console_tells(self):
        """Of a policy that stops a form; if this were not seen, no walk would prove anything."""
        faults, context = self.ground.faults, self.ground.context()
        self.ground.faults = []
        self.stranger.pages["/"] = lambda _: posting(self.ground.url, {}, CSP)
        page, _ = self.ground.open(context, self.stranger.url)
        page.wait_for_timeout(500)
        seen, self.ground.faults = self.ground.faults, faults
        good = any("form-action" in it for it in seen) and page.url.startswith(self.stranger.url)
        self.check("the console tells of a form that a content security policy stops", good, seen)
        self.ground.close(context)

    def not_me(self):
        context = self.browser_of(ADA)
        page = self.trapped(context, BOB)
        self.asked("a stranger's page posts a response: it is asked first", page, BOB, "they are signed out")
        self.ground.shot(page, "confirm")
        self.is_in("the former session is untouched meanwhile", context, ADA)
        again = self.lured(context, self.idp.connection["acs_url"], self.taken)
        self.refused("  the same response once more is a replay", again, "replayed")
        self.answer(page, "Not me")
        page.get_by_role("heading", name="Nothing was changed").wait_for()
        self.is_in("Not me keeps it", context, ADA)
        kept = ""
        try:
            page.go_back()
        except Exception as error:
            kept = str(error)
        # The page was kept by nobody: the browser would have to post the used response again.
        self.check("  and there is no way back to the question", "ERR_CACHE_MISS" in kept, kept or self.ground.at(page))
        self.ground.close(context)

    def go_on(self):
        context = self.browser_of(ADA)
        former = self.cookies(context)
        page = self.trapped(context, BOB)
        self.answer(page, "Continue")
        self.check("Continue signs the other person in", self.ground.arrives(page, "**/signed-in"), self.ground.at(page))
        self.is_in("who is there then", context, BOB)
        answer = browser().get(f"{self.ground.direct}/signed-in", headers={"Cookie": former}, timeout=30)
        self.check("  the former session is over", answer.status_code == 403, answer.status_code)
        self.ground.close(context)

    def cookies(self, context):
        return "; ".join(f"{it['name']}={it['value']}" for it in context.cookies(self.ground.url))

    def nobody_here(self):
        for what, more in (("a stranger's page", ""), ("a page that does not say whose it is", SILENT)):
            context, origins = self.browser_of(None), []
            acs = self.idp.connection["acs_url"]
            context.on("request", lambda it: origins.append(it.headers.get("origin")) if it.url == acs else None)
            page = self.trapped(context, BOB, more)
            self.asked(f"nobody is signed in, and {what} posts: it is asked", page, BOB, "Another page sent you here")
            said = [self.stranger.url] if not more else ["null"]
            self.check(f"  the browser says the origin {'null' if more else 'of the page'}", origins == said, origins)
            self.is_in("nobody is in meanwhile", context)
            self.answer(page, "Not me")
            page.get_by_role("heading", name="Nothing was changed").wait_for()
            self.is_in("nor after Not me", context)
            self.ground.close(context)

    def by_keyboard(self):
        """No script runs, and there is no mouse."""
        for button, stops, expected in (("Not me", 2, ADA), ("Continue", 1, BOB)):
            context = self.browser_of(ADA, False)
            page = self.trapped(context, BOB, script=False)
            for _ in range(stops):
                page.keyboard.press("Tab")
            focus = page.locator(":focus").inner_text()
            self.check(f"by keyboard, without JavaScript: stop {stops} is {button}", focus == button, focus)
            if stops == 2:
                self.ground.shot(page, "confirm-keyboard")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            self.is_in("who is there after Enter", context, expected)
            self.ground.close(context)

    def by_the_provider(self):
        """The identity provider itself posts somebody else: the page is no stranger's, and the question the same."""
        context = self.browser_of(ADA)
        self.idp.person = CAY
        page, _ = self.ground.open(context, f"{self.idp.site.url}/start")
        self.ground.arrives(page, "**/acs")
        self.asked("the identity provider posts another person: it is asked", page, CAY, "they are signed out")
        self.is_in("the former session is untouched", context, ADA)
        self.ground.close(context)

    def two_tabs(self):
        context = self.browser_of(ADA)
        first, second = self.trapped(context, BOB), self.trapped(context, CAY)
        self.asked("two tabs ask: the first of one person", first, BOB, "they are signed out")
        self.asked("  the second of another", second, CAY, "they are signed out")
        self.answer(first, "Continue")
        self.refused("  Continue in the first signs in nobody", first, "confirmation_expired")
        self.ground.shot(first, "confirm-refused")
        self.is_in("the former session is untouched", context, ADA)
        self.answer(second, "Continue")
        came = self.ground.arrives(second, "**/signed-in")
        self.check("  Continue in the second signs in whom it names", came, self.ground.at(second))
        self.is_in("who is there then", context, CAY)
        self.ground.close(context)

    def forged_answers(self):
        """The stranger answers the question himself, or signs somebody out."""
        context = self.browser_of(ADA)
        page = self.trapped(context, BOB)
        proof = page.locator("[name=proof]").get_attribute("value")
        place = self.idp.connection["acs_url"].replace("/acs", "/continue")
        # Even with what stands on the page, which he cannot read.
        forged = self.lured(context, place, {"proof": proof, "answer": "continue"})
        self.refused("a stranger's page answers the question: refused", forged, "confirmation_expired")
        self.is_in("the former session is untouched", context, ADA)
        forged = self.lured(context, f"{self.ground.url}/sign-out", {})
        self.refused("a stranger's page signs out: refused", forged, "foreign_form")
        forged = self.lured(context, f"{self.ground.url}/oauth/logout", {})
        asks = forged.get_by_role("heading", name="Sign out?").count() == 1
        self.check("  as an app it is asked", asks, self.ground.at(forged))
        self.is_in("the former session is untouched", context, ADA)
        self.answer(page, "Continue")
        came = self.ground.arrives(page, "**/signed-in")
        self.check("  and the person's own answer still counts", came, self.ground.at(page))
        self.is_in("who is there then", context, BOB)
        self.ground.close(context)

    def looks(self):
        """The question on a phone, by day and by night; the name is one long word."""
        for width, scheme in ((360, "light"), (320, "dark")):
            context = self.browser_of(
                ADA, viewport={"width": width, "height": 740}, is_mobile=True, has_touch=True, color_scheme=scheme
            )
            page = self.trapped(context, LONG)
            wide = page.evaluate("document.documentElement.scrollWidth")
            self.check(f"the question on a phone of {width} ({scheme}) is no wider than it", wide <= width, wide)
            self.ground.shot(page, f"confirm-phone-{scheme}")
            page.get_by_role("button", name="Not me").tap()
            page.get_by_role("heading", name="Nothing was changed").wait_for()
            self.ground.close(context)


def encoded(message):
    return base64.b64encode(message.encode()).decode()
