//! One commit of the ledger: read what all commands need, plan them in order in memory, write in
//! sets.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mamagang_domain::date::CivilDate;
use mamagang_domain::frozen::{Writer, digest};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{EntryId, WorkerId};
use mamagang_domain::key_group::{BookedMonth, RULES_VERSION};
use mamagang_domain::ledger::{
    ByGroup, Entry, EntryBody, LedgerRefusal, Plan, PlanInput, TaxLine, YearState, plan_amendment,
    plan_posting, plan_recomputation, plan_settlement,
};
use mamagang_domain::month::TaxYear;
use mamagang_domain::tax::TaxKind;
use mamagang_domain::timeline::{EmployerRecord, pack};
use mamagang_store::rows::{
    EntryRow, IdempotencyKey, IdempotencyRecord, LedgerHead, LedgerInputs, PersonMonth,
    WorkerSnapshot, YearRow,
};
use mamagang_store::{JobPart, PostingBatch, PostingInputs, StoreError};

use super::balance::{all_worker_months, balance_of, book_planned};
use super::command::{Action, CodedLine, Command, LateOverDeduction, LedgerReply};
use super::months::{YearMonths, other_employers, rebook};
use super::refusal::{first_answer, kept};
use super::scope::Scope;
use super::writer::LedgerContext;
use crate::app::civil_date;
use crate::audit::{AuditChain, AuditDraft, DecisionItem, Works};
use crate::error::{AppError, AppResult, ErrorReason};

type YearKey = (EmployerCode, TaxYear);

/// Room for the fields of a posting, as its audit row tells them.
const QUESTION_EXPECTED: usize = 256;

/// A step of a job: the commands are its next employers.
pub(crate) struct Step<'a> {
    pub(crate) part: &'a JobPart,
    /// The last employer of the step; `None` where the part has none left.
    pub(crate) last: Option<EmployerCode>,
    /// Until when the part is held on (microseconds).
    pub(crate) until: i64,
}

impl Step<'_> {
    /// The part after the step.
    fn advanced(&self, results: &[AppResult<LedgerReply>]) -> JobPart {
        let refused = results.iter().filter(|result| result.is_err()).count() as u64;
        JobPart {
            after: self.last.or(self.part.after),
            done: self.part.done + results.len() as u64 - refused,
            refused: self.part.refused + refused,
            is_finished: self.last.is_none_or(|last| last >= self.part.last),
            ..self.part.clone()
        }
    }
}

/// What a batch has come to.
pub(crate) enum Ran {
    /// It was written, where there was anything to write.
    Done {
        /// One a command, in order.
        results: Vec<AppResult<LedgerReply>>,
        /// The part of the job after its step.
        noted: Option<JobPart>,
        /// Whether anything was read for it.
        was_read: bool,
    },
    /// A refusal rests on what was kept, and leaves no row with which it would be compared. Nothing
    /// was written: the batch is to be read for.
    Unsure,
}

/// What a batch is planned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// What the store has kept from batches before, where it has all of it, else what is read. It is
    /// compared when the batch is written, which is refused where anything has changed.
    Kept,
    /// What is read, and compared in the same way.
    Read,
    /// What is read once it is locked: nobody changes it until the batch is committed.
    Locked,
}

/// Plans and commits commands, with the step of the job that they are, which is a part of a unit
/// of work.
pub(crate) async fn run_batch(
    context: &LedgerContext,
    chain: &Arc<AuditChain>,
    commands: &[Command],
    ground: Ground,
    step: Option<Step<'_>>,
) -> Result<Ran, StoreError> {
    let keys: Vec<IdempotencyKey> = commands
        .iter()
        .map(|command| {
            command
                .request
                .key(&command.caller, command.action.method())
        })
        .collect();
    let years: BTreeSet<YearKey> = commands
        .iter()
        .map(|command| (command.employer_code, command.action.tax_year()))
        .collect();
    let years: Vec<YearKey> = years.into_iter().collect();
    let (mut works, read) = read_batch(context, &keys, &years, ground).await?;
    let was_read = works.were_read();
    // Nobody else can use a number in between: the employers' locks are held, or their heads are
    // compared.
    let references = known_references(context, commands).await?;
    let elsewhere = records_elsewhere(context, &read.years).await?;
    let mut batch = Batch::new(
        context,
        works.recorded_at(),
        years.into_iter().zip(read.years).collect(),
        references,
        elsewhere,
    );
    batch.answered = keys
        .iter()
        .cloned()
        .zip(read.answered)
        .filter_map(|(key, record)| Some((key, record?)))
        .collect();
    let results: Vec<AppResult<LedgerReply>> = commands
        .iter()
        .zip(keys)
        .map(|(command, key)| batch.run(command, key))
        .collect();
    let noted = step.as_ref().map(|step| step.advanced(&results));
    let writes_nothing = batch.audit.is_empty() && batch.recorded.is_empty() && noted.is_none();
    if !was_read && (writes_nothing || results.iter().any(is_not_recorded)) {
        // Nothing would compare the request with those that were answered before, or what was kept
        // with what is.
        return Ok(Ran::Unsure);
    }
    if writes_nothing {
        return Ok(Ran::Done {
            results,
            noted,
            was_read,
        });
    }
    if let (Works::Held(unit), Some(step), Some(part)) = (&mut works, &step, &noted) {
        unit.advance_job_part(part, step.until).await?;
    }
    let (made, audit) = batch.made();
    chain.commit_postings(works, made, audit).await?;
    Ok(Ran::Done {
        results,
        noted,
        was_read,
    })
}

/// A refusal that leaves no row.
fn is_not_recorded(result: &AppResult<LedgerReply>) -> bool {
    result.as_ref().is_err_and(|error| kept(error).is_none())
}

async fn read_batch(
    context: &LedgerContext,
    keys: &[IdempotencyKey],
    years: &[YearKey],
    ground: Ground,
) -> Result<(Works, PostingInputs), StoreError> {
    let clock = || Arc::clone(&context.clock);
    if ground != Ground::Locked {
        let may_be_kept = ground == Ground::Kept;
        let store = &context.store;
        let seen = store
            .see_postings(clock(), keys, years, may_be_kept)
            .await?;
        if let Some((seen, read)) = seen {
            return Ok((Works::Seen(seen), read));
        }
    }
    let mut unit = context.store.begin(clock()).await?;
    let read = unit.posting_inputs(keys, years).await?;
    Ok((Works::Held(unit), read))
}

/// The return numbers that the employers used before, for the commands that name one.
async fn known_references(
    context: &LedgerContext,
    commands: &[Command],
) -> Result<HashMap<EmployerCode, Vec<String>>, StoreError> {
    let names_one = |command: &&Command| matches!(&command.action, Action::Post(declared) if !declared.return_number.is_empty());
    let naming = commands.iter().filter(names_one);
    let employers: BTreeSet<EmployerCode> = naming.map(|command| command.employer_code).collect();
    if employers.is_empty() {
        return Ok(HashMap::new());
    }
    let employers: Vec<EmployerCode> = employers.into_iter().collect();
    let years = context.store.list_years(&employers).await?;
    // Also of those that have no year yet: what the batch itself posts is noted there.
    let mut references: HashMap<EmployerCode, Vec<String>> = employers
        .into_iter()
        .map(|code| (code, Vec::new()))
        .collect();
    for row in years {
        let periods = row.state.periods.into_iter();
        let used = references.entry(row.employer_code).or_default();
        used.extend(periods.map(|period| period.return_number));
    }
    Ok(references)
}

/// The records of the other employers of the batch's workers, for the months that nobody claimed
/// there. Most workers have none, and then nothing is read.
async fn records_elsewhere(
    context: &LedgerContext,
    read: &[LedgerInputs],
) -> Result<HashMap<EmployerCode, EmployerRecord>, StoreError> {
    let codes = other_employers(read);
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let inputs = context.store.check_inputs(&[], &codes).await?;
    let rows = inputs.employers.into_iter().flatten();
    Ok(rows.map(|row| (row.employer_code, row.record)).collect())
}

struct Batch<'a> {
    context: &'a LedgerContext,
    recorded_at: i64,
    today: CivilDate,
    inputs: HashMap<YearKey, LedgerInputs>,
    heads: HashMap<EmployerCode, LedgerHead>,
    /// Where each worker stands in the inputs, so that a month booked by one command is seen by
    /// the next; in order.
    places: Vec<(WorkerId, YearKey, usize)>,
    references: HashMap<EmployerCode, Vec<String>>,
    /// Other employers of the workers.
    elsewhere: HashMap<EmployerCode, EmployerRecord>,
    /// As they were read.
    answered: HashMap<IdempotencyKey, IdempotencyRecord>,
    /// Where those of this batch stand in `recorded`.
    places_recorded: HashMap<IdempotencyKey, usize>,
    changed: BTreeSet<YearKey>,
    entries: Vec<EntryRow>,
    released: Vec<PersonMonth>,
    booked: Vec<PersonMonth>,
    recorded: Vec<(IdempotencyKey, IdempotencyRecord)>,
    audit: Vec<AuditDraft>,
}

impl<'a> Batch<'a> {
    fn new(
        context: &'a LedgerContext,
        recorded_at: i64,
        inputs: HashMap<YearKey, LedgerInputs>,
        references: HashMap<EmployerCode, Vec<String>>,
        elsewhere: HashMap<EmployerCode, EmployerRecord>,
    ) -> Self {
        let heads = inputs
            .iter()
            .map(|((code, _), read)| (*code, read.head))
            .collect();
        let workers = inputs
            .iter()
            .flat_map(|(key, read)| read.workers.iter().enumerate().map(move |it| (*key, it)));
        let place = |(key, (index, snapshot)): (YearKey, (usize, &WorkerSnapshot))| {
            (snapshot.worker.worker_id, key, index)
        };
        let mut places: Vec<_> = workers.map(place).collect();
        places.sort_unstable();
        Self {
            context,
            recorded_at,
            today: civil_date(recorded_at),
            inputs,
            heads,
            places,
            references,
            elsewhere,
            answered: HashMap::new(),
            places_recorded: HashMap::new(),
            changed: BTreeSet::new(),
            entries: Vec::new(),
            released: Vec::new(),
            booked: Vec::new(),
            recorded: Vec::new(),
            audit: Vec::new(),
        }
    }

    /// What is to be written, and the audit rows of the calls.
    fn made(mut self) -> (PostingBatch, Vec<AuditDraft>) {
        let row = |key: &YearKey| {
            let state = self.inputs.get_mut(key)?;
            Some(YearRow {
                employer_code: key.0,
                tax_year: key.1,
                state: std::mem::take(&mut state.year),
            })
        };
        let years = self.changed.iter().filter_map(row).collect();
        let batch = PostingBatch {
            entries: self.entries,
            years,
            released: self.released,
            booked: self.booked,
            answers: self.recorded,
        };
        (batch, self.audit)
    }

    fn run(&mut self, command: &Command, key: IdempotencyKey) -> AppResult<LedgerReply> {
        if !command.validate_only {
            // The request id is looked at before the period's state: a repeated call is answered
            // with the first answer even where a new one would be refused.
            if let Some(first) = command.request.compare(self.answer_to(&key))? {
                return first_answer(first).map_err(|error| named(error, command));
            }
        }
        let planned = self.plan(command).map_err(|error| named(error, command));
        if let Some(kept) = planned.as_ref().err().and_then(kept)
            && !command.validate_only
        {
            self.keep(command, key.clone(), kept);
        }
        let (plan, mut months) = planned?;
        book_planned(&mut months, &plan.drafts);
        let reply = if command.validate_only {
            self.preview(command, plan, &months)
        } else {
            self.book(command, plan, &months)
        };
        let packed = pack(&reply);
        self.audit.push(self.audit_draft(command, &packed));
        if !command.validate_only {
            self.keep(command, key, packed);
        }
        Ok(reply)
    }

    /// Keeps the answer to a request, for whoever asks again, also in this batch.
    fn keep(&mut self, command: &Command, key: IdempotencyKey, answer: Vec<u8>) {
        let record = command.request.record(answer, self.recorded_at);
        self.places_recorded
            .insert(key.clone(), self.recorded.len());
        self.recorded.push((key, record));
    }

    /// The answer that a request was given before, also in this batch.
    fn answer_to(&self, key: &IdempotencyKey) -> Option<&IdempotencyRecord> {
        let here = || self.recorded.get(*self.places_recorded.get(key)?);
        let here = here().map(|(_, record)| record);
        here.or_else(|| self.answered.get(key))
    }

    fn plan(&self, command: &Command) -> AppResult<(Plan, Vec<YearMonths>)> {
        let year_key = (command.employer_code, command.action.tax_year());
        let inputs = self
            .inputs
            .get(&year_key)
            .ok_or_else(|| AppError::new(ErrorReason::Internal))?;
        let employer = inputs
            .employer
            .as_ref()
            .filter(|employer| !employer.record.profiles.is_empty());
        let employer = employer.ok_or_else(|| {
            let error = AppError::new(ErrorReason::EmployerNotFound);
            error.with("employer_code", command.employer_code.to_string())
        })?;
        let scope = Scope::of(&command.action, inputs, self.today);
        let months = all_worker_months(
            &self.context.book,
            inputs,
            &self.elsewhere,
            year_key.1,
            scope.through,
            scope.projects,
        );
        let workers: Vec<_> = months.iter().map(|months| &months.plan).collect();
        let profile = employer
            .record
            .profile_on(scope.profile_on)
            .ok_or_else(|| AppError::new(ErrorReason::ProfileNotRecorded))?;
        let input = PlanInput {
            policy: &self.context.book,
            profile,
            state: &inputs.year,
            workers: &workers,
            today: self.today,
        };
        let plan = match &command.action {
            Action::Post(declared) => {
                let used = self.references.get(&command.employer_code);
                let is_reused = !declared.return_number.is_empty()
                    && used.is_some_and(|used| used.contains(&declared.return_number));
                let planned = plan_posting(&input, declared)?;
                if is_reused {
                    return Err(LedgerRefusal::ReturnNumberReused.into());
                }
                planned
            }
            Action::Amend(amendment) => plan_amendment(&input, amendment)?,
            Action::Settle(settlement) => plan_settlement(&input, settlement)?,
            Action::Recompute { tax_year, .. } => plan_recomputation(&input, *tax_year)?,
        };
        Ok((plan, months))
    }

    /// The answer without an entry: nothing changes.
    fn preview(&self, command: &Command, plan: Plan, months: &[YearMonths]) -> LedgerReply {
        let year_key = (command.employer_code, command.action.tax_year());
        let mut year = self
            .inputs
            .get(&year_key)
            .map(|inputs| inputs.year.clone())
            .unwrap_or_default();
        let sequence = self.head(&command.employer_code).sequence;
        for draft in &plan.drafts {
            year.apply_draft(draft, sequence);
        }
        let balance = balance_of(
            year_key,
            &year,
            months,
            true,
            sequence,
            self.revision(&year_key),
        );
        self.reply(command, &plan, None, balance)
    }

    fn head(&self, employer_code: &EmployerCode) -> LedgerHead {
        let known = self.heads.get(employer_code).copied();
        let known = known.filter(|head| head.sequence > 0);
        known.unwrap_or_else(|| LedgerHead {
            sequence: 0,
            hash: mamagang_domain::ledger::Genesis::hash(employer_code),
        })
    }

    fn revision(&self, key: &YearKey) -> u32 {
        let employer = self
            .inputs
            .get(key)
            .and_then(|inputs| inputs.employer.as_ref());
        employer.map_or(0, |employer| employer.record.revision)
    }

    fn book(&mut self, command: &Command, plan: Plan, months: &[YearMonths]) -> LedgerReply {
        let year_key = (command.employer_code, command.action.tax_year());
        let mut last_entry = None;
        for draft in &plan.drafts {
            let head = self.head(&command.employer_code);
            let body = EntryBody {
                employer_code: command.employer_code,
                sequence: head.sequence + 1,
                recorded_at: self.recorded_at,
                actor: command.caller.subject.clone(),
                request_id: command.request.request_id,
                policy_version: self.context.book.version.to_string(),
                rules_version: RULES_VERSION,
                decision_id: Some(command.audit_id),
                draft: draft.clone(),
            };
            let entry = Entry::chain(body, head.hash);
            last_entry = Some(EntryId {
                employer_code: command.employer_code,
                sequence: entry.body.sequence,
            });
            self.append(year_key, entry);
        }
        let sequence = self.head(&command.employer_code).sequence;
        let nothing = YearState::default();
        let inputs = self.inputs.get(&year_key);
        let balance = balance_of(
            year_key,
            inputs.map_or(&nothing, |inputs| &inputs.year),
            months,
            true,
            sequence,
            self.revision(&year_key),
        );
        self.reply(command, &plan, last_entry, balance)
    }

    fn append(&mut self, year_key: YearKey, entry: Entry) {
        let body = &entry.body;
        self.heads.insert(
            year_key.0,
            LedgerHead {
                sequence: body.sequence,
                hash: entry.hash,
            },
        );
        self.entries.push(EntryRow {
            employer_code: body.employer_code,
            sequence: body.sequence,
            tax_year: body.draft.tax_year,
            recorded_at: body.recorded_at,
            frozen: entry.frozen,
            previous_hash: entry.previous_hash,
            hash: entry.hash,
        });
        self.changed.insert(year_key);
        if let Some(inputs) = self.inputs.get_mut(&year_key) {
            inputs.year.apply(body);
            let (released, booked) = change_months(&mut inputs.months, body);
            self.released.extend(released);
            self.booked.extend(booked);
        }
        for change in &body.draft.accruals {
            let month = BookedMonth {
                month: change.month,
                employer_code: body.employer_code,
            };
            let first = self.places.partition_point(|it| it.0 < change.worker_id);
            let places = self.places.iter().skip(first);
            for (_, key, index) in places.take_while(|it| it.0 == change.worker_id) {
                if let Some(inputs) = self.inputs.get_mut(key) {
                    rebook(&mut inputs.workers[*index].booked, month, change.booked);
                }
            }
        }
        if let Some(used) = self.references.get_mut(&year_key.0) {
            used.push(body.draft.return_number.clone());
        }
    }

    fn reply(
        &self,
        command: &Command,
        plan: &Plan,
        entry_id: Option<EntryId>,
        balance: super::balance::EmployerBalance,
    ) -> LedgerReply {
        let on = self.code_day(command);
        let code = |line: &TaxLine| CodedLine::new(&self.context.book, *line, on);
        let last = plan.drafts.last();
        let reversed = plan.drafts.iter().find_map(|draft| draft.reverses);
        let cit_change = last.map_or(ByGroup::ZERO, |draft| draft.cit_change);
        let year_key = (command.employer_code, command.action.tax_year());
        let settled = self
            .inputs
            .get(&year_key)
            .and_then(|inputs| inputs.year.settled);
        let cit_line = settled
            .filter(|_| cit_change != ByGroup::ZERO)
            .map(|settled| {
                let deducted = if entry_id.is_some() {
                    settled.cit
                } else {
                    settled.cit.plus(cit_change)
                };
                let paid_fen = settled.cit_payable_fen - deducted.total();
                code(&TaxLine {
                    tax: TaxKind::Cit,
                    due_fen: settled.cit_payable_fen,
                    deducted,
                    halved_fen: mamagang_domain::money::Fen::ZERO,
                    paid_fen,
                })
            });
        LedgerReply {
            entry_id,
            planned_entries: u32::try_from(plan.drafts.len()).unwrap_or(u32::MAX),
            reversed_entry_id: reversed.map(|sequence| EntryId {
                employer_code: command.employer_code,
                sequence,
            }),
            lines: last.map_or_else(Vec::new, |draft| draft.lines.iter().map(code).collect()),
            accruals: plan
                .drafts
                .iter()
                .flat_map(|draft| draft.accruals.clone())
                .collect(),
            balance,
            caveats: plan.caveats.clone(),
            over_deductions: self.late(command, plan),
            late_through_on: self.late_through(command),
            paid_change_fen: plan.paid_change_fen(),
            cit_line,
        }
    }

    /// The day up to which the surcharge for late payment is told: the one asked for, or today.
    fn late_through(&self, command: &Command) -> CivilDate {
        match &command.action {
            Action::Recompute {
                surcharge_through, ..
            } => surcharge_through.unwrap_or(self.today),
            _ => self.today,
        }
    }

    fn late(&self, command: &Command, plan: &Plan) -> Vec<LateOverDeduction> {
        let through = self.late_through(command);
        let policy = &self.context.book.key_group;
        let parts = plan.over_deductions.iter();
        parts
            .map(|part| LateOverDeduction {
                part: *part,
                days: part.late_days(through),
                surcharge_fen: part.late_surcharge_fen(policy, through),
            })
            .collect()
    }

    fn code_day(&self, command: &Command) -> CivilDate {
        match &command.action {
            Action::Post(declared) => declared.period.last_month().last_day(),
            Action::Amend(amendment) => amendment.period.last_month().last_day(),
            Action::Settle(_) | Action::Recompute { .. } => {
                command.action.tax_year().last_month().last_day()
            }
        }
    }

    /// `answer`: the reply, packed.
    fn audit_draft(&self, command: &Command, answer: &[u8]) -> AuditDraft {
        let mut writer = Writer::new(1);
        writer.bytes(answer);
        let fields = command.request.content.fields().iter();
        let mut question = String::with_capacity(QUESTION_EXPECTED);
        for (name, value) in fields {
            let between = if question.is_empty() { "" } else { "\n" };
            question.extend([between, name, "=", value]);
        }
        AuditDraft {
            audit_id: command.audit_id,
            method: command.action.method(),
            caller: command.caller.clone(),
            context: None,
            outcome: "OK".to_owned(),
            worker_id: None,
            employer_code: Some(command.employer_code),
            policy_version: self.context.book.version.to_string(),
            rules_version: RULES_VERSION,
            given: Vec::new(),
            subjects: Vec::new(),
            items: vec![DecisionItem::Other {
                question,
                answer: digest(&writer.finish()),
            }],
        }
    }
}

/// Applies an entry to the booked months of its year: those that are gone, and those that are new.
/// A month that it books again as it was is neither.
fn change_months(
    months: &mut Vec<PersonMonth>,
    body: &EntryBody,
) -> (Vec<PersonMonth>, Vec<PersonMonth>) {
    let before = match body.draft.accruals.iter().all(|change| change.booked) {
        // Months are only added, at the end.
        true => Vec::new(),
        false => months.clone(),
    };
    let known = months.len();
    crate::rebuild::apply_months(months, body);
    if before.is_empty() {
        return (Vec::new(), months.get(known..).unwrap_or_default().to_vec());
    }
    let lacking = |of: &[PersonMonth], others: &[PersonMonth]| {
        let lacking = of.iter().filter(|month| !others.contains(month));
        lacking.copied().collect()
    };
    (lacking(&before, months), lacking(months, &before))
}

/// A refusal with what it concerns, for a program.
fn named(error: AppError, command: &Command) -> AppError {
    let has_employer = error
        .metadata
        .iter()
        .any(|(name, _)| *name == "employer_code");
    let error = match has_employer {
        true => error,
        false => error.with("employer_code", command.employer_code.to_string()),
    };
    match &command.action {
        Action::Post(declared) => {
            let error = error.with("period", declared.period.to_string());
            match declared.return_number.is_empty() {
                true => error,
                false => error.with("return_number", declared.return_number.clone()),
            }
        }
        Action::Amend(amendment) => error.with("period", amendment.period.to_string()),
        Action::Settle(_) | Action::Recompute { .. } => {
            error.with("tax_year", command.action.tax_year().number().to_string())
        }
    }
}
