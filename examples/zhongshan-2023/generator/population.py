"""Everybody else: seeded workers who fill the larger employers, some with a fault."""

from .world import half_year_before, last_day, months, one_year_end, shift

WORKERS = 300
# label and weight
EMPLOYERS = (
    ("E15", 3),
    ("E16", 5),
    ("E17", 6),
    ("E18", 10),
    ("E19", 34),
    ("E20", 26),
    ("E21", 16),
    ("E22", 34),
    ("E23", 26),
    ("E24", 22),
)
FAULTS = ("no note", "spell too short", "no record", "contract too short", "part-time", "service")


def add_population(world):
    """Add workers until there are 300, each with one hire and one check."""
    labels = [label for label, weight in EMPLOYERS for _ in range(weight)]
    number = 0
    while len(world.rows["workers"]) < WORKERS:
        # The first round gives every employer its share; the dice decide what is left over.
        label = labels[number] if number < len(labels) else world.random.choice(labels)
        _add_worker(world, label)
        number += 1


def _add_worker(world, label):
    dice = world.random
    kind = "HMT_RESIDENCE_PERMIT" if dice.randrange(40) == 0 else "RESIDENT_ID_CARD"
    worker = world.worker(kind)
    start = _start(world, label)
    fault = dice.choice(FAULTS) if dice.randrange(100) < 14 else None
    _add_status(world, worker, start, fault)
    end = _add_contract(world, label, worker, start, fault)
    _add_insurance(world, label, worker, start, end)
    world.check(label, worker)


def _start(world, label):
    """A hire date; projected employers hire in time for their first posting."""
    dice = world.random
    if label == "E24":
        month = dice.choice(months("2022-03", "2023-03"))
    elif dice.randrange(100) < 75:
        month = dice.choice(months("2022-01", "2023-10"))
    else:
        month = dice.choice(months("2020-01", "2021-12"))
    return f"{month}-{1 + dice.randrange(28):02d}"


def _add_status(world, worker, start, fault):
    dice = world.random
    if fault == "no record":
        return
    share = dice.randrange(100)
    if fault in ("no note", "spell too short") or share >= 40:
        _add_unemployment(world, worker, start, fault)
    elif share >= 30 and start >= "2023-01-01":
        world.poverty(worker, "POVERTY_MONITORED", f"2022-{1 + dice.randrange(12):02d}-15")
    else:
        world.poverty(worker, from_date=f"201{6 + dice.randrange(4)}-12-31")


def _add_unemployment(world, worker, start, fault):
    dice = world.random
    registered = half_year_before(start)
    if fault == "spell too short":
        registered = f"{shift(start[:7], -dice.randrange(1, 6))}-{start[8:]}"
    elif dice.randrange(3):
        registered = f"{shift(registered[:7], -1 - dice.randrange(14))}-{1 + dice.randrange(28):02d}"
    ended = start if dice.randrange(10) < 7 else ""
    world.spell(worker, registered, ended)
    world.certificate(worker, registered, None if fault == "no note" else registered)


def _add_contract(world, label, worker, start, fault):
    """Add the contract and return its actual last month, or None while it runs."""
    dice = world.random
    if fault == "contract too short":
        end = str(last_day(shift(start[:7], 2 + dice.randrange(8))))
        world.contract(label, worker, start, end)
        return end[:7]
    end = dice.choice(
        ("", one_year_end(start), str(last_day(shift(start[:7], 24))), str(last_day(shift(start[:7], 36))))
    )
    terminated = ""
    if dice.randrange(100) < 15:
        leaving = shift(start[:7], 2 + dice.randrange(12))
        candidate = f"{leaving}-{1 + dice.randrange(28):02d}"
        terminated = candidate if not end or candidate < end else ""
    kind = "SERVICE_AGREEMENT" if fault == "service" else "LABOUR_CONTRACT"
    world.contract(label, worker, start, end, terminated, kind, part_time=fault == "part-time")
    return (terminated or end)[:7] or None


def _add_insurance(world, label, worker, start, end):
    dice = world.random
    first = start[:7] if int(start[8:]) <= 15 or dice.randrange(2) else shift(start[:7], 1)
    horizon = "2024-06" if dice.randrange(5) == 0 else "2023-12"
    last = min(end, horizon) if end else horizon
    if end and last == end and dice.randrange(2):
        last = shift(end, -1)
    whole = months(first, last)
    gaps, paid = (), {}
    if len(whole) > 3 and dice.randrange(100) < 8:
        gaps = (dice.choice(whole[1:]),)
    if len(whole) > 3 and dice.randrange(100) < 8:
        late = dice.choice(whole[1:])
        paid[late] = f"{shift(late, 2)}-{1 + dice.randrange(28):02d}"
    world.insured(label, worker, first, last, gaps=gaps, paid=paid)
