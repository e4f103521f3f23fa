"""The worked cases of the fact book, and the named cases of the sample, put to the model."""

import csv
import subprocess
import sys
import unittest
from collections import Counter
from datetime import date
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from calendar_math import add_months, format_month, half_up, parse_month  # noqa: E402
from facts import Facts, load  # noqa: E402
from ledger import Ledger, allocate
from model import play
from rules import MONTH_QUOTA_FEN, Rules

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "zhongshan-2023"
ALL = "PENSION|UNEMPLOYMENT|WORK_INJURY"


class Situation:
    """A few facts, written the short way."""

    def __init__(self):
        self.tables = {}

    def _add(self, table, **row):
        self.tables.setdefault(table, []).append(row)

    def employer(self, code="A", kind="COMPANY", umct_rate_bp=700, half_rate=False, cycle="MONTHLY"):
        self._add(
            "employers",
            employer_code=code,
            kind=kind,
            umct_rate_bp=str(umct_rate_bp),
            half_rate_surcharges=str(half_rate).lower(),
            filing_cycle=cycle,
            from_date="2018-01-01",
        )
        return self

    def person(self, name):
        return {"document_type": "RESIDENT_ID_CARD", "document_number": name, "name": name}

    def lifted(self, name, category="LIFTED_FROM_POVERTY", from_date="2016-01-01", to_date=""):
        self._add("poverty_statuses", **self.person(name), category=category, from_date=from_date, to_date=to_date)
        return self

    def unemployed(self, name, registered, ended="", note=True):
        self._add("unemployment_spells", **self.person(name), registered_date=registered, ended_date=ended)
        self._add("certificates", **self.person(name), enterprise_absorption_note=str(note).lower())
        return self

    def hire(
        self,
        name,
        start,
        first,
        last,
        end="",
        terminated="",
        employer="A",
        gaps=(),
        signed=None,
        kind="LABOUR_CONTRACT",
    ):
        number = len(self.tables.get("contracts", []))
        self._add(
            "contracts",
            **self.person(name),
            contract_id=f"{number:03d}",
            employer_code=employer,
            kind=kind,
            signed_date=signed or start,
            start_date=start,
            end_date=end,
            terminated_date=terminated,
            part_time="false",
        )
        for month in range(parse_month(first), parse_month(last) + 1):
            text = format_month(month)
            if text not in gaps:
                self._add(
                    "contributions",
                    **self.person(name),
                    employer_code=employer,
                    month=text,
                    insurances=ALL,
                    paid_date=f"{text}-15",
                )
        return self

    def prior_use(self, name, employer, first, last):
        self._add("prior_term_uses", **self.person(name), employer_code=employer, from_month=first, to_month=last)
        return self

    def rules(self):
        return Rules(Facts(self.tables))

    def ledger(self):
        return Ledger(self.rules())

    def judge(self, name, first, last, employer="A"):
        worker = ("RESIDENT_ID_CARD", name)
        return self.rules().judge(worker, employer, parse_month(first), parse_month(last))


def eligible(judgement, year=None):
    """The eligible months of a judgement, as texts."""
    months = [format_month(r.month) for r in judgement.months if r.outcome == "ELIGIBLE"]
    return [month for month in months if year is None or month.startswith(str(year))]


def reasons(judgement):
    """The reason of each month."""
    return {format_month(r.month): r.reason for r in judgement.months}


def column(lines, key):
    """One column of tax lines by tax."""
    return {line["tax"]: line[key] for line in lines}


class WorkedCases(unittest.TestCase):
    """A1 to A14 of fact book 2.7."""

    def full_year(self, *names, last="2023-12", **employer):
        situation = Situation().employer(**employer)
        for name in names:
            situation.lifted(name).hire(name, "2022-12-01", "2022-12", last)
        return situation

    def test_a1_ten_months(self):
        situation = Situation().employer().unemployed("w", "2022-09-10")
        judged = situation.hire("w", "2023-03-10", "2023-03", "2023-12").judge("w", "2023-01", "2023-12")
        self.assertEqual(judged.category, "REGISTERED_UNEMPLOYED")
        self.assertEqual(len(eligible(judged)) * MONTH_QUOTA_FEN, 650000)

    def test_a2_twelve_and_seven_months(self):
        situation = self.full_year("w").lifted("v").hire("v", "2023-06-01", "2023-06", "2023-12")
        ledger = situation.ledger()
        posted = ledger.post("A", "2023-12", 600000, None, "CUMULATIVE")
        self.assertEqual(
            column(posted["lines"], "deducted_fen"), {"VAT": 600000, "UMCT": 42000, "EDU": 18000, "LEDU": 12000}
        )
        settled = ledger.settle("A", 2023, 300000)
        self.assertEqual(
            (settled["entitled_fen"], settled["cit_fen"], settled["forfeited_fen"]), (1235000, 300000, 263000)
        )

    def test_a3_all_to_income_tax(self):
        settled = self.full_year("w").ledger().settle("A", 2023, 2000000)
        self.assertEqual((settled["cit_fen"], settled["forfeited_fen"]), (780000, 0))

    def test_a4_half_rate_with_quota_left(self):
        posted = self.full_year("w", half_rate=True).ledger().post("A", "2023-12", 400000, None, "CUMULATIVE")
        self.assertEqual(
            column(posted["lines"], "deducted_fen"), {"VAT": 400000, "UMCT": 28000, "EDU": 12000, "LEDU": 8000}
        )
        self.assertEqual(posted["remaining_fen"], 332000)

    def test_a5_half_rate_after_the_quota(self):
        lines = allocate(7 * MONTH_QUOTA_FEN, 440000, 700, half_rate=True)
        self.assertEqual(column(lines, "deducted_fen"), {"VAT": 440000, "UMCT": 15000, "EDU": 0, "LEDU": 0})
        self.assertEqual(column(lines, "paid_fen"), {"VAT": 0, "UMCT": 7900, "EDU": 6600, "LEDU": 4400})

    def test_a6_start_month_is_the_first_insured_one(self):
        situation = Situation().employer().unemployed("w", "2023-11-20")
        judged = situation.hire("w", "2024-05-20", "2024-06", "2027-12").judge("w", "2024-01", "2027-12")
        self.assertEqual(format_month(judged.start_month), "2024-06")
        self.assertEqual(len(eligible(judged, 2024)) * MONTH_QUOTA_FEN, 455000)
        self.assertEqual(eligible(judged)[-1], "2027-05")

    def test_a7_one_leaves_in_august(self):
        situation = self.full_year("u", "v").lifted("w")
        situation.hire("w", "2022-12-01", "2022-12", "2023-08", terminated="2023-08-31")
        self.assertEqual(situation.ledger().settle("A", 2023, 0)["entitled_fen"], 2080000)

    def test_a8_too_much_deducted_is_told(self):
        situation = (
            self.full_year("u", "v", cycle="QUARTERLY").lifted("w").hire("w", "2022-12-01", "2022-12", "2023-03")
        )
        ledger = situation.ledger()
        posted = ledger.post("A", "2023-Q1", 1785715, None, "ANNUAL_PROJECTED")
        self.assertEqual(sum(column(posted["lines"], "deducted_fen").values()), 2000000)
        settled = ledger.settle("A", 2023, 100000)
        self.assertEqual(
            (settled["entitled_fen"], settled["over_deducted_fen"], settled["cit_fen"]), (1755000, 245000, 0)
        )

    def test_a9_the_full_term(self):
        situation = Situation().employer().unemployed("w", "2022-01-01")
        judged = situation.hire("w", "2022-07-01", "2022-07", "2026-12").judge("w", "2022-01", "2026-12")
        by_year = [len(eligible(judged, year)) * MONTH_QUOTA_FEN for year in (2022, 2023, 2024, 2025, 2026)]
        self.assertEqual(by_year, [390000, 780000, 780000, 390000, 0])
        self.assertEqual(eligible(judged)[-1], "2025-06")

    def test_a10_a_gap_month_does_not_count(self):
        situation = Situation().employer().lifted("w")
        judged = situation.hire("w", "2023-01-01", "2023-01", "2023-12", gaps=("2023-06",)).judge(
            "w", "2023-01", "2023-12"
        )
        self.assertEqual(len(eligible(judged)) * MONTH_QUOTA_FEN, 715000)
        self.assertEqual(reasons(judged)["2023-06"], "INSURANCE_NOT_PAID")

    def test_a11_twenty_workers(self):
        ledger = self.full_year(*(f"w{number}" for number in range(20))).ledger()
        posted = ledger.post("A", "2023-12", 10000000, None, "CUMULATIVE")
        self.assertEqual(sum(column(posted["lines"], "deducted_fen").values()), 11200000)
        settled = ledger.settle("A", 2023, 3000000)
        self.assertEqual(
            (settled["entitled_fen"], settled["cit_fen"], settled["forfeited_fen"]), (15600000, 3000000, 1400000)
        )

    def test_a12_the_quota_ends_inside_a_line(self):
        lines = allocate(530000, 500037, 500, half_rate=False)
        self.assertEqual(column(lines, "due_fen"), {"VAT": 500037, "UMCT": 25002, "EDU": 15001, "LEDU": 10001})
        self.assertEqual(column(lines, "deducted_fen"), {"VAT": 500037, "UMCT": 25002, "EDU": 4961, "LEDU": 0})
        self.assertEqual(column(lines, "paid_fen"), {"VAT": 0, "UMCT": 0, "EDU": 10040, "LEDU": 10001})

    def test_a13_projected_release(self):
        ledger = self.full_year("u", "v", "w", cycle="QUARTERLY").ledger()
        left = [
            ledger.post("A", period, vat, None, "ANNUAL_PROJECTED")["remaining_fen"]
            for period, vat in (("2023-Q1", 420000), ("2023-Q2", 0), ("2023-Q3", 900000), ("2023-Q4", 550000))
        ]
        self.assertEqual(left, [1869600, 1869600, 861600, 245600])

    def test_a14_the_rest_of_a_term(self):
        situation = Situation().employer().employer("B").lifted("w")
        situation.hire("w", "2023-01-01", "2023-01", "2024-12", employer="B").prior_use("w", "A", "2021-05", "2022-10")
        judged = situation.judge("w", "2023-01", "2024-12", "B")
        self.assertEqual((eligible(judged)[0], eligible(judged)[-1], len(eligible(judged))), ("2023-01", "2024-04", 16))
        told = reasons(judged)
        self.assertEqual(
            [told[m] for m in ("2024-05", "2024-06", "2024-07", "2024-12")],
            ["TERM_COUNT_UNCONFIRMED", "TERM_COUNT_UNCONFIRMED", "TERM_EXHAUSTED", "TERM_EXHAUSTED"],
        )


class Edges(unittest.TestCase):
    """Both sides of the bounds that the worked cases do not touch."""

    def test_months_are_added_in_one_step(self):
        self.assertEqual(add_months(date(2022, 8, 31), 6), date(2023, 2, 28))
        self.assertEqual(add_months(date(2023, 1, 31), 36), date(2026, 1, 31))

    def test_half_a_fen_is_rounded_up(self):
        self.assertEqual([half_up("24.5"), half_up("24.4"), half_up(25)], [25, 24, 25])

    def test_a_month_is_booked_by_the_employer_that_posts_first(self):
        situation = Situation().employer().employer("B").lifted("w")
        situation.hire("w", "2023-01-01", "2023-01", "2023-03").hire(
            "w", "2023-03-01", "2023-03", "2023-12", employer="B"
        )
        ledger = situation.ledger()
        self.assertEqual(ledger.post("B", "2023-03", 0, 0, "CUMULATIVE")["months_booked"], 1)
        self.assertEqual(ledger.post("A", "2023-03", 0, 0, "CUMULATIVE")["months_booked"], 2)

    def test_projection_ends_with_the_contract(self):
        situation = Situation().employer(cycle="QUARTERLY").lifted("w")
        situation.hire("w", "2022-10-01", "2022-10", "2023-03", end="2023-09-30")
        posted = situation.ledger().post("A", "2023-Q1", 0, 0, "ANNUAL_PROJECTED")
        self.assertEqual(posted["released_fen"], 9 * MONTH_QUOTA_FEN)

    def test_projection_ends_with_the_term(self):
        situation = Situation().employer(cycle="QUARTERLY").lifted("w").hire("w", "2020-08-01", "2020-08", "2023-03")
        posted = situation.ledger().post("A", "2023-Q1", 0, 0, "ANNUAL_PROJECTED")
        self.assertEqual(posted["released_fen"], 7 * MONTH_QUOTA_FEN)

    def test_months_under_review_release_nothing(self):
        situation = Situation().employer(cycle="QUARTERLY").unemployed("w", "2022-01-01", note=False)
        situation.hire("w", "2022-10-01", "2022-10", "2023-12")
        posted = situation.ledger().post("A", "2023-Q1", 0, 0, "ANNUAL_PROJECTED")
        self.assertEqual(posted["released_fen"], 0)

    def test_a_partnership_settles_no_income_tax(self):
        situation = Situation().employer(kind="PARTNERSHIP").lifted("w").hire("w", "2023-01-01", "2023-01", "2023-12")
        ledger = situation.ledger()
        self.assertEqual(ledger.settle("A", 2023, 0)["forfeited_fen"], 780000)
        with self.assertRaises(ValueError):
            ledger.settle("A", 2023, 1)


class Sample(unittest.TestCase):
    """The sample folder: sound rows, and every named case as cases.csv says."""

    @classmethod
    def setUpClass(cls):
        cls.tables = load(SAMPLE)
        cls.cases = load_cases()
        cls.answer, cls.ledger = play(cls.tables)
        cls.checks = {check["row_key"]: check for check in cls.answer["checks"]}
        cls.posted = {(d["employer_code"], d["period"]): d for d in cls.answer["declarations"]}
        cls.employers = {e["employer_code"]: e for e in cls.answer["employers"]}

    def test_every_named_case_comes_out_as_it_says(self):
        actual_of = {
            "check": self.of_check,
            "posting": self.of_posting,
            "employer": self.of_employer,
            "booking": self.of_booking,
        }
        for case in self.cases:
            expected = dict(part.split("=") for part in case["expected"].split(";"))
            actual = actual_of[case["level"]](case)
            with self.subTest(case["case_id"]):
                self.assertEqual({key: actual(key) for key in expected}, expected)

    def of_check(self, case):
        check = self.checks[case["key"]]
        told = {month["month"]: month["reason"] for month in check["months"]}
        found = {
            "outcome": check["outcome"],
            "category": check["category"],
            "start_month": check["start_month"],
            "eligible": str(sum(reason == "ALL_CONDITIONS_MET" for reason in told.values())),
            "total_fen": str(check["total_fen"]),
            "all": "|".join(sorted(set(told.values()))),
            **told,
        }
        return found.__getitem__

    def of_posting(self, case):
        posted = self.posted[case["employer_code"], case["key"]]
        found = {key: str(value) for key, value in posted.items()}
        for line in posted["lines"]:
            found[line["tax"]] = str(line["deducted_fen"])
            found[f"due.{line['tax']}"] = str(line["due_fen"])
            found[f"paid.{line['tax']}"] = str(line["paid_fen"])
        if int(found["due.VAT"]):
            found["umct_bp"] = str(round(int(found["due.UMCT"]) * 10_000 / int(found["due.VAT"])))
        return found.__getitem__

    def of_employer(self, case):
        year = self.employers[case["employer_code"]]
        found = {key: str(value) for key, value in {**year, **year["deducted_fen"]}.items()}
        found["CIT"] = found["cit_fen"]
        return found.__getitem__

    def of_booking(self, case):
        row_key, month = case["key"].split(":")
        row = next(row for row in self.tables["checks"] if row["row_key"] == row_key)
        holder = self.ledger.booked[row["document_type"], row["document_number"]][parse_month(month)]
        return {"holder": "first" if holder == case["employer_code"] else "other"}.__getitem__

    def test_every_worked_case_is_named(self):
        named = {case["case_id"].split("-")[0] for case in self.cases}
        self.assertLessEqual({f"A{number}" for number in range(1, 15)}, named)

    def test_the_figures_of_every_year_balance(self):
        for year in self.answer["employers"]:
            spent = sum(year["deducted_fen"].values()) + year["cit_fen"] + year["forfeited_fen"]
            with self.subTest(year["employer_code"]):
                self.assertEqual(year["entitled_fen"], spent - year["over_deducted_fen"])

    def test_nobody_has_more_than_36_months(self):
        prior = self.ledger.facts.prior_uses
        for worker, months in self.ledger.booked.items():
            used = set(months).union(*prior.get(worker, {}).values())
            self.assertLessEqual(len(used), 36)

    def test_natural_keys_are_unique(self):
        person = ("document_type", "document_number")
        keys = {
            "employers": ("employer_code", "from_date"),
            "workers": person,
            "unemployment_spells": (*person, "registered_date"),
            "certificates": ("certificate_number",),
            "poverty_statuses": (*person, "category", "from_date"),
            "contracts": ("employer_code", "contract_id"),
            "contributions": (*person, "employer_code", "month"),
            "other_reliefs": (*person, "employer_code", "relief_code", "from_month"),
            "prior_term_uses": (*person, "employer_code", "from_month"),
            "flexible_registrations": (*person, "from_date"),
            "declarations": ("employer_code", "period"),
        }
        for table, columns in keys.items():
            found = Counter(tuple(row[column] for column in columns) for row in self.tables[table])
            self.assertEqual([key for key, count in found.items() if count > 1], [], table)

    def test_the_sample_has_24_employers_of_every_kind_and_300_workers(self):
        codes = {row["employer_code"] for row in self.tables["employers"]}
        kinds = {row["kind"] for row in self.tables["employers"]}
        self.assertEqual((len(codes), len(kinds), len(self.tables["workers"])), (24, 6, 300))

    def test_the_identifier_checks_agree_with_the_fact_book(self):
        for number, holds in (
            ("442000198903149982", True),
            ("44200019910607998X", True),
            ("442000198903149983", False),
            ("810000198801019965", True),
            ("944840198607049981", True),
        ):
            self.assertEqual(person_check_holds(number), holds, number)
        for code, holds in (
            ("91442000MAQQ000161", True),
            ("92442000MAQQ00024Q", True),
            ("52442000QQ0000047L", True),
            ("91442000MAQQ000162", False),
        ):
            self.assertEqual(credit_check_holds(code), holds, code)

    def test_identifiers_pass_their_checks(self):
        for row in self.tables["workers"]:
            self.assertTrue(person_check_holds(row["document_number"]), row["row_key"])
        for row in self.tables["employers"]:
            self.assertTrue(credit_check_holds(row["employer_code"]), row["row_key"])

    def test_every_reason_occurs(self):
        found = set(self.answer["counts"]["months_by_reason"])
        self.assertEqual(len(found), 20, "all reasons but SOURCE_UNREACHABLE")

    def test_the_files_are_what_the_generator_writes(self):
        run = subprocess.run([sys.executable, str(SAMPLE / "generate.py"), "--check"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)


def load_cases():
    """The rows of cases.csv."""
    with (SAMPLE / "cases.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def person_check_holds(number):
    """ISO 7064 MOD 11-2 over 18 characters: weights 2^(17-i), remainder 1."""
    values = [10 if c == "X" else int(c) for c in number]
    return len(values) == 18 and sum(v * pow(2, 17 - i, 11) for i, v in enumerate(values)) % 11 == 1


def credit_check_holds(code):
    """GB 32100: 17 characters weigh 3^i, the check character 1, remainder 0 of 31."""
    values = ["0123456789ABCDEFGHJKLMNPQRTUWXY".index(c) for c in code]
    weighted = sum(v * pow(3, i, 31) for i, v in enumerate(values[:17]))
    return len(values) == 18 and (weighted + values[17]) % 31 == 0


if __name__ == "__main__":
    unittest.main()
