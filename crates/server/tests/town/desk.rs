//! What people do in the town, and the two ways in which it reaches the bureau.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mamagang_proto::FILE_DESCRIPTOR_SET;
use mamagang_proto::v1::{
    AccessContext, ApproveClaimRequest, ClawBackClaimRequest, DecideFilingRequest, Fact,
    MarkClaimPaidRequest, ReportHireRequest, ReviewClaimRequest, SubmitClaimRequest,
    SubmitFilingRequest, fact,
};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

/// A step of somebody's.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Fact(Fact),
    File(SubmitFilingRequest),
    Decide(DecideFilingRequest),
    Hire(ReportHireRequest),
    Claim(SubmitClaimRequest),
    Review(ReviewClaimRequest),
    Approve(ApproveClaimRequest),
    Pay(MarkClaimPaidRequest),
    ClawBack(ClawBackClaimRequest),
}

impl Step {
    /// The kind of file that it stands in.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Fact(fact) => match fact.kind {
                Some(fact::Kind::EmployerProfile(_)) => "employer_profile",
                Some(fact::Kind::DependentChild(_)) => "dependent_child",
                Some(fact::Kind::Contract(_)) => "contract",
                Some(fact::Kind::Contribution(_)) => "contribution",
                Some(fact::Kind::FlexibleRegistration(_)) => "flexible_registration",
                Some(fact::Kind::TrainingRecord(_)) => "training_record",
                _ => panic!("{fact:?}"),
            },
            Self::File(_) => "filing",
            Self::Decide(_) => "filing_decision",
            Self::Hire(_) => "hire",
            Self::Claim(_) => "claim",
            Self::Review(_) => "claim_review",
            Self::Approve(_) => "claim_approval",
            Self::Pay(_) => "claim_payment",
            Self::ClawBack(_) => "claim_claw_back",
        }
    }

    /// The message that a row of the file says: of a fact its kind.
    pub(crate) fn row(&self) -> DynamicMessage {
        match self {
            Self::Fact(fact) => {
                let whole = dynamic("Fact", fact);
                let kind = whole.get_field_by_name(self.kind()).expect("its kind");
                kind.as_message().expect("a message").clone()
            }
            Self::File(request) => dynamic("SubmitFilingRequest", request),
            Self::Decide(request) => dynamic("DecideFilingRequest", request),
            Self::Hire(request) => dynamic("ReportHireRequest", request),
            Self::Claim(request) => dynamic("SubmitClaimRequest", request),
            Self::Review(request) => dynamic("ReviewClaimRequest", request),
            Self::Approve(request) => dynamic("ApproveClaimRequest", request),
            Self::Pay(request) => dynamic("MarkClaimPaidRequest", request),
            Self::ClawBack(request) => dynamic("ClawBackClaimRequest", request),
        }
    }
}

fn dynamic(name: &str, message: &impl Message) -> DynamicMessage {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let descriptor = pool
        .get_message_by_name(&format!("mamagang.v1.{name}"))
        .expect("a message");
    DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).expect("its own bytes")
}

/// Why persons' data are read.
pub(crate) fn context() -> AccessContext {
    AccessContext {
        purpose: "妈妈岗备案与补贴审核".to_owned(),
        legal_basis: "中府函〔2022〕226号".to_owned(),
        case_number: "中人社-2022-3".to_owned(),
        operator: "李科".to_owned(),
    }
}

/// A claim as the bureau lists it; amounts in yuan. The id is the service's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListedClaim {
    pub(crate) employer: String,
    pub(crate) subsidy: String,
    pub(crate) state: String,
    pub(crate) months: usize,
    pub(crate) claimed: String,
    pub(crate) clawed_back: String,
    pub(crate) fund: String,
    pub(crate) id: String,
}

/// A line of a claim, without ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListedLine {
    pub(crate) employer: String,
    pub(crate) subsidy: String,
    pub(crate) month: String,
    pub(crate) amount: String,
    pub(crate) clawed_back: String,
}

/// A way to the bureau.
#[async_trait]
pub(crate) trait Desk {
    /// Takes steps of one kind in order; why those that were refused were, in the bureau's words.
    async fn take(&mut self, who: &'static str, steps: Vec<Step>) -> Vec<String>;

    /// The filings by employer and kind, in Chinese.
    async fn filings(&mut self) -> BTreeMap<(String, String), String>;

    /// The claims, in order of submission.
    async fn claims(&mut self) -> Vec<ListedClaim>;

    /// All lines of all claims.
    async fn lines(&mut self) -> Vec<ListedLine>;
}
