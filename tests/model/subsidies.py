"""Measures 3, 4, 5 and 7, written from the fact book (sections 1 and 6) for one law case at a time."""

from datetime import date, timedelta
from decimal import Decimal

from calendar_math import ONE_DAY, add_months, first_day, last_day, month_of, parse_month
from text import day, month_text, overall, parse_insurance, runs, span, yuan

TRIAL_FIRST, TRIAL_LAST = date(2022, 7, 4), date(2023, 7, 3)
MONTH_YUAN = {"EMPLOYER_INSURANCE": 300, "POST": 100, "FLEXIBLE_INSURANCE": 300}
MOST_MONTHS = 12
HOUR_YUAN, PERSON_YUAN = 20, 500
ALL_FIVE = {"PENSION", "MEDICAL", "WORK_INJURY", "UNEMPLOYMENT", "MATERNITY"}
REQUIRED = {"EMPLOYER_INSURANCE": ALL_FIVE, "POST": ALL_FIVE, "FLEXIBLE_INSURANCE": {"PENSION", "MEDICAL"}}
FILED = {
    "EMPLOYER_INSURANCE": "LABOUR_CONTRACT",
    "POST": "LABOUR_CONTRACT",
    "FLEXIBLE_INSURANCE": "SERVICE",
    "TRAINING": "TRAINING_PLAN",
}
OUTCOMES = {
    "ALL_CONDITIONS_MET": "ELIGIBLE",
    "POLICY_NOT_ENCODED": "REVIEW",
    "NOT_MATCHED": "REVIEW",
    "NO_RECORD": "REVIEW",
    "INDIVIDUAL_BUSINESS_UNCONFIRMED": "REVIEW",
    "FILING_DATE_MISSING": "REVIEW",
}
# Which of several reasons is told, where one month lies under several contracts.
ORDER = (
    "POLICY_NOT_ENCODED",
    "EMPLOYER_KIND_NOT_COVERED",
    "NOT_MATCHED",
    "CONTRACT_KIND_NOT_COVERED",
    "CONTRACT_TOO_SHORT",
    "OUTSIDE_TRIAL_PERIOD",
    "NO_RECORD",
    "DEPENDENT_CHILD_ENDED",
    "NOT_IN_FORCE",
    "INSURANCE_NOT_PAID",
    "ALL_CONDITIONS_MET",
    "POST_NOT_FILED",
    "FILING_KIND_MISMATCH",
    "FILING_NOT_ACCEPTED",
    "FILING_DATE_MISSING",
    "FLEXIBLE_REGISTRATION_MISSING",
    "LATE_INSURANCE_NOT_COUNTED",
    "MONTH_CLAIMED_ELSEWHERE",
    "OTHER_SUBSIDY_CLAIMED",
    "SUBSIDY_MONTHS_EXHAUSTED",
)
OUTCOME_ORDER = ("ELIGIBLE", "REVIEW", "INELIGIBLE")


def outcome_of(reason):
    """The outcome that a reason stands for."""
    return OUTCOMES.get(reason, "INELIGIBLE")


def rank(reason):
    """Smaller is told before larger."""
    return OUTCOME_ORDER.index(outcome_of(reason)), ORDER.index(reason)


class Contract:
    """One agreement as a case tells it."""

    def __init__(self, number, given):
        self.key = f"C{number}"
        self.employer = given.get("employer", "us")
        self.kind = given.get("kind", "LABOUR_CONTRACT")
        self.start = day(given["start"])
        self.signed = day(given.get("signed")) or self.start
        self.agreed = day(given.get("end"))
        ends = [end for end in (self.agreed, day(given.get("terminated"))) if end]
        self.last = min(ends, default=date.max)
        self.filing = given.get("filing")

    def touches(self, month):
        """In force on a day of the month."""
        return self.start <= self.last and self.start <= last_day(month) and self.last >= first_day(month)


class Work:
    """A first contract and what renews it."""

    def __init__(self, first, against):
        self.contracts, self.against = [first], against
        self.until = first.last

    def renewed_by(self, contract, kind):
        """A contract of the kind that leaves no day between."""
        gapless = self.until == date.max or contract.start <= self.until + ONE_DAY
        return self.against is None and contract.kind == kind and gapless


class Situation:
    """One case, ready to be judged."""

    def __init__(self, given, ask):
        self.given, self.subsidy = given, ask["subsidy"]
        self.child = day(given.get("child_until"))
        self.filings = {f["id"]: f for f in given.get("filings", []) if f.get("employer", "us") == "us"}
        self.contracts = [Contract(n, c) for n, c in enumerate(given.get("contracts", []))]
        self.paid = {}
        for line in given.get("insurance", []):
            first, last, paid_on, payer, what = parse_insurance(line)
            for month in range(first, last + 1):
                self.paid[payer, month] = what, paid_on or last_day(month)
        self.claims = []
        for claim in given.get("claimed", []):
            first, last = span(claim["months"])
            self.claims += [
                (claim["subsidy"], month, claim["employer"], Decimal(claim.get("yuan", "0")))
                for month in range(first, last + 1)
            ]
        self.booked = set()
        for booked in given.get("booked", []):
            first, last = span(booked["months"])
            self.booked |= set(range(first, last + 1))

    def employer_reason(self, month):
        """What stands against the employer or the month itself."""
        if last_day(month) < TRIAL_FIRST:
            return "POLICY_NOT_ENCODED"
        kind = self.given["employer"]
        if kind == "DISPATCH_AGENCY" and self.subsidy in ("EMPLOYER_INSURANCE", "POST"):
            return "EMPLOYER_KIND_NOT_COVERED"
        if kind == "INDIVIDUAL_BUSINESS" and self.subsidy == "TRAINING":
            return "INDIVIDUAL_BUSINESS_UNCONFIRMED"
        return None

    # Months.

    def work(self):
        """The person's engagements here, by hire date."""
        kind = "SERVICE_AGREEMENT" if self.subsidy == "FLEXIBLE_INSURANCE" else "LABOUR_CONTRACT"
        chains = []
        here = [c for c in self.contracts if c.employer == "us"]
        for contract in sorted(here, key=lambda c: (c.start, c.key)):
            renewed = next((w for w in reversed(chains) if w.renewed_by(contract, kind)), None)
            if renewed:
                renewed.contracts.append(contract)
                renewed.until = max(renewed.until, contract.last)
                continue
            against = None
            if contract.kind != kind:
                against = "CONTRACT_KIND_NOT_COVERED"
            elif contract.start >= TRIAL_FIRST and contract.agreed:
                if contract.agreed < add_months(contract.start, 12) - ONE_DAY:
                    against = "CONTRACT_TOO_SHORT"
            chains.append(Work(contract, against))
        return chains

    def filing_reason(self, filing_id, month, wanted):
        """What stands against a filing in a month."""
        filing = self.filings.get(filing_id)
        if filing is None:
            return "POST_NOT_FILED"
        if filing["kind"] != wanted:
            return "FILING_KIND_MISMATCH"
        accepted, revoked = day(filing.get("accepted")), day(filing.get("revoked"))
        end = last_day(month)
        if accepted is None or accepted > end or (revoked and revoked <= end):
            return "FILING_NOT_ACCEPTED"
        submitted = day(filing.get("submitted"))
        if submitted is None:
            return "FILING_DATE_MISSING"
        return None if TRIAL_FIRST <= submitted <= TRIAL_LAST else "OUTSIDE_TRIAL_PERIOD"

    def month_reason(self, work, month):
        """What stands against a month under an engagement, before months are counted."""
        against = self.employer_reason(month)
        if against == "POLICY_NOT_ENCODED":
            return against
        if work is None:
            return against or "NOT_IN_FORCE"
        if against or work.against:
            return against or work.against
        hired = work.contracts[0].start
        if not TRIAL_FIRST <= hired <= TRIAL_LAST:
            return "OUTSIDE_TRIAL_PERIOD"
        if self.child is None:
            return "NO_RECORD"
        if self.child < hired:
            return "DEPENDENT_CHILD_ENDED"
        here = [c for c in work.contracts if c.touches(month)]
        if not here or month < month_of(work.contracts[0].signed):
            return "NOT_IN_FORCE"
        payer = "worker" if self.subsidy == "FLEXIBLE_INSURANCE" else "us"
        what, paid_on = self.paid.get((payer, month), (set(), None))
        if not what >= REQUIRED[self.subsidy]:
            return "INSURANCE_NOT_PAID"
        found = [self.filing_reason(c.filing, month, FILED[self.subsidy]) for c in here]
        if all(found):
            named = [reason for reason in found if reason != "POST_NOT_FILED"]
            return min(named, key=rank) if named else "POST_NOT_FILED"
        if self.subsidy == "FLEXIBLE_INSURANCE" and not any(
            day(f["from"]) <= last_day(month) and (day(f.get("to")) or date.max) >= first_day(month)
            for f in self.given.get("flexible", [])
        ):
            return "FLEXIBLE_REGISTRATION_MISSING"
        if paid_on > last_day(month + 1):
            return "LATE_INSURANCE_NOT_COUNTED"
        return self.claim_reason(month)

    def claim_reason(self, month):
        """What another claim or subsidy takes."""
        others = [claim for claim in self.claims if claim[1] == month]
        if any(kind == self.subsidy and employer != "us" for kind, _, employer, _ in others):
            return "MONTH_CLAIMED_ELSEWHERE"
        kinds = {kind for kind, _, _, _ in others}
        pair = {"EMPLOYER_INSURANCE": "FLEXIBLE_INSURANCE", "FLEXIBLE_INSURANCE": "EMPLOYER_INSURANCE"}
        if pair.get(self.subsidy) in kinds:
            return "OTHER_SUBSIDY_CLAIMED"
        if self.subsidy != "POST":
            for other in self.given.get("other_insurance_subsidy", []):
                until = parse_month(other["to"]) if other.get("to") else month
                if parse_month(other["from"]) <= month <= until:
                    return "OTHER_SUBSIDY_CLAIMED"
        return None

    def judge(self, first, last):
        """The reason of every month."""
        chains = self.work()
        begin = min([first] + [month_of(w.contracts[0].start) for w in chains])
        claimed = {month for kind, month, _, _ in self.claims if kind == self.subsidy}
        counted, reasons = set(), []
        for month in range(begin, last + 1):
            here = [w for w in chains if any(c.touches(month) for c in w.contracts)]
            if not here:
                begun = [w for w in chains if month_of(w.contracts[0].start) <= month]
                here = begun[-1:] or chains[:1] or [None]
            full = month not in claimed and len(claimed | counted) >= MOST_MONTHS
            found = []
            for work in here:
                reason = self.month_reason(work, month)
                if reason is None:
                    reason = "SUBSIDY_MONTHS_EXHAUSTED" if full else "ALL_CONDITIONS_MET"
                found.append(reason)
            reason = min(found, key=rank)
            if reason == "ALL_CONDITIONS_MET":
                counted.add(month)
            if month >= first:
                reasons.append((month, reason))
        return reasons

    def both(self, month):
        """Whether facts carry measures 3 and 5 alike and nobody has claimed yet."""
        if any(kind == self.subsidy and at == month for kind, at, _, _ in self.claims):
            return False
        if self.subsidy == "EMPLOYER_INSURANCE":
            return self.supported(month, "SERVICE_AGREEMENT", lambda c: "worker", REQUIRED["FLEXIBLE_INSURANCE"])
        if self.subsidy == "FLEXIBLE_INSURANCE":
            return self.supported(month, "LABOUR_CONTRACT", lambda c: c.employer, ALL_FIVE)
        return False

    def supported(self, month, kind, payer, wanted):
        """A contract of a kind whose insurance was paid for the month."""
        return any(
            month_of(c.start) <= month
            and c.last >= first_day(month)
            and self.paid.get((payer(c), month), (set(), None))[0] >= wanted
            for c in self.contracts
            if c.kind == kind
        )

    # Training.

    def trainings(self):
        """Plan, reason and yuan of every training here, by completion."""
        left = PERSON_YUAN - sum(
            yuan_claimed
            for kind, _, employer, yuan_claimed in self.claims
            if kind == "TRAINING" and employer != "us"
        )
        here = [t for t in self.given.get("trainings", []) if t.get("employer", "us") == "us"]
        for training in sorted(here, key=lambda t: (day(t.get("completed")) or date.max, t["plan"])):
            reason = self.training_reason(training)
            amount = Decimal(0)
            if reason is None:
                amount = max(Decimal(0), min(Decimal(HOUR_YUAN * training["hours"]), left))
                left -= amount
                reason = "ALL_CONDITIONS_MET" if amount else "TRAINING_MOST_REACHED"
            yield training["plan"], reason, amount

    def training_reason(self, training):
        """What stands against a training, the most apart."""
        completed = day(training.get("completed"))
        if completed is None:
            return "TRAINING_NOT_COMPLETED"
        if completed < TRIAL_FIRST:
            return "POLICY_NOT_ENCODED"
        month = month_of(completed)
        against = self.employer_reason(month)
        filed = self.filing_reason(training["plan"], month, "TRAINING_PLAN")
        if filed:
            return "TRAINING_PLAN_NOT_FILED" if filed == "POST_NOT_FILED" else filed
        if not training.get("standard_met", True):
            return "TRAINING_STANDARD_NOT_MET"
        if self.child is None:
            return "NO_RECORD"
        if self.child < completed:
            return "DEPENDENT_CHILD_ENDED"
        return against


def expect(given, ask):
    """What a case of the folder `subsidies` expects."""
    situation = Situation(given, ask)
    person = given.get("person", "KNOWN")
    if ask["subsidy"] == "TRAINING":
        if person != "KNOWN":
            return {"outcome": "REVIEW", "total_yuan": "0.00"}
        found = list(situation.trainings())
        outcome = overall([outcome_of(reason) for _, reason, _ in found])
        told = [{"plan": plan, "reason": reason, "yuan": yuan(amount)} for plan, reason, amount in found]
        return {"outcome": outcome, "trainings": told, "total_yuan": yuan(sum(a for _, _, a in found))}
    first, last = span(ask["months"])
    if person == "KNOWN":
        reasons = situation.judge(first, last)
    else:
        unknown = "NO_RECORD" if person == "UNKNOWN" else "NOT_MATCHED"
        reasons = []
        for month in range(first, last + 1):
            against = situation.employer_reason(month)
            told = min((r for r in (against, unknown) if r), key=ORDER.index)
            reasons.append((month, told))
    counted = [month for month, reason in reasons if reason == "ALL_CONDITIONS_MET"]
    told = {
        "outcome": overall([outcome_of(reason) for _, reason in reasons]),
        "months": [f"{months} {outcome_of(reason)} {reason}" for months, reason in runs(reasons)],
        "total_yuan": yuan(Decimal(MONTH_YUAN[ask["subsidy"]] * len(counted))),
    }
    if person == "KNOWN" and any(situation.both(month) for month in counted):
        told["caveats"] = ["FIRST_CLAIM_WINS"]
    return told


def random_case(chance):
    """A situation near the edges of the rules."""
    subsidy = chance.choice(["EMPLOYER_INSURANCE", "POST", "FLEXIBLE_INSURANCE", "TRAINING"])
    edges = [TRIAL_FIRST, TRIAL_LAST, date(2022, 9, 1), date(2022, 12, 31), date(2023, 3, 31)]

    def near():
        anchor = chance.choice(edges) + timedelta(days=chance.choice([-32, -1, 0, 0, 1, 14, 29]))
        return anchor.isoformat()

    given = {"employer": chance.choice(["COMPANY"] * 5 + ["INDIVIDUAL_BUSINESS", "DISPATCH_AGENCY", "PARTNERSHIP"])}
    if chance.random() < 0.05:
        given["person"] = chance.choice(["UNKNOWN", "NOT_MATCHED"])
    if chance.random() < 0.93:
        given["child_until"] = near() if chance.random() < 0.3 else "2031-05-31"
    filings = []
    for number in range(chance.randint(1, 2)):
        filing = {"id": f"F{number + 1}", "kind": FILED[subsidy]}
        if chance.random() < 0.1:
            filing["kind"] = chance.choice(["LABOUR_CONTRACT", "SERVICE", "TRAINING_PLAN"])
        if chance.random() < 0.06:
            filing["employer"] = "A"
        if chance.random() < 0.95:
            filing["submitted"] = near() if chance.random() < 0.4 else "2022-07-10"
        if chance.random() < 0.95:
            filing["accepted"] = near() if chance.random() < 0.4 else "2022-07-15"
        if chance.random() < 0.1:
            filing["revoked"] = near()
        filings.append(filing)
    given["filings"] = filings
    if subsidy == "TRAINING":
        random_training(chance, given, near)
        return {"given": given, "ask": {"subsidy": subsidy}}
    random_work(chance, given, near, subsidy)
    first = month_of(date(2022, 6, 1)) + chance.randint(0, 18)
    last = first + chance.randint(0, 18)
    return {"given": given, "ask": {"subsidy": subsidy, "months": f"{month_text(first)}..{month_text(last)}"}}


def random_training(chance, given, near):
    """Trainings and what others were paid."""
    given["trainings"] = []
    for number in range(chance.randint(0, 3)):
        training = {"plan": f"F{number + 1}", "hours": chance.choice([1, 10, 24, 25, 26, 60])}
        if chance.random() < 0.95:
            training["completed"] = near()
        if chance.random() < 0.1:
            training["standard_met"] = False
        if chance.random() < 0.1:
            training["employer"] = "A"
        given["trainings"].append(training)
    if chance.random() < 0.4:
        paid = chance.choice(["0.01", "200.00", "499.99", "500.00"])
        who = chance.choice(["us", "A", "B"])
        given["claimed"] = [{"subsidy": "TRAINING", "employer": who, "months": "2022-08", "yuan": paid}]


def random_work(chance, given, near, subsidy):
    """Contracts, insurance, registration, claims and other benefits."""
    usual = "SERVICE_AGREEMENT" if subsidy == "FLEXIBLE_INSURANCE" else "LABOUR_CONTRACT"
    contracts = []
    for _ in range(chance.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        start = date.fromisoformat(near())
        contract = {"start": start.isoformat()}
        if chance.random() < 0.15:
            contract["employer"] = "A"
        contract["kind"] = usual
        if chance.random() < 0.2:
            contract["kind"] = chance.choice(["LABOUR_CONTRACT", "SERVICE_AGREEMENT"])
        length = chance.choice([None, 12, 12, 12, 24, 6])
        if length:
            end = add_months(start, length) - ONE_DAY * chance.choice([1, 1, 1, 2, 0])
            contract["end"] = end.isoformat()
            if chance.random() < 0.3:
                follow = end + ONE_DAY * chance.choice([1, 1, 2])
                contracts.append({"start": follow.isoformat(), "kind": contract["kind"], "filing": "F1"})
        if chance.random() < 0.15:
            contract["terminated"] = (start + timedelta(days=chance.choice([-1, 0, 30, 200]))).isoformat()
        if chance.random() < 0.1:
            contract["signed"] = near()
        if chance.random() < 0.93:
            contract["filing"] = chance.choice(["F1", "F1", "F2", "F9"])
        contracts.append(contract)
    given["contracts"] = contracts
    payers = {"us": "", "A": " by A", "worker": " by the worker"}
    main = "worker" if subsidy == "FLEXIBLE_INSURANCE" else "us"
    lines = []
    first = month_of(date(2022, 6, 1))
    lines.append(f"{month_text(first)}..{month_text(first + chance.randint(3, 24))} in time{payers[main]}")
    for _ in range(chance.randint(0, 3)):
        month = first + chance.randint(0, 16)
        when = "in time"
        if chance.random() < 0.6:
            late = last_day(month + 1) + ONE_DAY * chance.choice([-30, 0, 1, 60])
            when = f"paid {late.isoformat()}"
        line = f"{month_text(month)} {when}{payers[chance.choice(list(payers))]}"
        if chance.random() < 0.4:
            line += " only " + chance.choice(["PENSION", "PENSION MEDICAL", "PENSION MEDICAL UNEMPLOYMENT WORK_INJURY"])
        lines.append(line)
    given["insurance"] = lines
    if chance.random() < 0.9:
        registration = {"from": near() if chance.random() < 0.4 else "2022-06-01"}
        if chance.random() < 0.3:
            registration["to"] = (date.fromisoformat(registration["from"]) + timedelta(days=120)).isoformat()
        given["flexible"] = [registration]
    taken, claims = set(), []
    for _ in range(chance.choice([0, 0, 0, 1, 2])):
        kind = chance.choice([subsidy, "EMPLOYER_INSURANCE", "POST", "FLEXIBLE_INSURANCE"])
        begin = first + chance.randint(0, 14)
        months = range(begin, begin + chance.choice([1, 2, 5, 12]))
        if taken & {(kind, month) for month in months}:
            continue
        taken |= {(kind, month) for month in months}
        who = chance.choice(["us", "A", "B"])
        claims.append({"subsidy": kind, "employer": who, "months": f"{month_text(begin)}..{month_text(months[-1])}"})
    given["claimed"] = claims
    if chance.random() < 0.2:
        given["booked"] = [{"employer": chance.choice(["us", "A"]), "months": "2022-09..2022-12"}]
    if chance.random() < 0.15:
        other = {"from": month_text(first + chance.randint(0, 10))}
        if chance.random() < 0.7:
            other["to"] = month_text(parse_month(other["from"]) + chance.randint(0, 4))
        given["other_insurance_subsidy"] = [other]
