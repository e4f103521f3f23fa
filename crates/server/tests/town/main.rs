//! A quarter of a fictitious town, from the filing to the paid claim and back: once through gRPC,
//! once through xlsx files by the command line. The town is told once, the sums are the same.

mod desk;
mod files;
mod grpc;
mod people;
mod play;
mod service;

use mamagang_testkit::{TestApp, date};

use crate::files::Files;
use crate::grpc::Calls;
use crate::play::{FIRST_DAY, Told, play};
use crate::service::Service;

#[tokio::test]
async fn the_quarter_through_grpc_and_through_files_comes_to_the_same_sums() {
    let by_calls = through_grpc(TestApp::sqlite(date(FIRST_DAY)).await).await;
    by_calls.assert_sums();
    let service = Service::start(TestApp::sqlite(date(FIRST_DAY)).await).await;
    let mut desk = Files::new(&service);
    let by_files = play(&mut desk, &service).await;
    assert_eq!(by_calls, by_files);
    // The employer's statement tells the same as the ledger: four payments of 3,300.00 in all.
    let paid = desk.statement_subsidies(&people::BAKERY.code()).await;
    assert_eq!(paid, ["1500.00", "300.00", "600.00", "900.00"]);
    service.stop().await;
}

#[tokio::test]
async fn the_quarter_comes_to_the_same_sums_on_postgres_and_in_memory() {
    let by_postgres = through_grpc(TestApp::postgres(date(FIRST_DAY)).await).await;
    by_postgres.assert_sums();
    let in_memory = through_grpc(TestApp::memory(date(FIRST_DAY)).await).await;
    assert_eq!(by_postgres, in_memory);
}

async fn through_grpc(test: TestApp) -> Told {
    let service = Service::start(test).await;
    let mut desk = Calls::new(&service);
    let told = play(&mut desk, &service).await;
    service.stop().await;
    told
}
