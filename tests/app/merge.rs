//! Two records of one person are joined: on each engine the months count once, and the ledger's own rules take back
//! what may not stay.

use mamagang_app::audit::AuditSpan;
use mamagang_app::facts::{
    FactInput, FactItem, FactListQuery, FactOutcome, FactSubject, RecordFacts, RetractFact,
};
use mamagang_app::keys::EraseWorker;
use mamagang_app::ledger::{LedgerReply, RecomputeYear};
use mamagang_app::workers::{
    MatchWorker, Merge, MergeWorkers, MonthGivenUp, Who, WorkerTerm, WorkerTermQuery,
};
use mamagang_app::{AppResult, Caller, ErrorReason};
use mamagang_domain::fact::EmployerKind;
use mamagang_domain::ids::{CaseId, FactId, Subject, WorkerId};
use mamagang_domain::month::TaxYear;
use mamagang_testkit::{TestApp, context, date, identity, month, write};

use crate::city::{
    BAKERY, LAUNDRY, LI, WANG, ZHANG, bakery_with_wang, code, contract, contract_until, employer,
    insured, item, lifted, post, record, who,
};
use crate::doctor::raw;

/// The wrong number is 李敏's: 2022-11 to 2023-03 at the laundry, five months.
fn laundry_with_the_wrong_record() -> Vec<FactItem> {
    let mut items = vec![
        employer(LAUNDRY, EmployerKind::Company),
        lifted(LI),
        contract_until(LI, LAUNDRY, "L1", "2022-11-01", "2024-10-31"),
    ];
    items.extend(insured(LI, LAUNDRY, "2022-11", "2023-03"));
    items
}

fn reviewer(name: &str) -> Caller {
    Caller {
        subject: name.to_owned(),
        ..Caller::developer()
    }
}

struct City {
    test: TestApp,
    wrong: WorkerId,
    right: WorkerId,
}

impl City {
    /// Both records, with every month booked: three of 2023 twice.
    async fn posted(test: TestApp) -> Self {
        let wang = record(&test, bakery_with_wang()).await;
        let li = record(&test, laundry_with_the_wrong_record()).await;
        let caller = Caller::developer();
        for (number, employer_code, period) in [
            (1, BAKERY, "2023-03"),
            (2, LAUNDRY, "2022-12"),
            (3, LAUNDRY, "2023-03"),
        ] {
            let posting = post(number, employer_code, period, 10_000_000);
            test.app
                .post_deduction(&caller, posting)
                .await
                .expect("posted");
        }
        Self {
            right: wang[1].worker_id.expect("a worker"),
            wrong: li[1].worker_id.expect("a worker"),
            test,
        }
    }

    async fn merge(&self, number: u128, by: &str, merge_id: Option<CaseId>) -> AppResult<Merge> {
        let call = self.call(number, merge_id);
        self.test.app.merge_workers(&reviewer(by), call).await
    }

    fn call(&self, number: u128, merge_id: Option<CaseId>) -> MergeWorkers {
        MergeWorkers {
            request: write(number, &format!("{merge_id:?}")),
            validate_only: false,
            context: context(),
            from: self.wrong,
            into: self.right,
            reason: "证件号码录入有误".to_owned(),
            merge_id,
        }
    }

    async fn merged(&self) -> Merge {
        let proposed = self.merge(20, "赵", None).await.expect("proposed");
        let confirmed = self.merge(21, "钱", proposed.merge_id).await;
        confirmed.expect("confirmed")
    }

    async fn term(&self, who: Who, as_of: Option<i64>) -> WorkerTerm {
        let query = WorkerTermQuery {
            context: context(),
            who,
            as_of,
        };
        let term = self.test.app.worker_term(&Caller::developer(), query).await;
        term.expect("a term")
    }

    async fn recompute(&self, number: u128, employer_code: &str, year: i32) -> LedgerReply {
        let recomputing = RecomputeYear {
            request: write(number, "recompute"),
            validate_only: false,
            employer_code: code(employer_code),
            tax_year: TaxYear::new(year).expect("a year"),
            surcharge_through: None,
        };
        let caller = Caller::developer();
        let reply = self.test.app.recompute_year(&caller, recomputing).await;
        reply.expect("recomputed")
    }

    async fn assert_whole(&self) {
        let report = self.test.app.rebuild_and_compare().await.expect("compared");
        assert_eq!(report.differences, Vec::<String>::new());
        let trail = self.test.app.verify_audit().await.expect("verified");
        assert_eq!(trail.faults, Vec::<String>::new());
    }
}

async fn each() -> Vec<City> {
    let mut cities = Vec::new();
    for test in TestApp::each(date("2024-02-01")).await {
        cities.push(City::posted(test).await);
    }
    cities
}

#[tokio::test]
async fn the_effect_is_shown_before_another_person_confirms_it() {
    for city in each().await {
        let drawn_up = MergeWorkers {
            validate_only: true,
            ..city.call(10, None)
        };
        let drawn_up = city.test.app.merge_workers(&reviewer("赵"), drawn_up).await;
        let drawn_up = drawn_up.expect("told");
        assert_eq!((drawn_up.merge_id, drawn_up.is_confirmed), (None, false));
        let proposed = city.merge(11, "赵", None).await.expect("proposed");
        assert!(!proposed.is_confirmed);
        assert_eq!(proposed.effect, drawn_up.effect);
        let effect = &proposed.effect;
        let counted = [&effect.from, &effect.into, &effect.merged].map(|it| it.months_counted);
        assert_eq!(counted, [5, 3, 5], "each month once");
        assert_eq!(effect.merged.months_left, 31);
        assert_eq!(effect.moved, [month("2022-11"), month("2022-12")]);
        let given_up: Vec<MonthGivenUp> = ["2023-01", "2023-02", "2023-03"]
            .into_iter()
            .map(|text| MonthGivenUp {
                month: month(text),
                employer_code: code(LAUNDRY),
                kept_by: Some(code(BAKERY)),
            })
            .collect();
        assert_eq!(effect.given_up, given_up);
        let years: Vec<_> = effect
            .years
            .iter()
            .map(|year| {
                (
                    year.tax_year.number(),
                    year.months,
                    year.given_up,
                    year.is_settled,
                )
            })
            .collect();
        assert_eq!(years, [(2022, 2, 0, false), (2023, 3, 3, false)]);

        // Nothing has happened yet, and who proposed does not confirm.
        assert_eq!(city.term(who(LI), None).await.months_counted, 5);
        let refused = city.merge(12, "赵", proposed.merge_id).await;
        let refused = refused.expect_err("the same person");
        assert_eq!(refused.reason, ErrorReason::SecondPersonRequired);
        city.assert_whole().await;

        let confirmed = city.merge(13, "钱", proposed.merge_id).await;
        let confirmed = confirmed.expect("confirmed");
        assert!(confirmed.is_confirmed);
        assert_eq!(confirmed.effect, proposed.effect);
        let again = city.merge(13, "钱", proposed.merge_id).await;
        assert_eq!(again.expect("the first answer"), confirmed);
        let twice = city.merge(14, "孙", proposed.merge_id).await;
        let twice = twice.expect_err("confirmed before");
        assert_eq!(twice.reason, ErrorReason::TransitionNotAllowed);
        let anew = city.merge(15, "孙", None).await.expect_err("merged");
        assert_eq!(anew.reason, ErrorReason::WorkersNotMergeable);
        city.assert_whole().await;
    }
}

#[tokio::test]
async fn a_month_that_both_had_is_taken_back_by_recomputing_the_year_and_counted_once() {
    for city in each().await {
        let before = city.test.app.now_micros();
        city.test.clock.advance_days(1);
        city.merged().await;
        for who in [who(LI), who(WANG), Who::WorkerId(city.wrong)] {
            let term = city.term(who, None).await;
            assert_eq!((term.months_counted, term.months_left), (5, 31));
        }
        assert_eq!(city.term(who(WANG), Some(before)).await.months_counted, 3);
        let now = city.test.app.now_micros();
        assert_eq!(city.term(who(WANG), Some(now)).await.months_counted, 5);

        let kept = city.recompute(30, BAKERY, 2023).await;
        assert_eq!(kept.accruals, [], "the record that stays keeps its months");
        let kept = city.recompute(31, LAUNDRY, 2022).await;
        assert_eq!(kept.accruals, [], "what passed on is supported");
        let taken_back = city.recompute(32, LAUNDRY, 2023).await;
        let changes: Vec<_> = taken_back
            .accruals
            .iter()
            .map(|change| (change.worker_id, change.month, change.booked))
            .collect();
        let expected = ["2023-01", "2023-02", "2023-03"];
        assert_eq!(
            changes,
            expected.map(|text| (city.wrong, month(text), false))
        );
        assert!(taken_back.over_deducted_fen().get() > 0);
        let again = city.recompute(33, LAUNDRY, 2023).await;
        assert_eq!(again.accruals, [], "once");
        let term = city.term(who(LI), None).await;
        assert_eq!(term.months_counted, 5);
        city.assert_whole().await;
    }
}

#[tokio::test]
async fn what_was_booked_under_the_wrong_number_is_taken_back_under_the_right_one() {
    for city in each().await {
        city.merged().await;
        // The laundry's contract turns out never to have been: its months of 2022 go too.
        let query = FactListQuery {
            context: context(),
            subject: FactSubject::Worker(Who::WorkerId(city.wrong)),
            kinds: vec![mamagang_domain::fact::FactKind::Contract],
            include_history: false,
            show_identity: false,
            as_of: None,
            after: 0,
            limit: 50,
        };
        let caller = Caller::developer();
        let listed = city.test.app.list_facts(&caller, query).await;
        let facts = listed.expect("listed").facts;
        assert_eq!(facts.len(), 2, "the contracts of both records");
        let revision = facts[1].fact_id.revision;
        let fact_of = |worker_id, revision| RetractFact {
            request: write(40 + u128::from(revision), "retract"),
            fact_id: FactId {
                subject: Subject::Worker(worker_id),
                revision,
            },
            reason: "误录".to_owned(),
        };
        let gone = city
            .test
            .app
            .retract_fact(&caller, fact_of(city.wrong, 2))
            .await;
        assert_eq!(
            gone.expect_err("it was merged").reason,
            ErrorReason::FactAlreadyRetracted
        );
        let retracted = city
            .test
            .app
            .retract_fact(&caller, fact_of(city.right, revision))
            .await;
        retracted.expect("retracted");
        let taken_back = city.recompute(50, LAUNDRY, 2022).await;
        let changes: Vec<_> = taken_back
            .accruals
            .iter()
            .map(|change| (change.worker_id, change.booked))
            .collect();
        assert_eq!(changes, [(city.right, false); 2]);
        city.assert_whole().await;
    }
}

#[tokio::test]
async fn a_proposal_holds_only_while_what_it_was_drawn_from_stands() {
    for city in each().await {
        let proposed = city.merge(11, "赵", None).await.expect("proposed");
        record(&city.test, insured(LI, LAUNDRY, "2023-04", "2023-04")).await;
        let changed = city.merge(12, "钱", proposed.merge_id).await;
        let changed = changed.expect_err("a fact is newer");
        assert_eq!(changed.reason, ErrorReason::MergeEffectChanged);
        let proposed = city.merge(13, "赵", None).await.expect("proposed anew");
        let posting = post(9, LAUNDRY, "2023-04", 10_000_000);
        let caller = Caller::developer();
        city.test
            .app
            .post_deduction(&caller, posting)
            .await
            .expect("posted");
        let changed = city.merge(14, "钱", proposed.merge_id).await;
        let changed = changed.expect_err("a month is newer");
        assert_eq!(changed.reason, ErrorReason::MergeEffectChanged);
        city.assert_whole().await;
    }
}

#[tokio::test]
async fn facts_are_recorded_for_both_numbers_alike_and_kept_once() {
    for city in each().await {
        let merged = city.merged().await;
        assert_eq!(
            (
                merged.effect.facts_taken_over,
                merged.effect.facts_kept_aside
            ),
            (6, 1),
            "both were lifted from poverty on the same day"
        );
        let recorded = record(&city.test, insured(LI, LAUNDRY, "2023-05", "2023-05")).await;
        assert_eq!(recorded[0].worker_id, Some(city.right));
        let by_id = mamagang_app::facts::WorkerFactInput::Contribution(mamagang_testkit::paid(
            code(LAUNDRY),
            month("2023-06"),
        ));
        let by_id = item(FactInput::Worker(Who::WorkerId(city.wrong), by_id));
        let recorded = record(&city.test, vec![by_id]).await;
        assert_eq!(recorded[0].worker_id, Some(city.right));
        let renaming = |person: (&str, &str), name| {
            let profile = mamagang_domain::fact::WorkerProfile {
                town_code: "442000001".to_owned(),
            };
            let input = FactInput::WorkerProfile(identity(person.0, name), profile);
            RecordFacts {
                request: None,
                method: "mamagang.v1.RegistryService/RecordFacts",
                items: vec![item(input)],
                unread: Vec::new(),
            }
        };
        let caller = Caller::developer();
        for (request, is_right) in [
            (renaming(LI, "李丽"), false),
            (renaming(WANG, "王丽"), true),
        ] {
            let outcomes = city.test.app.record_facts(&caller, request).await;
            let recorded = matches!(outcomes.expect("answered")[0], FactOutcome::Recorded(_));
            assert_eq!(recorded, is_right, "the present number alone renames");
        }
        city.assert_whole().await;
    }
}

#[tokio::test]
async fn who_saw_either_record_is_told_and_erasing_the_person_erases_both() {
    for city in each().await {
        city.term(who(LI), None).await;
        city.merged().await;
        let caller = Caller::developer();
        let span = AuditSpan {
            from: None,
            until: None,
            after: None,
            limit: 100,
        };
        let page = city
            .test
            .app
            .list_subject_access(&caller, &context(), &who(WANG), span)
            .await
            .expect("listed");
        assert_eq!(page.worker_ids, [city.right, city.wrong]);
        let methods: Vec<&str> = page
            .events
            .iter()
            .map(|event| event.row.method.rsplit('/').next().unwrap_or_default())
            .collect();
        assert_eq!(
            methods.iter().filter(|it| **it == "MergeWorkers").count(),
            2
        );
        assert!(methods.contains(&"GetWorkerTerm"), "{methods:?}");

        let erase = EraseWorker {
            worker_id: city.right,
            reason: "个人信息保护法 art. 47".to_owned(),
        };
        city.test
            .app
            .erase_worker(&caller, &erase)
            .await
            .expect("erased");
        for person in [WANG, LI] {
            let question = MatchWorker {
                context: context(),
                identity: identity(person.0, person.1),
            };
            let found = city.test.app.match_worker(&caller, question).await;
            assert_eq!(
                found.expect_err("nobody").reason,
                ErrorReason::WorkerNotFound
            );
        }
        let erased = city
            .test
            .app
            .store()
            .erasures(&[city.wrong, city.right])
            .await;
        assert!(erased.expect("read").iter().all(Option::is_some));
        city.assert_whole().await;
    }
}

#[tokio::test]
async fn a_record_that_was_merged_into_goes_on_to_a_third() {
    for city in each().await {
        city.merged().await;
        let third = record(
            &city.test,
            vec![lifted(ZHANG), contract(ZHANG, LAUNDRY, "Z1", "2023-11-01")],
        )
        .await;
        let third = third[0].worker_id.expect("a worker");
        let onward = City {
            wrong: city.right,
            right: third,
            test: city.test,
        };
        let proposed = onward.merge(60, "赵", None).await.expect("proposed");
        let confirmed = onward.merge(61, "钱", proposed.merge_id).await;
        assert!(confirmed.expect("confirmed").is_confirmed);
        for person in [LI, WANG, ZHANG] {
            assert_eq!(onward.term(who(person), None).await.months_counted, 5);
        }
        onward.assert_whole().await;
    }
}

#[tokio::test]
async fn months_that_are_gone_from_either_record_are_noticed() {
    for is_wrong in [true, false] {
        let city = City::posted(TestApp::sqlite(date("2024-02-01")).await).await;
        city.merged().await;
        city.assert_whole().await;
        let id = if is_wrong { city.wrong } else { city.right };
        let change = "UPDATE worker SET booked_from = 0, booked = '', booked_by = ''
            WHERE worker_id = ?1 AND booked <> ''";
        let changed = sqlx::query(change).bind(id.bytes().to_vec());
        let changed = changed.execute(&mut raw(&city.test).await).await;
        assert_eq!(changed.expect("accepted").rows_affected(), 1);
        let report = city.test.app.rebuild_and_compare().await.expect("compared");
        let told = |named: &String| named.ends_with("person-months of its workers");
        assert!(report.differences.iter().any(told), "{report:?}");
    }
}
