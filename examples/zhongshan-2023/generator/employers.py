"""The 24 employers. E01 to E14 hold the worked cases A1 to A14, the others the rest."""

# label, kind, name, town, industry, VAT payer, cycle, UMCT rate in basis points, half-rate, size
EMPLOYERS = (
    ("E01", "COMPANY", "中山样例木棉制衣有限公司", "106", "C1819", "GENERAL", "MONTHLY", 700, False, "OTHER"),
    (
        "E02",
        "COMPANY",
        "中山样例香山灯饰有限公司",
        "001",
        "C3872",
        "GENERAL",
        "MONTHLY",
        700,
        False,
        "ABOVE_DESIGNATED",
    ),
    ("E03", "COMPANY", "中山样例晨光托育有限公司", "002", "O8010", "SMALL_SCALE", "QUARTERLY", 700, True, "OTHER"),
    ("E04", "COMPANY", "中山样例岐江食品有限公司", "001", "C1411", "SMALL_SCALE", "QUARTERLY", 700, True, "OTHER"),
    ("E05", "COMPANY", "中山样例石榴家政有限公司", "004", "O8010", "SMALL_SCALE", "QUARTERLY", 700, True, "OTHER"),
    (
        "E06",
        "COMPANY",
        "中山样例启明电子有限公司",
        "003",
        "C3989",
        "GENERAL",
        "MONTHLY",
        700,
        False,
        "ABOVE_DESIGNATED",
    ),
    (
        "E07",
        "COMPANY",
        "中山样例海棠家电有限公司",
        "005",
        "C3854",
        "GENERAL",
        "MONTHLY",
        700,
        False,
        "ABOVE_DESIGNATED",
    ),
    ("E08", "COMPANY", "中山样例飞燕物流有限公司", "003", "G5431", "SMALL_SCALE", "QUARTERLY", 700, False, "OTHER"),
    (
        "E09",
        "COMPANY",
        "中山样例白鹭纺织有限公司",
        "001",
        "C1752",
        "GENERAL",
        "MONTHLY",
        700,
        False,
        "ABOVE_DESIGNATED",
    ),
    ("E10", "COMPANY", "中山样例青禾软件有限公司", "002", "I6513", "GENERAL", "MONTHLY", 700, False, "OTHER"),
    (
        "E11",
        "COMPANY",
        "中山样例紫荆家具有限公司",
        "001",
        "C2110",
        "GENERAL",
        "MONTHLY",
        700,
        False,
        "ABOVE_DESIGNATED",
    ),
    ("E12", "COMPANY", "中山样例古韵红木有限公司", "116", "C2110", "GENERAL", "MONTHLY", 500, False, "OTHER"),
    ("E13", "COMPANY", "中山样例双桥餐饮有限公司", "001", "H6210", "SMALL_SCALE", "QUARTERLY", 700, False, "OTHER"),
    ("E14", "COMPANY", "中山样例逸仙包装有限公司", "003", "C2231", "GENERAL", "MONTHLY", 700, False, "OTHER"),
    (
        "E15",
        "INDIVIDUAL_BUSINESS",
        "中山样例阿珍裁缝店",
        "106",
        "O8090",
        "SMALL_SCALE",
        "QUARTERLY",
        500,
        True,
        "OTHER",
    ),
    (
        "E16",
        "SOLE_PROPRIETORSHIP",
        "中山样例和记五金厂",
        "118",
        "C3351",
        "SMALL_SCALE",
        "QUARTERLY",
        500,
        True,
        "OTHER",
    ),
    (
        "E17",
        "PARTNERSHIP",
        "中山样例同行咨询事务所（普通合伙）",
        "002",
        "L7249",
        "GENERAL",
        "MONTHLY",
        700,
        True,
        "OTHER",
    ),
    (
        "E18",
        "PRIVATE_NON_ENTERPRISE",
        "中山样例小荷幼儿园",
        "108",
        "P8310",
        "SMALL_SCALE",
        "QUARTERLY",
        500,
        True,
        "OTHER",
    ),
    (
        "E19",
        "DISPATCH_AGENCY",
        "中山样例合力劳务派遣有限公司",
        "003",
        "L7263",
        "GENERAL",
        "MONTHLY",
        700,
        False,
        "ABOVE_DESIGNATED",
    ),
    (
        "E20",
        "COMPANY",
        "中山样例百川智能制造有限公司",
        "003",
        "C3990",
        "GENERAL",
        "MONTHLY",
        700,
        False,
        "ABOVE_DESIGNATED",
    ),
    ("E21", "COMPANY", "中山样例金凤日用品有限公司", "103", "C2669", "SMALL_SCALE", "QUARTERLY", 500, True, "OTHER"),
    ("E22", "COMPANY", "中山样例横水渔产有限公司", "110", "A0412", "GENERAL", "MONTHLY", 100, False, "OTHER"),
    ("E23", "COMPANY", "中山样例长青园艺有限公司", "002", "A0149", "GENERAL", "MONTHLY", 700, False, "OTHER"),
    ("E24", "COMPANY", "中山样例沙岗商贸有限公司", "107", "F5211", "SMALL_SCALE", "QUARTERLY", 500, True, "OTHER"),
)
PROJECTED = ("E07", "E08", "E13", "E24")
INDIVIDUAL_BUSINESS = "E15"
WITHOUT_INCOME_TAX = ("E16", "E17")
KINDS = {row[0]: row[1] for row in EMPLOYERS}
CYCLES = {row[0]: row[6] for row in EMPLOYERS}


def add_employers(world):
    """Record every employer, and the move of E23 to a 5 % town in the middle of the year."""
    for row in EMPLOYERS:
        _add(world, row, "2018-01-01")
    moved = next(row for row in EMPLOYERS if row[0] == "E23")
    key = _add(world, (*moved[:3], "111", *moved[4:7], 500, *moved[8:]), "2023-07-01")
    for label in PROJECTED:
        world.releases[label] = "ANNUAL_PROJECTED"
    return key


def _add(world, row, from_date):
    label, kind, name, town, industry, payer, cycle, rate, half, size = row
    return world.employer(
        label,
        kind=kind,
        name=name,
        town_code=f"442000{town}",
        industry_code=industry,
        vat_payer=payer,
        filing_cycle=cycle,
        umct_rate_bp=str(rate),
        half_rate_surcharges=str(half).lower(),
        size_class=size,
        from_date=from_date,
    )
