//! SARIF, npm audit, Trivy and Grype: every finding is another one, and has the text that such findings have.

use super::Out;
use std::io::{self, Write};

/// What a description says, about as long as they are.
const WORDS: &str = "Improper handling of a length field lets a remote attacker read beyond the end of a buffer when a crafted header is parsed. \
                     Versions before the one named are affected; there is no workaround other than to switch the feature off in the settings.";

/// Writes `one` until the size is reached, with commas between; how many there are.
fn list(out: &mut Out, bytes: u64, one: impl Fn(&mut Out, u64) -> io::Result<()>) -> io::Result<u64> {
    let mut count = 0;
    while out.has_room(bytes) {
        if count > 0 {
            out.write_all(b",\n")?;
        }
        one(out, count)?;
        count += 1;
    }
    Ok(count)
}

pub(super) fn sarif(out: &mut Out, bytes: u64) -> io::Result<String> {
    write!(
        out,
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":\"CodeQL\",\"semanticVersion\":\"2.20.1\",\"rules\":["
    )?;
    for rule in 0..200 {
        let comma = if rule > 0 { "," } else { "" };
        write!(
            out,
            "{comma}{{\"id\":\"js/rule-{rule}\",\"shortDescription\":{{\"text\":\"{WORDS}\"}},\"defaultConfiguration\":{{\"level\":\"warning\"}},\"properties\":{{\"security-severity\":\"7.{}\"}}}}",
            rule % 10
        )?;
    }
    writeln!(out, "]}}}},\"results\":[")?;
    let count = list(out, bytes, |out, n| {
        let (rule, line) = (out.roll(200), 1 + out.roll(900));
        write!(
            out,
            "{{\"ruleId\":\"js/rule-{rule}\",\"ruleIndex\":{rule},\"message\":{{\"text\":\"This value depends on a [user-provided value](1), see {n}.\"}},\"locations\":[{{\"physicalLocation\":{{\"artifactLocation\":{{\"uri\":\"src/area{}/module{n}.js\",\"uriBaseId\":\"%SRCROOT%\",\"index\":{n}}},\"region\":{{\"startLine\":{line},\"startColumn\":9,\"endColumn\":31}}}}}}],\"partialFingerprints\":{{\"primaryLocationLineHash\":\"{n:016x}:1\"}}}}",
            n % 40
        )
    })?;
    writeln!(out, "]}}]}}")?;
    Ok(format!("{count} findings"))
}

pub(super) fn npm_audit(out: &mut Out, bytes: u64) -> io::Result<String> {
    writeln!(out, "{{\"auditReportVersion\":2,\"vulnerabilities\":{{")?;
    let count = list(out, bytes, |out, n| {
        write!(
            out,
            "\"package-{n}\":{{\"name\":\"package-{n}\",\"severity\":\"high\",\"isDirect\":false,\"via\":[{{\"source\":{},\"name\":\"package-{n}\",\"dependency\":\"package-{n}\",\"title\":\"{WORDS}\",\"url\":\"https://github.com/advisories/GHSA-{n:04x}-{:04x}-aaaa\",\"severity\":\"high\",\"cwe\":[\"CWE-125\"],\"cvss\":{{\"score\":7.5,\"vectorString\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N\"}},\"range\":\"<1.2.{}\"}}],\"effects\":[],\"range\":\"<1.2.{}\",\"nodes\":[\"node_modules/package-{n}\"],\"fixAvailable\":true}}",
            1_000_000 + n,
            n / 65_536,
            n % 50,
            n % 50
        )
    })?;
    writeln!(
        out,
        "}},\"metadata\":{{\"vulnerabilities\":{{\"info\":0,\"low\":0,\"moderate\":0,\"high\":{count},\"critical\":0,\"total\":{count}}},\"dependencies\":{{\"prod\":{count},\"dev\":0,\"optional\":0,\"peer\":0,\"peerOptional\":0,\"total\":{count}}}}}}}"
    )?;
    Ok(format!("{count} findings"))
}

pub(super) fn trivy(out: &mut Out, bytes: u64) -> io::Result<String> {
    writeln!(
        out,
        "{{\"SchemaVersion\":2,\"CreatedAt\":\"2026-11-23T21:40:03Z\",\"ArtifactName\":\"shop:1.2.3\",\"ArtifactType\":\"container_image\",\"Results\":[{{\"Target\":\"shop:1.2.3 (debian 12.5)\",\"Class\":\"os-pkgs\",\"Type\":\"debian\",\"Vulnerabilities\":["
    )?;
    let count = list(out, bytes, |out, n| {
        let severity = out.pick(&["LOW", "MEDIUM", "HIGH", "CRITICAL"]);
        write!(
            out,
            "{{\"VulnerabilityID\":\"CVE-2026-{n}\",\"PkgID\":\"lib{n}@1.{n}\",\"PkgName\":\"lib{n}\",\"PkgIdentifier\":{{\"PURL\":\"pkg:deb/debian/lib{n}@1.{n}?arch=amd64\",\"UID\":\"{n:016x}\"}},\"InstalledVersion\":\"1.{n}\",\"FixedVersion\":\"2.{n}\",\"Status\":\"fixed\",\"Layer\":{{\"DiffID\":\"sha256:{n:064x}\"}},\"SeveritySource\":\"nvd\",\"PrimaryURL\":\"https://avd.aquasec.com/nvd/cve-2026-{n}\",\"Title\":\"out of bounds read in lib{n}\",\"Description\":\"{WORDS}\",\"Severity\":\"{severity}\",\"CweIDs\":[\"CWE-125\"],\"CVSS\":{{\"nvd\":{{\"V3Vector\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N\",\"V3Score\":7.5}}}},\"References\":[\"https://nvd.nist.gov/vuln/detail/CVE-2026-{n}\"],\"PublishedDate\":\"2026-01-23T21:15:00Z\",\"LastModifiedDate\":\"2026-02-23T21:15:00Z\"}}"
        )
    })?;
    writeln!(out, "]}}]}}")?;
    Ok(format!("{count} findings"))
}

pub(super) fn grype(out: &mut Out, bytes: u64) -> io::Result<String> {
    writeln!(out, "{{\"matches\":[")?;
    let count = list(out, bytes, |out, n| {
        let severity = out.pick(&["Negligible", "Low", "Medium", "High", "Critical"]);
        write!(
            out,
            "{{\"vulnerability\":{{\"id\":\"CVE-2026-{n}\",\"dataSource\":\"https://security-tracker.debian.org/tracker/CVE-2026-{n}\",\"namespace\":\"debian:distro:debian:12\",\"severity\":\"{severity}\",\"urls\":[\"https://security-tracker.debian.org/tracker/CVE-2026-{n}\"],\"description\":\"{WORDS}\",\"cvss\":[],\"fix\":{{\"versions\":[\"2.{n}\"],\"state\":\"fixed\"}},\"advisories\":[]}},\"relatedVulnerabilities\":[],\"matchDetails\":[{{\"type\":\"exact-direct-match\",\"matcher\":\"dpkg-matcher\",\"searchedBy\":{{\"package\":{{\"name\":\"lib{n}\",\"version\":\"1.{n}\"}}}},\"found\":{{\"vulnerabilityID\":\"CVE-2026-{n}\"}}}}],\"artifact\":{{\"id\":\"{n:016x}\",\"name\":\"lib{n}\",\"version\":\"1.{n}\",\"type\":\"deb\",\"locations\":[{{\"path\":\"/var/lib/dpkg/status\"}}],\"language\":\"\",\"licenses\":[\"MIT\"],\"cpes\":[],\"purl\":\"pkg:deb/debian/lib{n}@1.{n}\",\"upstreams\":[]}}}}"
        )
    })?;
    writeln!(
        out,
        "],\"source\":{{\"type\":\"image\",\"target\":{{\"userInput\":\"shop:1.2.3\"}}}},\"distro\":{{\"name\":\"debian\",\"version\":\"12\",\"idLike\":[]}},\"descriptor\":{{\"name\":\"grype\",\"version\":\"0.95.0\",\"timestamp\":\"2026-11-23T21:40:03Z\"}}}}"
    )?;
    Ok(format!("{count} findings"))
}
