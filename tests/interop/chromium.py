"""Chromium as people use it: what its pages say, what went wrong on them, and pictures of them."""

import contextlib
import shutil

from traffic import SECRETS

SECONDS = 20


class Chromium:
    def __init__(self, browser, checks, screens=None):
        self.browser, self.checks, self.screens = browser, checks, screens
        self.faults, self.contexts = [], []

    def context(self, script=True, **more):
        """A browser that nobody has used yet."""
        context = self.browser.new_context(java_script_enabled=script, **more)
        context.set_default_timeout(SECONDS * 1000)
        context.on("console", lambda it: self.faults.append(it.text) if it.type == "error" else None)
        context.on("weberror", lambda it: self.faults.append(str(it.error)))
        context.on("request", remember)
        self.contexts.append(context)
        return context

    def close(self, context):
        """Closes a browser; its cookies must be in no log either."""
        for cookie in context.cookies():
            SECRETS.add("cookie", cookie["value"])
        self.contexts.remove(context)
        context.close()

    def close_all(self):
        for context in list(self.contexts):
            self.close(context)

    def open(self, context, link):
        page = context.new_page()
        return page, page.goto(link)

    def shot(self, page, name):
        if self.screens:
            page.screenshot(path=f"{self.screens}/{name}.png", full_page=True)

    def holds(self, what, page, *texts):
        body = page.locator("main").inner_text()
        missing = [text for text in texts if text not in body]
        return self.checks.check(what, not missing, (missing, body))

    def unbroken(self, what="no page breaks its own content security policy"):
        """What the console said since it was asked last; a refusal's status is none."""
        faults, self.faults = [it for it in self.faults if "status of 4" not in it], []
        return self.checks.check(what, not faults, faults)


def remember(request):
    body = request.post_data_buffer
    SECRETS.message(request.url, request.headers, body.decode("utf-8", "replace") if body else "")


def is_installed():
    return shutil.which("chromium") is not None


@contextlib.contextmanager
def launched(*arguments):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", *arguments]
        )
        try:
            yield browser
        finally:
            browser.close()
