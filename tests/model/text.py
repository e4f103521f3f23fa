"""The words of law cases, read and written."""

from datetime import date
from decimal import Decimal

from calendar_math import parse_month

EVERY_INSURANCE = {"PENSION", "MEDICAL", "WORK_INJURY", "UNEMPLOYMENT", "MATERNITY"}


def day(text):
    """A date, or None."""
    return date.fromisoformat(text) if text else None


def month_text(month):
    """`2024-05`."""
    return f"{month // 12}-{month % 12 + 1:02}"


def span(text):
    """First and last month of `2024-05` or `2024-05..2024-12`."""
    first, _, last = text.partition("..")
    return parse_month(first), parse_month(last or first)


def yuan(amount):
    """Yuan with two decimals."""
    return f"{Decimal(amount):.2f}"


def fen(text):
    """Yuan as text into whole fen."""
    return int(Decimal(text) * 100)


def overall(outcomes):
    """ELIGIBLE if any is, else REVIEW if any is, else INELIGIBLE."""
    return next((o for o in ("ELIGIBLE", "REVIEW") if o in outcomes), "INELIGIBLE")


def parse_insurance(line):
    """First month, last month, day of payment or None, payer, insurances."""
    words = line.split(" ")
    first, last = span(words[0])
    paid_on = None if words[1] == "in" else date.fromisoformat(words[2])
    rest, payer, what = words[3:], "us", EVERY_INSURANCE
    if rest[:1] == ["by"]:
        payer, rest = ("worker", rest[3:]) if rest[1] == "the" else (rest[1], rest[2:])
    if rest[:1] == ["only"]:
        what = set(rest[1:])
    return first, last, paid_on, payer, what


def runs(found):
    """Neighbouring months of one reason as ranges."""
    ranges = []
    for month, reason in found:
        if ranges and ranges[-1][2] == reason:
            ranges[-1][1] = month
        else:
            ranges.append([month, month, reason])
    for first, last, reason in ranges:
        text = month_text(first) if first == last else f"{month_text(first)}..{month_text(last)}"
        yield text, reason
