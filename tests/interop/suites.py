"""SCIM clients and suites that others wrote, each on an organization of its own.

scim2-tester, scim2-cli and scim-sanity come from PyPI. The published collections of Microsoft and Okta are their
publishers' files and not in the repository: where USHER_COLLECTIONS names a folder that has `ms_postman.json`,
`ms_postman_inbound.json` (AzureAD/SCIMReferenceCode) or `okta_spec.json` (okta-developer-docs, the SCIM 2.0
specification test), they are played, too.
"""

import json
import os
import re
import subprocess
import sys
import uuid

import collections_of_others as others
from traffic import remember

RFC = ("--strictness", "rfc")


def run(usher, checks):
    def connection(name, *more):
        usher.command("org", "create", name)
        return usher.command("connection", "create", "--org", name, "--name", name, *more)

    tester(connection("tester"), checks)
    cli(connection("cli"), checks)
    for mode in ("strict", "compat"):
        # It adds members who are nobody, and wants them taken.
        tolerant = ("--tolerate-unknown-members", "on")
        sanity(connection(f"sanity-{mode}", *RFC, *tolerant), checks, mode)
    folder = os.environ.get("USHER_COLLECTIONS")
    if not folder:
        checks.note("USHER_COLLECTIONS names no folder: the collections of Microsoft and Okta were not played")
        return
    for program, file, play, profile in (
        ("ms-postman", "ms_postman.json", others.postman, "entra"),
        ("ms-postman-inbound", "ms_postman_inbound.json", others.postman, "entra"),
        ("okta-scim20-spec", "okta_spec.json", others.runscope, "okta"),
    ):
        row = connection(program, "--profile", profile)
        checks.programs[program] = play(os.path.join(folder, file), row["scim_base_url"], row["scim_token"])


def tester(row, checks):
    import httpx2
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_tester import check_server

    headers = {"Authorization": f"Bearer {row['scim_token']}"}
    with httpx2.Client(
        base_url=row["scim_base_url"], headers=headers, timeout=60, trust_env=False, event_hooks={"response": [overheard]}
    ) as client:
        results = check_server(SyncSCIMClient(client), raise_exceptions=False)
    names = [result.status.name for result in results]
    fine = ("SUCCESS", "COMPLIANT", "ACCEPTABLE", "SKIPPED")
    bad = [f"{r.title}: {r.reason}" for r in results if r.status.name not in fine]
    skipped = names.count("SKIPPED")
    held = len(names) - len(bad) - skipped
    checks.check(f"scim2-tester: {held} held, {skipped} skipped", names and not bad, bad[:5])
    checks.programs["scim2-tester"] = held, len(bad)


def overheard(answer):
    answer.read()
    asked = answer.request
    remember(str(asked.url), dict(asked.headers), asked.content, dict(answer.headers), answer.content)


def cli(row, checks):
    """scim2-cli's commands; its `test` is scim2-tester once more."""
    environment = dict(
        os.environ, SCIM_CLI_HEADERS=f"Authorization: Bearer {row['scim_token']}", SCIM_CLI_URL=row["scim_base_url"],
        NO_PROXY="127.0.0.1",
    )
    program = "import sys; from scim2_cli import cli; sys.exit(cli())"
    name = f"cli-{uuid.uuid4().hex[:10]}"

    def call(what, *arguments, has=None, fails=False):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=120,
        )
        good = (done.returncode != 0) == fails and (has is None or has in done.stdout)
        checks.check(f"scim2-cli: {what}", good, (done.stdout + done.stderr)[-500:])
        try:
            return json.loads(done.stdout).get("id", "missing")
        except ValueError:
            return "missing"

    checks.of("scim2-cli")
    user = call(
        "create a user", "create", "user", "--user-name", name, "--name", '{"givenName": "Cli", "familyName": "Smoke"}',
        "--emails", json.dumps([{"value": f"{name}@example.com", "type": "work", "primary": True}]), has=name,
    )
    by_name = f'userName eq "{name}"'
    call("read it", "query", "user", user, has=name)
    call("find it by a filter", "query", "user", "--filter", by_name, has=user)
    call("search it", "search", "user", "--filter", by_name, has=user)
    call("modify it", "modify", "user", user, "replace", "displayName", "Cli Renamed")
    call("read it again", "query", "user", user, has="Cli Renamed")
    call("replace it", "replace", "user", "--id", user, "--user-name", name, "--nick-name", "Clip", has="Clip")
    members = json.dumps([{"value": user}])
    group = call("create a group", "create", "group", "--display-name", f"g-{name}", "--members", members, has=user)
    call("take a member out", "modify", "group", group, "remove", f'members[value eq "{user}"]')
    call("delete the group", "delete", "group", group)
    call("delete the user", "delete", "user", user)
    call("read who is gone", "query", "user", user, has="404", fails=True)
    checks.of(None)


def sanity(row, checks, mode):
    program = "import sys; from scim_sanity.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "probe", row["scim_base_url"], "--token", row["scim_token"], f"--{mode}",
         "--i-accept-side-effects"],
        capture_output=True, text=True, timeout=300, env=dict(os.environ, NO_PROXY="127.0.0.1"),
    )
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed)", done.stdout)}
    checks.programs[f"scim-sanity-{mode}"] = counts.get("passed", 0), counts.get("failed", 0)
