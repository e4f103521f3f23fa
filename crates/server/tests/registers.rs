//! The HR bureau's registers, statistics and certificates through the command line, from what was filed over gRPC.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use mamagang_app::{AppResult, Caller};
use mamagang_files::xlsx::{Cell, Kind, Spreadsheet};
use mamagang_grpc::{Authenticator, Grpc};
use mamagang_proto::v1::filing_service_client::FilingServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::report_service_client::ReportServiceClient;
use mamagang_proto::v1::{
    self, AccessContext, DecideFilingRequest, Fact, FiledPost, FilingDecision, FilingKind,
    IdentityDocument, RecordFactsRequest, ReportHireRequest, RetractFactRequest,
    ScanFindingsRequest, SubmitFilingRequest, WorkerRef, fact, worker_ref,
};
use mamagang_testkit::{SteadyIds, TestApp, date};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::Request;
use tonic::transport::Channel;

const CODE: &str = "91442000MAQQ000161";
const NUMBER: &str = "442000198903149982";
const CONTEXT: [&str; 4] = ["--case", "K-1", "--operator", "王五"];
/// What a spreadsheet program would take for a formula.
const TITLE: &str = "=HYPERLINK(\"http://example.invalid\")";

/// Everybody is the developer, and the reviewer another one.
#[derive(Debug)]
struct Desks;

impl Authenticator for Desks {
    fn authenticate(&self, call: &http::request::Parts) -> AppResult<Caller> {
        let mut caller = Caller::developer();
        if call.headers.contains_key("x-reviewer") {
            caller.subject = "reviewer".to_owned();
        }
        Ok(caller)
    }
}

struct Bureau {
    folder: TempDir,
    address: String,
    channel: Channel,
    stop: oneshot::Sender<()>,
    _test: TestApp,
}

fn fact(kind: fact::Kind) -> Fact {
    Fact {
        row_key: "r".to_owned(),
        source: "人社".to_owned(),
        kind: Some(kind),
        ..Fact::default()
    }
}

fn wang() -> Option<WorkerRef> {
    Some(WorkerRef {
        r#ref: Some(worker_ref::Ref::Identity(IdentityDocument {
            r#type: v1::DocumentType::ResidentIdCard.into(),
            number: NUMBER.to_owned(),
            name: "王芳".to_owned(),
        })),
    })
}

/// A bakery that hired a person lifted from poverty on 1 December 2023 and insured her in that month.
fn facts() -> Vec<Fact> {
    let employer = v1::EmployerProfile {
        employer_code: CODE.to_owned(),
        name: "中山市喜彩烘焙有限公司".to_owned(),
        kind: v1::EmployerKind::Company.into(),
        town_code: "442000001".to_owned(),
        industry_code: "C1411".to_owned(),
        vat_payer: v1::VatPayer::General.into(),
        filing_cycle: v1::FilingCycle::Monthly.into(),
        umct_rate_bp: 700,
        half_rate_surcharges: false,
        size_class: v1::SizeClass::Other.into(),
        from_date: "2019-01-01".to_owned(),
    };
    let lifted = v1::PovertyStatus {
        worker: wang(),
        category: v1::PersonCategory::LiftedFromPoverty.into(),
        from_date: "2016-01-01".to_owned(),
        to_date: String::new(),
    };
    let contract = v1::Contract {
        contract_id: "HT-1".to_owned(),
        employer_code: CODE.to_owned(),
        worker: wang(),
        kind: v1::ContractKind::LabourContract.into(),
        signed_date: "2023-12-01".to_owned(),
        start_date: "2023-12-01".to_owned(),
        end_date: "2025-11-30".to_owned(),
        ..v1::Contract::default()
    };
    let paid = v1::Contribution {
        worker: wang(),
        employer_code: CODE.to_owned(),
        month: "2023-12".to_owned(),
        insurances: [
            v1::Insurance::Pension,
            v1::Insurance::Medical,
            v1::Insurance::Unemployment,
            v1::Insurance::WorkInjury,
        ]
        .map(Into::into)
        .to_vec(),
        paid_date: "2023-12-20".to_owned(),
    };
    vec![
        fact(fact::Kind::EmployerProfile(employer)),
        fact(fact::Kind::PovertyStatus(lifted)),
        fact(fact::Kind::Contract(contract)),
        fact(fact::Kind::Contribution(paid)),
    ]
}

fn id(number: u128) -> String {
    uuid::Uuid::from_u128(number | 1 << 76 | 2 << 62).to_string()
}

impl Bureau {
    /// With the bakery's facts, a filing of three places that a reviewer has accepted, and a hire whose registration is
    /// overdue.
    async fn open() -> (Self, Vec<v1::FactResult>) {
        let test = TestApp::sqlite(date("2024-02-01")).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let grpc = Grpc::new(
            test.app.clone(),
            Arc::new(Desks),
            Arc::new(SteadyIds::default()),
        );
        tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            mamagang_grpc::serve(listener, grpc, stopped)
                .await
                .expect("served");
        });
        let endpoint = Channel::from_shared(address.clone()).expect("an address");
        let bureau = Self {
            folder: TempDir::new().expect("a directory"),
            address,
            channel: endpoint.connect().await.expect("a connection"),
            stop,
            _test: test,
        };
        let request = RecordFactsRequest {
            request_id: id(1),
            facts: facts(),
        };
        let recorded = bureau.registry().record_facts(request).await;
        let recorded = recorded.expect("recorded").into_inner().results;
        assert!(
            recorded.iter().all(|result| result.error.is_none()),
            "{recorded:?}"
        );
        bureau.file().await;
        (bureau, recorded)
    }

    fn registry(&self) -> RegistryServiceClient<Channel> {
        RegistryServiceClient::new(self.channel.clone())
    }

    async fn file(&self) {
        let mut filings = FilingServiceClient::new(self.channel.clone());
        let post = FiledPost {
            post_key: "P1".to_owned(),
            title: TITLE.to_owned(),
            count: 3,
            weekly_hours: 30,
            working_hours: "-弹性".to_owned(),
            pay_min_fen: 2_050,
            pay_max_fen: 2_800,
            pay_unit: v1::PayUnit::Hour.into(),
            town_code: "442000001".to_owned(),
            filled: 0,
            vacancies: 0,
        };
        let submit = SubmitFilingRequest {
            request_id: id(2),
            employer_code: CODE.to_owned(),
            kind: FilingKind::LabourContract.into(),
            town_code: "442000001".to_owned(),
            guideline_version: "2022".to_owned(),
            posts: vec![post],
            ..SubmitFilingRequest::default()
        };
        let filed = filings.submit_filing(submit).await.expect("filed");
        let filing_id = filed.into_inner().filing.expect("a filing").filing_id;
        let mut accept = Request::new(DecideFilingRequest {
            request_id: id(3),
            filing_id: filing_id.clone(),
            decision: FilingDecision::Accept.into(),
            ..DecideFilingRequest::default()
        });
        let reviewer = "1".parse().expect("ASCII");
        accept.metadata_mut().insert("x-reviewer", reviewer);
        filings.decide_filing(accept).await.expect("accepted");
        let hire = ReportHireRequest {
            request_id: id(4),
            context: Some(AccessContext {
                purpose: "用工报备".to_owned(),
                legal_basis: "中府函〔2022〕226号".to_owned(),
                case_number: "K-1".to_owned(),
                operator: "王五".to_owned(),
            }),
            filing_id,
            post_key: "P1".to_owned(),
            worker: wang(),
            hired_date: "2023-12-01".to_owned(),
            carer_group: v1::CarerGroup::Mother.into(),
            ..ReportHireRequest::default()
        };
        filings.report_hire(hire).await.expect("reported");
        let mut reports = ReportServiceClient::new(self.channel.clone());
        let scanned = reports.scan_findings(ScanFindingsRequest::default()).await;
        assert!(scanned.expect("scanned").into_inner().opened > 0);
    }

    fn close(self) {
        self.stop.send(()).expect("the service still runs");
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

    /// A sheet's rows, each by its headers.
    fn rows(&self, file: &str) -> Vec<Vec<(String, Cell)>> {
        let source = std::io::Cursor::new(std::fs::read(self.path(file)).expect("the file"));
        let mut book = Spreadsheet::open(Kind::Xlsx, source).expect("a spreadsheet");
        let sheet = book.sheets().remove(0);
        let rows: Vec<_> = book
            .rows(&sheet)
            .expect("the sheet")
            .collect::<Result<_, _>>()
            .expect("rows");
        let header = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        let headers: Vec<String> = rows[0].cells.iter().map(header).collect();
        let named = rows[1..]
            .iter()
            .map(|row| headers.iter().cloned().zip(row.cells.clone()).collect());
        named.collect()
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).expect("the file")
    }
}

fn cell<'a>(row: &'a [(String, Cell)], header: &str) -> &'a Cell {
    let found = row.iter().find(|(name, _)| name == header);
    &found
        .unwrap_or_else(|| panic!("no column {header}: {row:?}"))
        .1
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_register_is_exported_and_no_cell_is_a_formula() {
    let (bureau, _) = Bureau::open().await;
    for list in ["filings", "hires", "open-posts", "findings"] {
        for ending in ["xlsx", "csv"] {
            let file = format!("{list}.{ending}");
            bureau.done(&["export", list, "-o", &file]).await;
        }
        assert!(!bureau.rows(&format!("{list}.xlsx")).is_empty(), "{list}");
    }
    let filing = &bureau.rows("filings.xlsx")[0];
    assert_eq!(cell(filing, "状态"), &text("已受理"));
    assert_eq!(cell(filing, "岗位数"), &Cell::Number(3.0));
    assert_eq!(cell(filing, "空缺"), &Cell::Number(2.0));
    // Text that looks like a formula is a text cell, and guarded where a file has no types; figures are not.
    assert_eq!(cell(filing, "岗位或培训名称"), &text(TITLE));
    let csv = bureau.text("filings.csv");
    assert!(
        csv.contains("\"'=HYPERLINK(\"\"http://example.invalid\"\")\""),
        "{csv}"
    );
    assert!(
        csv.contains("'-弹性") && csv.contains(",20.50,28.00,"),
        "{csv}"
    );
    let posts = bureau.text("open-posts.csv");
    assert!(
        posts.contains("'=HYPERLINK") && posts.contains("喜彩烘焙"),
        "{posts}"
    );
    assert!(!posts.contains("王"), "{posts}");

    let hire = &bureau.rows("hires.xlsx")[0];
    assert_eq!(cell(hire, "育儿人员类别"), &text("育儿妇女"));
    assert_eq!(cell(hire, "上岗日期"), &text("2023-12-01"));
    let findings = bureau.rows("findings.xlsx");
    let rules: Vec<&Cell> = findings.iter().map(|row| cell(row, "规则")).collect();
    assert!(rules.contains(&&text("逾期未登记")), "{rules:?}");
    for file in ["hires.csv", "findings.csv"] {
        assert!(!bureau.text(file).contains(NUMBER), "{file}");
    }

    let nobody = ["--employer", "91442000QQ0000039Q"];
    bureau
        .done(&[&["export", "findings", "-o", "none.xlsx"], &nobody[..]].concat())
        .await;
    assert!(bureau.rows("none.xlsx").is_empty());
    let (told, code) = bureau.run(&["export", "hires", "-o", "hires.pdf"]).await;
    assert!(code == 1 && told.contains(".xlsx"), "{told}");
    bureau.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_is_exported_with_why_and_by_whom() {
    let (bureau, _) = Bureau::open().await;
    let ask = ["export", "audit-events", "-o", "trail.xlsx"];
    bureau
        .done(
            &[
                &ask[..],
                &["--method", "mamagang.v1.FilingService/ReportHire"],
                &CONTEXT,
            ]
            .concat(),
        )
        .await;
    let rows = bureau.rows("trail.xlsx");
    assert_eq!(rows.len(), 1);
    assert_eq!(cell(&rows[0], "事由"), &text("用工报备"));
    assert_eq!(cell(&rows[0], "经办人"), &text("王五"));
    assert_eq!(cell(&rows[0], "结果"), &text("OK"));
    bureau.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_a_table_and_a_chart_of_the_same_figures() {
    let (bureau, _) = Bureau::open().await;
    let time = ["--from", "2024-01-01", "--through", "2024-12-31"];
    let by = ["--by", "month", "--by", "town"];
    for file in ["s.xlsx", "s.csv", "s.svg"] {
        let ask = [&["export", "statistics", "-o", file], &time[..], &by].concat();
        bureau.done(&ask).await;
    }
    let rows = bureau.rows("s.xlsx");
    let february = rows
        .iter()
        .find(|row| cell(row, "月份") == &text("2024-02"))
        .expect("the month of the filing");
    assert_eq!(cell(february, "镇街代码"), &text("442000001"));
    assert_eq!(cell(february, "提交备案数"), &Cell::Number(1.0));
    assert_eq!(cell(february, "受理岗位数"), &Cell::Number(3.0));
    let total = rows.iter().find(|row| cell(row, "月份") == &text("合计"));
    assert_eq!(cell(total.expect("sums"), "提交备案数"), &Cell::Number(1.0));
    let svg = bureau.text("s.svg");
    assert!(
        svg.starts_with("<svg") && svg.contains("2024-02 442000001"),
        "{svg}"
    );
    assert!(
        svg.contains("备案、用工与补贴统计 2024-01-01 至 2024-12-31"),
        "{svg}"
    );

    // Nothing to draw, and too much time to tell apart.
    let before = ["--from", "2020-01-01", "--through", "2020-12-31"];
    let ask = [&["export", "statistics", "-o", "n.svg"], &before[..], &by].concat();
    let (told, code) = bureau.run(&ask).await;
    assert!(code == 1 && told.contains("图表需要"), "{told}");
    bureau.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_printed_masked_and_checked_by_what_its_code_holds() {
    let (bureau, recorded) = Bureau::open().await;
    let ask = [
        "certificate",
        "issue",
        "--employer",
        CODE,
        "--month",
        "2023-12",
    ];
    let once = ["--request-id", "0193a5c0-0000-4000-8000-00000000000c"];
    let by_number = [
        "--id-number",
        NUMBER,
        "--name",
        "王芳",
        "-o",
        "c.pdf",
        "--json",
    ];
    let told = bureau
        .done(&[&ask[..], &once, &by_number, &CONTEXT].concat())
        .await;
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let code = json["certificate"]["checkCode"].as_str().expect("a code");
    let worker_id = json["certificate"]["workerId"].as_str().expect("an id");
    let pdf = std::fs::read(bureau.path("c.pdf")).expect("the file");
    assert!(pdf.starts_with(b"%PDF"));
    // The same request again is the same certificate and the same paper.
    let again = ["--id-number", NUMBER, "--name", "王芳", "-o", "again.pdf"];
    let shown = bureau
        .done(&[&ask[..], &once, &again, &CONTEXT].concat())
        .await;
    let printed = mamagang_files::certificate::shown_code(code);
    assert!(shown.contains(&printed), "{shown}");
    assert!(
        !shown.contains(NUMBER) && !shown.contains("王芳"),
        "{shown}"
    );
    let twin = std::fs::read(bureau.path("again.pdf")).expect("the file");
    assert_eq!(twin, pdf);
    // By our id it is the service that masks the name; another request is another certificate.
    let by_id = ["--worker-id", worker_id, "-o", "by-id.pdf"];
    let other = bureau.done(&[&ask[..], &by_id, &CONTEXT].concat()).await;
    assert!(!other.contains(&printed), "{other}");

    let scanned = mamagang_files::certificate::payload(code);
    let valid = bureau.done(&["certificate", "check", &scanned]).await;
    assert!(valid.starts_with("有效"), "{valid}");
    let retract = RetractFactRequest {
        request_id: id(9),
        fact_id: recorded[1].fact_id.clone(),
        reason: "录入错误".to_owned(),
    };
    bureau
        .registry()
        .retract_fact(retract)
        .await
        .expect("retracted");
    let (told, exit) = bureau.run(&["certificate", "check", code]).await;
    assert!(exit == 3 && told.starts_with("已撤销"), "{told}");
    let (told, exit) = bureau
        .run(&["certificate", "check", "00000000000000000000"])
        .await;
    assert_eq!(exit, 1, "{told}");
    bureau.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nights_list_is_compared_with_what_is_recorded_new_changed_and_gone() {
    let (bureau, _) = Bureau::open().await;
    let head = "身份证件类型,身份证件号码,姓名,人员类别,开始日期,结束日期\n";
    let wang = format!("居民身份证,{NUMBER},王芳,脱贫人口,2016-01-01,\n");
    let compare = async |rows: &str| {
        std::fs::write(bureau.path("list.csv"), format!("{head}{rows}")).expect("a file");
        let ask = [
            "compare-register",
            "poverty_status",
            "list.csv",
            "-o",
            "d.xlsx",
            "--json",
        ];
        let (told, code) = bureau.run(&[&ask[..], &CONTEXT].concat()).await;
        let json: serde_json::Value = serde_json::from_str(&told).unwrap_or_else(|_| told.into());
        let counts = ["new", "changed", "gone", "same", "nameDiffers", "wrong"];
        (counts.map(|name| json[name].as_i64().unwrap_or(-1)), code)
    };
    assert_eq!(compare(&wang).await, ([0, 0, 0, 1, 0, 0], 0));
    assert!(bureau.rows("d.xlsx").is_empty());

    let li = "居民身份证,442000199307089965,李敏,脱贫人口,2016-01-01,\n";
    let wrong = "居民身份证,442000199307089966,李敏,脱贫人口,2016-13-01,\n";
    let told = compare(&format!("{li}{wrong}")).await;
    assert_eq!(told, ([1, 0, 1, 0, 0, 1], 3));
    let rows = bureau.rows("d.xlsx");
    let gone = rows.iter().find(|row| cell(row, "差异") == &text("消失"));
    let gone = gone.expect("王芳 is not on the list");
    assert_eq!(cell(gone, "证件号码"), &text("442000********9982"));
    assert_eq!(cell(gone, "姓名"), &text("王**"));

    let ended = wang.replace("2016-01-01,", "2016-01-01,2023-06-30");
    assert_eq!(compare(&ended).await, ([0, 1, 0, 0, 0, 0], 3));
    let rows = bureau.rows("d.xlsx");
    assert_eq!(cell(&rows[0], "说明"), &text("结束日期"));
    let renamed = wang.replace("王芳", "王方");
    assert_eq!(compare(&renamed).await, ([0, 0, 1, 0, 1, 0], 3));

    let ask = ["compare-register", "contract", "list.csv", "-o", "d.xlsx"];
    let (told, code) = bureau.run(&[&ask[..], &CONTEXT].concat()).await;
    assert!(code == 1 && told.contains("只有"), "{told}");
    bureau.close();
}
