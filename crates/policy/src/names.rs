//! Names of parameters that more than one module needs.

/// What the names of all parameters of the subsidies begin with.
pub(crate) const SUBSIDY: &str = "subsidy.";
/// The yearly quota of one key-group hire.
pub(crate) const QUOTA_YEAR: &str = "key_group.quota_year";
/// What the names of all reduction codes begin with.
pub(crate) const REDUCTION_CODES: &str = "key_group.reduction_codes.";
/// Codes of another relief that must never appear for a hire.
pub(crate) const SELF_EMPLOYMENT_CODES: &str = "key_group.self_employment_codes";
/// Natural persons' threshold of a day.
pub(crate) const NATURAL_PERSON_DAY: &str = "vat.natural_person_day";
