"""Synthetic identifiers whose check characters are right (GB 11643, GB 11714, GB 32100).

Sequence numbers 990 to 999 and organisation codes that start with ``QQ`` or ``MAQQ`` mark them as
made up.
"""

PERSON_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
PERSON_CHECKS = "10X98765432"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CREDIT_VALUES = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def with_person_check(digits):
    """Append the check character to the 17 digits of a person's identifier."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, PERSON_WEIGHTS, strict=True))
    return digits + PERSON_CHECKS[total % 11]


def resident_id(area, birth, sequence):
    """居民身份证, and 港澳台居民居住证 when the area is 810000, 820000 or 830000."""
    return with_person_check(f"{area}{birth:%Y%m%d}{sequence:03d}")


def permanent_resident_card(country, birth, sequence):
    """外国人永久居留身份证 of 2023: 9, province, country code, birth, sequence, check."""
    return with_person_check(f"944{country}{birth:%Y%m%d}{sequence:03d}")


def credit_code(department, serial):
    """统一社会信用代码 of Zhongshan for a department code such as 91 and a serial number."""
    stem = f"QQ00{serial:04d}" if department == "52" else f"MAQQ{serial:04d}"
    total = sum(ORGANISATION_VALUES.index(c) * w for c, w in zip(stem, ORGANISATION_WEIGHTS, strict=True))
    organisation_check = {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))
    head = f"{department}442000{stem}{organisation_check}"
    total = sum(CREDIT_VALUES.index(c) * pow(3, place, 31) for place, c in enumerate(head))
    return head + CREDIT_VALUES[(31 - total % 31) % 31]


def certificate_number(year, serial):
    """就业创业证编号: area, 户籍性质, a digit without known formula, year, serial."""
    return f"44200000{year % 100:02d}{serial:06d}"
