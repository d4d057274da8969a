//! One function under test: its real binary behind the Runtime API host, a recorder in place of AWS, its settings by the names
//! that `template.yaml` sets.
//!
//! Plants credentials of its own and refuses a log that holds them. Imitates no IAM and no retries of the invoking service.

use crate::recorder::Recorder;
use crate::runtime_api::{Answer, Host};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Error, Result};
use std::path::Path;
use std::time::Duration;

/// The credentials that the function runs with; they must occur nowhere.
const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "planted-own-secret-key"),
    ("AWS_SESSION_TOKEN", "planted-own-session-token"),
];
/// Longest wait for a start; a slow machine needs a fraction of it.
const START: Duration = Duration::from_secs(30);

/// A running function and the outside world that it sees.
pub struct FunctionUnderTest {
    host: Host,
    /// What stands in for every AWS service.
    pub aws: Recorder,
}

impl FunctionUnderTest {
    /// Starts the binary at `program` with `values` for exactly the variables that `template` sets for it, logging at `debug`.
    ///
    /// # Errors
    /// When `values` and the template do not name the same variables, or the process cannot be started.
    pub fn start(program: &str, template: &str, values: &[(&str, &str)]) -> Result<Self> {
        let aws = Recorder::start()?;
        let url = aws.url().to_owned();
        Self::start_at(program, template, values, &url, aws)
    }

    /// The same with nobody at the other end: every connection to AWS is refused.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_without_aws(program: &str, template: &str, values: &[(&str, &str)]) -> Result<Self> {
        // Port 9 of loopback (discard): nothing listens there.
        Self::start_at(program, template, values, "http://127.0.0.1:9", Recorder::start()?)
    }

    /// Starts it without any of its settings.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start_without_settings(program: &str) -> Result<Self> {
        let aws = Recorder::start()?;
        let mut environment = CREDENTIALS.to_vec();
        environment.push(("AWS_ENDPOINT_URL", aws.url()));
        let host = Host::start(Path::new(program), &[], &environment)?;
        Ok(Self { host, aws })
    }

    fn start_at(
        program: &str,
        template: &str,
        values: &[(&str, &str)],
        endpoint: &str,
        aws: Recorder,
    ) -> Result<Self> {
        let set = template_settings(template, program);
        let given: BTreeSet<&str> = values.iter().map(|(name, _)| *name).collect();
        if set != given {
            return Err(Error::other(format!("template.yaml sets {set:?}, the test gives {given:?}")));
        }
        let mut environment = CREDENTIALS.to_vec();
        environment.extend([("AWS_ENDPOINT_URL", endpoint), ("LOG_LEVEL", "debug")]);
        environment.extend(values);
        let host = Host::start(Path::new(program), &[], &environment)?;
        Ok(Self { host, aws })
    }

    /// Whether it asks for its first event.
    #[must_use]
    pub fn asks_for_an_event(&self) -> bool {
        self.host.wait_for_first_next(START)
    }

    /// Its exit code, when it ends by itself.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.host.exit_code(START)
    }

    /// Hands over an event; the function has `seconds` to answer.
    pub fn invoke(&mut self, event: &Value, seconds: u64) -> Answer {
        self.host.invoke(event, Duration::from_secs(seconds))
    }

    /// Ends it and returns everything that it wrote.
    ///
    /// # Errors
    /// When it wrote one of its own credentials or of `secrets`, or sent one to AWS, or cannot be ended.
    pub fn stop(self, secrets: &[&str]) -> Result<Log> {
        let (out, err) = self.host.stop()?;
        let log = Log { out, err };
        let own = CREDENTIALS.iter().skip(1).map(|(_, value)| *value);
        for secret in own.chain(secrets.iter().copied()) {
            if log.out.contains(secret) || log.err.contains(secret) {
                return Err(Error::other(format!("the function wrote the planted secret `{secret}`")));
            }
            if self.aws.requests().iter().any(|request| request.body.contains(secret)) {
                return Err(Error::other(format!(
                    "the function sent the planted secret `{secret}` in a body"
                )));
            }
        }
        Ok(log)
    }
}

/// What a function wrote.
pub struct Log {
    /// Standard output: the JSON log.
    pub out: String,
    /// Standard error: the runtime's and the panic handler's words.
    pub err: String,
}

impl Log {
    /// `LEVEL message` of every line of the JSON log, one a line.
    #[must_use]
    pub fn messages(&self) -> String {
        let lines = self.out.lines().map(|line| match serde_json::from_str::<Value>(line) {
            Ok(entry) => {
                let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
                format!("{} {}", text("level"), text("message"))
            }
            Err(_) => format!("not JSON: {line}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The variables that `template.yaml` sets for the function whose binary is `program`, the global ones left out.
///
/// Reads lines, not YAML: the block `Variables:` after `Binary: <name>}`.
fn template_settings<'t>(template: &'t str, program: &str) -> BTreeSet<&'t str> {
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let binary = format!("Binary: {name}}}");
    let block = template
        .lines()
        .skip_while(|line| !line.contains(&binary))
        // The next resource, or a heading between two, ends this one.
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with("   "))
        .skip_while(|line| line.trim() != "Variables:")
        .skip(1)
        .map_while(|line| line.strip_prefix("          "));
    block.filter_map(|line| line.split_once(": ").map(|(name, _)| name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_one_function_are_read_from_the_template() {
        let template = "
  A:
    Metadata: {BuildProperties: {Binary: a}}
    Properties:
      Environment:
        Variables:
          ONE: !Ref X
          TWO: !Sub \"/t/${AWS::StackName}\"
      Timeout: 10
  B:
    Metadata: {BuildProperties: {Binary: b}}
    Properties:
      Environment:
        Variables:
          THREE: y
  C:
    Metadata: {BuildProperties: {Binary: c}}
    Properties:
      Timeout: 10
  D:
    Metadata: {BuildProperties: {Binary: d}}
    Properties:
      Environment:
        Variables:
          FOUR: z
";
        assert_eq!(template_settings(template, "/target/debug/a"), BTreeSet::from(["ONE", "TWO"]));
        assert_eq!(template_settings(template, "/target/debug/b"), BTreeSet::from(["THREE"]));
        assert!(
            template_settings(template, "/target/debug/c").is_empty(),
            "the next function's are not its own"
        );
        assert!(template_settings(template, "e").is_empty());
    }
}
