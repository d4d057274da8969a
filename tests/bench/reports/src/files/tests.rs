//! `JUnit` XML as Surefire and jest-junit write it: forty cases a suite, CDATA in every tenth suite.

use super::Out;
use std::fmt::Write as _;
use std::io::{self, Write};

const CASES: u64 = 40;

pub(super) fn junit(out: &mut Out, bytes: u64) -> io::Result<String> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"shop\">")?;
    let (mut suites, mut failed) = (0_u64, 0_u64);
    while out.has_room(bytes) {
        failed += suite(out, suites)?;
        suites += 1;
    }
    writeln!(out, "</testsuites>")?;
    Ok(format!("{} cases, {failed} failed", suites * CASES))
}

fn suite(out: &mut Out, suite: u64) -> io::Result<u64> {
    let mut cases = String::new();
    let (mut failed, mut errors, mut skipped) = (0_u64, 0_u64, 0_u64);
    for case in 0..CASES {
        let time = out.roll(900);
        let _ = write!(
            cases,
            "    <testcase name=\"keeps order {suite}-{case} of &quot;items&quot; in the basket\" classname=\"com.example.shop.basket.BasketServiceTest{suite}\" time=\"0.{time:03}\""
        );
        cases.push_str(match out.roll(300) {
            0..=5 => {
                failed += 1;
                ">\n      <failure message=\"expected: &lt;3&gt; but was: &lt;2&gt;\" type=\"org.opentest4j.AssertionFailedError\">org.opentest4j.AssertionFailedError: expected: &lt;3&gt; but was: &lt;2&gt;\n\tat com.example.shop.basket.BasketServiceTest.keepsOrder(BasketServiceTest.java:42)\n</failure>\n    </testcase>\n"
            }
            6 => {
                errors += 1;
                ">\n      <error message=\"connection refused\" type=\"java.net.ConnectException\"/>\n    </testcase>\n"
            }
            7..=9 => {
                skipped += 1;
                "><skipped/></testcase>\n"
            }
            _ => "/>\n",
        });
    }
    writeln!(
        out,
        "  <testsuite name=\"com.example.shop.basket.BasketServiceTest{suite}\" tests=\"{CASES}\" failures=\"{failed}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"9.5\" timestamp=\"2026-11-23T21:40:03\">"
    )?;
    out.write_all(cases.as_bytes())?;
    if suite.is_multiple_of(10) {
        writeln!(out, "    <system-out><![CDATA[started on port 8080 <ok> & ready]]></system-out>")?;
    }
    writeln!(out, "  </testsuite>")?;
    Ok(failed)
}
