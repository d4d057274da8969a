//! Faults on request: the n-th call of an operation is throttled, fails, is slow, gets lost, loses its answer, or finds its caller dead.
//!
//! A fault may be for the calls of one function only ([`crate::caller`]): then `nth` counts its calls and nobody else's. Service and operation may
//! be `*`. Calls that a function makes to the emulator do not come by here; crash points among those are [`crate::under_test`]'s business.
//! Processes of functions are found by the environment that the Lambda contract gives them.

use crate::values::{lock, text};
use serde_json::{Value, json};
use std::sync::Mutex;

/// What is done to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `ThrottlingException` before any effect.
    Throttle,
    /// `InternalFailure`, status 500, before any effect.
    Internal,
    /// `AccessDeniedException` before any effect.
    Denied,
    /// Three real seconds before the call is handled.
    Slow,
    /// The connection ends before any effect.
    LostCall,
    /// The call has its effect; the connection ends without an answer.
    LostAnswer,
    /// The processes of this function are killed before any effect.
    KillFunction(String),
}

#[derive(Debug)]
struct Fault {
    service: String,
    operation: String,
    /// The one function whose calls count; any caller's when empty.
    caller: String,
    /// Calls that pass before the first faulty one.
    before: u64,
    times: u64,
    kind: Kind,
}

/// The faults that are armed.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Arms one: `{"service", "operation", "caller"?, "nth": 1.., "times": 1.., "kind", "function"?}`. For invocations (service `lambda`, operation
    /// `Invoke`) `function` is the one that is invoked.
    ///
    /// # Errors
    /// A sentence when the kind is unknown or a kill names no function.
    pub fn arm(&self, request: &Value) -> Result<(), String> {
        let kind = match text(request, "kind").as_str() {
            "throttle" => Kind::Throttle,
            "500" => Kind::Internal,
            "denied" => Kind::Denied,
            "slow" => Kind::Slow,
            "lost-call" => Kind::LostCall,
            "lost-answer" => Kind::LostAnswer,
            "kill-function" if !text(request, "function").is_empty() => {
                Kind::KillFunction(text(request, "function"))
            }
            "kill-function" => return Err("`kill-function` needs `function`".to_owned()),
            other => {
                return Err(format!(
                    "kind `{other}` is none of throttle, 500, denied, slow, lost-call, lost-answer, kill-function"
                ));
            }
        };
        let number = |key: &str| request.get(key).and_then(Value::as_u64).unwrap_or(1).max(1);
        let service = text(request, "service");
        let caller = if service == "lambda" { "function" } else { "caller" };
        lock(&self.armed).push(Fault {
            caller: text(request, caller),
            service,
            operation: text(request, "operation"),
            before: number("nth") - 1,
            times: number("times"),
            kind,
        });
        Ok(())
    }

    /// Disarms all.
    pub fn reset(&self) {
        lock(&self.armed).clear();
    }

    /// The fault of this call, if one is due; `caller` is the function that makes it, or the one that is invoked.
    #[must_use]
    pub fn take(&self, service: &str, operation: &str, caller: Option<&str>) -> Option<Kind> {
        let mut armed = lock(&self.armed);
        let is = |wanted: &str, found: &str| wanted == found || wanted == "*";
        let fault = armed.iter_mut().find(|fault| {
            fault.times > 0
                && (fault.service == service || (fault.service == "*" && service != "lambda"))
                && is(&fault.operation, operation)
                && (fault.caller.is_empty() || Some(fault.caller.as_str()) == caller)
        })?;
        if fault.before > 0 {
            fault.before -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.kind.clone())
    }

    /// What is armed, for the admin interface.
    #[must_use]
    pub fn describe(&self) -> Value {
        let armed = lock(&self.armed);
        let one = |fault: &Fault| {
            json!({"service": fault.service, "operation": fault.operation, "caller": fault.caller, "before": fault.before,
                   "times": fault.times, "kind": format!("{:?}", fault.kind)})
        };
        json!(armed.iter().filter(|fault| fault.times > 0).map(one).collect::<Vec<_>>())
    }
}

/// Kills every process whose environment says it is `function` of the stack whose data plane is at `endpoint`; how many there were. Other
/// stacks of this machine have functions of the same names.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn kill_function(function: &str, endpoint: &str) -> std::io::Result<usize> {
    let wanted = [format!("AWS_LAMBDA_FUNCTION_NAME={function}"), format!("AWS_ENDPOINT_URL={endpoint}")];
    let mut killed = 0;
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) else {
            continue;
        };
        // Processes come and go while the list is read.
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        let has = |wanted: &String| environment.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes());
        if wanted.iter().all(has) {
            let status = std::process::Command::new("kill").args(["-KILL", pid]).status()?;
            killed += usize::from(status.success());
        }
    }
    Ok(killed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nth_call_of_the_operation_is_faulty() {
        let faults = Faults::default();
        faults
            .arm(&json!({"service": "codedeploy", "operation": "StopDeployment", "nth": 2, "kind": "throttle"}))
            .unwrap();
        assert_eq!(faults.take("codepipeline", "StopDeployment", None), None);
        assert_eq!(faults.take("codedeploy", "StopDeployment", None), None);
        assert_eq!(faults.take("codedeploy", "StopDeployment", None), Some(Kind::Throttle));
        assert_eq!(faults.take("codedeploy", "StopDeployment", None), None);
    }

    #[test]
    fn a_fault_for_one_caller_counts_its_calls_only() {
        let faults = Faults::default();
        let kill = json!({"service": "*", "operation": "*", "caller": "watch", "nth": 2, "kind": "kill-function", "function": "watch"});
        faults.arm(&kill).unwrap();
        assert_eq!(faults.take("ecs", "DescribeServices", Some("watch")), None);
        assert_eq!(faults.take("ecs", "DescribeServices", Some("hook")), None);
        assert_eq!(faults.take("ecs", "DescribeServices", None), None);
        assert_eq!(
            faults.take("lambda", "Invoke", Some("watch")),
            None,
            "an invocation is no call of its function"
        );
        assert_eq!(
            faults.take("codedeploy", "StopDeployment", Some("watch")),
            Some(Kind::KillFunction("watch".into()))
        );
    }

    #[test]
    fn an_unknown_kind_is_refused_with_the_known_ones() {
        let words = Faults::default().arm(&json!({"kind": "explode"})).unwrap_err();
        insta::assert_snapshot!(words, @"kind `explode` is none of throttle, 500, denied, slow, lost-call, lost-answer, kill-function");
    }
}
