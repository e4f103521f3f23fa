//! The outside sources of a person's status, as the file of sources names them.

mod list_file;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use mamagang_domain::date::CivilDate;
use mamagang_sources::{
    GatewaySource, ListKind, ListSource, Signer, SourceSettings, Sources, StatusSource, World,
};
use mamagang_store::Clock as _;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::clock::{SystemClock, civil_date_in_shanghai};
use crate::ids::new_id;
use list_file::{Found, latest, read};

/// How often the directories of lists are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Bytes of a secret.
const SECRET_BYTES_MIN: usize = 16;

/// A directory of lists, and what was read of it.
#[derive(Debug)]
pub struct Lists {
    source: Arc<ListSource>,
    kind: ListKind,
    name: String,
    directory: PathBuf,
    last: Option<Found>,
}

/// What a deployment asks.
#[derive(Debug, Default)]
pub struct Configured {
    /// For the use cases.
    pub sources: Sources,
    /// What has to be looked at again and again.
    pub lists: Vec<Lists>,
}

fn today() -> CivilDate {
    civil_date_in_shanghai(SystemClock.now_micros()).unwrap_or(CivilDate::MAX)
}

/// Reads the file of sources, and the lists that there are.
///
/// # Errors
/// A file that is wrong, all problems at once; a secret that cannot be read. A list that is wrong is
/// no error: its source cannot be asked until there is a better one.
pub fn of_file(path: &Path) -> anyhow::Result<Configured> {
    let text = std::fs::read_to_string(path);
    let text =
        text.with_context(|| format!("the file of sources {} cannot be read", path.display()))?;
    let settings = SourceSettings::parse(&text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(
            "the file of sources {} has problems:\n{}",
            path.display(),
            lines.join("\n")
        )
    })?;
    // Paths in the file start where it stands.
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut sources: Vec<Arc<dyn StatusSource>> = Vec::new();
    for gateway in &settings.gateway {
        let signer = Signer::new(
            gateway.application.clone(),
            secret(&folder.join(&gateway.secret_file))?,
            gateway.digest,
            gateway.headers.clone(),
        );
        let world = World {
            millis: Arc::new(|| SystemClock.now_micros() / 1_000),
            nonce: Arc::new(|| new_id().simple().to_string()),
        };
        sources.push(Arc::new(GatewaySource::new(
            gateway.options(),
            signer,
            world,
        )));
    }
    let mut lists = Vec::new();
    for list in &settings.list {
        let categories = list.kind.categories();
        let source = ListSource::new(&list.name, categories, list.days_max, Arc::new(today));
        let source = Arc::new(source);
        sources.push(source.clone());
        let mut list = Lists {
            source,
            kind: list.kind,
            name: list.name.clone(),
            directory: folder.join(&list.directory),
            last: None,
        };
        list.look();
        lists.push(list);
    }
    Ok(Configured {
        sources: Sources::new(sources),
        lists,
    })
}

fn secret(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let told = || format!("the secret {} cannot be used", path.display());
    let mut bytes = Zeroizing::new(std::fs::read(path).with_context(told)?);
    while bytes.last().is_some_and(u8::is_ascii_whitespace) {
        bytes.pop();
    }
    anyhow::ensure!(
        bytes.len() >= SECRET_BYTES_MIN,
        "{}: it has fewer than {SECRET_BYTES_MIN} bytes",
        told()
    );
    Ok(bytes)
}

impl Lists {
    /// Reads the latest list where it is another than the one read before.
    fn look(&mut self) {
        let found = match latest(&self.directory) {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(
                    source.name = self.name,
                    error = &error as &dyn std::error::Error,
                    "the directory of lists cannot be read"
                );
                return;
            }
        };
        if found.is_none() || found == self.last {
            return;
        }
        self.last = found;
        let Some(found) = &self.last else { return };
        match read(&found.path, self.kind, found.drawn_on, today()) {
            Ok(list) => {
                let people = list.len();
                if self.source.replace(list) {
                    tracing::info!(
                        source.name = self.name,
                        list.drawn_on = %found.drawn_on,
                        list.people = people,
                        "a list is in force"
                    );
                }
            }
            // Half a list would make the other half look gone.
            Err(problem) => tracing::error!(
                source.name = self.name,
                list.drawn_on = %found.drawn_on,
                list.problem = %problem,
                "the list is not taken: the one before stays in force until it is too old"
            ),
        }
    }
}

/// Looks for new lists until the service stops.
pub async fn keep_lists(mut lists: Vec<Lists>, draining: CancellationToken) {
    if lists.is_empty() {
        return;
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = draining.cancelled() => return,
        }
        // Files are read on a thread where that may take its time.
        let looked = tokio::task::spawn_blocking(move || {
            lists.iter_mut().for_each(Lists::look);
            lists
        });
        lists = match looked.await {
            Ok(looked) => looked,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "lists are no longer looked for"
                );
                return;
            }
        };
    }
}
