//! What is told of an import.

use mamagang_files::FileError;
use mamagang_files::import::{HeaderError, ImportError, Kind};

use super::{ImportArgs, Outcome};
use crate::client::ask::Answer;
use crate::client::failure::Refusal;
use crate::client::view::View;
use crate::client::words::Lang;

/// Some rows were wrong: the others are stored.
const SOME_WRONG: u8 = 3;
/// Reasons that are shown; the file has all.
const SHOWN_MAX: usize = 10;

/// The summary; the exit code tells whether rows were wrong.
pub(super) fn of(args: &ImportArgs, outcome: &Outcome, view: View) -> Answer {
    let code = if outcome.reasons.is_empty() {
        0
    } else {
        SOME_WRONG
    };
    if args.client.json {
        let reasons: serde_json::Map<String, serde_json::Value> = outcome
            .reasons
            .iter()
            .map(|(row, reason)| (row.to_string(), reason.clone().into()))
            .collect();
        let json = serde_json::json!({
            "dryRun": args.dry_run,
            "rows": outcome.rows,
            "stored": outcome.stored,
            "unchanged": outcome.unchanged,
            "wrong": outcome.reasons.len(),
            "errors": outcome.given_back,
            "reasons": reasons,
        });
        return Answer::new(format!("{json:#}\n"), code);
    }
    let mut grid = view.headless();
    let stored = match args.dry_run {
        true => view.pick("可以保存（预览，未保存）", "would be stored (nothing was)"),
        false => view.pick("已保存", "stored"),
    };
    grid.pair(
        view.pick("种类", "kind"),
        view.pick(args.kind.title, args.kind.name),
    )
    .pair(view.pick("行数", "rows"), outcome.rows.to_string())
    .pair(stored, outcome.stored.to_string())
    .pair(
        view.pick("已有相同记录", "known already"),
        outcome.unchanged.to_string(),
    )
    .pair(
        view.pick("有错误", "wrong"),
        outcome.reasons.len().to_string(),
    );
    if let Some(path) = &outcome.given_back {
        grid.pair(
            view.pick("错误文件", "wrong rows are in"),
            path.display().to_string(),
        );
    }
    grid.pair(
        view.pick("未识别的列", "columns not known"),
        outcome.unknown.join("、"),
    );
    let mut text = grid.text();
    for (row, reason) in outcome.reasons.iter().take(SHOWN_MAX) {
        text.push_str(&match view.lang {
            Lang::Zh => format!("第 {row} 行：{reason}\n"),
            Lang::En => format!("row {row}: {reason}\n"),
        });
    }
    if outcome.reasons.len() > SHOWN_MAX {
        text.push_str("…\n");
    }
    Answer::new(text, code)
}

/// A refusal of a row as one sentence, its fields by the headers that the reader knows.
pub(super) fn reason(kind: &Kind, refusal: &Refusal, lang: Lang) -> String {
    if refusal.violations.is_empty() {
        return refusal.message.clone();
    }
    let one = |field: &str, description: &str| match header(kind, field) {
        Some(header) if lang == Lang::Zh => format!("{header}：{description}"),
        _ => format!("{field}: {description}"),
    };
    let all = refusal
        .violations
        .iter()
        .map(|wrong| one(&wrong.field, &wrong.description));
    all.collect::<Vec<_>>().join("；")
}

/// The header of a field's path such as `contract.worker.identity.number`, or of what stands below it.
fn header(kind: &Kind, path: &str) -> Option<&'static str> {
    let inner = path
        .strip_prefix(kind.name)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(path);
    let of_path = |path: &str| {
        kind.all_fields()
            .find(|field| field.path == path)
            .map(|field| field.header)
    };
    let without_index = inner.split('[').next().unwrap_or(inner);
    of_path(inner).or_else(|| of_path(without_index))
}

/// Why a file cannot be read or written.
pub(super) fn unreadable(error: &ImportError, lang: Lang) -> String {
    match (error, lang) {
        (ImportError::Header(HeaderError::NotFound), Lang::Zh) => {
            "没有找到表头；用 mamagang template 取得模板".to_owned()
        }
        (ImportError::Header(HeaderError::NotFound), Lang::En) => {
            "no header of this kind; see mamagang template".to_owned()
        }
        (ImportError::Header(HeaderError::Missing { row, headers }), Lang::Zh) => {
            format!("第 {row} 行的表头缺少：{}", headers.join("、"))
        }
        (ImportError::Header(HeaderError::Missing { row, headers }), Lang::En) => {
            format!("the header in row {row} lacks {}", headers.join(", "))
        }
        (ImportError::Header(HeaderError::Twice { row, header }), Lang::Zh) => {
            format!("第 {row} 行的表头“{header}”出现两次")
        }
        (ImportError::Header(HeaderError::Twice { row, header }), Lang::En) => {
            format!("the header {header} stands twice in row {row}")
        }
        (ImportError::UnknownFormat, Lang::Zh) => "只能读取 xlsx、xls 和 csv 文件".to_owned(),
        (ImportError::UnknownFormat, Lang::En) => {
            "only xlsx, xls and csv files are read".to_owned()
        }
        (ImportError::File(FileError::Encoding), Lang::Zh) => {
            "文件既不是 UTF-8 也不是 GB 18030 编码".to_owned()
        }
        (ImportError::File(FileError::Io(error)), Lang::Zh) => format!("文件无法读写：{error}"),
        (ImportError::File(FileError::Io(error)), Lang::En) => {
            format!("the file cannot be read or written: {error}")
        }
        (ImportError::File(error), _) => error.to_string(),
    }
}
