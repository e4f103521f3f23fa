//! Statements, forms, lists and reconciliation through the command line, from a ledger that was posted over gRPC.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mamagang_files::xlsx::{Cell, Kind, Row, Spreadsheet};
use mamagang_proto::FILE_DESCRIPTOR_SET;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::{PostDeductionRequest, RecordFactsRequest};
use mamagang_server::demo::{Started, service};
use prost_reflect::{DescriptorPool, DynamicMessage};
use tempfile::TempDir;

const CODE: &str = "91442000QQ0000039Q";
const CONTEXT: [&str; 4] = ["--case", "K-1", "--operator", "王五"];

struct Bureau {
    folder: TempDir,
    address: String,
    started: Started,
}

/// A request of docs/requests.
fn request<M: prost::Message + Default>(name: &str, file: &str) -> M {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/requests")
        .join(file);
    let text = std::fs::read_to_string(path).expect("a request");
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let message = pool.get_message_by_name(name).expect("the message");
    let mut json = serde_json::Deserializer::from_str(&text);
    DynamicMessage::deserialize(message, &mut json)
        .expect("a request")
        .transcode_to()
        .expect("the same message")
}

impl Bureau {
    /// With the facts of docs/requests and January 2024 posted: one month, 600.00 VAT payable.
    async fn open() -> Self {
        let folder = TempDir::new().expect("a directory");
        let started = service::start(folder.path().to_owned())
            .await
            .expect("the service");
        let address = format!("http://{}", started.grpc);
        let facts: RecordFactsRequest =
            request("mamagang.v1.RecordFactsRequest", "record-facts.json");
        let mut registry = RegistryServiceClient::connect(address.clone())
            .await
            .expect("a connection");
        let recorded = registry
            .record_facts(facts)
            .await
            .expect("recorded")
            .into_inner();
        assert!(
            recorded.results.iter().all(|result| result.error.is_none()),
            "{recorded:?}"
        );
        let post: PostDeductionRequest = request("mamagang.v1.PostDeductionRequest", "post.json");
        let mut ledger = LedgerServiceClient::connect(address.clone())
            .await
            .expect("a connection");
        ledger.post_deduction(post).await.expect("posted");
        Self {
            folder,
            address,
            started,
        }
    }

    async fn post_february(&self) {
        let mut post: PostDeductionRequest =
            request("mamagang.v1.PostDeductionRequest", "post.json");
        post.request_id = "0193a5c0-0000-4000-8000-000000000009".to_owned();
        post.period = "2024-02".to_owned();
        let mut ledger = LedgerServiceClient::connect(self.address.clone())
            .await
            .expect("a connection");
        ledger.post_deduction(post).await.expect("posted");
    }

    async fn close(self) {
        self.started.draining.cancel();
        self.started.ended.await.expect("the service has ended");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, arguments: &[&str]) -> (String, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mamagang"));
        command
            .args(arguments)
            .args(["--address", &self.address])
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        let output =
            tokio::task::spawn_blocking(move || command.output().expect("the program starts"));
        let output = output.await.expect("it ran");
        let told = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (told, output.status.code().expect("an exit code"))
    }

    async fn done(&self, arguments: &[&str]) -> String {
        let (told, code) = self.run(arguments).await;
        assert_eq!(code, 0, "{arguments:?}: {told}");
        told
    }

    fn rows(&self, file: &str, sheet: &str) -> Vec<Row> {
        let source = std::io::Cursor::new(std::fs::read(self.path(file)).expect("the file"));
        let mut book = Spreadsheet::open(Kind::Xlsx, source).expect("a spreadsheet");
        book.rows(sheet)
            .expect("the sheet")
            .collect::<Result<_, _>>()
            .expect("rows")
    }
}

fn figures(row: &Row) -> Vec<f64> {
    let figure = |cell: &Cell| match cell {
        Cell::Number(number) => Some(*number),
        _ => None,
    };
    row.cells.iter().filter_map(figure).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_show_the_ledger_masked_and_their_code_is_made_again_until_the_ledger_says_otherwise()
 {
    let bureau = Bureau::open().await;
    let year = ["--employer", CODE, "--year", "2024"];
    bureau
        .done(
            &[
                &["export", "statement"],
                &year[..],
                &["-o", "s.xlsx", "-o", "s.pdf"],
            ]
            .concat(),
        )
        .await;
    bureau
        .done(
            &[
                &["export", "forms"],
                &year[..],
                &CONTEXT,
                &["-o", "f.xlsx", "-o", "f.pdf"],
            ]
            .concat(),
        )
        .await;
    let dossier = bureau
        .done(
            &[
                &["export", "dossier"],
                &year[..],
                &CONTEXT,
                &["-o", "d.xlsx", "-o", "d.pdf"],
            ]
            .concat(),
        )
        .await;

    // 650.00 arose; VAT took 600.00, the surcharges the rest.
    let years = bureau.rows("s.xlsx", "总台账");
    assert_eq!(
        figures(&years[1])[2..],
        [0.0, 650.0, 600.0, 42.0, 8.0, 0.0, 0.0, 650.0, 0.0, 0.0, 0.0]
    );
    let entries = bureau.rows("s.xlsx", "2024年度台账");
    assert_eq!(
        figures(&entries[1]),
        [1.0, 1.0, 650.0, 600.0, 42.0, 8.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    );
    let months = bureau.rows("d.xlsx", "按月使用情况");
    assert_eq!(figures(&months[1]), [650.0, 650.0, 0.0]);
    assert_eq!(figures(&months[12]), [650.0, 0.0, 0.0]);
    let people = bureau.rows("f.xlsx", "就业信息表");
    assert_eq!(people[1].cells[1], Cell::Text("李**".to_owned()));
    let Cell::Text(number) = &people[1].cells[3] else {
        panic!("{people:?}");
    };
    assert!(number.contains("********"), "{number}");
    assert_eq!(figures(&people[2])[..1], [1.0]);
    let schedule = bureau.rows("f.xlsx", "减免税申报明细表");
    let total = figures(
        schedule
            .iter()
            .rev()
            .find(|row| figures(row).len() == 2)
            .expect("sums"),
    );
    assert_eq!(total, [650.0, 650.0]);
    let papers = bureau.rows("d.xlsx", "备查资料清单");
    let kinds: Vec<&Cell> = papers[1..].iter().map(|row| &row.cells[3]).collect();
    let expected =
        ["合同", "就业创业证", "失业登记", "社会保险缴费"].map(|kind| Cell::Text(kind.to_owned()));
    assert_eq!(kinds, expected.iter().collect::<Vec<_>>());
    for file in ["s.pdf", "f.pdf", "d.pdf"] {
        assert!(
            std::fs::read(bureau.path(file))
                .expect("a PDF")
                .starts_with(b"%PDF-")
        );
    }

    let code = dossier
        .lines()
        .find(|line| line.starts_with("mamagang-check:"))
        .expect("a code")
        .to_owned();
    let check = |code: &str| {
        [&["export", "check-code"], &[code][..], &CONTEXT]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let ask = async |code: &str| {
        let arguments = check(code);
        bureau
            .run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            .await
    };
    assert_eq!(ask(&code).await, ("一致\n".to_owned(), 0));
    // What is posted later does not change what was true then.
    bureau.post_february().await;
    assert_eq!(ask(&code).await.1, 0);
    let (told, exit) = ask(&code.replace(":2024:", ":2023:")).await;
    assert!(exit == 3 && told.starts_with("不一致"), "{told}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_exported_as_xlsx_and_csv() {
    let bureau = Bureau::open().await;
    bureau.done(&["export", "employers", "-o", "e.csv"]).await;
    let text = std::fs::read_to_string(bureau.path("e.csv")).expect("a list");
    assert!(
        text.starts_with("\u{feff}统一社会信用代码,")
            && text.contains(",公司,")
            && text.contains(CODE),
        "{text}"
    );
    bureau
        .done(&["export", "balances", "--year", "2024", "-o", "b.xlsx"])
        .await;
    assert_eq!(
        figures(bureau.rows("b.xlsx", "2024年度余额").last().expect("sums"))[..2],
        [650.0, 650.0]
    );
    bureau
        .done(&["export", "entries", "--employer", CODE, "-o", "l.xlsx"])
        .await;
    assert!(bureau.rows("l.xlsx", "分录").len() > 5);
    bureau
        .done(
            &[
                &["export", "facts", "--employer", CODE, "-o", "k.xlsx"],
                &CONTEXT[..],
            ]
            .concat(),
        )
        .await;
    let facts = bureau.rows("k.xlsx", "事实记录");
    assert_eq!(facts[1].cells[1], Cell::Text("用人单位".to_owned()));
    let (told, code) = bureau.run(&["export", "employers", "-o", "e.pdf"]).await;
    assert!(code == 1 && told.contains(".xlsx"), "{told}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reconciling_names_what_differs_with_the_entry_that_settles_it_and_the_exit_code_tells() {
    let bureau = Bureau::open().await;
    let returns = "税款所属期,应纳增值税,增值税抵减\n2024年1月,600.00,600\n";
    std::fs::write(bureau.path("r.csv"), returns).expect("a file");
    let facts: RecordFactsRequest = request("mamagang.v1.RecordFactsRequest", "record-facts.json");
    let json = format!("{facts:?}");
    let number = json
        .split("number: \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a number");
    std::fs::write(
        bureau.path("p.csv"),
        format!("身份证件号码,姓名,月份\n{number},李敏,2024-01\n442000198903149982,外人,2024-01\n"),
    )
    .expect("a file");
    let ask = [
        "reconcile",
        "--employer",
        CODE,
        "--year",
        "2024",
        "--returns",
        "r.csv",
    ];
    let same = bureau.done(&[&ask[..], &CONTEXT].concat()).await;
    assert!(same.contains("无差异"), "{same}");

    let (told, code) = bureau
        .run(
            &[
                &ask[..],
                &["--payroll", "p.csv", "--json", "-o", "d.xlsx"],
                &CONTEXT,
            ]
            .concat(),
        )
        .await;
    // January is booked and paid; February is supported by facts and not booked.
    assert_eq!(code, 3, "{told}");
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(json["returns"], serde_json::json!([]));
    assert_eq!(json["payroll"].as_array().expect("a list").len(), 1);
    assert_eq!(json["payroll"][0]["what"], "有工资且符合条件的月份未入账");

    std::fs::write(
        bureau.path("r.csv"),
        "税款所属期,应纳增值税,增值税抵减\n202401,700,650\n2024-02,10,\n",
    )
    .expect("a file");
    std::fs::write(
        bureau.path("p.csv"),
        format!("身份证件号码,姓名,月份\n{number},李敏,2024-03\n"),
    )
    .expect("a file");
    let (_, code) = bureau
        .run(&[&ask[..], &["--payroll", "p.csv", "-o", "d.xlsx"], &CONTEXT].concat())
        .await;
    assert_eq!(code, 3);
    let suggestions = |sheet: &str| -> Vec<String> {
        let rows = bureau.rows("d.xlsx", sheet);
        rows[1..]
            .iter()
            .map(|row| match &row.cells[4] {
                Cell::Text(text) => text.clone(),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let of_returns = suggestions("申报差异");
    assert!(
        of_returns[0].contains("AmendDeduction") && of_returns[2].contains("PostDeduction"),
        "{of_returns:?}"
    );
    let of_payroll = suggestions("工资差异");
    assert!(of_payroll[0].contains("RecomputeYear"), "{of_payroll:?}");

    std::fs::write(
        bureau.path("r.csv"),
        "税款所属期,应纳增值税\n2024-01,一百\n",
    )
    .expect("a file");
    let (told, code) = bureau.run(&[&ask[..], &CONTEXT].concat()).await;
    assert!(code == 1 && told.contains("B2 应为金额"), "{told}");
    bureau.close().await;
}
