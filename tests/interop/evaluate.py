"""From an explanation to the role, by the written rules alone and without anything of ours:
`evaluate(explanation)` gives the organization-wide role and the roles in projects.

The rules: whoever may not act has nothing. A grant counts unless it is over or has ended, gives the owner's role to
somebody without the title, is above the ceiling of its rule's connection, or comes of a sign-in's groups where
the directory's own govern. Grants in projects add up, the highest rank a project. Of those that count
everywhere the first layer decides, in it the highest rank, then the rule's position, then the id. The title of
owner decides by itself. Without any grant that counts the connection's default holds, else the organization's.

By itself, `evaluate.py FILE` reads a line an explanation, with the role and the projects that are in force.
"""

import json
import sys

LAYERS = ("override", "directory", "manual", "invitation")
OF = {
    "override": "override", "directory_group": "directory", "saml_group": "directory", "manual": "manual",
    "bootstrap": "manual", "invite": "invitation", "csv": "invitation",
}


def evaluate(explanation):
    inputs = explanation["inputs"]
    if not inputs["active"]:
        return None, {}
    ranks = {role["slug"]: role["rank"] for role in inputs["roles"]}
    owners = next((role["slug"] for role in inputs["roles"] if role["owner"]), None)
    ceilings = {ceiling["connection_id"]: ceiling["rank"] for ceiling in inputs["ceilings"]}

    def counts(grant):
        if not grant["grant_id"] or grant["retired_at"] or (grant["ends_at"] and grant["ends_at"] <= inputs["at"]):
            return False
        if grant["role"] == owners and not inputs["owner"]:
            return False
        if not (rule := grant["mapping"]):
            return True
        if ranks[grant["role"]] > ceilings.get(rule["connection_id"], 0):
            return False
        return grant["source"] != "saml_group" or rule["connection_id"] not in inputs["governed_by"]

    live = [grant for grant in explanation["candidates"] if counts(grant)]
    projects = {}
    for grant in live:
        for project in grant["projects"]:
            held = projects.get(project)
            if held is None or ranks[grant["role"]] > ranks[held]:
                projects[project] = grant["role"]
    if inputs["owner"]:
        return owners, projects

    def layer(grant):
        adds = inputs["mode"] == "additive" and grant["source"] != "override"
        return LAYERS.index("directory" if adds else OF[grant["source"]])

    def order(grant):
        position = grant["mapping"]["position"] if grant["mapping"] else float("inf")
        return layer(grant), -ranks[grant["role"]], position, grant["grant_id"]

    if wide := [grant for grant in live if not grant["projects"]]:
        return min(wide, key=order)["role"], projects
    if live:
        return None, projects
    for default in (inputs["connection_default"], inputs["organization_default"]):
        if default and default != owners:
            return default, projects
    return None, projects


def main(path):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    other = [line for line in lines if evaluate(line["explanation"]) != (line["role"], line["projects"])]
    print(f"{len(lines)} explanations, {len(other)} give another role than the one in force")
    for line in other[:3]:
        print(json.dumps(line))
    return 1 if other or not lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
