//! A model of Secrets Manager, GitHub and a receiver, which can break off after any call.

use super::*;
use crate::source::secrets::{REFETCH_PAUSE_MS, WebhookSecrets};
use crate::source::signature::{Signature, sign};
use serde_json::json;
use std::cell::{Cell, RefCell};

const NEW: &str = "version-new";
const OLD: &str = "version-old";

/// Everything outside. Calls are counted; the one numbered `breaks_at` fails, before or after it had its effect.
struct Model {
    stages: RefCell<BTreeMap<String, Vec<String>>>,
    values: RefCell<BTreeMap<String, SecretText>>,
    github: RefCell<SecretText>,
    hooks: Vec<HookId>,
    pings: RefCell<BTreeMap<u64, u16>>,
    /// What the receiver answers to the first pings.
    answers: RefCell<Vec<u16>>,
    /// Milliseconds that the rotation has waited so far.
    waited: Cell<i64>,
    /// The live secrets as a receiver would have fetched them, and when.
    fetched: RefCell<Vec<(i64, Vec<String>)>>,
    generated: Cell<u32>,
    calls: Cell<u32>,
    breaks_at: Cell<Option<u32>>,
    after_effect: bool,
}

fn model(breaks_at: Option<u32>, after_effect: bool) -> Model {
    let labels = |label: &str| vec![label.to_owned()];
    Model {
        stages: RefCell::new(BTreeMap::from([
            (OLD.to_owned(), labels(CURRENT)),
            (NEW.to_owned(), labels(PENDING)),
        ])),
        values: RefCell::new(BTreeMap::from([(OLD.to_owned(), SecretText("old".to_owned()))])),
        github: RefCell::new(SecretText("old".to_owned())),
        hooks: HookId::parse_all("acme/shop:7").unwrap(),
        pings: RefCell::default(),
        answers: RefCell::default(),
        waited: Cell::default(),
        fetched: RefCell::default(),
        generated: Cell::new(0),
        calls: Cell::new(0),
        breaks_at: Cell::new(breaks_at),
        after_effect,
    }
}

impl Model {
    fn call<T>(&self, effect: impl FnOnce() -> T) -> Result<T, Fault> {
        self.calls.set(self.calls.get() + 1);
        let breaks = self.breaks_at.get() == Some(self.calls.get());
        let result = if breaks && !self.after_effect { None } else { Some(effect()) };
        self.github_is_understood();
        match result {
            Some(result) if !breaks => Ok(result),
            _ => {
                Err(Fault::Transient { service: "model", operation: "call", detail: "broke off".to_owned() })
            }
        }
    }

    fn value_at(&self, label: &str) -> Option<String> {
        let stages = self.stages.borrow();
        let (id, _) = stages.iter().find(|(_, labels)| labels.iter().any(|own| own == label))?;
        self.values.borrow().get(id).map(|text| text.0.clone())
    }

    /// The law: whatever GitHub signs with is good at every receiver, at every moment; also at one that has just fetched its secrets and
    /// fetches none again yet.
    fn github_is_understood(&self) {
        let github = self.github.borrow().0.clone();
        let live = [CURRENT, "AWSPREVIOUS", PENDING].into_iter().filter_map(|label| self.value_at(label));
        self.fetched.borrow_mut().push((self.waited.get(), live.collect()));
        let oldest = self.waited.get() - REFETCH_PAUSE_MS;
        for (at, known) in self.fetched.borrow().iter().filter(|(at, _)| *at > oldest) {
            assert!(
                known.contains(&github),
                "a receiver that fetched at {at} ms does not know GitHub's secret"
            );
        }
        assert_eq!(self.receiver_answers(), 200);
    }

    fn receiver_answers(&self) -> u16 {
        let mut live = WebhookSecrets::parse(&self.value_at(CURRENT).unwrap()).unwrap();
        for label in ["AWSPREVIOUS", PENDING] {
            live = self.value_at(label).into_iter().fold(live, |live, text| live.also(&text));
        }
        let signature = Signature::parse(&sign(&self.github.borrow().0, b"{}")).unwrap();
        if signature.matches(&live, b"{}") { 200 } else { 401 }
    }
}

impl SecretVersions for Model {
    async fn stages(&self) -> Result<BTreeMap<String, Vec<String>>, Fault> {
        self.call(|| self.stages.borrow().clone())
    }

    async fn pending(&self, id: &str) -> Result<Option<SecretText>, Fault> {
        self.call(|| self.values.borrow().get(id).cloned())
    }

    async fn generate(&self) -> Result<SecretText, Fault> {
        self.call(|| {
            self.generated.set(self.generated.get() + 1);
            SecretText(format!("new-{}", self.generated.get()))
        })
    }

    async fn put_pending(&self, id: &str, text: &SecretText) -> Result<(), Fault> {
        self.call(|| {
            self.values.borrow_mut().entry(id.to_owned()).or_insert_with(|| text.clone());
        })
    }

    async fn promote(&self, to: &str, from: &str) -> Result<(), Fault> {
        self.call(|| {
            let mut stages = self.stages.borrow_mut();
            stages.insert(to.to_owned(), vec![CURRENT.to_owned(), PENDING.to_owned()]);
            stages.insert(from.to_owned(), vec!["AWSPREVIOUS".to_owned()]);
        })
    }
}

impl Webhooks for Model {
    fn all(&self) -> &[HookId] {
        &self.hooks
    }

    async fn settle(&self) {
        self.waited.set(self.waited.get() + REFETCH_PAUSE_MS);
    }

    async fn set_secret(&self, _: &HookId, text: &SecretText) -> Result<(), Fault> {
        self.call(|| {
            self.github.replace(text.clone());
        })
    }

    async fn ping(&self, _: &HookId) -> Result<(), Fault> {
        self.call(|| {
            let planned = self.answers.borrow_mut().pop();
            let mut pings = self.pings.borrow_mut();
            let id = pings.len() as u64;
            pings.insert(id, planned.unwrap_or_else(|| self.receiver_answers()));
        })
    }

    async fn pings(&self, _: &HookId) -> Result<BTreeMap<u64, u16>, Fault> {
        self.call(|| self.pings.borrow().clone())
    }

    async fn pause(&self) {}
}

async fn step(step: Step, model: &Model) -> Result<String, RotationError> {
    run(&Ticket { step, secret: "arn".to_owned(), version: NEW.to_owned() }, model, model).await
}

const STEPS: [Step; 4] = [Step::Create, Step::Set, Step::Test, Step::Finish];

/// All steps in order; after a failure Secrets Manager begins again with the first.
async fn rotate(model: &Model) -> Vec<String> {
    'again: loop {
        let mut words = Vec::new();
        for next in STEPS {
            match step(next, model).await {
                Ok(text) => words.push(text),
                Err(_) => continue 'again,
            }
        }
        return words;
    }
}

fn is_rotated(model: &Model) -> bool {
    let github = model.github.borrow().0.clone();
    model.value_at(CURRENT) == Some(github) && model.value_at("AWSPREVIOUS").as_deref() == Some("old")
}

#[tokio::test]
async fn a_rotation_ends_with_the_new_secret_current_and_the_old_one_still_good() {
    let model = model(None, false);
    insta::assert_snapshot!(rotate(&model).await.join("\n"), @"
    version `version-new` has a new secret; the receiver takes it from now on
    1 webhook(s) sign with version `version-new`
    1 webhook(s) pinged with version `version-new` and were answered
    version `version-new` is current; the one before stays good until the next rotation
    ");
    assert!(is_rotated(&model));
    assert_eq!(model.generated.get(), 1);
}

#[tokio::test]
async fn a_rotation_that_breaks_off_at_any_call_is_taken_up_and_no_delivery_is_refused_meanwhile() {
    let whole = model(None, false);
    rotate(&whole).await;
    let calls = whole.calls.get();
    assert!(calls >= 12, "{calls} calls");
    for after_effect in [false, true] {
        for breaks_at in 1..=calls {
            let model = model(Some(breaks_at), after_effect);
            rotate(&model).await;
            assert!(is_rotated(&model), "broken off at call {breaks_at}");
        }
    }
}

#[tokio::test]
async fn every_step_can_be_repeated() {
    let model = model(None, false);
    for next in STEPS {
        for _ in 0..3 {
            step(next, &model).await.ok().unwrap();
        }
    }
    assert!(is_rotated(&model));
    insta::assert_snapshot!(step(Step::Create, &model).await.ok().unwrap(), @"version `version-new` is current already");
    assert_eq!(model.generated.get(), 1);
}

#[tokio::test]
async fn a_receiver_that_knows_only_older_secrets_for_a_while_is_pinged_again() {
    let model = model(None, false);
    model.answers.replace(vec![401; 5]);
    rotate(&model).await;
    assert!(is_rotated(&model));
    assert_eq!(model.pings.borrow().len(), 6);
}

#[tokio::test]
async fn a_ping_that_is_never_answered_well_keeps_the_old_secret_current() {
    let model = model(None, false);
    model.answers.replace(vec![401; MAX_PINGS as usize]);
    step(Step::Create, &model).await.ok().unwrap();
    step(Step::Set, &model).await.ok().unwrap();
    insta::assert_snapshot!(step(Step::Test, &model).await.err().unwrap(), @"webhook 7 of `acme/shop` was pinged 12 times: the last one was answered with 401, not with 200; the old secret stays good, look at the webhook's deliveries");
    assert_eq!(model.value_at(CURRENT).as_deref(), Some("old"));
}

#[tokio::test]
async fn without_a_token_a_person_is_told_what_to_do_and_the_pending_secret_waits() {
    let model = Model { hooks: Vec::new(), ..model(None, false) };
    step(Step::Create, &model).await.ok().unwrap();
    insta::assert_snapshot!(step(Step::Set, &model).await.err().unwrap(), @"no token may change the webhook, so a person must: paste the secret's version `AWSPENDING` (`version-new`) into the webhook's settings on GitHub, see a ping answered with 200, then move `AWSCURRENT` with `aws secretsmanager update-secret-version-stage --secret-id arn --version-stage AWSCURRENT --move-to-version-id version-new --remove-from-version-id version-old`; both secrets are good until then");
    assert!(matches!(step(Step::Test, &model).await, Err(RotationError::Operator(_))));
    assert_eq!(model.value_at(PENDING).as_deref(), Some("new-1"));
    assert_eq!(model.value_at(CURRENT).as_deref(), Some("old"));
}

#[tokio::test]
async fn steps_out_of_order_and_versions_of_nothing_are_refused() {
    let model = model(None, false);
    insta::assert_snapshot!(step(Step::Set, &model).await.err().unwrap(), @"version `version-new` has no secret yet; `createSecret` comes first");
    let other =
        Ticket { step: Step::Create, secret: "arn".to_owned(), version: "version-unknown".to_owned() };
    insta::assert_snapshot!(run(&other, &model, &model).await.err().unwrap(), @"version `version-unknown` is not the pending one of this secret");
}

#[test]
fn an_event_is_a_step_of_this_secret_or_refused() {
    let event =
        |step: &str, secret: &str| json!({"Step": step, "SecretId": secret, "ClientRequestToken": NEW});
    assert_eq!(Ticket::read(&event("testSecret", "arn"), "arn").unwrap().step, Step::Test);
    insta::assert_snapshot!(Ticket::read(&event("testSecret", "other"), "arn").unwrap_err(), @"the event is about another secret than the webhook's");
    insta::assert_snapshot!(Ticket::read(&event("dropSecret", "arn"), "arn").unwrap_err(), @"the step is none of `createSecret`, `setSecret`, `testSecret` and `finishSecret`");
    insta::assert_snapshot!(Ticket::read(&json!({}), "arn").unwrap_err(), @"the event is no step of a rotation: it needs `Step`, `SecretId` and `ClientRequestToken`");
}

#[test]
fn webhooks_are_read_from_the_settings() {
    let hooks = HookId::parse_all("acme/shop:7, acme/b2b.shop:12345678").unwrap();
    assert_eq!((hooks.len(), hooks[1].repository.as_str(), hooks[1].id), (2, "acme/b2b.shop", 12_345_678));
    for wrong in
        ["acme/shop", "acme:7", "acme/shop:x", "acme/../x:7", "acme/shop?x:7", "/shop:7", "acme/shop:7,"]
    {
        assert!(HookId::parse_all(wrong).is_err(), "{wrong}");
    }
    insta::assert_snapshot!(HookId::parse_all("acme/shop").unwrap_err(), @"`acme/shop` is no webhook; give `owner/name:id`, such as `acme/shop:12345678`");
}
