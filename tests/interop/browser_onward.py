"""Apps that go on further than the address they registered, as apps do: to another host of theirs, or back to Usher
for a fresh sign-in. A form of Usher's page leads there, and Chromium holds all of the way to that page's policy.
"""

from browser_pysaml2 import Provider
from browser_strangers import Tabs
from fronts import Loopback, Site
from shop import Shop

BOB = "bob@onward.example"
ELSEWHERE = "another host of its own"


def run(ground):
    idp = Provider(ground, "onward")
    idp.person = BOB
    shop = Shop(ground.fronts, ground.usher, ground.url, ground.direct, "--org", "onward")
    www = Site(ground.fronts, "www.shop.test")
    stranger = Site(ground.fronts, "stranger.test")
    tabs = Tabs(ground, idp, stranger)
    login, goodbye = shop.site.pages["/login"], shop.site.pages["/goodbye"]
    begin = lambda **more: lambda told: shop.begin(login_hint=told["login_hint"], **more)
    www.pages.update({"/login": lambda told: shop.begin(login_hint=told["login_hint"]), "/goodbye": goodbye})
    for what, page in (
        (ELSEWHERE, lambda told: f"{www.url}/login?login_hint={told['login_hint']}"),
        ("a fresh sign-in", begin(prompt="login")),
        ("a sign-in of this minute", begin(max_age="0")),
    ):
        shop.site.pages["/login"] = page
        context = ground.context()
        tab = tabs.trapped(context, BOB)
        arrives(ground, idp, shop, tab, "Continue", f"Continue leads to an app that goes on to {what}")
        ground.close(context)
        if what == ELSEWHERE:
            joins(ground, idp, shop)
    shop.site.pages["/login"] = login
    leaves(ground, idp, shop, www)
    tried(ground, idp)
    for site in (stranger, www, shop, idp):
        site.close()


def arrives(ground, idp, shop, page, button, what):
    page.get_by_role("button", name=button).click()
    try:
        page.wait_for_url(lambda url: url.startswith((shop.callback, idp.site.url)), timeout=5000)
        if page.url.startswith(idp.site.url):
            idp.enter(page)
            page.wait_for_url(f"{shop.callback}?**", timeout=5000)
    except Exception:
        pass
    tokens = shop.finish() if page.url.startswith(shop.callback) else {}
    ground.check(what, "id_token" in tokens, f"{tokens} {ground.at(page)}")


def joins(ground, idp, shop):
    address = "gil@guests.example"
    ground.usher.command("invite", "create", "--org", "onward", "--email", address, "--role", "editor")
    context = ground.context()
    page, _ = ground.open(context, ground.usher.mailed(address, r"https?://\S+/join/inv_[A-Za-z0-9_-]+"))
    arrives(ground, idp, shop, page, "Join Onward", f"Join leads to an app that goes on to {ELSEWHERE}")
    ground.close(context)


def leaves(ground, idp, shop, www):
    shop.site.pages["/goodbye"] = lambda told: f"{www.url}/goodbye?state={told['state']}"
    context = ground.context()
    page, _ = ground.open(context, shop.begin(organization="onward"))
    idp.enter(page)
    page.wait_for_url(f"{shop.callback}?**")
    page.goto(shop.leaving({"id_token": ""}, "later") + f"&client_id={shop.registered['client_id']}")
    page.get_by_role("button", name="Sign out").click()
    try:
        page.wait_for_url(f"{www.url}/goodbye?state=later", timeout=5000)
    except Exception:
        pass
    ground.check(f"signing out leads to an app that goes on to {ELSEWHERE}", page.url.startswith(www.url), ground.at(page))
    ground.close(context)


def tried(ground, idp):
    """An app that is tried on its developer's machine, where plain http is taken; somebody else is signed in."""
    shop = Shop(Loopback, ground.usher, ground.url, ground.direct, "--org", "onward")
    context = ground.context()
    idp.person = "ada@onward.example"
    page, _ = ground.open(context, shop.begin(organization="onward"))
    idp.enter(page)
    page.wait_for_url(f"{shop.callback}?**")
    idp.person = BOB
    page.goto(shop.begin(organization="onward", prompt="login"))
    idp.enter(page)
    page.get_by_role("heading", name=BOB).wait_for()
    arrives(ground, idp, shop, page, "Continue", "Continue leads to an app on its developer's machine")
    ground.close(context)
    shop.close()
