//! The check code of a statement.

use mamagang_domain::frozen::digest;

/// Crockford's base 32: no letter that is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: 80 bits.
const LENGTH: usize = 16;

/// What a statement was made from, and a short code over that and everything it shows.
///
/// The code covers the hash of the ledger's last entry, which covers every entry before it, and the text of the tables.
/// Whoever may read the ledger can make the statement of the same instant again and compare: a figure that was changed on
/// paper, or a ledger that was changed behind it, gives another code. It is no signature: it proves nothing to those who
/// cannot ask the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckCode {
    /// The statement's kind, such as `forms`.
    pub kind: String,
    /// The employer.
    pub employer_code: String,
    /// The tax year; 0 = all.
    pub tax_year: i32,
    /// The state of knowledge in microseconds since 1970.
    pub as_of_micros: i64,
    /// The last entry's sequence.
    pub sequence: i64,
    /// The code, 16 characters.
    pub code: String,
}

/// Begins the text of the QR code.
const PREFIX: &str = "mamagang-check:1";

impl CheckCode {
    /// The code over the chain's end and what is shown, table by table.
    pub fn new(
        (kind, employer_code, tax_year): (&str, &str, i32),
        as_of_micros: i64,
        (sequence, chain_hash): (i64, &[u8]),
        shown: &[String],
    ) -> Self {
        let mut bytes = Vec::new();
        let head = [
            PREFIX.as_bytes(),
            kind.as_bytes(),
            employer_code.as_bytes(),
            &tax_year.to_be_bytes(),
            &as_of_micros.to_be_bytes(),
            &sequence.to_be_bytes(),
            chain_hash,
        ];
        // Each part with its length before it, so that no two statements are the same bytes.
        for part in head.into_iter().chain(shown.iter().map(String::as_bytes)) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        let hash = digest(&bytes);
        let number = hash
            .iter()
            .take(10)
            .fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        let character = |index: usize| {
            let shift = 5 * (LENGTH - 1 - index);
            let place = usize::try_from(number >> shift & 31).unwrap_or_default();
            char::from(ALPHABET[place])
        };
        Self {
            kind: kind.to_owned(),
            employer_code: employer_code.to_owned(),
            tax_year,
            as_of_micros,
            sequence,
            code: (0..LENGTH).map(character).collect(),
        }
    }

    /// As it is printed: `ABCD-EFGH-JKMN-PQRS`.
    pub fn shown(&self) -> String {
        let groups: Vec<&str> = (0..LENGTH)
            .step_by(4)
            .filter_map(|start| self.code.get(start..start + 4))
            .collect();
        groups.join("-")
    }

    /// As the QR code holds it.
    pub fn payload(&self) -> String {
        let Self {
            kind,
            employer_code,
            tax_year,
            as_of_micros,
            sequence,
            code,
        } = self;
        format!("{PREFIX}:{kind}:{employer_code}:{tax_year}:{as_of_micros}:{sequence}:{code}")
    }

    /// Reads what a QR code holds. `None` when it is none of ours.
    pub fn parse(payload: &str) -> Option<Self> {
        let rest = payload.strip_prefix(PREFIX)?.strip_prefix(':')?;
        let parts: Vec<&str> = rest.split(':').collect();
        let [kind, employer_code, tax_year, as_of_micros, sequence, code] = parts.as_slice() else {
            return None;
        };
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(())?;
        Some(Self {
            kind: (*kind).to_owned(),
            employer_code: (*employer_code).to_owned(),
            tax_year: tax_year.parse().ok()?,
            as_of_micros: as_of_micros.parse().ok()?,
            sequence: sequence.parse().ok()?,
            code: (*code).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(hash: &[u8], shown: &[&str]) -> CheckCode {
        let shown: Vec<String> = shown.iter().map(|text| (*text).to_owned()).collect();
        CheckCode::new(("forms", "91442000MAQQ000161", 2023), 7, (3, hash), &shown)
    }

    #[test]
    fn a_code_changes_with_every_figure_and_with_the_chain() {
        let whole = code(&[1; 32], &["650.00", "1"]);
        assert_eq!(whole, code(&[1; 32], &["650.00", "1"]));
        for other in [
            code(&[2; 32], &["650.00", "1"]),
            code(&[1; 32], &["650.01", "1"]),
            code(&[1; 32], &["650.001", ""]),
        ] {
            assert_ne!(whole.code, other.code);
        }
    }

    #[test]
    fn the_qr_code_is_read_back() {
        let whole = code(&[1; 32], &[]);
        assert_eq!(CheckCode::parse(&whole.payload()), Some(whole.clone()));
        assert_eq!(whole.shown().len(), 19);
        for wrong in [
            "",
            "mamagang-check:1:forms",
            &whole.payload().replace(&whole.code, "SHORT"),
            "mamagang-check:2:a:b:1:2:3:ABCDEFGHJKMNPQRS",
        ] {
            assert_eq!(CheckCode::parse(wrong), None, "{wrong}");
        }
    }
}
