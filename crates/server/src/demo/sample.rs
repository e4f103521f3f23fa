//! The sample's files, built in or in a directory.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Context as _;
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::{Fact, KeyGroupCheck, PostDeductionRequest, Release, SettleYearRequest};

use super::facts::{self, FACT_FILES};
use super::table::{Row, Rows};

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// `examples/zhongshan-2023`, by name without `.csv`.
        const EMBEDDED: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/zhongshan-2023/", $name, ".csv")),
        )),*];
    };
}

embedded![
    "employers",
    "workers",
    "unemployment_spells",
    "poverty_statuses",
    "certificates",
    "contracts",
    "contributions",
    "other_reliefs",
    "prior_term_uses",
    "flexible_registrations",
    "checks",
    "declarations",
    "settlements",
];

/// What is recorded, asked, posted and settled, each in file order.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What is known, in the order of recording.
    pub facts: Vec<Fact>,
    /// What is asked.
    pub checks: Vec<KeyGroupCheck>,
    /// Declared periods; each request still lacks its id.
    pub declarations: Vec<PostDeductionRequest>,
    /// Settlements; each request still lacks its id.
    pub settlements: Vec<SettleYearRequest>,
}

impl Sample {
    /// Reads the thirteen files of a directory, or those built in.
    pub fn load(directory: Option<&Path>) -> anyhow::Result<Self> {
        let mut sample_facts = Vec::new();
        for file in &FACT_FILES {
            let make = |row: &Row<'_>| facts::fact(row, file.kind);
            sample_facts.extend(read(directory, file.name, make)?);
        }
        Ok(Self {
            facts: sample_facts,
            checks: read(directory, "checks", check)?,
            declarations: read(directory, "declarations", declaration)?,
            settlements: read(directory, "settlements", settlement)?,
        })
    }

    /// Employers in file order with the name of their first profile.
    pub fn employers(&self) -> Vec<(&str, &str)> {
        let mut employers: Vec<(&str, &str)> = Vec::new();
        for fact in &self.facts {
            let Some(Kind::EmployerProfile(profile)) = &fact.kind else {
                continue;
            };
            if !employers
                .iter()
                .any(|(code, _)| *code == profile.employer_code)
            {
                employers.push((&profile.employer_code, &profile.name));
            }
        }
        employers
    }
}

fn read<T>(
    directory: Option<&Path>,
    name: &str,
    make: impl Fn(&Row<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let (file, text) = match directory {
        Some(directory) => {
            let path = directory.join(format!("{name}.csv"));
            let file = path.display().to_string();
            let text = std::fs::read_to_string(&path).with_context(|| file.clone())?;
            (file, Cow::Owned(text))
        }
        None => {
            let known = EMBEDDED.iter().find(|(known, _)| *known == name);
            let (_, text) = known.with_context(|| format!("{name}.csv is not built in"))?;
            (format!("{name}.csv"), Cow::Borrowed(*text))
        }
    };
    Rows::of(&file, &text)?.map(make)
}

fn check(row: &Row<'_>) -> anyhow::Result<KeyGroupCheck> {
    Ok(KeyGroupCheck {
        row_key: row.text("row_key")?,
        employer_code: row.text("employer_code")?,
        worker: facts::worker_ref(row)?,
        from_month: row.text("from_month")?,
        through_month: row.text("through_month")?,
    })
}

fn declaration(row: &Row<'_>) -> anyhow::Result<PostDeductionRequest> {
    Ok(PostDeductionRequest {
        employer_code: row.text("employer_code")?,
        period: row.text("period")?,
        vat_payable_fen: row.number("vat_payable_fen")?,
        sales_fen: row.optional_number("sales_fen")?,
        release: row.code("release", "RELEASE_", Release::from_str_name)?,
        ..PostDeductionRequest::default()
    })
}

fn settlement(row: &Row<'_>) -> anyhow::Result<SettleYearRequest> {
    Ok(SettleYearRequest {
        employer_code: row.text("employer_code")?,
        tax_year: row.number("tax_year")?,
        cit_payable_fen: row.number("cit_payable_fen")?,
        ..SettleYearRequest::default()
    })
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::Insurance;

    use super::*;

    #[test]
    fn the_built_in_city_is_whole() {
        let sample = Sample::load(None).unwrap();
        let rows: usize = EMBEDDED
            .iter()
            .map(|(_, text)| text.lines().count() - 1)
            .sum();
        let read = sample.facts.len()
            + sample.checks.len()
            + sample.declarations.len()
            + sample.settlements.len();
        assert_eq!(read, rows);
        assert_eq!(sample.employers().len(), 24);
        assert_eq!(sample.checks.len(), 306);
        let first = sample.employers()[0];
        assert_eq!(first, ("91442000MAQQ100119", "中山样例木棉制衣有限公司"));
    }

    #[test]
    fn every_fact_has_a_row_key_of_its_own_a_source_and_a_kind() {
        let sample = Sample::load(None).unwrap();
        let mut keys: Vec<&str> = sample
            .facts
            .iter()
            .map(|fact| fact.row_key.as_str())
            .collect();
        keys.sort_unstable();
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert!(
            sample
                .facts
                .iter()
                .all(|fact| !fact.source.is_empty() && fact.kind.is_some())
        );
    }

    #[test]
    fn a_contribution_carries_its_insurances() {
        let sample = Sample::load(None).unwrap();
        let fact = sample
            .facts
            .iter()
            .find(|fact| fact.row_key == "B0001")
            .unwrap();
        let Some(Kind::Contribution(paid)) = &fact.kind else {
            panic!("{fact:?}")
        };
        assert_eq!(paid.month, "2023-03");
        assert_eq!(paid.insurances.len(), 5);
        assert_eq!(paid.insurances[0], i32::from(Insurance::Pension));
    }

    #[test]
    fn sales_that_were_not_declared_stay_absent() {
        let sample = Sample::load(None).unwrap();
        let declared = |period: &str| {
            let is_it = |declared: &&PostDeductionRequest| {
                declared.employer_code == "91442000MAQQ10126F" && declared.period == period
            };
            sample.declarations.iter().find(is_it).unwrap().sales_fen
        };
        assert_eq!(declared("2023-06"), None);
        assert!(declared("2023-05").is_some());
        assert!(
            sample
                .declarations
                .iter()
                .all(|declared| declared.request_id.is_empty())
        );
    }

    #[test]
    fn a_directory_without_the_files_is_told_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let error = Sample::load(Some(directory.path())).unwrap_err();
        assert!(format!("{error:#}").contains("employers.csv"), "{error:#}");
    }
}
