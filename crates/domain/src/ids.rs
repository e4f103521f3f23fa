//! Ids. One type each, so that a worker's id cannot be passed for another's.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identifier::EmployerCode;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the hyphenated lower-case form.
            pub fn parse(text: &str) -> Option<Self> {
                let id = Uuid::try_parse(text).ok()?;
                (id.to_string() == text).then_some(Self(id))
            }

            /// The sixteen stored bytes.
            pub const fn bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with the given stored bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

uuid_id! {
    /// A worker. UUIDv7, ours; tells nothing of the person.
    WorkerId
}
uuid_id! {
    /// An audit row, and with it the decision that the row holds.
    AuditId
}
uuid_id! {
    /// The caller's name for a request.
    RequestId
}

uuid_id! {
    /// A case: a filing, a hire, a claim, a certificate, a finding or a review. UUIDv7, ours.
    CaseId
}

/// Whom a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A worker.
    Worker(WorkerId),
    /// An employer.
    Employer(EmployerCode),
}

/// A fact: its subject and the subject's revision that stored it.
///
/// Written `<worker id>.<revision>` or `<employer code>.<revision>`, so that a fact is found
/// without an index of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId {
    /// Whom it is about.
    pub subject: Subject,
    /// Under which revision.
    pub revision: u32,
}

impl FactId {
    /// Reads the written form.
    pub fn parse(text: &str) -> Option<Self> {
        let (subject, revision) = text.rsplit_once('.')?;
        let subject = match WorkerId::parse(subject) {
            Some(worker) => Subject::Worker(worker),
            None => Subject::Employer(EmployerCode::parse(subject).ok()?),
        };
        let id = Self {
            subject,
            revision: revision.parse().ok()?,
        };
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Worker(worker) => write!(f, "{worker}.{}", self.revision),
            Subject::Employer(employer) => write!(f, "{employer}.{}", self.revision),
        }
    }
}

/// A ledger entry: its employer and its place in the employer's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryId {
    /// Whose ledger.
    pub employer_code: EmployerCode,
    /// From 1, without gaps.
    pub sequence: u32,
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.employer_code, self.sequence)
    }
}

impl EntryId {
    /// Reads `<employer>-<sequence>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (employer, sequence) = text.split_once('-')?;
        let id = Self {
            employer_code: EmployerCode::parse(employer).ok()?,
            sequence: sequence.parse().ok().filter(|sequence| *sequence > 0)?,
        };
        (id.to_string() == text).then_some(id)
    }
}

/// A decision: the audit row that holds it, and its place in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DecisionId {
    /// The audit row.
    pub audit: AuditId,
    /// The item of a batch, from 0; `None` for a single call.
    pub item: Option<u32>,
}

impl DecisionId {
    /// Reads `<audit id>` or `<audit id>.<item>`.
    pub fn parse(text: &str) -> Option<Self> {
        let id = match text.split_once('.') {
            None => Self {
                audit: AuditId::parse(text)?,
                item: None,
            },
            Some((audit, item)) => Self {
                audit: AuditId::parse(audit)?,
                item: Some(item.parse().ok()?),
            },
        };
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            None => write!(f, "{}", self.audit),
            Some(item) => write!(f, "{}.{item}", self.audit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_ids_are_read_back_and_nothing_else_is() {
        let worker = "0193a5c0-0000-7000-8000-000000000001";
        for text in [format!("{worker}.7"), "91442000MAQQ000161.2".to_owned()] {
            assert_eq!(FactId::parse(&text).map(|id| id.to_string()), Some(text));
        }
        for text in [worker.to_owned(), format!("{worker}.0")] {
            assert_eq!(
                DecisionId::parse(&text).map(|id| id.to_string()),
                Some(text)
            );
        }
        let entry = "91442000MAQQ000161-3";
        assert_eq!(
            EntryId::parse(entry).map(|id| id.to_string()).as_deref(),
            Some(entry)
        );
        for wrong in ["", "91442000MAQQ000161-0", "91442000MAQQ000161-03", "x-1"] {
            assert_eq!(EntryId::parse(wrong), None, "{wrong}");
        }
        for wrong in [
            "",
            ".1",
            "91442000MAQQ000161.",
            "91442000MAQQ000161.01",
            "91442000MAQQ000162.1",
        ] {
            assert_eq!(FactId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(DecisionId::parse(&format!("{worker}.x")), None);
        assert_eq!(WorkerId::parse(&worker.to_uppercase()), None);
    }
}
