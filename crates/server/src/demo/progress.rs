//! Progress on the standard error, shown on a terminal alone.

use indicatif::{ProgressBar, ProgressStyle};

use crate::client::words::Lang;

/// Makes the bars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    lang: Lang,
}

impl Progress {
    /// In a language.
    pub(super) const fn new(lang: Lang) -> Self {
        Self { lang }
    }

    /// A bar for a number of steps; it vanishes when it is dropped.
    pub(super) fn bar(&self, zh: &'static str, en: &'static str, steps: usize) -> Bar {
        let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
        let style = ProgressStyle::with_template("{prefix} [{bar:40}] {pos}/{len} {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(self.lang.pick(zh, en));
        Bar(bar)
    }
}

/// A bar.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// One step further.
    pub(super) fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
