// peer.cjs PACKAGE FILE: reads a report as somebody would who uses this package, and prints what was counted.
const fs = require("node:fs");
const [name, path] = process.argv.slice(2);
// lcov-total is a module of the other kind, without an entry of its own.
const peer = name === "lcov-total" ? null : require(name);

if (name === "fast-xml-parser") {
  const parser = new peer.XMLParser({ ignoreAttributes: false, isArray: (tag) => tag === "testsuite" || tag === "testcase" });
  const suites = parser.parse(fs.readFileSync(path, "utf8")).testsuites.testsuite;
  const cases = suites.flatMap((suite) => suite.testcase);
  console.log(cases.length, cases.filter((one) => one.failure !== undefined).length);
} else if (name === "lcov-parse") {
  peer(path, (error, files) => {
    if (error) throw error;
    console.log(files.length, files.reduce((sum, file) => sum + file.lines.found, 0));
  });
} else if (name === "lcov-total") {
  import("./node_modules/lcov-total/src/index.js").then((module) => console.log(module.default(path)));
} else {
  throw new Error(`\`${name}\` is no peer`);
}
