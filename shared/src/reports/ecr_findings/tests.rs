use super::*;

fn read(text: &str) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(text.as_bytes())?)
}

fn page(status: &str, findings: &str, rest: &str) -> String {
    format!(
        r#"{{"imageScanFindings":{{{findings}}},"imageScanStatus":{{"status":"{status}","description":"words"}}{rest}}}"#
    )
}

const BASIC: &str = r#""findingSeverityCounts":{"HIGH":1,"UNDEFINED":1},"imageScanCompletedAt":1769853600.5,"findings":[
    {"name":"CVE-2026-1","severity":"HIGH","attributes":[{"key":"package_version","value":"1.1"},{"key":"package_name","value":"openssl"}]},{"name":"CVE-2026-2","severity":"UNDEFINED"}]"#;
const ENHANCED: &str = r#""findingSeverityCounts":{"HIGH":1,"UNTRIAGED":1},"imageScanCompletedAt":"2026-01-31T10:00:00+00:00","enhancedFindings":[
    {"severity":"HIGH","status":"ACTIVE","title":"t","fixAvailable":"PARTIAL","packageVulnerabilityDetails":{"vulnerabilityId":"ALAS-1","relatedVulnerabilities":["CVE-2026-3"],"vulnerablePackages":[{"name":"a","version":"1","filePath":"app/a.jar"},{"name":"b"}]}},
    {"severity":"UNTRIAGED","status":"ACTIVE","findingArn":"arn:x","fixAvailable":"NO"},
    {"severity":"CRITICAL","status":"SUPPRESSED","packageVulnerabilityDetails":{"vulnerabilityId":"CVE-2026-4"}},
    {"severity":"CRITICAL","status":"CLOSED","packageVulnerabilityDetails":{"vulnerabilityId":"CVE-2026-5"}}]"#;

fn short(text: &str) -> String {
    let parsed = read(text).unwrap();
    let Facts::Findings(facts) = &parsed.facts else { panic!("no findings") };
    let line = |f: &Finding| {
        format!(
            "{} {:?} {}@{} {} {} {:?} x{}",
            f.id,
            f.aliases,
            f.component,
            f.version,
            f.location,
            f.severity.word(),
            f.fix,
            f.occurrences
        )
    };
    let mut lines: Vec<String> = facts.findings.iter().map(line).collect();
    lines.extend(facts.suppressed.iter().map(|f| format!("suppressed: {}", line(f))));
    let declared = &parsed.about.declared[0];
    lines.push(format!(
        "{} declared, {} counted, {:?}",
        declared.declared,
        declared.counted,
        parsed.about.created.map(|c| c.to_string())
    ));
    lines.extend(parsed.about.oddities);
    lines.join("\n")
}

#[test]
fn basic_and_enhanced_findings_are_read() {
    insta::assert_snapshot!(short(&page("COMPLETE", BASIC, "")), @r#"
    CVE-2026-1 [] openssl@1.1  high Unknown x1
    CVE-2026-2 [] @  unknown Unknown x1
    2 declared, 2 counted, Some("2026-01-31T10:00:00.5Z")
    "#);
    insta::assert_snapshot!(short(&page("ACTIVE", ENHANCED, "")), @r#"
    CVE-2026-3 ["ALAS-1"] a@1 app/a.jar high Available x2
    arn:x [] @  unknown None x1
    suppressed: CVE-2026-4 [] @  critical Unknown x1
    2 declared, 2 counted, Some("2026-01-31T10:00:00Z")
    1 closed finding(s) are not counted
    "#);
}

#[test]
fn pages_follow_each_other_or_stand_in_a_list() {
    let second = r#""findingSeverityCounts":{"HIGH":1,"UNDEFINED":1},"findings":[{"name":"CVE-2026-9","severity":"LOW"}]"#;
    let (first, last) = (page("COMPLETE", BASIC, r#","nextToken":"x""#), page("COMPLETE", second, ""));
    for text in [format!("{first}\n{last}"), format!("[{first},{last}]")] {
        let Facts::Findings(facts) = read(&text).unwrap().facts else { panic!("no findings") };
        assert_eq!((facts.total(), facts.count(Severity::Low), facts.count(Severity::Unknown)), (3, 1, 1));
    }
    insta::assert_snapshot!(read(&format!("{last}{first}")).unwrap_err(), @"the last page names a next one: the list is truncated, at `/nextToken`");
    insta::assert_snapshot!(read(&first).unwrap_err(), @"the last page names a next one: the list is truncated, at `/nextToken`");
    insta::assert_snapshot!(read(&page("COMPLETE", BASIC, r#","NextToken":"x""#)).unwrap_err(), @"the last page names a next one: the list is truncated, at `/nextToken`");
    insta::assert_snapshot!(read("[]").unwrap_err(), @"the list has no page, at `/`");
}

#[test]
fn only_finished_scans_are_results() {
    let clean = r#""findingSeverityCounts":{},"findings":[]"#;
    assert!(read(&page("COMPLETE", clean, "")).is_ok());
    assert!(
        read(&page("ACTIVE", r#""findingSeverityCounts":{}"#, "")).is_ok(),
        "no list and no count: Inspector found nothing"
    );
    let words = [
        "IN_PROGRESS",
        "PENDING",
        "FAILED",
        "UNSUPPORTED_IMAGE",
        "SCAN_ELIGIBILITY_EXPIRED",
        "FINDINGS_UNAVAILABLE",
        "LIMIT_EXCEEDED",
        "IMAGE_ARCHIVED",
        "NEW_WORD",
        "",
    ];
    let errors: Vec<String> = words
        .iter()
        .map(|word| {
            let error = read(&page(word, clean, "")).unwrap_err();
            format!("{:?}: {error}", error.problem)
        })
        .collect();
    insta::assert_snapshot!(errors.join("\n"), @"
    Unfinished: the scan is `IN_PROGRESS`: `words`, at `/imageScanStatus/status`
    Unfinished: the scan is `PENDING`: `words`, at `/imageScanStatus/status`
    ToolFailed: the scan is `FAILED`: `words`, at `/imageScanStatus/status`
    ToolFailed: the scan is `UNSUPPORTED_IMAGE`: `words`, at `/imageScanStatus/status`
    ToolFailed: the scan is `SCAN_ELIGIBILITY_EXPIRED`: `words`, at `/imageScanStatus/status`
    ToolFailed: the scan is `FINDINGS_UNAVAILABLE`: `words`, at `/imageScanStatus/status`
    ToolFailed: the scan is `LIMIT_EXCEEDED`: `words`, at `/imageScanStatus/status`
    ToolFailed: the scan is `IMAGE_ARCHIVED`: `words`, at `/imageScanStatus/status`
    Malformed: `NEW_WORD` is no known state of a scan: `words`, at `/imageScanStatus/status`
    Malformed: the scan has no status, at `/imageScanStatus/status`
    ");
    insta::assert_snapshot!(read(r#"{"imageScanFindings":{"findings":[]}}"#).unwrap_err(), @"the scan has no status, at `/imageScanStatus`");
}

#[test]
fn counts_without_findings_are_not_clean() {
    insta::assert_snapshot!(read(&page("COMPLETE", "", "")).unwrap_err(), @"there are neither findings nor counts: nothing was scanned, at `/imageScanFindings`");
    insta::assert_snapshot!(read(r#"{"imageScanStatus":{"status":"COMPLETE"}}"#).unwrap_err(), @"there are neither findings nor counts: nothing was scanned, at `/imageScanFindings`");
    insta::assert_snapshot!(read(&page("COMPLETE", r#""findingSeverityCounts":{"HIGH":2}"#, "")).unwrap_err(), @"2 finding(s) are counted, and none is listed, at `/imageScanFindings`");
    insta::assert_snapshot!(read(r#"{"imageScanFindings":{"findings":[{"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 35`");
}
