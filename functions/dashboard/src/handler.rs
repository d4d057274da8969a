//! The edge: `{"describe": true}` and widget calls from CloudWatch, `{"action": "publish"}` and the hourly schedule.
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html>)

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::aws::facts::FactTable;
use shared::aws::report_store::ReportStore;
use shared::aws::ssm::Parameters;
use shared::errors::{Fault, Rejection};
use shared::function::{failed, local_clock};
use shared::metrics::ports::History;
use shared::metrics::services::ServiceMap;
use shared::model::{MINUTE, Timestamp};
use shared::render::{Report, Rows, page};
use shared::settings::{Reader, SettingsError};
use std::collections::BTreeSet;
use tracing::info;

/// What `describe` answers: Markdown, its first YAML block pre-fills the parameters.
const DESCRIPTION: &str =
    "### Tidegate\nReleases, deployments and DORA figures of production, 30 days.\n\n```yaml\n{}\n```\n";
/// Days of rows that are read: the window and the commits before it.
const READ_DAYS: i64 = 62;

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) table: String,
    pub(crate) bucket: String,
    pub(crate) services_parameter: String,
}

impl Settings {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            table: reader.required("TABLE_NAME"),
            bucket: reader.required("REPORT_BUCKET"),
            services_parameter: reader.required("SERVICES_PARAMETER"),
        };
        reader.finish(settings)
    }
}

/// The dashboard and its outside world.
pub(crate) struct Dashboard {
    pub(crate) facts: FactTable,
    pub(crate) store: ReportStore,
    pub(crate) parameters: Parameters,
    pub(crate) services_parameter: String,
}

/// Who asks.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Describe,
    Widget,
    Publish,
}

fn request(event: &Value) -> Result<Request, Rejection> {
    if event.get("describe").and_then(Value::as_bool) == Some(true) {
        return Ok(Request::Describe);
    }
    if event.get("widgetContext").is_some() {
        return Ok(Request::Widget);
    }
    let scheduled = event.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event");
    match event.get("action").and_then(Value::as_str) {
        Some("publish") => Ok(Request::Publish),
        _ if scheduled => Ok(Request::Publish),
        _ => {
            Err(Rejection::new("the event is no widget call, no schedule and no `{\"action\": \"publish\"}`"))
        }
    }
}

impl Dashboard {
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        match request(&event.payload).map_err(|rejection| failed("Rejection", &rejection))? {
            Request::Describe => Ok(json!({"markdown": DESCRIPTION})),
            Request::Widget => Ok(Value::String(page::widget(&self.report().await?))),
            Request::Publish => self.publish().await,
        }
    }

    async fn publish(&self) -> Result<Value, Diagnostic> {
        let report = self.report().await?;
        let html = page::document(&report);
        let bytes = html.len();
        let data = serde_json::to_value(&report).map_err(|error| failed("Bug", &error))?;
        self.put("reports/index.html", "text/html; charset=utf-8", html).await?;
        self.put("reports/latest.json", "application/json", data.to_string()).await?;
        info!(target: "tidegate", size_bytes = bytes, releases = report.releases.len(), "report published");
        Ok(data)
    }

    async fn put(&self, key: &str, kind: &str, body: String) -> Result<(), Diagnostic> {
        self.store.put(key, kind, body).await.map_err(|fault| fault_of(&fault))
    }

    async fn report(&self) -> Result<Report, Diagnostic> {
        let text = self.parameters.get(&self.services_parameter).await.map_err(|fault| fault_of(&fault))?;
        let map = ServiceMap::parse(&text).map_err(|error| failed("Settings", &error))?;
        let mut rows = Rows::default();
        for month in months(local_clock()) {
            for row in self.facts.month(&month).await.map_err(|fault| fault_of(&fault))? {
                rows.take(&row.pk, &row.sk, &row.body);
            }
        }
        Ok(rows.report(&map))
    }
}

fn fault_of(fault: &Fault) -> Diagnostic {
    failed("Fault", fault)
}

/// Months around `clock` that can hold rows of the window. The own clock only chooses what is read; the window itself ends at the newest
/// time that a service reported, so the month after is read too.
fn months(clock: Timestamp) -> BTreeSet<String> {
    let day = 24 * 60 * MINUTE;
    (-READ_DAYS..=2).map(|days| clock.plus(days * day).to_string().chars().take(7).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_is_told_apart_and_nobody_else_is_answered() {
        let describe: Value =
            serde_json::from_str(include_str!("../../../events/dashboard/describe.json")).unwrap();
        assert_eq!(request(&describe), Ok(Request::Describe));
        assert_eq!(request(&json!({"widgetContext": {}})), Ok(Request::Widget));
        assert_eq!(request(&json!({"detail-type": "Scheduled Event"})), Ok(Request::Publish));
        insta::assert_snapshot!(request(&json!({})).unwrap_err(), @r#"the event is no widget call, no schedule and no `{"action": "publish"}`"#);
    }

    #[test]
    fn the_months_around_the_window_are_read() {
        let months = months("2026-12-31T12:00:00Z".parse().unwrap());
        assert_eq!(months.into_iter().collect::<Vec<_>>(), ["2026-10", "2026-11", "2026-12", "2027-01"]);
    }
}
