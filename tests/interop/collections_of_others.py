"""Players of collections that others publish: Postman's by newman, Runscope's by what of Runscope they use.

Each answers how many assertions passed and failed. Only plumbing is rewritten, never an assertion: where the server
is, and the token in place of a request that would ask for one.
"""

import json
import os
import random
import re
import string
import subprocess
import tempfile
from urllib.parse import quote, urlsplit

from traffic import browser

NEWMAN = "newman@6.2.2"


def postman(source, base, token):
    with open(source, encoding="utf-8") as file:
        collection = json.load(file)
    collection["item"] = aimed(collection["item"], base, token)
    at = urlsplit(base)
    with tempfile.TemporaryDirectory() as folder:
        played, report = os.path.join(folder, "collection.json"), os.path.join(folder, "report.json")
        with open(played, "w", encoding="utf-8") as file:
            json.dump(collection, file)
        subprocess.run(
            ["npx", "--yes", NEWMAN, "run", played, "-r", "json", "--reporter-json-export", report,
             "--env-var", f"Server={at.hostname}", "--env-var", f"Port=:{at.port}", "--env-var", f"token={token}"],
            capture_output=True, timeout=600, env=dict(os.environ, NO_PROXY="127.0.0.1"), check=False,
        )
        with open(report, encoding="utf-8") as file:
            executions = json.load(file)["run"]["executions"]
    assertions = [it for one in executions for it in one.get("assertions") or []]
    failed = sum("error" in it for it in assertions)
    broken = sum("error" in it for one in executions for it in one.get("testScript") or [])
    return len(assertions) - failed, failed + broken


def aimed(items, base, token):
    kept = []
    for item in items:
        if "item" in item:
            item["item"] = aimed(item["item"], base, token)
        elif item["name"] == "Get Token":
            continue
        else:
            url = item["request"]["url"]
            raw = url["raw"] if isinstance(url, dict) else url
            server = r"(https|\{\{Protocol\}\})://(\{\{endpoint\}\}/scim|\{\{Server\}\}\{\{Port\}\}/\{\{Api\}\})"
            item["request"]["url"] = re.sub(server, lambda _: base, raw)
            bearer = [{"key": "token", "value": token, "type": "string"}]
            item["request"]["auth"] = {"type": "bearer", "bearer": bearer}
        kept.append(item)
    return kept


def runscope(source, base, token):
    """Variables, their extraction, and the comparisons that Okta's test uses; pauses are passed over."""
    with open(source, encoding="utf-8") as file:
        steps = [step for step in json.load(file)["steps"] if step["step_type"] == "request"]
    letters = "".join(random.choice(string.ascii_lowercase) for _ in range(8))
    email = f"Runscope{letters}@atko.com"
    known = {
        "SCIMBaseURL": base, "auth": f"Bearer {token}", "randomGivenName": "Runscope", "randomFamilyName": letters,
        "randomEmail": email, "randomUsername": email, "randomUsernameCaps": email.upper(),
        "InvalidUserEmail": "abcdefgh@atko.com", "UserIdThatDoesNotExist": "010101001010101011001010101011",
    }
    session = browser()
    # The first step wants a first user.
    first = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"seed-{letters}@atko.com",
             "name": {"givenName": "Seed", "familyName": "User"}, "displayName": "Seed User", "active": True,
             "emails": [{"value": f"seed-{letters}@atko.com", "type": "work", "primary": True}]}
    session.post(f"{base}/Users", json=first, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    passed = failed = 0

    def filled(text):
        return re.sub(r"\{\{\s*([\w-]+)\s*\}\}", lambda it: str(known.get(it.group(1), it.group(0))), text)

    for step in steps:
        headers = {
            name: filled(", ".join(value) if isinstance(value, list) else value)
            for name, value in (step.get("headers") or {}).items()
        }
        path, mark, query = filled(step["url"]).partition("?")
        url = path + mark + quote(query, safe="=&%+")
        body = filled(step["body"]).encode() if step.get("body") else None
        answer = session.request(step["method"], url, headers=headers, data=body, timeout=60)
        try:
            document = answer.json()
        except ValueError:
            document = None
        for variable in step.get("variables") or []:
            found = dig(document, variable.get("property"))
            if variable.get("name") and found is not None:
                known[variable["name"]] = found
        for assertion in step["assertions"]:
            holds = judge(assertion, answer, document, filled)
            passed, failed = passed + holds, failed + (not holds)
    return passed, failed


def dig(document, path):
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", path or ""):
        if part.startswith("["):
            at = int(part[1:-1])
            document = document[at] if isinstance(document, list) and at < len(document) else None
        else:
            document = document.get(part) if isinstance(document, dict) else None
    return document if path else None


def text_of(value):
    return json.dumps(value) if isinstance(value, (bool, list, dict)) else str(value)


def judge(assertion, answer, document, filled):
    comparison, wanted = assertion["comparison"], assertion.get("value")
    wanted = filled(wanted) if isinstance(wanted, str) else wanted
    found = {
        "response_status": answer.status_code,
        "response_time": answer.elapsed.total_seconds() * 1000,
        "response_json": dig(document, assertion.get("property")),
    }[assertion["source"]]
    if found is None:
        return False
    if comparison == "not_empty":
        return found not in ("", [], {})
    if comparison == "is_a_number":
        return isinstance(found, (int, float)) and not isinstance(found, bool)
    if comparison in ("has_value", "contains"):
        return wanted in found if isinstance(found, (list, str)) else text_of(wanted) in text_of(found)
    if comparison == "equal":
        return text_of(found) == text_of(wanted)
    numbers = float(found), float(wanted)
    return {"equal_number": numbers[0] == numbers[1], "is_less_than": numbers[0] < numbers[1]}[comparison]
