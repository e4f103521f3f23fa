//! The life of a claim.

use crate::case::TransitionRefusal as Refusal;

/// Where a claim stands. Numbered as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimState {
    /// 已申领: waits for the first review.
    Submitted = 1,
    /// 初审通过: waits for the final review.
    Reviewed = 2,
    /// 复审通过: waits for payment.
    Approved = 3,
    /// 已拨付.
    Paid = 4,
    /// 不予通过: its months are free again.
    Rejected = 5,
    /// 已追回: something of what was paid was taken back.
    ClawedBack = 6,
    /// 已退回: to be put right and submitted again; its months are free meanwhile.
    Returned = 7,
}

/// What a review decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// 通过.
    Pass,
    /// 退回: the claimant may put it right and submit it again.
    Return,
    /// 不予通过.
    Reject,
}

/// What may be done to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimAction {
    /// 再次申领: submitted again after it was returned.
    Submit,
    /// 初审: the first review.
    Review(Verdict),
    /// 复审: the final review; also takes back an approval that is not paid yet.
    Approve(Verdict),
    /// 拨付: it was paid.
    Pay,
    /// 追回: paid lines are taken back.
    ClawBack,
}

impl ClaimState {
    /// All, by number.
    pub const ALL: [Self; 7] = [
        Self::Submitted,
        Self::Reviewed,
        Self::Approved,
        Self::Paid,
        Self::Rejected,
        Self::ClawedBack,
        Self::Returned,
    ];

    /// The state with a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// The name, as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Reviewed => "REVIEWED",
            Self::Approved => "APPROVED",
            Self::Paid => "PAID",
            Self::Rejected => "REJECTED",
            Self::ClawedBack => "CLAWED_BACK",
            Self::Returned => "RETURNED",
        }
    }

    /// Whether it was paid, whatever was taken back since.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Paid | Self::ClawedBack)
    }

    /// Whether it keeps its person-months from other claims.
    pub const fn holds_months(self) -> bool {
        !matches!(self, Self::Rejected | Self::Returned)
    }

    /// The state after an action, or why it is not allowed.
    pub const fn after(self, action: ClaimAction) -> Result<Self, Refusal> {
        use ClaimAction as A;
        use Verdict::{Pass, Reject, Return};
        match (self, action) {
            (Self::Submitted, A::Review(Pass)) => Ok(Self::Reviewed),
            (Self::Reviewed, A::Approve(Pass)) => Ok(Self::Approved),
            (Self::Submitted, A::Review(Return))
            | (Self::Reviewed | Self::Approved, A::Approve(Return)) => Ok(Self::Returned),
            (Self::Submitted, A::Review(Reject))
            | (Self::Reviewed | Self::Approved, A::Approve(Reject)) => Ok(Self::Rejected),
            (Self::Returned, A::Submit) => Ok(Self::Submitted),
            (Self::Approved, A::Pay) => Ok(Self::Paid),
            // What a first claw-back left may be corrected later.
            (Self::Paid | Self::ClawedBack, A::ClawBack) => Ok(Self::ClawedBack),
            (Self::Rejected | Self::ClawedBack, _) => Err(Refusal::Ended),
            (Self::Paid, _) => Err(Refusal::AlreadyPaid),
            (_, A::ClawBack) => Err(Refusal::NotPaid),
            (Self::Returned, _) => Err(Refusal::NotSubmitted),
            (Self::Submitted, A::Submit) => Err(Refusal::AlreadySubmitted),
            (Self::Submitted, A::Approve(_)) => Err(Refusal::NotReviewed),
            (Self::Submitted | Self::Reviewed, A::Pay) => Err(Refusal::NotApproved),
            (Self::Reviewed, A::Submit | A::Review(_)) => Err(Refusal::AlreadyReviewed),
            (Self::Approved, A::Submit | A::Review(_) | A::Approve(Pass)) => {
                Err(Refusal::AlreadyApproved)
            }
        }
    }
}

impl Verdict {
    /// All.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Return, Self::Reject];
}

impl ClaimAction {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::Submit,
        Self::Review(Verdict::Pass),
        Self::Review(Verdict::Return),
        Self::Review(Verdict::Reject),
        Self::Approve(Verdict::Pass),
        Self::Approve(Verdict::Return),
        Self::Approve(Verdict::Reject),
        Self::Pay,
        Self::ClawBack,
    ];

    /// The name, as errors and the trail tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submit => "SUBMIT",
            Self::Review(Verdict::Pass) => "REVIEW_PASS",
            Self::Review(Verdict::Return) => "REVIEW_RETURN",
            Self::Review(Verdict::Reject) => "REVIEW_REJECT",
            Self::Approve(Verdict::Pass) => "APPROVE_PASS",
            Self::Approve(Verdict::Return) => "APPROVE_RETURN",
            Self::Approve(Verdict::Reject) => "APPROVE_REJECT",
            Self::Pay => "PAY",
            Self::ClawBack => "CLAW_BACK",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a state, one column an action: the state after it, or why not.
    const TABLE: &str = "
                SUBMIT    REVIEW_PASS REVIEW_RETURN REVIEW_REJECT APPROVE_PASS APPROVE_RETURN APPROVE_REJECT PAY    CLAW_BACK
    SUBMITTED   -subm     REVIEWED    RETURNED      REJECTED      -unrev       -unrev         -unrev         -unapp -unpaid
    REVIEWED    -rev      -rev        -rev          -rev          APPROVED     RETURNED       REJECTED       -unapp -unpaid
    APPROVED    -app      -app        -app          -app          -app         RETURNED       REJECTED       PAID   -unpaid
    PAID        -paid     -paid       -paid         -paid         -paid        -paid          -paid          -paid  CLAWED_BACK
    REJECTED    -ended    -ended      -ended        -ended        -ended       -ended         -ended         -ended -ended
    CLAWED_BACK -ended    -ended      -ended        -ended        -ended       -ended         -ended         -ended CLAWED_BACK
    RETURNED    SUBMITTED -unsubm     -unsubm       -unsubm       -unsubm      -unsubm        -unsubm        -unsubm -unpaid
    ";

    fn refusal(mark: &str) -> Refusal {
        match mark {
            "-unsubm" => Refusal::NotSubmitted,
            "-subm" => Refusal::AlreadySubmitted,
            "-unrev" => Refusal::NotReviewed,
            "-rev" => Refusal::AlreadyReviewed,
            "-unapp" => Refusal::NotApproved,
            "-app" => Refusal::AlreadyApproved,
            "-unpaid" => Refusal::NotPaid,
            "-paid" => Refusal::AlreadyPaid,
            "-ended" => Refusal::Ended,
            _ => panic!("{mark}"),
        }
    }

    #[test]
    fn every_state_takes_the_actions_of_the_table_and_refuses_the_others_by_name() {
        let mut rows = TABLE.lines().filter(|line| !line.trim().is_empty());
        let actions: Vec<&str> = rows.next().expect("a head").split_whitespace().collect();
        assert_eq!(actions, ClaimAction::ALL.map(ClaimAction::name));
        let mut seen = 0;
        for (row, state) in rows.zip(ClaimState::ALL) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells[0], state.name());
            for (action, cell) in ClaimAction::ALL.into_iter().zip(&cells[1..]) {
                seen += 1;
                match state.after(action) {
                    Ok(next) => assert_eq!(next.name(), *cell, "{state:?} {action:?}"),
                    Err(why) => assert_eq!(why, refusal(cell), "{state:?} {action:?}"),
                }
            }
        }
        assert_eq!(seen, 63);
    }

    #[test]
    fn every_number_names_one_state() {
        for state in ClaimState::ALL {
            assert_eq!(ClaimState::from_number(state as u8), Some(state));
        }
        assert_eq!(ClaimState::from_number(0), None);
        assert_eq!(ClaimState::from_number(8), None);
    }

    #[test]
    fn only_a_claim_that_stands_holds_months() {
        let holding = ClaimState::ALL
            .into_iter()
            .filter(|state| state.holds_months());
        assert_eq!(holding.count(), 5);
        let paid = ClaimState::ALL.into_iter().filter(|state| state.is_paid());
        assert_eq!(
            paid.collect::<Vec<_>>(),
            [ClaimState::Paid, ClaimState::ClawedBack]
        );
    }
}
