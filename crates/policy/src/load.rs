//! Files into a catalogue of parameters.

use std::path::Path;

use walkdir::WalkDir;

use crate::index::{INDEX_FILE, Index};
use crate::lint::{lint, lint_each};
use crate::parameter::Parameter;
use crate::problem::{PolicyProblem, ProblemKind};
use crate::raw;

/// All parameters of all places, before a jurisdiction is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The places.
    pub index: Index,
    /// The parameters, in order of their files' paths.
    pub parameters: Vec<Parameter>,
}

impl Catalogue {
    /// Reads files given as (path below the policies' folder with `/`, text), in any order, and
    /// lints them. On failure every problem of every file is returned.
    pub(crate) fn checked<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<PolicyProblem>> {
        let (catalogue, mut problems) = Self::read(files)?;
        if problems.is_empty() {
            problems = lint(&catalogue);
        } else {
            // What other files need may stand in the one that cannot be read, so only what each
            // file says of itself is told beside it.
            problems.extend(lint_each(&catalogue));
        }
        if problems.is_empty() {
            Ok(catalogue)
        } else {
            Err(problems)
        }
    }

    /// The parameters that can be read, and the problems of the others.
    pub(crate) fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, Vec<PolicyProblem>), Vec<PolicyProblem>> {
        let mut files: Vec<(&str, &str)> = files.into_iter().collect();
        files.sort_unstable();
        let Some((_, index)) = files.iter().find(|(path, _)| *path == INDEX_FILE) else {
            return Err(vec![PolicyProblem::new(
                INDEX_FILE,
                "-",
                ProblemKind::Missing,
                "there is no index",
            )]);
        };
        let index = Index::parse(index)?;
        let (mut parameters, mut problems) = (Vec::new(), Vec::new());
        for (path, text) in files.into_iter().filter(|(path, _)| *path != INDEX_FILE) {
            let folder = path.split('/').next().unwrap_or_default();
            match raw::parse(path, index.scope(folder), text) {
                Ok(parameter) => parameters.push(parameter),
                Err(found) => problems.extend(found),
            }
        }
        Ok((Self { index, parameters }, problems))
    }

    /// A parameter as it holds in a place: the place's own, else its province's, else the
    /// nation's.
    pub fn effective(&self, folder: &str, name: &str) -> Option<&Parameter> {
        self.index
            .chain(folder)
            .into_iter()
            .find_map(|scope| self.own(&scope.folder, name))
    }

    /// A parameter that a place sets itself.
    pub fn own(&self, folder: &str, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.folder == folder && parameter.name == name)
    }
}

/// The YAML files below a folder as (path below it with `/`, text).
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, Vec<PolicyProblem>> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut unreadable = |path: String, message: String| {
        problems.push(PolicyProblem::new(
            path,
            "-",
            ProblemKind::Unreadable,
            message,
        ));
    };
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unreadable(".".into(), error.to_string());
                continue;
            }
        };
        let is_yaml = entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if !entry.file_type().is_file() || !is_yaml {
            continue;
        }
        let path = relative(folder, entry.path());
        match std::fs::read_to_string(entry.path()) {
            Ok(text) => files.push((path, text)),
            Err(error) => unreadable(path, error.to_string()),
        }
    }
    if problems.is_empty() {
        Ok(files)
    } else {
        Err(problems)
    }
}

fn relative(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = below
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}
