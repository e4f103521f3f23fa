"""Whose months count: status, hires, start month, term (fact book 2.2 to 2.4).

A month's reason is the first failing code in order of precedence; its outcome follows from it.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from calendar_math import ONE_DAY, add_months, first_day, last_day, month_of

REASONS = (
    "POLICY_NOT_ENCODED",
    "EMPLOYER_NOT_ENTERPRISE",
    "NOT_MATCHED",
    "CONTRACT_KIND_NOT_COVERED",
    "PART_TIME",
    "CONTRACT_TOO_SHORT",
    "CATEGORY_NOT_COVERED_AT_DATE",
    "SPELL_TOO_SHORT",
    "SPELL_BROKEN",
    "NO_RECORD",
    "CERTIFICATE_NOTE_MISSING",
    "CONFLICTING_EVIDENCE",
    "OTHER_EMPLOYMENT_RELIEF_CLAIMED",
    "NOT_IN_FORCE",
    "INSURANCE_NOT_PAID",
    "MONTH_BOOKED_ELSEWHERE",
    "TERM_EXHAUSTED",
    "TERM_COUNT_UNCONFIRMED",
    "BACK_PAID_INSURANCE",
    "SOURCE_UNREACHABLE",
    "ALL_CONDITIONS_MET",
)
PRECEDENCE = {code: rank for rank, code in enumerate(REASONS)}
REVIEW_REASONS = {
    "POLICY_NOT_ENCODED",
    "NOT_MATCHED",
    "NO_RECORD",
    "CERTIFICATE_NOTE_MISSING",
    "CONFLICTING_EVIDENCE",
    "TERM_COUNT_UNCONFIRMED",
    "BACK_PAID_INSURANCE",
    "SOURCE_UNREACHABLE",
}
POVERTY = ("LIFTED_FROM_POVERTY", "POVERTY_MONITORED")
OUTCOMES = ("ELIGIBLE", "REVIEW", "INELIGIBLE")
FIRST_HIRE_ON = date(2019, 1, 1)
LAST_HIRE_ON = date(2027, 12, 31)
MONITORED_COVERED_FROM = date(2023, 1, 1)
REQUIRED_INSURANCES = {"PENSION", "WORK_INJURY", "UNEMPLOYMENT"}
TERM_MONTHS = 36
ANNUAL_QUOTA_FEN = Fraction(600000) * Fraction(13, 10)
MONTH_QUOTA_FEN = int(ANNUAL_QUOTA_FEN / 12)


def first_reason(codes):
    """The reason that precedes the others."""
    return min(codes, key=PRECEDENCE.__getitem__)


def outcome_of(reason):
    """The outcome that a reason stands for."""
    if reason == "ALL_CONDITIONS_MET":
        return "ELIGIBLE"
    return "REVIEW" if reason in REVIEW_REASONS else "INELIGIBLE"


def as_told(reason):
    """Which of several ways is told: the better outcome, then the reason that precedes."""
    return OUTCOMES.index(outcome_of(reason)), PRECEDENCE[reason]


def overall(outcomes):
    """ELIGIBLE if any is, else REVIEW if any is, else INELIGIBLE."""
    found = set(outcomes)
    return next((o for o in ("ELIGIBLE", "REVIEW") if o in found), "INELIGIBLE")


class Hire:
    """A contract with the renewals that follow it without a gap."""

    def __init__(self, contract):
        self.contracts = [contract]
        self.failures = []
        if contract.kind != "LABOUR_CONTRACT":
            self.failures.append("CONTRACT_KIND_NOT_COVERED")
        if contract.part_time:
            self.failures.append("PART_TIME")
        if not contract.at_least_one_year:
            self.failures.append("CONTRACT_TOO_SHORT")
        # Whether a renewal goes on with a hire of a time whose law is unknown is unknown too.
        self.qualifying = not self.failures and is_known(contract.start_on)

    @property
    def start_on(self):
        """The hire date."""
        return self.contracts[0].start_on

    def renewed_by(self, contract):
        """Whether a later contract continues this hire; its own length is not tested."""
        last_on = max(known.last_on for known in self.contracts)
        touches = last_on == date.max or contract.start_on <= last_on + ONE_DAY
        full_time = contract.kind == "LABOUR_CONTRACT" and not contract.part_time
        return self.qualifying and full_time and touches

    def in_force_in(self, month):
        """Whether a contract of the hire holds on at least one day of the month."""
        return any(contract.in_force_in(month) for contract in self.contracts)

    def signed_by(self, day):
        """Whether the first contract was signed by a day."""
        signed_on = self.contracts[0].signed_on
        return signed_on is not None and signed_on <= day


@dataclass(frozen=True)
class Status:
    """A person's category on a hire date; ``failure`` is None when all is met."""

    category: str
    failure: str


@dataclass(frozen=True)
class MonthResult:
    """One month of a check."""

    month: int
    reason: str
    hire: int = None

    @property
    def outcome(self):
        """The outcome of the month."""
        return outcome_of(self.reason)


@dataclass(frozen=True)
class Judgement:
    """What a check says of one worker at one employer."""

    category: str
    start_month: int
    months: list
    term_end: int = None


class Rules:
    """Judges months from facts; ``elsewhere`` arguments hold what the ledger has booked."""

    def __init__(self, facts):
        self.facts = facts
        self._hires = {}
        self._statuses = {}

    def hires(self, worker, employer):
        """Every hire of a worker at an employer, by hire date."""
        key = worker, employer
        if key not in self._hires:
            self._hires[key] = self._chain(self.facts.contracts.get(key, []))
        return self._hires[key]

    @staticmethod
    def _chain(contracts):
        hires, current = [], None
        for contract in sorted(contracts, key=lambda c: (c.start_on, c.contract_id)):
            if current is not None and current.renewed_by(contract):
                current.contracts.append(contract)
                continue
            hire = Hire(contract)
            hires.append(hire)
            if hire.qualifying:
                current = hire
        return hires

    def status(self, worker, start_on):
        """The category that a hire on a day rests on (fact book 2.2)."""
        key = worker, start_on
        if key not in self._statuses:
            self._statuses[key] = self._decide_status(worker, start_on)
        return self._statuses[key]

    def _decide_status(self, worker, start_on):
        found = [
            *(self._poverty(worker, category, start_on) for category in POVERTY),
            self._unemployed(worker, start_on),
        ]
        found = [status for status in found if status is not None]
        if not found:
            return Status(None, "NO_RECORD")
        for status in found:
            if status.failure is None:
                return status
        reviews = [status for status in found if status.failure in REVIEW_REASONS]
        return min(reviews or found, key=lambda status: PRECEDENCE[status.failure])

    def _poverty(self, worker, category, start_on):
        spans = [span for span in self.facts.poverty.get(worker, []) if span[0] == category]
        if not spans:
            return None
        covers = any(begin <= start_on and (end is None or start_on <= end) for _, begin, end in spans)
        if category == "POVERTY_MONITORED" and start_on < MONITORED_COVERED_FROM:
            covers = False
        return Status(category, None if covers else "CATEGORY_NOT_COVERED_AT_DATE")

    def _by_poverty(self, worker, start_on):
        found = [self._poverty(worker, category, start_on) for category in POVERTY]
        return any(status is not None and status.failure is None for status in found)

    def _unemployed(self, worker, start_on):
        spells = sorted(self.facts.spells.get(worker, []), key=lambda spell: spell[0])
        if not spells:
            return None
        spent_before = self._spells_spent_before(worker, spells, start_on)
        own = [spell for spell in spells if spent_before is None or spell[0] >= spent_before]
        failure = self._spell_failure(worker, own, start_on) if own else "NO_RECORD"
        return Status("REGISTERED_UNEMPLOYED", failure)

    def _spells_spent_before(self, worker, spells, start_on):
        """The latest earlier hire date that a spell already served, whatever the employer."""
        earlier = [
            hire.start_on
            for employer in self.facts.employers_of.get(worker, ())
            for hire in self.hires(worker, employer)
            if hire.qualifying and hire.start_on < start_on
        ]
        # A hire that rests on a poverty record uses no spell up.
        unsupported = [day for day in earlier if not self._by_poverty(worker, day)]
        served = [
            day
            for day in unsupported
            if any(holds(spell, day - ONE_DAY) and half_a_year(spell, day) for spell in spells)
        ]
        return max(served, default=None)

    def _spell_failure(self, worker, spells, start_on):
        eve = start_on - ONE_DAY
        current = [spell for spell in spells if holds(spell, eve)]
        if not current:
            ended = any(end is not None and end <= eve for _, end in spells)
            return "SPELL_BROKEN" if ended else "SPELL_TOO_SHORT"
        # Registers hold overlapping spells: one good one is enough.
        found = [self._failure_of_spell(worker, spell, start_on) for spell in current]
        return None if None in found else min(found, key=as_told)

    def _failure_of_spell(self, worker, spell, start_on):
        registered_on = spell[0]
        failures = []
        if not half_a_year(spell, start_on):
            failures.append("SPELL_TOO_SHORT")
        flexible = self.facts.flexible_from.get(worker, [])
        if any(registered_on <= day < start_on for day in flexible):
            failures.append("SPELL_BROKEN")
        if worker not in self.facts.noted:
            failures.append("CERTIFICATE_NOTE_MISSING")
        insured = self.facts.insured_months.get(worker, ())
        if any(first_day(m) >= registered_on and m < month_of(start_on) for m in insured):
            failures.append("CONFLICTING_EVIDENCE")
        return first_reason(failures) if failures else None

    def insured(self, worker, employer, month):
        """Whether this employer paid every required insurance for the month."""
        contribution = self.facts.contributions.get((worker, employer, month))
        return contribution is not None and contribution[0] >= REQUIRED_INSURANCES

    def back_paid(self, worker, employer, month):
        """Whether the month's insurance was paid after the end of the following month."""
        paid_on = self.facts.contributions[worker, employer, month][1]
        return paid_on > last_day(month + 1)

    def employer_failures(self, employer, month, hired_on=None):
        """What stands against a month or its employer. After the last day known, the law of the hire date goes on."""
        codes = []
        known = is_known(last_day(month))
        if not known and not (hired_on is not None and is_known(hired_on) and month_of(hired_on) <= month):
            codes.append("POLICY_NOT_ENCODED")
        if self.facts.profile(employer, last_day(month)).kind == "INDIVIDUAL_BUSINESS":
            codes.append("EMPLOYER_NOT_ENTERPRISE")
        return codes

    def identity_failure(self, worker, name):
        """NO_RECORD for an unknown identity, NOT_MATCHED for a known one with another name."""
        known = self.facts.names.get(worker)
        if known is None:
            return "NO_RECORD"
        return None if known == name else "NOT_MATCHED"

    def judge(self, worker, employer, from_month, through_month, elsewhere=frozenset(), assumed_after=None):
        """Judge every month asked for. Insurance of months after ``assumed_after`` is taken as paid."""
        return _Bench(self, worker, employer, elsewhere, assumed_after).judge(from_month, through_month)

    def check(self, worker, name, employer, from_month, through_month, elsewhere=frozenset()):
        """A whole check: the identity first, then the months."""
        failure = self.identity_failure(worker, name)
        if failure is None:
            return self.judge(worker, employer, from_month, through_month, elsewhere)
        months = []
        for month in range(from_month, through_month + 1):
            codes = [failure] + self.employer_failures(employer, month)
            months.append(MonthResult(month, first_reason(codes)))
        return Judgement(None, None, months)


def is_known(day):
    """Whether the law of a day is known."""
    return FIRST_HIRE_ON <= day <= LAST_HIRE_ON


def holds(spell, day):
    """Whether a spell is in force on a day; the day it ends is outside."""
    registered_on, ended_on = spell
    return registered_on <= day and (ended_on is None or ended_on > day)


def half_a_year(spell, start_on):
    """Whether six months from the registration have passed on the hire date; equality passes."""
    return add_months(spell[0], 6) <= start_on


class _Bench:
    """One worker at one employer, judged month by month from the first hire on."""

    def __init__(self, rules, worker, employer, elsewhere, assumed_after):
        self.rules, self.facts = rules, rules.facts
        self.worker, self.employer = worker, employer
        self.assumed_after = assumed_after
        self.hires = rules.hires(worker, employer)
        prior = self.facts.prior_uses.get(worker, {})
        self.blocked = set(elsewhere).union(*(used for code, used in prior.items() if code != employer))
        self.used = self.blocked | prior.get(employer, set())
        self.starts = [self._start_month(hire) for hire in self.hires]
        self.hire_failures = [self._hire_failures(*pair) for pair in zip(self.hires, self.starts, strict=True)]
        self.anchor_hire = next(
            (
                number
                for number, failures in enumerate(self.hire_failures)
                if self.starts[number] is not None
                and (not failures or outcome_of(first_reason(failures)) != "INELIGIBLE")
            ),
            None,
        )
        self.anchor = None
        if self.anchor_hire is not None:
            # Months enjoyed here before this system was kept are months of the same term.
            self.anchor = min({self.starts[self.anchor_hire], *prior.get(employer, set())})

    def judge(self, from_month, through_month):
        begin = min([from_month] + [month_of(hire.start_on) for hire in self.hires])
        months, counted = [], set()
        for month in range(begin, through_month + 1):
            reason, works, hire = self._best(month, counted)
            if works and outcome_of(reason) != "INELIGIBLE":
                counted.add(month)
            if month >= from_month:
                months.append(MonthResult(month, reason, hire))
        return Judgement(*self._told(months))

    def _told(self, months):
        """What is told beside the months is that of the best one's hire, the earliest where several are as good."""
        best = min(months, key=lambda month: (OUTCOMES.index(month.outcome), month.month))
        if best.hire is None:
            return None, None, months
        hire = self.hires[best.hire]
        category = None
        if hire.qualifying and is_known(hire.start_on):
            category = self.rules.status(self.worker, hire.start_on).category
        failures, start = self.hire_failures[best.hire], self.starts[best.hire]
        gives_no_right = failures and outcome_of(first_reason(failures)) == "INELIGIBLE"
        if "POLICY_NOT_ENCODED" in failures or gives_no_right or start is None or self.anchor > start:
            return category, None, months
        end = min([self.anchor, *self.blocked]) + TERM_MONTHS - 1
        return category, self.anchor, months, end

    def _insured(self, month):
        if self.assumed_after is not None and month > self.assumed_after:
            return True
        return self.rules.insured(self.worker, self.employer, month)

    def _back_paid(self, month):
        assumed = self.assumed_after is not None and month > self.assumed_after
        return not assumed and self.rules.back_paid(self.worker, self.employer, month)

    def _start_month(self, hire):
        last_on = max(contract.last_on for contract in hire.contracts)
        horizon = min(month_of(last_on), month_of(LAST_HIRE_ON) + TERM_MONTHS)
        for month in range(month_of(hire.start_on), horizon + 1):
            signed = hire.signed_by(last_day(month))
            # Which insurances are required is known where the law of the month or of the hire is.
            known = is_known(last_day(month)) or is_known(hire.start_on)
            if known and signed and hire.in_force_in(month) and self._insured(month):
                return month
        return None

    def _hire_failures(self, hire, start_month):
        failures = list(hire.failures)
        if not FIRST_HIRE_ON <= hire.start_on <= LAST_HIRE_ON:
            failures.append("POLICY_NOT_ENCODED")
        if start_month is not None and start_month > month_of(LAST_HIRE_ON):
            failures.append("POLICY_NOT_ENCODED")
        status = self.rules.status(self.worker, hire.start_on)
        if status.failure is not None:
            failures.append(status.failure)
        return failures

    def _hires_of(self, month):
        """The numbers of the hires that a month may be judged under; None alone without any contract."""
        numbers = range(len(self.hires))
        working = [n for n in numbers if self.hires[n].in_force_in(month)]
        begun = [n for n in numbers if self.hires[n].start_on <= last_day(month)]
        return working or begun[-1:] or list(numbers[:1]) or [None]

    def _best(self, month, counted):
        """The reason of a month, whether it was worked, and under which hire: the best outcome of several."""
        found = []
        for number in self._hires_of(month):
            codes, works = self._failures(month, counted, number)
            found.append((first_reason(codes or ["ALL_CONDITIONS_MET"]), works, number))
        return min(found, key=lambda it: as_told(it[0]))

    def _failures(self, month, counted, number):
        """Every failing code of a month under a hire, and whether it was worked, signed and insured."""
        hired_on = None if number is None else self.hires[number].start_on
        codes = self.rules.employer_failures(self.employer, month, hired_on)
        if self._other_relief(month):
            codes.append("OTHER_EMPLOYMENT_RELIEF_CLAIMED")
        if month in self.blocked:
            codes.append("MONTH_BOOKED_ELSEWHERE")
        if number is None:
            return codes + ["NOT_IN_FORCE"], False
        codes += self.hire_failures[number]
        hire = self.hires[number]
        if not hire.in_force_in(month) or not hire.signed_by(last_day(month)):
            return codes + ["NOT_IN_FORCE"], False
        if not self._insured(month):
            return codes + ["INSURANCE_NOT_PAID"], False
        start = self.starts[number]
        if start is None or month < start:
            return codes + ["NOT_IN_FORCE"], False
        return codes + self._term_failures(month, counted), True

    def _term_failures(self, month, counted):
        codes = []
        if self.anchor is not None and month > self.anchor + TERM_MONTHS - 1:
            codes.append("TERM_EXHAUSTED")
        used = (self.used | counted) - {month}
        within_calendar = month <= min(used | {month}) + TERM_MONTHS - 1
        within_count = len(used) < TERM_MONTHS
        if not within_calendar and not within_count:
            codes.append("TERM_EXHAUSTED")
        elif within_calendar != within_count:
            codes.append("TERM_COUNT_UNCONFIRMED")
        if self._back_paid(month):
            codes.append("BACK_PAID_INSURANCE")
        return codes

    def _other_relief(self, month):
        return any(
            code in ("VETERAN", "OTHER_EMPLOYMENT_TAX") and begin <= month and (end is None or month <= end)
            for code, begin, end in self.facts.reliefs.get((self.worker, self.employer), [])
        )
