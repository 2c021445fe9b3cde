"""Sign-ins and logouts in a real browser: Chromium between Usher and identity providers that others wrote.

Everything stands behind https under names of its own (see fronts.py), so that cookies, origins and content
security policies are what they are for people. By itself: `saml_browser.py --usher USHER`, with what run.py takes.
"""

import argparse
import os
import sys
import traceback

import browser_onward
import browser_organizations
import browser_pysaml2
import browser_simplesamlphp
import browser_strangers
import chromium
from fronts import RESOLVING, Fronts
from traffic import SECRETS, Checks
from usher import Usher


class Ground(chromium.Chromium):
    """One Usher as browsers know it, and who is signed in there."""

    def __init__(self, usher, fronts, checks, browser, screens):
        super().__init__(browser, checks, screens)
        self.usher, self.fronts, self.check = usher, fronts, checks.check
        self.url, self.direct = usher.environment["USHER_PUBLIC_URL"], f"http://127.0.0.1:{usher.port}"

    def context(self, script=True, **more):
        return super().context(script, ignore_https_errors=True, **more)

    def shot(self, page, name):
        super().shot(page, f"saml-{name}-{self.checks.label.lower()}")

    def organization(self, slug):
        self.usher.command("org", "create", slug, "--name", slug.capitalize())

    def connection(self, org, name):
        row = self.usher.command(
            "connection", "create", "--org", org, "--name", name, "--trusted-domain", f"{org}.example"
        )
        # The browser alone finds the names.
        return {**row, "sp_metadata_url": row["sp_metadata_url"].replace(self.url, self.direct)}

    def trust(self, connection, metadata):
        file = os.path.join(self.usher.folder, f"{connection['id']}.xml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(metadata)
        return self.usher.command("connection", "update", connection["id"], "--idp-metadata", file)

    def people(self, context):
        """Who is signed in in a browser, as a new tab of it shows."""
        page, _ = self.open(context, f"{self.url}/signed-in")
        texts = lambda of, kind: of.locator(kind).all_inner_texts()
        told = [dict(zip(texts(it, "dt"), texts(it, "dd"))) for it in page.locator("dl").all()]
        page.close()
        return told

    def who(self, context):
        return [it.get("Address") for it in self.people(context)]

    def arrives(self, page, place):
        """Whether the browser comes to an address, however it goes there."""
        try:
            page.wait_for_url(place, wait_until="load")
        except Exception:
            return False
        return True

    def at(self, page):
        """Where a page is and what it says, for a check that failed."""
        return f"{page.url[:200]} {page.locator('body').inner_text()[:300]!r} {self.faults}"

    def tab_to(self, page, matches):
        """Presses Tab until what has the focus is that; False where it never is."""
        for _ in range(30):
            page.keyboard.press("Tab")
            focus = page.locator(":focus")
            if focus.count() and matches(focus):
                return True
        return False


def fresh(binary, postgres, checks, screens=None, package=None):
    """Against a server of its own, for it is known under another address."""
    if not chromium.is_installed():
        checks.skip("sign-ins in a browser", "Chromium is not installed")
        return
    if screens:
        os.makedirs(screens, exist_ok=True)
    with Usher(binary, postgres, log="trace", heard=SECRETS.document) as usher, chromium.launched(RESOLVING) as browser:
        fronts = Fronts(usher.folder)
        usher.environment["USHER_PUBLIC_URL"] = fronts.before(usher.port, "usher.test")
        usher.start()
        ground = Ground(usher, fronts, checks, browser, screens)
        walks = [
            ("pysaml2-browser", lambda: browser_pysaml2.run(ground)),
            ("Chromium", lambda: browser_strangers.run(ground)),
            ("Chromium", lambda: browser_organizations.run(ground)),
            ("Chromium", lambda: browser_onward.run(ground)),
        ]
        if package:
            walks.insert(0, ("SimpleSAMLphp-browser", lambda: browser_simplesamlphp.run(ground, package)))
        else:
            checks.skip("SimpleSAMLphp in a browser", "PHP or the package is not installed")
        for program, walk in walks:
            checks.of(program)
            try:
                walk()
            except Exception:
                checks.check("the walk comes to its end", False, traceback.format_exc())
            ground.unbroken()
            ground.close_all()
        checks.of(None)
        usher.stop()
        fronts.close()
        with open(usher.log, encoding="utf-8", errors="replace") as log:
            found = sorted({f"{kind} {value[:40]}" for kind, value in SECRETS.in_log(log.read())})
        checks.check("nothing that the browser sent is in the log", not found, found[:10])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--postgres", default=os.environ.get("TEST_DATABASE_URL"), help="a server's URL")
    arguments.add_argument("--simplesamlphp", help="where its package is unpacked; skipped without it")
    arguments.add_argument("--screens", help="a folder for the pictures")
    given = arguments.parse_args()
    checks = Checks("PostgreSQL" if given.postgres else "SQLite")
    fresh(given.usher, given.postgres, checks, given.screens, given.simplesamlphp)
    print(checks.programs)
    checks.end()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
