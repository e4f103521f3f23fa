//! A batch of postings in one statement.

use mamagang_store::rows::AuditRow;
use mamagang_store::{PostingBatch, StoreResult};

use crate::db::{Bind, Db};
use crate::sql::posting as sql;
use crate::{audit, ledger, month, request};

/// Writes everything; the parts' own constraints and guards refuse what they refuse alone.
pub(crate) async fn write(
    db: &mut Db<'_>,
    batch: &PostingBatch,
    rows: &[AuditRow],
) -> StoreResult<()> {
    ledger::check_starts(&batch.entries)?;
    month::release(db, &batch.released).await?;
    let columns: Vec<Bind> = ledger::entry_columns(&batch.entries)
        .into_iter()
        .chain(ledger::head_columns(&batch.entries))
        .chain(ledger::year_columns(&batch.years))
        .chain(month::columns(&batch.booked))
        .chain(request::columns(&batch.answers)?)
        .chain(audit::columns(rows)?)
        .collect();
    let written = sets(&columns, rows.len());
    db.write_sets(sql::WRITE, columns, written).await
}

/// Rows that the statement writes: PostgreSQL tells those of its last part alone. Heads and years
/// stand in columns 8 and 11, each once.
fn sets(columns: &[Bind], audit: usize) -> u64 {
    let firsts = [0, 7, 10, 13, 19].iter();
    let lengths = firsts.filter_map(|index| columns.get(*index));
    let written: usize = lengths.map(Bind::len).sum();
    (written + audit) as u64
}
