//! The systemd unit.

use anyhow::{Context, Result};

use crate::process;
use crate::repo::Repo;

/// The unit's file.
pub(super) const PATH: &str = "deploy/mamagang.service";

/// Confinement that the service has to keep.
const REQUIRED: &[&str] = &[
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "CapabilityBoundingSet=",
    "SystemCallFilter=@system-service",
];

/// The unit is confined, does not run as root, and systemd reads it, where it is installed.
pub(super) fn check(repo: &Repo, text: &str) -> Result<Vec<String>> {
    let problems = confinement(text);
    if process::on_path("systemd-analyze").is_none() {
        println!(
            "systemd-analyze is not on this machine: {PATH} was checked by our own parser alone"
        );
        return Ok(problems);
    }
    Ok(problems.into_iter().chain(verified(repo, text)?).collect())
}

/// What systemd says of the unit. It only warns of a setting that it does not know, so that its exit code says nothing;
/// of what it says, other units of the machine are left out.
fn verified(repo: &Repo, text: &str) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let unit = folder.path().join("mamagang.service");
    std::fs::write(&unit, with_a_program_that_exists(text))?;
    let said = repo
        .command("systemd-analyze")
        .args(["verify", "--man=no"])
        .args([&unit])
        .complaints()?;
    Ok(said
        .lines()
        .filter(|line| line.contains("mamagang.service"))
        .map(str::to_owned)
        .collect())
}

fn confinement(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let missing = REQUIRED.iter().filter(|required| !lines.contains(required));
    let mut problems: Vec<String> = missing
        .map(|required| format!("lacks {required}"))
        .collect();
    let runs_as_another = lines.iter().any(|line| {
        *line == "DynamicUser=yes" || (line.starts_with("User=") && *line != "User=root")
    });
    if !runs_as_another {
        problems.push("runs as root".to_owned());
    }
    problems
}

/// systemd looks the program up; where the service is not installed, another stands in for it.
fn with_a_program_that_exists(text: &str) -> String {
    let stand_in = |line: &str| match line
        .strip_prefix("ExecStart=")
        .and_then(|command| command.split_once(' '))
    {
        Some((_, arguments)) => format!("ExecStart=/bin/sh {arguments}"),
        None => line.to_owned(),
    };
    text.lines().map(|line| stand_in(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> String {
        format!(
            "[Service]\nUser=mamagang\nExecStart=/usr/bin/mamagang serve\n{}\n",
            REQUIRED.join("\n")
        )
    }

    #[test]
    fn a_confined_unit_passes_and_each_missing_line_is_found() {
        assert_eq!(confinement(&unit()), [""; 0]);
        for required in REQUIRED {
            assert_eq!(
                confinement(
                    &unit()
                        .replace(&format!("{required}\n"), "\n")
                        .replace(&format!("\n{required}\n"), "\n")
                )
                .len(),
                1,
                "{required}"
            );
        }
    }

    #[test]
    fn a_unit_that_runs_as_root_is_found() {
        assert_eq!(
            confinement(&unit().replace("User=mamagang\n", "")),
            ["runs as root"]
        );
        assert_eq!(
            confinement(&unit().replace("User=mamagang", "User=root")),
            ["runs as root"]
        );
    }

    #[test]
    fn systemd_finds_a_setting_that_it_does_not_know() {
        let repo = Repo::find().unwrap();
        if process::on_path("systemd-analyze").is_some() {
            assert_eq!(verified(&repo, &unit()).unwrap(), [""; 0]);
            let misspelt = unit().replace("PrivateTmp", "PrivateTemp");
            assert_eq!(verified(&repo, &misspelt).unwrap().len(), 1);
        }
    }

    #[test]
    fn the_arguments_stay_when_another_program_stands_in() {
        assert!(with_a_program_that_exists(&unit()).contains("ExecStart=/bin/sh serve\n"));
    }
}
