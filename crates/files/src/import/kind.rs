//! A kind of fact, or of step, as a table that people fill in.

use crate::table::{Column, Table};

/// A word of a dropdown, and the API's name for it.
pub type Choice = (&'static str, &'static str);

/// How a column is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Free text.
    Text,
    /// A number of a document or a code: letters and digits, kept as text.
    Code,
    /// A civil date.
    Date,
    /// A month.
    Month,
    /// A whole number.
    Count,
    /// Yuan with at most two decimals.
    Money,
    /// 是 or 否; empty = 否.
    Yes,
    /// One of these words.
    One(&'static [Choice]),
    /// Some of these words, with 、 between them.
    Some(&'static [Choice]),
}

/// A column: its Chinese header and the API's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's path in the fact's kind, such as `worker.identity.number`; `source` and `source_date` are of the fact
    /// itself.
    pub path: &'static str,
    /// The header.
    pub header: &'static str,
    /// How it is filled in.
    pub form: Form,
    /// Whether it must be.
    pub is_required: bool,
    /// What a reader must know to fill it in.
    pub note: &'static str,
}

/// A kind of fact, or of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name; of a fact as in `Fact.kind`, such as `unemployment_spell`.
    pub name: &'static str,
    /// Its Chinese name: the sheet's.
    pub title: &'static str,
    /// Its columns, from the left.
    pub fields: &'static [Field],
    /// The API's request that a row of a step becomes, such as `SubmitClaimRequest`; `None` of a fact.
    pub request: Option<&'static str>,
}

/// Where the facts come from: the last columns of every kind.
pub(super) const SOURCE: &[Field] = &[
    Field {
        path: "source",
        header: "数据来源",
        form: Form::Text,
        is_required: false,
        note: "来源系统名称；整个文件相同时可在导入时统一填写",
    },
    Field {
        path: "source_date",
        header: "数据日期",
        form: Form::Date,
        is_required: false,
        note: "来源系统数据的截止日期",
    },
];

impl Kind {
    /// All columns: its own and, of a fact, those of the source.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let source: &'static [Field] = match self.request {
            None => SOURCE,
            Some(_) => &[],
        };
        self.fields.iter().chain(source)
    }

    /// The Chinese word for the API's name in a field with a dropdown.
    pub fn word(&self, path: &str, name: &str) -> Option<&'static str> {
        let field = self.all_fields().find(|field| field.path == path)?;
        let Form::One(choices) = field.form else {
            return None;
        };
        choices
            .iter()
            .find(|(_, of_api)| *of_api == name)
            .map(|(word, _)| *word)
    }

    /// The template that is filled in: headers, dropdowns, notes.
    pub fn template(&self) -> Table {
        let mut table = Table::new(self.title, self.all_fields().map(Field::column));
        for remark in [
            "带 * 的列必填。不要改动表头；列的顺序可以改变，表头上方可以有标题行。",
            "所有单元格均为文本格式，证件号码、代码、日期按原样填写，例如日期 2024-05-20、月份 2024-05。",
            "导入时有错误的行会在同一文件的“错误原因”列中说明；改正后可将整个文件再次导入，正确的行不会重复保存。",
        ] {
            table.remark(remark);
        }
        table
    }
}

impl Field {
    /// The column of the template.
    pub fn column(&self) -> Column {
        let column = match self.form {
            Form::Code => Column::id(self.header),
            Form::Date | Form::Month => Column::date(self.header),
            Form::Count => Column::count(self.header),
            Form::Money => Column::money(self.header),
            Form::Text | Form::Yes | Form::One(_) | Form::Some(_) => Column::text(self.header),
        };
        let choices: Vec<&str> = match self.form {
            Form::Yes => vec!["是", "否"],
            Form::One(choices) => choices.iter().map(|(word, _)| *word).collect(),
            _ => Vec::new(),
        };
        let column = column.choices(choices).note(self.whole_note());
        if self.is_required {
            column.required()
        } else {
            column
        }
    }

    fn whole_note(&self) -> String {
        let of_form = match self.form {
            Form::Date => "日期，如 2024-05-20",
            Form::Month => "月份，如 2024-05",
            Form::Count => "整数",
            Form::Money => "元，至多两位小数",
            Form::Yes => "是或否，空 = 否",
            Form::Text | Form::Code | Form::One(_) => "",
            Form::Some(choices) => {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                return format!("可多选，用“、”分隔：{}", words.join("、"));
            }
        };
        match (of_form, self.note) {
            ("", note) => note.to_owned(),
            (form, "") => form.to_owned(),
            (form, note) => format!("{form}；{note}"),
        }
    }
}
