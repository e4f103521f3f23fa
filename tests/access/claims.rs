//! A place's claims, one for each step that a claim waits for.

use mamagang_proto::v1::subsidy_service_client::SubsidyServiceClient;
use mamagang_proto::v1::{
    ApproveClaimRequest, ClaimDecision, MarkClaimPaidRequest, ReviewClaimRequest,
    SubmitClaimRequest, SubsidyKind,
};
use tonic::transport::Channel;

use crate::city::{City, Place, request_id};

/// A quarter with claims.
pub(crate) const CLAIMED_QUARTER: &str = "2023-Q3";
/// The quarter of which nothing is claimed: June.
pub(crate) const OPEN_QUARTER: &str = "2023-Q2";

/// The ids of claims, by what is to be done with them next.
#[derive(Clone, Debug)]
pub(crate) struct ClaimIds {
    /// Waits for the first review.
    pub(crate) submitted: String,
    /// Waits for the final review.
    pub(crate) reviewed: String,
    /// Waits for its payment.
    pub(crate) approved: String,
    pub(crate) paid: String,
}

/// Those who take the steps of a place's claims.
struct Desk<'a> {
    city: &'a City,
    place: Place,
    subsidies: SubsidyServiceClient<Channel>,
    /// The next request id.
    number: usize,
}

impl ClaimIds {
    /// Makes one of each; `number` begins ten request ids.
    pub(crate) async fn of(city: &City, place: Place, number: usize) -> Self {
        let mut desk = Desk {
            city,
            place,
            subsidies: SubsidyServiceClient::new(city.channel.clone()),
            number,
        };
        let submitted = desk
            .submit(SubsidyKind::EmployerInsurance, CLAIMED_QUARTER)
            .await;
        let reviewed = desk.submit(SubsidyKind::Post, CLAIMED_QUARTER).await;
        let approved = desk.submit(SubsidyKind::EmployerInsurance, "2023-Q4").await;
        let paid = desk.submit(SubsidyKind::Post, "2023-Q4").await;
        for claim_id in [&reviewed, &approved, &paid] {
            desk.review(claim_id).await;
        }
        for claim_id in [&approved, &paid] {
            desk.approve(claim_id).await;
        }
        desk.pay(&paid).await;
        Self {
            submitted,
            reviewed,
            approved,
            paid,
        }
    }
}

impl Desk<'_> {
    fn request_id(&mut self) -> String {
        self.number += 1;
        request_id(self.number - 1)
    }

    async fn submit(&mut self, kind: SubsidyKind, quarter: &str) -> String {
        let claimant = self.city.token("claimant", "hr", &["hr_clerk"], "", &[]);
        let claim = SubmitClaimRequest {
            request_id: self.request_id(),
            employer_code: self.place.employer_code.to_owned(),
            kind: kind.into(),
            quarter: quarter.to_owned(),
            ..SubmitClaimRequest::default()
        };
        let claim = self.city.request(&claimant, claim);
        let submitted = self.subsidies.submit_claim(claim).await;
        let submitted = submitted.expect("submitted").into_inner();
        submitted.claim.expect("a claim").claim_id
    }

    async fn review(&mut self, claim_id: &str) {
        let clerk = self.city.token("clerk", "hr", &["hr_clerk"], "", &[]);
        let review = ReviewClaimRequest {
            request_id: self.request_id(),
            claim_id: claim_id.to_owned(),
            decision: ClaimDecision::Pass.into(),
            ..ReviewClaimRequest::default()
        };
        let review = self.city.request(&clerk, review);
        let reviewed = self.subsidies.review_claim(review).await;
        reviewed.expect("reviewed");
    }

    async fn approve(&mut self, claim_id: &str) {
        let reviewer = self.city.token("reviewer", "hr", &["hr_reviewer"], "", &[]);
        let approve = ApproveClaimRequest {
            request_id: self.request_id(),
            claim_id: claim_id.to_owned(),
            decision: ClaimDecision::Pass.into(),
            ..ApproveClaimRequest::default()
        };
        let approve = self.city.request(&reviewer, approve);
        let approved = self.subsidies.approve_claim(approve).await;
        approved.expect("approved");
    }

    async fn pay(&mut self, claim_id: &str) {
        let cashier = self.city.token("cashier", "hr", &["hr_reviewer"], "", &[]);
        let pay = MarkClaimPaidRequest {
            request_id: self.request_id(),
            claim_id: claim_id.to_owned(),
            paid_date: "2024-02-01".to_owned(),
            payment_reference: "ZF-1".to_owned(),
            fund_source: "就业补助资金".to_owned(),
            validate_only: false,
        };
        let pay = self.city.request(&cashier, pay);
        let paid = self.subsidies.mark_claim_paid(pay).await;
        paid.expect("paid");
    }
}
