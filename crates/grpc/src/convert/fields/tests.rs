use super::*;
use crate::convert::testing::{day, fields_of, with_checker};

/// Whether a field that is converted by `read` is right.
fn is_right<T>(read: impl FnOnce(&mut Checker<'_>) -> Option<T>) -> bool {
    match with_checker(read) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(fields_of(&error).len(), 1, "each fault is told once");
            let told = &error.violations[0];
            assert!(
                !told.zh.is_empty() && !told.en.is_empty(),
                "in both languages"
            );
            false
        }
    }
}

#[test]
fn texts_are_bounded_and_without_control_characters() {
    assert!(is_right(|check| check.sentence("f", &"审".repeat(500))));
    assert!(!is_right(|check| check.sentence("f", &"审".repeat(501))));
    assert!(!is_right(|check| check.sentence("f", "")));
    assert!(!is_right(|check| check.sentence("f", " \t")));
    assert!(!is_right(|check| check.sentence("f", "a\nb")));
    assert!(is_right(|check| check.optional_text("f", "", 3)));
    assert!(!is_right(|check| check.optional_text("f", "a\0", 3)));
}

#[test]
fn keys_have_no_blanks_at_their_ends() {
    assert!(is_right(|check| check.key("f", "2023-0001 A")));
    assert!(is_right(|check| check.key("f", &"k".repeat(KEY_CHARS_MAX))));
    for wrong in ["", " a", "a ", "\u{3000}a", &"k".repeat(KEY_CHARS_MAX + 1)] {
        assert!(!is_right(|check| check.key("f", wrong)), "{wrong:?}");
    }
    assert!(is_right(|check| check.optional_key("f", "")));
    assert!(is_right(|check| check.row_key(&"r".repeat(128))));
    assert!(!is_right(|check| check.row_key(&"r".repeat(129))));
}

#[test]
fn a_request_id_is_a_uuid_of_either_case() {
    let lower = "0193a5c0-0000-7000-8000-00000000abcd";
    let read = |text: &str| with_checker(|check| check.request_id(text)).ok();
    assert_eq!(read(lower), read(&lower.to_uppercase()));
    assert!(read(lower).is_some());
    for wrong in [
        "",
        "7",
        &lower.replace('-', ""),
        &format!("{{{lower}}}"),
        &format!("{lower} "),
    ] {
        assert!(!is_right(|check| check.request_id(wrong)), "{wrong}");
    }
}

#[test]
fn dates_and_months_are_read_strictly() {
    for right in ["2024-02-29", "0001-01-01", "9999-12-31"] {
        assert!(is_right(|check| check.date("f", right)), "{right}");
    }
    for wrong in [
        "",
        "2023-02-29",
        "2024-5-20",
        "2024/05/20",
        "20240520",
        " 2024-05-20",
        "2024-05-20T00:00:00Z",
    ] {
        assert!(!is_right(|check| check.date("f", wrong)), "{wrong}");
    }
    assert_eq!(
        with_checker(|check| check.optional_date("f", "")).expect("absent"),
        None
    );
    assert!(!is_right(|check| check.optional_date("f", "x")));
    for (text, right) in [
        ("2024-05", true),
        ("2024-12", true),
        ("2024-13", false),
        ("2024-00", false),
        ("", false),
    ] {
        assert_eq!(is_right(|check| check.month("f", text)), right, "{text}");
    }
    assert_eq!(
        with_checker(|check| check.optional_month("f", "")).expect("absent"),
        None
    );
}

#[test]
fn periods_and_years_are_read_strictly() {
    for (text, right) in [
        ("2024-05", true),
        ("2024-Q2", true),
        ("2024-Q5", false),
        ("2024-q2", false),
        ("2024", false),
        ("", false),
    ] {
        assert_eq!(is_right(|check| check.period("f", text)), right, "{text}");
    }
    for (number, right) in [
        (2024, true),
        (1, true),
        (9998, true),
        (9999, false),
        (0, false),
        (-1, false),
    ] {
        assert_eq!(is_right(|check| check.year("f", number)), right, "{number}");
    }
}

#[test]
fn amounts_lie_between_nothing_and_the_most() {
    for (fen, right) in [
        (0, true),
        (AMOUNT_FEN_MAX, true),
        (-1, false),
        (AMOUNT_FEN_MAX + 1, false),
        (i64::MIN, false),
    ] {
        assert_eq!(is_right(|check| check.amount("f", fen)), right, "{fen}");
    }
}

#[test]
fn a_umct_rate_is_one_of_the_day() {
    let rate = |bp: i32, on: Option<&str>| is_right(|check| check.umct_rate("f", bp, on.map(day)));
    for right in [700, 500, 100] {
        assert!(rate(right, Some("2024-05-20")));
    }
    assert!(!rate(600, Some("2029-12-31")));
    assert!(rate(600, Some("2030-01-01")));
    assert!(!rate(700, Some("2030-01-01")));
    assert!(!rate(0, Some("2024-05-20")));
    // A day that no policy covers: any rate that ever held.
    assert!(rate(700, Some("2018-12-31")) && rate(600, None));
    assert!(!rate(650, None));
}

#[test]
fn codes_have_the_form_of_their_kind() {
    let cases = [
        (&TOWN, "442000001", true),
        (&TOWN, "442000", false),
        (&OFFICE, "442000", true),
        (&OFFICE, "442000001", true),
        (&OFFICE, "4420000", false),
        (&PROVINCE, "440000", true),
        (&PROVINCE, "44", false),
        (&INDUSTRY, "O8010", true),
        (&INDUSTRY, "8010", false),
    ];
    for (form, text, right) in cases {
        assert_eq!(
            is_right(|check| check.code("f", text, form)),
            right,
            "{text}"
        );
        assert_eq!(
            is_right(|check| check.optional_code("f", text, form)),
            right,
            "{text}"
        );
    }
    assert!(!is_right(|check| check.code("f", "", &TOWN)));
    assert!(is_right(|check| check.optional_code("f", "", &TOWN)));
    assert!(is_right(|check| check.optional_listed("f", "", &["11"])));
    assert!(is_right(|check| check.optional_listed("f", "11", &["11"])));
    assert!(!is_right(|check| check.optional_listed("f", "12", &["11"])));
}

#[test]
fn employer_codes_are_checked() {
    assert!(is_right(
        |check| check.employer_code("f", "91442000MAQQ000161")
    ));
    for wrong in [
        "",
        "91442000MAQQ000162",
        "91442000MAQQ00016",
        "9I442000MAQQ000161",
    ] {
        assert!(
            !is_right(|check| check.employer_code("f", wrong)),
            "{wrong}"
        );
    }
    assert_eq!(
        with_checker(|check| check.optional_employer_code("f", "")).expect("absent"),
        None
    );
}

#[test]
fn instants_lie_inside_the_years_of_a_timestamp() {
    let at = |seconds: i64, nanos: i32| {
        with_checker(|check| check.instant("f", Some(&Timestamp { seconds, nanos })))
    };
    assert_eq!(
        with_checker(|check| check.instant("f", None)).expect("absent"),
        None
    );
    assert_eq!(at(1, 2_999).expect("right"), Some(1_000_002));
    assert_eq!(at(-1, 0).expect("right"), Some(-1_000_000));
    assert!(at(TIMESTAMP_SECONDS_MAX, 999_999_999).is_ok() && at(TIMESTAMP_SECONDS_MIN, 0).is_ok());
    for (seconds, nanos) in [
        (TIMESTAMP_SECONDS_MAX + 1, 0),
        (TIMESTAMP_SECONDS_MIN - 1, 0),
        (0, -1),
        (0, 1_000_000_000),
    ] {
        assert!(at(seconds, nanos).is_err(), "{seconds} {nanos}");
    }
}

#[test]
fn a_second_date_is_not_before_the_first() {
    let ordered = |from: &str, to: &str| {
        is_right(|check| {
            check.ordered(("from", Some(day(from))), ("to", Some(day(to))));
            Some(())
        })
    };
    assert!(ordered("2024-05-20", "2024-05-20"));
    assert!(ordered("2024-05-20", "2024-05-21"));
    assert!(!ordered("2024-05-20", "2024-05-19"));
}

#[test]
fn a_span_has_at_most_so_many_months() {
    let month = |text: &str| TaxMonth::parse(text).ok();
    let span = |to: &str| {
        is_right(|check| {
            check.span("to", month("2024-01"), month(to), 12);
            Some(())
        })
    };
    assert!(span("2024-12"));
    assert!(!span("2025-01"));
}
