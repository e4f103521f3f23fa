//! Calls that were turned away together: by a flood each would cost more than its refusal spares.

use std::collections::BTreeMap;
use std::time::Duration;

use mamagang_domain::frozen::digest;

use super::record::DecisionItem;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppResult, ErrorReason};

/// The method under which they stand: which ones were called is not told apart.
pub const TURNED_AWAY: &str = "_TURNED_AWAY";

/// Calls that were refused alike within a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedAway {
    /// Who called, where that is known.
    pub caller: Caller,
    /// Why.
    pub reason: ErrorReason,
    /// How many.
    pub count: u64,
    /// How long ago the first was.
    pub first_ago: Duration,
    /// How long ago the last was.
    pub last_ago: Duration,
    /// From which networks, with the number of each.
    pub peers: BTreeMap<String, u64>,
}

impl TurnedAway {
    fn question(&self, now: i64) -> String {
        let at = |ago: Duration| now - i64::try_from(ago.as_micros()).unwrap_or(0);
        let peers: Vec<String> = self
            .peers
            .iter()
            .map(|(network, count)| format!("{network}:{count}"))
            .collect();
        format!(
            "count={}\nfirst_at={}\nlast_at={}\npeers={}",
            self.count,
            at(self.first_ago),
            at(self.last_ago),
            peers.join(" ")
        )
    }
}

impl App {
    /// Records calls that were turned away, in one durable row.
    ///
    /// # Errors
    /// Those of a row that cannot be written.
    pub async fn record_turned_away(&self, calls: &TurnedAway) -> AppResult<()> {
        let question = calls.question(self.now_micros());
        let answer = digest(question.as_bytes());
        let items = vec![DecisionItem::Other { question, answer }];
        let mut draft = self.audit_draft(TURNED_AWAY, &calls.caller, None, items);
        draft.outcome = calls.reason.name().to_owned();
        self.audit.write(draft).await
    }
}
