//! A list as a file: the columns of `mamagang template`, the day in the file's name.

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{PersonCategory, PovertyStatus, UnemploymentSpell};
use mamagang_domain::identifier::{DocumentNumber, DocumentType, PersonName};
use mamagang_domain::key_group::StatusRecord;
use mamagang_files::import::{Filled, Import, ImportError, Options, Record, Row, of_name};
use mamagang_sources::{List, ListKind, PersonKey};

/// Rows of a list.
const LIST_ROWS_MAX: u64 = 5_000_000;
/// Wrong rows that are told by number.
const ROWS_TOLD_MAX: usize = 10;

/// A file with a day in its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) drawn_on: CivilDate,
    changed: Option<SystemTime>,
}

/// The list of the latest day in a directory.
pub(super) fn latest(directory: &Path) -> io::Result<Option<Found>> {
    let mut latest: Option<Found> = None;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        let ending = path.extension().map(|it| it.to_ascii_lowercase());
        let is_list =
            ending.is_some_and(|it| ["xlsx", "xls", "csv"].iter().any(|known| it == *known));
        let Some(drawn_on) = day_in(&path.file_stem().unwrap_or_default().to_string_lossy()) else {
            continue;
        };
        if is_list
            && latest
                .as_ref()
                .is_none_or(|known| known.drawn_on < drawn_on)
        {
            latest = Some(Found {
                path,
                drawn_on,
                changed: entry.metadata()?.modified().ok(),
            });
        }
    }
    Ok(latest)
}

/// The first day in a text, as in `失业登记-2024-02-01`.
fn day_in(text: &str) -> Option<CivilDate> {
    let starts = text.char_indices().map(|(start, _)| start);
    let mut days = starts.filter_map(|start| CivilDate::parse(text.get(start..start + 10)?).ok());
    days.next()
}

/// Why a list is not taken. Never tells what stands in it.
#[derive(Debug)]
pub(super) enum ListProblem {
    /// It cannot be read.
    Unreadable(ImportError),
    /// Rows that are wrong: how many, and the first of them.
    Rows(usize, Vec<u64>),
    /// It has more than [`LIST_ROWS_MAX`] rows.
    TooLong,
}

impl fmt::Display for ListProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(ImportError::Header(_)) => {
                f.write_str("it has not the columns of its kind")
            }
            Self::Unreadable(_) => f.write_str("it cannot be read"),
            Self::Rows(count, first) => {
                let first: Vec<String> = first.iter().map(ToString::to_string).collect();
                write!(f, "{count} rows are wrong: {}", first.join(", "))
            }
            Self::TooLong => write!(f, "it has more than {LIST_ROWS_MAX} rows"),
        }
    }
}

/// Reads a list. One wrong row refuses it.
pub(super) fn read(
    path: &Path,
    kind: ListKind,
    drawn_on: CivilDate,
    today: CivilDate,
) -> Result<List, ListProblem> {
    let columns = of_name(kind.name()).expect("lists have a kind of fact");
    let opened = Import::open(path, columns, Options::default());
    let mut file = opened.map_err(ListProblem::Unreadable)?;
    let mut list = List::new(drawn_on);
    let (mut count, mut wrong, mut first) = (0, 0, Vec::new());
    let read = file.each(|Row { number, record, .. }| {
        count += 1;
        let added = record
            .ok()
            .and_then(|record| entry(kind, &record, today))
            .and_then(|(person, record)| list.add(person, record).ok());
        if added.is_none() {
            wrong += 1;
            if first.len() < ROWS_TOLD_MAX {
                first.push(number);
            }
        }
        if count > LIST_ROWS_MAX {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    read.map_err(|error| ListProblem::Unreadable(error.into()))?;
    if count > LIST_ROWS_MAX {
        return Err(ListProblem::TooLong);
    }
    if wrong > 0 {
        return Err(ListProblem::Rows(wrong, first));
    }
    Ok(list)
}

/// Who stands in a row as what; `None` where the row says what cannot be.
fn entry(kind: ListKind, record: &Record, today: CivilDate) -> Option<(PersonKey, StatusRecord)> {
    let document_type = match name(record, "worker.identity.type")? {
        "DOCUMENT_TYPE_RESIDENT_ID_CARD" => DocumentType::ResidentIdCard,
        "DOCUMENT_TYPE_HMT_RESIDENCE_PERMIT" => DocumentType::HmtResidencePermit,
        "DOCUMENT_TYPE_FOREIGN_PERMANENT_RESIDENT_CARD" => {
            DocumentType::ForeignPermanentResidentCard
        }
        _ => return None,
    };
    let number = text(record, "worker.identity.number");
    let number = DocumentNumber::parse(document_type, &number, today).ok()?;
    let person = PersonName::parse(&text(record, "worker.identity.name")).ok()?;
    let status = match kind {
        ListKind::UnemploymentSpell => StatusRecord::Spell(UnemploymentSpell {
            registered_on: CivilDate::parse(&text(record, "registered_date")).ok()?,
            ended_on: optional_day(&text(record, "ended_date"))?,
            end_code: text(record, "end_code"),
            reason_code: text(record, "reason_code"),
            office_code: text(record, "office_code"),
        }),
        ListKind::PovertyStatus => StatusRecord::Poverty(PovertyStatus {
            category: match name(record, "category")? {
                "PERSON_CATEGORY_LIFTED_FROM_POVERTY" => PersonCategory::LiftedFromPoverty,
                "PERSON_CATEGORY_POVERTY_MONITORED" => PersonCategory::PovertyMonitored,
                _ => return None,
            },
            from_on: CivilDate::parse(&text(record, "from_date")).ok()?,
            to_on: optional_day(&text(record, "to_date"))?,
        }),
    };
    status.is_possible().then_some(())?;
    Some((PersonKey::of(document_type, &number, &person), status))
}

fn filled<'a>(record: &'a Record, path: &str) -> Option<&'a Filled> {
    let found = record.iter().find(|(field, _)| field.path == path);
    found.map(|(_, filled)| filled)
}

fn text(record: &Record, path: &str) -> String {
    match filled(record, path) {
        Some(Filled::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn name(record: &Record, path: &str) -> Option<&'static str> {
    match filled(record, path) {
        Some(Filled::Name(name)) => Some(*name),
        _ => None,
    }
}

/// A day, or none where the text is empty.
fn optional_day(text: &str) -> Option<Option<CivilDate>> {
    if text.is_empty() {
        return Some(None);
    }
    CivilDate::parse(text).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CivilDate {
        CivilDate::parse(text).expect("a date")
    }

    const HEAD: &str = "身份证件类型*,身份证件号码*,姓名*,失业登记日期*,注销日期,注销原因代码,失业原因代码*,登记机构代码*\n";
    const WANG: &str = "居民身份证,442000198903149982,王芳,2023-01-05,,,11,442000\n";

    fn file(name: &str, text: &str) -> tempfile::TempDir {
        let directory = tempfile::TempDir::new().expect("a directory");
        std::fs::write(directory.path().join(name), text).expect("written");
        directory
    }

    #[test]
    fn the_list_of_the_latest_day_is_the_one_in_force() {
        let directory = file("失业登记-2024-02-01.csv", HEAD);
        std::fs::write(directory.path().join("失业登记2024-02-02夜.xlsx"), "").expect("written");
        std::fs::write(directory.path().join("2024-02-03.pdf"), "").expect("written");
        std::fs::write(directory.path().join("说明.csv"), "").expect("written");
        let found = latest(directory.path()).expect("read").expect("a list");
        assert_eq!(found.drawn_on, day("2024-02-02"));
        assert!(latest(Path::new("/no/such/directory")).is_err());
    }

    #[test]
    fn a_list_is_read_from_its_columns() {
        let directory = file("2024-02-01.csv", &format!("{HEAD}{WANG}"));
        let path = directory.path().join("2024-02-01.csv");
        let list = read(
            &path,
            ListKind::UnemploymentSpell,
            day("2024-02-01"),
            day("2024-02-01"),
        );
        assert_eq!(list.expect("a list").len(), 1);
        let other = read(
            &path,
            ListKind::PovertyStatus,
            day("2024-02-01"),
            day("2024-02-01"),
        );
        assert!(matches!(other, Err(ListProblem::Unreadable(_))));
    }

    #[test]
    fn a_wrong_row_refuses_the_list_and_is_told_without_what_it_says() {
        for wrong in [
            WANG,
            &WANG.replace("9982", "9983"),
            &WANG.replace("2023-01-05,", "2023-01-05,2023-01-04"),
            &WANG.replace("王芳", ""),
        ] {
            let directory = file("2024-02-01.csv", &format!("{HEAD}{WANG}{wrong}"));
            let path = directory.path().join("2024-02-01.csv");
            let problem = read(
                &path,
                ListKind::UnemploymentSpell,
                day("2024-02-01"),
                day("2024-02-01"),
            );
            let told = problem.expect_err("wrong").to_string();
            assert_eq!(told, "1 rows are wrong: 3", "{wrong}");
        }
    }
}
