//! Columns of a set, in the form in which PostgreSQL takes an array.
//!
//! A batch has fifty columns. Each is written once, element after element, into the bytes that are
//! sent; a list of lists would take memory for each element first.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};

/// Dimensions, flags, the elements' type, how many, and the first's number: 4 bytes each.
const HEADER: usize = 20;

/// Room for each element at first, at most.
const ELEMENT_EXPECTED: usize = 4_096;

/// The elements' types by their numbers, which are the same in every PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ints = 20,
    Texts = 25,
    Blobs = 17,
}

/// A column of a set: an array of one dimension.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    kind: Kind,
    len: usize,
    /// Each element after its length; -1 for one that is absent.
    elements: Vec<u8>,
}

impl Column {
    fn new(kind: Kind, len: usize, element: usize) -> Self {
        Self {
            kind,
            len: 0,
            elements: Vec::with_capacity(len * (4 + element)),
        }
    }

    fn push(&mut self, element: Option<&[u8]>) {
        self.len += 1;
        match element {
            Some(bytes) => {
                // More than an i32 tells is refused as a whole, see `encode_by_ref`.
                let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
                self.elements.extend_from_slice(&length.to_be_bytes());
                self.elements.extend_from_slice(bytes);
            }
            None => self.elements.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }

    fn of_bytes<B: AsRef<[u8]>>(kind: Kind, column: impl Iterator<Item = Option<B>>) -> Self {
        let mut column = column.peekable();
        let first = column.peek().and_then(Option::as_ref);
        // Elements of a column are mostly of a size.
        let element = first.map_or(0, |bytes| bytes.as_ref().len().min(ELEMENT_EXPECTED));
        let mut encoded = Self::new(kind, column.size_hint().0, element);
        for bytes in column {
            encoded.push(bytes.as_ref().map(AsRef::as_ref));
        }
        encoded
    }

    /// Numbers, some of them absent.
    pub(crate) fn ints(column: impl Iterator<Item = Option<i64>>) -> Self {
        let mut encoded = Self::new(Kind::Ints, column.size_hint().0, size_of::<i64>());
        for number in column {
            encoded.push(
                number
                    .map(i64::to_be_bytes)
                    .as_ref()
                    .map(<[u8; 8]>::as_slice),
            );
        }
        encoded
    }

    /// Texts, some of them absent.
    pub(crate) fn texts<T: AsRef<str>>(column: impl Iterator<Item = Option<T>>) -> Self {
        struct Utf8<T>(T);
        impl<T: AsRef<str>> AsRef<[u8]> for Utf8<T> {
            fn as_ref(&self) -> &[u8] {
                self.0.as_ref().as_bytes()
            }
        }
        Self::of_bytes(Kind::Texts, column.map(|text| text.map(Utf8)))
    }

    /// Bytes, some of them absent.
    pub(crate) fn blobs<B: AsRef<[u8]>>(column: impl Iterator<Item = Option<B>>) -> Self {
        Self::of_bytes(Kind::Blobs, column)
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Type<Postgres> for Column {
    fn type_info() -> PgTypeInfo {
        <Vec<u8> as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Column {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let count = i32::try_from(self.len)?;
        i32::try_from(self.elements.len())?;
        buffer.reserve(HEADER + self.elements.len());
        for number in [1, 0, self.kind as i32, count, 1] {
            buffer.extend_from_slice(&number.to_be_bytes());
        }
        buffer.extend_from_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self.kind {
            Kind::Ints => i64::array_type_info(),
            Kind::Texts => String::array_type_info(),
            Kind::Blobs => <Vec<u8> as PgHasArrayType>::array_type_info(),
        })
    }

    fn size_hint(&self) -> usize {
        HEADER + self.elements.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What sqlx itself makes of a list.
    fn listed<'q, T: Encode<'q, Postgres>>(list: T) -> Vec<u8> {
        let mut buffer = PgArgumentBuffer::default();
        let is_null = list.encode(&mut buffer).expect("a list");
        assert!(matches!(is_null, IsNull::No));
        buffer.to_vec()
    }

    #[test]
    fn a_column_is_sent_as_a_list_is() {
        let numbers = [vec![], vec![7], vec![-1, i64::MAX, i64::MIN]];
        for list in numbers {
            let column = Column::ints(list.iter().copied().map(Some));
            assert_eq!(column.len(), list.len());
            assert_eq!(listed(&column), listed(&list));
            assert_eq!(
                column.produces(),
                Some(<Vec<i64> as Type<Postgres>>::type_info())
            );
        }
        let list = vec!["".to_owned(), "妈妈岗".to_owned()];
        let column = Column::texts(list.iter().map(Some));
        assert_eq!(listed(&column), listed(&list));
        assert_eq!(
            column.produces(),
            Some(<Vec<String> as Type<Postgres>>::type_info())
        );
        let list = vec![vec![0, 255], vec![], vec![9; 70_000]];
        let column = Column::blobs(list.iter().map(Some));
        assert_eq!(listed(&column), listed(&list));
        assert_eq!(
            column.produces(),
            Some(<Vec<Vec<u8>> as Type<Postgres>>::type_info())
        );
    }

    #[test]
    fn an_element_may_be_absent() {
        let list = vec![None, Some(3_i64), None];
        let column = Column::ints(list.iter().copied());
        assert_eq!(listed(&column), listed(&list));
        let list = vec![Some("a".to_owned()), None];
        let column = Column::texts(list.iter().map(Option::as_ref));
        assert_eq!(listed(&column), listed(&list));
        let list = vec![None, Some(vec![1_u8])];
        let column = Column::blobs(list.iter().map(Option::as_ref));
        assert_eq!(listed(&column), listed(&list));
    }
}
