//! What an audit row holds, and its frozen form.

use mamagang_domain::frozen::{Digest32, FrozenError, Reader, Writer};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxMonth;

use crate::caller::{AccessContext, Caller};

const FORMAT_VERSION: u8 = 1;
const ITEM_KEY_GROUP: i64 = 1;
const ITEM_OTHER: i64 = 2;

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

/// One question of a call and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionItem {
    /// A check of measure 8: all that a recomputation needs.
    KeyGroup {
        /// For whom the months would count.
        employer_code: EmployerCode,
        /// Revision of the employer's record.
        employer_revision: u32,
        /// The person.
        person: PersonRecord,
        /// Months booked for anyone when it was asked.
        booked: Vec<BookedMonth>,
        /// Months at other employers that nobody had claimed.
        unclaimed_elsewhere: i32,
        /// First month asked.
        from: TaxMonth,
        /// Last month asked.
        through: TaxMonth,
        /// Digest of the answer.
        answer: Digest32,
    },
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
    /// The questions and their answers.
    pub items: Vec<DecisionItem>,
}

/// A call as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// The method.
    pub method: String,
    /// Who called.
    pub caller: String,
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
    writer_id: [u8; 16],
    position: u64,
    recorded_at: i64,
) -> Vec<u8> {
    let mut writer = Writer::new(FORMAT_VERSION);
    let context = draft.context.clone().unwrap_or_default();
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
        .bytes(
            draft
                .worker_id
                .as_ref()
                .map_or(&[][..], |id| &id.bytes()[..]),
        )
        .optional_text(draft.employer_code.as_ref().map(EmployerCode::as_str))
        .text(&draft.policy_version)
        .int(i64::from(draft.rules_version))
        .int(draft.items.len() as i64);
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
        DecisionItem::KeyGroup {
            employer_code,
            employer_revision,
            person,
            booked,
            unclaimed_elsewhere,
            from,
            through,
            answer,
        } => {
            writer
                .int(ITEM_KEY_GROUP)
                .text(employer_code.as_str())
                .int(i64::from(*employer_revision));
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
            let runs = runs_of(booked);
            writer.int(runs.len() as i64);
            for (employer, first, last) in runs {
                writer
                    .text(employer.as_str())
                    .int(i64::from(first.index()))
                    .int(i64::from(last.index()));
            }
            writer
                .int(i64::from(*unclaimed_elsewhere))
                .int(i64::from(from.index()))
                .int(i64::from(through.index()))
                .bytes(answer);
        }
    }
}

/// Consecutive months of one employer as one run.
fn runs_of(booked: &[BookedMonth]) -> Vec<(EmployerCode, TaxMonth, TaxMonth)> {
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
    let mut reader = Reader::new(frozen, FORMAT_VERSION)?;
    reader.bytes()?;
    reader.int()?;
    let recorded_at = reader.int()?;
    reader.bytes()?;
    let method = reader.text()?.to_owned();
    let caller = reader.text()?.to_owned();
    for _organisation_context_outcome in 0..6 {
        reader.text()?;
    }
    reader.bytes()?;
    reader.optional_text()?;
    let policy_version = reader.text()?.to_owned();
    let rules_version = reader.narrow()?;
    let count = reader.count()?;
    let items = (0..count)
        .map(|_| thaw_item(&mut reader))
        .collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(RecordedCall {
        method,
        caller,
        recorded_at,
        policy_version,
        rules_version,
        items,
    })
}

fn thaw_item(reader: &mut Reader<'_>) -> Result<DecisionItem, FrozenError> {
    match reader.int()? {
        ITEM_OTHER => Ok(DecisionItem::Other {
            question: reader.text()?.to_owned(),
            answer: thaw_digest(reader)?,
        }),
        ITEM_KEY_GROUP => {
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
            Ok(DecisionItem::KeyGroup {
                employer_code,
                employer_revision,
                person,
                booked: thaw_booked(reader)?,
                unclaimed_elsewhere: reader.narrow()?,
                from: thaw_month(reader)?,
                through: thaw_month(reader)?,
                answer: thaw_digest(reader)?,
            })
        }
        _ => Err(FrozenError),
    }
}

fn thaw_booked(reader: &mut Reader<'_>) -> Result<Vec<BookedMonth>, FrozenError> {
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

fn thaw_month(reader: &mut Reader<'_>) -> Result<TaxMonth, FrozenError> {
    TaxMonth::from_index(reader.narrow()?).ok_or(FrozenError)
}

fn thaw_digest(reader: &mut Reader<'_>) -> Result<Digest32, FrozenError> {
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
        let item = DecisionItem::KeyGroup {
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
            unclaimed_elsewhere: 2,
            from: month("2023-01"),
            through: month("2023-12"),
            answer: [5; 32],
        };
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
            items: vec![
                item.clone(),
                DecisionItem::Other {
                    question: "q=1".to_owned(),
                    answer: [6; 32],
                },
            ],
        };
        let frozen = freeze(&draft, [1; 16], 4, 99);
        let call = thaw_call(&frozen).expect("a call");
        assert_eq!(call.items[0], item);
        assert_eq!(
            (call.method.as_str(), call.recorded_at, call.items.len()),
            ("M", 99, 2)
        );
        for cut in 0..frozen.len() {
            assert!(thaw_call(&frozen[..cut]).is_err(), "cut at {cut}");
        }
    }
}
