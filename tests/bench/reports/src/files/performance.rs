//! JTL as `JMeter` 5 writes it by default: 17 columns, six labels, one of them quoted, 200 threads.

use super::Out;
use std::io::{self, Write};

const HEADER: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect";
const LABELS: [&str; 6] =
    ["GET /", "GET /orders", "POST /orders", "GET /orders/{id}", "\"search, sorted\"", "DELETE /orders/{id}"];

/// Identifiers in the labels, and a tail up to minutes: what costs most memory.
pub(super) fn jtl_csv_of_many_labels(out: &mut Out, bytes: u64) -> io::Result<String> {
    const LABELS: u64 = 3_000;
    writeln!(out, "{HEADER}")?;
    let (mut start, mut samples) = (1_795_470_003_250_u64, 0_u64);
    while out.has_room(bytes) {
        start += out.roll(3);
        let tail = 1 << out.roll(18);
        let (elapsed, label) = (20 + out.roll(tail), out.roll(LABELS));
        writeln!(
            out,
            "{start},{elapsed},GET /orders/{label},200,OK,buyers 1-1,text,true,,900,231,200,200,,0,0,1"
        )?;
        samples += 1;
    }
    Ok(format!("{samples} samples, 0 failed"))
}

pub(super) fn jtl_csv(out: &mut Out, bytes: u64) -> io::Result<String> {
    writeln!(out, "{HEADER}")?;
    let (mut start, mut samples, mut failed) = (1_795_470_003_250_u64, 0_u64, 0_u64);
    while out.has_room(bytes) {
        start += out.roll(3);
        // Long on the right, as response times are.
        let elapsed = 20 + out.roll(80) + if out.once_in(10) { out.roll(900) } else { 0 };
        let is_good = !out.once_in(83);
        let label = out.pick(&LABELS);
        let (code, message) = if is_good { (200, "OK") } else { (503, "Service Unavailable") };
        let (thread, size, order) = (1 + out.roll(200), 900 + out.roll(4_000), out.roll(100_000));
        writeln!(
            out,
            "{start},{elapsed},{label},{code},{message},buyers 1-{thread},text,{is_good},,{size},231,200,200,https://shop.example/orders/{order},{},0,1",
            elapsed - 3
        )?;
        (samples, failed) = (samples + 1, failed + u64::from(!is_good));
    }
    Ok(format!("{samples} samples, {failed} failed"))
}
