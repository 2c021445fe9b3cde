"""First sign-ins at once: what a fresh process is asked first, by many, is to verify signatures."""

import threading

from traffic import browser, post, reason, signed_in

PEOPLE = 16
ROUNDS = 3


def run(usher, checks, make, acs):
    """`make` gives a message of an address. The server is started anew for each round."""
    for number in range(ROUNDS):
        addresses = [f"first-{number}-{person}@acme.example" for person in range(PEOPLE)]
        messages = {address: make(address) for address in addresses}
        usher.stop()
        usher.start()
        answers = at_once(messages, acs)
        bad = [f"{address}: {reason(answer)}" for address, (answer, _) in answers.items() if answer.status_code != 303]
        others = [
            address for address, (answer, session) in answers.items()
            if answer.status_code == 303 and signed_in(usher.url, session).get("Address") != address
        ]
        said = f"{PEOPLE} people sign in at once for the first time, as a fresh process's first requests"
        checks.check(said, not bad and not others, (bad, others))
        people = {row["email"]: row["id"] for row in usher.command("user", "list", "--org", "acme")}
        ids = {people.get(address) for address in addresses} - {None}
        checks.check("  each became a person of their own", len(ids) == PEOPLE, len(ids))


def at_once(messages, acs):
    answers, start = {}, threading.Barrier(len(messages))

    def one(address, message):
        session = browser()
        start.wait()
        answers[address] = (post(acs, message, session), session)

    threads = [threading.Thread(target=one, args=item) for item in messages.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
