#!/usr/bin/env python3
"""2,000 posts to webhooks, two Usher processes, one PostgreSQL, and a receiver with moods.

People come by SCIM; each is an event for eight webhooks. The receiver takes its time, answers 500, and
hangs up, with the post noted or not. The two processes are killed in turns. In the end each event must
have been taken by each webhook, signed so that the library of Standard Webhooks believes it; what came
twice is counted, and must bear one webhook-id.
"""

import argparse
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

from mail import Server, query
from usher import LOCAL, Usher

HOOKS, PEOPLE, KILLS = 8, 250, 10
LIMIT = 600  # seconds for all of it


class Receiver(ThreadingHTTPServer):
    """What it does follows from the event's number and the webhook's; each mood comes once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.secrets, self.taken, self.moods = {}, Counter(), Counter()
        self.had, self.busy, self.faults = set(), Counter(), Counter()

    def handle_error(self, request, client_address):
        """Whoever calls may be killed meanwhile."""

    def mood(self, hook, seq, id):
        number = seq + 7 * hook
        for every, mood in ((40, "500"), (60, "hung up, not taken"), (90, "hung up, taken"), (50, "slow")):
            if number % every == 0 and (hook, id, mood) not in self.had:
                self.had.add((hook, id, mood))
                self.moods[mood] += 1
                return mood
        return "ok"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        server, hook = self.server, int(self.path.strip("/"))
        body = self.rfile.read(int(self.headers["content-length"]))
        id = self.headers["webhook-id"]
        with server.lock:
            try:
                told = Webhook(server.secrets[hook]).verify(body, dict(self.headers.items()))
            except Exception as fault:  # whatever the library does not believe
                server.faults[f"not believed: {fault}"] += 1
                told = json.loads(body)
            mood = server.mood(hook, told["seq"], id)
            server.busy[hook, id] += 1
            server.faults["the same post twice at once"] += server.busy[hook, id] > 1
        time.sleep(3 if mood == "slow" else 0.12)
        with server.lock:
            server.busy[hook, id] -= 1
            if mood in ("ok", "slow", "hung up, taken"):
                server.taken[hook, id] += 1
        if mood.startswith("hung up"):
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(500 if mood == "500" else 204)
        self.send_header("content-length", "0")
        self.end_headers()


def come(servers, connection, token, number):
    """Somebody comes, by whichever process answers."""
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"p{number}@acme.example",
        "active": True,
    }
    for turn in range(400):
        port = servers[turn % len(servers)].port
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/scim/{connection}/v2/Users",
            json.dumps(body).encode(),
            {"authorization": f"Bearer {token}", "content-type": "application/scim+json"},
        )
        try:
            LOCAL.open(request, timeout=10).close()
            return
        except urllib.error.HTTPError as refused:
            if refused.code == 409:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("nobody answers")


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--usher", required=True)
    arguments = asked.parse_args()
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    begun = time.monotonic()
    with Usher(arguments.usher, os.environ["TEST_DATABASE_URL"]) as usher:
        usher.environment.update(USHER_ALLOW_PRIVATE_TARGETS="true")
        usher.command("org", "create", "acme")
        made = usher.command("connection", "create", "--org", "acme", "--name", "Okta", "--profile", "okta", "--trusted-domain", "acme.example")
        connection = made["id"]
        token = usher.command("token", "issue", "--connection", connection)["token"]
        for number in range(HOOKS):
            url = f"http://127.0.0.1:{receiver.server_port}/{number}"
            hook = usher.command("webhook", "create", "--org", "acme", "--url", url, "--type", "user.created")
            receiver.secrets[number] = hook["secret"]
        servers = [Server(usher, "one"), Server(usher, "two")]
        for server in servers:
            server.start()
        arrive = threading.Thread(
            target=lambda: [come(servers, connection, token, number) for number in range(PEOPLE)]
        )
        arrive.start()
        for number in range(KILLS):
            time.sleep(2 + number % 3)
            servers[number % 2].kill()
            servers[number % 2].start()
        arrive.join()
        left = -1
        while left != 0 and time.monotonic() - begun < LIMIT:
            time.sleep(1)
            left = int(query(usher, "SELECT count(*) FROM webhook_deliveries WHERE finished_at IS NULL")[0][0])
        codes = [server.stop() for server in servers]
        faults = judge(usher, receiver, left, "".join(server.told() for server in servers))
        if codes != [0, 0]:
            faults.append(f"the servers ended with {codes}")
    print(f"hook-test: {time.monotonic() - begun:.0f} s, {KILLS} kills")
    for fault in faults:
        print(f"hook-test: FAILED: {fault}")
    return 1 if faults else 0


def judge(usher, receiver, left, logs):
    faults = [f"{fault}: {count}" for fault, count in receiver.faults.items() if count]
    events = [event for event in usher.events("acme") if event["type"] == "user.created"]
    rows = query(usher, "SELECT state, count(*) FROM webhook_deliveries GROUP BY state")
    ids = {event["id"] for event in events}
    lost = [(hook, id) for hook in range(HOOKS) for id in ids if not receiver.taken[hook, id]]
    odd = [id for _, id in receiver.taken if id not in ids]
    twice = sum(1 for count in receiver.taken.values() if count > 1)
    if len(events) != PEOPLE:
        faults.append(f"{len(events)} events tell of {PEOPLE} people")
    if left:
        faults.append(f"{left} posts are still owed")
    if rows != [["delivered", str(HOOKS * PEOPLE)]]:
        faults.append(f"the deliveries are {rows}")
    if lost:
        faults.append(f"{len(lost)} are lost, such as {lost[:3]}")
    if odd:
        faults.append(f"{len(odd)} are of events that are not there")
    if "whsec_" in logs or any(secret[6:] in logs for secret in receiver.secrets.values()):
        faults.append("the logs hold a secret")
    print(f"hook-test: {dict(receiver.moods)}")
    print(
        f"hook-test: {HOOKS * PEOPLE} posts owed, {sum(receiver.taken.values())} taken, "
        f"{twice} twice, {len(lost)} lost"
    )
    return faults


if __name__ == "__main__":
    sys.exit(main())
