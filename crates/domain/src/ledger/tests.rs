//! Frozen entries: what was frozen is thawed, and nothing else is.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::date::CivilDate;
use crate::identifier::EmployerCode;
use crate::ids::{AuditId, CaseId, DecisionId, RequestId, WorkerId};
use crate::month::{TaxMonth, TaxPeriod, TaxYear};
use crate::subsidy::SubsidyKind;
use crate::tax::TaxKind;

fn any_fen() -> impl Strategy<Value = Fen> {
    any::<i64>().prop_map(Fen::new)
}

fn any_parts() -> impl Strategy<Value = ByGroup> {
    (any_fen(), any_fen()).prop_map(|(poverty, unemployment)| ByGroup {
        poverty,
        unemployment,
    })
}

fn any_month() -> impl Strategy<Value = TaxMonth> {
    (1..=9999, 1..=12).prop_map(|(year, month)| TaxMonth::new(year, month).expect("a month"))
}

fn any_period() -> impl Strategy<Value = TaxPeriod> {
    prop_oneof![
        any_month().prop_map(TaxPeriod::month),
        (1..=9999, 1..=4)
            .prop_map(|(year, quarter)| TaxPeriod::quarter(year, quarter).expect("a quarter")),
    ]
}

fn any_line() -> impl Strategy<Value = TaxLine> {
    let tax = select(TaxKind::ALL.to_vec());
    (tax, any_fen(), any_parts(), any_fen(), any_fen()).prop_map(
        |(tax, due_fen, deducted, halved_fen, paid_fen)| TaxLine {
            tax,
            due_fen,
            deducted,
            halved_fen,
            paid_fen,
        },
    )
}

fn any_accrual() -> impl Strategy<Value = AccrualChange> {
    let group = select(CodeGroup::ALL.to_vec());
    let worker = (any::<[u8; 16]>(), any::<u32>());
    (worker, any_month(), group, any_fen(), any::<bool>()).prop_map(
        |((bytes, worker_revision), month, group, amount_fen, booked)| AccrualChange {
            worker_id: WorkerId::from_slice(&bytes).expect("sixteen bytes"),
            worker_revision,
            month,
            group,
            amount_fen,
            booked,
        },
    )
}

fn any_decision() -> impl Strategy<Value = DecisionId> {
    (any::<[u8; 16]>(), any::<Option<u32>>()).prop_map(|(bytes, item)| DecisionId {
        audit: AuditId::from_slice(&bytes).expect("sixteen bytes"),
        item,
    })
}

fn any_subsidy_line() -> impl Strategy<Value = SubsidyLine> {
    let worker = (any::<[u8; 16]>(), any::<u32>());
    (worker, any_month(), any_fen(), any_decision()).prop_map(
        |((bytes, worker_revision), month, amount_fen, decision_id)| SubsidyLine {
            worker_id: WorkerId::from_slice(&bytes).expect("sixteen bytes"),
            worker_revision,
            month,
            amount_fen,
            decision_id,
        },
    )
}

fn any_part() -> impl Strategy<Value = SubsidyPart> {
    (
        any::<[u8; 16]>(),
        select(SubsidyKind::ALL.to_vec()),
        (any::<String>(), any::<String>()),
        0..20_000,
        proptest::collection::vec(any_subsidy_line(), 0..6),
    )
        .prop_map(|(bytes, kind, words, day, lines)| SubsidyPart {
            claim_id: CaseId::from_slice(&bytes).expect("sixteen bytes"),
            kind,
            fund_source: words.0,
            payment_reference: words.1,
            paid_on: CivilDate::from_epoch_day(day).expect("a day"),
            lines,
        })
}

/// A draft of any kind: the subsidies' kinds have a part, the others have none.
fn any_draft() -> impl Strategy<Value = EntryDraft> {
    let kind = select(vec![EntryKind::SubsidyPayment, EntryKind::SubsidyClawBack]);
    let part = proptest::option::weighted(0.3, (kind, any_part()));
    (any_deduction(), part).prop_map(|(draft, part)| match part {
        Some((kind, part)) => EntryDraft {
            kind,
            subsidy: Some(part),
            ..draft
        },
        None => draft,
    })
}

fn any_deduction() -> impl Strategy<Value = EntryDraft> {
    let kind = select(vec![
        EntryKind::Post,
        EntryKind::Reversal,
        EntryKind::Settle,
        EntryKind::Recompute,
    ]);
    let place = (1..=9998, proptest::option::of(any_period()));
    let declared = (
        any_fen(),
        proptest::option::of(any_fen()),
        select(Release::ALL.to_vec()),
    );
    let words = (
        any::<String>(),
        any::<String>(),
        any::<Option<u32>>(),
        any::<Option<i64>>(),
    );
    let lists = (
        proptest::collection::vec(any_line(), 0..6),
        proptest::collection::vec(any_accrual(), 0..20),
    );
    let changes = (any_parts(), any_parts(), any_parts());
    (kind, place, declared, words, lists, changes).prop_map(
        |(kind, (year, period), declared, words, (lines, accruals), changes)| EntryDraft {
            kind,
            tax_year: TaxYear::new(year).expect("a year"),
            period,
            payable_fen: declared.0,
            sales_fen: declared.1,
            release: declared.2,
            return_number: words.0,
            declared_at: words.3,
            reason: words.1,
            reverses: words.2,
            lines,
            accruals,
            projected: changes.0,
            cit_change: changes.1,
            forfeited_change: changes.2,
            subsidy: None,
        },
    )
}

fn any_body() -> impl Strategy<Value = EntryBody> {
    let place = (any::<u32>(), any::<i64>(), any::<String>());
    let rules = (any::<[u8; 16]>(), any::<String>(), any::<i32>());
    (place, rules, any_draft()).prop_map(
        |((sequence, recorded_at, actor), (request, policy_version, rules_version), draft)| {
            EntryBody {
                employer_code: EmployerCode::parse("91442000MAQQ000161").expect("a code"),
                sequence,
                recorded_at,
                actor,
                request_id: RequestId::from_slice(&request).expect("sixteen bytes"),
                policy_version,
                rules_version,
                // Every format.
                decision_id: AuditId::from_slice(&request).filter(|_| sequence % 2 == 0),
                draft,
            }
        },
    )
}

proptest! {
    #[test]
    fn an_entry_is_thawed_as_it_was_frozen(body in any_body()) {
        prop_assert_eq!(EntryBody::thaw(&body.freeze()), Ok(body));
    }

    #[test]
    fn an_entry_cut_short_or_made_longer_is_refused(body in any_body(), cut in any::<Index>()) {
        let mut frozen = body.freeze();
        prop_assert!(EntryBody::thaw(&frozen[..cut.index(frozen.len())]).is_err());
        frozen.push(0);
        prop_assert!(EntryBody::thaw(&frozen).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_as_another_entry(
        body in any_body(),
        at in any::<Index>(),
        change in 1..=255u8,
    ) {
        let mut frozen = body.freeze();
        let index = at.index(frozen.len());
        frozen[index] ^= change;
        if let Ok(thawed) = EntryBody::thaw(&frozen) {
            prop_assert_ne!(&thawed, &body);
            // One entry has one frozen form, so that a hash names one content.
            prop_assert_eq!(thawed.freeze(), frozen);
        }
    }

    #[test]
    fn no_bytes_make_thawing_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = EntryBody::thaw(&bytes);
        let with_head: Vec<u8> = [0x4d, 1, 1].into_iter().chain(bytes).collect();
        let _ = EntryBody::thaw(&with_head);
    }

    #[test]
    fn the_hash_follows_the_content_and_the_entry_before(body in any_body(), before in any::<[u8; 32]>()) {
        let entry = Entry::chain(body.clone(), before);
        prop_assert_eq!(entry.hash, chain_hash(&before, &body.freeze()));
        let mut other = body;
        other.recorded_at = other.recorded_at.wrapping_add(1);
        prop_assert_ne!(Entry::chain(other, before).hash, entry.hash);
    }

    #[test]
    fn the_legs_of_any_entry_sum_to_zero_in_each_unit(draft in any_draft()) {
        // Amounts of the service's own size: sums beyond i64 saturate.
        let mut draft = draft;
        let small = |fen: &mut Fen| *fen = Fen::new(fen.get() % 1_000_000_000_000);
        for line in &mut draft.lines {
            small(&mut line.deducted.poverty);
            small(&mut line.deducted.unemployment);
        }
        draft.accruals.iter_mut().for_each(|change| small(&mut change.amount_fen));
        if let Some(part) = &mut draft.subsidy {
            part.lines.iter_mut().for_each(|line| small(&mut line.amount_fen));
        }
        for parts in [&mut draft.cit_change, &mut draft.forfeited_change] {
            small(&mut parts.poverty);
            small(&mut parts.unemployment);
        }
        let legs = draft.legs();
        prop_assert_eq!(legs.iter().map(|leg| leg.months).sum::<i32>(), 0);
        prop_assert_eq!(legs.iter().map(|leg| leg.amount_fen).sum::<Fen>(), Fen::ZERO);
    }
}

#[test]
fn an_employers_chain_starts_at_its_own_hash() {
    let one = EmployerCode::parse("91442000MAQQ000161").expect("a code");
    let other = EmployerCode::parse("91442000QQ0000039Q").expect("a code");
    assert_eq!(Genesis::hash(&one), Genesis::hash(&one));
    assert_ne!(Genesis::hash(&one), Genesis::hash(&other));
}

#[test]
fn a_subsidys_entry_moves_money_from_its_fund_and_nothing_of_the_year() {
    let line = |amount| SubsidyLine {
        worker_id: WorkerId::from_slice(&[7; 16]).expect("sixteen bytes"),
        worker_revision: 3,
        month: TaxMonth::new(2022, 8).expect("a month"),
        amount_fen: Fen::new(amount),
        decision_id: DecisionId {
            audit: AuditId::from_slice(&[9; 16]).expect("sixteen bytes"),
            item: Some(1),
        },
    };
    let part = SubsidyPart {
        claim_id: CaseId::from_slice(&[5; 16]).expect("sixteen bytes"),
        kind: SubsidyKind::Post,
        fund_source: "就业补助资金".to_owned(),
        payment_reference: "ZF-1".to_owned(),
        paid_on: CivilDate::parse("2022-10-10").expect("a date"),
        lines: vec![line(10_000), line(10_000)],
    };
    let quarter = TaxPeriod::quarter(2022, 3).expect("a quarter");
    for (kind, sign) in [
        (EntryKind::SubsidyPayment, 1),
        (EntryKind::SubsidyClawBack, -1),
    ] {
        let draft = part.clone().draft(kind, quarter, String::new());
        assert_eq!(
            draft.legs(),
            [
                Leg::fen(Account::SubsidyFund, Fen::new(-20_000 * sign)),
                Leg::fen(
                    Account::SubsidyPaid(SubsidyKind::Post),
                    Fen::new(20_000 * sign)
                ),
            ]
        );
        let mut year = YearState::default();
        year.apply_draft(&draft, 1);
        assert_eq!(year, YearState::default());
        assert_eq!(draft.legs_in(&year), draft.legs());
    }
}
