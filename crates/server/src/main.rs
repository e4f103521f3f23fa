//! The binary `mamagang`.

use std::process::ExitCode;

use clap::Parser;
use mamagang_server::cli::{Cli, Command};
use mamagang_server::settings::{Capabilities, Settings, Surroundings};

#[expect(
    clippy::print_stderr,
    reason = "wrong settings are told before there is a log"
)]
fn main() -> ExitCode {
    let Command::Serve(flags) = Cli::parse().command;
    match Settings::load(
        &flags,
        &Surroundings::of_this_process(),
        Capabilities::OF_THIS_BUILD,
    ) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mamagang: {error}");
            ExitCode::from(2)
        }
    }
}
