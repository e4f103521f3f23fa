//! A loaded edition.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use mamagang_domain::policy::{Confidence, PolicyBook};

use crate::book::{self, Absent};
use crate::canonical;
use crate::embedded;
use crate::index::{Base, INDEX_FILE, Index};
use crate::load::{Catalogue, read_folder};
use crate::parameter::{Parameter, ParameterValue};
use crate::problem::{PolicyProblem, ProblemKind};
use crate::version::version;

/// A checked edition: the book for decisions, the parameters for everything else.
#[derive(Clone, Debug)]
pub struct Policies {
    /// What decisions read, bound for the edition's jurisdiction.
    pub book: Arc<PolicyBook>,
    catalogue: Catalogue,
    /// Where each parameter stands that holds in the edition's jurisdiction, by name: answers ask
    /// for some at every call.
    effective: Arc<HashMap<String, usize>>,
}

/// Something that is not established about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenPoint<'a> {
    /// The parameter.
    pub parameter: &'a Parameter,
    /// Its value.
    pub value: &'a ParameterValue,
    /// The open point; `None` where the value itself is unconfirmed and nothing more is said.
    pub point: Option<&'a str>,
}

impl Policies {
    /// Reads, lints and binds files given as (path, text).
    fn from_files<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<PolicyProblem>> {
        let catalogue = Catalogue::checked(files)?;
        let book = book::bind(
            &catalogue,
            &catalogue.index.jurisdiction,
            &version(&catalogue),
            Absent::of(&catalogue.index),
        )?;
        Ok(Self::bound(book, catalogue))
    }

    fn bound(book: PolicyBook, catalogue: Catalogue) -> Self {
        let place = |name: &str| {
            let found = catalogue.effective(&catalogue.index.jurisdiction, name)?;
            let mut all = catalogue.parameters.iter();
            all.position(|parameter| std::ptr::eq(parameter, found))
        };
        let names = catalogue.parameters.iter().map(|parameter| &parameter.name);
        let effective = names.filter_map(|name| Some((name.clone(), place(name)?)));
        Self {
            book: Arc::new(book),
            effective: Arc::new(effective.collect()),
            catalogue,
        }
    }

    /// An edition from its canonical text, as it was kept when it was first applied. It passed the
    /// lint of then and is not linted again; a parameter that is younger than the edition is law
    /// not encoded.
    ///
    /// # Errors
    /// Where the text is not what this program would write for what it says: then it is not the
    /// edition that its hash names.
    pub fn from_canonical_text(text: &str) -> Result<Self, Vec<PolicyProblem>> {
        let problem = |message: String| {
            vec![PolicyProblem::new(
                "canonical text",
                "-",
                ProblemKind::Syntax,
                message,
            )]
        };
        let catalogue = canonical::read(text).map_err(problem)?;
        if crate::version::canonical_text(&catalogue) != text {
            return Err(problem("is not in its canonical form".to_owned()));
        }
        let jurisdiction = &catalogue.index.jurisdiction;
        let book = book::bind(
            &catalogue,
            jurisdiction,
            &version(&catalogue),
            Absent::NotEncoded,
        )?;
        Ok(Self::bound(book, catalogue))
    }

    /// A parameter as it holds in the edition's jurisdiction: a city's value stands before its
    /// province's, and that before the nation's.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        let place = self.effective.get(name)?;
        self.catalogue.parameters.get(*place)
    }

    /// A parameter that a place sets itself; `folder` is the place's, such as `guangdong`.
    pub fn own(&self, folder: &str, name: &str) -> Option<&Parameter> {
        self.catalogue.own(folder, name)
    }

    /// Every parameter of every place, in order of file.
    pub fn parameters(&self) -> &[Parameter] {
        &self.catalogue.parameters
    }

    /// The whole edition, for the lint and for tools.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The places of the edition.
    pub fn index(&self) -> &Index {
        &self.catalogue.index
    }

    /// The version: SHA-256 in lower-case hexadecimal over everything that a decision may read
    /// or cite.
    pub fn version(&self) -> &str {
        &self.book.version
    }

    /// The text whose hash is the version: everything that a decision may read or cite.
    pub fn canonical_text(&self) -> String {
        crate::version::canonical_text(&self.catalogue)
    }

    /// What is not established: values of confidence `unconfirmed`, and open points of others.
    pub fn unconfirmed(&self) -> Vec<OpenPoint<'_>> {
        let values = self.parameters().iter().flat_map(|parameter| {
            parameter.values.iter().map(move |value| OpenPoint {
                parameter,
                value,
                point: None,
            })
        });
        values
            .flat_map(|open| {
                let points = &open.value.open_points;
                let alone = (points.is_empty() && open.value.confidence == Confidence::Unconfirmed)
                    .then_some(open);
                let named = points.iter().map(move |point| OpenPoint {
                    point: Some(point),
                    ..open
                });
                alone.into_iter().chain(named)
            })
            .collect()
    }
}

/// The edition compiled into the binary. It was linted when it was built, so a failure means that
/// the binary is damaged.
pub fn load_embedded() -> Result<Policies, Vec<PolicyProblem>> {
    Policies::from_files(embedded::FILES.iter().copied())
}

/// The edition in a folder that has `index.yaml` and a folder for each place. On failure every
/// problem found is returned. An index that says `base: built_in` needs no folder for the nation:
/// another province or city is its own files and nothing else.
pub fn load_dir(folder: &Path) -> Result<Policies, Vec<PolicyProblem>> {
    let mut files = read_folder(folder)?;
    let index = files.iter().find(|(path, _)| path == INDEX_FILE);
    let base = index.and_then(|(_, text)| Index::base(text));
    if base == Some(Base::BuiltIn) {
        let national = embedded::FILES.iter();
        let national = national.filter(|(path, _)| path.starts_with("national/"));
        for (path, text) in national {
            if !files.iter().any(|(own, _)| own == path) {
                files.push(((*path).to_owned(), (*text).to_owned()));
            }
        }
    }
    Policies::from_files(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    )
}
