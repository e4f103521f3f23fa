//! Lists that an office draws every night.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::PersonCategory;
use mamagang_domain::key_group::StatusRecord;

use crate::source::{Answer, PersonKey, Question, StatusSource, Unreachable};

/// The list names the same status of a person twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the same status of a person stands on the list twice")]
pub struct Twice;

/// Who stands on a list, as of the day on which it was drawn.
#[derive(Debug)]
pub struct List {
    drawn_on: CivilDate,
    people: HashMap<PersonKey, Vec<StatusRecord>>,
}

impl List {
    /// An empty list of a day.
    pub fn new(drawn_on: CivilDate) -> Self {
        Self {
            drawn_on,
            people: HashMap::new(),
        }
    }

    /// The day on which it was drawn.
    pub const fn drawn_on(&self) -> CivilDate {
        self.drawn_on
    }

    /// How many persons stand on it.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody stands on it.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Puts a row on it.
    ///
    /// # Errors
    /// [`Twice`]: one of two rows is wrong, and nobody can tell which.
    pub fn add(&mut self, person: PersonKey, record: StatusRecord) -> Result<(), Twice> {
        let records = self.people.entry(person).or_default();
        if records.iter().any(|known| known.key() == record.key()) {
            return Err(Twice);
        }
        records.push(record);
        Ok(())
    }
}

/// A source that answers from the latest list. Until there is one, and after the last one has
/// become too old, it cannot be asked.
pub struct ListSource {
    name: String,
    categories: Vec<PersonCategory>,
    days_max: i32,
    today: Arc<dyn Fn() -> CivilDate + Send + Sync>,
    list: ArcSwapOption<List>,
}

impl std::fmt::Debug for ListSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListSource")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl ListSource {
    /// A source without a list. A list is asked up to `days_max` days after the day on which it was
    /// drawn.
    pub fn new(
        name: impl Into<String>,
        categories: Vec<PersonCategory>,
        days_max: i32,
        today: Arc<dyn Fn() -> CivilDate + Send + Sync>,
    ) -> Self {
        Self {
            name: name.into(),
            categories,
            days_max,
            today,
            list: ArcSwapOption::empty(),
        }
    }

    /// Takes a new list in the place of the one before. An older one is not taken: the day before is
    /// no news.
    pub fn replace(&self, list: List) -> bool {
        let known = self.list.load();
        let is_older = known
            .as_ref()
            .is_some_and(|known| list.drawn_on < known.drawn_on);
        if !is_older {
            self.list.store(Some(Arc::new(list)));
        }
        !is_older
    }

    /// The list in force.
    pub fn list(&self) -> Option<Arc<List>> {
        let last_on = |list: &Arc<List>| list.drawn_on.plus_days(self.days_max);
        let today = (self.today)();
        self.list.load_full().filter(|list| today <= last_on(list))
    }
}

#[async_trait]
impl StatusSource for ListSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn categories(&self) -> &[PersonCategory] {
        &self.categories
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Answer> {
        let Some(list) = self.list() else {
            let out_of_date = Answer::Unreachable(Unreachable::OutOfDate);
            return vec![out_of_date; questions.len()];
        };
        let of_person = |question: &Question| Answer::Known {
            records: list
                .people
                .get(&question.person())
                .cloned()
                .unwrap_or_default(),
            drawn_on: list.drawn_on,
            age_seconds: 0,
        };
        questions.iter().map(of_person).collect()
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::fact::PovertyStatus;
    use mamagang_domain::identifier::{DocumentNumber, DocumentType, PersonName};

    use super::*;

    fn day(text: &str) -> CivilDate {
        CivilDate::parse(text).expect("a date")
    }

    fn question(name: &str) -> Question {
        let number = DocumentNumber::parse(
            DocumentType::ResidentIdCard,
            "442000198903149982",
            day("2024-02-01"),
        );
        Question {
            document_type: DocumentType::ResidentIdCard,
            number: number.expect("a number"),
            name: PersonName::parse(name).expect("a name"),
            as_of_on: day("2024-02-01"),
        }
    }

    fn lifted() -> StatusRecord {
        StatusRecord::Poverty(PovertyStatus {
            category: PersonCategory::LiftedFromPoverty,
            from_on: day("2016-01-01"),
            to_on: None,
        })
    }

    fn source(today: &'static str) -> ListSource {
        let categories = vec![PersonCategory::LiftedFromPoverty];
        ListSource::new("脱贫人口名单", categories, 3, Arc::new(move || day(today)))
    }

    fn list(drawn_on: &str) -> List {
        let mut list = List::new(day(drawn_on));
        let added = list.add(question("王芳").person(), lifted());
        added.expect("once");
        list
    }

    #[tokio::test]
    async fn a_person_is_on_the_list_under_number_and_name() {
        let source = source("2024-02-01");
        assert!(source.replace(list("2024-02-01")));
        let answers = source.ask(&[question("王芳"), question("王方")]).await;
        let known = |records: Vec<StatusRecord>| Answer::Known {
            records,
            drawn_on: day("2024-02-01"),
            age_seconds: 0,
        };
        assert_eq!(answers, [known(vec![lifted()]), known(Vec::new())]);
    }

    #[tokio::test]
    async fn without_a_list_and_with_one_too_old_nobody_can_be_asked_about() {
        let out_of_date = [Answer::Unreachable(Unreachable::OutOfDate)];
        let none = source("2024-02-01");
        assert_eq!(none.ask(&[question("王芳")]).await, out_of_date);
        for (today, is_asked) in [("2024-02-04", true), ("2024-02-05", false)] {
            let source = source(today);
            source.replace(list("2024-02-01"));
            let answers = source.ask(&[question("王芳")]).await;
            assert_eq!(answers != out_of_date, is_asked, "{today}");
        }
    }

    #[test]
    fn an_older_list_does_not_replace_a_newer_one() {
        let source = source("2024-02-02");
        assert!(source.replace(list("2024-02-02")));
        assert!(!source.replace(list("2024-02-01")));
        assert!(source.replace(list("2024-02-02")), "drawn once more");
        let in_force = source.list().expect("a list");
        assert_eq!(in_force.drawn_on(), day("2024-02-02"));
    }

    #[test]
    fn the_same_status_twice_is_refused_and_another_one_is_not() {
        let mut list = list("2024-02-01");
        let person = question("王芳").person();
        assert_eq!(list.add(person, lifted()), Err(Twice));
        let StatusRecord::Poverty(status) = lifted() else {
            panic!("a poverty record");
        };
        let other = StatusRecord::Poverty(PovertyStatus {
            from_on: day("2020-01-01"),
            ..status
        });
        assert_eq!(list.add(person, other), Ok(()));
        assert_eq!(list.len(), 1);
    }
}
