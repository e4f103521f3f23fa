//! Reading whole lists through the API, all at one state of knowledge.

use mamagang_proto::v1::{
    AccessContext, Employer, EmployerBalance, FactKind, GetEmployerBalanceRequest,
    GetEmployerRequest, GetReliefScheduleRequest, GetWorkTimeTableRequest, LedgerEntry,
    ListEmployersRequest, ListEntriesRequest, ListFactsRequest, ReliefScheduleRow, StoredFact,
    WorkTimeRow, WorkerRef, list_facts_request::Subject, worker_ref,
};
use prost_types::Timestamp;

use crate::client::connection::Connection;
use crate::client::failure::Failure;

/// Rows a page: as many as the service gives.
const PAGE_SIZE: i32 = 1_000;

/// Reads at one instant: the one asked for, or that of the first answer.
pub(crate) struct Records<'a> {
    connection: &'a Connection,
    as_of: Option<Timestamp>,
}

/// Goes through the pages of a list.
macro_rules! pages {
    ($self:ident, $client:ident . $method:ident, $rows:ident, $request:expr) => {{
        let mut all = Vec::new();
        let mut request = $request;
        loop {
            request.as_of_time = $self.as_of;
            let answer = $self
                .connection
                .$client()
                .$method(request.clone())
                .await?
                .into_inner();
            $self.as_of = $self.as_of.or(answer.as_of_time);
            all.extend(answer.$rows);
            if answer.next_page_token.is_empty() {
                break Ok(all);
            }
            request.page_token = answer.next_page_token;
        }
    }};
}

impl<'a> Records<'a> {
    pub(crate) const fn new(connection: &'a Connection, as_of: Option<Timestamp>) -> Self {
        Self { connection, as_of }
    }

    /// The instant that everything was read at.
    pub(crate) fn as_of(&self) -> Result<Timestamp, Failure> {
        self.as_of.ok_or(Failure::Incomplete("as_of_time"))
    }

    pub(crate) async fn entries(
        &mut self,
        employer: &str,
        year: i32,
    ) -> Result<Vec<LedgerEntry>, Failure> {
        pages!(
            self,
            ledger.list_entries,
            entries,
            ListEntriesRequest {
                employer_code: employer.to_owned(),
                tax_year: year,
                page_size: PAGE_SIZE,
                ..ListEntriesRequest::default()
            }
        )
    }

    pub(crate) async fn employers(&mut self, town: &str) -> Result<Vec<Employer>, Failure> {
        pages!(
            self,
            registry.list_employers,
            employers,
            ListEmployersRequest {
                town_code: town.to_owned(),
                page_size: PAGE_SIZE,
                ..ListEmployersRequest::default()
            }
        )
    }

    pub(crate) async fn work_time(
        &mut self,
        employer: &str,
        year: i32,
        context: &AccessContext,
    ) -> Result<Vec<WorkTimeRow>, Failure> {
        pages!(
            self,
            ledger.get_work_time_table,
            rows,
            GetWorkTimeTableRequest {
                context: Some(context.clone()),
                employer_code: employer.to_owned(),
                tax_year: year,
                page_size: PAGE_SIZE,
                ..GetWorkTimeTableRequest::default()
            }
        )
    }

    pub(crate) async fn schedule(
        &mut self,
        employer: &str,
        year: i32,
    ) -> Result<Vec<ReliefScheduleRow>, Failure> {
        pages!(
            self,
            ledger.get_relief_schedule,
            rows,
            GetReliefScheduleRequest {
                employer_code: employer.to_owned(),
                tax_year: year,
                page_size: PAGE_SIZE,
                ..GetReliefScheduleRequest::default()
            }
        )
    }

    pub(crate) async fn facts(
        &mut self,
        subject: Subject,
        kinds: &[FactKind],
        history: bool,
        context: &AccessContext,
    ) -> Result<Vec<StoredFact>, Failure> {
        pages!(
            self,
            registry.list_facts,
            facts,
            ListFactsRequest {
                context: Some(context.clone()),
                subject: Some(subject.clone()),
                kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
                include_history: history,
                page_size: PAGE_SIZE,
                ..ListFactsRequest::default()
            }
        )
    }

    pub(crate) async fn employer(&mut self, employer: &str) -> Result<Employer, Failure> {
        let request = GetEmployerRequest {
            employer_code: employer.to_owned(),
            as_of_time: self.as_of,
        };
        let answer = self
            .connection
            .registry()
            .get_employer(request)
            .await?
            .into_inner();
        self.as_of = self.as_of.or(answer.as_of_time);
        answer.employer.ok_or(Failure::Incomplete("employer"))
    }

    pub(crate) async fn balance(
        &mut self,
        employer: &str,
        year: i32,
    ) -> Result<EmployerBalance, Failure> {
        let request = GetEmployerBalanceRequest {
            employer_code: employer.to_owned(),
            tax_year: year,
            as_of_time: self.as_of,
            through_month: String::new(),
        };
        let answer = self
            .connection
            .ledger()
            .get_employer_balance(request)
            .await?
            .into_inner();
        self.as_of = self.as_of.or(answer.as_of_time);
        answer.balance.ok_or(Failure::Incomplete("balance"))
    }
}

/// A worker by our id.
pub(crate) fn worker(id: &str) -> Subject {
    Subject::Worker(WorkerRef {
        r#ref: Some(worker_ref::Ref::WorkerId(id.to_owned())),
    })
}
