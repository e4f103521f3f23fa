//! From what a cell holds to what a field wants.
//!
//! People type dates in five ways, paste blanks and full-width digits, and let the program turn numbers of documents
//! into figures. What is meant without doubt is read; what lost digits on the way is refused.

use mamagang_domain::date::CivilDate;
use mamagang_domain::money::{AMOUNT_FEN_MAX, Fen};
use mamagang_domain::month::TaxMonth;

use super::kind::{Choice, Field, Form};
use crate::xlsx::{Cell, date_of_serial};

/// A field that is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// Text, a code, a date `2024-05-20`, a month `2024-05`.
    Text(String),
    /// A whole number.
    Count(i32),
    /// Money.
    Money(Fen),
    /// Yes or no.
    Flag(bool),
    /// The API's name of a word.
    Name(&'static str),
    /// The API's names of several words.
    Names(Vec<&'static str>),
}

/// Spreadsheets keep 15 digits of a figure: at and above this one, digits may be lost.
const FIGURE_END: f64 = 1e15;

/// Reads a cell; `Ok(None)` when it is empty. What is wrong is said without the cell's content, which may be personal.
pub(super) fn read(field: &Field, cell: &Cell, is_1904: bool) -> Result<Option<Filled>, String> {
    let text = match cell {
        Cell::Empty => return Ok(None),
        Cell::UncomputedFormula => {
            return Err("公式没有计算结果，请在表格软件中重新计算并保存，或改填数值".to_owned());
        }
        Cell::Error(error) => return Err(format!("单元格是错误值 {error}")),
        Cell::Bool(yes) if field.form == Form::Yes => return Ok(Some(Filled::Flag(*yes))),
        Cell::Bool(_) => return Err("单元格是逻辑值".to_owned()),
        Cell::Date(date) => return of_date(field.form, *date).map(Some),
        Cell::Number(days) if field.form == Form::Date && *days < EIGHT_DIGITS => {
            let date = date_of_serial(*days, is_1904).ok_or("不是日期")?;
            return Ok(Some(Filled::Text(date.to_string())));
        }
        Cell::Number(number) if field.form == Form::Money => shortest(*number)?,
        Cell::Number(number) => of_number(field.form, *number)?,
        Cell::IsoDate(text) | Cell::Text(text) => clean(text),
    };
    if text.is_empty() {
        return Ok(None);
    }
    of_text(field, &text).map(Some)
}

/// A number from here on is a date of eight digits, 20240520, and no count of days.
const EIGHT_DIGITS: f64 = 10_000_000.0;

fn of_date(form: Form, date: Option<CivilDate>) -> Result<Filled, String> {
    match (form, date) {
        (_, None) => Err("不是日期".to_owned()),
        (Form::Date, Some(date)) => Ok(Filled::Text(date.to_string())),
        (Form::Month, Some(date)) if date.day() == 1 => {
            Ok(Filled::Text(TaxMonth::of(date).to_string()))
        }
        (Form::Month, Some(_)) => Err("应为月份，单元格是某一天".to_owned()),
        _ => Err("单元格被表格软件转成了日期，请设为文本格式后重新填写".to_owned()),
    }
}

/// A figure as the text that was meant: whole, and with every digit.
fn of_number(form: Form, number: f64) -> Result<String, String> {
    if number.abs() >= FIGURE_END {
        return Err("数字超过 15 位，表格软件已丢失末尾数字，请设为文本格式后重新填写".to_owned());
    }
    if number.fract() != 0.0 {
        // A month such as 2024.05 has lost what tells May from October's 2024.1.
        let wanted = if form == Form::Count {
            "应为整数"
        } else {
            "单元格是小数，请设为文本格式后重新填写"
        };
        return Err(wanted.to_owned());
    }
    Ok(format!("{number:.0}"))
}

/// A figure of money as the shortest text that stands for it: what was typed.
fn shortest(number: f64) -> Result<String, String> {
    if number.abs() >= FIGURE_END {
        return Err("金额过大".to_owned());
    }
    Ok(number.to_string())
}

/// Yuan with at most two decimals; separators of thousands and the sign ¥ are read over.
fn parsed_money(text: &str) -> Option<Fen> {
    let plain: String = text
        .chars()
        .filter(|character| !matches!(character, ',' | '，' | '¥' | '￥' | '元' | ' '))
        .collect();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, plain.as_str()),
    };
    let (yuan, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = [yuan, decimals]
        .iter()
        .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if yuan.is_empty() || decimals.len() > 2 || !are_digits {
        return None;
    }
    let fen: i64 = format!("{yuan}{decimals:0<2}").parse().ok()?;
    (fen <= AMOUNT_FEN_MAX).then(|| Fen::new(sign * fen))
}

fn of_text(field: &Field, text: &str) -> Result<Filled, String> {
    match field.form {
        Form::Text => Ok(Filled::Text(text.to_owned())),
        Form::Code => Ok(Filled::Text(
            text.chars().filter(|character| *character != ' ').collect(),
        )),
        Form::Date => parsed_date(text)
            .map(|date| Filled::Text(date.to_string()))
            .ok_or_else(|| "不是日期，应如 2024-05-20".to_owned()),
        Form::Month => parsed_month(text)
            .map(|month| Filled::Text(month.to_string()))
            .ok_or_else(|| "不是月份，应如 2024-05".to_owned()),
        Form::Count => text
            .parse()
            .map(Filled::Count)
            .map_err(|_| "应为整数".to_owned()),
        Form::Money => parsed_money(text)
            .map(Filled::Money)
            .ok_or_else(|| "应为金额（元），至多两位小数".to_owned()),
        Form::Yes => match text {
            "是" | "true" | "TRUE" | "1" | "Y" | "y" => Ok(Filled::Flag(true)),
            "否" | "false" | "FALSE" | "0" | "N" | "n" => Ok(Filled::Flag(false)),
            _ => Err("应为“是”或“否”".to_owned()),
        },
        Form::One(choices) => chosen(choices, text)
            .map(Filled::Name)
            .ok_or_else(|| listed(choices)),
        Form::Some(choices) => several(choices, text).map(Filled::Names),
    }
}

/// Text without the blanks around it; full-width letters, digits and signs of numbers as half-width ones, blanks of any
/// kind as one.
pub(super) fn clean(text: &str) -> String {
    let half = text.chars().map(|character| match character {
        '\u{a0}' | '\u{3000}' | '\u{2007}' | '\u{202f}' | '\t' | '\n' | '\r' => ' ',
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '－' | '／' | '．' => halved(character),
        other => other,
    });
    // Marks that only programs see.
    let seen = half.filter(|character| {
        !matches!(character, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
    });
    let text: String = seen.collect();
    text.split(' ')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The half-width form: full-width ASCII stands 0xFEE0 further on.
fn halved(character: char) -> char {
    char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
}

fn chosen(choices: &[Choice], text: &str) -> Option<&'static str> {
    let is_it = |(word, name): &&Choice| {
        *word == text
            || *name == text
            || name
                .strip_suffix(text)
                .is_some_and(|prefix| prefix.ends_with('_'))
    };
    choices.iter().find(is_it).map(|(_, name)| *name)
}

fn several(choices: &[Choice], text: &str) -> Result<Vec<&'static str>, String> {
    let words = text
        .split(['、', ',', '，', ';', '；', '|', '/', ' '])
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let mut names = Vec::new();
    for word in words {
        let short = word.strip_suffix("保险").unwrap_or(word);
        names.push(chosen(choices, short).ok_or_else(|| listed(choices))?);
    }
    Ok(names)
}

fn listed(choices: &[Choice]) -> String {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    format!("应为：{}", words.join("、"))
}

/// A date as people write it: year, month, day, with `-`, `/`, `.` or 年月日 between them, or eight digits. A time of day
/// behind it is dropped.
fn parsed_date(text: &str) -> Option<CivilDate> {
    let day = text.split([' ', 'T']).next()?;
    match parts(day)?.as_slice() {
        [whole] if whole.len() == 8 => date(&whole[..4], &whole[4..6], &whole[6..]),
        [year, month, day] => date(year, month, day),
        _ => None,
    }
}

fn parsed_month(text: &str) -> Option<TaxMonth> {
    let parts = parts(text)?;
    let (year, month) = match parts.as_slice() {
        [whole] if whole.len() == 6 => (&whole[..4], &whole[4..]),
        [year, month] => (*year, *month),
        // As spreadsheet programs save a month that they took for a day.
        [year, month, day] if day.trim_start_matches('0') == "1" => (*year, *month),
        _ => return None,
    };
    date(year, month, "1").map(TaxMonth::of)
}

fn date(year: &str, month: &str, day: &str) -> Option<CivilDate> {
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    CivilDate::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// Runs of digits; `None` when anything but the usual signs stands between them.
fn parts(text: &str) -> Option<Vec<&str>> {
    let text = text.trim_end_matches(['日', '号', '月']);
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月']).collect();
    let are_digits = parts
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    are_digits.then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(form: Form) -> Field {
        Field {
            path: "",
            header: "",
            form,
            is_required: false,
            note: "",
        }
    }

    fn text(form: Form, typed: &str) -> Result<Option<Filled>, String> {
        read(&of(form), &Cell::Text(typed.to_owned()), false)
    }

    fn filled(text: &str) -> Result<Option<Filled>, String> {
        Ok(Some(Filled::Text(text.to_owned())))
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for typed in [
            "2024-05-20",
            "2024/5/20",
            "2024.05.20",
            "2024年5月20日",
            "20240520",
            " ２０２４－０５－２０\u{3000}",
            "2024-05-20 00:00:00",
            "2024-05-20T08:30:00",
        ] {
            assert_eq!(text(Form::Date, typed), filled("2024-05-20"), "{typed}");
        }
        for typed in [
            "5/20/2024",
            "2023-02-29",
            "24-05-20",
            "2024-05",
            "明天",
            "2024-5-20-1",
        ] {
            assert!(text(Form::Date, typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn dates_are_read_from_days_since_1900_and_since_1904() {
        let date = |days, is_1904| read(&of(Form::Date), &Cell::Number(days), is_1904);
        assert_eq!(date(45_432.0, false), filled("2024-05-20"));
        assert_eq!(date(43_970.0, true), filled("2024-05-20"));
        assert_eq!(date(45_432.75, false), filled("2024-05-20"));
        assert_eq!(date(61.0, false), filled("1900-03-01"));
        assert_eq!(date(20_240_520.0, false), filled("2024-05-20"));
        for days in [60.0, 0.0, -1.0, 2_958_466.0, f64::NAN] {
            assert!(date(days, false).is_err(), "{days}");
        }
    }

    #[test]
    fn months_are_read_as_people_write_them() {
        for typed in [
            "2024-05",
            "2024/5",
            "2024年5月",
            "202405",
            "２０２４年５月",
            "2024.05",
            "2024/5/1",
        ] {
            assert_eq!(text(Form::Month, typed), filled("2024-05"), "{typed}");
        }
        for typed in ["2024-13", "2024-05-20", "5月", "2024"] {
            assert!(text(Form::Month, typed).is_err(), "{typed}");
        }
        let day = |day| {
            read(
                &of(Form::Month),
                &Cell::Date(CivilDate::from_ymd(2024, 5, day)),
                false,
            )
        };
        assert_eq!(day(1), filled("2024-05"));
        assert!(day(2).is_err());
        // 2024.1 may have been 2024.10.
        assert!(read(&of(Form::Month), &Cell::Number(2024.1), false).is_err());
    }

    #[test]
    fn a_number_of_a_document_is_kept_or_refused_but_never_changed() {
        let code = |number| read(&of(Form::Code), &Cell::Number(number), false);
        assert_eq!(code(442_000_101.0), filled("442000101"));
        assert_eq!(code(999_999_999_999_999.0), filled("999999999999999"));
        for number in [1e15, 4.420_001_989_031_499_8e17, 0.5] {
            assert!(code(number).is_err(), "{number}");
        }
        assert_eq!(
            text(Form::Code, "４４２０００１９８９０３１４９９８Ｘ \u{a0}"),
            filled("44200019890314998X")
        );
        assert!(
            read(
                &of(Form::Code),
                &Cell::Date(CivilDate::from_ymd(2024, 5, 1)),
                false
            )
            .is_err()
        );
    }

    #[test]
    fn words_are_taken_in_chinese_or_as_the_api_names_them() {
        const CHOICES: &[Choice] = &[("养老", "INSURANCE_PENSION"), ("医疗", "INSURANCE_MEDICAL")];
        for typed in ["养老", "PENSION", "INSURANCE_PENSION", " 养老 "] {
            assert_eq!(
                text(Form::One(CHOICES), typed),
                Ok(Some(Filled::Name("INSURANCE_PENSION"))),
                "{typed}"
            );
        }
        assert_eq!(
            text(Form::One(CHOICES), "ENSION"),
            Err("应为：养老、医疗".to_owned())
        );
        let both = Ok(Some(Filled::Names(vec![
            "INSURANCE_PENSION",
            "INSURANCE_MEDICAL",
        ])));
        for typed in [
            "养老、医疗",
            "养老保险，医疗保险",
            "PENSION|MEDICAL",
            "养老 医疗",
        ] {
            assert_eq!(text(Form::Some(CHOICES), typed), both, "{typed}");
        }
        assert!(text(Form::Some(CHOICES), "养老、公积金").is_err());
    }

    #[test]
    fn money_is_read_to_the_fen_or_refused() {
        let money = |cell: Cell| read(&of(Form::Money), &cell, false);
        let fen = |fen| Ok(Some(Filled::Money(Fen::new(fen))));
        for (typed, amount) in [
            ("1,234.5", 123_450),
            ("￥ 0.01", 1),
            ("-7", -700),
            ("１２．３４元", 1_234),
            ("10000000000000.00", AMOUNT_FEN_MAX),
        ] {
            assert_eq!(money(Cell::Text(typed.to_owned())), fen(amount), "{typed}");
        }
        assert_eq!(money(Cell::Number(0.1)), fen(10));
        assert_eq!(money(Cell::Number(5_000.37)), fen(500_037));
        for typed in ["1.234", ".5", "", "一百", "10000000000000.01", "1e3"] {
            assert_ne!(
                money(Cell::Text(typed.to_owned())).map(|filled| filled.is_some()),
                Ok(true),
                "{typed}"
            );
        }
        assert!(money(Cell::Number(0.125)).is_err());
    }

    #[test]
    fn formulas_without_a_value_and_error_values_are_refused_and_blanks_are_empty() {
        for cell in [
            Cell::UncomputedFormula,
            Cell::Error("#REF!"),
            Cell::Bool(true),
            Cell::Date(None),
        ] {
            assert!(read(&of(Form::Text), &cell, false).is_err(), "{cell:?}");
        }
        for cell in [Cell::Empty, Cell::Text(" \u{3000}\t".to_owned())] {
            assert_eq!(read(&of(Form::Text), &cell, false), Ok(None));
        }
        assert_eq!(
            text(Form::Text, " 阿依古丽·买买提 "),
            filled("阿依古丽·买买提")
        );
        assert_eq!(
            read(&of(Form::Yes), &Cell::Bool(true), false),
            Ok(Some(Filled::Flag(true)))
        );
        assert_eq!(
            read(&of(Form::Count), &Cell::Number(25.0), false),
            Ok(Some(Filled::Count(25)))
        );
        assert!(read(&of(Form::Count), &Cell::Number(25.5), false).is_err());
    }
}
