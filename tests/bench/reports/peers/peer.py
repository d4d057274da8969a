"""peer.py FORMAT:MODULE FILE: reads a report as somebody would who uses this module, and prints what was counted."""
import os
import sys

which, path = sys.argv[1:]
os.environ["POLARS_MAX_THREADS"] = "1"
TIMES = [0.5, 0.95, 0.99]

if which.endswith(":lxml"):
    from lxml import etree

    tags = {"junit": ["testcase", "failure"], "cobertura": ["line"], "jacoco": ["line"]}[which.split(":")[0]]
    counts = dict.fromkeys(tags, 0)
    covered = 0
    for _, element in etree.iterparse(path, tag=tags, load_dtd=False, no_network=True, huge_tree=True):
        counts[element.tag] += 1
        covered += element.get("hits", element.get("ci", "0")) != "0"
        if element.tag != "failure":
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    print(counts, covered)
elif which == "junit:junitparser":
    from junitparser import Failure, JUnitXml

    cases = [case for suite in JUnitXml.fromfile(path) for case in suite]
    print(len(cases), sum(any(isinstance(result, Failure) for result in case.result) for case in cases))
elif which == "jtl-csv:polars":
    import polars as pl

    elapsed, success = pl.col("elapsed"), pl.col("success")
    quantiles = [elapsed.quantile(q, "higher").alias(f"p{q}") for q in TIMES]
    columns = pl.scan_csv(path).select("label", "elapsed", "success")
    print(columns.group_by("label").agg(pl.len(), (~success).sum().alias("failed"), *quantiles).collect())
elif which == "jtl-csv:duckdb":
    import duckdb

    database = duckdb.connect(config={"threads": 1})
    print(database.execute(
        "select label, count(*), count(*) filter (not success), quantile_disc(elapsed, [0.5, 0.95, 0.99])"
        " from read_csv(?) group by label", [path]).fetchall())
elif which == "jtl-csv:bzt":
    import logging

    logging.disable(logging.CRITICAL)
    from bzt.modules.aggregator import DataPoint, KPISet
    from bzt.modules.jmeter import JTLReader

    total = failed = 0
    for point in JTLReader(path, logging.getLogger("")).datapoints(True):
        total += point[DataPoint.CURRENT][""][KPISet.SAMPLE_COUNT]
        failed += point[DataPoint.CURRENT][""][KPISet.FAILURES]
    print(total, failed)
elif which.endswith(":json"):
    import json

    with open(path, "rb") as file:
        report = json.load(file)
    found = {
        "sarif": lambda: [result for run in report["runs"] for result in run["results"]],
        "npm-audit": lambda: report["vulnerabilities"],
        "trivy": lambda: [finding for result in report["Results"] for finding in result["Vulnerabilities"]],
        "grype": lambda: report["matches"],
    }[which.split(":")[0]]()
    print(len(found))
else:
    sys.exit(f"`{which}` is no peer")
