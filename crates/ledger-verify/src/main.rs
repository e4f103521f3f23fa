//! The binary `ledger-verify`.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a command line answers on its streams"
)]

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use mamagang_ledger_verify::{Finding, Subject, Verified, verify};

/// Verifies an audit bundle of mamagang. Ends with 0 where everything is as it was recorded, with 1
/// where it is not, with 2 where the bundle cannot be read.
#[derive(Parser)]
#[command(name = "ledger-verify", version)]
struct Arguments {
    /// The bundle, as `mamagang export audit-bundle` writes it.
    bundle: PathBuf,
    /// A public key that the service has published, 64 hexadecimal characters; may be given several
    /// times. Without one the keys that the bundle names are taken, which prove nothing by
    /// themselves.
    #[arg(long = "public-key", value_name = "HEX", value_parser = public_key)]
    public_keys: Vec<[u8; 32]>,
    /// The bundle is of one employer: chains of others that checkpoints know are not asked for.
    #[arg(long)]
    one_employer: bool,
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text).map_err(|error| error.to_string())?;
    let length = bytes.len();
    <[u8; 32]>::try_from(bytes).map_err(|_| format!("{length} bytes, not 32"))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let opened = File::open(&arguments.bundle);
    let mut bundle = match opened {
        Ok(file) => BufReader::new(file),
        Err(error) => {
            eprintln!("ledger-verify: {}: {error}", arguments.bundle.display());
            return ExitCode::from(2);
        }
    };
    if arguments.public_keys.is_empty() {
        eprintln!(
            "ledger-verify: no --public-key: signatures are compared with the bundle's own keys"
        );
    }
    match verify(&mut bundle, &arguments.public_keys, !arguments.one_employer) {
        Ok(verified) => {
            print!("{}", report(&verified));
            match verified.findings.is_empty() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            eprintln!("ledger-verify: {error}");
            ExitCode::from(2)
        }
    }
}

fn report(verified: &Verified) -> String {
    let mut lines: Vec<String> = verified.findings.iter().map(line).collect();
    let Verified {
        chain_count,
        entry_count,
        checkpoint_count,
        ..
    } = verified;
    lines.push(format!(
        "{chain_count} chains, {entry_count} entries, {checkpoint_count} checkpoints: {}",
        match verified.findings.len() {
            0 => "all as recorded".to_owned(),
            count => format!("{count} faults"),
        }
    ));
    if let Some((number, hash)) = &verified.last_checkpoint {
        lines.push(format!("last checkpoint {number} {}", hex::encode(hash)));
    }
    lines.join("\n") + "\n"
}

/// One finding: employer, sequence, what.
fn line(finding: &Finding) -> String {
    let place = match &finding.subject {
        Subject::Checkpoints => "checkpoint".to_owned(),
        Subject::Employer(code) => code.clone(),
    };
    match finding.from == finding.through {
        true => format!("{place} {} {}", finding.from, finding.kind),
        false => format!(
            "{place} {}-{} {}",
            finding.from, finding.through, finding.kind
        ),
    }
}
