//! Employers and their profiles.

use mamagang_domain::fact::EmployerProfile;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::timeline::EmployerRecord;
use mamagang_proto::v1;

use crate::convert::enums::ApiEnum as _;

/// An employer with the profiles that stand.
pub(crate) fn employer(code: &EmployerCode, record: &EmployerRecord) -> v1::Employer {
    v1::Employer {
        employer_code: code.to_string(),
        profiles: record
            .profiles
            .iter()
            .map(|held| profile(code, &held.body))
            .collect(),
        revision: i64::from(record.revision),
    }
}

/// An employer's profile.
pub(crate) fn profile(code: &EmployerCode, profile: &EmployerProfile) -> v1::EmployerProfile {
    v1::EmployerProfile {
        employer_code: code.to_string(),
        name: profile.name.clone(),
        kind: profile.kind.to_api(),
        town_code: profile.town_code.clone(),
        industry_code: profile.industry_code.clone(),
        vat_payer: profile.vat_payer.to_api(),
        filing_cycle: profile.filing_cycle.to_api(),
        umct_rate_bp: profile.umct_rate_bp.get(),
        half_rate_surcharges: profile.half_rate_surcharges,
        size_class: profile.size_class.to_api(),
        from_date: profile.from_on.to_string(),
    }
}
