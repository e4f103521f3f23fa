"""Traps of the employer, the contract, the insurance and the term."""

from .law_cases import lifted_hire
from .status_traps import FULL, NONE, OPEN, hire
from .world import INDIVIDUAL_INSURANCES, shift


def add_work_traps(world):
    """Add every trap of this file."""
    for add in (
        _employers,
        _contract_kinds,
        _contract_terms,
        _renewals,
        _signed_and_insured,
        _insurance,
        _leavers,
        _reliefs,
        _terms,
        _two_employers,
        _policy_dates,
    ):
        add(world)


def _lifted(world):
    worker = world.worker()
    return worker, [world.poverty(worker)]


def _simple(world, case_id, title, label, expected, **contract):
    """A lifted worker hired with the contract given, insured from its month to the end of 2023."""
    worker, rows = _lifted(world)
    start = contract.pop("start", "2022-12-19")
    rows.append(world.contract(label, worker, start, **contract))
    rows += world.insured(label, worker, start[:7], "2023-12")
    key = world.check(label, worker)
    world.case(case_id, title, "check", label, key, expected, rows)


def _employers(world):
    for label, case_id, title, expected in (
        ("E15", "T-individual-business", "个体工商户 is no enterprise", NONE + "EMPLOYER_NOT_ENTERPRISE"),
        ("E16", "T-sole-proprietorship", "A sole proprietorship is covered", FULL),
        ("E17", "T-partnership", "A partnership is covered", FULL),
        ("E18", "T-private-non-enterprise", "民办非企业单位 is covered", FULL),
        ("E19", "T-dispatch-agency", "A dispatch agency is covered by measure 8", FULL),
    ):
        _simple(world, case_id, title, label, expected)
    for label, case_id in (("E16", "T-sole-proprietorship-year"), ("E17", "T-partnership-year")):
        world.case(case_id, "Pays no enterprise income tax", "employer", label, "2023", "cit_payable_fen=0;CIT=0")
    world.case("T-rate-before-move", "7 % street until June", "posting", "E23", "2023-06", "umct_bp=700")
    world.case("T-rate-after-move", "5 % town from July", "posting", "E23", "2023-07", "umct_bp=500")
    world.case("T-rate-one-percent", "Neither city nor town: 1 %", "posting", "E22", "2023-05", "umct_bp=100")


def _contract_kinds(world):
    _simple(world, "T-part-time", "Part-time work", "E21", NONE + "PART_TIME", part_time=True)
    _simple(
        world,
        "T-service-agreement",
        "A service agreement",
        "E21",
        NONE + "CONTRACT_KIND_NOT_COVERED",
        kind="SERVICE_AGREEMENT",
    )
    worker, rows = _lifted(world)
    rows.append(world.contract("E20", worker, "2022-06-01", "2023-05-31", "2023-03-31", kind="SERVICE_AGREEMENT"))
    rows.append(world.contract("E20", worker, "2023-04-01", "2025-03-31"))
    rows += world.insured("E20", worker, "2023-04", "2023-12")
    key = world.check("E20", worker)
    world.case(
        "T-service-then-labour",
        "A service agreement, then a labour contract",
        "check",
        "E20",
        key,
        "eligible=9;start_month=2023-04;2023-03=CONTRACT_KIND_NOT_COVERED;2023-04=ALL_CONDITIONS_MET",
        rows,
    )


def _contract_terms(world):
    _simple(
        world,
        "T-one-day-too-short",
        "2023-01-01 to 2023-12-30",
        "E20",
        NONE + "CONTRACT_TOO_SHORT",
        start="2023-01-01",
        end="2023-12-30",
    )
    _simple(world, "T-exactly-one-year", "2023-01-01 to 2023-12-31", "E20", FULL, start="2023-01-01", end="2023-12-31")
    _simple(
        world,
        "T-leap-year",
        "2023-03-01 to 2024-02-29 is one year",
        "E20",
        "eligible=10;total_fen=650000",
        start="2023-03-01",
        end="2024-02-29",
    )
    _simple(
        world,
        "T-leap-year-short",
        "2023-03-01 to 2024-02-28 is a day too short",
        "E20",
        "outcome=INELIGIBLE;eligible=0;2023-03=CONTRACT_TOO_SHORT;2023-12=CONTRACT_TOO_SHORT",
        start="2023-03-01",
        end="2024-02-28",
    )
    _simple(world, "T-open-ended", "An open-ended contract", "E21", FULL)
    worker, rows = lifted_hire(world, "E21", "2023-02-01", "2023-02", "2023-05", "2024-01-31", "2023-05-19")
    key = world.check("E21", worker)
    world.case(
        "T-ended-early",
        "Agreed for a year, ended after four months: they stay",
        "check",
        "E21",
        key,
        "eligible=4;2023-05=ALL_CONDITIONS_MET;2023-06=NOT_IN_FORCE",
        rows,
    )


def _renewals(world):
    worker = world.worker()
    rows = world.unemployed(worker, "2022-01-10")
    rows.append(world.contract("E20", worker, "2022-01-10", "2023-01-09"))
    rows.append(world.contract("E20", worker, "2023-01-10", "2023-06-30"))
    rows += world.insured("E20", worker, "2022-01", "2023-06")
    key = world.check("E20", worker)
    world.case(
        "T-renewal",
        "Renewed on the next day for half a year: one hire",
        "check",
        "E20",
        key,
        "eligible=6;start_month=2022-01;2023-06=ALL_CONDITIONS_MET;2023-07=NOT_IN_FORCE",
        rows,
    )

    worker = world.worker()
    rows = world.unemployed(worker, "2022-01-10")
    rows.append(world.contract("E20", worker, "2022-01-10", "2023-01-09"))
    rows.append(world.contract("E20", worker, "2023-01-11", "2024-01-10"))
    rows += world.insured("E20", worker, "2022-01", "2022-12")
    rows += world.insured("E20", worker, "2023-02", "2023-12")
    key = world.check("E20", worker)
    world.case(
        "T-not-a-renewal",
        "A day between: a second hire without a spell of its own",
        "check",
        "E20",
        key,
        "outcome=REVIEW;eligible=0;2023-02=NO_RECORD;2023-12=NO_RECORD",
        rows,
    )

    worker = world.worker()
    rows = world.unemployed(worker, "2022-03-01", "2021-10-01")
    rows.append(world.contract("E20", worker, "2022-03-01", "2023-02-28"))
    rows.append(world.contract("E20", worker, "2023-03-01", "2025-02-28"))
    rows += world.insured("E20", worker, "2022-03", "2023-12")
    key = world.check("E20", worker)
    world.case(
        "T-renewal-of-a-refused-hire",
        "The first hire failed; a renewal is no new hire",
        "check",
        "E20",
        key,
        NONE + "SPELL_TOO_SHORT",
        rows,
    )


def _signed_and_insured(world):
    worker, rows = _lifted(world)
    rows.append(world.contract("E20", worker, "2023-03-01", "2025-02-28", signed="2023-05-04"))
    rows += world.insured("E20", worker, "2023-03", "2023-12")
    key = world.check("E20", worker)
    world.case(
        "T-signed-late",
        "In force and insured from March, signed in May",
        "check",
        "E20",
        key,
        "eligible=8;start_month=2023-05;2023-03=NOT_IN_FORCE;2023-04=NOT_IN_FORCE;2023-05=ALL_CONDITIONS_MET",
        rows,
    )

    worker, rows = lifted_hire(world, "E20", "2023-02-20", "2023-01", "2023-12", "2025-02-19")
    key = world.check("E20", worker)
    world.case(
        "T-insured-before-contract",
        "Insured in January, in force from February",
        "check",
        "E20",
        key,
        "eligible=11;start_month=2023-02;2023-01=NOT_IN_FORCE",
        rows,
    )

    worker, rows = _lifted(world)
    rows.append(world.contract("E20", worker, "2023-01-05"))
    key = world.check("E20", worker)
    world.case("T-never-insured", "No contribution at all", "check", "E20", key, NONE + "INSURANCE_NOT_PAID", rows)


def _insurance(world):
    worker, rows = lifted_hire(world, "E20", "2022-08-08", "2022-08", "2023-12", gaps=("2023-04", "2023-05"))
    key = world.check("E20", worker)
    world.case(
        "T-gap-months",
        "April and May not insured",
        "check",
        "E20",
        key,
        "eligible=10;2023-04=INSURANCE_NOT_PAID;2023-05=INSURANCE_NOT_PAID;2023-06=ALL_CONDITIONS_MET",
        rows,
    )

    worker, rows = _lifted(world)
    rows.append(world.contract("E20", worker, "2022-08-08"))
    late = {"2023-02": "2023-04-01", "2023-03": "2023-04-30"}
    rows += world.insured("E20", worker, "2022-08", "2023-12", paid=late)
    key = world.check("E20", worker)
    world.case(
        "T-back-paid",
        "February paid on 1 April, March on 30 April",
        "check",
        "E20",
        key,
        "eligible=11;2023-02=BACK_PAID_INSURANCE;2023-03=ALL_CONDITIONS_MET",
        rows,
    )

    worker, rows = _lifted(world)
    rows.append(world.contract("E20", worker, "2022-12-19"))
    rows += world.insured(None, worker, "2022-12", "2023-12", insurances=INDIVIDUAL_INSURANCES)
    key = world.check("E20", worker)
    world.case(
        "T-paid-as-individual",
        "Pension and medical paid as an individual",
        "check",
        "E20",
        key,
        NONE + "INSURANCE_NOT_PAID",
        rows,
    )

    worker, rows = _lifted(world)
    rows.append(world.contract("E20", worker, "2022-12-19"))
    rows += world.insured("E20", worker, "2022-12", "2023-06")
    rows += world.insured("E20", worker, "2023-07", "2023-12", insurances="PENSION|MEDICAL|UNEMPLOYMENT|MATERNITY")
    key = world.check("E20", worker)
    world.case(
        "T-one-insurance-missing",
        "No work injury insurance from July",
        "check",
        "E20",
        key,
        "eligible=6;2023-06=ALL_CONDITIONS_MET;2023-07=INSURANCE_NOT_PAID",
        rows,
    )

    worker, rows = _lifted(world)
    rows.append(world.contract("E20", worker, "2022-12-19"))
    rows += world.insured("E22", worker, "2022-12", "2023-12")
    key = world.check("E20", worker)
    world.case(
        "T-paid-by-another", "Another firm paid the insurance", "check", "E20", key, NONE + "INSURANCE_NOT_PAID", rows
    )


def _leavers(world):
    for case_id, title, last, expected in (
        (
            "T-leaver-insured",
            "Leaves 12 September, that month insured",
            "2023-09",
            "eligible=9;2023-09=ALL_CONDITIONS_MET;2023-10=NOT_IN_FORCE",
        ),
        (
            "T-leaver-not-insured",
            "Leaves 12 September, that month not insured",
            "2023-08",
            "eligible=8;2023-09=INSURANCE_NOT_PAID;2023-10=NOT_IN_FORCE",
        ),
    ):
        worker, rows = lifted_hire(world, "E21", "2022-12-05", "2022-12", last, "2024-12-04", "2023-09-12")
        key = world.check("E21", worker)
        world.case(case_id, title, "check", "E21", key, expected, rows)

    worker, rows = lifted_hire(world, "E21", "2021-05-10", "2021-05", "2022-11", "2023-05-09", "2022-11-15")
    key = world.check("E21", worker)
    world.case("T-left-before-the-year", "Left in 2022", "check", "E21", key, NONE + "NOT_IN_FORCE", rows)

    other = world.check("E22", worker)
    world.case("T-no-contract", "No contract with this employer", "check", "E22", other, NONE + "NOT_IN_FORCE")


def _reliefs(world):
    for case_id, title, code, first, last, expected in (
        (
            "T-veteran",
            "Counted under the veterans' relief",
            "VETERAN",
            "2022-12",
            "",
            NONE + "OTHER_EMPLOYMENT_RELIEF_CLAIMED",
        ),
        (
            "T-other-relief-ended",
            "Another employment relief up to March",
            "OTHER_EMPLOYMENT_TAX",
            "2022-12",
            "2023-03",
            "eligible=9;2023-03=OTHER_EMPLOYMENT_RELIEF_CLAIMED;2023-04=ALL_CONDITIONS_MET",
        ),
        (
            "T-insurance-subsidy",
            "A social-insurance subsidy is no tax relief",
            "SOCIAL_INSURANCE_SUBSIDY",
            "2022-12",
            "",
            FULL,
        ),
    ):
        worker, status = _lifted(world)
        status.append(world.relief(worker, "E21", code, first, last))
        key, rows = hire(world, "E21", worker)
        world.case(case_id, title, "check", "E21", key, expected, status + rows)


def _terms(world):
    for case_id, title, first, last, expected in (
        ("T-prior-36-months", "36 months used elsewhere, all long ago", "2019-01", "2021-12", NONE + "TERM_EXHAUSTED"),
        (
            "T-prior-calendar-over",
            "12 months used, the calendar term over",
            "2019-03",
            "2020-02",
            OPEN + "TERM_COUNT_UNCONFIRMED",
        ),
        (
            "T-prior-same-months",
            "January and February 2023 used elsewhere",
            "2022-10",
            "2023-02",
            "eligible=10;2023-02=MONTH_BOOKED_ELSEWHERE;2023-03=ALL_CONDITIONS_MET",
        ),
        (
            "T-prior-rest",
            "30 months used: the rest of the term is 6",
            "2020-07",
            "2022-12",
            "eligible=6;2023-06=ALL_CONDITIONS_MET;2023-07=TERM_EXHAUSTED",
        ),
    ):
        worker, status = _lifted(world)
        status.append(world.prior_use(worker, "E06", first, last))
        key, rows = hire(world, "E20", worker, "2023-01-04")
        world.case(case_id, title, "check", "E20", key, expected, status + rows)

    worker, rows = lifted_hire(world, "E20", "2020-08-03", "2020-08", "2021-07", "2021-08-02", "2021-07-31")
    rows.append(world.contract("E20", worker, "2023-02-01", "2025-01-31"))
    rows += world.insured("E20", worker, "2023-02", "2023-12")
    key = world.check("E20", worker)
    world.case(
        "T-return-to-employer",
        "Returns after a gap: the term still ends 2023-07",
        "check",
        "E20",
        key,
        "eligible=6;start_month=2020-08;2023-07=ALL_CONDITIONS_MET;2023-08=TERM_EXHAUSTED",
        rows,
    )


def _two_employers(world):
    worker, rows = lifted_hire(world, "E19", "2022-11-01", "2022-11", "2023-05", "2024-10-31", "2023-05-10")
    rows.append(world.contract("E21", worker, "2023-05-11", "2025-05-10"))
    rows += world.insured("E21", worker, "2023-05", "2023-12")
    first, second = world.check("E19", worker), world.check("E21", worker)
    world.case(
        "T-two-employers-first",
        "May at the employer left",
        "check",
        "E19",
        first,
        "eligible=5;2023-05=ALL_CONDITIONS_MET;2023-06=NOT_IN_FORCE",
        rows,
    )
    world.case(
        "T-two-employers-second",
        "May at the next one too, as long as nobody booked it",
        "check",
        "E21",
        second,
        "eligible=8;2023-04=NOT_IN_FORCE;2023-05=ALL_CONDITIONS_MET",
        rows,
    )
    world.case(
        "T-two-employers-booked",
        "May is booked by the employer that posts first",
        "booking",
        "E19",
        f"{second}:2023-05",
        "holder=first",
        rows,
    )


def _policy_dates(world):
    _simple(
        world,
        "T-hired-2018",
        "Hired before the first encoded day",
        "E20",
        OPEN + "POLICY_NOT_ENCODED",
        start="2018-12-31",
    )
    _simple(
        world,
        "T-hired-2019",
        "Hired on the first encoded day: the term is over",
        "E20",
        NONE + "TERM_EXHAUSTED",
        start="2019-01-01",
    )
    worker, rows = lifted_hire(world, "E21", "2020-03-16", "2020-04", "2023-12")
    key = world.check("E21", worker)
    last = shift("2020-04", 35)
    world.case(
        "T-last-month-of-term",
        f"Start month 2020-04, last month {last}",
        "check",
        "E21",
        key,
        f"eligible=3;start_month=2020-04;{last}=ALL_CONDITIONS_MET;{shift(last, 1)}=TERM_EXHAUSTED",
        rows,
    )
