"""What is deducted: the allocation of a period, postings and settlements (fact book 2.5)."""

from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction

from calendar_math import half_up, last_day, parse_period
from rules import MONTH_QUOTA_FEN

EXEMPT_MONTH_SALES_FEN = 10_000_000
TAXES = ("VAT", "UMCT", "EDU", "LEDU")
SURCHARGE_BP = {"EDU": 300, "LEDU": 200}
WITHOUT_INCOME_TAX = {"SOLE_PROPRIETORSHIP", "PARTNERSHIP"}


def allocate(available_fen, vat_fen, umct_rate_bp, half_rate, surcharges_due=True):
    """Spread what is available over the taxes of a period (fact book 2.5)."""
    rates = {"VAT": 10_000, "UMCT": umct_rate_bp, **SURCHARGE_BP}
    lines = []
    for tax in TAXES:
        due = half_up(Fraction(vat_fen * rates[tax], 10_000))
        if tax in SURCHARGE_BP and not surcharges_due:
            due = 0
        deducted = min(available_fen, due)
        available_fen -= deducted
        rest = due - deducted
        paid = half_up(Fraction(rest, 2)) if half_rate and tax != "VAT" else rest
        lines.append(
            {
                "tax": tax,
                "due_fen": due,
                "deducted_fen": deducted,
                "halved_fen": rest - paid,
                "paid_fen": paid,
            }
        )
    return lines


class Ledger:
    """Plays declarations and settlements in the order given."""

    def __init__(self, rules):
        self.rules, self.facts = rules, rules.facts
        self.booked = defaultdict(dict)
        self.deducted = defaultdict(Counter)

    def _elsewhere(self, worker, employer):
        return {month for month, holder in self.booked[worker].items() if holder != employer}

    def _own(self, employer, year):
        return sum(
            1
            for worker in self.facts.workers_of.get(employer, ())
            for month, holder in self.booked[worker].items()
            if holder == employer and month // 12 == year
        )

    def book(self, employer, year, through_month):
        """Book every eligible month of the year to a month; returns the months booked in the year."""
        for worker in self.facts.workers_of.get(employer, ()):
            elsewhere = self._elsewhere(worker, employer)
            judged = self.rules.judge(worker, employer, year * 12, through_month, elsewhere)
            for result in judged.months:
                if result.outcome == "ELIGIBLE":
                    self.booked[worker][result.month] = employer
                elif self.booked[worker].get(result.month) == employer:
                    del self.booked[worker][result.month]
        return self._own(employer, year)

    def expected(self, employer, year, after_month):
        """Months expected from after a month to 31 December, insurance taken as paid."""
        count = 0
        for worker in self.facts.workers_of.get(employer, ()):
            elsewhere = self._elsewhere(worker, employer)
            judged = self.rules.judge(worker, employer, year * 12, year * 12 + 11, elsewhere, assumed_after=after_month)
            count += sum(r.month > after_month and r.outcome == "ELIGIBLE" for r in judged.months)
        return count

    def post(self, employer, period, vat_fen, sales_fen, release):
        """Post one declaration and return what was worked out."""
        year, end, length = parse_period(period)
        profile = self.facts.profile(employer, last_day(end))
        months = self.book(employer, year, end)
        released = months * MONTH_QUOTA_FEN
        if release == "ANNUAL_PROJECTED":
            released += self.expected(employer, year, end) * MONTH_QUOTA_FEN
        used = self.deducted[employer, year]
        available = max(0, released - used.total())
        due = sales_fen is None or sales_fen > EXEMPT_MONTH_SALES_FEN * length
        lines = allocate(available, vat_fen, profile.umct_rate_bp, profile.half_rate, due)
        for line in lines:
            used[line["tax"]] += line["deducted_fen"]
        return {
            "employer_code": employer,
            "period": period,
            "release": release,
            "months_booked": months,
            "accrued_fen": months * MONTH_QUOTA_FEN,
            "released_fen": released,
            "available_fen": available,
            "remaining_fen": max(0, released - used.total()),
            "lines": lines,
        }

    def settle(self, employer, year, cit_payable_fen):
        """Settle a year and return the employer's figures."""
        profile = self.facts.profile(employer, date(year, 12, 31))
        if profile.kind in WITHOUT_INCOME_TAX and cit_payable_fen > 0:
            raise ValueError(f"{employer}: no enterprise income tax is due from a {profile.kind}")
        months = self.book(employer, year, year * 12 + 11)
        total = months * MONTH_QUOTA_FEN
        used = self.deducted[employer, year].total()
        cit = min(max(0, total - used), cit_payable_fen)
        return {
            "employer_code": employer,
            "tax_year": year,
            "months_booked": months,
            "entitled_fen": total,
            "deducted_fen": {tax: self.deducted[employer, year][tax] for tax in TAXES},
            "cit_payable_fen": cit_payable_fen,
            "cit_fen": cit,
            "forfeited_fen": max(0, total - used - cit),
            "over_deducted_fen": max(0, used - total),
        }
