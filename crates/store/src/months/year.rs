//! The months booked for an employer in a year: packed, and in rows that can be changed.

use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::CodeGroup;

use super::{YearKey, conflict, corrupt};
use crate::rows::PersonMonth;
use crate::{StoreError, StoreErrorKind, StoreResult};

/// The layout of [`pack_year`].
const YEAR_LAYOUT: u8 = 1;

/// What booked a month, and how: many months of a year share it.
type Mark = (CodeGroup, Fen, u32);

/// Bytes of a [`Mark`]: group, amount, sequence.
const MARK_BYTES: usize = 1 + 8 + 4;

/// Of each month of a year the number of its mark, counted from 1; 0 where it is not booked.
type Places = [u16; 12];

/// Bytes of a worker's year: its id, and the mark of each month.
const ROW_BYTES: usize = 16 + 12 * 2;

/// A year unpacked, to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct YearRows {
    /// Some of them may be used no more, once months were taken back.
    marks: Vec<Mark>,
    /// In order of worker.
    rows: Vec<(WorkerId, Places)>,
}

impl YearRows {
    /// Reads packed months. Corrupt: they cannot be read.
    pub(super) fn unpack(bytes: &[u8]) -> StoreResult<Self> {
        Self::read(bytes).ok_or_else(|| corrupt("months of a year"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let Some((layout, rest)) = bytes.split_first() else {
            return Some(Self::default());
        };
        if *layout != YEAR_LAYOUT {
            return None;
        }
        let (count, rest) = rest.split_first_chunk()?;
        let count = u16::from_be_bytes(*count);
        let (marks, rows) = rest.split_at_checked(usize::from(count) * MARK_BYTES)?;
        let marks = marks.chunks_exact(MARK_BYTES).map(|bytes| {
            let (group, bytes) = bytes.split_first()?;
            let (amount, bytes) = bytes.split_first_chunk()?;
            let sequence = bytes.first_chunk()?;
            Some((
                *CodeGroup::ALL.get(usize::from(*group))?,
                Fen::new(i64::from_be_bytes(*amount)),
                u32::from_be_bytes(*sequence),
            ))
        });
        let rows = rows.chunks(ROW_BYTES).map(|row| {
            let (worker, bytes) = row.split_at_checked(16)?;
            let (bytes, []) = bytes.as_chunks::<2>() else {
                return None;
            };
            let mut places = Places::default();
            if bytes.len() != places.len() {
                return None;
            }
            for (place, bytes) in places.iter_mut().zip(bytes) {
                *place = u16::from_be_bytes(*bytes);
            }
            let are_known = places.iter().all(|place| *place <= count);
            are_known.then_some((WorkerId::from_slice(worker)?, places))
        });
        let year = Self {
            marks: marks.collect::<Option<_>>()?,
            rows: rows.collect::<Option<_>>()?,
        };
        let in_order = year.rows.is_sorted_by(|(one, _), (other, _)| one < other);
        in_order.then_some(year)
    }

    /// The bytes that [`Self::unpack`] reads.
    pub(super) fn pack(&self) -> StoreResult<Vec<u8>> {
        let mut is_used = vec![false; self.marks.len()];
        for place in self.rows.iter().flat_map(|(_, places)| places) {
            let mark = usize::from(*place).checked_sub(1);
            if let Some(is_used) = mark.and_then(|mark| is_used.get_mut(mark)) {
                *is_used = true;
            }
        }
        let used = self.marks.iter().zip(&is_used);
        let mut marks: Vec<Mark> = used.filter(|it| *it.1).map(|it| *it.0).collect();
        marks.sort_unstable_by_key(told);
        let count = u16::try_from(marks.len()).map_err(|_| too_many_marks())?;
        // The numbers as they are to be, of each mark as it is numbered here.
        let number = |mark: &Mark| {
            let place = marks.partition_point(|known| told(known) < told(mark));
            u16::try_from(place + 1).unwrap_or_default()
        };
        let numbers: Vec<u16> = self.marks.iter().map(number).collect();
        let size = 3 + marks.len() * MARK_BYTES + self.rows.len() * ROW_BYTES;
        let mut bytes = Vec::with_capacity(size);
        bytes.push(YEAR_LAYOUT);
        bytes.extend(count.to_be_bytes());
        for (group, amount, sequence) in &marks {
            bytes.push(*group as u8);
            bytes.extend(amount.get().to_be_bytes());
            bytes.extend(sequence.to_be_bytes());
        }
        for (worker, places) in &self.rows {
            if *places == Places::default() {
                continue;
            }
            bytes.extend(worker.bytes());
            for place in places {
                let mark = usize::from(*place).checked_sub(1);
                let number = mark.and_then(|mark| numbers.get(mark)).copied();
                bytes.extend(number.unwrap_or_default().to_be_bytes());
            }
        }
        Ok(bytes)
    }

    /// Books a month of the year. False where it is booked already.
    pub(super) fn book(&mut self, month: &PersonMonth) -> StoreResult<bool> {
        let mark = (month.group, month.amount_fen, month.sequence);
        // Most are booked by the last.
        let known = self.marks.iter().rposition(|it| *it == mark);
        let at = known.unwrap_or(self.marks.len());
        let number = u16::try_from(at + 1).map_err(|_| too_many_marks())?;
        let row = self.row(month.worker_id).unwrap_or_else(|at| {
            self.rows.insert(at, (month.worker_id, Places::default()));
            at
        });
        let place = self.rows.get_mut(row);
        let place = place.and_then(|(_, places)| places.get_mut(place_in_year(month.month)));
        match place {
            Some(place) if *place == 0 => *place = number,
            _ => return Ok(false),
        }
        if known.is_none() {
            self.marks.push(mark);
        }
        Ok(true)
    }

    /// Takes a month of the year back. False where it is not booked.
    pub(super) fn release(&mut self, worker_id: WorkerId, month: TaxMonth) -> bool {
        let row = self.row(worker_id).ok();
        let row = row.and_then(|at| self.rows.get_mut(at));
        let place = row.and_then(|(_, places)| places.get_mut(place_in_year(month)));
        place.is_some_and(|place| std::mem::take(place) != 0)
    }

    /// A worker's booked months, in order.
    pub(super) fn booked_of(
        &self,
        worker_id: WorkerId,
        key: YearKey,
    ) -> impl Iterator<Item = BookedMonth> {
        let row = self.row(worker_id).ok();
        let row = row.and_then(|at| self.rows.get(at));
        let places = row.map_or(Places::default(), |(_, places)| *places);
        booked_at(places, key)
    }

    /// How many months of a worker are booked.
    pub(super) fn count_of(&self, worker_id: WorkerId) -> usize {
        let row = self.row(worker_id).ok();
        let row = row.and_then(|at| self.rows.get(at));
        row.map_or(0, |(_, places)| {
            places.iter().filter(|it| **it != 0).count()
        })
    }

    /// All of them, by month and worker.
    fn months(&self, (employer_code, year): YearKey) -> Vec<PersonMonth> {
        let mut months = Vec::with_capacity(self.rows.len() * 12);
        for (at, month) in year.first_month().through(year.last_month()).enumerate() {
            for (worker_id, places) in &self.rows {
                let place = places.get(at).copied().unwrap_or_default();
                let mark = usize::from(place).checked_sub(1);
                let Some(mark) = mark.and_then(|mark| self.marks.get(mark)) else {
                    continue;
                };
                let (group, amount_fen, sequence) = *mark;
                months.push(PersonMonth {
                    worker_id: *worker_id,
                    month,
                    employer_code,
                    group,
                    amount_fen,
                    sequence,
                });
            }
        }
        months
    }

    fn row(&self, worker_id: WorkerId) -> Result<usize, usize> {
        self.rows.binary_search_by(|(id, _)| id.cmp(&worker_id))
    }
}

/// A mark as its bytes tell it, and in their order.
fn told((group, amount, sequence): &Mark) -> (u8, i64, u32) {
    (*group as u8, amount.get(), *sequence)
}

fn too_many_marks() -> StoreError {
    let context = "an employer's year has more marks than can be told apart";
    StoreError::new(StoreErrorKind::Internal, context)
}

fn place_in_year(month: TaxMonth) -> usize {
    usize::try_from(month.month() - 1).unwrap_or_default()
}

fn booked_at(
    places: impl IntoIterator<Item = u16>,
    (employer_code, year): YearKey,
) -> impl Iterator<Item = BookedMonth> {
    let months = year.first_month().through(year.last_month());
    let booked = months.zip(places).filter(|(_, place)| *place != 0);
    booked.map(move |(month, _)| BookedMonth {
        month,
        employer_code,
    })
}

/// Packs the months booked for an employer in a year, each there once, in any order. Numbers are
/// big-endian: the layout's number; how many marks there are (2 bytes) and the marks in order, each
/// group (1), amount in fen (8) and sequence of the entry (4); then for each worker, in order, its
/// id (16) and for each month of the year which mark it has, counted from 1, or 0 (12 × 2).
pub fn pack_year(months: &[PersonMonth]) -> StoreResult<Vec<u8>> {
    let mut year = YearRows::default();
    for month in months {
        if !year.book(month)? {
            return Err(conflict("a month is booked twice"));
        }
    }
    year.pack()
}

/// The months of an employer's year, by month and worker; none of no bytes.
pub fn unpack_year(bytes: &[u8], key: YearKey) -> StoreResult<Vec<PersonMonth>> {
    Ok(YearRows::unpack(bytes)?.months(key))
}

/// Adds the months that are booked for one worker in a packed year, in order; none of no bytes.
pub fn add_booked_of(
    worker_id: WorkerId,
    bytes: &[u8],
    key: YearKey,
    booked: &mut Vec<BookedMonth>,
) -> StoreResult<()> {
    booked.extend(booked_at(places_of(worker_id, bytes)?, key));
    Ok(())
}

/// How many months of a worker are booked in a year, without the others.
pub(super) fn count_booked_of(worker_id: WorkerId, bytes: &[u8]) -> StoreResult<usize> {
    let places = places_of(worker_id, bytes)?;
    Ok(places.filter(|place| *place != 0).count())
}

fn places_of(worker_id: WorkerId, bytes: &[u8]) -> StoreResult<impl Iterator<Item = u16>> {
    let found = find_row(worker_id, bytes).ok_or_else(|| corrupt("months of a year"))?;
    Ok(found
        .unwrap_or_default()
        .iter()
        .copied()
        .map(u16::from_be_bytes))
}

/// Which mark each month of a worker has, of packed months; workers stand in order.
fn find_row(worker_id: WorkerId, bytes: &[u8]) -> Option<Option<&[[u8; 2]]>> {
    let Some((layout, rest)) = bytes.split_first() else {
        return Some(None);
    };
    let (count, rest) = rest.split_first_chunk()?;
    let marks = usize::from(u16::from_be_bytes(*count)) * MARK_BYTES;
    let (rows, rest) = rest.split_at_checked(marks)?.1.as_chunks::<ROW_BYTES>();
    if *layout != YEAR_LAYOUT || !rest.is_empty() {
        return None;
    }
    let id = worker_id.bytes();
    let Ok(at) = rows.binary_search_by(|row| row.get(..id.len()).cmp(&Some(&id[..]))) else {
        return Some(None);
    };
    let (places, _) = rows.get(at)?.get(id.len()..)?.as_chunks::<2>();
    Some(Some(places))
}

#[cfg(test)]
mod tests {
    use mamagang_domain::month::TaxYear;

    use super::super::tests::{booked, employer, worker};
    use super::super::year_of;
    use super::*;

    fn read(bytes: &[u8], key: YearKey) -> Option<Vec<PersonMonth>> {
        Some(YearRows::read(bytes)?.months(key))
    }

    #[test]
    fn a_years_months_come_back_by_month_and_worker() {
        let year = TaxYear::new(2024).expect("a year");
        let mut months = vec![
            booked(2, "2024-12", 1),
            booked(1, "2024-12", 1),
            booked(2, "2024-01", 1),
        ];
        months[1].group = CodeGroup::Poverty;
        months[1].amount_fen = Fen::new(i64::MIN);
        months[2].sequence = u32::MAX;
        let packed = pack_year(&months).expect("packed");
        assert_eq!(packed.len(), 3 + 3 * MARK_BYTES + 2 * ROW_BYTES);
        months.sort_unstable_by_key(|it| (it.month, it.worker_id));
        let key = (employer(1), year);
        assert_eq!(read(&packed, key), Some(months));
        let empty = pack_year(&[]).expect("packed");
        assert_eq!(read(&empty, key), Some(Vec::new()));
        assert_eq!(read(&[], key), Some(Vec::new()));
    }

    #[test]
    fn one_workers_months_are_found_among_those_of_a_year() {
        let key = year_of(&booked(1, "2024-01", 1));
        let months = [
            booked(2, "2024-12", 1),
            booked(1, "2024-12", 1),
            booked(2, "2024-01", 1),
            booked(4, "2024-03", 1),
        ];
        let packed = pack_year(&months).expect("packed");
        let found = |who, bytes: &[u8]| {
            let mut found = Vec::new();
            add_booked_of(worker(who), bytes, key, &mut found).map(|()| found)
        };
        for who in 1..=5 {
            let mut expected = months.map(|it| (it.worker_id == worker(who), it.booked()));
            expected.sort_unstable_by_key(|(_, it)| it.month);
            let expected = expected.iter().filter(|(is_it, _)| *is_it);
            let expected = Vec::from_iter(expected.map(|(_, it)| *it));
            assert_eq!(found(who, &packed).expect("packed"), expected, "{who}");
        }
        assert_eq!(found(1, &[]).expect("nobody"), []);
        let [cut, longer] = [&packed[..packed.len() - 1], &[&packed[..], &[0]].concat()];
        for wrong in [cut, longer, &[2, 0, 0], &[1, 0], &[1, 0, 1]] {
            let kind = found(1, wrong).expect_err("corrupt").kind();
            assert_eq!(kind, StoreErrorKind::Corrupt);
        }
    }

    #[test]
    fn bytes_that_are_cut_off_or_of_another_layout_are_not_read() {
        let key = year_of(&booked(1, "2024-01", 1));
        let packed = pack_year(&[booked(1, "2024-01", 1)]).expect("packed");
        // Without its workers it is a year of no months.
        let whole = [0, 3 + MARK_BYTES];
        for length in (0..packed.len()).filter(|length| !whole.contains(length)) {
            assert_eq!(read(&packed[..length], key), None, "{length}");
        }
        for (at, value) in [(0, 2), (2, 2), (3, 2), (3 + MARK_BYTES + 17, 2)] {
            let mut other = packed.clone();
            other[at] = value;
            assert_eq!(read(&other, key), None, "{at}");
        }
    }

    #[test]
    fn months_booked_and_taken_back_are_packed_as_if_they_alone_had_been_booked() {
        let with = |month: PersonMonth, group, sequence| PersonMonth {
            group,
            sequence,
            ..month
        };
        let [poverty, unemployed] = [CodeGroup::Poverty, CodeGroup::Unemployment];
        let months = [
            with(booked(2, "2024-05", 1), unemployed, 1),
            with(booked(2, "2024-06", 1), unemployed, 7),
            with(booked(1, "2024-05", 1), poverty, 9),
            with(booked(3, "2024-05", 1), poverty, 2),
            with(booked(1, "2024-12", 1), unemployed, 7),
        ];
        // Whichever of them are there, in whatever order they came and from whatever was packed before.
        for chosen in 0..1 << months.len() {
            let is_chosen = |at: &usize| chosen & (1 << at) != 0;
            let (mut year, mut expected) = (YearRows::default(), Vec::new());
            for (at, month) in months.iter().enumerate() {
                assert!(year.book(month).expect("few marks"), "{at}");
                assert!(!year.book(month).expect("few marks"), "{at}");
                year = YearRows::unpack(&year.pack().expect("packed")).expect("unpacked");
            }
            for (at, month) in months.iter().enumerate().rev() {
                if is_chosen(&at) {
                    expected.push(*month);
                } else {
                    assert!(year.release(month.worker_id, month.month), "{at}");
                    assert!(!year.release(month.worker_id, month.month), "{at}");
                }
            }
            let packed = year.pack().expect("packed");
            assert_eq!(packed, pack_year(&expected).expect("packed"), "{chosen}");
            let key = year_of(&months[0]);
            expected.sort_unstable_by_key(|it| (it.month, it.worker_id));
            assert_eq!(read(&packed, key), Some(expected.clone()), "{chosen}");
            for who in 1..=4 {
                let of_worker = expected.iter().filter(|it| it.worker_id == worker(who));
                let of_worker: Vec<_> = of_worker.map(PersonMonth::booked).collect();
                assert_eq!(Vec::from_iter(year.booked_of(worker(who), key)), of_worker);
                assert_eq!(year.count_of(worker(who)), of_worker.len());
                let count = count_booked_of(worker(who), &packed).expect("packed");
                assert_eq!(count, of_worker.len());
            }
        }
    }

    #[test]
    fn rows_out_of_order_are_not_read() {
        let key = year_of(&booked(1, "2024-01", 1));
        let both = [booked(1, "2024-01", 1), booked(2, "2024-01", 1)];
        let packed = pack_year(&both).expect("packed");
        let (head, rows) = packed.split_at(3 + MARK_BYTES);
        let (first, second) = rows.split_at(ROW_BYTES);
        assert_eq!(
            read(&[head, first, second].concat(), key),
            Some(both.to_vec())
        );
        assert_eq!(read(&[head, second, first].concat(), key), None);
        assert_eq!(read(&[head, first, first].concat(), key), None);
    }
}
