"""The worked cases A1 to A14, each at the employer of the same number (A6 to E06 and so on)."""

from .world import one_year_end


def lifted_hire(world, label, start, first, last, end="", terminated="", gaps=()):
    """A worker lifted from poverty with a contract and insurance; returns (worker, fact rows)."""
    worker = world.worker()
    rows = [world.poverty(worker)]
    rows.append(world.contract(label, worker, start, end, terminated))
    rows += world.insured(label, worker, first, last, gaps)
    return worker, rows


def unemployed_hire(world, label, start, first, last, end="", terminated=""):
    """A worker registered as unemployed for exactly half a year; returns (worker, fact rows)."""
    worker = world.worker()
    rows = world.unemployed(worker, start)
    rows.append(world.contract(label, worker, start, end, terminated))
    rows += world.insured(label, worker, first, last)
    return worker, rows


def _taxes(vat, umct, edu, ledu, cit, forfeited):
    return f"VAT={vat};UMCT={umct};EDU={edu};LEDU={ledu};CIT={cit};forfeited_fen={forfeited}"


def add_law_cases(world):
    """Add every worked case."""
    for add in (_a1, _a2, _a3, _a4_a5, _a6, _a7, _a8, _a9, _a10, _a11, _a12, _a13, _a14):
        add(world)


def _a1(world):
    worker, rows = unemployed_hire(world, "E01", "2023-03-10", "2023-03", "2023-12", one_year_end("2023-03-10"))
    key = world.check("E01", worker)
    world.case(
        "A1",
        "Unemployed, hired 2023-03-10, insured from 2023-03: 10 months",
        "check",
        "E01",
        key,
        "outcome=ELIGIBLE;category=REGISTERED_UNEMPLOYED;start_month=2023-03;eligible=10;total_fen=650000",
        rows,
    )
    world.case("A1-year", "The employer's year of A1", "employer", "E01", "2023", "entitled_fen=650000")


def _a2(world):
    whole, _ = lifted_hire(world, "E02", "2022-12-20", "2023-01", "2023-12", "2024-12-31")
    part, _ = unemployed_hire(world, "E02", "2023-06-05", "2023-06", "2023-12", "2025-06-30")
    first, second = world.check("E02", whole), world.check("E02", part)
    world.case(
        "A2-twelve", "The worker of 12 months", "check", "E02", first, "outcome=ELIGIBLE;eligible=12;total_fen=780000"
    )
    world.case(
        "A2-seven", "The worker of 7 months", "check", "E02", second, "outcome=ELIGIBLE;eligible=7;total_fen=455000"
    )
    world.case(
        "A2",
        "12 and 7 months, VAT 6,000 in the year, CIT payable 3,000",
        "employer",
        "E02",
        "2023",
        "entitled_fen=1235000;" + _taxes(600000, 42000, 18000, 12000, 300000, 263000),
    )


def _a3(world):
    worker, _ = lifted_hire(world, "E03", "2022-12-01", "2022-12", "2023-12")
    world.check("E03", worker)
    world.case(
        "A3",
        "VAT exempt all year, one worker of 12 months, CIT payable 20,000",
        "employer",
        "E03",
        "2023",
        "entitled_fen=780000;" + _taxes(0, 0, 0, 0, 780000, 0),
    )


def _a4_a5(world):
    worker, _ = lifted_hire(world, "E04", "2022-07-01", "2022-07", "2023-12", "2025-06-30")
    world.check("E04", worker)
    world.case(
        "A4",
        "Half-rate firm, 12 months, VAT 4,000 in one period, 3,320 left for CIT",
        "employer",
        "E04",
        "2023",
        "entitled_fen=780000;" + _taxes(400000, 28000, 12000, 8000, 332000, 0),
    )
    worker, _ = lifted_hire(world, "E05", "2023-06-01", "2023-06", "2023-12", "2024-05-31")
    world.check("E05", worker)
    world.case(
        "A5",
        "Half-rate firm, 7 months, VAT 4,400: 150 of UMCT deducted, 189 paid",
        "posting",
        "E05",
        "2023-Q4",
        "available_fen=455000;VAT=440000;UMCT=15000;EDU=0;LEDU=0;"
        "paid.VAT=0;paid.UMCT=7900;paid.EDU=6600;paid.LEDU=4400",
    )


def _a6(world):
    worker, rows = unemployed_hire(world, "E06", "2024-05-20", "2024-06", "2026-10", "2027-12-31")
    key = world.check("E06", worker, "2024-01", "2024-12")
    world.case(
        "A6",
        "Contract 2024-05-20, insured from 2024-06: s is 2024-06, 7 months in 2024",
        "check",
        "E06",
        key,
        "outcome=ELIGIBLE;start_month=2024-06;eligible=7;total_fen=455000;2024-05=INSURANCE_NOT_PAID",
        rows,
    )
    worker, rows = unemployed_hire(world, "E06", "2020-05-20", "2020-06", "2023-12")
    key = world.check("E06", worker, "2020-01", "2023-12")
    world.case(
        "A6-end",
        "The same four years earlier: the last month of the term is 2023-05",
        "check",
        "E06",
        key,
        "outcome=ELIGIBLE;start_month=2020-06;eligible=36;total_fen=2340000;"
        "2023-05=ALL_CONDITIONS_MET;2023-06=TERM_EXHAUSTED",
        rows,
    )


def _a7(world):
    for _ in range(2):
        worker, _ = lifted_hire(world, "E07", "2022-11-01", "2022-11", "2023-12", "2024-10-31")
        world.check("E07", worker)
    worker, rows = lifted_hire(world, "E07", "2022-11-01", "2022-11", "2023-08", "2024-10-31", "2023-08-31")
    key = world.check("E07", worker)
    world.case(
        "A7-leaver",
        "Leaves 31 August with that month's insurance: 8 months",
        "check",
        "E07",
        key,
        "eligible=8;2023-08=ALL_CONDITIONS_MET;2023-09=NOT_IN_FORCE",
        rows,
    )
    world.case(
        "A7",
        "Three full years planned, one leaves on 31 August: 20,800",
        "employer",
        "E07",
        "2023",
        "entitled_fen=2080000",
    )


def _a8(world):
    for _ in range(2):
        worker, _ = lifted_hire(world, "E08", "2022-10-08", "2022-10", "2023-12")
        world.check("E08", worker)
    worker, rows = lifted_hire(world, "E08", "2022-10-08", "2022-10", "2023-03")
    key = world.check("E08", worker)
    world.case(
        "A8-leaver",
        "Insured to March only, the end never recorded: 3 months",
        "check",
        "E08",
        key,
        "eligible=3;2023-03=ALL_CONDITIONS_MET;2023-04=INSURANCE_NOT_PAID",
        rows,
    )
    world.case(
        "A8-first-quarter",
        "20,000 deducted while 23,400 were expected",
        "posting",
        "E08",
        "2023-Q1",
        "available_fen=2340000;VAT=1785715;UMCT=125000;EDU=53571;LEDU=35714",
    )
    world.case(
        "A8",
        "17,550 in the end: 2,450 deducted too much",
        "employer",
        "E08",
        "2023",
        "entitled_fen=1755000;over_deducted_fen=245000;CIT=0;forfeited_fen=0",
    )


def _a9(world):
    worker, rows = unemployed_hire(world, "E09", "2022-07-01", "2022-07", "2026-03")
    key = world.check("E09", worker, "2022-07", "2025-12")
    world.case(
        "A9",
        "Full term from 2022-07: 23,400, last month 2025-06",
        "check",
        "E09",
        key,
        "outcome=ELIGIBLE;start_month=2022-07;eligible=36;total_fen=2340000;"
        "2025-06=ALL_CONDITIONS_MET;2025-07=TERM_EXHAUSTED",
        rows,
    )


def _a10(world):
    worker, rows = lifted_hire(world, "E10", "2023-01-01", "2023-01", "2023-12", gaps=("2023-06",))
    key = world.check("E10", worker)
    world.case(
        "A10",
        "January to December, June not insured: 11 months",
        "check",
        "E10",
        key,
        "outcome=ELIGIBLE;eligible=11;total_fen=715000;2023-06=INSURANCE_NOT_PAID",
        rows,
    )
    world.case("A10-year", "The employer's year of A10", "employer", "E10", "2023", "entitled_fen=715000")


def _a11(world):
    for number in range(20):
        hire = lifted_hire if number % 3 else unemployed_hire
        worker, _ = hire(world, "E11", "2022-09-13", "2022-10", "2023-12", "2025-09-12")
        world.check("E11", worker)
    world.case(
        "A11",
        "20 workers of 12 months, VAT 100,000, CIT payable 30,000",
        "employer",
        "E11",
        "2023",
        "entitled_fen=15600000;" + _taxes(10000000, 700000, 300000, 200000, 3000000, 1400000),
    )


def _a12(world):
    worker, _ = lifted_hire(world, "E12", "2022-12-16", "2023-01", "2023-12")
    world.check("E12", worker)
    world.case(
        "A12",
        "5 % town, 5,300.00 left, VAT 5,000.37",
        "posting",
        "E12",
        "2023-12",
        "available_fen=530000;VAT=500037;UMCT=25002;EDU=4961;LEDU=0;due.UMCT=25002;due.EDU=15001;"
        "due.LEDU=10001;paid.EDU=10040;paid.LEDU=10001",
    )


def _a13(world):
    for _ in range(3):
        worker, _ = lifted_hire(world, "E13", "2022-12-30", "2022-12", "2023-12", "2024-12-29")
        world.check("E13", worker)
    left = {"2023-Q1": 1869600, "2023-Q2": 1869600, "2023-Q3": 861600, "2023-Q4": 245600}
    for period, remaining in left.items():
        world.case(
            f"A13-{period[5:]}",
            "Projected release, left after the quarter",
            "posting",
            "E13",
            period,
            f"remaining_fen={remaining}",
        )
    world.case(
        "A13",
        "Three workers of 12 months, projected: 2,456 left for CIT",
        "employer",
        "E13",
        "2023",
        "entitled_fen=2340000;CIT=245600;forfeited_fen=0",
    )


def _a14(world):
    worker, rows = lifted_hire(world, "E14", "2023-01-03", "2023-01", "2024-12")
    rows.append(world.prior_use(worker, "E06", "2021-05", "2022-10"))
    key = world.check("E14", worker, "2023-01", "2024-12")
    world.case(
        "A14",
        "18 months used at another employer, then hired here",
        "check",
        "E14",
        key,
        "outcome=ELIGIBLE;start_month=2023-01;eligible=16;2024-04=ALL_CONDITIONS_MET;"
        "2024-05=TERM_COUNT_UNCONFIRMED;2024-06=TERM_COUNT_UNCONFIRMED;2024-07=TERM_EXHAUSTED",
        rows,
    )
