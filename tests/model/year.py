"""The ledger's arithmetic over one year (fact book, section 2.5), for one law case at a time. Amounts are whole fen."""

from decimal import ROUND_HALF_UP, Decimal

from text import fen, month_text, yuan

MONTH = 65_000
EDU_FREE = {"MONTHLY": 10_000_000, "QUARTERLY": 30_000_000}
TAXES = ("VAT", "UMCT", "EDU", "LEDU")


def half_up(amount):
    """Whole fen."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def as_yuan(amounts):
    """Amounts by tax as a case writes them."""
    return {tax: yuan(Decimal(amount) / 100) for tax, amount in amounts.items()}


def fill(case):
    """Writes what every step of a case of the folder `allocation` expects."""
    given = case["given"]
    counted = []
    for worker in given["workers"]:
        for text in worker["months"]:
            first, _, last = text.partition("..")
            for number in range(int(first[5:]), int((last or first)[5:]) + 1):
                counted += [number] * worker.get("count", 1)
    deducted = dict.fromkeys(TAXES, 0)
    for step in case["steps"]:
        if "post" in step:
            post(step["post"], given, counted, deducted)
        else:
            settle(step["settle"], counted, deducted)
    return case


def post(step, given, counted, deducted):
    """A period: what is due, deducted, halved and paid."""
    end = int(step["period"][-1]) * 3 if "Q" in step["period"] else int(step["period"][5:])
    released = MONTH * sum(number <= end for number in counted)
    if step.get("release") == "ANNUAL_PROJECTED":
        released = MONTH * len(counted)
    left = max(0, released - sum(deducted.values()))
    vat = fen(step["vat_yuan"])
    free = "sales_yuan" in step and fen(step["sales_yuan"]) <= EDU_FREE[given["files"]]
    rates = {"VAT": 100, "UMCT": given["umct_percent"], "EDU": 0 if free else 3, "LEDU": 0 if free else 2}
    lines = {"due": {}, "deducted": {}, "halved": {}, "paid": {}}
    for tax in TAXES:
        due = half_up(Decimal(vat) * rates[tax] / 100)
        used = min(due, left)
        left -= used
        deducted[tax] += used
        rest = due - used
        halved = tax != "VAT" and given.get("half_rate") and given["tax_year"] >= 2022
        paid = half_up(Decimal(rest) / 2) if halved else rest
        for name, amount in (("due", due), ("deducted", used), ("halved", rest - paid), ("paid", paid)):
            lines[name][tax] = amount
    step["expect"] = {name: as_yuan(amounts) for name, amounts in lines.items()}
    if free:
        step["expect"]["caveats"] = ["EDU_EXEMPT_BY_SALES"]
    step["expect"]["left_yuan"] = yuan(Decimal(max(0, released - sum(deducted.values()))) / 100)


def settle(step, counted, deducted):
    """The year's end: income tax, then what is lost."""
    left = MONTH * len(counted) - sum(deducted.values())
    payable = fen(step["cit_payable_yuan"])
    used = min(payable, max(0, left))
    step["cit_deducted_yuan"] = yuan(Decimal(used) / 100)
    step["cit_paid_yuan"] = yuan(Decimal(payable - used) / 100)
    step["forfeited_yuan"] = yuan(Decimal(max(0, left - used)) / 100)


def random_case(chance):
    """A year of declarations without gaps."""
    year = chance.choice([2021, 2022, 2023, 2024, 2025])
    files = chance.choice(["MONTHLY", "QUARTERLY"])
    workers = []
    for _ in range(chance.randint(1, 3)):
        first = chance.randint(1, 12)
        last = chance.randint(first, 12)
        span = f"{month_text(year * 12 + first - 1)}..{month_text(year * 12 + last - 1)}"
        group = chance.choice(["POVERTY", "UNEMPLOYMENT"])
        workers.append({"count": chance.choice([1, 1, 2, 5]), "group": group, "months": [span]})
    given = {
        "employer": "COMPANY",
        "tax_year": year,
        "files": files,
        "umct_percent": chance.choice([7, 5, 1]),
        "half_rate": chance.random() < 0.5,
        "workers": workers,
    }
    steps = []
    for number in range(1, 13 if files == "MONTHLY" else 5):
        period = f"{year}-{number:02}" if files == "MONTHLY" else f"{year}-Q{number}"
        vat = chance.choice([0, 1, 37, 65_000, 64_999, chance.randint(0, 900_000)])
        step = {"period": period, "vat_yuan": yuan(Decimal(vat) / 100)}
        if chance.random() < 0.4:
            step["sales_yuan"] = yuan(Decimal(EDU_FREE[files] + chance.choice([-1, 0, 1])) / 100)
        steps.append({"post": step})
    cit = chance.choice([0, 1, chance.randint(0, 4_000_000)])
    steps.append({"settle": {"cit_payable_yuan": yuan(Decimal(cit) / 100)}})
    return {"given": given, "steps": steps}
