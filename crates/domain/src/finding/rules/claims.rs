//! The rules that look at claims.

use std::collections::BTreeMap;

use crate::ids::WorkerId;
use crate::money::Fen;
use crate::month::TaxMonth;

use super::{FindingRule, Maker, covers, own};

/// One finding a claim and person: the first month claimed that no contract there covers.
pub(super) fn shorter_than_claimed(maker: &mut Maker<'_>) {
    for claim in maker.of.claims {
        let mut beyond: BTreeMap<WorkerId, TaxMonth> = BTreeMap::new();
        for (worker_id, month) in &claim.lines {
            let mut workers = maker.of.workers.iter();
            let worker = workers.find(|it| it.worker_id == *worker_id);
            let contracts = worker.map_or_else(Vec::new, |worker| own(maker, worker));
            if !contracts.iter().any(|held| covers(&held.body, *month)) {
                beyond.entry(*worker_id).or_insert(*month);
            }
        }
        for (worker_id, month) in beyond {
            let evidence = vec![claim.claim_id.to_string()];
            let facts = [
                ("claim_id", claim.claim_id.to_string()),
                ("first_month", month.to_string()),
            ];
            let rule = FindingRule::ContractShorterThanClaimed;
            maker.add(rule, Some(worker_id), None, evidence, &facts);
        }
    }
}

/// One finding a claim and person: what a claw-back would take now.
pub(super) fn claw_back_due(maker: &mut Maker<'_>) {
    for claim in maker.of.claims {
        let mut due: BTreeMap<WorkerId, (TaxMonth, Fen)> = BTreeMap::new();
        for change in &claim.claw_back_due {
            let (_, sum) = due
                .entry(change.worker_id)
                .or_insert((change.month, Fen::ZERO));
            *sum += change.standing_fen - change.supported_fen;
        }
        for (worker_id, (month, sum)) in due {
            let evidence = vec![claim.claim_id.to_string()];
            let facts = [
                ("claim_id", claim.claim_id.to_string()),
                ("first_month", month.to_string()),
                ("amount_yuan", sum.yuan()),
            ];
            let rule = FindingRule::ClawBackDue;
            maker.add(rule, Some(worker_id), None, evidence, &facts);
        }
    }
}
