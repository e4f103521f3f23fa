"""A second implementation of the rules, to be compared with the service's on random law cases.

``oracle.py generate SEED COUNT`` prints cases as JSON lines, each with its folder and what this implementation
expects. ``oracle.py answer`` reads such lines, expectations aside, and prints them with its own; a situation that
cannot be told is answered by ``null``.
"""

import json
import random
import sys

import hires
import preferences
import sales
import subsidies
import year

FOLDERS = ("measure8", "subsidies", "measure9", "measure10", "allocation")


def answered(folder, case):
    """The case with what this implementation expects."""
    if folder == "measure8":
        case["expect"] = hires.expect(case["given"], case["ask"])
    elif folder == "subsidies":
        case["expect"] = subsidies.expect(case["given"], case["ask"])
    elif folder == "measure9":
        case["expect"] = sales.expect(case["ask"])
    elif folder == "measure10":
        case["expect"] = preferences.expect(case["ask"])
    else:
        year.fill(case)
    return case


def generate(seed, count):
    """Random cases, the folders in turn."""
    makers = dict(zip(FOLDERS, (hires, subsidies, sales, preferences, year), strict=True))
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        folder = FOLDERS[number % len(FOLDERS)]
        case = {"name": f"case {number} of seed {seed}", "source": "oracle", **makers[folder].random_case(chance)}
        yield {"folder": folder, "case": answered(folder, case)}


def answer(line):
    """One line of ``answer``."""
    told = json.loads(line)
    try:
        return {"folder": told["folder"], "case": answered(told["folder"], told["case"])}
    except (KeyError, IndexError, ValueError):
        return None


def main():
    if sys.argv[1] == "generate":
        for case in generate(sys.argv[2], int(sys.argv[3])):
            print(json.dumps(case, ensure_ascii=False))
    else:
        for line in sys.stdin:
            print(json.dumps(answer(line), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
