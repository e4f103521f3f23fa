"""Measure 9, written from the fact book (section 4) for one law case at a time. Amounts are whole fen."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from text import day, fen, yuan

REGIMES = (
    # first day, last day, name, month limit, quarter limit, day limit, limit included
    (date(2021, 4, 1), date(2022, 3, 31), "R0", 15_000_000, 45_000_000, 50_000, True),
    (date(2022, 4, 1), date(2022, 12, 31), "R1", None, None, None, True),
    (date(2023, 1, 1), date(2025, 12, 31), "R2", 10_000_000, 30_000_000, 50_000, True),
    (date(2026, 1, 1), date(2027, 12, 31), "R3", 10_000_000, 30_000_000, 100_000, False),
)
WITHHELD_FROM = date(2026, 11, 1)
HALVED_FROM, HALVED_TO = date(2022, 1, 1), date(2027, 12, 31)
EDU_FREE_MONTH, EDU_FREE_QUARTER = 10_000_000, 30_000_000


def rounded(amount):
    """Whole fen, half up."""
    return int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP))


def percent(amount, rate):
    """A share in percent, half up."""
    return rounded(Decimal(amount) * Decimal(rate) / 100)


def exempt(amount, limit, included):
    """Whether sales stay within a limit; None is no limit."""
    return limit is None or amount < limit or (included and amount == limit)


def shown(limit, included):
    """A limit as a case writes it."""
    return f"{'<=' if included else '<'} {yuan(Decimal(limit) / 100)}"


def expect(ask):
    """What a case of the folder `measure9` expects."""
    on = day(ask["date"])
    regime = next((r for r in REGIMES if r[0] <= on <= r[1]), None)
    natural = ask["seller"] == "NATURAL_PERSON"
    platform = fen(ask.get("platform_sales_month_yuan", "0"))
    other = fen(ask.get("other_sales_same_day_yuan", "0"))
    unencoded = {"outcome": "REVIEW", "net_yuan": "0.00", "vat_yuan": "0.00", "reasons": ["POLICY_NOT_ENCODED"]}
    if regime is None:
        return unencoded
    _, _, name, month, quarter, per_day, included = regime
    rate = 0 if name == "R1" else 1
    waived_rate = (3 if name == "R1" else 1) if ask.get("waived") and not natural else None
    amount = fen(ask["amount_yuan"])
    if ask.get("with_vat"):
        contained = rate if waived_rate is None else waived_rate
        amount = rounded(Decimal(amount) * 100 / (100 + contained))
    direct = amount + other
    if not natural:
        limit = month if ask["seller"] == "MONTHLY_FILER" else quarter
        tests = [(direct + platform, limit, included)]
    elif platform and name == "R3":
        tests = [(direct + platform, month, included)]
    else:
        tests = [(platform, month, included)] if platform else []
        if direct or not platform:
            if ask.get("province", "440000") != "440000":
                return unencoded
            # The day's test is "not reached" in every regime.
            tests.append((direct, per_day, False))
    taxed = sum(total for total, limit, inside in tests if not exempt(total, limit, inside))
    vat = percent(taxed, rate)
    reasons = []
    waived = waived_rate is not None and taxed == 0 and amount > 0
    withheld = natural and not platform and on >= WITHHELD_FROM
    if waived:
        vat = percent(amount, waived_rate)
        reasons.append("EXEMPTION_WAIVED")
    if withheld:
        reasons.insert(0, "NATURAL_PERSON_WITHHOLDING_2026")
    for total, limit, inside in tests:
        if limit is None:
            reasons.append("EXEMPT_BY_REGIME")
        else:
            reasons.append("BELOW_THRESHOLD" if exempt(total, limit, inside) else "THRESHOLD_REACHED")
    outcome = "REVIEW" if withheld else "TAXABLE" if taxed or waived else "EXEMPT"
    net = sum(total for total, _, _ in tests)
    told = {"outcome": outcome, "regime": name, "net_yuan": yuan(Decimal(net) / 100)}
    decisive = next((t for t in tests if not exempt(*t)), tests[0])
    if decisive[1] is not None:
        told["threshold"] = shown(decisive[1], decisive[2])
    told["vat_yuan"] = yuan(Decimal(vat) / 100)
    told["reasons"] = reasons
    if natural and platform and on < date(2026, 1, 1):
        told["caveats"] = ["PLATFORM_START_UNCONFIRMED"]
    told["surcharges"] = surcharges(ask, on, net, vat)
    return told


def surcharges(ask, on, net, vat):
    """UMCT, EDU and LEDU as they are paid."""
    free = EDU_FREE_QUARTER if ask["seller"] == "QUARTERLY_FILER" else EDU_FREE_MONTH
    halved = ask.get("half_rate") and HALVED_FROM <= on <= HALVED_TO
    lines = {}
    for name, rate in (("UMCT", ask.get("umct_percent", 7)), ("EDU", 3), ("LEDU", 2)):
        due = 0 if name != "UMCT" and net <= free else percent(vat, rate)
        paid = rounded(Decimal(due) / 2) if halved else due
        lines[name] = yuan(Decimal(paid) / 100)
    return lines


def random_case(chance):
    """Sales near a limit on a day near an edge."""
    edges = [r[0] for r in REGIMES] + [r[1] for r in REGIMES] + [WITHHELD_FROM, HALVED_FROM]
    on = chance.choice(edges) + timedelta(days=chance.choice([-1, 0, 0, 1, 40]))
    seller = chance.choice(["NATURAL_PERSON", "NATURAL_PERSON", "MONTHLY_FILER", "QUARTERLY_FILER"])
    limits = [50_000, 100_000, 10_000_000, 15_000_000, 30_000_000, 45_000_000]

    def amount():
        near = chance.choice(limits) + chance.choice([-1, 0, 1, -100, 100])
        return near if chance.random() < 0.7 else chance.randint(0, 60_000_000)

    total = amount()
    ask = {"seller": seller, "date": on.isoformat()}
    if chance.random() < 0.3:
        ask["other_sales_same_day_yuan"] = yuan(Decimal(chance.randint(0, total)) / 100)
        total -= fen(ask["other_sales_same_day_yuan"])
    if chance.random() < 0.3:
        ask["platform_sales_month_yuan"] = yuan(Decimal(amount()) / 100)
        if chance.random() < 0.3:
            total = 0
    if chance.random() < 0.4:
        ask["with_vat"] = True
        total = rounded(Decimal(total) * Decimal("1.01")) + chance.choice([-1, 0, 1]) if total > 1 else total
    ask["amount_yuan"] = yuan(Decimal(total) / 100)
    if chance.random() < 0.2:
        ask["waived"] = True
    if chance.random() < 0.1:
        ask["province"] = chance.choice(["330000", "440000"])
    ask["umct_percent"] = chance.choice([7, 5, 1])
    if chance.random() < 0.5:
        ask["half_rate"] = True
    return {"ask": ask}
