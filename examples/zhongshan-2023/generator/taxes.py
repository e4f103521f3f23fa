"""The taxes declared for 2023: fixed figures for the worked cases, seeded ones for the rest."""

from .employers import CYCLES, EMPLOYERS, INDIVIDUAL_BUSINESS, WITHOUT_INCOME_TAX
from .world import months

QUARTERS = tuple(f"2023-Q{number}" for number in (1, 2, 3, 4))
ABOVE_MONTH_FEN = 15_000_000
EXEMPT_MONTH_FEN = 10_000_000
EXEMPT_QUARTER_FEN = 30_000_000

# label: {period: (VAT payable, sales or None)}; periods left out have no tax and small sales.
FIXED = {
    "E01": {"2023-05": (80000, ABOVE_MONTH_FEN), "2023-12": (300000, ABOVE_MONTH_FEN)},
    "E02": {"2023-11": (200000, None), "2023-12": (400000, 18_000_000)},
    "E03": {},
    "E04": {"2023-Q4": (400000, 40_000_000)},
    "E05": {"2023-Q4": (440000, 44_000_000)},
    "E06": {"2023-02": (60000, ABOVE_MONTH_FEN), "2023-06": (250000, ABOVE_MONTH_FEN)},
    "E07": {month: (150000, ABOVE_MONTH_FEN) for month in months("2023-01", "2023-12")},
    "E08": {"2023-Q1": (1785715, 178_571_500)},
    "E09": {month: (58037, EXEMPT_MONTH_FEN + 1) for month in months("2023-01", "2023-12")},
    "E10": {"2023-07": (400000, None), "2023-12": (123456, 12_345_678)},
    "E11": {
        **{month: (800000, 40_000_000) for month in months("2023-01", "2023-10")},
        "2023-11": (1000000, 50_000_000),
        "2023-12": (1000000, 50_000_000),
    },
    "E12": {"2023-06": (227273, None), "2023-12": (500037, 18_000_000)},
    "E13": {
        "2023-Q1": (420000, 42_000_000),
        "2023-Q2": (0, 28_000_000),
        "2023-Q3": (900000, 90_000_000),
        "2023-Q4": (550000, 55_000_000),
    },
    "E14": {month: (61234, EXEMPT_MONTH_FEN) for month in months("2023-01", "2023-12")},
}
FIXED_INCOME_TAX = {
    "E01": 500000,
    "E02": 300000,
    "E03": 2000000,
    "E04": 500000,
    "E05": 100000,
    "E06": 40000,
    "E07": 50000,
    "E08": 300000,
    "E09": 0,
    "E10": 90000,
    "E11": 3000000,
    "E12": 80000,
    "E13": 400000,
    "E14": 12345,
}
# VAT of a whole year that a seeded employer declares about, and its income tax.
SEEDED = {
    "E16": (900_000, 0),
    "E17": (2_400_000, 0),
    "E18": (1_500_000, 400_000),
    "E19": (30_000_000, 1_500_000),
    "E20": (60_000_000, 9_000_000),
    "E21": (9_000_000, 2_000_000),
    "E22": (20_000_000, 800_000),
    "E23": (12_000_000, 12_000_000),
    "E24": (9_000_000, 500_000),
}


def add_taxes(world):
    """Declare every period in order of its end, then settle the year of every employer."""
    figures = {label: _figures(world, label) for label in CYCLES if label != INDIVIDUAL_BUSINESS}
    for number, month in enumerate(months("2023-01", "2023-12"), start=1):
        for label, *_ in EMPLOYERS:
            if label == INDIVIDUAL_BUSINESS:
                continue
            if CYCLES[label] == "MONTHLY":
                world.declaration(label, month, *figures[label][month])
            elif number % 3 == 0:
                period = QUARTERS[number // 3 - 1]
                world.declaration(label, period, *figures[label][period])
    for label in figures:
        tax = FIXED_INCOME_TAX.get(label)
        if tax is None:
            tax = SEEDED[label][1]
        world.settlement(label, 0 if label in WITHOUT_INCOME_TAX else tax)
    _add_threshold_cases(world)


def _figures(world, label):
    periods = QUARTERS if CYCLES[label] == "QUARTERLY" else months("2023-01", "2023-12")
    if label in FIXED:
        quiet = 24_000_000 if CYCLES[label] == "QUARTERLY" else 8_000_000
        return {period: FIXED[label].get(period, (0, quiet)) for period in periods}
    mean = SEEDED[label][0] // len(periods)
    return {period: _seeded(world, mean, CYCLES[label]) for period in periods}


def _seeded(world, mean_fen, cycle):
    threshold = EXEMPT_QUARTER_FEN if cycle == "QUARTERLY" else EXEMPT_MONTH_FEN
    vat = mean_fen * (40 + world.random.randrange(121)) // 100 + world.random.randrange(100)
    kind = world.random.randrange(10)
    if kind == 0:
        return 0, threshold * (20 + world.random.randrange(70)) // 100
    if kind == 1:
        return vat, None
    if kind == 2:
        return vat, threshold
    return vat, max(threshold + 1, vat * 100 + world.random.randrange(100))


def _add_threshold_cases(world):
    world.case(
        "T-sales-at-threshold",
        "Sales of exactly 100,000.00 in a month: no EDU, no LEDU",
        "posting",
        "E14",
        "2023-03",
        "due.VAT=61234;due.UMCT=4286;due.EDU=0;due.LEDU=0;VAT=61234;UMCT=3766",
    )
    world.case(
        "T-sales-above-threshold",
        "Sales one fen above 100,000.00: EDU and LEDU due",
        "posting",
        "E09",
        "2023-03",
        "due.VAT=58037;due.UMCT=4063;due.EDU=1741;due.LEDU=1161;VAT=58037;UMCT=4063;EDU=1741;LEDU=1159",
    )
    world.case(
        "T-sales-absent",
        "Sales not declared: EDU and LEDU due",
        "posting",
        "E12",
        "2023-06",
        "due.VAT=227273;due.UMCT=11364;due.EDU=6818;due.LEDU=4545;remaining_fen=140000",
    )
    world.case(
        "T-quarterly",
        "A quarterly filer with small sales: no tax, no surcharge",
        "posting",
        "E03",
        "2023-Q2",
        "due.VAT=0;due.UMCT=0;due.EDU=0;due.LEDU=0;accrued_fen=390000;available_fen=390000",
    )
