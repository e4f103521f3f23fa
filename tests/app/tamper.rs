//! Whoever changes the ledger behind the service's back is found: online and offline, by employer and
//! sequence.

use std::collections::BTreeSet;

use mamagang_app::Caller;
use mamagang_app::ledger::LedgerFault;
use mamagang_domain::fact::EmployerKind;
use mamagang_domain::frozen::{Digest32, hex};
use mamagang_domain::ledger::{Entry, EntryBody};
use mamagang_domain::money::Fen;
use mamagang_ledger_verify::Subject;
use mamagang_store::rows::EntryRow;
use mamagang_testkit::{TestApp, date};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use crate::city::{
    BAKERY, LAUNDRY, LI, bakery_with_wang, code, contract, employer, insured, lifted, post, record,
};

/// A connection that is nobody's of the service, with the guards taken away.
enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Stranger {
    async fn of(test: &TestApp) -> Self {
        if let Some(database) = &test.postgres {
            let connection = PgConnection::connect(&database.url()).await;
            let mut stranger = Self::Postgres(connection.expect("a connection"));
            for table in ["ledger_entry", "ledger_head", "checkpoint"] {
                stranger
                    .run(format!("ALTER TABLE {table} DISABLE TRIGGER USER"))
                    .await;
            }
            return stranger;
        }
        let directory = test.directory.as_ref().expect("a directory");
        let path = directory.path().join("test.db");
        let connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await;
        let mut stranger = Self::Sqlite(connection.expect("a connection"));
        for trigger in [
            "ledger_entry_refuses_update",
            "ledger_entry_refuses_delete",
            "ledger_entry_continues",
            "checkpoint_refuses_update",
            "checkpoint_refuses_delete",
        ] {
            stranger.run(format!("DROP TRIGGER {trigger}")).await;
        }
        stranger
    }

    async fn run(&mut self, sql: String) {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.clone()));
        let done = match self {
            Self::Sqlite(connection) => statement.execute(connection).await.map(drop),
            Self::Postgres(connection) => sqlx::raw_sql(AssertSqlSafe(sql.clone()))
                .execute(connection)
                .await
                .map(drop),
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", hex(bytes)),
            Self::Postgres(_) => format!("decode('{}', 'hex')", hex(bytes)),
        }
    }

    /// Writes an entry's columns over those of a row.
    async fn overwrite(&mut self, sequence: u32, with: &EntryRow) {
        let (frozen, previous, hash) = (
            self.bytes(&with.frozen),
            self.bytes(&with.previous_hash),
            self.bytes(&with.hash),
        );
        let (year, recorded_at) = (with.tax_year.number(), with.recorded_at);
        self.run(format!(
            "UPDATE ledger_entry SET tax_year = {year}, recorded_at = {recorded_at}, \
             frozen = {frozen}, previous_hash = {previous}, hash = {hash} \
             WHERE employer_code = '{BAKERY}' AND sequence = {sequence}"
        ))
        .await;
    }

    async fn set(&mut self, sequence: u32, column: &str, value: String) {
        self.run(format!(
            "UPDATE ledger_entry SET {column} = {value} \
             WHERE employer_code = '{BAKERY}' AND sequence = {sequence}"
        ))
        .await;
    }

    async fn set_head(&mut self, sequence: u32, hash: &Digest32) {
        let hash = self.bytes(hash);
        self.run(format!(
            "UPDATE ledger_head SET sequence = {sequence}, hash = {hash} \
             WHERE employer_code = '{BAKERY}'"
        ))
        .await;
    }
}

/// What is wrong, as both verifiers tell it: who, from, through, what.
type Told = BTreeSet<(String, u32, u32, &'static str)>;

async fn online(test: &TestApp) -> Told {
    let anchors = test.app.checkpoint_anchors().await.expect("anchors");
    let codes = test
        .app
        .chains_after(&anchors, "", 100)
        .await
        .expect("codes");
    let reports = test
        .app
        .verify_chains(&anchors, codes)
        .await
        .expect("reports");
    let faults = reports.into_iter().flat_map(|report| report.faults);
    let faults = faults.chain(anchors.faults);
    faults
        .map(|fault| match fault {
            LedgerFault::Entry {
                employer_code,
                fault,
            } => (
                employer_code,
                fault.sequence,
                fault.through,
                fault.kind.name(),
            ),
            LedgerFault::Checkpoint { number, problem } => {
                (String::new(), number, number, problem.name())
            }
        })
        .collect()
}

async fn bundle(test: &TestApp) -> Vec<u8> {
    let mut bytes = Vec::new();
    let exported = test.app.export_bundle(None, |record| {
        bytes.extend(record.encode());
        Ok(())
    });
    exported.await.expect("exported");
    bytes
}

async fn offline(test: &TestApp) -> Told {
    let keys: Vec<[u8; 32]> = test
        .app
        .signing_keys()
        .iter()
        .map(|(_, key)| *key)
        .collect();
    let bytes = bundle(test).await;
    let verified = mamagang_ledger_verify::verify(&mut bytes.as_slice(), &keys, true);
    let findings = verified.expect("a whole bundle").findings;
    findings
        .into_iter()
        .map(|finding| {
            let employer = match finding.subject {
                Subject::Employer(code) => code,
                Subject::Checkpoints => String::new(),
            };
            (employer, finding.from, finding.through, finding.kind)
        })
        .collect()
}

/// Both verifiers say the same, and exactly this.
async fn assert_told(test: &TestApp, expected: &[(&str, u32, u32, &'static str)], what: &str) {
    let expected: Told = expected
        .iter()
        .map(|(who, from, through, kind)| ((*who).to_owned(), *from, *through, *kind))
        .collect();
    assert_eq!(online(test).await, expected, "online: {what}");
    assert_eq!(offline(test).await, expected, "offline: {what}");
}

async fn entries(test: &TestApp) -> Vec<EntryRow> {
    let bakery = code(BAKERY);
    let entries = test.app.store().list_entries(&bakery, None, 0, 100, None);
    entries.await.expect("entries")
}

/// Two ledgers: the bakery's with five entries, four of them in a checkpoint, and the laundry's with
/// two.
async fn city(test: &TestApp) {
    let mut items = bakery_with_wang();
    items.extend([
        employer(LAUNDRY, EmployerKind::Company),
        lifted(LI),
        contract(LI, LAUNDRY, "C2", "2023-01-01"),
    ]);
    items.extend(insured(LI, LAUNDRY, "2023-01", "2023-12"));
    record(test, items).await;
    let caller = Caller::developer();
    for (number, employer_code, period) in [
        (1, BAKERY, "2023-01"),
        (2, LAUNDRY, "2023-01"),
        (3, BAKERY, "2023-02"),
        (4, BAKERY, "2023-03"),
        (5, LAUNDRY, "2023-02"),
        (6, BAKERY, "2023-04"),
    ] {
        let posting = post(number, employer_code, period, 20_000);
        test.app
            .post_deduction(&caller, posting)
            .await
            .expect("posted");
    }
    let checkpoint = test.app.write_checkpoint().await.expect("a checkpoint");
    assert_eq!(checkpoint.expect("chains have moved").number, 1);
    let again = test.app.write_checkpoint().await.expect("a look");
    assert_eq!(again, None, "nothing has moved since");
    let posting = post(7, BAKERY, "2023-05", 20_000);
    test.app
        .post_deduction(&caller, posting)
        .await
        .expect("posted");
}

async fn both() -> Vec<TestApp> {
    vec![
        TestApp::sqlite(date("2024-02-01")).await,
        TestApp::postgres(date("2024-02-01")).await,
    ]
}

fn forged(row: &EntryRow, previous_hash: Digest32) -> EntryRow {
    let mut body = EntryBody::thaw(&row.frozen).expect("an entry");
    body.draft.payable_fen += Fen::new(1);
    let entry = Entry::chain(body, previous_hash);
    EntryRow {
        frozen: entry.frozen,
        previous_hash: entry.previous_hash,
        hash: entry.hash,
        ..row.clone()
    }
}

#[tokio::test]
async fn an_untouched_ledger_has_no_fault() {
    for test in both().await {
        city(&test).await;
        assert_told(&test, &[], "nothing was touched").await;
    }
}

#[tokio::test]
async fn a_flipped_byte_of_any_column_names_its_entry() {
    for test in both().await {
        city(&test).await;
        let mut stranger = Stranger::of(&test).await;
        let rows = entries(&test).await;
        let row = &rows[1];
        for (column, bytes) in [
            ("frozen", row.frozen.clone()),
            ("previous_hash", row.previous_hash.to_vec()),
            ("hash", row.hash.to_vec()),
        ] {
            for at in [0, bytes.len() / 2, bytes.len() - 1] {
                let mut flipped = bytes.clone();
                flipped[at] ^= 0x40;
                let value = stranger.bytes(&flipped);
                stranger.set(2, column, value).await;
                let what = format!("{column} at {at}");
                assert_told(&test, &[(BAKERY, 2, 2, "ALTERED")], &what).await;
                stranger.overwrite(2, row).await;
            }
        }
        for (column, value) in [
            ("tax_year", i64::from(row.tax_year.number())),
            ("recorded_at", row.recorded_at),
        ] {
            stranger.set(2, column, (value ^ 1).to_string()).await;
            assert_told(&test, &[(BAKERY, 2, 2, "MISPLACED")], column).await;
            stranger.overwrite(2, row).await;
        }
        stranger.set(2, "sequence", "66".to_owned()).await;
        let told = online(&test).await;
        assert!(
            told.contains(&(BAKERY.to_owned(), 2, 2, "MISSING")),
            "{told:?}"
        );
        assert_eq!(offline(&test).await, told);
        stranger.set(66, "sequence", "2".to_owned()).await;
        assert_told(&test, &[], "put back").await;
        let other = format!("'{}X'", &BAKERY[..17]);
        stranger.set(2, "employer_code", other).await;
        for told in [online(&test).await, offline(&test).await] {
            assert!(
                told.contains(&(BAKERY.to_owned(), 2, 2, "MISSING")),
                "{told:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_deleted_row_is_named_wherever_it_stood() {
    for sequence in 1..=5_u32 {
        for test in both().await {
            city(&test).await;
            let mut stranger = Stranger::of(&test).await;
            stranger
                .run(format!(
                    "DELETE FROM ledger_entry \
                     WHERE employer_code = '{BAKERY}' AND sequence = {sequence}"
                ))
                .await;
            let kind = if sequence == 5 { "CUT_OFF" } else { "MISSING" };
            let expected = [(BAKERY, sequence, sequence, kind)];
            assert_told(&test, &expected, "a deleted row").await;
        }
    }
}

#[tokio::test]
async fn a_swapped_pair_is_named_both() {
    for test in both().await {
        city(&test).await;
        let mut stranger = Stranger::of(&test).await;
        let rows = entries(&test).await;
        stranger.overwrite(2, &rows[2]).await;
        stranger.overwrite(3, &rows[1]).await;
        let expected = [(BAKERY, 2, 2, "MISPLACED"), (BAKERY, 3, 3, "MISPLACED")];
        assert_told(&test, &expected, "a swapped pair").await;
    }
}

#[tokio::test]
async fn a_forged_entry_with_a_recomputed_hash_is_named() {
    for test in both().await {
        city(&test).await;
        let mut stranger = Stranger::of(&test).await;
        let rows = entries(&test).await;
        for (index, row) in rows.iter().enumerate() {
            let entry = forged(row, row.previous_hash);
            stranger.overwrite(row.sequence, &entry).await;
            let kind = if index == 4 { "REWRITTEN" } else { "REPLACED" };
            let expected = [(BAKERY, row.sequence, row.sequence, kind)];
            assert_told(&test, &expected, "a forged entry").await;
            stranger.overwrite(row.sequence, row).await;
        }
        assert_told(&test, &[], "put back").await;
    }
}

#[tokio::test]
async fn a_chain_that_is_cut_off_is_named_though_its_head_agrees() {
    for test in both().await {
        city(&test).await;
        let mut stranger = Stranger::of(&test).await;
        let rows = entries(&test).await;
        stranger
            .run(format!(
                "DELETE FROM ledger_entry WHERE employer_code = '{BAKERY}' AND sequence > 2"
            ))
            .await;
        stranger.set_head(2, &rows[1].hash).await;
        assert_told(&test, &[(BAKERY, 3, 4, "CUT_OFF")], "a cut chain").await;
    }
}

#[tokio::test]
async fn a_chain_that_is_written_anew_is_named_though_every_hash_fits() {
    for test in both().await {
        city(&test).await;
        let mut stranger = Stranger::of(&test).await;
        let rows = entries(&test).await;
        let mut hash = rows[1].hash;
        for row in &rows[2..] {
            let entry = forged(row, hash);
            hash = entry.hash;
            stranger.overwrite(row.sequence, &entry).await;
        }
        stranger.set_head(5, &hash).await;
        // The checkpoint knows the fourth entry, and nothing between it and the start.
        assert_told(&test, &[(BAKERY, 1, 4, "REWRITTEN")], "a new chain").await;
    }
}

#[tokio::test]
async fn a_whole_chain_that_is_gone_is_named() {
    for test in both().await {
        city(&test).await;
        let mut stranger = Stranger::of(&test).await;
        for table in ["ledger_entry", "ledger_head"] {
            stranger
                .run(format!(
                    "DELETE FROM {table} WHERE employer_code = '{LAUNDRY}'"
                ))
                .await;
        }
        assert_told(&test, &[(LAUNDRY, 1, 2, "CUT_OFF")], "a chain that is gone").await;
    }
}

#[tokio::test]
async fn a_checkpoint_that_is_changed_or_signed_by_another_says_nothing() {
    for test in both().await {
        city(&test).await;
        let mut stranger = Stranger::of(&test).await;
        let rows = test
            .app
            .store()
            .list_checkpoints(0, 10)
            .await
            .expect("checkpoints");
        let mut signature = rows[0].signature;
        signature[0] ^= 1;
        let value = stranger.bytes(&signature);
        stranger
            .run(format!(
                "UPDATE checkpoint SET signature = {value} WHERE number = 1"
            ))
            .await;
        assert_told(&test, &[("", 1, 1, "NOT_SIGNED")], "a signature").await;
        let other_key = [[9; 32]];
        let bytes = bundle(&test).await;
        let verified = mamagang_ledger_verify::verify(&mut bytes.as_slice(), &other_key, true);
        let findings = verified.expect("a whole bundle").findings;
        assert_eq!(findings[0].kind, "NOT_SIGNED");
    }
}

#[tokio::test]
async fn a_bundle_that_is_cut_is_not_taken_for_whole() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    city(&test).await;
    let bytes = bundle(&test).await;
    let keys: Vec<[u8; 32]> = test
        .app
        .signing_keys()
        .iter()
        .map(|(_, key)| *key)
        .collect();
    for cut in (0..bytes.len()).step_by(7) {
        let verified = mamagang_ledger_verify::verify(&mut &bytes[..cut], &keys, true);
        assert!(verified.is_err(), "cut at {cut}");
    }
    let whole = mamagang_ledger_verify::verify(&mut bytes.as_slice(), &keys, true);
    let whole = whole.expect("whole");
    assert_eq!(
        (whole.chain_count, whole.entry_count, whole.checkpoint_count),
        (2, 7, 1)
    );
}
