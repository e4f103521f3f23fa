"""Measure 8 for one law case at a time: the months of one person at the employer that asks, by ``rules``."""

from collections import defaultdict
from datetime import date, timedelta

from calendar_math import ONE_DAY, add_months, last_day, month_of
from facts import Facts
from rules import MONTH_QUOTA_FEN, Rules, outcome_of, overall
from text import month_text, parse_insurance, runs, span, yuan

PERSON = {"document_type": "RESIDENT_ID_CARD", "document_number": "1", "name": "known"}
KEY = PERSON["document_type"], PERSON["document_number"]
NAMES = {"KNOWN": "known", "NOT_MATCHED": "another"}
OTHERS = ("A", "B")


def profile(kind, from_on):
    """A row of an employer, of which measure 8 reads the kind."""
    return {
        "employer_code": "us",
        "from_date": from_on,
        "kind": kind,
        "umct_rate_bp": "700",
        "half_rate_surcharges": "false",
        "filing_cycle": "MONTHLY",
    }


def tables(given):
    """The facts of a case as the rows that ``Facts`` reads."""
    rows = defaultdict(list)
    rows["employers"] = [profile(given["employer"], "2010-01-01")]
    rows["employers"] += [profile(change["employer"], change["from"]) for change in given.get("employer_changes", [])]
    if given.get("person") == "UNKNOWN":
        return rows
    rows["workers"].append(PERSON)
    for spell in given.get("spells", []):
        told = {"registered_date": spell["registered"], "ended_date": spell.get("ended")}
        rows["unemployment_spells"].append(PERSON | told)
    for status in given.get("poverty", []):
        told = {"category": status["category"], "from_date": status["from"], "to_date": status.get("to")}
        rows["poverty_statuses"].append(PERSON | told)
    for word in given.get("certificates", []):
        noted = "true" if word == "NOTED" else "false"
        rows["certificates"].append(PERSON | {"enterprise_absorption_note": noted})
    for registration in given.get("flexible", []):
        rows["flexible_registrations"].append(PERSON | {"from_date": registration["from"]})
    for number, contract in enumerate(given.get("contracts", [])):
        rows["contracts"].append(PERSON | contract_row(number, contract))
    for line in given.get("insurance", []):
        rows["contributions"] += insurance_rows(line)
    for relief in given.get("reliefs", []):
        rows["other_reliefs"].append(
            PERSON
            | {
                "employer_code": relief.get("employer", "us"),
                "relief_code": relief["relief"],
                "from_month": relief["from"],
                "to_month": relief.get("to"),
            }
        )
    for used in given.get("prior_uses", []):
        first, last = span(used["months"])
        months = {"from_month": month_text(first), "to_month": month_text(last)}
        rows["prior_term_uses"].append(PERSON | {"employer_code": used["employer"]} | months)
    return rows


def contract_row(number, contract):
    """A contract as a row: signed on its first day unless told."""
    return {
        "employer_code": contract.get("employer", "us"),
        "contract_id": f"C{number}",
        "kind": contract.get("kind", "LABOUR_CONTRACT"),
        "signed_date": contract.get("signed", contract["start"]),
        "start_date": contract["start"],
        "end_date": contract.get("end"),
        "terminated_date": contract.get("terminated"),
        "part_time": "true" if contract.get("part_time") else "false",
    }


def insurance_rows(line):
    """The months of a line of insurance, each paid on its last day unless told."""
    first, last, paid_on, payer, what = parse_insurance(line)
    for month in range(first, last + 1):
        yield PERSON | {
            "employer_code": "" if payer == "worker" else payer,
            "month": month_text(month),
            "insurances": "|".join(sorted(what)),
            "paid_date": (paid_on or last_day(month)).isoformat(),
        }


def expect(given, ask):
    """What a case of the folder `measure8` expects."""
    elsewhere = set()
    for booked in given.get("booked", []):
        first, last = span(booked["months"])
        elsewhere |= set(range(first, last + 1))
    rules = Rules(Facts(tables(given)))
    name = NAMES.get(given.get("person", "KNOWN"))
    judged = rules.check(KEY, name, "us", *span(ask), frozenset(elsewhere))
    outcome = overall(month.outcome for month in judged.months)
    counted = sum(month.outcome == "ELIGIBLE" for month in judged.months)
    found = runs((month.month, month.reason) for month in judged.months)
    told = {
        "outcome": outcome,
        "months": [f"{months} {outcome_of(reason)} {reason}" for months, reason in found],
        "total_yuan": yuan(counted * MONTH_QUOTA_FEN / 100),
    }
    if outcome != "INELIGIBLE" and judged.category is not None:
        told["category"] = judged.category
    if outcome != "INELIGIBLE" and judged.start_month is not None:
        told["start_month"] = month_text(judged.start_month)
        told["term_end_month"] = month_text(judged.term_end)
    return told


def random_case(chance):
    """A person near the edges of the rules: hired, insured, registered, counted elsewhere."""
    hired = chance.choice([date(2019, 1, 1), date(2023, 1, 1), date(2024, 2, 29), date(2027, 12, 31)])
    hired += timedelta(days=chance.choice([-31, -1, 0, 0, 1, 30]) + 61 * chance.choice([0, 0, 1, 3]))
    given = {"employer": chance.choice(["COMPANY"] * 6 + ["PARTNERSHIP", "DISPATCH_AGENCY", "INDIVIDUAL_BUSINESS"])}
    if chance.random() < 0.08:
        change = {"from": near(chance, hired + timedelta(days=90)).isoformat()}
        given["employer_changes"] = [change | {"employer": chance.choice(["COMPANY", "INDIVIDUAL_BUSINESS"])}]
    if chance.random() < 0.05:
        given["person"] = chance.choice(["UNKNOWN", "NOT_MATCHED"])
    random_status(chance, given, hired)
    random_work(chance, given, hired)
    random_elsewhere(chance, given, hired)
    first = month_of(hired) + chance.choice([-2, 0, 0, 6, 30, 33])
    last = first + chance.choice([0, 5, 11, 40])
    return {"given": given, "ask": f"{month_text(first)}..{month_text(last)}"}


def near(chance, day):
    """A day at, just before or just after another."""
    return day + timedelta(days=chance.choice([-31, -1, 0, 0, 1, 30]))


def random_status(chance, given, hired):
    """Registration, poverty, certificates and flexible work before a hire."""
    if chance.random() < 0.6:
        given["spells"] = []
        for day in {near(chance, add_months(hired, -6 * back)) for back in range(1, chance.randint(2, 3))}:
            spell = {"registered": day.isoformat()}
            if chance.random() < 0.4:
                spell["ended"] = max(day, near(chance, chance.choice([hired, add_months(hired, -2)]))).isoformat()
            given["spells"].append(spell)
    if chance.random() < 0.55:
        status = {"category": chance.choice(["LIFTED_FROM_POVERTY", "POVERTY_MONITORED"])}
        status["from"] = chance.choice([date(2016, 1, 1), near(chance, hired)]).isoformat()
        if chance.random() < 0.4:
            status["to"] = max(date.fromisoformat(status["from"]), near(chance, hired)).isoformat()
        given["poverty"] = [status]
    given["certificates"] = chance.choice([["NOTED"]] * 5 + [[], ["WITHOUT_NOTE"], ["WITHOUT_NOTE", "NOTED"]])
    if chance.random() < 0.15:
        given["flexible"] = [{"from": near(chance, add_months(hired, chance.choice([-6, -2, 0]))).isoformat()}]


def random_work(chance, given, hired):
    """Contracts and insurance here and elsewhere."""
    given["contracts"], given["insurance"] = [], []
    begin = hired
    for _ in range(chance.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        contract = {"start": begin.isoformat()}
        if chance.random() < 0.12:
            contract["employer"] = chance.choice(OTHERS)
        if chance.random() < 0.1:
            contract["kind"] = "SERVICE_AGREEMENT"
        if chance.random() < 0.1:
            contract["part_time"] = True
        length = chance.choice([None, 12, 12, 24, 6])
        end = begin + timedelta(days=400)
        if length:
            end = add_months(begin, length) - ONE_DAY * chance.choice([1, 1, 1, 2, 0])
            contract["end"] = end.isoformat()
        if chance.random() < 0.2:
            end = begin + timedelta(days=chance.choice([0, 30, 200]))
            contract["terminated"] = end.isoformat()
        if chance.random() < 0.15:
            contract["signed"] = near(chance, begin).isoformat()
        given["contracts"].append(contract)
        begin = end + ONE_DAY * chance.choice([1, 1, 2, 40])
    first = month_of(hired) + chance.choice([0, 0, 0, 1, 3])
    given["insurance"].append(f"{month_text(first)}..{month_text(first + chance.choice([0, 11, 36, 47]))} in time")
    for _ in range(chance.randint(0, 3)):
        month = month_of(hired) + chance.randint(-7, 14)
        when = "in time"
        if chance.random() < 0.6:
            late = last_day(month + 1) + ONE_DAY * chance.choice([-30, 0, 1, 60])
            when = f"paid {late.isoformat()}"
        line = f"{month_text(month)} {when}{chance.choice(['', '', ' by A', ' by the worker'])}"
        if chance.random() < 0.5:
            line += " only " + chance.choice(["PENSION", "PENSION WORK_INJURY UNEMPLOYMENT", "PENSION WORK_INJURY"])
        given["insurance"].append(line)


def random_elsewhere(chance, given, hired):
    """Months that were used before or are booked by others, and other reliefs."""
    begin = month_of(hired)
    if chance.random() < 0.3:
        first = begin - chance.choice([1, 12, 20, 35, 36, 37])
        last = min(begin - 1, first + chance.choice([0, 5, 17, 35]))
        months = f"{month_text(first)}..{month_text(last)}"
        given["prior_uses"] = [{"employer": chance.choice(["us", *OTHERS]), "months": months}]
    if chance.random() < 0.3:
        first = begin + chance.choice([-20, -3, 0, 4])
        months = f"{month_text(first)}..{month_text(first + chance.choice([0, 2, 17, 35]))}"
        given["booked"] = [{"employer": chance.choice(OTHERS), "months": months}]
    if chance.random() < 0.15:
        relief = {"relief": chance.choice(["VETERAN", "OTHER_EMPLOYMENT_TAX", "SOCIAL_INSURANCE_SUBSIDY"])}
        first = begin + chance.randint(-3, 9)
        relief["from"] = month_text(first)
        if chance.random() < 0.7:
            relief["to"] = month_text(first + chance.randint(0, 4))
        given["reliefs"] = [relief]
