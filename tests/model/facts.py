"""The recorded facts, as the CSV folder or a test gives them."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from calendar_math import ONE_DAY, add_months, first_day, last_day, parse_date, parse_month

TABLES = (
    "employers",
    "workers",
    "unemployment_spells",
    "poverty_statuses",
    "certificates",
    "contracts",
    "contributions",
    "other_reliefs",
    "prior_term_uses",
    "flexible_registrations",
    "checks",
    "declarations",
    "settlements",
)


@dataclass(frozen=True)
class Profile:
    """An employer as it is from a day on."""

    from_on: date
    kind: str
    umct_rate_bp: int
    half_rate: bool
    filing_cycle: str


@dataclass(frozen=True)
class Contract:
    """One contract; ``end_on`` and ``terminated_on`` are last days in force."""

    contract_id: str
    kind: str
    signed_on: date
    start_on: date
    end_on: date
    terminated_on: date
    part_time: bool

    @property
    def last_on(self):
        """The actual last day in force; ``date.max`` when open-ended."""
        return min(self.end_on or date.max, self.terminated_on or date.max)

    @property
    def at_least_one_year(self):
        """Whether the agreed term is a year or more (fact book 2.4)."""
        return self.end_on is None or self.end_on >= add_months(self.start_on, 12) - ONE_DAY

    def in_force_in(self, month):
        """Whether the contract holds on at least one day of the month."""
        return self.start_on <= last_day(month) and self.last_on >= first_day(month)


def load(folder):
    """Read every table of a CSV folder; a missing file is an empty table."""
    tables = {}
    for name in TABLES:
        path = Path(folder) / f"{name}.csv"
        if path.exists():
            with path.open(encoding="utf-8", newline="") as handle:
                tables[name] = list(csv.DictReader(handle))
        else:
            tables[name] = []
    return tables


def person(row):
    """The identity that a row names."""
    return row["document_type"], row["document_number"]


class Facts:
    """Facts indexed by person and employer. ``tables`` maps a table's name to its rows."""

    def __init__(self, tables):
        rows = {name: tables.get(name, []) for name in TABLES}
        self.names = {}
        for name in TABLES[1:10]:
            for row in rows[name]:
                self.names.setdefault(person(row), row["name"])
        self._read_employers(rows["employers"])
        self._read_statuses(rows)
        self._read_work(rows)
        self._read_reliefs(rows)

    def _read_employers(self, rows):
        self.profiles = defaultdict(list)
        for row in rows:
            self.profiles[row["employer_code"]].append(
                Profile(
                    parse_date(row["from_date"]),
                    row["kind"],
                    int(row["umct_rate_bp"]),
                    row["half_rate_surcharges"] == "true",
                    row["filing_cycle"],
                )
            )
        for history in self.profiles.values():
            history.sort(key=lambda profile: profile.from_on)

    def _read_statuses(self, rows):
        self.spells = defaultdict(list)
        for row in rows["unemployment_spells"]:
            spell = parse_date(row["registered_date"]), parse_date(row["ended_date"])
            self.spells[person(row)].append(spell)
        self.poverty = defaultdict(list)
        for row in rows["poverty_statuses"]:
            span = parse_date(row["from_date"]), parse_date(row["to_date"])
            self.poverty[person(row)].append((row["category"], *span))
        self.noted = {person(row) for row in rows["certificates"] if row["enterprise_absorption_note"] == "true"}
        self.flexible_from = defaultdict(list)
        for row in rows["flexible_registrations"]:
            self.flexible_from[person(row)].append(parse_date(row["from_date"]))

    def _read_work(self, rows):
        self.contracts = defaultdict(list)
        self.employers_of = defaultdict(set)
        self.workers_of = defaultdict(dict)
        for row in rows["contracts"]:
            key = person(row), row["employer_code"]
            self.contracts[key].append(
                Contract(
                    row["contract_id"],
                    row["kind"],
                    parse_date(row["signed_date"]),
                    parse_date(row["start_date"]),
                    parse_date(row["end_date"]),
                    parse_date(row["terminated_date"]),
                    row["part_time"] == "true",
                )
            )
            self.employers_of[key[0]].add(key[1])
            self.workers_of[key[1]][key[0]] = None
        self.contributions = {}
        self.insured_months = defaultdict(set)
        for row in rows["contributions"]:
            month = parse_month(row["month"])
            key = person(row), row["employer_code"], month
            self.contributions[key] = set(row["insurances"].split("|")), parse_date(row["paid_date"])
            if row["employer_code"]:
                self.insured_months[person(row)].add(month)

    def _read_reliefs(self, rows):
        self.reliefs = defaultdict(list)
        for row in rows["other_reliefs"]:
            span = parse_month(row["from_month"]), parse_month(row["to_month"])
            self.reliefs[person(row), row["employer_code"]].append((row["relief_code"], *span))
        self.prior_uses = defaultdict(lambda: defaultdict(set))
        for row in rows["prior_term_uses"]:
            span = range(parse_month(row["from_month"]), parse_month(row["to_month"]) + 1)
            self.prior_uses[person(row)][row["employer_code"]].update(span)

    def profile(self, employer, day):
        """The employer's profile in force on a day, or its earliest one if none is yet."""
        history = self.profiles[employer]
        past = [profile for profile in history if profile.from_on <= day]
        return past[-1] if past else history[0]
