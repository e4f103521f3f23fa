//! What changes from one edition to another, in the terms of the law.

use std::collections::BTreeSet;

use mamagang_domain::date::CivilDate;
use mamagang_domain::money::Fen;

use crate::law_cases::{self, CaseFile};
use crate::parameter::{Bound, Parameter, ParameterValue, Unit, Value, confidence_word};
use crate::policies::Policies;
use crate::problem::PolicyProblem;
use crate::report::Language;

/// One parameter whose law differs on some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// The code of the place that sets it, or `national`.
    pub scope: String,
    /// Its titles, Chinese and English, of whichever edition has them.
    pub titles: [String; 2],
    /// The first day.
    pub from: CivilDate,
    /// The last day; `None` while no end is known.
    pub to: Option<CivilDate>,
    /// In what it differs.
    pub aspects: Vec<Aspect>,
}

/// In what two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// Law that was not encoded is now: with its value.
    Encoded(Shown),
    /// Law that was encoded no longer is: with its value of before.
    Dropped(Shown),
    /// Another value.
    Value(Shown, Shown),
    /// Another kind of bound.
    Bound(Bound, Bound),
    /// Another source, as instrument and article.
    Source(String, String),
    /// Established otherwise.
    Confidence(&'static str, &'static str),
}

/// A value as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    unit: Unit,
    value: Value,
    bound: Bound,
}

/// A law case whose answer differs between two editions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedCase {
    /// The file.
    pub file: String,
    /// The case's name.
    pub name: String,
    /// Lines of the answer under the first edition that the second does not give.
    pub before: Vec<String>,
    /// Lines of the answer under the second edition that the first does not give.
    pub after: Vec<String>,
}

/// The changes from `a` to `b`, by place, name and day.
pub fn diff(a: &Policies, b: &Policies) -> Vec<Change> {
    let keys: BTreeSet<(&str, &str)> = a
        .parameters()
        .iter()
        .chain(b.parameters())
        .map(|parameter| (parameter.scope.as_str(), parameter.name.as_str()))
        .collect();
    let find = |policies: &Policies, scope: &str, name: &str| {
        let mut parameters = policies.parameters().iter();
        parameters
            .find(|known| known.scope == scope && known.name == name)
            .cloned()
    };
    let mut changes = Vec::new();
    for (scope, name) in keys {
        let (before, after) = (find(a, scope, name), find(b, scope, name));
        changes.extend(changes_of(scope, name, before.as_ref(), after.as_ref()));
    }
    changes
}

fn changes_of(
    scope: &str,
    name: &str,
    before: Option<&Parameter>,
    after: Option<&Parameter>,
) -> Vec<Change> {
    let both = [before, after];
    // The days on which either side may begin to say something else.
    let values = both.into_iter().flatten().flat_map(|known| &known.values);
    let mut starts: BTreeSet<CivilDate> = BTreeSet::new();
    for value in values {
        starts.insert(value.effective_from);
        starts.extend(value.effective_to.map(|to| to.plus_days(1)));
    }
    let titles = both
        .into_iter()
        .flatten()
        .find(|known| known.title_en != name);
    let titles = titles.map_or_else(
        || [name.to_owned(), name.to_owned()],
        |known| [known.title_zh.clone(), known.title_en.clone()],
    );
    let starts: Vec<CivilDate> = starts.into_iter().collect();
    let mut changes: Vec<Change> = Vec::new();
    for (index, from) in starts.iter().enumerate() {
        let on = |known: Option<&Parameter>| known.and_then(|known| known.on(*from)).cloned();
        let unit = both
            .into_iter()
            .flatten()
            .map(|known| known.unit)
            .next_back();
        let aspects = aspects(on(before).as_ref(), on(after).as_ref(), unit);
        let to = starts.get(index + 1).map(|next| next.plus_days(-1));
        if aspects.is_empty() {
            continue;
        }
        match changes.last_mut() {
            Some(last)
                if last.aspects == aspects
                    && last.to.is_some_and(|end| end.plus_days(1) == *from) =>
            {
                last.to = to;
            }
            _ => changes.push(Change {
                name: name.to_owned(),
                scope: scope.to_owned(),
                titles: titles.clone(),
                from: *from,
                to,
                aspects,
            }),
        }
    }
    changes
}

fn aspects(
    before: Option<&ParameterValue>,
    after: Option<&ParameterValue>,
    unit: Option<Unit>,
) -> Vec<Aspect> {
    let unit = unit.unwrap_or(Unit::Code);
    let shown = |value: &ParameterValue| Shown {
        unit,
        value: value.value.clone(),
        bound: value.bound,
    };
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (None, Some(after)) => return vec![Aspect::Encoded(shown(after))],
        (Some(before), None) => return vec![Aspect::Dropped(shown(before))],
        (Some(before), Some(after)) => (before, after),
    };
    let mut found = Vec::new();
    if before.value != after.value {
        found.push(Aspect::Value(shown(before), shown(after)));
    }
    if before.bound != after.bound {
        found.push(Aspect::Bound(before.bound, after.bound));
    }
    let source = |value: &ParameterValue| {
        let text = format!("{} {}", value.instrument, value.article);
        text.trim_end().to_owned()
    };
    if source(before) != source(after) {
        found.push(Aspect::Source(source(before), source(after)));
    }
    if before.confidence != after.confidence {
        let word = |value: &ParameterValue| confidence_word(value.confidence);
        found.push(Aspect::Confidence(word(before), word(after)));
    }
    found
}

/// The cases whose answers differ between two editions. On failure every file that cannot be read
/// is named.
pub fn changed_cases(
    files: &[CaseFile],
    a: &Policies,
    b: &Policies,
) -> Result<Vec<ChangedCase>, Vec<PolicyProblem>> {
    let before = law_cases::run(files, &a.book)?;
    let after = law_cases::run(files, &b.book)?;
    let pairs = before.into_iter().zip(after);
    let changed = pairs.filter_map(|(before, after)| {
        let (old, new) = (before.compared.actual, after.compared.actual);
        (old != new).then(|| ChangedCase {
            file: before.file,
            name: before.name,
            before: old
                .iter()
                .filter(|line| !new.contains(line))
                .cloned()
                .collect(),
            after: new
                .iter()
                .filter(|line| !old.contains(line))
                .cloned()
                .collect(),
        })
    });
    Ok(changed.collect())
}

/// The changes and the cases as text for people. Ends with a line break.
pub fn diff_report(
    a: &Policies,
    b: &Policies,
    cases: &[ChangedCase],
    language: Language,
) -> String {
    let pick = |zh: &'static str, en: &'static str| match language {
        Language::Zh => zh,
        Language::En => en,
    };
    let mut lines = Vec::new();
    if a.version() == b.version() {
        lines.push(pick("两个版本相同", "the editions are the same").to_owned());
    }
    let (from, to) = (&a.index().jurisdiction, &b.index().jurisdiction);
    if from != to {
        let label = pick("适用地区", "jurisdiction");
        lines.push(format!("{label}: {from} → {to}"));
    }
    for change in diff(a, b) {
        lines.extend(change.sentences(language));
    }
    let count = cases.len();
    lines.push(match language {
        Language::Zh => format!("{count} 个案例的结论改变"),
        Language::En if count == 1 => "1 case changes".to_owned(),
        Language::En => format!("{count} cases change"),
    });
    for case in cases {
        lines.push(format!("  {}: {}", case.file, case.name));
        lines.extend(case.before.iter().map(|line| format!("    - {line}")));
        lines.extend(case.after.iter().map(|line| format!("    + {line}")));
    }
    lines.join("\n") + "\n"
}

impl Change {
    /// One sentence for each aspect.
    pub fn sentences(&self, language: Language) -> Vec<String> {
        let [zh, en] = &self.titles;
        let place = match self.scope.as_str() {
            "national" => String::new(),
            code => format!(", {code}"),
        };
        let subject = match language {
            Language::Zh => format!("{}：{zh}（{}{place}）", self.days(language), self.name),
            Language::En => format!("{}, {en} ({}{place})", self.days(language), self.name),
        };
        let aspects = self.aspects.iter();
        aspects
            .map(|aspect| format!("{subject} {}", aspect.text(language)))
            .collect()
    }

    fn days(&self, language: Language) -> String {
        match (language, self.to) {
            (Language::Zh, None) => format!("自 {} 起", self.from),
            (Language::Zh, Some(to)) => format!("自 {} 至 {to}", self.from),
            (Language::En, None) => format!("from {}", self.from),
            (Language::En, Some(to)) => format!("from {} to {to}", self.from),
        }
    }
}

impl Aspect {
    fn text(&self, language: Language) -> String {
        match (self, language) {
            (Self::Encoded(now), Language::Zh) => format!("新收录为 {}", now.text(language)),
            (Self::Encoded(now), Language::En) => {
                format!("is now encoded as {}", now.text(language))
            }
            (Self::Dropped(then), Language::Zh) => {
                format!("不再收录（原为 {}）", then.text(language))
            }
            (Self::Dropped(then), Language::En) => {
                format!("is no longer encoded (it was {})", then.text(language))
            }
            (Self::Value(then, now), Language::Zh) => {
                format!("由 {} 改为 {}", then.text(language), now.text(language))
            }
            (Self::Value(then, now), Language::En) => {
                format!(
                    "changes from {} to {}",
                    then.text(language),
                    now.text(language)
                )
            }
            (Self::Bound(then, now), _) => bound_text(*then, *now, language),
            (Self::Source(then, now), Language::Zh) => format!("依据由 {then} 改为 {now}"),
            (Self::Source(then, now), Language::En) => {
                format!("rests on {now} instead of {then}")
            }
            (Self::Confidence(then, now), Language::Zh) => {
                format!("依据可信度由 {then} 改为 {now}")
            }
            (Self::Confidence(then, now), Language::En) => {
                format!("is established as {now} instead of {then}")
            }
        }
    }
}

fn bound_text(then: Bound, now: Bound, language: Language) -> String {
    let word = |bound: Bound| match (bound, language) {
        (Bound::Inclusive, Language::Zh) => "含本数",
        (Bound::Exclusive, Language::Zh) => "不含本数",
        (Bound::None, Language::Zh) => "无上限",
        (Bound::Inclusive, Language::En) => "inclusive",
        (Bound::Exclusive, Language::En) => "exclusive",
        (Bound::None, Language::En) => "none",
    };
    match language {
        Language::Zh => format!("的上限由{}改为{}", word(then), word(now)),
        Language::En => format!("changes its bound from {} to {}", word(then), word(now)),
    }
}

impl Shown {
    /// Amounts in yuan, rates in percent, durations with their unit.
    pub fn text(&self, language: Language) -> String {
        let zh = language == Language::Zh;
        let number = |number: i64| match self.unit {
            Unit::Fen => {
                let yuan = Fen::new(number).yuan();
                if zh {
                    format!("{yuan} 元")
                } else {
                    format!("{yuan} yuan")
                }
            }
            Unit::Bp => {
                let rest = number % 100;
                match rest {
                    0 => format!("{}%", number / 100),
                    rest => format!("{}.{rest:02}%", number / 100),
                }
            }
            Unit::Days => format!("{number} {}", if zh { "日" } else { "days" }),
            Unit::Months => format!("{number} {}", if zh { "个月" } else { "months" }),
            Unit::Years => format!("{number} {}", if zh { "年" } else { "years" }),
            Unit::People => format!("{number} {}", if zh { "人" } else { "people" }),
            Unit::Boolean | Unit::Set | Unit::Code => number.to_string(),
        };
        let text = match &self.value {
            Value::Integer(value) => number(*value),
            Value::Integers(values) => {
                let texts: Vec<String> = values.iter().map(|value| number(*value)).collect();
                texts.join(", ")
            }
            Value::Boolean(true) => (if zh { "是" } else { "yes" }).to_owned(),
            Value::Boolean(false) => (if zh { "否" } else { "no" }).to_owned(),
            Value::Nothing => (if zh { "无" } else { "none" }).to_owned(),
            value => value.to_string(),
        };
        match self.bound {
            Bound::Inclusive => format!("≤ {text}"),
            Bound::Exclusive => format!("< {text}"),
            Bound::None => text,
        }
    }
}
