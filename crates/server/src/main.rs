//! The binary `mamagang`.

#![expect(clippy::print_stderr, reason = "a command line answers on its streams")]

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use mamagang_server::cli::{
    AuditCommand, Cli, Command, CutFlags, DoctorFlags, EraseFlags, ExportCommand, KeysCommand,
    PolicyCommand, SettingFlags, VerifyLedgerFlags,
};
use mamagang_server::client::ClientCommand;
use mamagang_server::client::export::ExportArgs;
use mamagang_server::serve;
use mamagang_server::settings::{Capabilities, Settings, Surroundings};
use mamagang_server::{admin, client, demo, key_admin, ledger, settle, trail_admin, trial};
use tokio::runtime::Runtime;

/// A posting and a check are many small pieces of memory: with the system's allocator a tenth of the
/// service's time was spent on taking and giving them back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Wrong usage or wrong settings.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(flags) => with_settings(&flags, |settings, runtime| {
            runtime
                .block_on(serve::run(settings))
                .map(|()| String::new())
        }),
        Command::Migrate(flags) => with_settings(&flags, |settings, runtime| {
            runtime.block_on(admin::migrate(&settings))
        }),
        Command::Doctor(DoctorFlags { rebuild, settings }) => {
            with_settings(&settings, |settings, runtime| {
                runtime.block_on(admin::doctor(&settings, rebuild))
            })
        }
        Command::SettleYear(flags) => {
            let settings = flags.settings.clone();
            with_settings(&settings, |settings, runtime| {
                runtime.block_on(settle::run(&settings, &flags))
            })
        }
        Command::Keys(command) => keys(&command),
        Command::Audit(command) => audit(&command),
        Command::EraseWorker(EraseFlags {
            worker_id,
            reason,
            settings,
        }) => with_settings(&settings, |settings, runtime| {
            runtime.block_on(key_admin::erase_worker(&settings, &worker_id, &reason))
        }),
        Command::Policy(PolicyCommand::Check { policies_dir, lang }) => {
            answer(admin::policy_check(policies_dir.as_deref(), lang))
        }
        Command::Policy(PolicyCommand::Diff(flags)) => {
            with_settings(&flags.settings, |settings, runtime| {
                runtime.block_on(admin::policy_diff(&flags, &settings))
            })
        }
        Command::Demo(args) => {
            with_runtime(|runtime| runtime.block_on(demo::run(&args, demo::service::start)))
        }
        Command::Template(args) => answer(client::template::run(&args)),
        Command::Client(command) => with_runtime(|runtime| runtime.block_on(client::run(&command))),
        Command::Certs(args) => answer(trial::certs(&args)),
        Command::Token(args) => answer(trial::token(&args)),
        Command::Checkpoint(flags) => with_settings(&flags, |settings, runtime| {
            runtime.block_on(ledger::checkpoint(&settings))
        }),
        Command::VerifyLedger(VerifyLedgerFlags {
            jobs,
            progress,
            settings,
        }) => with_settings(&settings, |settings, runtime| {
            let verification = ledger::Verification {
                jobs,
                progress: progress.as_deref(),
                draws: true,
            };
            runtime.block_on(ledger::verify_ledger(&settings, &verification))
        }),
        Command::Export(ExportCommand::Asked(what)) => {
            let command = ClientCommand::Export(ExportArgs { what: *what });
            with_runtime(|runtime| runtime.block_on(client::run(&command)))
        }
        Command::Export(ExportCommand::AuditBundle {
            out,
            employer,
            settings,
        }) => with_settings(&settings, |settings, runtime| {
            runtime.block_on(ledger::export_bundle(&settings, &out, employer.as_deref()))
        }),
        Command::Limits => answer(Ok(admin::limits())),
        Command::Errors => answer(Ok(admin::errors())),
    }
}

fn keys(command: &KeysCommand) -> ExitCode {
    match command {
        KeysCommand::Rotate(flags) => with_settings(flags, |settings, runtime| {
            runtime.block_on(key_admin::rotate(&settings))
        }),
        KeysCommand::Retire(flags) => with_settings(flags, |settings, runtime| {
            runtime.block_on(key_admin::retire(&settings))
        }),
        KeysCommand::Show(flags) => with_settings(flags, |settings, runtime| {
            runtime.block_on(key_admin::show(&settings))
        }),
    }
}

fn audit(command: &AuditCommand) -> ExitCode {
    match command {
        AuditCommand::Verify(flags) => with_settings(flags, |settings, runtime| {
            runtime.block_on(trail_admin::verify(&settings))
        }),
        AuditCommand::Export(flags) => with_settings(&flags.settings, |settings, runtime| {
            runtime.block_on(trail_admin::export(&settings, flags))
        }),
        AuditCommand::VerifyBundle(flags) => answer(trail_admin::verify_bundle(flags)),
        AuditCommand::Cut(CutFlags {
            class,
            before,
            reason,
            settings,
        }) => with_settings(settings, |settings, runtime| {
            runtime.block_on(trail_admin::cut(&settings, *class, before, reason))
        }),
    }
}

fn with_runtime(work: impl FnOnce(&Runtime) -> ExitCode) -> ExitCode {
    match Runtime::new() {
        Ok(runtime) => work(&runtime),
        Err(error) => answer(Err(error.into())),
    }
}

fn with_settings(
    flags: &SettingFlags,
    work: impl FnOnce(Settings, &Runtime) -> anyhow::Result<String>,
) -> ExitCode {
    let loaded = Settings::load(
        flags,
        &Surroundings::of_this_process(),
        Capabilities::OF_THIS_BUILD,
    );
    let settings = match loaded {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("mamagang: {error}");
            return ExitCode::from(USAGE);
        }
    };
    with_runtime(|runtime| answer(work(settings, runtime)))
}

fn answer(result: anyhow::Result<String>) -> ExitCode {
    match result {
        Ok(text) => {
            let text = text.trim_end();
            let written = if text.is_empty() {
                Ok(())
            } else {
                writeln!(io::stdout(), "{text}")
            };
            match written {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
                // Whoever closed the pipe has read enough.
                _ => ExitCode::SUCCESS,
            }
        }
        Err(error) => {
            eprintln!("mamagang: {error:#}");
            ExitCode::FAILURE
        }
    }
}
