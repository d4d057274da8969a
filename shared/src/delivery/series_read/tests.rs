//! Files as people and tools write them, and what is wrong with others.

use super::*;

fn refused(text: &str) -> String {
    read(text.as_bytes()).unwrap_err().to_string()
}

fn one(text: &str) -> SeriesFile {
    let mut all = read(text.as_bytes()).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn the_same_counts_are_read_from_csv_and_json_of_any_make() {
    let plain = one("minute,total,bad\n0,600,3\n1,600,\n2,540,0\n");
    assert_eq!(
        plain.points,
        Points::Counts([(0, Arm { total: 600, bad: 3 }), (2, Arm { total: 540, bad: 0 })].into())
    );
    assert_eq!(plain.missing, [1], "an empty cell is missing, not zero");
    for text in [
        "\u{feff}minute,total,bad\r\n0,600,3\r\n1,NaN,0\r\n\r\n2,540,0\r\n",
        "\"bad\",\"minute\",\"total\"\n\"3\",0,\"600\"\n0,1,null\n0,2,540.0",
        r#"[{"minute":0,"total":600,"bad":3},{"minute":1,"total":null,"bad":1},{"minute":"2","total":540,"bad":0.0}]"#,
    ] {
        assert_eq!(one(text), plain, "{text}");
    }
}

#[test]
fn moments_are_minutes_however_they_are_written() {
    let of = |text: &str| one(text);
    let known = of("timestamp,value\n2026-11-23T21:40:03.25Z,45.5\n");
    assert_eq!(known, of("timestamp,value\n1795470003,45.5\n"));
    assert_eq!(known, of("timestamp,value\n1795470003250,45.5\n"));
    let set =
        r#"{"name":"cpu","startTimeMillis":1795470000000,"stepMillis":60000,"tags":{},"values":[45.5]}"#;
    assert_eq!(SeriesFile { name: None, ..of(set) }, known);
    assert_eq!(known.clock.words(29_924_500), "2026-11-23T21:40:00Z");
}

#[test]
fn metric_sets_have_names_and_values_that_are_not_there() {
    let text =
        r#"[{"name":"cpu","values":[1,"NaN",3]},{"name":"errors","stepMillis":120000,"values":[4,5]}]"#;
    let all = read(text.as_bytes()).unwrap();
    assert_eq!(all[0].points, Points::Values([(0, 1.0), (2, 3.0)].into()));
    assert_eq!((all[0].name.as_deref(), all[0].missing.as_slice()), (Some("cpu"), [1].as_slice()));
    assert_eq!(all[1].points, Points::Values([(0, 4.0), (2, 5.0)].into()));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    insta::assert_snapshot!(refused(""), @"line 1: the file is empty");
    insta::assert_snapshot!(refused("minute;total;bad\n0;1;0\n"), @"line 1, column 1: there is no column `minute;total;bad`: the header is `minute,total,bad` or `timestamp,value`; fields are separated by commas");
    insta::assert_snapshot!(refused("minute,total\n0,1\n"), @"line 1: counts have `total` and `bad`, values have `value`: the header is `minute,total,bad` or `timestamp,value`");
    insta::assert_snapshot!(refused("total,bad\n1,0\n"), @"line 1: one of `minute` and `timestamp` is needed: the header is `minute,total,bad` or `timestamp,value`");
    insta::assert_snapshot!(refused("minute,total,bad,bad\n"), @"line 1, column 4: the column `bad` is there twice");
    insta::assert_snapshot!(refused("minute,total,bad\n0,1\n"), @"line 2: 2 field(s), the header has 3");
    insta::assert_snapshot!(refused("minute,total,bad\n0,10,1\n\n1,10,11\n"), @"line 4, column 3 (`bad`): 11 bad events of 10 in all");
    insta::assert_snapshot!(refused("minute,total,bad\n0,10,-1\n"), @"line 2, column 3 (`bad`): `-1` is no count: a whole number from 0");
    insta::assert_snapshot!(refused("minute,total,bad\n0,ten,1\n"), @"line 2, column 2 (`total`): `ten` is no number");
    insta::assert_snapshot!(refused("minute,total,bad\nnoon,10,1\n"), @"line 2, column 1 (`minute`): `noon` is no minute: a whole number or an RFC 3339 time");
    insta::assert_snapshot!(refused("minute,total,bad\n,10,1\n"), @"line 2, column 1 (`minute`): the minute is missing");
    insta::assert_snapshot!(refused("minute,total,bad\n0,10,1\n0,10,1\n"), @"line 3, column 1 (`minute`): the minute of `0` is there already, at line 2, column 1 (`minute`)");
    insta::assert_snapshot!(refused("minute,total,bad\n0,10,1\n2026-11-23T21:40:00Z,10,1\n"), @"line 3, column 1 (`minute`): `2026-11-23T21:40:00Z` is not of the kind of the minute at line 2, column 1 (`minute`): numbers or times, not both");
    insta::assert_snapshot!(refused("minute,total,bad\n0,\"10,1\n"), @"line 2: a quoted field does not end on its line");
    insta::assert_snapshot!(refused("[{\"minute\":0,\"total\":1,\"bad\":}]"), @"line 1, column 30: this is no JSON: expected value");
    insta::assert_snapshot!(refused("[]"), @"/: the array is empty");
    insta::assert_snapshot!(refused("{\"name\":\"cpu\"}"), @"/values: a metric set has an array `values`");
    insta::assert_snapshot!(refused("[{\"minute\":0,\"total\":1,\"bad\":1},{\"minute\":1,\"total\":1,\"bd\":1}]"), @"/1/bd: there is no such member: `minute` or `timestamp`, and `total` and `bad`, or `value`");
    insta::assert_snapshot!(refused("[{\"minute\":0,\"total\":1,\"bad\":[]}]"), @"/0/bad: a number or a text is needed");
    insta::assert_snapshot!(refused("{\"values\":[1],\"stepMillis\":1000}"), @"/stepMillis: steps of 1000 ms are shorter than a minute, which is the shortest that is compared");
    assert_eq!(
        read(b"minute,total,bad\n0,\xff,1\n").unwrap_err().to_string(),
        "line 2: this is no UTF-8 text"
    );
}

#[test]
fn arms_are_paired_by_minute_and_what_has_no_pair_is_kept_apart() {
    let baseline = one("minute,total,bad\n-2,5400,20\n-1,5400,25\n0,5400,27\n1,5400,27\n3,5400,27\n");
    let canary = one("minute,total,bad\n-1,0,0\n0,600,3\n1,600,3\n2,600,3\n");
    let paired = pair("errors", &canary, &baseline).unwrap();
    assert_eq!((paired.minutes.len(), paired.before.len()), (2, 2));
    assert_eq!((paired.baseline_only, paired.canary_only), (vec![3], vec![2]));
    let values = one("minute,value\n0,1\n");
    insta::assert_snapshot!(pair("errors", &values, &baseline).unwrap_err(), @"one file holds counts and the other values: they cannot be compared");
    insta::assert_snapshot!(pair("errors", &values, &values).unwrap_err(), @"the files hold values, and only counts (`minute,total,bad`) are compared always-validly; `--method mann-whitney` compares values");
    let moments = one("timestamp,total,bad\n2026-11-23T21:40:00Z,1,0\n");
    insta::assert_snapshot!(pair("errors", &moments, &baseline).unwrap_err(), @"one file numbers its minutes and the other names times: they cannot be paired");
    let rates = pair_values(&canary, &baseline).unwrap();
    assert_eq!(rates.both[&0], (0.005, 0.005));
    assert_eq!(rates.baseline_only, [-2, -1, 3], "a minute without events has no share");
}
