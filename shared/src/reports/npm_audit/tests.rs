use super::*;

fn read(text: &str) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(text.as_bytes())?)
}

fn findings(text: &str) -> FindingFacts {
    match read(text).unwrap().facts {
        Facts::Findings(facts) => facts,
        other => panic!("{other:?}"),
    }
}

const ADVISORY: &str = r#"{"source":1,"name":"qs","dependency":"qs","title":"x","url":"https://github.com/advisories/GHSA-aaaa-bbbb-cccc","severity":"high"}"#;

#[test]
fn an_advisory_reached_on_two_paths_counts_once_and_package_names_do_not_count() {
    let facts = findings(&format!(
        r#"{{"auditReportVersion":2,"vulnerabilities":{{"qs":{{"via":[{ADVISORY}]}},"express":{{"via":["qs",{ADVISORY}]}}}},"metadata":{{}}}}"#
    ));
    assert_eq!((facts.findings.len(), facts.count(Severity::High)), (1, 1));
    let finding = &facts.findings[0];
    assert_eq!((finding.id.as_str(), &finding.aliases[..]), ("GHSA-aaaa-bbbb-cccc", &["1".to_owned()][..]));
}

#[test]
fn a_fix_is_a_flag_or_a_package() {
    let with = |fix: &str| {
        let facts = findings(&format!(
            r#"{{"auditReportVersion":2,"vulnerabilities":{{"qs":{{"via":[{ADVISORY}],"nodes":["a","b"]{fix}}}}}}}"#
        ));
        (facts.findings[0].fix, facts.findings[0].occurrences)
    };
    assert_eq!(with(r#","fixAvailable":true"#), (Fix::Available, 2));
    assert_eq!(
        with(r#","fixAvailable":{"name":"qs","version":"7.0.0","isSemVerMajor":true}"#),
        (Fix::Available, 2)
    );
    assert_eq!(with(r#","fixAvailable":false"#), (Fix::None, 2));
    assert_eq!(with(""), (Fix::Unknown, 2));
}

#[test]
fn a_severity_that_nobody_knows_is_unknown_and_counts() {
    let facts = findings(
        r#"{"auditReportVersion":2,"vulnerabilities":{"a":{"via":[{"source":2,"severity":"ghastly"},{"title":"y"}]}}}"#,
    );
    assert_eq!((facts.total(), facts.count(Severity::Unknown)), (2, 2));
    assert_eq!(facts.findings[0].component, "a");
    assert_eq!(facts.findings[1].id, "advisory without id");
}

#[test]
fn a_package_that_makes_others_vulnerable_counts_even_without_its_own_entry() {
    let parsed = read(
        r#"{"auditReportVersion":2,"vulnerabilities":{"express":{"severity":"high","via":["qs"]},"web":{"severity":"low","via":["express","qs"]}}}"#,
    )
    .unwrap();
    insta::assert_snapshot!(parsed.about.oddities.join("\n"), @"`qs` makes other packages vulnerable and has no entry of its own");
    let Facts::Findings(facts) = parsed.facts else { panic!("no findings") };
    assert_eq!(
        (facts.total(), facts.findings[0].component.as_str(), facts.count(Severity::High)),
        (1, "qs", 1)
    );
}

#[test]
fn a_summary_that_contradicts_its_list_is_noted_and_not_believed() {
    let parsed = read(&format!(
        r#"{{"auditReportVersion":2,"vulnerabilities":{{"qs":{{"severity":"moderate","via":[{ADVISORY}]}}}},
            "metadata":{{"vulnerabilities":{{"info":0,"low":0,"moderate":0,"high":1,"critical":0,"total":1}},"dependencies":{{"total":9}}}}}}"#
    ))
    .unwrap();
    insta::assert_snapshot!(parsed.about.oddities.join("\n"), @"
    the summary says 1 high package(s), the list has 0
    the summary says 0 medium package(s), the list has 1
    ");
}

#[test]
fn an_audit_that_finds_nothing_is_evidence_and_one_of_an_empty_lock_file_says_so() {
    let audit = |total: u64| {
        format!(
            r#"{{"auditReportVersion":2,"vulnerabilities":{{}},"metadata":{{"dependencies":{{"prod":1,"total":{total}}}}}}}"#
        )
    };
    assert_eq!(findings(&audit(12)).total(), 0);
    assert_eq!(findings(&format!(r#"{{"added":0,"audit":{}}}"#, audit(12))).total(), 0);
    for text in [audit(0), format!(r#"{{"audit":{}}}"#, audit(0))] {
        let said = read(&text).unwrap().about.oddities;
        assert_eq!(said, ["the audit looked at no dependency: the lock file has none"]);
    }
}

#[test]
fn an_error_object_is_no_clean_audit() {
    insta::assert_snapshot!(read(r#"{"message":"403 Forbidden","statusCode":403,"error":{"summary":"","detail":""}}"#).unwrap_err(), @"npm wrote an error instead of an audit: `403 Forbidden`, at `/error`");
    insta::assert_snapshot!(read(r#"{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile.","detail":"Try"}}"#).unwrap_err(), @"npm wrote an error instead of an audit: `This command requires an existing lockfile.`, at `/error`");
    insta::assert_snapshot!(read(r#"{"statusCode":503}"#).unwrap_err(), @"npm wrote an error instead of an audit: the registry answered 503, at `/statusCode`");
    insta::assert_snapshot!(read("{}").unwrap_err(), @"the version is missing, 2 is read, at `/auditReportVersion`");
    insta::assert_snapshot!(read(r#"{"auditReportVersion":3,"vulnerabilities":{}}"#).unwrap_err(), @"the version is 3, 2 is read, at `/auditReportVersion`");
    insta::assert_snapshot!(read(r#"{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"vulnerabilities":{"high":2,"total":2}}}"#).unwrap_err(), @"the summary says 2 vulnerabilities, and none is listed, at `/metadata/vulnerabilities`");
    insta::assert_snapshot!(read(r#"{"auditReportVersion":2}"#).unwrap_err(), @"the audit has no `vulnerabilities`, at `/vulnerabilities`");
    insta::assert_snapshot!(read(r#"{"auditReportVersion":2,"vulnerabilities":{"qs":{}}}"#).unwrap_err(), @"the list is missing, at `/vulnerabilities/qs/via`");
    insta::assert_snapshot!(read(r#"{"auditReportVersion":2,"vulnerabilities":[]}"#).unwrap_err(), @"the JSON has another shape than the format: invalid type: sequence, expected an object, at `line 1 column 44`");
    insta::assert_snapshot!(read(r#"{"auditReportVersion":2,"vulnerabilities":{"qs":{"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 49`");
}
