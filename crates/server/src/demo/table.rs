//! CSV files with a head, read strictly.

use anyhow::Context as _;
use csv::StringRecord;

/// The rows of a file.
pub(super) struct Rows<'a> {
    file: &'a str,
    head: StringRecord,
    reader: csv::Reader<&'a [u8]>,
}

impl<'a> Rows<'a> {
    /// Reads a file's text: UTF-8, with or without a byte order mark.
    pub(super) fn of(file: &'a str, text: &'a str) -> anyhow::Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader
            .headers()
            .with_context(|| format!("{file}: the head cannot be read"))?;
        Ok(Self {
            file,
            head: head.clone(),
            reader,
        })
    }

    /// Makes something of every row; an error names the file and the line.
    pub(super) fn map<T>(
        mut self,
        make: impl Fn(&Row<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<Vec<T>> {
        let mut made = Vec::new();
        for record in self.reader.records() {
            let record = record.with_context(|| self.file.to_owned())?;
            let row = Row {
                head: &self.head,
                record: &record,
            };
            let line = record.position().map_or(0, csv::Position::line);
            made.push(make(&row).with_context(|| format!("{}:{line}", self.file))?);
        }
        Ok(made)
    }
}

/// One row, its fields by the head's names.
pub(super) struct Row<'a> {
    head: &'a StringRecord,
    record: &'a StringRecord,
}

impl Row<'_> {
    /// A field's text; empty where it is absent. A name that the head lacks is an error.
    pub(super) fn text(&self, name: &str) -> anyhow::Result<String> {
        Ok(self.field(name)?.to_owned())
    }

    /// A whole number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> anyhow::Result<T> {
        let text = self.field(name)?;
        text.parse()
            .map_err(|_| wrong(name, text, "no whole number"))
    }

    /// A whole number, or nothing where the field is empty.
    pub(super) fn optional_number<T: std::str::FromStr>(
        &self,
        name: &str,
    ) -> anyhow::Result<Option<T>> {
        match self.field(name)? {
            "" => Ok(None),
            _ => self.number(name).map(Some),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> anyhow::Result<bool> {
        let text = self.field(name)?;
        text.parse()
            .map_err(|_| wrong(name, text, "neither true nor false"))
    }

    /// The number of an enum's value, which the file names without the enum's prefix.
    pub(super) fn code<E: Into<i32>>(
        &self,
        name: &str,
        prefix: &str,
        by_name: fn(&str) -> Option<E>,
    ) -> anyhow::Result<i32> {
        let text = self.field(name)?;
        code_of(text, prefix, by_name).ok_or_else(|| wrong(name, text, "no known code"))
    }

    /// The numbers of several values, separated by `|`.
    pub(super) fn codes<E: Into<i32>>(
        &self,
        name: &str,
        prefix: &str,
        by_name: fn(&str) -> Option<E>,
    ) -> anyhow::Result<Vec<i32>> {
        let text = self.field(name)?;
        let each = text.split('|').filter(|code| !code.is_empty());
        each.map(|code| {
            code_of(code, prefix, by_name).ok_or_else(|| wrong(name, code, "no known code"))
        })
        .collect()
    }

    fn field(&self, name: &str) -> anyhow::Result<&str> {
        let index = self.head.iter().position(|column| column == name);
        let field = index.and_then(|index| self.record.get(index));
        field.with_context(|| format!("no column {name}"))
    }
}

fn code_of<E: Into<i32>>(text: &str, prefix: &str, by_name: fn(&str) -> Option<E>) -> Option<i32> {
    by_name(&format!("{prefix}{text}")).map(Into::into)
}

fn wrong(name: &str, text: &str, what: &str) -> anyhow::Error {
    anyhow::anyhow!("{name}: {text:?} is {what}")
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{Insurance, Release};

    use super::*;

    fn only<T>(text: &str, make: impl Fn(&Row<'_>) -> anyhow::Result<T>) -> Result<Vec<T>, String> {
        let rows = Rows::of("sample.csv", text).map_err(|error| format!("{error:#}"))?;
        rows.map(make).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn fields_are_found_by_the_heads_names() {
        let text = "\u{feff}b,a\n\"one, two\",-3\n,4\n";
        let rows = only(text, |row| Ok((row.number::<i64>("a")?, row.text("b")?)));
        assert_eq!(
            rows,
            Ok(vec![(-3, "one, two".to_owned()), (4, String::new())])
        );
    }

    #[test]
    fn an_error_names_file_line_column_and_field() {
        let error = only("a\n1\nx\n", |row| row.number::<i64>("a")).unwrap_err();
        assert_eq!(error, "sample.csv:3: a: \"x\" is no whole number");
        let error = only("a\n1\n", |row| row.text("b")).unwrap_err();
        assert_eq!(error, "sample.csv:2: no column b");
        let error = only("a\nyes\n", |row| row.flag("a")).unwrap_err();
        assert_eq!(error, "sample.csv:2: a: \"yes\" is neither true nor false");
        assert!(
            only("a,b\n1\n", |row| row.text("a"))
                .unwrap_err()
                .starts_with("sample.csv")
        );
    }

    #[test]
    fn an_empty_number_is_absent_and_not_zero() {
        let rows = only("a,b\n0,\n,1\n", |row| {
            Ok((
                row.optional_number::<i64>("a")?,
                row.optional_number::<i64>("b")?,
            ))
        });
        assert_eq!(rows, Ok(vec![(Some(0), None), (None, Some(1))]));
    }

    #[test]
    fn codes_are_known_by_their_bare_names_alone() {
        let release = |row: &Row<'_>| row.code("a", "RELEASE_", Release::from_str_name);
        assert_eq!(
            only("a\nCUMULATIVE\n", release),
            Ok(vec![Release::Cumulative.into()])
        );
        for wrong in ["a\nRELEASE_CUMULATIVE\n", "a\ncumulative\n", "a,b\n,x\n"] {
            assert!(
                only(wrong, release)
                    .unwrap_err()
                    .ends_with("is no known code"),
                "{wrong}"
            );
        }
        let insurances = |row: &Row<'_>| row.codes("a", "INSURANCE_", Insurance::from_str_name);
        let both = vec![i32::from(Insurance::Pension), Insurance::WorkInjury.into()];
        assert_eq!(
            only("a,b\nPENSION|WORK_INJURY,\n,\n", insurances),
            Ok(vec![both, vec![]])
        );
    }
}
