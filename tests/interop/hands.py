"""How people work a page: with a mouse, without JavaScript, by keyboard alone. The same steps go by each way."""

MOST = 400


class Hands:
    """A page, and the way in which somebody works it."""

    def __init__(self, page, script=True, by_keyboard=False):
        self.page, self.script, self.by_keyboard = page, script, by_keyboard

    def go(self, url):
        return self.page.goto(url)

    def press(self, name, exact=True):
        """Presses a button of this name."""
        self._use(self.page.get_by_role("button", name=name, exact=exact).first, "Enter")

    def follow(self, name, exact=True):
        """Follows a link of this name."""
        self._use(self.page.get_by_role("link", name=name, exact=exact).first, "Enter")

    def open(self, summary):
        """Opens what is folded."""
        self._use(self.page.locator("summary", has_text=summary).first, "Enter", waits=False)

    def fill(self, label, text):
        field = self.page.get_by_label(label, exact=True).first
        if not self.by_keyboard:
            field.fill(text)
            return
        self._reach(field)
        self.page.keyboard.press("Control+A")
        if field.get_attribute("type") == "date":
            year, month, day = text.split("-")
            self.page.keyboard.type(f"{month}{day}{year}")
        else:
            self.page.keyboard.insert_text(text)

    def choose(self, label, option):
        field = self.page.get_by_label(label, exact=True).first
        if not self.by_keyboard:
            field.select_option(label=option)
            return
        self._reach(field)
        names = field.locator("option").all_inner_texts()
        self.page.keyboard.press("Home")
        for _ in range([name.strip() for name in names].index(option)):
            self.page.keyboard.press("ArrowDown")
        chosen = field.locator("option:checked").inner_text().strip()
        assert chosen == option, (chosen, option)

    def tick(self, label):
        box = self.page.get_by_label(label, exact=True).first
        if not self.by_keyboard:
            box.check()
            return
        self._reach(box)
        if not box.is_checked():
            self.page.keyboard.press("Space")

    def select(self, label):
        """One of several round buttons: the keyboard moves among them by arrows."""
        box = self.page.get_by_label(label, exact=True).first
        if not self.by_keyboard:
            box.check()
            return
        group = self.page.locator(f"input[type=radio][name={box.get_attribute('name')}]")
        self._reach(group.locator("xpath=self::*[@checked]").first)
        for _ in range(group.count()):
            if box.is_checked():
                return
            self.page.keyboard.press("ArrowDown")

    def attach(self, label, name, text):
        """A file; choosing one is the browser's own window."""
        field = self.page.get_by_label(label, exact=True).first
        if self.by_keyboard:
            self._reach(field)
        field.set_input_files({"name": name, "mimeType": "text/csv", "buffer": text.encode()})

    def _use(self, what, key, waits=True):
        if self.by_keyboard:
            self._reach(what)
        act = (lambda: self.page.keyboard.press(key)) if self.by_keyboard else what.click
        if not waits:
            act()
            return
        with self.page.expect_navigation(wait_until="load"):
            act()

    def _reach(self, what):
        """Tab after Tab until what is wanted has the focus, which must be seen."""
        what.wait_for()
        self.page.evaluate("document.activeElement && document.activeElement.blur()")
        handle = what.element_handle()
        for _ in range(MOST):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("it => document.activeElement === it", handle):
                outline = self.page.evaluate("it => getComputedStyle(it).outlineStyle", handle)
                assert outline != "none", "what has the focus does not show it"
                return
        raise AssertionError("the keyboard does not come there")
