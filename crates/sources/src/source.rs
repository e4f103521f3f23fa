//! What a source is asked, and what it answers.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::PersonCategory;
use mamagang_domain::frozen::{Digest32, Writer, digest};
use mamagang_domain::identifier::{DocumentNumber, DocumentType, PersonName};
use mamagang_domain::key_group::StatusRecord;

/// A person to ask for. Number and name are sent to the source and kept nowhere.
#[derive(Clone, Debug)]
pub struct Question {
    /// The document's type.
    pub document_type: DocumentType,
    /// The document's number.
    pub number: DocumentNumber,
    /// The name on it.
    pub name: PersonName,
    /// The day whose status is asked for.
    pub as_of_on: CivilDate,
}

/// A person as lists and kept answers know him: a hash, so that neither holds numbers or names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonKey(Digest32);

impl PersonKey {
    /// Of a document and the name on it: another name under the number is another person.
    pub fn of(document_type: DocumentType, number: &DocumentNumber, name: &PersonName) -> Self {
        let mut writer = Writer::new(1);
        writer
            .int(document_type as i64)
            .text(number.expose())
            .text(name.expose());
        Self(digest(&writer.finish()))
    }
}

impl Question {
    /// Whom it is about.
    pub fn person(&self) -> PersonKey {
        PersonKey::of(self.document_type, &self.number, &self.name)
    }
}

/// Why a source could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// It did not answer in time, or the connection failed.
    NoAnswer,
    /// It answered with an error, or with what cannot be read.
    BadAnswer,
    /// It failed so often that it is left alone for a while.
    Resting,
    /// The time for all questions of the call was over.
    NoTime,
    /// Its list is missing, or too old to be asked.
    OutOfDate,
}

/// What a source says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What it knows, and as of when.
    Known {
        /// Everything that it lists of the person; empty where it lists nothing.
        records: Vec<StatusRecord>,
        /// The day on which the source's data was drawn.
        drawn_on: CivilDate,
        /// How long ago the source was asked (seconds); 0 when it was asked now.
        age_seconds: u64,
    },
    /// It could not be asked: nothing follows from that.
    Unreachable(Unreachable),
}

/// What one source says of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The source's name.
    pub source: String,
    /// The categories that it keeps the register of.
    pub categories: Vec<PersonCategory>,
    /// What it says.
    pub answer: Answer,
}

/// A source.
#[async_trait]
pub trait StatusSource: Send + Sync + std::fmt::Debug {
    /// Its name in answers and logs.
    fn name(&self) -> &str;

    /// The categories that it keeps the register of: of others its silence says nothing.
    fn categories(&self) -> &[PersonCategory];

    /// One answer a question, in order. Questions are answered each for itself: that one cannot be
    /// asked says nothing about the others.
    async fn ask(&self, questions: &[Question]) -> Vec<Answer>;
}

/// The sources that a deployment asks.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Arc<dyn StatusSource>>);

impl Sources {
    /// Of a list of sources, in the order in which answers name them.
    pub fn new(sources: Vec<Arc<dyn StatusSource>>) -> Self {
        Self(sources)
    }

    /// Whether nobody is asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks every source about everybody, all sources at once: for each question, in order, a
    /// report of each source.
    pub async fn ask(&self, questions: &[Question]) -> Vec<Vec<Report>> {
        let mut reports: Vec<Vec<Report>> = questions.iter().map(|_| Vec::new()).collect();
        if questions.is_empty() {
            return reports;
        }
        let answered = join_all(self.0.iter().map(|source| source.ask(questions))).await;
        for (source, answers) in self.0.iter().zip(answered) {
            let mut answers = answers.into_iter();
            for of_person in &mut reports {
                // A source that answers too little has not been asked about the rest.
                let missing = Answer::Unreachable(Unreachable::BadAnswer);
                of_person.push(Report {
                    source: source.name().to_owned(),
                    categories: source.categories().to_vec(),
                    answer: answers.next().unwrap_or(missing),
                });
            }
        }
        reports
    }
}
