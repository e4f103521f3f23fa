//! Whole statements, as xlsx and PDF.

use super::code::CheckCode;
use super::rows::{
    Employer, EntryLine, EvidenceRow, MonthFigure, ScheduleRow, WorkTimeRow, YearRow,
};
use super::tables;
use crate::FileError;
use crate::pdf::{About, Finished, Paper, Pdf};
use crate::qr::Qr;
use crate::table::{Table, Value};
use crate::xlsx::Book;

/// Kinds of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// 台账: over the years, and each year's entries.
    Statement,
    /// 申报表: 就业信息表 and 减免税申报明细表 of a year.
    Forms,
    /// 备查资料: everything of a year that is kept, with an account of it.
    Dossier,
}

impl StatementKind {
    /// As check codes and file names have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Forms => "forms",
            Self::Dossier => "dossier",
        }
    }

    /// The title on its first page.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Statement => "企业招用重点群体税收扣减台账",
            Self::Forms => "企业招用重点群体税收扣减申报表",
            Self::Dossier => "企业招用重点群体税收优惠备查资料",
        }
    }
}

/// A statement's content. Lists that its kind does not show stay empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its kind.
    pub kind: StatementKind,
    /// Whose it is.
    pub employer: Employer,
    /// The tax year; 0 = all.
    pub tax_year: i32,
    /// The state of knowledge, in Asia/Shanghai: `2024-02-01 09:30:00`.
    pub as_of: String,
    /// The same in microseconds since 1970.
    pub as_of_micros: i64,
    /// The last entry's sequence and hash.
    pub head: (i64, Vec<u8>),
    /// 总台账.
    pub years: Vec<YearRow>,
    /// 年度台账, year by year.
    pub entries: Vec<(i32, Vec<EntryLine>)>,
    /// The year by month.
    pub months: Vec<MonthFigure>,
    /// 就业信息表.
    pub work_time: Vec<WorkTimeRow>,
    /// 减免税申报明细表.
    pub schedule: Vec<ScheduleRow>,
    /// The list of papers.
    pub evidence: Vec<EvidenceRow>,
}

impl Statement {
    /// Its tables, in the order of the pages.
    pub fn tables(&self) -> Vec<Table> {
        let ledgers = || {
            let of_year = |(year, lines): &(i32, Vec<EntryLine>)| tables::entries(*year, lines);
            self.entries.iter().map(of_year)
        };
        match self.kind {
            StatementKind::Statement => {
                let mut all = vec![tables::years(&self.years)];
                all.extend(ledgers());
                if !self.months.is_empty() {
                    all.push(tables::months(&self.months));
                }
                all
            }
            StatementKind::Forms => vec![
                tables::work_time(&self.work_time),
                tables::schedule(&self.schedule),
            ],
            StatementKind::Dossier => {
                let mut all = vec![tables::schedule(&self.schedule), tables::years(&self.years)];
                all.extend(ledgers());
                all.extend([
                    tables::months(&self.months),
                    tables::work_time(&self.work_time),
                    tables::evidence(&self.evidence),
                ]);
                all
            }
        }
    }

    /// The check code over all tables and the chain's end.
    pub fn check_code(&self) -> CheckCode {
        let shown: Vec<String> = self.tables().iter().map(text_of).collect();
        let subject = (self.kind.name(), self.employer.code.as_str(), self.tax_year);
        CheckCode::new(
            subject,
            self.as_of_micros,
            (self.head.0, &self.head.1),
            &shown,
        )
    }

    fn pairs(&self, code: &CheckCode) -> Vec<(&'static str, String)> {
        let year = if self.tax_year == 0 {
            "全部".to_owned()
        } else {
            format!("{} 年", self.tax_year)
        };
        vec![
            ("用人单位", self.employer.name.clone()),
            ("统一社会信用代码", self.employer.code.clone()),
            ("镇街代码", self.employer.town_code.clone()),
            ("年度", year),
            ("数据截至", self.as_of.clone()),
            ("账目序号", self.head.0.to_string()),
            ("校验码", code.shown()),
        ]
    }

    /// As xlsx: a sheet with whose it is and the check code, then a sheet for each table.
    pub fn xlsx(&self) -> Result<Vec<u8>, FileError> {
        let code = self.check_code();
        let mut pairs: Vec<(&str, Value)> = self
            .pairs(&code)
            .into_iter()
            .map(|(name, value)| (name, Value::text(value)))
            .collect();
        pairs.push(("校验码内容", Value::text(code.payload())));
        for paragraph in self.account() {
            pairs.push(("情况说明", Value::text(paragraph)));
        }
        let mut book = Book::new(self.kind.title()).pairs("说明", pairs)?;
        for table in self.tables() {
            book = book.sheet(&table)?;
        }
        book.finish()
    }

    /// As PDF, lying, with the chart where the statement has months.
    pub fn pdf(&self) -> Result<Finished, FileError> {
        let code = self.check_code();
        let about = About::titled(self.kind.title()).footer(format!(
            "{}　校验码 {}",
            self.employer.code,
            code.shown()
        ));
        let mut pdf = Pdf::new(about, Paper::A4Landscape);
        pdf.title(self.kind.title()).pairs(self.pairs(&code));
        let account = self.account();
        if !account.is_empty() {
            pdf.heading("情况说明");
            for paragraph in &account {
                pdf.paragraph(paragraph);
            }
        }
        for table in self.tables() {
            pdf.heading(&table.name).table(&table);
        }
        if !self.months.is_empty() {
            let title = format!("{} 年额度使用情况", self.tax_year);
            pdf.drawing(&tables::month_chart(&title, &self.months).draw(620_000, 240_000));
        }
        let lines = [
            format!("校验码：{}", code.shown()),
            "凭此码可向出具本件的系统核对：按相同的截至时间重新生成，内容与账目未变时校验码相同。"
                .to_owned(),
        ];
        pdf.check_code(&Qr::new(&code.payload())?, &lines);
        pdf.finish()
    }

    /// 情况说明 of a dossier: who, how many, how much, by which instruments. It states what the tables show.
    fn account(&self) -> Vec<String> {
        if self.kind != StatementKind::Dossier {
            return Vec::new();
        }
        let months: i64 = self.work_time.iter().map(|row| row.months).sum();
        let accrued: mamagang_domain::money::Fen =
            self.work_time.iter().map(|row| row.accrued_fen).sum();
        let deducted: mamagang_domain::money::Fen =
            self.schedule.iter().map(|row| row.deducted_fen).sum();
        let mut account = vec![format!(
            "{}（统一社会信用代码 {}）{} 年招用重点群体人员 {} 人，已入账 {} 个人月，产生扣减额度 {} 元；\
             当年申报及汇算清缴实际抵减税（费）{} 元。",
            self.employer.name,
            self.employer.code,
            self.tax_year,
            self.work_time.iter().filter(|row| row.months > 0).count(),
            months,
            accrued.yuan(),
            deducted.yuan(),
        )];
        account.push("本资料依据系统内已记录的事实和账目生成，按规定留存备查。".to_owned());
        account
    }
}

/// A table's text, for the check code: every cell with its place.
fn text_of(table: &Table) -> String {
    let mut text = table.name.clone();
    for row in table.rows.iter().chain(&table.totals) {
        text.push('\n');
        for value in row {
            text.push_str(&value.display());
            text.push('\t');
        }
    }
    text
}
