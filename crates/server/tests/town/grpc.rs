//! The way through gRPC: every step is a call.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mamagang_domain::money::Fen;
use mamagang_proto::v1::{Claim, ListClaimsRequest, ListFilingsRequest, RecordFactsRequest};
use mamagang_server::client::failure::Refusal;
use mamagang_server::client::words::{self, Lang};
use tonic::Status;
use uuid::Uuid;

use crate::desk::{Desk, ListedClaim, ListedLine, Step};
use crate::play::{filing_word, subsidy_word};
use crate::service::Service;

/// Calls the bureau.
pub(crate) struct Calls<'a> {
    service: &'a Service,
    asked: u128,
}

impl<'a> Calls<'a> {
    pub(crate) const fn new(service: &'a Service) -> Self {
        Self { service, asked: 0 }
    }

    fn request_id(&mut self) -> String {
        self.asked += 1;
        Uuid::from_u128(0x0193_a5c0_0000_7000_8000_0000_0000_0000 + self.asked).to_string()
    }

    async fn listed(&self) -> Vec<Claim> {
        let connection = self.service.connection("reviewer").await;
        let request = ListClaimsRequest::default();
        let listed = connection.subsidies().list_claims(request).await;
        listed.expect("a list").into_inner().claims
    }

    async fn call(&mut self, who: &str, step: Step) -> Result<(), Status> {
        let connection = self.service.connection(who).await;
        let request_id = self.request_id();
        macro_rules! call {
            ($client:ident . $method:ident, $request:ident) => {{
                let mut request = $request;
                request.request_id = request_id;
                connection.$client().$method(request).await.map(drop)
            }};
        }
        match step {
            Step::Fact(fact) => {
                let request = RecordFactsRequest {
                    request_id,
                    facts: vec![fact],
                };
                let recorded = connection.registry().record_facts(request).await?;
                let results = recorded.into_inner().results;
                assert!(results[0].error.is_none(), "{results:?}");
                Ok(())
            }
            Step::File(request) => call!(filings.submit_filing, request),
            Step::Decide(request) => call!(filings.decide_filing, request),
            Step::Hire(request) => call!(filings.report_hire, request),
            Step::Claim(request) => call!(subsidies.submit_claim, request),
            Step::Review(request) => call!(subsidies.review_claim, request),
            Step::Approve(request) => call!(subsidies.approve_claim, request),
            Step::Pay(request) => call!(subsidies.mark_claim_paid, request),
            Step::ClawBack(request) => call!(subsidies.claw_back_claim, request),
        }
    }
}

#[async_trait]
impl Desk for Calls<'_> {
    async fn take(&mut self, who: &'static str, steps: Vec<Step>) -> Vec<String> {
        let mut refused = Vec::new();
        for step in steps {
            if let Err(status) = self.call(who, step).await {
                refused.push(Refusal::of_status(&status).message);
            }
        }
        refused
    }

    async fn filings(&mut self) -> BTreeMap<(String, String), String> {
        let connection = self.service.connection("reviewer").await;
        let request = ListFilingsRequest::default();
        let listed = connection.filings().list_filings(request).await;
        let filings = listed.expect("a list").into_inner().filings.into_iter();
        filings
            .map(|filing| {
                let kind = filing_word(filing.kind()).to_owned();
                ((filing.employer_code, kind), filing.filing_id)
            })
            .collect()
    }

    async fn claims(&mut self) -> Vec<ListedClaim> {
        let claims = self.listed().await.into_iter();
        claims
            .map(|claim| ListedClaim {
                subsidy: subsidy_word(claim.kind()).to_owned(),
                state: words::claim_state(claim.state(), Lang::Zh).to_owned(),
                months: claim.lines.len(),
                claimed: Fen::new(claim.total_fen).yuan(),
                clawed_back: Fen::new(claim.clawed_back_fen).yuan(),
                fund: claim.fund_source,
                employer: claim.employer_code,
                id: claim.claim_id,
            })
            .collect()
    }

    async fn lines(&mut self) -> Vec<ListedLine> {
        let mut lines = Vec::new();
        for claim in self.listed().await {
            lines.extend(claim.lines.iter().map(|line| ListedLine {
                employer: claim.employer_code.clone(),
                subsidy: subsidy_word(claim.kind()).to_owned(),
                month: line.month.clone(),
                amount: Fen::new(line.amount_fen).yuan(),
                clawed_back: Fen::new(line.clawed_back_fen).yuan(),
            }));
        }
        lines
    }
}
