#!/usr/bin/env python3
"""Makes contracts.xls, a file of the older binary format as spreadsheet programs leave them: a merged title, dates as
days, a number of a document as a figure, a formula that nobody computed. Needed only to make it anew (`pip install xlwt==1.3.0`)."""

import datetime
import os

import xlwt

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = ["*合同编号", "*统一社会信用代码", "*身份证件类型", "*身份证件号码", "*姓名", "*合同类型", "*签订日期", "*合同开始日期", "合同终止日期", "非全日制"]
CODE = "91442000MAQQ000161"


def main():
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("合同")
    sheet.write_merge(0, 0, 0, len(HEADERS) - 1, "2024 年合同登记表")
    for column, header in enumerate(HEADERS):
        sheet.write(1, column, header)
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")

    def row(index, number, document, start, end):
        cells = [number, CODE, "居民身份证", document, "王小明", "劳动合同", "2024年5月20日"]
        for column, cell in enumerate(cells):
            sheet.write(index, column, cell)
        sheet.write(index, 7, start, day)
        sheet.write(index, 8, end, day)
        sheet.write(index, 9, "否")

    row(2, "HT-1", "442000198903149982", datetime.date(2024, 5, 20), datetime.date(2025, 5, 19))
    row(4, 202405, 442000198903149982.0, datetime.date(2024, 5, 21), xlwt.Formula("DATE(2025,5,20)"))
    book.save(os.path.join(HERE, "contracts.xls"))


if __name__ == "__main__":
    main()
