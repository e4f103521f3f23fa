//! The subcommands that ask a running service over gRPC and print what it answers.
//!
//! Tables by default, in Chinese or English; proto3 JSON with `--json`. They know nothing that the API does not tell.

pub mod args;
mod ask;
mod certificate;
pub mod claim;
pub mod connection;
mod explain;
pub mod export;
pub mod failure;
pub mod import;
pub mod json;
pub mod measures;
pub mod reconcile;
pub mod register;
pub mod render;
pub mod reviews;
mod simulate;
pub mod template;
pub mod view;
pub mod words;

use std::io::{self, Write};
use std::process::ExitCode;

pub use args::ClientCommand;
pub use failure::Failure;

use view::View;

/// Runs a subcommand; what is asked for goes to the standard output, a refusal to the standard error.
///
/// Exit code 0 when the service answered, whatever the answer; 1 when it refused or could not be asked; 3 when a file was
/// read and some of it was wrong or differs.
pub async fn run(command: &ClientCommand) -> ExitCode {
    let view = View::of_stdout(command.flags().lang);
    let answered = async {
        let answer = ask::ask(command, view).await?;
        answer.print(&mut io::stdout().lock())?;
        Ok(answer.code())
    };
    match answered.await {
        Ok(code) => ExitCode::from(code),
        // The reader has seen enough, as with `| head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let text = if command.flags().json {
                failure.json()
            } else {
                failure.text(view.lang)
            };
            // There is nowhere left to say that the standard error cannot be written to.
            let _ = writeln!(io::stderr().lock(), "{text}");
            ExitCode::FAILURE
        }
    }
}
