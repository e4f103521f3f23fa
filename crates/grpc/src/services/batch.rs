//! Items of which some cannot be read: the others are worked on together, and every answer takes its item's place.

use mamagang_app::{AppError, AppResult, ErrorReason};

/// Where the items that were read stood, and what was wrong with the others.
#[derive(Debug)]
pub(crate) struct Places(Vec<AppResult<()>>);

/// The items that were read, in order, and the places of all.
pub(crate) fn sort<T>(read: impl Iterator<Item = AppResult<T>>) -> (Vec<T>, Places) {
    let mut items = Vec::new();
    let places = read.map(|item| item.map(|item| items.push(item))).collect();
    (items, Places(places))
}

impl Places {
    /// One result a place: the answers to the items that were read, in order, and the errors of the others.
    pub(crate) fn merge<A>(self, answers: Vec<A>) -> AppResult<Vec<AppResult<A>>> {
        let read = self.0.iter().filter(|place| place.is_ok()).count();
        if read != answers.len() {
            // The first answer to a request whose items are read otherwise now, such as by newly encoded law.
            return Err(AppError::new(ErrorReason::Internal));
        }
        let mut answers = answers.into_iter();
        let merged = self.0.into_iter().filter_map(|place| match place {
            Ok(()) => answers.next().map(Ok),
            Err(error) => Some(Err(error)),
        });
        Ok(merged.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong() -> AppError {
        AppError::new(ErrorReason::InvalidArgumentFields)
    }

    #[test]
    fn every_answer_takes_its_items_place() {
        let (items, places) = sort([Ok(1), Err(wrong()), Ok(2), Err(wrong())].into_iter());
        assert_eq!(items, [1, 2]);
        let merged = places.merge(vec!["a", "b"]).expect("as many");
        let told: Vec<Option<&str>> = merged.into_iter().map(Result::ok).collect();
        assert_eq!(told, [Some("a"), None, Some("b"), None]);
    }

    #[test]
    fn answers_that_do_not_fit_the_items_are_a_fault() {
        let (_, places) = sort([Ok(1)].into_iter());
        assert!(places.merge(Vec::<i32>::new()).is_err());
    }
}
