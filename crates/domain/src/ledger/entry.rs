//! Entries and their frozen form.

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::frozen::{Digest32, FrozenError, Reader, Writer, chained, digest};
use crate::identifier::EmployerCode;
use crate::ids::{AuditId, RequestId, WorkerId};
use crate::money::Fen;
use crate::month::{TaxMonth, TaxPeriod, TaxYear};
use crate::policy::CodeGroup;
use crate::reason::ReasonCode;
use crate::tax::TaxKind;

use super::{Account, ByGroup, Leg, Release, SubsidyPart, TaxLine, YearState};

/// Version of the frozen form of an entry without the decision that it rests on, and of the
/// chain's start.
const FORMAT_VERSION: u8 = 1;
/// Version of the frozen form of an entry with it.
const FORMAT_WITH_DECISION: u8 = 2;
/// Version of the frozen form of a subsidy's entry.
const FORMAT_WITH_SUBSIDY: u8 = 3;

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// Declares a period.
    Post = 1,
    /// Takes a period's deduction back.
    Reversal = 2,
    /// Closes a year.
    Settle = 3,
    /// Re-evaluates a year.
    Recompute = 4,
    /// Pays a claim of a subsidy.
    SubsidyPayment = 5,
    /// Takes back of a paid claim.
    SubsidyClawBack = 6,
}

impl EntryKind {
    /// Whether it is of a subsidy: then it moves nothing of the deduction.
    pub const fn is_subsidy(self) -> bool {
        matches!(self, Self::SubsidyPayment | Self::SubsidyClawBack)
    }
}

/// A person-month that is booked, or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccrualChange {
    /// Whose month.
    pub worker_id: WorkerId,
    /// The revision of the worker's facts that it was decided on.
    pub worker_revision: u32,
    /// Which month.
    pub month: TaxMonth,
    /// Under which reduction code.
    pub group: CodeGroup,
    /// What it gives.
    pub amount_fen: Fen,
    /// `true` books the month, `false` takes it back.
    pub booked: bool,
}

/// A note to the caller that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caveat {
    /// Which.
    pub code: ReasonCode,
    /// What was found, by name.
    pub facts: Vec<(String, String)>,
}

/// What a plan wants to append: an entry without its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDraft {
    /// What it does.
    pub kind: EntryKind,
    /// The year it belongs to.
    pub tax_year: TaxYear,
    /// The period declared or reversed.
    pub period: Option<TaxPeriod>,
    /// The declared VAT payable; of a settlement, the CIT payable.
    pub payable_fen: Fen,
    /// Declared sales.
    pub sales_fen: Option<Fen>,
    /// How the quota is released.
    pub release: Release,
    /// The bureau's reference; empty when none.
    pub return_number: String,
    /// When the employer declared it (microseconds), where told.
    pub declared_at: Option<i64>,
    /// Why, in the caller's words.
    pub reason: String,
    /// The entry taken back.
    pub reverses: Option<u32>,
    /// The taxes of the period; of a reversal, those taken back; of a settlement, the CIT line.
    pub lines: Vec<TaxLine>,
    /// Person-months booked and taken back.
    pub accruals: Vec<AccrualChange>,
    /// Quota that later months of the year are expected to bring.
    pub projected: ByGroup,
    /// Change of the CIT deducted, where not in `lines`: a correction after settlement.
    pub cit_change: ByGroup,
    /// Change of what is forfeited.
    pub forfeited_change: ByGroup,
    /// What it says of a claim; of the subsidies' entries, and of no other.
    pub subsidy: Option<SubsidyPart>,
}

impl EntryDraft {
    /// The double entry: over each unit the legs sum to zero.
    pub fn legs(&self) -> Vec<Leg> {
        let mut legs = Vec::new();
        let mut accrued = Fen::ZERO;
        for change in &self.accruals {
            let sign = if change.booked { 1 } else { -1 };
            legs.push(Leg::months(
                Account::PersonTerm,
                change.worker_id,
                change.month,
                sign,
            ));
            legs.push(Leg::months(
                Account::EmployerMonths,
                change.worker_id,
                change.month,
                -sign,
            ));
            accrued += change.amount_fen.times(i64::from(sign));
        }
        let mut transfer = |to: Account, from: Account, amount: Fen| {
            if amount != Fen::ZERO {
                legs.push(Leg::fen(from, -amount));
                legs.push(Leg::fen(to, amount));
            }
        };
        transfer(Account::Available, Account::Accrued, accrued);
        let sign = if self.kind == EntryKind::Reversal {
            -1
        } else {
            1
        };
        for line in &self.lines {
            transfer(
                Account::Deducted(line.tax),
                Account::Available,
                line.deducted.total().times(sign),
            );
        }
        transfer(
            Account::Deducted(TaxKind::Cit),
            Account::Available,
            self.cit_change.total(),
        );
        transfer(
            Account::Forfeited,
            Account::Available,
            self.forfeited_change.total(),
        );
        if let Some(part) = &self.subsidy {
            let sign = match self.kind {
                EntryKind::SubsidyClawBack => -1,
                _ => 1,
            };
            let paid = part.total_fen().times(sign);
            transfer(Account::SubsidyPaid(part.kind), Account::SubsidyFund, paid);
        }
        legs
    }

    /// The double entry as the year before it stood: what is deducted beyond the booked months
    /// stands on an account of its own, so that no more than nothing is ever available.
    pub fn legs_in(&self, before: &YearState) -> Vec<Leg> {
        let mut after = before.clone();
        after.apply_draft(self, 0);
        let over = |year: &YearState| year.balance().over_deducted_fen;
        let change = over(&after) - over(before);
        let mut legs = self.legs();
        if change != Fen::ZERO {
            legs.push(Leg::fen(Account::OverDeducted, -change));
            legs.push(Leg::fen(Account::Available, change));
        }
        legs
    }

    /// The days that the entry concerns: its period's, or its year's.
    pub fn effective(&self) -> (CivilDate, CivilDate) {
        let (first, last) = match self.period {
            Some(period) => (period.first_month(), period.last_month()),
            None => (self.tax_year.first_month(), self.tax_year.last_month()),
        };
        (first.first_day(), last.last_day())
    }
}

/// An entry with its place in its employer's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryBody {
    /// Whose ledger.
    pub employer_code: EmployerCode,
    /// From 1, without gaps.
    pub sequence: u32,
    /// When it was recorded: microseconds since 1970-01-01T00:00Z.
    pub recorded_at: i64,
    /// Who recorded it.
    pub actor: String,
    /// The caller's request.
    pub request_id: RequestId,
    /// The policy that was applied.
    pub policy_version: String,
    /// The rules that were applied.
    pub rules_version: i32,
    /// The audit row that holds the question and the answer's digest; `None` in entries of the
    /// first format.
    pub decision_id: Option<AuditId>,
    /// What it does.
    pub draft: EntryDraft,
}

/// An entry as it is stored: the frozen bytes and their link to the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The content.
    pub body: EntryBody,
    /// The frozen bytes of the content.
    pub frozen: Vec<u8>,
    /// The hash of the entry before, or of the chain's start.
    pub previous_hash: Digest32,
    /// `SHA-256(previous_hash ‖ frozen)`.
    pub hash: Digest32,
}

impl Entry {
    /// Freezes a body onto a chain.
    pub fn chain(body: EntryBody, previous_hash: Digest32) -> Self {
        let frozen = body.freeze();
        let hash = chained(&previous_hash, &frozen);
        Self {
            body,
            frozen,
            previous_hash,
            hash,
        }
    }
}

/// The start of an employer's chain.
#[derive(Clone, Copy, Debug)]
pub struct Genesis;

impl Genesis {
    /// The hash before the first entry.
    pub fn hash(employer_code: &EmployerCode) -> Digest32 {
        let mut writer = Writer::new(FORMAT_VERSION);
        writer.text("mamagang ledger").text(employer_code.as_str());
        digest(&writer.finish())
    }
}

/// The hash of a record on a chain.
pub fn chain_hash(previous_hash: &Digest32, frozen: &[u8]) -> Digest32 {
    chained(previous_hash, frozen)
}

fn write_by_group(writer: &mut Writer, parts: &ByGroup) {
    writer
        .int(parts.poverty.get())
        .int(parts.unemployment.get());
}

fn read_by_group(reader: &mut Reader<'_>) -> Result<ByGroup, FrozenError> {
    Ok(ByGroup {
        poverty: Fen::new(reader.int()?),
        unemployment: Fen::new(reader.int()?),
    })
}

fn from_number<T: Copy>(all: &[T], number: usize) -> Result<T, FrozenError> {
    all.get(number).copied().ok_or(FrozenError)
}

fn read_line(reader: &mut Reader<'_>) -> Result<TaxLine, FrozenError> {
    Ok(TaxLine {
        tax: from_number(&TaxKind::ALL, reader.narrow()?)?,
        due_fen: Fen::new(reader.int()?),
        deducted: read_by_group(reader)?,
        halved_fen: Fen::new(reader.int()?),
        paid_fen: Fen::new(reader.int()?),
    })
}

fn read_accrual(reader: &mut Reader<'_>) -> Result<AccrualChange, FrozenError> {
    Ok(AccrualChange {
        worker_id: WorkerId::from_slice(reader.bytes()?).ok_or(FrozenError)?,
        worker_revision: reader.narrow()?,
        month: TaxMonth::from_index(reader.narrow()?).ok_or(FrozenError)?,
        group: from_number(&CodeGroup::ALL, reader.narrow()?)?,
        amount_fen: Fen::new(reader.int()?),
        // Only the two numbers that freezing writes: one entry has one frozen form.
        booked: from_number(&[false, true], reader.narrow()?)?,
    })
}

const KINDS: [EntryKind; 7] = [
    EntryKind::Post,
    EntryKind::Post,
    EntryKind::Reversal,
    EntryKind::Settle,
    EntryKind::Recompute,
    EntryKind::SubsidyPayment,
    EntryKind::SubsidyClawBack,
];

impl EntryBody {
    /// The frozen bytes.
    pub fn freeze(&self) -> Vec<u8> {
        let draft = &self.draft;
        let mut writer = Writer::new(match (&draft.subsidy, self.decision_id) {
            (Some(_), _) => FORMAT_WITH_SUBSIDY,
            (None, Some(_)) => FORMAT_WITH_DECISION,
            (None, None) => FORMAT_VERSION,
        });
        writer
            .text(self.employer_code.as_str())
            .int(i64::from(self.sequence))
            .int(self.recorded_at)
            .text(&self.actor)
            .bytes(self.request_id.bytes())
            .text(&self.policy_version)
            .int(i64::from(self.rules_version))
            .int(draft.kind as i64)
            .int(i64::from(draft.tax_year.number()))
            .optional_text(draft.period.map(|period| period.to_string()).as_deref())
            .int(draft.payable_fen.get())
            .optional_int(draft.sales_fen.map(Fen::get))
            .int(draft.release as i64)
            .text(&draft.return_number)
            .optional_int(draft.declared_at)
            .text(&draft.reason)
            .optional_int(draft.reverses.map(i64::from));
        writer.int(draft.lines.len() as i64);
        for line in &draft.lines {
            writer.int(line.tax as i64).int(line.due_fen.get());
            write_by_group(&mut writer, &line.deducted);
            writer.int(line.halved_fen.get()).int(line.paid_fen.get());
        }
        writer.int(draft.accruals.len() as i64);
        for change in &draft.accruals {
            writer
                .bytes(change.worker_id.bytes())
                .int(i64::from(change.worker_revision))
                .int(i64::from(change.month.index()))
                .int(change.group as i64)
                .int(change.amount_fen.get())
                .int(i64::from(change.booked));
        }
        write_by_group(&mut writer, &draft.projected);
        write_by_group(&mut writer, &draft.cit_change);
        write_by_group(&mut writer, &draft.forfeited_change);
        match self.decision_id {
            Some(decision_id) => {
                writer.bytes(decision_id.bytes());
            }
            // The third form has the field always.
            None if draft.subsidy.is_some() => {
                writer.bytes(&[]);
            }
            None => {}
        }
        if let Some(part) = &draft.subsidy {
            part.freeze(&mut writer);
        }
        writer.finish()
    }

    /// Reads frozen bytes back.
    pub fn thaw(frozen: &[u8]) -> Result<Self, FrozenError> {
        let formats = [FORMAT_WITH_DECISION, FORMAT_WITH_SUBSIDY, FORMAT_VERSION];
        let read = |format| Some((Reader::new(frozen, format).ok()?, format));
        let (mut reader, format) = formats.into_iter().find_map(read).ok_or(FrozenError)?;
        let employer_code = EmployerCode::parse(reader.text()?).map_err(|_| FrozenError)?;
        let sequence = reader.narrow()?;
        let recorded_at = reader.int()?;
        let actor = reader.text()?.to_owned();
        let request_id = RequestId::from_slice(reader.bytes()?).ok_or(FrozenError)?;
        let policy_version = reader.text()?.to_owned();
        let rules_version = reader.narrow()?;
        let mut draft = thaw_draft(&mut reader)?;
        let decision_id = match format {
            FORMAT_VERSION => None,
            _ => match reader.bytes()? {
                [] if format == FORMAT_WITH_SUBSIDY => None,
                bytes => Some(AuditId::from_slice(bytes).ok_or(FrozenError)?),
            },
        };
        if format == FORMAT_WITH_SUBSIDY {
            draft.subsidy = Some(SubsidyPart::thaw(&mut reader)?);
        }
        reader.finish()?;
        // Each kind has its own form.
        if draft.kind.is_subsidy() != draft.subsidy.is_some() {
            return Err(FrozenError);
        }
        Ok(Self {
            employer_code,
            sequence,
            recorded_at,
            actor,
            request_id,
            policy_version,
            rules_version,
            decision_id,
            draft,
        })
    }
}

fn thaw_draft(reader: &mut Reader<'_>) -> Result<EntryDraft, FrozenError> {
    let kind: usize = reader.narrow()?;
    if kind == 0 {
        return Err(FrozenError);
    }
    Ok(EntryDraft {
        kind: from_number(&KINDS, kind)?,
        tax_year: TaxYear::new(reader.narrow()?).ok_or(FrozenError)?,
        period: reader
            .optional_text()?
            .map(|text| TaxPeriod::parse(text).map_err(|_| FrozenError))
            .transpose()?,
        payable_fen: Fen::new(reader.int()?),
        sales_fen: reader.optional_int()?.map(Fen::new),
        release: from_number(&Release::ALL, reader.narrow()?)?,
        return_number: reader.text()?.to_owned(),
        declared_at: reader.optional_int()?,
        reason: reader.text()?.to_owned(),
        reverses: reader
            .optional_int()?
            .map(|number| u32::try_from(number).map_err(|_| FrozenError))
            .transpose()?,
        lines: {
            let count = reader.count()?;
            (0..count)
                .map(|_| read_line(reader))
                .collect::<Result<_, _>>()?
        },
        accruals: {
            let count = reader.count()?;
            (0..count)
                .map(|_| read_accrual(reader))
                .collect::<Result<_, _>>()?
        },
        projected: read_by_group(reader)?,
        cit_change: read_by_group(reader)?,
        forfeited_change: read_by_group(reader)?,
        subsidy: None,
    })
}
