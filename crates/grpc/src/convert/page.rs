//! Pages of lists. A token is sealed by the use cases for its caller; inside it stand the selection it belongs to, the
//! instant that the first page read, and where the next page starts.

use mamagang_app::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use mamagang_app::{App, AppError, AppResult, Caller, ErrorReason};
use mamagang_domain::frozen::{Digest32, digest};

use super::check::Checker;
use crate::limits::TOKEN_CHARS_MAX;

/// How many rows a page has: 50 unless told, 1,000 at most (AIP-158).
pub(crate) fn size(check: &mut Checker<'_>, page_size: i32) -> Option<u32> {
    match u32::try_from(page_size) {
        Ok(0) => Some(PAGE_ROWS_DEFAULT),
        Ok(rows) => Some(rows.min(PAGE_ROWS_MAX)),
        Err(_) => {
            check.wrong("page_size", "不得为负数", "must not be negative");
            None
        }
    }
}

/// What a list is of: its method and its selection, encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selection(Digest32);

impl Selection {
    /// The selection of a method, encoded without page and context.
    pub(crate) fn new(method: &str, encoded: &[u8]) -> Self {
        Self(digest(&[method.as_bytes(), &[0], encoded].concat()))
    }
}

/// Where a page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// After what, in the list's own terms; empty on the first page.
    pub(crate) after: Vec<u8>,
    /// The instant to read (microseconds); `None` = now.
    pub(crate) as_of: Option<i64>,
}

/// Where the page of a token starts; without one, at the beginning.
pub(crate) fn open(
    app: &App,
    caller: &Caller,
    selection: Selection,
    token: &str,
    as_of: Option<i64>,
) -> AppResult<Start> {
    if token.is_empty() {
        return Ok(Start {
            after: Vec::new(),
            as_of,
        });
    }
    if token.len() > TOKEN_CHARS_MAX {
        return Err(invalid());
    }
    read(selection, &app.open_page(caller, token)?).ok_or_else(invalid)
}

/// The token of the page that starts after a position; empty when there is none.
pub(crate) fn next(
    app: &App,
    caller: &Caller,
    selection: Selection,
    as_of: i64,
    after: Option<&[u8]>,
) -> String {
    after
        .map(|after| app.seal_page(caller, &written(selection, as_of, after)))
        .unwrap_or_default()
}

/// A position that a list takes, or that the token is not valid.
pub(crate) fn position<T>(
    start: &Start,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> AppResult<Option<T>> {
    if start.after.is_empty() {
        return Ok(None);
    }
    read(&start.after).map(Some).ok_or_else(invalid)
}

/// A position that is a number.
pub(crate) fn number(start: &Start) -> AppResult<u32> {
    let read = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_be_bytes);
    Ok(position(start, read)?.unwrap_or(0))
}

fn invalid() -> AppError {
    AppError::new(ErrorReason::PageTokenInvalid).with("field", "page_token")
}

pub(crate) fn written(selection: Selection, as_of: i64, after: &[u8]) -> Vec<u8> {
    [&selection.0[..], &as_of.to_be_bytes()[..], after].concat()
}

fn read(selection: Selection, payload: &[u8]) -> Option<Start> {
    let rest = payload.strip_prefix(&selection.0[..])?;
    let (as_of, after) = rest.split_first_chunk()?;
    (!after.is_empty()).then(|| Start {
        after: after.to_vec(),
        as_of: Some(i64::from_be_bytes(*as_of)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::with_checker;

    #[test]
    fn a_page_has_fifty_rows_unless_told_and_a_thousand_at_most() {
        for (told, rows) in [
            (0, 50),
            (1, 1),
            (1_000, 1_000),
            (1_001, 1_000),
            (i32::MAX, 1_000),
        ] {
            assert_eq!(
                with_checker(|check| size(check, told)).expect("right"),
                rows
            );
        }
        for wrong in [-1, i32::MIN] {
            assert!(with_checker(|check| size(check, wrong)).is_err());
        }
    }

    #[test]
    fn a_token_is_read_for_its_own_selection_only() {
        let own = Selection::new("ListEntries", b"A");
        let payload = written(own, -7, &9_u32.to_be_bytes());
        let start = read(own, &payload).expect("its own");
        assert_eq!(
            start,
            Start {
                after: vec![0, 0, 0, 9],
                as_of: Some(-7)
            }
        );
        assert_eq!(number(&start).expect("a number"), 9);
        assert_eq!(read(Selection::new("ListEntries", b"B"), &payload), None);
        assert_eq!(read(Selection::new("ListFacts", b"A"), &payload), None);
        for cut in 0..=40 {
            assert_eq!(read(own, &payload[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn a_position_of_another_form_is_no_position() {
        let start = |after: &[u8]| Start {
            after: after.to_vec(),
            as_of: None,
        };
        assert_eq!(number(&start(&[])).expect("the first page"), 0);
        assert_eq!(
            number(&start(&[1])).expect_err("too short").reason,
            ErrorReason::PageTokenInvalid
        );
    }
}
