"""Civil dates, months and money of the independent model.

A month is an integer, ``year * 12 + month - 1``; a date is ``datetime.date``;
money is integer fen. Every rounding is half up.
"""

import calendar
from datetime import date, timedelta
from fractions import Fraction

ONE_DAY = timedelta(days=1)


def parse_date(text):
    """Return the date of ``2024-05-20``, or None for an empty text."""
    return date.fromisoformat(text) if text else None


def parse_month(text):
    """Return the month of ``2024-05``, or None for an empty text."""
    if not text:
        return None
    year, month = text.split("-")
    return int(year) * 12 + int(month) - 1


def format_month(month):
    """Return ``2024-05`` for a month, or None for None."""
    return None if month is None else f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_of(day):
    """Return the month that holds a day."""
    return day.year * 12 + day.month - 1


def first_day(month):
    """Return the first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month):
    """Return the last day of a month."""
    year, number = month // 12, month % 12 + 1
    return date(year, number, calendar.monthrange(year, number)[1])


def add_months(day, count):
    """Move a day by whole months in one step; a day that the target month lacks becomes its last."""
    target = month_of(day) + count
    return first_day(target).replace(day=min(day.day, last_day(target).day))


def parse_period(text):
    """Return (year, last month, months in it) of ``2024-05`` or ``2024-Q2``."""
    year, rest = text.split("-")
    if rest.startswith("Q"):
        return int(year), int(year) * 12 + int(rest[1:]) * 3 - 1, 3
    return int(year), parse_month(text), 1


def half_up(value):
    """Round an exact non-negative amount of fen half up."""
    return int((Fraction(value) + Fraction(1, 2)) // 1)
