#!/usr/bin/env python3
"""2,000 invitations, two Usher processes, one PostgreSQL, and an SMTP server with moods.

The server, aiosmtpd, takes its time now and then, answers 4xx, and hangs up after the mail's end,
with the mail taken or not. One of the two processes is killed again and again. In the end each mail
must have arrived, and what arrived twice must be marked as uncertain and bear one Message-ID.
"""

import argparse
import asyncio
import email
import glob
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict

from aiosmtpd.controller import Controller

from usher import LOCAL, Usher, free_port

PEOPLE, KILLS = 2_000, 10
LIMIT = 900  # seconds for all of it
DOMAIN = "mail.example"


class Moods:
    """What the server does follows from the receiver's number; each mood but the last comes once."""

    def __init__(self):
        self.taken = []
        self.had = set()
        self.moods = Counter()

    def once(self, mood, address):
        if (mood, address) in self.had:
            return False
        self.had.add((mood, address))
        self.moods[mood] += 1
        return True

    async def handle_RCPT(self, server, session, envelope, address, options):
        number = int(address.split("@")[0].removeprefix("p"))
        envelope.number = number
        if number % 50 == 1 and self.once("451 to the receiver", address):
            return "451 4.7.1 come back later"
        if number % 100 == 5:
            self.moods["tarpit"] += 1
            await asyncio.sleep(2)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        address, number = envelope.rcpt_tos[0], envelope.number
        if number % 100 == 2 and self.once("452 to the mail", address):
            return "452 4.3.1 not now"
        if number % 100 == 4 and self.once("hung up, not taken", address):
            server.transport.abort()
            return "250 nobody hears this"
        message = email.message_from_bytes(envelope.content)
        self.taken.append((message["Message-ID"], address))
        if number % 100 == 3 and self.once("hung up, taken", address):
            server.transport.abort()
        return "250 2.0.0 taken"


class Server:
    """One of several processes on the database of an Usher."""

    def __init__(self, usher, name):
        self.usher, self.port = usher, free_port()
        self.log = os.path.join(usher.folder, f"{name}.log")
        self.environment = dict(usher.environment, USHER_LISTEN=f"127.0.0.1:{self.port}")

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [self.usher.binary, "serve"],
                cwd=self.usher.folder, env=self.environment, stdout=log, stderr=log,
            )
        for _ in range(1_500):
            try:
                if LOCAL.open(f"http://127.0.0.1:{self.port}/readyz", timeout=1).status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"usher serve is not ready: {self.told()[-2000:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def told(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()


def query(usher, statement):
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    psql = shutil.which("psql", path=os.pathsep.join([os.environ["PATH"], *programs]))
    url = usher.environment["USHER_DATABASE_URL"]
    command = [psql, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    return [line.split("|") for line in done.stdout.splitlines()]


OWE = f"""
WITH at AS (SELECT (extract(epoch FROM now()) * 1000000)::bigint AS now),
people AS (
    INSERT INTO invitations (org_id, id, email, email_norm, role_id, state, version, share_version,
        actor, send_count, expires_at, created_at, updated_at)
    SELECT o.id, gen_random_uuid(), 'p' || n || '@{DOMAIN}', 'p' || n || '@{DOMAIN}', r.id,
        'pending', 1, 1, 'command', 0, now + 604800000000, now, now
    FROM at, generate_series(1, {PEOPLE}) AS n, organizations o
        JOIN roles r ON r.org_id = o.id AND r.slug = 'editor'
    RETURNING org_id, id, email, created_at
)
INSERT INTO outbox (org_id, id, kind, recipient, invitation_id, detail, state, uncertain, attempts,
    due_at, created_at)
SELECT org_id, gen_random_uuid(), 'invitation', email, id, '{{}}', 'queued', false, 0, created_at,
    created_at
FROM people
"""


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--usher", required=True)
    arguments = asked.parse_args()
    moods = Moods()
    controller = Controller(moods, hostname="127.0.0.1", port=free_port())
    controller.start()
    begun = time.monotonic()
    with Usher(arguments.usher, os.environ["TEST_DATABASE_URL"]) as usher:
        usher.environment.update(
            USHER_MAIL_URL=f"smtp://127.0.0.1:{controller.port}",
            USHER_MAIL_FROM="Usher <no-reply@usher.example>",
            USHER_MAIL_PER_SECOND="20",
        )
        usher.command("org", "create", "acme")
        steady, killed = Server(usher, "steady"), Server(usher, "killed")
        steady.start()
        killed.start()
        query(usher, OWE)
        for number in range(KILLS):
            time.sleep(3 + number % 3)
            killed.kill()
            killed.start()
        left = -1
        while left != 0 and time.monotonic() - begun < LIMIT:
            time.sleep(1)
            left = int(query(usher, "SELECT count(*) FROM outbox WHERE finished_at IS NULL")[0][0])
        codes = [steady.stop(), killed.stop()]
        faults = judge(usher, moods, left, steady.told() + killed.told())
        if codes != [0, 0]:
            faults.append(f"the servers ended with {codes}")
    controller.stop()
    print(f"mail-test: {time.monotonic() - begun:.0f} s, {KILLS} kills")
    for fault in faults:
        print(f"mail-test: FAILED: {fault}")
    return 1 if faults else 0


def judge(usher, moods, left, logs):
    rows = query(usher, "SELECT recipient, id, state, uncertain, attempts FROM outbox")
    ids, times, faults = defaultdict(set), Counter(), []
    for message_id, address in moods.taken:
        ids[address].add(message_id)
        times[address] += 1
    if left:
        faults.append(f"{left} mails are still owed")
    states = Counter(state for _, _, state, _, _ in rows)
    uncertain = {address for address, _, _, mark, _ in rows if mark == "t"}
    twice = {address for address, count in times.items() if count > 1}
    lost = [address for address, *_ in rows if not times[address]]
    odd = [a for a, id, *_ in rows if ids[a] and not all(i.startswith(f"<{id}@") for i in ids[a])]
    events = [event for event in usher.events("acme") if event["type"] == "invitation.sent"]
    numbers = [event["seq"] for event in usher.events("acme")]
    if len(rows) != PEOPLE or states != {"sent": PEOPLE}:
        faults.append(f"{len(rows)} mails: {dict(states)}")
    if lost:
        faults.append(f"{len(lost)} are lost, such as {lost[:3]}")
    if twice - uncertain:
        faults.append(f"{len(twice - uncertain)} came twice and are not marked")
    if odd or any(len(found) > 1 for found in ids.values()):
        faults.append(f"{len(odd)} bear another Message-ID")
    if len(events) != PEOPLE or len({e["data"]["delivery_id"] for e in events}) != PEOPLE:
        faults.append(f"{len(events)} events tell of {PEOPLE} mails")
    if numbers != list(range(1, len(numbers) + 1)):
        faults.append("an event number is missing")
    for secret in (f"@{DOMAIN}", "inv_"):
        if secret in logs:
            faults.append(f"the logs hold {secret}")
    print(f"mail-test: {dict(moods.moods)}")
    print(
        f"mail-test: {len(rows)} mails, {len(moods.taken)} taken, {len(times)} receivers, "
        f"{len(twice)} twice, {len(uncertain)} uncertain, {len(lost)} lost"
    )
    return faults


if __name__ == "__main__":
    sys.exit(main())
