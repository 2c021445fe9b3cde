"""A reader of the event feed that knows nothing but HTTP and JSON: it keeps who the people of an
organization are, in which state, with which role.

    rebuild.py URL KEY ORGANIZATION FILE [CRASH]

What it knows is in FILE: people after every event, the place in the feed after every page, so that it
meets events twice where it is stopped in between, and it goes back a few on each start, too. With CRASH it
stops dead after so many events.
"""

import json
import os
import sys
import urllib.request

PAGE = 7
BACK = 5
PERSON = ("state", "role", "projects", "owner", "email", "display_name", "given_name", "family_name")
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {"next": 0, "seen": 0, "people": {}}


def keep(path, known):
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(known, file)
    os.replace(f"{path}.new", path)


def take(known, event):
    """An event that came before is nothing new; numbers have no gaps."""
    if event["seq"] <= known["seen"]:
        return
    if event["seq"] != known["seen"] + 1:
        sys.exit(f"after {known['seen']} came {event['seq']}")
    known["seen"] = event["seq"]
    said = event["data"]
    if said.get("user_id") and "state" in said:
        person = {name: said.get(name) for name in PERSON}
        known["people"][said["user_id"]] = person


def page(url, key, organization, after):
    asked = f"{url}/api/v1/organizations/{organization}/events?after={after}&limit={PAGE}"
    request = urllib.request.Request(asked, headers={"Authorization": f"Bearer {key}"})
    with HTTP.open(request, timeout=30) as answer:
        return json.load(answer)


def main(url, key, organization, path, crash=None):
    known, left = load(path), int(crash) if crash else None
    after = max(0, known["next"] - BACK)
    while True:
        got = page(url, key, organization, after)
        for event in got["data"]:
            take(known, event)
            keep(path, known)
            if left is not None and (left := left - 1) <= 0:
                os._exit(9)
        if not got["data"]:
            return
        after = known["next"] = got["next"]
        keep(path, known)


main(*sys.argv[1:])
