"""Reads what record.sh recorded and prints its numbers; ends with an error when a variant is not what it is named for."""
import csv, json, math, re, subprocess, sys
from pathlib import Path

root = Path(sys.argv[1])
LINES = {"low-coverage": (98, 125)}


def lcov(path):
    text = path.read_text()
    assert re.findall(r"^SF:(?!src/)", text, re.M) == [], f"{path}: a path is not relative"
    return tuple(sum(map(int, re.findall(rf"^{key}:(\d+)", text, re.M))) for key in ("LH", "LF"))


for path in sorted(root.rglob("*")):
    if path.suffix in {".json", ".sarif"}:
        json.loads(path.read_text())
    if path.suffix == ".xml":
        subprocess.run(["xmllint", "--noout", path], check=True)
    if path.is_file():
        assert not re.search(r"/tmp/|/home/|/root/|file://", path.read_text()), f"{path} has a path of the machine"

for path in sorted(root.glob("*/*/output/coverage/lcov.info")):
    project, variant = path.parts[-5:-3]
    hit, total = lcov(path)
    summary = json.loads((path.parent / "coverage-summary.json").read_text())["total"]["lines"]
    assert (summary["covered"], summary["total"]) == (hit, total), path
    assert LINES[variant] == (hit, total) if variant in LINES else hit / total >= 0.9, f"{path}: {hit}/{total}"
    audit = json.loads((path.parent.parent / "reports/npm-audit.json").read_text())
    assert audit["auditReportVersion"] == 2, path
    print(f"{project} {variant}: {hit}/{total} lines, {100 * hit / total:.1f} %; {audit['metadata']['vulnerabilities']['total']} vulnerabilities")

samples = list(csv.DictReader((root / "b2b-performance-tests/good/output/reports/load.jtl").open()))
elapsed = sorted(int(sample["elapsed"]) for sample in samples)
p95 = elapsed[math.ceil(0.95 * len(elapsed)) - 1]
failed = sum(sample["success"] != "true" for sample in samples)
assert failed == 0 and p95 < 200 and len(samples) >= 300, (failed, p95, len(samples))
seconds = (int(samples[-1]["timeStamp"]) - int(samples[0]["timeStamp"])) / 1000
print(f"load.jtl: {len(samples)} samples in {seconds:.0f} s, {failed} failed, p95 {p95} ms")
