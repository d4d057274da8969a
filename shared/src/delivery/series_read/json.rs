//! JSON: an array of objects with the members that CSV has columns for, or Kayenta's metric sets.

use super::build::{Builder, Cell, Row};
use super::{SeriesError, SeriesFile};
use crate::model::MINUTE;
use serde_json::{Map, Value};

pub(super) fn read(text: &str) -> Result<Vec<SeriesFile>, SeriesError> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default().to_owned();
        SeriesError::new(place, format!("this is no JSON: {words}"))
    })?;
    match &value {
        Value::Object(set) => Ok(vec![metric_set("", set)?]),
        Value::Array(elements) => array(elements),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err(SeriesError::new("/", "an array or an object is needed"))
        }
    }
}

fn array(elements: &[Value]) -> Result<Vec<SeriesFile>, SeriesError> {
    let Some(first) = elements.first() else { return Err(SeriesError::new("/", "the array is empty")) };
    if first.get("values").is_none() {
        return rows(elements).map(|series| vec![series]);
    }
    let set = |(index, element): (usize, &Value)| {
        let at = format!("/{index}");
        metric_set(&at, object(&at, element)?)
    };
    elements.iter().enumerate().map(set).collect()
}

fn object<'a>(at: &str, value: &'a Value) -> Result<&'a Map<String, Value>, SeriesError> {
    value.as_object().ok_or_else(|| SeriesError::new(at, "an object is needed"))
}

/// Objects with `minute` or `timestamp`, and `total` and `bad`, or `value`.
fn rows(elements: &[Value]) -> Result<SeriesFile, SeriesError> {
    let mut series = Builder::default();
    let mut of_counts = None;
    for (index, element) in elements.iter().enumerate() {
        let at = format!("/{index}");
        let members = object(&at, element)?;
        for name in members.keys() {
            if !["minute", "timestamp", "total", "bad", "value"].contains(&name.as_str()) {
                return Err(SeriesError::new(
                    format!("{at}/{name}"),
                    "there is no such member: `minute` or `timestamp`, and `total` and `bad`, or `value`",
                ));
            }
        }
        let has = |name: &str| members.contains_key(name);
        let is_counts = match (has("total"), has("bad"), has("value")) {
            (true, true, false) => true,
            (false, false, true) => false,
            _ => return Err(SeriesError::new(at, "counts have `total` and `bad`, values have `value`")),
        };
        if of_counts.is_some_and(|known| known != is_counts) {
            return Err(SeriesError::new(at, "counts and values in one series"));
        }
        of_counts = Some(is_counts);
        let named = if has("minute") { "minute" } else { "timestamp" };
        let texts = |name: &str| scalar(&format!("{at}/{name}"), members.get(name));
        let (minute, minute_at) = (texts(named)?, || format!("{at}/{named}"));
        let minute = Cell { place: &minute_at, text: minute.as_deref() };
        if is_counts {
            let (total, bad) = (texts("total")?, texts("bad")?);
            let (total_at, bad_at) = (|| format!("{at}/total"), || format!("{at}/bad"));
            let total = Cell { place: &total_at, text: total.as_deref() };
            series.push(&minute, &Row::Counts(total, Cell { place: &bad_at, text: bad.as_deref() }))?;
        } else {
            let (value, value_at) = (texts("value")?, || format!("{at}/value"));
            series.push(&minute, &Row::Value(Cell { place: &value_at, text: value.as_deref() }))?;
        }
    }
    Ok(series.finish(None, of_counts == Some(true)))
}

/// A number or a text as text; nothing for null.
fn scalar(at: &str, value: Option<&Value>) -> Result<Option<String>, SeriesError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(SeriesError::new(at, "a number or a text is needed"))
        }
    }
}

/// Kayenta's form of one metric of one arm: a start, a step, and values in order.
fn metric_set(at: &str, set: &Map<String, Value>) -> Result<SeriesFile, SeriesError> {
    let place = |name: &str| format!("{at}/{name}");
    let number = |name: &str| match set.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let read =
                value.as_i64().ok_or_else(|| SeriesError::new(place(name), "a whole number is needed"));
            read.map(Some)
        }
    };
    let values = set.get("values").and_then(Value::as_array);
    let values =
        values.ok_or_else(|| SeriesError::new(place("values"), "a metric set has an array `values`"))?;
    let step = number("stepMillis")?.unwrap_or(MINUTE);
    if step < MINUTE {
        let what =
            format!("steps of {step} ms are shorter than a minute, which is the shortest that is compared");
        return Err(SeriesError::new(place("stepMillis"), what));
    }
    let start = number("startTimeMillis")?.map_or(0, |start| start.div_euclid(MINUTE));
    let mut series = Builder::default();
    for (index, value) in (0_i64..).zip(values) {
        let at = || place(&format!("values/{index}"));
        let minute = (start + index.saturating_mul(step).div_euclid(MINUTE)).saturating_mul(MINUTE);
        let minute = match start {
            0 => (minute / MINUTE).to_string(),
            _ => crate::model::Timestamp::from_millis(minute).to_string(),
        };
        let text = scalar(&at(), Some(value))?;
        let minute = Cell { place: &at, text: Some(&minute) };
        series.push(&minute, &Row::Value(Cell { place: &at, text: text.as_deref() }))?;
    }
    Ok(series.finish(set.get("name").and_then(Value::as_str).map(ToOwned::to_owned), false))
}
