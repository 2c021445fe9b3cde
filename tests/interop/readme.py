"""The README's import, run as it stands there: its file, its curl line, its answer.

By itself it needs the standard library only: `readme.py USHER` starts a server and runs it.
"""

import json
import os
import re
import shutil
import subprocess
import sys

from usher import Usher

HERE = os.path.dirname(os.path.abspath(__file__))
HEADING = "## Invite people from a spreadsheet"


def blocks():
    """The section's first block of each language."""
    with open(os.path.join(HERE, "..", "..", "README.md"), encoding="utf-8") as readme:
        section = readme.read().split(HEADING)[1].split("\n## ")[0]
    found = re.findall(r"^```(\w+)\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return dict(reversed(found))


def run(usher, checks):
    if not shutil.which("curl"):
        checks.skip("the README's curl line", "curl is not installed")
        return
    for project in ("website", "shop"):
        usher.command("project", "create", "--org", "acme", project)
    key = usher.command("key", "issue", "--org", "acme")["key"]
    written = blocks()
    with open(os.path.join(usher.folder, "people.csv"), "w", encoding="utf-8", newline="") as file:
        file.write(written["csv"])
    environment = dict(usher.environment, KEY=key, no_proxy="*")
    done = subprocess.run(
        ["bash", "-c", written["bash"]], cwd=usher.folder, env=environment, capture_output=True, text=True, timeout=60
    )
    printed = done.stdout or done.stderr
    try:
        answer = json.loads(done.stdout)
        answer["id"], answer["plan_digest"] = answer["id"] and "ID", answer["plan_digest"] and "DIGEST"
    except (ValueError, KeyError, TypeError):
        answer = None
    checks.check("the README's curl line answers what the README says", answer == json.loads(written["json"]), printed)


class Printed:
    """Checks without the traffic's memory."""

    failed = 0

    def check(self, what, good, why):
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": {why}"))

    def skip(self, what, why):
        print(f"skip {what}: {why}")


def fresh(binary, postgres, checks):
    """Runs it against a server of its own, on which nobody has been anybody yet."""
    with Usher(binary, postgres) as usher:
        usher.start()
        usher.command("org", "create", "acme")
        run(usher, checks)
        usher.stop()


def main():
    checks = Printed()
    fresh(sys.argv[1], os.environ.get("TEST_DATABASE_URL"), checks)
    sys.exit(checks.failed)


if __name__ == "__main__":
    main()
