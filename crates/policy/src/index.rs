//! The places that have values, and which of them an edition is built for.

use mamagang_domain::date::CivilDate;
use serde::Deserialize;

use crate::problem::{PolicyProblem, ProblemKind};

/// The index's file name.
pub(crate) const INDEX_FILE: &str = "index.yaml";

/// Levels of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole country.
    National,
    /// A province.
    Province,
    /// A prefecture-level city.
    City,
}

/// A place with values of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Its folder.
    pub folder: String,
    /// Its level.
    pub level: Level,
    /// `national` or a GB/T 2260 code of six digits.
    pub code: String,
    /// The folder of the place that it lies in; `None` for the nation.
    #[serde(default)]
    pub parent: Option<String>,
    /// Chinese name.
    pub title_zh: String,
    /// English name.
    pub title_en: String,
}

/// What an edition in a folder is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// The nation's parameters that are compiled in, where the folder has no file of its own.
    BuiltIn,
}

/// The index of an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// What the edition is built on; `None` where it stands alone.
    pub base: Option<Base>,
    /// The folder of the place that decisions are made for.
    pub jurisdiction: String,
    /// The first day on which a value of this edition may have been checked.
    pub checked_from: CivilDate,
    /// The last such day.
    pub checked_to: CivilDate,
    /// All places.
    pub scopes: Vec<Scope>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIndex {
    /// See [`Index::base`].
    #[serde(default)]
    base: Option<Base>,
    jurisdiction: String,
    checked_from: String,
    checked_to: String,
    scopes: Vec<Scope>,
}

impl Index {
    /// What the edition of an index's text is built on; `None` where it stands alone or the text is
    /// none.
    pub(crate) fn base(text: &str) -> Option<Base> {
        crate::raw::yaml::<RawIndex>(text).ok()?.base
    }

    /// Reads the index and checks that its places form a tree under one nation.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<PolicyProblem>> {
        let raw: RawIndex = crate::raw::yaml(text).map_err(|error| {
            vec![PolicyProblem::new(
                INDEX_FILE,
                "-",
                ProblemKind::Syntax,
                error,
            )]
        })?;
        let mut problems = Vec::new();
        let mut date = |field: &str, text: &str| {
            CivilDate::parse(text)
                .map_err(|error| {
                    let message = format!("{error}: {text}");
                    problems.push(PolicyProblem::new(
                        INDEX_FILE,
                        field,
                        ProblemKind::BadDate,
                        message,
                    ));
                })
                .unwrap_or(CivilDate::MAX)
        };
        let checked_from = date("checked_from", &raw.checked_from);
        let checked_to = date("checked_to", &raw.checked_to);
        let index = Self {
            base: raw.base,
            jurisdiction: raw.jurisdiction,
            checked_from,
            checked_to,
            scopes: raw.scopes,
        };
        problems.extend(index.problems());
        if problems.is_empty() {
            Ok(index)
        } else {
            Err(problems)
        }
    }

    /// The place with a folder.
    pub fn scope(&self, folder: &str) -> Option<&Scope> {
        self.scopes.iter().find(|scope| scope.folder == folder)
    }

    /// The places whose values hold in a place, nearest first: the city, its province, the nation.
    pub fn chain(&self, folder: &str) -> Vec<&Scope> {
        let mut chain: Vec<&Scope> = Vec::new();
        let mut next = self.scope(folder);
        while let Some(scope) = next {
            // A parent that is below its child would go round for ever.
            if chain.last().is_some_and(|last| scope.level >= last.level) {
                break;
            }
            chain.push(scope);
            next = scope
                .parent
                .as_deref()
                .and_then(|parent| self.scope(parent));
        }
        chain
    }

    fn problems(&self) -> Vec<PolicyProblem> {
        let problem = |field: String, message: String| {
            PolicyProblem::new(INDEX_FILE, field, ProblemKind::BadIndex, message)
        };
        let mut problems = Vec::new();
        if self.scope(&self.jurisdiction).is_none() {
            problems.push(problem(
                "jurisdiction".into(),
                format!("no scope has the folder {}", self.jurisdiction),
            ));
        }
        if self.checked_from > self.checked_to {
            problems.push(problem(
                "checked_to".into(),
                "lies before checked_from".into(),
            ));
        }
        for (position, scope) in self.scopes.iter().enumerate() {
            let field = |name: &str| format!("scopes[{position}].{name}");
            let earlier = &self.scopes[..position];
            if earlier
                .iter()
                .any(|other| other.folder == scope.folder || other.code == scope.code)
            {
                problems.push(problem(
                    field("folder"),
                    format!("{} or its code {} is there twice", scope.folder, scope.code),
                ));
            }
            if scope.code != "national"
                && !(scope.code.len() == 6 && scope.code.bytes().all(|b| b.is_ascii_digit()))
            {
                problems.push(problem(
                    field("code"),
                    format!("neither national nor six digits: {}", scope.code),
                ));
            }
            let parent = scope.parent.as_deref().map(|parent| self.scope(parent));
            let fits = match parent {
                None => scope.level == Level::National,
                Some(parent) => parent.is_some_and(|parent| parent.level < scope.level),
            };
            if !fits {
                problems.push(problem(
                    field("parent"),
                    format!(
                        "{} needs a parent of a higher level, the nation none",
                        scope.folder
                    ),
                ));
            }
        }
        problems
    }
}
