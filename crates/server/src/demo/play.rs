//! The year, call by call.

use std::future::Future;

use anyhow::{Context as _, bail, ensure};
use futures::stream;
use mamagang_proto::v1::key_group_check_result::Result as CheckResult;
use mamagang_proto::v1::{
    AccessContext, Decision, EmployerBalance, GetEmployerBalanceRequest, ImportFactsRequest,
    PostDeductionRequest, PostDeductionResponse, SettleYearRequest, StreamKeyGroupChecksRequest,
};

use super::ANSWER_TIME_MAX;
use super::progress::Progress;
use super::sample::Sample;
use crate::client::connection::Connection;
use crate::client::failure::{Failure, Refusal};
use crate::client::words::Lang;
use crate::ids::new_id;

/// Refused rows that are told in full.
const REFUSALS_TOLD_MAX: usize = 5;

/// What came out.
#[derive(Clone, Debug, Default)]
pub(super) struct Played {
    /// The row's key and its decision, in the order of the questions.
    pub(super) checks: Vec<(String, Decision)>,
    /// What was declared and what was posted, in order.
    pub(super) declarations: Vec<(PostDeductionRequest, PostDeductionResponse)>,
    /// What was settled and where the employer then stands, read at the very end.
    pub(super) years: Vec<(SettleYearRequest, EmployerBalance)>,
}

/// Records, asks, posts, settles and reads, in this order.
pub(super) async fn play(
    sample: &Sample,
    connection: &Connection,
    progress: &Progress,
) -> anyhow::Result<Played> {
    let line = Line {
        connection,
        progress,
        lang: connection.lang(),
    };
    line.import(sample).await.context("the import")?;
    Ok(Played {
        checks: line.check(sample).await.context("the checks")?,
        declarations: line.post(sample).await.context("the postings")?,
        years: line.settle(sample).await.context("the settlements")?,
    })
}

struct Line<'a> {
    connection: &'a Connection,
    progress: &'a Progress,
    lang: Lang,
}

impl Line<'_> {
    /// Waits for an answer; a refusal is told in full.
    async fn answer<T>(
        &self,
        call: impl Future<Output = Result<T, tonic::Status>>,
    ) -> anyhow::Result<T> {
        let answered = tokio::time::timeout(ANSWER_TIME_MAX, call);
        let answered = answered
            .await
            .context("the service did not answer in time")?;
        answered.map_err(|status| anyhow::anyhow!(Failure::from(status).text(self.lang)))
    }

    async fn import(&self, sample: &Sample) -> anyhow::Result<()> {
        let bar = self
            .progress
            .bar("导入资料", "recording", sample.facts.len());
        let request_id = new_id().to_string();
        let requests: Vec<ImportFactsRequest> = sample
            .facts
            .iter()
            .map(|fact| ImportFactsRequest {
                request_id: request_id.clone(),
                fact: Some(fact.clone()),
                validate_only: false,
            })
            .collect();
        let mut registry = self.connection.registry();
        let mut results = self
            .answer(registry.import_facts(stream::iter(requests)))
            .await?
            .into_inner();
        let mut refused = Vec::new();
        for fact in &sample.facts {
            let answer = self.answer(results.message()).await?;
            let result = answer.and_then(|answer| answer.result);
            let result = result.with_context(|| format!("{}: no result", fact.row_key))?;
            ensure!(
                result.row_key == fact.row_key,
                "{} was answered for {}",
                result.row_key,
                fact.row_key
            );
            if let Some(error) = result.error {
                refused.push(format!(
                    "{}: {}",
                    fact.row_key,
                    Refusal::of_item(error).text(self.lang)
                ));
            }
            bar.step();
        }
        tell_refused(&refused)
    }

    async fn check(&self, sample: &Sample) -> anyhow::Result<Vec<(String, Decision)>> {
        let bar = self
            .progress
            .bar("逐人核验", "checking", sample.checks.len());
        let requests: Vec<StreamKeyGroupChecksRequest> = sample
            .checks
            .iter()
            .map(|check| StreamKeyGroupChecksRequest {
                context: Some(context()),
                check: Some(check.clone()),
                as_of_time: None,
            })
            .collect();
        let mut eligibility = self.connection.eligibility();
        let call = eligibility.stream_key_group_checks(stream::iter(requests));
        let mut results = self.answer(call).await?.into_inner();
        let (mut decided, mut refused) = (Vec::new(), Vec::new());
        for check in &sample.checks {
            let answer = self.answer(results.message()).await?;
            let result = answer.and_then(|answer| answer.result);
            let result = result.with_context(|| format!("{}: no result", check.row_key))?;
            ensure!(
                result.row_key == check.row_key,
                "{} was answered for {}",
                result.row_key,
                check.row_key
            );
            match result.result {
                Some(CheckResult::Decision(decision)) => decided.push((result.row_key, decision)),
                Some(CheckResult::Error(error)) => {
                    let text = Refusal::of_item(error).text(self.lang);
                    refused.push(format!("{}: {text}", result.row_key));
                }
                None => bail!("{}: neither decision nor error", result.row_key),
            }
            bar.step();
        }
        tell_refused(&refused)?;
        Ok(decided)
    }

    async fn post(
        &self,
        sample: &Sample,
    ) -> anyhow::Result<Vec<(PostDeductionRequest, PostDeductionResponse)>> {
        let bar = self
            .progress
            .bar("申报扣减", "posting", sample.declarations.len());
        let mut ledger = self.connection.ledger();
        let mut posted = Vec::new();
        for declared in &sample.declarations {
            let request = PostDeductionRequest {
                request_id: new_id().to_string(),
                ..declared.clone()
            };
            let place = || format!("{} {}", request.employer_code, request.period);
            let answer = self.answer(ledger.post_deduction(request.clone())).await;
            posted.push((declared.clone(), answer.with_context(place)?.into_inner()));
            bar.step();
        }
        Ok(posted)
    }

    /// Settles every year, then reads where the employers stand.
    async fn settle(
        &self,
        sample: &Sample,
    ) -> anyhow::Result<Vec<(SettleYearRequest, EmployerBalance)>> {
        let bar = self
            .progress
            .bar("汇算清缴", "settling", sample.settlements.len());
        let mut ledger = self.connection.ledger();
        for settled in &sample.settlements {
            let request = SettleYearRequest {
                request_id: new_id().to_string(),
                ..settled.clone()
            };
            let place = || format!("{} {}", request.employer_code, request.tax_year);
            self.answer(ledger.settle_year(request.clone()))
                .await
                .with_context(place)?;
            bar.step();
        }
        let mut years = Vec::new();
        for settled in &sample.settlements {
            let request = GetEmployerBalanceRequest {
                employer_code: settled.employer_code.clone(),
                tax_year: settled.tax_year,
                ..GetEmployerBalanceRequest::default()
            };
            let answer = self
                .answer(ledger.get_employer_balance(request))
                .await?
                .into_inner();
            let place = || format!("{}: no balance", settled.employer_code);
            years.push((settled.clone(), answer.balance.with_context(place)?));
        }
        Ok(years)
    }
}

/// Why the demo reads the data of its invented people.
pub(super) fn context() -> AccessContext {
    AccessContext {
        purpose: "演示".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "DEMO-2023".to_owned(),
        operator: "demo".to_owned(),
    }
}

fn tell_refused(refused: &[String]) -> anyhow::Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let told = refused
        .iter()
        .take(REFUSALS_TOLD_MAX)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    let left = refused.len().saturating_sub(REFUSALS_TOLD_MAX);
    let more = if left > 0 {
        format!("\n… {left}")
    } else {
        String::new()
    };
    bail!("{} refused\n{told}{more}", refused.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_rows_are_counted_and_the_first_told() {
        assert!(tell_refused(&[]).is_ok());
        let refused: Vec<String> = (1..=7).map(|row| format!("B{row}: 字段有误")).collect();
        let error = tell_refused(&refused).unwrap_err().to_string();
        assert!(error.starts_with("7 refused\nB1: 字段有误\n"), "{error}");
        assert!(error.ends_with("B5: 字段有误\n… 2"), "{error}");
        let error = tell_refused(&refused[..5]).unwrap_err().to_string();
        assert!(error.ends_with("B5: 字段有误"), "{error}");
    }
}
