//! Makes a case smaller for as long as it stays interesting.

use serde_json::Value;

/// A step into a value.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

/// What a case holds that may be left out.
const PARTS: [&str; 3] = ["given", "ask", "steps"];

/// Leaves out one fact after the other, as long as the rest is interesting. Ends when nothing more
/// can be left out.
pub(crate) fn shrink(case: &Value, mut is_interesting: impl FnMut(&Value) -> bool) -> Value {
    let mut smallest = case.clone();
    loop {
        let mut paths = Vec::new();
        for part in PARTS {
            collect(
                &smallest[part],
                &mut vec![Step::Key(part.to_owned())],
                &mut paths,
            );
        }
        // Large parts first: a whole list before its items.
        paths.sort_by_key(Vec::len);
        let smaller = paths.into_iter().find_map(|path| {
            let mut candidate = smallest.clone();
            remove(&mut candidate, &path)?;
            is_interesting(&candidate).then_some(candidate)
        });
        match smaller {
            Some(candidate) => smallest = candidate,
            None => return smallest,
        }
    }
}

/// The paths of everything below a value.
fn collect(value: &Value, path: &mut Vec<Step>, paths: &mut Vec<Vec<Step>>) {
    let steps: Vec<(Step, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (Step::Key(name.clone()), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (Step::Index(index), value))
            .collect(),
        _ => return,
    };
    for (step, below) in steps {
        path.push(step);
        paths.push(path.clone());
        collect(below, path, paths);
        path.pop();
    }
}

fn remove(value: &mut Value, path: &[Step]) -> Option<()> {
    let (last, above) = path.split_last()?;
    let mut at = value;
    for step in above {
        at = match step {
            Step::Key(name) => at.get_mut(name)?,
            Step::Index(index) => at.get_mut(*index)?,
        };
    }
    match last {
        Step::Key(name) => at.as_object_mut()?.remove(name).map(drop),
        Step::Index(index) => {
            let items = at.as_array_mut()?;
            (*index < items.len()).then(|| drop(items.remove(*index)))
        }
    }
}

#[test]
fn only_what_matters_is_left() {
    let case = serde_json::json!({
        "name": "n",
        "given": { "employer": "COMPANY", "contracts": [{ "start": "a", "end": "b" }, { "start": "c" }] },
        "ask": { "months": "m" },
    });
    let small = shrink(&case, |case| {
        let contracts = case["given"]["contracts"].as_array();
        contracts.is_some_and(|all| all.iter().any(|contract| contract["start"] == "c"))
    });
    let expected = serde_json::json!({
        "name": "n", "given": { "contracts": [{ "start": "c" }] }, "ask": {},
    });
    assert_eq!(small, expected);
}
