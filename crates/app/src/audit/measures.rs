//! Recorded questions of measures 3–5, 7 and 10: all that a recomputation needs.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{EmployerKind, VatPayer};
use mamagang_domain::filing::Filing;
use mamagang_domain::frozen::{Digest32, FrozenError, Reader, Writer};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::inclusive::{PreferenceQuestion, RefundClass};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::{FilingCycle, TaxMonth, TaxPeriod, TaxYear};
use mamagang_domain::subsidy::{ClaimedMonth, SubsidyKind};

use super::record::{
    PersonRecord, ShortAnswer, freeze_short, runs_of, thaw_booked, thaw_digest, thaw_filings,
    thaw_month, thaw_short,
};

/// A check of a subsidy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsidyItem {
    /// Which subsidy.
    pub kind: SubsidyKind,
    /// At which employer.
    pub employer_code: EmployerCode,
    /// Revision of the employer's record.
    pub employer_revision: u32,
    /// The person.
    pub person: PersonRecord,
    /// Months of measure 8 booked for anyone when it was asked.
    pub booked: Vec<BookedMonth>,
    /// Months of subsidies that claims held.
    pub claimed: Vec<ClaimedMonth>,
    /// The filings that contracts and trainings named, as they stood.
    pub filings: Vec<Filing>,
    /// First month asked.
    pub from: TaxMonth,
    /// Last month asked.
    pub through: TaxMonth,
    /// What was answered, in short.
    pub told: ShortAnswer,
    /// Digest of the answer.
    pub answer: Digest32,
}

/// A check of measure 10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreferenceItemRecord {
    /// The figures, those of the employer's record among them.
    pub question: PreferenceQuestion,
    /// What was answered, in short.
    pub told: ShortAnswer,
    /// Digest of the answers.
    pub answer: Digest32,
}

pub(super) fn freeze_subsidy(writer: &mut Writer, item: &SubsidyItem) {
    writer
        .int(i64::from(item.kind.measure()))
        .text(item.employer_code.as_str())
        .int(i64::from(item.employer_revision));
    freeze_person(writer, &item.person);
    freeze_booked(writer, &item.booked);
    writer.int(item.claimed.len() as i64);
    for claimed in &item.claimed {
        writer
            .int(i64::from(claimed.kind.measure()))
            .int(i64::from(claimed.month.index()))
            .text(claimed.employer_code.as_str())
            .int(claimed.amount_fen.get());
    }
    writer.int(item.filings.len() as i64);
    for filing in &item.filings {
        let day = |day: Option<CivilDate>| day.map(|day| i64::from(day.epoch_day()));
        writer
            .text(&filing.filing_id)
            .text(filing.employer_code.as_str())
            .int(filing.kind as i64)
            .optional_int(day(filing.submitted_on))
            .optional_int(day(filing.accepted_on))
            .optional_int(day(filing.revoked_on));
    }
    writer
        .int(i64::from(item.from.index()))
        .int(i64::from(item.through.index()));
    freeze_short(writer, &item.told);
    writer.bytes(&item.answer);
}

/// Reads a check of a subsidy; the earlier form tells nothing of the answer.
pub(super) fn thaw_subsidy(
    reader: &mut Reader<'_>,
    is_told: bool,
) -> Result<SubsidyItem, FrozenError> {
    let kind = thaw_kind(reader)?;
    let employer_code = thaw_employer(reader)?;
    let employer_revision = reader.narrow()?;
    let person = thaw_person(reader)?;
    let booked = thaw_booked(reader)?;
    let mut claimed = Vec::new();
    for _ in 0..reader.count()? {
        claimed.push(ClaimedMonth {
            kind: thaw_kind(reader)?,
            month: thaw_month(reader)?,
            employer_code: thaw_employer(reader)?,
            amount_fen: Fen::new(reader.int()?),
        });
    }
    let filings = thaw_filings(reader)?;
    Ok(SubsidyItem {
        kind,
        employer_code,
        employer_revision,
        person,
        booked,
        claimed,
        filings,
        from: thaw_month(reader)?,
        through: thaw_month(reader)?,
        told: thaw_short_if(reader, is_told)?,
        answer: thaw_digest(reader)?,
    })
}

fn thaw_short_if(reader: &mut Reader<'_>, is_told: bool) -> Result<ShortAnswer, FrozenError> {
    match is_told {
        true => thaw_short(reader),
        false => Ok(ShortAnswer::new()),
    }
}

fn freeze_person(writer: &mut Writer, person: &PersonRecord) {
    match person {
        PersonRecord::Unknown => writer.int(0),
        PersonRecord::NotMatched => writer.int(1),
        PersonRecord::Known {
            worker_id,
            revision,
        } => writer
            .int(2)
            .bytes(worker_id.bytes())
            .int(i64::from(*revision)),
    };
}

fn thaw_person(reader: &mut Reader<'_>) -> Result<PersonRecord, FrozenError> {
    match reader.int()? {
        0 => Ok(PersonRecord::Unknown),
        1 => Ok(PersonRecord::NotMatched),
        2 => Ok(PersonRecord::Known {
            worker_id: WorkerId::from_slice(reader.bytes()?).ok_or(FrozenError)?,
            revision: reader.narrow()?,
        }),
        _ => Err(FrozenError),
    }
}

fn freeze_booked(writer: &mut Writer, booked: &[BookedMonth]) {
    let runs = runs_of(booked);
    writer.int(runs.len() as i64);
    for (employer, first, last) in runs {
        writer
            .text(employer.as_str())
            .int(i64::from(first.index()))
            .int(i64::from(last.index()));
    }
}

fn thaw_employer(reader: &mut Reader<'_>) -> Result<EmployerCode, FrozenError> {
    EmployerCode::parse(reader.text()?).map_err(|_| FrozenError)
}

fn thaw_kind(reader: &mut Reader<'_>) -> Result<SubsidyKind, FrozenError> {
    SubsidyKind::of_measure(reader.int()?).ok_or(FrozenError)
}

fn thaw_flag(reader: &mut Reader<'_>) -> Result<bool, FrozenError> {
    match reader.int()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(FrozenError),
    }
}

const fn number_of(cycle: FilingCycle) -> i64 {
    match cycle {
        FilingCycle::Monthly => 1,
        FilingCycle::Quarterly => 2,
    }
}

const fn cycle_of(number: i64) -> Result<FilingCycle, FrozenError> {
    match number {
        1 => Ok(FilingCycle::Monthly),
        2 => Ok(FilingCycle::Quarterly),
        _ => Err(FrozenError),
    }
}

/// Kinds of employer and payer by their stored numbers.
const EMPLOYER_KINDS: [EmployerKind; 6] = [
    EmployerKind::Company,
    EmployerKind::SoleProprietorship,
    EmployerKind::Partnership,
    EmployerKind::PrivateNonEnterprise,
    EmployerKind::IndividualBusiness,
    EmployerKind::DispatchAgency,
];
const VAT_PAYERS: [VatPayer; 2] = [VatPayer::General, VatPayer::SmallScale];

fn place<T: PartialEq>(list: &[T], wanted: &T) -> Option<i64> {
    let index = list.iter().position(|known| known == wanted)?;
    i64::try_from(index).ok()
}

fn at_place<T: Copy>(list: &[T], index: i64) -> Result<T, FrozenError> {
    let index = usize::try_from(index).ok();
    index
        .and_then(|index| list.get(index))
        .copied()
        .ok_or(FrozenError)
}

pub(super) fn freeze_preferences(writer: &mut Writer, item: &PreferenceItemRecord) {
    let question = &item.question;
    let fen = |amount: Option<Fen>| amount.map(Fen::get);
    writer
        .int(i64::from(question.tax_year.number()))
        .optional_text(question.period.map(|period| period.to_string()).as_deref())
        .optional_int(
            question
                .employer_kind
                .and_then(|kind| place(&EMPLOYER_KINDS, &kind)),
        )
        .optional_int(fen(question.taxable_income_fen))
        .optional_int(question.staff_count.map(i64::from))
        .optional_int(fen(question.total_assets_fen))
        .int(i64::from(question.restricted_industry))
        .optional_int(
            question
                .vat_payer
                .and_then(|payer| place(&VAT_PAYERS, &payer)),
        )
        .optional_int(question.filing_cycle.map(number_of))
        .optional_int(fen(question.sales_fen))
        .optional_int(question.umct_rate_bp.map(|rate| i64::from(rate.get())))
        .optional_int(fen(question.surcharges_due_fen))
        .int(question.surcharges_relieved_fen.get())
        .optional_int(fen(question.input_credit_fen))
        .optional_int(fen(question.credit_increment_fen))
        .optional_int(question.credit_months.map(i64::from))
        .optional_int(question.input_ratio_bp.map(|rate| i64::from(rate.get())))
        .optional_int(question.refund_class.map(|class| class as i64));
    freeze_short(writer, &item.told);
    writer.bytes(&item.answer);
}

/// Reads a check of measure 10; the earlier form tells nothing of the answers.
pub(super) fn thaw_preferences(
    reader: &mut Reader<'_>,
    is_told: bool,
) -> Result<PreferenceItemRecord, FrozenError> {
    let question = PreferenceQuestion {
        tax_year: TaxYear::new(reader.narrow()?).ok_or(FrozenError)?,
        period: match reader.optional_text()? {
            Some(text) => Some(TaxPeriod::parse(text).map_err(|_| FrozenError)?),
            None => None,
        },
        employer_kind: thaw_place(reader, &EMPLOYER_KINDS)?,
        taxable_income_fen: thaw_fen(reader)?,
        staff_count: thaw_narrow(reader)?,
        total_assets_fen: thaw_fen(reader)?,
        restricted_industry: thaw_flag(reader)?,
        vat_payer: thaw_place(reader, &VAT_PAYERS)?,
        filing_cycle: reader.optional_int()?.map(cycle_of).transpose()?,
        sales_fen: thaw_fen(reader)?,
        umct_rate_bp: thaw_narrow(reader)?.map(RateBp::new),
        surcharges_due_fen: thaw_fen(reader)?,
        surcharges_relieved_fen: Fen::new(reader.int()?),
        input_credit_fen: thaw_fen(reader)?,
        credit_increment_fen: thaw_fen(reader)?,
        credit_months: thaw_narrow(reader)?,
        input_ratio_bp: thaw_narrow(reader)?.map(RateBp::new),
        refund_class: match reader.optional_int()? {
            Some(number) => Some(RefundClass::from_number(number).ok_or(FrozenError)?),
            None => None,
        },
    };
    Ok(PreferenceItemRecord {
        question,
        told: thaw_short_if(reader, is_told)?,
        answer: thaw_digest(reader)?,
    })
}

fn thaw_fen(reader: &mut Reader<'_>) -> Result<Option<Fen>, FrozenError> {
    Ok(reader.optional_int()?.map(Fen::new))
}

fn thaw_narrow(reader: &mut Reader<'_>) -> Result<Option<i32>, FrozenError> {
    let number = reader.optional_int()?;
    number
        .map(|number| i32::try_from(number).map_err(|_| FrozenError))
        .transpose()
}

fn thaw_place<T: Copy>(reader: &mut Reader<'_>, list: &[T]) -> Result<Option<T>, FrozenError> {
    let index = reader.optional_int()?;
    index.map(|index| at_place(list, index)).transpose()
}

#[cfg(test)]
mod tests {
    use mamagang_domain::filing::FilingKind;

    use super::*;

    fn read<T>(
        write: impl FnOnce(&mut Writer),
        thaw: impl Fn(&mut Reader<'_>) -> Result<T, FrozenError>,
    ) -> T {
        let mut writer = Writer::new(1);
        write(&mut writer);
        let bytes = writer.finish();
        let whole = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes, 1)?;
            let item = thaw(&mut reader)?;
            reader.finish()?;
            Ok::<T, FrozenError>(item)
        };
        for cut in 0..bytes.len() {
            assert!(whole(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        whole(&bytes).expect("an item")
    }

    fn month(text: &str) -> TaxMonth {
        TaxMonth::parse(text).expect("a month")
    }

    fn told() -> ShortAnswer {
        vec![("total_yuan".to_owned(), "600.00".to_owned())]
    }

    fn code() -> EmployerCode {
        EmployerCode::parse("91442000MAQQ000161").expect("a code")
    }

    #[test]
    fn a_question_of_a_subsidy_is_read_back_whole() {
        let item = SubsidyItem {
            kind: SubsidyKind::Training,
            employer_code: code(),
            employer_revision: 3,
            person: PersonRecord::Known {
                worker_id: WorkerId(uuid::Uuid::from_u128(7)),
                revision: 9,
            },
            booked: vec![BookedMonth {
                month: month("2022-12"),
                employer_code: code(),
            }],
            claimed: vec![ClaimedMonth {
                kind: SubsidyKind::Post,
                month: month("2023-01"),
                employer_code: code(),
                amount_fen: Fen::new(10),
            }],
            filings: vec![Filing {
                filing_id: "F1".to_owned(),
                employer_code: code(),
                kind: FilingKind::TrainingPlan,
                submitted_on: CivilDate::from_epoch_day(19_200),
                accepted_on: CivilDate::from_epoch_day(19_210),
                revoked_on: None,
            }],
            from: month("2022-09"),
            through: month("2023-02"),
            told: told(),
            answer: [5; 32],
        };
        let back = read(
            |writer| freeze_subsidy(writer, &item),
            |reader| thaw_subsidy(reader, true),
        );
        assert_eq!(back, item);
    }

    #[test]
    fn a_question_of_preferences_is_read_back_whole() {
        let empty = PreferenceQuestion::of_year(TaxYear::new(2024).expect("a year"));
        let full = PreferenceQuestion {
            period: TaxPeriod::parse("2024-Q2").ok(),
            employer_kind: Some(EmployerKind::DispatchAgency),
            taxable_income_fen: Some(Fen::new(1)),
            staff_count: Some(2),
            total_assets_fen: Some(Fen::new(3)),
            restricted_industry: true,
            vat_payer: Some(VatPayer::SmallScale),
            filing_cycle: Some(FilingCycle::Quarterly),
            sales_fen: Some(Fen::new(4)),
            umct_rate_bp: Some(RateBp::new(500)),
            surcharges_due_fen: Some(Fen::new(5)),
            surcharges_relieved_fen: Fen::new(6),
            input_credit_fen: Some(Fen::new(7)),
            credit_increment_fen: Some(Fen::new(8)),
            credit_months: Some(9),
            input_ratio_bp: Some(RateBp::new(10)),
            refund_class: Some(RefundClass::RealEstate),
            ..empty.clone()
        };
        for question in [empty, full] {
            let item = PreferenceItemRecord {
                question,
                told: told(),
                answer: [7; 32],
            };
            let back = read(
                |writer| freeze_preferences(writer, &item),
                |reader| thaw_preferences(reader, true),
            );
            assert_eq!(back, item);
        }
    }

    /// Forms 3 and 5: the same without the short answer.
    #[test]
    fn questions_of_the_earlier_forms_are_read() {
        let mut writer = Writer::new(1);
        writer
            .int(5)
            .text(code().as_str())
            .int(3)
            .int(0)
            .int(0)
            .int(0)
            .int(0)
            .int(i64::from(month("2022-09").index()))
            .int(i64::from(month("2022-10").index()))
            .bytes(&[5; 32]);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes, 1).expect("a record");
        let item = thaw_subsidy(&mut reader, false).expect("an item");
        reader.finish().expect("nothing more");
        assert_eq!((item.told.len(), item.answer), (0, [5; 32]));
        assert_eq!(item.through, month("2022-10"));

        let question = PreferenceQuestion::of_year(TaxYear::new(2024).expect("a year"));
        let item = PreferenceItemRecord {
            question,
            told: ShortAnswer::new(),
            answer: [7; 32],
        };
        let mut writer = Writer::new(1);
        freeze_preferences(&mut writer, &item);
        let whole = writer.finish();
        // An empty list is one integer of eight bytes before the digest; the earlier form has none.
        let (head, digest) = whole.split_at(whole.len() - 36);
        let earlier = [&head[..head.len() - 12], digest].concat();
        let mut reader = Reader::new(&earlier, 1).expect("a record");
        let back = thaw_preferences(&mut reader, false).expect("an item");
        reader.finish().expect("nothing more");
        assert_eq!(back, item);
    }
}
