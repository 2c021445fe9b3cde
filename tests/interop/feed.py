"""What others make of what we say, of everything that the run did: a second program reads the event feed
alone, is stopped dead in the middle of pages, meets events twice, and comes to the same people as the API has;
a third comes from everybody's explanation to their role, by the written rules."""

import json
import os
import random
import subprocess
import sys

from evaluate import evaluate
from traffic import browser

HERE = os.path.dirname(os.path.abspath(__file__))
CRASHES = 12


def run(usher, checks):
    for organization in usher.command("org", "list"):
        slug = organization["slug"]
        scopes = "events:read,users:read"
        key = usher.command("key", "issue", "--org", slug, "--scopes", scopes)["key"]
        file = os.path.join(usher.folder, f"rebuilt-{slug}.json")
        crashes = rebuild(usher, key, slug, file)
        read = known(file)
        people = {row["id"]: told(row) for row in every(usher, key, slug)}
        rebuilt = {user: told(person) for user, person in read["people"].items()}
        other = {user: (rebuilt.get(user), people.get(user)) for user in rebuilt.keys() | people.keys()}
        other = [pair for pair in other.items() if pair[1][0] != pair[1][1]]
        said = f"the feed of {slug} alone, {read['seen']} events, {crashes} crashes, tells its {len(people)} people"
        checks.check(said, not other, other[:3])
        explained(usher, checks, key, slug, people)


def known(file):
    """What the reader keeps."""
    with open(file, encoding="utf-8") as read:
        return json.load(read)


def rebuild(usher, key, slug, file, most=CRASHES):
    """Runs the reader, which is stopped dead some times; answers how often."""
    chance, crashes = random.Random(slug), 0
    program = [sys.executable, "-B", os.path.join(HERE, "rebuild.py"), usher.url, key, slug, file]
    while True:
        crash = [str(chance.randint(1, 40))] if crashes < most else []
        done = subprocess.run([*program, *crash], capture_output=True, text=True, timeout=300)
        if done.returncode == 0:
            return crashes
        if done.returncode != 9:
            raise RuntimeError(done.stderr)
        crashes += 1


def explained(usher, checks, key, slug, people):
    session, other, grants = reader(key), [], 0
    for user, person in people.items():
        answer = session.get(f"{usher.url}/api/v1/organizations/{slug}/users/{user}/explain", timeout=30)
        answer.raise_for_status()
        explanation = answer.json()
        grants += len(explanation["candidates"])
        came = evaluate(explanation)
        if came != (person["role"], person["projects"]):
            other.append((user, came, person, explanation))
    said = f"the explanations of {slug} alone, {grants} grants, give the roles of its {len(people)} people"
    checks.check(said, not other, other[:2])


def reader(key):
    session = browser()
    session.headers["Authorization"] = f"Bearer {key}"
    return session


def every(usher, key, slug):
    session, rows, after = reader(key), [], None
    while True:
        asked = {"limit": 200, **({"after": after} if after else {})}
        answer = session.get(f"{usher.url}/api/v1/organizations/{slug}/users", params=asked, timeout=30)
        answer.raise_for_status()
        got = answer.json()
        rows += got["data"]
        if not (after := got.get("next")):
            return rows


def told(row):
    """What both say of a person."""
    projects = {role.get("slug") or role.get("project"): role["role"] for role in row["projects"] or []}
    names = ("state", "role", "owner", "email", "display_name", "given_name", "family_name")
    return {**{name: row[name] for name in names}, "projects": projects}
