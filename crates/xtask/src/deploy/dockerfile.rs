//! A Dockerfile as far as it can be judged without an engine.

use super::is_pinned;

/// Images from pinned tags, sources that exist, a user other than root and a health check in the last stage.
pub(super) fn check(text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let instructions = instructions(text);
    let mut problems = Vec::new();
    let mut stages: Vec<&str> = Vec::new();
    for instruction in &instructions {
        let words: Vec<&str> = instruction.arguments.split_whitespace().collect();
        match instruction.name.as_str() {
            "FROM" => {
                problems.extend(check_from(&words, &stages));
                stages.extend(stage_name(&words));
            }
            "COPY" | "ADD" => problems.extend(check_copy(&words, &stages, exists)),
            _ => {}
        }
    }
    problems.extend(check_last_stage(&instructions));
    problems
}

struct Instruction {
    name: String,
    arguments: String,
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut instructions = Vec::new();
    let mut joined = String::new();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(line) = line.strip_suffix('\\') {
            joined.push_str(line);
            joined.push(' ');
            continue;
        }
        joined.push_str(line);
        let (name, arguments) = joined.split_once(' ').unwrap_or((&joined, ""));
        instructions.push(Instruction {
            name: name.to_ascii_uppercase(),
            arguments: arguments.trim().to_owned(),
        });
        joined.clear();
    }
    instructions
}

fn stage_name<'a>(from: &[&'a str]) -> Option<&'a str> {
    let position = from
        .iter()
        .position(|word| word.eq_ignore_ascii_case("as"))?;
    from.get(position + 1).copied()
}

fn check_from(words: &[&str], stages: &[&str]) -> Option<String> {
    let image = words.iter().find(|word| !word.starts_with("--"))?;
    let is_known = stages.contains(image) || *image == "scratch" || is_pinned(image);
    (!is_known).then(|| format!("FROM {image}: no pinned tag"))
}

fn check_copy(words: &[&str], stages: &[&str], exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    if let Some(stage) = words.iter().find_map(|word| word.strip_prefix("--from=")) {
        let is_known = stages.contains(&stage) || is_pinned(stage);
        return if is_known {
            Vec::new()
        } else {
            vec![format!("COPY --from={stage}: no such stage")]
        };
    }
    let paths: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !word.starts_with("--"))
        .collect();
    let Some((_, sources)) = paths
        .split_last()
        .filter(|(_, sources)| !sources.is_empty())
    else {
        return vec!["COPY without a source and a target".to_owned()];
    };
    let missing = sources.iter().filter(|source| !exists(source));
    missing
        .map(|source| format!("COPY {source}: not in the repository"))
        .collect()
}

fn check_last_stage(instructions: &[Instruction]) -> Vec<String> {
    let Some(start) = instructions
        .iter()
        .rposition(|instruction| instruction.name == "FROM")
    else {
        return vec!["no FROM".to_owned()];
    };
    let last = |name: &str| {
        instructions[start..]
            .iter()
            .rfind(|instruction| instruction.name == name)
    };
    let mut problems = Vec::new();
    match last("USER").map(|user| user.arguments.split(':').next().unwrap_or_default()) {
        None => problems.push("no USER: the service would run as root".to_owned()),
        Some("root" | "0") => problems.push("USER root".to_owned()),
        Some(_) => {}
    }
    if last("HEALTHCHECK").is_none_or(|check| check.arguments == "NONE") {
        problems.push("no HEALTHCHECK".to_owned());
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# comment\nFROM rust:1.95 AS build\nCOPY Cargo.toml \\\n     crates /src/\nRUN cargo build\n\
        FROM debian:bookworm-slim\nCOPY --from=build /src/a /usr/bin/a\nUSER a\nHEALTHCHECK CMD true\n";

    fn problems(text: &str) -> Vec<String> {
        check(text, &|path| ["Cargo.toml", "crates"].contains(&path))
    }

    #[test]
    fn a_sound_file_passes() {
        assert_eq!(problems(GOOD), [""; 0]);
    }

    #[test]
    fn each_fault_is_found() {
        for (right, wrong) in [
            ("debian:bookworm-slim", "debian"),
            ("rust:1.95 AS", "rust:latest AS"),
            ("Cargo.toml", "Cargo.yaml"),
            ("--from=build", "--from=builder"),
            ("USER a\n", ""),
            ("USER a\n", "USER 0:0\n"),
            ("HEALTHCHECK CMD true\n", ""),
            ("HEALTHCHECK CMD true\n", "HEALTHCHECK NONE\n"),
        ] {
            assert_eq!(
                problems(&GOOD.replace(right, wrong)).len(),
                1,
                "{right} -> {wrong}"
            );
        }
    }

    #[test]
    fn a_user_of_an_earlier_stage_does_not_count() {
        let text = GOOD
            .replace("USER a\n", "")
            .replace("RUN cargo build\n", "USER a\nRUN cargo build\n");
        assert_eq!(problems(&text), ["no USER: the service would run as root"]);
    }
}
