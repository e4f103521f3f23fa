"""Traps of a person's status: poverty records, registration spells, certificates, identity."""

from .world import day_after

FULL = "outcome=ELIGIBLE;eligible=12;total_fen=780000"
NONE = "outcome=INELIGIBLE;eligible=0;total_fen=0;all="
OPEN = "outcome=REVIEW;eligible=0;total_fen=0;all="


def add_status_traps(world):
    """Add every trap of this file."""
    _poverty(world)
    _half_year(world)
    _spells(world)
    _certificates(world)
    _conflicts(world)
    _several_categories(world)
    _second_hires(world)
    _identity(world)


def hire(world, label, worker, start="2022-12-19", end="", first=None, last="2023-12"):
    """A contract insured from its first month on, with a check of 2023; returns (check, fact rows)."""
    rows = [world.contract(label, worker, start, end)]
    rows += world.insured(label, worker, first or start[:7], last)
    return world.check(label, worker), rows


def _poverty(world):
    cases = (
        (
            "T-monitored-2022",
            "Monitored, hired 2022-12-31: never covered",
            "POVERTY_MONITORED",
            "2022-03-01",
            "",
            "2022-12-31",
            NONE + "CATEGORY_NOT_COVERED_AT_DATE",
        ),
        (
            "T-monitored-2023",
            "Monitored, hired 2023-01-01",
            "POVERTY_MONITORED",
            "2022-03-01",
            "",
            "2023-01-01",
            FULL + ";category=POVERTY_MONITORED",
        ),
        (
            "T-lifted-removed-before",
            "Removed the day before the hire",
            "LIFTED_FROM_POVERTY",
            "2016-12-31",
            "2023-01-09",
            "2023-01-10",
            NONE + "CATEGORY_NOT_COVERED_AT_DATE",
        ),
        (
            "T-lifted-last-day",
            "The record's last day is the hire date",
            "LIFTED_FROM_POVERTY",
            "2016-12-31",
            "2023-01-10",
            "2023-01-10",
            FULL,
        ),
        (
            "T-lifted-removed-later",
            "Removed after the hire: does not cancel",
            "LIFTED_FROM_POVERTY",
            "2016-12-31",
            "2023-04-30",
            "2023-01-10",
            FULL + ";category=LIFTED_FROM_POVERTY",
        ),
        (
            "T-lifted-later",
            "The record begins the day after the hire",
            "LIFTED_FROM_POVERTY",
            "2023-01-11",
            "",
            "2023-01-10",
            NONE + "CATEGORY_NOT_COVERED_AT_DATE",
        ),
    )
    for case_id, title, category, from_date, to_date, start, expected in cases:
        worker = world.worker()
        record = world.poverty(worker, category, from_date, to_date)
        key, rows = hire(world, "E20", worker, start)
        world.case(case_id, title, "check", "E20", key, expected, [record, *rows])


def _half_year(world):
    ten = "outcome=ELIGIBLE;eligible=10;total_fen=650000;start_month=2023-03"
    eleven = "outcome=ELIGIBLE;eligible=11;total_fen=715000;start_month=2023-02"
    cases = (
        (
            "T-spell-short-by-a-day",
            "Registered 2022-09-02, hired 2023-03-01",
            "2022-09-02",
            "2023-03-01",
            NONE + "SPELL_TOO_SHORT",
        ),
        ("T-spell-exact", "Registered 2022-09-01, hired 2023-03-01", "2022-09-01", "2023-03-01", ten),
        ("T-end-of-august", "31 August and six months is 28 February", "2022-08-31", "2023-02-28", eleven),
        ("T-end-of-august-short", "Hired 27 February instead", "2022-08-31", "2023-02-27", NONE + "SPELL_TOO_SHORT"),
        (
            "T-registered-after-hire",
            "Registered only after the hire",
            "2023-03-15",
            "2023-03-01",
            NONE + "SPELL_TOO_SHORT",
        ),
    )
    for case_id, title, registered, start, expected in cases:
        worker = world.worker()
        after = registered >= start
        status = world.unemployed(worker, start, registered, "" if after else None)
        key, rows = hire(world, "E20", worker, start)
        world.case(case_id, title, "check", "E20", key, expected, status + rows)


def _spells(world):
    start = "2023-01-16"
    worker = world.worker()
    status = world.unemployed(worker, start, "2022-03-01", day_after(start, -1))
    key, rows = hire(world, "E20", worker, start)
    world.case(
        "T-spell-ended-before",
        "The spell ended the day before the hire",
        "check",
        "E20",
        key,
        NONE + "SPELL_BROKEN",
        status + rows,
    )

    worker = world.worker()
    status = world.unemployed(worker, start, "2022-03-01", start)
    key, rows = hire(world, "E20", worker, start)
    world.case(
        "T-spell-ended-on-hire",
        "The spell ended on the hire date: in force the day before",
        "check",
        "E20",
        key,
        FULL,
        status + rows,
    )

    worker = world.worker()
    status = world.unemployed(worker, start, "2022-03-01")
    status.append(world.flexible(worker, "2022-06-01", "2022-08-31"))
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-spell-flexible-inside",
        "Flexible employment registered inside the spell",
        "check",
        "E21",
        key,
        NONE + "SPELL_BROKEN",
        status + rows,
    )

    worker = world.worker()
    status = world.unemployed(worker, start, "2022-03-01")
    status.append(world.flexible(worker, "2021-06-01", "2022-02-20"))
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-spell-flexible-before",
        "Flexible employment that ended before the spell",
        "check",
        "E21",
        key,
        FULL,
        status + rows,
    )

    worker = world.worker()
    status = [world.spell(worker, "2022-01-10", "2022-09-01", "12")]
    status += world.unemployed(worker, start, "2022-10-16")
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-spells-not-added-up",
        "Eight months, cancelled, then three: not added up",
        "check",
        "E21",
        key,
        NONE + "SPELL_TOO_SHORT",
        status + rows,
    )


def _certificates(world):
    start = "2023-01-09"
    worker = world.worker()
    status = [world.spell(worker, "2022-05-05", start), world.certificate(worker, "2022-05-05")]
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-certificate-without-note",
        "The certificate bears no note",
        "check",
        "E21",
        key,
        OPEN + "CERTIFICATE_NOTE_MISSING;category=REGISTERED_UNEMPLOYED",
        status + rows,
    )

    worker = world.worker()
    status = [world.spell(worker, "2022-05-05", start)]
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-no-certificate",
        "A spell but no certificate",
        "check",
        "E21",
        key,
        OPEN + "CERTIFICATE_NOTE_MISSING",
        status + rows,
    )

    worker = world.worker()
    status = [world.spell(worker, "2022-05-05", start), world.certificate(worker, "2022-05-05", "2023-04-20")]
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-note-after-hire",
        "Noted in April: the start month stays January",
        "check",
        "E21",
        key,
        FULL + ";start_month=2023-01",
        status + rows,
    )

    worker = world.worker()
    key, rows = hire(world, "E21", worker, start)
    world.case("T-no-record", "No status record at all", "check", "E21", key, OPEN + "NO_RECORD", rows)


def _conflicts(world):
    start = "2023-01-09"
    worker = world.worker()
    status = world.unemployed(worker, start, "2022-03-10")
    status += world.insured("E22", worker, "2022-06", "2022-07")
    key, rows = hire(world, "E20", worker, start)
    world.case(
        "T-insured-inside-spell",
        "Employee insurance of two months inside the spell",
        "check",
        "E20",
        key,
        OPEN + "CONFLICTING_EVIDENCE",
        status + rows,
    )

    worker = world.worker()
    status = world.unemployed(worker, start, "2022-03-10")
    status += world.insured("E22", worker, "2021-11", "2022-03")
    key, rows = hire(world, "E20", worker, start)
    world.case(
        "T-insured-before-spell", "Insured up to the month of registration", "check", "E20", key, FULL, status + rows
    )

    worker = world.worker()
    status = world.unemployed(worker, start, "2022-03-10")
    status += world.insured(None, worker, "2022-04", "2022-12", insurances="PENSION|MEDICAL")
    key, rows = hire(world, "E20", worker, start)
    world.case(
        "T-self-insured-inside-spell",
        "Paid as an individual inside the spell: no conflict",
        "check",
        "E20",
        key,
        FULL,
        status + rows,
    )


def _several_categories(world):
    start = "2022-12-12"
    worker = world.worker()
    status = [world.poverty(worker, to_date="2021-12-31"), *world.unemployed(worker, start)]
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-second-category",
        "Not lifted any more, but unemployed for half a year",
        "check",
        "E21",
        key,
        FULL + ";category=REGISTERED_UNEMPLOYED",
        status + rows,
    )

    worker = world.worker()
    status = [world.poverty(worker), *world.unemployed(worker, start)]
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-first-category",
        "Lifted and unemployed: the first of the table",
        "check",
        "E21",
        key,
        FULL + ";category=LIFTED_FROM_POVERTY",
        status + rows,
    )

    worker = world.worker()
    status = [world.poverty(worker, "POVERTY_MONITORED", "2021-06-01"), world.spell(worker, "2022-02-02", start)]
    key, rows = hire(world, "E21", worker, start)
    world.case(
        "T-review-before-refusal",
        "Monitored too early, spell without certificate: review",
        "check",
        "E21",
        key,
        OPEN + "CERTIFICATE_NOTE_MISSING",
        status + rows,
    )


def _second_hires(world):
    for case_id, title, own_spell, expected in (
        (
            "T-second-hire-own-spell",
            "Second hire on a second spell",
            True,
            "outcome=ELIGIBLE;eligible=8;start_month=2023-05;2023-04=NOT_IN_FORCE",
        ),
        (
            "T-second-hire-no-spell",
            "Second hire, the spell already served the first",
            False,
            "outcome=REVIEW;eligible=0;2023-05=NO_RECORD;2023-12=NO_RECORD",
        ),
    ):
        worker = world.worker()
        status = world.unemployed(worker, "2021-08-01")
        status.append(world.contract("E22", worker, "2021-08-01", "2023-07-31", "2022-08-31"))
        status += world.insured("E22", worker, "2021-08", "2022-08")
        world.check("E22", worker)
        if own_spell:
            status.append(world.spell(worker, "2022-09-10", "2023-05-08"))
        key, rows = hire(world, "E20", worker, "2023-05-08")
        world.case(case_id, title, "check", "E20", key, expected, status + rows)


def _identity(world):
    worker = world.worker()
    status = [world.poverty(worker)]
    _, rows = hire(world, "E20", worker)
    other = world.check("E20", worker, name="无名氏")
    world.case(
        "T-name-mismatch", "Known number, other name", "check", "E20", other, OPEN + "NOT_MATCHED", status + rows
    )

    stranger = world.worker(recorded=False)
    key = world.check("E20", stranger)
    world.case("T-unknown-worker", "A person whom no fact names", "check", "E20", key, OPEN + "NO_RECORD")

    worker = world.worker("HMT_RESIDENCE_PERMIT")
    status = world.unemployed(worker, "2022-12-19")
    key, rows = hire(world, "E20", worker)
    world.case(
        "T-hmt-permit", "Residence permit of Hong Kong, Macao or Taiwan", "check", "E20", key, FULL, status + rows
    )

    worker = world.worker("FOREIGN_PERMANENT_RESIDENT_CARD", name="安娜·李")
    status = world.unemployed(worker, "2022-12-19")
    key, rows = hire(world, "E20", worker)
    world.case(
        "T-permanent-resident",
        "Foreign permanent resident, a name with a middle dot",
        "check",
        "E20",
        key,
        FULL,
        status + rows,
    )
