//! What is wrong with a policy file.

/// The kinds of problem, for callers that count or test them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// The folder or a file in it cannot be read.
    Unreadable,
    /// Not the YAML that a parameter or the index is made of.
    Syntax,
    /// A word outside its list: unit, bound, confidence, level, limit kind, set member.
    UnknownWord,
    /// Not a date of the form 2024-05-20.
    BadDate,
    /// No instrument or no quote.
    Uncited,
    /// No title, no value, an empty reason.
    Empty,
    /// The name is not the file's path.
    NameIsNotPath,
    /// The scope field is not the code of the file's folder, or the folder is not in the index.
    WrongScope,
    /// A value of another type than its unit, or out of the unit's range.
    WrongType,
    /// A bound on what is not a ceiling, or a ceiling without one.
    WrongBound,
    /// The last day is before the first.
    DatesReversed,
    /// Values are not in order of their first day.
    Unsorted,
    /// Two values hold on one day.
    Overlap,
    /// No value holds between two.
    Gap,
    /// `checked_on` outside the edition's range, or before the publication.
    CheckedOn,
    /// A place goes beyond what the national rule lets it set.
    BeyondLimit,
    /// A yearly quota whose twelfth is not whole fen.
    QuotaNotDivisible,
    /// A reduction code that belongs to another relief.
    ForbiddenCode,
    /// A parameter that decisions read is absent.
    Missing,
    /// The index contradicts itself.
    BadIndex,
}

/// One problem of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}: {field}: {message}")]
pub struct PolicyProblem {
    /// The file, relative to the policies' folder; empty path parts never occur.
    pub file: String,
    /// The field, such as `values[1].effective_from`; `-` for the file as a whole.
    pub field: String,
    /// Its kind.
    pub kind: ProblemKind,
    /// What is wrong, in English, with the offending text.
    pub message: String,
}

impl PolicyProblem {
    /// A problem of a field.
    pub fn new(
        file: impl Into<String>,
        field: impl Into<String>,
        kind: ProblemKind,
        message: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            field: field.into(),
            kind,
            message: message.into(),
        }
    }
}
