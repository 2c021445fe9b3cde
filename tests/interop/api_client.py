"""The description of the admin API, as programs take it: openapi-python-client writes a client from it, which is used, and
schemathesis tries every operation of it with what the description allows and with what it does not.

By itself: `api_client.py --usher USHER [--postgres URL]`. With PROOF set, schemathesis tries more.
"""

import argparse
import importlib
import os
import re
import subprocess
import sys
import traceback

from traffic import SECRETS, Checks, browser
from usher import Usher

BIN = os.path.dirname(sys.executable)
# What revokes the very key that asks, or rotates what others are checked against meanwhile.
LEFT_OUT = ("rotate_signing_keys", "revoke_operator_key", "revoke_key")


def generated(usher, checks):
    """A client that openapi-python-client writes from what the server answers."""
    document = os.path.join(usher.folder, "openapi.json")
    with open(document, "w", encoding="utf-8") as out:
        out.write(browser().get(f"{usher.url}/api/v1/openapi.json", timeout=30).text)
    made = subprocess.run(
        [os.path.join(BIN, "openapi-python-client"), "generate", "--path", document, "--meta", "none",
         "--output-path", os.path.join(usher.folder, "usher_client")],
        capture_output=True, text=True, timeout=300, env=dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}"),
    )
    told = made.stdout + made.stderr
    checks.check("a client is generated", made.returncode == 0, told[-500:])
    lost = re.findall(r"^(?:/components/schemas/\S+)$", told, re.M)
    checks.check("  and every schema but a union is in it", set(lost) <= {"/components/schemas/MessageVerdict"}, lost)
    sys.path.insert(0, usher.folder)
    return importlib.import_module("usher_client")


def used(usher, checks, package, key):
    """What an application behind would do with it."""
    client = package.AuthenticatedClient(base_url=usher.url, token=key)
    call = lambda tag, name, *place, **said: importlib.import_module(f"usher_client.api.{tag}.{name}").sync_detailed(
        *place, client=client, **said
    )
    models = importlib.import_module("usher_client.models")
    made = call("projects", "create_project", "acme", body=models.NewProject(slug="apollo", name="Apollo"))
    checks.check("the generated client creates a project", made.status_code == 201 and made.parsed.slug == "apollo", made)
    checks.check("  and is told where it is", made.headers["location"].endswith("/projects/apollo"), made.headers)
    listed = call("projects", "list_projects", "acme").parsed
    checks.check("  and lists it", [it.slug for it in listed.data] == ["apollo"], listed)
    wanted = models.NewInvitation(email="ann@partner.example", role="editor", projects=["apollo"])
    invited = call("invitations", "create_invitation", "acme", body=wanted)
    checks.check("it invites", invited.status_code == 201 and invited.parsed.email == wanted.email, invited)
    found = call("invitations", "list_invitations", "acme").parsed
    checks.check("  and finds the invitation", [it.email for it in found.data] == [wanted.email], found)
    people = call("users", "list_users", "acme").parsed
    explained = call("users", "explain_user", "acme", str(people.data[0].id)).parsed
    checks.check("it reads why somebody has their role", explained.role == "owner" and explained.candidates, explained)
    refused = call("invitations", "create_invitation", "acme", body=models.NewInvitation(email="x", role="editor"))
    checks.check("a refusal is told by its status", refused.status_code == 422, refused)


def tried(usher, checks, key):
    """Schemathesis: no 500, no status and no body that the description does not have."""
    config = os.path.join(usher.folder, "schemathesis.toml")
    with open(config, "w", encoding="utf-8") as out:
        out.write('[parameters]\nslug = "acme"\n')
    proof = os.environ.get("PROOF")
    many, phases = ("60", "examples,coverage,fuzzing") if proof else ("3", "examples,fuzzing")
    left = [it for name in LEFT_OUT for it in ("--exclude-operation-id", name)]
    done = subprocess.run(
        [os.path.join(BIN, "schemathesis"), "--config-file", config, "run", f"{usher.url}/api/v1/openapi.json",
         "--header", f"Authorization: Bearer {key}", "--max-examples", many, "--phases", phases,
         "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
         "--suppress-health-check", "all", *left],
        capture_output=True, text=True, timeout=1800, cwd=usher.folder,
    )
    counts = re.findall(r"^\s*(\d+ generated.*|Test cases:.*|.*passed.*)$", done.stdout, re.M)
    checks.check("schemathesis finds nothing", done.returncode == 0, done.stdout[-3000:] + done.stderr[-500:])
    for line in counts[-3:]:
        checks.note(f"schemathesis: {line.strip()}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--usher", required=True, help="the program")
    arguments.add_argument("--postgres", default=os.environ.get("TEST_DATABASE_URL"), help="a server's URL")
    arguments.add_argument("--totals", help="a file to add the totals to")
    given = arguments.parse_args()
    checks = Checks("API")
    with Usher(given.usher, given.postgres, heard=SECRETS.document) as usher:
        try:
            usher.command("org", "create", "acme", "--owner", "owner@acme.example")
            usher.command("connection", "create", "--org", "acme", "--name", "Okta", "--profile", "okta")
            key = usher.command("key", "issue")["key"]
            usher.start()
            used(usher, checks, generated(usher, checks), key)
            tried(usher, checks, key)
        except Exception:
            checks.check("the run comes to its end", False, traceback.format_exc())
        usher.stop()
    checks.end(given.totals)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
