//! What follows from the word of outside sources, and from their silence.

use mamagang_domain::fact::{PersonCategory, Source, WorkerFact};
use mamagang_domain::key_group::{Said, SourceReport, StatusRecord, ToldStatus, told_status};
use mamagang_domain::reason::{
    Outcome,
    ReasonCode::{
        self, AllConditionsMet, CategoryNotCoveredAtDate, ConflictingEvidence, NoRecord,
        SourceUnreachable, SpellTooShort,
    },
};
use mamagang_domain::timeline::Timeline;
use mamagang_policy::law_cases::world::{book, certificate, day, poverty, spell};

use PersonCategory::{LiftedFromPoverty, RegisteredUnemployed};

fn lifted(to: Option<&str>) -> StatusRecord {
    StatusRecord::Poverty(poverty(LiftedFromPoverty, day("2016-01-01"), to.map(day)))
}

fn report(category: PersonCategory, said: Said) -> SourceReport {
    SourceReport {
        name: "登记册".to_owned(),
        categories: vec![category],
        said,
    }
}

fn listed(records: Vec<StatusRecord>) -> Said {
    Said::Records {
        records,
        drawn_on: day("2024-01-31"),
    }
}

/// What is recorded, drawn on a day.
fn recorded(facts: Vec<WorkerFact>, drawn_on: &str) -> Timeline {
    let source = Source {
        name: "人社".to_owned(),
        drawn_on: Some(day(drawn_on)),
    };
    let mut timeline = Timeline::default();
    for fact in facts {
        timeline.apply(fact, &source);
    }
    timeline
}

fn lifted_on_record() -> Timeline {
    let status = poverty(LiftedFromPoverty, day("2016-01-01"), None);
    recorded(vec![WorkerFact::Poverty(status)], "2024-01-30")
}

/// Registered for less than half a year on the day that is asked for.
fn unemployed_too_short() -> Timeline {
    let spell = WorkerFact::Spell(spell(day("2023-12-01"), None));
    recorded(
        vec![spell, WorkerFact::Certificate(certificate(1, true))],
        "2024-01-30",
    )
}

fn ask(timeline: Option<&Timeline>, reports: &[SourceReport]) -> ToldStatus {
    told_status(&book().key_group, timeline, reports, day("2024-02-01"))
}

fn outcome(told: &ToldStatus) -> Outcome {
    told.codes[0].outcome()
}

fn codes(timeline: Option<&Timeline>, reports: &[SourceReport]) -> Vec<ReasonCode> {
    ask(timeline, reports).codes
}

#[test]
fn a_source_that_knows_a_person_whom_nobody_recorded_is_believed_and_named() {
    let told = ask(
        None,
        &[report(LiftedFromPoverty, listed(vec![lifted(None)]))],
    );
    assert_eq!(told.codes, [AllConditionsMet]);
    assert_eq!(told.finding.category, Some(LiftedFromPoverty));
    let source = told.source.expect("a source");
    assert_eq!(
        (source.name.as_str(), source.drawn_on),
        ("登记册", Some(day("2024-01-31")))
    );
}

#[test]
fn a_source_that_cannot_be_asked_makes_neither_a_yes_nor_a_no() {
    let silent = |category| [report(category, Said::NotAsked)];
    let lifted = lifted_on_record();
    let unemployed = unemployed_too_short();
    assert_eq!(codes(Some(&lifted), &[]), [AllConditionsMet]);
    assert_eq!(codes(Some(&unemployed), &[]), [SpellTooShort]);
    // The person may have left the register since, or stand in it under another day.
    assert_eq!(
        codes(Some(&lifted), &silent(LiftedFromPoverty)),
        [SourceUnreachable]
    );
    assert_eq!(
        codes(Some(&unemployed), &silent(LiftedFromPoverty)),
        [SourceUnreachable]
    );
    assert_eq!(
        codes(Some(&unemployed), &silent(RegisteredUnemployed)),
        [SourceUnreachable]
    );
    // What is under review anyway stays so, and the source is told too.
    assert_eq!(
        codes(None, &silent(LiftedFromPoverty)),
        [NoRecord, SourceUnreachable]
    );
    // A register of another category says nothing about a yes.
    assert_eq!(
        codes(Some(&lifted), &silent(RegisteredUnemployed)),
        [AllConditionsMet]
    );
}

#[test]
fn whatever_is_recorded_silence_of_every_source_is_never_a_no() {
    let silent = [
        report(LiftedFromPoverty, Said::NotAsked),
        report(RegisteredUnemployed, Said::NotAsked),
    ];
    let ended = poverty(
        LiftedFromPoverty,
        day("2016-01-01"),
        Some(day("2020-12-31")),
    );
    for timeline in [
        lifted_on_record(),
        unemployed_too_short(),
        recorded(vec![WorkerFact::Poverty(ended)], "2024-01-30"),
        Timeline::default(),
    ] {
        let told = ask(Some(&timeline), &silent);
        assert_eq!(outcome(&told), Outcome::Review, "{told:?}");
        assert!(told.codes.contains(&SourceUnreachable), "{told:?}");
    }
}

#[test]
fn a_record_that_its_register_does_not_list_is_conflicting() {
    let timeline = lifted_on_record();
    let empty = || listed(Vec::new());
    let of_others = [report(RegisteredUnemployed, empty())];
    assert_eq!(codes(Some(&timeline), &of_others), [AllConditionsMet]);
    let of_its_own = [report(LiftedFromPoverty, empty())];
    assert_eq!(codes(Some(&timeline), &of_its_own), [ConflictingEvidence]);
    // Unless it was recorded from data that is newer than the register's.
    let status = poverty(LiftedFromPoverty, day("2016-01-01"), None);
    for (drawn_on, code) in [
        ("2024-01-31", ConflictingEvidence),
        ("2024-02-01", AllConditionsMet),
    ] {
        let timeline = recorded(vec![WorkerFact::Poverty(status.clone())], drawn_on);
        assert_eq!(codes(Some(&timeline), &of_its_own), [code], "{drawn_on}");
    }
}

#[test]
fn the_later_drawn_of_two_records_with_one_key_holds() {
    let ended = || {
        [report(
            LiftedFromPoverty,
            listed(vec![lifted(Some("2020-12-31"))]),
        )]
    };
    let timeline = lifted_on_record();
    assert_eq!(codes(Some(&timeline), &ended()), [CategoryNotCoveredAtDate]);
    let status = poverty(LiftedFromPoverty, day("2016-01-01"), None);
    let newer = recorded(vec![WorkerFact::Poverty(status)], "2024-02-01");
    assert_eq!(codes(Some(&newer), &ended()), [AllConditionsMet]);
}

#[test]
fn a_source_is_not_believed_about_categories_that_are_not_its_own() {
    let told = codes(
        None,
        &[report(RegisteredUnemployed, listed(vec![lifted(None)]))],
    );
    assert_eq!(told, [NoRecord]);
}
