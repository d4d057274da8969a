//! `tidegate watch` as it is called: series and records in, words and exit codes out.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: what cannot be run is a failure"
)]

use shared::delivery::analysis::{Situation, conclude};
use shared::delivery::gate::record;
use shared::delivery::policy::Policy;
use shared::delivery::ports::Deployment;
use shared::delivery::series::{Minute, Pair};
use shared::delivery::stats::random::Random;
use shared::delivery::verdict::{Kind, Verdict};
use shared::delivery::watch::{Arms, Shown, TargetGroup, Watch};
use shared::model::{MINUTE, Timestamp};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn tidegate(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.arg("watch").args(arguments).current_dir(folder.path()).output().expect("the command runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Exit code and the error's sentence.
fn refused(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    format!("{}: {words}", output.status.code().unwrap())
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Counts of both arms from `-60`: an hour of blue alone, then `minutes` in which green has 600 requests and `ratio` times the errors.
fn arms(ratio: f64, minutes: i64) -> (String, String) {
    let mut random = Random::new(3);
    let (mut canary, mut baseline) = ("minute,total,bad\n".to_owned(), "minute,total,bad\n".to_owned());
    for minute in -60..minutes {
        let total = if minute < 0 { 6000 } else { 5400 };
        baseline += &format!("{minute},{total},{}\n", random.binomial(total, 0.005));
        if minute >= 0 {
            canary += &format!("{minute},600,{}\n", random.binomial(600, 0.005 * ratio));
        }
    }
    (canary, baseline)
}

fn judged(ratio: f64, minutes: i64, more: &[&str]) -> (TempDir, Output) {
    let (canary, baseline) = arms(ratio, minutes);
    let folder = folder(&[("green.csv", &canary), ("blue.csv", &baseline)]);
    let output =
        tidegate(&folder, &[&["judge", "--baseline", "blue.csv", "--canary", "green.csv"], more].concat());
    (folder, output)
}

#[test]
fn the_exit_code_says_what_the_evidence_says() {
    let (_folder, bad) = judged(3.0, 15, &[]);
    assert_eq!(bad.status.code(), Some(1));
    insta::assert_snapshot!(said(&bad), @"
    harm: green answered 126 of 7800 requests with 5XX (1.62 %) against 328 of 70200 requests with 5XX (0.47 %) on blue in 13 minute(s); evidence more than 1000000:1 passes the bound 100:1 (false-stop rate at most 1 %)

      metric           canary          baseline  ratio  minutes                 harm            absence
      errors  126/7800 1.62 %  328/70200 0.47 %  ×3.46       13  >1000000:1 of 100:1  1:1000000 of 20:1

      `errors`: noise 0.09, learned from 60 minute(s) before the canary's first
    ");
    let (_folder, good) = judged(1.0, 15, &[]);
    assert_eq!(good.status.code(), Some(0));
    insta::assert_snapshot!(said(&good), @"
    promote: green answered 46 of 7800 requests with 5XX (0.59 %) against 328 of 70200 requests with 5XX (0.47 %) on blue in 13 minute(s); 2 times that rate is excluded by evidence 35:1 (bound 20:1)

      metric          canary          baseline  ratio  minutes          harm       absence
      errors  46/7800 0.59 %  328/70200 0.47 %  ×1.26       13  1:3 of 100:1  35:1 of 20:1

      `errors`: noise 0.09, learned from 60 minute(s) before the canary's first
    ");
    let (_folder, little) = judged(1.0, 3, &[]);
    assert_eq!(little.status.code(), Some(3));
    insta::assert_snapshot!(said(&little), @"
    inconclusive: neither harm nor its absence is shown: 2.9 bad events of `errors` were expected of green in 1 minute(s), about 30 are needed to see a doubled rate

      metric        canary        baseline  ratio  minutes          harm      absence
      errors  3/600 0.50 %  26/5400 0.48 %  ×1.04        1  1:3 of 100:1  2:1 of 20:1

      `errors`: noise 0.09, learned from 60 minute(s) before the canary's first
    ");
}

#[test]
fn a_verdict_is_json_and_a_page_too() {
    let (folder, output) = judged(3.0, 15, &["--json", "--html", "page.html"]);
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&verdict["verdict"], &verdict["analysis"]["shiftedMinutes"]), (&"harm".into(), &15.into()));
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("rolled back from 100:1 on") && !page.contains("<script"));
}

#[test]
fn no_data_in_any_form_is_never_a_promotion() {
    let (canary, baseline) = arms(1.0, 15);
    let header = "minute,total,bad\n";
    let none: String = header.to_owned() + &(0..15).map(|m| format!("{m},,\n")).collect::<String>();
    let idle: String = header.to_owned() + &(0..15).map(|m| format!("{m},0,0\n")).collect::<String>();
    let later: String = header.to_owned() + &(100..115).map(|m| format!("{m},600,3\n")).collect::<String>();
    let empty = header.to_owned();
    for other in [&none, &idle, &later, &empty] {
        for (green, blue) in [(other, &baseline), (&canary, other), (other, other)] {
            if green == other && blue == other && other == &later {
                continue;
            }
            for method in ["always-valid", "mann-whitney"] {
                let folder = folder(&[("green.csv", green), ("blue.csv", blue)]);
                let arguments =
                    ["judge", "--baseline", "blue.csv", "--canary", "green.csv", "--method", method];
                let output = tidegate(&folder, &arguments);
                assert_eq!(output.status.code(), Some(3), "{method}: {}{}", said(&output), refused(&output));
            }
        }
    }
}

#[test]
fn ranks_are_looked_at_once_and_say_so() {
    let (_folder, bad) = judged(4.0, 30, &["--method", "mann-whitney"]);
    assert_eq!(bad.status.code(), Some(1));
    insta::assert_snapshot!(said(&bad), @"
    harm: `errors`: canary's median is 0.02167 against 0.005093 in 28 minute(s), shifted by 0.0163 (from 0.01389 to 0.01833), p = 7.986e-11 against a limit of 0.01

      metric  verdict  minutes      U          p       higher in  ratio of means
      errors     harm       28  782.5  7.986e-11  100 % of pairs           ×4.36

      p and interval hold for one look at a finished series, not for looking again every minute
      `errors`: 60 minute(s) of the baseline have no pair and are left out: minute -60, minute -59, minute -58 and 57 more
    ");
    let values = |low: u32| {
        let rows = (0..20).map(|minute| format!("{minute},{}\n", low + minute * 7 % 5)).collect::<String>();
        format!("timestamp,value\n{rows}")
    };
    let folder = folder(&[("green.csv", &values(45)), ("blue.csv", &values(45))]);
    let output = tidegate(
        &folder,
        &["judge", "--baseline", "blue.csv", "--canary", "green.csv", "--method", "mann-whitney", "--json"],
    );
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &verdict["verdict"]), (Some(0), &"promote".into()));
}

const SLOW: &str = "version: 1\nnoise: 0\nmetrics: [{id: errors, kind: errors}, {id: slow, kind: latency, objective_ms: 400}]\n";

#[test]
fn folders_hold_a_file_for_each_metric_and_a_missing_one_keeps_from_promoting() {
    let (canary, baseline) = arms(1.0, 15);
    let both = folder(&[
        ("policy.yaml", SLOW),
        ("green/errors.csv", &canary),
        ("blue/errors.csv", &baseline),
        ("green/slow.csv", &canary),
        ("blue/slow.csv", &baseline),
    ]);
    let arguments = ["judge", "--baseline", "blue", "--canary", "green", "--policy", "policy.yaml"];
    assert_eq!(tidegate(&both, &arguments).status.code(), Some(0));
    let one = folder(&[("policy.yaml", SLOW), ("green/errors.csv", &canary), ("blue/errors.csv", &baseline)]);
    let output = tidegate(&one, &arguments);
    assert_eq!(output.status.code(), Some(3));
    insta::assert_snapshot!(said(&output).lines().next().unwrap(), @"inconclusive: no minute after the warm-up had `slow` of both versions: nothing was compared");
    let odd = folder(&[("policy.yaml", SLOW), ("green/errors.csv", &canary), ("blue/slow.csv", &baseline)]);
    insta::assert_snapshot!(refused(&tidegate(&odd, &arguments)), @"2: error: `green` has no series `slow`");
}

#[test]
fn what_cannot_be_used_is_said_with_its_place_and_its_code() {
    let (canary, baseline) = arms(1.0, 5);
    let folder = folder(&[
        ("green.csv", &canary),
        ("blue.csv", &baseline),
        ("broken.csv", "minute,total,bad\n0,10,1\n1,10,11\n"),
        ("times.csv", "timestamp,total,bad\n2026-11-23T21:40:00Z,600,3\n"),
        ("values.json", "[{\"minute\": 0, \"value\": 1}]"),
        ("two.json", "[{\"name\":\"a\",\"values\":[1]},{\"name\":\"b\",\"values\":[1]}]"),
        ("bad.yaml", "version: 1\nalpha: 0.7\n"),
        ("empty/readme.txt", ""),
    ]);
    let of = |more: &[&str]| {
        let mut arguments = vec!["judge"];
        for (name, file) in [("--baseline", "blue.csv"), ("--canary", "green.csv")] {
            if !more.contains(&name) {
                arguments.extend([name, file]);
            }
        }
        arguments.extend(more);
        refused(&tidegate(&folder, &arguments))
    };
    insta::assert_snapshot!(of(&["--canary", "broken.csv"]), @"2: error: `broken.csv`, line 3, column 3 (`bad`): 11 bad events of 10 in all");
    insta::assert_snapshot!(of(&["--canary", "times.csv"]), @"2: error: one file numbers its minutes and the other names times: they cannot be paired");
    insta::assert_snapshot!(of(&["--canary", "values.json"]), @"2: error: one file holds counts and the other values: they cannot be compared");
    insta::assert_snapshot!(of(&["--canary", "values.json", "--baseline", "values.json"]), @"2: error: the files hold values, and only counts (`minute,total,bad`) are compared always-validly; `--method mann-whitney` compares values");
    insta::assert_snapshot!(of(&["--canary", "two.json"]), @"2: error: one side is a single series and the other several: give two files or two folders");
    insta::assert_snapshot!(of(&["--canary", "absent.csv"]), @"2: error: cannot read `absent.csv`: No such file or directory (os error 2)");
    insta::assert_snapshot!(of(&["--canary", "empty"]), @"2: error: `empty` holds no `.csv` and no `.json` file");
    insta::assert_snapshot!(of(&["--policy", "bad.yaml"]), @"4: error: `bad.yaml`: the watch settings cannot be used: `alpha` is 0.7, it must be above 0 and at most 0.5");
    insta::assert_snapshot!(of(&["--metric", "slow"]), @"2: error: the settings have no metric `slow`; they have `errors`");
    insta::assert_snapshot!(of(&["--method", "mann-whitney", "--html", "x.html"]), @"2: error: `--html` draws evidence, which `--method mann-whitney` has none of");
    assert_eq!(tidegate(&folder, &["judge", "--canary", "green.csv"]).status.code(), Some(2));
    assert_eq!(
        tidegate(&folder, &["judge", "--canary", "a", "--baseline", "b", "--kayenta", "c", "--policy", "d"])
            .status
            .code(),
        Some(2)
    );
}

fn kayenta(metrics: &str, thresholds: &str) -> String {
    format!(
        r#"{{"name":"c","judge":{{"name":"NetflixACAJudge-v1.0","judgeConfigurations":{{}}}},"metrics":[{metrics}],"classifier":{{"groupWeights":{{"all":100}}{thresholds}}}}}"#
    )
}

const METRIC: &str = r#"{"name":"cpu","query":{"type":"x"},"groups":["all"],"analysisConfigurations":{"canary":{"direction":"increase"}}}"#;
const MARKS: &str = r#","scoreThresholds":{"pass":95,"marginal":75}"#;

#[test]
fn a_kayenta_configuration_judges_by_its_own_rules() {
    let set = |low: u32| {
        let values: Vec<String> = (0..60).map(|minute| (low + minute * 7 % 5).to_string()).collect();
        format!(r#"[{{"name":"cpu","values":[{}]}}]"#, values.join(","))
    };
    let unknown = kayenta(&METRIC.replace("increase", "up"), MARKS);
    let folder = folder(&[
        ("config.json", &kayenta(METRIC, MARKS)),
        ("open.json", &kayenta(METRIC, "")),
        ("wrong.json", &unknown),
        ("low.json", &set(45)),
        ("high.json", &set(60)),
        ("none.json", r#"[{"name":"cpu","values":["NaN"]}]"#),
        ("other.json", r#"[{"name":"cpus","values":[1]}]"#),
    ]);
    let of = |config: &str, canary: &str| {
        tidegate(&folder, &["judge", "--kayenta", config, "--baseline", "low.json", "--canary", canary])
    };
    let same = of("config.json", "low.json");
    assert_eq!(same.status.code(), Some(0));
    insta::assert_snapshot!(said(&same), @"
    pass: the score of 100 is at least 95

      pass  `cpu` passes: both arms have the same 60 values

      all  1/1  100  weight 100 %
    ");
    let high = of("config.json", "high.json");
    assert_eq!(high.status.code(), Some(1));
    insta::assert_snapshot!(said(&high), @"
    fail: the score of 0 is below the 75 that are marginal; `cpu` is high

      high  `cpu` is high: mean 62 in the canary against 47 in the baseline (60 and 60 points), shifted by 15, with 98 % confidence by 14 to 16, all above 3.75; the ratio of the means, 1.319, is at least 1

      all  0/1  0  weight 100 %
    ");
    let none = of("config.json", "none.json");
    assert_eq!(
        none.status.code(),
        Some(1),
        "Kayenta's own rule: half of the metrics without data fail the canary"
    );
    insta::assert_snapshot!(said(&none), @"
    fail: 1 of 1 metrics have no data, 50 % or more, so the score is 0

      no data  `cpu` has no data: 0 points in the canary, 60 in the baseline; it is left out of the score

      all  0/0  no data  weight 100 %
    ");
    insta::assert_snapshot!(refused(&of("wrong.json", "low.json")), @"4: error: `wrong.json`: `metrics[0].analysisConfigurations.canary.direction`: `up` is no word that is known here; known are `increase`, `decrease`, `either`");
    insta::assert_snapshot!(refused(&of("open.json", "low.json")), @"4: error: `open.json`: the configuration has no `scoreThresholds`; say from which score on the canary passes and from which it is marginal");
    insta::assert_snapshot!(refused(&of("config.json", "other.json")), @"2: error: no metric of the configuration is called `cpus`; the nearest is `cpu`");
}

#[test]
fn power_says_what_a_canary_can_see() {
    let folder = folder(&[]);
    let of = |more: &[&str]| {
        tidegate(&folder, &[&["power", "--requests-per-minute", "6000", "--errors", "0.5"], more].concat())
    };
    let output = of(&["--share", "10", "--minutes", "15"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(said(&output), @"
    39 bad events of green are expected in 13 judged minute(s); a doubled rate is seen in 94 % of cases, in half of them by minute 8

      if green fails        stopped  half by minute
      as often        less than 1 %               –  |                                        |
      ×1.5                     30 %              11  |############                            |
      ×2                       94 %               8  |######################################  |
      ×3                      100 %               4  |########################################|
      ×5                      100 %               3  |########################################|

      seen in 90 % of cases  ×2 and more
      good release cleared   95 %, half of them by minute 6
      green's share          10 %
      minutes                15, of which 13 are judged (warm-up 2)
      reckoned with          6000 requests/min, 0.5 % bad, noise 0, α 0.01, β 0.05, 1 metric(s)
      by                     2000 seeded runs, ±2.2 points; a minute is settled 2 min later
    ");
    let output = of(&["--schedule", "linear:25/5", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["forecast"]["minutes"], &found["forecast"]["judgedMinutes"]),
        (&15.into(), &13.into())
    );
    insta::assert_snapshot!(refused(&of(&["--schedule", "slowly"])), @"2: error: `slowly` is no schedule: write `linear:25/5` (25 % more every 5 minutes), `canary:10/10` (10 % for 10 minutes, then all), the same with `ecs-` before it, `LINEAR`, `CANARY`, or the name of a CodeDeploy configuration as `CodeDeployDefault.ECSLinear10PercentEvery1Minutes`");
    assert_eq!(of(&["--share", "10"]).status.code(), Some(2), "minutes are needed");
    assert_eq!(of(&["--share", "0", "--minutes", "15"]).status.code(), Some(2));
    assert_eq!(of(&["--minutes", "15"]).status.code(), Some(2));
}

/// A recorded shift: `ratio` times the errors on a tenth of 6,000 requests a minute.
fn recorded(id: &str, ratio: f64) -> Watch {
    let at = |minute: i64| Timestamp::from_millis(1_795_470_000_000 + minute * MINUTE);
    let group = |name: &str| TargetGroup {
        name: name.to_owned(),
        dimension: String::new(),
        load_balancer: String::new(),
        task_definition: String::new(),
    };
    let mut watch = record(&Deployment {
        id: id.to_owned(),
        application: "b2b".to_owned(),
        group: "api-gateway".to_owned(),
        cluster: "b2b".to_owned(),
        service: "api-gateway".to_owned(),
        status: "InProgress".to_owned(),
        creator: "user".to_owned(),
        created_at: at(-5),
        lifecycle: Vec::new(),
        task_sets: Vec::new(),
        pauses: Vec::new(),
        next_percent: None,
        rollback: None,
        message: None,
    });
    let policy = Policy::default();
    watch.arms = Some(Arms { green: group("green"), blue: Some(group("blue")) });
    watch.watched_from = Some(at(0));
    watch.policy = serde_json::to_value(&policy).unwrap();
    watch.noise = Some([("errors".to_owned(), 0.1 + 0.2)].into());
    let mut random = Random::new(9);
    for minute in 0..30 {
        let pair = Pair::of((600, random.binomial(600, 0.005 * ratio)), (5400, random.binomial(5400, 0.005)));
        watch.minutes.insert(at(minute), Minute::of("errors", pair));
        let decided_at = at(minute + 3);
        watch.ticked = Some(decided_at);
        let analysis = watch.analyse(&policy);
        let situation = Situation { is_asked: minute >= 15, is_late: minute >= 29 };
        if let Some((kind, reason)) = conclude(&policy, &analysis, situation) {
            watch.evidence = Shown::of(&analysis);
            watch.verdict = Some(Verdict { kind, reason, decided_at, dry_run: false });
            watch.final_state = Some(if kind == Kind::Harm { "Stopped" } else { "Succeeded" }.to_owned());
            break;
        }
    }
    watch
}

fn text(watch: &Watch) -> String {
    serde_json::to_string(watch).unwrap()
}

#[test]
fn a_record_is_computed_again_bit_for_bit() {
    let harm = recorded("d-1", 4.0);
    let mut changed = harm.clone();
    changed.evidence[0].path[1].1 += 1e-6;
    let mut open = harm.clone();
    (open.verdict, open.evidence) = (None, Vec::new());
    let mut other = harm.clone();
    other.policy["alpha"] = 7.into();
    let mut before = harm.clone();
    (before.policy, before.watched_from, before.arms) = (serde_json::Value::Null, None, None);
    let folder = folder(&[
        ("harm.json", &text(&harm)),
        ("changed.json", &text(&changed)),
        ("open.json", &text(&open)),
        ("other.json", &text(&other)),
        ("before.json", &text(&before)),
        ("old.json", r#"{"record": 1}"#),
        ("none.json", "{"),
    ]);
    let of = |name: &str| tidegate(&folder, &["replay", name]);
    let same = of("harm.json");
    assert_eq!(same.status.code(), Some(0));
    insta::assert_snapshot!(said(&same), @"
    the same: harm: green answered 24 of 1200 requests with 5XX (2.00 %) against 58 of 10800 requests with 5XX (0.54 %) on blue in 2 minute(s); evidence 187:1 passes the bound 100:1 (false-stop rate at most 1 %)
      4 tick(s) were computed again, 6 number(s) compared bit for bit; decided at 2026-11-23T21:46:00Z
    ");
    assert_eq!(of("changed.json").status.code(), Some(1));
    let words = said(&of("changed.json"));
    assert!(
        words.starts_with("different: `errors`, evidence for harm at 2026-11-23T21:43:00Z: recorded "),
        "{words}"
    );
    assert_eq!(of("open.json").status.code(), Some(3));
    insta::assert_snapshot!(refused(&of("other.json")), @"4: error: the watch settings cannot be used: `alpha` is 7, it must be above 0 and at most 0.5");
    insta::assert_snapshot!(refused(&of("before.json")), @"3: error: no traffic has moved under the record of `d-1`: it holds checks only");
    insta::assert_snapshot!(refused(&of("old.json")), @"2: error: `old.json`: the record has version 1, this release reads 2");
    insta::assert_snapshot!(refused(&of("none.json")), @"2: error: `none.json`: this is no record of a watch: EOF while parsing an object at line 1 column 1");
    let json = tidegate(&folder, &["replay", "changed.json", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(found["difference"].as_str().unwrap().starts_with("`errors`, evidence for harm at"), "{found}");
    let page = tidegate(&folder, &["show", "harm.json", "--html", "page.html"]);
    assert_eq!(page.status.code(), Some(0));
    assert!(std::fs::read_to_string(folder.path().join("page.html")).unwrap().contains("<svg"));
}

#[test]
fn a_policy_is_tried_on_the_past() {
    let folder = folder(&[
        ("a.json", &text(&recorded("d-1", 1.0))),
        ("b.json", &text(&recorded("d-2", 4.0))),
        ("same.yaml", "version: 1\n"),
        ("blind.yaml", "version: 1\ntolerated_ratio: 9\nexcluded_ratio: 20\n"),
        (
            "hasty.yaml",
            "version: 1\nalpha: 0.01\nnoise: 0\nwarm_up_minutes: 0\nthresholds: [{id: any, metric: errors, above: 0.6}]\n",
        ),
        ("bad.yaml", "version: 1\nalpha: 0\n"),
    ]);
    let of = |policy: &str, more: &[&str]| {
        tidegate(&folder, &[&["calibrate", "--policy", policy, "a.json", "b.json"], more].concat())
    };
    let same = of("same.yaml", &[]);
    assert_eq!(same.status.code(), Some(0));
    insta::assert_snapshot!(said(&same), @"
    of the releases that ended well the policy stops 0 of 1 (0.00 %, 95 % interval 0.00 to 79.35 %)

      23 Nov 2026 21:35  d-1  well      then promote       now promote
      23 Nov 2026 21:35  d-2  not well  then harm          now harm at minute 4
    ");
    let blind = of("blind.yaml", &[]);
    assert_eq!(blind.status.code(), Some(1));
    insta::assert_snapshot!(said(&blind), @"
    of the releases that ended well the policy stops 0 of 1 (0.00 %, 95 % interval 0.00 to 79.35 %)

      23 Nov 2026 21:35  d-1  well      then promote       now promote
      23 Nov 2026 21:35  d-2  not well  then harm          now promote  <- changes
          green answered 24 of 1200 requests with 5XX (2.00 %) against 58 of 10800 requests with 5XX (0.54 %) on blue in 2 minute(s); 20 times that rate is excluded by evidence 63:1 (bound 20:1)
    ");
    let itself = of("same.yaml", &["--a-a"]);
    assert_eq!(itself.status.code(), Some(0));
    insta::assert_snapshot!(said(&itself), @"
    of a version against itself the policy stops 0 of 400 (0.00 %, 95 % interval 0.00 to 0.95 %), within its α of 1 %

      d-1  0 of 200
      d-2  0 of 200

      splits of one record share its minutes: the interval is narrower than that of as many deployments
      what differs between two sets of tasks is not in it: cold caches, a noisy neighbour
    ");
    let hasty = of("hasty.yaml", &["--a-a", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&hasty.stdout).unwrap();
    assert_eq!(
        (hasty.status.code(), &found["holds"]),
        (Some(1), &false.into()),
        "a plain limit keeps no promise: {found}"
    );
    insta::assert_snapshot!(refused(&of("bad.yaml", &[])), @"4: error: `bad.yaml`: the watch settings cannot be used: `alpha` is 0, it must be above 0 and at most 0.5");
    assert_eq!(tidegate(&folder, &["calibrate", "--policy", "same.yaml"]).status.code(), Some(2));
}
