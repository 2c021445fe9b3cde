"""SimpleSAMLphp in Chromium: people sign in on its pages, from its side and from ours, and sign out on both."""

import base64
import urllib.parse

import browser_logout
from shop import Shop
from simplesamlphp import ADDRESS, POST, REDIRECT, SimpleSamlPhp

WHO = {"Name": "Mirabella Lindqvist", "Address": ADDRESS, "Organization": "simple", "Through": "SimpleSAMLphp"}


def run(ground, package):
    ground.organization("simple")
    connection = ground.connection("simple", "SimpleSAMLphp")
    with SimpleSamlPhp(package, lambda port: ground.fronts.before(port, "simple.test")) as idp:
        walk = Walk(ground, idp, connection)
        for encrypted in (False, True):
            walk.signs_in(encrypted)
        walk.asked_by_form()
        walk.without_scripts()
        walk.by_keyboard()
        shop = Shop(ground.fronts, ground.usher, ground.url, ground.direct, "--org", "simple")
        walk.through(shop)
        browser_logout.run(walk, shop)
        shop.close()


class Walk:
    def __init__(self, ground, idp, connection):
        self.ground, self.idp, self.connection, self.check = ground, idp, connection, ground.check
        self.trust(REDIRECT)
        self.application = f"{idp.url}/saml2/idp/SSOService.php?" + urllib.parse.urlencode(
            {"spentityid": connection["sp_entity_id"]}
        )
        self.login = connection["acs_url"].replace("/acs", "/login")

    def trust(self, binding):
        self.idp.speak(binding)
        return self.ground.trust(self.connection, self.idp.metadata())

    def set(self, *settings):
        self.ground.usher.command("connection", "update", self.connection["id"], *settings)

    def enter(self, page, how="by mouse"):
        """Its login form, as a person fills it in."""
        if how == "by keyboard":
            for name, text in (("username", "mira"), ("password", self.idp.secret)):
                self.ground.tab_to(page, lambda it: it.get_attribute("name") == name)
                page.keyboard.type(text)
            page.keyboard.press("Enter")
            return
        page.locator("[name=username]").fill("mira")
        page.locator("[name=password]").fill(self.idp.secret)
        page.locator("[type=submit]:visible").first.click()

    def press_on(self, page):
        """Its form where no script runs: of its two buttons the stylesheet hides one."""
        page.locator("button.btn").click()

    def arrived(self, what, context, page, place="**/signed-in"):
        came = self.ground.arrives(page, place)
        people = self.ground.people(context)
        good = came and len(people) == 1 and WHO.items() <= people[0].items()
        what = what if what.startswith(" ") else f"SimpleSAMLphp in Chromium: {what}"
        return self.check(what, good, f"{people} {self.ground.at(page)}")

    def signs_in(self, encrypted):
        """From its side, and from ours; whether the assertion is encrypted is seen in what is posted."""
        self.idp.know(self.connection, "both", encrypted=encrypted)
        kind = ", encrypted" if encrypted else ""
        for what, start in (("an application opened there", self.application), ("a sign-in that starts at Usher", self.login)):
            context, posted = self.ground.context(), []
            context.on("request", lambda it: posted.append(it) if it.url == self.connection["acs_url"] else None)
            page, _ = self.ground.open(context, start)
            self.enter(page)
            self.arrived(f"{what}{kind}", context, page)
            message = urllib.parse.parse_qs(posted[0].post_data)["SAMLResponse"][0] if posted else ""
            hidden = b"EncryptedAssertion" in base64.b64decode(message)
            self.check("  posted by its page once, encrypted or not as it should", len(posted) == 1 and hidden == encrypted, posted)
            page, _ = self.ground.open(context, start)
            self.arrived("  and again, without its login page", context, page)
            self.ground.close(context)

    def asked_by_form(self):
        """Its metadata offer the POST binding alone, and it wants our requests signed."""
        for binding, how in ((REDIRECT, "by redirect"), (POST, "in a form")):
            row = self.trust(binding)
            self.idp.know(self.connection, "both", validated=True)
            self.set("--sign-requests", "off")
            context = self.ground.context()
            page, _ = self.ground.open(context, self.login)
            page.wait_for_url(f"{self.idp.url}/**")
            refused = page.locator("[name=username]").count() == 0
            self.check(f"SimpleSAMLphp in Chromium: our request {how}, unsigned, is refused", refused, self.ground.at(page))
            self.set("--sign-requests", "on")
            asked = []
            context.on("request", lambda it: asked.append(it.method) if "/SSOService.php" in it.url else None)
            page, _ = self.ground.open(context, self.login)
            page.locator("[name=username]").wait_for()
            self.check(f"  signed, {how}: it asks who it is", asked == ["GET" if binding == REDIRECT else "POST"], (asked, row))
            self.enter(page)
            self.arrived(f"our request {how}, signed", context, page)
            self.ground.close(context)
        self.trust(REDIRECT)

    def without_scripts(self):
        """Each form waits for its button."""
        self.trust(POST)
        self.idp.know(self.connection, "both", validated=True)
        context = self.ground.context(False)
        page, _ = self.ground.open(context, self.login)
        page.get_by_role("button", name="Continue to simple.test").click()
        self.enter(page)
        self.press_on(page)
        self.arrived("without JavaScript, by the buttons", context, page)
        self.ground.close(context)
        self.trust(REDIRECT)

    def by_keyboard(self):
        self.idp.know(self.connection, "both", validated=True)
        context = self.ground.context()
        page, _ = self.ground.open(context, self.login)
        self.enter(page, "by keyboard")
        self.arrived("by keyboard", context, page)
        self.ground.close(context)

    def through(self, shop):
        """An application opened at the identity provider is an app behind, which asks for its code itself."""
        self.set("--app", shop.registered["client_id"])
        context = self.ground.context()
        page, _ = self.ground.open(context, self.application)
        self.enter(page)
        self.arrived("the app behind opened there", context, page, f"{shop.callback}?**")
        tokens = shop.finish()
        good = tokens.get("claims", {}).get("email") == ADDRESS
        self.check("  it gets a code, and for that an ID token of the person", good, tokens)
        self.ground.close(context)
        context = self.ground.context()
        page, _ = self.ground.open(context, shop.begin())
        page.get_by_label("Your work e-mail address").fill(ADDRESS)
        page.keyboard.press("Enter")
        self.enter(page)
        self.arrived("the app opened, the address given, and back", context, page, f"{shop.callback}?**")
        tokens = shop.finish()
        good = tokens.get("claims", {}).get("email") == ADDRESS
        self.check("  it gets a code, and for that an ID token of the person", good, tokens)
        self.ground.close(context)
