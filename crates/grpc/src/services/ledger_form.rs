//! The ledger's forms, page by page.

use mamagang_app::App;
use mamagang_app::ledger::WorkTimeQuery;
use mamagang_proto::v1;
use prost::Message as _;
use tonic::{Response, Status};

use crate::call::Call;
use crate::convert::ledger_form as convert;
use crate::convert::page::{self, Selection};
use crate::reply::ledger_form as reply;
use crate::reply::timestamp;

/// 就业信息表.
pub(super) async fn work_time_table(
    app: &App,
    call: &Call,
    message: v1::GetWorkTimeTableRequest,
) -> Result<Response<v1::GetWorkTimeTableResponse>, Status> {
    let (selected, limit) = call.read(app, |check| {
        let selected = convert::work_time(check, &message);
        let limit = page::size(check, message.page_size);
        selected.zip(limit)
    })?;
    let alike = v1::GetWorkTimeTableRequest {
        context: None,
        page_size: 0,
        page_token: String::new(),
        ..message.clone()
    };
    let selection = Selection::new("GetWorkTimeTable", &alike.encode_to_vec());
    let on = selected.tax_year.last_month().last_day();
    let told = async {
        let (token, as_of) = (&message.page_token, selected.as_of);
        let start = page::open(app, &call.caller, selection, token, as_of)?;
        let query = WorkTimeQuery {
            context: selected.context,
            employer_code: selected.employer_code,
            tax_year: selected.tax_year,
            as_of: start.as_of,
            after: page::number(&start)?,
            limit,
        };
        app.work_time_table(&call.caller, query).await
    };
    let told = told.await.map_err(|error| call.refuse(&error))?;
    let after = told.next_after.map(u32::to_be_bytes);
    let after = after.as_ref().map(|after| after.as_slice());
    Ok(Response::new(v1::GetWorkTimeTableResponse {
        rows: told
            .rows
            .iter()
            .map(|row| reply::work_time(app, row, on))
            .collect(),
        next_page_token: page::next(app, &call.caller, selection, told.as_of, after),
        as_of_time: Some(timestamp(told.as_of)),
    }))
}

/// 减免税申报明细表. Its rows are computed whole and told by the page.
pub(super) async fn relief_schedule(
    app: &App,
    call: &Call,
    message: v1::GetReliefScheduleRequest,
) -> Result<Response<v1::GetReliefScheduleResponse>, Status> {
    let (mut query, limit) = call.read(app, |check| {
        let query = convert::relief_schedule(check, &message);
        let limit = page::size(check, message.page_size);
        query.zip(limit)
    })?;
    let alike = v1::GetReliefScheduleRequest {
        page_size: 0,
        page_token: String::new(),
        ..message.clone()
    };
    let selection = Selection::new("GetReliefSchedule", &alike.encode_to_vec());
    let told = async {
        let (token, as_of) = (&message.page_token, query.as_of);
        let start = page::open(app, &call.caller, selection, token, as_of)?;
        query.as_of = start.as_of;
        let after = page::number(&start)?;
        let (rows, as_of) = app.relief_schedule(&call.caller, query).await?;
        Ok((after as usize, rows, as_of))
    };
    let (from, rows, as_of) = told.await.map_err(|error| call.refuse(&error))?;
    let through = from.saturating_add(limit as usize);
    let is_last = rows.len() <= through;
    let after = (!is_last).then(|| u32::try_from(through).unwrap_or(u32::MAX).to_be_bytes());
    let after = after.as_ref().map(|after| after.as_slice());
    let (code, year) = (query.employer_code, query.tax_year);
    Ok(Response::new(v1::GetReliefScheduleResponse {
        rows: rows
            .iter()
            .skip(from)
            .take(limit as usize)
            .map(|row| reply::relief(app, row, code, year))
            .collect(),
        next_page_token: page::next(app, &call.caller, selection, as_of, after),
        as_of_time: Some(timestamp(as_of)),
    }))
}
