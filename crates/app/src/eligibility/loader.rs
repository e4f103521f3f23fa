//! Concurrent checks share a read.
//!
//! A few tasks read for everybody: what is asked while they are busy is gathered and read in one
//! statement by the first that is free. A lone check is read at once, so that no latency is added
//! where there is nothing to gain. A replica has tasks of its own.

use std::collections::HashMap;
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_store::rows::{CheckInputs, EmployerRow, WorkerKey};
use mamagang_store::{
    Replica, ReplicaMiss, SeenInputs, Store, StoreError, StoreErrorKind, StoreResult,
};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::gather::recv_gathered;
use crate::limits::{CHECK_GATHER_MAX, CHECK_QUEUE_MAX, CHECK_READERS};

struct Asked {
    workers: Vec<WorkerKey>,
    employers: Vec<EmployerCode>,
    reply: oneshot::Sender<StoreResult<Loaded>>,
}

/// What was read.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) inputs: CheckInputs,
    /// As of when a replica was read (microseconds); `None` = the database itself was.
    pub(crate) seen_at: Option<i64>,
}

/// Where is read.
#[derive(Clone)]
enum Origin {
    Primary(Arc<dyn Store>),
    Replica(Arc<dyn Replica>),
}

impl Origin {
    async fn read(&self, workers: &[WorkerKey], employers: &[EmployerCode]) -> StoreResult<Loaded> {
        match self {
            Self::Primary(store) => Ok(Loaded {
                inputs: store.check_inputs(workers, employers).await?,
                seen_at: None,
            }),
            Self::Replica(replica) => match replica.check_inputs(workers, employers).await {
                Ok(SeenInputs { inputs, seen_at }) => Ok(Loaded {
                    inputs,
                    seen_at: Some(seen_at),
                }),
                Err(miss) => Err(missed(miss)),
            },
        }
    }
}

/// Why a replica was not read: no failure, since the database itself can be.
fn missed(miss: ReplicaMiss) -> StoreError {
    metrics::counter!("mamagang_replica_misses_total", "why" => miss.name()).increment(1);
    StoreError::new(StoreErrorKind::Unavailable, "the replica is not read")
}

/// Reads what checks need.
#[derive(Clone, Debug)]
pub(crate) struct CheckLoader {
    queue: mpsc::Sender<Asked>,
}

impl CheckLoader {
    /// Starts the tasks. They end when every handle is dropped and the queue is empty.
    pub(crate) fn start(store: &Arc<dyn Store>) -> Self {
        Self::start_at(&Origin::Primary(Arc::clone(store)))
    }

    /// The same on a replica.
    pub(crate) fn start_on(replica: &Arc<dyn Replica>) -> Self {
        Self::start_at(&Origin::Replica(Arc::clone(replica)))
    }

    fn start_at(origin: &Origin) -> Self {
        let (queue, waiting) = mpsc::channel(CHECK_QUEUE_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..CHECK_READERS {
            tokio::spawn(run(origin.clone(), Arc::clone(&waiting)));
        }
        Self { queue }
    }

    /// As [`Store::check_inputs`].
    pub(crate) async fn load(
        &self,
        workers: Vec<WorkerKey>,
        employers: Vec<EmployerCode>,
    ) -> StoreResult<Loaded> {
        let (reply, answer) = oneshot::channel();
        let asked = Asked {
            workers,
            employers,
            reply,
        };
        let ended = || StoreError::new(StoreErrorKind::Unavailable, "the reads have ended");
        self.queue.send(asked).await.map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }
}

async fn run(origin: Origin, waiting: Arc<Mutex<mpsc::Receiver<Asked>>>) {
    let mut gathered = Vec::with_capacity(CHECK_GATHER_MAX);
    loop {
        let count = {
            let mut waiting = waiting.lock().await;
            recv_gathered(&mut waiting, &mut gathered, CHECK_GATHER_MAX).await
        };
        if count == 0 {
            return;
        }
        metrics::histogram!("mamagang_check_read_calls").record(count as u32);
        // Who has gone away in the meantime is not read for.
        gathered.retain(|asked| !asked.reply.is_closed());
        answer(&origin, std::mem::take(&mut gathered)).await;
    }
}

async fn answer(origin: &Origin, asked: Vec<Asked>) {
    let workers: Vec<WorkerKey> = asked
        .iter()
        .flat_map(|asked| asked.workers.iter().cloned())
        .collect();
    let mut places: HashMap<EmployerCode, usize> = HashMap::new();
    let mut employers = Vec::new();
    for code in asked.iter().flat_map(|asked| &asked.employers) {
        places.entry(*code).or_insert_with(|| {
            employers.push(*code);
            employers.len() - 1
        });
    }
    match origin.read(&workers, &employers).await {
        Ok(read) => share(asked, read, &places),
        Err(error) => {
            if let Origin::Primary(_) = origin {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "checks could not be read for"
                );
            }
            for asked in asked {
                // A caller that has gone away needs no answer.
                let told = StoreError::new(error.kind(), "checks could not be read for");
                let _ = asked.reply.send(Err(told));
            }
        }
    }
}

/// Gives everybody their own.
fn share(asked: Vec<Asked>, read: Loaded, places: &HashMap<EmployerCode, usize>) {
    let Loaded { inputs, seen_at } = read;
    let mut workers = inputs.workers.into_iter();
    for asked in asked {
        let employer = |code: &EmployerCode| -> Option<EmployerRow> {
            inputs.employers.get(*places.get(code)?)?.clone()
        };
        let own = CheckInputs {
            workers: workers.by_ref().take(asked.workers.len()).collect(),
            employers: asked.employers.iter().map(employer).collect(),
        };
        let _ = asked.reply.send(Ok(Loaded {
            inputs: own,
            seen_at,
        }));
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::ids::WorkerId;
    use mamagang_store::contract::sample::{
        add_workers, begin, employer, employer_row, worker, worker_row,
    };
    use mamagang_store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn everybody_gets_their_own_whoever_is_read_for_at_the_same_time() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        add_workers(&store, 1..=9).await;
        let mut unit = begin(&store).await;
        let rows: Vec<_> = (1..=9).map(|n| worker_row(n, &[employer(0)])).collect();
        unit.put_workers(&rows).await.expect("accepted");
        let employers = [employer_row(0, "甲"), employer_row(1, "乙")];
        unit.put_employers(&employers).await.expect("accepted");
        unit.commit().await.expect("committed");
        let loader = CheckLoader::start(&store);
        let asks = (1..=9_u8).map(|n| {
            let loader = loader.clone();
            let unknown = WorkerKey::Id(WorkerId(uuid::Uuid::from_u128(u128::from(n))));
            let workers = vec![WorkerKey::Id(worker(n)), unknown];
            let codes = vec![employer(usize::from(n % 2)), employer(3)];
            tokio::spawn(async move { (n, loader.load(workers, codes).await) })
        });
        for ask in asks.collect::<Vec<_>>() {
            let (n, read) = ask.await.expect("no panic");
            let read = read.expect("read").inputs;
            let found = read.workers[0].as_ref().expect("known");
            assert_eq!(found.worker.worker_id, worker(n));
            assert_eq!(read.workers[1], None);
            let known = read.employers[0].as_ref().expect("known");
            assert_eq!(known.employer_code, employer(usize::from(n % 2)));
            assert_eq!(read.employers[1], None);
        }
    }
}
