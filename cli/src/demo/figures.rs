//! The five DORA metrics out of the dashboard's answer, in aligned lines. Must not compute a metric.
//! (<https://dora.dev/guides/dora-metrics-four-keys/>)

use serde_json::Value;

/// Width of the column of names.
const NAME: usize = 28;

/// The figures; what is missing is a dash.
pub(crate) fn lines(report: &Value) -> Vec<String> {
    let number = |path: &str| report.pointer(&format!("/dora/{path}")).and_then(Value::as_f64);
    let count = |path: &str| number(path).map_or_else(|| "–".to_owned(), |n| format!("{n:.0}"));
    let share = |metric: &str| {
        let percent = number(&format!("{metric}/percent"));
        let percent = percent.map_or_else(|| "–".to_owned(), |n| format!("{n:.0} %"));
        format!("{percent} ({} of {})", count(&format!("{metric}/count")), count(&format!("{metric}/n")))
    };
    let median = |metric: &str, of: &str| {
        let minutes = number(&format!("{metric}/medianMinutes"));
        let minutes = minutes.map_or_else(|| "–".to_owned(), |n| format!("{n:.0} min median"));
        format!("{minutes} ({} {of})", count(&format!("{metric}/n")))
    };
    let row = |name: &str, value: &str| format!("{name:<NAME$} {value}");
    vec![
        row("deployment frequency", &format!("{} in 30 days", count("deploymentFrequency/n"))),
        row("lead time for changes", &median("leadTime", "commit(s)")),
        row("change fail rate", &share("changeFailRate")),
        row("failed deployment recovery", &median("recoveryTime", "failure(s)")),
        row("rework rate", &share("reworkRate")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_aligned_and_what_is_missing_is_a_dash() {
        let report = json!({"dora": {
            "deploymentFrequency": {"n": 7, "perDay": 0.23},
            "leadTime": {"n": 2, "medianMinutes": 28.4},
            "changeFailRate": {"n": 3, "count": 1, "percent": 33.33},
            "recoveryTime": {"n": 0, "medianMinutes": null},
        }});
        insta::assert_snapshot!(lines(&report).join("\n"), @r"
        deployment frequency         7 in 30 days
        lead time for changes        28 min median (2 commit(s))
        change fail rate             33 % (1 of 3)
        failed deployment recovery   – (0 failure(s))
        rework rate                  – (– of –)
        ");
    }
}
