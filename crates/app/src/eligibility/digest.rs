//! Digests of answers: what an audit row keeps instead of the answer itself.

use mamagang_domain::frozen::{Digest32, Writer, digest};
use mamagang_domain::inclusive::PreferenceResult;
use mamagang_domain::key_group::Decision;
use mamagang_domain::reason::Reason;
use mamagang_domain::subsidy;
use mamagang_domain::vat::{VatDecision, VatOutcome};

const FORMAT_VERSION: u8 = 1;

/// The digest of a decision on measure 8: everything of it that the facts and the law decide.
pub fn decision_digest(decision: &Decision) -> Digest32 {
    let mut writer = Writer::new(FORMAT_VERSION);
    writer
        .int(decision.outcome as i64)
        .int(decision.notice.outcome as i64)
        .optional_int(decision.category.map(|category| category as i64))
        .optional_int(decision.start_month.map(|month| i64::from(month.index())))
        .optional_int(
            decision
                .term_end_month
                .map(|month| i64::from(month.index())),
        )
        .int(decision.months.len() as i64);
    for month in &decision.months {
        writer
            .int(i64::from(month.month.index()))
            .int(month.outcome as i64)
            .int(i64::from(month.code.number()))
            .int(month.amount_fen.get());
    }
    for reasons in [
        &decision.statutory.reasons,
        &decision.notice.reasons,
        &decision.caveats,
    ] {
        write_reasons(&mut writer, reasons);
    }
    writer.int(decision.assumptions.len() as i64);
    for assumption in &decision.assumptions {
        writer.text(&assumption.parameter).text(&assumption.value);
    }
    writer.int(decision.missing_facts.len() as i64);
    for kind in &decision.missing_facts {
        writer.int(*kind as i64);
    }
    writer.int(decision.evidence.len() as i64);
    for evidence in &decision.evidence {
        writer
            .int(i64::from(evidence.revision))
            .int(evidence.kind as i64);
    }
    digest(&writer.finish())
}

/// The digest of a decision on measure 9.
pub fn vat_digest(decision: &VatDecision) -> Digest32 {
    let mut writer = Writer::new(FORMAT_VERSION);
    let outcome = match decision.outcome {
        VatOutcome::Exempt => 1,
        VatOutcome::Taxable => 2,
        VatOutcome::Review => 3,
    };
    writer
        .int(outcome)
        .text(&decision.regime)
        .int(decision.net_sales_fen.get())
        .int(decision.vat_fen.get())
        .int(decision.surcharges.len() as i64);
    for line in &decision.surcharges {
        writer.int(line.due_fen.get()).int(line.paid_fen.get());
    }
    write_reasons(&mut writer, &decision.reasons);
    write_reasons(&mut writer, &decision.caveats);
    digest(&writer.finish())
}

/// The digest of a decision on a subsidy.
pub fn subsidy_digest(decision: &subsidy::Decision) -> Digest32 {
    let mut writer = Writer::new(FORMAT_VERSION);
    writer
        .int(i64::from(decision.kind.measure()))
        .int(decision.outcome as i64)
        .optional_int(decision.start_month.map(|month| i64::from(month.index())))
        .int(i64::from(decision.months_used))
        .int(decision.months.len() as i64);
    for month in &decision.months {
        writer
            .int(i64::from(month.month.index()))
            .int(i64::from(month.code.number()))
            .int(month.amount_fen.get());
    }
    writer.int(decision.trainings.len() as i64);
    for training in &decision.trainings {
        writer
            .text(&training.plan_id)
            .int(i64::from(training.code.number()))
            .int(training.amount_fen.get());
    }
    write_reasons(&mut writer, &decision.reasons);
    write_reasons(&mut writer, &decision.caveats);
    writer.int(decision.assumptions.len() as i64);
    for assumption in &decision.assumptions {
        writer.text(&assumption.parameter).text(&assumption.value);
    }
    writer.int(decision.missing_facts.len() as i64);
    for kind in &decision.missing_facts {
        writer.int(*kind as i64);
    }
    writer.int(decision.evidence.len() as i64);
    for evidence in &decision.evidence {
        writer
            .int(i64::from(evidence.revision))
            .int(evidence.kind as i64);
    }
    digest(&writer.finish())
}

/// The digest of the answers on measure 10.
pub fn preferences_digest(results: &[PreferenceResult]) -> Digest32 {
    let mut writer = Writer::new(FORMAT_VERSION);
    writer.int(results.len() as i64);
    for result in results {
        writer
            .int(result.item as i64)
            .int(result.outcome as i64)
            .int(result.amount_fen.get());
        write_reasons(&mut writer, &result.reasons);
    }
    digest(&writer.finish())
}

fn write_reasons(writer: &mut Writer, reasons: &[Reason]) {
    writer.int(reasons.len() as i64);
    for reason in reasons {
        writer
            .int(i64::from(reason.code.number()))
            .int(reason.citations.len() as i64);
        for citation in &reason.citations {
            writer.text(&citation.instrument).text(&citation.article);
        }
        writer.int(reason.facts.len() as i64);
        for (name, value) in &reason.facts {
            writer.text(name).text(value);
        }
    }
}
