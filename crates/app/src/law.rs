//! Reads of the law itself: instruments, parameters, editions.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::date::CivilDate;
use mamagang_domain::policy::Confidence;
pub use mamagang_policy::{Parameter, ParameterValue};
use mamagang_store::policy::PolicySetName;

use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::PAGE_ROWS_MAX;

/// An instrument that values cite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentView {
    /// Its name or 文号.
    pub instrument: String,
    /// The articles cited.
    pub articles: BTreeSet<String>,
    /// The parameters that cite it.
    pub parameters: BTreeSet<String>,
    /// From when the first value that cites it holds.
    pub effective_on: CivilDate,
    /// How well its weakest citation is established.
    pub confidence: Confidence,
}

/// A page of instruments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentPage {
    /// By name.
    pub instruments: Vec<InstrumentView>,
    /// How many stand before the next page; `None` on the last.
    pub next_after: Option<u32>,
}

/// A page of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterPage {
    /// By place and name.
    pub parameters: Vec<Parameter>,
    /// How many stand before the next page; `None` on the last.
    pub next_after: Option<u32>,
}

/// A parameter where decisions are made, and its value on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterView {
    /// The parameter.
    pub parameter: Parameter,
    /// The value of the day; `None` where the law of that day is not encoded.
    pub value: Option<ParameterValue>,
}

/// An edition as it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionView {
    /// Its version.
    pub version: String,
    /// Its canonical text.
    pub content: String,
    /// When it was first applied (microseconds).
    pub recorded_at: i64,
    /// Every version that was ever applied, earliest first.
    pub versions: Vec<PolicySetName>,
}

const INSTRUMENTS: &str = "mamagang.v1.PolicyService/ListInstruments";
const PARAMETERS: &str = "mamagang.v1.PolicyService/ListParameters";
const PARAMETER: &str = "mamagang.v1.PolicyService/GetParameter";
const VERSION: &str = "mamagang.v1.PolicyService/GetPolicyVersion";

impl App {
    /// The instruments that the edition in use cites, by name; `after` many are passed over.
    pub async fn list_instruments(
        &self,
        caller: &Caller,
        after: u32,
        limit: u32,
    ) -> AppResult<InstrumentPage> {
        self.permit(INSTRUMENTS, caller, None).await?;
        let mut found: BTreeMap<String, InstrumentView> = BTreeMap::new();
        for parameter in self.policies.parameters() {
            for value in &parameter.values {
                let view = found.entry(value.instrument.clone());
                let view = view.or_insert_with(|| InstrumentView {
                    instrument: value.instrument.clone(),
                    articles: BTreeSet::new(),
                    parameters: BTreeSet::new(),
                    effective_on: value.effective_from,
                    confidence: value.confidence,
                });
                if !value.article.is_empty() {
                    view.articles.insert(value.article.clone());
                }
                view.parameters.insert(parameter.name.clone());
                view.effective_on = view.effective_on.min(value.effective_from);
                view.confidence = view.confidence.max(value.confidence);
            }
        }
        self.audit_law(INSTRUMENTS, caller).await?;
        let count = found.len();
        let passed = usize::try_from(after).unwrap_or(usize::MAX);
        let page = found.into_values().skip(passed).take(limit as usize);
        let instruments: Vec<InstrumentView> = page.collect();
        let seen = passed.saturating_add(instruments.len());
        Ok(InstrumentPage {
            next_after: (seen < count).then(|| u32::try_from(seen).unwrap_or(u32::MAX)),
            instruments,
        })
    }

    /// The parameters of every place, by place and name; `after` many are passed over.
    pub async fn list_parameters(
        &self,
        caller: &Caller,
        after: u32,
        limit: u32,
    ) -> AppResult<ParameterPage> {
        self.permit(PARAMETERS, caller, None).await?;
        let mut all: Vec<&Parameter> = self.policies.parameters().iter().collect();
        all.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
        let passed = usize::try_from(after).unwrap_or(usize::MAX).min(all.len());
        let page: Vec<Parameter> = all[passed..]
            .iter()
            .take(limit as usize)
            .map(|parameter| (*parameter).clone())
            .collect();
        let seen = passed + page.len();
        self.audit_law(PARAMETERS, caller).await?;
        Ok(ParameterPage {
            next_after: (seen < all.len()).then(|| u32::try_from(seen).unwrap_or(u32::MAX)),
            parameters: page,
        })
    }

    /// A parameter as it holds where decisions are made, and its value on a day.
    pub async fn get_parameter(
        &self,
        caller: &Caller,
        name: &str,
        on: CivilDate,
    ) -> AppResult<ParameterView> {
        self.permit(PARAMETER, caller, None).await?;
        let Some(parameter) = self.policies.get(name) else {
            let error = AppError::new(ErrorReason::ParameterNotFound).with("name", name);
            return Err(self.audit_refusal(PARAMETER, caller, None, error).await);
        };
        self.audit_law(PARAMETER, caller).await?;
        Ok(ParameterView {
            value: parameter.on(on).cloned(),
            parameter: parameter.clone(),
        })
    }

    /// An edition by its version, or that in use, and every version that was applied.
    pub async fn get_policy_version(
        &self,
        caller: &Caller,
        version: Option<&str>,
    ) -> AppResult<EditionView> {
        self.permit(VERSION, caller, None).await?;
        let version = version.unwrap_or_else(|| self.policies.version());
        let Some(kept) = self.store.policy_set(version).await? else {
            let error =
                AppError::new(ErrorReason::PolicyVersionNotFound).with("policy_version", version);
            return Err(self.audit_refusal(VERSION, caller, None, error).await);
        };
        let mut versions = self.store.list_policy_sets(None, PAGE_ROWS_MAX).await?;
        versions.sort_by(|a, b| (a.recorded_at, &a.version).cmp(&(b.recorded_at, &b.version)));
        self.audit_law(VERSION, caller).await?;
        Ok(EditionView {
            version: kept.version,
            content: kept.content,
            recorded_at: kept.recorded_at,
            versions,
        })
    }

    async fn audit_law(&self, method: &'static str, caller: &Caller) -> AppResult<()> {
        let draft = self.audit_draft(method, caller, None, Vec::new());
        self.audit.write(draft).await
    }
}
