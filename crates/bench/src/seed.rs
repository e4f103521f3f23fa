//! Fills a database through the service's own import.

use std::time::Duration;

use anyhow::{Context, ensure};
use mamagang_proto::v1;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use crate::city::City;
use crate::wire::Line;

/// Facts that wait between the generator and the wire.
const AHEAD: usize = 2_000;

/// Imports the city over `streams` streams, each an equal part of the employers. Returns how long
/// it took.
pub(crate) async fn import(address: &str, city: City, streams: u64) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let part = city.employers().div_ceil(streams);
    let tasks: Vec<_> = (0..streams)
        .map(|stream| {
            let employers = (stream * part)..((stream + 1) * part).min(city.employers());
            tokio::spawn(import_part(address.to_owned(), city, employers, stream))
        })
        .collect();
    let mut recorded = 0;
    for task in tasks {
        recorded += task.await??;
    }
    ensure!(
        recorded == city.facts(),
        "{recorded} of {} facts were recorded",
        city.facts()
    );
    Ok(started.elapsed())
}

async fn import_part(
    address: String,
    city: City,
    employers: std::ops::Range<u64>,
    stream: u64,
) -> anyhow::Result<u64> {
    let (sender, facts) = mpsc::channel(AHEAD);
    let request_id = uuid::Uuid::from_u128(u128::from(stream) + 1).to_string();
    let feeding = tokio::spawn(async move {
        for employer in employers {
            for fact in city.facts_of_employer(employer) {
                let row = v1::ImportFactsRequest {
                    request_id: request_id.clone(),
                    fact: Some(fact),
                    validate_only: false,
                };
                if sender.send(row).await.is_err() {
                    return;
                }
            }
        }
    });
    let mut client = RegistryServiceClient::new(Line::channel(&address).await?);
    let answers = client.import_facts(ReceiverStream::new(facts)).await?;
    let mut answers = answers.into_inner();
    let mut recorded = 0;
    while let Some(answer) = answers.next().await {
        let result = answer?.result.context("an answer without a result")?;
        if let Some(error) = result.error {
            anyhow::bail!("a fact was refused: {}", error.message);
        }
        recorded += 1;
    }
    feeding.await?;
    Ok(recorded)
}
