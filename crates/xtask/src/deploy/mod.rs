//! Static checks of `deploy/`: by the tools that will read the files where this machine has them, and by small parsers
//! of our own, so that no machine checks nothing.

mod compose;
mod dockerfile;
mod settings;
mod unit;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::repo::Repo;

const DOCKERFILE: &str = "deploy/Dockerfile";
const COMPOSE: &str = "deploy/compose.yaml";
const COLLECTOR: &str = "deploy/otel-collector.yaml";
const SETTINGS: &str = "deploy/mamagang.example.toml";

/// Checks the deployment files.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let read =
        |path: &str| std::fs::read_to_string(repo.path(path)).with_context(|| path.to_owned());
    let exists = |path: &str| repo.path(path).exists();
    let mut problems = Vec::new();
    let mut add = |path: &str, found: Vec<String>| {
        problems.extend(found.into_iter().map(|what| format!("{path}: {what}")))
    };
    add(DOCKERFILE, dockerfile::check(&read(DOCKERFILE)?, &exists));
    add(COMPOSE, compose::check_services(&read(COMPOSE)?, &exists));
    add(COLLECTOR, compose::check_collector(&read(COLLECTOR)?));
    add(SETTINGS, settings::check(&read(SETTINGS)?));
    add(unit::PATH, unit::check(repo, &read(unit::PATH)?)?);
    for problem in &problems {
        println!("{problem}");
    }
    check_with_compose(repo)?;
    if !problems.is_empty() {
        bail!("{} findings in deploy/", problems.len());
    }
    println!("deploy: no finding");
    Ok(())
}

fn check_with_compose(repo: &Repo) -> Result<()> {
    let plugin_answers = || {
        repo.command("docker")
            .args(["compose", "version"])
            .output()
            .is_ok()
    };
    if process::on_path("docker").is_some() && plugin_answers() {
        return repo
            .command("docker")
            .args([
                "compose",
                "-f",
                COMPOSE,
                "--profile",
                "*",
                "config",
                "--quiet",
            ])
            .run();
    }
    println!(
        "docker compose is not on this machine: {COMPOSE} was checked by our own parser alone"
    );
    Ok(())
}

/// Whether an image's name carries a tag or digest that says which one is meant.
fn is_pinned(image: &str) -> bool {
    if image.contains("@sha256:") {
        return true;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':')
        .is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_pinned_by_a_tag_or_a_digest() {
        for (image, pinned) in [
            ("debian:bookworm-slim", true),
            ("host:5000/debian:bookworm", true),
            ("debian@sha256:00", true),
            ("debian", false),
            ("debian:latest", false),
            ("host:5000/debian", false),
        ] {
            assert_eq!(is_pinned(image), pinned, "{image}");
        }
    }
}
