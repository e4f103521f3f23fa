//! Two records of one person: which booked months the person keeps.

use std::collections::BTreeSet;

use crate::month::TaxMonth;

/// What becomes of the months booked under the record that goes, each in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergedMonths {
    /// They count for the record that stays.
    pub moved: Vec<TaxMonth>,
    /// Both records have them booked: the record that stays keeps its own.
    pub conflicting: Vec<TaxMonth>,
    /// Beyond what a person may use.
    pub beyond: Vec<TaxMonth>,
}

/// Joins the months of two records of one person. A month counts once, and a person uses `most` of them, over all
/// employers (财税〔2019〕22号 art. 2, 公告2023年第15号 art. 5: 36): the record that stays keeps what it has, that of
/// the other is added from the earliest month on. `going` and `staying` are booked; `prior` are months that either
/// record enjoyed before this system.
pub fn merged_months(
    going: &[TaxMonth],
    staying: &[TaxMonth],
    prior: &[TaxMonth],
    most: i32,
) -> MergedMonths {
    let booked: BTreeSet<TaxMonth> = staying.iter().copied().collect();
    let mut counted: BTreeSet<TaxMonth> = booked.iter().chain(prior).copied().collect();
    let most = usize::try_from(most).unwrap_or_default();
    let mut merged = MergedMonths::default();
    let going: BTreeSet<TaxMonth> = going.iter().copied().collect();
    for month in going {
        if booked.contains(&month) {
            merged.conflicting.push(month);
        } else if counted.contains(&month) || counted.len() < most {
            counted.insert(month);
            merged.moved.push(month);
        } else {
            merged.beyond.push(month);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(from: &str, count: i32) -> Vec<TaxMonth> {
        let from = TaxMonth::parse(from).expect("a month");
        from.through(from.plus(count - 1)).collect()
    }

    #[test]
    fn months_of_both_count_together() {
        let merged = merged_months(&months("2023-01", 3), &months("2024-01", 2), &[], 36);
        assert_eq!(merged.moved, months("2023-01", 3));
        assert!(merged.conflicting.is_empty() && merged.beyond.is_empty());
    }

    #[test]
    fn a_month_that_both_have_counts_once_and_the_record_that_stays_keeps_it() {
        let merged = merged_months(&months("2023-01", 3), &months("2023-03", 2), &[], 36);
        assert_eq!(merged.moved, months("2023-01", 2));
        assert_eq!(merged.conflicting, months("2023-03", 1));
    }

    #[test]
    fn the_36th_month_is_kept_and_the_37th_is_not() {
        let staying = months("2021-01", 24);
        let merged = merged_months(&months("2023-01", 12), &staying, &[], 36);
        assert_eq!((merged.moved.len(), merged.beyond.len()), (12, 0));
        let merged = merged_months(&months("2023-01", 13), &staying, &[], 36);
        assert_eq!(merged.moved, months("2023-01", 12));
        assert_eq!(merged.beyond, months("2024-01", 1));
    }

    #[test]
    fn months_enjoyed_before_this_system_count_too() {
        let prior = months("2020-01", 12);
        let merged = merged_months(&months("2023-01", 1), &months("2021-01", 24), &prior, 36);
        assert_eq!(merged.beyond, months("2023-01", 1));
        let merged = merged_months(&months("2020-12", 1), &months("2021-01", 24), &prior, 36);
        assert_eq!(merged.moved, months("2020-12", 1), "counted already");
    }
}
