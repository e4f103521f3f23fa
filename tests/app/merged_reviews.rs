//! A review of a person whose record is merged into another waits once, under the record that stays, and says so.

use mamagang_app::reviews::Review;
use mamagang_app::workers::MergeWorkers;
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_domain::review::ReviewState;
use mamagang_testkit::{TestApp, context, date, month, write};

use crate::city::{BAKERY, LI, WANG, bakery_with_wang, check, contract, insured, lifted, record};
use crate::reviews::{MET, ask, back_paid_by, confirm, outcome_of, propose, queue, second};

/// 王芳's record at the bakery, which goes, and 李敏's, which stays.
struct City {
    test: TestApp,
    from: WorkerId,
    into: WorkerId,
}

impl City {
    /// 王芳's October and November of 2023 were paid late.
    async fn of(test: TestApp) -> Self {
        let mut items = bakery_with_wang();
        items.extend(["2023-10", "2023-11"].map(|of| back_paid_by(WANG, month(of))));
        let wang = record(&test, items).await;
        let li = record(&test, vec![lifted(LI)]).await;
        Self {
            from: wang[1].worker_id.expect("a worker"),
            into: li[0].worker_id.expect("a worker"),
            test,
        }
    }

    /// The case that a check of the year at the bakery names.
    async fn asked(&self, person: (&'static str, &'static str)) -> Option<CaseId> {
        let question = check(person, BAKERY, "2023-01", "2023-12");
        ask(&self.test, question).await.review_case
    }

    async fn merged(&self) {
        let mut merge_id = None;
        for (number, by) in [(20, "赵"), (21, "钱")] {
            let caller = Caller {
                subject: by.to_owned(),
                ..Caller::developer()
            };
            let merge = MergeWorkers {
                request: write(number, &format!("{merge_id:?}")),
                validate_only: false,
                context: context(),
                from: self.from,
                into: self.into,
                reason: "证件号码录入有误".to_owned(),
                merge_id,
            };
            let merged = self.test.app.merge_workers(&caller, merge).await;
            merge_id = merged.expect("merged").merge_id;
        }
    }

    async fn waiting(&self) -> Vec<Review> {
        queue(&self.test, vec![ReviewState::Open, ReviewState::Proposed]).await
    }

    /// Where a case stands, and the reasons of its steps.
    async fn told(&self, case_id: CaseId) -> (u8, Vec<String>) {
        let caller = Caller::developer();
        let told = self.test.app.get_review(&caller, &context(), case_id).await;
        let (review, steps) = told.expect("a case");
        let reasons = steps.into_iter().map(|step| step.reason);
        (review.state, reasons.collect())
    }

    async fn assert_whole(&self) {
        let report = self.test.app.rebuild_and_compare().await.expect("compared");
        assert_eq!(report.differences, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_waiting_review_is_carried_over_and_both_cases_say_so() {
    for test in TestApp::each(date("2024-07-01")).await {
        let city = City::of(test).await;
        let earlier = city.asked(WANG).await.expect("a case");
        propose(&city.test, 30, earlier, true, None)
            .await
            .expect("proposed");
        city.merged().await;

        let waiting = city.waiting().await;
        let told: Vec<_> = waiting
            .iter()
            .map(|it| {
                (
                    it.worker_id,
                    it.state,
                    it.file.from_month,
                    it.file.through_month,
                )
            })
            .collect();
        let open = ReviewState::Open as u8;
        let months = (Some(month("2023-10")), Some(month("2023-11")));
        assert_eq!(told, [(Some(city.into), open, months.0, months.1)]);
        let carried = waiting[0].case_id;
        assert_ne!(carried, earlier);
        let resolved = ReviewState::Resolved as u8;
        let (state, reasons) = city.told(earlier).await;
        assert_eq!((state, reasons.len()), (resolved, 3));
        assert_eq!(reasons[2], format!("merged into {carried}"));
        let first = (open, vec![format!("merged from {earlier}")]);
        assert_eq!(city.told(carried).await, first);
        let refused = confirm(&city.test, 31, &second(), earlier, true).await;
        assert_eq!(
            refused.expect_err("it has ended").reason,
            ErrorReason::TransitionNotAllowed
        );

        // Either number asks the question that waits, and opens no other.
        assert_eq!(city.asked(LI).await, Some(carried));
        assert_eq!(city.waiting().await.len(), 1);
        propose(&city.test, 32, carried, true, None)
            .await
            .expect("proposed");
        let confirmed = confirm(&city.test, 33, &second(), carried, true).await;
        confirmed.expect("confirmed");
        let year = ask(&city.test, check(LI, BAKERY, "2023-01", "2023-12")).await;
        assert_eq!(outcome_of(&year, "2023-10"), MET);
        assert_eq!(city.waiting().await, []);
        city.assert_whole().await;
    }
}

#[tokio::test]
async fn what_was_resolved_stays_resolved_for_the_merged_person() {
    for test in TestApp::each(date("2024-07-01")).await {
        let city = City::of(test).await;
        let earlier = city.asked(WANG).await.expect("a case");
        propose(&city.test, 30, earlier, true, None)
            .await
            .expect("proposed");
        let confirmed = confirm(&city.test, 31, &second(), earlier, true).await;
        confirmed.expect("confirmed");
        city.merged().await;
        let year = ask(&city.test, check(LI, BAKERY, "2023-01", "2023-12")).await;
        for of in ["2023-10", "2023-11"] {
            assert_eq!(outcome_of(&year, of), MET);
        }
        assert_eq!((year.review_case, city.waiting().await), (None, vec![]));
        let (_, reasons) = city.told(earlier).await;
        assert_eq!(reasons.len(), 3, "no step of the merge");
        city.assert_whole().await;
    }
}

/// 李敏's record has the same question, of months of its own.
#[tokio::test]
async fn a_question_that_waits_under_both_records_waits_once() {
    for test in TestApp::each(date("2024-07-01")).await {
        let city = City::of(test).await;
        let mut items = vec![contract(LI, BAKERY, "B2", "2023-01-01")];
        items.extend(insured(LI, BAKERY, "2023-01", "2023-03"));
        items.push(back_paid_by(LI, month("2023-04")));
        record(&city.test, items).await;
        let earlier = city.asked(WANG).await.expect("a case");
        let own = city.asked(LI).await.expect("a case");
        assert_eq!(city.waiting().await.len(), 2);
        city.merged().await;
        let waiting = city.waiting().await;
        let ids: Vec<CaseId> = waiting.iter().map(|it| it.case_id).collect();
        assert_eq!((ids, waiting[0].revision), (vec![own], 1));
        let (_, reasons) = city.told(earlier).await;
        assert_eq!(reasons[1], format!("merged into {own}"));
        assert_eq!(city.asked(LI).await, Some(own));
        city.assert_whole().await;
    }
}
