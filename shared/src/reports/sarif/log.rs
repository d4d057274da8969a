//! The members of a SARIF log and of its runs that are read.

use super::super::ReportError;
use super::super::facts::kept;
use super::super::json::{Few, Gather, List, Text};
use super::results::{Artifacts, Results};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Log<'a> {
    #[serde(borrow, default)]
    pub(super) version: Text<'a>,
    pub(super) runs: Option<List<super::Runs>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run<'a> {
    #[serde(borrow)]
    pub(super) tool: Option<Tool<'a>>,
    pub(super) invocations: Option<Few<Invocation<'a>>>,
    pub(super) results: Option<List<Results<'a>>>,
    pub(super) artifacts: Option<List<Artifacts>>,
    pub(super) version_control_provenance: Option<Few<VersionControl<'a>>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Tool<'a> {
    #[serde(borrow, default)]
    pub(super) driver: Component<'a>,
    pub(super) extensions: Option<List<Extensions<'a>>>,
}

/// All extensions: results name them by index.
#[derive(Default)]
pub(super) struct Extensions<'a>(pub(super) Vec<Component<'a>>);

impl<'de: 'a, 'a> Gather<'de> for Extensions<'a> {
    type Element = Component<'a>;

    fn gather(&mut self, _: &str, component: Component<'a>) -> Result<(), ReportError> {
        self.0.push(component);
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component<'a> {
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(default)]
    pub(super) version: Text<'a>,
    #[serde(default)]
    pub(super) semantic_version: Text<'a>,
    #[serde(default)]
    pub(super) guid: Text<'a>,
    rules: Option<List<RuleList<'a>>>,
}

impl<'a> Component<'a> {
    /// Its rules, unless it has too many of them.
    pub(super) fn rules(&mut self) -> Result<Vec<Rule<'a>>, ReportError> {
        self.rules.take().map_or(Ok(Vec::new()), |list| Ok(list.0.done("/rules")?.0))
    }
}

/// All rules of a component: results name them by index.
#[derive(Default)]
struct RuleList<'a>(Vec<Rule<'a>>);

impl<'de: 'a, 'a> Gather<'de> for RuleList<'a> {
    type Element = Rule<'a>;

    fn gather(&mut self, _: &str, rule: Rule<'a>) -> Result<(), ReportError> {
        self.0.push(rule);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(default)]
    pub(super) guid: Text<'a>,
    pub(super) default_configuration: Option<Configuration<'a>>,
    pub(super) properties: Option<Properties<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Configuration<'a> {
    #[serde(borrow, default)]
    pub(super) level: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Properties<'a> {
    #[serde(borrow, default, rename = "security-severity")]
    pub(super) security_severity: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation<'a> {
    pub(super) execution_successful: Option<bool>,
    #[serde(borrow, default)]
    exit_code_description: Text<'a>,
    #[serde(default)]
    pub(super) end_time_utc: Text<'a>,
    tool_execution_notifications: Option<Few<Notification<'a>>>,
    tool_configuration_notifications: Option<Few<Notification<'a>>>,
}

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow, default)]
    level: Text<'a>,
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    #[serde(default)]
    pub(super) markdown: Text<'a>,
}

impl Invocation<'_> {
    /// Errors that the tool tells of.
    pub(super) fn errors(&self) -> impl Iterator<Item = String> {
        let execution = self.tool_execution_notifications.iter().flatten();
        let notifications = execution.chain(self.tool_configuration_notifications.iter().flatten());
        let errors = notifications.filter(|notification| &*notification.level == "error");
        errors.filter_map(|notification| notification.message.as_ref()?.text.some().map(quoted))
    }

    /// Why it failed, in its own words.
    pub(super) fn said(&self) -> Option<String> {
        self.errors().next().or_else(|| self.exit_code_description.some().map(quoted))
    }
}

fn quoted(words: &str) -> String {
    kept(words).replace('`', "'")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionControl<'a> {
    #[serde(borrow, default)]
    pub(super) revision_id: Text<'a>,
}
