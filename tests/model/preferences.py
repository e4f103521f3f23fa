"""Measure 10, written from the fact book (section 5) for one law case at a time. Amounts are whole fen."""

from decimal import Decimal

from calendar_math import parse_period
from sales import percent, rounded
from sales import expect as vat_expect
from text import fen, yuan

INCOME, STAFF, ASSETS = 300_000_000, 300, 5_000_000_000
MET = ["ALL_CONDITIONS_MET"]


def answer(outcome, amount, *reasons):
    """One item's answer as a case writes it."""
    return {"outcome": outcome, "yuan": yuan(Decimal(amount) / 100), "reasons": list(reasons)}


def last_month(ask):
    """Year and month on which rules are looked up, or None without a period."""
    if "period" not in ask:
        return None
    year, end, _ = parse_period(ask["period"])
    return year, end % 12 + 1


def income_tax(ask):
    """小型微利."""
    year = ask["year"]
    if ask.get("employer") in ("SOLE_PROPRIETORSHIP", "PARTNERSHIP", "INDIVIDUAL_BUSINESS") and 2019 <= year <= 2027:
        return answer("INELIGIBLE", 0, "NO_ENTERPRISE_INCOME_TAX")
    if not 2022 <= year <= 2027:
        return answer("REVIEW", 0, "POLICY_NOT_ENCODED")
    if "income_yuan" not in ask:
        return answer("REVIEW", 0, "FIGURE_MISSING")
    income = fen(ask["income_yuan"])
    failed = []
    if income > INCOME:
        failed.append("INCOME_ABOVE_LIMIT")
    if ask.get("staff", 0) > STAFF:
        failed.append("STAFF_ABOVE_LIMIT")
    if fen(ask.get("assets_yuan", "0")) > ASSETS:
        failed.append("ASSETS_ABOVE_LIMIT")
    if ask.get("restricted"):
        failed.append("RESTRICTED_INDUSTRY")
    if failed:
        return answer("INELIGIBLE", percent(income, 25), *failed)
    if "staff" not in ask or "assets_yuan" not in ask:
        return answer("REVIEW", 0, "FIGURE_MISSING")
    low = min(income, 100_000_000) if year == 2022 else 0
    tax = rounded(Decimal(low) * Decimal("0.025") + Decimal(income - low) * Decimal("0.05"))
    return answer("ELIGIBLE", tax, *MET)


def half_rate(ask, small_profit):
    """六税两费, of a sum of dues that was told."""
    if not 2022 <= ask["year"] <= 2027:
        return answer("REVIEW", 0, "POLICY_NOT_ENCODED")
    if "surcharges_due_yuan" not in ask:
        return None
    left = max(0, fen(ask["surcharges_due_yuan"]) - fen(ask.get("relieved_yuan", "0")))
    small = ask.get("payer") == "SMALL_SCALE" or ask.get("employer") == "INDIVIDUAL_BUSINESS"
    if small or small_profit == "ELIGIBLE":
        return answer("ELIGIBLE", rounded(Decimal(left) / 2), *MET)
    if small_profit == "REVIEW":
        return answer("REVIEW", 0, "FIGURE_MISSING")
    return answer("INELIGIBLE", left, "NOT_HALF_RATE_PAYER")


def refund(ask):
    """留抵退税 by the rule of the day."""
    kind = ask.get("refund_class")
    if kind is None:
        return answer("REVIEW", 0, "FIGURE_MISSING")
    at = last_month(ask)
    if at is None:
        if ask["year"] in (2022, 2025):
            return answer("REVIEW", 0, "FIGURE_MISSING")
        at = ask["year"], 12
    if not (2022, 4) <= at <= (2027, 12):
        return answer("REVIEW", 0, "POLICY_NOT_ENCODED")
    before = at <= (2025, 8)
    whole = kind == "NAMED_INDUSTRY" or (kind == "SMALL_OR_MICRO" and before)
    if "input_ratio_bp" not in ask:
        return answer("REVIEW", 0, "FIGURE_MISSING")
    if whole:
        if "credit_yuan" not in ask:
            return answer("REVIEW", 0, "FIGURE_MISSING")
        parts = Decimal(fen(ask["credit_yuan"]))
    else:
        if "increment_yuan" not in ask or "credit_months" not in ask:
            return answer("REVIEW", 0, "FIGURE_MISSING")
        grown = fen(ask["increment_yuan"])
        refused = None
        if ask["credit_months"] < 6:
            refused = "CREDIT_NOT_LASTING"
        elif grown < 50_000_000:
            refused = "CREDIT_INCREMENT_TOO_SMALL"
        if refused:
            if at > (2025, 12):
                return answer("REVIEW", 0, "REFUND_RULE_UNCONFIRMED")
            return answer("INELIGIBLE", 0, refused)
        above = 0 if before or kind == "REAL_ESTATE" else max(0, grown - 10_000_000_000)
        parts = (grown - above) * Decimal("0.6") + above * Decimal("0.3")
    if at > (2025, 12):
        return answer("REVIEW", 0, "REFUND_RULE_UNCONFIRMED")
    return answer("ELIGIBLE", rounded(parts * ask["input_ratio_bp"] / 10_000), *MET)


def small_scale(ask):
    """VAT of small-scale taxpayers' sales."""
    if ask.get("payer") == "GENERAL":
        return answer("INELIGIBLE", 0, "NOT_SMALL_SCALE")
    if "payer" not in ask or "sales_yuan" not in ask or ("period" not in ask and "cycle" not in ask):
        return answer("REVIEW", 0, "FIGURE_MISSING")
    at = last_month(ask)
    if at is None:
        if ask["year"] in (2021, 2022):
            return answer("REVIEW", 0, "FIGURE_MISSING")
        at = ask["year"], 12
    quarterly = "Q" in ask["period"] if "period" in ask else ask["cycle"] == "QUARTERLY"
    day = f"{at[0]}-{at[1]:02}-28"
    told = vat_expect(
        {
            "seller": "QUARTERLY_FILER" if quarterly else "MONTHLY_FILER",
            "date": day,
            "amount_yuan": ask["sales_yuan"],
        }
    )
    outcome = {"EXEMPT": "ELIGIBLE", "TAXABLE": "INELIGIBLE", "REVIEW": "REVIEW"}[told["outcome"]]
    return {"outcome": outcome, "yuan": told["vat_yuan"], "reasons": told["reasons"]}


def expect(ask):
    """What a case of the folder `measure10` expects."""
    tax = income_tax(ask)
    told = {"vat": small_scale(ask), "income_tax": tax, "refund": refund(ask)}
    half = half_rate(ask, tax["outcome"])
    if half:
        told["half_rate"] = half
    return told


def random_case(chance):
    """Figures near the limits, some of them left out."""

    def near(*limits):
        amount = chance.choice(limits) + chance.choice([-1, 0, 0, 1, 100])
        return max(0, amount if chance.random() < 0.7 else chance.randint(0, 2 * max(limits)))

    def money(*limits):
        return yuan(Decimal(near(*limits)) / 100)

    year = chance.choice([2021, 2022, 2022, 2023, 2024, 2025, 2025, 2026, 2027, 2028])
    ask = {"year": year}
    if chance.random() < 0.7:
        ask["period"] = (
            f"{year}-Q{chance.randint(1, 4)}" if chance.random() < 0.4 else f"{year}-{chance.choice([3, 4, 8, 9, 12]):02}"
        )
    else:
        ask["cycle"] = chance.choice(["MONTHLY", "QUARTERLY"])
    figures = {
        "employer": lambda: chance.choice(["COMPANY", "COMPANY", "PARTNERSHIP", "INDIVIDUAL_BUSINESS"]),
        "income_yuan": lambda: money(100_000_000, INCOME, 10),
        "staff": lambda: chance.choice([0, 299, 300, 301]),
        "assets_yuan": lambda: money(ASSETS),
        "payer": lambda: chance.choice(["GENERAL", "SMALL_SCALE"]),
        "sales_yuan": lambda: money(10_000_000, 15_000_000, 30_000_000, 45_000_000),
        "surcharges_due_yuan": lambda: money(1, 30_800),
        "credit_yuan": lambda: money(1, 100_000_000),
        "increment_yuan": lambda: money(50_000_000, 10_000_000_000),
        "credit_months": lambda: chance.choice([5, 6, 7]),
        "input_ratio_bp": lambda: chance.choice([0, 3333, 8000, 10_000]),
        "refund_class": lambda: chance.choice(["SMALL_OR_MICRO", "NAMED_INDUSTRY", "REAL_ESTATE", "OTHER"]),
    }
    for name, make in figures.items():
        if chance.random() < 0.85:
            ask[name] = make()
    if chance.random() < 0.1:
        ask["restricted"] = True
    if chance.random() < 0.3:
        ask["relieved_yuan"] = money(1, 15_000)
    return {"ask": ask}
