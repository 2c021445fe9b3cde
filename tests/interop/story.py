"""What a directory does by mistake, and how it is mended, through HTTP only: 60 people are pushed, a group of 40 of
them gets a role by a plan that was shown first, and then the directory deactivates these 40. Once everything applies
and is undone, once the safeguard holds what is beyond the usual and somebody approves it, once somebody rejects it.

After each step four views of all 60 are compared with what is due: the SCIM resource, the admin API, the people
that are rebuilt from the feed alone, and the role that follows from the explanation by the written rules.

By itself it needs `requests` only: `story.py USHER` runs it, on the PostgreSQL server of TEST_DATABASE_URL if set.
"""

import os
import sys
import traceback
from collections import Counter

import feed
from traffic import Checks, browser
from usher import Usher

PEOPLE = 60
MEMBERS = 40
# So many of 60 may go within an hour: 20 %.
FEW = 12
SCIM = "urn:ietf:params:scim:schemas:core:2.0:"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUP = "SEO_Editors"
# Each organization's provider deactivates people in its own way.
OKTA, ENTRA, WHOLE = "okta", "entra", "whole"


def fresh(binary, postgres, checks):
    """Runs it against a server of its own, one organization a mode."""
    with Usher(binary, postgres) as usher:
        usher.start()
        for tell, *how in (
            (observed, "observed", "observe", "okta", OKTA),
            (approved, "approved", "hold", "generic", WHOLE),
            (rejected, "rejected", "hold", "entra", ENTRA),
        ):
            slug = how[0]
            try:
                story = Story(usher, checks, *how)
                story.pushed()
                story.mapped()
                tell(story)
                story.heals()
            except Exception:
                checks.check(f"{slug}: the story comes to its end", False, traceback.format_exc())
        usher.stop()


class Story:
    def __init__(self, usher, checks, slug, safeguard, profile, manner):
        self.usher, self.checks, self.slug, self.manner = usher, checks, slug, manner
        usher.command("org", "create", slug)
        usher.command("project", "create", "--org", slug, "website")
        self.connection = usher.command(
            "connection", "create", "--org", slug, "--name", slug, "--profile", profile, "--safeguard", safeguard,
            "--trusted-domain", f"{slug}.example",
        )
        self.key = usher.command("key", "issue", "--org", slug)["key"]
        self.admin = feed.reader(self.key)
        self.directory = browser()
        self.directory.headers["Authorization"] = f"Bearer {self.connection['scim_token']}"
        self.rebuilt = os.path.join(usher.folder, f"story-{slug}.json")
        # SCIM ids, in the order in which they were pushed; the first 40 are the group's.
        self.ids, self.group = [], None
        # What is due: whom the directory calls inactive, who is out, and whether the rules are made.
        self.inactive, self.out, self.ruled = set(), set(), False

    def check(self, what, holds, came=""):
        return self.checks.check(f"{self.slug}: {what}", holds, came)

    # What is asked.

    def scim(self, method, path, body=None):
        base = self.connection["scim_base_url"]
        return self.directory.request(method, base + path, json=body, timeout=30)

    def api(self, method, path, body=None):
        at = f"{self.usher.url}/api/v1/organizations/{self.slug}{path}"
        return self.admin.request(method, at, json=body, timeout=30)

    def read(self, path):
        answer = self.api("GET", path)
        answer.raise_for_status()
        return answer.json()

    def events(self):
        """Every event, by the feed."""
        events = []
        while got := self.read(f"/events?after={events[-1]['seq'] if events else 0}&limit=200")["data"]:
            events += got
        return events

    def told(self, **wanted):
        """Checks how many events there are of these types."""
        counts = Counter(event["type"] for event in self.events())
        wanted = {name.replace("_", ".", 1): number for name, number in wanted.items()}
        came = {name: counts[name] for name in wanted}
        self.check("  the feed has as many events of each kind", came == wanted, (came, wanted))

    def say(self, number, active):
        """The directory says whether somebody is active, as providers do."""
        path = f"/Users/{self.ids[number]}"
        if self.manner == WHOLE:
            answer = self.scim("PUT", path, {**person(self.slug, number), "active": active})
        else:
            okta = {"op": "replace", "value": {"active": active}}
            entra = {"op": "Replace", "path": "active", "value": str(active)}
            operation = okta if self.manner == OKTA else entra
            answer = self.scim("PATCH", path, {"schemas": [PATCH_OP], "Operations": [operation]})
        (self.inactive.discard if active else self.inactive.add)(number)
        # Entra is answered no more than that it is done.
        good = answer.status_code == 204 if self.manner == ENTRA else answer.json().get("active") is active
        if not good:
            self.check("the directory is answered what it said", False, (number, answer.status_code, answer.text))
        return answer

    # What is due, and what four views of it are.

    def due(self, number):
        """SCIM's active, the state, the role, the roles in projects."""
        active = number not in self.inactive
        if number in self.out:
            return active, "suspended", None, {}
        if number < MEMBERS and self.ruled:
            return active, "active", "editor", {"website": "editor"}
        return active, "active", "viewer", {}

    def compare(self, when):
        """The one comparison of everything, after each step."""
        resources = [self.resource(number) for number in range(PEOPLE)]
        people = {row["id"]: feed.told(row) for row in feed.every(self.usher, self.key, self.slug)}
        numbers = {name(self.slug, number): number for number in range(PEOPLE)}
        known = {user: numbers.get(row["email"]) for user, row in people.items()}
        due = {user: self.due(number) for user, number in known.items() if number is not None}
        self.check(f"{when}: there are {PEOPLE} people", len(due) == len(people) == PEOPLE, known)

        groups = [[GROUP] if number < MEMBERS and self.group else [] for number in range(PEOPLE)]
        wanted = [(200, name(self.slug, at), self.due(at)[0], groups[at]) for at in range(PEOPLE)]
        other = [pair for pair in zip(resources, wanted) if pair[0] != pair[1]]
        inactive = len(self.inactive)
        self.check(f"  SCIM reads as the directory wrote, {inactive} inactive", not other, other[:3])
        found = self.scim("GET", "/Users?filter=active eq false&count=200").json()["totalResults"]
        self.check("  SCIM's filter finds as many", found == inactive, found)

        state = lambda row: (row["state"], row["role"], row["projects"])
        other = [(people[user], wanted[1:]) for user, wanted in due.items() if state(people[user]) != wanted[1:]]
        self.check(f"  the API has {len(self.out)} of them out, and everybody's roles", not other, other[:3])

        feed.rebuild(self.usher, self.key, self.slug, self.rebuilt, most=0)
        self.feed_tells(self.rebuilt, people)
        feed.explained(self.usher, self.checks, self.key, self.slug, people)

    def feed_tells(self, file, people):
        rebuilt = {user: feed.told(row) for user, row in feed.known(file)["people"].items()}
        other = [(user, rebuilt.get(user), people.get(user)) for user in rebuilt.keys() | people.keys()]
        other = [it for it in other if it[1] != it[2]]
        self.check("  the feed alone tells the same people", not other, other[:3])

    def resource(self, number):
        answer = self.scim("GET", f"/Users/{self.ids[number]}")
        read = answer.json()
        groups = [group["display"] for group in read.get("groups", [])]
        return answer.status_code, read.get("userName"), read.get("active"), groups

    def trips(self, **wanted):
        """The safeguards that tripped; checks that the latest is like this, and answers it."""
        tripped = self.read("/safeguards")["data"]
        last = tripped[-1] if tripped else {}
        wanted = {"kind": "removals", "connection_id": self.connection["id"], "threshold": FEW, **wanted}
        came = {name: last.get(name) for name in wanted}
        self.check(f"  the safeguard is {wanted['state']}", came == wanted, (came, wanted))
        return last

    def drifts(self, wanted):
        """Checks of whom the directory's word is not in force, and why."""
        waivers = self.read("/drift")["waivers"]
        came = Counter((waiver["kind"], waiver["state"]) for waiver in waivers)
        numbers = {row["id"]: row["email"] for row in feed.every(self.usher, self.key, self.slug)}
        people = {numbers.get(waiver["user_id"]) for waiver in waivers}
        gap = {name(self.slug, number) for number in self.inactive - self.out}
        wanted = {("suspension", state): count for state, count in wanted.items()}
        self.check(f"  drift lists these {len(gap)}", came == wanted and people == gap, (came, people ^ gap))

    # The steps that each of them has.

    def pushed(self):
        answers = [self.scim("POST", "/Users", person(self.slug, number)) for number in range(PEOPLE)]
        bad = [(answer.status_code, answer.text) for answer in answers if answer.status_code != 201]
        self.check(f"{PEOPLE} people are pushed", not bad, bad[:2])
        self.ids = [answer.json()["id"] for answer in answers]
        members = [{"value": id} for id in self.ids[:MEMBERS]]
        group = {"schemas": [f"{SCIM}Group"], "displayName": GROUP, "members": members}
        answer = self.scim("POST", "/Groups", group)
        self.check(f"a group of {MEMBERS} of them is pushed", answer.status_code == 201, answer.text)
        self.group = answer.json()["id"]
        self.compare("pushed")

    def mapped(self):
        rule = {"connection_id": self.connection["id"], "group": GROUP}
        changes = [
            {"add": {**rule, "role": "editor"}},
            {"add": {**rule, "role": "editor", "projects": ["website"]}},
        ]
        plan = self.api("POST", "/mappings/preview", {"changes": changes}).json()
        came = {name: plan.get(name) for name in ("gained", "lost", "changed", "become_admin")}
        wanted = {"gained": MEMBERS, "lost": 0, "changed": 0, "become_admin": []}
        self.check(f"the preview says that {MEMBERS} gain", came == wanted, plan)
        addresses = {it["email"] for it in plan["people"]}
        self.check("  and who", addresses == {name(self.slug, at) for at in range(MEMBERS)}, addresses)
        self.refuses_unshown("/mappings/apply", {"changes": changes}, plan)
        self.compare("a preview, and no plan")
        answer = self.api("POST", "/mappings/apply", {"changes": changes, "digest": plan["digest"]})
        self.check("with its digest the plan is applied", answer.status_code == 200 and answer.json() == plan, answer.text)
        self.ruled = True
        self.compare("mapped")
        self.check("  nothing tripped", self.read("/safeguards")["data"] == [], self.read("/safeguards"))

    def refuses_unshown(self, path, body, plan):
        """So much is not done without a digest, nor with another."""
        for what, more, word in (
            ("without its digest", {}, "plan_required"), ("with another digest", {"digest": "another"}, "plan_changed"),
        ):
            answer = self.api("POST", path, {**body, **more})
            said = answer.json()
            good = answer.status_code == 409 and said["type"].endswith(word) and said["plan"]["digest"] == plan["digest"]
            self.check(f"  {what} it is refused: {word}", good, (answer.status_code, answer.text[:500]))

    def deactivates(self):
        """The mistake: these 40 are said to be gone; answers by whose id of a safeguard whom it held."""
        held = {}
        for number in range(MEMBERS):
            answer = self.say(number, False)
            if by := answer.headers.get("Usher-Held"):
                held[number] = by
        return held

    def heals(self):
        """The directory says that everybody is there: nothing is left of it."""
        back = len([event for event in self.events() if event["type"] == "user.reactivated"]) + len(self.out)
        for number in sorted(self.inactive):
            answer = self.say(number, True)
            if by := answer.headers.get("Usher-Held"):
                self.check("who comes back is not held", False, (number, by))
        self.out = set()
        self.compare("the directory mended it")
        self.drifts({})
        self.told(user_reactivated=back)
        self.ends()

    def ends(self):
        """Another reader of the feed, from its begin, that crashes on its way."""
        file = f"{self.rebuilt}.again"
        crashes = feed.rebuild(self.usher, self.key, self.slug, file)
        people = {row["id"]: feed.told(row) for row in feed.every(self.usher, self.key, self.slug)}
        self.check(f"the feed is read again, with {crashes} crashes, {feed.known(file)['seen']} events", crashes > 0)
        self.feed_tells(file, people)


def observed(story):
    held = story.deactivates()
    story.check("nobody is held", not held, held)
    story.out = set(range(MEMBERS))
    story.compare(f"{MEMBERS} deactivated")
    tripped = story.trips(state="observed", people=MEMBERS, active_people=PEOPLE, holds=[], decided_at=None)
    story.drifts({})
    story.told(safeguard_tripped=1, user_suspended=MEMBERS, user_reactivated=0)

    window = {"window": {"connection_id": story.connection["id"], "from": tripped["began_at"]}}
    plan = story.api("POST", "/undo/preview", window).json()
    came = {name: plan.get(name) for name in ("gained", "lost", "changed", "left")}
    wanted = {"gained": MEMBERS, "lost": 0, "changed": 0, "left": []}
    story.check(f"the preview of undoing says that {MEMBERS} gain", came == wanted, plan)
    story.refuses_unshown("/undo", window, plan)
    story.compare("a preview, and no undoing")
    answer = story.api("POST", "/undo", {**window, "digest": plan["digest"]})
    done = answer.json()
    story.check("with its digest it is undone", answer.status_code == 200 and done["gained"] == MEMBERS, answer.text)
    story.out = set()
    story.compare("undone")
    story.drifts({"undone": MEMBERS})
    story.told(safeguard_tripped=1, user_suspended=MEMBERS, user_reactivated=MEMBERS, undo_applied=1)

    again = story.api("POST", "/undo", window)
    nothing = again.status_code == 200 and again.json()["people"] == []
    story.check("undoing it once more does nothing", nothing, again.text[:500])
    for number in range(3):
        story.say(number, False)
    story.compare("the same said again, and undone again")
    story.drifts({"undone": MEMBERS})


def beyond(story):
    """What `hold` makes of it, up to the decision; answers the safeguard."""
    held = story.deactivates()
    whom = list(range(FEW, MEMBERS))
    story.check(f"the first {FEW} apply, the other {len(whom)} are held", list(held) == whom, held)
    story.check("  all by one safeguard", len(set(held.values())) == 1, set(held.values()))
    story.out = set(range(FEW))
    story.compare(f"{len(whom)} held")
    tripped = story.trips(state="held", people=MEMBERS, active_people=PEOPLE, decided_at=None)
    story.check("  it is the one that was named", tripped["id"] in held.values(), tripped["id"])
    story.check(f"  it holds {len(whom)}", len(tripped["holds"]) == len(whom), len(tripped["holds"]))
    story.drifts({"held": len(whom)})
    story.told(safeguard_tripped=1, user_suspended=FEW, user_reactivated=0)
    story.say(MEMBERS - 1, False)
    again = story.trips(state="held", people=MEMBERS, decided_at=None)
    story.check("  the same said again changes nothing of it", again == tripped, again)
    return tripped["id"]


def decides(story, safeguard, word, state, other):
    """Twice, which is as good as once; and then the other way, which is too late."""
    for time in ("", " once more"):
        answer = story.api("POST", f"/safeguards/{safeguard}/{word}")
        good = answer.status_code == 200 and answer.json()["state"] == state
        story.check(f"an admin says {word}{time}", good, answer.text[:500])
    answer = story.api("POST", f"/safeguards/{safeguard}/{other}")
    story.check(f"  to {other} it is too late", answer.status_code == 409, answer.text)


def approved(story):
    safeguard = beyond(story)
    decides(story, safeguard, "approve", "approved", "reject")
    story.out = set(range(MEMBERS))
    story.compare("approved")
    story.trips(state="approved", people=MEMBERS, holds=[])
    story.drifts({})
    story.told(safeguard_tripped=1, safeguard_approved=1, user_suspended=MEMBERS, user_reactivated=0)


def rejected(story):
    safeguard = beyond(story)
    decides(story, safeguard, "reject", "rejected", "approve")
    story.compare("rejected")
    story.trips(state="rejected", people=MEMBERS)
    left = MEMBERS - FEW
    story.drifts({"rejected": left})
    story.told(safeguard_tripped=1, safeguard_rejected=1, user_suspended=FEW, user_reactivated=0)

    answer = story.say(FEW, False)
    story.check("the same word again stays refused", "Usher-Held" not in answer.headers, answer.headers)
    story.compare("the same said again")
    story.say(FEW, True)
    story.compare("another word of one")
    story.drifts({"rejected": left - 1})
    answer = story.say(FEW, False)
    by = answer.headers.get("Usher-Held")
    story.check("and the first word again is counted again: another safeguard holds it", by not in (None, safeguard), by)
    story.compare("one held again")
    story.drifts({"rejected": left - 1, "held": 1})
    tripped = story.trips(state="held", id=by, people=MEMBERS, active_people=PEOPLE)
    user = tripped["holds"][0]["user_id"]
    answer = story.api("POST", f"/safeguards/{by}/users/{user}/apply")
    story.check("an admin says that theirs applies at once", answer.status_code == 200, answer.text[:500])
    story.out.add(FEW)
    story.compare("applied at once")
    story.drifts({"rejected": left - 1})
    story.told(safeguard_tripped=2, safeguard_rejected=1, user_suspended=FEW + 1, user_reactivated=0)


def name(slug, number):
    return f"p{number}@{slug}.example"


def person(slug, number):
    address = name(slug, number)
    return {
        "schemas": [f"{SCIM}User"], "userName": address, "externalId": f"00u{number:05}", "active": True,
        "displayName": f"Person {number}", "name": {"givenName": "Person", "familyName": f"Number{number}"},
        "emails": [{"value": address, "type": "work", "primary": True}],
    }


def main():
    postgres = os.environ.get("TEST_DATABASE_URL")
    checks = Checks("PostgreSQL" if postgres else "SQLite")
    fresh(sys.argv[1], postgres, checks)
    checks.end()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
