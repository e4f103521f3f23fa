#!/usr/bin/env python3
"""Makes NotoSansCJKsc-Subset.otf, the font that the PDFs embed. Needed only to make it anew.

    apt-get install fonts-noto-cjk unicode-data && pip install fonttools==4.68.0
    python3 subset.py

Characters: ASCII and a few signs, GB 2312, all 8,105 of 通用规范汉字表 (Unihan kTGH, rare characters of names among
them), and the 5,401 frequent ones of Big5, since residents of Hong Kong, Macao and Taiwan write their names with them.
Hints, layout features and vertical metrics go: the PDFs place every glyph themselves.
"""

import bz2
import glob
import os

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
SIMPLIFIED_CHINESE = 2
UNIHAN = "/usr/share/unicode/Unihan_*.txt.bz2"
TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "NotoSansCJKsc-Subset.otf")
SIGNS = "〇·¥€£§°±×÷–—‘’“”…‰※○●〓"


def of_table(path, key):
    found = set()
    with bz2.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == 3 and cells[1] == key:
                found.add(int(cells[0][2:], 16))
    return found


def of_codec(codec, leads, trails):
    found = set()
    for lead in leads:
        for trail in trails:
            try:
                found.add(ord(bytes([lead, trail]).decode(codec)))
            except (UnicodeDecodeError, TypeError):
                continue
    return found


def main():
    general = set().union(*(of_table(path, "kTGH") for path in sorted(glob.glob(UNIHAN))))
    assert len(general) == 8105, len(general)
    wanted = set(range(0x20, 0x7F)) | set(map(ord, SIGNS)) | general
    wanted |= of_codec("gb2312", range(0xA1, 0xFF), range(0xA1, 0xFF))
    wanted |= of_codec("big5", range(0xA4, 0xC7), range(0x40, 0xFF))
    font = TTFont(SOURCE, fontNumber=SIMPLIFIED_CHINESE)
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 3, 4, 6, 13, 14]
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.save(TARGET)
    missing = sorted(wanted - set(font.getBestCmap()))
    print(len(wanted), "characters,", os.path.getsize(TARGET), "bytes, missing:", [hex(code) for code in missing])


if __name__ == "__main__":
    main()
