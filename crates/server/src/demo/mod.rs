//! `mamagang demo`: a small city's year, played through the API of a service on a temporary database.
//!
//! Everything goes over gRPC, as an office's own program would do it: facts in, decisions out, deductions posted, the
//! year settled, balances read.

mod facts;
mod play;
mod progress;
mod report;
mod sample;
pub mod service;
mod table;
mod totals;

use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;

use crate::client::connection::{Connection, Speaker};
use crate::client::view::View;
use crate::client::words::Lang;
use play::Played;
use progress::Progress;
pub use sample::Sample;
pub use totals::Totals;

/// How long any single answer may take.
pub(crate) const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// `mamagang demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Leave the service running when the year is played, and say how to ask it
    #[arg(long)]
    pub keep: bool,
    /// Play the CSV files of a directory [default: Zhongshan in 2023, built in]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The language of the report
    #[arg(long, value_enum, default_value = "zh")]
    pub lang: Lang,
    /// Print every check, posting and balance as JSON instead of the report
    #[arg(long)]
    pub json: bool,
}

/// A service that was started for the demo.
pub struct Started {
    /// Where gRPC is served.
    pub grpc: SocketAddr,
    /// Where health and metrics are served.
    pub http: SocketAddr,
    /// Cancelled by the demo when it is done, or by a signal to the process.
    pub draining: CancellationToken,
    /// Completes when the service has ended, after `draining` was cancelled.
    pub ended: Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started")
            .field("grpc", &self.grpc)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// Plays the demo. `start` starts a service whose files, the database and the keys, are to lie in the empty directory
/// that it is given; the directory is removed at the end.
pub async fn run<S>(args: &DemoArgs, start: S) -> ExitCode
where
    S: AsyncFnOnce(PathBuf) -> anyhow::Result<Started>,
{
    match play_and_tell(args, start).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let is_broken_pipe = error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
            if is_broken_pipe {
                return ExitCode::SUCCESS;
            }
            // There is nowhere left to say that the standard error cannot be written to.
            let _ = writeln!(io::stderr().lock(), "mamagang: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play_and_tell<S>(args: &DemoArgs, start: S) -> anyhow::Result<()>
where
    S: AsyncFnOnce(PathBuf) -> anyhow::Result<Started>,
{
    let sample = Sample::load(args.data.as_deref())?;
    let directory = tempfile::tempdir().context("no temporary directory can be made")?;
    let service = start(directory.path().to_owned()).await?;
    let (grpc, http, draining) = (service.grpc, service.http, service.draining.clone());
    let told = async {
        let played = play(&sample, grpc, args.lang).await?;
        tell(args, &sample, &played)?;
        if args.keep {
            tell_how_to_ask(args, &sample, grpc, http)?;
            draining.cancelled().await;
        }
        anyhow::Ok(())
    };
    let outcome = tokio::select! {
        biased;
        outcome = told => outcome,
        () = draining.cancelled() => Err(anyhow::anyhow!("stopped before the year was played")),
    };
    draining.cancel();
    let ended = service.ended.await;
    directory
        .close()
        .context("the temporary directory cannot be removed")?;
    outcome.and(ended)
}

/// Plays the sample on a service that listens at an address.
async fn play(sample: &Sample, grpc: SocketAddr, lang: Lang) -> anyhow::Result<Played> {
    let endpoint = Endpoint::from_shared(format!("http://{grpc}"))?;
    let speaker =
        Speaker::new(lang, None).map_err(|failure| anyhow::anyhow!(failure.text(lang)))?;
    let connection = Connection::open(&endpoint, speaker, ANSWER_TIME_MAX)
        .await
        .map_err(|failure| anyhow::anyhow!(failure.text(lang)))?;
    play::play(sample, &connection, &Progress::new(lang)).await
}

fn tell(args: &DemoArgs, sample: &Sample, played: &Played) -> anyhow::Result<()> {
    let totals = Totals::of(played);
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &totals)?;
        writeln!(out)?;
    } else {
        let view = View::of_stdout(args.lang);
        out.write_all(report::report(sample, played, &totals, view).as_bytes())?;
    }
    Ok(out.flush()?)
}

/// On the standard error with `--json`, so that the output stays JSON.
fn tell_how_to_ask(
    args: &DemoArgs,
    sample: &Sample,
    grpc: SocketAddr,
    http: SocketAddr,
) -> anyhow::Result<()> {
    let text = report::how_to_ask(sample, grpc, http, args.lang);
    if args.json {
        return Ok(io::stderr().lock().write_all(text.as_bytes())?);
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
