//! One story's hold on the running stack.

use crate::PATIENCE_MINUTES;
use crate::emulator::Emulator;
use crate::state::{executions_of, is_open, list, text, waits_for_a_person};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Journal entries of work that nobody finished: an event that reached no target, an asynchronous invocation that failed three times,
/// a job that timed out.
const UNFINISHED: [&str; 3] = ["event-lost", "given-up", "unanswered-job"];

/// Queues of what was given up.
const DEAD_LETTERS: [&str; 4] = [
    "SourceDeadLetterQueueUrl",
    "EventsDeadLetterQueueUrl",
    "FeedbackDeadLetterQueueUrl",
    "FailedInvocationsQueueUrl",
];

/// Longest real time, in seconds, in which feedback takes no message: a write is a second apart from the one before, and a message takes a few.
const FEEDBACK_PATIENCE: u32 = 60;

/// The sample platform's routes.
const ROUTES: &str = include_str!("../../local/platform/settings/routes.yaml");

/// Virtual minutes after which the poll has looked at every branch at least once.
const FIRST_POLL_MINUTES: u32 = 6;

/// Where `tidegate up` leaves its record.
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tidegate/stack.json");

/// Stories share one stack and take turns.
static TURN: Mutex<()> = Mutex::new(());

/// What `tidegate up` wrote down: addresses and the outputs of the deployed stack.
///
/// # Errors
/// When no stack runs, or the record is no JSON.
pub fn stack_record() -> Result<Value> {
    let file = std::fs::read_to_string(RECORD).with_context(|| format!("cannot read {RECORD}"))?;
    Ok(serde_json::from_str(&file)?)
}

/// What to push.
pub struct Push<'a> {
    /// Branch that moves.
    pub branch: &'a str,
    /// Name of the change (`good`, `low-coverage`, `broken-api`).
    pub change: &'a str,
    /// How many times GitHub delivers the same webhook; 0 loses it.
    pub deliveries: u32,
}

/// The running stack, held by one story.
pub struct World {
    _turn: MutexGuard<'static, ()>,
    /// The data plane.
    pub emulator: Emulator,
    control: String,
    github: String,
    /// Outputs of the deployed stack.
    pub outputs: Value,
    agent: ureq::Agent,
    journal_start: u64,
}

impl World {
    /// Takes the stack that `tidegate up` left running.
    ///
    /// # Panics
    /// When no stack runs: the scenarios need `scripts/test` or `tidegate up`.
    #[must_use]
    #[expect(clippy::panic, reason = "a test without its world fails, with the command that starts it")]
    pub fn take() -> Self {
        match Self::open() {
            Ok(world) => world,
            Err(error) => {
                panic!("no local stack: {error:#}; run `scripts/test`, or `cargo tidegate up` first")
            }
        }
    }

    fn open() -> Result<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let stack = stack_record()?;
        let url = |key: &str| {
            let found = stack.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
            found.with_context(|| format!("{RECORD} has no `{key}`"))
        };
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let mut world = Self {
            _turn: turn,
            emulator: Emulator::new(&url("emulatorUrl")?),
            control: url("controlPlaneUrl")?,
            github: url("githubUrl")?,
            outputs: stack.get("outputs").cloned().unwrap_or_default(),
            agent: config.into(),
            journal_start: 0,
        };
        world.control("/_local/faults/reset", &json!({}))?;
        world.set_routes(ROUTES)?;
        world.come_to_rest()?;
        world.journal_start = world.journal_end()?;
        Ok(world)
    }

    /// Ends what is on its way, so that a story waits for nobody: an earlier story's release, or, on a new stack, the first heads, which the
    /// first poll starts.
    fn come_to_rest(&self) -> Result<()> {
        if list(&self.state()?, "pipelines").iter().all(|pipeline| list(pipeline, "executions").is_empty()) {
            self.advance(FIRST_POLL_MINUTES)?;
        }
        for _ in 0..PATIENCE_MINUTES {
            let state = self.state()?;
            let mut open = 0;
            for pipeline in list(&state, "pipelines") {
                for execution in list(pipeline, "executions").iter().filter(|execution| is_open(execution)) {
                    open += 1;
                    if waits_for_a_person(execution) {
                        self.approve(text(pipeline, "name"), text(execution, "id"))?;
                    }
                }
            }
            if open == 0 {
                return Ok(());
            }
            self.advance(1)?;
        }
        bail!("the stack has not come to rest after {PATIENCE_MINUTES} virtual minutes")
    }

    fn request(&self, url: &str, body: Option<&Value>) -> Result<Value> {
        let mut response = match body {
            Some(body) => {
                self.agent.post(url).header("content-type", "application/json").send(body.to_string())
            }
            // A question may be asked again when its connection was closed under it.
            None => self.agent.get(url).call().or_else(|_| self.agent.get(url).call()),
        }
        .with_context(|| format!("no answer from {url}"))?;
        let answer = response.body_mut().with_config().limit(64 << 20).read_to_string()?;
        anyhow::ensure!(response.status().is_success(), "{url}: {}: {answer}", response.status());
        Ok(serde_json::from_str(&answer).unwrap_or(Value::Null))
    }

    /// Posts to the control plane's admin interface.
    ///
    /// # Errors
    /// When it refuses or does not answer.
    pub fn control(&self, path: &str, body: &Value) -> Result<Value> {
        self.request(&format!("{}{path}", self.control), Some(body))
    }

    /// Asks the control plane's admin interface.
    ///
    /// # Errors
    /// When it refuses or does not answer.
    pub fn look_up(&self, path: &str) -> Result<Value> {
        self.request(&format!("{}{path}", self.control), None)
    }

    /// The number of the next entry of the journal.
    ///
    /// # Errors
    /// When the control plane does not answer.
    pub fn journal_end(&self) -> Result<u64> {
        let journal = self.look_up(&format!("/_local/journal?since={}", u64::MAX))?;
        journal.get("next").and_then(Value::as_u64).context("the journal has no end")
    }

    /// Posts to the GitHub stand-in's admin interface.
    ///
    /// # Errors
    /// When it refuses or does not answer.
    pub fn github(&self, path: &str, body: &Value) -> Result<Value> {
        self.request(&format!("{}{path}", self.github), Some(body))
    }

    /// The control plane's whole state.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn state(&self) -> Result<Value> {
        self.request(&format!("{}/_local/state", self.control), None)
    }

    /// The virtual time.
    ///
    /// # Errors
    /// When the control plane does not tell it.
    pub fn now(&self) -> Result<String> {
        Ok(text(&self.state()?, "now").to_owned())
    }

    /// Everything that GitHub holds.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn github_state(&self) -> Result<Value> {
        self.request(&format!("{}/_github/state", self.github), None)
    }

    /// The repository's webhook as GitHub's API addresses it.
    fn webhook(&self) -> Result<String> {
        let state = self.github_state()?;
        let id = state.pointer("/repositories/0/hooks/0/id").context("the repository has a webhook")?;
        Ok(format!("{}/repos/acme/b2b-ecommerce-platform/hooks/{id}", self.github))
    }

    /// GitHub's log of the deliveries, the newest first.
    ///
    /// # Errors
    /// When GitHub does not show it.
    pub fn deliveries(&self) -> Result<Vec<Value>> {
        let log = self.request(&format!("{}/deliveries?per_page=100", self.webhook()?), None)?;
        Ok(log.as_array().context("the log is a list")?.clone())
    }

    /// Changes the webhook on GitHub; what is not named stays.
    ///
    /// # Errors
    /// When GitHub refuses.
    pub fn configure_webhook(&self, config: &Value) -> Result<()> {
        let url = format!("{}/config", self.webhook()?);
        let answer =
            self.agent.patch(&url).header("content-type", "application/json").send(config.to_string())?;
        anyhow::ensure!(answer.status().is_success(), "{url}: {}", answer.status());
        Ok(())
    }

    /// Where the control plane is: its services answer there too.
    #[must_use]
    pub fn control_url(&self) -> &str {
        &self.control
    }

    /// An output of the stack.
    #[must_use]
    pub fn output(&self, name: &str) -> &str {
        text(&self.outputs, name)
    }

    /// Makes a real commit on GitHub, pushes it, and returns its id.
    ///
    /// # Errors
    /// When GitHub refuses.
    pub fn push(&self, push: &Push<'_>) -> Result<String> {
        let body = json!({
            "repo": "acme/b2b-ecommerce-platform", "branch": push.branch, "change": push.change,
            "deliver": push.deliveries > 0, "times": push.deliveries.max(1),
        });
        let answer = self.github("/_github/push", &body)?;
        answer.get("sha").and_then(Value::as_str).map(ToOwned::to_owned).context("GitHub named no commit")
    }

    /// Sets the routes; the next story finds the sample platform's own.
    ///
    /// # Errors
    /// When Parameter Store refuses.
    pub fn set_routes(&self, text: &str) -> Result<()> {
        let name = self.output("RoutesParameterName");
        let body = json!({"Name": name, "Value": text, "Type": "String", "Overwrite": true});
        self.emulator.json("ssm", "AmazonSSM.PutParameter", "1.1", &body).map(|_| ())
    }

    /// Puts `text` in place of the policy `name`; dropping what is returned puts the old one back.
    ///
    /// # Errors
    /// When Parameter Store refuses.
    pub fn policy(&self, name: &str, text: &str) -> Result<Instead<'_>> {
        self.parameter(format!("{}/{name}", self.output("PolicyPrefix")), text)
    }

    /// Puts `text` in place of the watch settings; dropping what is returned puts the old ones back.
    ///
    /// # Errors
    /// When Parameter Store refuses.
    pub fn watch_settings(&self, text: &str) -> Result<Instead<'_>> {
        self.parameter(self.output("WatchParameterName").to_owned(), text)
    }

    fn parameter(&self, name: String, text: &str) -> Result<Instead<'_>> {
        let known = self.emulator.json("ssm", "AmazonSSM.GetParameter", "1.1", &json!({"Name": name}))?;
        let before = known.pointer("/Parameter/Value").and_then(Value::as_str);
        let before = before.with_context(|| format!("{name} has no value"))?.to_owned();
        let instead = Instead { world: self, name, before };
        instead.put(text)?;
        Ok(instead)
    }

    /// What the gates of `stage` wrote down of an execution: the record, after a look at its pages.
    ///
    /// # Errors
    /// When there is not exactly one record, or a part of it is missing.
    pub fn verdict(&self, execution: &str, stage: &str) -> Result<Value> {
        let items = self.emulator.items(self.output("TableName"), &format!("G#{execution}"))?;
        let text = |item: &Value, name: &str| {
            item.pointer(&format!("/{name}/S")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let of_stage: Vec<&Value> =
            items.iter().filter(|item| text(item, "sk").starts_with(&format!("{stage}#"))).collect();
        let [item] = of_stage.as_slice() else { bail!("{} verdicts of {stage}", of_stage.len()) };
        let key = text(item, "report_key");
        let stem = key.strip_suffix(".json").with_context(|| format!("`{key}` is no key of a record"))?;
        let endings = [
            (".facts.json", "application/json"),
            (".html", "text/html"),
            (".md", "text/markdown"),
            (".json", "application/json"),
        ];
        for (ending, wanted) in endings {
            let (kind, body) =
                self.emulator.object(self.output("ReportBucketName"), &format!("{stem}{ending}"))?;
            anyhow::ensure!(kind.starts_with(wanted) && !body.is_empty(), "{ending}: {kind}");
            if ending == ".json" {
                return Ok(serde_json::from_str(&body)?);
            }
        }
        bail!("there is no record")
    }

    /// Says what ECR answers of a repository's images, one answer for each question.
    ///
    /// # Errors
    /// When the control plane refuses.
    pub fn scans(&self, repository: &str, answers: &Value) -> Result<()> {
        self.control("/_local/scans", &json!({"repository": repository, "answers": answers})).map(|_| ())
    }

    /// The inputs of the calls of an operation since this story began, in order.
    ///
    /// # Errors
    /// When the control plane does not answer.
    pub fn calls(&self, operation: &str) -> Result<Vec<Value>> {
        let story = self.story()?;
        let ours = story.into_iter().filter(|entry| text(entry, "operation") == operation);
        Ok(ours.map(|entry| entry.get("input").cloned().unwrap_or_default()).collect())
    }

    /// Moves the virtual clock by `minutes`, minute by minute, until everything due has run.
    ///
    /// # Errors
    /// When the control plane does not answer.
    pub fn advance(&self, minutes: u32) -> Result<()> {
        for _ in 0..minutes {
            self.control("/_local/clock/advance", &json!({"seconds": 60}))?;
        }
        Ok(())
    }

    /// Approves what waits for a person.
    ///
    /// # Errors
    /// When there is nothing to approve.
    pub fn approve(&self, pipeline: &str, execution: &str) -> Result<()> {
        let body = json!({"pipeline": pipeline, "execution": execution, "approved": true, "summary": "approved by a scenario"});
        self.control("/_local/approve", &body).map(|_| ())
    }

    /// Waits, in real time, until the source function has started `sha` on `pipeline`; returns the execution's id.
    ///
    /// # Errors
    /// When no execution appears within 20 seconds, or more than one does.
    pub fn started(&self, pipeline: &str, sha: &str) -> Result<String> {
        for _ in 0..100 {
            let state = self.state()?;
            match executions_of(&state, pipeline, sha).as_slice() {
                [] => std::thread::sleep(std::time::Duration::from_millis(200)),
                [only] => return Ok(text(only, "id").to_owned()),
                more => bail!("{} executions for {sha}", more.len()),
            }
        }
        bail!("no execution of `{pipeline}` for {sha} within 20 s")
    }

    /// Advances minute by minute, approving when asked, until the execution has ended; returns it.
    ///
    /// # Errors
    /// When it has not ended after [`PATIENCE_MINUTES`].
    pub fn run_to_end(&self, pipeline: &str, sha: &str) -> Result<Value> {
        self.run_until(pipeline, sha, |execution, _| !is_open(execution))
    }

    /// Advances minute by minute, approving when asked, until `done` holds; returns the execution.
    ///
    /// # Errors
    /// When it does not hold after [`PATIENCE_MINUTES`].
    pub fn run_until(
        &self,
        pipeline: &str,
        sha: &str,
        done: impl Fn(&Value, &Value) -> bool,
    ) -> Result<Value> {
        for _ in 0..PATIENCE_MINUTES {
            let state = self.state()?;
            let found = executions_of(&state, pipeline, sha);
            let execution = found.first().context("the execution is gone")?;
            if done(execution, &state) {
                return Ok((*execution).clone());
            }
            if waits_for_a_person(execution) {
                self.approve(pipeline, text(execution, "id"))?;
            }
            self.advance(1)?;
        }
        bail!("`{pipeline}` has not come to its end after {PATIENCE_MINUTES} virtual minutes")
    }

    /// Waits, in real time, until a queue of the stack is empty.
    ///
    /// # Errors
    /// When it is not empty within 20 seconds.
    pub fn wait_for_empty(&self, output: &str) -> Result<()> {
        for _ in 0..100 {
            if self.emulator.depth(self.output(output))? == 0 {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        bail!("{output} is not empty within 20 s")
    }

    /// Waits until the collector has folded every event that was sent.
    ///
    /// # Errors
    /// When the events queue does not become empty.
    pub fn wait_for_facts(&self) -> Result<()> {
        self.wait_for_empty("EventsQueueUrl")
    }

    /// Puts a message on the feedback queue, as the source function does.
    ///
    /// # Errors
    /// When the queue refuses it.
    pub fn send(&self, message: &Value) -> Result<()> {
        let body = json!({"QueueUrl": self.output("FeedbackQueueUrl"), "MessageGroupId": "github", "MessageBody": message.to_string()});
        self.emulator.json("sqs", "AmazonSQS.SendMessage", "1.0", &body).map(|_| ())
    }

    /// Waits, in real time, until GitHub has been told everything: of this story and of those before it.
    ///
    /// # Errors
    /// When the feedback queue does not become shorter.
    pub fn wait_for_feedback(&self) -> Result<()> {
        let queue = self.output("FeedbackQueueUrl");
        let (mut shortest, mut patience) = (u64::MAX, FEEDBACK_PATIENCE);
        while patience > 0 {
            match self.emulator.depth(queue)? {
                0 => return Ok(()),
                depth if depth < shortest => (shortest, patience) = (depth, FEEDBACK_PATIENCE),
                _ => patience -= 1,
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        bail!("the feedback queue has stood at {shortest} message(s) for {FEEDBACK_PATIENCE} s")
    }

    /// The sample repository as GitHub shows it: check runs, statuses, deployments, comments.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn repository(&self) -> Result<Value> {
        let state = self.request(&format!("{}/_github/state", self.github), None)?;
        state.pointer("/repositories/0").cloned().context("GitHub has no repository")
    }

    /// The number of the next event that the stack will send.
    ///
    /// # Errors
    /// When the control plane does not answer.
    pub fn next_event(&self) -> Result<u64> {
        let answer = self.request(&format!("{}/_local/events?since={}", self.control, u64::MAX), None)?;
        answer.get("next").and_then(Value::as_u64).context("the events have no end")
    }

    /// Has events sent again to a queue of the stack, or to everything when `output` is empty: from number `since` on, each one twice, in an
    /// order of its own for each `seed`; how many were sent.
    ///
    /// # Errors
    /// When the control plane refuses.
    pub fn replay_events(&self, seed: &str, since: u64, output: &str) -> Result<usize> {
        let queue = if output.is_empty() { output } else { self.output(output) };
        let queue = queue.rsplit('/').next().unwrap_or_default();
        let body = json!({"seed": seed, "since": since, "queue": queue});
        let answer = self.control("/_local/events/replay", &body)?;
        let sent = answer.get("sent").and_then(Value::as_u64).context("the control plane sent nothing")?;
        Ok(usize::try_from(sent)?)
    }

    /// Processes of functions that a fault of this story has killed.
    ///
    /// # Errors
    /// When the control plane does not answer.
    pub fn killed(&self) -> Result<u64> {
        let killed = self
            .story()?
            .iter()
            .filter(|entry| text(entry, "kind") == "killed")
            .map(|entry| entry.get("processes").and_then(Value::as_u64).unwrap_or(0))
            .sum();
        Ok(killed)
    }

    /// What the control plane wrote down since this story began.
    fn story(&self) -> Result<Vec<Value>> {
        let answer =
            self.request(&format!("{}/_local/journal?since={}", self.control, self.journal_start), None)?;
        let entries = answer.get("entries").and_then(Value::as_array);
        Ok(entries.context("the journal has no entries")?.clone())
    }

    /// Asks the source function by hand to look at a ref; what it answers.
    ///
    /// # Errors
    /// When the function fails, in its words.
    pub fn look(&self, reference: &str) -> Result<Value> {
        let request = json!({"repositoryId": 1001, "ref": reference, "reason": "manual"});
        self.emulator.invoke(self.output("SourceFunctionName"), &request)
    }

    /// Asks the dashboard function for a fresh report and returns its data.
    ///
    /// # Errors
    /// When the function fails.
    pub fn report(&self) -> Result<Value> {
        self.emulator.invoke(self.output("DashboardFunctionName"), &json!({"action": "publish"}))
    }

    fn leftovers(&self) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for queue in DEAD_LETTERS {
            match self.emulator.depth(self.output(queue))? {
                0 => {}
                depth => wrong.push(format!("{depth} message(s) in {queue}")),
            }
        }
        for entry in self.story()? {
            let line = entry.to_string();
            if line.contains("UnknownOperationException") || line.contains("\"unexpected\":true") {
                wrong.push(format!("unexpected call: {line}"));
            }
            if UNFINISHED.contains(&text(&entry, "kind")) {
                wrong.push(format!("unfinished: {line}"));
            }
        }
        let state = self.state()?;
        let deployments = state.get("deployments").and_then(Value::as_array);
        for deployment in deployments.context("the state has no `deployments`")? {
            for event in list(deployment, "lifecycle") {
                if text(event, "message").contains("did not answer") {
                    wrong.push(format!("unanswered hook: {deployment}"));
                }
            }
        }
        let given = self.request(&format!("{}/_local/secrets", self.control), None)?;
        let given =
            given.get("secrets").and_then(Value::as_array).context("the control plane names no secrets")?;
        let mut secrets = vec!["sha256=", "planted-secret", "secretAccessKey"];
        secrets.extend(given.iter().filter_map(Value::as_str));
        for line in self.emulator.logs()? {
            if secrets.iter().any(|secret| line.contains(secret)) {
                wrong.push(format!("a secret in a log: {}", line.chars().take(120).collect::<String>()));
            }
        }
        Ok(wrong)
    }
}

/// A parameter with another value for a while.
pub struct Instead<'w> {
    world: &'w World,
    name: String,
    before: String,
}

impl Instead<'_> {
    fn put(&self, text: &str) -> Result<()> {
        let body = json!({"Name": self.name, "Value": text, "Type": "String", "Overwrite": true});
        self.world.emulator.json("ssm", "AmazonSSM.PutParameter", "1.1", &body).map(|_| ())
    }
}

impl Drop for Instead<'_> {
    fn drop(&mut self) {
        let put = self.put(&self.before);
        assert!(put.is_ok() || std::thread::panicking(), "{} is not as it was", self.name);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let wrong = self
            .leftovers()
            .unwrap_or_else(|error| vec![format!("the world cannot be inspected: {error:#}")]);
        assert!(wrong.is_empty(), "the story left something behind:\n  {}", wrong.join("\n  "));
    }
}
