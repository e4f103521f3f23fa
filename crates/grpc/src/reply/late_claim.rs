//! What amended returns would recover.

use mamagang_domain::ledger::{ClaimedPeriod, LateClaim, UnbookedMonth};
use mamagang_proto::v1;

use super::reason::citation;
use crate::convert::enums::ApiEnum as _;

/// The estimate.
pub(crate) fn late_claim(claim: &LateClaim) -> v1::EstimateLateClaimResponse {
    v1::EstimateLateClaimResponse {
        recovered_fen: claim.recovered_fen.get(),
        claimable_months: claim.claimable.iter().map(month).collect(),
        barred_months: claim.left.iter().map(month).collect(),
        periods: claim.periods.iter().map(period).collect(),
        unused_fen: claim.unused_fen.get(),
        citations: claim
            .citations
            .iter()
            .map(|cited| citation(cited))
            .collect(),
    }
}

fn month(month: &UnbookedMonth) -> v1::ClaimMonth {
    v1::ClaimMonth {
        worker_id: month.worker_id.to_string(),
        month: month.value.month.to_string(),
        amount_fen: month.value.amount_fen.get(),
    }
}

fn period(claimed: &ClaimedPeriod) -> v1::ClaimPeriod {
    let period = claimed.period.map(|period| period.to_string());
    let recovered = claimed.recovered.iter();
    v1::ClaimPeriod {
        period: period.unwrap_or_default(),
        until_date: claimed.until_on.to_string(),
        is_barred: claimed.is_barred,
        recovered: recovered
            .map(|(tax, amount)| v1::RecoveredTax {
                tax: tax.to_api(),
                amount_fen: amount.get(),
            })
            .collect(),
    }
}
