#!/usr/bin/env python3
"""An independent model of the key-group hiring deduction (fact book section 2).

Usage: ``python3 tests/model/model.py examples/zhongshan-2023`` prints JSON: every check, the
counts, every declaration played in file order, and the year of every employer. It is written from
the rules alone and shares nothing with the service, so that the two can be compared.
"""

import json
import sys
from collections import Counter

sys.dont_write_bytecode = True

from calendar_math import format_month, parse_month
from facts import Facts, load, person
from ledger import Ledger
from rules import MONTH_QUOTA_FEN, PRECEDENCE, Rules, overall


def run_checks(rules, rows):
    """Judge every row of checks.csv; nothing is booked while they are made."""
    results = []
    for row in rows:
        judged = rules.check(
            person(row),
            row["name"],
            row["employer_code"],
            parse_month(row["from_month"]),
            parse_month(row["through_month"]),
        )
        eligible = sum(result.outcome == "ELIGIBLE" for result in judged.months)
        results.append(
            {
                "row_key": row["row_key"],
                "outcome": overall(result.outcome for result in judged.months),
                "category": judged.category,
                "start_month": format_month(judged.start_month),
                "months": [
                    {"month": format_month(r.month), "outcome": r.outcome, "reason": r.reason} for r in judged.months
                ],
                "total_fen": eligible * MONTH_QUOTA_FEN,
            }
        )
    return results


def counts(checks):
    """How often each outcome and reason occurs."""
    months = [month for check in checks for month in check["months"]]
    return {
        "checks_by_outcome": dict(sorted(Counter(c["outcome"] for c in checks).items())),
        "months_by_outcome": dict(sorted(Counter(m["outcome"] for m in months).items())),
        "months_by_reason": dict(
            sorted(Counter(m["reason"] for m in months).items(), key=lambda item: PRECEDENCE[item[0]])
        ),
    }


def play(tables):
    """Checks first, then declarations, then settlements; returns the answer and the ledger."""
    rules = Rules(Facts(tables))
    checks = run_checks(rules, tables["checks"])
    ledger = Ledger(rules)
    declarations = [
        ledger.post(
            row["employer_code"],
            row["period"],
            int(row["vat_payable_fen"]),
            int(row["sales_fen"]) if row["sales_fen"] else None,
            row["release"],
        )
        for row in tables["declarations"]
    ]
    employers = [
        ledger.settle(row["employer_code"], int(row["tax_year"]), int(row["cit_payable_fen"]))
        for row in tables["settlements"]
    ]
    answer = {
        "checks": checks,
        "counts": counts(checks),
        "declarations": declarations,
        "employers": employers,
    }
    return answer, ledger


def main(arguments):
    """Print the model's answer for a folder."""
    if len(arguments) != 1:
        print("usage: model.py FOLDER", file=sys.stderr)
        return 2
    json.dump(play(load(arguments[0]))[0], sys.stdout, ensure_ascii=False, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
