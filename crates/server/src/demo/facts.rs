//! Rows of the sample's files as facts.

use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::worker_ref::Ref;
use mamagang_proto::v1::{
    Contract, ContractKind, Contribution, DocumentType, EmployerKind, EmployerProfile,
    EmploymentCertificate, Fact, FilingCycle, FlexibleRegistration, IdentityDocument, Insurance,
    OtherRelief, PersonCategory, PovertyStatus, PriorTermUse, SizeClass, UnemploymentSpell,
    VatPayer, WorkerProfile, WorkerRef,
};

use super::table::Row;

/// A file of facts: its name, and what its rows say.
pub(super) struct FactFile {
    /// Without `.csv`.
    pub(super) name: &'static str,
    /// Makes a row's fact.
    pub(super) kind: fn(&Row<'_>) -> anyhow::Result<Kind>,
}

/// The files in the order in which they are recorded: employers and workers before what is known of them.
pub(super) const FACT_FILES: [FactFile; 10] = [
    FactFile {
        name: "employers",
        kind: employer,
    },
    FactFile {
        name: "workers",
        kind: worker,
    },
    FactFile {
        name: "unemployment_spells",
        kind: unemployment_spell,
    },
    FactFile {
        name: "poverty_statuses",
        kind: poverty_status,
    },
    FactFile {
        name: "certificates",
        kind: certificate,
    },
    FactFile {
        name: "contracts",
        kind: contract,
    },
    FactFile {
        name: "contributions",
        kind: contribution,
    },
    FactFile {
        name: "other_reliefs",
        kind: other_relief,
    },
    FactFile {
        name: "prior_term_uses",
        kind: prior_term_use,
    },
    FactFile {
        name: "flexible_registrations",
        kind: flexible_registration,
    },
];

/// A row's fact.
pub(super) fn fact(
    row: &Row<'_>,
    kind: fn(&Row<'_>) -> anyhow::Result<Kind>,
) -> anyhow::Result<Fact> {
    Ok(Fact {
        fact_id: String::new(),
        row_key: row.text("row_key")?,
        source: row.text("source")?,
        source_date: row.text("source_date")?,
        kind: Some(kind(row)?),
    })
}

/// The person that a row names by document and name.
pub(super) fn worker_ref(row: &Row<'_>) -> anyhow::Result<Option<WorkerRef>> {
    Ok(Some(WorkerRef {
        r#ref: Some(Ref::Identity(identity(row)?)),
    }))
}

fn identity(row: &Row<'_>) -> anyhow::Result<IdentityDocument> {
    Ok(IdentityDocument {
        r#type: row.code(
            "document_type",
            "DOCUMENT_TYPE_",
            DocumentType::from_str_name,
        )?,
        number: row.text("document_number")?,
        name: row.text("name")?,
    })
}

fn employer(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::EmployerProfile(EmployerProfile {
        employer_code: row.text("employer_code")?,
        name: row.text("name")?,
        kind: row.code("kind", "EMPLOYER_KIND_", EmployerKind::from_str_name)?,
        town_code: row.text("town_code")?,
        industry_code: row.text("industry_code")?,
        vat_payer: row.code("vat_payer", "VAT_PAYER_", VatPayer::from_str_name)?,
        filing_cycle: row.code("filing_cycle", "FILING_CYCLE_", FilingCycle::from_str_name)?,
        umct_rate_bp: row.number("umct_rate_bp")?,
        half_rate_surcharges: row.flag("half_rate_surcharges")?,
        size_class: row.code("size_class", "SIZE_CLASS_", SizeClass::from_str_name)?,
        from_date: row.text("from_date")?,
    }))
}

fn worker(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::WorkerProfile(WorkerProfile {
        identity: Some(identity(row)?),
        town_code: row.text("town_code")?,
    }))
}

fn unemployment_spell(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::UnemploymentSpell(UnemploymentSpell {
        worker: worker_ref(row)?,
        registered_date: row.text("registered_date")?,
        ended_date: row.text("ended_date")?,
        end_code: row.text("end_code")?,
        reason_code: row.text("reason_code")?,
        office_code: row.text("office_code")?,
    }))
}

fn poverty_status(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::PovertyStatus(PovertyStatus {
        worker: worker_ref(row)?,
        category: row.code(
            "category",
            "PERSON_CATEGORY_",
            PersonCategory::from_str_name,
        )?,
        from_date: row.text("from_date")?,
        to_date: row.text("to_date")?,
    }))
}

fn certificate(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::EmploymentCertificate(EmploymentCertificate {
        worker: worker_ref(row)?,
        certificate_number: row.text("certificate_number")?,
        enterprise_absorption_note: row.flag("enterprise_absorption_note")?,
        note_date: row.text("note_date")?,
        office_code: row.text("office_code")?,
    }))
}

fn contract(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::Contract(Contract {
        contract_id: row.text("contract_id")?,
        employer_code: row.text("employer_code")?,
        worker: worker_ref(row)?,
        kind: row.code("kind", "CONTRACT_KIND_", ContractKind::from_str_name)?,
        signed_date: row.text("signed_date")?,
        start_date: row.text("start_date")?,
        end_date: row.text("end_date")?,
        terminated_date: row.text("terminated_date")?,
        part_time: row.flag("part_time")?,
        filing_id: row.text("filing_id")?,
    }))
}

fn contribution(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::Contribution(Contribution {
        worker: worker_ref(row)?,
        employer_code: row.text("employer_code")?,
        month: row.text("month")?,
        insurances: row.codes("insurances", "INSURANCE_", Insurance::from_str_name)?,
        paid_date: row.text("paid_date")?,
    }))
}

fn other_relief(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::OtherRelief(OtherRelief {
        worker: worker_ref(row)?,
        employer_code: row.text("employer_code")?,
        relief_code: row.text("relief_code")?,
        from_month: row.text("from_month")?,
        to_month: row.text("to_month")?,
    }))
}

fn prior_term_use(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::PriorTermUse(PriorTermUse {
        worker: worker_ref(row)?,
        employer_code: row.text("employer_code")?,
        from_month: row.text("from_month")?,
        to_month: row.text("to_month")?,
    }))
}

fn flexible_registration(row: &Row<'_>) -> anyhow::Result<Kind> {
    Ok(Kind::FlexibleRegistration(FlexibleRegistration {
        worker: worker_ref(row)?,
        from_date: row.text("from_date")?,
        to_date: row.text("to_date")?,
    }))
}
