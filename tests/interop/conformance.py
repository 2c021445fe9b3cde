"""Usher's own checker of SCIM servers, as a user runs it: over HTTP against a fresh Usher, once as
identity providers speak and once to the letter of the standard.

By itself it needs the standard library only: `conformance.py USHER` prints what did not hold.
"""

import json
import os
import subprocess
import sys

from readme import Printed
from usher import Usher

LEAST = {"lenient": 200, "rfc": 150}


def fresh(binary, postgres, checks):
    with Usher(binary, postgres) as usher:
        usher.command("org", "create", "acme")
        connections = {
            strictness: usher.command(
                "connection", "create", "--org", "acme", "--name", strictness, "--strictness", strictness
            )
            for strictness in LEAST
        }
        usher.start()
        for strictness, connection in connections.items():
            run(usher, checks, strictness, connection)


def run(usher, checks, strictness, connection):
    more = ["--rfc"] if strictness == "rfc" else []
    done = subprocess.run(
        [usher.binary, "conformance", "scim", "--base-url", connection["scim_base_url"], "--token-file", "-", *more,
         "--json"],
        input=connection["scim_token"], cwd=usher.folder, env=usher.environment, capture_output=True, text=True,
        timeout=300,
    )
    what = f"usher conformance scim, {strictness}"
    try:
        report = json.loads(done.stdout)
    except ValueError:
        checks.check(what, False, done.stderr or done.stdout)
        return
    rows = [row for section in report["sections"] for row in section["requirements"]]
    failed = [f"{row['id']}: {row['text']}" for row in rows if row["result"] == "failed"]
    good = report["failed"] == 0 and report["passed"] >= LEAST[strictness] and done.returncode == 0
    checks.check(f"{what}: {report['passed']} hold", good, failed or report)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    printed = Printed()
    fresh(sys.argv[1], os.environ.get("TEST_DATABASE_URL"), printed)
    sys.exit(printed.failed > 0)
