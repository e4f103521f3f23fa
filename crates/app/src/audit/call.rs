//! Calls that nothing else was recorded of.

use crate::app::App;
use crate::authorise::row_of;
use crate::caller::Caller;
use crate::error::AppResult;

/// The method of a call to a method that does not exist.
const OTHER: &str = "_OTHER";

impl App {
    /// Records how a call ended, in a durable row of its own, with what the call said of itself.
    ///
    /// # Errors
    /// Those of a row that cannot be written: then the call fails.
    pub async fn record_call(&self, method: &str, caller: &Caller, outcome: &str) -> AppResult<()> {
        let method = row_of(method).map_or(OTHER, |row| row.method);
        let mut draft = self.audit_draft(method, caller, None, Vec::new());
        draft.complete_from_trail();
        draft.outcome = outcome.to_owned();
        self.audit.write(draft).await
    }
}
