use super::super::facts::FindingFacts;
use super::*;

fn read(text: &str) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(text.as_bytes())?)
}

fn facts(text: &str) -> FindingFacts {
    match read(text).unwrap().facts {
        Facts::Findings(facts) => facts,
        other => panic!("{other:?}"),
    }
}

const TARGET: &str = r#"{"Target":"package-lock.json","Class":"lang-pkgs","Type":"npm","Vulnerabilities":[
    {"VulnerabilityID":"CVE-2026-1","VendorIDs":["GHSA-aaaa-bbbb-cccc"],"PkgName":"qs","InstalledVersion":"1.0.0","FixedVersion":"2.0.0","Status":"fixed","Severity":"HIGH","Title":"slow","PublishedDate":"2026-01-01T00:00:00Z"},
    {"VulnerabilityID":"CVE-2026-1","PkgName":"qs","PkgPath":"b/package.json","InstalledVersion":"1.0.0","FixedVersion":"2.0.0","Severity":"HIGH"},
    {"VulnerabilityID":"CVE-2026-2","PkgName":"ms","InstalledVersion":"1.0.0","Status":"will_not_fix","Severity":"UNKNOWN"}]}"#;

#[test]
fn a_vulnerability_of_a_package_counts_once_with_its_fix() {
    for text in [format!(r#"{{"SchemaVersion":2,"Results":[{TARGET}]}}"#), format!("[{TARGET}]")] {
        let facts = facts(&text);
        let short: Vec<String> = facts
            .findings
            .iter()
            .map(|f| {
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
            })
            .collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(short.join("\n"), @r#"
            CVE-2026-1 ["GHSA-aaaa-bbbb-cccc"] qs@1.0.0 package-lock.json high Available x2
            CVE-2026-2 [] ms@1.0.0 package-lock.json unknown None x1
            "#);
        }
    }
}

#[test]
fn misconfigurations_secrets_and_licences_count_and_exceptions_do_not() {
    let facts = facts(
        r#"{"SchemaVersion":2,"Results":[
            {"Target":"Dockerfile","Class":"config","Misconfigurations":[{"ID":"DS002","AVDID":"AVD-DS-0002","Title":"runs as root","Message":"m","Severity":"HIGH","Status":"FAIL","CauseMetadata":{"StartLine":3}},
                {"ID":"DS001","Severity":"LOW","Status":"PASS"},{"ID":"DS005","Severity":"LOW","Status":"EXCEPTION"}]},
            {"Target":"a.env","Class":"secret","Secrets":[{"RuleID":"aws-access-key-id","Severity":"CRITICAL","Title":"key","StartLine":1},{"RuleID":"aws-access-key-id","Severity":"CRITICAL","Title":"key","StartLine":9}]},
            {"Target":"OS Packages","Class":"license","Licenses":[{"Severity":"MEDIUM","PkgName":"bash","Name":"GPL-3.0"}]}]}"#,
    );
    let short: Vec<String> = facts
        .findings
        .iter()
        .chain(&facts.suppressed)
        .map(|f| format!("{} {} {} {} {:?}", f.id, f.component, f.location, f.severity.word(), f.suppressed))
        .collect();
    insta::assert_snapshot!(short.join("\n"), @r#"
    DS002 Dockerfile line 3 high None
    aws-access-key-id a.env line 1 critical None
    aws-access-key-id a.env line 9 critical None
    GPL-3.0 bash  medium None
    DS005 Dockerfile  low Some("an exception of Trivy's settings")
    "#);
}

#[test]
fn what_the_settings_ignore_is_kept_and_not_counted() {
    let facts = facts(
        r#"{"SchemaVersion":2,"Results":[{"Target":"t","Vulnerabilities":null,"ExperimentalModifiedFindings":[
            {"Type":"vulnerability","Status":"ignored","Statement":"no input","Source":".trivyignore.yaml","Finding":{"VulnerabilityID":"CVE-2026-3","PkgName":"a"}},{"Finding":{"ID":"DS002"}}]}]}"#,
    );
    assert_eq!((facts.total(), facts.suppressed.len()), (0, 1));
    assert_eq!(facts.suppressed[0].suppressed.as_deref(), Some("no input"));
}

#[test]
fn resources_of_a_cluster_are_read_and_one_that_failed_is_an_error() {
    let cluster = |resource: &str| {
        format!(r#"{{"ClusterName":"c","Resources":[{{"Kind":"Deployment","Name":"web",{resource}}}]}}"#)
    };
    assert_eq!(facts(&cluster(&format!(r#""Results":[{TARGET}]"#))).total(), 2);
    insta::assert_snapshot!(read(&cluster(r#""Error":"image not found""#)).unwrap_err(), @"Deployment `web` was not scanned: `image not found`, at `/Resources/0/Error`");
    insta::assert_snapshot!(read(&cluster(r#""Results":null"#)).unwrap_err(), @"the report names no target: nothing was found to scan, or clean targets were left out (`--list-all-pkgs` names them), at `/Results`");
}

#[test]
fn a_report_without_a_target_is_not_clean() {
    assert_eq!(facts(r#"{"SchemaVersion":2,"Results":[{"Target":"alpine","Class":"os-pkgs"}]}"#).total(), 0);
    assert_eq!(facts(r#"[{"Target":"alpine","Vulnerabilities":null}]"#).total(), 0);
    insta::assert_snapshot!(read("null").unwrap_err(), @"the report is `null`: nothing was scanned, at `/Results`");
    insta::assert_snapshot!(read("[]").unwrap_err(), @"the report names no target: nothing was found to scan, or clean targets were left out (`--list-all-pkgs` names them), at `/Results`");
    insta::assert_snapshot!(read(r#"{"SchemaVersion":2,"ArtifactName":"x"}"#).unwrap_err(), @"the report names no target: nothing was found to scan, or clean targets were left out (`--list-all-pkgs` names them), at `/Results`");
    insta::assert_snapshot!(read(r#"{"SchemaVersion":2,"Results":[{"Target":"a","Vulnerabilities":[{"Vul"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 68`");
    insta::assert_snapshot!(read(r#"{"SchemaVersion":2,"Results":[{"Target":"a","Vulnerabilities":{}}]}"#).unwrap_err(), @"the JSON has another shape than the format: invalid type: map, expected a list, at `line 1 column 64`");
}

#[test]
fn what_the_report_says_about_itself_is_kept() {
    let parsed = read(&format!(
        r#"{{"SchemaVersion":2,"Trivy":{{"Version":"0.68.1"}},"CreatedAt":"2026-01-31T10:00:00.5+01:00","Metadata":{{"Commit":"0123456789abcdef0123456789abcdef01234567"}},"Results":[{TARGET}]}}"#
    ))
    .unwrap();
    insta::assert_snapshot!(serde_json::to_string(&parsed.about).unwrap(), @r#"{"tool":"Trivy 0.68.1","commit":"0123456789abcdef0123456789abcdef01234567","created":"2026-01-31T09:00:00.5Z"}"#);
}
