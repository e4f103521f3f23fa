//! What a filing says.

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::identifier::EmployerCode;
use crate::money::Fen;

use super::{Filing, FilingKind};

/// What the pay is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PayUnit {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
}

/// A filed post (岗位): so many places of one sort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Its name within the filing, the employer's own.
    pub post_key: String,
    /// What the work is.
    pub title: String,
    /// Places.
    pub count: u32,
    /// Places taken by hires that have not ended.
    pub filled: u32,
    /// Hours a week.
    pub weekly_hours: u32,
    /// When the work is, in words (弹性工时).
    pub working_hours: String,
    /// Least pay.
    pub pay_min_fen: Fen,
    /// Most pay.
    pub pay_max_fen: Fen,
    /// What the pay is for.
    pub pay_unit: PayUnit,
    /// Where the work is, 9 digits.
    pub town_code: String,
}

impl Post {
    /// Places that are free.
    pub const fn vacancies(&self) -> u32 {
        self.count.saturating_sub(self.filled)
    }
}

/// When a training takes place (measure 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TrainingStage {
    /// 岗前培训.
    PrePost,
    /// 在岗培训.
    OnPost,
    /// 转岗培训.
    Transfer,
}

/// A filed training plan (measure 7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingPlan {
    /// What is taught.
    pub title: String,
    /// When.
    pub stage: TrainingStage,
    /// Class hours (课时).
    pub class_hours: u32,
    /// Persons to be trained.
    pub headcount: u32,
    /// Who teaches; empty where the employer itself does.
    pub provider: String,
}

/// A filing, all of it but what the case itself holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingFile {
    /// What is filed.
    pub kind: FilingKind,
    /// Version of the employment guideline (用工指引) that the employer follows (measure 13).
    pub guideline_version: String,
    /// The posts; none in a training plan.
    pub posts: Vec<Post>,
    /// The training plan, in a filing of that kind.
    pub training_plan: Option<TrainingPlan>,
    /// Day of the last submission.
    pub submitted_on: Option<CivilDate>,
    /// Who took it: somebody else decides.
    pub submitted_by: String,
    /// Day of acceptance.
    pub accepted_on: Option<CivilDate>,
    /// Day from which it is revoked.
    pub revoked_on: Option<CivilDate>,
    /// Last day on which hires may be reported against it.
    pub expires_on: Option<CivilDate>,
}

impl FilingFile {
    /// The filing as decisions read it.
    pub fn as_decisions_read(&self, filing_id: String, employer_code: EmployerCode) -> Filing {
        Filing {
            filing_id,
            employer_code,
            kind: self.kind,
            submitted_on: self.submitted_on,
            accepted_on: self.accepted_on,
            revoked_on: self.revoked_on,
        }
    }

    /// A post by its name.
    pub fn post(&mut self, post_key: &str) -> Option<&mut Post> {
        self.posts.iter_mut().find(|post| post.post_key == post_key)
    }
}
