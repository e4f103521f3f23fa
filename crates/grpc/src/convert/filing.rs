//! Requests about filings and hires.

use mamagang_app::filings::{
    DecideFiling, EndHire, FilingDecision, FilingSelection, HireSelection, OpenPostSelection,
    RegisterHire, Registration, ReportHire, SubmitFiling,
};
use mamagang_app::limits::{FILING_POSTS_MAX, HEADCOUNT_MAX, KEY_CHARS_MAX, TEXT_CHARS_MAX};
use mamagang_app::{RequestContent, WriteRequest};
use mamagang_domain::filing::{FilingKind, FilingState, HireState, Post, TrainingPlan};
use mamagang_domain::ids::CaseId;
use mamagang_proto::v1;
use prost::Message as _;

use super::check::Checker;
use super::enums::ApiEnum;
use super::fields::TOWN;
use super::page::Selection;
use super::person;

/// Hours of a week.
const WEEK_HOURS: u32 = 168;

impl Checker<'_> {
    /// The id of a case.
    pub(crate) fn case_id(&mut self, field: &str, text: &str) -> Option<CaseId> {
        if text.is_empty() {
            self.missing(field);
            return None;
        }
        let id = CaseId::parse(&text.to_ascii_lowercase());
        if id.is_none() {
            self.wrong(field, "应为 UUID", "must be a UUID");
        }
        id
    }

    /// The id of a case; the empty text is none.
    pub(crate) fn optional_case_id(&mut self, field: &str, text: &str) -> Option<Option<CaseId>> {
        if text.is_empty() {
            Some(None)
        } else {
            self.case_id(field, text).map(Some)
        }
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn count(&mut self, field: &str, number: i32, least: u32, most: u32) -> Option<u32> {
        let count = u32::try_from(number).ok();
        let count = count.filter(|count| (least..=most).contains(count));
        if count.is_none() {
            let zh = format!("应在 {least} 到 {most} 之间");
            self.wrong(field, zh, format!("must be from {least} to {most}"));
        }
        count
    }

    /// The numbers of an API enum, none of them 0.
    pub(crate) fn choices<T: ApiEnum>(&mut self, field: &str, numbers: &[i32]) -> Option<Vec<T>> {
        let choices = numbers.iter().enumerate();
        let choices: Vec<_> = choices
            .map(|(index, number)| self.choice(&format!("{field}[{index}]"), *number, T::from_api))
            .collect();
        choices.into_iter().collect()
    }
}

/// Filing, draft or submission.
pub(crate) fn submit(
    check: &mut Checker<'_>,
    told: &v1::SubmitFilingRequest,
) -> Option<SubmitFiling> {
    let request_id = check.request_id(&told.request_id);
    let filing_id = check.optional_case_id("filing_id", &told.filing_id);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let kind = check.choice("kind", told.kind, FilingKind::from_api);
    let town_code = check.code("town_code", &told.town_code, &TOWN);
    let guideline = check.optional_key("guideline_version", &told.guideline_version);
    let posts = posts(check, &told.posts);
    let plan = told.training_plan.as_ref();
    let plan = plan.map(|plan| check.inside("training_plan", |check| training_plan(check, plan)));
    match kind {
        Some(FilingKind::TrainingPlan) => {
            if plan.is_none() {
                check.missing("training_plan");
            }
            if !told.posts.is_empty() {
                check.wrong("posts", "培训计划不含岗位", "a training plan has no posts");
            }
        }
        Some(FilingKind::LabourContract | FilingKind::Service) => {
            if told.posts.is_empty() {
                check.missing("posts");
            }
            if plan.is_some() {
                let zh = "只有培训计划备案可填写";
                check.wrong("training_plan", zh, "only in a filing of a training plan");
            }
        }
        None => {}
    }
    let told_posts = v1::SubmitFilingRequest {
        posts: told.posts.clone(),
        training_plan: told.training_plan.clone(),
        ..v1::SubmitFilingRequest::default()
    };
    let content = RequestContent::new()
        .field("filing_id", &told.filing_id)
        .field("draft", told.draft.to_string())
        .field("employer_code", &told.employer_code)
        .field("kind", told.kind.to_string())
        .field("town_code", &told.town_code)
        .field("guideline_version", &told.guideline_version)
        .field(
            "posts",
            mamagang_domain::frozen::hex(&told_posts.encode_to_vec()),
        );
    Some(SubmitFiling {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        filing_id: filing_id?,
        draft: told.draft,
        employer_code: employer_code?,
        town_code: town_code?,
        kind: kind?,
        guideline_version: guideline?,
        posts: posts?,
        training_plan: match plan {
            Some(plan) => Some(plan?),
            None => None,
        },
    })
}

fn posts(check: &mut Checker<'_>, told: &[v1::FiledPost]) -> Option<Vec<Post>> {
    if told.len() > FILING_POSTS_MAX {
        let zh = format!("最多 {FILING_POSTS_MAX} 个岗位");
        check.wrong("posts", zh, format!("at most {FILING_POSTS_MAX} posts"));
        return None;
    }
    let mut read = Vec::with_capacity(told.len());
    for (index, told_post) in told.iter().enumerate() {
        let field = format!("posts[{index}]");
        read.push(check.inside(&field, |check| post(check, told_post)));
        let is_again = told[..index]
            .iter()
            .any(|other| other.post_key == told_post.post_key);
        if is_again {
            let field = format!("{field}.post_key");
            check.wrong(&field, "岗位编号重复", "another post has this key");
        }
    }
    read.into_iter().collect()
}

fn post(check: &mut Checker<'_>, told: &v1::FiledPost) -> Option<Post> {
    let post_key = check.key("post_key", &told.post_key);
    let title = check.key("title", &told.title);
    let count = check.count("count", told.count, 1, HEADCOUNT_MAX);
    let weekly_hours = check.count("weekly_hours", told.weekly_hours, 1, WEEK_HOURS);
    let working_hours = check.optional_text("working_hours", &told.working_hours, TEXT_CHARS_MAX);
    let pay_min = check.amount("pay_min_fen", told.pay_min_fen);
    let pay_max = check.amount("pay_max_fen", told.pay_max_fen);
    let pay_unit = check.choice("pay_unit", told.pay_unit, ApiEnum::from_api);
    let town_code = check.code("town_code", &told.town_code, &TOWN);
    if told.pay_max_fen < told.pay_min_fen {
        let zh = "不得低于最低报酬";
        check.wrong("pay_max_fen", zh, "must not be below pay_min_fen");
    }
    Some(Post {
        post_key: post_key?,
        title: title?,
        count: count?,
        filled: 0,
        weekly_hours: weekly_hours?,
        working_hours: working_hours?,
        pay_min_fen: pay_min?,
        pay_max_fen: pay_max?,
        pay_unit: pay_unit?,
        town_code: town_code?,
    })
}

fn training_plan(check: &mut Checker<'_>, told: &v1::TrainingPlan) -> Option<TrainingPlan> {
    let title = check.key("title", &told.title);
    let stage = check.choice("stage", told.stage, ApiEnum::from_api);
    let class_hours = check.count("class_hours", told.class_hours, 1, HEADCOUNT_MAX);
    let headcount = check.count("headcount", told.headcount, 1, HEADCOUNT_MAX);
    let provider = check.optional_text("provider", &told.provider, KEY_CHARS_MAX);
    Some(TrainingPlan {
        title: title?,
        stage: stage?,
        class_hours: class_hours?,
        headcount: headcount?,
        provider: provider?,
    })
}

/// A decision on a filing.
pub(crate) fn decide(
    check: &mut Checker<'_>,
    told: &v1::DecideFilingRequest,
) -> Option<DecideFiling> {
    let request_id = check.request_id(&told.request_id);
    let filing_id = check.case_id("filing_id", &told.filing_id);
    let decision = check.choice("decision", told.decision, FilingDecision::from_api);
    let reason = if decision == Some(FilingDecision::Accept) {
        check.optional_text("reason", &told.reason, TEXT_CHARS_MAX)
    } else {
        check.sentence("reason", &told.reason)
    };
    let expires_on = check.optional_date("expire_date", &told.expire_date);
    if !told.expire_date.is_empty() && decision.is_some_and(|it| it != FilingDecision::Accept) {
        check.wrong("expire_date", "只有受理时可填写", "only with ACCEPT");
    }
    let content = RequestContent::new()
        .field("filing_id", &told.filing_id)
        .field("decision", told.decision.to_string())
        .field("reason", &told.reason)
        .field("expire_date", &told.expire_date);
    Some(DecideFiling {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        filing_id: filing_id?,
        decision: decision?,
        reason: reason?,
        expires_on: expires_on?,
    })
}

/// Which filing, and as of when.
pub(crate) fn get(
    check: &mut Checker<'_>,
    told: &v1::GetFilingRequest,
) -> Option<(CaseId, Option<i64>)> {
    let filing_id = check.case_id("filing_id", &told.filing_id);
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    filing_id.zip(as_of)
}

/// A code's beginning; the empty text is any.
pub(crate) fn prefix(check: &mut Checker<'_>, field: &str, text: &str) -> Option<String> {
    if text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let zh = "应为至多 9 位数字";
    check.wrong(field, zh, "must be at most 9 digits");
    None
}

/// Which filings; the page is read by the service.
pub(crate) fn list(
    check: &mut Checker<'_>,
    told: &v1::ListFilingsRequest,
) -> Option<FilingSelection> {
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let states = check.choices::<FilingState>("states", &told.states);
    let town_prefix = prefix(check, "town_code", &told.town_code);
    Some(FilingSelection {
        employer_code: employer_code?,
        states: states?,
        town_prefix: town_prefix?,
        after: None,
        limit: 0,
    })
}

/// What a page of filings belongs to.
pub(crate) fn of_filings(told: &v1::ListFilingsRequest) -> Selection {
    let alike = v1::ListFilingsRequest {
        page_size: 0,
        page_token: String::new(),
        ..told.clone()
    };
    Selection::new("ListFilings", &alike.encode_to_vec())
}

/// Which open posts; the page is read by the service.
pub(crate) fn open_posts(
    check: &mut Checker<'_>,
    told: &v1::ListOpenPostsRequest,
) -> Option<OpenPostSelection> {
    let town_prefix = prefix(check, "town_code", &told.town_code);
    let kind = check.optional_choice("kind", told.kind, FilingKind::from_api);
    let hours = check.count("weekly_hours_max", told.weekly_hours_max, 0, WEEK_HOURS);
    let title_part = check.optional_text("title_part", &told.title_part, KEY_CHARS_MAX);
    Some(OpenPostSelection {
        town_prefix: town_prefix?,
        kind: kind?,
        weekly_hours_max: hours?,
        title_part: title_part?,
        after: None,
        limit: 0,
    })
}

/// What a page of open posts belongs to.
pub(crate) fn of_open_posts(told: &v1::ListOpenPostsRequest) -> Selection {
    let alike = v1::ListOpenPostsRequest {
        page_size: 0,
        page_token: String::new(),
        ..told.clone()
    };
    Selection::new("ListOpenPosts", &alike.encode_to_vec())
}

/// A hire to report.
pub(crate) fn report_hire(
    check: &mut Checker<'_>,
    told: &v1::ReportHireRequest,
    seal: impl Fn(&[u8]) -> String,
) -> Option<ReportHire> {
    let request_id = check.request_id(&told.request_id);
    let context = person::context(check, told.context.as_ref());
    let filing_id = check.case_id("filing_id", &told.filing_id);
    let post_key = check.key("post_key", &told.post_key);
    let worker = person::worker(check, told.worker.as_ref());
    let contract_id = check.optional_key("contract_id", &told.contract_id);
    let hired_on = check.date("hired_date", &told.hired_date);
    let carer_group = check.optional_choice("carer_group", told.carer_group, ApiEnum::from_api);
    let registered_on = check.optional_date("registered_date", &told.registered_date);
    let told_worker = told.worker.as_ref().map(v1::WorkerRef::encode_to_vec);
    let content = RequestContent::new()
        .field("filing_id", &told.filing_id)
        .field("post_key", &told.post_key)
        .field("worker", seal(&told_worker.unwrap_or_default()))
        .field("contract_id", &told.contract_id)
        .field("hired_date", &told.hired_date)
        .field("carer_group", told.carer_group.to_string())
        .field("registered_date", &told.registered_date);
    Some(ReportHire {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        context: context?,
        filing_id: filing_id?,
        post_key: post_key?,
        worker: worker?,
        contract_id: contract_id?,
        hired_on: hired_on?,
        carer_group: carer_group?,
        registered_on: registered_on?,
    })
}

/// A registration to note.
pub(crate) fn register_hire(
    check: &mut Checker<'_>,
    told: &v1::RegisterHireRequest,
) -> Option<RegisterHire> {
    let request_id = check.request_id(&told.request_id);
    let hire_id = check.case_id("hire_id", &told.hire_id);
    let registration = check.choice("registration", told.registration, Registration::from_api);
    let registered_on = check.date("registered_date", &told.registered_date);
    let content = RequestContent::new()
        .field("hire_id", &told.hire_id)
        .field("registration", told.registration.to_string())
        .field("registered_date", &told.registered_date);
    Some(RegisterHire {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        hire_id: hire_id?,
        registration: registration?,
        registered_on: registered_on?,
    })
}

/// An end to note.
pub(crate) fn end_hire(check: &mut Checker<'_>, told: &v1::EndHireRequest) -> Option<EndHire> {
    let request_id = check.request_id(&told.request_id);
    let hire_id = check.case_id("hire_id", &told.hire_id);
    let ended_on = check.date("ended_date", &told.ended_date);
    let reason = check.sentence("reason", &told.reason);
    let content = RequestContent::new()
        .field("hire_id", &told.hire_id)
        .field("ended_date", &told.ended_date)
        .field("reason", &told.reason);
    Some(EndHire {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        hire_id: hire_id?,
        ended_on: ended_on?,
        reason: reason?,
    })
}

/// Which hires; the page is read by the service.
pub(crate) fn list_hires(
    check: &mut Checker<'_>,
    told: &v1::ListHiresRequest,
) -> Option<HireSelection> {
    let filing_id = check.optional_case_id("filing_id", &told.filing_id);
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let states = check.choices::<HireState>("states", &told.states);
    let due_before = check.optional_date("due_before_date", &told.due_before_date);
    Some(HireSelection {
        filing_id: filing_id?,
        employer_code: employer_code?,
        states: states?,
        due_before: due_before?,
        after: None,
        limit: 0,
    })
}

/// What a page of hires belongs to.
pub(crate) fn of_hires(told: &v1::ListHiresRequest) -> Selection {
    let alike = v1::ListHiresRequest {
        page_size: 0,
        page_token: String::new(),
        ..told.clone()
    };
    Selection::new("ListHires", &alike.encode_to_vec())
}

/// A place in the order of cases, as a page token holds it.
pub(crate) fn place_bytes((at, id): (i64, CaseId)) -> Vec<u8> {
    [&at.to_be_bytes()[..], &id.bytes()[..]].concat()
}

/// A place that a page token holds.
pub(crate) fn place(bytes: &[u8]) -> Option<(i64, CaseId)> {
    let (at, id) = bytes.split_first_chunk()?;
    Some((i64::from_be_bytes(*at), CaseId::from_slice(id)?))
}
