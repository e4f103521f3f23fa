//! The application: what the use cases share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use mamagang_crypto::{KeyRing, TokenKind};
use mamagang_domain::date::CivilDate;
use mamagang_domain::ids::AuditId;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::PolicyBook;
use mamagang_policy::Policies;
use mamagang_sources::Sources;
use mamagang_store::{Clock, Replica, Store};

use crate::audit::{AuditChain, AuditChains, AuditDraft, AuditWriter, DecisionItem};
use crate::caller::{AccessContext, Caller};
use crate::editions::Editions;
use crate::eligibility::CheckLoader;
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::ledger::{Feed, LedgerWriter};
use crate::limits::PAGE_TOKEN_LIFETIME;
use crate::ports::{Entropy, Ids};
use crate::reviews::KnownReviews;
use crate::workers::Misses;

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;
/// Asia/Shanghai is eight hours ahead of UTC, without daylight saving since 1991.
const SHANGHAI_OFFSET_MICROS: i64 = 8 * 3_600_000_000;

/// What the application is made of.
pub struct Dependencies {
    /// The database.
    pub store: Arc<dyn Store>,
    /// A copy of it that checks may be answered from; none is a choice too.
    pub replica: Option<Arc<dyn Replica>>,
    /// The keys.
    pub keys: Arc<KeyRing>,
    /// The law.
    pub policies: Policies,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Randomness for keys and nonces; called once for each use, so that uses do not wait on one another.
    pub entropy: EntropySource,
    /// The outside sources of a person's status; none is a choice too.
    pub sources: Sources,
}

/// Makes a source of randomness.
pub type EntropySource = Arc<dyn Fn() -> Box<dyn Entropy + Send> + Send + Sync>;

/// The use cases.
pub struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: ArcSwap<KeyRing>,
    pub(crate) book: Arc<PolicyBook>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) editions: Editions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) entropy: EntropySource,
    pub(crate) sources: Sources,
    pub(crate) audit: AuditWriter,
    pub(crate) writes: AuditChains,
    pub(crate) ledger: LedgerWriter,
    pub(crate) misses: Misses,
    pub(crate) checks: CheckLoader,
    pub(crate) replica_checks: Option<CheckLoader>,
    pub(crate) feed: Feed,
    pub(crate) known_reviews: KnownReviews,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Starts the application's writers on the current runtime and keeps the policy set under its
    /// hash.
    pub async fn start(dependencies: Dependencies) -> AppResult<Arc<Self>> {
        let Dependencies {
            store,
            replica,
            keys,
            policies,
            clock,
            ids,
            entropy,
            sources,
        } = dependencies;
        let book = policies.book.clone();
        let mut unit = store.begin(clock.clone()).await?;
        unit.put_policy_set(&book.version, &policies.canonical_text())
            .await?;
        unit.commit().await?;
        let writes = AuditChains::new(|| AuditChain::new(ids.new_id().into_bytes()));
        let checks = CheckLoader::start(&store);
        let replica_checks = replica.as_ref().map(CheckLoader::start_on);
        let audit = AuditWriter::start(store.clone(), clock.clone(), ids.new_id().into_bytes());
        let chain = {
            let ids = ids.clone();
            move || AuditChain::new(ids.new_id().into_bytes())
        };
        let ledger = LedgerWriter::start(store.clone(), clock.clone(), book.clone(), chain);
        Ok(Arc::new(Self {
            store,
            keys: ArcSwap::new(keys),
            book,
            policies: Arc::new(policies),
            editions: Editions::default(),
            clock,
            ids,
            entropy,
            sources,
            audit,
            writes,
            ledger,
            misses: Misses::default(),
            checks,
            replica_checks,
            feed: Feed::default(),
            known_reviews: KnownReviews::default(),
        }))
    }

    /// The law that decisions read.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The database.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Microseconds since 1970-01-01T00:00Z.
    pub fn now_micros(&self) -> i64 {
        self.clock.now_micros()
    }

    /// Today in Asia/Shanghai.
    pub fn today(&self) -> CivilDate {
        civil_date(self.now_micros())
    }

    /// The keys that verify what the service signs.
    pub fn public_keys(&self) -> Vec<mamagang_crypto::PublicKey> {
        self.keys.load().public_keys()
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> AppResult<()> {
        Ok(self.store.ping().await?)
    }

    /// Seals the position after which a list goes on, bound to the caller.
    pub fn seal_page(&self, caller: &Caller, position: &[u8]) -> String {
        let lifetime = i64::try_from(PAGE_TOKEN_LIFETIME.as_micros()).unwrap_or(i64::MAX);
        let expires_at = self.now_micros().saturating_add(lifetime);
        self.keys()
            .seal_token(TokenKind::Page, &caller.token_scope(), expires_at, position)
    }

    /// Opens a sealed position.
    pub fn open_page(&self, caller: &Caller, token: &str) -> AppResult<Vec<u8>> {
        let opened = self.keys().open_token(
            TokenKind::Page,
            &caller.token_scope(),
            self.now_micros(),
            token,
        );
        opened.map_err(|_| AppError::new(ErrorReason::PageTokenInvalid))
    }

    /// A keyed MAC of a request's content in lower-case hexadecimal: it may hold numbers and names
    /// of persons, which a plain hash would not hide.
    pub fn seal_request(&self, content: &[u8]) -> String {
        mamagang_domain::frozen::hex(&self.keys().mac_request(content))
    }

    pub(crate) fn new_audit_id(&self) -> AuditId {
        AuditId(self.ids.new_id())
    }

    /// An audit draft of a call that succeeded.
    pub(crate) fn audit_draft(
        &self,
        method: &'static str,
        caller: &Caller,
        context: Option<&AccessContext>,
        items: Vec<DecisionItem>,
    ) -> AuditDraft {
        AuditDraft {
            audit_id: self.new_audit_id(),
            method,
            caller: caller.clone(),
            context: context.cloned(),
            outcome: "OK".to_owned(),
            worker_id: None,
            employer_code: None,
            policy_version: self.book.version.to_string(),
            rules_version: mamagang_domain::key_group::RULES_VERSION,
            given: Vec::new(),
            subjects: Vec::new(),
            items,
        }
    }

    /// An audit draft of a call that was refused.
    pub(crate) fn refusal_draft(
        &self,
        method: &'static str,
        caller: &Caller,
        error: &AppError,
    ) -> AuditDraft {
        AuditDraft {
            outcome: error.recorded_reason().name().to_owned(),
            ..self.audit_draft(method, caller, None, Vec::new())
        }
    }

    /// Records a call that was refused. The refusal itself is what the caller is told.
    pub async fn audit_refusal(
        &self,
        method: &'static str,
        caller: &Caller,
        context: Option<&AccessContext>,
        error: AppError,
    ) -> AppError {
        let mut draft = self.refusal_draft(method, caller, &error);
        draft.context = context.cloned();
        draft.complete_from_trail();
        match self.audit.write(draft).await {
            Ok(()) => error,
            Err(audit_error) => audit_error,
        }
    }
}

/// Checks an access context; every missing field is named.
pub(crate) fn require_context(context: &AccessContext) -> AppResult<()> {
    let fields = [
        ("context.purpose", &context.purpose),
        ("context.legal_basis", &context.legal_basis),
        ("context.case_number", &context.case_number),
        ("context.operator", &context.operator),
    ];
    let missing: Vec<Violation> = fields
        .into_iter()
        .filter(|(_, value)| value.trim().is_empty())
        .map(|(field, _)| Violation::new(field, "必填", "required"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(AppError::context_required(missing))
}

/// The instant at which a month begins in Asia/Shanghai (microseconds).
pub fn month_start(month: TaxMonth) -> i64 {
    i64::from(month.first_day().epoch_day()) * DAY_MICROS - SHANGHAI_OFFSET_MICROS
}

/// The civil date in Asia/Shanghai of an instant.
pub(crate) fn civil_date(micros: i64) -> CivilDate {
    let days = micros
        .saturating_add(SHANGHAI_OFFSET_MICROS)
        .div_euclid(DAY_MICROS);
    i32::try_from(days)
        .ok()
        .and_then(CivilDate::from_epoch_day)
        .unwrap_or(CivilDate::MAX)
}

/// The instant at which a civil date begins in Asia/Shanghai (microseconds).
pub(crate) fn start_of(day: CivilDate) -> i64 {
    i64::from(day.epoch_day()) * DAY_MICROS - SHANGHAI_OFFSET_MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_in_shanghai() {
        // 2023-12-31T16:00Z is midnight there.
        let midnight = 1_704_038_400_000_000;
        assert_eq!(civil_date(midnight).to_string(), "2024-01-01");
        assert_eq!(civil_date(midnight - 1).to_string(), "2023-12-31");
        assert_eq!(start_of(civil_date(midnight)), midnight);
    }

    #[test]
    fn a_month_begins_at_midnight_in_shanghai() {
        let january = TaxMonth::parse("2024-01").expect("a month");
        assert_eq!(month_start(january), 1_704_038_400_000_000);
    }

    #[test]
    fn every_missing_field_of_the_context_is_named() {
        let context = AccessContext {
            purpose: "审核".to_owned(),
            ..AccessContext::default()
        };
        let error = require_context(&context).expect_err("incomplete");
        let fields: Vec<&str> = error
            .violations
            .iter()
            .map(|violation| violation.field.as_str())
            .collect();
        assert_eq!(
            fields,
            [
                "context.legal_basis",
                "context.case_number",
                "context.operator"
            ]
        );
    }
}
