"""Two organizations in one Chromium: somebody is signed in to both, an app that serves both asks which, and what
ends for one goes on for the other. No script runs, and there is no mouse.
"""

from browser_pysaml2 import Provider
from shop import Shop


def run(ground):
    north, south = Provider(ground, "north"), Provider(ground, "south")
    north.person, south.person = "nora@north.example", "sol@south.example"
    shop = Shop(ground.fronts, ground.usher, ground.url, ground.direct, "--org", "north", "--org", "south")
    for idp in (north, south):
        ground.usher.command("connection", "update", idp.connection["id"], "--app", shop.registered["client_id"])
    for script, kind in ((False, "without JavaScript"), (True, "with JavaScript")):
        both = Both(ground, north, south, shop, script)
        both.sign_in(kind)
        both.choose(kind)
        both.named()
        both.another()
        both.one_served()
        both.one_leaves()
        ground.close(both.context)
    looks(ground, north, south, shop)
    for site in (shop, south, north):
        site.close()


class Both:
    def __init__(self, ground, north, south, shop, script, **more):
        self.ground, self.check, self.north, self.south, self.shop = ground, ground.check, north, south, shop
        self.script, self.context = script, ground.context(script, **more)

    def press(self, page, name):
        """Goes by Tab to a link or a button of that name, and presses Enter."""
        if not self.ground.tab_to(page, lambda it: it.inner_text() == name):
            raise RuntimeError(f"no stop is {name}: {self.ground.at(page)}")
        self.go(page)

    def go(self, page):
        with page.expect_navigation():
            page.keyboard.press("Enter")

    def enter(self, page, idp):
        """Signs in at an identity provider that Usher asks."""
        self.press(page, f"I am {idp.person}")
        if not self.script:
            # pysaml2's own button: an input has no text.
            self.ground.tab_to(page, lambda it: it.get_attribute("value") == "Continue")
            self.go(page)

    def tokens(self, what, page, idp):
        """The app has a code: for tokens of this person, in this organization."""
        came = self.ground.arrives(page, f"{self.shop.callback}?**")
        tokens = self.shop.finish()
        claims = tokens.get("claims", {})
        told = (claims.get("email"), claims.get("org_slug"))
        self.check(what, came and told == (idp.person, idp.org), f"{told} {tokens} {self.ground.at(page)}")
        return tokens

    def sign_in(self, kind):
        """To the first as ever; to the second with a question, since somebody is there. Each is for the app, which
        is asked to begin then, and expects whoever came."""
        page, _ = self.ground.open(self.context, self.north.login)
        self.enter(page, self.north)
        self.tokens(f"{kind}: a sign-in to an organization, and on to the app", page, self.north)
        page.goto(self.south.login)
        self.enter(page, self.south)
        page.wait_for_url("**/acs")
        self.ground.holds(
            "  a sign-in to a second one is asked for", page, f"Sign in to Shop as {self.south.person}?",
            "signed in to another organization in this browser now, and stays so",
        )
        self.press(page, "Continue")
        self.tokens("  and on to the app, as who came", page, self.south)
        people = sorted((it.get("Address"), it.get("Organization")) for it in self.ground.people(self.context))
        both = [(self.north.person, "north"), (self.south.person, "south")]
        self.check("  both are signed in then", people == both, people)
        self.page = page

    def choose(self, kind):
        """Each time it is asked which, whichever was taken last."""
        for idp, name in ((self.north, "North (north)"), (self.south, "South (south)"), (self.north, "North (north)")):
            self.page.goto(self.shop.begin())
            links = self.page.get_by_role("link").all_inner_texts()
            offered = sorted(links) == sorted([
                f"Continue as {self.north.person} in North (north)", f"Continue as {self.south.person} in South (south)",
                "Use another account",
            ])
            self.check(f"{kind}: an app that serves both asks which", offered, links)
            self.press(self.page, f"Continue as {idp.person} in {name}")
            self.tokens(f"  by keyboard: a code for {idp.org}", self.page, idp)

    def named(self):
        """What the app says itself is not asked."""
        self.page.goto(self.shop.begin(organization="south"))
        self.tokens("an organization that the app names is not asked for", self.page, self.south)
        self.page.goto(self.shop.begin(login_hint=self.north.person))
        self.tokens("  nor a person that it names", self.page, self.north)
        self.page.goto(self.shop.begin(prompt="none"))
        came = self.shop.came.get("error")
        self.check("  without a page it is an error", came == "account_selection_required", self.shop.came)
        self.page.goto(self.shop.begin(prompt="select_account", organization="south"))
        self.press(self.page, f"Continue as {self.south.person} in South (south)")
        self.tokens("  it may ask all the same", self.page, self.south)

    def another(self):
        """Neither of both, but somebody who has to sign in."""
        self.page.goto(self.shop.begin())
        self.press(self.page, "Use another account")
        self.ground.tab_to(self.page, lambda it: it.get_attribute("name") == "login_hint")
        self.page.keyboard.type(self.south.person)
        self.go(self.page)
        self.enter(self.page, self.south)
        # Somebody of another organization is there, so that it is asked first.
        self.page.wait_for_url("**/acs")
        self.press(self.page, "Continue")
        self.tokens("another account: the address, the identity provider, and back to the app", self.page, self.south)

    def one_served(self):
        """An app that serves one of them learns nothing of the other."""
        only = Shop(self.ground.fronts, self.ground.usher, self.ground.url, self.ground.direct, "--org", "north")
        self.shop, both = only, self.shop
        self.page.goto(only.begin())
        self.tokens("an app that serves one of them does not ask", self.page, self.north)
        self.shop = both
        only.close()

    def one_leaves(self):
        self.page.goto(self.shop.begin(organization="north"))
        north = self.tokens("tokens for the one", self.page, self.north)
        self.page.goto(self.shop.begin(organization="south"))
        south = self.tokens("  and for the other", self.page, self.south)
        self.page.goto(f"{self.ground.url}/signed-in")
        self.press(self.page, "Sign out of north")
        who = self.ground.who(self.context)
        self.check("signing out of one leaves the other", who == [self.south.person], who)
        came = self.shop.refresh(north).get("error"), self.shop.refresh(south).get("error")
        self.check("  and the other's refresh token alone", came == ("invalid_grant", None), came)
        self.page.goto(self.shop.begin())
        self.tokens("  the app asks no more which", self.page, self.south)


def looks(ground, north, south, shop):
    """The chooser, and what the page of two says, on a screen and on a phone."""
    for name, more in (
        ("wide", {}), ("phone", {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}),
    ):
        both = Both(ground, north, south, shop, False, **more)
        both.sign_in(f"in a {name} window")
        for what, place in (("chooser", shop.begin()), ("both", f"{ground.url}/signed-in")):
            both.page.goto(place)
            wide = both.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            ground.check(f"  the {what} is within the {name} window", wide <= 0, wide)
            both.page.keyboard.press("Tab")
            ground.shot(both.page, f"{what}-{name}")
        button, second = both.page.get_by_role("button").first.bounding_box(), both.page.locator("dl").nth(1).bounding_box()
        apart = second["y"] - button["y"] - button["height"]
        ground.check("  there is room between the one and the other", apart >= 16, apart)
        ground.close(both.context)
