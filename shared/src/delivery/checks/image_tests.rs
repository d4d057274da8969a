use super::*;
use crate::delivery::checks::ports::Task;
use crate::model::Timestamp;

const PINNED: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b/api@sha256:1111111111111111111111111111111111111111111111111111111111111111";
const TAGGED: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com:443/b2b/api:latest";

fn digest_of(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

fn definition(image: &str) -> TaskDefinition {
    let container = Container { name: "api".to_owned(), image: image.to_owned(), ..Container::default() };
    TaskDefinition { arn: "api:7".to_owned(), containers: vec![container], ..TaskDefinition::default() }
}

fn task(digest: &str) -> Task {
    let digests = BTreeMap::from([("api".to_owned(), (TAGGED.to_owned(), digest.to_owned()))]);
    Task { definition: "api:7".to_owned(), digests, ..Task::default() }
}

fn words(settings: &Images, image: &str, tasks: &[Task], approval: Option<Approval>) -> String {
    let definition = definition(image);
    let tasks = Tasks { at: None, tasks: tasks.to_vec() };
    let found = digest(&definition.containers[0], Some(&tasks), "api:7");
    let digests: BTreeMap<_, _> =
        found.clone().map(|digest| ("api".to_owned(), digest)).into_iter().collect();
    let approvals = found.map(|digest| (digest, approval)).into_iter().collect();
    let check = judge(settings, &definition, &digests, &approvals);
    format!("{}: {}", check.state.word(), check.sentence)
}

#[test]
fn a_digest_passes_and_a_tag_is_told() {
    insta::assert_snapshot!(words(&Images::default(), PINNED, &[], None), @"pass: the digest of 1 of 1 image(s) is known");
    insta::assert_snapshot!(words(&Images::default(), TAGGED, &[], None), @"warn: `000000000000.dkr.ecr.us-east-1.amazonaws.com:443/b2b/api:latest` of container `api` has no digest, and a tag can be moved");
    let required = Images { pinned: Rule::Required, ..Images::default() };
    assert!(words(&required, TAGGED, &[], None).starts_with("fail: "));
    insta::assert_snapshot!(words(&Images::default(), "api@sha256:12", &[], None), @"fail: `api@sha256:12` of container `api` has a digest that is none");
}

#[test]
fn a_tag_is_known_by_the_digest_that_ecs_resolved_for_all_tasks() {
    insta::assert_snapshot!(words(&Images::default(), TAGGED, &[task(&digest_of('2')), task(&digest_of('2'))], None), @"pass: the digest of 1 of 1 image(s) is known");
    let moved = [task(&digest_of('2')), task(&digest_of('3'))];
    assert!(
        words(&Images::default(), TAGGED, &moved, None).starts_with("warn: "),
        "the tag was moved meanwhile"
    );
}

#[test]
fn only_allowed_repositories_may_be_run_from() {
    let from = |list: &[&str]| Images {
        repositories: list.iter().map(|one| (*one).to_owned()).collect(),
        ..Images::default()
    };
    insta::assert_snapshot!(words(&from(&["000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b/*"]), PINNED, &[], None), @"pass: the digest of 1 of 1 image(s) is known, all are from allowed repositories");
    insta::assert_snapshot!(words(&from(&["000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b"]), PINNED, &[], None), @"fail: `000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b/api` of container `api` is none of 1 allowed repositories");
    assert_eq!(repository(TAGGED), "000000000000.dkr.ecr.us-east-1.amazonaws.com:443/b2b/api");
    assert_eq!(repository("registry:5000/api"), "registry:5000/api");
}

#[test]
fn an_image_that_no_gate_has_let_through_fails_where_that_is_required() {
    let required = Images { approved: Rule::Required, ..Images::default() };
    let approval = |lets_through: bool, outcome: &str| Approval {
        execution_id: "4e1c".to_owned(),
        stage: "Scan".to_owned(),
        outcome: outcome.to_owned(),
        lets_through,
        decided_at: Timestamp::from_millis(0),
    };
    insta::assert_snapshot!(words(&required, PINNED, &[], Some(approval(true, "pass"))), @"pass: the digest of 1 of 1 image(s) is known, and a gate has let each of them through");
    insta::assert_snapshot!(words(&required, PINNED, &[], Some(approval(false, "fail"))), @"fail: `sha256:1111111111111111111111111111111111111111111111111111111111111111` of container `api` was not let through: stage `Scan` of execution `4e1c` came to `fail`");
    insta::assert_snapshot!(words(&required, PINNED, &[], None), @"fail: no gate has looked at `sha256:1111111111111111111111111111111111111111111111111111111111111111` of container `api`");
    insta::assert_snapshot!(words(&required, TAGGED, &[], None), @"fail: the image of container `api` has no digest that a gate could have let through");
}

#[test]
fn a_task_definition_without_containers_fails() {
    let check = judge(&Images::default(), &TaskDefinition::default(), &BTreeMap::new(), &BTreeMap::new());
    insta::assert_snapshot!(check.sentence, @"the task definition has no container");
    assert_eq!(check.state, State::Fail);
}
