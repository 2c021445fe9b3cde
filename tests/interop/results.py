"""What came of the programs of others, compared with `results.json`, of which the README's table is made.

UPDATE_README=1 writes the file anew; the suite then puts the table into the README (see tests/gateway/tables.rs).
"""

import json
import os

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "results.json")


def compare(checks):
    with open(FILE, encoding="utf-8") as file:
        rows = json.load(file)
    for program, (passed, failed) in sorted(checks.programs.items()):
        row = next((row for row in rows if row["key"] == program), None)
        if row and os.environ.get("UPDATE_README"):
            row["passed"], row["failed"] = passed, failed
        told = row and (row["passed"], row["failed"])
        what = f"{program}: {passed} passed and {failed} failed, as the README says"
        checks.check(what, told == (passed, failed), told)
    if os.environ.get("UPDATE_README"):
        with open(FILE, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2, ensure_ascii=False)
            file.write("\n")
