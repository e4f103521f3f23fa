//! Fields of one value: texts, dates, months, amounts, codes, instants.

use mamagang_app::limits::{KEY_CHARS_MAX, TEXT_CHARS_MAX};
use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::identifier::codes::CodeError;
use mamagang_domain::ids::RequestId;
use mamagang_domain::money::{AMOUNT_FEN_MAX, Fen, RateBp};
use mamagang_domain::month::{TaxMonth, TaxPeriod, TaxYear};
use prost_types::Timestamp;

use super::check::Checker;
use super::texts;
use crate::limits::{ROW_KEY_CHARS_MAX, TOKEN_CHARS_MAX};

/// 9999-12-31T23:59:59Z, the last second of a `google.protobuf.Timestamp`.
const TIMESTAMP_SECONDS_MAX: i64 = 253_402_300_799;
/// 0001-01-01T00:00:00Z, its first second.
const TIMESTAMP_SECONDS_MIN: i64 = -62_135_596_800;

impl Checker<'_> {
    /// A text that is absent or at most so long, without control characters.
    pub(crate) fn optional_text(
        &mut self,
        field: &str,
        text: &str,
        chars_max: usize,
    ) -> Option<String> {
        if text.chars().count() > chars_max {
            let zh = format!("不得超过 {chars_max} 个字符");
            self.wrong(field, zh, format!("at most {chars_max} characters"));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.wrong(field, "不得含有控制字符", "must hold no control character");
            return None;
        }
        Some(text.to_owned())
    }

    /// A text of 1 to 500 characters that is not blank.
    pub(crate) fn sentence(&mut self, field: &str, text: &str) -> Option<String> {
        if text.trim().is_empty() {
            self.missing(field);
            return None;
        }
        self.optional_text(field, text, TEXT_CHARS_MAX)
    }

    /// A caller's own name for something, absent or without blanks at its ends: two that look alike are alike.
    pub(crate) fn optional_key(&mut self, field: &str, text: &str) -> Option<String> {
        if text.trim() != text {
            self.wrong(
                field,
                "首尾不得有空格",
                "must not begin or end with a blank",
            );
            return None;
        }
        self.optional_text(field, text, KEY_CHARS_MAX)
    }

    /// A caller's own name for something.
    pub(crate) fn key(&mut self, field: &str, text: &str) -> Option<String> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        self.optional_key(field, text)
    }

    /// A caller's name for a row.
    pub(crate) fn row_key(&mut self, text: &str) -> Option<String> {
        self.optional_text("row_key", text, ROW_KEY_CHARS_MAX)
    }

    /// A text that this service gave out.
    pub(crate) fn token(&mut self, field: &str, text: &str) -> Option<String> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        self.optional_text(field, text, TOKEN_CHARS_MAX)
    }

    /// A UUID in its hyphenated form, in either case.
    pub(crate) fn request_id(&mut self, text: &str) -> Option<RequestId> {
        if text.is_empty() {
            self.missing("request_id");
            return None;
        }
        let id = RequestId::parse(&text.to_ascii_lowercase());
        if id.is_none() {
            self.wrong("request_id", "应为 UUID", "must be a UUID");
        }
        id
    }

    /// A civil date.
    pub(crate) fn date(&mut self, field: &str, text: &str) -> Option<CivilDate> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        self.optional_date(field, text).flatten()
    }

    /// A civil date; the empty text is none.
    pub(crate) fn optional_date(&mut self, field: &str, text: &str) -> Option<Option<CivilDate>> {
        if text.is_empty() {
            return Some(None);
        }
        let date = CivilDate::parse(text).ok();
        if date.is_none() {
            self.wrong(
                field,
                "应为真实存在的日期，格式如 2024-05-20",
                "must be a date that exists, such as 2024-05-20",
            );
        }
        date.map(Some)
    }

    /// A month.
    pub(crate) fn month(&mut self, field: &str, text: &str) -> Option<TaxMonth> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        self.optional_month(field, text).flatten()
    }

    /// A month; the empty text is none.
    pub(crate) fn optional_month(&mut self, field: &str, text: &str) -> Option<Option<TaxMonth>> {
        if text.is_empty() {
            return Some(None);
        }
        let month = TaxMonth::parse(text).ok();
        if month.is_none() {
            self.wrong(
                field,
                "应为月份，格式如 2024-05",
                "must be a month such as 2024-05",
            );
        }
        month.map(Some)
    }

    /// A tax period.
    pub(crate) fn period(&mut self, field: &str, text: &str) -> Option<TaxPeriod> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        let period = TaxPeriod::parse(text).ok();
        if period.is_none() {
            self.wrong(
                field,
                "应为所属期，格式如 2024-05 或 2024-Q2",
                "must be a tax period such as 2024-05 or 2024-Q2",
            );
        }
        period
    }

    /// A tax year.
    pub(crate) fn year(&mut self, field: &str, number: i32) -> Option<TaxYear> {
        if number == 0 {
            self.missing(field);
            return None;
        }
        let year = TaxYear::new(number);
        if year.is_none() {
            self.wrong(field, "应为年度，如 2024", "must be a year such as 2024");
        }
        year
    }

    /// An amount in fen, 0 or more.
    pub(crate) fn amount(&mut self, field: &str, fen: i64) -> Option<Fen> {
        if (0..=AMOUNT_FEN_MAX).contains(&fen) {
            return Some(Fen::new(fen));
        }
        let zh = format!("应在 0 至 {AMOUNT_FEN_MAX} 分之间");
        self.wrong(field, zh, format!("must be 0 to {AMOUNT_FEN_MAX} fen"));
        None
    }

    /// One of the UMCT rates that exist on a day. Where no policy covers the day, those of any day.
    pub(crate) fn umct_rate(
        &mut self,
        field: &str,
        rate_bp: i32,
        on: Option<CivilDate>,
    ) -> Option<RateBp> {
        let rates = self.rules.umct_rates_bp;
        let mut allowed: Vec<i32> = match on.and_then(|day| rates.on(day)) {
            Some(value) => value.value.clone(),
            None => rates
                .values()
                .iter()
                .flat_map(|value| value.value.iter().copied())
                .collect(),
        };
        if allowed.contains(&rate_bp) {
            return Some(RateBp::new(rate_bp));
        }
        allowed.sort_unstable_by(|a, b| b.cmp(a));
        allowed.dedup();
        let allowed = allowed
            .iter()
            .map(i32::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        self.wrong(
            field,
            format!("应为下列之一：{allowed}"),
            format!("must be one of {allowed}"),
        );
        None
    }

    /// An employer's code.
    pub(crate) fn employer_code(&mut self, field: &str, text: &str) -> Option<EmployerCode> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        let code = EmployerCode::parse(text)
            .map_err(|error| self.refuse(field, texts::employer_code(error)))
            .ok();
        if self.is_at_root() {
            self.told.employer_code = code;
        }
        code
    }

    /// An employer's code; the empty text is none.
    pub(crate) fn optional_employer_code(
        &mut self,
        field: &str,
        text: &str,
    ) -> Option<Option<EmployerCode>> {
        if text.is_empty() {
            Some(None)
        } else {
            self.employer_code(field, text).map(Some)
        }
    }

    /// A code of a place, an office or an industry; the empty text is none.
    pub(crate) fn optional_code(
        &mut self,
        field: &str,
        text: &str,
        form: &CodeForm,
    ) -> Option<String> {
        if text.is_empty() {
            Some(String::new())
        } else {
            self.code(field, text, form)
        }
    }

    /// A code of a place, an office or an industry.
    pub(crate) fn code(&mut self, field: &str, text: &str, form: &CodeForm) -> Option<String> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        match (form.check)(text) {
            Ok(()) => Some(text.to_owned()),
            Err(_) => {
                self.wrong(field, form.zh, form.en);
                None
            }
        }
    }

    /// A code of a closed list; the empty text is none.
    pub(crate) fn optional_listed(
        &mut self,
        field: &str,
        text: &str,
        list: &[&str],
    ) -> Option<String> {
        if text.is_empty() || list.contains(&text) {
            return Some(text.to_owned());
        }
        let list = list.join(", ");
        self.wrong(
            field,
            format!("应为下列之一：{list}"),
            format!("must be one of {list}"),
        );
        None
    }

    /// A number of an API enum, read by `known`. 0 is absent.
    pub(crate) fn choice<T>(
        &mut self,
        field: &str,
        number: i32,
        known: impl FnOnce(i32) -> Option<T>,
    ) -> Option<T> {
        if number == 0 {
            self.missing(field);
            return None;
        }
        self.optional_choice(field, number, known).flatten()
    }

    /// A number of an API enum, read by `known`. 0 is none.
    pub(crate) fn optional_choice<T>(
        &mut self,
        field: &str,
        number: i32,
        known: impl FnOnce(i32) -> Option<T>,
    ) -> Option<Option<T>> {
        if number == 0 {
            return Some(None);
        }
        let value = known(number);
        if value.is_none() {
            self.wrong(
                field,
                "不在可选值之内",
                "not one of the values that are allowed here",
            );
        }
        value.map(Some)
    }

    /// An instant in microseconds; absent is none. Finer than a microsecond is cut off.
    pub(crate) fn instant(&mut self, field: &str, time: Option<&Timestamp>) -> Option<Option<i64>> {
        let Some(time) = time else {
            return Some(None);
        };
        let is_right = (TIMESTAMP_SECONDS_MIN..=TIMESTAMP_SECONDS_MAX).contains(&time.seconds)
            && (0..1_000_000_000).contains(&time.nanos);
        if !is_right {
            self.wrong(field, "不是有效的时间", "not a valid instant");
            return None;
        }
        Some(Some(
            time.seconds * 1_000_000 + i64::from(time.nanos / 1_000),
        ))
    }

    /// Notes that a second day or month lies before the first, where both are known.
    pub(crate) fn ordered<T: PartialOrd>(
        &mut self,
        first: (&str, Option<T>),
        second: (&str, Option<T>),
    ) {
        if let (Some(from), Some(to)) = (first.1, second.1)
            && to < from
        {
            let name = first.0;
            self.wrong(
                second.0,
                format!("不得早于 {name}"),
                format!("must not be before {name}"),
            );
        }
    }

    /// Notes that a span of months is longer than allowed, where both ends are known.
    pub(crate) fn span(
        &mut self,
        field: &str,
        from: Option<TaxMonth>,
        to: Option<TaxMonth>,
        months_max: i32,
    ) {
        if let (Some(from), Some(to)) = (from, to)
            && to.since(from) >= months_max
        {
            self.wrong(
                field,
                format!("最多 {months_max} 个月"),
                format!("at most {months_max} months"),
            );
        }
    }

    /// Notes what is wrong with a field, in both languages.
    pub(crate) fn refuse(&mut self, field: &str, (zh, en): (String, String)) {
        self.wrong(field, zh, en);
    }
}

/// How a code looks.
pub(crate) struct CodeForm {
    check: fn(&str) -> Result<(), CodeError>,
    zh: &'static str,
    en: &'static str,
}

mod forms {
    use mamagang_domain::identifier::codes::{
        check_industry_code, check_office_code, check_province_code, check_town_code,
    };

    use super::CodeForm;

    /// A town.
    pub(crate) const TOWN: CodeForm = CodeForm {
        check: check_town_code,
        zh: "应为 9 位数字",
        en: "must have 9 digits",
    };
    /// An office.
    pub(crate) const OFFICE: CodeForm = CodeForm {
        check: check_office_code,
        zh: "应为 6 位或 9 位数字",
        en: "must have 6 or 9 digits",
    };
    /// A province.
    pub(crate) const PROVINCE: CodeForm = CodeForm {
        check: check_province_code,
        zh: "应为 6 位数字",
        en: "must have 6 digits",
    };
    /// An industry.
    pub(crate) const INDUSTRY: CodeForm = CodeForm {
        check: check_industry_code,
        zh: "应为 GB/T 4754 行业代码：一个大写字母加至多 4 位数字",
        en: "must be a GB/T 4754 code: a capital letter and up to 4 digits",
    };
}

pub(crate) use forms::{INDUSTRY, OFFICE, PROVINCE, TOWN};

#[cfg(test)]
mod tests;
