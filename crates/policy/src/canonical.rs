//! Reads the canonical text of an edition back, so that a decision of then can be made again.

use mamagang_domain::date::CivilDate;

use crate::index::{Index, Level, Scope};
use crate::load::Catalogue;
use crate::parameter::{Parameter, ParameterValue, Value};
use crate::raw::word;
use crate::version::HEADING;

/// Fields that a value has after its items; a count of values cannot exceed what the text holds.
const FIELDS_OF_VALUE: usize = 8;

/// The catalogue of a canonical text. Titles, notes and open points are not part of the text and
/// come back empty, the day of the last check as the value's first day.
///
/// # Errors
/// Where the text is not one that this program writes, in a few words.
pub(crate) fn read(text: &str) -> Result<Catalogue, String> {
    let mut reader = Reader { rest: text };
    if reader.field()? != HEADING {
        return Err(format!("does not begin with {HEADING}"));
    }
    let jurisdiction = reader.field()?.to_owned();
    let mut scopes = reader.list(Reader::scope)?;
    set_levels(&mut scopes);
    let mut parameters = reader.list(Reader::parameter)?;
    for parameter in &mut parameters {
        let scope = scopes.iter().find(|scope| scope.code == parameter.scope);
        let scope = scope.ok_or_else(|| format!("no place has the code {}", parameter.scope))?;
        parameter.folder = scope.folder.clone();
        parameter.level = scope.level;
        let path = parameter.name.replace('.', "/");
        parameter.file = format!("{}/{path}.yaml", scope.folder);
    }
    if !reader.rest.is_empty() {
        return Err("goes on after its last parameter".to_owned());
    }
    Ok(Catalogue {
        index: Index {
            base: None,
            jurisdiction,
            checked_from: CivilDate::MIN,
            checked_to: CivilDate::MAX,
            scopes,
        },
        parameters,
    })
}

/// The level of a place is its depth below the nation.
fn set_levels(scopes: &mut [Scope]) {
    let parents: Vec<(String, Option<String>)> = scopes
        .iter()
        .map(|scope| (scope.folder.clone(), scope.parent.clone()))
        .collect();
    let parent_of = |folder: &str| {
        let known = parents.iter().find(|(known, _)| known == folder);
        known.and_then(|(_, parent)| parent.clone())
    };
    for scope in scopes {
        scope.level = match &scope.parent {
            None => Level::National,
            Some(parent) if parent_of(parent).is_none() => Level::Province,
            Some(_) => Level::City,
        };
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// A field, `<length in bytes>:<text>` and a line break.
    fn field(&mut self) -> Result<&'a str, String> {
        let cut = || "ends inside a field".to_owned();
        let (length, rest) = self.rest.split_once(':').ok_or_else(cut)?;
        let length: usize = length.parse().map_err(|_| cut())?;
        let field = rest.get(..length).ok_or_else(cut)?;
        self.rest = rest
            .get(length..)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or_else(cut)?;
        Ok(field)
    }

    fn list<T>(&mut self, read: fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let count: usize = self
            .field()?
            .parse()
            .map_err(|_| "a count is not a number".to_owned())?;
        if count > self.rest.len() {
            return Err("a count is larger than the text".to_owned());
        }
        (0..count).map(|_| read(self)).collect()
    }

    fn scope(&mut self) -> Result<Scope, String> {
        let folder = self.field()?.to_owned();
        let code = self.field()?.to_owned();
        let parent = self.field()?;
        Ok(Scope {
            title_zh: folder.clone(),
            title_en: folder.clone(),
            folder,
            level: Level::National,
            code,
            parent: (!parent.is_empty()).then(|| parent.to_owned()),
        })
    }

    fn parameter(&mut self) -> Result<Parameter, String> {
        let scope = self.field()?.to_owned();
        let name = self.field()?.to_owned();
        let unit = word(self.field()?)?;
        Ok(Parameter {
            file: String::new(),
            title_zh: name.clone(),
            title_en: name.clone(),
            name,
            folder: String::new(),
            level: Level::National,
            scope,
            unit,
            gaps_allowed_because: None,
            limits: None,
            values: self.list(Self::value)?,
        })
    }

    fn value(&mut self) -> Result<ParameterValue, String> {
        if self.rest.lines().take(FIELDS_OF_VALUE).count() < FIELDS_OF_VALUE {
            return Err("ends inside a value".to_owned());
        }
        let value = self.items()?;
        let bound = word(self.field()?)?;
        let effective_from = self.date()?.ok_or("a value has no first day")?;
        Ok(ParameterValue {
            value,
            bound,
            effective_from,
            effective_to: self.date()?,
            known_from: self.date()?,
            instrument: self.field()?.to_owned(),
            article: self.field()?.to_owned(),
            quote: self.field()?.to_owned(),
            confidence: word(self.field()?)?,
            checked_on: effective_from,
            note: String::new(),
            open_points: Vec::new(),
        })
    }

    fn items(&mut self) -> Result<Value, String> {
        let kind = self.field()?;
        let items = self.list(|reader| reader.field().map(str::to_owned))?;
        let number = |text: &String| {
            text.parse::<i64>()
                .map_err(|_| format!("{text} is no whole number"))
        };
        let single = items.first().ok_or("a value without a value");
        match kind {
            "nothing" => Ok(Value::Nothing),
            "boolean" => match single?.as_str() {
                "true" => Ok(Value::Boolean(true)),
                "false" => Ok(Value::Boolean(false)),
                other => Err(format!("{other} is neither true nor false")),
            },
            "integer" => number(single?).map(Value::Integer),
            "text" => Ok(Value::Text(single?.clone())),
            "integers" => items
                .iter()
                .map(number)
                .collect::<Result<_, _>>()
                .map(Value::Integers),
            "texts" => Ok(Value::Texts(items)),
            other => Err(format!("{other} is no kind of value")),
        }
    }

    fn date(&mut self) -> Result<Option<CivilDate>, String> {
        match self.field()? {
            "" => Ok(None),
            text => CivilDate::parse(text)
                .map(Some)
                .map_err(|_| format!("{text} is no date")),
        }
    }
}
