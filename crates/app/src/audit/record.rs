//! What an audit row holds, and its frozen form.

use std::collections::BTreeSet;

use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::frozen::{Digest32, FrozenError, Reader, Writer};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::Outcome;
use mamagang_store::audit::Retention;

use super::class::retention_of;
use super::measures::{
    PreferenceItemRecord, SubsidyItem, freeze_preferences, freeze_subsidy, thaw_preferences,
    thaw_subsidy,
};
use crate::caller::{AccessContext, Caller};

/// The version that is written. Version 1 had no retention class and no fields given.
const FORMAT_VERSION: u8 = 2;
/// A check of measure 8 without filings, as-of time and short answer; read, and written no more.
const ITEM_KEY_GROUP_1: i64 = 1;
const ITEM_OTHER: i64 = 2;
/// Checks of a subsidy and of measure 10 without short answer; read, and written no more.
const ITEM_SUBSIDY_1: i64 = 3;
const ITEM_PREFERENCES_1: i64 = 5;
const ITEM_KEY_GROUP: i64 = 6;
const ITEM_SUBSIDY: i64 = 7;
const ITEM_PREFERENCES: i64 = 8;
const ITEM_VAT: i64 = 9;

/// The person of a recorded question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonRecord {
    /// Nobody was known.
    Unknown,
    /// Known under another name.
    NotMatched,
    /// Known, with the revision of the facts that were read.
    Known {
        /// Who.
        worker_id: WorkerId,
        /// Which revision.
        revision: u32,
    },
}

/// A check of measure 8 as it was asked, with everything that it read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyGroupRecord {
    /// For whom the months would count.
    pub employer_code: EmployerCode,
    /// Revision of the employer's record.
    pub employer_revision: u32,
    /// The person.
    pub person: PersonRecord,
    /// Who was asked about where nobody is known under the name: a digest of the keyed MAC, which
    /// tells the same person's questions together and names nobody. `None` for a known person.
    pub stranger: Option<[u8; 16]>,
    /// Months booked for anyone when it was asked.
    pub booked: Vec<BookedMonth>,
    /// The filings that the person's contracts named.
    pub filings: Vec<Filing>,
    /// Months at other employers that nobody had claimed.
    pub unclaimed_elsewhere: i32,
    /// First month asked.
    pub from: TaxMonth,
    /// Last month asked.
    pub through: TaxMonth,
    /// As of when it was asked, or a replica was read (microseconds); `None` = as of its own moment.
    pub as_of: Option<i64>,
    /// What was answered, in short; rows of the first form do not tell.
    pub told: Option<Told>,
    /// Digest of the answer.
    pub answer: Digest32,
}

/// An answer in short: what is told of it when the rules no longer give the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The outcome.
    pub outcome: Outcome,
    /// The sum of the ELIGIBLE months.
    pub total_fen: Fen,
}

/// An answer in short as named lines, such as `total_yuan` and `600.00`; empty in rows of the forms
/// that do not tell it.
pub type ShortAnswer = Vec<(String, String)>;

/// A question of measure 9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatItem {
    /// All its fields, as `name=value` lines.
    pub question: String,
    /// What was answered, in short.
    pub told: ShortAnswer,
    /// Digest of the answer.
    pub answer: Digest32,
}

/// One question of a call and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionItem {
    /// A check of measure 8: all that a recomputation needs.
    KeyGroup(Box<KeyGroupRecord>),
    /// A check of a subsidy.
    Subsidy(Box<SubsidyItem>),
    /// A check of measure 10.
    Preferences(Box<PreferenceItemRecord>),
    /// A check of measure 9. Rows that do not tell the answer in short hold it as any other question.
    Vat(Box<VatItem>),
    /// Any other question: its text and the digest of its answer.
    Other {
        /// The question's fields, without personal data, as `name=value` lines.
        question: String,
        /// Digest of the answer.
        answer: Digest32,
    },
}

/// A call to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditDraft {
    /// The row's id, and that of its decisions.
    pub audit_id: AuditId,
    /// The method called, such as `mamagang.v1.LedgerService/PostDeduction`.
    pub method: &'static str,
    /// Who called.
    pub caller: Caller,
    /// Why, where a person's data was read.
    pub context: Option<AccessContext>,
    /// How it ended: `OK` or an error reason.
    pub outcome: String,
    /// The worker concerned, where it is one.
    pub worker_id: Option<WorkerId>,
    /// The employer concerned, where it is one.
    pub employer_code: Option<EmployerCode>,
    /// The policy applied.
    pub policy_version: String,
    /// The rules applied.
    pub rules_version: i32,
    /// Names of the personal fields given out, such as `identity.number:masked`.
    pub given: Vec<String>,
    /// Persons whose data it concerns beside `worker_id` and those of the items. Not in the frozen
    /// bytes: they are noted beside the row, so that it is found by them.
    pub subjects: Vec<WorkerId>,
    /// The questions and their answers.
    pub items: Vec<DecisionItem>,
}

impl AuditDraft {
    /// Everyone whose data the call concerns.
    pub(super) fn persons(&self) -> BTreeSet<WorkerId> {
        let of_items = self.items.iter().filter_map(|item| match item {
            DecisionItem::KeyGroup(record) => match record.person {
                PersonRecord::Known { worker_id, .. } => Some(worker_id),
                _ => None,
            },
            _ => None,
        });
        let mut persons: BTreeSet<WorkerId> = of_items.collect();
        persons.extend(&self.subjects);
        persons.extend(self.worker_id);
        persons
    }

    /// Fills in what the call said of itself and the use case did not tell.
    pub(crate) fn complete_from_trail(&mut self) {
        let noted = self.caller.trail.noted();
        self.context = self.context.take().or(noted.context);
        self.employer_code = self.employer_code.or(noted.employer_code);
        self.worker_id = self.worker_id.or(noted.worker_id);
    }
}

/// A call as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// The method.
    pub method: String,
    /// Who called.
    pub caller: String,
    /// For which organisation.
    pub organisation: String,
    /// Why; empty where the call needs no reason.
    pub context: AccessContext,
    /// How it ended.
    pub outcome: String,
    /// The worker concerned, where it is one.
    pub worker_id: Option<WorkerId>,
    /// The employer concerned, where it is one.
    pub employer_code: Option<EmployerCode>,
    /// The writer whose chain the row is on.
    pub writer_id: [u8; 16],
    /// Its place there.
    pub position: u64,
    /// The row's id.
    pub audit_id: AuditId,
    /// Names of the personal fields given out; none in rows of version 1.
    pub given: Vec<String>,
    /// How long it is kept at least.
    pub retention: Retention,
    /// When (microseconds).
    pub recorded_at: i64,
    /// The policy applied.
    pub policy_version: String,
    /// The rules applied.
    pub rules_version: i32,
    /// The questions and their answers.
    pub items: Vec<DecisionItem>,
}

/// The frozen bytes of a row: its place in the chain, then the call.
pub(super) fn freeze(
    draft: &AuditDraft,
    worker_id: Option<WorkerId>,
    writer_id: [u8; 16],
    position: u64,
    recorded_at: i64,
) -> Vec<u8> {
    let mut writer = Writer::new(FORMAT_VERSION);
    let none = AccessContext::default();
    let context = draft.context.as_ref().unwrap_or(&none);
    writer
        .bytes(&writer_id)
        .int(i64::try_from(position).unwrap_or(i64::MAX))
        .int(recorded_at)
        .bytes(draft.audit_id.bytes())
        .text(draft.method)
        .text(&draft.caller.subject)
        .text(&draft.caller.organisation)
        .text(&context.purpose)
        .text(&context.legal_basis)
        .text(&context.case_number)
        .text(&context.operator)
        .text(&draft.outcome)
        .bytes(worker_id.as_ref().map_or(&[][..], |id| &id.bytes()[..]))
        .optional_text(draft.employer_code.as_ref().map(EmployerCode::as_str))
        .text(&draft.policy_version)
        .int(i64::from(draft.rules_version))
        .int(retention_of(draft.method).number())
        .int(draft.given.len() as i64);
    for field in &draft.given {
        writer.text(field);
    }
    writer.int(draft.items.len() as i64);
    for item in &draft.items {
        freeze_item(&mut writer, item);
    }
    writer.finish()
}

fn freeze_item(writer: &mut Writer, item: &DecisionItem) {
    match item {
        DecisionItem::Other { question, answer } => {
            writer.int(ITEM_OTHER).text(question).bytes(answer);
        }
        DecisionItem::Subsidy(item) => freeze_subsidy(writer.int(ITEM_SUBSIDY), item),
        DecisionItem::Preferences(item) => freeze_preferences(writer.int(ITEM_PREFERENCES), item),
        DecisionItem::Vat(item) => {
            writer.int(ITEM_VAT).text(&item.question);
            freeze_short(writer, &item.told);
            writer.bytes(&item.answer);
        }
        DecisionItem::KeyGroup(record) => {
            writer.int(ITEM_KEY_GROUP);
            freeze_key_group(writer, record);
        }
    }
}

fn freeze_key_group(writer: &mut Writer, record: &KeyGroupRecord) {
    writer
        .text(record.employer_code.as_str())
        .int(i64::from(record.employer_revision));
    match record.person {
        PersonRecord::Unknown => writer.int(0),
        PersonRecord::NotMatched => writer.int(1),
        PersonRecord::Known {
            worker_id,
            revision,
        } => writer
            .int(2)
            .bytes(worker_id.bytes())
            .int(i64::from(revision)),
    };
    match &record.stranger {
        Some(stranger) => writer.bytes(stranger),
        None => writer.absent(),
    };
    let runs = runs_of(&record.booked);
    writer.int(runs.len() as i64);
    for (employer, first, last) in runs {
        writer
            .text(employer.as_str())
            .int(i64::from(first.index()))
            .int(i64::from(last.index()));
    }
    writer.int(record.filings.len() as i64);
    for filing in &record.filings {
        let day = |on: Option<CivilDate>| on.map(|on| i64::from(on.epoch_day()));
        writer
            .text(&filing.filing_id)
            .text(filing.employer_code.as_str())
            .int(filing.kind as i64)
            .optional_int(day(filing.submitted_on))
            .optional_int(day(filing.accepted_on))
            .optional_int(day(filing.revoked_on));
    }
    writer
        .int(i64::from(record.unclaimed_elsewhere))
        .int(i64::from(record.from.index()))
        .int(i64::from(record.through.index()))
        .optional_int(record.as_of)
        .optional_int(record.told.map(|told| told.outcome as i64))
        .optional_int(record.told.map(|told| told.total_fen.get()))
        .bytes(&record.answer);
}

/// Consecutive months of one employer as one run.
pub(super) fn runs_of(booked: &[BookedMonth]) -> Vec<(EmployerCode, TaxMonth, TaxMonth)> {
    let mut runs: Vec<(EmployerCode, TaxMonth, TaxMonth)> = Vec::new();
    for month in booked {
        match runs.last_mut() {
            Some((employer, _, last))
                if *employer == month.employer_code && last.plus(1) == month.month =>
            {
                *last = month.month;
            }
            _ => runs.push((month.employer_code, month.month, month.month)),
        }
    }
    runs
}

/// Reads the frozen bytes of a row.
pub fn thaw_call(frozen: &[u8]) -> Result<RecordedCall, FrozenError> {
    let version = frozen.get(1).copied().unwrap_or(0);
    if version == 0 || version > FORMAT_VERSION {
        return Err(FrozenError);
    }
    let mut reader = Reader::new(frozen, version)?;
    let writer_id = reader.bytes()?.try_into().map_err(|_| FrozenError)?;
    let position = reader.int()?.try_into().map_err(|_| FrozenError)?;
    let recorded_at = reader.int()?;
    let audit_id = AuditId::from_slice(reader.bytes()?).ok_or(FrozenError)?;
    let method = reader.text()?.to_owned();
    let caller = reader.text()?.to_owned();
    let organisation = reader.text()?.to_owned();
    let context = AccessContext {
        purpose: reader.text()?.to_owned(),
        legal_basis: reader.text()?.to_owned(),
        case_number: reader.text()?.to_owned(),
        operator: reader.text()?.to_owned(),
    };
    let outcome = reader.text()?.to_owned();
    let worker_id = match reader.bytes()? {
        [] => None,
        bytes => Some(WorkerId::from_slice(bytes).ok_or(FrozenError)?),
    };
    let employer_code = reader.optional_text()?.map(EmployerCode::parse);
    let employer_code = employer_code.transpose().map_err(|_| FrozenError)?;
    let policy_version = reader.text()?.to_owned();
    let rules_version = reader.narrow()?;
    let (retention, given) = match version {
        1 => (Retention::TenYears, Vec::new()),
        _ => thaw_given(&mut reader)?,
    };
    let count = reader.count()?;
    let items = (0..count)
        .map(|_| thaw_item(&mut reader))
        .collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(RecordedCall {
        method,
        caller,
        organisation,
        context,
        outcome,
        worker_id,
        employer_code,
        writer_id,
        position,
        audit_id,
        given,
        retention,
        recorded_at,
        policy_version,
        rules_version,
        items,
    })
}

fn thaw_given(reader: &mut Reader<'_>) -> Result<(Retention, Vec<String>), FrozenError> {
    let retention = Retention::from_number(reader.int()?).ok_or(FrozenError)?;
    let mut given = Vec::new();
    for _ in 0..reader.count()? {
        given.push(reader.text()?.to_owned());
    }
    Ok((retention, given))
}

fn thaw_item(reader: &mut Reader<'_>) -> Result<DecisionItem, FrozenError> {
    match reader.int()? {
        ITEM_OTHER => Ok(DecisionItem::Other {
            question: reader.text()?.to_owned(),
            answer: thaw_digest(reader)?,
        }),
        form @ (ITEM_SUBSIDY | ITEM_SUBSIDY_1) => {
            let item = thaw_subsidy(reader, form == ITEM_SUBSIDY)?;
            Ok(DecisionItem::Subsidy(Box::new(item)))
        }
        form @ (ITEM_PREFERENCES | ITEM_PREFERENCES_1) => {
            let item = thaw_preferences(reader, form == ITEM_PREFERENCES)?;
            Ok(DecisionItem::Preferences(Box::new(item)))
        }
        ITEM_VAT => Ok(DecisionItem::Vat(Box::new(VatItem {
            question: reader.text()?.to_owned(),
            told: thaw_short(reader)?,
            answer: thaw_digest(reader)?,
        }))),
        form @ (ITEM_KEY_GROUP | ITEM_KEY_GROUP_1) => {
            let record = thaw_key_group(reader, form)?;
            Ok(DecisionItem::KeyGroup(Box::new(record)))
        }
        _ => Err(FrozenError),
    }
}

fn thaw_key_group(reader: &mut Reader<'_>, form: i64) -> Result<KeyGroupRecord, FrozenError> {
    let is_whole = form == ITEM_KEY_GROUP;
    let employer_code = EmployerCode::parse(reader.text()?).map_err(|_| FrozenError)?;
    let employer_revision = reader.narrow()?;
    let person = match reader.int()? {
        0 => PersonRecord::Unknown,
        1 => PersonRecord::NotMatched,
        2 => PersonRecord::Known {
            worker_id: WorkerId::from_slice(reader.bytes()?).ok_or(FrozenError)?,
            revision: reader.narrow()?,
        },
        _ => return Err(FrozenError),
    };
    let stranger = match is_whole {
        true => reader.optional_bytes()?,
        false => None,
    };
    let stranger = stranger.map(|bytes| bytes.try_into().map_err(|_| FrozenError));
    let booked = thaw_booked(reader)?;
    let filings = match is_whole {
        true => thaw_filings(reader)?,
        false => Vec::new(),
    };
    let unclaimed_elsewhere = reader.narrow()?;
    let (from, through) = (thaw_month(reader)?, thaw_month(reader)?);
    let (as_of, told) = match is_whole {
        true => (reader.optional_int()?, thaw_told(reader)?),
        false => (None, None),
    };
    Ok(KeyGroupRecord {
        employer_code,
        employer_revision,
        person,
        stranger: stranger.transpose()?,
        booked,
        filings,
        unclaimed_elsewhere,
        from,
        through,
        as_of,
        told,
        answer: thaw_digest(reader)?,
    })
}

pub(super) fn freeze_short(writer: &mut Writer, told: &ShortAnswer) {
    writer.int(told.len() as i64);
    for (name, value) in told {
        writer.text(name).text(value);
    }
}

pub(super) fn thaw_short(reader: &mut Reader<'_>) -> Result<ShortAnswer, FrozenError> {
    let count = reader.count()?;
    let line = |_| Ok((reader.text()?.to_owned(), reader.text()?.to_owned()));
    (0..count).map(line).collect()
}

fn thaw_told(reader: &mut Reader<'_>) -> Result<Option<Told>, FrozenError> {
    let outcomes = [Outcome::Eligible, Outcome::Review, Outcome::Ineligible];
    let outcome = reader.optional_int()?;
    let total_fen = reader.optional_int()?;
    let Some((outcome, total_fen)) = outcome.zip(total_fen) else {
        return Ok(None);
    };
    let outcome = usize::try_from(outcome).map_err(|_| FrozenError)?;
    Ok(Some(Told {
        outcome: from_number(&outcomes, outcome)?,
        total_fen: Fen::new(total_fen),
    }))
}

fn from_number<T: Copy>(all: &[T], number: usize) -> Result<T, FrozenError> {
    all.get(number).copied().ok_or(FrozenError)
}

pub(super) fn thaw_filings(reader: &mut Reader<'_>) -> Result<Vec<Filing>, FrozenError> {
    let day = |number: Option<i64>| {
        let Some(number) = number else {
            return Ok(None);
        };
        let day = i32::try_from(number)
            .ok()
            .and_then(CivilDate::from_epoch_day);
        day.map(Some).ok_or(FrozenError)
    };
    let count = reader.count()?;
    (0..count)
        .map(|_| {
            Ok(Filing {
                filing_id: reader.text()?.to_owned(),
                employer_code: EmployerCode::parse(reader.text()?).map_err(|_| FrozenError)?,
                kind: FilingKind::from_number(reader.int()?).ok_or(FrozenError)?,
                submitted_on: day(reader.optional_int()?)?,
                accepted_on: day(reader.optional_int()?)?,
                revoked_on: day(reader.optional_int()?)?,
            })
        })
        .collect()
}

pub(super) fn thaw_booked(reader: &mut Reader<'_>) -> Result<Vec<BookedMonth>, FrozenError> {
    let mut booked = Vec::new();
    for _ in 0..reader.count()? {
        let employer_code = EmployerCode::parse(reader.text()?).map_err(|_| FrozenError)?;
        let (first, last) = (thaw_month(reader)?, thaw_month(reader)?);
        booked.extend(first.through(last).map(|month| BookedMonth {
            month,
            employer_code,
        }));
    }
    Ok(booked)
}

pub(super) fn thaw_month(reader: &mut Reader<'_>) -> Result<TaxMonth, FrozenError> {
    TaxMonth::from_index(reader.narrow()?).ok_or(FrozenError)
}

pub(super) fn thaw_digest(reader: &mut Reader<'_>) -> Result<Digest32, FrozenError> {
    reader.bytes()?.try_into().map_err(|_| FrozenError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> TaxMonth {
        TaxMonth::parse(text).expect("a month")
    }

    #[test]
    fn a_recorded_call_is_read_back_whole() {
        let employer_code = EmployerCode::parse("91442000MAQQ000161").expect("a code");
        let other = EmployerCode::parse("91442000QQ0000039Q").expect("a code");
        let booked = |code, text| BookedMonth {
            month: month(text),
            employer_code: code,
        };
        let item = DecisionItem::KeyGroup(Box::new(KeyGroupRecord {
            employer_code,
            employer_revision: 3,
            person: PersonRecord::Known {
                worker_id: WorkerId(uuid::Uuid::from_u128(7)),
                revision: 9,
            },
            booked: vec![
                booked(other, "2022-11"),
                booked(other, "2022-12"),
                booked(employer_code, "2023-01"),
            ],
            stranger: None,
            filings: vec![Filing {
                filing_id: "F1".to_owned(),
                employer_code,
                kind: FilingKind::Service,
                submitted_on: None,
                accepted_on: CivilDate::from_epoch_day(19_000),
                revoked_on: None,
            }],
            unclaimed_elsewhere: 2,
            from: month("2023-01"),
            through: month("2023-12"),
            as_of: Some(17),
            told: Some(Told {
                outcome: Outcome::Review,
                total_fen: Fen::ZERO,
            }),
            answer: [5; 32],
        }));
        let vat = DecisionItem::Vat(Box::new(VatItem {
            question: "party=NATURAL_PERSON".to_owned(),
            told: vec![("vat_yuan".to_owned(), "10.00".to_owned())],
            answer: [7; 32],
        }));
        let draft = AuditDraft {
            audit_id: AuditId(uuid::Uuid::from_u128(1)),
            method: "M",
            caller: Caller::developer(),
            context: None,
            outcome: "OK".to_owned(),
            worker_id: None,
            employer_code: Some(employer_code),
            policy_version: "v".to_owned(),
            rules_version: 1,
            given: vec!["identity.number:masked".to_owned()],
            subjects: Vec::new(),
            items: vec![
                item.clone(),
                DecisionItem::Other {
                    question: "q=1".to_owned(),
                    answer: [6; 32],
                },
                vat.clone(),
            ],
        };
        let frozen = freeze(&draft, None, [1; 16], 4, 99);
        let call = thaw_call(&frozen).expect("a call");
        assert_eq!(call.items[0], item);
        assert_eq!(call.items[2], vat);
        assert_eq!(call.given, ["identity.number:masked"]);
        assert_eq!((call.position, call.writer_id), (4, [1; 16]));
        assert_eq!(call.retention, Retention::TenYears);
        assert_eq!(call.organisation, "development");
        assert_eq!(
            (call.method.as_str(), call.recorded_at, call.items.len()),
            ("M", 99, 3)
        );
        for cut in 0..frozen.len() {
            assert!(thaw_call(&frozen[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_row_of_version_one_is_read() {
        let mut writer = Writer::new(1);
        writer.bytes(&[1; 16]).int(4).int(99).bytes(&[2; 16]);
        for text in ["M", "clerk", "office", "p", "l", "c", "o", "OK"] {
            writer.text(text);
        }
        writer
            .bytes(&[])
            .optional_text(None)
            .text("v")
            .int(1)
            .int(0);
        let call = thaw_call(&writer.finish()).expect("a call");
        assert_eq!(
            (call.outcome.as_str(), call.caller.as_str()),
            ("OK", "clerk")
        );
        assert_eq!(call.context.operator, "o");
        assert_eq!((call.given.len(), call.retention), (0, Retention::TenYears));
        let mut writer = Writer::new(3);
        writer.bytes(&[1; 16]);
        assert!(thaw_call(&writer.finish()).is_err());
    }
}
