//! The compose file and the collector's settings, as far as they can be judged without an engine.

use serde_json::{Map, Value};

use super::is_pinned;

/// The folder that the compose file's relative paths begin at.
const FOLDER: &str = "deploy";

/// Every service has a pinned image or a Dockerfile that exists, and every file mounted into it exists.
pub(super) fn check_services(text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let document = match parse(text) {
        Ok(document) => document,
        Err(problem) => return vec![problem],
    };
    let Some(services) = document
        .get("services")
        .and_then(Value::as_object)
        .filter(|services| !services.is_empty())
    else {
        return vec!["no services".to_owned()];
    };
    let declared = keys(&document, "volumes");
    services
        .iter()
        .flat_map(|(name, service)| check_service(name, service, &declared, exists))
        .collect()
}

fn check_service(
    name: &str,
    service: &Value,
    declared: &[&str],
    exists: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(file) = service.pointer("/build/dockerfile").and_then(Value::as_str) {
        if !exists(file) {
            problems.push(format!("{name}: {file} does not exist"));
        }
    } else if !service
        .get("image")
        .and_then(Value::as_str)
        .is_some_and(is_pinned)
    {
        problems.push(format!("{name}: no pinned image"));
    }
    for volume in texts(service, "volumes") {
        let source = volume.split(':').next().unwrap_or_default();
        let is_known = match source.strip_prefix("./") {
            Some(file) => exists(&format!("{FOLDER}/{file}")),
            None => declared.contains(&source),
        };
        if !is_known {
            problems.push(format!(
                "{name}: volume {source} is neither declared nor a file beside this one"
            ));
        }
    }
    problems
}

/// Every pipeline of the collector uses parts that the file sets up.
pub(super) fn check_collector(text: &str) -> Vec<String> {
    let document = match parse(text) {
        Ok(document) => document,
        Err(problem) => return vec![problem],
    };
    let Some(pipelines) = document
        .pointer("/service/pipelines")
        .and_then(Value::as_object)
        .filter(|all| !all.is_empty())
    else {
        return vec!["no pipelines".to_owned()];
    };
    let mut problems = Vec::new();
    for (name, pipeline) in pipelines {
        for part in ["receivers", "processors", "exporters"] {
            let set_up = keys(&document, part);
            let missing = texts(pipeline, part)
                .into_iter()
                .filter(|used| !set_up.contains(used));
            problems.extend(missing.map(|used| format!("pipeline {name}: {part} lack {used}")));
        }
    }
    problems
}

fn parse(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| format!("not YAML: {error}"))
}

fn keys<'a>(document: &'a Value, name: &str) -> Vec<&'a str> {
    document
        .get(name)
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect()
}

fn texts<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICES: &str = "services:\n  a:\n    build:\n      context: ..\n      dockerfile: deploy/Dockerfile\n    \
        volumes:\n      - data:/var/lib/a\n  b:\n    image: postgres:15\n    volumes:\n      - ./b.conf:/etc/b.conf:ro\n\
        volumes:\n  data: {}\n";
    const COLLECTOR: &str = "receivers:\n  otlp: {}\nexporters:\n  debug: {}\nservice:\n  pipelines:\n    traces:\n      \
        receivers: [otlp]\n      exporters: [debug]\n";

    fn problems(text: &str) -> Vec<String> {
        check_services(text, &|path| {
            ["deploy/Dockerfile", "deploy/b.conf"].contains(&path)
        })
    }

    #[test]
    fn sound_services_pass() {
        assert_eq!(problems(SERVICES), [""; 0]);
    }

    #[test]
    fn each_fault_of_a_service_is_found() {
        for (right, wrong) in [
            ("deploy/Dockerfile", "deploy/Containerfile"),
            ("postgres:15", "postgres"),
            ("./b.conf", "./c.conf"),
            ("  data: {}", "  other: {}"),
            ("services:", "service:"),
            ("image: postgres", "image: [postgres"),
        ] {
            assert_eq!(
                problems(&SERVICES.replacen(right, wrong, 1)).len(),
                1,
                "{right} -> {wrong}"
            );
        }
    }

    #[test]
    fn a_pipeline_uses_what_is_set_up() {
        assert_eq!(check_collector(COLLECTOR), [""; 0]);
        assert_eq!(
            check_collector(&COLLECTOR.replace("[debug]", "[file]")),
            ["pipeline traces: exporters lack file"]
        );
        assert_eq!(check_collector("service: {}\n"), ["no pipelines"]);
    }
}
