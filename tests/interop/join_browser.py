"""The pages of an invitation in a real browser: with JavaScript and without, by keyboard alone, on a phone.

Everything comes the way it comes to people: invitations are made by the command, links and codes are read from
the mails that the server wrote into its folder. What each page looks like is kept as a picture.
"""

import argparse
import email
import email.policy
import glob
import os
import re
import sqlite3
import sys
import time
import traceback
import urllib.request

import chromium
from chromium import SECONDS
from traffic import Checks
from usher import LOCAL, Usher


class Pages(chromium.Chromium):
    def __init__(self, usher, checks, browser, screens):
        super().__init__(browser, checks, screens)
        self.usher = usher

    def invite(self, address, *more):
        made = self.usher.command(
            "invite", "create", "--org", "acme", "--email", address, "--role", "editor", *more
        )
        link = self.usher.mailed(address, r"https?://\S+/join/inv_[A-Za-z0-9_-]+")
        return made, link

    def mail(self, address, holding):
        """The last mail to an address whose text holds this."""
        for path in sorted(glob.glob(f"{self.usher.folder}/outbox/*.eml"), key=os.path.getmtime, reverse=True):
            with open(path, "rb") as file:
                mail = email.message_from_binary_file(file, policy=email.policy.default)
            if address in str(mail["To"]) and holding in mail.get_body(("plain",)).get_content():
                return mail
        raise RuntimeError(f"no mail to {address} has {holding}")

    def mails(self):
        """Each kind of mail as it is shown: what its text says can be seen, and nothing is fetched."""
        _, link = self.invite("mail@partner.example", "--project", "apollo", "--message", "See <b>you</b>\nsoon")
        code = self.usher.mailed("shared@partner.example", r"^\d{6}$")
        for name, address, texts in (
            ("invitation", "mail@partner.example", (link, "acme", "Editor", "apollo", "See <b>you<", "UTC")),
            ("code", "shared@partner.example", (code, "acme", "UTC")),
            ("notice", "owner@acme.example", ("acme", "no-plain@partner.example", "Another time")),
        ):
            html = self.mail(address, texts[-1]).get_body(("html",)).get_content()
            for kind, width in (("wide", 800), ("phone", 360)):
                context = self.context(False, viewport={"width": width, "height": 900})
                page, fetched = context.new_page(), []
                page.on("request", lambda it: fetched.append(it.url))
                page.set_content(html)
                shown = page.locator("body").inner_text()
                missing = [text for text in texts if text not in shown]
                self.checks.check(f"the mail {name} ({kind}) shows what it says", not missing, (missing, shown))
                over = page.evaluate("document.documentElement.scrollWidth") - width
                self.checks.check("  within the window, and fetches nothing", over <= 0 and not fetched, (over, fetched))
                self.shot(page, f"mail-{name}-{kind}")
                context.close()

    def accepted(self, script):
        kind = "with JavaScript" if script else "without JavaScript"
        name = "script" if script else "plain"
        address = f"{name}@partner.example"
        _, link = self.invite(address, "--project", "apollo", "--message", "Hello <b>there</b>\nhttps://evil.example")
        context = self.context(script)
        page, answer = self.open(context, link)
        self.holds(
            f"{kind}: the page shows the offer", page, "acme", address, "Editor", "apollo", "<b>there</b>", "UTC",
            "in 6 days",
        )
        self.checks.check("  and nothing to click but its own buttons", page.locator("a").count() == 0)
        headers = answer.headers
        self.checks.check(
            "  kept by nobody", headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer"
        )
        self.shot(page, f"live-{name}")
        page.get_by_role("button", name="Join acme").click()
        page.wait_for_url("**/signed-in")
        self.holds(f"{kind}: one click joins, with the project", page, address, "apollo", "editor")
        self.shot(page, f"joined-{name}")
        page, answer = self.open(context, link)
        self.holds(f"{kind}: the link says afterwards that it was accepted", page, "accepted already")
        self.checks.check("  and leads on", page.get_by_role("link", name="Continue").count() == 1)
        stranger, answer = self.open(self.context(script), link)
        self.holds("  to others it says to sign in, and not as what", stranger, "accepted already", "Sign in")
        self.checks.check(
            "  and nothing of the person",
            answer.status == 200 and "Editor" not in stranger.content() and address not in stranger.content(),
        )
        self.shot(stranger, f"accepted-{name}")
        self.wrong_account(context, kind, name)

    def wrong_account(self, context, kind, name):
        address = f"other-{name}@partner.example"
        _, link = self.invite(address)
        page, answer = self.open(context, link)
        self.holds(f"{kind}: another account is told, and offered to sign out", page, f"{name}@partner.example", address)
        page.get_by_text("My account uses another address").click()
        self.holds("  or what to ask for", page, f"Ask to be invited as {name}@partner.example")
        self.shot(page, f"wrong-account-{name}")
        page.get_by_role("button", name=re.compile("^Sign out and continue")).click()
        page.get_by_role("button", name="Join acme").wait_for()
        self.checks.check("  signing out leads back to the link", page.url == link, page.url)

    def closed(self, script):
        kind = "with JavaScript" if script else "without JavaScript"
        name = "script" if script else "plain"
        made, link = self.invite(f"gone-{name}@partner.example")
        self.usher.command("invite", "revoke", "--org", "acme", made["id"])
        page, answer = self.open(self.context(script), link)
        self.holds(f"{kind}: a revoked invitation says so", page, "not open any more")
        self.checks.check("  and no more", answer.status == 410 and "acme" not in page.content())
        self.shot(page, f"revoked-{name}")
        made, link = self.invite(f"late-{name}@partner.example")
        self.age(made["id"])
        page, answer = self.open(self.context(script), link)
        self.holds(f"{kind}: an expired one says when", page, "has expired", "UTC", "ago")
        self.checks.check("  and answers 410", answer.status == 410, answer.status)
        self.shot(page, f"expired-{name}")
        page.get_by_role("button", name="Ask for a new invitation").click()
        self.holds("  and passes a wish on", page, "Your wish was passed on")
        _, link = self.invite(f"no-{name}@partner.example")
        page, _ = self.open(self.context(script), link)
        page.get_by_text("I do not want to join").click()
        page.get_by_label("Why?").fill("Another time")
        self.shot(page, f"decline-{name}")
        page.get_by_role("button", name="Decline the invitation").click()
        self.holds(f"{kind}: one can say no", page, "You declined")

    def age(self, invitation):
        """An hour is the shortest life that can be asked for."""
        with sqlite3.connect(f"{self.usher.folder}/usher.db", timeout=30) as store:
            id = bytes.fromhex(invitation.replace("-", ""))
            changed = store.execute("UPDATE invitations SET expires_at = created_at WHERE id = ?", (id,))
            assert changed.rowcount == 1

    def by_keyboard(self):
        _, link = self.invite("keys@partner.example")
        page, _ = self.open(self.context(False), link)
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        self.checks.check("by keyboard: the first stop is the button", focused.inner_text() == "Join acme")
        self.shot(page, "keyboard")
        page.keyboard.press("Enter")
        page.wait_for_url("**/signed-in")
        self.holds("by keyboard: Tab and Enter join", page, "keys@partner.example")

    def on_a_phone(self):
        _, link = self.invite("phone@partner.example", "--message", "Welcome " * 20)
        for scheme in ("light", "dark"):
            context = self.context(
                viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, color_scheme=scheme
            )
            page, _ = self.open(context, link)
            wide = page.evaluate("document.documentElement.scrollWidth")
            self.checks.check(f"on a phone ({scheme}): nothing is wider than the screen", wide <= 360, wide)
            self.shot(page, f"phone-{scheme}")
        page.get_by_role("button", name="Join acme").tap()
        page.wait_for_url("**/signed-in")

    def without_cookies(self):
        _, link = self.invite("cookies@partner.example")
        context = self.context(False)
        page, _ = self.open(context, link)
        context.clear_cookies()
        page.get_by_role("button", name="Join acme").click()
        self.holds("without the page's cookie: it asks once more", page, "please confirm once more")
        self.shot(page, "once-more")
        page.get_by_role("button", name="Join acme").click()
        page.wait_for_url("**/signed-in")
        self.holds("  and then joins", page, "cookies@partner.example")

    def shared(self):
        address = "shared@partner.example"
        made, _ = self.invite(address)
        page, _ = self.open(self.context(False), made["accept_url"])
        self.holds("a shared link shows its phrase and asks the mailbox", page, "Phrase", address)
        self.checks.check("  and has no other button", page.get_by_role("button").count() == 1)
        self.shot(page, "shared")
        page.get_by_role("button", name="Mail me a code").click()
        code = self.usher.mailed(address, r"^\d{6}$")
        field = page.get_by_label("The six digits from the mail")
        field.fill(f"{(int(code) + 1) % 1_000_000:06}")
        page.get_by_role("button", name="Join acme").click()
        self.holds("  a wrong code is refused", page, "That was not the code")
        self.shot(page, "wrong-code")
        # By keyboard: the field comes first, Enter sends it.
        page.keyboard.press("Tab")
        page.keyboard.type(f"{code[:3]} {code[3:]}")
        page.keyboard.press("Enter")
        page.wait_for_url("**/signed-in")
        self.holds("  the right one joins", page, address)

    def at_another_host(self, key):
        alternate = self.usher.url.replace("127.0.0.1", "localhost")
        policy = f'{{"alternate_public_url": "{alternate}"}}'.encode()
        request = urllib.request.Request(
            f"{self.usher.url}/api/v1/organizations/acme/policy", policy, method="PUT",
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        self.checks.check("the organization names another public URL", LOCAL.open(request, timeout=30).status == 200)
        found = self.usher.command("doctor", "links")
        both = [(it["name"], it["passed"]) for it in found] == [("public URL", True), ("alternate URL", True)]
        self.checks.check("the doctor finds this Usher at both hosts", both, found)
        _, link = self.invite("elsewhere@partner.example")
        page, _ = self.open(self.context(), link.replace("127.0.0.1", "localhost"))
        page.get_by_role("button", name="Join acme").click()
        page.wait_for_url(f"{alternate}/signed-in")
        self.holds("a link made on one host works on the other one", page, "elsewhere@partner.example")
        self.shot(page, "another-host")


def run(usher, checks, browser, screens):
    usher.command("org", "create", "acme", "--name", "acme", "--owner", "owner@acme.example")
    usher.command("project", "create", "--org", "acme", "apollo")
    key = usher.command("key", "issue")["key"]
    usher.start()
    pages = Pages(usher, checks, browser, screens)
    for script in (True, False):
        pages.accepted(script)
        pages.closed(script)
    pages.by_keyboard()
    pages.on_a_phone()
    pages.without_cookies()
    pages.shared()
    pages.mails()
    pages.at_another_host(key)
    pages.unbroken()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--screens", required=True, help="a folder for the pictures")
    arguments.add_argument("--totals", help="a file to add the totals to")
    given = arguments.parse_args()
    checks = Checks("browser")
    if not chromium.is_installed():
        checks.skip("the pages of an invitation", "Chromium is not installed")
        checks.end(given.totals)
    os.makedirs(given.screens, exist_ok=True)
    with Usher(given.usher) as usher, chromium.launched() as browser:
        try:
            run(usher, checks, browser, given.screens)
        except Exception:
            checks.check("the run comes to its end", False, traceback.format_exc())
        usher.stop()
    checks.end(given.totals)


if __name__ == "__main__":
    sys.exit(main())
