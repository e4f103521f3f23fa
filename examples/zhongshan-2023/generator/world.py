"""A builder of fact rows: each method appends one row and returns its key."""

import calendar
import random
from dataclasses import dataclass
from datetime import date, timedelta

from . import identifiers

SEED = 20220704
SOURCE_DATE = "2026-10-31"
ALL_INSURANCES = "PENSION|MEDICAL|UNEMPLOYMENT|WORK_INJURY|MATERNITY"
INDIVIDUAL_INSURANCES = "PENSION|MEDICAL"
YEAR = ("2023-01", "2023-12")

PERSON = ("document_type", "document_number", "name")
ORIGIN = ("source", "source_date")
COLUMNS = {
    "employers": (
        "row_key",
        "employer_code",
        "name",
        "kind",
        "town_code",
        "industry_code",
        "vat_payer",
        "filing_cycle",
        "umct_rate_bp",
        "half_rate_surcharges",
        "size_class",
        "from_date",
        *ORIGIN,
    ),
    "workers": ("row_key", *PERSON, "town_code", *ORIGIN),
    "unemployment_spells": (
        "row_key",
        *PERSON,
        "registered_date",
        "ended_date",
        "end_code",
        "reason_code",
        "office_code",
        *ORIGIN,
    ),
    "poverty_statuses": ("row_key", *PERSON, "category", "from_date", "to_date", *ORIGIN),
    "certificates": (
        "row_key",
        *PERSON,
        "certificate_number",
        "enterprise_absorption_note",
        "note_date",
        "office_code",
        *ORIGIN,
    ),
    "contracts": (
        "row_key",
        "contract_id",
        "employer_code",
        *PERSON,
        "kind",
        "signed_date",
        "start_date",
        "end_date",
        "terminated_date",
        "part_time",
        "filing_id",
        *ORIGIN,
    ),
    "contributions": ("row_key", *PERSON, "employer_code", "month", "insurances", "paid_date", *ORIGIN),
    "other_reliefs": ("row_key", *PERSON, "employer_code", "relief_code", "from_month", "to_month", *ORIGIN),
    "prior_term_uses": ("row_key", *PERSON, "employer_code", "from_month", "to_month", *ORIGIN),
    "flexible_registrations": ("row_key", *PERSON, "from_date", "to_date", *ORIGIN),
    "checks": ("row_key", "employer_code", *PERSON, "from_month", "through_month"),
    "declarations": ("employer_code", "period", "vat_payable_fen", "sales_fen", "release"),
    "settlements": ("employer_code", "tax_year", "cit_payable_fen"),
    "cases": ("case_id", "title", "level", "employer_code", "key", "expected", "fact_rows"),
}
PREFIXES = {
    "employers": "E",
    "workers": "W",
    "unemployment_spells": "U",
    "poverty_statuses": "P",
    "certificates": "J",
    "contracts": "H",
    "contributions": "B",
    "other_reliefs": "R",
    "prior_term_uses": "T",
    "flexible_registrations": "F",
    "checks": "K",
}
SOURCES = {
    "employers": "market-regulation-bureau",
    "workers": "hr-bureau",
    "poverty_statuses": "rural-affairs-bureau",
    "contributions": "social-insurance-agency",
    "other_reliefs": "tax-bureau",
    "prior_term_uses": "tax-bureau",
}
SURNAMES = "陈黄李梁林何吴郑冯萧刘张王谭罗杨麦邓欧阮苏卢高余"
GIVEN = "惠嘉敏婉玲雪芬秀妍丽欣怡洁颖慧君静雯燕珊晓彤淑仪月娟咏诗佩琪"
TOWNS = ("001", "002", "003", "004", "005", "101", "103", "105", "106", "107", "114", "118")


def shift(month, count):
    """Move a month text such as ``2023-05`` by a number of months."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + count
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def months(first, last):
    """Every month text from first to last."""
    result = []
    while first <= last:
        result.append(first)
        first = shift(first, 1)
    return result


def last_day(month):
    """The last day of a month text, as a date."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])


def half_year_before(day):
    """A registration date that is exactly half a year old on a day."""
    month = shift(day[:7], -6)
    return f"{month}-{min(int(day[8:]), last_day(month).day):02d}"


def day_after(day, count=1):
    """The date text some days later."""
    return str(date.fromisoformat(day) + timedelta(days=count))


def one_year_end(start):
    """The last day of a contract of one year."""
    moved = date.fromisoformat(start)
    if (moved.month, moved.day) == (2, 29):
        return f"{moved.year + 1}-02-27"
    return day_after(str(moved.replace(year=moved.year + 1)), -1)


@dataclass(frozen=True)
class Worker:
    """A person: the columns that name one."""

    row_key: str
    document_type: str
    document_number: str
    name: str

    def columns(self):
        """The identity columns of a row."""
        return {key: getattr(self, key) for key in PERSON}


class World:
    """Rows by table, in the order they were made."""

    def __init__(self):
        self.random = random.Random(SEED)
        self.rows = {table: [] for table in COLUMNS}
        self.codes = {}
        self.releases = {}
        self._numbers = set()

    def _add(self, table, **values):
        row = dict.fromkeys(COLUMNS[table], "")
        if table in PREFIXES:
            row["row_key"] = f"{PREFIXES[table]}{len(self.rows[table]) + 1:04d}"
        if "source" in row:
            row["source"] = SOURCES.get(table, "hr-bureau")
            row["source_date"] = SOURCE_DATE
        unknown = set(values) - set(row)
        if unknown:
            raise KeyError(f"{table}: {sorted(unknown)}")
        row.update(values)
        self.rows[table].append(row)
        return row.get("row_key")

    def employer(self, label, **values):
        """Add an employer profile; a label used before adds a later profile of the same employer."""
        if label not in self.codes:
            department = {"PRIVATE_NON_ENTERPRISE": "52", "INDIVIDUAL_BUSINESS": "92"}.get(values["kind"], "91")
            self.codes[label] = identifiers.credit_code(department, 1000 + len(self.codes) + 1)
        return self._add("employers", employer_code=self.codes[label], **values)

    def worker(self, document_type="RESIDENT_ID_CARD", name=None, recorded=True):
        """Add a person; ``recorded=False`` makes one whom no fact names."""
        while True:
            number = self._document_number(document_type)
            if number not in self._numbers:
                break
        self._numbers.add(number)
        name = name or self._name()
        key = ""
        if recorded:
            key = self._add(
                "workers",
                document_type=document_type,
                document_number=number,
                name=name,
                town_code=f"442000{self.random.choice(TOWNS)}",
            )
        return Worker(key, document_type, number, name)

    def _document_number(self, document_type):
        birth = date(1979, 1, 1) + timedelta(days=self.random.randrange(22 * 365))
        sequence = 990 + self.random.randrange(10)
        if document_type == "FOREIGN_PERMANENT_RESIDENT_CARD":
            return identifiers.permanent_resident_card(self.random.choice(("840", "826", "702")), birth, sequence)
        if document_type == "HMT_RESIDENCE_PERMIT":
            area = self.random.choice(("810000", "820000", "830000"))
        else:
            area = self.random.choice(("442000",) * 6 + ("440600", "441200", "450900", "430400"))
        return identifiers.resident_id(area, birth, sequence)

    def _name(self):
        given = "".join(self.random.choice(GIVEN) for _ in range(self.random.choice((1, 2, 2, 2))))
        return self.random.choice(SURNAMES) + given

    def poverty(self, worker, category="LIFTED_FROM_POVERTY", from_date="2017-12-31", to_date=""):
        """Add a poverty record; ``to_date`` is its last day."""
        return self._add(
            "poverty_statuses", **worker.columns(), category=category, from_date=from_date, to_date=to_date
        )

    def spell(self, worker, registered, ended="", end_code=""):
        """Add an unemployment spell; ``ended`` is the day from which it no longer holds."""
        return self._add(
            "unemployment_spells",
            **worker.columns(),
            registered_date=registered,
            ended_date=ended,
            end_code=end_code or ("11" if ended else ""),
            reason_code=self.random.choice(("10", "20", "20", "32", "90")),
            office_code=f"442000{self.random.choice(TOWNS)}",
        )

    def certificate(self, worker, issued, note_date=None):
        """Add a certificate; without a note date it bears no note."""
        serial = len(self.rows["certificates"]) + 1
        return self._add(
            "certificates",
            **worker.columns(),
            certificate_number=identifiers.certificate_number(int(issued[:4]), serial),
            enterprise_absorption_note="true" if note_date else "false",
            note_date=note_date or "",
            office_code=f"442000{self.random.choice(TOWNS)}",
        )

    def unemployed(self, worker, start, registered=None, ended=None):
        """Add a spell that suits a hire on ``start``, and the noted certificate."""
        registered = registered or half_year_before(start)
        return [
            self.spell(worker, registered, start if ended is None else ended),
            self.certificate(worker, registered, note_date=registered),
        ]

    def contract(
        self, label, worker, start, end="", terminated="", kind="LABOUR_CONTRACT", signed=None, part_time=False
    ):
        """Add a contract; its filing is left empty, so the notice layer is not met."""
        number = len(self.rows["contracts"]) + 1
        return self._add(
            "contracts",
            contract_id=f"{start[:4]}-{number:04d}",
            employer_code=self.codes[label],
            **worker.columns(),
            kind=kind,
            signed_date=signed or start,
            start_date=start,
            end_date=end,
            terminated_date=terminated,
            part_time=str(part_time).lower(),
        )

    def insured(self, label, worker, first, last, gaps=(), insurances=ALL_INSURANCES, paid=None):
        """Add a contribution a month; ``label`` None means paid as an individual."""
        keys = []
        for month in months(first, last):
            if month in gaps:
                continue
            paid_on = (paid or {}).get(month) or f"{month}-{10 + self.random.randrange(15):02d}"
            keys.append(
                self._add(
                    "contributions",
                    **worker.columns(),
                    employer_code=self.codes[label] if label else "",
                    month=month,
                    insurances=insurances,
                    paid_date=paid_on,
                )
            )
        return keys

    def relief(self, worker, label, code, first, last=""):
        """Add another relief that an employer takes for the worker."""
        return self._add(
            "other_reliefs",
            **worker.columns(),
            employer_code=self.codes[label],
            relief_code=code,
            from_month=first,
            to_month=last,
        )

    def prior_use(self, worker, label, first, last):
        """Add months that an employer deducted before this system."""
        return self._add(
            "prior_term_uses", **worker.columns(), employer_code=self.codes[label], from_month=first, to_month=last
        )

    def flexible(self, worker, first, last=""):
        """Add a registration of flexible employment."""
        return self._add("flexible_registrations", **worker.columns(), from_date=first, to_date=last)

    def check(self, label, worker, first=YEAR[0], last=YEAR[1], name=None):
        """Ask about a worker at an employer."""
        return self._add(
            "checks",
            employer_code=self.codes[label],
            **{**worker.columns(), "name": name or worker.name},
            from_month=first,
            through_month=last,
        )

    def declaration(self, label, period, vat_fen, sales_fen):
        """Add a declared period; ``sales_fen`` None means that sales were not declared."""
        self._add(
            "declarations",
            employer_code=self.codes[label],
            period=period,
            vat_payable_fen=str(vat_fen),
            sales_fen="" if sales_fen is None else str(sales_fen),
            release=self.releases.get(label, "CUMULATIVE"),
        )

    def settlement(self, label, cit_fen):
        """Add the annual settlement of 2023."""
        self._add("settlements", employer_code=self.codes[label], tax_year="2023", cit_payable_fen=str(cit_fen))

    def case(self, case_id, title, level, label, key, expected, fact_rows=()):
        """Name the rows that hold a case and what must come out of them."""
        self._add(
            "cases",
            case_id=case_id,
            title=title,
            level=level,
            employer_code=self.codes[label],
            key=key,
            expected=expected,
            fact_rows="|".join(fact_rows),
        )
