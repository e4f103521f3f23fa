//! The contract suite that every engine runs.
//!
//! A contract is a sentence and a function that takes an empty store. [`crate::store_contract!`]
//! makes a test of each; [`random`] compares two stores on a long row of random units.

pub mod audit;
pub mod cases;
pub mod checkpoint;
pub mod facts;
pub mod filings;
pub mod job;
pub mod ledger;
pub mod merge;
pub mod migrated;
pub mod months;
pub mod policy;
pub mod posting;
pub mod random;
pub mod sample;
pub mod subsidy;
pub mod trail;
pub mod units;
pub mod workers;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use crate::{Store, StoreErrorKind, StoreResult};

/// An empty store and what has to live as long as it, such as its folder.
pub struct Fixture {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Dropped after the test.
    pub keep: Box<dyn Any + Send>,
}

/// Asserts a refusal.
pub(crate) fn assert_conflict<T: Debug>(result: StoreResult<T>) {
    let kind = result.expect_err("a conflict").kind();
    assert_eq!(kind, StoreErrorKind::Conflict);
}

/// Makes a test of every contract. `$make` is an async function that gives a [`Fixture`].
#[macro_export]
macro_rules! store_contract {
    ($make:ident) => {
        $crate::store_contract! { @tests $make
            units {
                a_unit_dropped_without_commit_leaves_nothing
                the_parts_of_a_unit_are_there_together
                a_refused_part_keeps_the_other_parts_out
                a_unit_reads_what_it_wrote
                nothing_of_a_unit_is_seen_before_its_commit
                units_begun_at_once_run_one_after_the_other
                recorded_instants_neither_go_back_nor_repeat
                a_fence_waits_for_the_unit_before_it
                empty_batches_do_nothing
                the_store_answers_a_ping
            }
            facts {
                a_fact_row_comes_back_as_it_was_written
                a_revision_that_leaves_a_gap_is_refused
                a_revision_that_exists_is_refused
                revisions_of_one_subject_do_not_bind_another
                facts_are_chosen_by_kind_and_revision
                facts_recorded_after_the_instant_are_left_out
                a_page_of_facts_tells_whether_more_follow
                an_owner_is_noted_replaced_and_removed
                the_last_note_of_a_batch_about_an_owner_counts
            }
            workers {
                a_new_worker_is_found_by_document_with_an_empty_timeline
                a_worker_cannot_be_added_twice
                a_known_document_cannot_be_another_workers
                a_document_is_found_under_either_key_of_a_rotation
                a_number_is_known_under_its_own_document_type_only
                a_replaced_identity_is_found_and_the_former_is_not
                an_identity_of_nobody_is_refused
                a_timeline_comes_back_as_it_was_written
                the_last_row_of_a_batch_about_a_worker_counts
                an_unknown_worker_cannot_be_written
                checks_are_answered_in_order_and_absent_where_unknown
                workers_are_listed_page_by_page
                employers_are_replaced_and_listed_page_by_page
            }
            ledger {
                an_unknown_employer_stands_at_the_start_of_its_chain
                entries_come_back_and_move_the_head
                a_first_entry_must_continue_the_start_of_its_own_chain
                an_entry_must_continue_the_head
                entries_are_chosen_by_year_page_and_instant
                years_are_replaced_and_listed
                a_posting_reads_its_own_year_and_every_linked_worker
                inputs_are_answered_in_the_order_of_the_years_asked_for
            }
            checkpoint {
                a_checkpoint_comes_back_and_must_continue_the_one_before
                only_heads_that_moved_since_their_checkpoint_are_listed
                chains_are_found_by_their_entries_in_order_of_code
                the_feed_has_every_entry_once_in_order_of_position
                an_entry_of_a_unit_that_is_dropped_is_in_no_feed
            }
            months {
                who_books_a_month_first_has_it
                the_36th_month_of_a_person_is_booked_and_the_37th_refused
                a_released_month_can_be_booked_again_by_another
                only_the_employer_that_booked_a_month_can_release_it
                months_of_an_employer_are_listed_by_month
                a_check_sees_the_months_booked_for_anyone
                a_month_of_nobody_is_refused
            }
            merge {
                a_merged_worker_is_read_as_the_one_that_stays_in_one_step
                a_worker_that_is_read_as_another_is_not_merged_again
                months_of_workers_are_listed_by_worker_and_month
            }
            job {
                parts_are_taken_in_order_and_each_by_one
                a_part_that_is_held_no_longer_is_taken_over_and_its_holder_refused
                a_step_is_there_with_the_rest_of_its_unit_or_not_at_all
            }
            posting {
                every_part_of_a_batch_is_there
                a_batch_takes_months_back_before_it_books_others
                a_batch_is_refused_as_its_parts_are
            }
            subsidy {
                months_of_claims_are_listed_by_worker_subsidy_and_month
                a_month_of_a_subsidy_is_claimed_once
                only_the_claim_that_holds_a_month_gives_it_back
            }
            audit {
                an_audit_row_comes_back_as_it_was_written
                an_audit_row_must_continue_its_writers_chain
                an_audit_id_is_given_once
                writers_chain_apart_from_each_other
                an_answer_is_found_within_its_scope_only
                a_request_is_answered_once
            }
            policy {
                a_kept_policy_set_may_be_sent_again_and_stays_as_it_was
                policy_sets_are_listed_page_by_page
            }
            cases {
                a_case_is_as_its_last_event_left_it
                an_event_that_does_not_continue_its_case_is_refused
                a_key_belongs_to_one_case_of_its_kind
                a_case_is_read_as_it_was_at_an_instant
                cases_are_chosen_by_every_filter
                pages_of_cases_neither_repeat_nor_leave_out
            }
            filings {
                a_filing_comes_back_as_it_was_last_written
                a_check_reads_the_filings_that_contracts_name
            }
            trail {
                audit_rows_are_listed_by_time_class_and_page
                audit_rows_of_a_person_are_found_alone_and_among_others
                chains_are_listed_writer_by_writer
                what_was_taken_out_of_a_chain_leaves_a_gap_and_the_chain_goes_on
                only_rows_kept_long_enough_are_taken_out
            }
        }
    };
    (@tests $make:ident $($noun:ident { $($name:ident)* })*) => {
        $(
            mod $noun {
                $(
                    #[tokio::test]
                    async fn $name() {
                        let fixture = super::$make().await;
                        $crate::contract::$noun::$name(fixture.store).await;
                        drop(fixture.keep);
                    }
                )*
            }
        )*
    };
}
