//! Files of facts as an office would send them, written without holding them: made-up persons, one insurance month
//! each, and rows that are wrong at places that are known.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::city::resident_number;

/// The headers of `mamagang template contribution`, without what may be left out.
pub(crate) const HEADERS: [&str; 8] = [
    "身份证件类型",
    "身份证件号码",
    "姓名",
    "缴费单位统一社会信用代码",
    "费款所属月份",
    "险种",
    "缴费日期",
    "数据来源",
];
const EMPLOYER: &str = "91442000MAQQ000161";

/// A file of so many rows below the header, of which every `wrong_every`-th is wrong (0 = none).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub(crate) count: u64,
    pub(crate) wrong_every: u64,
}

impl Rows {
    fn is_wrong(&self, index: u64) -> bool {
        self.wrong_every > 0 && index % self.wrong_every == self.wrong_every / 2
    }

    /// The rows that are wrong, as people count them: the header is row 1.
    pub(crate) fn wrong(&self) -> Vec<u64> {
        let wrong = (0..self.count).filter(|index| self.is_wrong(*index));
        wrong.map(|index| index + 2).collect()
    }

    /// Wrong rows have, in turn, a month that does not exist and a number whose check character is another.
    fn cells(&self, index: u64) -> [String; 8] {
        let mut number = resident_number(index);
        let mut month = "2023-07";
        if self.is_wrong(index) {
            if (index / self.wrong_every).is_multiple_of(2) {
                month = WRONG_MONTH;
            } else {
                let last = if number.ends_with('0') { '1' } else { '0' };
                number.pop();
                number.push(last);
            }
        }
        [
            "居民身份证",
            &number,
            "王小明",
            EMPLOYER,
            month,
            "养老、医疗、失业、工伤",
            "2023-07-20",
            "社保",
        ]
        .map(str::to_owned)
    }

    /// As CSV in UTF-8.
    pub(crate) fn csv(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "{}\r", HEADERS.join(","))?;
        for index in 0..self.count {
            writeln!(file, "{}\r", self.cells(index).join(","))?;
        }
        Ok(file.flush()?)
    }

    /// As xlsx, with its texts in the table of shared texts, as spreadsheet programs write them: every number of a
    /// document is one of its own.
    pub(crate) fn xlsx(&self, path: &Path) -> anyhow::Result<()> {
        let mut package = ZipWriter::new(BufWriter::new(File::create(path)?));
        let options = SimpleFileOptions::default().large_file(true);
        for (name, text) in PARTS {
            package.start_file(*name, options)?;
            package.write_all(text.as_bytes())?;
        }
        let shared = shared(self);
        package.start_file("xl/worksheets/sheet1.xml", options)?;
        let mut sheet = BufWriter::with_capacity(1 << 16, &mut package);
        write!(
            sheet,
            "{XML}<worksheet xmlns=\"{MAIN}\"><dimension ref=\"A1:H{}\"/><sheetData>",
            self.count + 1
        )?;
        write_row(&mut sheet, 1, &HEADERS.map(str::to_owned), &shared)?;
        for index in 0..self.count {
            write_row(&mut sheet, index + 2, &self.cells(index), &shared)?;
        }
        sheet.write_all(b"</sheetData></worksheet>")?;
        sheet.flush()?;
        drop(sheet);
        package.start_file("xl/sharedStrings.xml", options)?;
        let mut texts = BufWriter::with_capacity(1 << 16, &mut package);
        write!(texts, "{XML}<sst xmlns=\"{MAIN}\">")?;
        for text in &shared {
            write!(texts, "<si><t>{text}</t></si>")?;
        }
        for index in 0..self.count {
            write!(texts, "<si><t>{}</t></si>", self.cells(index)[NUMBER])?;
        }
        texts.write_all(b"</sst>")?;
        texts.flush()?;
        drop(texts);
        package.finish()?.flush()?;
        Ok(())
    }
}

/// The column of document numbers.
const NUMBER: usize = 1;
const WRONG_MONTH: &str = "2023-13";
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PARTS: &[(&str, &str)] = &[
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="参保缴费" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#,
    ),
];

/// The texts that stand in many rows; document numbers follow them in the table, by row.
fn shared(rows: &Rows) -> Vec<String> {
    let usual = Rows {
        wrong_every: 0,
        ..*rows
    };
    let of_row = usual.cells(0).into_iter().enumerate();
    let of_row = of_row.filter(|(column, _)| *column != NUMBER);
    let mut shared: Vec<String> = HEADERS.map(str::to_owned).to_vec();
    shared.extend(of_row.map(|(_, text)| text));
    shared.push(WRONG_MONTH.to_owned());
    shared
}

fn write_row(
    sheet: &mut impl Write,
    number: u64,
    cells: &[String; 8],
    shared: &[String],
) -> anyhow::Result<()> {
    write!(sheet, "<row r=\"{number}\">")?;
    for (column, text) in cells.iter().enumerate() {
        let letter = char::from(b'A' + u8::try_from(column)?);
        let place = match shared.iter().position(|known| known == text) {
            Some(place) => place as u64,
            None => shared.len() as u64 + number - 2,
        };
        write!(
            sheet,
            "<c r=\"{letter}{number}\" t=\"s\"><v>{place}</v></c>"
        )?;
    }
    sheet.write_all(b"</row>")?;
    Ok(())
}
